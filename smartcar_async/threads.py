"""Blocking work in threads, also when Python is ending and starts none any more."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

ENDING: Final = (
    "Python is ending and starts no threads any more; nothing was sent. "
    "Let the main thread join the threads that make calls"
)
"""The error text of a call that needs a thread then."""


def is_ending(error: RuntimeError) -> bool:
    """Whether this is what Python raises where a thread is asked for after the end of the main thread."""
    return "shutdown" in str(error)


async def in_thread(work: Callable[[], T]) -> T:
    """Do blocking work in a thread, and to its end, even if nobody waits for it any more."""
    future = begin_in_thread(work)
    future.add_done_callback(_mark_retrieved)
    return await asyncio.shield(future)


def _mark_retrieved(future: "asyncio.Future[T]") -> None:
    """Look at the outcome: asyncio would report an error of work that nobody waits for any more."""
    if not future.cancelled():
        future.exception()


def begin_in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Blocking work that was begun in a thread. To cancel this does not stop it.

    Where no thread can be had any more, it is done at once: a loop that stands still does less harm than lost tokens.
    """
    loop = asyncio.get_running_loop()
    try:
        return loop.run_in_executor(None, work)
    except RuntimeError as error:
        if not is_ending(error):
            raise
    done: asyncio.Future[T] = loop.create_future()
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)
    return done
