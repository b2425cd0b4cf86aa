"""Webhooks and subscriptions, at the management origin; no user is named there.

A 409 is documented without its type and code, so `CONFLICT` and `ALREADY_SUBSCRIBED` are inferred. The documented
example calls the user and the vehicle of a subscription `webhook`, surely by mistake; here they have their own types.
"""

from __future__ import annotations

from collections.abc import Iterable

from .bodies import SIGNALS
from .fields import Fields
from .paging import is_mode, paged, read_page
from .readings import vehicle_attributes
from .service import Document, Params, Route, Service, missing
from .times import iso, iso_seconds
from .webhooks import Subscription, Webhook
from .wire import Answer, Problem, Refused, Request, json_answer

_BOOLEANS = ("true", "false")


def _list_webhooks(service: Service, request: Request, _: Params) -> Answer:
    query = request.query
    flags = {"filter[isEnabled]", "filter[autoSubscribe]"}
    checks = [(name, "true or false", query.get(name, "true") in _BOOLEANS) for name in sorted(flags)]
    page = read_page(query, 50, 100, checks)
    names = ("filter[name]", "filter[callbackUri]", "filter[isEnabled]", "filter[autoSubscribe]")
    filters = {name: query[name] for name in names if name in query}
    matching = [
        webhook
        for webhook in service.world.webhooks.values()
        if query.get("filter[name]", "").lower() in webhook.name.lower()
        and query.get("filter[callbackUri]", "").lower() in webhook.callback_uri.lower()
        and _flag(query, "filter[isEnabled]", webhook.enabled)
        and _flag(query, "filter[autoSubscribe]", webhook.auto_subscribe)
    ]
    return json_answer(paged(service, "/v3/webhooks", filters, page, matching, _webhook))


def _get_webhook(service: Service, _: Request, params: Params) -> Answer:
    webhook = service.world.webhooks.get(params["webhook"])
    if webhook is None:
        raise missing("WEBHOOK_NOT_FOUND", "No webhook has this id.")
    return json_answer({"data": _webhook(service, webhook)})


def _subscribe(service: Service, request: Request, _: Params) -> Answer:
    fields = Fields.of(request)
    webhook_id, user_id, vehicle_id = (fields.text(name) for name in ("webhookId", "userId", "vehicleId"))
    fields.check()
    if webhook_id not in service.world.webhooks:
        raise missing("WEBHOOK_NOT_FOUND", "No webhook has this id.")
    if service.vehicle_of(vehicle_id).owner.id != user_id:
        raise missing("USER_NOT_FOUND", "The vehicle is not connected by this user.")
    if not service.pending_subscriptions.begin(webhook_id, vehicle_id):
        detail = "The vehicle is already subscribed to this webhook."
        raise Refused(Problem(409, "CONFLICT", "ALREADY_SUBSCRIBED", detail))
    return json_answer({"meta": {"message": "subscription creation in progress"}}, 202)


def _list_subscriptions(service: Service, request: Request, _: Params) -> Answer:
    query = request.query
    page = read_page(query, 25, 100, [is_mode(query)])
    names = ("filter[userId]", "filter[webhookId]", "filter[vehicleId]", "filter[vehicle.mode]")
    filters = {name: query[name] for name in names if name in query}
    matching = [
        subscription
        for subscription in service.world.subscriptions.values()
        if query.get("filter[userId]", subscription.user_id) == subscription.user_id
        and query.get("filter[webhookId]", subscription.webhook_id) == subscription.webhook_id
        and query.get("filter[vehicleId]", subscription.vehicle_id) == subscription.vehicle_id
        and query.get("filter[vehicle.mode]") in (None, service.world.vehicles[subscription.vehicle_id].mode)
    ]
    return json_answer(paged(service, "/v3/subscriptions", filters, page, matching, _subscription))


def _get_subscription(service: Service, _: Request, params: Params) -> Answer:
    subscription = service.world.subscriptions.get(params["subscription"])
    if subscription is None:
        raise _no_subscription()
    return json_answer({"data": _subscription(service, subscription)})


def _unsubscribe(service: Service, _: Request, params: Params) -> Answer:
    if service.world.subscriptions.pop(params["subscription"], None) is None:
        raise _no_subscription()
    return Answer(204)


def _no_subscription() -> Refused:
    return missing("SUBSCRIPTION_NOT_FOUND", "No subscription has this id.")


def _flag(query: dict[str, str], name: str, value: bool) -> bool:
    return name not in query or query[name] == str(value).lower()


def _webhook(service: Service, webhook: Webhook) -> Document:
    return {
        "id": webhook.id,
        "type": "webhook",
        "attributes": {
            "name": webhook.name,
            "callbackUri": webhook.callback_uri,
            "isEnabled": webhook.enabled,
            "triggers": _signals(webhook.triggers),
            "data": _signals(webhook.data),
            "errorCallbackUri": webhook.error_callback_uri,
            "autoSubscribe": webhook.auto_subscribe,
        },
        "links": {"self": f"{service.base}/v3/webhooks/{webhook.id}"},
        "meta": {"createdAt": iso_seconds(webhook.created_at)},
    }


def _signals(codes: Iterable[str]) -> list[Document]:
    return [{"group": SIGNALS[code].group, "name": SIGNALS[code].name, "code": code} for code in codes]


def _subscription(service: Service, subscription: Subscription) -> Document:
    vehicle = service.world.vehicles[subscription.vehicle_id]
    related = {
        "webhook": (subscription.webhook_id, "webhooks"),
        "user": (subscription.user_id, "users"),
        "vehicle": (subscription.vehicle_id, "vehicles"),
    }
    return {
        "id": subscription.id,
        "type": "subscription",
        "attributes": {"vehicle": vehicle_attributes(vehicle, service.switches)},
        "meta": {"createdAt": iso(subscription.created_at), "updatedAt": iso(subscription.created_at)},
        "relationships": {
            kind: {
                "data": {"type": kind, "id": identity},
                "links": {"related": f"{service.base}/v3/{collection}/{identity}"},
            }
            for kind, (identity, collection) in related.items()
        },
        "links": {"self": f"{service.base}/v3/subscriptions/{subscription.id}"},
    }


MANAGEMENT: tuple[Route, ...] = (
    Route("GET", "/v3/webhooks", _list_webhooks, host="management"),
    Route("GET", "/v3/webhooks/{webhook}", _get_webhook, host="management"),
    Route("POST", "/v3/subscriptions", _subscribe, host="management"),
    Route("GET", "/v3/subscriptions", _list_subscriptions, host="management"),
    Route("GET", "/v3/subscriptions/{subscription}", _get_subscription, host="management"),
    Route("DELETE", "/v3/subscriptions/{subscription}", _unsubscribe, host="management"),
)
