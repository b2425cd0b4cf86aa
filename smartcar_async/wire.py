"""What a record's fields say of the wire, in their metadata: where a value stands, and how it is read.

The codec makes its converter of it, so that a new endpoint needs a record and no reader of its own:

    @frozen
    class Subscription:
        id: str = field(metadata=wire(kind=Identity))
        vehicle_id: str | None = sent("relationships.vehicle.data.id", kind=Identity)
        created_at: datetime | None = sent("meta.createdAt", tolerant=True)
        raw: Json = raw_field()

A field without metadata stands under its name in camel case, and its type says how it is read.
"""

from collections.abc import Mapping
from typing import Any, Final, NewType

from attrs import Attribute, evolve, field, frozen

Identity = NewType("Identity", str)
"""An id, as text or as a number. For `wire(kind=...)`, like all of these."""
Word = NewType("Word", str)
"""A text or a number as text; an empty one is none."""
Capitals = NewType("Capitals", str)
"""The same in upper case."""
Year = NewType("Year", int)
"""A year, as a number or as text; what cannot be read is none."""
Amount = NewType("Amount", float)
"""A number, as a number or as text; what cannot be read is none."""
Integer = NewType("Integer", int)
"""A whole number that is written as one: 3, and not 3.0."""
Seconds = NewType("Seconds", float)
"""How long something lives, as a number or as text: more than nothing, and not for ever."""
Token = NewType("Token", str)
"""A secret that can travel in a header."""
Anything = NewType("Anything", object)
"""Whatever was sent."""
Object = NewType("Object", dict[str, Any])
"""An object, as it was sent."""

WHOLE: Final = ""
"""The path of the document itself."""


@frozen
class Wire:
    """What one field says of the wire."""

    paths: tuple[str, ...] = ()
    kind: Any = None
    tolerant: bool = False
    skips: bool = False
    lends: Mapping[str, str] = {}
    missing: str = "missing"
    sent: bool = True


def wire(
    *paths: str,
    kind: Any = None,
    tolerant: bool = False,
    skips: bool = False,
    lends: Mapping[str, str] | None = None,
    missing: str = "missing",
) -> dict[str, Wire]:
    """Metadata for a field.

    Args:
        paths: where the value stands, the current name first, then former ones; the first that is not null counts.
            `meta.createdAt` leads into objects. `attributes?.make` leads into `attributes` only if there is such a
            field, `attributes!.user` is an error if there is none.
        kind: how the value is read, where the field's type does not say it.
        tolerant: what cannot be read becomes the field's default, and the next path is tried before that.
        skips: entries of a list that cannot be read are left out.
        lends: fields that the record in this field takes from this record, its name for each to ours.
        missing: the problem with a field that must be there and is not.
    """
    return {"wire": Wire(paths, kind, tolerant, skips, lends or {}, missing)}


def sent(*paths: str, default: Any = None, repr: bool = True, **options: Any) -> Any:
    """A field that has this default, with metadata by `wire`."""
    return field(default=default, repr=repr, metadata=wire(*paths, **options))


def not_sent() -> dict[str, Wire]:
    """Metadata for a field that whoever decodes the record fills."""
    return {"wire": Wire(sent=False)}


def raw_field(path: str = WHOLE) -> Any:
    """A field for all that was sent, which is neither shown nor compared."""
    metadata = wire(path, kind=Anything) if path == WHOLE else wire(path, kind=Object, tolerant=True)
    return field(factory=dict[str, Any], eq=False, repr=False, metadata=metadata)


def wire_of(item: "Attribute[Any]") -> Wire:
    """What a field says of the wire, with its own name where it names no other."""
    wired: Wire = item.metadata.get("wire", _NOTHING_SAID)
    return wired if wired.paths else evolve(wired, paths=(camel(item.name),))


_NOTHING_SAID: Final = Wire()


def camel(name: str) -> str:
    """A field's name as the wire spells it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
