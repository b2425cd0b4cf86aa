"""Reading a request body of v2: the first field in it that is wrong is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

import msgspec

from ..times import minute_of_day
from ..wire import Request, is_object
from .errors import invalid, unreadable

Fields = Mapping[str, object]


def fields_of(request: Request) -> Fields:
    """The object in a body, or a refusal."""
    try:
        document = request.json()
    except msgspec.DecodeError:
        raise unreadable() from None
    if not is_object(document):
        raise unreadable()
    return document


def word(fields: Fields, name: str, *choices: str) -> str:
    """A text that is one of `choices`."""
    value = fields.get(name)
    if not isinstance(value, str) or value not in choices:
        raise invalid(name, f"one of {', '.join(choices)}")
    return value


def number(fields: Fields, name: str, low: float, high: float) -> float:
    """A number in a range. A text that holds one will do: Smartcar's SDK for Node sends the charge limit so."""
    value = fields.get(name)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(name, f"a number from {low:g} to {high:g}")
    return value


def flag(fields: Fields, *names: str) -> bool:
    """True or false, under the first of some names that is there."""
    value = next((fields[name] for name in names if name in fields), None)
    if not isinstance(value, bool):
        raise invalid(names[0], "true or false")
    return value


def clock(fields: Fields, name: str, *, whole_hours: bool = False) -> int:
    """A time of day as `HH:mm`, in minutes."""
    minute = minute_of_day(fields.get(name))
    if minute is None or (whole_hours and minute % 60):
        raise invalid(name, "a time of day as HH:00" if whole_hours else "a time of day as HH:mm")
    return minute


def object_field(fields: Fields, name: str) -> Fields:
    """An object within another."""
    value = fields.get(name)
    if not is_object(value):
        raise invalid(name, "an object")
    return value


def object_list(fields: Fields, name: str, most: int) -> list[Fields]:
    """A list of objects."""
    value = fields.get(name)
    if not _is_list(value) or len(value) > most:
        raise invalid(name, f"a list of at most {most} objects")
    found: list[Fields] = [entry for entry in value if is_object(entry)]
    if len(found) != len(value):
        raise invalid(name, "a list of objects")
    return found


def word_list(fields: Fields, name: str, choices: Sequence[str]) -> list[str]:
    """A list of texts of `choices`, at least one."""
    value = fields.get(name)
    found = [entry for entry in value if isinstance(entry, str) and entry in choices] if _is_list(value) else []
    if not _is_list(value) or not found or len(found) != len(value):
        raise invalid(name, f"a list of {', '.join(choices)}")
    return found


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
