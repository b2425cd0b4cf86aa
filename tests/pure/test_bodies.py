"""The body records against the reference: the same fields of the same kinds, and no wrong leaf forgiven."""

import datetime as dt
import enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

import attrs
import pytest

from smartcar_async import bodies, codec, signals
from smartcar_async.body_enums import ChargingType
from smartcar_async.records import Signal

from ..catalogue import (
    LISTED,
    Body,
    Listed,
    Place,
    Schema,
    at,
    example,
    kind,
    places,
    replaced,
    signal_entry,
    snake,
    without,
    words,
)

KINDS = {float: "number", int: "integer", bool: "boolean", str: "string", dt.datetime: "string", dt.time: "string"}
WRONG: dict[str, list[object]] = {
    "number": ["3", True, [], {"a": 1}],
    "integer": ["3", False, 1.5, {}],
    "string": [3, True, ["a"], {"a": 1}],
    "boolean": [{"a": 1}, 1, "true", []],
    "array": [{}, "a", 1, True],
    "object": [[], "a", 1, False],
}
MOMENT, CLOCK_TIME = dt.datetime(2026, 5, 4, 10, tzinfo=dt.UTC), dt.time(22, 30)
ALTERNATES = [("closure-doors", "doors"), ("closure-windows", "windows")]

each_signal = pytest.mark.parametrize("listed", LISTED, ids=str)


def read(code: str, body: object) -> Signal[Any]:
    """A signal as the codec reads it."""
    return codec.signal(signal_entry(code, body))


def asked(schema: Schema) -> Any:
    """A schema as nested names and kinds."""
    match kind(schema):
        case "object":
            return {snake(name): asked(inner) for name, inner in schema["properties"].items()}
        case "array":
            return [asked(schema["items"])]
        case "string" if words(schema):
            return "word"
        case leaf:
            return leaf


def given(annotation: Any) -> Any:
    """A record's class in the same form."""
    if get_origin(annotation) in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not type(None)]
        if len(options) == 1:
            return given(options[0])
        words, text = options
        assert issubclass(words, enum.StrEnum)
        assert text is str
        return "word"
    if get_origin(annotation) is tuple:
        element, ellipsis = get_args(annotation)
        assert ellipsis is ...
        return [given(element)]
    if attrs.has(annotation):
        return {field.name: given(field.type) for field in attrs.fields(attrs.resolve_types(annotation))}
    return KINDS[annotation]


@each_signal
def test_a_record_has_the_fields_of_its_schema(listed: Listed) -> None:
    """Names and kinds are the same at every depth."""
    assert asked(listed.body) == given(signals.by_code(listed.code).body)


@each_signal
def test_a_whole_body_arrives(listed: Listed) -> None:
    """Every leaf of a valid body is in the record, under its name."""
    body = example(listed.body)
    record = read(listed.code, body).require()
    for place, schema in places(listed.body):
        if kind(schema) not in ("object", "array"):
            sent, got = at(body, place), at(record, place)
            wanted = MOMENT if isinstance(got, dt.datetime) else CLOCK_TIME if isinstance(got, dt.time) else sent
            assert wanted == got, place


@each_signal
def test_an_empty_body_is_a_record_of_defaults(listed: Listed) -> None:
    """Whatever the schema requires may be missing."""
    assert signals.by_code(listed.code).body() == read(listed.code, {}).require()


@each_signal
def test_null_and_missing_are_the_same(listed: Listed) -> None:
    """A field that is null or not sent has its default; its neighbours keep their values."""
    body = example(listed.body)
    whole = read(listed.code, body).require()
    for place, schema in places(listed.body):
        if isinstance(place[-1], int):
            continue
        null, missing = read(listed.code, replaced(body, place, None)), read(listed.code, without(body, place))
        assert null.require() == missing.require()
        assert (() if kind(schema) == "array" else None) == at(null.body, place)
        assert at(whole, place) is not None
        assert null.body != whole


@each_signal
def test_unknown_fields_are_left_to_raw(listed: Listed) -> None:
    """A field of tomorrow does no harm, at any depth, and `raw` has it."""
    body = example(listed.body)
    whole = read(listed.code, body).require()
    objects: list[Place] = [(), *(place for place, schema in places(listed.body) if kind(schema) == "object")]
    for place in objects:
        found = read(listed.code, replaced(body, (*place, "x-tomorrow"), {"a": [1]}))
        assert whole == found.require()
        assert at(found.raw["attributes"]["body"], (*place, "x-tomorrow")) == {"a": [1]}


@each_signal
def test_words_are_open(listed: Listed) -> None:
    """Every known word is a member in either case; an unknown one stays as it was sent."""
    body = example(listed.body)
    for place, schema in places(listed.body):
        for word in words(schema):
            for spelling in (word, word.lower()):
                got = at(read(listed.code, replaced(body, place, spelling)).require(), place)
                assert isinstance(got, enum.StrEnum)
                assert word == got
        if words(schema):
            got = at(read(listed.code, replaced(body, place, "New Word")).require(), place)
            assert ("New Word", str) == (got, type(got))


@each_signal
def test_wrong_kinds_are_refused(listed: Listed) -> None:
    """No leaf is bent into shape: the signal is malformed, names the field, and holds what was sent."""
    body = example(listed.body)
    for place, schema in places(listed.body):
        for value in WRONG[kind(schema)]:
            if kind(schema) == "string" and value == 3 and str(place[-1]) in "timestamp startTime endTime":
                continue  # a moment may be a number
            changed = replaced(body, place, value)
            found = read(listed.code, changed)
            assert found.error is not None
            assert found.error.type == "MALFORMED"
            assert not found.ok
            assert changed == found.raw["attributes"]["body"]
            for step in place:
                assert isinstance(step, int) or step in (found.error.detail or "")


@pytest.mark.parametrize(("code", "old_name"), ALTERNATES)
def test_the_old_name_of_a_list(code: str, old_name: str) -> None:
    """Doors and windows came under their own names in an older specification."""
    entries = [{"row": 0, "column": 1, "isOpen": True}]
    assert read(code, {"values": entries}) == read(code, {old_name: entries})
    assert read(code, {"values": entries}) == read(code, {"values": entries, old_name: []})
    assert read(code, {"values": entries}) == read(code, {"values": None, old_name: entries})


@pytest.mark.parametrize(
    "record",
    [
        bodies.Doors((bodies.Door(0, 0, True), bodies.Door(1, 1, False)), 2, 2),
        bodies.Windows((bodies.Window(0, 0, True), bodies.Window(1, 1, False)), 2, 2),
        bodies.Tires((bodies.Tire(0, 0, 240.0), bodies.Tire(1, 1, 250.0)), 2, 2),
    ],
)
def test_at_finds_by_row_and_column(record: bodies.Doors | bodies.Windows | bodies.Tires) -> None:
    """A grid is asked by row and column; a place that is not listed is None."""
    assert record.values[1] == record.at(1, 1)
    assert record.at(0, 1) is None


def test_records_are_frozen() -> None:
    """What was read cannot be changed by accident."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        bodies.Measure(1.0).value = 2.0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_whole_numbers_may_be_written_as_floats() -> None:
    """`2.0` is a whole number in JSON; `2.5` is not."""
    assert bodies.Count(2) == read("diagnostics-dtccount", {"value": 2.0}).body
    assert not read("diagnostics-dtccount", {"value": 2.5}).ok


def test_the_24_00_that_ends_a_day_is_midnight() -> None:
    """A window until 24:00 ends at midnight; a time that is none is refused."""
    timers: Body = {"values": [{"schedules": [{"start": "22:00", "end": "24:00", "days": ["MONDAY"]}]}]}
    window = read("charge-chargetimers", timers).require().values[0].schedules[0]
    assert (dt.time(22), dt.time(0)) == (window.start, window.end)
    timers["values"][0]["schedules"][0]["end"] = "24:00 or so"
    assert not read("charge-chargetimers", timers).ok


@pytest.mark.parametrize(
    ("record", "secret"),
    [
        (bodies.ChargeLimit(condition=bodies.ChargeCondition(address="Storgatan 1", latitude=57.70887)), "57.70887"),
        (bodies.ChargeTimer(condition=bodies.ChargeCondition(address="Storgatan 1")), "Storgatan"),
        (bodies.ChargeRecord(location=bodies.Place(address="Storgatan 1")), "Storgatan"),
    ],
)
def test_places_are_not_in_the_repr_of_what_contains_them(record: object, secret: str) -> None:
    """Only the record that holds an address shows it."""
    assert secret not in repr(record)
    assert secret not in repr(bodies.ChargeLimits((record,)) if isinstance(record, bodies.ChargeLimit) else [record])
    assert "Storgatan 1" in repr(bodies.ChargeCondition(address="Storgatan 1"))


def test_current_is_known_by_its_name() -> None:
    """AC and DC are told apart in every record that says so."""
    limits = read("charge-chargelimits", {"values": [{"condition": {"chargingType": "dc"}}]}).require()
    assert ChargingType.DC is limits.values[0].condition.charging_type
