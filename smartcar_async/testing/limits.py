"""The three limits of the service, off at first: the application's bucket, the throttle per vehicle, the plan.

They count by the clock of the world, so a test refills a bucket with `world.advance`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from attrs import define, field

from .wire import Problem, Refused


@define
class Limits:
    """What is allowed, and what has been spent."""

    bucket: tuple[float, float] | None = None
    """Capacity, and refill per minute: (120, 2) is the service's default."""
    vehicle_interval: timedelta | None = None
    """The least time between two requests about one vehicle."""
    per_month: int | None = None
    """Requests that the plan allows a vehicle in a calendar month."""
    _level: float = field(default=0.0, init=False)
    _filled_at: datetime | None = field(default=None, init=False)
    _last_seen: dict[str, datetime] = field(factory=dict[str, datetime], init=False)
    _spent: dict[tuple[str, int, int], int] = field(factory=dict[tuple[str, int, int], int], init=False)

    def set_bucket(self, bucket: tuple[float, float] | None) -> None:
        """Install a full bucket, or none."""
        self.bucket = bucket
        self._level = bucket[0] if bucket else 0.0
        self._filled_at = None

    def admit(self, now: datetime) -> None:
        """Take one request from the application's bucket, or refuse."""
        if self.bucket is None:
            return
        capacity, per_minute = self.bucket
        if self._filled_at is not None:
            refill = (now - self._filled_at) / timedelta(minutes=1) * per_minute
            self._level = min(capacity, self._level + refill)
        self._filled_at = now
        if self._level < 1:
            raise Refused(
                Problem(429, "RATE_LIMIT", "SMARTCAR_API", "The application has sent too many requests.", "Rate Limit",
                        "RETRY_LATER")
            )  # fmt: skip
        self._level -= 1

    def admit_vehicle(self, vehicle_id: str, now: datetime) -> None:
        """Count one request about a vehicle, or refuse it for being too soon or beyond the plan."""
        self.throttle(vehicle_id, now)
        self.charge(vehicle_id, now)

    def throttle(self, vehicle_id: str, now: datetime) -> None:
        """Refuse a request that comes too soon after the last one about the vehicle."""
        if self.vehicle_interval is not None:
            previous = self._last_seen.get(vehicle_id)
            if previous is not None and now - previous < self.vehicle_interval:
                wait = math.ceil((previous + self.vehicle_interval - now).total_seconds())
                detail, advice = "The vehicle was asked too often.", "Please try again in a few minutes."
                problem = Problem(429, "RATE_LIMIT", "VEHICLE", detail, "Rate Limit", "RETRY_LATER", advice)
                raise Refused(problem, retry_after=wait)
            self._last_seen[vehicle_id] = now

    def charge(self, vehicle_id: str, now: datetime) -> None:
        """Count one request towards the month of a vehicle, or refuse it as beyond the plan."""
        if self.per_month is not None:
            month = (vehicle_id, now.year, now.month)
            if self._spent.get(month, 0) >= self.per_month:
                detail = "The vehicle has used up its requests for this month."
                raise Refused(Problem(430, "BILLING", "VEHICLE_REQUEST_LIMIT", detail, resolution="CONTACT_SUPPORT"))
            self._spent[month] = self._spent.get(month, 0) + 1
