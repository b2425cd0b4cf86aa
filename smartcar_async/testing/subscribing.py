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
        listed = {(one.webhook_id, one.vehicle_id) for one in self.world.subscriptions.values()}
        if pair in listed | {(one.webhook_id, one.vehicle_id) for one in self._waiting}:
            return False
        delay = self.delay
        due = self.world.now + delay if isinstance(delay, timedelta) else self.clock() + delay
        self._waiting.append(_Waiting(webhook_id, vehicle_id, due))
        self.nudge()
        return True

    def pause(self) -> float | None:
        """Seconds of real time until the next one is due; None where none waits for that."""
        dues = [one.due for one in self._waiting if isinstance(one.due, float)]
        return max(0.0, min(dues) - self.clock()) if dues else None

    def settle(self) -> None:
        """List what is due; a vehicle that was disconnected meanwhile is forgotten."""
        for one in [one for one in self._waiting if self._is_due(one)]:
            self._waiting.remove(one)
            if self.world.connection_of(one.vehicle_id) is not None:
                self.world.subscribe(one.webhook_id, one.vehicle_id)

    def _is_due(self, one: _Waiting) -> bool:
        return one.due <= self.world.now if isinstance(one.due, datetime) else one.due <= self.clock()
