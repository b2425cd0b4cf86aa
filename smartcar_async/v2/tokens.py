"""One user's tokens, taken from a store and refreshed there so that no crash and no race can lose them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypeVar

from attrs import evolve, frozen

from ..clock import Clock, SystemClock
from ..engine import policy
from ..engine.auth import MARGIN, SingleFlight, Token, is_young, margin
from ..errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    DecodeError,
    NotConnected,
    RateLimited,
    SmartcarError,
    TokenStoreError,
    TransportError,
)
from ..redaction import Secret
from .token_store import StoredTokens, TokenPair, TokenStore, check_key

T = TypeVar("T")

Refresh = Callable[[str], Awaitable[TokenPair]]

_GRACE: Final = timedelta(seconds=60)
"""For so long the server still takes a refresh token that was used. Another of its documents says ten minutes."""
_PAUSES: Final = (0.5, 8.0)
"""Seconds between two presentations of a refresh token whose first answer was lost: from, to."""
_UNSPENT: Final = ("ConnectionFailed", "RateLimited")


@frozen
class _TokenInUse:
    """The pair in use, which is in the store, and its access token as the engine takes it."""

    pair: TokenPair
    token: Token


class TokenSource:
    """One user's tokens, in place of a token: it refreshes by itself.

    Before a refresh is sent, the store is marked. Whoever finds the mark refreshes at once, with the same
    refresh token, because the answer may have been lost: the server takes the old token for a minute more. A new pair
    is in the store before any caller sees it. All callers, and all processes that share the store, make one request.
    """

    def __init__(self, store: TokenStore, key: str, refresh: Refresh, clock: Clock | None = None) -> None:
        if not all(callable(getattr(store, name, None)) for name in ("load", "swap", "lease")):
            raise ConfigurationError("store: give a TokenStore, such as FileTokenStore('tokens.json')")
        check_key(key)
        if not callable(refresh):
            raise ConfigurationError("refresh: give a function from a refresh token to a TokenPair")
        self._store = store
        self._key = key
        self._refresh = refresh
        self._clock = SystemClock() if clock is None else clock
        self._in_use: _TokenInUse | None = None
        self._unsaved: tuple[StoredTokens, StoredTokens] | None = None
        """What was stored, and what the server gave in its place but the store could not write."""
        self._invalid: tuple[TokenPair, AuthenticationError] | None = None
        """A pair that the server will not renew, and its error."""
        self._renewing: SingleFlight[_TokenInUse] = SingleFlight("smartcar refresh", self._clock)
        self._exchanging = False
        """Whether a refresh token is being presented, so that breaking off could lose the new pair."""
        self._broken_off = False
        """Whether that was cancelled nevertheless, as `asyncio.run` does at its end with every task."""
        self._pausing: asyncio.Future[None] | None = None
        self._closing = False

    async def access_token(self) -> str:
        """An access token that can be used now. It is refreshed first if it has ended, or ends within a minute.

        Raises:
            NotConnected: No tokens are stored under this key: let the owner connect, and `save` the pair.
            AuthenticationError: The refresh token is not valid any more: let the owner connect again.
            TokenStoreError: The store cannot be read or written.

        Example:
            source = client.token_source(FileTokenStore("tokens.json"), "owner-1")
            vehicle = client.vehicle(vehicle_id, source)
        """
        return (await self.pair()).access_token

    async def pair(self) -> TokenPair:
        """A pair whose access token can be used now. The errors are those of `access_token`."""
        return (await self._current()).pair

    async def save(self, pair: TokenPair) -> None:
        """Store a pair that the owner has just granted, in place of any other.

        Args:
            pair: What `exchange_code` answered.

        Raises:
            TokenStoreError: The store cannot be written; the text says whether what was stored is unchanged.
        """
        if not isinstance(pair, TokenPair):
            raise ConfigurationError("pair: give the TokenPair that exchange_code answered")
        while not await self._store.swap(self._key, await self._store.load(self._key), StoredTokens(pair)):
            pass
        self._unsaved = self._invalid = None
        self._renewing.forget_failure()
        self._use(pair)

    async def get(self) -> Token:
        """A token to send now."""
        return (await self._current()).token

    async def after_refusal(self, refused: Token) -> Token | None:
        """A token other than the refused one, or None if a new one could not help."""
        in_use = self._in_use
        if in_use is not None and in_use.token is not refused:
            return await self.get()
        if is_young(refused, self._clock):
            return None
        return (await self._renewing.join(self._renew)).token

    async def aclose(self) -> None:
        """Let a refresh that was sent come to its end, so that its pair is stored. After this, none begins."""
        self._closing = True
        if self._pausing is not None:
            self._pausing.cancel()
        await (self._renewing.finish() if self._exchanging else self._renewing.cancel())
        if self._unsaved is not None:
            await self._store_new_pair()

    async def _current(self) -> _TokenInUse:
        in_use = self._in_use
        # Both clocks are read, because the monotonic one stands still while a machine sleeps.
        if in_use is not None and self._clock.monotonic() < in_use.token.renew_at and self._left(in_use.pair) > 0:
            return in_use
        return await self._renewing.join(self._renew)

    async def _renew(self) -> _TokenInUse:
        """Another pair than the one in use: what is stored by now, or a new one."""
        if self._unsaved is None:
            stored = await self._load()
            in_use = None if self._in_use is None else self._in_use.pair
            if _is_other_pair(stored, other_than=in_use) and self._left(stored.pair) > MARGIN:
                return self._use(stored.pair)
            spent = stored.pair
        else:
            spent = self._unsaved[0].pair
        async with self._store.lease(self._key):
            if written := await self._store_new_pair():
                return self._use(written, new=True)
            return await self._renew_with_lease(spent)

    async def _renew_with_lease(self, spent: TokenPair) -> _TokenInUse:
        """What somebody else has stored in place of the spent pair, or else a new pair. Needs the lease.

        The steps are those of a journal: mark the pair in the store, present its refresh token, store the new pair. A
        process that dies after the first step leaves the mark, and whoever finds it knows that the refresh token may be
        spent, and presents it again while the server still takes it. Without the mark, the next process would trust the
        access token until it ends, and find only then, too late, that the refresh token is dead.
        """
        while True:
            stored = await self._load()
            if _is_other_pair(stored, other_than=spent) and self._left(stored.pair) > 0:
                return self._use(stored.pair, new=True)
            if self._invalid is not None and self._invalid[0] == stored.pair:
                raise self._invalid[1].fresh()
            if self._closing:
                raise ConfigurationError("this token source is closed and renews nothing more; make a new one")
            marked = stored  # by a process that did not come to its end: the server counts from its first request
            if stored.refreshing_since is None:
                marked = evolve(stored, refreshing_since=self._clock.now())
                if not await self._store.swap(self._key, stored, marked):
                    continue
            self._exchanging, self._broken_off = True, False
            try:
                pair = await self._exchange(stored, marked)
                if pair is not None:
                    self._unsaved = (marked, StoredTokens(pair))
                    if written := await self._despite_cancellation(self._store_new_pair):
                        return self._use(written, new=True)
            finally:
                self._exchanging = False
                if self._broken_off:  # the cancellation that was put off until the pair was safe
                    raise asyncio.CancelledError

    async def _exchange(self, stored: StoredTokens, marked: StoredTokens) -> TokenPair | None:
        """A new pair, or None if the server will give none. A refresh that may have been done is sent until it is."""
        until = self._clock.monotonic() + _GRACE.total_seconds()
        at_risk = stored.refreshing_since is not None and self._clock.now() - stored.refreshing_since < _GRACE
        pause, longest = _PAUSES
        while True:
            try:
                pair = await self._despite_cancellation(lambda: self._refresh(stored.pair.refresh_token))
            except SmartcarError as error:
                if invalid := _invalid_grant(error):
                    self._invalid = (stored.pair, invalid)
                    return None
                failure = error
            else:
                if not isinstance(pair, TokenPair):
                    raise ConfigurationError("refresh: the function must answer a TokenPair")
                return pair
            # From the first request that may have arrived, to give up could lose the owner's consent for good. So it is
            # presented again for as long as the server may still take it.
            at_risk |= _may_have_spent(failure)
            wait = max(pause, getattr(failure, "retry_after", None) or 0.0)
            again = at_risk and _may_pass(failure) and not self._closing
            if not again or self._clock.monotonic() + wait >= until:
                break
            await self._pause(wait)
            pause = min(pause * 2, longest)
        # The server has seen no request of ours, so the pair is as good as before and needs no mark.
        if not at_risk and marked is not stored:
            with suppress(TokenStoreError):
                await self._store.swap(self._key, marked, stored)
        raise failure

    async def _pause(self, wait: float) -> None:
        """Sleep; closing wakes it up, so that the token is presented once more."""
        self._pausing = pausing = asyncio.ensure_future(self._clock.sleep(wait))
        try:
            await self._despite_cancellation(lambda: asyncio.wait([pausing]))
        finally:
            self._pausing = None

    async def _despite_cancellation(self, work: Callable[[], Awaitable[T]]) -> T:
        """What comes of this. When it is cancelled it is done once more: an answer was lost, and not yet the pair.

        Whoever ends a loop in good order cancels each task once and waits for it.
        """
        if not self._broken_off:
            try:
                return await work()
            except asyncio.CancelledError:
                self._broken_off = True
        return await work()

    async def _store_new_pair(self) -> TokenPair | None:
        """The new pair, now that it is stored; None if somebody else has stored another in the meantime."""
        while self._unsaved is not None:
            old, new = self._unsaved
            if not await self._store.swap(self._key, old, new):
                stored = await self._store.load(self._key)
                if stored is not None and stored.pair == old.pair:
                    self._unsaved = (stored, new)  # it was only marked anew
                    continue
                if stored != new:
                    self._unsaved = None
                    continue
            self._unsaved = None
            return new.pair
        return None

    async def _load(self) -> StoredTokens:
        stored = await self._store.load(self._key)
        if stored is None:
            raise NotConnected(
                "no tokens are stored under this key. Let the owner connect, exchange the code, and save the pair: "
                "await source.save(pair)",
                key=self._key,
            )
        return stored

    def _use(self, pair: TokenPair, new: bool = False) -> _TokenInUse:
        """Use this pair from now on. The age of one that is not `new` is not known."""
        now, left = self._clock.monotonic(), self._left(pair)
        renew_at = now + left - (margin(left) if new else MARGIN)
        self._in_use = _TokenInUse(pair, Token(Secret(pair.access_token), now if new else -math.inf, renew_at))
        return self._in_use

    def _left(self, pair: TokenPair) -> float:
        return (pair.expiration - self._clock.now()).total_seconds()


class Exchanges:
    """Token requests that are under way. The server takes what they present once, so their answers are waited for."""

    def __init__(self) -> None:
        self._answers: set[asyncio.Future[None]] = set()

    async def run(self, request: Awaitable[TokenPair]) -> TokenPair:
        """What it answers."""
        answer = asyncio.get_running_loop().create_future()
        self._answers.add(answer)
        try:
            return await request
        finally:
            self._answers.discard(answer)
            answer.set_result(None)

    async def finish(self) -> None:
        """Wait for those that are under way."""
        if self._answers:
            await asyncio.wait(set(self._answers))


async def finished(sources: Iterable[TokenSource]) -> None:
    """Close all of these, and raise the first trouble only then."""
    outcomes = await asyncio.gather(*(source.aclose() for source in sources), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def _is_other_pair(stored: StoredTokens, other_than: TokenPair | None) -> bool:
    """Whether another pair is stored, and no refresh of it was begun."""
    return stored.refreshing_since is None and stored.pair != other_than


def _invalid_grant(error: SmartcarError) -> AuthenticationError | None:
    """The error for tokens that the server will not renew; None if this is another one."""
    if not isinstance(error, ApiError) or "invalid_grant" not in (error.error, (error.type or "").lower()):
        return None
    if error.status not in (None, 400, 401):
        return None  # a server in trouble knows nothing about a token, whatever its body contains
    invalid = AuthenticationError(
        "the refresh token is not valid any more (invalid_grant): let the owner connect again, exchange the code, and "
        "save the new pair: await source.save(pair)",
        status=error.status,
        type=error.type,
        error=error.error,
        description=error.description,
        request_id=error.request_id,
        headers=error.headers,
        body=error.body,
    )
    invalid.attempts = error.attempts
    return invalid


def _may_have_spent(error: SmartcarError) -> bool:
    """Whether one of the requests may have spent the refresh token: all but those that were never looked at."""
    seen = not isinstance(error, (ConnectionFailed, RateLimited))
    return seen or any(attempt.problem not in _UNSPENT for attempt in error.attempts)


def _may_pass(error: SmartcarError) -> bool:
    """Whether the same request may succeed in a moment."""
    return isinstance(error, (TransportError, DecodeError, RateLimited)) or policy.is_trouble(error)
