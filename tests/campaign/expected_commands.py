"""The commands of the campaign: the state of the car before each, and how its effect shows on the car."""

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
"""A car that can do everything. Every car of the campaign is vehicle."""

Send = Callable[[Vehicle, float | None], Awaitable[Execution]]
"""Sends the command, with a deadline or without."""
CarCheck = Callable[[Car], bool]


@frozen
class ExpectedCommand:
    """One command, and how it is recognised: no other call on this car leaves the same deed."""

    action: str
    send: Send
    prepare: Callable[[Car], None]
    in_effect: CarCheck
    """Whether the car, as a physical thing, is in the state that the command asks for."""
    parameters: Mapping[str, object]

    @property
    def name(self) -> str:
        """The action, and of a schedule that is created its kind."""
        return f"{self.action} {self.parameters['scheduleType']}" if "scheduleType" in self.parameters else self.action

    def matches(self, deed: Deed) -> bool:
        """Whether this is what the command should do."""
        parameters = {name: deed.parameters.get(name) for name in self.parameters}
        return (deed.action, parameters) == (self.action, self.parameters)


def reset(car: Car) -> None:
    """The state of each car before each call: at rest, plugged in and not charging, without schedules."""
    car.wake()
    if car.charging:
        car.stop_charge()
    car.plug_in()
    car.charging_paused, car.charging_forced = True, False
    car.battery_kwh = 0.4 * car.model.usable_kwh
    car.charge_limit, car.timers, car.destination = 90, (), None


def random_command(random: Random, *, deletes: bool) -> ExpectedCommand:
    """Any of the thirteen commands. Four times in five it changes the state of the car."""
    differs = random.random() < 0.8
    makers: list[Callable[[Random, bool], ExpectedCommand]] = [
        _lock, _unlock, _start, _stop, _limit, _destination, _open, _close, _daily, _workweek, _weekly,
    ]  # fmt: skip
    return random.choice([*makers, _delete] if deletes else makers)(random, differs)


def _command(
    action: str, send: Send, change: Callable[[Car], None], in_effect: CarCheck, **parameters: object
) -> ExpectedCommand:
    def prepare(car: Car) -> None:
        reset(car)
        change(car)

    return ExpectedCommand(action, send, prepare, in_effect, parameters)


def _set(**state: object) -> Callable[[Car], None]:
    def change(car: Car) -> None:
        for name, value in state.items():
            setattr(car, name, value)

    return change


def _lock(_: Random, differs: bool) -> ExpectedCommand:
    return _command(
        "lock",
        lambda vehicle, deadline: vehicle.lock(deadline=deadline),
        _set(locked=not differs),
        lambda car: car.locked,
    )


def _unlock(_: Random, differs: bool) -> ExpectedCommand:
    return _command(
        "unlock",
        lambda vehicle, deadline: vehicle.unlock(deadline=deadline),
        _set(locked=differs),
        lambda car: not car.locked,
    )


def _start(_: Random, differs: bool) -> ExpectedCommand:
    def change(car: Car) -> None:
        if not differs:
            car.start_charge()

    return _command(
        "start_charge",
        lambda vehicle, deadline: vehicle.start_charge(deadline=deadline),
        change,
        lambda car: car.charging,
    )


def _stop(_: Random, differs: bool) -> ExpectedCommand:
    def change(car: Car) -> None:
        if differs:
            car.start_charge()

    return _command(
        "stop_charge",
        lambda vehicle, deadline: vehicle.stop_charge(deadline=deadline),
        change,
        lambda car: not car.charging,
    )


def _limit(random: Random, differs: bool) -> ExpectedCommand:
    percent = random.randint(50, 100)
    before = 50 + (percent - 50 + random.randint(1, 50)) % 51 if differs else percent
    return _command(
        "set_charge_limit",
        lambda vehicle, deadline: vehicle.set_charge_limit(percent, deadline=deadline),
        _set(charge_limit=before),
        lambda car: car.charge_limit == percent,
        percent=percent,
    )


def _destination(random: Random, _: bool) -> ExpectedCommand:
    place = {"latitude": round(random.uniform(-90, 90), 5), "longitude": round(random.uniform(-180, 180), 5)}
    return _command(
        "send_destination",
        lambda vehicle, deadline: vehicle.send_destination(**place, deadline=deadline),
        _set(destination=None),
        lambda car: car.destination == Place("destination", place["latitude"], place["longitude"]),
        **place,
    )


def _flap(is_open: bool) -> Callable[[Car], None]:
    def change(car: Car) -> None:
        car.unplug()  # a cable keeps the flap open
        car.flap_open = is_open

    return change


def _open(_: Random, differs: bool) -> ExpectedCommand:
    return _command(
        "open_charge_port",
        lambda vehicle, deadline: vehicle.open_charge_port(deadline=deadline),
        _flap(not differs),
        lambda car: car.flap_open,
    )


def _close(_: Random, differs: bool) -> ExpectedCommand:
    return _command(
        "close_charge_port",
        lambda vehicle, deadline: vehicle.close_charge_port(deadline=deadline),
        _flap(differs),
        lambda car: not car.flap_open,
    )


def _somewhere(random: Random) -> Place:
    return Place("schedule", round(random.uniform(-60, 60), 4), round(random.uniform(-170, 170), 4))


def _window(random: Random) -> tuple[str, str]:
    start = random.randrange(96) * 15
    stop = (start + random.randint(1, 95) * 15) % 1440
    return f"{start // 60:02}:{start % 60:02}", f"{stop // 60:02}:{stop % 60:02}"


def _schedule(
    random: Random, kind: str, send: Callable[[Vehicle, tuple[float, float], float | None], Any]
) -> ExpectedCommand:
    place = _somewhere(random)
    return _command(
        "create_schedule",
        lambda vehicle, deadline: send(vehicle, (place.latitude, place.longitude), deadline),
        lambda _: None,
        lambda car: any(timer.location == place and timer.schedule_type == kind.upper() for timer in car.timers),
        scheduleType=kind,
        location={"latitude": place.latitude, "longitude": place.longitude},
    )


def _daily(random: Random, _: bool) -> ExpectedCommand:
    start, stop = _window(random)
    return _schedule(
        random,
        "daily",
        lambda vehicle, place, deadline: vehicle.schedules.create_daily(
            location=place, start=start, stop=stop, deadline=deadline
        ),
    )


def _workweek(random: Random, _: bool) -> ExpectedCommand:
    windows = {"weekdays": _window(random), "weekends": random.choice((None, _window(random)))}
    return _schedule(
        random,
        "workweek",
        lambda vehicle, place, deadline: vehicle.schedules.create_workweek(
            location=place, deadline=deadline, **windows
        ),
    )


def _weekly(random: Random, _: bool) -> ExpectedCommand:
    days = {day: _window(random) for day in random.sample(("monday", "wednesday", "friday", "sunday"), 2)}
    return _schedule(
        random,
        "weekly",
        lambda vehicle, place, deadline: vehicle.schedules.create_weekly(location=place, days=days, deadline=deadline),
    )


def _delete(random: Random, _: bool) -> ExpectedCommand:
    timer = ChargeTimer(0, 360, location=_somewhere(random), schedule_id=f"sched_{random.getrandbits(48):012x}")
    return _command(
        "delete_schedule",
        lambda vehicle, deadline: vehicle.schedules.delete(str(timer.schedule_id), deadline=deadline),
        _set(timers=(evolve(timer, schedule_type="DAILY"),)),
        lambda car: not any(other.schedule_id == timer.schedule_id for other in car.timers),
        scheduleId=timer.schedule_id,
    )
