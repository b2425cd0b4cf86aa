"""Commands at the simulator: what is refused, what is done and written into the ledger, when signals show it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from smartcar_async.testing.cars import PROFILES
from smartcar_async.testing.errors import SimulatorError
from smartcar_async.testing.ledger import Deed
from smartcar_async.testing.simulator import Simulator
from smartcar_async.testing.world import World
from tests.world.raw_client import RawClient

ALL = {
    "charge/start": ("start_charge", None),
    "charge/stop": ("stop_charge", None),
    "charge/set-limit": ("set_charge_limit", {"percent": 90}),
    "security/lock": ("lock", None),
    "security/unlock": ("unlock", None),
    "navigation/set-destination": ("send_destination", {"latitude": 59.3, "longitude": 18.1}),
    "charge-port/open": ("open_charge_port", None),
    "charge-port/close": ("close_charge_port", None),
}


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """Parked cars, awake and without a cable, and a client that holds a token."""
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        for vehicle in sim.world.vehicles.values():
            vehicle.car.park()
        client = RawClient(sim, session)
        await client.fetch_token()
        yield client


def ledger_actions(api: RawClient, make: str = "Tesla") -> list[str]:
    """What the ledger of a car says was done."""
    return [deed.action for deed in api.sim.world.ledger(api.car(make)[0])]


async def body_of(api: RawClient, make: str, code: str) -> Any:
    """The body of a signal."""
    return (await api.signals(make, code)).json["data"]["attributes"]["body"]


async def test_all_eight_are_carried_out(api: RawClient) -> None:
    """Each answers an execution and leaves one deed, whose cause is the request."""
    car = api.sim.world.find("Tesla").car
    for path, (action, body) in ALL.items():
        if path == "charge/start":
            car.plug_in()
        elif path == "charge-port/close":
            car.unplug()
        reply = await api.command("Tesla", path, body)
        assert reply.status == 200, (path, reply.body)
        data = reply.json["data"]
        assert set(data) == {"id", "type", "attributes", "links", "meta"}
        assert data["type"] == "command-execution"
        assert data["attributes"] == {
            "parameters": body or {}, "status": {"value": "SUCCESS"}, "executionMode": "sync",
        }  # fmt: skip
        assert data["meta"] == {
            "executedAt": "2026-06-01T00:00:00Z", "completedAt": "2026-06-01T00:00:00Z", "durationInSeconds": 0,
        }  # fmt: skip
        last = api.sim.world.ledger(api.car("Tesla")[0])[-1]
        assert last == Deed(api.sim.world.now, action, body or {}, reply.headers["SC-Request-Id"])
        assert api.sim.requests[-1].request_id == last.cause
    assert ledger_actions(api) == [action for action, _ in ALL.values()]
    assert car.destination is not None
    assert (car.charge_limit, car.locked, car.destination.latitude, car.flap_open) == (90, False, 59.3, False)


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("charge/set-limit", {}, ["percent"]),
        ("charge/set-limit", {"percent": 49}, ["percent"]),
        ("charge/set-limit", {"percent": 101}, ["percent"]),
        ("charge/set-limit", {"percent": 80.0}, ["percent"]),
        ("charge/set-limit", {"percent": True}, ["percent"]),
        ("charge/set-limit", {"percent": "80"}, ["percent"]),
        ("charge/set-limit", [], ["data.attributes"]),
        ("navigation/set-destination", {}, ["latitude", "longitude"]),
        ("navigation/set-destination", {"latitude": 91, "longitude": -181}, ["latitude", "longitude"]),
        ("navigation/set-destination", {"latitude": 1, "longitude": "2"}, ["longitude"]),
        ("navigation/set-destination", {"latitude": False, "longitude": 2.5}, ["latitude"]),
    ],
)
async def test_bad_bodies(api: RawClient, path: str, body: Any, fields: list[str]) -> None:
    """400 with an entry for each bad field, and nothing done."""
    reply = await api.command("Tesla", path, body)
    entries = reply.json["errors"]
    assert {(reply.status, entry["type"], entry["code"]) for entry in entries} == {
        (400, "VALIDATION", "INVALID_INPUT_FORMAT")
    }
    assert [entry["detail"].split()[0] for entry in entries] == fields
    assert ledger_actions(api) == []


async def test_bodies_that_are_not_json(api: RawClient) -> None:
    """Nothing, broken JSON, and JSON of another shape."""
    vehicle, user = api.car("Tesla")
    headers = {"Authorization": f"Bearer {api.token}", "sc-user-id": user}
    path = f"/v3/vehicles/{vehicle}/commands/charge/set-limit"
    for data in (b"", b"{", b"[]", b'{"data": 1}'):
        reply = await api.send("POST", path, headers=headers, data=data)
        assert (reply.status, reply.error["code"]) == (400, "INVALID_INPUT_FORMAT")


async def test_who_may_command(api: RawClient) -> None:
    """A token, a user, their own car, and the permission."""
    vehicle, user = api.car("Tesla")
    path = f"/v3/vehicles/{vehicle}/commands/security/lock"
    assert (await api.call("POST", path)).error["code"] == "MISSING_PARAMETER"
    assert (await api.call("POST", path, "somebody")).error["code"] == "ACCESS_DENIED"
    assert (await api.call("POST", "/v3/vehicles/x/commands/security/lock", user)).error["code"] == "VEHICLE_NOT_FOUND"
    assert (await api.call("GET", path, user)).error["code"] == "INVALID_PATH"
    for make, command in (("BMW", "charge/start"), ("Nissan", "security/lock")):
        refused = await api.command(make, command)
        assert (refused.status, refused.error["type"], refused.error["code"]) == (
            403, "AUTHENTICATION", "ACCESS_DENIED",
        )  # fmt: skip
    api.token = "wrong"
    assert (await api.call("POST", path, user)).status == 401
    assert ledger_actions(api) == []


async def test_states_that_refuse(api: RawClient) -> None:
    """409 with the state; nothing is done."""
    vehicle = api.sim.world.find("Tesla")
    car = vehicle.car

    async def refused(command: str) -> str:
        reply = await api.command("Tesla", command)
        assert (reply.status, reply.error["type"]) == (409, "VEHICLE_STATE")
        return str(reply.error["code"])

    assert await refused("charge/start") == "CHARGING_PLUG_NOT_CONNECTED"
    assert await refused("charge/stop") == "CHARGING_PLUG_NOT_CONNECTED"
    car.plug_in()
    assert await refused("charge/stop") == "NOT_CHARGING"
    assert await refused("charge-port/close") == "CHARGING_PLUG_CONNECTED"
    car.start_charge()
    assert await refused("charge/start") == "CHARGING_IN_PROGRESS"
    car.stop_charge()
    car.battery_kwh = car.model.usable_kwh * 0.8
    assert await refused("charge/start") == "FULLY_CHARGED"
    car.drive()
    for command in ("security/lock", "security/unlock", "charge-port/open"):
        assert await refused(command) == "IN_MOTION"
    assert ledger_actions(api) == []


async def test_sleeping_cars(api: RawClient) -> None:
    """By make, by switch, and by car."""
    kia, tesla = api.sim.world.find("Kia"), api.sim.world.find("Tesla")

    async def lock(make: str) -> int:
        for vehicle in (kia, tesla):
            vehicle.car.sleep()
        reply = await api.command(make, "security/lock")
        assert reply.status == 200 or reply.error["code"] == "ASLEEP"
        return reply.status

    assert (await lock("Tesla"), await lock("Kia")) == (200, 409)
    api.sim.switches.asleep = "wakes"
    assert (await lock("Tesla"), await lock("Kia")) == (200, 200)
    assert not kia.car.asleep
    api.sim.switches.asleep = "refused"
    assert (await lock("Tesla"), await lock("Kia")) == (409, 409)
    kia.wakes = True
    tesla.wakes = False
    api.sim.switches.asleep = "by_make"
    assert (await lock("Tesla"), await lock("Kia")) == (409, 200)


async def test_incapable_cars(api: RawClient) -> None:
    """501: every Volvo takes lock and unlock, and nothing else."""
    for make in ("Volvo EX30", "Volvo XC60", "Volvo V60", "Volvo XC40"):
        for command, (_, body) in ALL.items():
            reply = await api.command(make, command, body)
            if command.startswith("security"):
                assert reply.status == 200
            else:
                assert (reply.status, reply.error["type"], reply.error["code"]) == (
                    501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE",
                )  # fmt: skip
        assert ledger_actions(api, make) == ["lock", "unlock"]
    offered = {command for entry in PROFILES["everyday"] for command in entry.model.commands}
    assert offered == {action for action, _ in ALL.values()}


async def test_signals_show_an_effect_after_the_store_delay(api: RawClient) -> None:
    """Old state with old times before it, the new state with times after the command from then on."""
    api.sim.store_delay = timedelta(seconds=90)
    assert api.sim.store_delay == timedelta(seconds=90)
    world = api.sim.world
    world.advance(minutes=6, seconds=20)
    acted_at = world.now
    await api.command("Tesla", "security/unlock")
    world.advance(seconds=89)
    before = (await api.signals("Tesla", "closure-islocked")).json["data"]
    assert before["attributes"]["body"] == {"value": True}
    assert datetime.fromisoformat(before["meta"]["oemUpdatedAt"]) < acted_at
    assert (await body_of(api, "Tesla", "closure-doors"))["values"][0]["isLocked"] is True
    world.advance(seconds=1)
    after = (await api.signals("Tesla", "closure-islocked")).json["data"]
    assert after["attributes"]["body"] == {"value": False}
    times = [datetime.fromisoformat(after["meta"][name]) for name in ("oemUpdatedAt", "retrievedAt", "ingestedAt")]
    assert acted_at < times[0] <= times[1] <= times[2] == world.now
    assert (await body_of(api, "Tesla", "closure-doors"))["values"][0]["isLocked"] is False


def test_what_is_dated_after_a_command_shows_it() -> None:
    """At any second and for every make: the store never dates the old state after the command."""
    for make, delay in (("Toyota", 1), ("Toyota", 200), ("Tesla", 10), ("Volvo", 0)):
        world = World(store_delay=timedelta(seconds=delay))
        vehicle = world.find(make)
        vehicle.car.park()
        world.advance(minutes=3, seconds=31)
        vehicle.car.unlock()
        world.act(vehicle, "unlock", {}, "r-1")
        acted_at, dates = world.now, [vehicle.recorded_at]
        for _ in range(600):
            assert vehicle.stored.locked is (world.now < acted_at + timedelta(seconds=delay))
            assert vehicle.recorded_at < acted_at or not vehicle.stored.locked
            dates.append(vehicle.recorded_at)
            world.advance(seconds=1)
        assert dates == sorted(dates)
        assert dates[-1] >= acted_at


def test_the_store_delay_does_not_depend_on_the_steps() -> None:
    """One step or many, the same reports at the same times."""

    def run(step: int) -> Any:
        world = World()
        vehicle = world.find("Tesla")
        vehicle.car.park()
        world.advance(seconds=20)
        vehicle.car.unlock()
        world.act(vehicle, "unlock", {}, "r-1")
        for _ in range(600 // step):
            world.advance(seconds=step)
        return vehicle.stored, vehicle.reported_at, vehicle.recorded_at, vehicle.ledger

    assert run(1) == run(600)


async def test_charging_follows_commands(api: RawClient) -> None:
    """A start charges to the limit, a lower limit ends it, a stop holds until the cable was out."""
    world, car = api.sim.world, api.sim.world.find("Tesla").car
    car.battery_kwh = car.model.usable_kwh * 0.4
    car.plug_in()
    await api.command("Tesla", "charge/start")
    world.advance(minutes=30)
    assert await body_of(api, "Tesla", "charge-ischarging") == {"value": True}
    await api.command("Tesla", "charge/set-limit", {"percent": 50})
    world.advance(hours=4)
    assert car.soc == pytest.approx(50)
    assert await body_of(api, "Tesla", "charge-ischarging") == {"value": False}
    assert (await body_of(api, "Tesla", "charge-chargelimits"))["activeLimit"] == 50
    assert await body_of(api, "Tesla", "charge-detailedchargingstatus") == {"value": "FULLY_CHARGED"}
    await api.command("Tesla", "charge/set-limit", {"percent": 90})
    world.advance(minutes=10)
    assert car.charging
    await api.command("Tesla", "charge/set-limit", {"percent": 50})
    assert not car.charging
    await api.command("Tesla", "charge/set-limit", {"percent": 60})
    world.advance(minutes=5)
    await api.command("Tesla", "charge/stop")
    world.advance(hours=2)
    assert not car.charging
    assert car.soc < 60
    car.unplug()
    car.plug_in()
    world.advance(minutes=2)
    assert car.charging


async def test_a_start_goes_before_the_timers(api: RawClient) -> None:
    """A car that would wait for its night timer charges at noon when told to."""
    car = api.sim.world.find("BMW").car
    car.battery_kwh = car.model.usable_kwh * 0.3
    api.sim.world.advance(hours=12)
    car.plug_in()
    api.sim.world.advance(minutes=10)
    assert not car.charging
    car.start_charge()
    car.start_charge()
    api.sim.world.advance(hours=6)
    assert car.soc == pytest.approx(90)


async def test_the_flap(api: RawClient) -> None:
    """Open without a cable, after the store delay."""
    await api.command("Tesla", "charge-port/open")
    api.sim.world.advance(seconds=10)
    assert await body_of(api, "Tesla", "charge-ischargingportflapopen") == {"value": True}
    await api.command("Tesla", "charge-port/close")
    api.sim.world.advance(seconds=10)
    assert await body_of(api, "Tesla", "charge-ischargingportflapopen") == {"value": False}


def test_a_car_is_brought_into_a_state() -> None:
    """Park, plug in, drive, sleep; a parked car stays, and drives like any other after a drive."""
    world = World()
    car = world.find("Tesla").car
    car.park()
    world.advance(days=2)
    assert (car.place.name, car.plugged_in, car.locked, car.odometer_km) == ("home", False, True, car.odometer_km)
    with pytest.raises(SimulatorError, match="plug it in first"):
        car.start_charge()
    with pytest.raises(SimulatorError, match="already at home"):
        car.drive(car.routine.home)
    car.drive()
    assert car.in_motion
    assert car.speed_kmh > 0
    car.park(car.routine.shop)
    assert (car.place.name, car.in_motion, car.ignition_on, car.trip) == ("shop", False, False, None)
    car.drive()
    world.advance(hours=2)
    assert (car.place.name, car.in_motion) == ("home", False)
    world.advance(days=3)
    assert car.agenda
