"""What this client sends at the most: the application's budget, and a pause for a single vehicle."""

from heapq import heappop, heappush

from attrs import define, field

from ..settings import RateLimit


@define
class Bucket:
    """A bucket of requests that is refilled steadily. It may be drawn below zero: the debt is time to wait."""

    limit: RateLimit
    level: float = field(init=False)
    at: float | None = None

    def __attrs_post_init__(self) -> None:
        self.level = float(self.limit.capacity)

    @property
    def _per_second(self) -> float:
        return self.limit.per_minute / 60

    def wait(self, now: float, cost: int = 1) -> float:
        """Seconds until a request that is taken now, and counts as so many, may go."""
        self._refill(now)
        return max(0.0, (min(cost, self.limit.capacity) - self.level) / self._per_second)

    def reserve(self, cost: int = 1) -> None:
        """Take a place, behind those that were taken before. It comes after `wait`."""
        self.level -= cost

    def give_back(self, cost: int = 1) -> None:
        """Return a place that was not used."""
        self.level += cost

    def empty(self, now: float, seconds: float) -> None:
        """The server says that the bucket is empty, and for how long."""
        self._refill(now)
        self.level = min(self.level, 1 - seconds * self._per_second)

    def _refill(self, now: float) -> None:
        if self.at is not None:
            self.level = min(float(self.limit.capacity), self.level + max(0.0, now - self.at) * self._per_second)
        self.at = now


@define
class Throttle:
    """When the next request may go: after its vehicle's pause, and in its turn from the bucket."""

    bucket: Bucket | None = None
    _paused: dict[str, float] = field(factory=dict[str, float])
    """When the pause of each vehicle ends."""
    _ends: list[tuple[float, str]] = field(factory=list[tuple[float, str]], repr=False)
    """The same as a heap, the first end first, with ends that were put off since: so that what is over is forgotten."""

    def vehicle_wait(self, vehicle_id: str | None, now: float) -> float:
        """Seconds that this vehicle must still be left alone. Other vehicles lose nothing by it."""
        return max(0.0, self._paused.get(vehicle_id, 0.0) - now) if vehicle_id is not None else 0.0

    def pause_vehicle(self, vehicle_id: str, now: float, seconds: float) -> None:
        """Leave this vehicle alone for so long."""
        while self._ends and self._ends[0][0] <= now:
            end, paused_id = heappop(self._ends)
            if self._paused.get(paused_id) == end:
                del self._paused[paused_id]
        until = now + seconds
        if until > self._paused.get(vehicle_id, now):
            self._paused[vehicle_id] = until
            heappush(self._ends, (until, vehicle_id))

    def wait(self, vehicle_id: str | None, now: float, cost: int = 1) -> float:
        """Seconds until a request for this vehicle may go."""
        pause = self.vehicle_wait(vehicle_id, now)
        return max(pause, self.bucket.wait(now, cost)) if self.bucket is not None else pause

    def reserve(self, cost: int = 1) -> None:
        """Take a place in the bucket, if there is one."""
        if self.bucket is not None:
            self.bucket.reserve(cost)
