"""A token source in trouble: answers that are lost, refusals, full disks. Nothing is given up too early."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import cast

import pytest
from attrs import evolve

from smartcar_async import (
    ApiError,
    Attempt,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    DecodeError,
    PermissionDenied,
    RateLimited,
    ServerError,
    SmartcarError,
    StoredTokens,
    TokenPair,
    TokenStoreError,
)
from smartcar_async.engine.refusal import refusal
from smartcar_async.request import Reply
from smartcar_async.v2 import TokenSource

from .fakes import HeldClock, settle
from .token_owner import INVALID_GRANT, KEY, Owner, lost


@pytest.fixture
def owner() -> Owner:
    """An owner."""
    return Owner()


@pytest.mark.parametrize(
    "error",
    [lost(), DeadlineExceeded("late"), DecodeError("torn"), ServerError("500", status=500)],
    ids=lambda error: type(error).__name__,
)
async def test_a_lost_answer_is_asked_for_again(owner: Owner, error: SmartcarError) -> None:
    """With the same refresh token, while the server still takes it, and under the mark of the first time."""
    source = await owner.source(left=timedelta(0))
    owner.turns = [error, error, ConnectionFailed("down")]
    assert await source.access_token() == "access-5"
    assert owner.sent == ["refresh-1"] * 4
    assert len({stored and stored.refreshing_since for stored in owner.stored_when_sent}) == 1
    assert owner.clock.slept == [0.5, 1.0, 2.0]


async def test_a_lost_answer_is_asked_for_within_a_minute(owner: Owner) -> None:
    """Then the call fails as a read does, the mark stays, and the next call goes on."""
    source = await owner.source(left=timedelta(0))
    owner.turns = [lost()] * 11
    with pytest.raises(ConnectionLost, match="lost"):
        await source.access_token()
    assert 40 < sum(owner.clock.slept) < 60
    assert (await owner.stored()).refreshing_since is not None
    owner.turns = []
    owner.clock.time += 1
    assert await source.access_token() == f"access-{len(owner.sent) + 1}"
    assert set(owner.sent) == {"refresh-1"}


async def test_what_was_never_sent_fails_at_once(owner: Owner) -> None:
    """Nothing is at risk, so nobody waits; a second later it is tried anew."""
    source = await owner.source(left=timedelta(0))
    owner.turns = [ConnectionFailed("down"), RateLimited("later", status=429, retry_after=5)]
    for kind in (ConnectionFailed, RateLimited):
        for _ in range(3):
            with pytest.raises(kind):
                await source.access_token()
        assert (await owner.stored()).refreshing_since is None
        owner.clock.time += 2
    assert await source.access_token() == "access-4"
    assert (owner.sent, owner.clock.slept) == (["refresh-1"] * 3, [])


async def test_an_attempt_that_was_lost_counts(owner: Owner) -> None:
    """The last of the attempts never left, but the one before may have spent the token."""
    source = await owner.source(left=timedelta(0))
    error = ConnectionFailed("down")
    error.attempts = (Attempt(None, "ConnectionLost", 1.0), Attempt(None, "ConnectionFailed", 0.1))
    owner.turns = [error, RateLimited("later", status=429, retry_after=20)]
    assert await source.access_token() == "access-4"
    assert owner.clock.slept == [0.5, 20]


async def test_a_marked_pair_is_at_risk_from_the_start(owner: Owner) -> None:
    """The process before this one may have sent it."""
    source = await owner.source(marked=timedelta(seconds=20))
    owner.turns = [ConnectionFailed("down")]
    assert await source.access_token() == "access-3"
    assert owner.clock.slept == [0.5]


async def test_an_old_mark_is_no_reason_to_wait(owner: Owner) -> None:
    """The minute is over: what can be saved is saved by the next attempt or not at all. The mark stays."""
    source = await owner.source(marked=timedelta(seconds=90))
    before = await owner.stored()
    owner.turns = [ConnectionFailed("down")]
    with pytest.raises(ConnectionFailed):
        await source.access_token()
    assert await owner.stored() == before
    owner.clock.time += 2
    assert await source.access_token() == "access-3"
    assert owner.clock.slept == []


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("401 invalid_client", status=401, type="invalid_client", error="invalid_client"),
        PermissionDenied("403", status=403),
        ConfigurationError("the client is closed"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_refusal_of_something_else_is_told_at_once(owner: Owner, error: SmartcarError) -> None:
    """A wrong client secret does not cost the owner's tokens."""
    source = await owner.source(marked=timedelta(0))
    owner.turns = [error]
    with pytest.raises(type(error), match=str(error)):
        await source.access_token()
    owner.clock.time += 2
    assert await source.access_token() == "access-3"


async def test_invalid_grant_is_final_for_that_pair(owner: Owner) -> None:
    """The owner must connect again. The pair is kept, and not presented again, until another one is saved."""
    source = await owner.source(left=timedelta(0))
    before = (await owner.stored()).pair
    owner.turns = [INVALID_GRANT]
    for _ in range(3):
        with pytest.raises(AuthenticationError, match=r"invalid_grant\): let the owner connect again") as caught:
            await source.access_token()
        assert (caught.value.status, caught.value.error) == (400, "invalid_grant")
        owner.clock.time += 0.6
    assert (await owner.stored()).pair == before
    assert owner.sent == ["refresh-1"]
    await source.save(owner.pair(7, timedelta(0)))
    assert await source.access_token() == "access-3"
    assert owner.sent == ["refresh-1", "refresh-7"]


@pytest.mark.parametrize("status", [404, 429, 500, 503, 504])
async def test_a_server_in_trouble_ends_no_pair(owner: Owner, status: int) -> None:
    """Its body may say invalid_grant: the owner need not connect again for it, and the pair is presented again."""
    source = await owner.source(left=timedelta(0))
    document = b'{"error": "invalid_grant"}'
    owner.turns = [refusal(Reply(status, {}, document), owner.clock.now())]
    with suppress(ApiError):
        await source.access_token()
    owner.clock.time += 2
    assert (await source.access_token()).startswith("access-")
    assert set(owner.sent) == {"refresh-1"}


async def test_what_is_saved_meanwhile_is_adopted_on_invalid_grant(owner: Owner) -> None:
    """A newer pair in the store is the reason of the refusal, and the cure."""
    source = await owner.source(left=timedelta(0))

    async def overtaken() -> TokenPair:
        await owner.process().save(owner.pair(9))
        raise INVALID_GRANT

    owner.turns = [overtaken]
    assert await source.access_token() == "access-9"
    assert owner.sent == ["refresh-1"]


async def test_what_another_process_saved_ends_the_failure(owner: Owner) -> None:
    """The next call finds it without a request."""
    source = await owner.source(left=timedelta(0))
    owner.turns = [INVALID_GRANT]
    with pytest.raises(AuthenticationError):
        await source.access_token()
    await owner.process().save(owner.pair(9))
    owner.clock.time += 2
    assert await source.access_token() == "access-9"


async def test_nothing_is_sent_that_cannot_be_journalled(owner: Owner) -> None:
    """A disk that is full before the refresh costs nothing."""
    source = await owner.source(left=timedelta(0))
    owner.store.full = True
    with pytest.raises(TokenStoreError, match="no room"):
        await source.access_token()
    assert owner.sent == []


async def overfull(owner: Owner) -> TokenSource:
    """A source whose new pair came when the disk was full."""
    source = await owner.source(left=timedelta(0))

    async def fills() -> TokenPair:
        owner.store.full = True
        return owner.pair(2)

    owner.turns = [fills]
    with pytest.raises(TokenStoreError, match="no room"):
        await source.access_token()
    owner.clock.time += 2
    return source


async def test_a_pair_that_cannot_be_stored_is_kept_and_stored_later(owner: Owner) -> None:
    """No caller has it before; then it is stored without another request."""
    source = await overfull(owner)
    with pytest.raises(TokenStoreError, match="no room"):
        await source.access_token()
    owner.store.full = False
    owner.clock.time += 2
    assert await source.access_token() == "access-2"
    assert (await owner.stored()).pair.access_token == "access-2"
    assert owner.sent == ["refresh-1"]


async def test_closing_stores_what_is_not_stored_yet(owner: Owner) -> None:
    """And says so if that is not possible either: it is the last chance."""
    source = await overfull(owner)
    with pytest.raises(TokenStoreError, match="no room"):
        await source.aclose()
    owner.store.full = False
    await source.aclose()
    assert (await owner.stored()).pair.access_token == "access-2"
    await source.aclose()


async def test_a_pair_that_was_stored_though_the_store_failed_is_recognised(owner: Owner) -> None:
    """A write whose success was not reported; and one that another process made in its place."""
    source = await overfull(owner)
    pair = owner.pair(2)
    owner.store.full = False
    unsaved = cast("tuple[StoredTokens, StoredTokens]", source._unsaved)  # pyright: ignore[reportPrivateUsage]
    await owner.store.swap(KEY, await owner.stored(), unsaved[1])
    assert await source.access_token() == "access-2"

    source = await overfull(owner)
    owner.store.full = False
    await owner.store.swap(KEY, await owner.stored(), StoredTokens(evolve(pair, access_token="access-8")))
    assert await source.access_token() == "access-8"


async def test_a_mark_that_was_renewed_is_no_obstacle(owner: Owner) -> None:
    """The same pair under another mark is still the one that was spent."""
    source = await overfull(owner)
    owner.store.full = False
    stored = await owner.stored()
    await owner.store.swap(KEY, stored, evolve(stored, refreshing_since=owner.clock.now()))
    assert await source.access_token() == "access-2"
    assert owner.sent == ["refresh-1"]


async def test_a_closed_source_does_not_ask_again_and_again() -> None:
    """An answer that is lost while closing is asked for at the next start: the mark stays."""
    owner = Owner(clock := HeldClock())
    source = await owner.source(left=timedelta(0))
    owner.turns = [lost(), lost()]
    call = asyncio.ensure_future(source.access_token())
    await settle()
    closing = asyncio.ensure_future(source.aclose())
    await clock.advance(1)
    await closing
    with pytest.raises(ConnectionLost):
        await call
    assert len(owner.sent) == 2
    assert (await owner.stored()).refreshing_since is not None


async def test_no_text_shows_a_token(owner: Owner) -> None:
    """Neither a repr nor an error."""
    source = await owner.source(left=timedelta(0))
    owner.turns = [INVALID_GRANT]
    with pytest.raises(ApiError) as caught:
        await source.access_token()
    for text in (repr(source), str(caught.value), repr(await owner.stored())):
        assert "access-" not in text
        assert "refresh-" not in text
