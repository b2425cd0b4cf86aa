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
from tests.world.simulated_fleet import Fleet, simulated_fleet

KM = {"km", "kilometers"}


def values() -> Iterator[tuple[str, object]]:
    """Every value of every switch."""
    kinds = get_type_hints(Switches)
    for name in attrs.fields_dict(Switches):
        for value in get_args(kinds[name]) or (True, False):
            yield name, value


async def listing(fleet: Fleet) -> None:
    """Every connection, newest first, in one large page or in many small ones."""
    everything = sorted(
        fleet.sim.world.connections.values(), key=lambda connection: connection.created_at, reverse=True
    )
    live = [connection for connection in everything if connection.vehicle.mode == "live"]
    listed = [connection async for connection in fleet.client.connections()]
    assert [connection.id for connection in listed] == [connection.id for connection in live]
    for connection, simulated in zip(listed, live, strict=True):
        assert (connection.vehicle_id, connection.user_id) == (
            simulated.vehicle.id,
            simulated.owner.id,
        )
        assert (connection.external_id, connection.created_at) == (
            simulated.owner.external_id,
            simulated.created_at,
        )
        assert set(map(str, connection.permissions)) == set(simulated.permissions)
        assert connection.vehicle is not None
        model = simulated.vehicle.car.model
        assert (connection.vehicle.make, connection.vehicle.model, connection.vehicle.year) == (
            model.make,
            model.model,
            model.year,
        )
    assert fleet.sent("GET", "/v3/connections") == 1
    fleet.sim.requests.clear()
    assert [connection async for connection in fleet.client.connections(page_size=4)] == listed
    assert [request.query["page[number]"] for request in fleet.sim.requests] == ["1", "2", "3", "4"]
    second = await fleet.client.connections(page_size=4).page(2)
    assert (second.items, second.total, second.has_next) == (tuple(listed[4:8]), len(live), True)
    assert await fleet.client.connection(listed[3].id) == listed[3]


async def reading_all(fleet: Fleet) -> None:
    """Every signal of every car in one request each: typed, dated, and true to the car."""
    fleet.sim.requests.clear()
    for vehicle in [connection.vehicle for connection in fleet.sim.world.connections.values()]:
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


def assert_same(signal: Signal[Any], other: Signal[Any]) -> None:
    """The same reading, times included."""
    assert signal == other
    assert (signal.recorded_at, signal.retrieved_at, signal.ingested_at) == (
        other.recorded_at,
        other.retrieved_at,
        other.ingested_at,
    )


async def reading_attributes(fleet: Fleet) -> None:
    """What each car is; the bare form of old does not tell its powertrain and mode."""
    for make in ("Volvo", "Toyota", "Hyundai"):
        vehicle = fleet.vehicle(make)
        model = fleet.sim.world.vehicles[vehicle.id].car.model
        answer = await vehicle.attributes()
        assert (answer.id, answer.make, answer.model, answer.year) == (vehicle.id, model.make, model.model, model.year)
        has_powertrain = fleet.sim.switches.single == "wrapped" and not model.hides_powertrain
        assert answer.powertrain_type == (model.powertrain if has_powertrain else None)


STORIES: tuple[Callable[[Fleet], Awaitable[None]], ...] = (listing, reading_all, reading_one, reading_attributes)


@pytest.mark.parametrize(("name", "value"), list(values()))
async def test_reading_with_every_switch_thrown(name: str, value: object) -> None:
    """One switch at a time, the values that it has at first included."""
    async with simulated_fleet() as fleet:
        setattr(fleet.sim.switches, name, value)
        for story in STORIES:
            await story(fleet)


async def test_all_signals_are_read() -> None:
    """Over an afternoon the everyday fleet vouches for each of them at least once, and none is ever malformed."""
    codes: set[str] = set()
    async with simulated_fleet(rate_limit=None) as fleet:
        for _ in range(4):
            fleet.sim.world.advance(hours=6)
            for connection in fleet.sim.world.connections.values():
                handle = fleet.client.vehicle(connection.vehicle.id, user_id=connection.owner.id)
                readings = await handle.signals()
                check_types(readings)
                codes |= {signal.code for signal in readings.ok}
    assert codes == {key.code for key in signals.ALL}


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
    async with simulated_fleet() as fleet:
        polestar = fleet.sim.world.find("Polestar")
        query: dict[str, Any] = {
            name: text.format(user=polestar.owner_id, vehicle=polestar.id) for name, text in filters.items()
        }
        connections = [connection async for connection in fleet.client.connections(**query)]
        assert {connection.vehicle.model for connection in connections if connection.vehicle} == models
        assert len(connections) == len(models)
        assert fleet.sent() == 1


async def test_an_application_without_cars() -> None:
    """An empty list is one request and no error; a bad filter is refused before any."""
    async with simulated_fleet("empty") as fleet:
        assert [connection async for connection in fleet.client.connections()] == []
        assert fleet.sent() == 1
        with pytest.raises(ConfigurationError):
            fleet.client.connections(mode="imaginary")
        assert fleet.sent() == 1


async def test_ending_a_connection() -> None:
    """It is gone from the list, its car can no longer be read, and ending it again is NotFound."""
    async with simulated_fleet() as fleet:
        tesla = fleet.vehicle("Tesla")
        (connection,) = [connection async for connection in fleet.client.connections(vehicle_id=tesla.id)]
        await fleet.client.delete_connection(connection.id)
        assert [connection async for connection in fleet.client.connections(vehicle_id=tesla.id)] == []
        for call in (tesla.signals(), tesla.attributes(), fleet.client.connection(connection.id)):
            with pytest.raises(NotFound):
                await call
        with pytest.raises(NotFound, match="CONNECTION_NOT_FOUND"):
            await fleet.client.delete_connection(connection.id)
        assert [request.status for request in fleet.sim.requests.matching("DELETE")] == [204, 404]


async def test_removing_a_user() -> None:
    """All connections of that user go, and nobody else's."""
    async with simulated_fleet() as fleet:
        user = fleet.sim.world.find("Polestar").owner_id
        before = [connection async for connection in fleet.client.connections()]
        await fleet.client.delete_user(user)
        after = [connection async for connection in fleet.client.connections()]
        assert after == [connection for connection in before if connection.user_id != user]
        assert len(after) == len(before) - 2
        with pytest.raises(NotFound, match="USER_NOT_FOUND"):
            await fleet.client.delete_user(user)


async def test_a_day_of_a_car() -> None:
    """Time passes in the world, and the readings follow it, while token and client live on."""
    async with simulated_fleet() as fleet:
        tesla = fleet.vehicle("Tesla")
        morning = await tesla.signal(signals.Odometer.TraveledDistance)
        fleet.sim.world.advance(hours=12)
        noon = await tesla.signal(signals.Odometer.TraveledDistance)
        assert noon.value > morning.value
        assert fleet.sent("POST", "/oauth2/token") == 0
