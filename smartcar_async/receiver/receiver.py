"""The receiver: takes deliveries, remembers which were handled, and calls the handlers."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar, cast, overload

from ..clock import Clock, SystemClock
from ..errors import ConfigurationError
from ..log import logger
from ..records import SignalKey
from . import options, reply as replies
from .decoded import Decoded
from .doors import Asgi, answer_aiohttp, answer_wsgi
from .event_store import EventStore, MemoryEventStore
from .handlers import Handlers, OnError, OnEvent, OnSignal, State, Wanted, of_error, of_kind, of_signal
from .inline import Inline
from .intake import Intake
from .judge import LARGEST, Accepted, Headers, Judge
from .reply import Reply
from .sqlite.store import SqliteEventStore
from .work import Work
from .worker import Retries, Worker

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from aiohttp import web

E = TypeVar("E")
B = TypeVar("B")

_HELD_UP: Final = 75.0
"""Seconds that an event which is handled first waits for earlier ones at most: Smartcar's third attempt comes then."""
_AGAIN: Final = 1.0
"""Seconds after which the thread of a worker begins again, if a handler ended it."""


class Receiver:
    """The endpoint of a webhook, for any server.

    With a store that has an inbox (`SqliteEventStore`), a delivery is answered as soon as it is on the disk, and a
    worker handles it: `async with receiver` runs it. With another, it is handled first (`mode="inline"`), and
    answered 503 if that fails or takes longer than `budget`, so that Smartcar sends it again.
    """

    def __init__(
        self,
        tokens: str | Iterable[str],
        store: EventStore | None = None,
        *,
        mode: Literal["inbox", "inline"] | None = None,
        budget: float = 10.0,
        lease: float = 60.0,
        pauses: Sequence[float] = (1.0, 10.0, 60.0, 600.0, 3600.0),
        step_aside_after: float | None = 75.0,
        abreast: int = 8,
        tolerance: float | timedelta | None = 300.0,
        require_time: bool = False,
        webhook_ids: str | Collection[str] | None = None,
        modes: str | Collection[str] | None = None,
        largest: int = LARGEST,
        clock: Clock | None = None,
    ) -> None:
        """`pauses` are the seconds between the attempts of a worker that fail; after the last one it gives up.

        `step_aside_after` is for how many seconds of these pauses the later events of the vehicle wait; None: for all.
        """
        texts = options.tokens(tokens)
        options.check_places(store, clock)
        options.check_times(budget, lease, step_aside_after, tolerance)
        options.check_filters(webhook_ids, modes, require_time)
        options.whole("abreast", abreast, "a worker that handles nothing is none")
        options.whole("largest", largest, "a body has bytes")
        retries = Retries(options.pauses(pauses), step_aside_after)
        store = MemoryEventStore() if store is None else store
        inbox = options.inbox_of(store, mode)
        self.store: EventStore = store
        self.mode: Literal["inbox", "inline"] = mode or ("inline" if inbox is None else "inbox")
        self.largest: int = largest
        self.last_received_at: datetime | None = None
        """When the last event that was believed came; None if none did. For an alarm on silence."""
        self.answers: Counter[int] = Counter()
        """How many requests were answered with each status."""
        self._judge = Judge(texts, tolerance, require_time, webhook_ids, modes, largest)
        self._clock: Clock = clock or SystemClock()
        self._budget = budget
        self._handlers = Handlers()
        self._work = Work(store, self._handlers, self._clock, lease)
        self._worker: Worker | None = None
        self._way: Inline | Intake
        if inbox is not None and self.mode == "inbox":
            self._worker = Worker(self._work, inbox, Decoded(), abreast, retries)
            self._way = Intake(self._work, inbox, self._worker)
        else:
            held_up = _HELD_UP if step_aside_after is None else min(step_aside_after, _HELD_UP)
            self._way = Inline(self._work, budget, held_up)
        self._thread: Thread | None = None
        self._leave: Callable[[], object] = lambda: None
        self._left = threading.Event()

    def on(self, kind: type[E], *, transaction: bool = False) -> OnEvent[E]:
        """Register a handler of events of a class: `handler(event)` or `handler(event, context)`.

        `transaction`: a plain handler that writes with `context.connection`, in one transaction with the store's note
        that the event was handled, after the other handlers. What it writes there is written once, whatever happens.
        """
        return cast("OnEvent[E]", self._add(of_kind(kind), 1, transaction))

    @overload
    def on_signal(self, key: SignalKey[B], *, transaction: bool = False) -> OnSignal[B]: ...
    @overload
    def on_signal(self, key: str, *, transaction: bool = False) -> OnSignal[Any]: ...
    def on_signal(self, key: SignalKey[Any] | str, *, transaction: bool = False) -> OnSignal[Any]:
        """Register a handler of a signal, each time that it comes with a value: `handler(signal, event)`."""
        return cast("OnSignal[Any]", self._add(of_signal(key), 2, transaction))

    def on_error(self, state: State | None = None, *, transaction: bool = False) -> OnError:
        """Register a handler of a vehicle's errors: begun (ERROR), over (RESOLVED) or both: `handler(error, event)`."""
        return cast("OnError", self._add(of_error(state), 2, transaction))

    async def handle(self, method: str, headers: Headers, body: bytes) -> Reply:
        """Take a request, and say what to answer."""
        judged = self._judged(method, headers, body)
        return self._count(judged if isinstance(judged, Reply) else await self._way.answer(judged))

    def handle_plain(self, method: str, headers: Headers, body: bytes) -> Reply:
        """Like `handle`, without an event loop: plain handlers are called in this thread."""
        judged = self._judged(method, headers, body)
        if isinstance(judged, Reply):
            reply = judged
        elif self._worker is not None or self._handlers.are_plain(judged.event):
            reply = self._way.answer_plain(judged)
        else:
            logger.error("webhook: a handler is async, and cannot be called without an event loop")
            reply = replies.NOT_CONFIGURED
        return self._count(reply)

    async def aiohttp_handler(self, request: "web.Request") -> "web.Response":
        """For `app.router.add_route("*", path, receiver.aiohttp_handler)`."""
        return await answer_aiohttp(self, request)

    async def aiohttp_context(self, app: "web.Application") -> AsyncGenerator[None, None]:
        """For `app.cleanup_ctx.append(receiver.aiohttp_context)`: the worker lives as long as the application."""
        async with self:
            yield

    @property
    def asgi(self) -> Asgi:
        """An ASGI application. In Starlette and FastAPI: `Route(path, receiver.asgi)`, and `lifespan`.

        A `Mount` would answer the path with a redirect, which Smartcar does not follow.
        """
        return Asgi(self)

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncGenerator[None, None]:
        """For `FastAPI(lifespan=receiver.lifespan)`: the worker lives as long as the application."""
        async with self:
            yield

    def wsgi(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        """A WSGI application. The worker of an inbox runs in a thread: `with receiver`."""
        return answer_wsgi(self, environ, start_response)

    async def start(self) -> None:
        """Start the worker, if there is an inbox: it begins with what is left from before."""
        if self._worker is not None and not self._worker.started:
            await asyncio.get_running_loop().run_in_executor(self._work.threads.store, self._worker.inbox.waiting)
            if self._handlers.empty:
                logger.warning("webhook: no handler is registered, so that events are acknowledged and forgotten")
            self._worker.start()

    async def aclose(self) -> None:
        """Stop the worker, and wait for handlers as long as a delivery would; then its threads end."""
        if self._worker is not None:
            await self._worker.stop(self._budget)
        if isinstance(self._way, Inline) and self._way.tasks:
            await asyncio.wait(self._way.tasks, timeout=self._budget)
        await self._record_all()
        self._work.threads.close()
        self._work.keeper.close()

    async def _record_all(self) -> None:
        """Give what is not recorded yet the same time; after it, it is told again as long as the process lives."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._budget):
                while self._work.keeper.pending:  # noqa: ASYNC110  # a thread is at work
                    await asyncio.sleep(0.05)
        if self._work.keeper.pending:
            logger.error("webhook: the store does not record how %d events ended", self._work.keeper.pending)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        """Run the worker in a thread with an event loop of its own."""
        if self._worker is not None and self._thread is None:
            self._left.clear()
            ready = Future[None]()
            thread = Thread(target=self._live_apart, args=(ready,), name="smartcar-worker", daemon=True)
            thread.start()
            ready.result()
            self._thread = thread
        return self

    def __exit__(self, *exception: object) -> None:
        if self._thread is not None:
            self._left.set()
            with suppress(RuntimeError):  # its loop ended before
                self._leave()
            self._thread.join()
            self._thread = None
        else:
            self._work.threads.close()
            self._work.keeper.close()

    def _live_apart(self, ready: "Future[None]") -> None:
        """What goes wrong at the start is raised there; what a handler does to the loop later ends only that one."""
        while True:
            try:
                asyncio.run(self._live(ready))
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                    return
                logger.exception("webhook: the loop of the worker was ended, and begins again")
            if self._left.wait(_AGAIN):
                return

    async def _live(self, ready: "Future[None]") -> None:
        """One life of the worker's thread, until it is left."""
        leave = asyncio.Event()
        self._leave = partial(asyncio.get_running_loop().call_soon_threadsafe, leave.set)
        if self._left.is_set():
            return
        async with self:
            if not ready.done():
                ready.set_result(None)
            await leave.wait()

    def _add(self, wanted: Wanted, arguments: int, transaction: bool) -> Any:
        if transaction and not isinstance(self.store, SqliteEventStore):
            raise ConfigurationError("transaction: only a SqliteEventStore has one")
        return self._handlers.add(wanted, arguments, transaction)

    def _judged(self, method: str, headers: Headers, body: bytes) -> Accepted | Reply:
        judged = self._judge.judge(method, headers, body, self._clock.now())
        if isinstance(judged, Accepted):
            self.last_received_at = self._clock.now()
        return judged

    def _count(self, reply: Reply) -> Reply:
        self.answers[reply.status] += 1
        return reply
