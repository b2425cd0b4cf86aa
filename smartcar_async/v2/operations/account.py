"""Tokens, owners, what is compatible, and the application's connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ...arguments import deprecated, flags_text, require_bool
from ...errors import ConfigurationError
from ...operations.reads import checked
from ...request import FORM_TYPE, Call, Credential, Effect, Endpoint, Host, Reply, form_body, query_of, require_id
from ...vocabulary import Permission
from .. import decode, records
from ..scopes import words
from .reads import count, page_query

if TYPE_CHECKING:
    from ..access import OwnAuthorization
    from ..token_store import TokenPair

# A code works once. A refresh token that was used is taken for a while more, so that a lost answer is not the end.
CODE_EXCHANGE: Final = Endpoint("POST", "/oauth/token", Host.AUTH, Credential.NONE, Effect.COMMAND)
REFRESH: Final = Endpoint("POST", "/oauth/token", Host.AUTH, Credential.NONE)
USER: Final = Endpoint("GET", "/v{version}/user", Host.API, Credential.USER)
VEHICLES: Final = Endpoint("GET", "/v{version}/vehicles", Host.API, Credential.USER)
COMPATIBILITY: Final = Endpoint("GET", "/v{version}/compatibility", Host.API, Credential.OWN)
MATRIX: Final = Endpoint("GET", "/v{version}/compatibility/matrix", Host.API, Credential.OWN)
CONNECTIONS: Final = Endpoint("GET", "/v{version}/management/connections", Host.MANAGEMENT_V2, Credential.OWN)
CONNECTIONS_DELETION: Final = Endpoint(
    "DELETE", "/v{version}/management/connections", Host.MANAGEMENT_V2, Credential.OWN, Effect.DELETE
)

ENDPOINTS: Final = (CODE_EXCHANGE, REFRESH, USER, VEHICLES, COMPATIBILITY, MATRIX, CONNECTIONS, CONNECTIONS_DELETION)

_MODES: Final = ("live", "test", "simulated")


def exchange_code(
    application: OwnAuthorization,
    code: str,
    now: datetime,
    redirect_uri: str | None = None,
    flags: Mapping[str, str | bool | int] | None = None,
) -> Call[TokenPair]:
    """Tokens for an authorization code. The code works once, so it is sent once."""
    require_id(code, "code")
    fields = {"grant_type": "authorization_code", "code": code}
    if redirect_uri is not None:
        require_id(redirect_uri, "redirect_uri")
        fields["redirect_uri"] = redirect_uri
    read = partial(decode.token_pair, now=now)
    return evolve(_exchange(CODE_EXCHANGE, application, read, fields, flags, code), action="exchange_code")


def exchange_refresh_token(
    application: OwnAuthorization,
    refresh_token: str,
    now: datetime,
    flags: Mapping[str, str | bool | int] | None = None,
) -> Call[TokenPair]:
    """New tokens for a refresh token."""
    require_id(refresh_token, "refresh_token")
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    read = partial(decode.token_pair, now=now, refresh_token=refresh_token)
    return _exchange(REFRESH, application, read, fields, flags, refresh_token)


def _exchange(
    endpoint: Endpoint,
    application: OwnAuthorization,
    read: Callable[[Reply], TokenPair],
    fields: Mapping[str, str],
    flags: Mapping[str, str | bool | int] | None,
    secret: str,
) -> Call[TokenPair]:
    return Call(
        endpoint,
        endpoint.path,
        read,
        query=query_of({"flags": flags_text(flags)}),
        headers=application.headers,
        body=form_body(fields),
        content_type=FORM_TYPE,
        private=(*application.private, secret),
    )


def user(version: str) -> Call[records.User]:
    """The owner whom the token speaks for."""
    return Call(USER, USER.at(version=version), decode.record(records.User))


def vehicles(version: str, limit: int | None = None, offset: int | None = None) -> Call[records.VehicleIds]:
    """One page of the owner's vehicles."""
    query = query_of(page_query(limit, offset))
    return Call(VEHICLES, VEHICLES.at(version=version), decode.vehicle_ids, query=query)


def compatibility(
    application: OwnAuthorization,
    version: str,
    vin: str,
    scope: Iterable[Permission | str] | str,
    country: str | None = None,
    *,
    mode: str | None = None,
    test_mode: bool | None = None,
    test_mode_compatibility_level: str | None = None,
    flags: Mapping[str, str | bool | int] | None = None,
) -> Call[records.Compatibility]:
    """Whether a vehicle is likely to work."""
    require_id(vin, "vin")
    fields = {
        "vin": vin,
        "scope": " ".join(words(scope, "scope")),
        "country": "US" if country is None else checked(country, "country"),
        "flags": flags_text(flags),
        "mode": _mode_with_level(mode, test_mode, test_mode_compatibility_level),
        "test_mode_compatibility_level": test_mode_compatibility_level,
    }
    return _with_authorization(COMPATIBILITY, application, version, decode.record(records.Compatibility), fields, vin)


def compatibility_matrix(
    application: OwnAuthorization,
    version: str,
    region: str,
    *,
    scope: Iterable[Permission | str] | str | None = None,
    make: Iterable[str] | str | None = None,
    type: str | None = None,
    mode: str | None = None,
    test_mode: bool | None = None,
    test_mode_compatibility_level: str | None = None,
    flags: Mapping[str, str | bool | int] | None = None,
) -> Call[records.CompatibilityMatrix]:
    """The models that work in a region."""
    fields = {
        "region": checked(region, "region"),
        "scope": None if scope is None else " ".join(words(scope, "scope")),
        "make": None if make is None else " ".join(words(make, "make")),
        "type": None if type is None else checked(type, "type"),
        "flags": flags_text(flags),
        "mode": _mode_with_level(mode, test_mode, test_mode_compatibility_level),
        "test_mode_compatibility_level": test_mode_compatibility_level,
    }
    return _with_authorization(MATRIX, application, version, decode.matrix, fields)


def connections(
    management: OwnAuthorization,
    version: str,
    *,
    user_id: str | None = None,
    vehicle_id: str | None = None,
    mode: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[records.Connections]:
    """One page of the application's connections."""
    fields = {
        **_filter(user_id, vehicle_id),
        "mode": mode_text(mode),
        "limit": count(limit, "limit", 1),
        "cursor": None if cursor is None else checked(cursor, "cursor"),
    }
    return _with_authorization(CONNECTIONS, management, version, decode.connections, fields, user_id)


def delete_connections(
    management: OwnAuthorization, version: str, *, user_id: str | None = None, vehicle_id: str | None = None
) -> Call[records.DeletedConnections]:
    """Delete all connections of one user, or all of one vehicle."""
    if (user_id is None) == (vehicle_id is None):
        raise ConfigurationError("user_id, vehicle_id: give one of them: without either, every connection would go")
    fields = _filter(user_id, vehicle_id)
    deleted = decode.lenient(records.DeletedConnections)
    return _with_authorization(CONNECTIONS_DELETION, management, version, deleted, fields, user_id)


def mode_text(mode: str | None, test_mode: bool | None = None) -> str | None:
    """A mode as the API spells it. `test_mode` is its older form."""
    if test_mode is not None:
        old = "test" if require_bool(test_mode, "test_mode") else "live"
        if mode is not None and mode != old:
            raise ConfigurationError("mode, test_mode: give one of them")
        deprecated("test_mode", f"mode={old!r}")
        return old
    if mode is None:
        return None
    if not isinstance(mode, str) or mode.lower() not in _MODES:
        raise ConfigurationError(f"mode: give one of {', '.join(_MODES)}, not {mode!r}")
    return mode.lower()


def _mode_with_level(mode: str | None, test_mode: bool | None, level: str | None) -> str | None:
    """The mode; a level of compatibility belongs to the cars that are not real, and brings the test mode along."""
    known = mode_text(mode, test_mode)
    if level is None:
        return known
    checked(level, "test_mode_compatibility_level")
    if known == "live":
        raise ConfigurationError("test_mode_compatibility_level: it goes with mode='test' or mode='simulated'")
    return known or "test"


def _with_authorization(
    endpoint: Endpoint,
    authorization: OwnAuthorization,
    version: str,
    read: Any,
    fields: Mapping[str, Any],
    *private: str | None,
) -> Call[Any]:
    hidden = (*authorization.private, *(value for value in private if value is not None))
    path = endpoint.at(version=version)
    return Call(endpoint, path, read, query=query_of(fields), headers=authorization.headers, private=hidden)


def _filter(user_id: str | None, vehicle_id: str | None) -> dict[str, str | None]:
    for name, value in {"user_id": user_id, "vehicle_id": vehicle_id}.items():
        if value is not None:
            require_id(value, name)
    return {"user_id": user_id, "vehicle_id": vehicle_id}
