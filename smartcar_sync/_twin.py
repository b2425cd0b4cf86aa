"""The async objects behind the sync ones, and how a forked child gets new ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import Generic, TypeVar

from smartcar_async.errors import ConfigurationError

from ._bridge import Bridge
from ._far_side import CLOSED, FarSide
from ._loading import no_fork

A = TypeVar("A")
B = TypeVar("B")
H = TypeVar("H")
T = TypeVar("T")


class Twin(ABC, Generic[A]):
    """The async object behind a sync one. What does no I/O asks it directly; the rest crosses the bridge."""

    def __init__(self, bridge: Bridge, asynchronous: A) -> None:
        self.bridge = bridge
        self.plain = asynchronous

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether this, or what handed it out, is closed."""

    @abstractmethod
    def on(self, far: FarSide) -> A:
        """The object that lives on this loop: in a forked child it is a new one."""

    def call(self, use: Callable[[A], Awaitable[T]]) -> T:
        """Call it, and wait."""
        far = self.bridge.far_side()
        asynchronous = self.on(far)
        return far.call(lambda: use(asynchronous))

    def step(self, use: Callable[[A], Awaitable[T]]) -> T:
        """Take one step of an iterator that holds nothing between its steps."""
        try:
            return self.call(use)
        except StopAsyncIteration:
            raise StopIteration from None

    def stream(self, use: Callable[[A], AsyncIterator[T]]) -> Iterator[T]:
        """Iterate in one task over there."""
        asynchronous = self.on(self.bridge.far_side())
        return self.bridge.stream(lambda: use(asynchronous))

    def hold(self, use: Callable[[A], AbstractAsyncContextManager[T]]) -> AbstractContextManager[T]:
        """Enter and leave in one task over there."""
        asynchronous = self.on(self.bridge.far_side())
        return self.bridge.hold(lambda: use(asynchronous))

    def enter(self, handle: H, use: Callable[[A], Awaitable[object]]) -> H:
        """Open it for the `with` of this handle."""
        self.call(use)
        return handle

    def branch(self, use: Callable[[A], B], aclose: Callable[[B], Awaitable[object]] | None = None) -> Branch[A, B]:
        """The twin of what this one hands out."""
        return Branch(self, use, aclose)


class Branch(Twin[B], Generic[A, B]):
    """The twin of what another one handed out: made again when that was."""

    def __init__(
        self, parent: Twin[A], use: Callable[[A], B], aclose: Callable[[B], Awaitable[object]] | None = None
    ) -> None:
        super().__init__(parent.bridge, use(parent.plain))
        self._parent = parent
        self._use = use
        self._aclose = aclose
        self._origin: A = parent.plain

    def on(self, far: FarSide) -> B:
        """As its parent."""
        origin = self._parent.on(far)
        if origin is not self._origin:
            self.plain, self._origin = self._use(origin), origin
        return self.plain

    @property
    def closed(self) -> bool:
        """With what handed it out."""
        return self._parent.closed

    def close(self) -> None:
        """Close it, if anything can be open at all."""
        if self._aclose is not None and self.bridge.running() is not None and not self.closed:
            self.call(self._aclose)


class Root(Twin[A]):
    """The twin of something that stands on its own. It has a bridge to itself, unless one is given to share."""

    def __init__(
        self,
        make: Callable[[], A],
        bridge: Bridge | None = None,
        aclose: Callable[[A], Awaitable[object]] | None = None,
    ) -> None:
        with no_fork():  # the first one loads the modules of its kind
            asynchronous = make()
        super().__init__(Bridge() if bridge is None else bridge, asynchronous)
        self._make = make
        self._aclose = aclose
        self._owns_bridge = bridge is None
        self._closed = False
        self._far: FarSide | None = None

    def on(self, far: FarSide) -> A:
        """The first one in the process that made it, and one more for each forked child that uses it."""
        if self._closed:
            raise ConfigurationError(CLOSED)
        if self._aclose is not None:
            far.check()  # not a store: what is being closed may need it
        with self.bridge.lock:
            if self._far is not far:
                self._settle(far)
            return self.plain

    def _settle(self, far: FarSide) -> None:
        if self._far is not None:
            self.plain = self._make()
        self._far = far
        if self._aclose is not None:
            far.keep(self.plain, partial(self._aclose, self.plain))

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Close it here, and the bridge with it if no other uses it. In a forked child, what is the parent's stays."""
        self.bridge.stay_out()
        far = self.bridge.running()
        try:
            if self._aclose is not None and far is not None and far is self._far and far.is_left_open():
                far.call(partial(self._aclose, self.plain))
                far.drop(self.plain)
        finally:
            self._closed = True
            if self._owns_bridge:
                self.bridge.close()


def made(cls: type[H], twin: Twin[A]) -> H:
    """A handle that callers may make themselves, around a twin that is there already."""
    handle = cls.__new__(cls)
    handle.__dict__["_twin"] = twin
    return handle
