"""Made-up deliveries in every shape that Smartcar's webhooks have had."""

import json
from datetime import UTC, datetime
from typing import Any

from smartcar_async.testing import deliveries

Document = dict[str, Any]

TOKEN = "11111111-2222-4333-8444-555555555555"
OLD_TOKEN = "66666666-7777-4888-9999-aaaaaaaaaaaa"
DELIVERED = 1_767_000_004_100
NOW = datetime.fromtimestamp(DELIVERED / 1000, UTC)
"""When all of these are delivered."""

META: Document = {
    "deliveryId": "d-1",
    "deliveredAt": DELIVERED,
    "version": "4.0",
    "webhookId": "w-1",
    "webhookName": "Demo",
    "mode": "LIVE",
}
USER_AND_VEHICLE: Document = {
    "user": {"id": "private-user"},
    "vehicle": {"id": "v-1", "make": "TESLA", "model": "Model 3", "year": 2024},
}
CHARGE: Document = {
    "code": "tractionbattery-stateofcharge",
    "name": "StateOfCharge",
    "group": "TractionBattery",
    "body": {"value": 61, "unit": "percent"},
    "status": {"value": "SUCCESS"},
    "meta": {"oemUpdatedAt": 1767000000000, "retrievedAt": 1767000004000},
}
PLACE: Document = {
    "code": "location-preciselocation",
    "name": "PreciseLocation",
    "group": "Location",
    "body": {"latitude": 57.70887, "longitude": 11.97456},
    "status": {"value": "SUCCESS"},
    "meta": {"oemUpdatedAt": 1767000000000, "retrievedAt": 1767000004000},
}
VIN: Document = {
    "code": "vehicleidentification-vin",
    "name": "VIN",
    "group": "VehicleIdentification",
    "body": {"value": "5YJSA1CN5DFP00101"},
    "status": {"value": "SUCCESS"},
    "meta": {"oemUpdatedAt": 0, "retrievedAt": 1767000004000},
}
TAILGATE: Document = deliveries.refused_signal("closure-tailgate")
NAMED: Document = {"name": "StateOfCharge", "code": "tractionbattery-stateofcharge", "group": "TractionBattery"}

STATE: Document = {
    "eventId": "e-1",
    "eventType": "VEHICLE_STATE",
    "data": {**USER_AND_VEHICLE, "signals": [CHARGE, TAILGATE, PLACE, VIN]},
    "triggers": [{"type": "SIGNAL_UPDATED", "signal": NAMED}],
    "meta": {**META, "signalCount": 4},
}
SEPTEMBER_2025: Document = {
    "eventId": "e-5",
    "eventType": "VEHICLE_STATE",
    "data": {
        **USER_AND_VEHICLE,
        "signals": [
            {
                "code": "odometer-traveleddistance",
                "name": "TraveledDistance",
                "group": "Odometer",
                "body": {"value": 18250.4, "unit": "km"},
                "meta": {"oemUpdatedAt": 1767000000000, "retrievedAt": 1767000004000},
            }
        ],
    },
    "triggers": [{"type": "SIGNAL_UPDATED", "signal": "Odometer.TraveledDistance"}],
    "meta": {"deliveryId": "d-5", "deliveryTime": DELIVERED, "webhookName": "Demo", "mode": "LIVE"},
}
ERROR: Document = {
    "type": "VEHICLE_STATE",
    "code": "UNREACHABLE",
    "state": "ERROR",
    "description": "The car cannot be reached.",
    "suggestedUserMessage": "Try again later.",
    "docURL": "https://example.invalid/x",
    "resolution": {"type": "RETRY_LATER"},
    "signals": [NAMED],
}
ERRORS: Document = {
    "eventId": "e-2",
    "eventType": "VEHICLE_ERROR",
    "data": {**USER_AND_VEHICLE, "errors": [ERROR]},
    "meta": META,
}
VERIFY: Document = {
    "eventId": "e-3",
    "eventType": "VERIFY",
    "data": {"challenge": "3f1c9a52-made-up-challenge"},
    "meta": {name: value for name, value in META.items() if name != "mode"},
}
LEGACY_VERIFY: Document = json.loads(deliveries.legacy_verify())
LEGACY_CHARGING: Document = json.loads(deliveries.legacy_event(event_id="e-9"))
LEGACY_SCHEDULED: Document = json.loads(deliveries.legacy_vehicles("scheduled", ["v-8", "v-9"]))
UNKNOWN_EVENT: Document = {"eventId": "e-4", "eventType": "VEHICLE_SOLD", "data": {"price": 1}, "meta": META}

ALL = [STATE, SEPTEMBER_2025, ERRORS, VERIFY, LEGACY_VERIFY, LEGACY_CHARGING, LEGACY_SCHEDULED, UNKNOWN_EVENT]
PRIVATE = ["private-user", "57.70887", "11.97456", "5YJSA1CN5DFP00101", "3f1c9a52-made-up-challenge"]
"""What no text about a delivery may repeat."""


def written(document: object) -> bytes:
    """A document as Smartcar writes it: compact."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
