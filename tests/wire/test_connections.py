"""Which connection carries what, and that no answer is taken for the answer to another request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from attrs import define, field

from smartcar_async import (
    CommandOutcomeUnknown,
    ConnectionLost,
    Retry,
    Settings,
    Smartcar,
    signals,
)
from smartcar_async.v2 import Client

from . import documents
from .executions import execution
from .sockets import TOKEN_BODY, http, read_request

Session = Callable[[], "aiohttp.ClientSession | None"]
sessions = pytest.mark.parametrize("own", [True, False], ids=["our own session", "a caller's session"])
SOC = signals.TractionBattery.StateOfCharge


def answer(document: object, headers: str = "") -> bytes:
    """A good answer with this document."""
    return http(json.dumps(document).encode(), headers=headers)


def car(vehicle_id: str) -> dict[str, Any]:
    """What a vehicle is."""
    return {"data": documents.vehicle(vehicle_id)}


def reply_to(request: bytes) -> bytes:
    """The right answer to a request."""
    method, target = request.split()[:2]
    parts = target.decode().split("/")
    if b"/oauth2/token" in target:
        return http(TOKEN_BODY)
    if b"/odometer" in target:
        return answer({"distance": int(parts[3])}, "SC-Request-Id: r\r\n")
    if b"/nothing" in target:
        return answer({})
    if method == b"POST":
        return answer(execution())
    if b"/signals" in target:
        return answer(documents.signal_list(vehicle_id=parts[3]))
    return answer(car(parts[3]))


@define(eq=False)
class Peer:
    """A server that answers each request right, and lets a test write to its connections in between."""

    writers: list[asyncio.StreamWriter] = field(factory=list[asyncio.StreamWriter])
    requests: list[bytes] = field(factory=list[bytes])
    before: dict[int, bytes] = field(factory=dict[int, bytes])
    """What is written in front of the answer to the request of this number."""
    instead: dict[int, bytes] = field(factory=dict[int, bytes])
    """What takes the place of the answer to the request of this number."""
    greeting: bytes = b""
    after: bytes = b""
    """What is written behind every answer, at once."""
    pause: float = 0.0
    busy: int = 0
    busiest: int = 0
    ended: int = 0
    port: int = 0

    @property
    def settings(self) -> Settings:
        """Settings that lead here."""
        url = f"http://127.0.0.1:{self.port}"
        retry = Retry(3, 0.001, 0.001)
        return Settings(vehicle_origin=url, iam_origin=url, api_origin=url, rate_limit=None, retry=retry)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writers.append(writer)
        writer.write(self.greeting)
        try:
            while True:
                request = await read_request(reader)
                if b"/oauth2/token" not in request:
                    self.requests.append(request)
                self.busy += 1
                self.busiest = max(self.busiest, self.busy)
                await asyncio.sleep(self.pause)
                self.busy -= 1
                early = self.before.pop(len(self.requests), b"")
                reply = self.instead.pop(len(self.requests), None) or reply_to(request)
                writer.write(early + reply + self.after)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.ended += 1
        writer.close()

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.split()[1].decode() for request in self.requests]


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A server on a port of its own."""
    peer = Peer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    yield peer
    server.close()
    for writer in peer.writers:
        writer.close()
    await asyncio.sleep(0.01)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session of a caller's."""
    async with aiohttp.ClientSession() as session:
        yield session


@sessions
async def test_reads_that_name_their_car_share_a_connection(
    peer: Peer, session: aiohttp.ClientSession, own: bool
) -> None:
    """The handshake is paid once for all cars, in turn and after a pause; what fails ends the connection."""
    async with Smartcar("id", "secret", settings=peer.settings, session=None if own else session) as smartcar:
        for number in range(20):
            assert (await smartcar.vehicle(f"car-{number}", "user").attributes()).id == f"car-{number}"
        assert len(peer.writers) == 2
        await asyncio.gather(*(smartcar.vehicle(f"car-{number}", "user").attributes() for number in range(20)))
        assert len(peer.writers) <= 21


@sessions
@pytest.mark.parametrize("copy", [answer(car("car-1")), answer(car("car-1"))[:40], b"\0"], ids=["whole", "cut", "odd"])
async def test_what_arrives_while_a_connection_rests_ends_it(
    peer: Peer, session: aiohttp.ClientSession, own: bool, copy: bytes
) -> None:
    """A second copy of an answer, or anything else, is never read as the answer to the next request."""
    async with Smartcar("id", "secret", settings=peer.settings, session=None if own else session) as smartcar:
        await smartcar.vehicle("car-1", "user").attributes()
        peer.writers[-1].write(copy)
        await asyncio.sleep(0.02)
        assert (await smartcar.vehicle("car-2", "user").attributes()).id == "car-2"
    assert peer.paths == ["/v3/vehicles/car-1", "/v3/vehicles/car-2"]


@sessions
async def test_a_copy_that_arrives_after_the_next_request_was_sent(
    peer: Peer, session: aiohttp.ClientSession, own: bool
) -> None:
    """It names another car: it is not believed, the connection ends, and the read is sent again over another one."""
    async with Smartcar("id", "secret", settings=peer.settings, session=None if own else session) as smartcar:
        first, second = smartcar.vehicle("car-1", "user"), smartcar.vehicle("car-2", "user")
        await first.attributes()
        peer.before[2] = answer(car("car-1"))
        assert (await second.attributes()).id == "car-2"
        assert len(peer.writers) == 3
        await second.signals()
        peer.before[5] = answer(documents.signal_list(vehicle_id="car-2"))
        found = await first.signals()
        assert found.vehicle is not None
        assert found.vehicle.id == "car-1"
    assert peer.paths[:3] == ["/v3/vehicles/car-1", "/v3/vehicles/car-2", "/v3/vehicles/car-2"]


async def test_the_same_answer_is_not_believed_twice(peer: Peer) -> None:
    """A copy about the same car is known by its request id: it may be as old as the connection."""
    old = answer(car("car-1"), "SC-Request-Id: r-1\r\n")
    async with Smartcar("id", "secret", settings=peer.settings) as smartcar:
        vehicle = smartcar.vehicle("car-1", "user")
        peer.instead[1] = old
        await vehicle.attributes()
        peer.before[2] = old
        await vehicle.attributes()
    assert (len(peer.requests), len(peer.writers)) == (3, 3)


async def test_an_answer_without_a_name_ends_its_connection(peer: Peer) -> None:
    """A copy of it could not be told from the answer to another request."""
    async with Smartcar("id", "secret", settings=peer.settings) as smartcar:
        for _ in range(3):
            await smartcar.vehicle("car-1", "user").request("GET", "/nothing")
    assert len(peer.writers) == 1 + 3


@sessions
async def test_what_changes_something_never_uses_a_kept_connection(
    peer: Peer, session: aiohttp.ClientSession, own: bool
) -> None:
    """A caller's session included, whose pool is neither drawn from nor filled; a pause makes no difference."""
    url = f"http://127.0.0.1:{peer.port}/v3/vehicles/mine"
    async with Smartcar("id", "secret", settings=peer.settings, session=None if own else session) as smartcar:
        vehicle = smartcar.vehicle("car-1", "user")
        await vehicle.attributes()
        async with session.get(url) as mine:
            await mine.read()
        before = len(peer.writers)
        for use in (vehicle.lock, vehicle.unlock, lambda: smartcar.delete_connection("c"), lambda: vehicle.lock()):
            await use()
        assert len(peer.writers) == before + 4
        await asyncio.sleep(0.02)
        assert peer.ended == 1 + 4  # that of the token, and those of the commands
        async with session.get(url) as mine:
            await mine.read()
        await vehicle.attributes()
        assert len(peer.writers) == before + 4
    commands = [request for request in peer.requests if not request.startswith(b"GET")]
    assert all(b"\r\nConnection: close\r\n" in request for request in commands)


@sessions
async def test_a_command_is_never_answered_by_the_answer_to_another(
    peer: Peer, session: aiohttp.ClientSession, own: bool
) -> None:
    """Whatever copies a proxy sends, a refusal stays a refusal."""
    peer.after = answer(execution())
    async with Smartcar("id", "secret", settings=peer.settings, session=None if own else session) as smartcar:
        vehicle = smartcar.vehicle("car-1", "user")
        assert (await vehicle.lock()).ok
        await asyncio.sleep(0.01)
        peer.before[2] = http(b'{"errors": [{"type": "VEHICLE_STATE", "code": "ASLEEP"}]}', "409 Conflict")
        with pytest.raises(Exception, match="VEHICLE_STATE:ASLEEP"):
            await vehicle.lock()


async def test_another_cars_execution_leaves_the_outcome_open(peer: Peer) -> None:
    """Where an execution names a car, it must be the one that was told; the command is not sent again."""
    peer.before[1] = answer({"data": {**execution()["data"], "links": {"self": "/vehicles/car-2/executions/x"}}})
    async with Smartcar("id", "secret", settings=peer.settings) as smartcar:
        with pytest.raises(CommandOutcomeUnknown) as caught:
            await smartcar.vehicle("car-1", "user").lock()
    assert [attempt.problem for attempt in caught.value.attempts] == ["ConnectionLost"]
    assert len(peer.requests) == 1


async def test_an_answer_before_the_request(peer: Peer) -> None:
    """A fresh connection that speaks first is not listened to, and nothing is written."""

    async def hesitate(*_: object) -> None:
        await asyncio.sleep(0.02)

    traces = aiohttp.TraceConfig()
    traces.on_connection_create_end.append(hesitate)
    peer.greeting = http(TOKEN_BODY)
    async with aiohttp.ClientSession(trace_configs=[traces]) as session:
        smartcar = Smartcar("id", "secret", settings=peer.settings, session=session)
        with pytest.raises(ConnectionLost, match="UnrequestedData"):
            await smartcar.vehicle("car-1", "user").lock()
        await smartcar.aclose()
    assert peer.requests == []


async def test_v2_names_nothing_and_so_uses_each_connection_once(peer: Peer, session: aiohttp.ClientSession) -> None:
    """Its answers could be those of any car."""
    peer.after = answer({"distance": 0}, "SC-Request-Id: r\r\n")
    for used in (None, session):
        async with Client("id", "secret", settings=peer.settings, session=used) as client:
            for number in range(5):
                before = len(peer.writers)
                assert (await client.vehicle(str(number), "token").odometer()).distance == number
                assert len(peer.writers) == before + 1


async def test_clients_with_one_session_share_no_connection(peer: Peer, session: aiohttp.ClientSession) -> None:
    """A copy of an answer that one of them was given would be news to the other."""
    old = answer(car("car-1"), "SC-Request-Id: r-1\r\n")
    clients = [Smartcar("id", "secret", settings=peer.settings, session=session) for _ in range(2)]
    for client in clients:
        await client.request("GET", "/nothing")  # to have its token
    first, second = (client.vehicle("car-1", "user") for client in clients)
    peer.instead[len(peer.requests)] = old
    await first.attributes()
    peer.before[len(peer.requests)] = old
    used = len(peer.writers)
    await second.attributes()
    assert len(peer.writers) == used + 1
    for client in clients:
        await client.aclose()


async def test_connections_are_not_used_without_end(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a connection does not grow for ever."""
    monkeypatch.setattr("smartcar_async.engine.connections._MOST_ANSWERS", 3)
    peer.instead = {number: answer(car("car-1"), f"SC-Request-Id: {number}\r\n") for number in range(1, 10)}
    async with Smartcar("id", "secret", settings=peer.settings) as smartcar:
        for _ in range(9):
            await smartcar.vehicle("car-1", "user").attributes()
    assert len(peer.writers) == 1 + 3


async def test_a_callers_limit_for_a_host_is_kept(peer: Peer) -> None:
    """Our connections are of other kinds in its pool, and so are counted here."""
    peer.pause = 0.005
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit_per_host=2)) as session:
        smartcar = Smartcar("id", "secret", settings=peer.settings, session=session)
        vehicle = smartcar.vehicle("car-1", "user")
        await asyncio.gather(*(use() for use in (vehicle.lock, vehicle.attributes, vehicle.signals) * 4))
        await smartcar.aclose()
    assert (len(peer.requests), peer.busiest) == (12, 2)


async def test_traces_and_a_request_class_of_the_callers_own(peer: Peer) -> None:
    """A caller's session goes on seeing what it would see."""
    seen: list[str] = []

    class Own(aiohttp.ClientRequest):
        """A caller's kind of request."""

        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            """Note it."""
            seen.append(self.method)
            return await super().send(conn)

    async def started(*_: object) -> None:
        seen.append("started")

    traces = aiohttp.TraceConfig()
    traces.on_request_start.append(started)
    async with aiohttp.ClientSession(request_class=Own, trace_configs=[traces]) as session:
        smartcar = Smartcar("id", "secret", settings=peer.settings, session=session)
        await smartcar.vehicle("car-1", "user").signals()
        await smartcar.aclose()
    assert seen == ["started", "POST", "started", "GET"]
