"""Every command of one make, as a function from typed arguments to a `Call`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from attrs import evolve

from ...arguments import charge_fraction, is_number, require_bool, require_count, require_list
from ...errors import ConfigurationError
from ...request import Call, Endpoint
from ...schedules import arguments as charging
from ...schedules.arguments import ClockTime, Position, TimeWindow
from ...vocabulary import Permission
from .. import decode
from ..operations import Target, of_vehicle
from ..operations.commands import acting, hiding
from ..operations.vehicle import command
from ..records import ActionResponse
from . import decoders
from .records import Cabin, NissanWindow, TeslaSchedule, TeslaScheduleType

CABIN: Final = command("/tesla/climate/cabin", Permission.CONTROL_CLIMATE)
DEFROSTER: Final = command("/tesla/climate/defroster", Permission.CONTROL_CLIMATE)
STEERING_HEATER: Final = command("/tesla/climate/steering_wheel", Permission.CONTROL_CLIMATE)
TRUNK: Final = command("/tesla/security/trunk", Permission.CONTROL_TRUNK)
FRUNK: Final = command("/tesla/security/frunk", Permission.CONTROL_TRUNK)
CHARGE_PORT: Final = command("/tesla/charge/charge_port_door", Permission.CONTROL_CHARGE)
PIN_SETTING: Final = command("/tesla/pin", Permission.CONTROL_PIN)
PIN_CLEARING: Final = command("/tesla/pin", Permission.CONTROL_PIN, "DELETE")
AMPERAGE: Final = command("/tesla/charge/ammeter", Permission.CONTROL_CHARGE)
TESLA_SCHEDULE: Final = command("/tesla/charge/schedule", Permission.CONTROL_CHARGE)
NISSAN_SCHEDULE: Final = command("/nissan/charge/schedule", Permission.CONTROL_CHARGE, "PUT")
FORD_SCHEDULE: Final = command("/{make}/charge/schedule_by_location", Permission.CONTROL_CHARGE, "PUT")

ENDPOINTS: Final = (
    CABIN,
    DEFROSTER,
    STEERING_HEATER,
    TRUNK,
    FRUNK,
    CHARGE_PORT,
    PIN_SETTING,
    PIN_CLEARING,
    AMPERAGE,
    TESLA_SCHEDULE,
    NISSAN_SCHEDULE,
    FORD_SCHEDULE,
)

_MOST_NISSAN_WINDOWS: Final = 3


def start_cabin(car: Target, temperature: float | None) -> Call[Cabin]:
    """Turn the climate system on."""
    return _cabin(car, "tesla.start_cabin", "START", temperature)


def stop_cabin(car: Target, temperature: float | None) -> Call[Cabin]:
    """Turn the climate system off."""
    return _cabin(car, "tesla.stop_cabin", "STOP", temperature)


def set_cabin_temperature(car: Target, temperature: float) -> Call[Cabin]:
    """Change the target, and leave the climate system on or off."""
    return _cabin(car, "tesla.set_cabin_temperature", "SET", _temperature(temperature))


def start_defroster(car: Target) -> Call[ActionResponse]:
    """Turn the defrosters on."""
    return _switch(DEFROSTER, car, "tesla.start_defroster", "START")


def stop_defroster(car: Target) -> Call[ActionResponse]:
    """Turn the defrosters off."""
    return _switch(DEFROSTER, car, "tesla.stop_defroster", "STOP")


def start_steering_heater(car: Target) -> Call[ActionResponse]:
    """Turn the heating of the steering wheel on."""
    return _switch(STEERING_HEATER, car, "tesla.start_steering_heater", "START")


def stop_steering_heater(car: Target) -> Call[ActionResponse]:
    """Turn the heating of the steering wheel off."""
    return _switch(STEERING_HEATER, car, "tesla.stop_steering_heater", "STOP")


def open_trunk(car: Target) -> Call[ActionResponse]:
    """Open the rear trunk."""
    return acting(TRUNK, "tesla.open_trunk", car, {"action": "OPEN"})


def close_trunk(car: Target) -> Call[ActionResponse]:
    """Close the rear trunk."""
    return acting(TRUNK, "tesla.close_trunk", car, {"action": "CLOSE"})


def open_frunk(car: Target) -> Call[ActionResponse]:
    """Open the front trunk."""
    return acting(FRUNK, "tesla.open_frunk", car, {"action": "OPEN"})


def close_frunk(car: Target) -> Call[ActionResponse]:
    """Close the front trunk."""
    return acting(FRUNK, "tesla.close_frunk", car, {"action": "CLOSE"})


def open_charge_port(car: Target) -> Call[ActionResponse]:
    """Open the door of the charge port."""
    return acting(CHARGE_PORT, "tesla.open_charge_port", car, {"action": "OPEN"})


def close_charge_port(car: Target) -> Call[ActionResponse]:
    """Close the door of the charge port."""
    return acting(CHARGE_PORT, "tesla.close_charge_port", car, {"action": "CLOSE"})


def set_pin(car: Target, pin: str) -> Call[ActionResponse]:
    """Ask for this PIN before each drive. It is in the body, and nowhere else."""
    if not isinstance(pin, str) or not re.fullmatch("[0-9]{4}", pin):
        raise ConfigurationError("pin: give four digits, as a text")
    call = of_vehicle(PIN_SETTING, decode.action, car, body={"pin": pin}, action="tesla.set_pin")
    return evolve(call, private=(pin,))


def clear_pin(car: Target) -> Call[ActionResponse]:
    """Ask for no PIN any more, and forget it."""
    return of_vehicle(PIN_CLEARING, decode.action, car, action="tesla.clear_pin")


def set_amperage(car: Target, amperage: int) -> Call[ActionResponse]:
    """Set how many amperes the car draws."""
    parameters = {"amperage": require_count(amperage, "amperage")}
    return acting(AMPERAGE, "tesla.set_amperage", car, parameters, parameters)


def set_tesla_schedule(
    car: Target, type: TeslaScheduleType | str, time: ClockTime, enable: bool
) -> Call[TeslaSchedule]:
    """Set when charging begins, or when the car shall be ready."""
    kind = _schedule_type(type)
    parameters = {
        "type": kind.value,
        "enable": require_bool(enable, "enable"),
        "time": f"{charging.clock_time(time, 'time'):%H:%M}",
    }
    decoder = partial(decoders.tesla_schedule, kind=kind, enable=enable)
    return of_vehicle(TESLA_SCHEDULE, decoder, car, body=parameters, action="tesla.set_schedule", parameters=parameters)


def set_nissan_schedule(car: Target, windows: Iterable[NissanWindow]) -> Call[ActionResponse]:
    """Set all windows in which the car may charge."""
    checked = require_list(windows, "windows")
    if len(checked) > _MOST_NISSAN_WINDOWS or not all(isinstance(window, NissanWindow) for window in checked):
        raise ConfigurationError(f"windows: give at most {_MOST_NISSAN_WINDOWS}, each a NissanWindow")
    parameters = {"chargeSchedules": [_nissan_window(window) for window in checked]}
    return acting(NISSAN_SCHEDULE, "nissan.set_schedule", car, parameters, parameters)


def set_ford_schedule(
    car: Target,
    make: str,
    location: Position,
    charge_limit: float,
    weekday: Iterable[TimeWindow],
    weekend: Iterable[TimeWindow],
) -> Call[ActionResponse]:
    """Set all windows in which the car may charge at one place, and how far."""
    place = charging.position(location)
    windows = {"weekday": _whole_hours(weekday, "weekday"), "weekend": _whole_hours(weekend, "weekend")}
    parameters = {"chargeLimit": charge_fraction(charge_limit, "charge_limit", 0.5), "chargingWindows": windows}
    call = of_vehicle(
        FORD_SCHEDULE,
        decode.action,
        car,
        query=place,
        body={"chargingLocation": parameters},
        action="ford.set_schedule",
        parameters={**place, **parameters},
        make=make,
    )
    return hiding(call, place)


def _cabin(car: Target, action: str, word: str, temperature: float | None) -> Call[Cabin]:
    parameters = {} if temperature is None else {"temperature": _temperature(temperature)}
    return of_vehicle(
        CABIN, decoders.cabin, car, body={"action": word, **parameters}, action=action, parameters=parameters
    )


def _switch(endpoint: Endpoint, car: Target, action: str, word: str) -> Call[ActionResponse]:
    decoder = partial(decoders.switched, word=word)
    return of_vehicle(endpoint, decoder, car, body={"action": word}, action=action)


def _temperature(value: float) -> float:
    if not is_number(value):
        raise ConfigurationError(f"temperature: give degrees, in the units of the vehicle's unit_system, not {value!r}")
    return value


def _schedule_type(value: TeslaScheduleType | str) -> TeslaScheduleType:
    try:
        return TeslaScheduleType(value.upper())
    except (ValueError, AttributeError):
        raise ConfigurationError(f"type: give START_TIME or DEPARTURE_TIME, not {value!r}") from None


def _nissan_window(window: NissanWindow) -> Mapping[str, Any]:
    start, end = charging.span((window.start, window.end), "windows")
    days = [charging.weekday(day).value for day in require_list(window.days, "days")]
    if not days:
        raise ConfigurationError("windows: give each at least one day, such as Weekday.MONDAY")
    return {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "days": days}


def _whole_hours(windows: Iterable[TimeWindow], argument: str) -> list[Mapping[str, str]]:
    spans = [charging.span(window, argument) for window in require_list(windows, argument)]
    if any(start.minute or end.minute for start, end in spans):
        raise ConfigurationError(f"{argument}: give whole hours, such as ('22:00', '06:00')")
    return [{"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"} for start, end in spans]
