"""Webhooks that the dashboard made, and the subscriptions of vehicles to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from .bodies import SIGNALS
from .errors import SimulatorError


class Coded(Protocol):
    """Anything that has the code of a signal, as the keys of the real client do."""

    @property
    def code(self) -> str:
        """The code, such as `odometer-traveleddistance`."""
        ...


def codes_of(signals: Iterable[str | Coded]) -> tuple[str, ...]:
    """The codes of signals that a webhook may name."""
    codes = tuple(signal if isinstance(signal, str) else signal.code for signal in signals)
    for code in codes:
        if code not in SIGNALS:
            raise SimulatorError(f"there is no signal {code!r}: name one like 'odometer-traveleddistance'")
    return codes


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
    token: str = field(default="", repr=False)
    """What its deliveries are signed with."""
    verified: bool = False
    """Whether its endpoint has answered a VERIFY; nothing is sent before."""

    @property
    def delivers(self) -> bool:
        """Whether events go to it."""
        return self.enabled and self.verified

    @property
    def signals(self) -> tuple[str, ...]:
        """The codes that every delivery has."""
        return tuple(dict.fromkeys((*self.data, *self.triggers)))


@frozen
class Subscription:
    """A vehicle whose events go to a webhook."""

    id: str
    webhook_id: str
    user_id: str
    vehicle_id: str
    created_at: datetime
