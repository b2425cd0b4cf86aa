"""The endpoints of API v2.0 that are the same for all makes: their catalogue, and what a call says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import Permission, signals
from smartcar_async.request import Call, Credential, Effect, Endpoint, Host
from smartcar_async.v2 import access, operations
from smartcar_async.v2.operations import Target, account, commands, reads

V = "/v{version}/vehicles/{vehicle_id}"
P = Permission

REFERENCE = {
    ("GET", "/v{version}/user", None),
    ("GET", "/v{version}/vehicles", None),
    ("GET", V, P.READ_VEHICLE_INFO),
    ("GET", f"{V}/permissions", None),
    ("GET", f"{V}/battery", P.READ_BATTERY),
    ("GET", f"{V}/battery/capacity", P.READ_BATTERY),
    ("GET", f"{V}/battery/nominal_capacity", P.READ_BATTERY),
    ("GET", f"{V}/charge", P.READ_CHARGE),
    ("GET", f"{V}/charge/limit", P.READ_CHARGE),
    ("GET", f"{V}/diagnostics/system_status", P.READ_DIAGNOSTICS),
    ("GET", f"{V}/diagnostics/dtcs", P.READ_DIAGNOSTICS),
    ("GET", f"{V}/engine/oil", P.READ_ENGINE_OIL),
    ("GET", f"{V}/fuel", P.READ_FUEL),
    ("GET", f"{V}/location", P.READ_LOCATION),
    ("GET", f"{V}/odometer", P.READ_ODOMETER),
    ("GET", f"{V}/security", P.READ_SECURITY),
    ("GET", f"{V}/service/history", P.READ_SERVICE_HISTORY),
    ("GET", f"{V}/tires/pressure", P.READ_TIRES),
    ("GET", f"{V}/vin", P.READ_VIN),
    ("POST", f"{V}/charge", P.CONTROL_CHARGE),
    ("POST", f"{V}/charge/limit", P.CONTROL_CHARGE),
    ("POST", f"{V}/security", P.CONTROL_SECURITY),
    ("POST", f"{V}/navigation/destination", P.CONTROL_NAVIGATION),
    ("DELETE", f"{V}/application", None),
    ("POST", f"{V}/webhooks/{{webhook_id}}", None),
    ("DELETE", f"{V}/webhooks/{{webhook_id}}", None),
    ("GET", "/v{version}/compatibility", None),
    ("GET", "/v{version}/compatibility/matrix", None),
    ("GET", "/v{version}/management/connections", None),
    ("DELETE", "/v{version}/management/connections", None),
    ("POST", "/oauth/token", None),
    ("GET", "/v3/vehicles/{vehicle_id}", None),
    ("GET", "/v3/vehicles/{vehicle_id}/signals", None),
    ("GET", "/v3/vehicles/{vehicle_id}/signals/{code}", None),
}


def test_the_catalogue_is_the_reference() -> None:
    """Every endpoint of the reference is there with its permission, and no other."""
    assert {(one.method, one.path, one.permission) for one in operations.ENDPOINTS} == REFERENCE


@pytest.mark.parametrize("endpoint", operations.ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_host_credential_and_effect_follow_from_the_path(endpoint: Endpoint) -> None:
    """Each path has one server and one way to speak, and only a command is one."""
    path, is_command = endpoint.path, endpoint.permission is not None and endpoint.method == "POST"
    host = {"/oauth/token": Host.AUTH, "/v{version}/management/connections": Host.MANAGEMENT_V2}.get(path, Host.API)
    assert endpoint.host is (Host.VEHICLE if path.startswith("/v3/") else host)
    authorization = (
        host is Host.MANAGEMENT_V2
        or "compatibility" in path
        or (endpoint.method, path[-12:]) == ("DELETE", "{webhook_id}")
    )
    spoken = Credential.OWN if authorization else Credential.USER
    assert endpoint.credential is (Credential.NONE if host is Host.AUTH else spoken)
    effects = {"GET": Effect.READ, "DELETE": Effect.DELETE, "POST": Effect.COMMAND if is_command else Effect.ENSURE}
    if host is not Host.AUTH:
        assert endpoint.effect is effects[endpoint.method]


def test_only_a_refresh_is_sent_again() -> None:
    """A code works once. A refresh token that was used is taken for a while more."""
    assert (account.CODE_EXCHANGE.effect, account.REFRESH.effect) == (Effect.COMMAND, Effect.READ)


def test_a_signal_needs_its_own_permission() -> None:
    """The endpoint alone does not tell it."""
    key = signals.Odometer.TraveledDistance
    assert reads.v3_signal(Target("v"), key).permission is Permission.READ_ODOMETER


CAR = Target("vehicle-1")
APPLICATION, MANAGEMENT = access.application("client_1", "hunter2"), access.management("amt-hunter2")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRIVATE: dict[str, Call[Any]] = {
    "a code": account.exchange_code(APPLICATION, "code-hunter2", NOW),
    "a refresh token": account.exchange_refresh_token(APPLICATION, "refresh-hunter2", NOW),
    "a VIN": account.compatibility(APPLICATION, "2.0", "VINHUNTER2", "read_vin"),
    "a user": account.connections(MANAGEMENT, "2.0", user_id="user-hunter2"),
    "a user's connections": account.delete_connections(MANAGEMENT, "2.0", user_id="user-hunter2"),
    "a management token": commands.unsubscribe(CAR, "amt-hunter2", "hook-1"),
    "another token": commands.custom(CAR, "GET", "vin", headers={"Authorization": "Bearer amt-hunter2"}),
    "coordinates": commands.send_destination(CAR, 57.70887, 11.97456),
}


@pytest.mark.parametrize("name", PRIVATE)
def test_no_private_thing_in_a_repr(name: str) -> None:
    """A call can be shown; what it must not repeat is named, where its form alone would not tell."""
    call = PRIVATE[name]
    shown = f"{call!r} {APPLICATION!r} {MANAGEMENT!r}".lower()
    assert "hunter2" not in shown
    assert "57.70887" not in shown
    assert name == "coordinates" or any("hunter2" in value.lower() for value in call.private)
