"""What acts on a car: commands, and charge schedules under both families of paths."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from .. import codec, signals
from ..arguments import charge_percent, coordinates, degrees_of
from ..request import Call, Effect, Endpoint, json_body
from ..vocabulary import Permission, SchedulePaths, ScheduleType
from .reads import SIGNAL, of_vehicle

if TYPE_CHECKING:
    from ..records import Execution
    from ..schedules.record import ChargeSchedule

_COMMANDS: Final = "/v3/vehicles/{vehicle_id}/commands"


def _command(path: str, permission: Permission) -> Endpoint:
    return Endpoint("POST", path, effect=Effect.COMMAND, permission=permission)


LOCK: Final = _command(f"{_COMMANDS}/security/lock", Permission.CONTROL_SECURITY)
UNLOCK: Final = _command(f"{_COMMANDS}/security/unlock", Permission.CONTROL_SECURITY)
CHARGE_START: Final = _command(f"{_COMMANDS}/charge/start", Permission.CONTROL_CHARGE)
CHARGE_STOP: Final = _command(f"{_COMMANDS}/charge/stop", Permission.CONTROL_CHARGE)
CHARGE_LIMIT: Final = _command(f"{_COMMANDS}/charge/set-limit", Permission.CONTROL_CHARGE)
DESTINATION: Final = _command(f"{_COMMANDS}/navigation/set-destination", Permission.CONTROL_NAVIGATION)
PORT_OPENING: Final = _command(f"{_COMMANDS}/charge-port/open", Permission.CONTROL_CHARGE)
PORT_CLOSING: Final = _command(f"{_COMMANDS}/charge-port/close", Permission.CONTROL_CHARGE)

_SCHEDULES: Final = "/v3/vehicles/{vehicle_id}/charge-schedules"
_ANNOUNCED: Final = "/v3.0/vehicles/{vehicle_id}/schedules"

SCHEDULE_CREATIONS: Final[Mapping[tuple[SchedulePaths, ScheduleType], Endpoint]] = {
    (family, kind): _command(f"{start}{kind.value.lower()}", Permission.CONTROL_CHARGE)
    for family, start in (
        (SchedulePaths.REFERENCE, f"{_SCHEDULES}/"),
        (SchedulePaths.ANNOUNCEMENT, f"{_ANNOUNCED}/charge-"),
    )
    for kind in ScheduleType
}
SCHEDULE_DELETIONS: Final[Mapping[SchedulePaths, Endpoint]] = {
    family: Endpoint("DELETE", f"{start}/{{schedule_id}}", effect=Effect.DELETE, permission=Permission.CONTROL_CHARGE)
    for family, start in ((SchedulePaths.REFERENCE, _SCHEDULES), (SchedulePaths.ANNOUNCEMENT, _ANNOUNCED))
}
SCHEDULES: Final = Endpoint("GET", _ANNOUNCED, permission=Permission.CONTROL_CHARGE)

ENDPOINTS: Final = (
    LOCK,
    UNLOCK,
    CHARGE_START,
    CHARGE_STOP,
    CHARGE_LIMIT,
    DESTINATION,
    PORT_OPENING,
    PORT_CLOSING,
    *SCHEDULE_CREATIONS.values(),
    *SCHEDULE_DELETIONS.values(),
    SCHEDULES,
)


def lock(vehicle_id: str, user_id: str) -> Call[Execution]:
    """Lock the doors."""
    return _acting(LOCK, "lock", vehicle_id, user_id)


def unlock(vehicle_id: str, user_id: str) -> Call[Execution]:
    """Unlock the doors."""
    return _acting(UNLOCK, "unlock", vehicle_id, user_id)


def start_charge(vehicle_id: str, user_id: str) -> Call[Execution]:
    """Start charging."""
    return _acting(CHARGE_START, "start_charge", vehicle_id, user_id)


def stop_charge(vehicle_id: str, user_id: str) -> Call[Execution]:
    """Stop charging."""
    return _acting(CHARGE_STOP, "stop_charge", vehicle_id, user_id)


def set_charge_limit(vehicle_id: str, user_id: str, percent: int) -> Call[Execution]:
    """Set the level at which charging ends."""
    return _acting(CHARGE_LIMIT, "set_charge_limit", vehicle_id, user_id, {"percent": charge_percent(percent)})


def send_destination(vehicle_id: str, user_id: str, latitude: float, longitude: float) -> Call[Execution]:
    """Send a destination to the car's navigation."""
    position = coordinates(latitude, longitude)
    return _hiding(_acting(DESTINATION, "send_destination", vehicle_id, user_id, position), position)


def open_charge_port(vehicle_id: str, user_id: str) -> Call[Execution]:
    """Open the charge port."""
    return _acting(PORT_OPENING, "open_charge_port", vehicle_id, user_id)


def close_charge_port(vehicle_id: str, user_id: str) -> Call[Execution]:
    """Close the charge port."""
    return _acting(PORT_CLOSING, "close_charge_port", vehicle_id, user_id)


def create_schedule(
    vehicle_id: str, user_id: str, kind: ScheduleType, attributes: Mapping[str, Any], family: SchedulePaths
) -> Call[Execution]:
    """Create a charge schedule with checked attributes."""
    action = f"create_{kind.value.lower()}_schedule"
    call = _acting(SCHEDULE_CREATIONS[family, kind], action, vehicle_id, user_id, attributes)
    return _hiding(call, attributes["location"])


def delete_schedule(
    vehicle_id: str, user_id: str, schedule_id: str, family: SchedulePaths, *, gone_is_done: bool
) -> Call[Execution]:
    """Delete a charge schedule. Only where the path is known to exist may a 404 after a resend count as done."""
    parameters = {"schedule_id": schedule_id}
    decode = partial(codec.deletion, action="delete_schedule", parameters=parameters)
    call = of_vehicle(SCHEDULE_DELETIONS[family], decode, vehicle_id, user_id, schedule_id=schedule_id)
    return evolve(call, action="delete_schedule", parameters=parameters, gone_is_done=gone_is_done)


def list_schedules(vehicle_id: str, user_id: str) -> Call[tuple[ChargeSchedule, ...]]:
    """The charge schedules, where the announced path exists."""
    return of_vehicle(SCHEDULES, codec.schedules, vehicle_id, user_id)


def list_charge_timers(vehicle_id: str, user_id: str) -> Call[tuple[ChargeSchedule, ...]]:
    """The charge schedules, from the signal that shows them everywhere."""
    key = signals.Charge.ChargeTimers
    call = of_vehicle(SIGNAL, codec.schedules_of_signal, vehicle_id, user_id, code=key.code)
    return evolve(call, permission=key.permission)


def _acting(
    endpoint: Endpoint, action: str, vehicle_id: str, user_id: str, attributes: Mapping[str, Any] | None = None
) -> Call[Execution]:
    parameters = dict(attributes or {})
    decode = partial(codec.execution, action=action, parameters=parameters)
    body = json_body({"data": {"attributes": parameters}}) if attributes is not None else None
    call = of_vehicle(endpoint, decode, vehicle_id, user_id)
    return evolve(call, body=body, action=action, parameters=parameters)


def _hiding(call: Call[Execution], position: Mapping[str, float]) -> Call[Execution]:
    """The same command; no error text repeats the place that it is about."""
    return evolve(call, private=(*call.private, *degrees_of(position)))
