"""Users, their vehicles, the end of a connection, and webhooks."""

from __future__ import annotations

from ..service import Params, Service
from ..wire import Answer, Request, json_answer
from .access import authorize, is_management, offset_page, user_grant
from .api import v2_of
from .errors import not_authenticated, not_permitted, nothing_there


def list_vehicles(service: Service, request: Request, _: Params) -> Answer:
    """The ids of all that a user has connected."""
    owner = user_grant(service, request).user_id
    found = [connection.vehicle.id for connection in service.world.connections.values() if connection.owner.id == owner]
    page, paging = offset_page(request.query, found, 50)
    return json_answer({"paging": paging, "vehicles": page})


def get_user(service: Service, request: Request, _: Params) -> Answer:
    """The user of the token."""
    return json_answer({"id": user_grant(service, request).user_id})


def disconnect(service: Service, request: Request, params: Params) -> Answer:
    """Withdraw a connection, by its user or by the application."""
    if is_management(service, request):
        connection = service.world.connection_of(params["vehicle"])
        if connection is None:
            raise not_permitted()
    else:
        connection = authorize(service, request, params).connection
    service.world.disconnect(connection.id)
    return json_answer({"status": "success"})


def subscribe(service: Service, request: Request, params: Params) -> Answer:
    """Send the events of a vehicle to a webhook, from now on."""
    vehicle = authorize(service, request, params).vehicle
    webhook_id = params["webhook"]
    if webhook_id not in service.world.webhooks:
        raise nothing_there("No webhook has this id.")
    service.world.subscribe(webhook_id, vehicle.id)
    return json_answer({"webhookId": webhook_id, "vehicleId": vehicle.id})


def unsubscribe(service: Service, request: Request, params: Params) -> Answer:
    """End that, by the application's management token alone."""
    if not is_management(service, request):
        raise not_authenticated()
    world, wanted = service.world, (params["webhook"], params["vehicle"])
    gone = [
        key
        for key, subscription in world.subscriptions.items()
        if (subscription.webhook_id, subscription.vehicle_id) == wanted
    ]
    if not gone:
        raise nothing_there("The vehicle is not subscribed to this webhook.")
    for key in gone:
        del world.subscriptions[key]
    return json_answer({"status": "success"} if v2_of(service).switches.unsubscribed == "success" else {})
