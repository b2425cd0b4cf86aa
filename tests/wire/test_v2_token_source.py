"""A token source in the place of a token: the calls of a vehicle refresh by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

import pytest
from attrs import define, field

from smartcar_async import (
    AuthenticationError,
    CommandOutcomeUnknown,
    ConfigurationError,
    DeadlineExceeded,
    MemoryTokenStore,
    PermissionDenied,
    TokenPair,
    TokenStoreError,
)
from smartcar_async.v2 import Client, Vehicle

from .fakes import Answer, FakeClock, Outcome, Sent, Wire, answer, settle
from .token_owner import KEY, Store
from .v2 import AUTH, BASIC, ID, client

if TYPE_CHECKING:
    from aiohttp import ClientSession

REFUSED = answer({"type": "AUTHENTICATION", "code": None, "description": "no", "statusCode": 401}, 401)
INVALID_GRANT = answer({"error": "invalid_grant", "error_description": "Invalid or expired refresh token"}, 400)

Turn = Outcome | Callable[[], Awaitable[Outcome]]


@define(eq=False)
class Server:
    """API v2.0 for one owner: any access token but the newest is refused."""

    clock: FakeClock = field(factory=FakeClock)
    wire: Wire = field(factory=Wire)
    current: int = 1
    turns: list[Turn] = field(factory=list[Turn])
    """What the token endpoint does first; then it gives the next pair."""
    unknown: list[CommandOutcomeUnknown] = field(factory=list[CommandOutcomeUnknown])

    def __attrs_post_init__(self) -> None:
        self.wire.api = self.serve

    async def serve(self, sent: Sent) -> Outcome:
        """Answer a request."""
        if not sent.url.startswith(f"{AUTH}/oauth/token"):
            right = sent.headers["Authorization"] == f"Bearer access-{self.current}"
            return answer({"distance": 7.0}) if right else REFUSED
        if self.turns:
            turn = self.turns.pop(0)
            return turn if isinstance(turn, (Answer, Exception)) else await turn()
        return self.rotated()

    def rotated(self) -> Answer:
        """The next pair."""
        self.current += 1
        tokens = {"access_token": f"access-{self.current}", "refresh_token": f"refresh-{self.current}"}
        return answer({**tokens, "token_type": "Bearer", "expires_in": 7200})

    def client(self) -> Client:
        """A client of it."""
        session = cast("ClientSession", self.wire)
        return client(session=session, clock=self.clock, on_outcome_unknown=self.unknown.append)

    def pair(self, left: float = 3600) -> TokenPair:
        """The first pair."""
        now = self.clock.now()
        return TokenPair("access-1", "refresh-1", now + timedelta(seconds=left), now + timedelta(days=60))

    @property
    def refreshes(self) -> list[str]:
        """The refresh tokens that were presented."""
        forms = [parse_qs((sent.body or b"").decode()) for sent in self.wire.calls if sent.url.startswith(AUTH)]
        return [form["refresh_token"][0] for form in forms]


@pytest.fixture
def server() -> Server:
    """A server."""
    return Server()


async def connected(server: Server, smartcar: Client, store: Store | MemoryTokenStore, left: float) -> Vehicle:
    """A vehicle whose owner has a pair with so many seconds left."""
    source = smartcar.token_source(store, KEY)
    await source.save(server.pair(left))
    return smartcar.vehicle(ID, source)


async def test_a_vehicle_refreshes_before_the_end(server: Server) -> None:
    """A hundred calls over the expiry make one request, exactly as the API wants it."""
    async with server.client() as smartcar:
        vehicle = await connected(server, smartcar, store := MemoryTokenStore(), left=10)
        readings = await asyncio.gather(*(vehicle.odometer() for _ in range(100)))
    assert {reading.distance for reading in readings} == {7.0}
    (sent,) = [sent for sent in server.wire.calls if sent.url.startswith(AUTH)]
    assert (sent.method, sent.url, sent.headers["Authorization"]) == ("POST", f"{AUTH}/oauth/token", BASIC)
    assert sent.body == b"grant_type=refresh_token&refresh_token=refresh-1"
    stored = await store.load(KEY)
    assert stored is not None
    assert stored.pair == TokenPair(
        "access-2",
        "refresh-2",
        server.clock.now() + timedelta(hours=2),
        server.clock.now() + timedelta(days=60),
    )


async def test_a_vehicle_refreshes_after_a_401(server: Server) -> None:
    """Once; and what the API refuses with a new token too is told."""
    async with server.client() as smartcar:
        vehicle = await connected(server, smartcar, MemoryTokenStore(), left=3600)
        server.current = 7
        assert (await vehicle.odometer()).distance == 7.0
        server.current = 99
        with pytest.raises(AuthenticationError, match="401"):
            await vehicle.odometer()
    assert server.refreshes == ["refresh-1"]


async def test_an_answer_that_is_lost_is_asked_for_again(server: Server) -> None:
    """By the client itself, and no hook hears of an outcome that is unknown: it is found out."""
    server.turns = [ConnectionResetError(), Answer(503), Answer(200, b"{"), answer({"token_type": "Bearer"})]
    async with server.client() as smartcar:
        vehicle = await connected(server, smartcar, MemoryTokenStore(), left=0)
        assert (await vehicle.odometer()).distance == 7.0
        assert (await vehicle.odometer()).distance == 7.0
    assert set(server.refreshes) == {"refresh-1"}
    assert server.unknown == []


async def test_the_owner_must_connect_again(server: Server) -> None:
    """The error of the call says so, with what the API said."""
    server.turns = [INVALID_GRANT]
    async with server.client() as smartcar:
        vehicle = await connected(server, smartcar, MemoryTokenStore(), left=0)
        with pytest.raises(AuthenticationError, match="let the owner connect again") as caught:
            await vehicle.odometer()
    assert (caught.value.status, caught.value.description) == (400, "Invalid or expired refresh token")
    assert [attempt.status for attempt in caught.value.attempts] == [400]
    assert server.refreshes == ["refresh-1"]


async def test_a_wrong_secret_is_no_reason_to_connect_again(server: Server) -> None:
    """Another refusal of the token endpoint is told as it came, and the mark keeps the pair."""
    server.turns = [answer({"error": "access_denied", "error_description": "not you"}, 403)]
    async with server.client() as smartcar:
        vehicle = await connected(server, smartcar, MemoryTokenStore(), left=0)
        with pytest.raises(PermissionDenied, match="not you"):
            await vehicle.odometer()
        server.clock.time += 2
        assert (await vehicle.odometer()).distance == 7.0


def held(server: Server) -> tuple[Callable[[], Awaitable[Outcome]], asyncio.Event]:
    """A token endpoint that answers when it is told to."""
    go = asyncio.Event()

    async def slow() -> Outcome:
        await go.wait()
        return server.rotated()

    return slow, go


async def test_a_deadline_breaks_no_refresh_off(server: Server) -> None:
    """The call in a hurry ends, and the pair that comes later is stored."""
    slow, go = held(server)
    server.turns = [slow]
    async with server.client() as smartcar:
        vehicle = await connected(server, smartcar, store := MemoryTokenStore(), left=0)
        with pytest.raises(DeadlineExceeded):
            await vehicle.odometer(deadline=0.01)
        go.set()
        await settle()
        stored = await store.load(KEY)
        assert stored is not None
        assert stored.pair.refresh_token == "refresh-2"


async def test_closing_lets_a_refresh_end(server: Server) -> None:
    """The client stays open until the pair is stored."""
    slow, go = held(server)
    server.turns = [slow]
    smartcar = await server.client().__aenter__()
    vehicle = await connected(server, smartcar, store := MemoryTokenStore(), left=0)
    call = asyncio.ensure_future(vehicle.odometer())
    await settle()
    closing = asyncio.ensure_future(smartcar.aclose())
    await settle()
    assert not closing.done()
    go.set()
    await closing
    stored = await store.load(KEY)
    assert stored is not None
    assert stored.pair.refresh_token == "refresh-2"
    await asyncio.wait([call])
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await vehicle.odometer()


async def test_closing_tells_of_a_pair_that_cannot_be_stored(server: Server) -> None:
    """It is the last chance to make room; the connections are closed all the same."""
    store = Store()

    async def fills() -> Outcome:
        store.full = True
        return server.rotated()

    server.turns = [fills]
    smartcar = server.client()
    vehicle = await connected(server, smartcar, store, left=0)
    with pytest.raises(TokenStoreError, match="no room"):
        await vehicle.odometer()
    with pytest.raises(TokenStoreError, match="no room"):
        await smartcar.aclose()
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await smartcar.get_user("access-1")
