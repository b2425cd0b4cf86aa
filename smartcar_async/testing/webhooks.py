"""Webhooks that the dashboard made, and the subscriptions of vehicles to them."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen
class Webhook:
    """A webhook as the dashboard holds it. Triggers and data are signal codes."""

    id: str
    name: str
    callback_uri: str
    created_at: datetime
    triggers: tuple[str, ...]
    data: tuple[str, ...]
    error_callback_uri: str | None
    enabled: bool
    auto_subscribe: bool


@frozen
class Subscription:
    """A vehicle whose news go to a webhook."""

    id: str
    webhook_id: str
    user_id: str
    vehicle_id: str
    created_at: datetime
