"""A token source against the simulator: over TCP, with real files, and with the simulator's own count of refreshes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smartcar_async import AuthenticationError, DeadlineExceeded, FileTokenStore, StoredTokens
from smartcar_async.testing import Delay, Simulator
from smartcar_async.v2 import Client, Vehicle

KEY = "owner"


def client_of(sim: Simulator) -> Client:
    """A client of a simulator."""
    return Client(sim.client_id, sim.client_secret, settings=sim.settings)


async def connected(sim: Simulator, client: Client, path: Path) -> Vehicle:
    """A Tesla whose owner has come back from Connect."""
    tesla = sim.world.find("Tesla")
    source = client.token_source(FileTokenStore(path), KEY)
    await source.save(await client.exchange_code(sim.user_tokens.code(tesla.owner_id, ["read_odometer"])))
    return client.vehicle(tesla.id, source)


async def test_calls_and_clients_share_a_refresh(tmp_path: Path) -> None:
    """Two clients with the file between them make one request after all access tokens have ended."""
    path = tmp_path / "tokens.json"
    async with Simulator() as sim, client_of(sim) as first, client_of(sim) as second:
        vehicle = await connected(sim, first, path)
        again = second.vehicle(vehicle.id, second.token_source(FileTokenStore(path), KEY))
        await again.odometer()
        sim.user_tokens.expire()
        await asyncio.gather(*(handle.odometer() for handle in (vehicle, again) for _ in range(50)))
        (chain,) = sim.user_tokens.chains
    assert (chain.refresh_requests, chain.refusals) == (1, 0)
    assert chain.unused == []


async def test_a_restart_within_the_grace_window(tmp_path: Path) -> None:
    """A process died with the answer to its refresh: the next one gets a pair for the same refresh token."""
    store = FileTokenStore(tmp_path / "tokens.json")
    async with Simulator() as sim:
        async with client_of(sim) as client:
            vehicle = await connected(sim, client, tmp_path / "tokens.json")
            stored = await store.load(KEY)
            assert stored is not None
            assert await store.swap(KEY, stored, StoredTokens(stored.pair, datetime.now(UTC)))
            await client.exchange_refresh_token(stored.pair.refresh_token)
        async with client_of(sim) as client:
            again = client.vehicle(vehicle.id, client.token_source(store, KEY))
            assert (await again.odometer()).distance
        (chain,) = sim.user_tokens.chains
    assert (chain.refresh_requests, chain.refusals) == (2, 0)
    assert [pair.used for pair in chain.pairs] == [True, False, True]


async def test_who_gives_up_closing_breaks_no_refresh_off(tmp_path: Path) -> None:
    """The client stays open behind their back until the pair is stored."""
    async with Simulator() as sim:
        client = client_of(sim)
        vehicle = await connected(sim, client, tmp_path / "tokens.json")
        sim.user_tokens.expire()
        sim.fault(Delay(0.5), path="/oauth/token")
        with pytest.raises(DeadlineExceeded):
            await vehicle.odometer(deadline=0.2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.aclose(), 0.01)
        await client.aclose()
        (chain,) = sim.user_tokens.chains
        assert (chain.refresh_requests, len(chain.unused)) == (1, 1)
        stored = await FileTokenStore(tmp_path / "tokens.json").load(KEY)
    assert stored is not None
    assert stored.refreshing_since is None


async def test_an_owner_who_withdrew(tmp_path: Path) -> None:
    """The call says that the owner must connect again, and the tokens are asked for once."""
    async with Simulator() as sim, client_of(sim) as client:
        vehicle = await connected(sim, client, tmp_path / "tokens.json")
        sim.user_tokens.revoke(sim.world.find("Tesla").owner_id)
        for _ in range(3):
            with pytest.raises(AuthenticationError, match="let the owner connect again"):
                await vehicle.odometer()
        assert sim.user_tokens.chains[0].refresh_requests == 1
