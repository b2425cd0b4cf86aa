"""What every call about one vehicle is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from attrs import frozen

from ...arguments import flags_text
from ...errors import ConfigurationError
from ...request import UNIT_SYSTEM_HEADER, Call, Credential, Effect, Endpoint, Host, Reply, json_body, query_of
from ...vocabulary import Permission, UnitSystem
from ..access import OwnAuthorization

T = TypeVar("T")

VEHICLE: Final = "/v{version}/vehicles/{vehicle_id}"
V3_VEHICLE: Final = "/v3/vehicles/{vehicle_id}"


@frozen
class Target:
    """Which vehicle is meant, and how it is to be asked."""

    id: str
    version: str = "2.0"
    unit_system: UnitSystem = UnitSystem.METRIC
    flags: Mapping[str, str | bool | int] | None = None


def get(path: str, permission: Permission | None = None) -> Endpoint:
    """A read below the vehicle."""
    return Endpoint("GET", VEHICLE + path, Host.API, Credential.USER, permission=permission)


def command(path: str, permission: Permission, method: str = "POST") -> Endpoint:
    """A command below the vehicle."""
    return Endpoint(method, VEHICLE + path, Host.API, Credential.USER, Effect.COMMAND, permission)


def of_vehicle(
    endpoint: Endpoint,
    decode: Callable[[Reply], T],
    car: Target,
    *,
    query: Mapping[str, Any] | None = None,
    body: object = None,
    action: str = "",
    parameters: Mapping[str, Any] | None = None,
    authorization: OwnAuthorization | None = None,
    **in_path: str,
) -> Call[T]:
    """A call about one vehicle, with its flags and units."""
    places = {"version": car.version, **in_path} if "{version}" in endpoint.path else in_path
    whole_query = dict(query or {})
    if flags := flags_text(car.flags):
        whole_query["flags"] = flags
    return Call(
        endpoint,
        endpoint.at(vehicle_id=car.id, **places),
        decode,
        query=query_of(whole_query),
        headers={UNIT_SYSTEM_HEADER: car.unit_system.value, **({} if authorization is None else authorization.headers)},
        body=None if body is None else json_body(body),
        vehicle_id=car.id,
        action=action,
        parameters=parameters or {},
        private=() if authorization is None else authorization.private,
    )


def version_text(version: str, *, third: bool = False) -> str:
    """A version as the path has it. API v3 has other endpoints, so only calls of the caller's own may name it."""
    if not isinstance(version, str) or not re.fullmatch(r"\d+(\.\d+)?", version, re.ASCII):
        raise ConfigurationError(f"version: give a version such as '2.0', not {version!r}")
    if version.partition(".")[0] == "3":
        if third:
            return version
        raise ConfigurationError("version: API v3 has other endpoints; use smartcar_async.Smartcar for it")
    return version if "." in version else f"{version}.0"
