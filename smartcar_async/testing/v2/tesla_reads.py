"""What only a Tesla tells."""

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
from .access import Endpoint, Visit, whole
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


def _cabin(visit: Visit) -> Answer:
    temperature = visit.units.temperature(visit.number("hvac-cabintargettemperature"))
    return visit.told({"status": _on(visit, "hvac-iscabinhvacactive"), "temperature": temperature})


def _defroster(visit: Visit) -> Answer:
    return visit.told(
        {
            "frontStatus": _on(visit, "hvac-isfrontdefrosteractive"),
            "rearStatus": _on(visit, "hvac-isreardefrosteractive"),
        }
    )


def _steering_heater(visit: Visit) -> Answer:
    missing = visit.switches.unavailable
    return visit.told({"status": "UNAVAILABLE" if missing else _on(visit, "hvac-issteeringheateractive")})


def _on(visit: Visit, code: str) -> str:
    return "ON" if visit.value(code) else "OFF"


def _exterior(visit: Visit) -> Answer:
    return visit.told({"temperature": visit.units.temperature(visit.number("climate-externaltemperature"))})


def _interior(visit: Visit) -> Answer:
    return visit.told({"temperature": visit.units.temperature(visit.number("climate-internaltemperature"))})


def _compass(visit: Visit) -> Answer:
    where = SIGNALS["location-preciselocation"].body(visit.vehicle.stored)
    return visit.told({"direction": where["direction"], "heading": where["heading"]})


def _speedometer(visit: Visit) -> Answer:
    return visit.told({"speed": visit.units.distance(visit.number("motion-currentspeed"))})


def charging(visit: Visit) -> None:
    """Refuse where the car does not charge."""
    if not visit.vehicle.stored.charging:
        raise in_state("NOT_CHARGING", "The vehicle is not charging.")


def _ammeter(visit: Visit) -> Answer:
    charging(visit)
    return visit.told({"amperage": visit.vehicle.stored.amperage})


def _wattmeter(visit: Visit) -> Answer:
    charging(visit)
    return visit.told({"wattage": _kilowatts(visit)})


def _kilowatts(visit: Visit) -> float:
    return round(visit.vehicle.stored.wattage / 1000, 3)


def completion(visit: Visit) -> str | None:
    """When the charge under way will be over."""
    car = visit.vehicle.stored
    return iso(EPOCH + timedelta(minutes=car.minute + car.minutes_to_limit)) if car.charging else None


def _charge(visit: Visit) -> Answer:
    car, units = visit.vehicle.stored, visit.units
    fast = car.charging and car.fast
    added = round(car.energy_added_kwh / car.model.consumption_kwh * 100, 1)
    return visit.told(
        {
            "state": visit.value("charge-detailedchargingstatus"),
            "isPluggedIn": car.plugged_in,
            "completionTime": completion(visit),
            "amperage": car.amperage if car.charging else 0,
            "voltage": car.voltage if car.charging else 0,
            "wattage": _kilowatts(visit) if car.charging else 0,
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
            "chargePortColor": visit.value("charge-chargeportstatuscolor"),
            "chargePortOpen": visit.value("charge-ischargingportflapopen"),
            "chargePortLatch": "Engaged" if car.plugged_in else "Disengaged",
            "chargerPhases": car.phases if car.charging else None,
        }
    )


def _battery(visit: Visit) -> Answer:
    units, percent = visit.units, visit.number("tractionbattery-stateofcharge") or 0.0
    reach = visit.number("tractionbattery-range") or 0.0
    return visit.told(
        {
            "percentRemaining": fraction(percent),
            "percentRemainingUsable": fraction(max(0.0, percent - 0.5)),
            "range": units.distance(reach),
            "rangeEstimated": units.distance(round(reach * 0.95, 1)),
            "rangeIdeal": units.distance(reach),
            "heaterOn": visit.value("tractionbattery-isheateractive"),
            "notEnoughPowerToHeat": percent < 5,
            "maxRangeChargeCounter": visit.value("tractionbattery-maxrangechargecounter"),
        }
    )


def _schedule(visit: Visit) -> Answer:
    return visit.told(schedule_state(visit.vehicle.stored))


def _records(visit: Visit) -> Answer:
    """Sums of each day, for old connections alone."""
    first, last = _range(visit)
    if not visit.switches.tesla_charge_records:
        raise not_capable()
    found: list[dict[str, object]] = []
    records = [record for record in visit.vehicle.stored.charge_records if between(first, _moment(record.start), last)]
    for date, group in groupby(records, key=lambda record: _moment(record.start)[:10]):
        charges = list(group)
        home, fast = (sum(charge.energy_kwh for charge in charges if charge.fast == kind) for kind in (False, True))
        seconds = round(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())
        sums = {"home": home, "other": 0.0, "superCharger": fast, "total": home + fast}
        found.append({"date": seconds, **{name: round(energy, 2) for name, energy in sums.items()}})
    return visit.told({"records": found})


def _billing(visit: Visit) -> Answer:
    """What fast charges cost, the newest first."""
    first, last = _range(visit)
    page = whole(visit.request.query, "page", 1, 1, 10_000)
    newest_first = reversed(visit.vehicle.stored.charge_records)
    found = [record for record in newest_first if record.fast and between(first, _moment(record.start), last)]
    begin = (page - 1) * BILLS_PER_PAGE
    shown = found[begin : begin + BILLS_PER_PAGE]
    more = len(found) > begin + BILLS_PER_PAGE
    return visit.told({"records": [_bill(record) for record in shown], "hasMoreData": more})


def _bill(record: ChargeRecord) -> dict[str, object]:
    return {
        "recordId": f"R-{record.start:06}",
        "chargeStart": _moment(record.start),
        "chargeEnd": _moment(record.stop),
        "energyConsumed": round(record.energy_kwh, 2),
        "location": record.place.name.title(),
        "cost": {"currency": "SEK", "energy": f"{record.energy_kwh * 2.1:.2f}", "other": "0"},
    }


def _range(visit: Visit) -> tuple[str | None, str | None]:
    return day(visit.request.query, "startDate"), day(visit.request.query, "endDate")


def _moment(minute: int) -> str:
    return iso(EPOCH + timedelta(minutes=minute))


def _attributes(visit: Visit) -> Answer:
    car = visit.vehicle.stored
    model = car.model
    return visit.told(
        {
            "id": visit.vehicle.id,
            "make": model.make,
            "model": model.model,
            "year": model.year,
            "nickname": car.nickname,
            "firmwareVersion": visit.value("connectivitysoftware-currentfirmwareversion"),
            "driverAssistVersion": "HW4",
            "trimBadging": model.trim,
            "efficiencyPackage": "Default",
            "performancePackage": "Base",
            "atHome": visit.value("location-isathome"),
            "sentryMode": {"available": True, "enabled": visit.value("surveillance-isenabled")},
            "style": {"exteriorColor": model.color, "exteriorTrim": "Black", "interiorTrim": "Black"},
            "wheel": {"style": visit.value("wheel-style"), "diameter": visit.units.length(482.6)},
            "driveUnit": {"front": "None", "rear": "PM"},
        }
    )


def _alerts(visit: Visit) -> Answer:
    low = visit.vehicle.stored.soc < 20
    recorded = iso(visit.vehicle.recorded_at)
    alert = {"name": "Low_Battery", "dateTime": recorded, "audience": ["customer"], "userText": "Charge soon"}
    return visit.told({"alerts": [alert] if low else []})


def _user_access(visit: Visit) -> Answer:
    granted = visit.connection.permissions
    scopes = [scope for scope, needs in _SCOPES.items() if any(name in granted for name in needs)]
    return visit.told({"accessType": "OWNER", "permissions": scopes})


def _user_info(visit: Visit) -> Answer:
    return visit.told({"email": f"{visit.connection.owner.id[:8]}@example.org"})


def _migration(visit: Visit) -> Answer:
    return visit.told({"requiresMigration": False})


def _virtual_key(visit: Visit) -> Answer:
    return visit.told({"isPaired": visit.vehicle.car.virtual_key})


_Row = tuple[str, str | None, Callable[[Visit], Answer]]

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
