"""Signals from an answer's bytes: every status, every envelope, and no bad entry that costs a neighbour."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import Measure, Powertrain, SignalStatus, VehicleMode, codec, signals
from smartcar_async.bodies import ChargingStatus, Opening
from smartcar_async.body_enums import ChargeState
from smartcar_async.codec import Unreadable
from smartcar_async.records import SignalError, VehicleAttributes
from smartcar_async.request import Reply

from ..catalogue import Body, signal_entry, without

SOC = signals.TractionBattery.StateOfCharge
RATE = signals.Charge.ChargeRate
BODY = {"value": 57, "unit": "percent"}
CAR = {"make": "VOLVO", "model": "EX30", "year": 2025, "powertrainType": "BEV", "mode": "live"}
VEHICLE = VehicleAttributes("v1", "VOLVO", "EX30", 2025, Powertrain.BEV, VehicleMode.LIVE)


def reply(document: object) -> Reply:
    """A good answer with this document."""
    return Reply(200, {}, json.dumps(document).encode())


ERROR = {
    "type": "VEHICLE_STATE",
    "code": "NOT_CHARGING",
    "title": "Not Charging",
    "detail": "Not now.",
    "description": "Deprecated.",
    "resolution": {"type": "RETRY_LATER"},
}
READ_ERROR = SignalError("VEHICLE_STATE", "NOT_CHARGING", "Not Charging", "Not now.", "Deprecated.", "RETRY_LATER")


@pytest.mark.parametrize(
    ("said", "status", "trusted", "error"),
    [
        ({"status": {"value": "SUCCESS"}, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": {"value": "success"}, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": "SUCCESS", "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": {"value": "SUCCESS"}}, SignalStatus.SUCCESS, False, None),
        ({"status": {"value": "SUCCESS"}, "body": None}, SignalStatus.SUCCESS, False, None),
        ({"body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": None, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": {}, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({}, SignalStatus.UNAVAILABLE, False, None),
        ({"status": {"value": "UNAVAILABLE"}}, SignalStatus.UNAVAILABLE, False, None),
        ({"status": {"value": "UNAVAILABLE"}, "body": BODY}, SignalStatus.UNAVAILABLE, False, None),
        ({"status": {"value": "ERROR", "error": ERROR}}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "error", "error": ERROR}}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "ERROR", "error": ERROR}, "body": BODY}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "ERROR"}, "body": {"value": None}}, SignalStatus.ERROR, False, None),
        ({"status": {"value": "ERROR", "error": "x"}, "body": "stale"}, SignalStatus.ERROR, False, None),
        ({"status": {"error": ERROR}, "body": BODY}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "", "error": ERROR}}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "Pondering"}, "body": BODY}, "Pondering", False, None),
        (
            {"status": {"value": "ERROR", "error": {"type": "PERMISSION", "code": None, "resolution": None}}},
            SignalStatus.ERROR,
            False,
            SignalError("PERMISSION"),
        ),
        (
            {"status": {"value": "ERROR", "error": {"type": 5, "title": [], "resolution": "REAUTHENTICATE"}}},
            SignalStatus.ERROR,
            False,
            SignalError(resolution="REAUTHENTICATE"),
        ),
    ],
)
@pytest.mark.parametrize("flat", [True, False])
def test_the_status_of_a_signal(said: Body, status: str, trusted: bool, error: SignalError | None, flat: bool) -> None:
    """A body counts only with success; without any status a body means success. From REST and webhooks alike."""
    attributes = {"code": SOC.code, "name": SOC.name, "group": SOC.group, **said}
    entry = attributes if flat else {"id": SOC.code, "type": "signal", "attributes": attributes}
    found = codec.signal(entry)
    assert (SOC, status, error, trusted) == (found.key, found.status, found.error, found.ok)
    assert (Measure(57, "percent") if trusted else None) == found.body
    assert entry is found.raw
    (listed,) = codec.signal_set(reply({"data": [entry]})).entries
    assert found == listed
    assert entry == listed.raw


@pytest.mark.parametrize(
    ("entry", "code", "problem"),
    [
        (None, "", "expected an object, got null"),
        ("text", "", "expected an object, got a text"),
        ([signal_entry(SOC.code, BODY)], "", "expected an object, got a list"),
        ({}, "", "code: missing"),
        ({"attributes": {"code": 5}}, "", "code: missing"),
        ({"attributes": {"code": ["x"]}}, "", "code: missing"),
        ({"attributes": None, "id": SOC.code}, SOC.code, "attributes: expected an object, got null"),
        ({"attributes": [], "code": SOC.code}, "", "attributes: expected an object, got a list"),
        ({"code": SOC.code, "status": {"value": 5}}, SOC.code, "status: expected a text, got a number"),
        ({"code": SOC.code, "status": ["SUCCESS"]}, SOC.code, "status: expected a text, got a list"),
        ({"code": SOC.code, "body": [57]}, SOC.code, "expected an object, got a list"),
        ({"code": SOC.code, "body": {"value": "57"}}, SOC.code, "value: expected a number, got a text"),
        ({"code": SOC.code, "body": {"value": True}}, SOC.code, "value: expected a number, got a boolean"),
        ({"code": "new-signal", "body": [1]}, "new-signal", "body: expected an object, got a list"),
    ],
)
def test_a_malformed_signal_costs_no_neighbour(entry: Any, code: str, problem: str) -> None:
    """It says where it is wrong, keeps what was sent, and all others are as they would be without it."""
    good = [signal_entry(key.code, {}) for key in signals.ALL]
    readings = codec.signal_set(reply({"data": [*good[:50], entry, *good[50:]]}))
    bad = readings.entries[50]
    assert (code, False, SignalStatus.ERROR) == (bad.code, bad.ok, bad.status)
    assert SignalError("MALFORMED", "MALFORMED_SIGNAL", "This signal could not be read.", problem) == bad.error
    assert entry == bad.raw
    assert [signal.key for signal in readings.ok] == list(signals.ALL)


@pytest.mark.parametrize("value", [True, "3", {"a": 1}, [1]])
def test_leaves_are_strict_in_a_list_too(value: object) -> None:
    """The quick way for whole lists forgives no more than the careful one for single signals."""
    entry = signal_entry(SOC.code, {"value": value})
    (listed,) = codec.signal_set(reply({"data": [entry]})).entries
    assert codec.signal(entry) == listed
    assert listed.error is not None


def test_an_unknown_signal_is_kept() -> None:
    """Its body is the object as it was sent, its name what it says of itself."""
    entry = signal_entry("new-signal", {"value": {"deep": [1]}}, group="New", name="Signal")
    found = codec.signal(entry)
    assert (found.code, found.group, found.name, found.ok) == ("new-signal", "New", "Signal", True)
    assert (found.body, found.value, found.unit) == ({"value": {"deep": [1]}}, {"deep": [1]}, None)
    assert codec.signal_set(reply({"data": [entry]}))["new-signal"] == found
    assert codec.signal({"code": "new-signal", "status": "ERROR", "body": "stale"}).body is None


def test_the_id_serves_as_the_code() -> None:
    """A resource whose attributes do not repeat the code is read as the signal that its id names."""
    entry = without(signal_entry(SOC.code, BODY), ("attributes", "code"))
    assert codec.signal(entry).body == Measure(57, "percent")
    assert codec.one_signal(reply(entry), SOC).body == Measure(57, "percent")


def test_a_whole_answer() -> None:
    """Signals in their order, and the vehicle beside them."""
    document = {
        "data": [
            signal_entry(SOC.code, BODY),
            signal_entry("charge-detailedchargingstatus", {"value": "charging"}),
            signal_entry("closure-sunroof", {"isOpen": None}),
        ],
        "meta": {"totalCount": 3, "pageSize": 3, "pageNumber": 1},
        "included": {"vehicle": {"id": "v1", "type": "vehicle", "attributes": CAR}},
    }
    readings = codec.signal_set(reply(document))
    bodies = [signal.body for signal in readings.entries]
    assert bodies == [Measure(57, "percent"), ChargingStatus(ChargeState.CHARGING), Opening(None)]
    assert readings.vehicle == VEHICLE
    assert readings[SOC].recorded_at == datetime(2026, 5, 4, 9, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    "included",
    [None, [], "x", {}, {"vehicle": None}, {"vehicle": {}}, {"vehicle": []}, {"vehicle": {"attributes": CAR}}],
)
def test_a_whole_answer_without_its_vehicle(included: object) -> None:
    """What stands beside the signals cannot spoil them."""
    readings = codec.signal_set(reply({"data": [signal_entry(SOC.code, BODY)], "included": included}))
    assert readings.vehicle is None
    assert readings[SOC].ok
    assert codec.signal_set(reply({"data": []})).entries == ()


@pytest.mark.parametrize("wrapped", [True, False])
def test_one_signal(wrapped: bool) -> None:
    """Wrapped with the vehicle beside it, or bare."""
    entry = signal_entry(SOC.code, BODY)
    found = codec.one_signal(reply({"data": entry, "included": {}} if wrapped else entry), SOC)
    assert found.require() == Measure(57, "percent")
    assert found.key is SOC
    assert found.raw == entry


def test_one_signal_of_tomorrow() -> None:
    """It is asked for by a key of the caller's own."""
    key = signals.custom("new-signal")
    found = codec.one_signal(reply({"data": signal_entry("new-signal", {"value": 5})}), key)
    assert found.require() == {"value": 5}
    assert found.key is key


def test_another_signal_than_asked_for() -> None:
    """A reading is never passed off as another."""
    with pytest.raises(Unreadable, match="another signal"):
        codec.one_signal(reply({"data": signal_entry(RATE.code, BODY)}), SOC)


@pytest.mark.parametrize("document", [{}, {"data": {}}, {"data": []}, {"data": {"id": SOC.code, "attributes": []}}])
def test_one_signal_that_is_malformed(document: object) -> None:
    """It has the key that it was asked by, and says that it could not be read."""
    found = codec.one_signal(reply(document), SOC)
    assert found.key is SOC
    assert (found.ok, found.error and found.error.type) == (False, "MALFORMED")


def test_hooks_can_be_made_beforehand() -> None:
    """A client does so off the event loop; doing it twice costs nothing and changes nothing."""
    codec.prepare()
    codec.prepare()
    assert codec.signal(signal_entry(SOC.code, BODY)).ok


@pytest.mark.parametrize("signals_of_tomorrow", [True, False])
def test_a_key_of_ones_own_gives_the_body_as_sent(signals_of_tomorrow: bool) -> None:
    """Also when a later version of this package has learned the signal: the caller's code goes on working."""
    code = "hovering-height" if signals_of_tomorrow else "odometer-traveleddistance"
    body = {"value": 18250.4, "unit": "km"}
    entry = {"attributes": {"code": code, "status": {"value": "SUCCESS"}, "body": body}}
    key = signals.custom(code)
    readings = codec.signal_set(Reply(200, body=json.dumps({"data": [entry]}).encode()))
    assert readings[key].require() == body
    assert codec.one_signal(Reply(200, body=json.dumps({"data": entry}).encode()), key).require() == body
    known = readings.get(key)
    assert known is not None
    assert known.value == 18250.4
