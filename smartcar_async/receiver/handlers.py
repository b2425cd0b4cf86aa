"""The handlers of one receiver: which events each wants, and how it is called."""

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, cast, overload

from attrs import define, field, frozen

from ..errors import ConfigurationError
from ..operations import signal_key
from ..records import Signal, SignalKey
from ..webhook import Event, VehicleError, VehicleErrorEvent, VehicleStateEvent, VerifyEvent
from .threads import to_the_end

if TYPE_CHECKING:
    import sqlite3

    from typing_extensions import TypeVar as TypeVarWithDefault

    C = TypeVarWithDefault("C", default=sqlite3.Connection)
else:
    C = TypeVar("C")

E = TypeVar("E")
B = TypeVar("B")
R = TypeVar("R")

State = Literal["ERROR", "RESOLVED"]


@define(eq=False)
class Lifetime:
    """How long the handlers of one event may use the connection of the store."""

    ended: bool = False


@frozen
class Context(Generic[C]):
    """What a handler can know beside the event, if it takes a `context`.

    With a store of your own, `Context[YourConnection]` says what its `connection` is.
    """

    event_id: str
    attempt: int = 1
    _connection: C | None = field(default=None, repr=False, eq=False)
    _lifetime: Lifetime = field(factory=Lifetime, repr=False, eq=False)

    @property
    def redelivered(self) -> bool:
        """Whether this is not the first attempt: somebody began to handle the event before, and may have finished."""
        return self.attempt > 1

    @property
    def connection(self) -> C:
        """The store's open transaction, which also marks the event as handled: for `transaction=True`.

        Raises:
            ConfigurationError: the handler was registered without `transaction=True`, or it has ended.
        """
        if self._connection is None:
            raise ConfigurationError("connection: register the handler with transaction=True")
        if self._lifetime.ended:
            raise ConfigurationError("connection: the handler has ended, and its transaction with it")
        return self._connection


class OnEvent(Protocol, Generic[E]):
    """A decorator for handlers of an event."""

    @overload
    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...
    @overload
    def __call__(self, handler: Callable[[E, Context[Any]], R], /) -> Callable[[E, Context[Any]], R]: ...


class OnSignal(Protocol, Generic[B]):
    """A decorator for handlers of a signal."""

    @overload
    def __call__(
        self, handler: Callable[[Signal[B], VehicleStateEvent], R], /
    ) -> Callable[[Signal[B], VehicleStateEvent], R]: ...
    @overload
    def __call__(
        self, handler: Callable[[Signal[B], VehicleStateEvent, Context[Any]], R], /
    ) -> Callable[[Signal[B], VehicleStateEvent, Context[Any]], R]: ...


class OnError(Protocol):
    """A decorator for handlers of a vehicle's errors."""

    @overload
    def __call__(
        self, handler: Callable[[VehicleError, VehicleErrorEvent], R], /
    ) -> Callable[[VehicleError, VehicleErrorEvent], R]: ...
    @overload
    def __call__(
        self, handler: Callable[[VehicleError, VehicleErrorEvent, Context[Any]], R], /
    ) -> Callable[[VehicleError, VehicleErrorEvent, Context[Any]], R]: ...


Wanted = Callable[[Event], Iterable[tuple[object, ...]]]
"""From an event to the arguments of each call that a handler wants for it."""


@frozen
class _Handler:
    call: Callable[..., object]
    wanted: Wanted
    context: Literal["none", "last", "named"]
    """How it takes the context: not at all, as its last positional argument, or by the name `context`."""
    is_async: bool
    in_transaction: bool

    def calls(self, event: Event, context: Context[Any]) -> Iterator[Callable[[], object]]:
        for arguments in self.wanted(event):
            if self.context == "named":
                yield partial(self.call, *arguments, context=context)
            else:
                yield partial(self.call, *arguments, *((context,) if self.context == "last" else ()))


@define
class Handlers:
    """Runs what was registered, in that order. The first failure ends it: the whole event will come again."""

    _handlers: list[_Handler] = field(factory=list[_Handler])

    def add(self, wanted: Wanted, arguments: int, transaction: bool) -> Any:
        """A decorator that registers a handler of so many arguments, or one more for the context."""

        def register(call: Callable[..., R]) -> Callable[..., R]:
            bodies = (call, type(call).__call__)
            if any(inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body) for body in bodies):
                raise ConfigurationError(f"{name_of(call)}: a handler that yields would never run")
            is_async = any(inspect.iscoroutinefunction(body) for body in bodies)
            if is_async and transaction:
                raise ConfigurationError(f"{name_of(call)}: a handler in the store's transaction is a plain function")
            self._handlers.append(_Handler(call, wanted, _context_of(call, arguments), is_async, transaction))
            return call

        return register

    @property
    def empty(self) -> bool:
        """Whether there are none."""
        return not self._handlers

    def need_loop(self, event: Event) -> bool:
        """Whether one of an event's handlers is async."""
        return any(handler.is_async and list(handler.wanted(event)) for handler in self._handlers)

    def need_transaction(self, event: Event) -> bool:
        """Whether one of an event's handlers writes in the store's transaction."""
        return any(handler.in_transaction and list(handler.wanted(event)) for handler in self._handlers)

    async def run(self, event: Event, context: Context[Any], is_over: Callable[[], bool]) -> None:
        """Call those outside of the transaction, until it is over; sync ones in a thread, where they may block."""
        for handler in self._outside():
            for call in handler.calls(event, context):
                if is_over():
                    raise asyncio.CancelledError
                with _failures_of(handler, is_over):
                    result = call() if handler.is_async else await to_the_end(None, call)
                    if inspect.isawaitable(result):
                        await result

    def run_sync(self, event: Event, context: Context[Any]) -> None:
        """Call those outside of the transaction, here and now."""
        for handler in self._outside():
            for call in handler.calls(event, context):
                with _failures_of(handler):
                    _call_sync(call)

    def run_inside(self, event: Event, context: Context[Any], connection: object) -> None:
        """Call those inside of the transaction, which have its connection for that time."""
        lifetime = Lifetime()
        inside = Context(context.event_id, context.attempt, connection, lifetime)
        try:
            for handler in self._handlers:
                if handler.in_transaction:
                    for call in handler.calls(event, inside):
                        with _failures_of(handler):
                            _call_sync(call)
        finally:
            lifetime.ended = True

    def _outside(self) -> list[_Handler]:
        return [handler for handler in self._handlers if not handler.in_transaction]


def of_kind(kind: type[object]) -> Wanted:
    """Events of a class."""
    if not isinstance(kind, type):
        raise ConfigurationError("on: give the class of an event, such as VehicleStateEvent")
    if issubclass(kind, VerifyEvent):
        raise ConfigurationError("on: a VERIFY is answered by the receiver, and no handler sees it")
    return lambda event: [(event,)] if isinstance(event, kind) else []


def of_signal(key: SignalKey[Any] | str) -> Wanted:
    """Readings of a signal that have a value. A name that no signal has would wait for ever, and is refused."""
    known = signal_key(key)

    def wanted(event: Event) -> list[tuple[object, ...]]:
        signal = event.signals.get(known) if isinstance(event, VehicleStateEvent) else None
        return [(signal, event)] if signal is not None and signal.ok else []

    return wanted


def of_error(state: State | None) -> Wanted:
    """Errors that began or are over, or both."""
    if state not in (None, "ERROR", "RESOLVED"):
        raise ConfigurationError("on_error: the state is ERROR or RESOLVED")
    over = None if state is None else state == "RESOLVED"

    def wanted(event: Event) -> list[tuple[object, ...]]:
        errors = event.errors if isinstance(event, VehicleErrorEvent) else ()
        return [(error, event) for error in errors if over is None or error.resolved == over]

    return wanted


def name_of(call: Callable[..., object]) -> str:
    """What to call a handler."""
    return cast("str", getattr(call, "__qualname__", type(call).__name__))


@contextmanager
def _failures_of(handler: _Handler, is_over: Callable[[], bool] = lambda: False) -> Generator[None, None, None]:
    """Whatever a handler raises is its failure, also what would end a task, a thread or the process.

    Only Ctrl-C, which the main thread alone hears, and the end of the task itself are none.
    """
    task = _this_task()
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and is_over():
            raise
        if isinstance(error, GeneratorExit) and _this_task() is not task:  # its loop is gone, and so is the task
            raise
        if isinstance(error, KeyboardInterrupt) and current_thread() is main_thread():
            raise
        raise RuntimeError(f"{name_of(handler.call)} raised {type(error).__name__}") from error


def is_cancelled() -> bool:
    """Whether the time of this task is over. A call in a thread runs to its end then; no other is begun."""
    task = _this_task()
    return task is not None and task.cancelling() > 0


def _this_task() -> "asyncio.Task[Any] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:  # there is no loop in this thread
        return None


def _call_sync(call: Callable[[], object]) -> None:
    """A sync function may turn out to give something to await: unawaited, its event would be lost."""
    result = call()
    if inspect.iscoroutine(result):
        result.close()
    if inspect.isawaitable(result):
        raise ConfigurationError("a handler gave something to await where nothing can be awaited")


def _context_of(call: Callable[..., object], arguments: int) -> Literal["none", "last", "named"]:
    """How a handler takes the context. A parameter with a default is left alone, unless its name is `context`."""
    try:
        parameters = inspect.signature(call).parameters
    except ValueError:  # a function written in C need not tell
        return "none"
    kinds = list(parameters.values())
    positional = [each for each in kinds if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    required = [each for each in positional if each.default is each.empty]
    open_ended = any(each.kind is each.VAR_POSITIONAL for each in kinds)
    if len(required) > arguments + 1 or (len(positional) < arguments and not open_ended):
        raise ConfigurationError(f"{name_of(call)}: a handler takes {arguments} or {arguments + 1} arguments")
    for each in kinds:
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty and each.name != "context":
            raise ConfigurationError(f"{name_of(call)}: nobody gives a handler its argument {each.name}")
    if len(required) == arguments + 1:
        return "last"
    named = parameters.get("context")
    bound = isinstance(call, partial) and "context" in call.keywords  # then it has a value of the caller's
    if named is None or named in positional[:arguments] or bound:
        return "none"
    return "named" if named.kind in (named.POSITIONAL_OR_KEYWORD, named.KEYWORD_ONLY) else "none"
