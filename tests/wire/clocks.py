"""Two clocks of one machine: the one that only grows, and the time of day, which can be set."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define

from .fakes import FakeClock


@define(eq=False)
class SetClock(FakeClock):
    """Time that passes when a test says so, and a time of day that may jump."""

    ahead: float = 0.0

    def now(self) -> datetime:
        """The time of day, as it is set."""
        return super().now() + timedelta(seconds=self.ahead)
