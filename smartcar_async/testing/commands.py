"""The eight commands: who may give them, to which car, in which state, and what they do to it.

A car obeys at once, and its ledger says so before any answer goes out; what takes time is only the word of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import frozen

from .car import Car
from .executions import executed
from .fields import Fields
from .routine import Place
from .service import Params, Route, Service
from .wire import Answer, Problem, Refused, Request
from .world import Vehicle

Values = dict[str, float]


@frozen
class Command:
    """One command: the name of its deed, the permission it needs, and how it is read, refused and carried out."""

    action: str
    permission: str
    do: Callable[[Car, Values], None]
    refusal: Callable[[Car], str | None] = lambda _: None
    read: Callable[[Request], Values] = lambda _: {}


def not_capable(detail: str) -> Refused:
    """The 501 of a car that cannot do something."""
    return Refused(Problem(501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", detail))


def _give(command: Command, service: Service, request: Request, params: Params) -> Answer:
    vehicle = service.permitted_vehicle(request, params["vehicle"], command.permission)
    values = command.read(request)
    car = vehicle.car
    if command.action not in car.model.commands:
        raise not_capable("The vehicle does not support this command.")
    state = "ASLEEP" if car.asleep and not _wakes(service, vehicle) else command.refusal(car)
    if state is not None:
        raise Refused(Problem(409, "VEHICLE_STATE", state, _REASONS[state]))
    command.do(car, values)
    service.world.act(vehicle, command.action, values, request.request_id or "")
    return executed(service, vehicle, "command-execution", {"parameters": values}, {})


def _wakes(service: Service, vehicle: Vehicle) -> bool:
    if vehicle.wakes is not None:
        return vehicle.wakes
    asleep = service.switches.asleep
    return vehicle.car.model.wakes if asleep == "by_make" else asleep == "wakes"


_REASONS = {
    "ASLEEP": "The vehicle is asleep and does not wake for commands.",
    "CHARGING_IN_PROGRESS": "The vehicle is already charging.",
    "CHARGING_PLUG_CONNECTED": "The charging cable is connected.",
    "CHARGING_PLUG_NOT_CONNECTED": "The vehicle is not plugged in.",
    "FULLY_CHARGED": "The battery is charged to its limit.",
    "IN_MOTION": "The vehicle is in motion.",
    "NOT_CHARGING": "The vehicle is not charging.",
}


def _moving(car: Car) -> str | None:
    return "IN_MOTION" if car.trip is not None else None


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
    percent = fields.whole("percent", 50, 100)
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


_COMMANDS: tuple[tuple[str, Command], ...] = (
    ("/v3/vehicles/{vehicle}/commands/charge/start", Command("start_charge", "control_charge", _start, _cannot_start)),
    ("/v3/vehicles/{vehicle}/commands/charge/stop", Command("stop_charge", "control_charge", _stop, _cannot_stop)),
    (
        "/v3/vehicles/{vehicle}/commands/charge/set-limit",
        Command("set_charge_limit", "control_charge", _limit, read=_percent),
    ),
    ("/v3/vehicles/{vehicle}/commands/security/lock", Command("lock", "control_security", _lock, _moving)),
    ("/v3/vehicles/{vehicle}/commands/security/unlock", Command("unlock", "control_security", _unlock, _moving)),
    (
        "/v3/vehicles/{vehicle}/commands/navigation/set-destination",
        Command("send_destination", "control_navigation", _navigate, read=_coordinates),
    ),
    ("/v3/vehicles/{vehicle}/commands/charge-port/open", Command("open_charge_port", "control_charge", _open, _moving)),
    (
        "/v3/vehicles/{vehicle}/commands/charge-port/close",
        Command("close_charge_port", "control_charge", _close, _cannot_close),
    ),
)

COMMANDS: tuple[Route, ...] = tuple(Route("POST", path, partial(_give, command)) for path, command in _COMMANDS)
