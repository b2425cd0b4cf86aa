"""The thread of a simulator that is entered with a plain `with`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future


class ServerThread:
    """A thread with a loop, in which something is started and, at the end, stopped."""

    def __init__(self, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> None:
        """`start` and `stop` are awaited on the loop of the thread."""
        self._start = start
        self._stop = stop
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, name="smartcar-simulator", daemon=True)

    def open(self) -> None:
        """Start, and wait until that is done; what it raises is raised here."""
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self._thread.join()
            raise

    def close(self) -> None:
        """Stop, and wait until it is gone."""
        loop, closing = self._ready.result()
        loop.call_soon_threadsafe(closing.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        closing = asyncio.Event()
        try:
            await self._start()
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result((asyncio.get_running_loop(), closing))
        await closing.wait()
        await self._stop()
