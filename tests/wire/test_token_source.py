"""A token source: one refresh for all, journalled, and durable before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from smartcar_async import (
    ConfigurationError,
    ConnectionFailed,
    FileTokenStore,
    NotConnected,
    StoredTokens,
    TokenPair,
)
from smartcar_async.v2 import TokenSource

from .fakes import FakeClock, settle
from .token_owner import HOUR, KEY, Owner


@pytest.fixture
def owner() -> Owner:
    """An owner."""
    return Owner()


async def test_what_is_saved_is_used(owner: Owner) -> None:
    """After the exchange of a code: stored, and nothing sent."""
    source = owner.process()
    await source.save(owner.pair(1))
    assert (await owner.stored()) == StoredTokens(owner.pair(1))
    assert await source.access_token() == await owner.process().access_token() == "access-1"
    assert await source.pair() == owner.pair(1)
    assert (await source.get()).secret.reveal() == "access-1"
    assert owner.sent == []


async def test_what_is_saved_last_is_stored(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that save at the same time: the second one tries until it has written."""
    real = owner.store.swap

    async def overtaken(key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        monkeypatch.undo()
        await owner.process().save(owner.pair(2))
        return await real(key, old, new)

    monkeypatch.setattr(owner.store, "swap", overtaken)
    await owner.process().save(owner.pair(1))
    assert await owner.stored() == StoredTokens(owner.pair(1))


async def test_nothing_saved(owner: Owner) -> None:
    """The error tells what to do first."""
    with pytest.raises(NotConnected, match=r"^no tokens are stored.*await source\.save\(pair\)") as raised:
        await owner.process().access_token()
    assert raised.value.key == KEY
    assert not isinstance(raised.value, ConfigurationError)


async def test_a_thousand_calls_over_an_expiry_make_one_request(owner: Owner) -> None:
    """All of them have the new token; the next call has it too."""
    source = await owner.source()
    await source.access_token()
    owner.clock.time += 3600
    assert set(await asyncio.gather(*(source.access_token() for _ in range(1000)))) == {"access-2"}
    assert await source.access_token() == "access-2"
    assert owner.sent == ["refresh-1"]


async def test_many_processes_make_one_request(owner: Owner) -> None:
    """Those who come second find what the first one stored."""
    await owner.source(left=timedelta(0))
    processes = [owner.process() for _ in range(8)]
    assert set(await asyncio.gather(*(process.access_token() for process in processes))) == {"access-2"}
    assert owner.sent == ["refresh-1"]


@pytest.mark.parametrize(("lifetime", "margin"), [(7200, 60), (100, 10)])
async def test_a_token_is_renewed_before_it_ends(owner: Owner, lifetime: float, margin: float) -> None:
    """A minute early, or a tenth of its life where that is less."""
    owner.lifetime = timedelta(seconds=lifetime)
    source = await owner.source(left=timedelta(seconds=60))
    await source.access_token()
    owner.clock.time += lifetime - margin - 1
    assert await source.access_token() == "access-2"
    owner.clock.time += 2
    assert await source.access_token() == "access-3"
    assert owner.sent == ["refresh-1", "refresh-2"]


class SleepyClock(FakeClock):
    """A clock of a machine that can be put to sleep: only the time of day goes on."""

    slept_for = timedelta(0)

    def now(self) -> datetime:
        """The time of day."""
        return super().now() + self.slept_for


async def test_a_machine_that_slept_renews_its_token() -> None:
    """The monotonic clock stood still, and the token has ended all the same."""
    owner = Owner(clock := SleepyClock())
    source = await owner.source(left=timedelta(0))
    assert await source.access_token() == "access-2"
    clock.slept_for = 3 * HOUR
    assert await source.access_token() == "access-3"


async def test_short_lived_tokens_are_shared_as_well(owner: Owner) -> None:
    """What another process has just stored is used even if it lives for less than a minute."""
    owner.lifetime = timedelta(seconds=30)
    await owner.source(left=timedelta(0))
    await asyncio.gather(*(owner.process().access_token() for _ in range(8)))
    assert owner.sent == ["refresh-1"]


async def test_a_mark_forces_the_refresh_at_once(owner: Owner) -> None:
    """Although the access token still works, and with the refresh token that may have been used already."""
    source = await owner.source(marked=timedelta(seconds=5))
    assert await source.access_token() == "access-2"
    assert owner.sent == ["refresh-1"]
    assert (await owner.stored()).refreshing_since is None


async def test_a_refresh_is_journalled_and_its_pair_is_stored_before_it_is_used(owner: Owner) -> None:
    """The store knows of the refresh before the server does, and of the new pair before any caller."""
    source = await owner.source(left=timedelta(0))
    before = (await owner.stored()).pair
    when = owner.clock.now()
    pair = await source.pair()
    assert owner.stored_when_sent == [StoredTokens(before, when)]
    assert await owner.stored() == StoredTokens(pair)


async def test_a_pair_that_was_saved_during_the_refresh_wins(owner: Owner) -> None:
    """The owner has connected again: what the refresh brings is not put over it."""
    source = await owner.source(left=timedelta(0))

    async def overtaken() -> TokenPair:
        await owner.process().save(owner.pair(9))
        return owner.pair(2)

    owner.turns = [overtaken]
    assert await source.access_token() == "access-9"
    assert (await owner.stored()).pair == owner.pair(9)


async def test_tokens_that_were_deleted_during_the_refresh_stay_deleted(owner: Owner) -> None:
    """The owner has left."""
    source = await owner.source(left=timedelta(0))

    async def overtaken() -> TokenPair:
        await owner.store.swap(KEY, await owner.stored(), None)
        return owner.pair(2)

    owner.turns = [overtaken]
    with pytest.raises(NotConnected, match="no tokens are stored"):
        await source.access_token()
    assert await owner.store.load(KEY) is None


async def test_a_pair_that_is_saved_before_the_mark_is_adopted(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the mark: the swap fails, and the second look finds it."""
    source = await owner.source(left=timedelta(0))
    real = owner.store.swap

    async def overtaken(key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        monkeypatch.undo()
        await owner.process().save(owner.pair(9))
        return await real(key, old, new)

    monkeypatch.setattr(owner.store, "swap", overtaken)
    assert await source.access_token() == "access-9"
    assert owner.sent == []


async def test_a_refused_token_is_renewed(owner: Owner) -> None:
    """Its age is not known; the token that comes for it is young, and its refusal would be final for a minute."""
    source = await owner.source()
    first = await source.get()
    second = await source.after_refusal(first)
    assert second is not None
    assert second.secret.reveal() == "access-2"
    assert await source.after_refusal(first) is second
    assert await source.after_refusal(second) is None
    owner.clock.time += 61
    assert owner.sent == ["refresh-1"]
    assert await source.after_refusal(second) is not None
    assert owner.sent == ["refresh-1", "refresh-2"]


async def test_a_refused_token_is_replaced_by_what_another_process_stored(owner: Owner) -> None:
    """Without a request."""
    source = await owner.source()
    first = await source.get()
    await owner.process().save(owner.pair(5))
    second = await source.after_refusal(first)
    assert second is not None
    assert second.secret.reveal() == "access-5"
    assert owner.sent == []


async def test_a_cancelled_caller_breaks_nothing_off(owner: Owner) -> None:
    """Not even the one that began the refresh, and not when nobody is left."""
    source = await owner.source(left=timedelta(0))
    calls = [asyncio.ensure_future(source.access_token()) for _ in range(3)]
    await settle(2)
    for call in calls:
        call.cancel()
    await settle()
    assert (await owner.stored()).pair.access_token == "access-2"
    assert owner.sent == ["refresh-1"]


async def test_closing_waits_for_what_was_sent(owner: Owner) -> None:
    """The pair is stored, and those who wait for it get it."""
    answered = asyncio.Event()

    async def slow() -> TokenPair:
        await answered.wait()
        return owner.pair(2)

    source = await owner.source(left=timedelta(0))
    owner.turns = [slow]
    call = asyncio.ensure_future(source.access_token())
    await settle()
    closing = asyncio.ensure_future(source.aclose())
    await settle()
    assert not closing.done()
    answered.set()
    await closing
    assert await call == "access-2"
    assert (await owner.stored()).pair.access_token == "access-2"


async def test_closing_does_not_wait_for_others(owner: Owner) -> None:
    """While another process holds the lease, nothing of ours is at stake."""
    source = await owner.source(left=timedelta(0))
    async with owner.store.lease(KEY):
        call = asyncio.ensure_future(source.access_token())
        await settle()
        await source.aclose()
    with pytest.raises(ConnectionFailed, match="nothing was sent"):
        await call
    assert owner.sent == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"store": {}}, r"store: give a TokenStore, such as FileTokenStore\('tokens.json'\)"),
        ({"key": ""}, "key: give a non-empty text"),
        ({"refresh": None}, "refresh: give a function"),
    ],
)
def test_bad_arguments_are_named(owner: Owner, changes: dict[str, Any], told: str) -> None:
    """Before anything is read or sent."""
    arguments: dict[str, Any] = {"store": owner.store, "key": KEY, "refresh": owner.refresh}
    with pytest.raises(ConfigurationError, match=told):
        TokenSource(**{**arguments, **changes})


async def test_only_pairs_are_saved(owner: Owner) -> None:
    """Neither by a caller nor by a function that answers something else."""
    source = await owner.source(left=timedelta(0))
    with pytest.raises(ConfigurationError, match="pair: give the TokenPair that exchange_code answered"):
        await source.save(cast("TokenPair", {"access_token": "a"}))

    async def wrong() -> TokenPair:
        return cast("TokenPair", "access-2")

    owner.turns = [wrong]
    with pytest.raises(ConfigurationError, match="refresh: the function must answer a TokenPair"):
        await source.access_token()


@asynccontextmanager
async def file_source(path: Path, owner: Owner) -> AsyncGenerator[TokenSource, None]:
    """A source over a file."""
    source = TokenSource(FileTokenStore(path), KEY, owner.refresh, owner.clock)
    yield source
    await source.aclose()


async def test_over_a_file(owner: Owner, tmp_path: Path) -> None:
    """The same in a file: a restart finds what the process before it had."""
    path = tmp_path / "tokens.json"
    async with file_source(path, owner) as source:
        await source.save(owner.pair(1, timedelta(0)))
        assert await source.access_token() == "access-2"
    async with file_source(path, owner) as source:
        assert await source.access_token() == "access-2"
    assert owner.sent == ["refresh-1"]
