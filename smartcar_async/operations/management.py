"""Webhooks and subscriptions at the management origin, and the public list of compatible vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .. import codec
from ..arguments import require_bool, require_count
from ..errors import ConfigurationError
from ..request import Call, Credential, Effect, Endpoint, Host, json_body, mode_value, query_of, require_id
from ..vocabulary import Powertrain, VehicleMode
from .reads import PAGE_SIZE, checked_or_none

if TYPE_CHECKING:
    from ..records import CompatibleVehicle, Page, Subscription, Webhook

WEBHOOKS: Final = Endpoint("GET", "/v3/webhooks", Host.MANAGEMENT)
WEBHOOK: Final = Endpoint("GET", "/v3/webhooks/{webhook_id}", Host.MANAGEMENT)
SUBSCRIPTIONS: Final = Endpoint("GET", "/v3/subscriptions", Host.MANAGEMENT)
SUBSCRIPTION: Final = Endpoint("GET", "/v3/subscriptions/{subscription_id}", Host.MANAGEMENT)
SUBSCRIBING: Final = Endpoint("POST", "/v3/subscriptions", Host.MANAGEMENT, effect=Effect.ENSURE)
UNSUBSCRIBING: Final = Endpoint("DELETE", "/v3/subscriptions/{subscription_id}", Host.MANAGEMENT, effect=Effect.DELETE)
COMPATIBLE_VEHICLES: Final = Endpoint("GET", "/v3/compatible-vehicles", Host.COMPATIBILITY, Credential.NONE)

ENDPOINTS: Final = (
    WEBHOOKS,
    WEBHOOK,
    SUBSCRIPTIONS,
    SUBSCRIPTION,
    SUBSCRIBING,
    UNSUBSCRIBING,
    COMPATIBLE_VEHICLES,
)

_REGIONS: Final = ("US", "CA", "EUROPE")


def list_webhooks(
    *,
    name: str | None = None,
    callback_uri: str | None = None,
    is_enabled: bool | None = None,
    auto_subscribe: bool | None = None,
    page_size: int = PAGE_SIZE,
    number: int = 1,
) -> Call[Page[Webhook]]:
    """One page of the webhooks that match every given filter."""
    from ..records import Webhook

    fields = {
        "filter[name]": checked_or_none(name, "name"),
        "filter[callbackUri]": checked_or_none(callback_uri, "callback_uri"),
        "filter[isEnabled]": None if is_enabled is None else require_bool(is_enabled, "is_enabled"),
        "filter[autoSubscribe]": None if auto_subscribe is None else require_bool(auto_subscribe, "auto_subscribe"),
        **_paging(page_size, number),
    }
    decode = codec.page(Webhook, number)
    return Call(WEBHOOKS, WEBHOOKS.path, decode, query=query_of(fields))


def get_webhook(webhook_id: str) -> Call[Webhook]:
    """One webhook."""
    from ..records import Webhook

    return Call(WEBHOOK, WEBHOOK.at(webhook_id=webhook_id), codec.resource(Webhook))


def list_subscriptions(
    *,
    webhook_id: str | None = None,
    user_id: str | None = None,
    vehicle_id: str | None = None,
    mode: VehicleMode | str | None = None,
    page_size: int = PAGE_SIZE,
    number: int = 1,
) -> Call[Page[Subscription]]:
    """One page of the subscriptions that match every given filter."""
    from ..records import Subscription

    fields = {
        "filter[webhookId]": checked_or_none(webhook_id, "webhook_id"),
        "filter[userId]": checked_or_none(user_id, "user_id"),
        "filter[vehicleId]": checked_or_none(vehicle_id, "vehicle_id"),
        "filter[vehicle.mode]": None if mode is None else mode_value(mode),
        **_paging(page_size, number),
    }
    decode = codec.page(Subscription, number)
    private = () if user_id is None else (user_id,)
    return Call(SUBSCRIPTIONS, SUBSCRIPTIONS.path, decode, query=query_of(fields), private=private)


def get_subscription(subscription_id: str) -> Call[Subscription]:
    """One subscription."""
    from ..records import Subscription

    return Call(SUBSCRIPTION, SUBSCRIPTION.at(subscription_id=subscription_id), codec.resource(Subscription))


def subscribe(webhook_id: str, user_id: str, vehicle_id: str) -> Call[None]:
    """Have a webhook report on a vehicle."""
    for name, value in {"webhook_id": webhook_id, "user_id": user_id, "vehicle_id": vehicle_id}.items():
        require_id(value, name)
    attributes = {"webhookId": webhook_id, "userId": user_id, "vehicleId": vehicle_id}
    body = json_body({"data": {"attributes": attributes}})
    return Call(SUBSCRIBING, SUBSCRIBING.path, codec.nothing, body=body, private=(user_id,))


def unsubscribe(subscription_id: str) -> Call[None]:
    """End a subscription."""
    return Call(UNSUBSCRIBING, UNSUBSCRIBING.at(subscription_id=subscription_id), codec.nothing)


def compatible_vehicles(
    region: str | None = None, make: str | None = None, powertrain: Powertrain | str | None = None
) -> Call[tuple[CompatibleVehicle, ...]]:
    """The models that Smartcar can connect to."""
    from ..records import CompatibleVehicle

    fields: dict[str, Any] = {
        "filter[region]": _region(region),
        "filter[make]": checked_or_none(make, "make"),
        "filter[powertrainType]": checked_or_none(powertrain, "powertrain"),
    }
    return Call(COMPATIBLE_VEHICLES, COMPATIBLE_VEHICLES.path, codec.entries(CompatibleVehicle), query=query_of(fields))


def _paging(page_size: int, number: int) -> dict[str, int]:
    if isinstance(page_size, int) and page_size > PAGE_SIZE:
        raise ConfigurationError(f"page_size: the management API takes at most {PAGE_SIZE}")
    return {"page[number]": require_count(number, "number"), "page[size]": require_count(page_size, "page_size")}


def _region(region: str | None) -> str | None:
    if region is None:
        return None
    if not isinstance(region, str) or region.upper() not in _REGIONS:
        raise ConfigurationError(f"region: give one of {', '.join(_REGIONS)}, not {region!r}")
    return region.upper()
