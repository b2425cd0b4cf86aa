"""What a subscriber is told and when: first deliveries, changes, every recorded shape, and retries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from smartcar_async import signals
from smartcar_async.testing import SimulatorError, Switches, World
from smartcar_async.testing.disturbances import AnswerLost, Disturbances, Duplicate
from smartcar_async.testing.events import digest
from smartcar_async.testing.outbox import WAITS, Outbox
from smartcar_async.testing.sending import Sending
from tests.world.watched_world import (
    ODOMETER,
    ODOMETER_NAMES,
    REAL_TIME,
    TAILGATE,
    TIMERS,
    URL,
    WatchedWorld,
    watched_world,
)
from tests.world.webhook_endpoint import TOKEN


@pytest.fixture
def watched() -> WatchedWorld:
    """A world of everyday cars, and an outbox that watches it."""
    return watched_world()


def test_the_first_delivery_and_a_change(watched: WatchedWorld) -> None:
    """A baseline without a change, then all configured signals again and the one that changed by name."""
    tesla = watched.subscribe("Tesla")
    (first,) = watched.events()
    assert first["triggers"] == [{"type": "FIRST_DELIVERY"}]
    assert [signal["code"] for signal in first["data"]["signals"]] == [ODOMETER, TAILGATE]
    assert watched.events() == []
    tesla.report(watched.world.now)
    assert watched.events() == []
    watched.drive(tesla)
    (change,) = watched.events()
    assert change["eventType"] == "VEHICLE_STATE"
    assert change["triggers"] == [{"type": "SIGNAL_UPDATED", "signal": ODOMETER_NAMES}]
    connection = watched.world.connection_of(tesla.id)
    assert connection is not None
    assert change["data"] == {
        "user": {"id": connection.owner.id},
        "vehicle": {"id": tesla.id, "make": "TESLA", "model": tesla.car.model.model, "year": tesla.car.model.year},
        "signals": [
            {
                "code": ODOMETER,
                "name": "TraveledDistance",
                "group": "Odometer",
                "body": {"value": round(tesla.car.odometer_km, 1), "unit": "km"},
                "status": {"value": "SUCCESS"},
                "meta": {
                    "oemUpdatedAt": round(tesla.recorded_at.timestamp() * 1000),
                    "retrievedAt": round(tesla.recorded_at.timestamp() * 1000 + tesla.car.model.lag_s * 1000),
                },
            },
            {
                "name": "Tailgate",
                "code": TAILGATE,
                "group": "Closure",
                "status": {"value": "ERROR", "error": {"type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE"}},
            },
        ],
    }
    meta = change["meta"]
    assert meta.pop("deliveryId") != first["meta"]["deliveryId"]
    assert meta == {
        "deliveredAt": round(REAL_TIME.timestamp() * 1000),
        "version": "4.0",
        "webhookId": watched.webhook.id,
        "webhookName": "Mine",
        "mode": "LIVE",
        "signalCount": 2,
    }


def test_headers_and_signature(watched: WatchedWorld) -> None:
    """Those that Smartcar sends, and the hash of the very bytes."""
    watched.subscribe("Tesla")
    (sent,) = watched.send()
    assert sent.headers == {
        "Content-Type": "application/json",
        "User-Agent": "Smartcar/1.0",
        "SC-Signature": digest(TOKEN, sent.body),
    }
    assert digest("amt", b"challenge") == "9baf5a7464bd86740ad5a06e439dcf535a075022ed2c92d74efacf646d79328e"
    assert (sent.url, sent.event_type, sent.attempt, sent.at, sent.ok) == (
        URL, "VEHICLE_STATE", 1, watched.world.now, True,
    )  # fmt: skip
    assert b'": ' not in sent.body
    assert TOKEN not in repr(watched)


def test_who_is_told(watched: WatchedWorld) -> None:
    """Nobody before a VERIFY, nobody who is switched off, and nobody about a car that is gone."""
    silent = watched.world.add_webhook("Silent", URL, triggers=[ODOMETER])
    tesla = watched.baseline("Tesla")
    watched.world.subscribe(silent.id, tesla.id)
    watched.drive(tesla)
    watched.world.enable_webhook(watched.webhook.id, enabled=False)
    assert watched.send() == []
    watched.drive(tesla)
    assert watched.send() == []
    watched.world.enable_webhook(watched.webhook.id)
    assert [event["triggers"] for event in watched.events()] == [[{"type": "FIRST_DELIVERY"}]]
    watched.drive(tesla)
    watched.world.subscriptions.clear()
    watched.outbox.scan()
    assert watched.send() == []
    watched.baseline("Tesla")
    connection = watched.world.connection_of(tesla.id)
    assert connection is not None
    watched.drive(tesla)
    watched.world.disconnect(connection.id)
    watched.outbox.scan()
    assert watched.send() == []


def test_a_new_subscription_begins_anew(watched: WatchedWorld) -> None:
    """After unsubscribing and subscribing again, there is a first delivery again."""
    for _ in range(2):
        watched.subscribe("Tesla")
        assert [event["triggers"] for event in watched.events()] == [[{"type": "FIRST_DELIVERY"}]]
        watched.world.subscriptions.clear()


def test_a_webhook_that_is_gone_gets_nothing(watched: WatchedWorld) -> None:
    """Also where its subscriptions were left behind."""
    tesla = watched.baseline("Tesla")
    del watched.world.webhooks[watched.webhook.id]
    watched.drive(tesla)
    assert watched.send() == []


def test_every_report_on_the_way_is_an_event(watched: WatchedWorld) -> None:
    """A long step of time tells what happened in it, each with the values of its moment."""
    watched.baseline("Tesla")
    watched.world.advance(hours=12)
    events = watched.events()
    driven = [event["data"]["signals"][0]["body"]["value"] for event in events]
    assert len(events) > 5
    assert driven == sorted(set(driven))
    assert len({event["eventId"] for event in events}) == len(events)


def test_the_schedule_of_retries(watched: WatchedWorld) -> None:
    """25, 50 and 100 s after each failure, one event id, new delivery ids; then it is dropped for good."""
    watched.subscribe("Tesla")
    began = watched.world.now
    attempts = [*watched.send(500)]
    for wait in WAITS:
        watched.world.advance(seconds=wait - 0.001)
        assert watched.send(500) == []
        watched.world.advance(seconds=0.001)
        attempts += watched.send(302)
    assert [(delivery.at - began).total_seconds() for delivery in attempts] == [0, 25, 75, 175]
    assert [delivery.attempt for delivery in attempts] == [1, 2, 3, 4]
    assert [delivery.retry_at for delivery in attempts] == [*(delivery.at for delivery in attempts[1:]), None]
    assert len({delivery.event_id for delivery in attempts}) == 1
    assert len({delivery.delivery_id for delivery in attempts}) == 4
    assert all(delivery.json()["triggers"] == [{"type": "FIRST_DELIVERY"}] for delivery in attempts)
    watched.world.advance(hours=1)
    assert not any(delivery.event_id == attempts[0].event_id for delivery in watched.send())


def test_a_retry_that_is_accepted_is_the_last(watched: WatchedWorld) -> None:
    """Any 2xx will do."""
    watched.subscribe("Tesla")
    assert [delivery.ok for delivery in watched.send(401)] == [False]
    watched.world.advance(seconds=25)
    assert [(delivery.ok, delivery.attempt) for delivery in watched.send(299)] == [(True, 2)]
    assert watched.outbox.next_due() is None


def test_a_timeout_takes_its_time(watched: WatchedWorld) -> None:
    """Whoever waits 15 s for an answer tries again 25 s after that; a lost answer is the same to the sender."""
    watched.subscribe("Tesla")
    began = watched.world.now
    (outgoing,) = watched.due()
    watched.outbox.record_result(outgoing, None, "no answer", timed_out=True)
    assert outgoing.delivery.problem == "no answer"
    assert watched.outbox.next_due() == began + timedelta(seconds=40)
    (lost,) = watched.disturb(AnswerLost(), times=1)
    watched.world.advance(seconds=40)
    (again,) = watched.send(204)
    assert (again.status, again.ok, again.problem) == (None, False, "the answer was lost")
    assert watched.outbox.next_due() == watched.world.now + timedelta(seconds=15 + 50)
    assert lost.hits == 1


def test_retries_end_with_the_subscription(watched: WatchedWorld) -> None:
    """Unsubscribing stops at once, also what is under way."""
    watched.subscribe("Tesla")
    (outgoing,) = watched.due()
    watched.world.subscriptions.clear()
    watched.outbox.scan()
    watched.outbox.record_result(outgoing, 500)
    assert watched.outbox.next_due() is None
    assert outgoing.delivery.retry_at is None


@pytest.mark.parametrize(
    ("shape", "place", "first", "trigger"),
    [
        ("typed", "top", {"type": "FIRST_DELIVERY"}, {"type": "SIGNAL_UPDATED", "signal": ODOMETER_NAMES}),
        (
            "dotted", "top", {"type": "FIRST_DELIVERY"},
            {"type": "SIGNAL_UPDATED", "signal": "Odometer.TraveledDistance"},
        ),
        ("flat", "data", {"code": "FIRST_DELIVERY"}, ODOMETER_NAMES),
        ("texts", "data", "FIRST_DELIVERY", "Odometer.TraveledDistance"),
        (
            "september_2025", "top", {"type": "FIRST_DELIVERY"},
            {"type": "SIGNAL_UPDATED", "signal": "Odometer.TraveledDistance"},
        ),
    ],
)  # fmt: skip
def test_shapes(watched: WatchedWorld, shape: Any, place: str, first: object, trigger: object) -> None:
    """A switch chooses the recorded form."""
    watched.outbox.sending.shape = shape
    tesla = watched.subscribe("Tesla")
    watched.drive(tesla)
    for event, expected in zip(watched.events(), (first, trigger), strict=True):
        assert (event if place == "top" else event["data"])["triggers"] == [expected]
        assert ("triggers" in event) == (place == "top")
        entries = event["data"]["signals"]
        if shape == "texts":
            assert list(entries) == ["TraveledDistance", "Tailgate"]
            entries = list(entries.values())
        assert [entry["code"] for entry in entries] == [ODOMETER, TAILGATE]
        assert all(("status" in entry) == (shape != "september_2025") for entry in entries)
        assert ("fetchedAt" in entries[0]["meta"]) == (shape in ("flat", "texts"))
        assert event.get("vehicleId") == (tesla.id if shape == "flat" else None)
        meta = event["meta"]
        assert ("version" in meta) == ("webhookId" in meta) == (shape != "september_2025")
        assert meta.get("deliveryTime", meta["deliveredAt"]) == meta["deliveredAt"]
        assert ("deliveryTime" in meta) == (shape == "september_2025")


def test_what_is_never_dated(watched: WatchedWorld) -> None:
    """A fact about the car has a 0 for the time when it was recorded."""
    webhook = watched.world.add_webhook("Facts", URL, triggers=["vehicleidentification-vin"], data=[])
    watched.outbox.mark_verified(webhook)
    tesla = watched.world.find("Tesla")
    watched.world.subscribe(webhook.id, tesla.id)
    (event,) = watched.events()
    (vin,) = event["data"]["signals"]
    assert vin["meta"] == {"oemUpdatedAt": 0, "retrievedAt": round(tesla.reported_at.timestamp() * 1000)}


def test_the_clock_of_a_delivery(watched: WatchedWorld) -> None:
    """The real one, unless a receiver was given that of the world."""
    watched.outbox.sending.delivered_at = "world"
    watched.subscribe("Tesla")
    (event,) = watched.events()
    assert event["meta"]["deliveredAt"] == round(watched.world.now.timestamp() * 1000)
    with pytest.raises(ValueError, match="delivered_at"):
        Sending(delivered_at="tomorrow")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_webhook_names_signals_that_there_are(watched: WatchedWorld) -> None:
    """By code or by key; a slip is told at once."""
    webhook = watched.world.add_webhook("Keys", URL, triggers=[signals.Charge.ChargeTimers], data=(ODOMETER,))
    assert webhook.signals == (ODOMETER, TIMERS)
    assert webhook.token == watched.world.management_token
    with pytest.raises(SimulatorError, match="there is no signal 'odometer'"):
        watched.world.add_webhook("Slip", URL, triggers=["odometer"])


def test_the_same_seed_sends_the_same_bytes() -> None:
    """A run can be repeated to the byte, where the world's clock dates it."""
    assert _day() == _day()


def _day() -> list[bytes]:
    world = World()
    outbox = Outbox(world, Switches(), Disturbances(1), Sending(delivered_at="world"))
    world.watcher = outbox
    webhook = outbox.mark_verified(world.add_webhook("Mine", URL, triggers=[ODOMETER]))
    watched = WatchedWorld(world, outbox, webhook)
    watched.disturb(Duplicate(), probability=0.5)
    watched.subscribe("Volvo")
    world.advance(hours=10)
    return [delivery.body for delivery in watched.send()]
