"""What only a Tesla can be told: climate, lids, PIN, amperage, schedule."""

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
from .access import Endpoint, Visit
from .commands import act, done, give, refuse_nothing, succeed, unavailable
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


def _cabin(visit: Visit) -> Answer:
    fields, units = fields_of(visit.request), visit.units
    action = word(fields, "action", "START", "STOP", "SET")
    extras = visit.vehicle.car.extras
    wanted = extras.cabin_celsius
    if action == "SET" or fields.get("temperature") is not None:
        low, high = units.temperature(COLDEST) or COLDEST, units.temperature(WARMEST) or WARMEST
        wanted = units.celsius(number(fields, "temperature", low, high))
    if unavailable(visit):
        return refuse_nothing(visit)
    on = extras.cabin_on if action == "SET" else action == "START"
    deed = {"action": action, "celsius": wanted}
    act(visit, "set_cabin", deed, _change(lambda known: evolve(known, cabin_on=on, cabin_celsius=wanted)))
    return done(visit, {"status": "ON" if on else "OFF", "temperature": units.temperature(wanted)})


def _defroster(visit: Visit) -> Answer:
    return _switch(visit, "set_defroster", lambda known, on: evolve(known, defroster_on=on))


def _steering_heater(visit: Visit) -> Answer:
    return _switch(visit, "set_steering_heater", lambda known, on: evolve(known, wheel_heater_on=on))


def _switch(visit: Visit, deed: str, change: Callable[[Extras, bool], Extras]) -> Answer:
    """Something that is on or off, whose answer echoes the action."""
    action = word(fields_of(visit.request), "action", "START", "STOP")
    if unavailable(visit):
        return refuse_nothing(visit)
    act(visit, deed, {"action": action}, _change(lambda known: change(known, action == "START")))
    return done(visit, {"status": action})


def _trunk(visit: Visit) -> Answer:
    return _lid(visit, "trunk", lambda known, is_open: evolve(known, trunk_open=is_open))


def _frunk(visit: Visit) -> Answer:
    return _lid(visit, "frunk", lambda known, is_open: evolve(known, frunk_open=is_open))


def _lid(visit: Visit, name: str, change: Callable[[Extras, bool], Extras]) -> Answer:
    action = word(fields_of(visit.request), "action", "OPEN", "CLOSE")
    if unavailable(visit):
        return refuse_nothing(visit)
    opens = action == "OPEN"

    def refusal(car: Car) -> str | None:
        if opens and name == "trunk" and car.extras.trunk_open:
            return "TRUNK_OPEN"
        return moving(car)

    act(visit, f"{action.lower()}_{name}", {}, _change(lambda known: change(known, opens)), refusal)
    return succeed(visit)


def _charge_port(visit: Visit) -> Answer:
    action = word(fields_of(visit.request), "action", "OPEN", "CLOSE")
    return give(visit, f"{action.lower()}_charge_port", {})


def _set_pin(visit: Visit) -> Answer:
    pin = fields_of(visit.request).get("pin")
    if not isinstance(pin, str) or not re.fullmatch("[0-9]{4}", pin):
        raise invalid("pin", "a text of four digits")
    return _pin(visit, "set_pin", pin)


def _clear_pin(visit: Visit) -> Answer:
    return _pin(visit, "clear_pin", None)


def _pin(visit: Visit, deed: str, pin: str | None) -> Answer:
    """The ledger tells that the PIN was changed, and not what it is."""
    if unavailable(visit):
        return refuse_nothing(visit)
    act(visit, deed, {}, _change(lambda known: evolve(known, pin=pin)))
    return succeed(visit)


def _amperage(visit: Visit) -> Answer:
    wanted = number(fields_of(visit.request), "amperage", 0, 1000)
    if unavailable(visit):
        return refuse_nothing(visit)
    amperage = min(round(wanted), visit.vehicle.car.model.ac_amps)
    act(visit, "set_amperage", {"amperage": amperage}, lambda car: car.set_amperage(amperage), _unplugged)
    return succeed(visit, f"Successfully sent the amperage {amperage} to the vehicle")


def _unplugged(car: Car) -> str | None:
    return None if car.plugged_in else "CHARGING_PLUG_NOT_CONNECTED"


def _schedule(visit: Visit) -> Answer:
    """Charging may begin within six hours of a start, or in the six hours before a departure."""
    fields = fields_of(visit.request)
    kind = word(fields, "type", "START_TIME", "DEPARTURE_TIME")
    enabled = flag(fields, "enable", "enabled")
    minute = clock(fields, "time")
    if unavailable(visit):
        return refuse_nothing(visit)
    car = visit.vehicle.car
    gone = ("START_TIME", "DEPARTURE_TIME") if enabled else (kind,)
    timers = tuple(timer for timer in car.timers if timer.schedule_type not in gone)
    if enabled:
        start = minute if kind == "START_TIME" else (minute - _CHARGING_WINDOW) % DAY
        timers += (ChargeTimer(start, (start + _CHARGING_WINDOW) % DAY, schedule_type=kind),)

    def do(car: Car) -> None:
        car.wake()
        car.timers = timers

    act(visit, "set_charge_schedule", {"type": kind, "enabled": enabled, "time": time_of_day(minute)}, do)
    return done(visit, schedule_state(car))


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
