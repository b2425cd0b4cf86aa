"""What other makes than Tesla have of their own: meters, charge records, schedules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ..car import Car
from ..charging import ChargeRecord, ChargeTimer
from ..routine import Place, distance_km
from ..times import iso, iso_seconds, time_of_day
from ..wire import Answer
from ..world import EPOCH
from .access import Endpoint, VehicleCall
from .commands import perform, success_answer, unavailable, unavailable_answer
from .errors import in_state, invalid
from .parameters import Fields, clock, fields_of, number, object_field, object_list, word_list
from .reads import between, day, fraction
from .tesla_reads import charging, completion

_WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_WEEKDAYS, _WEEKEND = (0, 1, 2, 3, 4), (5, 6)
_METERED = ("tesla", "chevrolet", "cadillac")
_SAME_PLACE_KM = 0.2
_DAYS_OF_RECORDS = 30


def _voltmeter(call: VehicleCall) -> Answer:
    car = call.vehicle.stored
    if not car.plugged_in:
        raise in_state("CHARGING_PLUG_NOT_CONNECTED", "The vehicle is not plugged in.")
    return call.reading({"voltage": car.voltage if car.charging else 0})


def _completion(call: VehicleCall) -> Answer:
    charging(call)
    return call.reading({"time": completion(call)})


def _audi_charge(call: VehicleCall) -> Answer:
    car = call.vehicle.stored
    rate = round(car.charge_rate_kmh, 1) if car.charging else 0
    return call.reading(
        {
            "chargingStatus": call.value("charge-detailedchargingstatus"),
            "isPluggedIn": car.plugged_in,
            "wattage": round(car.wattage / 1000, 3) if car.charging else 0,
            "chargeRate": call.units.distance(rate),
            "chargeType": ("dc" if car.fast else "ac") if car.charging else None,
            "chargePortColor": "green" if car.charging else None,
            "chargePortLatch": "locked" if car.plugged_in else "unlocked",
            "completionTime": completion(call),
            "chargeMode": "timer" if car.timers else "manual",
            "socLimit": fraction(car.charge_limit),
            "externalPowerStatus": "active" if car.charging else None,
        }
    )


def _bmw_records(call: VehicleCall) -> Answer:
    """The charges of the last thirty days at most."""
    query = call.request.query
    oldest = iso(call.service.world.now - timedelta(days=_DAYS_OF_RECORDS))[:10]
    first, last = max(oldest, day(query, "startDate") or oldest), day(query, "endDate")
    found = [
        _record(record)
        for record in call.vehicle.stored.charge_records
        if between(first, iso(EPOCH + timedelta(minutes=record.start)), last)
    ]
    return call.reading({"records": found})


def _record(record: ChargeRecord) -> dict[str, object]:
    return {
        "chargeStart": iso_seconds(EPOCH + timedelta(minutes=record.start)),
        "chargeEnd": iso_seconds(EPOCH + timedelta(minutes=record.stop)),
        "location": record.place.name.title(),
        "energy": round(record.energy_kwh, 2),
        "isPublic": record.fast,
        "startPercentRemaining": fraction(round(record.start_percent)),
        "endPercentRemaining": fraction(round(record.stop_percent)),
        "chargingType": "DC" if record.fast else "AC",
    }


def _nissan_schedule(call: VehicleCall) -> Answer:
    iso_form = call.switches.nissan_times == "iso"

    def time(minute: int) -> str:
        return iso(EPOCH + timedelta(minutes=minute)) if iso_form else time_of_day(minute)

    windows = [
        {"start": time(timer.start), "end": time(timer.stop), "days": [_WEEK[number] for number in timer.days]}
        for timer in call.vehicle.stored.timers
        if timer.location is None
    ]
    return call.reading({"chargeSchedules": windows})


def _set_nissan_schedule(call: VehicleCall) -> Answer:
    timers = tuple(
        ChargeTimer(
            clock(window, "start"),
            clock(window, "end"),
            tuple(sorted(map(_WEEK.index, word_list(window, "days", _WEEK)))),
        )
        for window in object_list(fields_of(call.request), "chargeSchedules", 3)
    )
    if unavailable(call):
        return unavailable_answer(call)

    def do(car: Car) -> None:
        car.wake()
        car.timers = timers + tuple(timer for timer in car.timers if timer.location is not None)

    perform(call, "set_charge_schedule", {"windows": len(timers)}, do)
    return success_answer(call)


def _ford_schedule(call: VehicleCall) -> Answer:
    car = call.vehicle.stored
    return call.reading(
        {
            "chargingLocations": [
                {
                    "chargeLimit": fraction(car.extras.place_limits.get(place.name, car.charge_limit)),
                    "location": {"latitude": place.latitude, "longitude": place.longitude},
                    "chargingSchedules": {
                        "weekday": _windows(car.timers, place, _WEEKDAYS),
                        "weekend": _windows(car.timers, place, _WEEKEND),
                    },
                }
                for place in _saved(car)
            ]
        }
    )


def _set_ford_schedule(call: VehicleCall) -> Answer:
    """Replace all windows of one place, which must be one that the car has saved."""
    query, car = call.request.query, call.vehicle.car
    spot = Place("requested", number(query, "latitude", -90, 90), number(query, "longitude", -180, 180))
    place = next((saved for saved in _saved(car) if distance_km(saved, spot) < _SAME_PLACE_KM), None)
    if place is None:
        raise invalid("latitude and longitude", "those of a saved charging location")
    wanted = object_field(fields_of(call.request), "chargingLocation")
    percent = round(number(wanted, "chargeLimit", 0.5, 1) * 100)
    windows = object_field(wanted, "chargingWindows")
    timers = (*_timers(windows, "weekday", _WEEKDAYS, place), *_timers(windows, "weekend", _WEEKEND, place))
    if unavailable(call):
        return unavailable_answer(call)

    def do(car: Car) -> None:
        car.wake()
        car.timers = tuple(timer for timer in car.timers if timer.location != place) + timers
        car.limit_at(place, percent)

    perform(
        call, "set_charge_schedule_by_location", {"place": place.name, "percent": percent, "windows": len(timers)}, do
    )
    return success_answer(call)


def _saved(car: Car) -> tuple[Place, ...]:
    """Where the car has charged: at home, and where its driver shops."""
    return (car.routine.home, car.routine.shop)


def _windows(timers: Iterable[ChargeTimer], place: Place, days: tuple[int, ...]) -> list[dict[str, str]]:
    return [
        {"start": time_of_day(timer.start), "end": time_of_day(timer.stop)}
        for timer in timers
        if timer.location == place and timer.days == days
    ]


def _timers(windows: Fields, name: str, days: tuple[int, ...], place: Place) -> list[ChargeTimer]:
    return [
        ChargeTimer(clock(window, "start", whole_hours=True), clock(window, "end", whole_hours=True), days, place)
        for window in object_list(windows, name, 24)
    ]


MAKE_COMMANDS: tuple[Endpoint, ...] = (
    Endpoint(
        "PUT", "/v2.0/vehicles/{vehicle}/{make}/charge/schedule", "control_charge", _set_nissan_schedule, ("nissan",)
    ),
    Endpoint(
        "PUT",
        "/v2.0/vehicles/{vehicle}/{make}/charge/schedule_by_location",
        "control_charge",
        _set_ford_schedule,
        ("ford", "lincoln"),
    ),
)
MAKE_READS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/v2.0/vehicles/{vehicle}/{make}/charge/voltmeter", "read_charge", _voltmeter, _METERED),
    Endpoint("GET", "/v2.0/vehicles/{vehicle}/{make}/charge/completion", "read_charge", _completion, _METERED),
    Endpoint("GET", "/v2.0/vehicles/{vehicle}/{make}/charge", "read_charge", _audi_charge, ("audi",)),
    Endpoint("GET", "/v2.0/vehicles/{vehicle}/{make}/charge/schedule", "read_charge", _nissan_schedule, ("nissan",)),
    Endpoint(
        "GET",
        "/v2.0/vehicles/{vehicle}/{make}/charge/schedule_by_location",
        "read_charge_locations",
        _ford_schedule,
        ("ford", "lincoln"),
    ),
    Endpoint(
        "GET", "/v2.0/vehicles/{vehicle}/{make}/charge/records", "read_charge_records", _bmw_records, ("bmw", "mini")
    ),
)
