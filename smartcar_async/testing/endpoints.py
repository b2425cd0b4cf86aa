"""The endpoints, as functions from a request and a service to an answer: paths and JSON are literal.

Codes of a 404 that no source records (`CONNECTION_NOT_FOUND`, `USER_NOT_FOUND`, `SIGNAL_NOT_FOUND`) follow the pattern
of the one that was seen live, `VEHICLE_NOT_FOUND`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from urllib.parse import unquote, urlencode
from uuid import UUID

from attrs import define, field, frozen

from .limits import Limits
from .readings import iso, signal_document, signal_documents, vehicle_attributes
from .switches import Switches
from .tokens import Tokens
from .wire import Answer, Problem, Refused, Request, error_answer, json_answer
from .world import Connection, Vehicle, World

Document = dict[str, object]
Params = Mapping[str, str]


@define
class Service:
    """The service behind the wire: answers a request at once and without I/O."""

    world: World
    tokens: Tokens
    base: str = ""
    switches: Switches = field(factory=Switches)
    limits: Limits = field(factory=Limits)
    _random: Random = field(init=False, repr=False)
    _lists: dict[str, tuple[object, Answer]] = field(factory=dict[str, tuple[object, Answer]], init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Draw request ids from the seed."""
        self._random = Random(f"{self.world.seed}/requests")

    def answer(self, request: Request) -> Answer:
        """Answer a request, errors included; every answer carries its request id."""
        with self.world.lock:
            request_id = self.new_request_id()
            try:
                answer = self._dispatch(request)
            except Refused as refusal:
                answer = error_answer(refusal.problems, request_id, refusal.retry_after)
        units = request.headers.get("SC-Unit-System", "metric")
        return answer.plus(SC_Request_Id=request_id, SC_Unit_System=units)

    def new_request_id(self) -> str:
        """An id for one request, the next that the seed draws."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def vehicle_of(self, vehicle_id: str) -> Connection:
        """The connection of a vehicle, or a 404."""
        connection = self.world.connection_of(vehicle_id)
        if connection is None:
            raise _missing("VEHICLE_NOT_FOUND", "No connected vehicle has this id.")
        return connection

    def owned_vehicle(self, request: Request, vehicle_id: str) -> Connection:
        """The connection of a vehicle that the user in `sc-user-id` owns; the request counts against its limits."""
        user_id = request.headers.get("sc-user-id")
        if not user_id and self.switches.user_header == "required":
            raise Refused(Problem(400, "VALIDATION", "MISSING_PARAMETER", "missing userId"))
        connection = self.vehicle_of(vehicle_id)
        if user_id and connection.owner.id != user_id:
            raise Refused(
                Problem(403, "AUTHENTICATION", "ACCESS_DENIED", "This user has no connection to the vehicle.")
            )
        self.limits.admit_vehicle(vehicle_id, self.world.now)
        return connection

    def signal_list(self, connection: Connection) -> Answer:
        """All signals of a vehicle, encoded once for every report that the vehicle sends."""
        vehicle = connection.vehicle
        state = (
            vehicle.reported_at,
            vehicle.stored,
            vehicle.subscribed,
            connection.permissions,
            str(self.switches),
            self.base,
        )
        known = self._lists.get(vehicle.id)
        if known is None or known[0] != state:
            known = self._lists[vehicle.id] = (state, json_answer(_signal_list(self, connection)))
        return known[1]

    def _dispatch(self, request: Request) -> Answer:
        route, params = _match(request)
        if not route.public:
            if not self.tokens.is_good(request.headers.get("Authorization", "")):
                detail = "The access token is missing, unknown or has expired."
                raise Refused(Problem(401, "AUTHENTICATION", "UNAUTHORIZED", detail))
            self.limits.admit(self.world.now)
        return route.handle(self, request, params)


@frozen
class Route:
    """A method and a path template, and the function that answers there."""

    method: str
    path: str
    handle: Callable[[Service, Request, Params], Answer]
    public: bool = False


def _token(service: Service, request: Request, _: Params) -> Answer:
    return service.tokens.answer(request)


def _list_connections(service: Service, request: Request, _: Params) -> Answer:
    query = request.query
    mode = query.get("filter[vehicle.mode]", "live")
    number, size = _whole(query.get("page[number]", "1")), _whole(query.get("page[size]", "10"))
    problems = [
        Problem(400, "VALIDATION", "INVALID_INPUT_FORMAT", f"{name} must be {wanted}")
        for name, wanted, fine in (
            ("filter[vehicle.mode]", "live or simulated", mode in ("live", "simulated")),
            ("page[number]", "a whole number from 1", number is not None),
            ("page[size]", "a whole number from 1", size is not None),
        )
        if not fine
    ]
    if number is None or size is None or problems:
        raise Refused(*problems)
    wanted = {"filter[vehicle.mode]": mode}
    wanted |= {name: query[name] for name in _FILTERS if name in query}
    users = {user for user in (query.get("filter[userId]"), request.headers.get("sc-user-id")) if user}
    found = [
        connection
        for connection in service.world.connections.values()
        if connection.vehicle.mode == mode
        and all(connection.owner.id == user for user in users)
        and query.get("filter[vehicleId]", connection.vehicle.id) == connection.vehicle.id
        and query.get("filter[user.externalId]", connection.owner.external_id) == connection.owner.external_id
    ]
    found.sort(key=lambda connection: connection.created_at, reverse=True)
    page = [_connection(service, connection) for connection in found[(number - 1) * size : number * size]]
    meta = _page_meta(service, number, size, len(found)) | {"orderBy": "createdAt", "orderDirection": "DESC"}
    links = _page_links(service, wanted, number, size, len(found))
    return json_answer({"data": page, "meta": meta, "links": links})


def _get_connection(service: Service, _: Request, params: Params) -> Answer:
    connection = service.world.connections.get(params["connection"])
    if connection is None:
        raise _missing("CONNECTION_NOT_FOUND", "No connection has this id.")
    return json_answer({"data": _connection(service, connection)})


def _delete_connection(service: Service, _: Request, params: Params) -> Answer:
    if not service.world.disconnect(params["connection"]):
        raise _missing("CONNECTION_NOT_FOUND", "No connection has this id.")
    return Answer(204)


def _delete_user(service: Service, _: Request, params: Params) -> Answer:
    if not service.world.remove_user(params["user"]):
        raise _missing("USER_NOT_FOUND", "No user of this application has this id.")
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
        raise _missing("VEHICLE_NOT_FOUND", "Nothing is stored for this vehicle yet.")
    return service.signal_list(connection)


def _get_signal(service: Service, request: Request, params: Params) -> Answer:
    connection = service.owned_vehicle(request, params["vehicle"])
    document = signal_document(connection, params["code"], service.switches, service.base)
    if document is None:
        raise _missing("SIGNAL_NOT_FOUND", "Nothing is stored under this signal code.")
    if service.switches.single == "bare":
        return json_answer(document)
    return json_answer({"data": document} | _included(service, connection.vehicle))


ROUTES: tuple[Route, ...] = (
    Route("POST", "/oauth2/token", _token, public=True),
    Route("GET", "/v3/connections", _list_connections),
    Route("GET", "/v3/connections/{connection}", _get_connection),
    Route("DELETE", "/v3/connections/{connection}", _delete_connection),
    Route("DELETE", "/v3/users/{user}", _delete_user),
    Route("GET", "/v3/vehicles/{vehicle}", _get_vehicle),
    Route("GET", "/v3/vehicles/{vehicle}/signals", _list_signals),
    Route("GET", "/v3/vehicles/{vehicle}/signals/{code}", _get_signal),
)
"""Every route that the simulator serves, on one origin."""

_FILTERS = ("filter[userId]", "filter[vehicleId]", "filter[user.externalId]")
_PATTERNS = tuple((route, route.path.split("/")) for route in ROUTES)


def _match(request: Request) -> tuple[Route, Params]:
    parts = [unquote(part) for part in request.path.split("/")]
    for route, pattern in _PATTERNS:
        if route.method == request.method and len(pattern) == len(parts):
            pairs = list(zip(pattern, parts, strict=True))
            if all(want == part or (want.startswith("{") and part) for want, part in pairs):
                return route, {want.strip("{}"): part for want, part in pairs if want.startswith("{")}
    raise _missing("INVALID_PATH", f"There is no {request.method} {request.path}.")


def _missing(code: str, detail: str) -> Refused:
    return Refused(Problem(404, "RESOURCE_NOT_FOUND", code, detail))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None


def _vehicle(service: Service, vehicle: Vehicle) -> Document:
    return {
        "id": vehicle.id,
        "type": "vehicle",
        "attributes": vehicle_attributes(vehicle, service.switches),
        "links": {"self": f"{service.base}/v3/vehicles/{vehicle.id}"},
    }


def _included(service: Service, vehicle: Vehicle) -> Document:
    return {"included": {"vehicle": _vehicle(service, vehicle)}} if service.switches.included else {}


def _signal_list(service: Service, connection: Connection) -> Document:
    signals = list(signal_documents(connection, service.switches, service.base))
    return {
        "data": signals,
        "meta": _page_meta(service, 1, len(signals), len(signals)),
        "links": {"self": f"{service.base}/v3/vehicles/{connection.vehicle.id}/signals"},
    } | _included(service, connection.vehicle)


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


def _page_meta(service: Service, number: int, size: int, total: int) -> Document:
    name = "pageNumber" if service.switches.paging == "live" else "page"
    return {name: number, "pageSize": size, "totalCount": total}


def _page_links(service: Service, filters: Mapping[str, str], number: int, size: int, total: int) -> Document:
    last = max(1, -(-total // size))

    def link(page: int) -> str | None:
        if not 1 <= page <= last and page != number:
            return None
        return f"{service.base}/v3/connections?" + urlencode({**filters, "page[number]": page, "page[size]": size})

    before = "prev" if service.switches.paging == "live" else "previous"
    return {
        "self": link(number), "first": link(1), "last": link(last), "next": link(number + 1), before: link(number - 1),
    }  # fmt: skip
