"""Calls that block, in a thread and to their end."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Thread, current_thread
from typing import TypeVar
from weakref import WeakSet

from attrs import define, field

T = TypeVar("T")


@define(eq=False)
class Threads:
    """The threads in which a store is called; each begins when it is needed, and again after `close` or a fork.

    A delivery that waits for its answer, a handler in a transaction and the rest have one each, so that none waits for
    another's. `apart=False` is for stores that must be called in one thread.
    """

    apart: bool = True
    _pools: dict[tuple[int, str], ThreadPoolExecutor] = field(factory=dict[tuple[int, str], ThreadPoolExecutor])
    _begun: WeakSet[Thread] = field(factory=WeakSet[Thread])

    @property
    def deliveries(self) -> ThreadPoolExecutor:
        """For what a delivery waits for."""
        return self._pool("deliveries")

    @property
    def transactions(self) -> ThreadPoolExecutor:
        """For handlers in the store's transaction."""
        return self._pool("transactions")

    @property
    def store(self) -> ThreadPoolExecutor:
        """For everything else."""
        return self._pool("store")

    def close(self) -> list[Thread]:
        """End those of this process, when they have nothing more to do; the threads that are to end."""
        for key in [key for key in self._pools if key[0] == os.getpid()]:
            self._pools.pop(key).shutdown(wait=False)
        return list(self._begun)

    def _pool(self, purpose: str) -> ThreadPoolExecutor:
        key = os.getpid(), purpose if self.apart else "store"  # a forked child has none of its parent's threads
        pool = self._pools.get(key)
        return pool or self._pools.setdefault(key, ThreadPoolExecutor(1, f"smartcar-{key[1]}", self._note))

    def _note(self) -> None:
        self._begun.add(current_thread())


async def to_the_end(executor: Executor | None, call: Callable[[], T]) -> T:
    """The result of a call in a thread. A thread cannot be stopped, so a cancelled task waits for it as well.

    For tasks of our own only: the cancellation is left in `Task.cancelling()` for the caller to look at.
    """
    safe = partial(_without_stop, call)
    running = asyncio.get_running_loop().run_in_executor(executor, copy_context().run, safe)
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({running})
    return running.result()


def _without_stop(call: Callable[[], T]) -> T:
    """No future can hold a StopIteration: older versions of asyncio would wait for it for ever."""
    try:
        return call()
    except StopIteration as error:
        raise RuntimeError("a sync function raised StopIteration") from error
