"""The reads that only a Tesla has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from ..bodies import SIGNALS
from ..charging import ChargeRecord
from ..service import not_capable
from ..times import iso
from ..wire import Answer
from ..world import EPOCH
from .access import Endpoint, VehicleCall, whole
from .errors import in_state
from .reads import between, day, fraction
from .tesla import schedule_state

BILLS_PER_PAGE = 2

_TESLA = ("tesla",)
_SCOPES = {
    "vehicle_cmds": ("control_climate", "control_navigation", "control_pin", "control_security", "control_trunk"),
    "vehicle_charging_cmds": ("control_charge", "read_charge_records"),
    "vehicle_device_data": ("read_vehicle_info", "read_battery", "read_charge", "read_odometer"),
    "vehicle_location": ("read_location",),
    "user_data": ("read_user_profile",),
}
_INVALID = "<invalid>"


def _cabin(call: VehicleCall) -> Answer:
    temperature = call.units.temperature(call.number("hvac-cabintargettemperature"))
    return call.reading({"status": _on(call, "hvac-iscabinhvacactive"), "temperature": temperature})


def _defroster(call: VehicleCall) -> Answer:
    return call.reading(
        {
            "frontStatus": _on(call, "hvac-isfrontdefrosteractive"),
            "rearStatus": _on(call, "hvac-isreardefrosteractive"),
        }
    )


def _steering_heater(call: VehicleCall) -> Answer:
    missing = call.switches.unavailable
    return call.reading({"status": "UNAVAILABLE" if missing else _on(call, "hvac-issteeringheateractive")})


def _on(call: VehicleCall, code: str) -> str:
    return "ON" if call.value(code) else "OFF"


def _exterior(call: VehicleCall) -> Answer:
    return call.reading({"temperature": call.units.temperature(call.number("climate-externaltemperature"))})


def _interior(call: VehicleCall) -> Answer:
    return call.reading({"temperature": call.units.temperature(call.number("climate-internaltemperature"))})


def _compass(call: VehicleCall) -> Answer:
    where = SIGNALS["location-preciselocation"].body(call.vehicle.stored)
    return call.reading({"direction": where["direction"], "heading": where["heading"]})


def _speedometer(call: VehicleCall) -> Answer:
    return call.reading({"speed": call.units.distance(call.number("motion-currentspeed"))})


def charging(call: VehicleCall) -> None:
    """Refuse where the car does not charge."""
    if not call.vehicle.stored.charging:
        raise in_state("NOT_CHARGING", "The vehicle is not charging.")


def _ammeter(call: VehicleCall) -> Answer:
    charging(call)
    return call.reading({"amperage": call.vehicle.stored.amperage})


def _wattmeter(call: VehicleCall) -> Answer:
    charging(call)
    return call.reading({"wattage": _kilowatts(call)})


def _kilowatts(call: VehicleCall) -> float:
    return round(call.vehicle.stored.wattage / 1000, 3)


def completion(call: VehicleCall) -> str | None:
    """When the charge under way will be over."""
    car = call.vehicle.stored
    return iso(EPOCH + timedelta(minutes=car.minute + car.minutes_to_limit)) if car.charging else None


def _charge(call: VehicleCall) -> Answer:
    car, units = call.vehicle.stored, call.units
    fast = car.charging and car.fast
    added = round(car.energy_added_kwh / car.model.consumption_kwh * 100, 1)
    return call.reading(
        {
            "state": call.value("charge-detailedchargingstatus"),
            "isPluggedIn": car.plugged_in,
            "completionTime": completion(call),
            "amperage": car.amperage if car.charging else 0,
            "voltage": car.voltage if car.charging else 0,
            "wattage": _kilowatts(call) if car.charging else 0,
            "chargeRate": units.distance(round(car.charge_rate_kmh, 1) if car.charging else 0),
            "energyAdded": round(car.energy_added_kwh, 2),
            "rangeAddedRated": units.distance(round(added * 1.08, 1)),
            "rangeAddedIdeal": units.distance(added),
            "socLimit": fraction(car.charge_limit),
            "socLimitMin": 0.5,
            "socLimitMax": 1,
            "socLimitDefault": fraction(car.model.charge_limit),
            "amperageMaxVehicle": car.model.ac_amps,
            "amperageMaxCharger": car.model.ac_amps if car.plugged_in else None,
            "amperageRequested": car.amperage_requested,
            "connector": car.model.connector if car.plugged_in else _INVALID,
            "fastChargerPresent": fast,
            "fastChargerType": "CCS" if fast else _INVALID,
            "fastChargerBrand": _INVALID,
            "chargePortColor": call.value("charge-chargeportstatuscolor"),
            "chargePortOpen": call.value("charge-ischargingportflapopen"),
            "chargePortLatch": "Engaged" if car.plugged_in else "Disengaged",
            "chargerPhases": car.phases if car.charging else None,
        }
    )


def _battery(call: VehicleCall) -> Answer:
    units, percent = call.units, call.number("tractionbattery-stateofcharge") or 0.0
    reach = call.number("tractionbattery-range") or 0.0
    return call.reading(
        {
            "percentRemaining": fraction(percent),
            "percentRemainingUsable": fraction(max(0.0, percent - 0.5)),
            "range": units.distance(reach),
            "rangeEstimated": units.distance(round(reach * 0.95, 1)),
            "rangeIdeal": units.distance(reach),
            "heaterOn": call.value("tractionbattery-isheateractive"),
            "notEnoughPowerToHeat": percent < 5,
            "maxRangeChargeCounter": call.value("tractionbattery-maxrangechargecounter"),
        }
    )


def _schedule(call: VehicleCall) -> Answer:
    return call.reading(schedule_state(call.vehicle.stored))


def _records(call: VehicleCall) -> Answer:
    """Sums of each day, for old connections alone."""
    first, last = _range(call)
    if not call.switches.tesla_charge_records:
        raise not_capable()
    found: list[dict[str, object]] = []
    records = [record for record in call.vehicle.stored.charge_records if between(first, _time_of(record.start), last)]
    for date, group in groupby(records, key=lambda record: _time_of(record.start)[:10]):
        charges = list(group)
        home, fast = (sum(charge.energy_kwh for charge in charges if charge.fast == kind) for kind in (False, True))
        seconds = round(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())
        sums = {"home": home, "other": 0.0, "superCharger": fast, "total": home + fast}
        found.append({"date": seconds, **{name: round(energy, 2) for name, energy in sums.items()}})
    return call.reading({"records": found})


def _billing(call: VehicleCall) -> Answer:
    """What fast charges cost, the newest first."""
    first, last = _range(call)
    page = whole(call.request.query, "page", 1, 1, 10_000)
    newest_first = reversed(call.vehicle.stored.charge_records)
    found = [record for record in newest_first if record.fast and between(first, _time_of(record.start), last)]
    begin = (page - 1) * BILLS_PER_PAGE
    shown = found[begin : begin + BILLS_PER_PAGE]
    more = len(found) > begin + BILLS_PER_PAGE
    return call.reading({"records": [_bill(record) for record in shown], "hasMoreData": more})


def _bill(record: ChargeRecord) -> dict[str, object]:
    return {
        "recordId": f"R-{record.start:06}",
        "chargeStart": _time_of(record.start),
        "chargeEnd": _time_of(record.stop),
        "energyConsumed": round(record.energy_kwh, 2),
        "location": record.place.name.title(),
        "cost": {"currency": "SEK", "energy": f"{record.energy_kwh * 2.1:.2f}", "other": "0"},
    }


def _range(call: VehicleCall) -> tuple[str | None, str | None]:
    return day(call.request.query, "startDate"), day(call.request.query, "endDate")


def _time_of(minute: int) -> str:
    return iso(EPOCH + timedelta(minutes=minute))


def _attributes(call: VehicleCall) -> Answer:
    car = call.vehicle.stored
    model = car.model
    return call.reading(
        {
            "id": call.vehicle.id,
            "make": model.make,
            "model": model.model,
            "year": model.year,
            "nickname": car.nickname,
            "firmwareVersion": call.value("connectivitysoftware-currentfirmwareversion"),
            "driverAssistVersion": "HW4",
            "trimBadging": model.trim,
            "efficiencyPackage": "Default",
            "performancePackage": "Base",
            "atHome": call.value("location-isathome"),
            "sentryMode": {"available": True, "enabled": call.value("surveillance-isenabled")},
            "style": {"exteriorColor": model.color, "exteriorTrim": "Black", "interiorTrim": "Black"},
            "wheel": {"style": call.value("wheel-style"), "diameter": call.units.length(482.6)},
            "driveUnit": {"front": "None", "rear": "PM"},
        }
    )


def _alerts(call: VehicleCall) -> Answer:
    low = call.vehicle.stored.soc < 20
    recorded = iso(call.vehicle.recorded_at)
    alert = {"name": "Low_Battery", "dateTime": recorded, "audience": ["customer"], "userText": "Charge soon"}
    return call.reading({"alerts": [alert] if low else []})


def _user_access(call: VehicleCall) -> Answer:
    granted = call.connection.permissions
    scopes = [scope for scope, needs in _SCOPES.items() if any(name in granted for name in needs)]
    return call.reading({"accessType": "OWNER", "permissions": scopes})


def _user_info(call: VehicleCall) -> Answer:
    return call.reading({"email": f"{call.connection.owner.id[:8]}@example.org"})


def _migration(call: VehicleCall) -> Answer:
    return call.reading({"requiresMigration": False})


def _virtual_key(call: VehicleCall) -> Answer:
    return call.reading({"isPaired": call.vehicle.car.virtual_key})


_Row = tuple[str, str | None, Callable[[VehicleCall], Answer]]

_ROWS: tuple[_Row, ...] = (
    ("/v2.0/vehicles/{vehicle}/{make}/climate/cabin", "read_climate", _cabin),
    ("/v2.0/vehicles/{vehicle}/{make}/climate/defroster", "read_climate", _defroster),
    ("/v2.0/vehicles/{vehicle}/{make}/climate/steering_wheel", "read_climate", _steering_heater),
    ("/v2.0/vehicles/{vehicle}/{make}/thermometer/exterior", "read_thermometer", _exterior),
    ("/v2.0/vehicles/{vehicle}/{make}/thermometer/interior", "read_thermometer", _interior),
    ("/v2.0/vehicles/{vehicle}/{make}/compass", "read_compass", _compass),
    ("/v2.0/vehicles/{vehicle}/{make}/speedometer", "read_speedometer", _speedometer),
    ("/v2.0/vehicles/{vehicle}/{make}/charge/ammeter", "read_charge", _ammeter),
    ("/v2.0/vehicles/{vehicle}/{make}/charge/wattmeter", "read_charge", _wattmeter),
    ("/v2.0/vehicles/{vehicle}/{make}/charge", "read_charge", _charge),
    ("/v2.0/vehicles/{vehicle}/{make}/battery", "read_battery", _battery),
    ("/v2.0/vehicles/{vehicle}/{make}/charge/schedule", "read_charge", _schedule),
    ("/v2.0/vehicles/{vehicle}/{make}/charge/records", "read_charge_records", _records),
    ("/v2.0/vehicles/{vehicle}/{make}/charge/records/billing", "read_charge_records", _billing),
    ("/v2.0/vehicles/{vehicle}/{make}/attributes", "read_extended_vehicle_info", _attributes),
    ("/v2.0/vehicles/{vehicle}/{make}/alerts", "read_alerts", _alerts),
    ("/v2.0/vehicles/{vehicle}/{make}/user/access", None, _user_access),
    ("/v2.0/vehicles/{vehicle}/{make}/user/info", "read_user_profile", _user_info),
    ("/v2.0/vehicles/{vehicle}/{make}/migration", "read_vehicle_info", _migration),
    ("/v2.0/vehicles/{vehicle}/{make}/virtual_key", "read_vehicle_info", _virtual_key),
)

TESLA_READS: tuple[Endpoint, ...] = tuple(
    Endpoint("GET", path, permission, answer, _TESLA) for path, permission, answer in _ROWS
)
