"""What every token store must do, shown on the one in memory and the one in a file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest

from smartcar_async import (
    ConfigurationError,
    FileTokenStore,
    MemoryTokenStore,
    StoredTokens,
    TokenPair,
    TokenStore,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    """The store under test."""
    return MemoryTokenStore() if request.param == "memory" else FileTokenStore(tmp_path / "tokens.json")


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

    async def hold(name: str, fails: bool) -> None:
        async with store.lease("a"):
            order.append(name)
            async with store.lease("b"):
                await asyncio.sleep(0.03)
            order.append(name)
            if fails:
                raise ValueError(name)

    results = await asyncio.gather(hold("failing", True), hold("good", False), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, type(None)]
    assert order in (["failing", "failing", "good", "good"], ["good", "good", "failing", "failing"])


async def test_a_cancelled_waiter_takes_no_lease(store: TokenStore) -> None:
    """Giving up while waiting leaves the key usable."""
    async with store.lease("a"):
        waiting = asyncio.ensure_future(store.lease("a").__aenter__())
        await asyncio.sleep(0.03)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(1), store.lease("a"):
        pass


async def test_a_lease_can_be_had_again_and_again(store: TokenStore) -> None:
    """Nothing of a lease is left, and a key may be read and written by whoever holds it."""
    for number in range(3):
        async with store.lease("a"):
            assert await store.swap("a", await store.load("a"), tokens(number))
    assert await store.load("a") == tokens(2)


async def test_many_writers_lose_nothing(store: TokenStore) -> None:
    """Of writers side by side each succeeds in the end, on top of another."""

    async def add(key: str) -> None:
        while True:
            old = await store.load(key)
            number = 0 if old is None else int(old.pair.access_token.removeprefix("access-"))
            if await store.swap(key, old, tokens(number + 1)):
                return

    await asyncio.gather(*(add(key) for key in "ababababab"))
    assert await store.load("a") == await store.load("b") == tokens(5)


@pytest.mark.parametrize("key", ["", " ", ".", "\ud800", 7, None])
async def test_what_is_no_key_is_refused(store: TokenStore, key: object) -> None:
    """By name, whatever is done with it."""
    bad = cast("str", key)
    with pytest.raises(ConfigurationError, match="key:"):
        await store.load(bad)
    with pytest.raises(ConfigurationError, match="key:"):
        await store.swap(bad, None, tokens(1))
    with pytest.raises(ConfigurationError, match="key:"):
        async with store.lease(bad):
            pass


@pytest.mark.parametrize("new", [tokens(1).pair, {}, "access-1", StoredTokens(cast("TokenPair", "access-1"))])
async def test_only_stored_tokens_are_stored(store: TokenStore, new: object) -> None:
    """A bare pair is an easy mistake; the error tells the remedy."""
    with pytest.raises(ConfigurationError, match=r"new: give StoredTokens\(pair\)"):
        await store.swap("a", None, cast("StoredTokens", new))
    assert await store.load("a") is None


async def test_times_keep_their_instant(store: TokenStore) -> None:
    """In whatever zone and to the microsecond, so that what was read can be swapped."""
    moment = datetime(2026, 7, 1, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    stored = StoredTokens(TokenPair("a", "r", moment, moment), moment)
    await store.swap("a", None, stored)
    read = await store.load("a")
    assert read is not None
    assert read == stored
    assert read.pair.expiration.utcoffset() == timedelta(0)
    assert await store.swap("a", read, tokens(1))


def test_a_time_without_a_zone_is_utc() -> None:
    """As Smartcar's own Python SDK writes it."""
    assert TokenPair("a", "r", NOON.replace(tzinfo=None), NOON) == TokenPair("a", "r", NOON, NOON)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"access_token": ""}, "access_token: "),
        ({"access_token": None}, "access_token: "),
        ({"refresh_token": "a\nb"}, "refresh_token: "),
        ({"expiration": None}, "expiration: give a datetime"),
        ({"expiration": 1782907200}, "expiration: give a datetime"),
        ({"refresh_expiration": "2026-07-01"}, "refresh_expiration: give a datetime"),
        ({"refresh_expiration": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))}, "is out of range"),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_a_pair_is_checked(changes: dict[str, Any], named: str) -> None:
    """The error names what is wrong."""
    fields: dict[str, Any] = {"access_token": "a", "refresh_token": "r", "expiration": NOON, "refresh_expiration": NOON}
    with pytest.raises(ConfigurationError, match=named):
        TokenPair(**{**fields, **changes})


def test_a_repr_shows_no_token() -> None:
    """Neither a pair nor its holder tells its secrets."""
    assert "access-1" not in repr(tokens(1))
    assert "refresh-1" not in repr(tokens(1))
