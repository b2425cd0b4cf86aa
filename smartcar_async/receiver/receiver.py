"""The receiver: takes deliveries, remembers which were handled, and calls the handlers."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar, cast, overload

from ..clock import Clock, SystemClock
from ..errors import ConfigurationError, plain_id
from ..event_store import Claim, ClaimStatus, EventInbox, EventStore, MemoryEventStore, StoredEvent
from ..log import logger
from ..records import SignalKey
from ..sqlite_store import SqliteEventStore
from . import reply as replies
from .doors import Asgi, answer_aiohttp, answer_wsgi
from .handlers import Handlers, OnError, OnEvent, OnSignal, State, Wanted, of_error, of_kind, of_signal
from .judge import LARGEST, Accepted, Headers, Judge
from .lanes import Lanes
from .reply import Reply
from .threads import to_the_end
from .work import Work, log_failure
from .worker import Worker

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from aiohttp import web

E = TypeVar("E")
B = TypeVar("B")

_LONGEST_BUDGET: Final = 15.0
_GRACE: Final = 0.5
"""Seconds that a handler has to notice that its time is over."""


class Receiver:
    """The endpoint of a webhook, for any server.

    With a store that has an inbox (`SqliteEventStore`), a delivery is answered as soon as it is on the disk, and a
    worker handles it: `async with receiver` runs it. With another, it is handled first (`mode="inline"`), and
    answered 503 if that fails or takes longer than `budget`, so that Smartcar sends it again.
    """

    def __init__(
        self,
        tokens: str | Iterable[str] | None,
        store: EventStore | None = None,
        *,
        mode: Literal["inbox", "inline"] | None = None,
        budget: float = 10.0,
        lease: float = 60.0,
        pauses: Sequence[float] = (1.0, 10.0, 60.0, 600.0, 3600.0),
        abreast: int = 8,
        tolerance: float | timedelta | None = 300.0,
        require_time: bool = False,
        webhook_ids: str | Collection[str] | None = None,
        modes: str | Collection[str] | None = None,
        largest: int = LARGEST,
        clock: Clock | None = None,
    ) -> None:
        """`pauses` are the seconds between the attempts of a worker that fail; after the last one it gives up."""
        store = MemoryEventStore() if store is None else store
        inbox = cast("EventInbox", store) if hasattr(store, "take") else None
        if mode == "inbox" and inbox is None:
            raise ConfigurationError("mode: an inbox needs a store that keeps events, such as SqliteEventStore")
        if not 0 < budget < _LONGEST_BUDGET:
            raise ConfigurationError("budget: Smartcar waits for 15 s, so give less")
        if not lease > budget:
            raise ConfigurationError("lease: it must be longer than the budget")
        if abreast < 1:
            raise ConfigurationError("abreast: a worker that handles nothing is none")
        for name, wanted in (("webhook_ids", webhook_ids), ("modes", modes)):
            if wanted is not None and not wanted:
                raise ConfigurationError(f"{name}: none would be handled; give None for all")
        texts = (tokens,) if isinstance(tokens, str) else tuple(tokens or ())
        self.store: EventStore = store
        self.mode: Literal["inbox", "inline"] = mode or ("inline" if inbox is None else "inbox")
        self.largest: int = largest
        self.last_received_at: datetime | None = None
        """When the last event that was believed came; None if none did. For an alarm on silence."""
        self.answers: Counter[int] = Counter()
        """How many requests were answered with each status."""
        self._judge = Judge(texts, tolerance, require_time, webhook_ids, modes, largest)
        self._clock = clock or SystemClock()
        self._budget = budget
        self._handlers = Handlers()
        self._work = Work(store, self._handlers, self._clock, lease)
        self._worker: Worker | None = None
        if inbox is not None and self.mode == "inbox":
            self._worker = Worker(self._work, inbox, abreast, pauses)
        self._lanes = Lanes()
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._thread: Thread | None = None
        self._leave: Callable[[], object] = lambda: None
        self._warned = False

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
        if isinstance(judged, Reply):
            reply = judged
        elif self._worker is not None:
            reply = await self._persist(judged)
        else:
            reply = await self._within_budget(judged)
        return self._count(reply)

    def handle_plain(self, method: str, headers: Headers, body: bytes) -> Reply:
        """Like `handle`, without an event loop: plain handlers are called in this thread."""
        judged = self._judged(method, headers, body)
        if isinstance(judged, Reply):
            reply = judged
        elif self._worker is not None:
            reply = self._persist_plain(judged)
        elif self._handlers.are_plain(judged.event):
            reply = self._inline_plain(judged)
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
            await self._work.in_store(self._worker.inbox.waiting)
            if self._handlers.empty:
                logger.warning("webhook: no handler is registered, so that events are acknowledged and forgotten")
            self._worker.start()

    async def aclose(self) -> None:
        """Stop the worker, and wait for handlers as long as a delivery would."""
        if self._worker is not None:
            await self._worker.stop(self._budget)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._budget)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        """Run the worker in a thread with an event loop of its own."""
        if self._worker is not None and self._thread is None:
            ready = Future[Callable[[], object]]()
            thread = Thread(target=self._live_apart, args=(ready,), name="smartcar-worker", daemon=True)
            thread.start()
            self._leave = ready.result()
            self._thread = thread
        return self

    def __exit__(self, *exception: object) -> None:
        if self._thread is not None:
            with suppress(RuntimeError):  # its loop ended before
                self._leave()
            self._thread.join()
            self._thread = None

    def _live_apart(self, ready: "Future[Callable[[], object]]") -> None:
        """What goes wrong at the start is raised there; later it would end the thread without a word."""
        try:
            asyncio.run(self._live(ready))
        except BaseException as error:
            if ready.done():
                logger.exception("webhook: the worker's thread ended; events are kept, and nobody handles them")
            else:
                ready.set_exception(error)

    async def _live(self, ready: "Future[Callable[[], object]]") -> None:
        """The life of the worker's thread, until what it gave to `ready` is called."""
        leave = asyncio.Event()
        async with self:
            ready.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, leave.set))
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

    async def _persist(self, accepted: Accepted) -> Reply:
        try:
            await self._work.in_store(partial(self._put, accepted))
        except Exception:
            return _store_down()
        return self._stored()

    def _persist_plain(self, accepted: Accepted) -> Reply:
        try:
            self._put(accepted)
        except Exception:
            return _store_down()
        return self._stored()

    def _put(self, accepted: Accepted) -> None:
        stored = StoredEvent(accepted.key, accepted.lane, accepted.body)
        cast("EventInbox", self.store).put(stored, now=self._work.now())

    def _stored(self) -> Reply:
        worker = cast("Worker", self._worker)
        worker.ring()
        if not worker.started and not self._warned:
            self._warned = True
            logger.warning("webhook: stored, but no worker runs in this process; `async with receiver` starts one")
        return replies.ACCEPTED

    async def _within_budget(self, accepted: Accepted) -> Reply:
        """Handle in a task of its own, which is cancelled when the time is over or the caller is gone."""
        task = asyncio.create_task(self._inline(accepted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.wait({task}, timeout=self._budget)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            logger.error("webhook: %s was not handled within %g s", plain_id(accepted.key), self._budget)
            await asyncio.wait({task}, timeout=_GRACE)
        return task.result() if task.done() else replies.TOO_SLOW

    async def _inline(self, accepted: Accepted) -> Reply:
        try:
            claim = await to_the_end(self._work.thread, partial(self._work.claim, accepted.key))
        except Exception:
            return _store_down()
        if claim.status is not ClaimStatus.NEW:
            return _not_claimed(claim)
        try:
            async with self._lanes.hold(accepted.lane):
                done = await self._work.perform(claim, accepted.event)
        except asyncio.CancelledError:
            await self._work.give_back(claim)
            return replies.TOO_SLOW
        except Exception as error:
            log_failure(claim, error)
            await self._work.give_back(claim)
            return replies.FAILED
        return replies.ACCEPTED if done else replies.IN_FLIGHT

    def _inline_plain(self, accepted: Accepted) -> Reply:
        try:
            claim = self._work.claim(accepted.key)
        except Exception:
            return _store_down()
        if claim.status is not ClaimStatus.NEW:
            return _not_claimed(claim)
        try:
            with self._lanes.hold_plain(accepted.lane, self._budget):
                done = self._work.perform_plain(claim, accepted.event)
        except Exception as error:
            log_failure(claim, error)
            self._release_plain(claim)
            return replies.FAILED
        return replies.ACCEPTED if done else replies.IN_FLIGHT

    def _release_plain(self, claim: Claim) -> None:
        try:
            self._work.release(claim)
        except Exception:
            logger.exception("webhook: the store could not release the claim on %s", plain_id(claim.event_id))


def _store_down() -> Reply:
    logger.exception("webhook: the store failed")
    return replies.STORE_DOWN


def _not_claimed(claim: Claim) -> Reply:
    return replies.ACCEPTED if claim.status is ClaimStatus.DONE else replies.IN_FLIGHT
