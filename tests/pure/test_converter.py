"""Making records of plain objects: strict leaves, open words, and errors that name the place and no value."""

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs
import pytest
from attrs import field, frozen

from smartcar_async.codec import Unreadable, is_list, is_object
from smartcar_async.codec.converter import hook_of, structure
from smartcar_async.codec.twins import unfrozen
from smartcar_async.wire import NOT_SENT, Identity, Integer, raw_field, sent as sent_field, wire


class Colour(StrEnum):
    """Words of some API."""

    RED = "RED"
    DARK_BLUE = "dark_blue"


@frozen
class Leaf:
    """A record of every kind of leaf."""

    text: str | None = None
    number: float | None = None
    whole: int | None = None
    flag: bool | None = None
    moment: dt.datetime | None = None
    clock_time: dt.time | None = None
    colour: Colour | str | None = None


@frozen
class Tree:
    """A record of records, with fields that may not be null."""

    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    colours: tuple[Colour | str, ...] = ()
    numbers: tuple[float, ...] = ()
    flags: tuple[bool, ...] = ()
    renamed: str = field(default="none", metadata=wire("newName", "oldName"))


def test_every_kind_of_leaf() -> None:
    """Names are in camel case on the wire."""
    sent = {
        "text": "a",
        "number": 1.5,
        "whole": 3.0,
        "flag": False,
        "moment": "2026-05-04T10:00:00Z",
        "clockTime": "22:00",
        "colour": "red",
    }
    moment = dt.datetime(2026, 5, 4, 10, tzinfo=dt.UTC)
    assert Leaf("a", 1.5, 3, False, moment, dt.time(22), Colour.RED) == structure(sent, Leaf)


def test_records_in_records() -> None:
    """Lists and records hold others; what is missing or null has its default."""
    sent = {
        "leaf": {"number": 1},
        "leaves": [{}, {"text": ""}],
        "colours": ["DARK_BLUE", "Teal"],
        "numbers": [1, 2.5],
        "flags": [True, False],
        "newName": "x",
    }
    made = Tree(Leaf(number=1), (Leaf(), Leaf("")), (Colour.DARK_BLUE, "Teal"), (1, 2.5), (True, False), renamed="x")
    assert made == structure(sent, Tree)
    assert Tree() == structure(dict.fromkeys(sent), Tree)
    assert Tree() == structure({}, Tree)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [({"oldName": "x"}, "x"), ({"newName": "y", "oldName": "x"}, "y"), ({"newName": None, "oldName": "x"}, "x")],
)
def test_former_names(sent: object, kept: str) -> None:
    """A field is read under every name that it had, the current one first."""
    assert kept == structure(sent, Tree).renamed


UNREADABLE: list[tuple[object, str]] = [
    ([], "expected an object, got a list"),
    (None, "expected an object, got null"),
    ({"leaf": "secret"}, "leaf: expected an object, got a text"),
    ({"leaf": {"text": 5}}, "leaf: text: expected a text, got a number"),
    ({"leaf": {"number": "5"}}, "leaf: number: expected a number, got a text"),
    ({"leaf": {"number": True}}, "leaf: number: expected a number, got a boolean"),
    ({"leaf": {"whole": 5.5}}, "leaf: whole: expected a whole number, got a number"),
    ({"leaf": {"whole": True}}, "leaf: whole: expected a whole number, got a boolean"),
    ({"leaf": {"flag": {"secret": 1}}}, "leaf: flag: expected a boolean, got an object"),
    ({"leaf": {"flag": 1}}, "leaf: flag: expected a boolean, got a number"),
    ({"leaf": {"moment": "secret"}}, "leaf: moment: expected a time, got a text"),
    ({"leaf": {"moment": 10**400}}, "leaf: moment: expected a time, got a number"),
    ({"leaf": {"clockTime": "secret"}}, "leaf: clockTime: expected a time of day, got a text"),
    ({"leaf": {"clockTime": 22}}, "leaf: clockTime: expected a time of day, got a number"),
    ({"leaf": {"colour": ["secret"]}}, "leaf: colour: expected a text, got a list"),
    ({"leaves": {"secret": 1}}, "leaves: expected a list, got an object"),
    ({"leaves": [{}, None]}, "leaves: expected an object, got null"),
    ({"colours": [None]}, "colours: expected a text, got null"),
    ({"colours": ["red", 5]}, "colours: expected a text, got a number"),
    ({"numbers": [1, "2"]}, "numbers: expected a number, got a text"),
    ({"flags": [True, 1]}, "flags: expected a boolean, got a number"),
    ({"oldName": 5}, "newName: expected a text, got a number"),
]


@pytest.mark.parametrize(("sent", "problem"), UNREADABLE)
def test_what_cannot_be_read(sent: object, problem: str) -> None:
    """The error tells where and which kinds, never the value."""
    with pytest.raises(Unreadable) as raised:
        structure(sent, Tree)
    assert problem == str(raised.value)


def test_a_moment_of_zero_is_no_moment() -> None:
    """Zero has the field's default."""
    assert Leaf() == structure({"moment": 0}, Leaf)


def test_hooks_are_made_once() -> None:
    """A class is compiled on first use, then looked up."""
    assert hook_of(Leaf) is hook_of(Leaf)


def test_an_unfrozen_twin_becomes_the_frozen_record() -> None:
    """The one fast way in: its fields are set in any order, and then it is the record and cannot be set any more."""
    make: Callable[[], Any] = unfrozen(Leaf)
    twin = make()
    for number, name in enumerate(attrs.fields_dict(Leaf)):
        setattr(twin, name, number)
    del twin.text
    twin.text = 0
    twin.__class__ = Leaf
    assert Leaf(*range(7)) == twin  # pyright: ignore[reportArgumentType]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        twin.text = 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del twin.text
    assert type(twin) is Leaf


def test_objects_and_lists() -> None:
    """Only what a JSON parser makes counts."""
    values: list[object] = [{}, [], (), "a", None]
    assert [is_object(value) for value in values] == [True, False, False, False, False]
    assert [is_list(value) for value in values] == [False, True, False, False, False]


@pytest.mark.parametrize("value", [5, 5.0])
def test_a_whole_number(value: float) -> None:
    """JSON has one kind of number, so 5.0 is a whole one too."""
    found = structure(value, int)
    assert (found, type(found)) == (5, int)


@frozen
class Wheel:
    """A record that is kept as it was sent when it cannot be read."""

    size: float | None = None
    raw: Any = raw_field()


@frozen
class Owner:
    """A record that takes a field from the one that holds it."""

    id: str = field(metadata=wire(kind=Identity))
    name: str | None = field(default=None, metadata=wire("attributes?.name", kind=Identity))
    raw: Any = raw_field()


@frozen
class Bicycle:
    """A record whose values stand all over its document."""

    id: str = field(metadata=wire(kind=Identity))
    owner_id: str | None = field(default=None, metadata=wire("owner.data.id", "ownerId", kind=Identity))
    brand: str = field(default="none", metadata=wire("attributes!.brand"))
    sold_at: dt.datetime | None = field(default=None, metadata=wire("meta.soldAt", "meta.at", tolerant=True))
    gears: int | None = field(default=None, metadata=wire("meta.gears", kind=Integer, tolerant=True))
    tags: tuple[str, ...] = field(default=(), metadata=wire(skips=True))
    wheels: tuple[Wheel, ...] = ()
    owner: Owner | None = field(default=None, metadata=wire("owner.data", from_parent={"id": "owner_id"}))
    raw: Any = raw_field()


def sent(**changes: Any) -> dict[str, Any]:
    """A bicycle on the wire."""
    whole = {
        "id": 7,
        "attributes": {"brand": "Monark"},
        "owner": {"data": {"id": "o1", "attributes": {"name": "Eva"}}},
        "meta": {"soldAt": "2026-05-04T10:00:00Z", "gears": 3},
        "tags": ["a", 5, None, "b"],
        "wheels": [{"size": 28}, {"size": "28"}, "wheel"],
    }
    return whole | changes


def test_values_all_over_a_document() -> None:
    """Paths lead to them, lists are tolerant where they say so, and all that was sent is kept."""
    document = sent()
    bicycle = structure(document, Bicycle)
    sold_at = dt.datetime(2026, 5, 4, 10, tzinfo=dt.UTC)
    wheels = (Wheel(28), Wheel(), Wheel())
    assert bicycle == Bicycle("7", "o1", "Monark", sold_at, 3, ("a", "b"), wheels, Owner("o1", "Eva"))
    assert [wheel.raw for wheel in bicycle.wheels] == document["wheels"]
    assert bicycle.raw == document
    assert bicycle.owner is not None
    assert bicycle.owner.raw == document["owner"]["data"]


LESS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"owner": None, "ownerId": "o2"}, {"owner_id": "o2", "owner": None}),
    ({"owner": {"data": {"name": "Eva"}}, "ownerId": "o2"}, {"owner": Owner("o2", "Eva")}),
    ({"owner": {"data": {"name": "Eva"}}}, {"owner_id": None, "owner": None}),
    ({"attributes": {}}, {"brand": "none"}),
    ({"meta": {"soldAt": "then", "at": 0}}, {"sold_at": None}),
    ({"meta": {"soldAt": "", "at": 1777888800}}, {"sold_at": dt.datetime(2026, 5, 4, 10, tzinfo=dt.UTC)}),
    ({"meta": {"gears": 3.0}}, {"gears": None}),
    ({"meta": "none"}, {"gears": None, "sold_at": None}),
    ({"tags": None, "wheels": None}, {"tags": (), "wheels": ()}),
    ({"wheels": {"size": 28}}, {"wheels": (Wheel(28),)}),
]


@pytest.mark.parametrize(("changes", "fields"), LESS)
def test_what_is_not_where_it_should_be(changes: dict[str, Any], fields: dict[str, Any]) -> None:
    """The next path is tried, and a field that is tolerant has its default."""
    bicycle = structure(sent(**changes), Bicycle)
    assert {name: getattr(bicycle, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": ""}, "id: missing"),
        ({"id": 1.5}, "id: expected a text, got a number"),
        ({"attributes": None}, "attributes: expected an object, got null"),
        ({"attributes": {"brand": 5}}, "brand: expected a text, got a number"),
        ({"owner": "Eva"}, "owner: expected an object, got a text"),
        ({"owner": {"data": {"id": "o1", "attributes": []}}}, "data: attributes: expected an object, got a list"),
        ({"tags": "a"}, "tags: expected a list, got a text"),
        ({"wheels": 2}, "wheels: expected a list, got a number"),
    ],
)
def test_what_a_bicycle_cannot_be_without(changes: dict[str, Any], problem: str) -> None:
    """The error names the last step of the path."""
    with pytest.raises(Unreadable) as raised:
        structure(sent(**changes), Bicycle)
    assert problem == str(raised.value)


def test_what_is_known_goes_before_what_was_sent() -> None:
    """Whoever decodes knows it better."""
    assert structure(sent(id=None), Bicycle, id="8").id == "8"


MISSING, ERROR = "missing", "a: expected an object, got "
FORMS: dict[str, tuple[str, str, str, str]] = {
    "a.b": ("in a", MISSING, MISSING, f"{ERROR}a number"),
    "a?.b": ("in a", "beside a", f"{ERROR}null", f"{ERROR}a number"),
    "a!.b": ("in a", f"{ERROR}null", f"{ERROR}null", f"{ERROR}a number"),
}
"""What comes of each form of a path with an object under `a`, with no `a`, with null, and with something else."""
UNDER_A: tuple[dict[str, Any], ...] = ({"a": {"b": "in a"}}, {}, {"a": None}, {"a": 5})


@frozen
class Inside:
    """A path into an object that may be there."""

    b: str = sent_field("a.b", default=MISSING)


@frozen
class Around:
    """A path into an object, or beside it where there is none."""

    b: str = sent_field("a?.b", default=MISSING)


@frozen
class Needed:
    """A path into an object that must be there."""

    b: str = sent_field("a!.b", default=MISSING)


@frozen
class TolerantInside:
    """The same paths, in fields that are tolerant."""

    b: str = sent_field("a.b", default=MISSING, tolerant=True)


@frozen
class TolerantAround:
    """The second."""

    b: str = sent_field("a?.b", default=MISSING, tolerant=True)


@frozen
class TolerantNeeded:
    """The third."""

    b: str = sent_field("a!.b", default=MISSING, tolerant=True)


STRICT: dict[str, Any] = {"a.b": Inside, "a?.b": Around, "a!.b": Needed}
TOLERANT: dict[str, Any] = {"a.b": TolerantInside, "a?.b": TolerantAround, "a!.b": TolerantNeeded}


@pytest.mark.parametrize(
    ("path", "document", "found"),
    [
        (path, {"b": "beside a"} | under, found)
        for path, row in FORMS.items()
        for under, found in zip(UNDER_A, row, strict=True)
    ],
)
def test_the_forms_of_a_path(path: str, document: dict[str, Any], found: str) -> None:
    """The table of `smartcar_async.wire`; in a tolerant field, an error is a missing value."""
    if found.startswith(ERROR):
        with pytest.raises(Unreadable) as raised:
            structure(document, STRICT[path])
        assert str(raised.value) == found
    else:
        assert structure(document, STRICT[path]).b == found
    assert structure(document, TOLERANT[path]).b == (MISSING if found.startswith(ERROR) else found)


@frozen
class Undecided:
    """A field of a type that nothing can choose for."""

    size: int | str | None = None


@frozen
class OfUndecided:
    """A record with such a record."""

    inner: tuple[Undecided, ...] = ()


@frozen
class Slip:
    """A record with metadata in place of a field."""

    name: str = wire("title")  # type: ignore[assignment]  # pyright: ignore


@frozen
class OtherSlip:
    """The same slip with other metadata."""

    name: str = NOT_SENT  # type: ignore[assignment]  # pyright: ignore


@pytest.mark.parametrize(
    ("cls", "problem"),
    [
        (Undecided, "Undecided.size: neither one type, nor an enum with str, nor either with None: int | str | None"),
        (OfUndecided, "OfUndecided.inner: Undecided.size: neither"),
        (Slip, "Slip.name: metadata stands as the default: write `field(metadata=...)`"),
        (OtherSlip, "OtherSlip.name: metadata stands as the default"),
    ],
)
def test_a_record_that_is_declared_wrongly(cls: Any, problem: str) -> None:
    """The author of a record is told of which field of which record it is."""
    with pytest.raises(TypeError) as raised:
        structure({}, cls)
    assert str(raised.value).startswith(problem)
