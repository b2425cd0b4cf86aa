"""What may be sent now, and what must wait for the application's budget or for a vehicle that asked for a pause."""

import asyncio
from typing import Any, Literal

from ..clock import Clock
from ..errors import ConnectionFailed, RateLimited, SmartcarError
from ..log import AllowanceWait, Reporter
from ..request import Call, Credential
from ..settings import RateLimit, Settings
from . import policy
from .throttle import Bucket, Throttle


class Admission:
    """Lets calls through in their turn, reports each wait, and remembers the limits that the server stated."""

    def __init__(self, settings: Settings, reporter: Reporter, clock: Clock) -> None:
        self._settings = settings
        self._reporter = reporter
        self._clock = clock
        self._throttle = Throttle(None if settings.rate_limit is None else Bucket(settings.rate_limit))

    async def admit(self, call: Call[Any], until: float) -> None:
        """Wait for the vehicle's pause to end and for a place in the budget, or refuse what cannot come in time."""
        if call.endpoint.credential is Credential.NONE:
            return None
        throttle, bucket = self._throttle, self._throttle.bucket
        while True:
            now = self._clock.monotonic()
            wait = throttle.wait(call.vehicle_id, now, call.cost)
            if not wait:
                return throttle.reserve(call.cost)
            pause = throttle.vehicle_wait(call.vehicle_id, now)
            if now + wait > until:
                raise _held_back(wait, by_vehicle=pause >= wait)
            # The vehicle's pause comes first. A call that reserved a place while its vehicle pauses would hold back
            # the calls for other vehicles that queue behind it.
            if pause or bucket is None:
                await self._wait(call, pause, "vehicle")
                continue
            # The place is taken before the wait, so that calls go in the order in which they came. Whoever leaves the
            # queue gives it back: cancelled, or because the vehicle has asked for a pause meanwhile.
            bucket.reserve(call.cost)
            try:
                await self._wait(call, wait, "application")
            except asyncio.CancelledError:
                bucket.give_back(call.cost)
                raise
            if not throttle.vehicle_wait(call.vehicle_id, self._clock.monotonic()):
                return None
            bucket.give_back(call.cost)

    async def _wait(self, call: Call[Any], seconds: float, reason: Literal["application", "vehicle"]) -> None:
        """Wait until something may be sent, and report it first."""
        self._reporter.tell(AllowanceWait(seconds, reason, call.endpoint.path))
        await self._clock.sleep(seconds)

    def note_limits(self, call: Call[Any], error: SmartcarError) -> None:
        """Remember for later calls the limit that this answer states, and give back the place of what was never sent.

        One answer is believed for a while only: a false one must not stop a car, and still less everything.
        """
        if call.endpoint.credential is Credential.NONE:
            return
        now, bucket = self._clock.monotonic(), self._throttle.bucket
        retry_after: float | None = getattr(error, "retry_after", None)
        if isinstance(error, ConnectionFailed) and bucket is not None:
            bucket.give_back(call.cost)
        elif policy.is_vehicle_throttle(error) and call.vehicle_id is not None:
            pause = policy.VEHICLE_PAUSE if retry_after is None else min(retry_after, policy.LONGEST_VEHICLE_PAUSE)
            self._throttle.pause_vehicle(call.vehicle_id, now, pause)
        elif policy.is_application_limit(error) and bucket is not None:
            bucket.empty(now, min(retry_after or 0.0, policy.LONGEST_APPLICATION_PAUSE))

    def usual_wait(self, call: Call[Any]) -> float:
        """Seconds after which a call that was refused as one too many is worth another try, if the server said none."""
        if call.endpoint.credential is Credential.NONE:  # whose limit is not the API's
            return self._settings.retry.longest_pause
        return 60 / (self._settings.rate_limit or RateLimit()).per_minute


def _held_back(wait: float, by_vehicle: bool) -> RateLimited:
    if by_vehicle:
        text = f"this vehicle asked to be left alone for another {wait:.0f} s; nothing was sent"
    else:
        text = (
            f"the application's request budget is spent for another {wait:.0f} s, longer than the deadline; "
            "nothing was sent. Settings(rate_limit=None) lifts this client's own limit."
        )
    code = "VEHICLE" if by_vehicle else "SMARTCAR_API"
    return RateLimited(text, type="RATE_LIMIT", code=code, retry_after=wait)
