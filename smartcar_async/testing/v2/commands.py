"""The commands that are the same for every make: they move the same cars, and fill the same ledgers, as v3's do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import evolve

from ..car import Car
from ..commands import COMMAND_OF, Values, carry_out, refuse_by_state
from ..executions import seconds_of
from ..wire import Answer, json_answer
from .access import Endpoint, Visit
from .errors import in_state
from .parameters import fields_of, number, word

SENT = "Successfully sent request to vehicle"


def done(visit: Visit, document: Mapping[str, object]) -> Answer:
    """The answer to a command; it takes as long as commands to this car do."""
    return evolve(json_answer(document), seconds=seconds_of(visit.service, visit.vehicle))


def succeed(visit: Visit, message: str = SENT) -> Answer:
    """The answer that most commands give."""
    return done(visit, {"status": "success", "message": message})


def unavailable(visit: Visit) -> bool:
    """Whether the switch is thrown that makes commands do nothing."""
    return visit.switches.unavailable


def refuse_nothing(visit: Visit) -> Answer:
    """A 200 that is no success."""
    return done(visit, {"status": "UNAVAILABLE"})


def give(visit: Visit, action: str, values: Values) -> Answer:
    """Give one of the commands that v3 has too."""
    if unavailable(visit):
        return refuse_nothing(visit)
    carry_out(COMMAND_OF[action], visit.service, visit.vehicle, values, visit.request)
    return succeed(visit)


def act(
    visit: Visit,
    action: str,
    parameters: Mapping[str, object],
    do: Callable[[Car], None],
    refusal: Callable[[Car], str | None] = lambda _: None,
) -> None:
    """Do something that only v2 can do, and write it down, or refuse by the car's state."""
    refuse_by_state(visit.service, visit.vehicle, refusal)
    do(visit.vehicle.car)
    visit.service.world.act(visit.vehicle, action, parameters, visit.request.request_id or "")


def _charge(visit: Visit) -> Answer:
    action = word(fields_of(visit.request), "action", "START", "STOP")
    return give(visit, "start_charge" if action == "START" else "stop_charge", {})


def _charge_limit(visit: Visit) -> Answer:
    limit = number(fields_of(visit.request), "limit", 0.5, 1)
    if visit.switches.limit_needs_plug and not visit.vehicle.car.plugged_in:
        raise in_state("CHARGING_PLUG_NOT_CONNECTED", "The vehicle is not plugged in.")
    return give(visit, "set_charge_limit", {"percent": round(limit * 100)})


def _security(visit: Visit) -> Answer:
    return give(visit, word(fields_of(visit.request), "action", "LOCK", "UNLOCK").lower(), {})


def _navigate(visit: Visit) -> Answer:
    fields = fields_of(visit.request)
    where = {"latitude": number(fields, "latitude", -90, 90), "longitude": number(fields, "longitude", -180, 180)}
    return give(visit, "send_destination", where)


COMMANDS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/charge", "control_charge", _charge),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/charge/limit", "control_charge", _charge_limit),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/security", "control_security", _security),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/navigation/destination", "control_navigation", _navigate),
)
