"""Tokens, connections, users, vehicles and signals, and any path of the caller's own.

A record is imported by the function that has it read, so that to import the client stays light.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve

from .. import codec, signals
from ..arguments import http_method, mapping, own_headers, require_count
from ..errors import ConfigurationError
from ..keys import SignalKey
from ..request import (
    FORM_TYPE,
    USER_HEADER,
    Call,
    Credential,
    Effect,
    Endpoint,
    Host,
    Reply,
    form_body,
    header_value,
    json_body,
    mode_value,
    query_of,
    relative_path,
    require_id,
)
from ..vocabulary import VehicleMode

if TYPE_CHECKING:
    from ..records import ApplicationToken, Connection, Page, Response, Signal, SignalSet, VehicleAttributes

T = TypeVar("T")

TOKEN: Final = Endpoint("POST", "/oauth2/token", Host.IAM, Credential.NONE)
CONNECTIONS: Final = Endpoint("GET", "/v3/connections")
CONNECTION: Final = Endpoint("GET", "/v3/connections/{connection_id}")
CONNECTION_DELETION: Final = Endpoint("DELETE", "/v3/connections/{connection_id}", effect=Effect.DELETE)
USER_DELETION: Final = Endpoint("DELETE", "/v3/users/{user_id}", effect=Effect.DELETE)
VEHICLE: Final = Endpoint("GET", "/v3/vehicles/{vehicle_id}")
SIGNALS: Final = Endpoint("GET", "/v3/vehicles/{vehicle_id}/signals")
SIGNAL: Final = Endpoint("GET", "/v3/vehicles/{vehicle_id}/signals/{code}")

ENDPOINTS: Final = (
    TOKEN,
    CONNECTIONS,
    CONNECTION,
    CONNECTION_DELETION,
    USER_DELETION,
    VEHICLE,
    SIGNALS,
    SIGNAL,
)

PAGE_SIZE: Final = 100
"""Large pages, because requests are the scarce thing."""


def application_token(client_id: str, client_secret: str) -> Call[ApplicationToken]:
    """Ask for a token by client credentials."""
    from ..records import ApplicationToken

    fields = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return Call(
        TOKEN,
        TOKEN.path,
        codec.bare(ApplicationToken),
        body=form_body(fields),
        content_type=FORM_TYPE,
        private=(client_secret,),
    )


def list_connections(
    *,
    user_id: str | None = None,
    vehicle_id: str | None = None,
    mode: VehicleMode | str | None = None,
    external_id: str | None = None,
    page_size: int = PAGE_SIZE,
    number: int = 1,
) -> Call[Page[Connection]]:
    """One page of the connections that match every given filter."""
    from ..records import Connection

    fields = {
        "filter[userId]": checked_or_none(user_id, "user_id"),
        "filter[vehicleId]": checked_or_none(vehicle_id, "vehicle_id"),
        "filter[vehicle.mode]": None if mode is None else mode_value(mode),
        "filter[user.externalId]": checked_or_none(external_id, "external_id"),
        "page[number]": require_count(number, "number"),
        "page[size]": require_count(page_size, "page_size"),
    }
    private = tuple(value for value in (user_id, external_id) if value is not None)
    decode = codec.page(Connection, number)
    return Call(CONNECTIONS, CONNECTIONS.path, decode, query=query_of(fields), private=private)


def get_connection(connection_id: str) -> Call[Connection]:
    """One connection."""
    from ..records import Connection

    return Call(CONNECTION, CONNECTION.at(connection_id=connection_id), codec.resource(Connection))


def delete_connection(connection_id: str) -> Call[None]:
    """End one connection."""
    return Call(CONNECTION_DELETION, CONNECTION_DELETION.at(connection_id=connection_id), codec.nothing)


def delete_user(user_id: str) -> Call[None]:
    """Remove a user and all of the user's connections."""
    return Call(USER_DELETION, USER_DELETION.at(user_id=user_id), codec.nothing, private=(user_id,))


def vehicle_attributes(vehicle_id: str, user_id: str) -> Call[VehicleAttributes]:
    """What a vehicle is."""
    from ..records import VehicleAttributes

    return of_vehicle(VEHICLE, codec.resource(VehicleAttributes), vehicle_id, user_id)


def list_signals(vehicle_id: str, user_id: str) -> Call[SignalSet]:
    """Every signal of a vehicle, in one request."""
    return of_vehicle(SIGNALS, codec.signal_set, vehicle_id, user_id)


def get_signal(vehicle_id: str, user_id: str, key: SignalKey[T]) -> Call[Signal[T]]:
    """One signal of a vehicle."""
    call = of_vehicle(SIGNAL, partial(codec.one_signal, key=key), vehicle_id, user_id, code=key.code)
    return evolve(call, permission=key.permission)


def signal_key(key: SignalKey[Any] | str) -> SignalKey[Any]:
    """The key that was given, or the one of this code."""
    if isinstance(key, str):
        return signals.by_code(key)
    if not isinstance(key, SignalKey):
        raise ConfigurationError("key: give a key from signals, or a code")
    return key


def custom(
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    vehicle_id: str | None = None,
    user_id: str | None = None,
) -> Call[Response]:
    """A call that this package has no function for. Only a GET may be sent again."""
    sent_method = http_method(method)
    own = own_headers(headers, "authorization", USER_HEADER)
    prefix, template = ("", "") if vehicle_id is None else (VEHICLE.at(vehicle_id=vehicle_id), VEHICLE.path)
    return Call(
        Endpoint(sent_method, f"{template}/...", effect=Effect.READ if sent_method == "GET" else Effect.COMMAND),
        prefix + relative_path(path),
        codec.response,
        query=query_of(mapping(query, "query")),
        headers={**own, **_for_user(user_id)},
        body=None if body is None else json_body(body),
        vehicle_id=vehicle_id,
        action="" if sent_method == "GET" else f"{sent_method} {template}/...",
        private=() if user_id is None else (user_id,),
    )


def of_vehicle(
    endpoint: Endpoint, decode: Callable[[Reply], T], vehicle_id: str, user_id: str, **parameters: str
) -> Call[T]:
    """A call that speaks of one vehicle, for the user who granted it."""
    path = endpoint.at(vehicle_id=vehicle_id, **parameters)
    return Call(endpoint, path, decode, headers=_for_user(user_id), vehicle_id=vehicle_id, private=(user_id,))


def _for_user(user_id: str | None) -> dict[str, str]:
    return {} if user_id is None else {USER_HEADER: header_value(user_id, "user_id")}


def checked(value: str, argument: str) -> str:
    """A text that can be sent, as it is."""
    require_id(value, argument)
    return value


def checked_or_none(value: str | None, argument: str) -> str | None:
    """The same for a text that may be left out."""
    return None if value is None else checked(value, argument)
