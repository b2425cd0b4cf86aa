"""What v2 has for some makes alone: which may be asked, and what each tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from smartcar_async.testing.charging import ChargeRecord
from smartcar_async.testing.routine import DAY
from tests.world.raw_client_v2 import ClientV2, failure, v2


@pytest.fixture
async def api() -> AsyncIterator[ClientV2]:
    """A car of each make that v2 has calls of its own for."""
    async with v2() as client:
        yield client


async def test_the_make_in_the_path(api: ClientV2) -> None:
    """Lower case, one that has the call, and the car's own."""
    for path, expected in (
        ("/TESLA/compass", (403, "PERMISSION", None)),
        ("/volvo/compass", (404, "RESOURCE_NOT_FOUND", "PATH")),
        ("/nissan/charge", (404, "RESOURCE_NOT_FOUND", "PATH")),
        ("/audi/charge", (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE")),
        ("/tesla/status", (404, "RESOURCE_NOT_FOUND", "PATH")),
    ):
        assert failure(await api.request("Tesla", path)) == expected, path


async def test_readings_of_a_resting_tesla(api: ClientV2) -> None:
    """Every document in full, in either system of units."""
    vehicle = api.vehicle("Tesla")
    car = vehicle.car
    car.heading = 41.0
    assert await api.read("Tesla", "/tesla/compass") == {"direction": "NE", "heading": 41}
    assert await api.read("Tesla", "/tesla/speedometer") == {"speed": 0}
    outside = (await api.read("Tesla", "/tesla/thermometer/exterior"))["temperature"]
    fahrenheit = await api.read("Tesla", "/tesla/thermometer/exterior", SC_Unit_System="imperial")
    assert fahrenheit["temperature"] == pytest.approx(outside * 1.8 + 32)
    assert await api.read("Tesla", "/tesla/migration") == {"requiresMigration": False}
    assert await api.read("Tesla", "/tesla/virtual_key") == {"isPaired": True}
    assert (await api.read("Tesla", "/tesla/user/info"))["email"].endswith("@example.org")
    access = await api.read("Tesla", "/tesla/user/access")
    assert access["accessType"] == "OWNER"
    assert access["permissions"] == [
        "vehicle_cmds", "vehicle_charging_cmds", "vehicle_device_data", "vehicle_location", "user_data",
    ]  # fmt: skip
    attributes = await api.read("Tesla", "/tesla/attributes", SC_Unit_System="imperial")
    assert attributes["wheel"]["diameter"] == 19
    assert attributes["sentryMode"] == {"available": True, "enabled": True}
    battery = await api.read("Tesla", "/tesla/battery")
    assert battery["percentRemaining"] > battery["percentRemainingUsable"]
    assert await api.read("Tesla", "/tesla/alerts") == {"alerts": []}
    car.battery_kwh = 1.0
    (alert,) = (await api.read("Tesla", "/tesla/alerts"))["alerts"]
    assert alert["audience"] == ["customer"]
    charge = await api.read("Tesla", "/tesla/charge")
    assert (charge["state"], charge["connector"], charge["completionTime"]) == ("NOT_CHARGING", "<invalid>", None)
    for meter in ("ammeter", "wattmeter", "completion"):
        reply = await api.request("Tesla", f"/tesla/charge/{meter}")
        assert failure(reply) == (409, "VEHICLE_STATE", "NOT_CHARGING")
    reply = await api.request("Tesla", "/tesla/charge/voltmeter")
    assert failure(reply) == (409, "VEHICLE_STATE", "CHARGING_PLUG_NOT_CONNECTED")


async def test_readings_of_a_charging_car(api: ClientV2) -> None:
    """Meters, and the moment when it will be done; a Cadillac has two of them."""
    for make in ("Tesla", "Cadillac"):
        car = api.vehicle(make).car
        car.park()
        car.battery_kwh = 0.4 * car.model.usable_kwh
        car.plug_in()
        assert await api.read(make, f"/{make.lower()}/charge/voltmeter") == {"voltage": 0}
        car.start_charge()
        assert await api.read(make, f"/{make.lower()}/charge/voltmeter") == {"voltage": 230}
        time = (await api.read(make, f"/{make.lower()}/charge/completion"))["time"]
        assert datetime.fromisoformat(time) > api.sim.world.now
    assert await api.read("Tesla", "/tesla/charge/ammeter") == {"amperage": 16}
    assert await api.read("Tesla", "/tesla/charge/wattmeter") == {"wattage": 11.04}
    charge = await api.read("Tesla", "/tesla/charge")
    assert (charge["state"], charge["voltage"], charge["chargerPhases"]) == ("CHARGING", 230, 3)
    miles = await api.read("Tesla", "/tesla/charge", SC_Unit_System="imperial")
    assert miles["chargeRate"] == pytest.approx(charge["chargeRate"] / 1.609344, rel=1e-5)
    assert failure(await api.request("Cadillac", "/cadillac/charge/ammeter")) == (404, "RESOURCE_NOT_FOUND", "PATH")


async def test_the_charge_of_an_audi(api: ClientV2) -> None:
    """The same path as a Tesla's, and another document."""
    car = api.vehicle("Audi").car
    car.park()
    assert await api.read("Audi", "/audi/charge") == {
        "chargingStatus": "NOT_CHARGING",
        "isPluggedIn": False,
        "wattage": 0,
        "chargeRate": 0,
        "chargeType": None,
        "chargePortColor": None,
        "chargePortLatch": "unlocked",
        "completionTime": None,
        "chargeMode": "timer",
        "socLimit": 0.8,
        "externalPowerStatus": None,
    }
    car.battery_kwh, car.timers = 20.0, ()
    car.plug_in()
    car.start_charge()
    charge = await api.read("Audi", "/audi/charge")
    assert (charge["chargeType"], charge["chargeMode"], charge["externalPowerStatus"]) == ("ac", "manual", "active")


async def test_the_schedule_of_a_nissan(api: ClientV2) -> None:
    """Replaced as a whole, at most three windows; the car charges by it."""
    path = "/nissan/charge/schedule"
    api.vehicle("Nissan").wakes = True
    assert await api.read("Nissan", path) == {"chargeSchedules": []}
    windows = [{"start": "00:30", "end": "05:30", "days": ["MONDAY", "TUESDAY"]}]
    assert (await api.run("Nissan", path, {"chargeSchedules": windows}, "PUT"))["status"] == "success"
    api.sim.world.advance(seconds=10)
    assert await api.read("Nissan", path) == {"chargeSchedules": windows}
    api.sim.switches.v2.nissan_times = "iso"
    (shown,) = (await api.read("Nissan", path))["chargeSchedules"]
    assert shown["start"] == "2026-06-01T00:30:00.000Z"
    assert api.vehicle("Nissan").ledger[-1].parameters == {"windows": 1}
    bad: list[Any] = [
        windows * 4,
        "none",
        [1],
        [{**windows[0], "days": []}],
        [{**windows[0], "days": ["MONTAG"]}],
        [{**windows[0], "start": "25:00"}],
    ]
    for schedules in bad:
        reply = await api.request("Nissan", path, "PUT", {"chargeSchedules": schedules})
        assert failure(reply) == (400, "VALIDATION", "PARAMETER")


async def test_the_places_of_a_ford(api: ClientV2) -> None:
    """Each saved place has a limit and windows; other places are refused, and a Lincoln is as good as a Ford."""
    for make in ("Ford", "Lincoln"):
        path = f"/{make.lower()}/charge/schedule_by_location"
        home, shop = (await api.read(make, path))["chargingLocations"]
        assert home["chargingSchedules"] == {"weekday": [], "weekend": []}
        window = {"start": "22:00", "end": "06:00"}
        wanted = {"chargeLimit": 0.85, "chargingWindows": {"weekday": [window], "weekend": []}}
        spot = f"latitude={home['location']['latitude']}&longitude={home['location']['longitude']}"
        api.vehicle(make).car.park()
        await api.run(make, f"{path}?{spot}", {"chargingLocation": wanted}, "PUT")
        assert api.vehicle(make).car.charge_limit == 85
        place = f"latitude={shop['location']['latitude']}&longitude={shop['location']['longitude']}"
        await api.run(make, f"{path}?{place}", {"chargingLocation": wanted | {"chargeLimit": 0.6}}, "PUT")
        assert api.vehicle(make).car.charge_limit == 85
        api.sim.world.advance(seconds=10)
        home, shop = (await api.read(make, path))["chargingLocations"]
        assert home["chargingSchedules"] == {"weekday": [window], "weekend": []}
        assert (home["chargeLimit"], shop["chargeLimit"]) == (0.85, 0.6)
        for query, body in (
            ("latitude=0&longitude=0", {"chargingLocation": wanted}),
            ("", {"chargingLocation": wanted}),
            (spot, {"chargingLocation": None}),
            (
                spot,
                {"chargingLocation": {**wanted, "chargingWindows": {"weekday": [{"start": "22:30", "end": "06:00"}]}}},
            ),
        ):
            reply = await api.request(make, f"{path}?{query}", "PUT", body)
            assert failure(reply) == (400, "VALIDATION", "PARAMETER")


def remember(api: ClientV2, make: str) -> None:
    """Give a car a past: a fast charge on each of the world's first days, and one at home on the third."""
    car = api.vehicle(make).car
    shop, home = car.routine.shop, car.routine.home
    fast = [ChargeRecord(day * DAY + 600, day * DAY + 630, 20.0, True, shop, 20.2, 55.0) for day in range(3)]
    car.charge_records = (*fast, ChargeRecord(2 * DAY + 1200, 2 * DAY + 1300, 7.5, False, home, 40.0, 50.0))


async def test_charge_records(api: ClientV2) -> None:
    """As BMW tells them, and as Tesla sums them by day; a range of days narrows them."""
    api.sim.world.advance(days=3)
    for make in ("BMW", "Mini"):
        remember(api, make)
        records = (await api.read(make, f"/{make.lower()}/charge/records"))["records"]
        assert len(records) == 4
        assert records[0] == {
            "chargeStart": "2026-06-01T10:00:00Z",
            "chargeEnd": "2026-06-01T10:30:00Z",
            "location": "Shop",
            "energy": 20.0,
            "isPublic": True,
            "startPercentRemaining": 0.2,
            "endPercentRemaining": 0.55,
            "chargingType": "DC",
        }
    some = (await api.read("BMW", "/bmw/charge/records?startDate=2026-06-02&endDate=2026-06-02"))["records"]
    assert [record["chargeStart"] for record in some] == ["2026-06-02T10:00:00Z"]
    path = "/tesla/charge/records"
    remember(api, "Tesla")
    assert failure(await api.request("Tesla", path)) == (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE")
    api.sim.switches.v2.tesla_charge_records = True
    days = (await api.read("Tesla", path))["records"]
    assert days[-1] == {"date": 1780444800, "home": 7.5, "other": 0.0, "superCharger": 20.0, "total": 27.5}
    assert len(days) == 3
    assert failure(await api.request("Tesla", f"{path}?startDate=x")) == (400, "VALIDATION", "PARAMETER")


async def test_bills(api: ClientV2) -> None:
    """Fast charges only, newest first, two a page."""
    api.sim.world.advance(days=3)
    remember(api, "Tesla")
    path = "/tesla/charge/records/billing"
    first = await api.read("Tesla", path)
    assert first["hasMoreData"]
    assert [record["recordId"] for record in first["records"]] == ["R-003480", "R-002040"]
    second = await api.read("Tesla", f"{path}?page=2")
    assert second == {
        "records": [
            {
                "recordId": "R-000600",
                "chargeStart": "2026-06-01T10:00:00.000Z",
                "chargeEnd": "2026-06-01T10:30:00.000Z",
                "energyConsumed": 20.0,
                "location": "Shop",
                "cost": {"currency": "SEK", "energy": "42.00", "other": "0"},
            }
        ],
        "hasMoreData": False,
    }
    assert failure(await api.request("Tesla", f"{path}?page=0")) == (400, "VALIDATION", "PARAMETER")
