"""An owner whose tokens are refreshed: by a server that does what a test wants, into a store that may be full."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from attrs import define, field

from smartcar_async import (
    Attempt,
    AuthenticationError,
    ConnectionLost,
    MemoryTokenStore,
    SmartcarError,
    StoredTokens,
    TokenPair,
    TokenStoreError,
)
from smartcar_async.v2 import TokenSource

from .fakes import FakeClock, settle

KEY = "owner"
HOUR = timedelta(hours=1)
RefreshOutcome = SmartcarError | TokenPair | Callable[[], Awaitable[TokenPair]]
INVALID_GRANT = AuthenticationError("400 invalid_grant", status=400, type="invalid_grant", error="invalid_grant")


class Store(MemoryTokenStore):
    """A store whose disk may be full."""

    full = False

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace, if there is room."""
        if self.full:
            raise TokenStoreError("no room")
        return await super().swap(key, old, new)


@define(eq=False)
class Owner:
    """An owner's tokens at the server, in the store, and in as many processes as a test wants."""

    clock: FakeClock = field(factory=FakeClock)
    store: Store = field(factory=Store)
    turns: list[RefreshOutcome] = field(factory=list[RefreshOutcome])
    """What the next refreshes come to; after them, each gives the next pair."""
    sent: list[str] = field(factory=list[str])
    stored_when_sent: list[StoredTokens | None] = field(factory=list[StoredTokens | None])
    lifetime: timedelta = timedelta(hours=2)

    def pair(self, number: int, left: timedelta = HOUR) -> TokenPair:
        """A pair whose access token is good for some time yet."""
        now = self.clock.now()
        return TokenPair(f"access-{number}", f"refresh-{number}", now + left, now + timedelta(days=60))

    async def refresh(self, refresh_token: str) -> TokenPair:
        """What the server does."""
        self.sent.append(refresh_token)
        self.stored_when_sent.append(await self.store.load(KEY))
        await settle(3)
        turn = self.turns.pop(0) if self.turns else self.pair(len(self.sent) + 1, self.lifetime)
        if isinstance(turn, SmartcarError):
            raise turn.fresh()
        return turn if isinstance(turn, TokenPair) else await turn()

    def process(self) -> TokenSource:
        """One more process, which knows nothing but what is stored."""
        return TokenSource(self.store, KEY, self.refresh, self.clock)

    async def source(self, left: timedelta = HOUR, marked: timedelta | None = None) -> TokenSource:
        """A process that has just started, with the first pair in the store."""
        since = None if marked is None else self.clock.now() - marked
        stored = StoredTokens(self.pair(1, left), since)
        assert await self.store.swap(KEY, await self.store.load(KEY), stored)
        return self.process()

    async def stored(self) -> StoredTokens:
        """What is stored."""
        stored = await self.store.load(KEY)
        assert stored is not None
        return stored


def lost(*problems: str) -> ConnectionLost:
    """An answer that did not come, after these attempts."""
    error = ConnectionLost("lost")
    error.attempts = tuple(Attempt(None, problem, 0.1) for problem in (*problems, "ConnectionLost"))
    return error
