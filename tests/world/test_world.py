"""The simulated world: one seed one week, and cars whose numbers agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from smartcar_async.testing.car import Car
from smartcar_async.testing.cars import PROFILES
from smartcar_async.testing.charging import ChargeTimer
from smartcar_async.testing.errors import SimulatorError
from smartcar_async.testing.routine import DAY
from smartcar_async.testing.world import EPOCH, PERMISSIONS, Connection, World

BASE = "http://simulator"


@pytest.fixture
def world() -> World:
    """A world of everyday cars on a Monday at midnight."""
    return World()


def state(world: World) -> list[tuple[str, Car, Car, datetime]]:
    """Everything that can differ between two worlds."""
    return [(vehicle.id, vehicle.car, vehicle.stored, vehicle.reported_at) for vehicle in world.vehicles.values()]


def connection(world: World, make: str, model: str = "") -> Connection:
    """The connection of a car."""
    result = world.connection_of(world.find(make, model).id)
    assert result is not None
    return result


def wait(world: World, happened: Callable[[], bool]) -> None:
    """Let minutes pass until something is so."""
    while not happened():
        world.advance(minutes=1)


def hours(world: World, count: int, minutes: int = 60) -> Iterator[World]:
    """The world at every hour, or every so many minutes, for a while."""
    for _ in range(count):
        world.advance(minutes=minutes)
        yield world


def test_the_same_seed_gives_the_same_week_whatever_the_steps() -> None:
    """A test may advance by days or by seconds and see the same cars."""
    in_one_step, in_many, other = World(seed=7), World(seed=7), World(seed=8)
    in_one_step.advance(days=7)
    for _ in range(7 * 24 * 4):
        in_many.advance(minutes=14, seconds=59.5)
        in_many.advance(seconds=0.5)
    other.advance(days=7)
    assert in_one_step.now == in_many.now == EPOCH + timedelta(days=7)
    assert state(in_one_step) == state(in_many)
    assert state(in_one_step) != state(other)


def test_ids_are_uuids_that_follow_from_the_seed(world: World) -> None:
    """What a test writes down today is true tomorrow."""
    again = World()
    assert list(world.connections) == list(again.connections)
    ids = [*world.connections, *world.vehicles, *(connection.owner.id for connection in world.connections.values())]
    assert all(UUID(text).version == 4 for text in ids)
    assert not set(ids) & set(World(seed=2).connections)


def test_the_everyday_street() -> None:
    """At least fourteen live cars of many makes, two simulated ones, an owner with two cars, one still unsubscribed."""
    world = World()
    connections = world.connections.values()
    live = [connection for connection in connections if connection.vehicle.mode == "live"]
    models = {(connection.vehicle.car.model.make, connection.vehicle.car.model.powertrain) for connection in live}
    assert len(live) >= 14
    assert {("VOLVO", "BEV"), ("VOLVO", "PHEV"), ("VOLVO", "ICE"), ("TOYOTA", "ICE"), ("FORD", "PHEV")} <= models
    assert {"TESLA", "VOLKSWAGEN", "BMW", "NISSAN", "HYUNDAI", "POLESTAR"} <= {make for make, _ in models}
    assert len(connections) - len(live) == 2
    assert len({connection.owner.id for connection in live}) == len(live) - 1
    assert sum(not connection.vehicle.subscribed for connection in live) == 1
    assert {connection.owner.external_id for connection in live if connection.owner.named} >= {"acct-42", None}
    assert len(PERMISSIONS) == 28


def test_profiles() -> None:
    """A Volvo household, and an application without a vehicle."""
    assert {vehicle.car.model.make for vehicle in World("volvo").vehicles.values()} == {"VOLVO"}
    assert not World("empty").connections
    assert set(PROFILES) == {"everyday", "volvo", "empty", "makes"}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: World("weekend"), "unknown profile 'weekend': choose one of everyday, volvo, empty, makes"),
        (lambda: World(seed="1"), "seed '1' is not a whole number: give an int such as 1"),  # type: ignore[arg-type]  # pyright: ignore
        (lambda: World(seed=True), "seed True is not a whole number: give an int such as 1"),
        (lambda: World().advance(hours=-1), "time only moves forward: advance the world by zero or more"),
        (lambda: World().find("Lada"), "no Lada in profile 'everyday': see world.vehicles"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(build: Any, message: str) -> None:
    """Bad input to the simulator."""
    with pytest.raises(SimulatorError) as caught:
        build()
    assert str(caught.value) == message


def test_numbers_agree_all_week(world: World) -> None:
    """Range follows charge, wattage follows amperage and voltage, nothing runs below empty or above its limit."""
    charged = driven = 0
    for _ in hours(world, 7 * 24 * 6, minutes=10):
        for vehicle in world.vehicles.values():
            car, model = vehicle.car, vehicle.car.model
            assert 0 <= car.soc <= 100
            assert 0 <= car.fuel_l <= model.tank_l
            assert car.electric_range_km * model.consumption_kwh / 100 == pytest.approx(car.battery_kwh)
            assert car.fuel_range_km * model.consumption_l / 100 == pytest.approx(car.fuel_l)
            assert car.wattage == car.amperage * car.voltage * car.phases
            assert car.in_motion == (car.speed_kmh > 0)
            assert not (car.asleep and (car.charging or car.ignition_on))
            assert not (car.charging and not car.plugged_in)
            assert not (car.plugged_in and car.ignition_on)
            charged += car.charging
            driven += car.in_motion
    assert charged > 100
    assert driven > 100


@pytest.mark.parametrize(("make", "model"), [("Tesla", "Model 3"), ("Volvo", "XC40")])
def test_the_odometer_grows_by_the_length_of_the_trip_and_energy_falls(world: World, make: str, model: str) -> None:
    """One commute of an electric and of a petrol car."""
    car = world.find(make, model).car
    before = car.snapshot()
    wait(world, lambda: car.trip is not None)
    trip = car.trip
    assert trip is not None
    wait(world, lambda: car.trip is None)
    assert car.odometer_km - before.odometer_km == pytest.approx(trip.distance_km)
    assert car.place == trip.destination
    assert (car.latitude, car.longitude) == (car.place.latitude, car.place.longitude)
    spent = (before.battery_kwh - car.battery_kwh, before.fuel_l - car.fuel_l)
    expected = (trip.distance_km * car.model.consumption_kwh / 100, trip.distance_km * car.model.consumption_l / 100)
    assert spent == pytest.approx(expected)
    assert sum(spent) > 0


def test_cars_charge_at_night_at_home_and_fast_at_the_shop(world: World) -> None:
    """A night timer waits for ten o'clock; a driver low on charge uses the fast charger."""
    places: set[tuple[str, bool]] = set()
    for _ in hours(world, 21 * 24 * 2, minutes=30):
        for vehicle in world.vehicles.values():
            car = vehicle.car
            if car.charging:
                places.add((car.place.name, car.fast))
                if car.timers:
                    assert car.timers[0].allows(car.minute)
    assert {("home", False), ("shop", True)} <= places


def test_an_awake_car_reports_at_the_pace_of_its_make(world: World) -> None:
    """Between two reports the service does not know what the car does."""
    vehicle = world.find("Toyota")
    wait(world, lambda: vehicle.car.in_motion)
    world.advance(minutes=3)
    assert vehicle.stored.odometer_km < vehicle.car.odometer_km
    vehicle.report(world.now)
    assert vehicle.stored == vehicle.car
    assert vehicle.stored is not vehicle.car


def test_a_car_without_enough_charge_stays_and_is_plugged_in(world: World) -> None:
    """A driver does not set off on an empty battery, and nothing ever goes negative."""
    car = world.find("Tesla").car
    car.battery_kwh, car.charge_limit = 0.5, 1
    world.advance(hours=9)
    assert car.place.name == "home"
    assert car.plugged_in
    assert car.locked
    assert not car.ignition_on
    car.charge_limit = 80
    world.advance(days=1, hours=1)
    assert car.place.name == "work"


def test_a_cable_pulled_out_ends_the_charge(world: World) -> None:
    """The record of it says so, and a pause holds until the cable is out."""
    car = world.find("Volvo", "EX30").car
    car.charging_paused = True
    world.advance(minutes=1)
    assert not car.charging
    world.advance(hours=1)
    assert not car.charging
    car.charging_paused = False
    world.advance(minutes=2)
    assert car.charging
    records = car.charge_records
    car.unplug()
    assert not car.charging
    assert len(car.charge_records) == len(records) + 1
    world.advance(hours=1)
    assert not car.charging


def test_a_petrol_car_is_refuelled_before_it_stands_still(world: World) -> None:
    """Filled up on arrival when little is left."""
    car = world.find("Volvo", "XC40").car
    car.fuel_l = 0.18 * car.model.tank_l
    levels: set[int] = set()
    for _ in hours(world, 12, minutes=60):
        levels.add(round(car.fuel_percent))
    assert 100 in levels or car.fuel_percent > 90


@pytest.mark.parametrize(
    ("timer", "minute", "allowed"),
    [
        (ChargeTimer(22 * 60, 6 * 60), 23 * 60, True),
        (ChargeTimer(22 * 60, 6 * 60), 5 * 60, True),
        (ChargeTimer(22 * 60, 6 * 60), 12 * 60, False),
        (ChargeTimer(22 * 60, 6 * 60, days=(0,)), DAY + 5 * 60, True),
        (ChargeTimer(22 * 60, 6 * 60, days=(0,)), 5 * 60, False),
        (ChargeTimer(22 * 60, 6 * 60, days=(1,)), 23 * 60, False),
        (ChargeTimer(8 * 60, 9 * 60), 8 * 60, True),
        (ChargeTimer(8 * 60, 9 * 60), 9 * 60, False),
        (ChargeTimer(8 * 60, 9 * 60, days=(5,)), 5 * DAY + 500, True),
    ],
)
def test_a_charge_timer_may_cross_midnight(timer: ChargeTimer, minute: int, allowed: bool) -> None:
    """The small hours belong to the evening before."""
    assert timer.allows(minute) is allowed


def test_withdrawing_consent(world: World) -> None:
    """A connection goes alone; a user goes with every connection of theirs."""
    astrid = connection(world, "Polestar").owner
    tesla = connection(world, "Tesla")
    assert world.disconnect(tesla.id)
    assert not world.disconnect(tesla.id)
    assert world.connection_of(tesla.vehicle.id) is None
    assert world.remove_user(astrid.id)
    assert not world.remove_user(astrid.id)
    assert len(world.connections) == len(world.vehicles) - 3
