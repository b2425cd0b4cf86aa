"""Calls that block, in a thread and to their end."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TypeVar

T = TypeVar("T")


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
        raise RuntimeError("a plain function raised StopIteration") from error
