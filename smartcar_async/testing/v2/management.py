"""Connections by the application's management token."""

from __future__ import annotations

import base64

from ..service import Params, Service
from ..times import iso
from ..wire import Answer, Problem, Refused, Request, json_answer
from ..world import Connection
from .access import require_management, whole
from .errors import invalid

_MODES = ("live", "simulated", "test")


def list_connections(service: Service, request: Request, _: Params) -> Answer:
    """A page of connections, the newest first, and the cursor of the next."""
    require_management(service, request)
    query = request.query
    limit, mode = whole(query, "limit", 10, 1, 100), query.get("mode")
    if mode not in (None, *_MODES):
        raise invalid("mode", f"one of {', '.join(_MODES)}")
    wanted = "simulated" if mode == "test" else mode
    found = [connection for connection in _matching(service, query) if wanted in (None, connection.vehicle.mode)]
    found.sort(key=_place, reverse=True)
    if "cursor" in query:
        cursor = _read(query["cursor"])
        found = [connection for connection in found if _place(connection) < cursor]
    page = found[:limit]
    rows = [
        {
            "userId": connection.owner.id,
            "vehicleId": connection.vehicle.id,
            "connectedAt": iso(connection.created_at),
            "mode": connection.vehicle.mode,
        }
        for connection in page
    ]
    return json_answer(
        {"connections": rows, "paging": {"cursor": _cursor(page[-1]) if len(found) > len(page) else None}}
    )


def delete_connections(service: Service, request: Request, _: Params) -> Answer:
    """Withdraw those of a user, of a vehicle, or of the pair; a request that names neither is refused."""
    require_management(service, request)
    query = request.query
    if not query.get("user_id") and not query.get("vehicle_id"):
        raise Refused(Problem(400, "VALIDATION", None, "Give user_id, vehicle_id or both."))
    gone = _matching(service, query)
    for connection in gone:
        service.world.disconnect(connection.id)
    return json_answer(
        {"connections": [{"userId": connection.owner.id, "vehicleId": connection.vehicle.id} for connection in gone]}
    )


def _matching(service: Service, query: dict[str, str]) -> list[Connection]:
    return [
        connection
        for connection in service.world.connections.values()
        if query.get("user_id", connection.owner.id) == connection.owner.id
        and query.get("vehicle_id", connection.vehicle.id) == connection.vehicle.id
    ]


def _place(connection: Connection) -> tuple[str, str]:
    return iso(connection.created_at), connection.id


def _cursor(connection: Connection) -> str:
    """The place of a connection in the list; a prefix brings the letters of base64 that a query must escape."""
    return base64.b64encode(("\xff\xfe>" + "|".join(_place(connection))).encode("latin-1")).decode()


def _read(cursor: str) -> tuple[str, str]:
    try:
        created, _, identity = base64.b64decode(cursor, validate=True).decode("latin-1")[3:].partition("|")
    except ValueError:
        raise invalid("cursor", "one that a page had") from None
    return created, identity
