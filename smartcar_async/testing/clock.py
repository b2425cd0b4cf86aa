"""The world's time, in the form in which a client takes its clock."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import datetime, timedelta

from .world import EPOCH, World


class SimulatedClock:
    """The world's time, to be a client's `clock=`.

    While a world stands still, sleeping moves it on: whole minutes of waiting take no time. In one that runs, it waits.
    """

    def __init__(self, world: World, speed: float | None, catch_up: Callable[[], None]) -> None:
        self._world = world
        self._speed = speed
        self._catch_up = catch_up

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return (self.now() - EPOCH).total_seconds()

    def now(self) -> datetime:
        """The time in the world."""
        self._catch_up()
        return self._world.now

    async def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass."""
        if self._speed is not None:
            await asyncio.sleep(seconds / self._speed)
            return
        # Up to the next microsecond, the finest that the world knows: time that was slept for must have passed.
        until = self.now() + timedelta(microseconds=math.ceil(max(seconds, 0.0) * 1_000_000))
        await asyncio.sleep(0)
        with self._world.lock:  # who sleeps at the same time may have moved it already
            self._world.advance(seconds=max((until - self._world.now).total_seconds(), 0.0))
