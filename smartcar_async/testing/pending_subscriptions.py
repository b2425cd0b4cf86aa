"""Subscriptions in progress: requested, and listed only some time later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field, frozen

from .world import World


@frozen
class _Pending:
    webhook_id: str
    vehicle_id: str
    due: float | datetime


@define
class PendingSubscriptions:
    """What was answered with a 202 and is not done yet."""

    world: World
    clock: Callable[[], float]
    delay: float | timedelta = 0.05
    """Seconds of real time, or a `timedelta` on the world's clock."""
    on_begin: Callable[[], None] = lambda: None
    """Called when one begins."""
    _waiting: list[_Pending] = field(factory=list[_Pending], init=False, repr=False)

    def begin(self, webhook_id: str, vehicle_id: str) -> bool:
        """Begin to subscribe; False where that is done or under way."""
        pair = (webhook_id, vehicle_id)
        subscribed = {(known.webhook_id, known.vehicle_id) for known in self.world.subscriptions.values()}
        if pair in subscribed | {(known.webhook_id, known.vehicle_id) for known in self._waiting}:
            return False
        delay = self.delay
        due = self.world.now + delay if isinstance(delay, timedelta) else self.clock() + delay
        self._waiting.append(_Pending(webhook_id, vehicle_id, due))
        self.on_begin()
        return True

    def seconds_until_due(self) -> float | None:
        """Seconds of real time until the next one is due; None if no real time has to pass."""
        due_times = [pending.due for pending in self._waiting if isinstance(pending.due, float)]
        return max(0.0, min(due_times) - self.clock()) if due_times else None

    def complete_due(self) -> None:
        """Subscribe what is due; a vehicle that was disconnected meanwhile is forgotten."""
        for pending in [pending for pending in self._waiting if self._is_due(pending)]:
            self._waiting.remove(pending)
            if self.world.connection_of(pending.vehicle_id) is not None:
                self.world.subscribe(pending.webhook_id, pending.vehicle_id)

    def _is_due(self, pending: _Pending) -> bool:
        return pending.due <= self.world.now if isinstance(pending.due, datetime) else pending.due <= self.clock()
