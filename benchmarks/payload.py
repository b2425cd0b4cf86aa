"""The answer that the decoding benchmarks read: 100 signals of a well-equipped car, about 40 KB."""

import json
from typing import Any, Final

_META: Final = {
    "ingestedAt": "2026-05-04T10:00:09.000Z",
    "retrievedAt": "2026-05-04T10:00:07.500Z",
    "oemUpdatedAt": "2026-05-04T09:58:00.000Z",
}
_HOME: Final = {"name": "Home", "address": "1 Example Street", "latitude": 57.7, "longitude": 11.97}
_WEEK: Final = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
_DOORS: Final = [{"row": r, "column": c, "isOpen": False, "isLocked": True} for r in (0, 1) for c in (0, 1)]
_WINDOWS: Final = [{"row": r, "column": c, "isOpen": False} for r in (0, 1) for c in (0, 1)]
_TIRES: Final = [{"row": r, "column": c, "tirePressure": 240.5} for r in (0, 1) for c in (0, 1)]

BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("Charge", "Amperage"): {"value": 15.8, "unit": "ampere"},
    ("Charge", "AmperageMax"): {"value": 16, "unit": "ampere"},
    ("Charge", "ChargeLimits"): {
        "values": [{"type": "GLOBAL", "limit": 80}, {"type": "LOCATION", "limit": 90, "condition": _HOME}],
        "activeLimit": 80,
        "unit": "percent",
    },
    ("Charge", "ChargeRate"): {"value": 41.2, "unit": "km/h"},
    ("Charge", "ChargeTimers"): {
        "values": [
            {
                "type": "LOCATION",
                "condition": _HOME,
                "schedules": [{"start": "22:00:00", "end": "06:00:00", "days": _WEEK}],
            }
        ]
    },
    ("Charge", "ChargingConnectorType"): {"value": "TYPE_2"},
    ("Charge", "DetailedChargingStatus"): {"value": "CHARGING"},
    ("Charge", "EnergyAdded"): {"value": 12.4, "unit": "kWh"},
    ("Charge", "IsCharging"): {"value": True},
    ("Charge", "IsChargingCableConnected"): {"value": True},
    ("Charge", "IsChargingCableLatched"): {"value": True},
    ("Charge", "TimeToComplete"): {"value": 185},
    ("Charge", "Voltage"): {"value": 231.0, "unit": "volts"},
    ("Charge", "Wattage"): {"value": 10950.0, "unit": "watts"},
    ("Closure", "Doors"): {"values": _DOORS, "rowCount": 2, "columnCount": 2},
    ("Closure", "FrontTrunk"): {"isOpen": False, "isLocked": None},
    ("Closure", "IsLocked"): {"value": True},
    ("Closure", "RearTrunk"): {"isOpen": False, "isLocked": True},
    ("Closure", "Sunroof"): {"isOpen": None},
    ("Closure", "Windows"): {"values": _WINDOWS, "rowCount": 2, "columnCount": 2},
    ("ConnectivitySoftware", "CurrentFirmwareVersion"): {"value": "2026.14.3"},
    ("ConnectivityStatus", "IsAsleep"): {"value": False},
    ("ConnectivityStatus", "IsOnline"): {"value": True},
    ("Diagnostics", "ABS"): {"status": "OK", "description": None},
    ("Diagnostics", "TirePressure"): {"status": "ALERT", "description": "Front left is low"},
    ("Location", "PreciseLocation"): {"latitude": 57.70887, "longitude": 11.97456, "locationType": "LAST_PARKED"},
    ("LowVoltageBattery", "StateOfCharge"): {"value": 88, "unit": "percent"},
    ("Odometer", "TraveledDistance"): {"value": 18250.4, "unit": "km"},
    ("TractionBattery", "NominalCapacity"): {
        "capacity": 69,
        "source": "SMARTCAR",
        "availableCapacities": [{"capacity": 51, "description": "Single"}, {"capacity": 69, "description": "Extended"}],
        "unit": "kWh",
    },
    ("TractionBattery", "Range"): {"value": 312.0, "additionalValues": [], "unit": "km", "type": "DEFAULT"},
    ("TractionBattery", "StateOfCharge"): {"value": 57, "unit": "percent"},
    ("VehicleIdentification", "ExteriorColor"): {"value": "Cloud Blue"},
    ("VehicleIdentification", "Nickname"): {"value": "Blue"},
    ("VehicleIdentification", "Packages"): {"values": ["Plus", "Climate"]},
    ("VehicleIdentification", "VIN"): {"value": "YV1EXAMPLE0000001"},
    ("VehicleUserAccount", "Role"): {"value": "OWNER"},
    ("Wheel", "Tires"): {"values": _TIRES, "rowCount": 2, "columnCount": 2, "unit": "kPa"},
}


def document(signals: int = 100) -> bytes:
    """An answer with so many signals, the bodies in turn."""
    entries = [_entry(*list(BODIES.items())[number % len(BODIES)]) for number in range(signals)]
    meta = {"totalCount": signals, "pageSize": signals, "pageNumber": 1}
    return json.dumps({"data": entries, "meta": meta, "links": {"self": "https://vehicle.example/v3"}}).encode()


def _entry(name: tuple[str, str], body: dict[str, Any]) -> dict[str, Any]:
    code = "-".join(name).lower()
    attributes = {"code": code, "name": name[1], "group": name[0], "status": {"value": "SUCCESS"}, "body": body}
    link = f"https://vehicle.example/v3/vehicles/v1/signals/{code}"
    return {"id": code, "type": "signal", "attributes": attributes, "meta": _META, "links": {"self": link}}
