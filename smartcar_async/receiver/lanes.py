"""One at a time in each lane, while the other lanes go on."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from threading import Lock
from typing import Generic, TypeVar

from .fair_lock import FairLock

L = TypeVar("L")


class _Locks(Generic[L]):
    """A lock for each lane that somebody is in or waits for."""

    def __init__(self, new: Callable[[], L]) -> None:
        self._new = new
        self._used: dict[str, tuple[L, int]] = {}
        self._guard = Lock()

    def busy(self, lane: str) -> bool:
        return lane in self._used

    @contextmanager
    def of(self, lane: str) -> Generator[L, None, None]:
        with self._guard:
            lock, users = self._used.get(lane) or (self._new(), 0)
            self._used[lane] = (lock, users + 1)
        try:
            yield lock
        finally:
            with self._guard:
                lock, users = self._used.pop(lane)
                if users > 1:
                    self._used[lane] = (lock, users - 1)


class Lanes:
    """The lanes of tasks and those of threads, first come, first served. A receiver uses one kind of them."""

    def __init__(self) -> None:
        self._tasks = _Locks(asyncio.Lock)
        self._threads = _Locks(FairLock)

    def busy(self, lane: str) -> bool:
        """Whether somebody is in a lane, or waits for it."""
        return self._tasks.busy(lane) or self._threads.busy(lane)

    @asynccontextmanager
    async def enter(self, lane: str) -> AsyncGenerator[None, None]:
        """Wait for a lane, and be in it alone."""
        with self._tasks.of(lane) as lock:
            async with lock:
                yield

    @contextmanager
    def enter_sync(self, lane: str, timeout: float) -> Generator[None, None, None]:
        """Be in a lane in a thread; TimeoutError if it is not free in time."""
        with self._threads.of(lane) as lock, lock.turn(timeout):
            yield
