"""What our decoding is measured against: the fastest typed decoding there is, and the most usual one.

Both read the same records in their wire layout. The limit is a msgspec tagged union: one pass in C into mutable
structs, and one bad body loses the whole answer. The usual way is cattrs as it comes, into frozen attrs classes.
"""

import datetime as dt
import types
from collections.abc import Callable
from enum import Enum
from typing import Any, Union, get_args, get_origin

import attrs
import msgspec
from cattrs.preconf.msgspec import make_converter

from smartcar_async import signals
from smartcar_async.wire import wire_of

Make = Callable[[str, list[tuple[str, Any, Any]], str | None], Any]
"""Makes a class of a name, its fields (name, type, default), and the code that tags it."""

_ENVELOPE: tuple[tuple[str, Any, Any], ...] = (("name", str, ""), ("group", str, ""))


def msgspec_limit() -> Callable[[bytes], Any]:
    """Decode into a tagged union of structs."""
    envelope = _envelope(_struct, union=True)
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(envelope).decode
    return decode


def cattrs_defaults() -> Callable[[bytes], Any]:
    """Decode with cattrs' own hooks, the body's class chosen by the code."""
    converter = make_converter()
    by_code: dict[str, Any] = {}
    envelope = _envelope(_attrs_class, union=False, by_code=by_code)
    said = attrs.fields_dict(get_args(attrs.fields_dict(envelope)["data"].type)[0])["attributes"].type

    def choose(value: Any, _: Any) -> Any:
        return converter.structure(value, by_code[value["code"]])

    converter.register_structure_hook(said, choose)
    return lambda body: converter.loads(body, envelope)


class _Said:
    """Stands for the attributes of any signal."""


def _envelope(make: Make, *, union: bool, by_code: dict[str, Any] | None = None) -> Any:
    made: dict[type, Any] = {}
    status = make("Status", [("value", str, "")], None)
    variants: dict[str, Any] = {}
    for key in signals.ALL:
        fields = [*_ENVELOPE, ("status", status, attrs.NOTHING), ("body", _mirror(key.body, make, made), attrs.NOTHING)]
        variants[key.code] = make("Attributes", fields, key.code)
    if by_code is not None:
        by_code.update(variants)
    times = [(name, str | None, None) for name in ("ingestedAt", "retrievedAt", "oemUpdatedAt")]
    said: Any = Union[tuple(variants.values())] if union else _Said  # noqa: UP007 - made at run time
    parts = {"attributes": said, "meta": make("Meta", times, None), "links": dict[str, str]}
    texts = [(name, str, "") for name in ("id", "type")]
    signal = make("Signal", [(name, part, attrs.NOTHING) for name, part in parts.items()] + texts, None)
    return make("Signals", [("data", types.GenericAlias(list, (signal,)), attrs.NOTHING)], None)


def _mirror(cls: Any, make: Make, made: dict[type, Any]) -> Any:
    """Our record class again, under wire names and made by another library."""
    if cls not in made:
        fields: list[tuple[str, Any, Any]] = []
        for item in attrs.fields(attrs.resolve_types(cls)):
            fields.append((wire_of(item).paths[0], _type(item.type, make, made), item.default))
        made[cls] = make(cls.__name__, fields, None)
    return made[cls]


def _type(kind: Any, make: Make, made: dict[type, Any]) -> Any:
    if get_origin(kind) is tuple:
        return types.GenericAlias(tuple, (_type(get_args(kind)[0], make, made), ...))
    if get_origin(kind) in (Union, types.UnionType):
        options = [option for option in get_args(kind) if not (isinstance(option, type) and issubclass(option, Enum))]
        return Union[tuple(_type(option, make, made) for option in options)]  # noqa: UP007 - made at run time
    if kind in (dt.datetime, dt.time):
        return str  # neither reads these in all the forms that the API has used
    return _mirror(kind, make, made) if attrs.has(kind) else kind


def _struct(name: str, fields: list[tuple[str, Any, Any]], tag: str | None) -> Any:
    spec: list[Any] = [(n, t) if default is attrs.NOTHING else (n, t, default) for n, t, default in fields]
    ordered = sorted(spec, key=len)
    return msgspec.defstruct(name, ordered, tag_field="code" if tag else None, tag=tag)


def _attrs_class(name: str, fields: list[tuple[str, Any, Any]], tag: str | None) -> Any:
    ordered = sorted(fields, key=lambda item: item[2] is not attrs.NOTHING)
    if tag:
        ordered.append(("code", str, ""))
    return attrs.make_class(
        name, {n: attrs.field(type=t, default=default) for n, t, default in ordered}, frozen=True, slots=True
    )
