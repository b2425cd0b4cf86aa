"""The receiver: takes deliveries, remembers which were handled, and calls the handlers."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast, overload

from ..arguments import deprecated, renamed, require_sync_function
from ..clock import Clock, SystemClock
from ..errors import ConfigurationError
from ..records import SignalKey
from ..webhook import Headers
from ..webhook.receiving import MAX_BODY_BYTES
from . import options
from .endpoint import DeliveryEndpoint
from .event_store import EventStore, MemoryEventStore
from .handlers import Handlers, OnError, OnEvent, OnSignal, State, Wanted, of_error, of_kind, of_signal
from .judge import Judge
from .per_process import PerProcess
from .reply import Reply
from .reporting import ReceiverHook, Reporter
from .retries import Retries
from .runtime import Plan, runtime_of
from .servers import Asgi, answer_aiohttp, answer_wsgi
from .stores import capabilities_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from aiohttp import web

E = TypeVar("E")
B = TypeVar("B")


class Receiver:
    """The endpoint of a webhook, for any server.

    With a store that has an inbox (`SqliteEventStore`), a delivery is answered as soon as it is on the disk, and a
    worker handles it: `async with receiver` runs it. With another, it is handled first (`mode="inline"`), and
    answered 503 if that fails or takes longer than `answer_within`, so that Smartcar sends it again.
    """

    @renamed(budget="answer_within", pauses="retry_delays", abreast="concurrency", largest="max_body_bytes")
    def __init__(
        self,
        tokens: str | Iterable[str],
        store: EventStore | None = None,
        *,
        mode: Literal["inbox", "inline"] | None = None,
        answer_within: float = 10.0,
        lease: float = 60.0,
        retry_delays: Sequence[float] = (1.0, 10.0, 60.0, 600.0, 3600.0),
        step_aside_after: float | None = 75.0,
        concurrency: int = 8,
        tolerance: float | timedelta | None = 300.0,
        require_time: bool = False,
        webhook_ids: str | Collection[str] | None = None,
        modes: str | Collection[str] | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        clock: Clock | None = None,
        on_event: ReceiverHook | None = None,
    ) -> None:
        """Make a receiver; nothing runs yet.

        Args:
            tokens: the Application Management Token, or several while one takes the place of another.
            store: remembers which events were handled; without one, the memory of this process does.
            mode: "inbox" keeps deliveries first, "inline" handles them first; None lets the store decide.
            answer_within: seconds for the handlers of a delivery that is handled first, and for those that run when
                the receiver is closed.
            lease: seconds without a sign of life after which an event that a process handles is free for others.
            retry_delays: seconds between the attempts of a worker that fail; after the last one the event is parked.
            step_aside_after: for how many seconds of these delays the later events of the vehicle wait; None: for all.
            concurrency: how many events a worker handles at once.
            tolerance: how many seconds old or ahead a delivery may be; None for any.
            require_time: whether a delivery that does not say its time is refused.
            webhook_ids: the webhooks whose events are handled; None for all.
            modes: the modes of vehicles whose events are handled, such as "LIVE"; None for all.
            max_body_bytes: larger bodies are refused, and not read.
            clock: the time; None for the real one.
            on_event: a function that is called with each delivery, answer and handling, in the thread where it happens.

        Raises:
            ConfigurationError: an argument cannot work, such as an empty token; the message names it.
        """
        rules = options.delivery_rules(
            tokens,
            tolerance=tolerance,
            require_time=require_time,
            webhook_ids=webhook_ids,
            modes=modes,
            max_body_bytes=max_body_bytes,
        )
        options.check_clock(clock)
        options.check_times(answer_within, lease, step_aside_after)
        require_sync_function(on_event, "on_event")
        self.store: EventStore = MemoryEventStore() if store is None else store
        can = capabilities_of(self.store)
        self.mode: Literal["inbox", "inline"] = options.mode_of(mode, can)
        self.max_body_bytes: int = rules.max_body_bytes
        self._can = can
        self._handlers = Handlers()
        reporter, clock = Reporter(on_event), clock or SystemClock()
        plan = Plan(
            store=self.store,
            can=can,
            inbox=can.inbox if self.mode == "inbox" else None,
            handlers=self._handlers,
            reporter=reporter,
            clock=clock,
            answer_within=answer_within,
            lease=lease,
            retries=Retries(options.delays_of(retry_delays), step_aside_after),
            concurrency=options.whole("concurrency", concurrency, "a worker that handles nothing is none"),
        )
        self._runtime = PerProcess(partial(runtime_of, plan))
        self._endpoint = DeliveryEndpoint(Judge(rules), self._runtime, clock, reporter)

    @property
    def last_received_at(self) -> datetime | None:
        """When the last event that was believed came; None if none did. For an alarm on silence."""
        return self._endpoint.last_received_at

    @property
    def answer_counts(self) -> Counter[int]:
        """How many requests were answered with each status."""
        return self._endpoint.answer_counts

    @property
    def answers(self) -> Counter[int]:
        """The former name of `answer_counts`."""
        deprecated("Receiver.answers", "answer_counts")
        return self.answer_counts

    @property
    def largest(self) -> int:
        """The former name of `max_body_bytes`."""
        deprecated("Receiver.largest", "max_body_bytes")
        return self.max_body_bytes

    def on(self, kind: type[E], *, transaction: bool = False) -> OnEvent[E]:
        """Register a handler of events of a class: `handler(event)` or `handler(event, context)`.

        A second parameter that has a default gets the context if it is named `context`; others are left alone.

        Args:
            kind: such as `VehicleStateEvent`; `object` stands for all.
            transaction: a sync handler that writes with `context.connection`, in one transaction with the store's note
                that the event was handled, after the other handlers. What it writes there is written once, whatever
                happens. The store must be a `TransactionalStore`.

        Raises:
            ConfigurationError: it cannot be a handler, or the store has no transactions.
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
        return await self._endpoint.answer(self._endpoint.open(method, headers), body)

    def handle_sync(self, method: str, headers: Headers, body: bytes) -> Reply:
        """Like `handle`, without an event loop: sync handlers are called in this thread."""
        return self._endpoint.answer_sync(self._endpoint.open(method, headers), body)

    def handle_plain(self, method: str, headers: Headers, body: bytes) -> Reply:
        """The former name of `handle_sync`."""
        deprecated("Receiver.handle_plain", "handle_sync")
        return self.handle_sync(method, headers, body)

    async def aiohttp_handler(self, request: "web.Request") -> "web.Response":
        """For `app.router.add_route("*", path, receiver.aiohttp_handler)`."""
        return await answer_aiohttp(self._endpoint, request)

    async def aiohttp_context(self, app: "web.Application") -> AsyncGenerator[None, None]:
        """For `app.cleanup_ctx.append(receiver.aiohttp_context)`: the worker lives as long as the application."""
        async with self:
            yield

    @property
    def asgi(self) -> Asgi:
        """An ASGI application. In Starlette and FastAPI: `Route(path, receiver.asgi)`, and `lifespan`.

        A `Mount` would answer the path with a redirect, which Smartcar does not follow.
        """
        return Asgi(self._endpoint, self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncGenerator[None, None]:
        """For `FastAPI(lifespan=receiver.lifespan)`: the worker lives as long as the application."""
        async with self:
            yield

    def wsgi(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        """A WSGI application. The worker of an inbox runs in a thread: `with receiver`."""
        return answer_wsgi(self._endpoint, environ, start_response)

    async def start(self) -> None:
        """Start the worker, if there is an inbox: it begins with what is left from before."""
        await self._runtime().start()

    async def aclose(self) -> None:
        """Stop the worker, and wait for handlers for `answer_within` seconds; then its threads end."""
        await self._runtime().aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        """Run the worker in a thread with an event loop of its own."""
        self._runtime().__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._runtime().__exit__()

    def _add(self, wanted: Wanted, arguments: int, transaction: bool) -> Any:
        if transaction and self._can.transactions is None:
            raise ConfigurationError("transaction: the store has none; SqliteEventStore, or a TransactionalStore, does")
        return self._handlers.add(wanted, arguments, transaction)
