"""The commands that only a Tesla has: climate, lids, PIN, amperage, schedule."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve

from ..car import Car
from ..charging import ChargeTimer
from ..commands import moving
from ..extras import Extras
from ..routine import DAY
from ..times import time_of_day
from ..wire import Answer
from .access import Endpoint, VehicleCall
from .commands import command_answer, perform, run_command, success_answer, unavailable, unavailable_answer
from .errors import invalid
from .parameters import clock, fields_of, flag, number, word

COLDEST, WARMEST = 15.0, 28.0
"""The bounds of the cabin's target; no page publishes them."""

_CHARGING_WINDOW = 6 * 60
_TESLA = ("tesla",)


def _change(change: Callable[[Extras], Extras]) -> Callable[[Car], None]:
    def do(car: Car) -> None:
        car.wake()
        car.extras = change(car.extras)

    return do


def _cabin(call: VehicleCall) -> Answer:
    fields, units = fields_of(call.request), call.units
    action = word(fields, "action", "START", "STOP", "SET")
    extras = call.vehicle.car.extras
    wanted = extras.cabin_celsius
    if action == "SET" or fields.get("temperature") is not None:
        low, high = units.temperature(COLDEST) or COLDEST, units.temperature(WARMEST) or WARMEST
        wanted = units.celsius(number(fields, "temperature", low, high))
    if unavailable(call):
        return unavailable_answer(call)
    on = extras.cabin_on if action == "SET" else action == "START"
    action_name = {"action": action, "celsius": wanted}
    perform(call, "set_cabin", action_name, _change(lambda known: evolve(known, cabin_on=on, cabin_celsius=wanted)))
    return command_answer(call, {"status": "ON" if on else "OFF", "temperature": units.temperature(wanted)})


def _defroster(call: VehicleCall) -> Answer:
    return _switch(call, "set_defroster", lambda known, on: evolve(known, defroster_on=on))


def _steering_heater(call: VehicleCall) -> Answer:
    return _switch(call, "set_steering_heater", lambda known, on: evolve(known, wheel_heater_on=on))


def _switch(call: VehicleCall, action_name: str, change: Callable[[Extras, bool], Extras]) -> Answer:
    """Something that is on or off, whose answer echoes the action."""
    action = word(fields_of(call.request), "action", "START", "STOP")
    if unavailable(call):
        return unavailable_answer(call)
    perform(call, action_name, {"action": action}, _change(lambda known: change(known, action == "START")))
    return command_answer(call, {"status": action})


def _trunk(call: VehicleCall) -> Answer:
    return _lid(call, "trunk", lambda known, is_open: evolve(known, trunk_open=is_open))


def _frunk(call: VehicleCall) -> Answer:
    return _lid(call, "frunk", lambda known, is_open: evolve(known, frunk_open=is_open))


def _lid(call: VehicleCall, name: str, change: Callable[[Extras, bool], Extras]) -> Answer:
    action = word(fields_of(call.request), "action", "OPEN", "CLOSE")
    if unavailable(call):
        return unavailable_answer(call)
    opens = action == "OPEN"

    def refusal(car: Car) -> str | None:
        if opens and name == "trunk" and car.extras.trunk_open:
            return "TRUNK_OPEN"
        return moving(car)

    perform(call, f"{action.lower()}_{name}", {}, _change(lambda known: change(known, opens)), refusal)
    return success_answer(call)


def _charge_port(call: VehicleCall) -> Answer:
    action = word(fields_of(call.request), "action", "OPEN", "CLOSE")
    return run_command(call, f"{action.lower()}_charge_port", {})


def _set_pin(call: VehicleCall) -> Answer:
    pin = fields_of(call.request).get("pin")
    if not isinstance(pin, str) or not re.fullmatch("[0-9]{4}", pin):
        raise invalid("pin", "a text of four digits")
    return _pin(call, "set_pin", pin)


def _clear_pin(call: VehicleCall) -> Answer:
    return _pin(call, "clear_pin", None)


def _pin(call: VehicleCall, action_name: str, pin: str | None) -> Answer:
    """The ledger has that the PIN was changed, and not what it is."""
    if unavailable(call):
        return unavailable_answer(call)
    perform(call, action_name, {}, _change(lambda known: evolve(known, pin=pin)))
    return success_answer(call)


def _amperage(call: VehicleCall) -> Answer:
    wanted = number(fields_of(call.request), "amperage", 0, 1000)
    if unavailable(call):
        return unavailable_answer(call)
    amperage = min(round(wanted), call.vehicle.car.model.ac_amps)
    perform(call, "set_amperage", {"amperage": amperage}, lambda car: car.set_amperage(amperage), _unplugged)
    return success_answer(call, f"Successfully sent the amperage {amperage} to the vehicle")


def _unplugged(car: Car) -> str | None:
    return None if car.plugged_in else "CHARGING_PLUG_NOT_CONNECTED"


def _schedule(call: VehicleCall) -> Answer:
    """Charging may begin within six hours of a start, or in the six hours before a departure."""
    fields = fields_of(call.request)
    kind = word(fields, "type", "START_TIME", "DEPARTURE_TIME")
    enabled = flag(fields, "enable", "enabled")
    minute = clock(fields, "time")
    if unavailable(call):
        return unavailable_answer(call)
    car = call.vehicle.car
    gone = ("START_TIME", "DEPARTURE_TIME") if enabled else (kind,)
    timers = tuple(timer for timer in car.timers if timer.schedule_type not in gone)
    if enabled:
        start = minute if kind == "START_TIME" else (minute - _CHARGING_WINDOW) % DAY
        timers += (ChargeTimer(start, (start + _CHARGING_WINDOW) % DAY, schedule_type=kind),)

    def do(car: Car) -> None:
        car.wake()
        car.timers = timers

    perform(call, "set_charge_schedule", {"type": kind, "enabled": enabled, "time": time_of_day(minute)}, do)
    return command_answer(call, schedule_state(car))


def schedule_state(car: Car) -> dict[str, object]:
    """The two kinds of schedule that a Tesla has by itself, of which one at most is on."""
    times = {timer.schedule_type: timer for timer in car.timers}
    start, departure = times.get("START_TIME"), times.get("DEPARTURE_TIME")
    return {
        "departureTime": {"enabled": departure is not None, "time": departure and time_of_day(departure.stop)},
        "startTime": {"enabled": start is not None, "time": start and time_of_day(start.start)},
    }


TESLA_COMMANDS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/climate/cabin", "control_climate", _cabin, _TESLA),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/climate/defroster", "control_climate", _defroster, _TESLA),
    Endpoint(
        "POST", "/v2.0/vehicles/{vehicle}/{make}/climate/steering_wheel", "control_climate", _steering_heater, _TESLA
    ),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/security/trunk", "control_trunk", _trunk, _TESLA),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/security/frunk", "control_trunk", _frunk, _TESLA),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/charge/charge_port_door", "control_charge", _charge_port, _TESLA),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/pin", "control_pin", _set_pin, _TESLA),
    Endpoint("DELETE", "/v2.0/vehicles/{vehicle}/{make}/pin", "control_pin", _clear_pin, _TESLA),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/charge/ammeter", "control_charge", _amperage, _TESLA),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/{make}/charge/schedule", "control_charge", _schedule, _TESLA),
)
