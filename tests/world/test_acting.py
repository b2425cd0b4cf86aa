"""What a user tells a car to do, with the real client over TCP: what becomes of it, and what the car refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from smartcar_async import (
    ApiError,
    CompatibilityError,
    Execution,
    NotFound,
    PermissionDenied,
    SignalKey,
    Vehicle,
    VehicleStateError,
    signals,
)
from smartcar_async.testing import Car
from tests.world.simulated_fleet import Fleet, simulated_fleet

Use = Callable[[Vehicle], Awaitable[Execution]]
Stand = Callable[[Car], None]
LIMITS = signals.Charge.ChargeLimits


@frozen
class Change:
    """A command, how the car stands before it, and the signal that shows what it did."""

    action: str
    stand: Stand
    use: Use
    key: SignalKey[Any]
    shown: Callable[[Any], object]
    after: object

    def __str__(self) -> str:
        return self.action


def stand(**state: object) -> Stand:
    """Parked, awake and half full, with some of its state set."""

    def change(car: Car) -> None:
        car.park()
        car.timers, car.battery_kwh, car.charge_limit = (), car.model.usable_kwh / 2, 80
        for name, value in state.items():
            setattr(car, name, value)

    return change


def plugged(*, charging: bool) -> Stand:
    """On the cable."""

    def change(car: Car) -> None:
        stand(plugged_in=True)(car)
        car.start_charge() if charging else car.stop_charge()

    return change


def flag(body: Any) -> object:
    """The value of a flag."""
    return body.value


CHANGES = [
    Change("lock", stand(locked=False), lambda car: car.lock(), signals.Closure.IsLocked, flag, True),
    Change("unlock", stand(locked=True), lambda car: car.unlock(), signals.Closure.IsLocked, flag, False),
    Change(
        "start_charge", plugged(charging=False), lambda car: car.start_charge(), signals.Charge.IsCharging, flag, True
    ),
    Change(
        "stop_charge", plugged(charging=True), lambda car: car.stop_charge(), signals.Charge.IsCharging, flag, False
    ),
    Change(
        "set_charge_limit",
        plugged(charging=False),
        lambda car: car.set_charge_limit(65),
        LIMITS,
        lambda body: body.active_limit,
        65,
    ),
    Change(
        "open_charge_port",
        stand(flap_open=False),
        lambda car: car.open_charge_port(),
        signals.Charge.IsChargingPortFlapOpen,
        flag,
        True,
    ),
    Change(
        "close_charge_port",
        stand(flap_open=True),
        lambda car: car.close_charge_port(),
        signals.Charge.IsChargingPortFlapOpen,
        flag,
        False,
    ),
]


def prepare(fleet: Fleet, how: Stand, make: str = "Tesla", model: str = "") -> Vehicle:
    """A car that stands in some way, and whose store knows it."""
    simulated = fleet.sim.world.find(make, model)
    how(simulated.car)
    simulated.report(fleet.sim.world.now)
    return fleet.vehicle(make, model)


def deeds(fleet: Fleet, car: Vehicle) -> list[str]:
    """What the ledger says was done."""
    return [deed.action for deed in fleet.sim.world.ledger(car.id)]


@pytest.mark.parametrize("change", CHANGES, ids=str)
async def test_a_command_shows_in_its_signal(change: Change) -> None:
    """Done at once, in one request; shown by the signal when the store has heard of it, and not before."""
    async with simulated_fleet() as fleet:
        car, world = prepare(fleet, change.stand), fleet.sim.world
        before = await car.signal(change.key)
        assert change.shown(before.require()) != change.after
        fleet.sim.requests.clear()
        done = await change.use(car)
        assert (done.ok, done.action, done.executed_at) == (True, change.action, world.now)
        assert (deeds(fleet, car), fleet.sent()) == ([change.action], 1)
        world.advance(seconds=9)
        assert await car.signal(change.key) == before
        world.advance(seconds=1)
        after = await car.signal(change.key)
        assert change.shown(after.require()) == change.after
        assert before.recorded_at is not None
        assert after.recorded_at is not None
        assert after.recorded_at > before.recorded_at


async def test_the_store_may_take_longer() -> None:
    """As long as it is told to; the answer of the command does not wait for it."""
    async with simulated_fleet() as fleet:
        car = prepare(fleet, stand(locked=False))
        fleet.sim.store_delay = timedelta(minutes=3)
        await car.lock()
        fleet.sim.world.advance(seconds=179)
        assert (await car.signal(signals.Closure.IsLocked)).value is False
        fleet.sim.world.advance(seconds=1)
        assert (await car.signal(signals.Closure.IsLocked)).value is True


async def test_a_destination_arrives() -> None:
    """No signal tells of it: only the car and its ledger know."""
    async with simulated_fleet() as fleet:
        car = prepare(fleet, stand())
        assert (await car.send_destination(57.70887, 11.97456)).parameters == {
            "latitude": 57.70887,
            "longitude": 11.97456,
        }
        destination = fleet.sim.world.find("Tesla").car.destination
        assert destination is not None
        assert (destination.latitude, destination.longitude) == (57.70887, 11.97456)
        assert deeds(fleet, car) == ["send_destination"]


def drives(car: Car) -> None:
    """On the road."""
    car.park()
    car.drive()


def sleeps(car: Car) -> None:
    """Parked, and asleep."""
    car.park()
    car.sleep()


FULL = stand(plugged_in=True, charge_limit=50)


REFUSED: list[tuple[str, Stand, Use, type[ApiError], int, str]] = [
    ("Tesla", drives, lambda car: car.lock(), VehicleStateError, 409, "IN_MOTION"),
    ("Tesla", drives, lambda car: car.open_charge_port(), VehicleStateError, 409, "IN_MOTION"),
    ("Tesla", stand(), lambda car: car.start_charge(), VehicleStateError, 409, "CHARGING_PLUG_NOT_CONNECTED"),
    ("Tesla", stand(), lambda car: car.stop_charge(), VehicleStateError, 409, "CHARGING_PLUG_NOT_CONNECTED"),
    ("Tesla", FULL, lambda car: car.stop_charge(), VehicleStateError, 409, "NOT_CHARGING"),
    ("Tesla", FULL, lambda car: car.start_charge(), VehicleStateError, 409, "FULLY_CHARGED"),
    ("Tesla", FULL, lambda car: car.close_charge_port(), VehicleStateError, 409, "CHARGING_PLUG_CONNECTED"),
    ("Hyundai", sleeps, lambda car: car.unlock(), VehicleStateError, 409, "ASLEEP"),
    ("Ford", stand(), lambda car: car.set_charge_limit(80), CompatibilityError, 501, "VEHICLE_NOT_CAPABLE"),
    ("Toyota", stand(), lambda car: car.start_charge(), CompatibilityError, 501, "VEHICLE_NOT_CAPABLE"),
    ("BMW", stand(), lambda car: car.start_charge(), PermissionDenied, 403, "ACCESS_DENIED"),
    ("Nissan", stand(), lambda car: car.lock(), PermissionDenied, 403, "ACCESS_DENIED"),
]


@pytest.mark.parametrize(("make", "how", "use", "family", "status", "code"), REFUSED)
async def test_a_car_that_refuses(
    make: str, how: Stand, use: Use, family: type[ApiError], status: int, code: str
) -> None:
    """The family of the refusal alone tells the caller what to do; nothing was done, and nothing is sent again."""
    async with simulated_fleet() as fleet:
        car = prepare(fleet, how, make)
        with pytest.raises(family) as caught:
            await use(car)
        assert type(caught.value) is family
        assert (caught.value.status, caught.value.code) == (status, code)
        assert (deeds(fleet, car), fleet.sent()) == ([], 1)
        if isinstance(caught.value, PermissionDenied):
            assert caught.value.permission == {"BMW": "control_charge", "Nissan": "control_security"}[make]


async def test_a_car_that_wakes() -> None:
    """Whether a sleeping car obeys is its make's to say, and the switch's."""
    async with simulated_fleet() as fleet:
        tesla, hyundai = prepare(fleet, sleeps), prepare(fleet, sleeps, "Hyundai")
        assert (await tesla.unlock()).ok
        fleet.sim.switches.asleep = "wakes"
        assert (await hyundai.unlock()).ok


async def test_a_long_command_is_read_to_its_end() -> None:
    """A 202 at once and its result later on the same connection: one request, and the caller only hears the end."""
    async with simulated_fleet() as fleet:
        car = prepare(fleet, plugged(charging=False))
        fleet.sim.command_seconds, fleet.sim.long_after = 0.2, 0.02
        started = await car.start_charge()
        created = await car.schedules.create_daily(location=(57.7, 11.97), start="22:00", stop="06:00")
        deleted = await car.schedules.delete(str(created.schedule_id))
        for done in (started, created, deleted):
            assert done.ok
            assert done.raw["attributes"]["executionMode"] == "async"
            assert (done.executed_at, done.completed_at) == (fleet.sim.world.now, done.completed_at)
        assert [request.status for request in fleet.sim.requests] == [202] * 3
        assert deeds(fleet, car) == ["start_charge", "create_schedule", "delete_schedule"]


ELSE: list[Use] = [
    lambda car: car.start_charge(),
    lambda car: car.stop_charge(),
    lambda car: car.set_charge_limit(80),
    lambda car: car.send_destination(57.7, 11.97),
    lambda car: car.open_charge_port(),
    lambda car: car.close_charge_port(),
]


@pytest.mark.parametrize("model", ["EX30", "XC60", "V60", "XC40", "XC90"])
async def test_every_volvo_locks_and_does_nothing_else(model: str) -> None:
    """Electric, plug-in, plug-in of the older kind or petrol: the announcement names lock and unlock alone."""
    async with simulated_fleet("volvo") as fleet:
        car = prepare(fleet, stand(locked=True), "Volvo", model)
        assert (await car.unlock()).ok
        assert (await car.lock()).ok
        for use in ELSE:
            with pytest.raises(CompatibilityError, match="VEHICLE_NOT_CAPABLE"):
                await use(car)
        assert deeds(fleet, car) == ["unlock", "lock"]


async def test_a_car_of_somebody_else() -> None:
    """A user who does not own it is refused, and a car that is not connected is not found."""
    async with simulated_fleet() as fleet:
        tesla, volvo = prepare(fleet, stand()), fleet.sim.world.find("Volvo")
        with pytest.raises(PermissionDenied):
            await fleet.client.vehicle(tesla.id, volvo.owner_id).unlock()
        with pytest.raises(NotFound):
            await fleet.client.vehicle("no-such-car", volvo.owner_id).unlock()
        assert deeds(fleet, tesla) == []
