"""Tokens: fetched once for all who need one, renewed in time, never shown."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Generic, Protocol, TypeVar

from attrs import field, frozen

from ..clock import Clock
from ..errors import ConnectionFailed, SmartcarError
from ..operations import application_token
from ..records import ApplicationToken
from ..redaction import Secret
from ..request import Call, header_value

T = TypeVar("T")

Send = Callable[[Call[ApplicationToken]], Awaitable[ApplicationToken]]

MARGIN: Final = 60.0
"""Seconds before its end at which a token is renewed; a tenth of its life where that is shorter."""
_YOUNG: Final = 60.0
"""Seconds for which a token counts as new: see `is_young`."""
_FAILURE_SHARED: Final = 1.0
"""Seconds for which a failure answers further calls: a thousand of them must not make a thousand requests in turn."""


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


class SingleFlight(Generic[T]):
    """One piece of work at a time, for all who need its result.

    All of them share the result, or its failure for a second. A caller that is cancelled takes nothing from the others.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._task: asyncio.Task[T] | None = None
        self._failure: tuple[SmartcarError, float] | None = None

    async def join(self, work: Callable[[], Coroutine[None, None, T]]) -> T:
        """The result of the work that is under way, or that begins now."""
        if self._failure is not None:
            error, until = self._failure
            if self._clock.monotonic() < until:
                raise error.fresh()
            self._failure = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run_and_note_failure(work), name=self._name)
            self._task.add_done_callback(_mark_retrieved)
        task, cancelled_before = self._task, cancel_requests()
        failure: SmartcarError
        try:
            # The work is a task of its own behind a shield: whoever is cancelled stops waiting, and the others, or the
            # next call, still get what was asked for.
            return await asyncio.shield(task)
        except SmartcarError as error:
            # A copy for each caller: one exception raised in many tasks would collect all of their tracebacks.
            failure = error.fresh()
        except asyncio.CancelledError:
            if not task.cancelled() or cancel_requests() > cancelled_before:
                raise
            failure = ConnectionFailed("the client was closed while it fetched a token; nothing was sent")
        raise failure

    def forget_failure(self) -> None:
        """Let the next call try anew, because something has changed."""
        self._failure = None

    async def cancel(self) -> None:
        """Break off what is under way."""
        if self._task is not None:
            self._task.cancel()
        await self.finish()

    async def finish(self) -> None:
        """Wait for the end of what is under way, however it ends."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _run_and_note_failure(self, work: Callable[[], Coroutine[None, None, T]]) -> T:
        try:
            return await work()
        except SmartcarError as error:
            self._failure = (error.fresh(), self._clock.monotonic() + _FAILURE_SHARED)
            raise


class ApplicationTokens:
    """The one token of an application: fetched once for all who need it."""

    def __init__(self, client_id: str, client_secret: Secret, send: Send, clock: Clock) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._send = send
        self._clock = clock
        self._current: Token | None = None
        self._fetching: SingleFlight[Token] = SingleFlight("smartcar token", clock)

    async def get(self) -> Token:
        """The current token, or a new one shortly before its end."""
        token = self._current
        if token is not None and self._clock.monotonic() < token.renew_at:
            return token
        return await self._fetching.join(self._fetch)

    async def after_refusal(self, refused: Token) -> Token | None:
        """A token other than the refused one, or None if a new one could not help."""
        token = self._current
        # Many calls may be refused with the same old token. The first one renews it; the others find a new one here.
        if token is not None and token is not refused:
            return token
        if is_young(refused, self._clock):
            return None
        return await self._fetching.join(self._fetch)

    async def aclose(self) -> None:
        """Stop fetching."""
        await self._fetching.cancel()

    async def _fetch(self) -> Token:
        fetched = await self._send(application_token(self._client_id, self._client_secret.reveal()))
        now, lifetime = self._clock.monotonic(), fetched.expires_in
        self._current = Token(Secret(fetched.access_token), now, now + lifetime - margin(lifetime))
        return self._current


def cancel_requests() -> int:
    """How many requests to cancel the task that runs this are open: more than before means that it was cancelled."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def is_young(token: Token, clock: Clock) -> bool:
    """Whether a token is so new that its refusal is not its fault: another would be refused as well."""
    return clock.monotonic() - token.born < _YOUNG


def margin(lifetime: float) -> float:
    """Seconds before its end at which a token is renewed."""
    return min(MARGIN, lifetime / 10)


def _mark_retrieved(task: "asyncio.Task[Any]") -> None:
    """Keep asyncio from reporting a failure that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
