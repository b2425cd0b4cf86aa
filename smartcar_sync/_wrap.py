"""The async objects behind the sync ones, and how a forked child gets new ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Any, Generic, TypeVar

from smartcar_async.errors import ConfigurationError

from ._bridge import Bridge
from ._loop import CLOSED, LoopThread
from ._process import no_fork

A = TypeVar("A")
B = TypeVar("B")
H = TypeVar("H")
T = TypeVar("T")


class Twin(Generic[A]):
    """The async object behind a sync one. What does no I/O asks `aio` directly; the rest crosses the bridge.

    It has a bridge to itself, unless one is passed to share. What it hands out has a twin with a `parent`.
    """

    def __init__(
        self,
        make: Callable[[], A],
        bridge: Bridge | None = None,
        aclose: Callable[[A], Awaitable[object]] | None = None,
        parent: Twin[Any] | None = None,
    ) -> None:
        self.bridge: Bridge = Bridge() if bridge is None else bridge  # first: it tells why this cannot be pickled
        with no_fork():  # the first one loads the modules of its kind
            self.aio: A = make()
        self._make, self._aclose, self._parent = make, aclose, parent
        self._owns_bridge, self._closed = bridge is None, False
        self._origin: object = parent and parent.aio
        """What it came from: the parent's async object, or the thread that first used it. A forked child has others."""

    def branch(self, use: Callable[[A], B], aclose: Callable[[B], Awaitable[object]] | None = None) -> Twin[B]:
        """The twin of what this one hands out."""
        return Twin(lambda: use(self.aio), self.bridge, aclose, self)

    def on(self, thread: LoopThread) -> A:
        """The object that lives on this loop."""
        if self._closed:
            raise ConfigurationError(CLOSED)
        if self._aclose is not None and thread.cause is not None:  # not a store: what is being closed may need it
            raise thread.refusal()
        origin = thread if self._parent is None else self._parent.on(thread)
        if self._origin is not origin:
            with no_fork():
                if self._origin is not None and self._origin is not origin:
                    self.aio = self._make()
                self._origin = origin
                if self._aclose is not None and self._parent is None:
                    thread.closers[self.aio] = partial(self._aclose, self.aio)
        return self.aio

    def call(self, use: Callable[[A], Awaitable[T]]) -> T:
        """Call it, and wait."""
        thread = self.bridge.loop_thread()
        return thread.call(partial(use, self.on(thread)))

    def step(self, use: Callable[[A], Awaitable[T]]) -> T:
        """Take one step of an iterator that holds nothing between its steps."""
        try:
            return self.call(use)
        except StopAsyncIteration:
            raise StopIteration from None

    def stream(self, use: Callable[[A], AsyncIterator[T]]) -> Generator[T, None, None]:
        """Iterate in one task on the loop."""
        return self.bridge.stream(partial(use, self.on(self.bridge.loop_thread())))

    def hold(self, use: Callable[[A], AbstractAsyncContextManager[T]]) -> AbstractContextManager[T]:
        """Enter and leave in one task on the loop."""
        return self.bridge.hold(partial(use, self.on(self.bridge.loop_thread())))

    def enter(self, handle: H, use: Callable[[A], Awaitable[object]]) -> H:
        """Open it for the `with` of this handle."""
        self.call(use)
        return handle

    def close(self) -> None:
        """Close it here, and the bridge with it if no other uses it. In a forked child, what is the parent's stays."""
        self.bridge.refuse_own_thread()
        thread, parent = self.bridge.running(), self._parent
        try:
            if self._aclose is not None and thread is not None and not self.closed:
                if parent is not None:
                    self.call(self._aclose)
                elif thread is self._origin and thread.is_left_open():
                    thread.call(partial(self._aclose, self.aio))
                    thread.closers.pop(self.aio, None)
        finally:
            self._closed = parent is None
            if self._owns_bridge:
                self.bridge.close()

    @property
    def closed(self) -> bool:
        """Whether this, or what handed it out, is closed."""
        return self._closed if self._parent is None else self._parent.closed


def wrap(cls: type[H], twin: Twin[Any]) -> H:
    """A handle that callers may make themselves, around a twin that is there already."""
    handle = cls.__new__(cls)
    handle.__dict__["_twin"] = twin
    return handle
