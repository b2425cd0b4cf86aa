"""Commands of v2: they move the same cars as v3's, fill the same ledgers, and refuse in the words of v2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.world.raw_client_v2 import ClientV2, failure, v2


@pytest.fixture
async def api() -> AsyncIterator[ClientV2]:
    """A car of each make that v2 has calls of its own for."""
    async with v2() as client:
        yield client


async def test_generic_commands_move_the_car(api: ClientV2) -> None:
    """What v3 shows afterwards is what v2 did; a ledger has one kind of entry for both."""
    api.vehicle("Tesla").car.plug_in()
    for path, body in (
        ("/security", {"action": "UNLOCK"}),
        ("/security", {"action": "LOCK"}),
        ("/charge", {"action": "START"}),
        ("/charge", {"action": "STOP"}),
        ("/charge/limit", {"limit": 0.9}),
        ("/charge/limit", {"limit": "0.7"}),
        ("/navigation/destination", {"latitude": 57.7, "longitude": 11.97}),
    ):
        answer = await api.run("Tesla", path, body)
        assert answer == {"status": "success", "message": "Successfully sent request to vehicle"}
    assert api.ledger_actions("Tesla") == [
        "unlock", "lock", "start_charge", "stop_charge", "set_charge_limit", "set_charge_limit", "send_destination",
    ]  # fmt: skip
    entry = api.vehicle("Tesla").ledger[-2]
    assert entry.parameters == {"percent": 70}
    car = api.vehicle("Tesla").car
    assert (car.charge_limit, car.locked, car.charging) == (70, True, False)
    vehicle, user = api.car("Tesla")
    await api.fetch_token()
    api.sim.world.advance(minutes=1)
    shown = (await api.get(f"/v3/vehicles/{vehicle}/signals/charge-chargelimits", user)).json["data"]["attributes"]
    assert shown["body"]["activeLimit"] == 70
    assert (await api.read("Tesla", "/charge/limit")) == {"limit": 0.7}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/charge", {"action": "start"}, "PARAMETER"),
        ("/charge", {}, "PARAMETER"),
        ("/charge", [], None),
        ("/charge/limit", {"limit": 0.49}, "PARAMETER"),
        ("/charge/limit", {"limit": 80}, "PARAMETER"),
        ("/charge/limit", {"limit": True}, "PARAMETER"),
        ("/charge/limit", {"limit": "much"}, "PARAMETER"),
        ("/security", {"action": "OPEN"}, "PARAMETER"),
        ("/navigation/destination", {"latitude": 91, "longitude": 0}, "PARAMETER"),
        ("/navigation/destination", {"latitude": None, "longitude": 0}, "PARAMETER"),
        ("/tesla/pin", {"pin": "123"}, "PARAMETER"),
        ("/tesla/pin", {"pin": 1234}, "PARAMETER"),
        ("/tesla/pin", {"pin": "١٢٣٤"}, "PARAMETER"),
        ("/tesla/climate/cabin", {"action": "START", "temperature": 40}, "PARAMETER"),
        ("/tesla/climate/cabin", {"action": "SET"}, "PARAMETER"),
        ("/tesla/charge/schedule", {"type": "START_TIME", "time": "01:00"}, "PARAMETER"),
        ("/tesla/charge/schedule", {"type": "START_TIME", "enable": True, "time": "24:00"}, "PARAMETER"),
        ("/tesla/charge/ammeter", {"amperage": -1}, "PARAMETER"),
    ],
)
async def test_bad_bodies(api: ClientV2, path: str, body: Any, code: str | None) -> None:
    """400, and nothing is done."""
    assert failure(await api.request("Tesla", path, "POST", body)) == (400, "VALIDATION", code)
    assert api.ledger_actions("Tesla") == []


async def test_a_body_that_is_no_json(api: ClientV2) -> None:
    """400 without a code."""
    path = f"/v2.0/vehicles/{api.vehicle('Tesla').id}/charge"
    assert failure(await api.send("POST", path, data=b"{", headers=api.owner("Tesla"))) == (400, "VALIDATION", None)


async def test_states_that_forbid_a_command(api: ClientV2) -> None:
    """The car decides, as it does in v3."""
    car = api.vehicle("Tesla").car
    start, stop, lock = ("/charge", {"action": "START"}), ("/charge", {"action": "STOP"}), {"action": "LOCK"}
    for path, body in (start, stop, ("/tesla/charge/ammeter", {"amperage": 8})):
        reply = await api.request("Tesla", path, "POST", body)
        assert failure(reply) == (409, "VEHICLE_STATE", "CHARGING_PLUG_NOT_CONNECTED")
    car.plug_in()
    assert failure(await api.request("Tesla", stop[0], "POST", stop[1])) == (409, "VEHICLE_STATE", "NOT_CHARGING")
    car.start_charge()
    assert failure(await api.request("Tesla", *start[:1], "POST", start[1])) == (
        409,
        "VEHICLE_STATE",
        "CHARGING_IN_PROGRESS",
    )
    car.stop_charge()
    car.battery_kwh = car.model.usable_kwh
    assert failure(await api.request("Tesla", start[0], "POST", start[1])) == (409, "VEHICLE_STATE", "FULLY_CHARGED")
    await api.run("Tesla", "/tesla/security/trunk", {"action": "OPEN"})
    assert failure(await api.request("Tesla", "/security", "POST", lock)) == (409, "VEHICLE_STATE", "TRUNK_OPEN")
    again = await api.request("Tesla", "/tesla/security/trunk", "POST", {"action": "OPEN"})
    assert failure(again) == (409, "VEHICLE_STATE", "TRUNK_OPEN")
    await api.run("Tesla", "/tesla/security/trunk", {"action": "CLOSE"})
    await api.run("Tesla", "/tesla/security/frunk", {"action": "OPEN"})
    assert failure(await api.request("Tesla", "/security", "POST", lock)) == (409, "VEHICLE_STATE", "HOOD_OPEN")
    car.drive()
    assert not car.extras.frunk_open
    assert failure(await api.request("Tesla", "/security", "POST", lock)) == (409, "VEHICLE_STATE", "IN_MOTION")
    asleep = api.vehicle("Nissan")
    asleep.car.sleep()
    assert failure(await api.request("Nissan", "/security", "POST", lock)) == (409, "VEHICLE_STATE", "ASLEEP")
    limit = await api.request("Nissan", "/charge/limit", "POST", {"limit": 0.8})
    assert failure(limit) == (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE")


async def test_a_limit_that_needs_the_plug(api: ClientV2) -> None:
    """As some brands have it: to read and to set."""
    api.sim.switches.v2.limit_needs_plug = True
    for method, body in (("GET", None), ("POST", {"limit": 0.8})):
        reply = await api.request("Tesla", "/charge/limit", method, body)
        assert failure(reply) == (409, "VEHICLE_STATE", "CHARGING_PLUG_NOT_CONNECTED")
    api.vehicle("Tesla").car.plug_in()
    assert await api.read("Tesla", "/charge/limit") == {"limit": 0.8}
    await api.run("Tesla", "/charge/limit", {"limit": 0.8})


async def test_climate(api: ClientV2) -> None:
    """Answers with the state or the action, and readings that follow."""
    cabin = "/tesla/climate/cabin"
    assert await api.run("Tesla", cabin, {"action": "SET", "temperature": "19"}) == {
        "status": "OFF",
        "temperature": 19,
    }
    started = await api.run("Tesla", cabin, {"action": "START", "temperature": 68}, SC_Unit_System="imperial")
    assert started == {"status": "ON", "temperature": 68}
    api.sim.world.advance(seconds=10)
    assert await api.read("Tesla", cabin) == {"status": "ON", "temperature": 20}
    assert await api.read("Tesla", "/tesla/thermometer/interior") == {"temperature": 20}
    assert await api.run("Tesla", cabin, {"action": "STOP"}) == {"status": "OFF", "temperature": 20}
    for name, read in (
        ("defroster", {"frontStatus": "ON", "rearStatus": "ON"}),
        ("steering_wheel", {"status": "ON"}),
    ):
        assert await api.run("Tesla", f"/tesla/climate/{name}", {"action": "START"}) == {"status": "START"}
        api.sim.world.advance(seconds=10)
        assert await api.read("Tesla", f"/tesla/climate/{name}") == read
        assert await api.run("Tesla", f"/tesla/climate/{name}", {"action": "STOP"}) == {"status": "STOP"}
    api.sim.world.advance(seconds=10)
    assert await api.read("Tesla", "/tesla/climate/steering_wheel") == {"status": "OFF"}
    bounds = await api.request(
        "Tesla", cabin, "POST", {"action": "START", "temperature": 100}, SC_Unit_System="imperial"
    )
    assert "59 to 82.4" in bounds.json["description"]


async def test_lids_pin_and_port(api: ClientV2) -> None:
    """The car changes; its PIN is told nowhere."""
    for path in ("/tesla/security/trunk", "/tesla/security/frunk", "/tesla/charge/charge_port_door"):
        assert (await api.run("Tesla", path, {"action": "OPEN"}))["status"] == "success"
    api.sim.world.advance(seconds=10)
    shown = await api.read("Tesla", "/security")
    assert {lid["status"] for lid in shown["storage"] + shown["chargingPort"]} == {"OPEN"}
    await api.run("Tesla", "/tesla/charge/charge_port_door", {"action": "CLOSE"})
    await api.run("Tesla", "/tesla/pin", {"pin": "4711"})
    car = api.vehicle("Tesla").car
    assert car.extras.pin == "4711"
    assert "4711" not in repr(api.vehicle("Tesla").ledger) + repr(car)
    assert (await api.run("Tesla", "/tesla/pin", method="DELETE"))["status"] == "success"
    assert api.vehicle("Tesla").car.extras.pin is None
    assert api.ledger_actions("Tesla") == [
        "open_trunk", "open_frunk", "open_charge_port", "close_charge_port", "set_pin", "clear_pin",
    ]  # fmt: skip


async def test_amperage_is_capped(api: ClientV2) -> None:
    """Only the message tells; a charge under way changes its pace."""
    car = api.vehicle("Tesla").car
    car.plug_in()
    assert "16" in (await api.run("Tesla", "/tesla/charge/ammeter", {"amperage": 48}))["message"]
    car.start_charge()
    assert "8" in (await api.run("Tesla", "/tesla/charge/ammeter", {"amperage": 8}))["message"]
    api.sim.world.advance(seconds=10)
    assert await api.read("Tesla", "/tesla/charge/ammeter") == {"amperage": 8}
    assert (await api.read("Tesla", "/tesla/charge"))["amperageRequested"] == 8


async def test_the_schedule_of_a_tesla(api: ClientV2) -> None:
    """One kind at most is on, and a start lets the car charge then."""
    path, off = "/tesla/charge/schedule", {"enabled": False, "time": None}
    assert await api.read("Tesla", path) == {"departureTime": off, "startTime": off}
    on = {"enabled": True, "time": "01:15"}
    answer = await api.run("Tesla", path, {"type": "START_TIME", "enable": True, "time": "01:15"})
    assert answer == {"departureTime": off, "startTime": on}
    answer = await api.run("Tesla", path, {"type": "DEPARTURE_TIME", "enabled": True, "time": "01:15"})
    assert answer == {"departureTime": on, "startTime": off}
    answer = await api.run("Tesla", path, {"type": "START_TIME", "enable": False, "time": "01:15"})
    assert answer == {"departureTime": on, "startTime": off}
    answer = await api.run("Tesla", path, {"type": "DEPARTURE_TIME", "enable": False, "time": "01:15"})
    assert answer == {"departureTime": off, "startTime": off}
    car = api.vehicle("Tesla").car
    car.park()
    car.battery_kwh = 10.0
    await api.run("Tesla", path, {"type": "START_TIME", "enable": True, "time": "01:15"})
    car.plug_in()
    api.sim.world.advance(hours=1)
    assert not car.charging
    api.sim.world.advance(minutes=20)
    assert car.charging


async def test_no_key_no_command(api: ClientV2) -> None:
    """A Tesla obeys neither API before its owner has added the key."""
    api.vehicle("Tesla").car.virtual_key = False
    reply = await api.request("Tesla", "/security", "POST", {"action": "LOCK"})
    assert failure(reply) == (400, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED")
    assert reply.json["resolution"] == {"type": "ACTION_REQUIRED", "url": "https://www.tesla.com/_ak/smartcar.com"}
    assert await api.read("Tesla", "/tesla/virtual_key") == {"isPaired": False}
    await api.fetch_token()
    v3 = await api.command("Tesla", "security/lock")
    assert (v3.status, v3.error["code"]) == (400, "VIRTUAL_KEY_REQUIRED")
    assert v3.error["resolution"]["url"] == "https://www.tesla.com/_ak/smartcar.com"
    assert (await api.request("Ford", "/security", "POST", {"action": "LOCK"})).status == 200


async def test_a_200_that_is_no_success(api: ClientV2) -> None:
    """The switch lets every command answer UNAVAILABLE, and do nothing."""
    api.sim.switches.v2.unavailable = True
    start, open_it = {"action": "START"}, {"action": "OPEN"}
    window = {"start": "22:00", "end": "06:00"}
    home = api.vehicle("Ford").car.routine.home
    place = f"/ford/charge/schedule_by_location?latitude={home.latitude}&longitude={home.longitude}"
    ford = {"chargingLocation": {"chargeLimit": 1, "chargingWindows": {"weekday": [window], "weekend": []}}}
    commands: tuple[tuple[str, str, str, Any], ...] = (
        ("Tesla", "POST", "/security", {"action": "LOCK"}),
        ("Tesla", "POST", "/tesla/climate/cabin", start),
        ("Tesla", "POST", "/tesla/climate/defroster", start),
        ("Tesla", "POST", "/tesla/climate/steering_wheel", start),
        ("Tesla", "POST", "/tesla/security/trunk", open_it),
        ("Tesla", "POST", "/tesla/pin", {"pin": "0000"}),
        ("Tesla", "POST", "/tesla/charge/ammeter", {"amperage": 8}),
        ("Tesla", "POST", "/tesla/charge/schedule", {"type": "START_TIME", "enable": True, "time": "01:15"}),
        ("Nissan", "PUT", "/nissan/charge/schedule", {"chargeSchedules": []}),
        ("Ford", "PUT", place, ford),
    )
    for make, method, path, body in commands:
        assert await api.run(make, path, body, method) == {"status": "UNAVAILABLE"}
        assert api.ledger_actions(make) == []
    assert await api.read("Tesla", "/tesla/climate/steering_wheel") == {"status": "UNAVAILABLE"}


async def test_a_command_may_take_its_time(api: ClientV2) -> None:
    """The car obeys at once; the word of it comes later, as a 200, for v2 knows no 202."""
    api.sim.command_seconds, api.sim.long_after = 0.1, 0.01
    task = asyncio.create_task(api.request("Tesla", "/security", "POST", {"action": "UNLOCK"}))
    await asyncio.sleep(0.03)
    assert (api.ledger_actions("Tesla"), task.done()) == (["unlock"], False)
    assert (await task).status == 200
