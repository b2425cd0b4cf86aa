"""From plain objects to records: one cattrs converter, with a generated hook for every record.

cattrs' own hooks coerce leaves silently ("3" becomes 3) and cost twice as much as the generated ones; `benchmarks`
keeps the figures. A generated hook checks each leaf's type, reads the wire's camel case, and fills a twin
of the frozen record that is not frozen, and then becomes it, because a frozen `__init__` costs several times as much.
"""

import datetime as dt
import enum
import types
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeGuard, TypeVar, Union, get_args, get_origin

import attrs

if TYPE_CHECKING:
    from cattrs import Converter

from ..times import clock_time, instant

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether this is a JSON object."""
    return type(value) is dict


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether this is a JSON list."""
    return type(value) is list


class Unreadable(ValueError):
    """A value is not what its place says. The text names the place and the kinds, never the value."""


def structure(value: Any, cls: type[T]) -> T:
    """A plain object as a record of this class, or Unreadable."""
    result: T = hook_of(cls)(value, cls)
    return result


def hook_of(cls: Any) -> Hook:
    """The function that makes this class of a plain object."""
    hook: Hook = converter().get_structure_hook(cls)
    return hook


@cache
def converter() -> "Converter":
    """The one converter. It is built, and cattrs loaded, on first use, so that an import stays light."""
    from cattrs import Converter

    made = Converter(detailed_validation=False)
    for leaf, hook in _LEAVES.items():
        made.register_structure_hook(leaf, hook)
    factories: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any], Hook]], ...] = (
        (_is_choice, _choice_hook),
        (_is_tuple, _tuple_hook),
        (attrs.has, _record_hook),
    )
    for suits, factory in factories:
        made.register_structure_hook_factory(suits, partial(factory, made))
    return made


def wrong(expected: str, value: object) -> Unreadable:
    """The error for a value of another kind than expected."""
    return Unreadable(f"expected {expected}, got {_kind(value)}")


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number")


_KINDS: Final[Mapping[type[Any], str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    type(None): "null",
}


def _text(value: Any, _: Any) -> str:
    if type(value) is str:
        return value
    raise wrong("a text", value)


def _flag(value: Any, _: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise wrong("a boolean", value)


def _number(value: Any, _: Any) -> float:
    if type(value) is float or type(value) is int:
        return value
    raise wrong("a number", value)


def _whole(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise wrong("a whole number", value)


def _moment(value: Any, _: Any) -> dt.datetime | None:
    try:
        return instant(value)
    except ValueError:
        raise wrong("a time", value) from None


def _clock_time(value: Any, _: Any) -> dt.time:
    try:
        return clock_time(_text(value, str))
    except ValueError:
        raise wrong("a time of day", value) from None


_LEAVES: Final[Mapping[Any, Hook]] = {
    str: _text,
    bool: _flag,
    float: _number,
    int: _whole,
    dt.datetime: _moment,
    dt.time: _clock_time,
}


def options_of(cls: Any) -> tuple[Any, ...]:
    """The members of a union; none if it is no union."""
    return get_args(cls) if get_origin(cls) in (Union, types.UnionType) else ()


def _is_choice(cls: Any) -> bool:
    return bool(options_of(cls))


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is tuple


def _choice_hook(made: "Converter", cls: Any) -> Hook:
    """`X | None`, or an open enum: the member for a known word in any case, else the word itself."""
    options = [option for option in options_of(cls) if option is not type(None)]
    words = next((option for option in options if isinstance(option, type) and issubclass(option, enum.Enum)), None)
    if words is None:
        (only,) = options
        inner: Hook = made.get_structure_hook(only)
        return lambda value, _: None if value is None else inner(value, only)
    known: dict[str, enum.Enum] = {member.value.upper(): member for member in words}
    optional = type(None) in options_of(cls)

    def choose(value: Any, _: Any) -> Any:
        if type(value) is str:
            return known.get(value) or known.get(value.upper(), value)
        if value is None and optional:
            return None
        raise wrong("a text", value)

    return choose


def _tuple_hook(made: "Converter", cls: Any) -> Hook:
    """A list of one kind; null is an empty list."""
    kind = get_args(cls)[0]
    inner = made.get_structure_hook(kind)

    def gather(value: Any, _: Any) -> tuple[Any, ...]:
        if is_list(value):
            return tuple([inner(item, kind) for item in value])
        if value is None:
            return ()
        raise wrong("a list", value)

    return gather


def camel(name: str) -> str:
    """A field's name as the wire spells it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def wire_names(item: "attrs.Attribute[Any]") -> tuple[str, ...]:
    """The names that a field has had on the wire, the current one first."""
    names: tuple[str, ...] = item.metadata.get("wire") or (camel(item.name),)
    return names


_CONVERT_UNLESS: Final[Mapping[Any, str]] = {
    float: "type({v}) is not float and type({v}) is not int and ",
    int: "type({v}) is not int and ",
    str: "type({v}) is not str and ",
    bool: "{v} is not True and {v} is not False and ",
}
"""The leaves that are mostly right as they are: looked at in place, which saves a call each."""


def _record_hook(made: "Converter", cls: Any) -> Hook:
    """Write, compile and return the hook of one record class."""
    scope: dict[str, Any] = {"cls": cls, "twin": unfrozen(cls), "wrong": wrong, "Unreadable": Unreadable}
    lines = ["def hook(o, _):", "    if type(o) is not dict: raise wrong('an object', o)", "    get = o.get"]
    fields = attrs.fields(attrs.resolve_types(cls))
    for number, item in enumerate(fields):
        lines += _reading(item, wire_names(item), number)
        scope[f"hook{number}"], scope[f"type{number}"] = made.get_structure_hook(item.type), item.type
        scope[f"default{number}"] = item.default
    lines += ["    r = twin()", *(f"    r.{item.name} = v{number}" for number, item in enumerate(fields))]
    lines += ["    r.__class__ = cls", "    return r"]
    hook: Hook = compiled(lines, "hook", scope)
    return hook


def _reading(item: "attrs.Attribute[Any]", names: tuple[str, ...], number: int) -> list[str]:
    """The lines that find, check and convert one field's value."""
    v = f"v{number}"
    options = [option for option in options_of(item.type) if option is not type(None)] or [item.type]
    unless = _CONVERT_UNLESS.get(options[0], "") if len(options) == 1 else ""
    return [
        f"    {v} = get({names[0]!r})",
        *(f"    if {v} is None: {v} = get({name!r})" for name in names[1:]),
        f"    if {unless.format(v=v)}{v} is not None:",
        f"        try: {v} = hook{number}({v}, type{number})",
        f"        except Unreadable as e: raise Unreadable('{names[0]}: ' + str(e)) from None",
        *([] if item.default is None else [f"    if {v} is None: {v} = default{number}"]),
    ]


def unfrozen(cls: type[Any]) -> Any:
    """A twin of a frozen record: it is made empty, and its fields can be set until its `__class__` is the record's."""
    return type(cls.__name__, (cls,), _PLAIN)


_PLAIN: Final[dict[str, Any]] = {
    "__slots__": (),
    "__init__": object.__init__,
    "__setattr__": object.__setattr__,
    "__delattr__": object.__delattr__,  # both: only then does CPython set a slot without a call
}


def compiled(lines: list[str], name: str, scope: dict[str, Any]) -> Any:
    """What is called `name` in this source."""
    exec("\n".join(lines), scope)  # noqa: S102 - the source is made of our own field names only
    return scope[name]
