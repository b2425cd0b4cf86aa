"""Tokens, connections, users, vehicles and signals: paths and JSON are literal.

Codes of a 404 that no source records (`CONNECTION_NOT_FOUND`, `USER_NOT_FOUND`, `SIGNAL_NOT_FOUND`) follow the pattern
of the one that was seen live, `VEHICLE_NOT_FOUND`.
"""

from __future__ import annotations

from .paging import Page, is_mode, page_meta, paged, read_page
from .readings import signal_document, signal_documents, vehicle_attributes
from .service import Document, Params, Route, Service, missing
from .times import iso
from .wire import Answer, Request, json_answer
from .world import Connection, Vehicle

_FILTERS = ("filter[userId]", "filter[vehicleId]", "filter[user.externalId]")


def _token(service: Service, request: Request, _: Params) -> Answer:
    return service.tokens.answer(request)


def _list_connections(service: Service, request: Request, _: Params) -> Answer:
    query = request.query
    page = read_page(query, 10, None, [is_mode(query)])
    mode = query.get("filter[vehicle.mode]", "live")
    filters = {"filter[vehicle.mode]": mode} | {name: query[name] for name in _FILTERS if name in query}
    users = {user for user in (query.get("filter[userId]"), request.headers.get("sc-user-id")) if user}
    matching = [
        connection
        for connection in service.world.connections.values()
        if connection.vehicle.mode == mode
        and all(connection.owner.id == user for user in users)
        and query.get("filter[vehicleId]", connection.vehicle.id) == connection.vehicle.id
        and query.get("filter[user.externalId]", connection.owner.external_id) == connection.owner.external_id
    ]
    matching.sort(key=lambda connection: connection.created_at, reverse=True)
    listed = paged(service, "/v3/connections", filters, page, matching, _connection)
    order = {"orderBy": "createdAt", "orderDirection": "DESC"}
    return json_answer(listed | {"meta": page_meta(service, page, len(matching)) | order})


def _get_connection(service: Service, _: Request, params: Params) -> Answer:
    connection = service.world.connections.get(params["connection"])
    if connection is None:
        raise missing("CONNECTION_NOT_FOUND", "No connection has this id.")
    return json_answer({"data": _connection(service, connection)})


def _delete_connection(service: Service, _: Request, params: Params) -> Answer:
    if not service.world.disconnect(params["connection"]):
        raise missing("CONNECTION_NOT_FOUND", "No connection has this id.")
    return Answer(204)


def _delete_user(service: Service, _: Request, params: Params) -> Answer:
    if not service.world.remove_user(params["user"]):
        raise missing("USER_NOT_FOUND", "No user of this application has this id.")
    return Answer(204)


def _get_vehicle(service: Service, _: Request, params: Params) -> Answer:
    vehicle = service.vehicle_of(params["vehicle"]).vehicle
    document = _vehicle(service, vehicle)
    if service.switches.single == "wrapped":
        return json_answer({"data": document})
    attributes = vehicle_attributes(vehicle, service.switches)
    old = {name: value for name, value in attributes.items() if name not in ("powertrainType", "mode")}
    return json_answer({**document, "attributes": old})


def _list_signals(service: Service, request: Request, params: Params) -> Answer:
    connection = service.owned_vehicle(request, params["vehicle"])
    if not connection.vehicle.subscribed and service.switches.unsubscribed == "not_found":
        raise missing("VEHICLE_NOT_FOUND", "Nothing is stored for this vehicle yet.")
    return _signal_list(service, connection)


def _get_signal(service: Service, request: Request, params: Params) -> Answer:
    connection = service.owned_vehicle(request, params["vehicle"])
    document = signal_document(connection, params["code"], service.switches, service.base)
    if document is None:
        raise missing("SIGNAL_NOT_FOUND", "Nothing is stored under this signal code.")
    if service.switches.single == "bare":
        return json_answer(document)
    return json_answer({"data": document} | _included(service, connection.vehicle))


def _vehicle(service: Service, vehicle: Vehicle) -> Document:
    return {
        "id": vehicle.id,
        "type": "vehicle",
        "attributes": vehicle_attributes(vehicle, service.switches),
        "links": {"self": f"{service.base}/v3/vehicles/{vehicle.id}"},
    }


def _included(service: Service, vehicle: Vehicle) -> Document:
    return {"included": {"vehicle": _vehicle(service, vehicle)}} if service.switches.included else {}


def _signal_list(service: Service, connection: Connection) -> Answer:
    """All signals of a vehicle, encoded once for every report that the vehicle sends."""
    vehicle = connection.vehicle
    state = (
        vehicle.reported_at,
        vehicle.recorded_at,
        vehicle.stored,
        vehicle.subscribed,
        connection.permissions,
        str(service.switches),
        service.base,
    )

    def build() -> Answer:
        signals = list(signal_documents(connection, service.switches, service.base))
        document: Document = {
            "data": signals,
            "meta": page_meta(service, Page(1, len(signals)), len(signals)),
            "links": {"self": f"{service.base}/v3/vehicles/{vehicle.id}/signals"},
        }
        return json_answer(document | _included(service, vehicle))

    return service.cached(vehicle.id, state, build)


def _connection(service: Service, connection: Connection) -> Document:
    owner, vehicle = connection.owner, connection.vehicle
    user: Document = {"id": owner.id}
    if owner.named:
        user["externalId"] = owner.external_id
    return {
        "id": connection.id,
        "type": "connection",
        "attributes": {
            "permissions": connection.permissions,
            "vehicle": vehicle_attributes(vehicle, service.switches),
            "user": user,
        },
        "relationships": {
            "vehicle": {
                "data": {"id": vehicle.id, "type": "vehicle"},
                "links": {"related": f"{service.base}/v3/vehicles/{vehicle.id}"},
            },
            "user": {"data": {"id": owner.id, "type": "user"}},
        },
        "meta": {"createdAt": iso(connection.created_at), "updatedAt": iso(connection.updated_at)},
        "links": {"self": f"{service.base}/v3/connections/{connection.id}"},
    }


READS: tuple[Route, ...] = (
    Route("POST", "/oauth2/token", _token, host="iam", public=True),
    Route("GET", "/v3/connections", _list_connections),
    Route("GET", "/v3/connections/{connection}", _get_connection),
    Route("DELETE", "/v3/connections/{connection}", _delete_connection),
    Route("DELETE", "/v3/users/{user}", _delete_user),
    Route("GET", "/v3/vehicles/{vehicle}", _get_vehicle),
    Route("GET", "/v3/vehicles/{vehicle}/signals", _list_signals),
    Route("GET", "/v3/vehicles/{vehicle}/signals/{code}", _get_signal),
)
