"""What a record's fields say of the wire, in their metadata: where a value stands, and how it is read.

The codec makes its converter of it, so that a new endpoint needs a record and no reader of its own:

    @frozen
    class Subscription:
        id: str = field(metadata=wire(kind=Identity))
        vehicle_id: str | None = sent("relationships.vehicle.data.id", kind=Identity)
        created_at: datetime | None = sent("meta.createdAt", tolerant=True)
        raw: Json = raw_field()

A field without metadata stands under its name in camel case, and its type says how it is read.
A field without a default must be there; in any other field, what is missing or null becomes the default.
`sent(...)` and `raw_field()` make whole fields, which have a default; `wire(...)` and `NOT_SENT` are metadata, for a
field that is written out: one without a default, or by keyword only.

Each step of a path leads into an object. What comes of `b` in these paths depends on what stands under `a`:

    ========  ==========  ====================  ========  =============
    path      an object   absent                null      anything else
    ========  ==========  ====================  ========  =============
    `a.b`     its `b`     missing               missing   error
    `a?.b`    its `b`     `b` beside `a`        error     error
    `a!.b`    its `b`     error                 error     error
    ========  ==========  ====================  ========  =============

"Missing" lets the next path be tried, and then the default; an error makes the whole record unreadable. `a?.b` is for
records that are sent with and without an envelope: without it, `b` is looked for in the object that has no `a`.
In a field that is `tolerant` all of these errors are "missing".

A record may have a static method `_of_wire(value)`, for values of which some are sent in another form, such as a bare
text in place of an object. It returns the object that the fields are then looked for in.

A record that has `raw`, and a default for every field, is one that can be kept when it cannot be read: in a list of
such records (`tuple[Record, ...]`), a bad entry becomes a record with nothing but its `raw`, and a single object counts
as a list of one. In a list of other records a bad entry makes the record around it unreadable, unless the field
`skips` it. So to add `raw` to a record whose fields all have defaults changes how lists of it are read.
"""

from collections.abc import Mapping
from typing import Any, Final, NewType

from attrs import Attribute, evolve, field, frozen

Identity = NewType("Identity", str)
"""An id, as text or as a number; an empty text is kept, unless the field needs a value. For `wire(kind=...)`, like all
of these."""
Word = NewType("Word", str)
"""A text for people to read, or a number as text: other than as an `Identity`, an empty one is none."""
Capitals = NewType("Capitals", str)
"""The same as `Identity`, in upper case."""
Year = NewType("Year", int)
"""A year, as a number or as text. Tolerant by itself, since makers send all sorts of years, and none is worth a record:
what cannot be read is none."""
Amount = NewType("Amount", float)
"""A number, as a number or as text. Tolerant by itself, like `Year`: what cannot be read is none."""
Integer = NewType("Integer", int)
"""A whole number that is written as one. `int` also takes 3.0, for JSON has one kind of number; this is for counters,
which are believed in that form alone."""
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
    """What one field says of the wire: the arguments of `wire`, and whether the document has the field at all."""

    paths: tuple[str, ...] = ()
    kind: Any = None
    tolerant: bool = False
    skips: bool = False
    from_parent: Mapping[str, str] = {}
    missing: str = "missing"
    in_document: bool = True


def wire(
    *paths: str,
    kind: Any = None,
    tolerant: bool = False,
    skips: bool = False,
    from_parent: Mapping[str, str] | None = None,
    missing: str = "missing",
) -> dict[str, Wire]:
    """Metadata for a field.

    Args:
        paths: where the value stands, the current name first, then former ones; the first that is not null counts.
            `meta.createdAt` leads into objects; the table at the top of this module tells of `a?.b` and `a!.b`.
        kind: how the value is read, where the field's type does not say it.
        tolerant: what cannot be read becomes the field's default, and the next path is tried before that.
        skips: entries of a list that cannot be read are left out.
        from_parent: fields of the record in this field that are taken from the record around it: their names in the
            inner record, each with its name in the outer one. Where the outer one has no value, the inner one is None.
        missing: the problem with a field that must be there and is not.
    """
    return {"wire": Wire(paths, kind, tolerant, skips, from_parent or {}, missing)}


def sent(*paths: str, default: Any = None, repr: bool = True, **options: Any) -> Any:
    """A field that has this default, with metadata by `wire`."""
    return field(default=default, repr=repr, metadata=wire(*paths, **options))


NOT_SENT: Final[Mapping[str, Wire]] = {"wire": Wire(in_document=False)}
"""Metadata for a field that is not looked for in the document: whoever decodes the record fills it."""


def raw_field(path: str = WHOLE) -> Any:
    """A field for all that was sent, which is neither shown nor compared.

    It may change how lists of the record are read: see the top of this module.
    """
    metadata = wire(path, kind=Anything) if path == WHOLE else wire(path, kind=Object, tolerant=True)
    return field(factory=dict[str, Any], eq=False, repr=False, metadata=metadata)


def wire_of(item: "Attribute[Any]") -> Wire:
    """What a field says of the wire, with its own name where it names no other."""
    # The slip `x: str = wire()`: each record would have the metadata as its value.
    default: Any = item.default
    if type(default) is _METADATA and "wire" in default:
        raise TypeError("metadata stands as the default: write `field(metadata=...)`")
    wired: Wire = item.metadata.get("wire", _NO_METADATA)
    return wired if wired.paths else evolve(wired, paths=(camel(item.name),))


_NO_METADATA: Final = Wire()
_METADATA: Final[Any] = dict  # of no known type, so that type checkers do not narrow what is compared with it


def camel(name: str) -> str:
    """A field's name as the wire spells it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
