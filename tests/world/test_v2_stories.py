"""The generic client of API v2.0 against the simulator over TCP: from the link to the last farewell."""

from __future__ import annotations

import pytest

from smartcar_async import AuthenticationError, ConnectLink, PermissionDenied
from smartcar_async.testing import Simulator
from smartcar_async.v2 import Client
from tests.world.test_connecting import page_of, post

CALLBACK = "https://app.example/callback"


def client_of(sim: Simulator, redirect_uri: str | None = None) -> Client:
    """A client of a simulator."""
    return Client(sim.client_id, sim.client_secret, redirect_uri, settings=sim.settings)


async def test_from_link_to_disconnection() -> None:
    """An owner allows cars; the application reads them with that owner's token, until it takes its leave."""
    async with Simulator("empty") as sim, client_of(sim, CALLBACK) as client:
        link = client.auth_url("read_odometer required:read_vin control_security", state="s 1")
        back = await post(sim, (await page_of(ConnectLink(link, "s 1"))).forms[0], "allow")
        code = client.parse_redirect(back, state="s 1").code
        assert code is not None
        pair = await client.exchange_code(code)
        with pytest.raises(AuthenticationError):
            await client.exchange_code(code)
        pair = await client.exchange_refresh_token(pair.refresh_token)
        owner = await client.get_user(pair.access_token)
        page = await client.get_vehicles(pair.access_token, limit=1)
        ids = [vehicle async for vehicle in client.iter_vehicles(pair.access_token, page_size=1)]
        assert (len(page.vehicles), page.paging and page.paging.count) == (1, len(ids))
        car = client.vehicle(ids[0], pair.access_token, unit_system="imperial")
        assert await car.has_permissions(["required:read_odometer", "read_vin"])
        assert not await car.has_permissions("read_location")
        odometer, vin = await car.odometer(), (await car.vin()).vin
        assert odometer.distance is not None
        assert (odometer.meta.unit_system, len(vin or "")) == ("imperial", 17)
        assert None not in (odometer.meta.request_id, odometer.meta.data_age, odometer.meta.fetched_at)
        assert (await car.lock()).status == "success"
        with pytest.raises(PermissionDenied) as caught:
            await car.location()
        assert caught.value.permission == "read_location"
        assert (await car.disconnect()).status == "success"
        with pytest.raises(PermissionDenied):
            await car.odometer()
        amt = sim.world.management_token
        left = [
            connection.vehicle_id async for connection in client.iter_connections(amt, user_id=owner.id, page_size=1)
        ]
        assert sorted(str(vehicle_id) for vehicle_id in left) == sorted(ids[1:])
        deleted = await client.delete_connections(amt, user_id=owner.id)
        assert [connection.vehicle_id for connection in deleted.connections] == left
        assert (await client.get_connections(amt)).connections == ()


async def test_every_read() -> None:
    """Each answers as its record, or says that this car cannot tell."""
    async with Simulator() as sim, client_of(sim) as client:
        simulated = sim.world.find("Tesla")
        car = client.vehicle(simulated.id, sim.v2_tokens(simulated.owner_id).access_token)
        attributes, battery, charge = await car.attributes(), await car.battery(), await car.charge()
        assert (attributes.id, attributes.make) == (simulated.id, "TESLA")
        assert battery.percent_remaining is not None
        assert 0 <= battery.percent_remaining <= 1
        assert charge.is_plugged_in is not None
        assert (await car.lock_status()).is_locked is not None
        tires, location = await car.tire_pressure(), await car.location()
        assert None not in (tires.front_left, tires.back_right, location.latitude, location.longitude)
        assert (await car.get_charge_limit()).limit is not None
        assert (await car.request("GET", "TESLA/compass")).body


async def test_what_is_compatible() -> None:
    """By VIN and by region, with the application's own credentials."""
    async with Simulator() as sim, client_of(sim) as client:
        vin = sim.world.find("Tesla").car.vin
        by_vin = await client.get_compatibility(vin, "read_odometer read_fuel")
        matrix = await client.get_compatibility_matrix("EUROPE", make=["volvo", "TESLA"], type="BEV")
        assert by_vin.compatible
        assert {capability.permission: capability.capable for capability in by_vin.capabilities} == {
            "read_odometer": True,
            "read_fuel": False,
        }
        assert matrix.makes
        assert {entry.type for entries in matrix.makes.values() for entry in entries} == {"BEV"}
