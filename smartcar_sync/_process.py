"""The process around the loops: its exit closes all clients, and no fork comes into the middle of anything."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from contextlib import AbstractContextManager
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from smartcar_async.errors import ConfigurationError, ConnectionFailed
from smartcar_async.log import logger
from smartcar_async.threads import ENDING, is_ending

from ._loop import FORKED, LoopThread, PendingCall, alive

LEFT_OPEN: Final = "a smartcar_sync client was left open: use `with`, or end it with close()"
_WAITING: Final = (
    "smartcar_sync: a client is being closed; if it waits for tokens, they would be lost. Ctrl-C again gives it up."
)
_GIVEN_UP: Final = (
    "smartcar_sync: a client was not closed to the end. If it was renewing tokens, start again within a minute: "
    "the token store tells that a refresh was begun, and the next start completes it."
)
# What would else be loaded within a call: by us, by asyncio for its threads, and by Python for a host's name.
_LATER: Final = (
    "aiohttp anyio._backends._asyncio concurrent.futures.thread difflib email.utils encodings.idna "
    "encodings.utf_8_sig json multidict smartcar_async.reconcile yarl"
)

_lock = threading.RLock()
ended = threading.Event()
"""Set at the exit of Python, when all is closed."""


def no_fork() -> AbstractContextManager[object]:
    """Within this, no fork happens. A child has only the thread that forked: what others had begun, nobody would end.

    A module that another thread was loading would never be ready there. It holds the process back: only for moments.
    """
    return _lock


def start_loop() -> LoopThread:
    """A thread with a loop, and all loaded that its calls will need."""
    if not getattr(sys.modules.get("uwsgi"), "has_threads", True):
        raise ConfigurationError("uWSGI runs without threads, and this client needs one: give it --enable-threads")
    end_with_a_worker(os.getpid())
    with no_fork():
        from smartcar_async import codec

        codec.prepare()
        for name in _LATER.split():
            import_module(name)
        try:
            return LoopThread()
        except (OSError, RuntimeError) as error:
            at_the_end = isinstance(error, RuntimeError) and is_ending(error)
            none = f"no event loop can be had, and nothing was sent: {error}"
            raise ConnectionFailed(ENDING if at_the_end else none) from None


@lru_cache(maxsize=1)
def end_with_a_worker(process: int) -> None:
    """Once in each process: a forked worker of `multiprocessing` runs finalizers of its own in place of `atexit`."""
    workers: Any = sys.modules.get("multiprocessing")
    if workers is not None and workers.parent_process() is not None:
        workers.util.Finalize(None, close_all, exitpriority=0)


def close_all() -> None:
    """At the exit of Python: close all clients first, and only then end the loops, for one may store through another.

    This needs no threads but those that are there: newer Pythons start none here, and executors have shut down.
    """
    ending = [thread for thread in list(alive) if thread.is_ours]
    for thread in ending:
        thread.launch(PendingCall(thread.close_all))
    try:
        try:
            _wait_for(ending)
        except KeyboardInterrupt:
            logger.warning(_WAITING)
            _wait_for(ending)
        ended.set()
        for thread in ending:
            thread.stop()
        for thread in ending:
            thread.join()
    except KeyboardInterrupt:
        logger.warning(_GIVEN_UP)


def _wait_for(ending: list[LoopThread]) -> None:
    stuck = [thread for thread in ending if not thread.wait_until_empty()]
    if stuck:
        logger.warning(_GIVEN_UP)


def _exit() -> None:
    left_open = any(thread.is_left_open() for thread in list(alive))
    close_all()
    if left_open:
        warnings.warn(LEFT_OPEN, ResourceWarning, stacklevel=1)


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()
    for thread in alive:
        thread.is_ours = False
        for call in thread.calls:  # nobody answers them here, and one thread may be waiting
            call.end(ConfigurationError(FORKED))


atexit.register(_exit)
if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(
        before=lambda: _lock.acquire(), after_in_parent=lambda: _lock.release(), after_in_child=_after_fork
    )
