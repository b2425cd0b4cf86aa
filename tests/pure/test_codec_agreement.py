"""The quick way through a document and the careful one: they agree on whatever the quick one does not refuse."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from smartcar_async import codec, signals
from smartcar_async.codec import formats, readings
from smartcar_async.records import Signal
from smartcar_async.request import Reply
from smartcar_async.webhook import VehicleStateEvent, parse
from smartcar_async.webhook.parsing import event_of

from ..catalogue import LISTED, Body, Listed, example, places, replaced, signal_entry, without, words
from ..deliveries import ALL, CHARGE, SEPTEMBER_2025, STATE, TAILGATE, Document, written

AWKWARD: list[Any] = [
    *(None, True, False, 0, 3, 3.0, 3.5, -0.0, 1e300, 10**30, 10**400, "", "3", [], {}, [None], [[]], {"a": 1}),
    *("2026-05-04T10:00:00.1234567Z", "2026-05-04T12:00:00+02:00", "2026-05-04", 1777888800000, "1777888800"),
    *("22:30", "24:00", "22:30:00.5", "22:30:00Z", "New Word"),
]
SOC = signals.TractionBattery.StateOfCharge
BODY = {"value": 57, "unit": "percent"}
WHOLE = [signal_entry(one.code, example(one.body)) for one in LISTED]


def facts(signal: Signal[Any]) -> list[object]:
    """All that a signal tells, numbers with their kinds."""
    times = (signal.recorded_at, signal.retrieved_at, signal.ingested_at)
    kinds = [type(part).__name__ for part in (signal, signal.body)]
    return [kinds, signal, repr(signal.body), signal.key, repr(signal.error), times, signal.raw]


def flat(entry: Body) -> Body:
    """An entry as a delivery has it."""
    return {**entry["attributes"], "meta": entry["meta"]}


def read(entries: list[Any]) -> list[Signal[Any]]:
    """The signals of an answer."""
    return list(codec.signal_set(Reply(200, {}, json.dumps({"data": entries}).encode())).entries)


def delivered(entries: list[Any]) -> VehicleStateEvent:
    """The event of a delivery of these signals."""
    event = parse(written({**STATE, "data": {**STATE["data"], "signals": entries}}))
    assert isinstance(event, VehicleStateEvent)
    return event


def agree(entries: list[Any]) -> bool:
    """Whether an answer and a delivery are read as each of their signals is with all care."""
    flats = [flat(entry) for entry in entries]
    one_way = [facts(signal) for signal in (*read(entries), *delivered(flats).signals.entries)]
    return one_way == [facts(codec.signal(entry)) for entry in (*entries, *flats)]


def variants(listed: Listed) -> list[Body]:
    """A whole body, and bodies in which one thing is not what it was."""
    whole = example(listed.body)
    found: list[Body] = [whole, {}]
    for place, schema in places(listed.body):
        values = [*AWKWARD, *(word.lower() for word in words(schema))]
        found += [replaced(whole, place, value) for value in values]
        found.append(without(whole, place))
    return found


@pytest.mark.parametrize("listed", LISTED, ids=str)
def test_every_body_is_read_alike(listed: Listed) -> None:
    """Each signal of the catalogue, with every value that is awkward in each of its places."""
    assert agree([signal_entry(listed.code, body) for body in variants(listed)])


def careless(_: object) -> Signal[Any]:
    """Instead of the careful way."""
    raise AssertionError("the careful way was taken")


@pytest.mark.parametrize(
    "entries", [[flat(entry) for entry in WHOLE], [CHARGE, TAILGATE], SEPTEMBER_2025["data"]["signals"]]
)
def test_whole_deliveries_take_the_quick_way(entries: list[Body], monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed signals too, and those that come without a status: else this test would compare care with care."""
    monkeypatch.setattr(readings, "signal", careless)
    monkeypatch.setattr("smartcar_async.webhook.parsing.signal", careless)
    assert [signal.key.code for signal in delivered(entries).signals.entries] == [entry["code"] for entry in entries]


def test_whole_answers_take_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """All signals, with all that they can say."""
    monkeypatch.setattr(readings, "signal", careless)
    assert [signal.key.code for signal in read(WHOLE)] == [one.code for one in LISTED]


STATUSES: list[object] = [
    *(None, "SUCCESS", {}, [], {"value": None}, {"value": "success"}, {"value": "Pondering"}, {"value": 5}),
    *({"value": word} for word in ("SUCCESS", "ERROR", "UNAVAILABLE")),
    *(
        {"value": "ERROR", "error": error}
        for error in (None, "x", {}, {"type": 5}, {"type": "PERMISSION", "code": None})
    ),
    {"error": {"type": "PERMISSION"}},
]


@pytest.mark.parametrize("status", STATUSES, ids=str)
@pytest.mark.parametrize("body", [BODY, None, [57], "57", {"value": "57"}])
def test_every_status_is_read_alike(status: object, body: object) -> None:
    """With a body to trust, a body that is wrong, and none; a signal that says nothing of its status too."""
    entry = signal_entry(SOC.code, body, status=status)
    assert agree([entry])
    assert agree(
        [signal_entry(RANGE := "tractionbattery-range", example(LISTED[0].body)), entry, signal_entry(RANGE, {})]
    )
    assert agree([without(entry, ("attributes", "status")), without(entry, ("attributes", "body"))])


@pytest.mark.parametrize("meta", [None, {}, [], "x", {"oemUpdatedAt": []}, {"fetchedAt": 1777888800, "x": 1}])
def test_times_are_read_alike(meta: object) -> None:
    """Whatever stands where they should."""
    assert agree([{**signal_entry(SOC.code, BODY), "meta": meta}, signal_entry(SOC.code, BODY)])


@pytest.mark.parametrize(
    "strange",
    [
        *(
            None,
            5,
            "x",
            [],
            {},
            {"code": None},
            {"code": SOC.code, "attributes": {"code": "odometer-traveleddistance"}},
        ),
        *({"code": SOC.code, "attributes": other} for other in (None, "", "x")),
        {"code": "new-signal", "group": "New", "name": "Signal", "body": {"a": [1]}},
        {"id": SOC.code, "attributes": {"body": BODY}},
    ],
    ids=str,
)
def test_strange_entries_are_read_alike(strange: object) -> None:
    """In a delivery and in an answer, among others that are usual."""
    entries = [CHARGE, strange, TAILGATE]
    careful = [facts(codec.signal(entry)) for entry in entries]
    assert [facts(signal) for signal in delivered(entries).signals.entries] == careful
    assert [facts(signal) for signal in read(entries)] == careful


@pytest.mark.parametrize("document", ALL, ids=lambda document: str(document.get("eventId")))
@pytest.mark.parametrize(
    "change", [{}, {"vehicleId": "v-2", "mode": "test"}, {"eventType": "vehicle_state"}, {"meta": None}]
)
def test_every_delivery_is_read_alike(document: Document, change: Document) -> None:
    """All forms that deliveries have had, as a whole."""
    body = written({**document, **change})
    event, careful = parse(body), event_of(json.loads(body))
    assert (type(event), event, repr(event), event.meta.raw) == (
        type(careful),
        careful,
        repr(careful),
        careful.meta.raw,
    )
    assert event.raw == careful.raw == json.loads(body)


def test_what_nobody_reads_must_be_utf8_for_the_quick_way() -> None:
    """A field that is passed over is held to the encoding, too: all other readers would stumble over it."""
    assert formats.answer(b'{"data":[],"tomorrow":"\xff"}') is None
    assert formats.answer('{"data":[],"tomorrow":"é"}'.encode()) == {"data": []}


@pytest.mark.parametrize(
    ("sent", "kept"), [(b"1e999", "1e999"), (b"9" * 5000, "9" * 5000), (b"[-1e999,7]", ["-1e999", 7])], ids=range(3)
)
def test_a_number_beyond_all_range_that_nobody_reads(sent: bytes, kept: object) -> None:
    """It costs no signal, and in `raw` it is the text that was sent."""
    body = json.dumps({"data": [{**signal_entry(SOC.code, BODY), "x": 0}]}).encode().replace(b'"x": 0', b'"x": ' + sent)
    (found,) = codec.signal_set(Reply(200, {}, body)).entries
    assert found.value == 57
    assert found.raw["x"] == kept


UNTOUCHED: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    attrs.evolve,
    lambda record: pickle.loads(pickle.dumps(record)),
    lambda record: record,
]


@pytest.mark.parametrize("again", UNTOUCHED)
def test_raw_is_there_whenever_it_is_asked_for(again: Callable[[Any], Any]) -> None:
    """A copy has it even if the original was never asked; times are the same with and without it."""
    event = again(delivered([CHARGE, TAILGATE]))
    (charge, tailgate) = (again(signal) for signal in delivered([CHARGE, TAILGATE]).signals.entries)
    assert event.raw == {**STATE, "data": {**STATE["data"], "signals": [CHARGE, TAILGATE]}}
    assert (charge.raw, tailgate.raw) == (CHARGE, TAILGATE)
    assert charge.raw is charge.raw
    assert charge.recorded_at == event.signals[SOC].recorded_at
    assert attrs.asdict(event.signals[SOC])["raw"] == CHARGE
    assert event.signals["closure-tailgate"].raw == TAILGATE


def test_raw_is_as_frozen_as_the_rest() -> None:
    """It can neither be set nor deleted, nor is there anything else to find."""
    event = delivered([CHARGE])
    records: list[Any] = [event, *event.signals.entries]
    for record in records:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            record.raw = {}
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            del record.raw
        assert not hasattr(record, "__dict__")
        assert not hasattr(record, "rough")
    for cls in (VehicleStateEvent, Signal):
        assert "raw" in attrs.fields_dict(cls)
        assert getattr(cls, "raw") is vars(cls)["raw"]  # noqa: B009 - type checkers know no such attribute
