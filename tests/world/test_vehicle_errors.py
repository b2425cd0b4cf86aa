"""VEHICLE_ERROR: what is wrong with a car, from its beginning to RESOLVED."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from smartcar_async.testing import UNREACHABLE, Trouble
from smartcar_async.testing.world import PERMISSIONS
from tests.world.watched_world import ODOMETER, ODOMETER_NAMES, URL, WatchedWorld, watched_world


@pytest.fixture
def watched() -> WatchedWorld:
    """A world of everyday cars, and an outbox that watches it."""
    return watched_world()


def errors(watched: WatchedWorld) -> list[Any]:
    """The errors in what is sent now."""
    events = [event for event in watched.events() if event["eventType"] == "VEHICLE_ERROR"]
    assert all("triggers" not in event and "signalCount" not in event["meta"] for event in events)
    return [error for event in events for error in event["data"]["errors"]]


def test_a_car_out_of_reach(watched: WatchedWorld) -> None:
    """It begins and it is over; in between nothing is heard of the car, and afterwards all at once."""
    tesla = watched.baseline("Tesla")
    tesla.troubles = (UNREACHABLE,)
    watched.outbox.scan()
    (begun,) = errors(watched)
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
    watched.drive(tesla)
    watched.world.advance(hours=1)
    assert (tesla.reported_at, watched.send()) == (before, [])
    tesla.troubles = ()
    watched.drive(tesla)
    events = watched.events()
    assert [event["eventType"] for event in events] == ["VEHICLE_STATE", "VEHICLE_ERROR"]
    assert events[1]["data"]["errors"] == [
        {
            "type": "VEHICLE_STATE",
            "code": "UNREACHABLE",
            "state": "RESOLVED",
            "description": "The vehicle cannot be reached.",
        }
    ]


def test_a_trouble_with_some_signals(watched: WatchedWorld) -> None:
    """It names them, and the rest of the car is heard of; one event may hold an error that began and one that ended."""
    tesla = watched.baseline("Tesla")
    account = Trouble("CONNECTED_SERVICES_ACCOUNT", "SUBSCRIPTION", signals=(ODOMETER,))
    tesla.troubles = (account,)
    watched.drive(tesla)
    state, error = watched.events()
    assert state["triggers"][0]["signal"] == ODOMETER_NAMES
    assert error["data"]["errors"][0]["signals"] == [ODOMETER_NAMES]
    tesla.troubles = (evolve(account, code="AUTHENTICATION_FAILED"),)
    watched.outbox.scan()
    (event,) = watched.events()
    reported = [(error["code"], error["state"]) for error in event["data"]["errors"]]
    assert reported == [("AUTHENTICATION_FAILED", "ERROR"), ("SUBSCRIPTION", "RESOLVED")]


def test_a_permission_that_is_withdrawn(watched: WatchedWorld) -> None:
    """The error has no code and names the signals; it is over when the owner grants the permission."""
    tesla = watched.baseline("Tesla")
    watched.world.connect(tesla.id, tuple(permission for permission in PERMISSIONS if permission != "read_odometer"))
    state, error = watched.events()
    assert state["data"]["signals"][0]["status"] == {"value": "ERROR", "error": {"type": "PERMISSION", "code": None}}
    (begun,) = error["data"]["errors"]
    assert (begun["type"], begun["code"], begun["state"]) == ("PERMISSION", None, "ERROR")
    assert (begun["resolution"], begun["signals"]) == ({"type": "REAUTHENTICATE"}, [ODOMETER_NAMES])
    assert "suggestedUserMessage" not in begun
    watched.world.connect(tesla.id)
    assert [(error["type"], error["state"]) for error in errors(watched)] == [("PERMISSION", "RESOLVED")]


def test_a_car_that_sleeps_on(watched: WatchedWorld) -> None:
    """Where a make cannot be woken, its sleep is an error; where it can, it is none."""
    for make, wakes in (("Tesla", True), ("Tesla", False)):
        vehicle = watched.baseline(make)
        vehicle.car.sleep()
        vehicle.wakes = wakes
        vehicle.report(watched.world.now)
        assert [(error["code"], error["state"]) for error in errors(watched)] == (
            [] if wakes else [("ASLEEP", "ERROR")]
        )
    vehicle.car.wake()
    vehicle.report(watched.world.now)
    assert [(error["code"], error["state"]) for error in errors(watched)] == [("ASLEEP", "RESOLVED")]


def test_errors_have_an_address_of_their_own(watched: WatchedWorld) -> None:
    """If the webhook names one."""
    webhook = watched.world.add_webhook("Two", URL, triggers=[ODOMETER], error_callback_uri="http://127.0.0.1:1/errors")
    watched.outbox.mark_verified(webhook)
    tesla = watched.world.find("Tesla")
    tesla.troubles = (UNREACHABLE,)
    watched.world.subscribe(webhook.id, tesla.id)
    sent = {attempt.event_type: attempt.url for attempt in watched.send()}
    assert sent == {"VEHICLE_STATE": URL, "VEHICLE_ERROR": "http://127.0.0.1:1/errors"}


@pytest.mark.parametrize(
    ("shape", "named"), [("flat", ODOMETER_NAMES), ("september_2025", "Odometer.TraveledDistance")]
)
def test_errors_in_older_and_newer_forms(watched: WatchedWorld, shape: Any, named: object) -> None:
    """The newer reference has the vehicle's id at the top; in September 2025 signals were dotted names."""
    tesla = watched.baseline("Tesla")
    watched.outbox.sending.shape = shape
    tesla.troubles = (Trouble("COMPATIBILITY", "VEHICLE_NOT_CAPABLE", signals=(ODOMETER,)),)
    watched.outbox.scan()
    (event,) = watched.events()
    assert event["data"]["errors"][0]["signals"] == [named]
    assert event.get("vehicleId") == (tesla.id if shape == "flat" else None)
