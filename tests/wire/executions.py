"""What commands and schedule calls answer, and a table of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import frozen

from smartcar_async import (
    AccountError,
    ApiError,
    AuthenticationError,
    BillingError,
    CompatibilityError,
    Execution,
    InvalidRequest,
    NotFound,
    Permission,
    PermissionDenied,
    RateLimited,
    SchedulePaths,
    Vehicle,
    VehicleStateError,
)

from .fakes import USER, VEHICLE, FakeClock, Wire

SUCCESS = {"value": "SUCCESS"}
EXECUTED = {"executedAt": "2026-06-01T12:00:00Z", "completedAt": "2026-06-01T12:00:02Z", "durationInSeconds": 2}
PLACE = (57.7, 11.97)
DAILY = {"location": {"latitude": 57.7, "longitude": 11.97}, "startTime": "22:00", "stopTime": "06:00"}


def execution(status: object = None, **attributes: object) -> dict[str, Any]:
    """The result of a command, as section 5.1 of the reference shows it."""
    status = SUCCESS if status is None else status
    result = {"status": status, "executionMode": "sync", "parameters": {}, **attributes}
    return {"data": {"id": "exec_1", "type": "command-execution", "attributes": result, "links": {}, "meta": EXECUTED}}


def schedule_execution(action: str = "create", vehicle_id: str = "vehicle-1", **attributes: object) -> dict[str, Any]:
    """The result of a schedule call, as section 6.2 shows it."""
    result = {
        "action": action,
        "scheduleType": "daily",
        "status": SUCCESS,
        "executionMode": "sync",
        "scheduleId": "sched_7",
        "parameters": DAILY,
        **attributes,
    }
    links = {"schedule": f"/vehicles/{vehicle_id}/charge-schedules/sched_7"}
    resource = {"id": "exec_42", "type": "charge-schedule-execution", "attributes": result}
    return {"data": {**resource, "links": links, "meta": EXECUTED}}


def failure(kind: str, code: str | None, status: int) -> dict[str, Any]:
    """An error document, which may come with any status line."""
    return {"errors": [{"status": str(status), "type": kind, "code": code, "title": "No", "detail": "It is so."}]}


@frozen
class Act:
    """One call that acts on a car: how it is made, and what it must send."""

    action: str
    use: Callable[[Vehicle], Awaitable[Execution]]
    path: str
    permission: Permission
    body: bytes | None = None
    method: str = "POST"
    family: SchedulePaths = SchedulePaths.AUTO

    def __str__(self) -> str:
        return self.action if self.family is SchedulePaths.AUTO else f"{self.action}, {self.family}"


COMMANDS = [
    Act("lock", lambda car: car.lock(), "/v3/vehicles/vehicle-1/commands/security/lock", Permission.CONTROL_SECURITY),
    Act(
        "unlock",
        lambda car: car.unlock(),
        "/v3/vehicles/vehicle-1/commands/security/unlock",
        Permission.CONTROL_SECURITY,
    ),
    Act(
        "start_charge",
        lambda car: car.start_charge(),
        "/v3/vehicles/vehicle-1/commands/charge/start",
        Permission.CONTROL_CHARGE,
    ),
    Act(
        "stop_charge",
        lambda car: car.stop_charge(),
        "/v3/vehicles/vehicle-1/commands/charge/stop",
        Permission.CONTROL_CHARGE,
    ),
    Act(
        "set_charge_limit",
        lambda car: car.set_charge_limit(80),
        "/v3/vehicles/vehicle-1/commands/charge/set-limit",
        Permission.CONTROL_CHARGE,
        b'{"data":{"attributes":{"percent":80}}}',
    ),
    Act(
        "send_destination",
        lambda car: car.send_destination(-33.85, 151),
        "/v3/vehicles/vehicle-1/commands/navigation/set-destination",
        Permission.CONTROL_NAVIGATION,
        b'{"data":{"attributes":{"latitude":-33.85,"longitude":151}}}',
    ),
    Act(
        "open_charge_port",
        lambda car: car.open_charge_port(),
        "/v3/vehicles/vehicle-1/commands/charge-port/open",
        Permission.CONTROL_CHARGE,
    ),
    Act(
        "close_charge_port",
        lambda car: car.close_charge_port(),
        "/v3/vehicles/vehicle-1/commands/charge-port/close",
        Permission.CONTROL_CHARGE,
    ),
]

_SCHEDULES: list[tuple[str, Callable[[Vehicle], Awaitable[Execution]], str, str, str, bytes | None]] = [
    (
        "create_daily_schedule",
        lambda car: car.schedules.create_daily(location=PLACE, start="22:00", stop="06:00"),
        "POST",
        "/v3/vehicles/vehicle-1/charge-schedules/daily",
        "/v3.0/vehicles/vehicle-1/schedules/charge-daily",
        b'{"data":{"attributes":{"location":{"latitude":57.7,"longitude":11.97},'
        b'"startTime":"22:00","stopTime":"06:00"}}}',
    ),
    (
        "create_workweek_schedule",
        lambda car: car.schedules.create_workweek(
            location=PLACE, weekdays=("22:00", "06:00"), weekends=("09:00", "17:30")
        ),
        "POST",
        "/v3/vehicles/vehicle-1/charge-schedules/workweek",
        "/v3.0/vehicles/vehicle-1/schedules/charge-workweek",
        b'{"data":{"attributes":{"location":{"latitude":57.7,"longitude":11.97},'
        b'"weekdays":{"startTime":"22:00","stopTime":"06:00"},"weekends":{"startTime":"09:00","stopTime":"17:30"}}}}',
    ),
    (
        "create_weekly_schedule",
        lambda car: car.schedules.create_weekly(location=PLACE, days={"Monday": ("22:00", "06:00")}),
        "POST",
        "/v3/vehicles/vehicle-1/charge-schedules/weekly",
        "/v3.0/vehicles/vehicle-1/schedules/charge-weekly",
        b'{"data":{"attributes":{"location":{"latitude":57.7,"longitude":11.97},'
        b'"days":{"monday":{"startTime":"22:00","stopTime":"06:00"}}}}}',
    ),
    (
        "delete_schedule",
        lambda car: car.schedules.delete("sched/7"),
        "DELETE",
        "/v3/vehicles/vehicle-1/charge-schedules/sched%2F7",
        "/v3.0/vehicles/vehicle-1/schedules/sched%2F7",
        None,
    ),
]
SCHEDULE_CALLS = [
    Act(action, use, path, Permission.CONTROL_CHARGE, body, method, family)
    for action, use, method, *paths, body in _SCHEDULES
    for family, path in zip((SchedulePaths.REFERENCE, SchedulePaths.ANNOUNCEMENT), map(str, paths), strict=True)
]
CREATIONS = [act for act in SCHEDULE_CALLS if act.method == "POST"]
DELETIONS = [act for act in SCHEDULE_CALLS if act.method == "DELETE"]
ACTS = [*COMMANDS, *CREATIONS]
"""Whatever must never be done twice."""

CONFIRMED: list[tuple[type[ApiError], str, str | None, int]] = [
    (AuthenticationError, "AUTHENTICATION", "UNAUTHORIZED", 401),
    (PermissionDenied, "AUTHENTICATION", "ACCESS_DENIED", 403),
    (PermissionDenied, "PERMISSION", None, 403),
    (InvalidRequest, "VALIDATION", "INVALID_INPUT_FORMAT", 400),
    (AccountError, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED", 400),
    (NotFound, "RESOURCE_NOT_FOUND", "INVALID_PATH", 404),
    (VehicleStateError, "VEHICLE_STATE", "IN_MOTION", 409),
    (RateLimited, "RATE_LIMIT", "SMARTCAR_API", 429),
    (RateLimited, "RATE_LIMIT", "VEHICLE", 429),
    (BillingError, "BILLING", "VEHICLE_REQUEST_LIMIT", 430),
    (CompatibilityError, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", 501),
]
"""Refusals that say for certain that nothing was done."""


async def vehicle_on(wire: Wire, act: Act) -> Vehicle:
    """A vehicle whose client knows its server's schedule paths."""
    return (await wire.client(FakeClock(), schedule_paths=act.family)).vehicle(VEHICLE, USER)
