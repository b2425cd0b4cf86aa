"""Plain things that a caller hands in where the async core awaits: each call of them runs in a worker thread.

When Python ends, it may start no thread for them any more. What a store does is then done on the loop's own thread, so
that a pair that was sent for is stored; all else is refused.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, Union

from anyio import CapacityLimiter, to_thread

from smartcar_async.errors import ConfigurationError, ConnectionFailed
from smartcar_async.threads import ENDING, is_ending

if TYPE_CHECKING:
    from smartcar_async.engine.auth import Token
    from smartcar_async.v2.token_store import StoredTokens, TokenPair

    from ._facade_v2 import TokenSource

AccessToken = Union[str, "TokenSource"]
"""An access token, or something that keeps one fresh."""
Refresh = Callable[[str], "TokenPair"]
"""What gives a new pair for a refresh token."""

P = ParamSpec("P")
T = TypeVar("T")


class TokenStore(Protocol):
    """Keeps tokens by key. Whatever `swap` reported as written must survive. Called from several threads."""

    def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        ...

    def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None stands for nothing."""
        ...

    def lease(self, key: str) -> AbstractContextManager[None]:
        """Hold this key alone, so that only one refreshes it at a time. It may end in another thread."""
        ...


async def in_thread(function: Callable[[], T], or_here: bool = False) -> T:
    """Run this in a thread, however many others wait in theirs: one that holds a lease must not be kept waiting.

    Where no thread can be had any more, it is refused, or done `or_here`.
    """
    begun = False

    def run() -> T:
        nonlocal begun
        begun = True
        return function()

    try:
        return await to_thread.run_sync(run, limiter=CapacityLimiter(1))
    except RuntimeError as error:
        if begun or not is_ending(error):
            raise
    if or_here:
        return function()
    raise ConnectionFailed(ENDING)


def function_of(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """A plain function as an async one."""

    async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(lambda: function(*args, **kwargs))

    return asynchronous


def store_of(store: TokenStore) -> _Store:
    """A plain store as an async one."""
    if iscoroutinefunction(getattr(store, "load", None)):
        raise ConfigurationError("store: give one with plain methods, such as smartcar_sync's FileTokenStore")
    return _Store(store)


def token_of(token: str | TokenSource) -> Any:
    """A plain token source as an async one; a token is a token."""
    return token if isinstance(token, str) else _Tokens(token)


def mode_of(mode: str | None, test_mode: bool | None) -> str | None:
    """The mode that a deprecated `test_mode` stands for. Over there, the warning would not show the caller's line."""
    from smartcar_async.v2.operations.account import mode_text

    return mode if test_mode is None else mode_text(mode, test_mode)


class _Store:
    def __init__(self, store: TokenStore) -> None:
        self._store = store

    async def load(self, key: str) -> StoredTokens | None:
        return await in_thread(lambda: self._store.load(key), or_here=True)

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        return await in_thread(lambda: self._store.swap(key, old, new), or_here=True)

    @asynccontextmanager
    async def lease(self, key: str) -> AsyncGenerator[None, None]:
        lease = _Lease(lambda: self._store.lease(key))
        try:
            await in_thread(lease.take)
            yield
        finally:
            # A task of its own, which nobody cancels with this one.
            await asyncio.shield(asyncio.ensure_future(in_thread(lease.give_back, or_here=True)))


class _Lease:
    """A plain lease. It is given back once, also if it comes only when the task that waited for it was cancelled."""

    def __init__(self, lease: Callable[[], AbstractContextManager[None]]) -> None:
        self._begin = lease
        self._lock = threading.Lock()
        self._taken = False
        self._unwanted = False

    def take(self) -> None:
        """In a thread: wait for it."""
        self._lease = self._begin()
        self._lease.__enter__()
        with self._lock:
            self._taken = not self._unwanted
        if not self._taken:
            self._lease.__exit__(None, None, None)

    def give_back(self) -> None:
        """In a thread: give it back now, or as soon as it comes."""
        with self._lock:
            self._unwanted = True
        if self._taken:
            self._lease.__exit__(None, None, None)


class _Tokens:
    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def get(self) -> Token:
        return await in_thread(self._source.get)

    async def after_refusal(self, refused: Token) -> Token | None:
        return await in_thread(lambda: self._source.after_refusal(refused))
