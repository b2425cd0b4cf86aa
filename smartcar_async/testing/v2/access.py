"""Who may call what of v2: user tokens for cars, the application and its management token for the rest."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from ..bodies import SIGNALS, Body, reported_by
from ..service import Params, Service, not_capable
from ..times import iso
from ..wire import Answer, Request, json_answer
from ..world import Connection, Vehicle
from .api import v2_of
from .errors import invalid, no_path, not_authenticated, not_permitted
from .switches import V2Switches
from .tokens import Grant
from .units import METRIC, SYSTEMS, Units


@frozen
class VehicleCall:
    """A call about a vehicle by someone who may call about it."""

    service: Service
    request: Request
    params: Params
    connection: Connection
    grant: Grant
    units: Units

    @property
    def vehicle(self) -> Vehicle:
        """The vehicle as the service sees it."""
        return self.connection.vehicle

    @property
    def switches(self) -> V2Switches:
        """Which form of v2 is used where two are on record."""
        return v2_of(self.service).switches

    def body(self, code: str) -> Body | None:
        """The stored body of one signal, by its code in v3; None where the car does not report it."""
        car = self.vehicle.stored
        model = car.model
        if code not in reported_by(model) - model.incapable - model.hollow:
            return None
        return SIGNALS[code].body(car) | dict.fromkeys(model.nulls.get(code, ()))

    def value(self, code: str) -> object:
        """The value of such a body."""
        return (self.body(code) or {}).get("value")

    def number(self, code: str) -> float | None:
        """The value of such a body, where it is a number."""
        value = self.value(code)
        return value if isinstance(value, int | float) else None

    def reading(self, document: object) -> Answer:
        """An answer with stored data, and the two times that belong to it."""
        recorded, fetched = self.vehicle.recorded_at, self.vehicle.reported_at
        return json_answer(document).plus(SC_Data_Age=iso(recorded), SC_Fetched_At=iso(fetched))


@frozen
class Endpoint:
    """One call about a vehicle, for every make or for some."""

    method: str
    path: str
    permission: str | None
    answer: Callable[[VehicleCall], Answer]
    makes: tuple[str, ...] = ()


@frozen
class EndpointSelector:
    """The handler of one path: it has one endpoint, or several, each for some makes."""

    endpoints: tuple[Endpoint, ...]

    def __call__(self, service: Service, request: Request, params: Params) -> Answer:
        """Check who calls, and answer."""
        call = authorize(service, request, params)
        service.limits.charge(call.vehicle.id, service.world.now)
        return self.answer(call)

    def answer(self, call: VehicleCall) -> Answer:
        """Answer a call that was authorized already, as a part of a batch is."""
        endpoint = self._choose(call)
        if endpoint.permission is not None and endpoint.permission not in permissions(call):
            raise not_permitted()
        return endpoint.answer(call)

    def _choose(self, call: VehicleCall) -> Endpoint:
        """The endpoint for the make in the path.

        That a make must be the car's own is inferred, and so is the refusal of another one.
        """
        make = call.params.get("make")
        if make is None:
            return self.endpoints[0]
        if make != make.lower():
            raise not_permitted()
        for endpoint in self.endpoints:
            if make in endpoint.makes:
                if make != call.vehicle.car.model.make.lower():
                    raise not_capable(f"The vehicle is no {make}.")
                return endpoint
        raise no_path(call.request.method, call.request.path)


def permissions(call: VehicleCall) -> list[str]:
    """The permissions that the token and the owner both allow."""
    return [name for name in call.connection.permissions if name in call.grant.scope]


def authorize(service: Service, request: Request, params: Params) -> VehicleCall:
    """Check a call about a vehicle: its token, the application's bucket, the vehicle's owner and throttle."""
    grant = user_grant(service, request)
    connection = service.world.connection_of(params["vehicle"])
    if connection is None or connection.owner.id != grant.user_id:
        raise not_permitted()
    service.limits.throttle(connection.vehicle.id, service.world.now)
    return VehicleCall(service, request, params, connection, grant, units_of(request))


def user_grant(service: Service, request: Request) -> Grant:
    """The grant of the token, or a 401; the request counts against the application's bucket."""
    grant = v2_of(service).tokens.grant_of(request.headers.get("Authorization", ""))
    if grant is None:
        raise not_authenticated()
    service.limits.admit(service.world.now)
    return grant


def units_of(request: Request) -> Units:
    """The unit system that the request names."""
    name = request.headers.get("SC-Unit-System", METRIC.name)
    if name not in SYSTEMS:
        raise invalid("SC-Unit-System", "metric or imperial")
    return SYSTEMS[name]


def require_application(service: Service, request: Request) -> None:
    """Basic credentials of the application, or a 401."""
    tokens = v2_of(service).tokens
    _require(_basic(request) == (tokens.client_id, tokens.client_secret))
    service.limits.admit(service.world.now)


def require_management(service: Service, request: Request) -> None:
    """Basic credentials of the management: the user `default` and the management token, or a 401."""
    _require(_basic(request) == ("default", service.world.management_token))
    service.limits.admit(service.world.now)


def is_management(service: Service, request: Request) -> bool:
    """Whether the bearer is the application's management token."""
    return request.headers.get("Authorization", "") == f"Bearer {service.world.management_token}"


def whole(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number of a query."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise invalid(name, f"a whole number from {low} to {high}")
    return int(text)


def offset_page(query: Mapping[str, str], found: Sequence[str], most: int) -> tuple[Sequence[str], dict[str, int]]:
    """A page by limit and offset, and what `paging` says of it."""
    limit, offset = whole(query, "limit", min(25, most), 1, most), whole(query, "offset", 0, 0, 999_999_999)
    return found[offset : offset + limit], {"count": len(found), "offset": offset}


def _require(authenticated: bool) -> None:
    if not authenticated:
        raise not_authenticated()


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return None
    return (name, password) if scheme.lower() == "basic" else None
