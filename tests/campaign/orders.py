"""What a car is told to do in the campaign, how it stands before, and how one sees on the car that it was done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from attrs import evolve, frozen

from smartcar_async import Execution, Vehicle
from smartcar_async.testing import Car, ChargeTimer, Deed
from smartcar_async.testing.cars import ALL_SCHEDULES, MODEL_3
from smartcar_async.testing.routine import Place

MODEL = evolve(MODEL_3, schedules=ALL_SCHEDULES)
"""A car that can do everything. Every car of the campaign is one."""

Give = Callable[[Vehicle, float | None], Awaitable[Execution]]
"""Tells the car, with a deadline or without."""
Sees = Callable[[Car], bool]


@frozen
class Order:
    """One call of a client, and how it is recognised: no other call on this car leaves the same deed."""

    action: str
    give: Give
    arrange: Callable[[Car], None]
    in_effect: Sees
    """Whether the car, as a physical thing, is in the state that is asked for."""
    parameters: Mapping[str, object]

    @property
    def name(self) -> str:
        """The action, and of a schedule that is created its kind."""
        return f"{self.action} {self.parameters['scheduleType']}" if "scheduleType" in self.parameters else self.action

    def did(self, deed: Deed) -> bool:
        """Whether this is the deed that was asked for."""
        found = {name: deed.parameters.get(name) for name in self.parameters}
        return (deed.action, found) == (self.action, self.parameters)


def settled(car: Car) -> None:
    """How each car stands before each call: at rest, plugged in and not charging, without schedules."""
    car.wake()
    if car.charging:
        car.stop_charge()
    car.plug_in()
    car.charging_paused, car.charging_forced = True, False
    car.battery_kwh = 0.4 * car.model.usable_kwh
    car.charge_limit, car.timers, car.destination = 90, (), None


def order(random: Random, *, deletes: bool) -> Order:
    """Any of the thirteen calls. Four times in five the car is in another state than it is told to be in."""
    differs = random.random() < 0.8
    makers: list[Callable[[Random, bool], Order]] = [
        _lock, _unlock, _start, _stop, _limit, _destination, _open, _close, _daily, _workweek, _weekly,
    ]  # fmt: skip
    return random.choice([*makers, _delete] if deletes else makers)(random, differs)


def _order(action: str, give: Give, change: Callable[[Car], None], sees: Sees, **parameters: object) -> Order:
    def arrange(car: Car) -> None:
        settled(car)
        change(car)

    return Order(action, give, arrange, sees, parameters)


def _set(**state: object) -> Callable[[Car], None]:
    def change(car: Car) -> None:
        for name, value in state.items():
            setattr(car, name, value)

    return change


def _lock(_: Random, differs: bool) -> Order:
    return _order(
        "lock", lambda one, within: one.lock(deadline=within), _set(locked=not differs), lambda car: car.locked
    )


def _unlock(_: Random, differs: bool) -> Order:
    return _order(
        "unlock", lambda one, within: one.unlock(deadline=within), _set(locked=differs), lambda car: not car.locked
    )


def _start(_: Random, differs: bool) -> Order:
    def change(car: Car) -> None:
        if not differs:
            car.start_charge()

    return _order(
        "start_charge", lambda one, within: one.start_charge(deadline=within), change, lambda car: car.charging
    )


def _stop(_: Random, differs: bool) -> Order:
    def change(car: Car) -> None:
        if differs:
            car.start_charge()

    return _order(
        "stop_charge", lambda one, within: one.stop_charge(deadline=within), change, lambda car: not car.charging
    )


def _limit(random: Random, differs: bool) -> Order:
    percent = random.randint(50, 100)
    before = 50 + (percent - 50 + random.randint(1, 50)) % 51 if differs else percent
    return _order(
        "set_charge_limit",
        lambda one, within: one.set_charge_limit(percent, deadline=within),
        _set(charge_limit=before),
        lambda car: car.charge_limit == percent,
        percent=percent,
    )


def _destination(random: Random, _: bool) -> Order:
    spot = {"latitude": round(random.uniform(-90, 90), 5), "longitude": round(random.uniform(-180, 180), 5)}
    return _order(
        "send_destination",
        lambda one, within: one.send_destination(**spot, deadline=within),
        _set(destination=None),
        lambda car: car.destination == Place("destination", spot["latitude"], spot["longitude"]),
        **spot,
    )


def _flap(is_open: bool) -> Callable[[Car], None]:
    def change(car: Car) -> None:
        car.unplug()  # a cable keeps the flap open
        car.flap_open = is_open

    return change


def _open(_: Random, differs: bool) -> Order:
    return _order(
        "open_charge_port",
        lambda one, within: one.open_charge_port(deadline=within),
        _flap(not differs),
        lambda car: car.flap_open,
    )


def _close(_: Random, differs: bool) -> Order:
    return _order(
        "close_charge_port",
        lambda one, within: one.close_charge_port(deadline=within),
        _flap(differs),
        lambda car: not car.flap_open,
    )


def _somewhere(random: Random) -> Place:
    return Place("schedule", round(random.uniform(-60, 60), 4), round(random.uniform(-170, 170), 4))


def _window(random: Random) -> tuple[str, str]:
    start = random.randrange(96) * 15
    stop = (start + random.randint(1, 95) * 15) % 1440
    return f"{start // 60:02}:{start % 60:02}", f"{stop // 60:02}:{stop % 60:02}"


def _schedule(random: Random, kind: str, give: Callable[[Vehicle, tuple[float, float], float | None], Any]) -> Order:
    spot = _somewhere(random)
    return _order(
        "create_schedule",
        lambda one, within: give(one, (spot.latitude, spot.longitude), within),
        lambda _: None,
        lambda car: any(timer.location == spot and timer.schedule_type == kind.upper() for timer in car.timers),
        scheduleType=kind,
        location={"latitude": spot.latitude, "longitude": spot.longitude},
    )


def _daily(random: Random, _: bool) -> Order:
    start, stop = _window(random)
    return _schedule(
        random,
        "daily",
        lambda one, spot, within: one.schedules.create_daily(location=spot, start=start, stop=stop, deadline=within),
    )


def _workweek(random: Random, _: bool) -> Order:
    windows = {"weekdays": _window(random), "weekends": random.choice((None, _window(random)))}
    return _schedule(
        random,
        "workweek",
        lambda one, spot, within: one.schedules.create_workweek(location=spot, deadline=within, **windows),
    )


def _weekly(random: Random, _: bool) -> Order:
    days = {day: _window(random) for day in random.sample(("monday", "wednesday", "friday", "sunday"), 2)}
    return _schedule(
        random,
        "weekly",
        lambda one, spot, within: one.schedules.create_weekly(location=spot, days=days, deadline=within),
    )


def _delete(random: Random, _: bool) -> Order:
    known = ChargeTimer(0, 360, location=_somewhere(random), schedule_id=f"sched_{random.getrandbits(48):012x}")
    return _order(
        "delete_schedule",
        lambda one, within: one.schedules.delete(str(known.schedule_id), deadline=within),
        _set(timers=(evolve(known, schedule_type="DAILY"),)),
        lambda car: not any(timer.schedule_id == known.schedule_id for timer in car.timers),
        scheduleId=known.schedule_id,
    )
