"""Answers of the API as v3 writes them."""

from __future__ import annotations

from typing import Any

from smartcar_async import signals


def vehicle(vehicle_id: str = "vehicle-1") -> dict[str, Any]:
    """A vehicle resource."""
    attributes = {"make": "VOLVO", "model": "EX30", "year": 2025, "mode": "live", "powertrainType": "BEV"}
    return {"id": vehicle_id, "type": "vehicle", "attributes": attributes}


def connection(number: int = 1, connection_id: str | None = None) -> dict[str, Any]:
    """A connection resource."""
    return {
        "id": connection_id or f"connection-{number}",
        "type": "connection",
        "attributes": {
            "permissions": ["read_battery"],
            "vehicle": {"make": "VOLVO", "model": "EX30", "year": 2025, "mode": "live", "powertrainType": "BEV"},
            "user": {"id": "user-1", "externalId": "acct-42"},
        },
        "relationships": {"vehicle": {"data": {"id": f"vehicle-{number}", "type": "vehicle"}}},
        "meta": {"createdAt": "2026-05-01T10:00:00.000Z", "updatedAt": "2026-06-01T10:00:00.000Z"},
    }


def page(numbers: range, meta: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    """One page of connections."""
    return {"data": [connection(number) for number in numbers], "meta": meta, "links": {"next": following}}


def signal(code: str = "tractionbattery-stateofcharge", body: object = None) -> dict[str, Any]:
    """A signal resource."""
    key = signals.by_code(code)
    attributes = {
        "code": code,
        "name": key.name,
        "group": key.group,
        "status": {"value": "SUCCESS"},
        "body": {"value": 57, "unit": "percent"} if body is None else body,
    }
    return {"id": code, "type": "signal", "attributes": attributes, "meta": {"ingestedAt": "2026-06-30T00:00:01.000Z"}}


def signal_list(count: int = 1, vehicle_id: str = "vehicle-1") -> dict[str, Any]:
    """A list of signals, all the same, with the vehicle beside it."""
    return {
        "data": [signal() for _ in range(count)],
        "meta": {"totalCount": count, "pageSize": count, "pageNumber": 1},
        "included": {"vehicle": vehicle(vehicle_id)},
    }
