"""Tokens: fetched once for all who need one, renewed in time, never shown."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from attrs import field, frozen

from .clock import Clock
from .errors import ConnectionFailed, SmartcarError
from .operations import application_token
from .records import ApplicationToken
from .redaction import Secret
from .request import Call, header_value

Send = Callable[[Call[ApplicationToken]], Awaitable[ApplicationToken]]

_MARGIN: Final = 60.0
"""Seconds before its end at which a token is renewed; a tenth of its life where that is shorter."""
_YOUNG: Final = 60.0
"""A token that is refused within so many seconds of its birth is not at fault: another would be refused as well."""
_FAILURE_SHARED: Final = 1.0


@frozen(eq=False)
class Token:
    """An access token in use, with its times on the monotonic clock."""

    secret: Secret
    born: float
    renew_at: float = field(repr=False)


class Tokens(Protocol):
    """Where a call's token comes from, and what to do when it is refused."""

    async def get(self) -> Token:
        """A token to send now."""
        ...

    async def after_refusal(self, refused: Token) -> Token | None:
        """A token other than the refused one, or None if a new one could not help."""
        ...


class FixedToken:
    """A token that the caller looks after: when it is refused, there is no other."""

    def __init__(self, secret: str, argument: str = "token") -> None:
        header_value(secret, argument)
        self._token = Token(Secret(secret), 0.0, math.inf)

    async def get(self) -> Token:
        """The token."""
        return self._token

    async def after_refusal(self, refused: Token) -> Token | None:
        """None: there is no other."""
        return None


class ApplicationTokens:
    """The one token of an application.

    However many calls need a new one, a single request is made. All of them share its result, or its failure for a
    second. A caller that is cancelled takes nothing from the others.
    """

    def __init__(self, client_id: str, client_secret: str, send: Send, clock: Clock) -> None:
        self._client_id = client_id
        self._client_secret = Secret(client_secret)
        self._send = send
        self._clock = clock
        self._current: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None
        self._failure: tuple[SmartcarError, float] | None = None

    async def get(self) -> Token:
        """The current token, or a new one shortly before its end."""
        token = self._current
        if token is not None and self._clock.monotonic() < token.renew_at:
            return token
        return await self._renewed()

    async def after_refusal(self, refused: Token) -> Token | None:
        """A token other than the refused one, or None if a new one could not help."""
        token = self._current
        if token is not None and token is not refused:
            return token
        if self._clock.monotonic() - refused.born < _YOUNG:
            return None
        return await self._renewed()

    async def aclose(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _renewed(self) -> Token:
        if self._failure is not None:
            error, until = self._failure
            if self._clock.monotonic() < until:
                raise error.fresh()
            self._failure = None
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(), name="smartcar token")
            self._fetching.add_done_callback(_mark_retrieved)
        fetching = self._fetching
        shared: SmartcarError
        try:
            return await asyncio.shield(fetching)
        except SmartcarError as error:
            shared = error.fresh()
        except asyncio.CancelledError:
            if not fetching.cancelled():
                raise
            shared = ConnectionFailed("the client was closed while it fetched a token; nothing was sent")
        raise shared

    async def _fetch(self) -> Token:
        try:
            answer = await self._send(application_token(self._client_id, self._client_secret.reveal()))
        except SmartcarError as error:
            self._failure = (error.fresh(), self._clock.monotonic() + _FAILURE_SHARED)
            raise
        now = self._clock.monotonic()
        margin = min(_MARGIN, answer.expires_in / 10)
        self._current = Token(Secret(answer.access_token), now, now + answer.expires_in - margin)
        return self._current


def _mark_retrieved(task: "asyncio.Task[Token]") -> None:
    """Keep asyncio from reporting a failure that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
