"""The delivery that the webhook benchmark receives: 172 signals over the whole catalogue, about 41 KB."""

import json
from typing import Any, Final

from benchmarks.payload import BODIES
from smartcar_async import signals
from smartcar_async.records import SignalKey

DELIVERED: Final = 1_767_000_004_100
"""When it is delivered, in milliseconds."""

_PLACE: Final = {"name": "Harbour", "address": "5 Example Quay", "latitude": 57.69, "longitude": 11.9}
_CHARGED: Final = {
    "startTime": "2026-05-02T20:14:00Z",
    "endTime": "2026-05-03T04:40:00Z",
    "energyAdded": 31.2,
    "chargingType": "AC",
    "isPublicCharger": True,
    "startStateOfCharge": 38,
    "endStateOfCharge": 80,
    "cost": {"currency": "SEK", "energyAmount": 74.5, "otherAmount": 0},
    "location": _PLACE,
}
_SERVICED: Final = {
    "time": "2026-01-12T08:30:00Z",
    "odometer": 15000.2,
    "cost": {"amount": 2490, "currency": "SEK"},
    "tasks": [{"id": "t1", "description": "Brake fluid"}, {"id": "t2", "description": "Cabin filter"}],
    "details": [],
}
_TROUBLE: Final = [{"code": "P0A80", "timestamp": "2026-04-30T17:02:11Z"}, {"code": "U0100", "timestamp": None}]
_MEASURES: Final[dict[str, dict[str, Any]]] = {
    "AmperageRequested": {"value": 16, "unit": "ampere"},
    "ExternalTemperature": {"value": 11.5, "unit": "celsius"},
    "InternalTemperature": {"value": 19.25, "unit": "celsius"},
    "CabinTargetTemperature": {"value": 21, "unit": "celsius"},
    "AmountRemaining": {"value": 27.4, "unit": "liters"},
    "FuelLevel": {"value": 61, "unit": "percent"},
    "OilLife": {"value": 72, "unit": "percent"},
    "Range": {"value": 540.0, "unit": "km"},
    "CurrentSpeed": {"value": 0, "unit": "km/h"},
}
_ANY_MEASURE: Final = {"value": 12.5, "unit": "percent"}
"""For a signal that is newer than this list."""
_SPECIAL: Final[dict[str, dict[str, Any]]] = {
    "PortLight": {"value": "GREEN"},
    "ChargeRecords": {
        "values": [{"id": "r1", **_CHARGED}, {"id": "r2", **_CHARGED, "chargingType": "DC"}, {"id": "r3", **_CHARGED}]
    },
    "Opening": {"isOpen": False},
    "LockableOpening": {"isOpen": False, "isLocked": True},
    "TroubleCodes": {"values": _TROUBLE},
    "LowVoltageHealth": {"value": "GOOD"},
    "ServiceRecords": {"values": [{"id": "s1", **_SERVICED}]},
    "DriveMode": {"canonical": "ECONOMY", "oemDisplayName": "Eco Pro"},
    "Gear": {"value": "PARK"},
    "Texts": {"values": ["read_battery", "read_charge", "read_odometer"]},
}
"""The bodies of a shape that few signals have, by the name of their class."""


def delivery(count: int = 172) -> bytes:
    """The body of an event, written as Smartcar writes it: each signal with numbers and times of its own."""
    entries = [_entry(signals.ALL[number % len(signals.ALL)], number) for number in range(count)]
    vehicle = {"id": "v-1", "make": "VOLVO", "model": "EX30", "year": 2025}
    changed = {name: entries[0][name] for name in ("name", "code", "group")}
    document = {
        "eventId": "e-1",
        "eventType": "VEHICLE_STATE",
        "data": {"user": {"id": "u-1"}, "vehicle": vehicle, "signals": entries},
        "triggers": [{"type": "SIGNAL_UPDATED", "signal": changed}],
        "meta": {
            "deliveryId": "d-1",
            "deliveredAt": DELIVERED,
            "version": "4.0",
            "webhookId": "w-1",
            "webhookName": "Demo",
            "mode": "LIVE",
            "signalCount": count,
        },
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _entry(key: SignalKey[Any], number: int) -> dict[str, Any]:
    return {
        "code": key.code,
        "name": key.name,
        "group": key.group,
        "body": _varied(_body(key, number), number),
        "status": {"value": "SUCCESS"},
        "meta": {"oemUpdatedAt": DELIVERED - 60_000 - 977 * number, "retrievedAt": DELIVERED - 1_000 - number},
    }


def _body(key: SignalKey[Any], number: int) -> dict[str, Any]:
    name = key.body_name
    if (key.group, key.name) in BODIES:
        return BODIES[key.group, key.name]
    if name == "SystemStatus":
        alert = number % 7 == 0
        return {"status": "ALERT" if alert else "OK", "description": "Have it looked at" if alert else None}
    simple: dict[str, Any] = {"Flag": number % 3 > 0, "Count": number % 5, "Text": f"{key.name} {number}"}
    return {"value": simple[name]} if name in simple else _SPECIAL.get(name) or _MEASURES.get(key.name, _ANY_MEASURE)


def _varied(value: Any, number: int) -> Any:
    """The same shape with measured values of its own."""
    if isinstance(value, dict):
        return {name: _varied(inner, number) for name, inner in value.items()}
    if isinstance(value, list):
        return [_varied(inner, number) for inner in value]
    return round(value + number / 100, 5) if isinstance(value, float) else value
