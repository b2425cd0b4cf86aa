"""Charge schedules, at the paths of the reference and at those of the Volvo announcement.

No source shows the answer of the announced `GET .../schedules`. It is made after the other lists: resources of type
`charge-schedule`, whose attributes are those that the schedule was created with. Timers that were set outside the API
are none of its resources; the signal `charge-chargetimers` has them all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .car import Car
from .charging import ChargeTimer
from .executions import executed
from .fields import Fields
from .paging import Page, page_meta
from .routine import Place
from .service import Document, Family, Params, Route, Service, missing, not_capable
from .times import time_of_day
from .wire import Answer, Problem, Refused, Request, json_answer
from .world import Vehicle

MOST_FOR_VOLVO = 10

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS: tuple[int, ...] = (0, 1, 2, 3, 4)
_WEEKENDS: tuple[int, ...] = (5, 6)

Windows = list[tuple[int, int, tuple[int, ...]]]


def _create(kind: str, family: Family, service: Service, request: Request, params: Params) -> Answer:
    vehicle = _schedulable(service, request, params, kind)
    fields = Fields.of(request)
    location = fields.object_field("location")
    place = Place("schedule", location.number("latitude", -90, 90), location.number("longitude", -180, 180))
    windows = _READERS[kind](fields)
    fields.check()
    car = vehicle.car
    if car.model.make == "VOLVO" and len(_by_id(car)) >= MOST_FOR_VOLVO:
        # That ten is the limit is announced; the error of the eleventh is not, so its code is inferred.
        detail = f"A vehicle can have at most {MOST_FOR_VOLVO} charge schedules. Delete one first."
        raise Refused(Problem(400, "VALIDATION", "SCHEDULE_LIMIT_REACHED", detail))
    schedule_id = service.new_id("sched")
    car.timers += tuple(
        ChargeTimer(start, stop, days, place, schedule_id, kind.upper()) for start, stop, days in windows
    )
    return _execution(service, request, vehicle, family, "create", schedule_id, kind, _attributes(car, schedule_id))


def _delete(family: Family, service: Service, request: Request, params: Params) -> Answer:
    vehicle = _schedulable(service, request, params, None)
    schedule_id, car = params["schedule"], vehicle.car
    if schedule_id not in _by_id(car):
        raise missing("SCHEDULE_NOT_FOUND", "The vehicle has no charge schedule of this id.")
    kind = _kind(car, schedule_id)
    car.timers = tuple(timer for timer in car.timers if timer.schedule_id != schedule_id)
    return _execution(service, request, vehicle, family, "delete", schedule_id, kind, None)


def _list(service: Service, request: Request, params: Params) -> Answer:
    vehicle = _schedulable(service, request, params, None)
    path = f"{service.base}/v3.0/vehicles/{vehicle.id}/schedules"
    found: list[Document] = [
        {
            "id": schedule_id,
            "type": "charge-schedule",
            "attributes": {"scheduleType": _kind(vehicle.car, schedule_id), **_attributes(vehicle.car, schedule_id)},
            "links": {"self": f"{path}/{schedule_id}"},
        }
        for schedule_id in _by_id(vehicle.car)
    ]
    meta = page_meta(service, Page(1, len(found)), len(found))
    return json_answer({"data": found, "meta": meta, "links": {"self": path}})


def _schedulable(service: Service, request: Request, params: Params, kind: str | None) -> Vehicle:
    vehicle = service.permitted_vehicle(request, params["vehicle"], "control_charge")
    model = vehicle.car.model
    offered = model.schedules
    if model.make == "VOLVO" and service.switches.volvo_schedules == "daily":
        offered &= {"daily"}
    if not model.schedules or (kind is not None and kind not in offered):
        raise not_capable("The vehicle does not support this kind of charge schedule.")
    return vehicle


def _execution(
    service: Service,
    request: Request,
    vehicle: Vehicle,
    family: Family,
    action: str,
    schedule_id: str,
    kind: str,
    parameters: Document | None,
) -> Answer:
    ledger_entry: Document = {"scheduleId": schedule_id, "scheduleType": kind, **(parameters or {})}
    service.world.act(vehicle, f"{action}_schedule", ledger_entry, request.request_id or "")
    attributes: Document = {"action": action, "scheduleType": kind, "scheduleId": schedule_id}
    if parameters is None:
        return executed(service, vehicle, "charge-schedule-execution", attributes, {})
    collection = "charge-schedules" if family == "reference" else "schedules"
    links: Document = {"schedule": f"/vehicles/{vehicle.id}/{collection}/{schedule_id}"}
    return executed(service, vehicle, "charge-schedule-execution", attributes | {"parameters": parameters}, links)


def _by_id(car: Car) -> list[str]:
    return list(dict.fromkeys(timer.schedule_id for timer in car.timers if timer.schedule_id is not None))


def _kind(car: Car, schedule_id: str) -> str:
    return next(timer.schedule_type or "" for timer in car.timers if timer.schedule_id == schedule_id).lower()


def _attributes(car: Car, schedule_id: str) -> Document:
    """A schedule as it was sent, from the timers of the car."""
    timers = [timer for timer in car.timers if timer.schedule_id == schedule_id]
    place, kind = timers[0].location, _kind(car, schedule_id)
    location: Document = {"location": {"latitude": place.latitude, "longitude": place.longitude}} if place else {}
    if kind == "daily":
        return location | _window(timers[0])
    if kind == "workweek":
        names = {_WEEKDAYS: "weekdays", _WEEKENDS: "weekends"}
        return location | {names[timer.days]: _window(timer) for timer in timers}
    return location | {"days": {_WEEK[timer.days[0]]: _window(timer) for timer in timers}}


def _window(timer: ChargeTimer) -> Document:
    return {"startTime": time_of_day(timer.start), "stopTime": time_of_day(timer.stop)}


def _read_window(fields: Fields) -> tuple[int, int]:
    start, stop = fields.clock("startTime"), fields.clock("stopTime")
    if start == stop >= 0:
        fields.reject("stopTime", "another time than startTime")
    return start, stop


def _read_daily(fields: Fields) -> Windows:
    return [(*_read_window(fields), (0, 1, 2, 3, 4, 5, 6))]


def _read_workweek(fields: Fields) -> Windows:
    parts = [(name, days) for name, days in (("weekdays", _WEEKDAYS), ("weekends", _WEEKENDS)) if name in fields]
    if not parts:
        fields.reject("weekdays", "there, or weekends")
    return [(*_read_window(fields.object_field(name)), days) for name, days in parts]


def _read_weekly(fields: Fields) -> Windows:
    days, windows = fields.object_field("days"), Windows()
    if fields.values.get("days") == {}:
        fields.reject("days", "an object with at least one weekday")
    for name in days:
        day = _WEEK.index(name.lower()) if name.lower() in _WEEK else None
        if day is None or any(known == (day,) for _, _, known in windows):
            days.reject(name, "a weekday from monday to sunday, once")
        else:
            windows.append((*_read_window(days.object_field(name)), (day,)))
    return sorted(windows, key=lambda window: window[2])


_READERS: dict[str, Callable[[Fields], Windows]] = {
    "daily": _read_daily,
    "workweek": _read_workweek,
    "weekly": _read_weekly,
}


def _creation(kind: str, family: Family, path: str) -> Route:
    return Route("POST", path, partial(_create, kind, family), family=family)


SCHEDULES: tuple[Route, ...] = (
    _creation("daily", "reference", "/v3/vehicles/{vehicle}/charge-schedules/daily"),
    _creation("workweek", "reference", "/v3/vehicles/{vehicle}/charge-schedules/workweek"),
    _creation("weekly", "reference", "/v3/vehicles/{vehicle}/charge-schedules/weekly"),
    Route(
        "DELETE",
        "/v3/vehicles/{vehicle}/charge-schedules/{schedule}",
        partial(_delete, "reference"),
        family="reference",
    ),
    _creation("daily", "announcement", "/v3.0/vehicles/{vehicle}/schedules/charge-daily"),
    _creation("workweek", "announcement", "/v3.0/vehicles/{vehicle}/schedules/charge-workweek"),
    _creation("weekly", "announcement", "/v3.0/vehicles/{vehicle}/schedules/charge-weekly"),
    Route("GET", "/v3.0/vehicles/{vehicle}/schedules", _list, family="announcement"),
    Route(
        "DELETE",
        "/v3.0/vehicles/{vehicle}/schedules/{schedule}",
        partial(_delete, "announcement"),
        family="announcement",
    ),
)
