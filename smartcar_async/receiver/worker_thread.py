"""A thread with an event loop of its own, in which the worker of an inbox lives where the server has no loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from threading import Thread
from typing import Final

from attrs import define, field

from ..log import logger

_AGAIN: Final = 1.0
"""Seconds after which the loop begins again, if a handler ended it."""


@define(eq=False)
class WorkerThread:
    """Enters a lifetime on its loop, and leaves it at the end."""

    lifetime: Callable[[], AbstractAsyncContextManager[object]]
    _thread: Thread | None = None
    _leave: Callable[[], object] = lambda: None
    _stopping: threading.Event = field(factory=threading.Event)

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None

    def start(self) -> None:
        """Begin, unless it runs. What goes wrong at the start is raised here."""
        if self._thread is not None:
            return
        self._stopping.clear()
        ready = Future[None]()
        thread = Thread(target=self._run, args=(ready,), name="smartcar-worker", daemon=True)
        thread.start()
        ready.result()
        self._thread = thread

    def stop(self) -> None:
        """End it, and wait for that."""
        if self._thread is not None:
            self._stopping.set()
            with suppress(RuntimeError):  # its loop ended before
                self._leave()
            self._thread.join()
            self._thread = None

    def _run(self, ready: "Future[None]") -> None:
        """What a handler does to the loop ends only that loop: another one begins."""
        while True:
            try:
                asyncio.run(self.live(ready))
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                    return
                logger.exception("webhook: the loop of the worker was ended, and begins again")
            if self._stopping.wait(_AGAIN):
                return

    async def live(self, ready: "Future[None]") -> None:
        """One life on one loop, until it is left."""
        leave = asyncio.Event()
        self._leave = partial(asyncio.get_running_loop().call_soon_threadsafe, leave.set)
        if self._stopping.is_set():
            return
        async with self.lifetime():
            if not ready.done():
                ready.set_result(None)
            await leave.wait()
