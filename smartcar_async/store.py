"""Where per-user tokens live between calls: the protocol, and a store in memory."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol

from attrs import field, frozen


@frozen
class TokenPair:
    """One user's access token and the refresh token that renews it, with the times when each ends."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expiration: datetime
    refresh_expiration: datetime


@frozen
class StoredTokens:
    """A pair as it is stored. `refreshing_since` marks a refresh that was begun: it may have spent the pair."""

    pair: TokenPair
    refreshing_since: datetime | None = None


class TokenStore(Protocol):
    """Keeps tokens by key. Whatever `swap` reported as written must survive."""

    async def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        ...

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None stands for nothing."""
        ...

    def lease(self, key: str) -> AbstractAsyncContextManager[None]:
        """Hold this key alone, so that only one refreshes it at a time."""
        ...


class MemoryTokenStore:
    """A store that lasts as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[str, StoredTokens] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        return self._entries.get(key)

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None stands for nothing."""
        if self._entries.get(key) != old:
            return False
        if new is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = new
        return True

    @asynccontextmanager
    async def lease(self, key: str) -> AsyncGenerator[None, None]:
        """Hold this key alone, so that only one refreshes it at a time."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield
