"""When a car may charge, and what it remembers of a charge."""

from __future__ import annotations

from attrs import frozen

from .routine import DAY, Place


@frozen
class ChargeTimer:
    """A daily window in which charging is allowed, in minutes of the day; days count from Monday as 0.

    A schedule of the API has an id and a location, and as many timers as it has windows.
    """

    start: int
    stop: int
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    location: Place | None = None
    schedule_id: str | None = None
    schedule_type: str | None = None

    def allows(self, minute: int) -> bool:
        """Whether a minute of the world falls into the window; one past midnight belongs to the day it began on."""
        day, of_day = divmod(minute, DAY)
        if self.start <= self.stop:
            return self.start <= of_day < self.stop and day % 7 in self.days
        if of_day >= self.start:
            return day % 7 in self.days
        return of_day < self.stop and (day - 1) % 7 in self.days

    def opens(self, minute: int) -> bool:
        """Whether the window begins at a minute of the world."""
        return self.allows(minute) and not self.allows(minute - 1)


@frozen
class ChargeRecord:
    """A charge that is over."""

    start: int
    stop: int
    energy_kwh: float
    fast: bool
    place: Place
    start_percent: float
    stop_percent: float
