"""What acts on a vehicle, or on what may be done with it, and any path of the caller's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from attrs import evolve

from ...arguments import charge_fraction, coordinates, degrees_of, http_method, mapping, own_headers
from ...errors import ConfigurationError
from ...request import Call, Credential, Effect, Endpoint, Host, relative_path
from ...vocabulary import Permission
from .. import access, decode, records
from .vehicle import V3_VEHICLE, VEHICLE, Target, command, of_vehicle

SECURITY: Final = command("/security", Permission.CONTROL_SECURITY)
CHARGING: Final = command("/charge", Permission.CONTROL_CHARGE)
CHARGE_LIMIT_SETTING: Final = command("/charge/limit", Permission.CONTROL_CHARGE)
DESTINATION: Final = command("/navigation/destination", Permission.CONTROL_NAVIGATION)
# A vehicle has one subscription to a webhook, however often it is asked for.
SUBSCRIBING: Final = Endpoint("POST", f"{VEHICLE}/webhooks/{{webhook_id}}", Host.API, Credential.USER, Effect.ENSURE)
UNSUBSCRIBING: Final = Endpoint("DELETE", f"{VEHICLE}/webhooks/{{webhook_id}}", Host.API, Credential.OWN, Effect.DELETE)
DISCONNECTING: Final = Endpoint("DELETE", f"{VEHICLE}/application", Host.API, Credential.USER, Effect.DELETE)

ENDPOINTS: Final = (
    SECURITY,
    CHARGING,
    CHARGE_LIMIT_SETTING,
    DESTINATION,
    SUBSCRIBING,
    UNSUBSCRIBING,
    DISCONNECTING,
)


def lock(car: Target) -> Call[records.ActionResponse]:
    """Lock the doors."""
    return acting(SECURITY, "lock", car, {"action": "LOCK"})


def unlock(car: Target) -> Call[records.ActionResponse]:
    """Unlock the doors."""
    return acting(SECURITY, "unlock", car, {"action": "UNLOCK"})


def start_charge(car: Target) -> Call[records.ActionResponse]:
    """Start charging."""
    return acting(CHARGING, "start_charge", car, {"action": "START"})


def stop_charge(car: Target) -> Call[records.ActionResponse]:
    """Stop charging."""
    return acting(CHARGING, "stop_charge", car, {"action": "STOP"})


def set_charge_limit(car: Target, limit: float) -> Call[records.ActionResponse]:
    """Set the level at which charging ends."""
    parameters = {"limit": charge_fraction(limit, "limit", 0)}
    return acting(CHARGE_LIMIT_SETTING, "set_charge_limit", car, parameters, parameters)


def send_destination(car: Target, latitude: float, longitude: float) -> Call[records.ActionResponse]:
    """Send a destination to the car's navigation."""
    position = coordinates(latitude, longitude)
    return hiding(acting(DESTINATION, "send_destination", car, position, position), position)


def acting(
    endpoint: Endpoint,
    action: str,
    car: Target,
    body: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
) -> Call[records.ActionResponse]:
    """A command that answers whether it was accepted."""
    return of_vehicle(endpoint, decode.action, car, body=body, action=action, parameters=parameters)


def hiding(call: Call[records.ActionResponse], position: Mapping[str, float]) -> Call[records.ActionResponse]:
    """The same command; no error text repeats the place that it is about, whoever says it."""
    return evolve(call, private=degrees_of(position))


def subscribe(car: Target, webhook_id: str) -> Call[records.WebhookSubscription]:
    """Have a webhook report on the vehicle."""
    answer = partial(decode.subscription, webhook_id=webhook_id, vehicle_id=car.id)
    return of_vehicle(SUBSCRIBING, answer, car, webhook_id=webhook_id)


def unsubscribe(car: Target, amt: str, webhook_id: str) -> Call[records.ActionResponse]:
    """End a subscription, with the application's management token."""
    answer = decode.lenient(records.ActionResponse)
    return of_vehicle(UNSUBSCRIBING, answer, car, authorization=access.bearer(amt), webhook_id=webhook_id)


def disconnect(car: Target) -> Call[records.ActionResponse]:
    """End the application's access to the vehicle. Sent again after it worked, it meets 403 as well as 404."""
    return evolve(of_vehicle(DISCONNECTING, decode.lenient(records.ActionResponse), car), denied_is_done=True)


def custom(
    car: Target,
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Call[records.Response]:
    """A call that this package has no function for. Only a GET may be sent again. Headers of the caller's own win."""
    sent, own = http_method(method), own_headers(headers)
    third = car.version.partition(".")[0] == "3"
    template = V3_VEHICLE.replace("v3", "v{version}") if third else VEHICLE
    endpoint = Endpoint(
        sent,
        f"{template}/...",
        Host.VEHICLE if third else Host.API,
        Credential.OWN if "Authorization" in own else Credential.USER,
        Effect.READ if sent == "GET" else Effect.COMMAND,
    )
    call = of_vehicle(
        evolve(endpoint, path=template),
        decode.response,
        car,
        query=mapping(query, "query"),
        body=body,
        action="" if sent == "GET" else f"{sent} {template}/...",
    )
    return evolve(
        call,
        endpoint=endpoint,
        path=call.path + _below(path, lower=not third),
        headers={**call.headers, **own},
        private=tuple(own.get("Authorization", "").split()[-1:]),
    )


def _below(path: str, *, lower: bool) -> str:
    """The path below the vehicle, with or without its first slash; the make that it may begin with is in lower case."""
    if not isinstance(path, str):
        raise ConfigurationError("path: give a text, such as 'odometer'")
    slash, *words = relative_path(path if path.startswith("/") else f"/{path}").split("/")
    if lower:
        words[0] = words[0].lower()
    return "/".join((slash, *words)).rstrip("/")
