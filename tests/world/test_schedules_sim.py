"""Charge schedules at the simulator: both families of paths, every body, and what the car makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from smartcar_async.testing.charging import ChargeTimer
from smartcar_async.testing.simulator import Simulator
from smartcar_async.testing.world import World
from tests.world.raw_client import RawClient, Reply

PLACE = {"latitude": 57.7, "longitude": 11.97}
WINDOW = {"startTime": "22:00", "stopTime": "06:00"}
NOTHING = {"startTime": "06:00", "stopTime": "06:00"}
BODIES: dict[str, dict[str, Any]] = {
    "daily": {"location": PLACE, **WINDOW},
    "workweek": {"location": PLACE, "weekdays": WINDOW, "weekends": {"startTime": "10:00", "stopTime": "12:30"}},
    "weekly": {"location": PLACE, "days": {"monday": WINDOW, "sunday": {"startTime": "00:00", "stopTime": "23:59"}}},
}
FAMILIES = ("reference", "announcement")


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """Volvos that are parked at home, and a client that holds a token."""
    async with Simulator("volvo") as sim, aiohttp.ClientSession() as session:
        for vehicle in sim.world.vehicles.values():
            vehicle.car.park()
        client = RawClient(sim, session)
        await client.fetch_token()
        yield client


async def create(api: RawClient, kind: str, body: Any, family: str = "reference", make: str = "Volvo EX30") -> Reply:
    """Create a schedule."""
    vehicle, user = api.car(make)
    leaf = kind if family == "reference" else f"charge-{kind}"
    root = "v3" if family == "reference" else "v3.0"
    collection = "charge-schedules" if family == "reference" else "schedules"
    return await api.call("POST", f"/{root}/vehicles/{vehicle}/{collection}/{leaf}", user, body)


async def delete(api: RawClient, schedule_id: str, family: str = "reference", make: str = "Volvo EX30") -> Reply:
    """Delete a schedule."""
    vehicle, user = api.car(make)
    collection = "v3/vehicles/{}/charge-schedules" if family == "reference" else "v3.0/vehicles/{}/schedules"
    return await api.call("DELETE", f"/{collection.format(vehicle)}/{schedule_id}", user)


async def listed(api: RawClient, make: str = "Volvo EX30") -> Reply:
    """The announced list."""
    vehicle, user = api.car(make)
    return await api.call("GET", f"/v3.0/vehicles/{vehicle}/schedules", user)


async def timers(api: RawClient, make: str = "Volvo EX30") -> Any:
    """The signal, when the store has heard of the last change."""
    api.sim.world.advance(seconds=10)
    return (await api.signals(make, "charge-chargetimers")).json["data"]["attributes"]["body"]["values"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", BODIES)
async def test_create_list_read_and_delete(api: RawClient, kind: str, family: str) -> None:
    """An execution each; the schedule is in the list and in the signal, beside the timer set outside the API."""
    vehicle = api.car("Volvo EX30")[0]
    created = await create(api, kind, BODIES[kind], family)
    assert created.status == 200
    data = created.json["data"]
    schedule_id = data["attributes"]["scheduleId"]
    collection = "charge-schedules" if family == "reference" else "schedules"
    assert data == {
        "id": data["id"],
        "type": "charge-schedule-execution",
        "attributes": {
            "action": "create",
            "scheduleType": kind,
            "status": {"value": "SUCCESS"},
            "executionMode": "sync",
            "scheduleId": schedule_id,
            "parameters": BODIES[kind],
        },
        "links": {"schedule": f"/vehicles/{vehicle}/{collection}/{schedule_id}"},
        "meta": {
            "executedAt": "2026-06-01T00:00:00Z", "completedAt": "2026-06-01T00:00:00Z", "durationInSeconds": 0,
        },
    }  # fmt: skip
    documents = (await listed(api)).json
    assert documents["meta"]["totalCount"] == 1
    assert documents["data"][0] == {
        "id": schedule_id,
        "type": "charge-schedule",
        "attributes": {"scheduleType": kind, **BODIES[kind]},
        "links": {"self": f"{api.sim.url}/v3.0/vehicles/{vehicle}/schedules/{schedule_id}"},
    }
    outside, ours = await timers(api)
    assert (outside["type"], "scheduleId" in outside, "condition" in outside) == ("GLOBAL", False, False)
    assert (ours["type"], ours["scheduleId"], ours["scheduleType"]) == ("LOCATION", schedule_id, kind.upper())
    assert (ours["condition"]["latitude"], ours["condition"]["longitude"]) == (57.7, 11.97)
    deleted = await delete(api, schedule_id, family)
    assert deleted.status == 200
    attributes = deleted.json["data"]["attributes"]
    assert attributes == {
        "action": "delete", "scheduleType": kind, "scheduleId": schedule_id, "status": {"value": "SUCCESS"},
        "executionMode": "sync",
    }  # fmt: skip
    again = await delete(api, schedule_id, family)
    assert (again.status, again.error["type"], again.error["code"]) == (
        404, "RESOURCE_NOT_FOUND", "SCHEDULE_NOT_FOUND",
    )  # fmt: skip
    assert (await listed(api)).json["data"] == []
    assert len(await timers(api)) == 1
    ledger = api.sim.world.ledger(vehicle)
    assert [deed.action for deed in ledger] == ["create_schedule", "delete_schedule"]
    assert ledger[0].parameters == {"scheduleId": schedule_id, "scheduleType": kind, **BODIES[kind]}
    assert ledger[1].cause == deleted.headers["SC-Request-Id"]


async def test_windows_in_the_signal(api: RawClient) -> None:
    """Seconds and upper-case days; the windows of a schedule stay together, two schedules apart."""
    for kind in ("workweek", "weekly"):
        await create(api, kind, BODIES[kind])
    days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
    _, workweek, weekly = await timers(api)
    assert workweek["schedules"] == [
        {"start": "22:00:00", "end": "06:00:00", "days": days[:5]},
        {"start": "10:00:00", "end": "12:30:00", "days": days[5:]},
    ]
    assert weekly["schedules"] == [
        {"start": "22:00:00", "end": "06:00:00", "days": ["MONDAY"]},
        {"start": "00:00:00", "end": "23:59:00", "days": ["SUNDAY"]},
    ]


async def test_weekdays_in_any_case_and_half_a_workweek(api: RawClient) -> None:
    """What is sent back is in one spelling."""
    reply = await create(api, "weekly", {"location": PLACE, "days": {"FRIDAY": WINDOW, "Monday": WINDOW}})
    assert list(reply.json["data"]["attributes"]["parameters"]["days"]) == ["monday", "friday"]
    reply = await create(api, "workweek", {"location": PLACE, "weekends": WINDOW})
    assert reply.json["data"]["attributes"]["parameters"] == {"location": PLACE, "weekends": WINDOW}


@pytest.mark.parametrize(
    ("kind", "body", "fields"),
    [
        ("daily", {}, ["location", "startTime", "stopTime"]),
        (
            "daily",
            {"location": {"latitude": 91, "longitude": True}, **WINDOW},
            ["location.latitude", "location.longitude"],
        ),
        ("daily", {"location": PLACE, "startTime": "25:00", "stopTime": "6:00"}, ["startTime", "stopTime"]),
        ("daily", {"location": PLACE, "startTime": "22:00:00", "stopTime": 6}, ["startTime", "stopTime"]),
        ("daily", {"location": PLACE, "startTime": "06:00", "stopTime": "06:00"}, ["stopTime"]),
        ("workweek", {"location": PLACE}, ["weekdays"]),
        ("workweek", {"location": PLACE, "weekdays": "22:00"}, ["weekdays"]),
        ("workweek", {"location": PLACE, "weekends": {"startTime": "1"}}, ["weekends.startTime", "weekends.stopTime"]),
        ("weekly", {"location": PLACE}, ["days"]),
        ("weekly", {"location": PLACE, "days": {}}, ["days"]),
        ("weekly", {"location": PLACE, "days": [WINDOW]}, ["days"]),
        ("weekly", {"location": PLACE, "days": {"funday": WINDOW}}, ["days.funday"]),
        ("weekly", {"location": PLACE, "days": {"monday": WINDOW, "MONDAY": WINDOW}}, ["days.MONDAY"]),
        ("weekly", {"location": PLACE, "days": {"monday": NOTHING}}, ["days.monday.stopTime"]),
        ("weekly", {"location": PLACE, "days": {"monday": None}}, ["days.monday"]),
    ],
)  # fmt: skip
async def test_bad_bodies(api: RawClient, kind: str, body: Any, fields: list[str]) -> None:
    """400 with an entry for each bad field, and nothing done."""
    reply = await create(api, kind, body)
    assert reply.status == 400
    assert {error["code"] for error in reply.json["errors"]} == {"INVALID_INPUT_FORMAT"}
    assert [error["detail"].split()[0] for error in reply.json["errors"]] == fields
    assert api.sim.world.ledger(api.car("Volvo EX30")[0]) == ()


@pytest.mark.parametrize("only", FAMILIES)
async def test_a_server_with_one_family(api: RawClient, only: Any) -> None:
    """The other is refused in one of four ways, after the token is looked at, and nothing is done."""
    api.sim.switches.schedule_paths = only
    lacking = FAMILIES[1 - FAMILIES.index(only)]
    assert (await create(api, "daily", BODIES["daily"], only)).status == 200
    refusals: list[tuple[int, str | None]] = []
    for how in ("invalid", "empty", "method", "denied"):
        api.sim.switches.unserved_path = how
        for reply in (await create(api, "daily", BODIES["daily"], lacking), await delete(api, "x", lacking)):
            is_document = reply.body.startswith(b"{")
            refusals.append((reply.status, reply.error["code"] if is_document else reply.body.decode()))
    assert refusals[::2] == refusals[1::2]
    assert refusals[::2] == [
        (404, "INVALID_PATH"), (404, ""), (405, "Method Not Allowed"), (403, "ACCESS_DENIED"),
    ]  # fmt: skip
    assert (await listed(api)).status == (200 if only == "announcement" else 403)
    assert len(api.sim.world.ledger(api.car("Volvo EX30")[0])) == 1
    api.sim.expire_tokens()
    assert (await create(api, "daily", BODIES["daily"], lacking)).status == 401


async def test_who_takes_schedules(api: RawClient) -> None:
    """BEV and PHEV; neither the PHEV Classic nor a petrol car, and no list for them either."""
    for make, status in (("Volvo EX30", 200), ("Volvo XC60", 200), ("Volvo V60", 501), ("Volvo XC40", 501)):
        assert (await create(api, "weekly", BODIES["weekly"], make=make)).status == status
        assert (await listed(api, make)).status == status
    refused = await delete(api, "x", make="Volvo V60")
    assert (refused.error["type"], refused.error["code"]) == ("COMPATIBILITY", "VEHICLE_NOT_CAPABLE")
    api.sim.switches.volvo_schedules = "daily"
    statuses = [(await create(api, kind, body)).status for kind, body in BODIES.items()]
    assert statuses == [200, 501, 501]


async def test_other_makes() -> None:
    """A Tesla takes all three types and any number; others take none; the owner must have granted it."""
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        api = RawClient(sim, session)
        await api.fetch_token()
        for kind, body in BODIES.items():
            assert (await create(api, kind, body, make="Tesla")).status == 200
        assert (await create(api, "daily", BODIES["daily"], make="Ford")).status == 501
        denied = await create(api, "daily", BODIES["daily"], make="BMW")
        assert (denied.status, denied.error["code"]) == (403, "ACCESS_DENIED")
        for _ in range(8):
            assert (await create(api, "daily", BODIES["daily"], make="Tesla")).status == 200
        vehicle, _ = api.car("Tesla")
        path = f"/v3/vehicles/{vehicle}/charge-schedules/daily"
        assert (await api.call("POST", path, None, BODIES["daily"])).error["code"] == "MISSING_PARAMETER"


async def test_the_eleventh(api: RawClient) -> None:
    """Ten a vehicle, over both families; one must go before another comes."""
    replies = [await create(api, "daily", BODIES["daily"], FAMILIES[number % 2]) for number in range(11)]
    assert [reply.status for reply in replies] == [200] * 10 + [400]
    assert (replies[-1].error["type"], replies[-1].error["code"]) == ("VALIDATION", "SCHEDULE_LIMIT_REACHED")
    assert "at most 10" in replies[-1].error["detail"]
    assert (await create(api, "daily", BODIES["daily"], make="Volvo XC60")).status == 200
    await delete(api, replies[0].json["data"]["attributes"]["scheduleId"])
    assert (await create(api, "daily", BODIES["daily"])).status == 200
    assert len(api.sim.world.ledger(api.car("Volvo EX30")[0])) == 12


async def test_a_schedule_charges_in_its_window(api: RawClient) -> None:
    """It starts and stops at its place and at its time, and never touches the limit."""
    world = api.sim.world
    vehicle = world.find("Volvo", "EX30")
    car = vehicle.car
    car.timers = ()
    car.battery_kwh = car.model.usable_kwh * 0.1
    home = {"latitude": car.latitude, "longitude": car.longitude}
    reply = await create(api, "daily", {"location": home, "startTime": "13:00", "stopTime": "14:30"})
    schedule_id = reply.json["data"]["attributes"]["scheduleId"]
    car.plug_in()
    world.advance(hours=12, minutes=59)
    assert not car.charging
    world.advance(minutes=1)
    assert car.charging
    world.advance(minutes=89)
    assert car.charging
    world.advance(minutes=1)
    assert not car.charging
    assert car.charge_limit == 80
    did = [(deed.at.strftime("%H:%M"), deed.action, deed.cause) for deed in world.ledger(vehicle.id)[1:]]
    assert did == [("13:00", "schedule_started", schedule_id), ("14:30", "schedule_stopped", schedule_id)]
    car.stop_charge()
    world.advance(days=1)
    assert [deed.action for deed in world.ledger(vehicle.id)[3:]] == ["schedule_started", "schedule_stopped"]
    car.park(car.routine.work)
    car.plug_in()
    world.advance(minutes=5)
    assert car.charging
    assert len(world.ledger(vehicle.id)) == 5


def test_what_is_full_or_unplugged_is_not_started() -> None:
    """A schedule that finds the car at its limit, or without a cable, does nothing."""
    world = World("volvo")
    vehicle = world.find("Volvo", "EX30")
    car = vehicle.car
    car.park()
    car.timers = (ChargeTimer(60, 120, location=car.place, schedule_id="s-1", schedule_type="DAILY"),)
    car.battery_kwh = car.model.usable_kwh * 0.8
    car.plug_in()
    world.advance(days=1)
    car.unplug()
    car.battery_kwh = 1.0
    world.advance(days=1)
    assert list(vehicle.ledger) == []
    car.plug_in()
    car.battery_kwh = car.model.usable_kwh * 0.79
    world.advance(days=1)
    assert [deed.action for deed in vehicle.ledger] == ["schedule_started"]


async def test_a_long_schedule_call(api: RawClient) -> None:
    """202 as for commands."""
    api.sim.world.find("Volvo", "EX30").command_seconds, api.sim.long_after = 0.03, 0.01
    reply = await create(api, "daily", BODIES["daily"])
    assert (reply.status, reply.json["data"]["attributes"]["executionMode"]) == (202, "async")
