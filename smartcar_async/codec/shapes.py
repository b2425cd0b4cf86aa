"""The shapes of JSON, and the error for what has another one. Light, so that whoever decides can ask."""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether this is a JSON object."""
    return type(value) is dict


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether this is a JSON list."""
    return type(value) is list


class Unreadable(ValueError):
    """A value is not what its place says. The text names the place and the kinds, never the value."""


def wrong(expected: str, value: object) -> Unreadable:
    """The error for a value of another kind than expected."""
    return Unreadable(f"expected {expected}, got {_KINDS.get(type(value), 'a number')}")


_KINDS: Final[Mapping[type[Any], str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    type(None): "null",
}


def an_object(value: Any) -> dict[str, Any]:
    """The value, if it is an object."""
    if is_object(value):
        return value
    raise wrong("an object", value)


def object_at(value: object, *names: str) -> dict[str, Any]:
    """The object under these names, one inside the other; an empty one if there is none."""
    for name in names:
        value = value.get(name) if is_object(value) else None
    return value if is_object(value) else {}
