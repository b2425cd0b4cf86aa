"""How webhooks are sent, and what was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from attrs import define, field
from attrs.validators import ge, gt, in_

from .events import Document, Shape


@define
class Sending:
    """How webhooks are sent. Set it at any time."""

    shape: Shape = field(default="typed", validator=in_(("typed", "dotted", "flat", "texts", "september_2025")))
    """Which of the recorded forms a VEHICLE_STATE has; the newest real one at first."""
    delivered_at: Literal["real", "world"] = field(default="real", validator=in_(("real", "world")))
    """Whose clock dates `meta.deliveredAt`: the real one, as for tokens, since a receiver compares it with its own; or
    that of the world, for a receiver that goes by that clock."""
    verify_signed: bool = False
    """Whether a VERIFY carries a signature too: some pages say so, all samples say no."""
    at_once: int = field(default=1, validator=ge(1))
    """How many deliveries run at the same time; one, at first, keeps the order."""
    timeout: float = field(default=15.0, validator=gt(0))
    """Seconds of real time in which an endpoint has to answer; a later answer counts as none."""


@define(eq=False)
class Delivery:
    """One attempt to deliver an event, as it went out, and what became of it."""

    event_id: str
    delivery_id: str
    event_type: str
    vehicle_id: str
    webhook_id: str
    attempt: int
    at: datetime
    """When it was sent, by the world's clock."""
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int | None = None
    """What the endpoint answered; None while it has not, or if no answer counted."""
    problem: str | None = None
    """Why no answer counted."""
    retry_at: datetime | None = None
    """When a failed attempt is followed by another; None after the last one, and where all went well."""

    @property
    def ok(self) -> bool:
        """Whether the endpoint accepted it."""
        return self.status is not None and 200 <= self.status < 300

    def json(self) -> Document:
        """The body, read."""
        document: Document = json.loads(self.body)
        return document
