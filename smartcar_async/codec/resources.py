"""Tokens, vehicles, connections, webhooks, subscriptions, and what is compatible."""

import math
from typing import Any, Final

from ..records import (
    ApplicationToken,
    CompatibleVehicle,
    Connection,
    Page,
    Response,
    SignalName,
    Subscription,
    VehicleAttributes,
    Webhook,
)
from ..request import Reply
from ..vocabulary import Permission, Powertrain, VehicleMode
from .documents import (
    an_object,
    load,
    moment,
    optional_text,
    page,
    part,
    resource_of,
    tells_of_failure,
    text,
    word,
    year,
)
from .structure import Unreadable, hook_of, is_list

_DEFAULT_LIFETIME: Final = 3600.0


def nothing(reply: Reply) -> None:
    """The answer to a deletion: its status has said it all. But a page is none, and an error is no success."""
    if reply.body.strip() and tells_of_failure(load(reply.body)):
        raise Unreadable("it tells of an error")


def response(reply: Reply) -> Response:
    """An answer as it came, for calls that this package does not know."""
    try:
        data = load(reply.body)
    except Unreadable:
        data = None
    return Response(reply.status, reply.headers, reply.body, data)


def application_token(reply: Reply) -> ApplicationToken:
    """The answer of the token endpoint."""
    document = an_object(load(reply.body))
    token, lifetime = document.get("access_token"), document.get("expires_in")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise Unreadable("access_token: missing or not a token")
    try:
        expires_in = float(lifetime) if lifetime is not None else _DEFAULT_LIFETIME
    except (TypeError, ValueError, OverflowError):
        expires_in = 0.0
    if not 0 < expires_in < math.inf:
        raise Unreadable("expires_in: not a positive number of seconds")
    return ApplicationToken(token, expires_in)


def vehicle_attributes(reply: Reply) -> VehicleAttributes:
    """A vehicle, wrapped in `data` or bare."""
    return vehicle_of(resource_of(reply))


def connection(reply: Reply) -> Connection:
    """One connection, wrapped in `data` or bare."""
    return _connection(resource_of(reply))


def connections(reply: Reply, number: int) -> Page[Connection]:
    """One page of connections."""
    return page(reply, number, _connection)


def vehicle_of(resource: Any, vehicle_id: str | None = None) -> VehicleAttributes:
    """A vehicle as it comes alone, with a connection, or with signals."""
    resource = an_object(resource)
    said = an_object(resource.get("attributes", resource))
    return VehicleAttributes(
        id=vehicle_id or text(resource, "id"),
        make=optional_text(said, "make"),
        model=optional_text(said, "model"),
        year=year(said.get("year")),
        powertrain_type=word(Powertrain, said.get("powertrainType")),
        mode=word(VehicleMode, said.get("mode")),
        raw=resource,
    )


def _connection(resource: Any) -> Connection:
    resource = an_object(resource)
    said = an_object(resource.get("attributes"))
    owner, meta = part(said, "user"), part(resource, "meta")
    vehicle_id = text(_related(resource, "vehicle"), "id")
    vehicle = said.get("vehicle")
    return Connection(
        id=text(resource, "id"),
        vehicle_id=vehicle_id,
        user_id=optional_text(owner, "id") or text(_related(resource, "user"), "id"),
        external_id=optional_text(owner, "externalId"),
        permissions=hook_of(tuple[Permission | str, ...])(said.get("permissions"), None),
        vehicle=None if vehicle is None else vehicle_of(vehicle, vehicle_id),
        created_at=moment(meta, "createdAt"),
        updated_at=moment(meta, "updatedAt"),
        raw=resource,
    )


def _related(resource: dict[str, Any], name: str) -> dict[str, Any]:
    return part(part(part(resource, "relationships"), name), "data")


def webhook(reply: Reply) -> Webhook:
    """One webhook."""
    return _webhook(resource_of(reply))


def webhooks(reply: Reply, number: int) -> Page[Webhook]:
    """One page of webhooks."""
    return page(reply, number, _webhook)


def subscription(reply: Reply) -> Subscription:
    """One subscription."""
    return _subscription(resource_of(reply))


def subscriptions(reply: Reply, number: int) -> Page[Subscription]:
    """One page of subscriptions."""
    return page(reply, number, _subscription)


def compatible_vehicles(reply: Reply) -> tuple[CompatibleVehicle, ...]:
    """Every model that an answer lists; entries that cannot be read keep only their `raw`."""
    return page(reply, 1, _compatible_vehicle_or_raw).items


def _webhook(resource: Any) -> Webhook:
    resource = an_object(resource)
    said = part(resource, "attributes")
    return Webhook(
        id=text(resource, "id"),
        name=optional_text(said, "name"),
        callback_uri=optional_text(said, "callbackUri"),
        error_callback_uri=optional_text(said, "errorCallbackUri"),
        is_enabled=hook_of(bool | None)(said.get("isEnabled"), None),
        auto_subscribe=hook_of(bool | None)(said.get("autoSubscribe"), None),
        triggers=hook_of(tuple[SignalName, ...])(said.get("triggers"), None),
        data=hook_of(tuple[SignalName, ...])(said.get("data"), None),
        created_at=moment(part(resource, "meta"), "createdAt"),
        raw=resource,
    )


def _subscription(resource: Any) -> Subscription:
    resource = an_object(resource)
    said, meta = part(resource, "attributes"), part(resource, "meta")
    vehicle_id = optional_text(_related(resource, "vehicle"), "id")
    vehicle = said.get("vehicle")
    return Subscription(
        id=text(resource, "id"),
        webhook_id=optional_text(_related(resource, "webhook"), "id"),
        user_id=optional_text(_related(resource, "user"), "id"),
        vehicle_id=vehicle_id,
        vehicle=None if vehicle is None or not vehicle_id else vehicle_of(vehicle, vehicle_id),
        created_at=moment(meta, "createdAt"),
        updated_at=moment(meta, "updatedAt"),
        raw=resource,
    )


def _compatible_vehicle_or_raw(resource: Any) -> CompatibleVehicle:
    try:
        return _compatible_vehicle(resource)
    except Unreadable:
        return CompatibleVehicle(raw=resource)


def _compatible_vehicle(resource: Any) -> CompatibleVehicle:
    resource = an_object(resource)
    said = an_object(resource.get("attributes", resource))
    return CompatibleVehicle(
        make=optional_text(said, "make"),
        model=optional_text(said, "model"),
        start_year=year(said.get("startYear")),
        end_year=year(said.get("endYear")),
        powertrain_type=word(Powertrain, said.get("powertrainType")),
        region=optional_text(said, "region"),
        signals=_words(said.get("signals")),
        commands=_words(said.get("commands")),
        raw=resource,
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if is_list(value) else ()
