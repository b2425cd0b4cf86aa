"""v2 at the simulator: who may ask, the generic reads, units, errors and limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from smartcar_async.testing import Drip, ErrorReply, MalformedJson, ResetInBody, V2Switches
from smartcar_async.testing.v2.errors import flat_body
from smartcar_async.testing.wire import Problem
from tests.world.raw_client_v2 import ClientV2, bearer, failure, v2


@pytest.fixture
async def api() -> AsyncIterator[ClientV2]:
    """A car of each make that v2 has calls of its own for."""
    async with v2() as client:
        yield client


async def test_generic_reads_of_an_electric_car(api: ClientV2) -> None:
    """Every document in full, of the same car that v3 shows."""
    vehicle = api.vehicle("Tesla")
    car = vehicle.car
    assert await api.read("Tesla") == {"id": vehicle.id, "make": "TESLA", "model": "Model 3", "year": 2023}
    assert await api.read("Tesla", "/vin") == {"vin": car.vin}
    assert await api.read("Tesla", "/battery") == {
        "percentRemaining": round(round(car.soc, 1) / 100, 4),
        "range": round(car.electric_range_km, 1),
    }
    assert await api.read("Tesla", "/battery/capacity") == {"capacity": 60.0}
    assert await api.read("Tesla", "/battery/nominal_capacity") == {
        "availableCapacities": [{"capacity": 60.0, "description": "BEV:RWD"}],
        "capacity": {"nominal": 60.0, "source": "SMARTCAR"},
        "url": None,
    }
    assert await api.read("Tesla", "/charge") == {"isPluggedIn": car.plugged_in, "state": "NOT_CHARGING"}
    assert await api.read("Tesla", "/charge/limit") == {"limit": 0.8}
    assert await api.read("Tesla", "/location") == {
        "latitude": round(car.latitude, 6),
        "longitude": round(car.longitude, 6),
    }
    assert await api.read("Tesla", "/odometer") == {"distance": round(car.odometer_km, 1)}
    seats = ("frontLeft", "frontRight", "backLeft", "backRight")
    closed = [{"type": seat, "status": "CLOSED"} for seat in seats]
    assert await api.read("Tesla", "/security") == {
        "isLocked": True,
        "doors": closed,
        "windows": closed,
        "sunroof": [],
        "storage": [{"type": "front", "status": "CLOSED"}, {"type": "rear", "status": "CLOSED"}],
        "chargingPort": [{"type": "chargingPort", "status": "CLOSED"}],
    }
    assert set(await api.read("Tesla", "/tires/pressure")) == set(seats)


async def test_generic_reads_of_a_car_that_burns_something(api: ClientV2) -> None:
    """A Ford tells no amount, a Toyota all; history comes with and without a range."""
    ford, toyota = await api.read("Ford", "/fuel"), await api.read("Toyota", "/fuel")
    assert ford["amountRemaining"] is None
    assert toyota["amountRemaining"] == round(api.vehicle("Toyota").car.fuel_l, 1)
    assert 0 < ford["percentRemaining"] <= 1
    assert 0 < (await api.read("Toyota", "/engine/oil"))["lifeRemaining"] < 1
    (record,) = await api.read("Toyota", "/service/history")
    assert record == {
        "serviceId": "visit-1",
        "serviceDate": "2026-02-17T09:00:00Z",
        "odometerDistance": 8800,
        "serviceTasks": [{"taskId": "task-1", "taskDescription": "Oil and filter change"}],
        "serviceDetails": [{"type": "dealer", "value": "No remarks"}],
        "serviceCost": {"totalCost": 3490.0, "currency": "SEK"},
    }
    for query, count in (
        ("startDate=2026-02-17&endDate=2026-02-17T23:00:00Z", 1),
        ("start_date=2026-02-18", 0),
        ("end_date=2026-02-16", 0),
    ):
        assert len(await api.read("Toyota", f"/service/history?{query}")) == count
    undefined = await api.request("Toyota", "/service/history?start_date=undefined&end_date=undefined")
    assert failure(undefined) == (400, "VALIDATION", "PARAMETER")
    api.sim.switches.v2.history = "object"
    assert await api.read("Toyota", "/service/history") == record


async def test_diagnostics_are_for_some_makes(api: ClientV2) -> None:
    """A Chevrolet's systems, and no Ford's."""
    systems = (await api.read("Chevrolet", "/diagnostics/system_status"))["systems"]
    assert {"systemId": "SYSTEM_TIRE_PRESSURE", "status": "ALERT", "description": "Low pressure, front left"} in systems
    assert {"systemId": "SYSTEM_EV_HV_BATTERY", "status": "OK", "description": None} in systems
    assert len(systems) == 14
    (code,) = (await api.read("Chevrolet", "/diagnostics/dtcs"))["activeCodes"]
    assert code == {"code": "P0AA6", "timestamp": "2026-05-11T06:12:00Z"}
    for path in ("/diagnostics/system_status", "/diagnostics/dtcs"):
        assert failure(await api.request("Ford", path)) == (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE")


async def test_incapable_cars_say_so(api: ClientV2) -> None:
    """501, wherever a car has nothing to tell."""
    for make, path in (
        ("Toyota", "/battery"),
        ("Toyota", "/charge"),
        ("Toyota", "/charge/limit"),
        ("Toyota", "/battery/capacity"),
        ("Toyota", "/battery/nominal_capacity"),
        ("Tesla", "/fuel"),
        ("Tesla", "/engine/oil"),
        ("BMW", "/service/history"),
        ("Audi", "/diagnostics/dtcs"),
        ("Chevrolet", "/tires/pressure"),
    ):
        assert failure(await api.request(make, path)) == (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE"), path


async def test_an_undecided_capacity(api: ClientV2) -> None:
    """No capacity and an address to choose one at; the older call has an error of its own."""
    body = await api.read("Nissan", "/battery/nominal_capacity")
    assert body["capacity"] is None
    assert body["url"].startswith("https://connect.smartcar.com/")
    reply = await api.request("Nissan", "/battery/capacity")
    assert failure(reply) == (500, "SERVER", "MULTIPLE_RECORDS_FOUND")
    assert reply.json["detail"] == [{"capacities": [40.0, 62.0]}]
    assert reply.json["resolution"] == {"type": "CONTACT_SUPPORT"}


async def test_what_a_car_does_not_know_is_null_or_unknown() -> None:
    """A Polestar cannot tell of its sunroof; a text year is a switch; a Volvo has no trunk to tell of."""
    async with v2("everyday") as api:
        body = await api.read("Polestar", "/security")
        assert body["sunroof"] == [{"type": "sunroof", "status": "UNKNOWN"}]
        assert (await api.read("Volvo", "/security"))["storage"] == []
        api.sim.switches.year = "text"
        assert (await api.read("Volvo"))["year"] == "2025"
        assert (await api.read("Hyundai", "/battery"))["range"] > 0


async def test_units_and_headers(api: ClientV2) -> None:
    """Imperial where it is asked for; the answer says so, and when the car and the service had it."""
    metric, reply = (
        await api.read("Ford", "/odometer"),
        await api.request("Ford", "/odometer", SC_Unit_System="imperial"),
    )
    assert reply.json["distance"] == pytest.approx(metric["distance"] / 1.609344, rel=1e-5)
    assert reply.headers["SC-Unit-System"] == "imperial"
    age, fetched = (datetime.fromisoformat(reply.headers[name]) for name in ("SC-Data-Age", "SC-Fetched-At"))
    assert age <= fetched <= api.sim.world.now
    kpa, psi = (
        await api.read("Ford", "/tires/pressure"),
        await api.request("Ford", "/tires/pressure", SC_Unit_System="imperial"),
    )
    assert psi.json["frontLeft"] == pytest.approx(kpa["frontLeft"] / 6.894757, rel=1e-4)
    litres = (await api.read("Toyota", "/fuel"))["amountRemaining"]
    gallons = await api.read("Toyota", "/fuel", SC_Unit_System="imperial")
    assert gallons["amountRemaining"] == pytest.approx(litres / 3.785412, rel=1e-4)
    wrong = await api.request("Ford", "/odometer", SC_Unit_System="imperium")
    assert failure(wrong) == (400, "VALIDATION", "PARAMETER")


async def test_a_user_and_their_vehicles() -> None:
    """Pages by limit and offset, of what that user has connected."""
    async with v2("everyday") as api:
        owner, astrid = api.owner("Volvo EX30"), api.vehicle("Volvo EX30").owner_id
        assert (await api.send("GET", "/v2.0/user/", headers=owner)).json == {"id": astrid}
        everything = (await api.send("GET", "/v2.0/vehicles/", headers=owner)).json
        ids = [api.vehicle("Volvo EX30").id, api.vehicle("Polestar").id]
        assert everything == {"paging": {"count": 2, "offset": 0}, "vehicles": ids}
        page = await api.send("GET", "/v2.0/vehicles?limit=1&offset=1", headers=owner)
        assert page.json == {"paging": {"count": 2, "offset": 1}, "vehicles": ids[1:]}
        for query in ("limit=0", "limit=51", "limit=undefined", "offset=-1"):
            wrong = await api.send("GET", f"/v2.0/vehicles?{query}", headers=owner)
            assert failure(wrong) == (400, "VALIDATION", "PARAMETER")
            assert wrong.json["detail"][0]["field"] == query.partition("=")[0]


async def test_permissions_are_those_of_token_and_owner() -> None:
    """Listed in pages; what lacks is a 403 with the way out."""
    async with v2("everyday") as api:
        listed = await api.read("BMW", "/permissions?limit=2&offset=1")
        assert listed == {"permissions": ["read_battery", "read_charge"], "paging": {"count": 26, "offset": 1}}
        reply = await api.request("BMW", "/location")
        assert failure(reply) == (403, "PERMISSION", None)
        assert reply.json["resolution"] == {"type": "REAUTHENTICATE"}
        path, narrow = f"/v2.0/vehicles/{api.vehicle('BMW').id}", api.owner("BMW", ("read_vin",))
        assert (await api.send("GET", f"{path}/vin", headers=narrow)).status == 200
        assert failure(await api.send("GET", f"{path}/battery", headers=narrow)) == (403, "PERMISSION", None)
        assert (await api.send("GET", f"{path}/permissions", headers=narrow)).json["permissions"] == ["read_vin"]


async def test_who_may_ask(api: ClientV2) -> None:
    """A token of the vehicle's own user, and no other one; what is not connected is forbidden too."""
    path = f"/v2.0/vehicles/{api.vehicle('Tesla').id}/vin"
    await api.fetch_token()
    for headers in ({}, bearer("wrong"), bearer(api.token), {"Authorization": "Basic eA=="}):
        assert failure(await api.send("GET", path, headers=headers)) == (401, "AUTHENTICATION", None)
    other = await api.send("GET", path, headers=api.owner("Nissan"))
    assert failure(other) == (403, "PERMISSION", None)
    unknown = await api.send("GET", "/v2.0/vehicles/unknown/vin", headers=api.owner("Nissan"))
    assert failure(unknown) == (403, "PERMISSION", None)


async def test_versions_and_paths(api: ClientV2) -> None:
    """Any two numbers are the newest version; anything else is unknown, and so is a path."""
    path, owner = f"/vehicles/{api.vehicle('Tesla').id}/vin", api.owner("Tesla")
    for version in ("2.0", "1.0", "9.12", "3.1"):
        assert (await api.send("GET", f"/v{version}{path}", headers=owner)).status == 200
    for version in ("2", "4", "2.0x"):
        reply = await api.send("GET", f"/v{version}{path}", headers=owner)
        assert failure(reply) == (404, "RESOURCE_NOT_FOUND", "VERSION")
    for method, unknown in (("GET", "/v2.0/nothing"), ("PATCH", f"/v2.0{path}"), ("GET", f"/v2.0{path}/x/y/z")):
        reply = await api.send(method, unknown, headers=owner)
        assert failure(reply) == (404, "RESOURCE_NOT_FOUND", "PATH")


async def test_limits(api: ClientV2) -> None:
    """The three brakes of the service, in the words of v2."""
    api.sim.vehicle_interval = timedelta(minutes=1)
    assert (await api.request("Tesla", "/vin")).status == 200
    soon = await api.request("Tesla", "/vin")
    assert failure(soon) == (429, "RATE_LIMIT", "VEHICLE")
    assert soon.headers["Retry-After"] == "60"
    assert soon.json["suggestedUserMessage"]
    api.sim.vehicle_interval, api.sim.plan_limit = None, 1
    await api.read("Tesla", "/vin")
    over = await api.request("Tesla", "/vin")
    assert failure(over) == (430, "BILLING", "VEHICLE_REQUEST_LIMIT")
    assert over.json["resolution"] == {"type": "CONTACT_SUPPORT"}
    api.sim.rate_limit = (1, 2)
    assert (await api.request("Nissan", "/vin")).status == 200
    empty = await api.request("Nissan", "/vin")
    assert failure(empty) == (429, "RATE_LIMIT", "SMARTCAR_API")
    assert empty.json["resolution"] == {"type": "RETRY_LATER"}


async def test_faults_at_the_wire(api: ClientV2) -> None:
    """They spoil v2 as they do v3; a scripted error comes in v2's form."""
    error = api.sim.fault(ErrorReply(429, "RATE_LIMIT", "VEHICLE", retry_after=9), path="/v2.0/*", times=1)
    reply = await api.request("Tesla", "/vin")
    assert failure(reply) == (429, "RATE_LIMIT", "VEHICLE")
    assert (reply.headers["Retry-After"], error.hits) == ("9", 1)
    api.sim.fault(MalformedJson(), path="/v2.0/*", times=1)
    assert (await api.request("Tesla", "/vin")).body[-1:] != b"}"
    api.sim.fault(Drip(10_000), vehicle_id=api.vehicle("Tesla").id, times=1)
    assert (await api.request("Tesla", "/vin")).status == 200
    api.sim.fault(ResetInBody(), method="POST", times=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.run("Tesla", "/security", {"action": "UNLOCK"})
    assert api.ledger_actions("Tesla") == ["unlock"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("object", {"type": "REAUTHENTICATE"}), ("text", "REAUTHENTICATE"), ("null", None)],
)
async def test_resolutions_have_three_shapes(api: ClientV2, shape: Any, expected: object) -> None:
    """As newer pages and older fixtures show them."""
    api.sim.switches.v2.resolution = shape
    reply = await api.send("GET", f"/v2.0/vehicles/{api.vehicle('Tesla').id}/vin", headers=api.owner("Tesla", ()))
    assert reply.json["resolution"] == expected


async def test_a_scripted_error_has_the_shape_that_is_set(api: ClientV2) -> None:
    """It looks like an error of the service itself; switches that were replaced as a whole count too."""
    api.sim.switches.v2 = V2Switches(resolution="text")
    api.sim.fault(ErrorReply(502, "UPSTREAM", "NO_RESPONSE"), times=1)
    assert (await api.request("Tesla", "/vin")).json["resolution"] == "RETRY_LATER"


def test_every_part_of_an_error() -> None:
    """Advice of the type where a problem has none, a link, a message for users, and details."""
    problem = Problem(502, "UPSTREAM", "NO_RESPONSE", "Nothing came.", url="https://x.example", facts=({"a": 1},))
    assert flat_body(problem, "id-1") == {
        "type": "UPSTREAM",
        "code": "NO_RESPONSE",
        "description": "Nothing came.",
        "docURL": "https://smartcar.com/docs/errors/v2.0/upstream",
        "statusCode": 502,
        "requestId": "id-1",
        "resolution": {"type": "RETRY_LATER", "url": "https://x.example"},
        "detail": ({"a": 1},),
    }
