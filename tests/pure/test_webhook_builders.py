"""Builders of deliveries: every recorded shape is one that the receiving side knows, and says the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smartcar_async import signals
from smartcar_async.testing import deliveries
from smartcar_async.testing.events import Shape
from smartcar_async.webhook import (
    FIRST_DELIVERY,
    Delivery,
    LegacyEvent,
    UnknownEvent,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
    parse,
    receive,
)

from ..deliveries import TOKEN

NOW = datetime(2026, 11, 21, 2, 0, 0, tzinfo=UTC)
KINDS = {
    "state": VehicleStateEvent,
    "first": VehicleStateEvent,
    "error": VehicleErrorEvent,
    "verify": VerifyEvent,
    "unknown": UnknownEvent,
    "legacy": LegacyEvent,
}
SHAPES = deliveries.every_shape(NOW)
SOC = signals.TractionBattery.StateOfCharge


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_received(name: str) -> None:
    """Signed and in time, each is the event that its name says."""
    body = SHAPES[name]
    found = receive(deliveries.signed_headers(body, TOKEN), body, tokens=TOKEN, now=NOW)
    assert found == Delivery(parse(body), 0)
    assert type(found.event) is (VerifyEvent if name == "legacy verify" else KINDS[name.split()[0]])
    assert b'": ' not in body


def test_a_verify_comes_unsigned() -> None:
    """With the headers that it has."""
    body = deliveries.verify("c-1", at=NOW)
    found = receive(deliveries.plain_headers(), body, tokens=TOKEN, now=NOW)
    assert found.token is None
    assert isinstance(found.event, VerifyEvent)
    assert found.event.challenge == "c-1"


@pytest.mark.parametrize("shape", ["typed", "dotted", "flat", "texts", "september_2025"])
def test_the_shapes_of_a_state_say_the_same(shape: Shape) -> None:
    """The signals, and which of them changed; or that it is the first delivery."""
    for changed in ([SOC.code], None):
        event = parse(deliveries.vehicle_state(changed=changed, shape=shape, event_id="e-1", at=NOW))
        assert isinstance(event, VehicleStateEvent)
        assert (event.event_id, event.vehicle_id, event.meta.delivered_at, event.meta.mode) == (
            "e-1",
            "v-1",
            NOW,
            "LIVE",
        )
        assert event.signals[SOC].require().value == 61
        assert event.signals[SOC].recorded_at == NOW
        assert not event.signals["closure-tailgate"].ok
        (trigger,) = event.triggers
        assert event.first_delivery == (changed is None)
        assert (trigger.kind == FIRST_DELIVERY) if changed is None else (trigger.name == "StateOfCharge")


def test_signals_of_ones_own() -> None:
    """Known ones, unknown ones, and such as have no time."""
    entries = [
        deliveries.signal("odometer-traveleddistance", {"value": 1.0, "unit": "km"}),
        deliveries.signal("new-thing", {"value": 1}, recorded=NOW, times="iso"),
        deliveries.refused_signal("vehicleidentification-vin", "PERMISSION", None),
    ]
    event = parse(deliveries.vehicle_state(entries, changed=["new-thing"], mode="TEST", at=NOW))
    assert isinstance(event, VehicleStateEvent)
    assert event.meta.mode == "TEST"
    assert event.signals[signals.Odometer.TraveledDistance].recorded_at is None
    assert event.signals["new-thing"].recorded_at == NOW
    assert [(one.code, one.group, one.name) for one in event.triggers] == [("new-thing", "New", "Thing")]
    error = event.signals["vehicleidentification-vin"].error
    assert error is not None
    assert (error.type, error.code) == ("PERMISSION", None)


def test_errors_of_every_kind() -> None:
    """Begun or over, of the whole vehicle or of signals, which are objects or dotted names."""
    for names in ("objects", "dotted"):
        body = deliveries.vehicle_error(
            "PERMISSION", None, signals=[SOC.code], names=names, resolution="REAUTHENTICATE"
        )
        event = parse(body)
        assert isinstance(event, VehicleErrorEvent)
        assert [one.name for one in event.errors[0].signals] == ["StateOfCharge"]
        assert event.needs_reauth([SOC])
        assert event.errors[0].suggested_user_message is None
    begun, over = (parse(deliveries.vehicle_error(resolved=resolved, at=NOW)) for resolved in (False, True))
    assert isinstance(begun, VehicleErrorEvent)
    assert isinstance(over, VehicleErrorEvent)
    assert (begun.errors[0].resolved, begun.errors[0].resolution, begun.errors[0].signals) == (False, "RETRY_LATER", ())
    assert (over.errors[0].resolved, over.errors[0].resolution, over.errors[0].code) == (True, None, "UNREACHABLE")


def test_ids_are_new_unless_given() -> None:
    """So that two made-up events are not taken for one."""
    one, two = parse(deliveries.vehicle_state()), parse(deliveries.vehicle_state())
    assert isinstance(one, VehicleStateEvent)
    assert isinstance(two, VehicleStateEvent)
    assert one.event_id != two.event_id
    assert one.meta.delivery_id != two.meta.delivery_id
    assert one.meta.delivered_at is not None
    assert abs((datetime.now(UTC) - one.meta.delivered_at).total_seconds()) < 60


def test_the_legacy_form() -> None:
    """What is on record of it."""
    charging = parse(deliveries.legacy_event("CHARGING_STOPPED", event_id="e-9", mode="test"))
    assert isinstance(charging, LegacyEvent)
    assert (charging.name, charging.event_id, charging.meta.mode) == ("eventBased", "e-9", "TEST")
    dynamic = parse(deliveries.legacy_vehicles("dynamic", ["v-1", "v-2"]))
    assert isinstance(dynamic, LegacyEvent)
    assert (dynamic.name, dynamic.vehicle_ids) == ("dynamic", ("v-1", "v-2"))
