"""The state of a vehicle as a delivery tells it: triggers, signals and times in every shape that Smartcar has sent."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from smartcar_async import SignalStatus, signals
from smartcar_async.bodies import Measure
from smartcar_async.records import MALFORMED, SignalError, VehicleAttributes
from smartcar_async.webhook import EventMeta, Trigger, VehicleStateEvent, parse

from ..deliveries import CHARGE, META, NAMED, NOW, SEPTEMBER_2025, STATE, Document, written

SOC = signals.TractionBattery.StateOfCharge
UPDATED = "SIGNAL_UPDATED"
CODE, GROUP, NAME = NAMED["code"], NAMED["group"], NAMED["name"]
CAR = VehicleAttributes("v-1", "TESLA", "Model 3", 2024)
SEEN = EventMeta("d-1", NOW, "w-1", "Demo", "4.0", "LIVE")


def state(document: Document) -> VehicleStateEvent:
    """A document as the state of a vehicle."""
    event = parse(written(document))
    assert isinstance(event, VehicleStateEvent)
    return event


def state_with(**data: object) -> VehicleStateEvent:
    """The state of a vehicle, with other data."""
    return state({**STATE, "data": {**STATE["data"], **data}})


def test_the_state_of_a_vehicle() -> None:
    """Who, which car, why, and its signals from the same catalogue and decoder as the REST side."""
    event = state(STATE)
    assert (event.event_id, event.vehicle_id, event.user_id, event.external_id) == ("e-1", "v-1", "private-user", None)
    assert (event.vehicle, event.signals.vehicle) == (CAR, CAR)
    assert event.meta == attrs.evolve(SEEN, signal_count=4)
    assert event.triggers == (Trigger(UPDATED, CODE, GROUP, NAME),)
    assert not event.first_delivery
    assert event.signals[SOC].require() == Measure(61, "percent")
    assert event.signals[SOC].recorded_at == datetime.fromtimestamp(1767000000, UTC)
    assert event.signals[SOC].retrieved_at == datetime.fromtimestamp(1767000004, UTC)
    assert event.signals["closure-tailgate"].error == SignalError("COMPATIBILITY", "VEHICLE_NOT_CAPABLE")
    assert event.signals["vehicleidentification-vin"].recorded_at is None


def test_a_permission_error_has_no_code() -> None:
    """A null code is no reason to lose the error."""
    entry = {**CHARGE, "body": None, "status": {"value": "ERROR", "error": {"type": "PERMISSION", "code": None}}}
    assert state_with(signals=[entry]).signals[SOC].error == SignalError("PERMISSION", None)


DOTTED = "TractionBattery.StateOfCharge"
FIRST = Trigger("FIRST_DELIVERY")
WHOLE = Trigger(UPDATED, CODE, GROUP, NAME)
NO_KIND = Trigger(None, CODE, GROUP, NAME)
SHAPES: list[tuple[object, Trigger]] = [
    ({"type": UPDATED, "signal": DOTTED}, WHOLE),
    ({"type": UPDATED, "signal": NAMED}, WHOLE),
    (NAMED, NO_KIND),
    ({"group": GROUP, "name": NAME}, Trigger(None, None, GROUP, NAME)),
    (DOTTED, NO_KIND),
    (CODE, Trigger(None, CODE)),
    ({"type": "FIRST_DELIVERY"}, FIRST),
    ({"code": "FIRST_DELIVERY"}, FIRST),
    ("FIRST_DELIVERY", FIRST),
    ({"type": "FIRST_DELIVERY", "signal": None}, FIRST),
    ({"type": UPDATED}, Trigger(UPDATED)),
    ({"type": UPDATED, "signal": None}, Trigger(UPDATED)),
    ({"type": UPDATED, "signal": 5}, Trigger(UPDATED)),
    ({"type": [], "signal": {"code": {}}}, Trigger()),
    ({}, Trigger()),
    (None, Trigger()),
    (5, Trigger()),
    ([], Trigger()),
]


@pytest.mark.parametrize("place", ["top", "data"])
@pytest.mark.parametrize(("sent", "trigger"), SHAPES, ids=lambda value: str(value)[:40])
def test_triggers(place: str, sent: object, trigger: Trigger) -> None:
    """Typed with a name or an object, flat, or a bare text; at the top or in the data: always the same record."""
    bare = {name: value for name, value in STATE.items() if name != "triggers"}
    document = (
        {**bare, "triggers": [sent]} if place == "top" else {**bare, "data": {**STATE["data"], "triggers": [sent]}}
    )
    event = state(document)
    assert event.triggers == (trigger,)
    assert event.first_delivery == (trigger is FIRST)
    assert event.signals[SOC].ok


@pytest.mark.parametrize("sent", [None, [], {}, "x", 5, {"type": UPDATED}])
def test_no_triggers(sent: object) -> None:
    """Without a list there are none, and the rest is there."""
    event = state({**STATE, "triggers": sent})
    assert event.triggers == ()
    assert not event.first_delivery
    assert event.signals[SOC].ok


@pytest.mark.parametrize("top", ["x", 5, {"type": UPDATED}, True, [], None])
def test_triggers_in_the_data_under_something_else_at_the_top(top: object) -> None:
    """What is no list of triggers hides none."""
    event = state({**STATE, "triggers": top, "data": {**STATE["data"], "triggers": [NAMED]}})
    assert event.triggers == (NO_KIND,)


def test_the_first_delivery_among_other_triggers() -> None:
    """One such trigger makes a baseline of the whole event."""
    event = state({**STATE, "triggers": [{"type": UPDATED, "signal": NAMED}, {"type": "FIRST_DELIVERY"}]})
    assert event.triggers == (WHOLE, FIRST)
    assert event.first_delivery


def test_a_payload_of_september_2025() -> None:
    """A time of delivery under its old name, no version, no webhook id, and no status beside the bodies."""
    event = state(SEPTEMBER_2025)
    assert event.meta == EventMeta("d-5", NOW, None, "Demo", None, "LIVE")
    assert event.triggers == (Trigger(UPDATED, "odometer-traveleddistance", "Odometer", "TraveledDistance"),)
    assert event.signals[signals.Odometer.TraveledDistance].require() == Measure(18250.4, "km")


@pytest.mark.parametrize(
    ("sent", "delivered"),
    [
        (1767000004100, NOW),
        (1767000004100.0, NOW),
        ("1767000004100", NOW),
        (1767000004, NOW - timedelta(seconds=0.1)),
        ("2025-12-29T09:20:04.100Z", NOW),
        ("2025-12-29T10:20:04.100+01:00", NOW),
        ("2025-12-29T09:20:04.100", NOW),
        (0, None),
        (None, None),
        ("", None),
        ("now", None),
        ([], None),
        ({}, None),
        (True, None),
        (10**30, None),
        ("9" * 5000, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_every_form_of_time(sent: object, delivered: datetime | None) -> None:
    """Milliseconds, seconds and ISO text are the same moment; 0, and what is no time, is none."""
    event = state({**STATE, "meta": {**META, "deliveredAt": sent}})
    assert event.meta == attrs.evolve(SEEN, delivered_at=delivered)
    renamed = state({**STATE, "meta": {"deliveredAt": 0, "deliveryTime": sent}})
    assert renamed.meta.delivered_at == delivered
    entry = {**CHARGE, "meta": {"oemUpdatedAt": sent, "fetchedAt": sent}}
    signal = state_with(signals=[entry]).signals[SOC]
    assert (signal.recorded_at, signal.retrieved_at) == (delivered, delivered)
    assert signal.ok


@pytest.mark.parametrize("meta", [None, [], "x", 5, {}])
def test_no_meta(meta: object) -> None:
    """An event that says nothing of its delivery is an event still."""
    assert state({**STATE, "meta": meta}).meta == EventMeta()
    without = {name: value for name, value in STATE.items() if name != "meta"}
    assert state(without).meta == EventMeta()
    signal = state_with(signals=[{**CHARGE, "meta": meta}]).signals[SOC]
    assert (signal.ok, signal.recorded_at, signal.retrieved_at) == (True, None, None)


@pytest.mark.parametrize(
    ("meta", "seen"),
    [
        ({"mode": "test"}, EventMeta(mode="TEST")),
        ({"mode": "Simulated"}, EventMeta(mode="SIMULATED")),
        ({"mode": []}, EventMeta()),
        ({"sequence": 7}, EventMeta(sequence=7)),
        ({"sequence": "7"}, EventMeta()),
        ({"sequence": True}, EventMeta()),
        ({"signalCount": 4}, EventMeta(signal_count=4)),
        ({"signalCount": "4"}, EventMeta()),
        ({"applicationId": "app_1"}, EventMeta(application_id="app_1")),
        ({"applicationId": None}, EventMeta()),
        ({"version": 4}, EventMeta(version="4")),
        ({"deliveryId": [], "webhookId": {}, "webhookName": True}, EventMeta()),
    ],
)
def test_what_meta_says(meta: Document, seen: EventMeta) -> None:
    """The mode in upper case whatever was sent; what cannot be read is left out, and stays in `raw`."""
    event = state({**STATE, "meta": meta})
    assert event.meta == seen
    assert event.meta.raw == meta


@pytest.mark.parametrize("status", [None, {}, {"value": None}, {"value": "SUCCESS"}, "SUCCESS"])
def test_a_body_without_a_status(status: object) -> None:
    """A body that comes without any status is trusted: deliveries used to be so."""
    (with_body, bare) = ({**CHARGE, "status": status}, {**CHARGE, "status": status, "body": None})
    assert state_with(signals=[with_body]).signals[SOC].require() == Measure(61, "percent")
    assert not state_with(signals=[bare]).signals[SOC].ok


@pytest.mark.parametrize("sent", [{"StateOfCharge": CHARGE, "Tailgate": None}, [CHARGE, None]])
def test_signals_as_a_mapping(sent: object) -> None:
    """One page shows them by name; they are read like a list."""
    event = state_with(signals=sent)
    assert event.signals[SOC].require() == Measure(61, "percent")
    assert [entry.raw for entry in event.signals.entries] == [CHARGE, None]


@pytest.mark.parametrize("sent", [None, "x", 5, True])
def test_no_signals(sent: object) -> None:
    """Neither a list nor a mapping: no news."""
    event = state_with(signals=sent)
    assert event.signals.entries == ()
    assert event.vehicle == CAR


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        5,
        "x",
        [],
        {},
        {"code": None, "body": {"value": 1}},
        {"code": "closure-tailgate", "body": []},
        {"code": "closure-tailgate", "body": {"isOpen": "perhaps"}},
        {"code": "closure-tailgate", "status": {"value": 5}},
        {"code": "new-signal", "body": "no object"},
    ],
    ids=str,
)
def test_a_malformed_signal_keeps_its_neighbours(wrong: object) -> None:
    """It says that it could not be read, and holds what was sent."""
    event = state_with(signals=[CHARGE, wrong, {**CHARGE, "code": "another-signal"}])
    before, bad, after = event.signals.entries
    assert (before.body, after.body) == (Measure(61, "percent"), CHARGE["body"])
    assert bad.raw == wrong
    assert bad.error
    assert bad.error.type == MALFORMED


def test_signals_of_tomorrow() -> None:
    """An unknown signal is kept, and so is an unknown status."""
    entries = [{"code": "new-signal", "body": {"value": {"deep": [1]}}}, {**CHARGE, "status": {"value": "ASLEEP"}}]
    event = state_with(signals=entries)
    assert event.signals["new-signal"].require() == {"value": {"deep": [1]}}
    assert (event.signals[SOC].status, event.signals[SOC].ok) == ("ASLEEP", False)
    nothing = state_with(signals=[{**CHARGE, "status": {"value": "UNAVAILABLE"}}]).signals[SOC]
    assert nothing.status is SignalStatus.UNAVAILABLE
