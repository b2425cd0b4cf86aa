"""The eight commands: the permission, car and state that each needs, and what it does.

A car obeys at once, and its ledger says so before any answer goes out; what takes time is only the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from attrs import frozen

from .car import Car
from .executions import executed
from .fields import Fields
from .routine import Place
from .service import Params, Route, Service, not_capable
from .switches import V3Switches
from .wire import Answer, Problem, Refused, Request
from .world import Vehicle

Values = dict[str, float]


@frozen
class Command:
    """One command: its name in the ledger, the permission it needs, and how it is read, refused and carried out."""

    action: str
    permission: str
    do: Callable[[Car, Values], None]
    refusal: Callable[[Car], str | None] = lambda _: None
    read: Callable[[Request], Values] = lambda _: {}


def carry_out(command: Command, service: Service, vehicle: Vehicle, values: Values, request: Request) -> None:
    """Run a command on the car and enter it in the ledger, or refuse it."""
    if command.action not in vehicle.car.model.commands:
        raise not_capable("The vehicle does not support this command.")
    refuse_by_state(service, vehicle, command.refusal)
    command.do(vehicle.car, values)
    service.world.act(vehicle, command.action, values, request.request_id or "")


def refuse_by_state(service: Service, vehicle: Vehicle, refusal: Callable[[Car], str | None]) -> None:
    """Refuse a command to a Tesla without a key, to a car that sleeps on, and to one whose state forbids it."""
    car = vehicle.car
    if car.model.make == "TESLA" and not car.virtual_key:
        raise Refused(_NO_KEY)
    for trouble in vehicle.troubles:
        if trouble.type == "VEHICLE_STATE" and not trouble.signals:
            raise Refused(Problem(409, trouble.type, trouble.code, trouble.description))
    state = "ASLEEP" if car.asleep and not wakes(vehicle, service.switches) else refusal(car)
    if state is not None:
        raise Refused(Problem(409, "VEHICLE_STATE", state, _REASONS[state]))


def _run(command: Command, service: Service, request: Request, params: Params) -> Answer:
    vehicle = service.permitted_vehicle(request, params["vehicle"], command.permission)
    values = command.read(request)
    carry_out(command, service, vehicle, values, request)
    return executed(service, vehicle, "command-execution", {"parameters": values}, {})


def wakes(vehicle: Vehicle, switches: V3Switches) -> bool:
    """Whether a command wakes the vehicle from its sleep."""
    if vehicle.wakes is not None:
        return vehicle.wakes
    return vehicle.car.model.wakes if switches.asleep == "by_make" else switches.asleep == "wakes"


_REASONS = {
    "ASLEEP": "The vehicle is asleep and does not wake for commands.",
    "CHARGING_IN_PROGRESS": "The vehicle is already charging.",
    "CHARGING_PLUG_CONNECTED": "The charging cable is connected.",
    "CHARGING_PLUG_NOT_CONNECTED": "The vehicle is not plugged in.",
    "FULLY_CHARGED": "The battery is charged to its limit.",
    "HOOD_OPEN": "The hood is open.",
    "IN_MOTION": "The vehicle is in motion.",
    "NOT_CHARGING": "The vehicle is not charging.",
    "TRUNK_OPEN": "The trunk is open.",
}
_NO_KEY = Problem(
    400, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED",
    "The vehicle obeys no command before its owner has added the virtual key.", resolution="ACTION_REQUIRED",
    url="https://www.tesla.com/_ak/smartcar.com",
)  # fmt: skip


def moving(car: Car) -> str | None:
    """Why a car that drives cannot do something."""
    return "IN_MOTION" if car.trip is not None else None


def _cannot_lock(car: Car) -> str | None:
    if car.extras.trunk_open:
        return "TRUNK_OPEN"
    return "HOOD_OPEN" if car.extras.frunk_open else moving(car)


def _cannot_start(car: Car) -> str | None:
    if not car.plugged_in:
        return "CHARGING_PLUG_NOT_CONNECTED"
    if car.charging:
        return "CHARGING_IN_PROGRESS"
    return "FULLY_CHARGED" if car.at_limit else None


def _cannot_stop(car: Car) -> str | None:
    if not car.plugged_in:
        return "CHARGING_PLUG_NOT_CONNECTED"
    return None if car.charging else "NOT_CHARGING"


def _cannot_close(car: Car) -> str | None:
    return "CHARGING_PLUG_CONNECTED" if car.plugged_in else None


def _percent(request: Request) -> Values:
    fields = Fields.of(request)
    percent = fields.integer("percent", 50, 100)
    fields.check()
    return {"percent": percent}


def _coordinates(request: Request) -> Values:
    fields = Fields.of(request)
    values = {"latitude": fields.number("latitude", -90, 90), "longitude": fields.number("longitude", -180, 180)}
    fields.check()
    return values


def _lock(car: Car, _: Values) -> None:
    car.lock()


def _unlock(car: Car, _: Values) -> None:
    car.unlock()


def _start(car: Car, _: Values) -> None:
    car.start_charge()


def _stop(car: Car, _: Values) -> None:
    car.stop_charge()


def _limit(car: Car, values: Values) -> None:
    car.set_charge_limit(int(values["percent"]))


def _navigate(car: Car, values: Values) -> None:
    car.send_destination(Place("destination", values["latitude"], values["longitude"]))


def _open(car: Car, _: Values) -> None:
    car.open_flap()


def _close(car: Car, _: Values) -> None:
    car.close_flap()


COMMAND_BY_ACTION: Mapping[str, Command] = {
    command.action: command
    for command in (
        Command("start_charge", "control_charge", _start, _cannot_start),
        Command("stop_charge", "control_charge", _stop, _cannot_stop),
        Command("set_charge_limit", "control_charge", _limit, read=_percent),
        Command("lock", "control_security", _lock, _cannot_lock),
        Command("unlock", "control_security", _unlock, moving),
        Command("send_destination", "control_navigation", _navigate, read=_coordinates),
        Command("open_charge_port", "control_charge", _open, moving),
        Command("close_charge_port", "control_charge", _close, _cannot_close),
    )
}
"""The commands by their names in the ledger."""

_PATHS: tuple[tuple[str, str], ...] = (
    ("/v3/vehicles/{vehicle}/commands/charge/start", "start_charge"),
    ("/v3/vehicles/{vehicle}/commands/charge/stop", "stop_charge"),
    ("/v3/vehicles/{vehicle}/commands/charge/set-limit", "set_charge_limit"),
    ("/v3/vehicles/{vehicle}/commands/security/lock", "lock"),
    ("/v3/vehicles/{vehicle}/commands/security/unlock", "unlock"),
    ("/v3/vehicles/{vehicle}/commands/navigation/set-destination", "send_destination"),
    ("/v3/vehicles/{vehicle}/commands/charge-port/open", "open_charge_port"),
    ("/v3/vehicles/{vehicle}/commands/charge-port/close", "close_charge_port"),
)

COMMANDS: tuple[Route, ...] = tuple(
    Route("POST", path, partial(_run, COMMAND_BY_ACTION[action])) for path, action in _PATHS
)
