"""VEHICLE_ERROR: what is wrong with a car, from its beginning to RESOLVED."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from smartcar_async.testing import UNREACHABLE, Trouble
from smartcar_async.testing.world import PERMISSIONS
from tests.world.mail import NAMED, ODOMETER, URL, Post, everyday_post


@pytest.fixture
def post() -> Post:
    """A world of everyday cars, and an outbox that watches it."""
    return everyday_post()


def errors(post: Post) -> list[Any]:
    """The errors in what is sent now."""
    events = [one for one in post.events() if one["eventType"] == "VEHICLE_ERROR"]
    assert all("triggers" not in one and "signalCount" not in one["meta"] for one in events)
    return [error for event in events for error in event["data"]["errors"]]


def test_a_car_out_of_reach(post: Post) -> None:
    """It begins and it is over; in between nothing is heard of the car, and afterwards all at once."""
    tesla = post.baseline("Tesla")
    tesla.troubles = (UNREACHABLE,)
    post.box.look()
    (begun,) = errors(post)
    assert begun == {
        "type": "VEHICLE_STATE",
        "code": "UNREACHABLE",
        "state": "ERROR",
        "description": "The vehicle cannot be reached.",
        "suggestedUserMessage": "Try again in a while.",
        "docURL": "https://smartcar.com/docs/errors/api-errors",
        "resolution": {"type": "RETRY_LATER"},
    }
    before = tesla.reported_at
    post.drive(tesla)
    post.world.advance(hours=1)
    assert (tesla.reported_at, post.send()) == (before, [])
    tesla.troubles = ()
    post.drive(tesla)
    events = post.events()
    assert [one["eventType"] for one in events] == ["VEHICLE_STATE", "VEHICLE_ERROR"]
    assert events[1]["data"]["errors"] == [
        {
            "type": "VEHICLE_STATE",
            "code": "UNREACHABLE",
            "state": "RESOLVED",
            "description": "The vehicle cannot be reached.",
        }
    ]


def test_a_trouble_with_some_signals(post: Post) -> None:
    """It names them, and the rest of the car is heard of; one event may hold an error that began and one that ended."""
    tesla = post.baseline("Tesla")
    account = Trouble("CONNECTED_SERVICES_ACCOUNT", "SUBSCRIPTION", signals=(ODOMETER,))
    tesla.troubles = (account,)
    post.drive(tesla)
    state, error = post.events()
    assert state["triggers"][0]["signal"] == NAMED
    assert error["data"]["errors"][0]["signals"] == [NAMED]
    tesla.troubles = (evolve(account, code="AUTHENTICATION_FAILED"),)
    post.box.look()
    (event,) = post.events()
    told = [(one["code"], one["state"]) for one in event["data"]["errors"]]
    assert told == [("AUTHENTICATION_FAILED", "ERROR"), ("SUBSCRIPTION", "RESOLVED")]


def test_a_permission_that_is_withdrawn(post: Post) -> None:
    """The error has no code and names the signals; it is over when the owner grants the permission."""
    tesla = post.baseline("Tesla")
    post.world.connect(tesla.id, tuple(one for one in PERMISSIONS if one != "read_odometer"))
    state, error = post.events()
    assert state["data"]["signals"][0]["status"] == {"value": "ERROR", "error": {"type": "PERMISSION", "code": None}}
    (begun,) = error["data"]["errors"]
    assert (begun["type"], begun["code"], begun["state"]) == ("PERMISSION", None, "ERROR")
    assert (begun["resolution"], begun["signals"]) == ({"type": "REAUTHENTICATE"}, [NAMED])
    assert "suggestedUserMessage" not in begun
    post.world.connect(tesla.id)
    assert [(one["type"], one["state"]) for one in errors(post)] == [("PERMISSION", "RESOLVED")]


def test_a_car_that_sleeps_on(post: Post) -> None:
    """Where a make cannot be woken, its sleep is an error; where it can, it is none."""
    for make, wakes in (("Tesla", True), ("Tesla", False)):
        vehicle = post.baseline(make)
        vehicle.car.sleep()
        vehicle.wakes = wakes
        vehicle.report(post.world.now)
        assert [(one["code"], one["state"]) for one in errors(post)] == ([] if wakes else [("ASLEEP", "ERROR")])
    vehicle.car.wake()
    vehicle.report(post.world.now)
    assert [(one["code"], one["state"]) for one in errors(post)] == [("ASLEEP", "RESOLVED")]


def test_errors_have_an_address_of_their_own(post: Post) -> None:
    """If the webhook names one."""
    webhook = post.world.add_webhook("Two", URL, triggers=[ODOMETER], error_callback_uri="http://127.0.0.1:1/errors")
    post.box.accept(webhook)
    tesla = post.world.find("Tesla")
    tesla.troubles = (UNREACHABLE,)
    post.world.subscribe(webhook.id, tesla.id)
    sent = {one.event_type: one.url for one in post.send()}
    assert sent == {"VEHICLE_STATE": URL, "VEHICLE_ERROR": "http://127.0.0.1:1/errors"}


@pytest.mark.parametrize(("shape", "named"), [("flat", NAMED), ("september_2025", "Odometer.TraveledDistance")])
def test_errors_in_older_and_newer_forms(post: Post, shape: Any, named: object) -> None:
    """The newer reference has the vehicle's id at the top; in September 2025 signals were dotted names."""
    tesla = post.baseline("Tesla")
    post.box.sending.shape = shape
    tesla.troubles = (Trouble("COMPATIBILITY", "VEHICLE_NOT_CAPABLE", signals=(ODOMETER,)),)
    post.box.look()
    (event,) = post.events()
    assert event["data"]["errors"][0]["signals"] == [named]
    assert event.get("vehicleId") == (tesla.id if shape == "flat" else None)
