"""Loops that end, and clients that close, in the middle of a refresh: a pair that was sent for is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from smartcar_async import (
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    MemoryTokenStore,
    RateLimited,
    StoredTokens,
    TokenPair,
)
from smartcar_async.v2 import TokenSource

from .fakes import HeldClock, Outcome, settle
from .test_v2_token_source import Server
from .token_owner import KEY, Owner, Store, lost


async def never() -> TokenPair:
    """An answer that does not come."""
    await asyncio.Event().wait()
    raise AssertionError


def run_and_abandon(main: Callable[[], Awaitable[object]]) -> None:
    """What `asyncio.run` does with a program that leaves tasks behind."""

    async def run() -> None:
        left.append(asyncio.ensure_future(main()))
        await settle()

    left: list[asyncio.Future[object]] = []
    asyncio.run(run())
    assert left[0].cancelled()


def test_a_loop_that_ends_asks_once_more() -> None:
    """It cancels all tasks and waits for them: the answer that is broken off is lost, but not yet the pair."""
    owner = Owner()
    owner.turns = [never]

    async def main() -> None:
        await (await owner.source(left=timedelta(0))).access_token()

    run_and_abandon(main)
    assert owner.sent == ["refresh-1"] * 2
    stored = asyncio.run(owner.stored())
    assert (stored.pair.refresh_token, stored.refreshing_since) == ("refresh-3", None)


def test_a_loop_that_ends_within_a_pause_asks_at_once() -> None:
    """The first answer was lost before, and nobody can wait for the end of the pause."""
    owner = Owner(HeldClock())
    owner.turns = [lost()]

    async def main() -> None:
        await (await owner.source(left=timedelta(0))).access_token()

    run_and_abandon(main)
    assert owner.sent == ["refresh-1"] * 2
    assert asyncio.run(owner.stored()).pair.refresh_token == "refresh-3"


class SlowStore(Store):
    """A store over a network: a change takes a while, and is lost when it is broken off."""

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace, later."""
        await settle(3)
        return await super().swap(key, old, new)


def test_a_loop_that_ends_at_any_turn_stores_what_was_sent_for() -> None:
    """Wherever the pair is on its way into a store that loses what is broken off."""
    for turns in range(60):
        owner = Owner(store=SlowStore())
        asyncio.run(refresh_and_end(owner, turns))
        stored = asyncio.run(owner.stored())
        assert stored.pair.refresh_token == f"refresh-{len(owner.sent) + 1}", turns


async def refresh_and_end(owner: Owner, turns: int) -> asyncio.Future[str]:
    """Begin a refresh, and end after so many turns of the loop."""
    source = await owner.source(left=timedelta(0))
    call = asyncio.ensure_future(source.access_token())
    await settle(turns)
    return call


async def test_who_breaks_off_again_is_obeyed() -> None:
    """The mark stays, and the next start asks again."""
    owner = Owner()
    owner.turns = [never, never]
    source = await owner.source(left=timedelta(0))
    call = asyncio.ensure_future(source.access_token())
    await settle()
    (refresh,) = [task for task in asyncio.all_tasks() if task.get_name() == "smartcar refresh"]
    for _ in range(2):
        refresh.cancel()
        await settle()
    with pytest.raises(ConnectionFailed):
        await call
    assert owner.sent == ["refresh-1"] * 2
    assert (await owner.stored()).refreshing_since is not None


@pytest.mark.parametrize("wait", [None, 50.0])
async def test_closing_asks_at_once_for_an_answer_that_was_lost(wait: float | None) -> None:
    """It does not wait for the end of the pause, however long the server would have it."""
    owner = Owner(HeldClock())
    source = await owner.source(left=timedelta(0))
    owner.turns = [lost(), RateLimited("busy", retry_after=wait)] if wait else [lost()]
    call = asyncio.ensure_future(source.access_token())
    await settle()
    if wait is not None:
        assert isinstance(owner.clock, HeldClock)
        await owner.clock.advance(1)
    await asyncio.wait_for(source.aclose(), 5)
    assert await call == f"access-{len(owner.sent) + 1}"
    assert (await owner.stored()).refreshing_since is None


async def test_closing_asks_no_more_than_once() -> None:
    """An answer that is lost again is left to the next start: the mark stays."""
    owner = Owner(HeldClock())
    source = await owner.source(left=timedelta(0))
    owner.turns = [lost(), lost()]
    call = asyncio.ensure_future(source.access_token())
    await settle()
    await asyncio.wait_for(source.aclose(), 5)
    with pytest.raises(ConnectionLost):
        await call
    assert len(owner.sent) == 2
    assert (await owner.stored()).refreshing_since is not None


async def test_a_closed_source_begins_no_refresh() -> None:
    """Nobody would wait for it; a token that is good is still given."""
    owner = Owner()
    source = await owner.source()
    assert await source.access_token() == "access-1"
    await source.aclose()
    assert await source.access_token() == "access-1"
    owner.clock.time += 7200
    with pytest.raises(ConfigurationError, match="this token source is closed and renews nothing more; make a new one"):
        await source.access_token()
    assert owner.sent == []
    assert (await owner.stored()).refreshing_since is None


def held(server: Server) -> tuple[Callable[[], Awaitable[Outcome]], asyncio.Event]:
    """A token endpoint that answers when it is told to."""
    go = asyncio.Event()

    async def slow() -> Outcome:
        await go.wait()
        return server.rotated()

    return slow, go


async def test_closing_waits_for_an_exchange_of_somebody_elses_source() -> None:
    """A token source that stands on its own uses the client: what it sends for is answered first."""
    server = Server()
    slow, go = held(server)
    server.turns = [slow]
    smartcar, store = await server.client().__aenter__(), MemoryTokenStore()
    source = TokenSource(store, KEY, smartcar.exchange_refresh_token, server.clock)
    await source.save(server.pair(left=0))
    call = asyncio.ensure_future(source.access_token())
    await settle()
    closing = asyncio.ensure_future(smartcar.aclose())
    await settle()
    assert not closing.done()
    go.set()
    await closing
    assert await call == "access-2"
    stored = await store.load(KEY)
    assert stored is not None
    assert stored.pair.refresh_token == "refresh-2"
