"""The world's time: where it begins, and how a client goes by it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

import pytest

import smartcar_sync
import smartcar_sync.testing
from smartcar_async import CommandOutcomeUnknown, RateLimit, Reconciled, Smartcar, Vehicle, signals
from smartcar_async.testing import ResetBeforeHeaders, ResetBeforeReading, Simulator, SimulatorError, World
from smartcar_async.testing.world import EPOCH

from ..wire.fakes import settle

WEDNESDAY = datetime(2031, 2, 5, 15, 20, 30, 250_000, tzinfo=UTC)


def own_client(sim: Simulator, **changes: Any) -> Smartcar:
    """A client that goes by the world's time."""
    settings = smartcar_sync.Settings.from_env(sim.environment, **changes)
    return Smartcar(settings=settings, clock=sim.clock)


@pytest.mark.parametrize(
    "begin", [WEDNESDAY, datetime(2024, 12, 31, 23, 59, tzinfo=UTC), EPOCH, EPOCH + timedelta(days=7)]
)
def test_a_world_may_begin_at_any_time(begin: datetime) -> None:
    """Its cars have lived through the days of that week, and nothing lies in the future of it."""
    world = World(begin=begin)
    assert world.now == begin
    monday = begin - timedelta(days=begin.weekday(), hours=begin.hour, minutes=begin.minute)
    for vehicle in world.vehicles.values():
        assert monday - timedelta(days=1, minutes=2) <= vehicle.recorded_at <= vehicle.reported_at <= begin
        assert world.connection_of(vehicle.id) is None or world.connection_of(vehicle.id).created_at < monday  # type: ignore[union-attr]
    world.advance(days=1)
    assert world.now == begin + timedelta(days=1)
    assert max(vehicle.reported_at for vehicle in world.vehicles.values()) > begin


def test_the_cars_live_by_the_hour_of_the_day() -> None:
    """A week in another year is lived like any other: out on a working day, home at night."""
    world = World(begin=datetime(2031, 2, 5, tzinfo=UTC))
    tesla = world.find("Tesla").car
    assert tesla.place.name == "home"
    world.advance(hours=12)
    assert tesla.place.name != "home"


def test_odd_beginnings() -> None:
    """One line that names the remedy."""
    naive: Any = [datetime(2026, 6, 1), "real", 5, None]  # noqa: DTZ001  # it is what is refused
    for odd in naive:
        with pytest.raises(SimulatorError, match=r"^begin: give an aware datetime of this century"):
            World(begin=odd)
    for year in (1, 1999, 2100, 9999):
        with pytest.raises(SimulatorError, match=r"^begin: give an aware datetime of this century"):
            Simulator(now=datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(SimulatorError, match=r"^now 'now' is no time: give an aware datetime, or 'real'"):
        Simulator(now="now")  # type: ignore[arg-type]  # pyright: ignore


async def test_a_world_in_real_time() -> None:
    """It begins now, and runs on."""
    sim = Simulator("volvo", now="real")
    before = datetime.now(UTC)
    async with sim, sim.client() as smartcar:
        volvo = sim.world.find("Volvo")
        reading = await smartcar.vehicle(volvo.id, volvo.owner_id).signal(signals.Odometer.TraveledDistance)
        first = sim.clock.now()
        assert before - timedelta(milliseconds=1) <= first <= datetime.now(UTC)
        assert reading.recorded_at is not None
        assert timedelta() < before - reading.recorded_at < timedelta(days=8)
        began = sim.clock.monotonic()
        await sim.clock.sleep(0.02)
        assert sim.clock.monotonic() - began >= 0.019


class Later(datetime):
    """The time of day, an hour from now."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """The time of day."""
        return cls.fromtimestamp(time.time() + 3600, tz)


async def test_a_world_in_real_time_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is entered an hour after it was made is not an hour behind."""
    sim = Simulator("volvo", now="real")
    monkeypatch.setattr("smartcar_async.testing.simulator.datetime", Later)
    async with sim:
        assert abs(sim.clock.now() - Later.now(UTC)) < timedelta(minutes=1)


async def test_a_speed_goes_for_the_clock_too() -> None:
    """Sleeping a minute of the world takes a second of ours, or here a millisecond."""
    async with Simulator("volvo", now=WEDNESDAY, speed=60_000) as sim:
        assert sim.world.now == WEDNESDAY
        await sim.clock.sleep(60)
        assert sim.clock.now() - WEDNESDAY >= timedelta(seconds=60)


async def test_sleeping_moves_a_world_that_stands_still() -> None:
    """Side by side the same time is slept; the shortest nap is over when it was slept."""
    sim = Simulator("volvo")
    await sim.clock.sleep(90)
    assert (sim.world.now, sim.clock.now(), sim.clock.monotonic()) == (EPOCH + timedelta(seconds=90),) * 2 + (90.0,)
    await asyncio.gather(*(sim.clock.sleep(seconds) for seconds in (30, 60, 10)))
    assert sim.clock.monotonic() == 150
    for nap in (1e-9, 0.0, -5.0):
        before = sim.clock.monotonic()
        await sim.clock.sleep(nap)
        assert (sim.clock.monotonic() > before) is (nap > 0)
    await settle()


async def test_a_client_waits_for_its_allowance_without_waiting() -> None:
    """A bucket of one a minute gives ten calls nine minutes of the world, and none of ours."""
    async with Simulator("volvo") as sim, own_client(sim, rate_limit=RateLimit(1, 1), deadline=3600) as smartcar:
        for _ in range(10):
            await smartcar.connections().page()
        assert timedelta(minutes=9) <= sim.world.now - EPOCH < timedelta(minutes=10)


async def lose(sim: Simulator, vehicle: Vehicle, done: bool) -> CommandOutcomeUnknown:
    """Lose the answer to lock, after or before it was done."""
    sim.fault(ResetBeforeHeaders() if done else ResetBeforeReading(), path="*/security/lock", times=1)
    with pytest.raises(CommandOutcomeUnknown) as caught:
        await vehicle.lock()
    return caught.value


@pytest.mark.parametrize(("done", "expected"), [(True, Reconciled.IN_EFFECT), (False, Reconciled.NOT_IN_EFFECT)])
async def test_a_lost_command_is_found_out_about(done: bool, expected: Reconciled) -> None:
    """In simulated time, by reads alone; what stands in the ledger agrees."""
    async with Simulator() as sim, own_client(sim) as smartcar:
        tesla = sim.world.find("Tesla")
        tesla.car.park()
        tesla.car.locked = False
        tesla.report(sim.world.now)
        vehicle = smartcar.vehicle(tesla.id, tesla.owner_id)
        outcome = await lose(sim, vehicle, done)
        sim.requests.clear()
        assert await vehicle.reconcile(outcome) is Reconciled.UNKNOWN
        assert await vehicle.reconcile(outcome, wait=timedelta(hours=1)) is expected
        assert [deed.action for deed in tesla.ledger] == ["lock"] * done
        assert {request.method for request in sim.requests} == {"GET"}
        assert len(sim.requests) <= 16


def test_a_plain_client_goes_by_it_too() -> None:
    """The same without await: the clock is handed to the client as it is."""
    with smartcar_sync.testing.Simulator() as sim:
        settings = smartcar_sync.Settings.from_env(sim.environment)
        with smartcar_sync.Smartcar(settings=settings, clock=sim.clock) as smartcar:
            tesla = sim.world.find("Tesla")
            vehicle = smartcar.vehicle(tesla.id, tesla.owner_id)
            sim.fault(ResetBeforeHeaders(), path="*/security/lock", times=1)
            with pytest.raises(CommandOutcomeUnknown) as caught:
                vehicle.lock()
            assert vehicle.reconcile(caught.value, wait=600) is Reconciled.IN_EFFECT
