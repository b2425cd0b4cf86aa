"""What every token store must do, shown on the one in memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from smartcar_async.store import MemoryTokenStore, StoredTokens, TokenPair, TokenStore

from .fakes import settle

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def store() -> TokenStore:
    """The store under test."""
    return MemoryTokenStore()


def tokens(number: int, since: datetime | None = None) -> StoredTokens:
    """A stored pair."""
    return StoredTokens(TokenPair(f"access-{number}", f"refresh-{number}", NOON, NOON), since)


async def test_nothing_is_stored_at_first(store: TokenStore) -> None:
    """An unknown key has no tokens."""
    assert await store.load("a") is None


async def test_swap_writes_only_over_what_it_expects(store: TokenStore) -> None:
    """Two that swap from the same state: the first wins, the second is told."""
    assert await store.swap("a", None, tokens(1))
    assert not await store.swap("a", None, tokens(2))
    assert await store.load("a") == tokens(1)
    assert await store.swap("a", tokens(1), tokens(1, since=NOON))
    assert not await store.swap("a", tokens(1), tokens(3))
    assert await store.load("a") == tokens(1, since=NOON)


async def test_swap_to_none_forgets(store: TokenStore) -> None:
    """A key can be emptied, and emptying what is empty is fine."""
    await store.swap("a", None, tokens(1))
    assert await store.swap("a", tokens(1), None)
    assert await store.load("a") is None
    assert await store.swap("a", None, None)


async def test_keys_are_apart(store: TokenStore) -> None:
    """What is stored under one key is not seen under another."""
    await store.swap("a", None, tokens(1))
    await store.swap("b", None, tokens(2))
    assert (await store.load("a"), await store.load("b")) == (tokens(1), tokens(2))


async def test_a_lease_is_held_by_one_at_a_time(store: TokenStore) -> None:
    """Whoever leases a key keeps others of that key out, also when the first one fails, and nobody else."""
    order: list[str] = []

    async def hold(key: str, name: str, fails: bool = False) -> None:
        async with store.lease(key):
            order.append(f"{name} in")
            await settle()
            order.append(f"{name} out")
            if fails:
                raise ValueError(name)

    results = await asyncio.gather(
        hold("a", "first", fails=True), hold("a", "second"), hold("b", "other"), return_exceptions=True
    )
    assert [type(result) for result in results] == [ValueError, type(None), type(None)]
    assert order.index("other in") < order.index("first out") < order.index("second in")


async def test_a_cancelled_waiter_takes_no_lease(store: TokenStore) -> None:
    """Giving up while waiting leaves the key usable."""
    async with store.lease("a"):
        waiting = asyncio.ensure_future(store.lease("a").__aenter__())
        await settle()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(1), store.lease("a"):
        pass


def test_a_repr_shows_no_token() -> None:
    """Neither a pair nor its holder tells its secrets."""
    assert "access-1" not in repr(tokens(1))
    assert "refresh-1" not in repr(tokens(1))
