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
from tests.world.endpoint import TOKEN
from tests.world.mail import NAMED, ODOMETER, REAL, TAILGATE, TIMERS, URL, Post, everyday_post


@pytest.fixture
def post() -> Post:
    """A world of everyday cars, and an outbox that watches it."""
    return everyday_post()


def test_the_first_delivery_and_a_change(post: Post) -> None:
    """A baseline without a change, then all configured signals again and the one that changed by name."""
    tesla = post.subscribe("Tesla")
    (first,) = post.events()
    assert first["triggers"] == [{"type": "FIRST_DELIVERY"}]
    assert [one["code"] for one in first["data"]["signals"]] == [ODOMETER, TAILGATE]
    assert post.events() == []
    tesla.report(post.world.now)
    assert post.events() == []
    post.drive(tesla)
    (change,) = post.events()
    assert change["eventType"] == "VEHICLE_STATE"
    assert change["triggers"] == [{"type": "SIGNAL_UPDATED", "signal": NAMED}]
    connection = post.world.connection_of(tesla.id)
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
        "deliveredAt": round(REAL.timestamp() * 1000),
        "version": "4.0",
        "webhookId": post.webhook.id,
        "webhookName": "Mine",
        "mode": "LIVE",
        "signalCount": 2,
    }


def test_headers_and_signature(post: Post) -> None:
    """Those that Smartcar sends, and the hash of the very bytes."""
    post.subscribe("Tesla")
    (sent,) = post.send()
    assert sent.headers == {
        "Content-Type": "application/json",
        "User-Agent": "Smartcar/1.0",
        "SC-Signature": digest(TOKEN, sent.body),
    }
    assert digest("amt", b"challenge") == "9baf5a7464bd86740ad5a06e439dcf535a075022ed2c92d74efacf646d79328e"
    assert (sent.url, sent.event_type, sent.attempt, sent.at, sent.ok) == (
        URL, "VEHICLE_STATE", 1, post.world.now, True,
    )  # fmt: skip
    assert b'": ' not in sent.body
    assert TOKEN not in repr(post)


def test_who_is_told(post: Post) -> None:
    """Nobody before a VERIFY, nobody who is switched off, and nobody about a car that is gone."""
    silent = post.world.add_webhook("Silent", URL, triggers=[ODOMETER])
    tesla = post.baseline("Tesla")
    post.world.subscribe(silent.id, tesla.id)
    post.drive(tesla)
    post.world.enable_webhook(post.webhook.id, enabled=False)
    assert post.send() == []
    post.drive(tesla)
    assert post.send() == []
    post.world.enable_webhook(post.webhook.id)
    assert [one["triggers"] for one in post.events()] == [[{"type": "FIRST_DELIVERY"}]]
    post.drive(tesla)
    post.world.subscriptions.clear()
    post.box.look()
    assert post.send() == []
    post.baseline("Tesla")
    connection = post.world.connection_of(tesla.id)
    assert connection is not None
    post.drive(tesla)
    post.world.disconnect(connection.id)
    post.box.look()
    assert post.send() == []


def test_a_new_subscription_begins_anew(post: Post) -> None:
    """After unsubscribing and subscribing again, there is a first delivery again."""
    for _ in range(2):
        post.subscribe("Tesla")
        assert [one["triggers"] for one in post.events()] == [[{"type": "FIRST_DELIVERY"}]]
        post.world.subscriptions.clear()


def test_a_webhook_that_is_gone_gets_nothing(post: Post) -> None:
    """Also where its subscriptions were left behind."""
    tesla = post.baseline("Tesla")
    del post.world.webhooks[post.webhook.id]
    post.drive(tesla)
    assert post.send() == []


def test_every_report_on_the_way_is_an_event(post: Post) -> None:
    """A long step of time tells what happened in it, each with the values of its moment."""
    post.baseline("Tesla")
    post.world.advance(hours=12)
    events = post.events()
    driven = [one["data"]["signals"][0]["body"]["value"] for one in events]
    assert len(events) > 5
    assert driven == sorted(set(driven))
    assert len({one["eventId"] for one in events}) == len(events)


def test_the_schedule_of_retries(post: Post) -> None:
    """25, 50 and 100 s after each failure, one event id, new delivery ids; then it is dropped for good."""
    post.subscribe("Tesla")
    began = post.world.now
    attempts = [*post.send(500)]
    for wait in WAITS:
        post.world.advance(seconds=wait - 0.001)
        assert post.send(500) == []
        post.world.advance(seconds=0.001)
        attempts += post.send(302)
    assert [(one.at - began).total_seconds() for one in attempts] == [0, 25, 75, 175]
    assert [one.attempt for one in attempts] == [1, 2, 3, 4]
    assert [one.retry_at for one in attempts] == [*(one.at for one in attempts[1:]), None]
    assert len({one.event_id for one in attempts}) == 1
    assert len({one.delivery_id for one in attempts}) == 4
    assert all(one.json()["triggers"] == [{"type": "FIRST_DELIVERY"}] for one in attempts)
    post.world.advance(hours=1)
    assert not any(one.event_id == attempts[0].event_id for one in post.send())


def test_a_retry_that_is_accepted_is_the_last(post: Post) -> None:
    """Any 2xx will do."""
    post.subscribe("Tesla")
    assert [one.ok for one in post.send(401)] == [False]
    post.world.advance(seconds=25)
    assert [(one.ok, one.attempt) for one in post.send(299)] == [(True, 2)]
    assert post.box.next_due() is None


def test_a_timeout_takes_its_time(post: Post) -> None:
    """Whoever waits 15 s for an answer tries again 25 s after that; a lost answer is the same to the sender."""
    post.subscribe("Tesla")
    began = post.world.now
    (outgoing,) = post.due()
    post.box.settle(outgoing, None, "no answer", timed_out=True)
    assert outgoing.delivery.problem == "no answer"
    assert post.box.next_due() == began + timedelta(seconds=40)
    (lost,) = post.disturb(AnswerLost(), times=1)
    post.world.advance(seconds=40)
    (again,) = post.send(204)
    assert (again.status, again.ok, again.problem) == (None, False, "the answer was lost")
    assert post.box.next_due() == post.world.now + timedelta(seconds=15 + 50)
    assert lost.hits == 1


def test_retries_end_with_the_subscription(post: Post) -> None:
    """Unsubscribing stops at once, also what is under way."""
    post.subscribe("Tesla")
    (outgoing,) = post.due()
    post.world.subscriptions.clear()
    post.box.look()
    post.box.settle(outgoing, 500)
    assert post.box.next_due() is None
    assert outgoing.delivery.retry_at is None


@pytest.mark.parametrize(
    ("shape", "place", "first", "trigger"),
    [
        ("typed", "top", {"type": "FIRST_DELIVERY"}, {"type": "SIGNAL_UPDATED", "signal": NAMED}),
        (
            "dotted", "top", {"type": "FIRST_DELIVERY"},
            {"type": "SIGNAL_UPDATED", "signal": "Odometer.TraveledDistance"},
        ),
        ("flat", "data", {"code": "FIRST_DELIVERY"}, NAMED),
        ("texts", "data", "FIRST_DELIVERY", "Odometer.TraveledDistance"),
        (
            "september_2025", "top", {"type": "FIRST_DELIVERY"},
            {"type": "SIGNAL_UPDATED", "signal": "Odometer.TraveledDistance"},
        ),
    ],
)  # fmt: skip
def test_shapes(post: Post, shape: Any, place: str, first: object, trigger: object) -> None:
    """A switch chooses the recorded form."""
    post.box.sending.shape = shape
    tesla = post.subscribe("Tesla")
    post.drive(tesla)
    for event, expected in zip(post.events(), (first, trigger), strict=True):
        assert (event if place == "top" else event["data"])["triggers"] == [expected]
        assert ("triggers" in event) == (place == "top")
        entries = event["data"]["signals"]
        if shape == "texts":
            assert list(entries) == ["TraveledDistance", "Tailgate"]
            entries = list(entries.values())
        assert [one["code"] for one in entries] == [ODOMETER, TAILGATE]
        assert all(("status" in one) == (shape != "september_2025") for one in entries)
        assert ("fetchedAt" in entries[0]["meta"]) == (shape in ("flat", "texts"))
        assert event.get("vehicleId") == (tesla.id if shape == "flat" else None)
        meta = event["meta"]
        assert ("version" in meta) == ("webhookId" in meta) == (shape != "september_2025")
        assert meta.get("deliveryTime", meta["deliveredAt"]) == meta["deliveredAt"]
        assert ("deliveryTime" in meta) == (shape == "september_2025")


def test_what_is_never_dated(post: Post) -> None:
    """A fact about the car has a 0 for the time when it was recorded."""
    webhook = post.world.add_webhook("Facts", URL, triggers=["vehicleidentification-vin"], data=[])
    post.box.accept(webhook)
    tesla = post.world.find("Tesla")
    post.world.subscribe(webhook.id, tesla.id)
    (event,) = post.events()
    (vin,) = event["data"]["signals"]
    assert vin["meta"] == {"oemUpdatedAt": 0, "retrievedAt": round(tesla.reported_at.timestamp() * 1000)}


def test_the_clock_of_a_delivery(post: Post) -> None:
    """The real one, unless a receiver was given that of the world."""
    post.box.sending.delivered_at = "world"
    post.subscribe("Tesla")
    (event,) = post.events()
    assert event["meta"]["deliveredAt"] == round(post.world.now.timestamp() * 1000)
    with pytest.raises(ValueError, match="delivered_at"):
        Sending(delivered_at="tomorrow")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_webhook_names_signals_that_there_are(post: Post) -> None:
    """By code or by key; a slip is told at once."""
    webhook = post.world.add_webhook("Keys", URL, triggers=[signals.Charge.ChargeTimers], data=(ODOMETER,))
    assert webhook.signals == (ODOMETER, TIMERS)
    assert webhook.token == post.world.management_token
    with pytest.raises(SimulatorError, match="there is no signal 'odometer'"):
        post.world.add_webhook("Slip", URL, triggers=["odometer"])


def test_the_same_seed_sends_the_same_bytes() -> None:
    """A run can be repeated to the byte, where the world's clock dates it."""
    assert _day() == _day()


def _day() -> list[bytes]:
    world = World()
    box = Outbox(world, Switches(), Disturbances(1), Sending(delivered_at="world"))
    world.watcher = box
    webhook = box.accept(world.add_webhook("Mine", URL, triggers=[ODOMETER]))
    post = Post(world, box, webhook)
    post.disturb(Duplicate(), probability=0.5)
    post.subscribe("Volvo")
    world.advance(hours=10)
    return [one.body for one in post.send()]
