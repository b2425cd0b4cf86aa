"""What goes wrong with deliveries on purpose: twice, late, out of order, badly signed, or of another mode."""

from __future__ import annotations

from typing import Any

import pytest

from smartcar_async.testing import SimulatorError
from smartcar_async.testing.disturbances import (
    BadSignature,
    Disturbance,
    Duplicate,
    InMode,
    Overtaken,
    Postpone,
    SignedWith,
)
from smartcar_async.testing.events import digest
from smartcar_async.testing.sending import Delivery
from tests.world.watched_world import TIMERS, URL, WatchedWorld, watched_world
from tests.world.webhook_endpoint import TOKEN


@pytest.fixture
def watched() -> WatchedWorld:
    """A world of everyday cars, and an outbox that watches it."""
    return watched_world()


def test_duplicates(watched: WatchedWorld) -> None:
    """One event twice: the same id in two deliveries, each of which has tries of its own."""
    tesla = watched.baseline("Tesla")
    watched.disturb(Duplicate(), event_type="VEHICLE_STATE", times=1)
    watched.drive(tesla)
    first, second = watched.send(500)
    assert (first.event_id, first.attempt) == (second.event_id, second.attempt)
    assert first.delivery_id != second.delivery_id
    watched.world.advance(seconds=25)
    assert [again.attempt for again in watched.send()] == [2, 2]
    watched.drive(tesla)
    assert len(watched.send()) == 1


def test_what_is_postponed_is_overtaken(watched: WatchedWorld) -> None:
    """A later event arrives before it."""
    tesla = watched.baseline("Tesla")
    watched.disturb(Postpone(30), times=1)
    watched.drive(tesla)
    assert watched.send() == []
    watched.drive(tesla)
    (later,) = watched.send()
    watched.world.advance(seconds=30)
    (earlier,) = watched.send()
    assert _odometer(earlier) < _odometer(later)


def test_what_is_overtaken_waits_for_the_next(watched: WatchedWorld) -> None:
    """It goes out right behind the next event of its webhook, whenever that is, and not behind one of another."""
    tesla = watched.baseline("Tesla")
    other = watched.world.add_webhook("Other", URL, triggers=[TIMERS])
    watched.disturb(Overtaken(), webhook_id=watched.webhook.id, times=1)
    watched.drive(tesla)
    watched.outbox.mark_verified(other)
    watched.world.subscribe(other.id, tesla.id)
    assert [attempt.webhook_id for attempt in watched.send()] == [other.id]
    watched.drive(tesla)
    later, earlier = watched.send()
    assert _odometer(earlier) < _odometer(later)
    watched.disturb(Overtaken(), times=1)
    watched.drive(tesla)
    watched.world.subscriptions.clear()
    watched.outbox.scan()
    watched.subscribe("Tesla")
    assert len(watched.send()) == 1


def _odometer(delivery: Delivery) -> float:
    document: Any = delivery.json()
    distance: float = document["data"]["signals"][0]["body"]["value"]
    return distance


@pytest.mark.parametrize(
    ("disturbance", "signature"),
    [
        (SignedWith("older"), "older"),
        (BadSignature(), "0" * 64),
        (BadSignature("nonsense"), "nonsense"),
        (BadSignature(None), None),
    ],
    ids=["an older token", "zeros", "nonsense", "none"],
)
def test_signatures_that_are_wrong(watched: WatchedWorld, disturbance: Disturbance, signature: str | None) -> None:
    """One attempt is signed badly, the next one is fine."""
    watched.disturb(disturbance, times=1)
    watched.subscribe("Tesla")
    (bad,) = watched.send(401)
    wanted = digest("older", bad.body) if signature == "older" else signature
    assert bad.headers.get("SC-Signature") == wanted
    watched.world.advance(seconds=25)
    (good,) = watched.send()
    assert good.headers["SC-Signature"] == digest(TOKEN, good.body)
    assert "older" not in repr(disturbance)


def test_test_mode_and_whom_a_disturbance_strikes(watched: WatchedWorld) -> None:
    """By type, vehicle, webhook, number and chance."""
    tesla, volvo = watched.baseline("Tesla"), watched.baseline("Volvo")
    scripts = [
        *watched.disturb(InMode(), vehicle_id=volvo.id),
        *watched.disturb(InMode("OTHER"), event_type="VEHICLE_ERROR"),
        *watched.disturb(InMode("OTHER"), webhook_id="another"),
        *watched.disturb(InMode("OTHER"), probability=0),
    ]
    watched.drive(tesla)
    watched.drive(volvo)
    assert [event["meta"]["mode"] for event in watched.events()] == ["LIVE", "TEST"]
    assert [script.hits for script in scripts] == [1, 0, 0, 0]
    watched.outbox.disturbances.clear()
    watched.drive(volvo)
    assert [event["meta"]["mode"] for event in watched.events()] == ["LIVE"]
    for wrong in ({"times": 0}, {"probability": 2}):
        with pytest.raises(SimulatorError):
            watched.disturb(InMode(), **wrong)
