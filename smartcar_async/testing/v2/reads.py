"""The reads that are the same for every make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, cast

from ..bodies import Body
from ..service import not_capable
from ..wire import Answer, Problem, Refused
from .access import Endpoint, VehicleCall, offset_page, permissions
from .errors import in_state, invalid

_SEATS: Mapping[tuple[int, int], str] = {
    (0, 0): "frontLeft",
    (0, 1): "frontRight",
    (1, 0): "backLeft",
    (1, 1): "backRight",
}
_TROUBLE_CODES = frozenset({"BUICK", "CADILLAC", "CHEVROLET", "GMC"})
_DIAGNOSING = _TROUBLE_CODES | {"RAM", "JEEP", "CHRYSLER", "DODGE", "FIAT", "ALFA ROMEO"}
_HISTORY = frozenset({"FORD", "LINCOLN", "TOYOTA", "LEXUS", "MAZDA", "VOLKSWAGEN"})
_NO_AMOUNT = frozenset({"AUDI", "FORD", "JAGUAR", "LAND ROVER", "KIA", "MAZDA", "MERCEDES-BENZ", "SKODA", "VOLKSWAGEN"})
_NO_PERCENT = frozenset({"CITROEN", "DS", "OPEL", "PEUGEOT", "VAUXHALL", "HYUNDAI", "RENAULT"})
_SYSTEMS: Mapping[str, str] = {
    "diagnostics-abs": "SYSTEM_ABS",
    "diagnostics-activesafety": "SYSTEM_ACTIVE_SAFETY",
    "diagnostics-airbag": "SYSTEM_AIRBAG",
    "diagnostics-brakefluid": "SYSTEM_BRAKE_FLUID",
    "diagnostics-driverassistance": "SYSTEM_DRIVER_ASSISTANCE",
    "diagnostics-emissions": "SYSTEM_EMISSIONS",
    "diagnostics-evbatteryconditioning": "SYSTEM_EV_BATTERY_CONDITIONING",
    "diagnostics-evcharging": "SYSTEM_EV_CHARGING",
    "diagnostics-evdriveunit": "SYSTEM_EV_DRIVE_UNIT",
    "diagnostics-evhvbattery": "SYSTEM_EV_HV_BATTERY",
    "diagnostics-lighting": "SYSTEM_LIGHTING",
    "diagnostics-mil": "SYSTEM_MIL",
    "diagnostics-oillife": "SYSTEM_OIL_LIFE",
    "diagnostics-oilpressure": "SYSTEM_OIL_PRESSURE",
    "diagnostics-oiltemperature": "SYSTEM_OIL_TEMPERATURE",
    "diagnostics-telematics": "SYSTEM_TELEMATICS",
    "diagnostics-tirepressure": "SYSTEM_TIRE_PRESSURE",
    "diagnostics-tirepressuremonitoring": "SYSTEM_TIRE_PRESSURE_MONITORING",
    "diagnostics-transmission": "SYSTEM_TRANSMISSION",
    "diagnostics-washerfluid": "SYSTEM_WASHER_FLUID",
    "diagnostics-waterinfuel": "SYSTEM_WATER_IN_FUEL",
}


def fraction(percent: float | None) -> float | None:
    """A percentage as v2 has it: from 0 to 1."""
    return None if percent is None else round(percent / 100, 4)


def require_body(call: VehicleCall, code: str) -> Body:
    """The body of a signal, or a 501."""
    body = call.body(code)
    if body is None:
        raise not_capable()
    return body


def rows(body: Body, name: str) -> list[dict[str, Any]]:
    """The objects of a list in a body."""
    return cast("list[dict[str, Any]]", body[name])


def require_number(call: VehicleCall, code: str) -> float:
    """The value of a signal that is a number, or a 501."""
    number = call.number(code)
    if number is None:
        raise not_capable()
    return number


def day(query: Mapping[str, str], *names: str) -> str | None:
    """The day in a query, under any of some names: a date, or a moment of which the date counts."""
    for name in names:
        if name in query:
            try:
                return date.fromisoformat(query[name][:10]).isoformat()
            except ValueError:
                raise invalid(name, "a date as YYYY-MM-DD") from None
    return None


def between(first: str | None, moment: str, last: str | None) -> bool:
    """Whether a moment lies in a range of days, its ends included."""
    return (first is None or first <= moment[:10]) and (last is None or moment[:10] <= last)


def _attributes(call: VehicleCall) -> Answer:
    model = call.vehicle.car.model
    year: object = str(model.year) if call.service.switches.year == "text" else model.year
    return call.reading({"id": call.vehicle.id, "make": model.make, "model": model.model, "year": year})


def _permissions(call: VehicleCall) -> Answer:
    page, paging = offset_page(call.request.query, permissions(call), 100)
    return call.reading({"permissions": page, "paging": paging})


def _battery(call: VehicleCall) -> Answer:
    percent = require_number(call, "tractionbattery-stateofcharge")
    reach = call.units.distance(call.number("tractionbattery-range"))
    return call.reading({"percentRemaining": fraction(percent), "range": reach})


def _capacity(call: VehicleCall) -> Answer:
    body = require_body(call, "tractionbattery-nominalcapacity")
    if body["capacity"] is None:
        facts = {"capacities": _choices(body)}
        detail = "More than one battery capacity is known for this vehicle."
        raise Refused(Problem(500, "SERVER", "MULTIPLE_RECORDS_FOUND", detail, None, "CONTACT_SUPPORT", facts=(facts,)))
    return call.reading({"capacity": body["capacity"]})


def _nominal_capacity(call: VehicleCall) -> Answer:
    body = require_body(call, "tractionbattery-nominalcapacity")
    model, known = call.vehicle.car.model, body["capacity"]
    choices = [{"capacity": capacity, "description": f"{model.powertrain}:{model.trim}"} for capacity in _choices(body)]
    url = f"https://connect.smartcar.com/battery-capacity?vehicle_id={call.vehicle.id}&redirect_uri="
    return call.reading(
        {
            "availableCapacities": choices,
            "capacity": None if known is None else {"nominal": known, "source": body["source"]},
            "url": url if known is None else None,
        }
    )


def _choices(body: Body) -> list[float]:
    return [choice["capacity"] for choice in rows(body, "availableCapacities")]


def _charge(call: VehicleCall) -> Answer:
    plugged_in = require_body(call, "charge-ischargingcableconnected")["value"]
    return call.reading({"isPluggedIn": plugged_in, "state": call.value("charge-detailedchargingstatus")})


def _charge_limit(call: VehicleCall) -> Answer:
    require_body(call, "charge-chargelimits")
    if call.switches.limit_needs_plug and not call.vehicle.stored.plugged_in:
        raise in_state("CHARGING_PLUG_NOT_CONNECTED", "The vehicle is not plugged in.")
    return call.reading({"limit": fraction(call.vehicle.stored.charge_limit)})


def _system_status(call: VehicleCall) -> Answer:
    _only_for(call, _DIAGNOSING)
    found = [(name, call.body(code)) for code, name in _SYSTEMS.items()]
    systems = [
        {"systemId": name, "status": body["status"], "description": body["description"]}
        for name, body in found
        if body is not None
    ]
    return call.reading({"systems": systems})


def _trouble_codes(call: VehicleCall) -> Answer:
    _only_for(call, _TROUBLE_CODES)
    return call.reading({"activeCodes": require_body(call, "diagnostics-dtclist")["values"]})


def _engine_oil(call: VehicleCall) -> Answer:
    return call.reading({"lifeRemaining": fraction(require_number(call, "internalcombustionengine-oillife"))})


def _fuel(call: VehicleCall) -> Answer:
    """Whole for some makes, and without the amount or the percentage for others, as in Europe."""
    require_body(call, "internalcombustionengine-range")
    make, units = call.vehicle.car.model.make, call.units
    percent, amount, reach = (
        call.number(f"internalcombustionengine-{name}") for name in ("fuellevel", "amountremaining", "range")
    )
    return call.reading(
        {
            "percentRemaining": None if make in _NO_PERCENT else fraction(percent),
            "amountRemaining": None if make in _NO_AMOUNT else units.volume(amount),
            "range": units.distance(reach),
        }
    )


def _location(call: VehicleCall) -> Answer:
    where = require_body(call, "location-preciselocation")
    return call.reading({"latitude": where["latitude"], "longitude": where["longitude"]})


def _odometer(call: VehicleCall) -> Answer:
    return call.reading({"distance": call.units.distance(require_number(call, "odometer-traveleddistance"))})


def _security(call: VehicleCall) -> Answer:
    locked = require_body(call, "closure-islocked")["value"]
    front = "closure-fronttrunk" if call.vehicle.car.model.powertrain == "BEV" else "closure-enginecover"
    return call.reading(
        {
            "isLocked": locked,
            "doors": _openings(call, "closure-doors"),
            "windows": _openings(call, "closure-windows"),
            "sunroof": _lid(call, "sunroof", "closure-sunroof", "isOpen"),
            "storage": [
                *_lid(call, "front", front, "isOpen"),
                *_lid(call, "rear", "closure-reartrunk", "isOpen"),
            ],
            "chargingPort": _lid(call, "chargingPort", "charge-ischargingportflapopen", "value"),
        }
    )


def _openings(call: VehicleCall, code: str) -> list[dict[str, str]]:
    body = call.body(code)
    parts = rows(body, "values") if body is not None else []
    return [{"type": _SEATS[part["row"], part["column"]], "status": _status(part["isOpen"])} for part in parts]


def _lid(call: VehicleCall, kind: str, code: str, name: str) -> list[dict[str, str]]:
    body = call.body(code)
    return [] if body is None else [{"type": kind, "status": _status(body[name])}]


def _status(is_open: object) -> str:
    return "UNKNOWN" if is_open is None else "OPEN" if is_open else "CLOSED"


def _service_history(call: VehicleCall) -> Answer:
    _only_for(call, _HISTORY)
    query = call.request.query
    first, last = day(query, "startDate", "start_date"), day(query, "endDate", "end_date")
    visits = rows(require_body(call, "service-records"), "values")
    records = [
        {
            "serviceId": record["id"],
            "serviceDate": record["time"],
            "odometerDistance": record["odometer"],
            "serviceTasks": [
                {"taskId": task["id"], "taskDescription": task["description"]} for task in record["tasks"]
            ],
            "serviceDetails": [{"type": "dealer", "value": detail["description"]} for detail in record["details"]],
            "serviceCost": {"totalCost": record["cost"]["amount"], "currency": record["cost"]["currency"]},
        }
        for record in visits
        if between(first, record["time"], last)
    ]
    single = call.switches.history == "object"
    return call.reading((records[0] if records else {}) if single else records)


def _tires(call: VehicleCall) -> Answer:
    tires = rows(require_body(call, "wheel-tires"), "values")
    return call.reading(
        {_SEATS[tire["row"], tire["column"]]: call.units.pressure(tire["tirePressure"]) for tire in tires}
    )


def _vin(call: VehicleCall) -> Answer:
    return call.reading({"vin": require_body(call, "vehicleidentification-vin")["value"]})


def _only_for(call: VehicleCall, makes: Iterable[str]) -> None:
    if call.vehicle.car.model.make not in makes:
        raise not_capable()


_Row = tuple[str, str | None, Callable[[VehicleCall], Answer]]

_ROWS: tuple[_Row, ...] = (
    ("/v2.0/vehicles/{vehicle}", "read_vehicle_info", _attributes),
    ("/v2.0/vehicles/{vehicle}/permissions", None, _permissions),
    ("/v2.0/vehicles/{vehicle}/battery", "read_battery", _battery),
    ("/v2.0/vehicles/{vehicle}/battery/capacity", "read_battery", _capacity),
    ("/v2.0/vehicles/{vehicle}/battery/nominal_capacity", "read_battery", _nominal_capacity),
    ("/v2.0/vehicles/{vehicle}/charge", "read_charge", _charge),
    ("/v2.0/vehicles/{vehicle}/charge/limit", "read_charge", _charge_limit),
    ("/v2.0/vehicles/{vehicle}/diagnostics/system_status", "read_diagnostics", _system_status),
    ("/v2.0/vehicles/{vehicle}/diagnostics/dtcs", "read_diagnostics", _trouble_codes),
    ("/v2.0/vehicles/{vehicle}/engine/oil", "read_engine_oil", _engine_oil),
    ("/v2.0/vehicles/{vehicle}/fuel", "read_fuel", _fuel),
    ("/v2.0/vehicles/{vehicle}/location", "read_location", _location),
    ("/v2.0/vehicles/{vehicle}/odometer", "read_odometer", _odometer),
    ("/v2.0/vehicles/{vehicle}/security", "read_security", _security),
    ("/v2.0/vehicles/{vehicle}/service/history", "read_service_history", _service_history),
    ("/v2.0/vehicles/{vehicle}/tires/pressure", "read_tires", _tires),
    ("/v2.0/vehicles/{vehicle}/vin", "read_vin", _vin),
)

READS: tuple[Endpoint, ...] = tuple(Endpoint("GET", path, permission, answer) for path, permission, answer in _ROWS)
