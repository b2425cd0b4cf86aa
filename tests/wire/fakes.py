"""A fake server without sockets and clocks without waiting, for the tests of this folder."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from aiohttp import ClientSession
from aioresponses import CallbackResult, aioresponses
from attrs import define, field, frozen
from yarl import URL

from smartcar_async import Clock, Settings, Smartcar

if TYPE_CHECKING:
    from smartcar_async.log import Hook

CLIENT_ID, CLIENT_SECRET = "client_1", "secret-of-the-application"
VEHICLE, OTHER, USER = "vehicle-1", "vehicle-2", "user-1"
TOKEN_URL = "https://iam.smartcar.com/oauth2/token"
API = "https://vehicle.api.smartcar.com"


@frozen
class Sent:
    """One request as it was handed to aiohttp."""

    method: str
    url: str
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes | None = None


@frozen
class Answer:
    """One answer of the fake server."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(factory=dict[str, str])


Outcome = Answer | Exception
Handler = Callable[[Sent], Outcome | Awaitable[Outcome]]


def answer(document: object = None, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body; underscores in header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps({} if document is None else document).encode(), named)


def refused(kind: str, code: str | None, status: int, **headers: str) -> Answer:
    """A v3 error document."""
    return answer({"errors": [{"status": str(status), "type": kind, "code": code, "detail": "no"}]}, status, **headers)


def token(number: int = 1, lifetime: object = 3600) -> Answer:
    """An answer of the token endpoint."""
    return answer({"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": lifetime})


def always(outcome: Outcome) -> Handler:
    """The same outcome for every request."""
    return lambda _: outcome


def in_turn(*outcomes: Outcome) -> Handler:
    """One outcome after the other; asking for more is a failure of the test."""
    remaining = list(outcomes)
    return lambda _: remaining.pop(0)


class _Response:
    """As much of aiohttp's response as the transport reads."""

    def __init__(self, answer: Answer) -> None:
        self.status, self.headers, self._body = answer.status, answer.headers, answer.body
        self.content = self

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The body, whole."""
        yield self._body

    def close(self) -> None:
        """Nothing is open."""


class _Exchange:
    """As much of aiohttp's request context as the transport uses."""

    def __init__(self, outcome: Awaitable[Answer]) -> None:
        self._outcome = outcome

    async def __aenter__(self) -> _Response:
        return _Response(await self._outcome)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


@define(eq=False)
class Wire:
    """A session that answers from functions, one for tokens and one for the rest, and keeps what it was sent.

    aioresponses costs a millisecond a request; this costs nothing, for tests that send tens of thousands.
    """

    api: Handler = field(factory=lambda: always(answer()))
    iam: Handler = field(factory=lambda: always(token()))
    calls: list[Sent] = field(factory=list[Sent])
    tokens: list[Sent] = field(factory=list[Sent])
    closed: bool = False
    connector: None = None

    def request(
        self, method: str, url: URL, *, headers: Mapping[str, str], data: bytes | None, **_options: Any
    ) -> _Exchange:
        """What the transport calls."""
        return _Exchange(self.exchange(Sent(method, str(url), headers, data)))

    async def exchange(self, sent: Sent) -> Answer:
        """Note the request and answer it, or raise what the handler returned."""
        is_token = sent.url.endswith("/oauth2/token")
        (self.tokens if is_token else self.calls).append(sent)
        await settle(1)
        outcome = (self.iam if is_token else self.api)(sent)
        if inspect.isawaitable(outcome):
            outcome = await outcome
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def client(self, clock: Clock | None = None, on_event: Hook | None = None, **settings: Any) -> Smartcar:
        """A client on this wire, opened, without a limit of its own unless one is given."""
        own: dict[str, Any] = {"rate_limit": None}
        chosen = Settings(**{**own, **settings})
        session = cast("ClientSession", self)
        smartcar = Smartcar(CLIENT_ID, CLIENT_SECRET, settings=chosen, session=session, on_event=on_event, clock=clock)
        return await smartcar.__aenter__()


class _Recorder(aioresponses):
    """aioresponses that tells the URL as it was sent: its own record sorts the query."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire

    async def _request_mock(self, orig_self: Any, method: str, url: Any, *args: Any, **kwargs: Any) -> Any:
        async def reply(_url: URL, **_kwargs: Any) -> CallbackResult:
            replied = await self.wire.exchange(Sent(method, str(url), kwargs["headers"], kwargs["data"]))
            headers = {"Content-Type": "application/json", **replied.headers}
            return CallbackResult(method, replied.status, replied.body, headers=headers)

        self.add(url, method, callback=reply)
        return await super()._request_mock(orig_self, method, url, *args, **kwargs)


@contextmanager
def mocked(wire: Wire) -> Generator[Wire, None, None]:
    """Put the wire under aiohttp's own sessions, by way of aioresponses."""
    with _Recorder(wire):
        yield wire


@define(eq=False)
class FakeClock:
    """A clock that moves only when somebody sleeps, and then at once."""

    time: float = 1000.0
    slept: list[float] = field(factory=list[float])

    def monotonic(self) -> float:
        """Seconds on a clock that only grows."""
        return self.time

    def now(self) -> datetime:
        """The time of day."""
        return datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        """Move the clock and return at once; concurrent sleeps overlap, and do not add up."""
        self.slept.append(seconds)
        until = self.time + seconds
        await settle(1)
        self.time = max(self.time, until)


@define(eq=False)
class HeldClock(FakeClock):
    """A clock that moves only by `advance`."""

    _sleepers: list[tuple[float, asyncio.Future[None]]] = field(factory=list[tuple[float, "asyncio.Future[None]"]])

    async def sleep(self, seconds: float) -> None:
        """Wait for `advance`."""
        self.slept.append(seconds)
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + seconds, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move the clock, and wake each sleeper at its time."""
        await settle()
        end = self.time + seconds
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end]:
            first = min(due, key=lambda sleeper: sleeper[0])
            self._sleepers.remove(first)
            self.time = max(self.time, first[0])
            if not first[1].done():
                first[1].set_result(None)
                await settle()
        self.time = end
        await settle()


async def settle(turns: int = 20) -> None:
    """Give every task some turns of the loop, to go as far as it can."""
    for _ in range(turns):
        await asyncio.sleep(0)
