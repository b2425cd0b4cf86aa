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
from tests.world.endpoint import TOKEN
from tests.world.mail import TIMERS, URL, Post, everyday_post


@pytest.fixture
def post() -> Post:
    """A world of everyday cars, and an outbox that watches it."""
    return everyday_post()


def test_duplicates(post: Post) -> None:
    """One event twice: the same id in two deliveries, each of which has tries of its own."""
    tesla = post.baseline("Tesla")
    post.disturb(Duplicate(), event_type="VEHICLE_STATE", times=1)
    post.drive(tesla)
    one, two = post.send(500)
    assert (one.event_id, one.attempt) == (two.event_id, two.attempt)
    assert one.delivery_id != two.delivery_id
    post.world.advance(seconds=25)
    assert [again.attempt for again in post.send()] == [2, 2]
    post.drive(tesla)
    assert len(post.send()) == 1


def test_what_is_postponed_is_overtaken(post: Post) -> None:
    """A later event arrives before it."""
    tesla = post.baseline("Tesla")
    post.disturb(Postpone(30), times=1)
    post.drive(tesla)
    assert post.send() == []
    post.drive(tesla)
    (later,) = post.send()
    post.world.advance(seconds=30)
    (earlier,) = post.send()
    assert _odometer(earlier) < _odometer(later)


def test_what_is_overtaken_waits_for_the_next(post: Post) -> None:
    """It goes out right behind the next event of its webhook, whenever that is, and not behind one of another."""
    tesla = post.baseline("Tesla")
    other = post.world.add_webhook("Other", URL, triggers=[TIMERS])
    post.disturb(Overtaken(), webhook_id=post.webhook.id, times=1)
    post.drive(tesla)
    post.box.accept(other)
    post.world.subscribe(other.id, tesla.id)
    assert [one.webhook_id for one in post.send()] == [other.id]
    post.drive(tesla)
    later, earlier = post.send()
    assert _odometer(earlier) < _odometer(later)
    post.disturb(Overtaken(), times=1)
    post.drive(tesla)
    post.world.subscriptions.clear()
    post.box.look()
    post.subscribe("Tesla")
    assert len(post.send()) == 1


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
def test_signatures_that_are_wrong(post: Post, disturbance: Disturbance, signature: str | None) -> None:
    """One attempt is signed badly, the next one is fine."""
    post.disturb(disturbance, times=1)
    post.subscribe("Tesla")
    (bad,) = post.send(401)
    wanted = digest("older", bad.body) if signature == "older" else signature
    assert bad.headers.get("SC-Signature") == wanted
    post.world.advance(seconds=25)
    (good,) = post.send()
    assert good.headers["SC-Signature"] == digest(TOKEN, good.body)
    assert "older" not in repr(disturbance)


def test_test_mode_and_whom_a_disturbance_strikes(post: Post) -> None:
    """By type, vehicle, webhook, number and chance."""
    tesla, volvo = post.baseline("Tesla"), post.baseline("Volvo")
    scripts = [
        *post.disturb(InMode(), vehicle_id=volvo.id),
        *post.disturb(InMode("OTHER"), event_type="VEHICLE_ERROR"),
        *post.disturb(InMode("OTHER"), webhook_id="another"),
        *post.disturb(InMode("OTHER"), probability=0),
    ]
    post.drive(tesla)
    post.drive(volvo)
    assert [one["meta"]["mode"] for one in post.events()] == ["LIVE", "TEST"]
    assert [one.hits for one in scripts] == [1, 0, 0, 0]
    post.box.disturbances.clear()
    post.drive(volvo)
    assert [one["meta"]["mode"] for one in post.events()] == ["LIVE"]
    for wrong in ({"times": 0}, {"probability": 2}):
        with pytest.raises(SimulatorError):
            post.disturb(InMode(), **wrong)
