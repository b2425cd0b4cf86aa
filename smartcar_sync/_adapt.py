"""Sync stores, token sources and functions for the async core: each call of them runs in a worker thread.

When Python ends, it may start no thread for them any more. What a store does is then done on the loop's own thread, so
that a pair that was sent for is stored; all else is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractContextManager, asynccontextmanager
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, Union

from anyio import CapacityLimiter, to_thread

from smartcar_async.errors import ConfigurationError, ConnectionFailed
from smartcar_async.threads import ENDING, is_ending

if TYPE_CHECKING:
    from smartcar_async.engine.auth import Token
    from smartcar_async.v2.token_store import StoredTokens, TokenPair

AccessToken = Union[str, "Tokens"]
"""An access token, or something that keeps one fresh."""
Refresh = Callable[[str], "TokenPair"]
"""What gives a new pair for a refresh token."""

P = ParamSpec("P")
T = TypeVar("T")


class Tokens(Protocol):
    """Where a call's token comes from, and what to do when it is refused. Called from several threads."""

    def get(self) -> Token:
        """A token to send now."""
        ...

    def after_refusal(self, refused: Token) -> Token | None:
        """A token other than the refused one, or None if a new one could not help."""
        ...


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
    started = False

    def run() -> T:
        nonlocal started
        started = True
        return function()

    try:
        return await to_thread.run_sync(run, limiter=CapacityLimiter(1))
    except RuntimeError as error:
        if started or not is_ending(error):
            raise
    if or_here:
        return function()
    raise ConnectionFailed(ENDING)


def async_function(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """A sync function as an async one."""

    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(lambda: function(*args, **kwargs))

    return call


def async_token(token: str | Tokens) -> Any:
    """A sync token source as an async one; a token is a token."""
    if isinstance(token, str):
        return token
    return SimpleNamespace(get=async_function(token.get), after_refusal=async_function(token.after_refusal))


def resolve_mode(mode: str | None, test_mode: bool | None) -> str | None:
    """The mode that a deprecated `test_mode` stands for. On the loop, the warning would not show the caller's line."""
    from smartcar_async.v2.operations.account import mode_text

    return mode if test_mode is None else mode_text(mode, test_mode)


class AsyncStore:
    """A sync store as an async one."""

    def __init__(self, store: TokenStore) -> None:
        if iscoroutinefunction(getattr(store, "load", None)):
            raise ConfigurationError("store: give one with plain methods, such as smartcar_sync's FileTokenStore")
        self._store = store

    async def load(self, key: str) -> StoredTokens | None:
        return await in_thread(lambda: self._store.load(key), or_here=True)

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        return await in_thread(lambda: self._store.swap(key, old, new), or_here=True)

    @asynccontextmanager
    async def lease(self, key: str) -> AsyncGenerator[None, None]:
        wanted = Future[None]()
        lease: AbstractContextManager[None]

        def take() -> None:
            nonlocal lease
            lease = self._store.lease(key)
            lease.__enter__()
            if not wanted.set_running_or_notify_cancel():  # it came when nobody waited for it any more
                lease.__exit__(None, None, None)

        def give_back() -> None:
            if not wanted.cancel():  # it was taken
                lease.__exit__(None, None, None)

        try:
            await in_thread(take)
            yield
        finally:
            # A task of its own, which nobody cancels with this one.
            await asyncio.shield(asyncio.ensure_future(in_thread(give_back, or_here=True)))
