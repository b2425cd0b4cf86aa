"""The quick way from JSON to a body: msgspec fills a twin of the record, which then becomes the record.

The twin is a subclass that is not frozen and has the record's own slots under their wire names as well. It is stricter
than the converter, never laxer: what it refuses (a word in another case, a null list, a former name, 3.0 for 3) is left
to the careful way. What both read they read alike, for moments and clock times go through the same hooks.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Callable, Mapping
from functools import cache
from types import GenericAlias
from typing import Any, Final, Union, get_args, get_origin

import attrs
import msgspec

from ..wire import wire_of
from .converter import hook_of, options_of

Finish = Callable[[Any], None]

_SENT: Final[Mapping[Any, Any]] = {float: int | float, dt.datetime: str | int | float, dt.time: str}
"""What stands on the wire where it is not the leaf itself."""


@cache
def decoder_of(cls: Any) -> Callable[[Any], Any]:
    """What decodes a twin of this record, which `finisher_of` makes the record."""
    return msgspec.json.Decoder(_twin(cls)).decode


@cache
def finisher_of(cls: Any) -> Finish | None:
    """What turns a twin and all within it into records; None where to set its `__class__` is all there is to do."""
    scope: dict[str, Any] = {"cls": cls}
    lines: list[str] = []
    for item in attrs.fields(attrs.resolve_types(cls)):
        place, kind = f"r.{item.name}", _within_option(item.type)
        listed = get_origin(kind) is tuple
        inner = get_args(kind)[0] if listed else kind
        target = "item" if listed else place
        if attrs.has(inner):
            scope[f"finish_{item.name}"], scope[f"cls_{item.name}"] = finisher_of(inner), inner
            simple = finisher_of(inner) is None
            finish = f"{target}.__class__ = cls_{item.name}" if simple else f"finish_{item.name}({target})"
        elif inner in (dt.datetime, dt.time):
            scope[f"hook_{item.name}"] = hook_of(inner)
            finish = f"{place} = hook_{item.name}({place}, None)"
        else:
            continue
        lines.append(f"    for item in {place}: {finish}" if listed else f"    if {place} is not None: {finish}")
    if not lines:
        return None
    # The finisher of a record is written out and compiled, because a loop over its fields would cost more than all that
    # msgspec does. The source is made of our own field names alone, and it is run once for each class. The careful way
    # has no such code: it may be slower, and cattrs writes its functions.
    exec("\n".join(["def finish(r):", *lines, "    r.__class__ = cls"]), scope)  # noqa: S102 - see above
    finisher: Finish = scope["finish"]
    return finisher


def unfrozen(cls: type[Any]) -> Any:
    """A twin of a frozen record: it is made empty, and its fields can be set until its `__class__` is the record's.

    Both have the same slots, so that to change the class of an instance is all that it takes: CPython allows it, and
    nothing is copied. To make the frozen record itself would cost several times as much, because attrs' `__init__` for
    one sets each field by a call to `object.__setattr__`.
    """
    return type(cls.__name__, (cls,), _NOT_FROZEN)


_NOT_FROZEN: Final[dict[str, Any]] = {
    "__slots__": (),
    "__init__": object.__init__,
    "__setattr__": object.__setattr__,
    "__delattr__": object.__delattr__,  # both: only then does CPython set a slot without a call
}


@cache
def _twin(cls: Any) -> type[Any]:
    """The fields under their wire names. One that has had other names must come under its current one."""
    twin: Any = unfrozen(cls)
    kinds: dict[str, Any] = {}
    items = sorted(attrs.fields(attrs.resolve_types(cls)), key=_had_other_names, reverse=True)
    for item in items:
        name = wire_of(item).paths[0]
        kinds[name] = _sent(item.type)
        if not _had_other_names(item):
            setattr(twin, name, dataclasses.field(default=item.default))
    twin.__annotations__ = kinds
    dataclasses.dataclass(init=False, repr=False, eq=False)(twin)
    for item in items:
        setattr(twin, wire_of(item).paths[0], vars(cls)[item.name])
    made: type[Any] = twin
    return made


def _had_other_names(item: "attrs.Attribute[Any]") -> bool:
    return len(wire_of(item).paths) > 1


def _within_option(kind: Any) -> Any:
    """The only kind that is not None; a union with words counts as a leaf."""
    options = [option for option in options_of(kind) if option is not type(None)]
    return options[0] if options else kind


def _sent(kind: Any) -> Any:
    """The type of a field on the wire."""
    if get_origin(kind) is tuple:
        return GenericAlias(tuple, (_sent(get_args(kind)[0]), ...))
    options = options_of(kind)
    if not options:
        return _twin(kind) if attrs.has(kind) else _SENT.get(kind, kind)
    is_word = any(isinstance(option, type) and issubclass(option, enum.Enum) for option in options)
    return Union[tuple(_sent(option) for option in options if not (is_word and option is str))]  # noqa: UP007
