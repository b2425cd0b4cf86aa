"""What each signal says of a car: code, group, name, permission and body, written out from the catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby

from attrs import frozen

from .car import Car
from .cars import GROUPED, CarModel
from .charging import ChargeRecord, ChargeTimer
from .routine import DAY, Place
from .times import iso_seconds, time_of_day

Body = dict[str, object]

_WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_FIRST_MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
_SEATS = ((0, 0), (0, 1), (1, 0), (1, 1))


@frozen
class SignalSpec:
    """One signal of the catalogue, and how to read it off a car."""

    code: str
    group: str
    name: str
    permission: str | None
    body: Callable[[Car], Body]


def _value(read: Callable[[Car], object]) -> Callable[[Car], Body]:
    return lambda car: {"value": read(car)}


def _measure(read: Callable[[Car], float], unit: str) -> Callable[[Car], Body]:
    return lambda car: {"value": round(read(car), 1), "unit": unit}


def _count(read: Callable[[Car], int]) -> Callable[[Car], Body]:
    return lambda car: {"value": read(car)}


def _active(read: Callable[[Car], float], unit: str) -> Callable[[Car], Body]:
    """A measure that is zero unless the car charges."""
    return lambda car: {"value": round(read(car), 1) if car.charging else 0, "unit": unit}


def _diagnosis(code: str) -> Callable[[Car], Body]:
    def read(car: Car) -> Body:
        text = car.model.alerts.get(code)
        return {"status": "ALERT" if text else "OK", "description": text}

    return read


def _time(minute: int) -> str:
    return iso_seconds(_FIRST_MONDAY + timedelta(minutes=minute))


def _clock(minute: int) -> str:
    return f"{time_of_day(minute)}:00"


def _spot(place: Place) -> Body:
    return {"name": place.name.title(), "address": None, "latitude": place.latitude, "longitude": place.longitude}


def _plans(timers: Iterable[ChargeTimer]) -> list[Body]:
    """One plan for each schedule, whose windows belong together, and for each timer that was set outside the API."""
    plans = groupby(enumerate(timers), key=lambda pair: pair[1].schedule_id or pair[0])
    return [_plan([timer for _, timer in group]) for _, group in plans]


def _plan(windows: list[ChargeTimer]) -> Body:
    timer = windows[0]
    plan: Body = {
        "type": "LOCATION" if timer.location else "GLOBAL",
        "schedules": [
            {"start": _clock(window.start), "end": _clock(window.stop), "days": [_WEEK[day] for day in window.days]}
            for window in windows
        ],
        "departureTimers": [],
        "isOEMOptimizationEnabled": False,
    }
    if timer.location is not None:
        plan["condition"] = _spot(timer.location)
    if timer.schedule_id is not None:
        plan |= {"scheduleId": timer.schedule_id, "scheduleType": timer.schedule_type}
    return plan


def _record(record: ChargeRecord) -> Body:
    return {
        "id": f"charge-{record.start + DAY}",
        "startTime": _time(record.start),
        "endTime": _time(record.stop),
        "energyAdded": round(record.energy_kwh, 2),
        "chargingType": "DC" if record.fast else "AC",
        "isPublicCharger": record.fast,
        "startStateOfCharge": round(record.start_percent, 1),
        "endStateOfCharge": round(record.stop_percent, 1),
        "cost": {"currency": "SEK", "energyAmount": round(record.energy_kwh * 2.1, 2), "otherAmount": 0.0},
        "location": _spot(record.place),
    }


def _charge_status(car: Car) -> str:
    if car.charging:
        return "CHARGING"
    return "FULLY_CHARGED" if car.plugged_in and car.at_limit else "NOT_CHARGING"


def _port_color(car: Car) -> str | None:
    return "GREEN" if car.charging else "BLUE" if car.plugged_in else None


def _battery_range(car: Car) -> Body:
    value = round(car.electric_range_km, 1)
    rated = round(value * 1.08, 1)
    return {"value": value, "type": "DEFAULT", "additionalValues": [{"type": "RATED", "value": rated}], "unit": "km"}


def _capacity(car: Car) -> Body:
    nominal = car.model.nominal_kwh
    choices = [{"capacity": nominal, "description": f"{car.model.model} {nominal:g} kWh"}]
    if car.model.undecided_capacity:
        choices.append({"capacity": nominal + 22, "description": f"{car.model.model} {nominal + 22:g} kWh"})
        return {"capacity": None, "source": None, "availableCapacities": choices, "unit": "kWh"}
    return {"capacity": nominal, "source": "SMARTCAR", "availableCapacities": choices, "unit": "kWh"}


def _location(car: Car) -> Body:
    where: Body = {"latitude": round(car.latitude, 6), "longitude": round(car.longitude, 6)}
    if car.model.location_type == "LAST_PARKED":
        where = {"latitude": car.parked_latitude, "longitude": car.parked_longitude}
    direction = _COMPASS[round(car.heading / 45) % 8]
    return {**where, "heading": round(car.heading, 1), "direction": direction, "locationType": car.model.location_type}


def _doors(car: Car) -> Body:
    doors = [
        {"row": row, "column": column, "isOpen": car.door_open and (row, column) == (0, 0), "isLocked": car.locked}
        for row, column in _SEATS
    ]
    return {"values": doors, "rowCount": 2, "columnCount": 2}


def _windows(car: Car) -> Body:
    airing = car.in_motion and outside_celsius(car.minute) > 17
    windows = [{"row": row, "column": column, "isOpen": airing and (row, column) == (0, 0)} for row, column in _SEATS]
    return {"values": windows, "rowCount": 2, "columnCount": 2}


def _tires(car: Car) -> Body:
    leak = car.odometer_km % 8000 / 400
    low = 40 if "diagnostics-tirepressure" in car.model.alerts else 0
    tires = [
        {"row": row, "column": column, "tirePressure": round(250 - leak - (low if (row, column) == (0, 0) else 0), 1)}
        for row, column in _SEATS
    ]
    return {"values": tires, "rowCount": 2, "columnCount": 2, "unit": "kPa"}


def _closed(_: Car) -> bool:
    return False


def _lid(*fields: str, is_open: Callable[[Car], bool] = _closed) -> Callable[[Car], Body]:
    return lambda car: {name: car.locked if name == "isLocked" else is_open(car) for name in fields}


def outside_celsius(minute: int) -> float:
    """The weather in June: coldest at three in the morning, warmest at three in the afternoon."""
    return 14 - 6 * math.cos((minute % DAY - 180) / DAY * 2 * math.pi)


def _inside_celsius(car: Car) -> float:
    on = car.ignition_on or car.extras.cabin_on
    return car.extras.cabin_celsius if on else outside_celsius(car.minute) + 2.5


def _drive_mode(car: Car) -> Body:
    return {"canonical": "ECONOMY", "oemDisplayName": "Chill"} if car.soc < 30 else {
        "canonical": "NORMAL", "oemDisplayName": "Standard"
    }  # fmt: skip


def _trouble(car: Car) -> Body:
    return {"values": [{"code": code, "timestamp": "2026-05-11T06:12:00Z"} for code in car.model.trouble_codes]}


def _service(_: Car) -> Body:
    task = {"id": "task-1", "description": "Oil and filter change"}
    cost = {"amount": 3490.0, "currency": "SEK"}
    visit: Body = {"id": "visit-1", "time": "2026-02-17T09:00:00Z", "odometer": 8800, "cost": cost, "tasks": [task]}
    return {"values": [{**visit, "details": [{"id": "detail-1", "description": "No remarks"}]}]}


_DIAGNOSES = (
    "ABS", "ActiveSafety", "Airbag", "BrakeFluid", "DriverAssistance", "Emissions", "EVBatteryConditioning",
    "EVCharging", "EVDriveUnit", "EVHVBattery", "Lighting", "MIL", "OilLife", "OilPressure", "OilTemperature",
    "Telematics", "TirePressure", "TirePressureMonitoring", "Transmission", "WasherFluid", "WaterInFuel",
)  # fmt: skip

_Row = tuple[str, str, str | None, Callable[[Car], Body]]

_ROWS: tuple[_Row, ...] = (
    ("Charge", "Amperage", "read_charge", _active(lambda car: car.amperage, "ampere")),
    ("Charge", "AmperageMax", "read_charge", _measure(lambda car: car.model.ac_amps, "ampere")),
    ("Charge", "AmperageRequested", "read_charge", _measure(lambda car: car.amperage_requested, "ampere")),
    ("Charge", "ChargeLimits", "read_charge", lambda car: {
        "values": [{"type": "GLOBAL", "limit": car.charge_limit}], "activeLimit": car.charge_limit, "unit": "percent"}),
    ("Charge", "ChargePortStatusColor", "read_charge", _value(_port_color)),
    ("Charge", "ChargeRate", "read_charge", _measure(lambda car: car.charge_rate_kmh, "km/h")),
    ("Charge", "ChargeRecords", "read_charge_records", lambda car: {
        "values": [_record(record) for record in car.charge_records]}),
    ("Charge", "ChargerPhases", "read_charge", _count(lambda car: car.phases if car.charging else 0)),
    ("Charge", "ChargeTimers", "read_charge", lambda car: {"values": _plans(car.timers)}),
    ("Charge", "ChargingConnectorType", "read_charge", _value(lambda car: car.model.connector)),
    ("Charge", "DetailedChargingStatus", "read_charge", _value(_charge_status)),
    ("Charge", "EnergyAdded", "read_charge", _measure(lambda car: car.energy_added_kwh, "kWh")),
    ("Charge", "FastChargerType", "read_charge", _value(
        lambda car: "CCS" if car.charging and car.fast else None)),
    ("Charge", "IsCharging", "read_charge", _value(lambda car: car.charging)),
    ("Charge", "IsChargingCableConnected", "read_charge", _value(lambda car: car.plugged_in)),
    ("Charge", "IsChargingCableLatched", "read_charge", _value(lambda car: car.plugged_in)),
    ("Charge", "IsChargingPortFlapOpen", "read_charge", _value(lambda car: car.plugged_in or car.flap_open)),
    ("Charge", "IsFastChargerPresent", "read_charge", _value(lambda car: car.charging and car.fast)),
    ("Charge", "TimeToComplete", "read_charge", lambda car: {"value": car.minutes_to_limit, "unit": "min"}),
    ("Charge", "Voltage", "read_charge", _active(lambda car: car.voltage, "volts")),
    ("Charge", "Wattage", "read_charge", _measure(lambda car: car.wattage, "watts")),
    ("Climate", "ExternalTemperature", "read_thermometer", _measure(
        lambda car: outside_celsius(car.minute), "celsius")),
    ("Climate", "InternalTemperature", "read_thermometer", _measure(_inside_celsius, "celsius")),
    ("Closure", "Doors", "read_security", _doors),
    ("Closure", "EngineCover", "read_security", _lid("isOpen")),
    ("Closure", "FrontTrunk", "read_security", _lid(
        "isOpen", "isLocked", is_open=lambda car: car.extras.frunk_open)),
    ("Closure", "IsLocked", "read_security", _value(lambda car: car.locked)),
    ("Closure", "RearTrunk", "read_security", _lid(
        "isOpen", "isLocked", is_open=lambda car: car.extras.trunk_open)),
    ("Closure", "Sunroof", "read_security", _lid("isOpen")),
    ("Closure", "Tailgate", "read_security", _lid("isOpen", "isLocked")),
    ("Closure", "Windows", "read_security", _windows),
    ("ConnectivitySoftware", "CurrentFirmwareVersion", "read_extended_vehicle_info", _value(lambda _: "2026.14.3")),
    ("ConnectivityStatus", "IsAsleep", "read_vehicle_info", _value(lambda car: car.asleep)),
    ("ConnectivityStatus", "IsDigitalKeyPaired", "read_vehicle_info", _value(lambda car: car.virtual_key)),
    ("ConnectivityStatus", "IsOnline", "read_vehicle_info", _value(lambda car: not car.asleep)),
    *(("Diagnostics", name, "read_diagnostics", _diagnosis(f"diagnostics-{name.lower()}")) for name in _DIAGNOSES),
    ("Diagnostics", "DTCCount", "read_diagnostics", _count(lambda car: len(car.model.trouble_codes))),
    ("Diagnostics", "DTCList", "read_diagnostics", _trouble),
    ("HVAC", "CabinTargetTemperature", "read_climate", _measure(
        lambda car: car.extras.cabin_celsius, "celsius")),
    ("HVAC", "IsCabinHVACActive", "read_climate", _value(lambda car: car.ignition_on or car.extras.cabin_on)),
    ("HVAC", "IsFrontDefrosterActive", "read_climate", _value(lambda car: car.extras.defroster_on)),
    ("HVAC", "IsRearDefrosterActive", "read_climate", _value(lambda car: car.extras.defroster_on)),
    ("HVAC", "IsSteeringHeaterActive", "read_climate", _value(
        lambda car: car.extras.wheel_heater_on or (car.ignition_on and outside_celsius(car.minute) < 12))),
    ("InternalCombustionEngine", "AmountRemaining", "read_fuel", _measure(lambda car: car.fuel_l, "liters")),
    ("InternalCombustionEngine", "FuelLevel", "read_fuel", _measure(lambda car: car.fuel_percent, "percent")),
    ("InternalCombustionEngine", "OilLife", "read_engine_oil", _measure(
        lambda car: 100 - car.odometer_km % 30_000 / 300, "percent")),
    ("InternalCombustionEngine", "Range", "read_fuel", _measure(lambda car: car.fuel_range_km, "km")),
    ("Location", "IsAtHome", "read_location", _value(lambda car: car.near(car.routine.home))),
    ("Location", "PreciseLocation", "read_location", _location),
    ("LowVoltageBattery", "StateOfCharge", "read_battery", _measure(
        lambda car: 100 if car.ignition_on or car.charging else 86, "percent")),
    ("LowVoltageBattery", "Status", "read_battery", _value(lambda _: "GOOD")),
    ("Motion", "CurrentSpeed", "read_speedometer", _measure(lambda car: car.speed_kmh, "km/h")),
    ("Odometer", "TraveledDistance", "read_odometer", _measure(lambda car: car.odometer_km, "km")),
    ("Service", "IsInService", "read_service_history", _value(lambda _: False)),
    ("Service", "Records", "read_service_history", _service),
    ("Surveillance", "Brand", "read_extended_vehicle_info", _value(lambda _: "Sentry Mode")),
    ("Surveillance", "IsEnabled", "read_extended_vehicle_info", _value(lambda car: car.locked)),
    ("TractionBattery", "IsHeaterActive", "read_battery", _value(lambda car: car.charging and car.fast)),
    ("TractionBattery", "MaxRangeChargeCounter", "read_battery", _count(lambda car: car.charges)),
    ("TractionBattery", "NominalCapacity", "read_battery", _capacity),
    ("TractionBattery", "Range", "read_battery", _battery_range),
    ("TractionBattery", "StateOfCharge", "read_battery", _measure(lambda car: car.soc, "percent")),
    ("Transmission", "DriveMode", None, _drive_mode),
    ("Transmission", "GearState", None, _value(lambda car: "DRIVE" if car.ignition_on else "PARK")),
    ("VehicleIdentification", "ExteriorColor", "read_extended_vehicle_info", _value(lambda car: car.model.color)),
    ("VehicleIdentification", "Nickname", "read_vehicle_info", _value(lambda car: car.nickname)),
    ("VehicleIdentification", "Packages", "read_vehicle_info", lambda _: {"values": ["Plus", "Pilot", "Climate"]}),
    ("VehicleIdentification", "Trim", "read_extended_vehicle_info", _value(lambda car: car.model.trim)),
    ("VehicleIdentification", "VIN", "read_vin", _value(lambda car: car.vin)),
    ("VehicleUserAccount", "Permissions", "read_user_profile", lambda _: {"values": ["VEHICLE_DATA", "LOCATION"]}),
    ("VehicleUserAccount", "Role", "read_user_profile", _value(lambda _: "OWNER")),
    ("Wheel", "Style", "read_extended_vehicle_info", _value(lambda _: "Five-spoke 19 inch")),
    ("Wheel", "Tires", "read_tires", _tires),
)  # fmt: skip

SIGNALS: Mapping[str, SignalSpec] = {
    spec.code: spec
    for spec in (
        SignalSpec(f"{group.lower()}-{name.lower()}", group, name, permission, body)
        for group, name, permission, body in _ROWS
    )
}
"""Every signal by its code."""


def reported_by(model: CarModel) -> frozenset[str]:
    """The codes that the make reports: those of its groups, and those that stand in no group."""
    return model.signals | (SIGNALS.keys() - GROUPED)
