"""Charge schedules, with the real client over TCP: both families of paths, what the car makes of them, and Volvo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import time
from typing import Literal

import pytest

from smartcar_async import (
    ApiError,
    ChargeSchedule,
    CompatibilityError,
    Execution,
    InvalidRequest,
    NotFound,
    ScheduleType,
    Vehicle,
    Weekday,
    signals,
)
from smartcar_async.testing import Car, ChargeTimer
from tests.world.simulated_fleet import Fleet, simulated_fleet

PLACE = (57.7, 11.97)
TIMERS = signals.Charge.ChargeTimers
NIGHT, NOON = ("22:00", "06:00"), ("11:00", "13:30")

Make = Callable[[Vehicle], Awaitable[Execution]]
Family = Literal["both", "reference", "announcement"]
Refusal = Literal["invalid", "empty", "method", "denied"]

KINDS: dict[ScheduleType, Make] = {
    ScheduleType.DAILY: lambda car: car.schedules.create_daily(location=PLACE, start=NIGHT[0], stop=NIGHT[1]),
    ScheduleType.WORKWEEK: lambda car: car.schedules.create_workweek(location=PLACE, weekdays=NIGHT, weekends=NOON),
    ScheduleType.WEEKLY: lambda car: car.schedules.create_weekly(
        location=PLACE, days={Weekday.MONDAY: NIGHT, "sunday": NOON}
    ),
}
REFUSALS: tuple[Refusal, ...] = ("invalid", "empty", "method", "denied")
SERVERS: list[tuple[Family, Refusal]] = [
    ("both", "invalid"),
    *(("reference", how) for how in REFUSALS),
    *(("announcement", how) for how in REFUSALS),
]
servers = pytest.mark.parametrize(("served", "how"), SERVERS, ids=[f"{served}, {how}" for served, how in SERVERS])


def parked(fleet: Fleet, make: str = "Volvo", model: str = "EX30", timers: tuple[ChargeTimer, ...] = ()) -> Vehicle:
    """A car at home and half full, with timers that its owner set in the car."""
    simulated = fleet.sim.world.find(make, model)
    simulated.car.park()
    simulated.car.timers, simulated.car.battery_kwh = timers, simulated.car.model.usable_kwh / 2
    simulated.report(fleet.sim.world.now)
    return fleet.vehicle(make, model)


def car_of(fleet: Fleet, vehicle: Vehicle) -> Car:
    """The real thing."""
    return fleet.sim.world.vehicles[vehicle.id].car


def cost(fleet: Fleet) -> int:
    """How many requests were sent since the last call of this."""
    sent = fleet.sent()
    fleet.sim.requests.clear()
    return sent


@servers
@pytest.mark.parametrize("kind", KINDS)
async def test_either_family_of_paths(served: Family, how: Refusal, kind: ScheduleType) -> None:
    """The first call works wherever it is served, and later ones cost no extra request."""
    async with simulated_fleet("volvo") as fleet:
        fleet.sim.switches.schedule_paths, fleet.sim.switches.unserved_path = served, how
        car, make = parked(fleet), KINDS[kind]
        first = await make(car)
        assert cost(fleet) == (2 if served == "announcement" else 1)
        second = await make(car)
        assert cost(fleet) == 1
        assert (first.ok, first.schedule_id != second.schedule_id) == (True, True)
        fleet.sim.world.advance(seconds=10)
        listed = await car.schedules.list()
        schedule = cost(fleet)
        assert await car.schedules.list() == listed
        assert (schedule, cost(fleet)) == (2 if served == "reference" else 1, 1)
        assert [(schedule.id, schedule.type, schedule.set_by_api) for schedule in listed] == [
            (first.schedule_id, kind, True),
            (second.schedule_id, kind, True),
        ]
        deleted = await car.schedules.delete(str(first.schedule_id))
        assert (deleted.ok, cost(fleet)) == (True, 1)
        fleet.sim.world.advance(seconds=10)
        assert [schedule.id for schedule in await car.schedules.list()] == [second.schedule_id]
        with pytest.raises(NotFound, match="SCHEDULE_NOT_FOUND"):
            await car.schedules.delete(str(first.schedule_id))
        actions = [deed.action for deed in fleet.sim.world.ledger(car.id)]
        assert actions == ["create_schedule", "create_schedule", "delete_schedule"]


@servers
async def test_a_list_or_a_deletion_as_the_first_call(served: Family, how: Refusal) -> None:
    """Each finds its way alone, in two requests at the most."""
    async with simulated_fleet("volvo") as fleet:
        fleet.sim.switches.schedule_paths, fleet.sim.switches.unserved_path = served, how
        timer = ChargeTimer(1320, 360, schedule_id="sched_1", schedule_type="DAILY")
        car = parked(fleet, timers=(timer,))
        assert [schedule.id for schedule in await car.schedules.list()] == ["sched_1"]
        assert cost(fleet) == (2 if served == "reference" else 1)
        assert [schedule.id for schedule in await car.schedules.list()] == ["sched_1"]
        assert cost(fleet) == 1
        assert (await car.schedules.delete("sched_1")).ok
        assert cost(fleet) == (2 if served == "announcement" else 1)
        assert car_of(fleet, car).timers == ()


@pytest.mark.parametrize("family", ["reference", "announcement"])
async def test_a_family_that_is_set_is_not_left(family: Family) -> None:
    """Whoever names the paths gets them, or the refusal."""
    async with simulated_fleet("volvo", schedule_paths=family) as fleet:
        car = parked(fleet)
        assert (await KINDS[ScheduleType.DAILY](car)).ok
        fleet.sim.switches.schedule_paths = "announcement" if family == "reference" else "reference"
        cost(fleet)
        for make in KINDS.values():
            with pytest.raises(NotFound, match="INVALID_PATH"):
                await make(car)
        assert cost(fleet) == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_a_schedule_is_listed_as_it_was_made(kind: ScheduleType) -> None:
    """By the announced path and by the signal alike: its windows, their days, its place."""
    async with simulated_fleet("volvo") as fleet:
        car = parked(fleet)
        created = await KINDS[kind](car)
        fleet.sim.world.advance(seconds=10)
        listed = await car.schedules.list()
        shown = ChargeSchedule.from_signal(await car.signal(TIMERS))
        for entry in (listed, shown):
            (schedule,) = entry
            assert (schedule.id, schedule.type, schedule.scope) == (created.schedule_id, kind, "LOCATION")
            assert schedule.location is not None
            assert (schedule.location.latitude, schedule.location.longitude) == PLACE
            spans = {(window.start, window.end) for window in schedule.windows}
            night, noon = (time(22), time(6)), (time(11), time(13, 30))
            assert spans == ({night} if kind is ScheduleType.DAILY else {night, noon})
        assert [window.days for window in listed[0].windows] == [window.days for window in shown[0].windows]


async def test_schedules_of_other_making_are_listed_and_marked() -> None:
    """Where the signal is read, what was set in the car itself is there too; it has no id to delete it by."""
    async with simulated_fleet("volvo") as fleet:
        fleet.sim.switches.schedule_paths = "reference"
        car = parked(fleet, timers=(ChargeTimer(23 * 60, 5 * 60),))
        created = await KINDS[ScheduleType.DAILY](car)
        fleet.sim.world.advance(seconds=10)
        outside, ours = await car.schedules.list()
        assert (outside.id, outside.set_by_api, outside.scope, outside.location) == (None, False, "GLOBAL", None)
        assert [(window.start, window.end) for window in outside.windows] == [(time(23), time(5))]
        assert (ours.id, ours.set_by_api) == (created.schedule_id, True)


async def test_a_night_with_a_schedule() -> None:
    """It starts the charge at its time on the car's clock, a limit ends it, and deleting it takes it away."""
    async with simulated_fleet() as fleet:
        car, world = parked(fleet, "Tesla", "Model 3"), fleet.sim.world
        real = car_of(fleet, car)
        created = await car.schedules.create_daily(
            location=(real.latitude, real.longitude), start="01:30", stop="06:00"
        )
        await car.set_charge_limit(60)
        real.plug_in()
        world.advance(hours=1, minutes=29)
        assert (await car.signal(signals.Charge.IsCharging)).value is False
        world.advance(minutes=1)
        assert real.charging
        world.advance(minutes=1)
        assert (await car.signal(signals.Charge.IsCharging)).value is True
        world.advance(hours=1)
        assert not real.charging
        assert real.soc == pytest.approx(60)
        assert (await car.signal(signals.Charge.IsCharging)).value is False
        (started,) = [deed for deed in world.ledger(car.id) if deed.action.startswith("schedule_")]
        assert (started.action, started.cause) == ("schedule_started", created.schedule_id)
        assert (await car.schedules.delete(str(created.schedule_id))).ok
        world.advance(seconds=10)
        assert (await car.schedules.list(), (await car.signal(TIMERS)).require().values) == ((), ())


async def test_a_schedule_ends_its_charge() -> None:
    """Where no limit does, its stop does; the limit is what it was."""
    async with simulated_fleet("volvo") as fleet:
        car, world = parked(fleet), fleet.sim.world
        real = car_of(fleet, car)
        limit = real.charge_limit
        await car.schedules.create_daily(location=(real.latitude, real.longitude), start=time(1), stop=time(2))
        real.plug_in()
        world.advance(hours=1, minutes=59)
        assert real.charging
        world.advance(minutes=1)
        assert not real.charging
        assert [deed.action for deed in world.ledger(car.id)][1:] == ["schedule_started", "schedule_stopped"]
        assert real.charge_limit == limit


@pytest.mark.parametrize("model", ["EX30", "XC60", "XC90"])
@pytest.mark.parametrize("kind", KINDS)
async def test_volvos_that_take_schedules(model: str, kind: ScheduleType) -> None:
    """Electric ones and plug-in hybrids, of all three types."""
    async with simulated_fleet("volvo") as fleet:
        car = parked(fleet, model=model)
        created = await KINDS[kind](car)
        assert [schedule.id for schedule in await car.schedules.list()] == [created.schedule_id]
        assert (await car.schedules.delete(str(created.schedule_id))).ok


@pytest.mark.parametrize("model", ["V60", "XC40"])
async def test_volvos_that_take_none(model: str) -> None:
    """The plug-in hybrid of the older kind, and petrol: incapable, whichever way one asks."""
    async with simulated_fleet("volvo") as fleet:
        car = parked(fleet, model=model)
        calls: list[Callable[[], Awaitable[object]]] = [
            *(lambda make=make: make(car) for make in KINDS.values()),
            lambda: car.schedules.delete("sched_1"),
            lambda: car.schedules.list(),
        ]
        for call in calls:
            with pytest.raises(CompatibilityError, match="VEHICLE_NOT_CAPABLE"):
                await call()
        assert fleet.sim.world.ledger(car.id) == ()
        assert cost(fleet) == len(calls)


async def test_the_eleventh_schedule() -> None:
    """Ten a vehicle; then the API's own words, until one is gone. Another car has its own ten."""
    async with simulated_fleet("volvo") as fleet:
        car = parked(fleet)
        created = [await KINDS[ScheduleType.DAILY](car) for _ in range(10)]
        with pytest.raises(InvalidRequest) as caught:
            await KINDS[ScheduleType.DAILY](car)
        assert caught.value.code == "SCHEDULE_LIMIT_REACHED"
        assert caught.value.description == "A vehicle can have at most 10 charge schedules. Delete one first."
        assert str(caught.value.description) in str(caught.value)
        assert len(await car.schedules.list()) == 10
        assert (await KINDS[ScheduleType.DAILY](parked(fleet, model="XC60"))).ok
        await car.schedules.delete(str(created[3].schedule_id))
        assert (await KINDS[ScheduleType.DAILY](car)).ok


async def test_the_target_is_independent_of_schedules() -> None:
    """The owner moves it in the car: no schedule changes, and none of them moves it."""
    async with simulated_fleet("volvo") as fleet:
        car = parked(fleet)
        await KINDS[ScheduleType.WORKWEEK](car)
        listed = await car.schedules.list()
        car_of(fleet, car).set_charge_limit(55)
        fleet.sim.world.advance(minutes=10)
        assert (await car.signal(signals.Charge.ChargeLimits)).require().active_limit == 55
        assert await car.schedules.list() == listed
        await car.schedules.delete(str(listed[0].id))
        fleet.sim.world.advance(minutes=10)
        assert (await car.signal(signals.Charge.ChargeLimits)).require().active_limit == 55


async def test_volvo_as_the_reference_has_it() -> None:
    """Daily alone: the other types are asked for all the same, and the answer is the server's."""
    async with simulated_fleet("volvo") as fleet:
        fleet.sim.switches.volvo_schedules = "daily"
        car = parked(fleet)
        assert (await KINDS[ScheduleType.DAILY](car)).ok
        for kind in (ScheduleType.WORKWEEK, ScheduleType.WEEKLY):
            with pytest.raises(ApiError) as caught:
                await KINDS[kind](car)
            assert (type(caught.value), caught.value.code) == (CompatibilityError, "VEHICLE_NOT_CAPABLE")
        assert cost(fleet) == 3
