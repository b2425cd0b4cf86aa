"""What a user does all day, with the real client over TCP: list, page, filter, read, delete; and each again with every
switch of the simulator thrown, because the wire has more than one form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import attrs
import pytest

from smartcar_async import ConfigurationError, NotFound, Signal, SignalSet, signals
from smartcar_async.testing import Switches
from tests.world.simulated_fleet import Fleet, fleet

KM = {"km", "kilometers"}


def values() -> Iterator[tuple[str, object]]:
    """Every value of every switch."""
    kinds = get_type_hints(Switches)
    for name in attrs.fields_dict(Switches):
        for value in get_args(kinds[name]) or (True, False):
            yield name, value


async def listing(fleet: Fleet) -> None:
    """Every connection, newest first, in one large page or in many small ones."""
    known = sorted(fleet.sim.world.connections.values(), key=lambda one: one.created_at, reverse=True)
    live = [one for one in known if one.vehicle.mode == "live"]
    listed = [one async for one in fleet.client.connections()]
    assert [one.id for one in listed] == [one.id for one in live]
    for one, there in zip(listed, live, strict=True):
        assert (one.vehicle_id, one.user_id) == (there.vehicle.id, there.owner.id)
        assert (one.external_id, one.created_at) == (there.owner.external_id, there.created_at)
        assert set(map(str, one.permissions)) == set(there.permissions)
        assert one.vehicle is not None
        model = there.vehicle.car.model
        assert (one.vehicle.make, one.vehicle.model, one.vehicle.year) == (model.make, model.model, model.year)
    assert fleet.sent("GET", "/v3/connections") == 1
    fleet.sim.requests.clear()
    assert [one async for one in fleet.client.connections(page_size=4)] == listed
    assert [request.query["page[number]"] for request in fleet.sim.requests] == ["1", "2", "3", "4"]
    second = await fleet.client.connections(page_size=4).page(2)
    assert (second.items, second.total, second.has_next) == (tuple(listed[4:8]), len(live), True)
    assert await fleet.client.connection(listed[3].id) == listed[3]


async def reading_all(fleet: Fleet) -> None:
    """Every signal of every car in one request each: typed, dated, and true to the car."""
    fleet.sim.requests.clear()
    for vehicle in [one.vehicle for one in fleet.sim.world.connections.values()]:
        handle = fleet.client.vehicle(vehicle.id, user_id=vehicle.owner_id)
        if not vehicle.subscribed and fleet.sim.switches.unsubscribed == "not_found":
            with pytest.raises(NotFound, match="VEHICLE_NOT_FOUND"):
                await handle.signals()
            continue
        readings = await handle.signals()
        check_types(readings)
        if not vehicle.subscribed:
            assert len(readings) == 0
            continue
        assert (readings.vehicle is None) is not fleet.sim.switches.included
        odometer = readings[signals.Odometer.TraveledDistance]
        assert odometer.value == round(vehicle.stored.odometer_km, 1)
        assert odometer.unit in KM
        assert odometer.recorded_at is not None
        assert abs(odometer.recorded_at - vehicle.recorded_at) < timedelta(seconds=1)
        age = odometer.age(fleet.sim.world.now)
        assert age is not None
        assert age >= timedelta()
    assert fleet.sent() == len(fleet.sim.world.connections)


def check_types(readings: SignalSet) -> None:
    """Each body that is vouched for is of its signal's class, and nothing is malformed."""
    for signal in readings.entries:
        assert signal.error is None or signal.error.type != "MALFORMED", signal
        assert signal.ok == (signal.status == "SUCCESS")
        assert signal.body is None or type(signal.body) is signal.key.body


async def reading_one(fleet: Fleet) -> None:
    """A single signal is what the list says of it; one that cannot be read says why."""
    tesla = fleet.vehicle("Tesla")
    whole = await tesla.signals()
    for key in (signals.Odometer.TraveledDistance, signals.VehicleIdentification.VIN, signals.Closure.Doors):
        assert_same(await tesla.signal(key), whole[key])
        assert_same(await tesla.signal(key.code), whole[key])
    located = await fleet.vehicle("BMW").signal(signals.Location.PreciseLocation)
    assert located.error is not None
    assert (located.ok, located.error.type, located.error.resolution) == (False, "PERMISSION", "REAUTHENTICATE")
    electric = await fleet.vehicle("Volvo", "XC40").signal(signals.TractionBattery.StateOfCharge)
    assert electric.error is not None
    assert (electric.ok, electric.error.type, electric.error.code) == (False, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE")
    with pytest.raises(NotFound, match="SIGNAL_NOT_FOUND"):
        await tesla.signal(signals.Diagnostics.ABS)


def assert_same(one: Signal[Any], other: Signal[Any]) -> None:
    """The same reading, times included."""
    assert one == other
    assert (one.recorded_at, one.retrieved_at, one.ingested_at) == (
        other.recorded_at,
        other.retrieved_at,
        other.ingested_at,
    )


async def reading_attributes(fleet: Fleet) -> None:
    """What each car is; the bare form of old does not tell its powertrain and mode."""
    for make in ("Volvo", "Toyota", "Hyundai"):
        vehicle = fleet.vehicle(make)
        model = fleet.sim.world.vehicles[vehicle.id].car.model
        found = await vehicle.attributes()
        assert (found.id, found.make, found.model, found.year) == (vehicle.id, model.make, model.model, model.year)
        told = fleet.sim.switches.single == "wrapped" and not model.hides_powertrain
        assert found.powertrain_type == (model.powertrain if told else None)


STORIES: tuple[Callable[[Fleet], Awaitable[None]], ...] = (listing, reading_all, reading_one, reading_attributes)


@pytest.mark.parametrize(("name", "value"), list(values()))
async def test_reading_with_every_switch_thrown(name: str, value: object) -> None:
    """One switch at a time, the values that it has at first included."""
    async with fleet() as one:
        setattr(one.sim.switches, name, value)
        for story in STORIES:
            await story(one)


async def test_all_signals_are_read() -> None:
    """Over an afternoon the everyday fleet vouches for each of them at least once, and none is ever malformed."""
    seen: set[str] = set()
    async with fleet(rate_limit=None) as one:
        for _ in range(4):
            one.sim.world.advance(hours=6)
            for connection in one.sim.world.connections.values():
                handle = one.client.vehicle(connection.vehicle.id, user_id=connection.owner.id)
                readings = await handle.signals()
                check_types(readings)
                seen |= {signal.code for signal in readings.ok}
    assert seen == {key.code for key in signals.ALL}


@pytest.mark.parametrize(
    ("filters", "models"),
    [
        ({"user_id": "{user}"}, {"EX30", "Polestar 2"}),
        ({"vehicle_id": "{vehicle}"}, {"Polestar 2"}),
        ({"external_id": "acct-42"}, {"EX30", "Polestar 2"}),
        ({"external_id": "acct-105", "mode": "simulated"}, {"Model Y"}),
        ({"mode": "simulated"}, {"Model Y", "ID. Buzz"}),
        ({"user_id": "{user}", "vehicle_id": "{vehicle}", "mode": "live"}, {"Polestar 2"}),
        ({"user_id": "{user}", "mode": "simulated"}, set[str]()),
        ({"external_id": "nobody"}, set[str]()),
    ],
)
async def test_filters(filters: dict[str, str], models: set[str]) -> None:
    """Each alone, and together."""
    async with fleet() as one:
        polestar = one.sim.world.find("Polestar")
        given: dict[str, Any] = {
            name: text.format(user=polestar.owner_id, vehicle=polestar.id) for name, text in filters.items()
        }
        found = [connection async for connection in one.client.connections(**given)]
        assert {connection.vehicle.model for connection in found if connection.vehicle} == models
        assert len(found) == len(models)
        assert one.sent() == 1


async def test_an_application_without_cars() -> None:
    """An empty list is one request and no error; a bad filter is refused before any."""
    async with fleet("empty") as one:
        assert [found async for found in one.client.connections()] == []
        assert one.sent() == 1
        with pytest.raises(ConfigurationError):
            one.client.connections(mode="imaginary")
        assert one.sent() == 1


async def test_ending_a_connection() -> None:
    """It is gone from the list, its car can no longer be read, and ending it again is NotFound."""
    async with fleet() as one:
        tesla = one.vehicle("Tesla")
        (connection,) = [found async for found in one.client.connections(vehicle_id=tesla.id)]
        await one.client.delete_connection(connection.id)
        assert [found async for found in one.client.connections(vehicle_id=tesla.id)] == []
        for gone in (tesla.signals(), tesla.attributes(), one.client.connection(connection.id)):
            with pytest.raises(NotFound):
                await gone
        with pytest.raises(NotFound, match="CONNECTION_NOT_FOUND"):
            await one.client.delete_connection(connection.id)
        assert [request.status for request in one.sim.requests.matching("DELETE")] == [204, 404]


async def test_removing_a_user() -> None:
    """All connections of that user go, and nobody else's."""
    async with fleet() as one:
        user = one.sim.world.find("Polestar").owner_id
        before = [found async for found in one.client.connections()]
        await one.client.delete_user(user)
        after = [found async for found in one.client.connections()]
        assert after == [found for found in before if found.user_id != user]
        assert len(after) == len(before) - 2
        with pytest.raises(NotFound, match="USER_NOT_FOUND"):
            await one.client.delete_user(user)


async def test_a_day_of_a_car() -> None:
    """Time passes in the world, and the readings follow it, while token and client live on."""
    async with fleet() as one:
        tesla = one.vehicle("Tesla")
        morning = await tesla.signal(signals.Odometer.TraveledDistance)
        one.sim.world.advance(hours=12)
        noon = await tesla.signal(signals.Odometer.TraveledDistance)
        assert noon.value > morning.value
        assert one.sent("POST", "/oauth2/token") == 0
