"""Stores and token sources without await: those of the package, and a plain one of the caller's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from smartcar_sync import FileTokenStore, MemoryTokenStore, StoredTokens, TokenPair, TokenStore
from smartcar_sync._inward import token_of
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
    given = sim.v2_tokens(owner)
    end = datetime.now(UTC)
    return TokenPair(given.access_token, given.refresh_token, end, end + timedelta(days=60))


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
    pair, asked = nearly_over(sim), list[str]()
    store = PlainStore()
    store.entries[KEY] = StoredTokens(pair)

    def refresh(token: str) -> TokenPair:
        asked.append(token)
        return smartcar.exchange_refresh_token(token)

    with client(sim) as smartcar:
        source = TokenSource(store, KEY, refresh)
        fresh = source.pair()
        assert asked == [pair.refresh_token]
        owner = smartcar.get_user(fresh.access_token)
        assert smartcar.get_user(source).id == owner.id == sim.world.find("Tesla").owner_id
        inward = token_of(source)
        assert asyncio.run(inward.after_refusal(asyncio.run(inward.get()))) is None
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
