"""A lock for threads that is given in the order of coming: whoever waits is not overtaken."""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Lock


class FairLock:
    """`threading.Lock` may be taken by who comes last; a delivery that waits for its answer must not starve."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._taken = False
        self._queue: deque[Event] = deque()

    @contextmanager
    def turn(self, timeout: float) -> Generator["Turn", None, None]:
        """Wait for a turn, and have it; TimeoutError if it does not come in time."""
        self.acquire(timeout)
        turn = Turn(self)
        try:
            yield turn
        finally:
            turn.end()

    def acquire(self, timeout: float) -> None:
        """Wait for a turn; TimeoutError if it does not come in time. `release` ends it."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            place = Event()
            self._queue.append(place)
        came = False
        try:
            came = place.wait(timeout)
        finally:  # also when Ctrl-C ends the waiting
            if not came:
                self._leave(place)
        if not came:
            raise TimeoutError("another thread has been busy for too long")

    def _leave(self, place: Event) -> None:
        with self._guard:
            if place in self._queue:
                self._queue.remove(place)
                return
        self.release()  # the turn came at the last moment

    def release(self) -> None:
        """Give the lock to whoever came first."""
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False


class Turn:
    """The time for which somebody has a lock. It can be ended early, from any thread."""

    def __init__(self, lock: FairLock) -> None:
        self._lock = lock
        self._guard = Lock()
        self._over = False

    def end(self) -> None:
        """Let the next one in; the second time is nothing."""
        with self._guard:
            over, self._over = self._over, True
        if not over:
            self._lock.release()
