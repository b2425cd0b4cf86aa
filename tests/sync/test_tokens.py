"""Stores and token sources without await: those of the package, and a plain one of the caller's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from anyio import to_thread
from attrs import evolve

import smartcar_async
from smartcar_sync import (
    ConfigurationError,
    ConnectionFailed,
    FileTokenStore,
    MemoryTokenStore,
    StoredTokens,
    TokenPair,
    TokenStore,
)
from smartcar_sync._adapt import AsyncStore, async_token
from smartcar_sync.testing import Simulator
from smartcar_sync.v2 import Client, TokenSource

KEY = "owner-1"


class PlainStore:
    """What a caller writes over a database: no await anywhere."""

    def __init__(self) -> None:
        self.entries: dict[str, StoredTokens] = {}
        self.log: list[str] = []
        self._lock = threading.Lock()

    def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        return self.entries.get(key)

    def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`."""
        if self.entries.get(key) != old or new is None:
            return False
        self.entries[key] = new
        return True

    @contextmanager
    def lease(self, key: str) -> Generator[None, None, None]:
        """Hold this key alone."""
        with self._lock:
            self.log.append("leased")
            yield
        self.log.append("given back")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulator, entered without await."""
    with Simulator() as simulator:
        yield simulator


def client(sim: Simulator) -> Client:
    """A client of API v2.0."""
    return Client(sim.client_id, sim.client_secret, settings=sim.settings)


def nearly_over(sim: Simulator) -> TokenPair:
    """A good pair whose access token is at its end."""
    owner = sim.world.find("Tesla").owner_id
    passed = sim.v2_tokens(owner)
    end = datetime.now(UTC)
    return TokenPair(passed.access_token, passed.refresh_token, end, end + timedelta(days=60))


@pytest.mark.parametrize("kind", ["plain", "memory", "file"])
def test_a_token_source_refreshes_from_any_store(sim: Simulator, kind: str, tmp_path: Path) -> None:
    """In place of a token: it is renewed once, stored, and used by a vehicle."""
    stores: dict[str, TokenStore] = {
        "plain": PlainStore(),
        "memory": MemoryTokenStore(),
        "file": FileTokenStore(tmp_path / "tokens.json"),
    }
    store = stores[kind]
    pair = nearly_over(sim)
    with client(sim) as smartcar:
        source = smartcar.token_source(store, KEY)
        source.save(pair)
        tesla = smartcar.vehicle(sim.world.find("Tesla").id, source)
        assert tesla.attributes().make == "TESLA"
        assert tesla.odometer().distance is not None
        stored = store.load(KEY)
        assert stored is not None
        assert stored.pair.refresh_token != pair.refresh_token
        assert source.access_token() == stored.pair.access_token
        source.close()
    if isinstance(store, PlainStore):
        assert store.log == ["leased", "given back"]


def test_a_token_source_of_the_callers_own(sim: Simulator) -> None:
    """With a plain function that refreshes, and a plain string where a token will do."""
    pair, requested = nearly_over(sim), list[str]()
    store = PlainStore()
    store.entries[KEY] = StoredTokens(pair)

    def refresh(token: str) -> TokenPair:
        requested.append(token)
        return smartcar.exchange_refresh_token(token)

    with client(sim) as smartcar:
        source = TokenSource(store, KEY, refresh)
        fresh = source.pair()
        assert requested == [pair.refresh_token]
        owner = smartcar.get_user(fresh.access_token)
        assert smartcar.get_user(source).id == owner.id == sim.world.find("Tesla").owner_id
        adapted = async_token(source)
        assert asyncio.run(adapted.after_refusal(asyncio.run(adapted.get()))) is None
        source.close()


def test_a_lease_is_held_without_await() -> None:
    """Within a `with`; what is stored is what was swapped in."""
    store = MemoryTokenStore()
    end = datetime.now(UTC)
    entry = StoredTokens(TokenPair("access-token", "refresh-token", end, end))
    with store.lease(KEY):
        assert store.swap(KEY, None, entry)
    assert store.load(KEY) == entry
    assert not store.swap(KEY, evolve(entry, refreshing_since=end), None)


class SlowStore(PlainStore):
    """A store whose lease takes a while to come."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()
        self.given_back = threading.Semaphore(0)

    @contextmanager
    def lease(self, key: str) -> Generator[None, None, None]:
        """Hold this key alone, when it may."""
        self.asked.set()
        self.go.wait(5)
        with super().lease(key):
            yield
        self.given_back.release()


async def test_a_plain_lease_that_comes_too_late_is_given_back() -> None:
    """Whoever waited for it was cancelled: it is not held for ever, and the next one gets it."""
    store = SlowStore()
    adapted = AsyncStore(store)
    waiting = asyncio.ensure_future(adapted.lease(KEY).__aenter__())
    await asyncio.to_thread(store.asked.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    store.go.set()
    async with asyncio.timeout(5), adapted.lease(KEY):
        pass
    for _ in range(2):
        assert await asyncio.to_thread(store.given_back.acquire, timeout=5)
    assert store.log.count("leased") == store.log.count("given back") == 2


async def test_a_plain_store_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the end of Python: what stores a pair is done on the loop's own thread, and what may wait is refused."""

    async def refuse(*arguments: object, **options: object) -> NoReturn:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    store, end = PlainStore(), datetime.now(UTC)
    adapted, pair = AsyncStore(store), TokenPair("access-token", "refresh-token", end, end)
    leasing = adapted.lease(KEY)
    await leasing.__aenter__()
    monkeypatch.setattr(to_thread, "run_sync", refuse)
    assert await adapted.swap(KEY, None, StoredTokens(pair))
    assert await adapted.load(KEY) == StoredTokens(pair)
    await leasing.__aexit__(None, None, None)
    assert store.log == ["leased", "given back"]
    with pytest.raises(ConnectionFailed, match="Python is ending and starts no threads any more; nothing was sent"):
        async with adapted.lease(KEY):
            pass


@pytest.mark.parametrize("text", ["disk on fire", "cannot schedule new futures after shutdown"])
async def test_an_error_of_a_plain_store_is_its_own(text: str) -> None:
    """It is asked once, also when its own words are those of a Python that ends."""
    requested: list[str] = []

    class Broken(PlainStore):
        def load(self, key: str) -> StoredTokens | None:
            requested.append(key)
            raise RuntimeError(text)

    with pytest.raises(RuntimeError, match=text):
        await AsyncStore(Broken()).load(KEY)
    assert requested == [KEY]


def test_an_async_store_is_refused() -> None:
    """Its methods would give coroutines, and no tokens."""
    store: Any = smartcar_async.MemoryTokenStore()
    with pytest.raises(ConfigurationError, match="store: give one with plain methods"):
        AsyncStore(store)
