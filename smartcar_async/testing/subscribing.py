"""Subscriptions in progress: asked for, and listed only some time later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field, frozen

from .world import World


@frozen
class _Waiting:
    webhook_id: str
    vehicle_id: str
    due: float | datetime


@define
class Subscribing:
    """What was answered with a 202 and is not there yet."""

    world: World
    clock: Callable[[], float]
    delay: float | timedelta = 0.05
    """Seconds of real time, or a `timedelta` on the world's clock."""
    nudge: Callable[[], None] = lambda: None
    """Called when one begins."""
    _waiting: list[_Waiting] = field(factory=list[_Waiting], init=False, repr=False)

    def begin(self, webhook_id: str, vehicle_id: str) -> bool:
        """Begin to subscribe; False where that is done or under way."""
        pair = (webhook_id, vehicle_id)
        listed = {(known.webhook_id, known.vehicle_id) for known in self.world.subscriptions.values()}
        if pair in listed | {(known.webhook_id, known.vehicle_id) for known in self._waiting}:
            return False
        delay = self.delay
        due = self.world.now + delay if isinstance(delay, timedelta) else self.clock() + delay
        self._waiting.append(_Waiting(webhook_id, vehicle_id, due))
        self.nudge()
        return True

    def pause(self) -> float | None:
        """Seconds of real time until the next one is due; None where none waits for that."""
        dues = [pending.due for pending in self._waiting if isinstance(pending.due, float)]
        return max(0.0, min(dues) - self.clock()) if dues else None

    def settle(self) -> None:
        """List what is due; a vehicle that was disconnected meanwhile is forgotten."""
        for pending in [pending for pending in self._waiting if self._is_due(pending)]:
            self._waiting.remove(pending)
            if self.world.connection_of(pending.vehicle_id) is not None:
                self.world.subscribe(pending.webhook_id, pending.vehicle_id)

    def _is_due(self, pending: _Waiting) -> bool:
        return pending.due <= self.world.now if isinstance(pending.due, datetime) else pending.due <= self.clock()
