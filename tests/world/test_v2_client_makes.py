"""Batches and the commands of one make, from the client to the simulator's cars and back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from smartcar_async import CompatibilityError, NotFound, VehicleStateError
from smartcar_async.testing.simulator import Simulator
from smartcar_async.v2 import Attributes, Client, NissanWindow, Odometer, Vehicle


@asynccontextmanager
async def driving(make: str) -> AsyncGenerator[tuple[Simulator, Vehicle]]:
    """A car of the simulator through the client, for its owner."""
    async with Simulator("makes") as sim:
        simulated = sim.world.find(make)
        tokens = sim.v2_tokens(simulated.owner_id)
        async with Client(sim.client_id, sim.client_secret, settings=sim.settings) as client:
            yield sim, client.vehicle(simulated.id, tokens.access_token)


async def test_a_tesla() -> None:
    """What was commanded is what a batch reads afterwards."""
    async with driving("Tesla") as (sim, car):
        assert (await car.tesla.start_cabin(20)).status == "ON"
        assert (await car.tesla.start_defroster()).status == "START"
        assert (await car.tesla.set_pin("4821")).status == "success"
        schedule = await car.tesla.set_schedule("DEPARTURE_TIME", "07:30")
        assert schedule.departure_time is not None
        assert schedule.departure_time.enabled
        sim.world.advance(seconds=10)
        batch = await car.batch(["/", "odometer", "/TESLA/climate/cabin", "/tesla/charge/schedule", "fuel", "/x"])
        assert isinstance(batch["attributes"], Attributes)
        assert isinstance(batch["odometer"], Odometer)
        assert batch["tesla_climate_cabin"].body == {"status": "ON", "temperature": 20}
        assert batch["tesla_charge_schedule"].body["departureTime"] == {"enabled": True, "time": "07:30"}
        assert {path: type(error) for path, error in batch.failed.items()} == {
            "/fuel": CompatibilityError,
            "/x": NotFound,
        }


async def test_a_nissan() -> None:
    """Its schedule arrives; what another make can do is refused by the API, and once the make is known, here."""
    async with driving("Nissan") as (sim, car):
        sim.world.find("Nissan").car.plug_in()
        await car.nissan.set_schedule([NissanWindow("00:30", "05:30", ("MONDAY",))])
        sim.world.advance(seconds=10)
        read = await car.request("GET", "nissan/charge/schedule")
        assert read.body == {"chargeSchedules": [{"start": "00:30", "end": "05:30", "days": ["MONDAY"]}]}
        with pytest.raises(CompatibilityError) as caught:
            await car.tesla.open_trunk()
        assert caught.value.status == 501
        await car.attributes()
        with pytest.raises(CompatibilityError) as caught:
            await car.tesla.open_trunk()
        assert caught.value.status is None


async def test_a_lincoln() -> None:
    """It has a Ford's commands, under its own make, at the places that it has saved."""
    async with driving("Lincoln") as (_, car):
        await car.attributes()
        places = (await car.request("GET", "lincoln/charge/schedule_by_location")).body["chargingLocations"]
        place = places[0]["location"]["latitude"], places[0]["location"]["longitude"]
        done = await car.ford.set_schedule(place, 0.85, weekday=[("22:00", "06:00")])
        assert done.status == "success"


async def test_a_tesla_that_is_plugged_in() -> None:
    """A refusal of the car's own, and an amperage that it takes."""
    async with driving("Tesla") as (sim, car):
        sim.world.find("Tesla").car.plug_in()
        assert (await car.tesla.set_amperage(16)).message is not None
        with pytest.raises(VehicleStateError):
            await car.tesla.close_charge_port()
