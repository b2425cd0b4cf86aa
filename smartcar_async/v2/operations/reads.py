"""What can be read of a vehicle, through API v2.0 and with the same token through API v3."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve

from ... import codec
from ...arguments import require_count
from ...errors import ConfigurationError
from ...records import VehicleAttributes
from ...request import Call, Credential, Endpoint, Host
from ...vocabulary import Permission
from .. import decode, records
from .vehicle import V3_VEHICLE, Target, get, of_vehicle

if TYPE_CHECKING:
    from ...records import Signal, SignalKey, SignalSet

T = TypeVar("T")

ATTRIBUTES: Final = get("", Permission.READ_VEHICLE_INFO)
PERMISSIONS: Final = get("/permissions")
VIN: Final = get("/vin", Permission.READ_VIN)
BATTERY: Final = get("/battery", Permission.READ_BATTERY)
BATTERY_CAPACITY: Final = get("/battery/capacity", Permission.READ_BATTERY)
NOMINAL_CAPACITY: Final = get("/battery/nominal_capacity", Permission.READ_BATTERY)
CHARGE: Final = get("/charge", Permission.READ_CHARGE)
CHARGE_LIMIT: Final = get("/charge/limit", Permission.READ_CHARGE)
FUEL: Final = get("/fuel", Permission.READ_FUEL)
ENGINE_OIL: Final = get("/engine/oil", Permission.READ_ENGINE_OIL)
TIRE_PRESSURE: Final = get("/tires/pressure", Permission.READ_TIRES)
ODOMETER: Final = get("/odometer", Permission.READ_ODOMETER)
LOCATION: Final = get("/location", Permission.READ_LOCATION)
LOCK_STATUS: Final = get("/security", Permission.READ_SECURITY)
SERVICE_HISTORY: Final = get("/service/history", Permission.READ_SERVICE_HISTORY)
SYSTEM_STATUS: Final = get("/diagnostics/system_status", Permission.READ_DIAGNOSTICS)
TROUBLE_CODES: Final = get("/diagnostics/dtcs", Permission.READ_DIAGNOSTICS)

V3_ATTRIBUTES: Final = Endpoint("GET", V3_VEHICLE, Host.VEHICLE, Credential.USER)
V3_SIGNALS: Final = Endpoint("GET", f"{V3_VEHICLE}/signals", Host.VEHICLE, Credential.USER)
V3_SIGNAL: Final = Endpoint("GET", f"{V3_VEHICLE}/signals/{{code}}", Host.VEHICLE, Credential.USER)

ENDPOINTS: Final = (
    ATTRIBUTES,
    PERMISSIONS,
    VIN,
    BATTERY,
    BATTERY_CAPACITY,
    NOMINAL_CAPACITY,
    CHARGE,
    CHARGE_LIMIT,
    FUEL,
    ENGINE_OIL,
    TIRE_PRESSURE,
    ODOMETER,
    LOCATION,
    LOCK_STATUS,
    SERVICE_HISTORY,
    SYSTEM_STATUS,
    TROUBLE_CODES,
    V3_ATTRIBUTES,
    V3_SIGNALS,
    V3_SIGNAL,
)


def attributes(car: Target) -> Call[records.Attributes]:
    """Make, model and year."""
    return of_vehicle(ATTRIBUTES, decode.record(records.Attributes), car)


def permissions(car: Target, limit: int | None = None, offset: int | None = None) -> Call[records.Permissions]:
    """One page of what the owner granted."""
    return of_vehicle(PERMISSIONS, decode.permissions, car, query=page_query(limit, offset))


def vin(car: Target) -> Call[records.Vin]:
    """The vehicle identification number."""
    return of_vehicle(VIN, decode.record(records.Vin), car)


def battery(car: Target) -> Call[records.Battery]:
    """Charge and range."""
    return of_vehicle(BATTERY, decode.record(records.Battery), car)


def battery_capacity(car: Target) -> Call[records.BatteryCapacity]:
    """The capacity of the battery."""
    return of_vehicle(BATTERY_CAPACITY, decode.record(records.BatteryCapacity), car)


def nominal_capacity(car: Target) -> Call[records.NominalCapacity]:
    """The rated capacities of the battery."""
    return of_vehicle(NOMINAL_CAPACITY, decode.record(records.NominalCapacity), car)


def charge(car: Target) -> Call[records.Charge]:
    """Whether the car is plugged in and charges."""
    return of_vehicle(CHARGE, decode.record(records.Charge), car)


def charge_limit(car: Target) -> Call[records.ChargeLimit]:
    """The level at which charging ends."""
    return of_vehicle(CHARGE_LIMIT, decode.record(records.ChargeLimit), car)


def fuel(car: Target) -> Call[records.Fuel]:
    """What is in the tank."""
    return of_vehicle(FUEL, decode.record(records.Fuel), car)


def engine_oil(car: Target) -> Call[records.EngineOil]:
    """The life that is left of the oil."""
    return of_vehicle(ENGINE_OIL, decode.record(records.EngineOil), car)


def tire_pressure(car: Target) -> Call[records.TirePressure]:
    """The pressure of each tire."""
    return of_vehicle(TIRE_PRESSURE, decode.record(records.TirePressure), car)


def odometer(car: Target) -> Call[records.Odometer]:
    """How far the car has gone."""
    return of_vehicle(ODOMETER, decode.record(records.Odometer), car)


def location(car: Target) -> Call[records.Location]:
    """Where the car was last known to be."""
    return of_vehicle(LOCATION, decode.record(records.Location), car)


def lock_status(car: Target) -> Call[records.SecurityResponse]:
    """Whether the car is locked, and what is open."""
    return of_vehicle(LOCK_STATUS, decode.record(records.SecurityResponse), car)


def service_history(
    car: Target, start_date: date | str | None = None, end_date: date | str | None = None
) -> Call[records.ServiceHistory]:
    """The services between two dates; without them, those of the last year."""
    query = {"start_date": _date(start_date, "start_date"), "end_date": _date(end_date, "end_date")}
    return of_vehicle(SERVICE_HISTORY, decode.service_history, car, query=query)


def diagnostic_system_status(car: Target) -> Call[records.DiagnosticSystemStatusResponse]:
    """What the car's systems report."""
    return of_vehicle(SYSTEM_STATUS, decode.record(records.DiagnosticSystemStatusResponse), car)


def diagnostic_trouble_codes(car: Target) -> Call[records.DiagnosticTroubleCodesResponse]:
    """The trouble codes that are active."""
    return of_vehicle(TROUBLE_CODES, decode.record(records.DiagnosticTroubleCodesResponse), car)


def v3_attributes(car: Target) -> Call[records.V3Response[VehicleAttributes]]:
    """What a vehicle is, as API v3 tells it."""
    return of_vehicle(V3_ATTRIBUTES, decode.v3(codec.resource(VehicleAttributes)), car)


def v3_signals(car: Target) -> Call[records.V3Response[SignalSet]]:
    """Every signal of a vehicle, in one request."""
    return of_vehicle(V3_SIGNALS, decode.v3(codec.signal_set), car)


def v3_signal(car: Target, key: SignalKey[T]) -> Call[records.V3Response[Signal[T]]]:
    """One signal of a vehicle."""
    call = of_vehicle(V3_SIGNAL, decode.v3(partial(codec.one_signal, key=key)), car, code=key.code)
    return evolve(call, permission=key.permission)


def page_query(limit: int | None, offset: int | None) -> dict[str, Any]:
    """Which part of a list is asked for."""
    return {"limit": count(limit, "limit", 1), "offset": count(offset, "offset", 0)}


def count(value: int | None, argument: str, least: int) -> int | None:
    """A whole number that is not too small, or None."""
    return None if value is None else require_count(value, argument, least)


def _date(value: date | str | None, argument: str) -> str | None:
    """A day as YYYY-MM-DD, or a moment in UTC with milliseconds; a text as it is, if it is either."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConfigurationError(f"{argument}: give an aware datetime, such as datetime.now(UTC), or a date")
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return None
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{argument}: give a date, or a text such as '2026-03-01'") from None
    return value
