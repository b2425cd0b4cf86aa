"""The commands that are the same for every make: they move the same cars, and fill the same ledgers, as v3's do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import evolve

from ..car import Car
from ..commands import COMMAND_BY_ACTION, Values, carry_out, refuse_by_state
from ..executions import command_seconds
from ..wire import Answer, json_answer
from .access import Endpoint, VehicleCall
from .errors import in_state
from .parameters import fields_of, number, word

SENT = "Successfully sent request to vehicle"


def command_answer(call: VehicleCall, document: Mapping[str, object]) -> Answer:
    """The answer to a command; it takes as long as commands to this car do."""
    return evolve(json_answer(document), seconds=command_seconds(call.service, call.vehicle))


def success_answer(call: VehicleCall, message: str = SENT) -> Answer:
    """The answer of most commands."""
    return command_answer(call, {"status": "success", "message": message})


def unavailable(call: VehicleCall) -> bool:
    """Whether commands are switched to do nothing."""
    return call.switches.unavailable


def unavailable_answer(call: VehicleCall) -> Answer:
    """A 200 that is no success: nothing was done."""
    return command_answer(call, {"status": "UNAVAILABLE"})


def run_command(call: VehicleCall, action: str, values: Values) -> Answer:
    """Run a command that v3 has too."""
    if unavailable(call):
        return unavailable_answer(call)
    carry_out(COMMAND_BY_ACTION[action], call.service, call.vehicle, values, call.request)
    return success_answer(call)


def perform(
    call: VehicleCall,
    action: str,
    parameters: Mapping[str, object],
    do: Callable[[Car], None],
    refusal: Callable[[Car], str | None] = lambda _: None,
) -> None:
    """Run a command that only v2 has, and enter it in the ledger, or refuse it by the car's state."""
    refuse_by_state(call.service, call.vehicle, refusal)
    do(call.vehicle.car)
    call.service.world.act(call.vehicle, action, parameters, call.request.request_id or "")


def _charge(call: VehicleCall) -> Answer:
    action = word(fields_of(call.request), "action", "START", "STOP")
    return run_command(call, "start_charge" if action == "START" else "stop_charge", {})


def _charge_limit(call: VehicleCall) -> Answer:
    limit = number(fields_of(call.request), "limit", 0.5, 1)
    if call.switches.limit_needs_plug and not call.vehicle.car.plugged_in:
        raise in_state("CHARGING_PLUG_NOT_CONNECTED", "The vehicle is not plugged in.")
    return run_command(call, "set_charge_limit", {"percent": round(limit * 100)})


def _security(call: VehicleCall) -> Answer:
    return run_command(call, word(fields_of(call.request), "action", "LOCK", "UNLOCK").lower(), {})


def _navigate(call: VehicleCall) -> Answer:
    fields = fields_of(call.request)
    where = {"latitude": number(fields, "latitude", -90, 90), "longitude": number(fields, "longitude", -180, 180)}
    return run_command(call, "send_destination", where)


COMMANDS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/charge", "control_charge", _charge),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/charge/limit", "control_charge", _charge_limit),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/security", "control_security", _security),
    Endpoint("POST", "/v2.0/vehicles/{vehicle}/navigation/destination", "control_navigation", _navigate),
)
