"""Faults at the wire, seen by a raw socket: what exactly reaches the client, and what the service did."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator

import pytest
from attrs import define, field

from smartcar_async.testing.errors import SimulatorError
from smartcar_async.testing.faults import (
    Delay,
    Drip,
    ErrorReply,
    MalformedJson,
    Reply,
    ResetBeforeHeaders,
    ResetBeforeReading,
    ResetInBody,
    ResetInHeaders,
    Script,
    Truncate,
    WrongContentType,
)
from smartcar_async.testing.simulator import Simulator


@define
class RawAnswer:
    """All that a raw socket received, and how it ended: "close", "reset", or "open" after a whole answer."""

    raw: bytes = b""
    end: str = "open"
    arrivals: list[float] = field(factory=list[float])

    @property
    def head(self) -> bytes:
        """Status line and headers."""
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        """What came after the headers."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.raw.split(b" ")[1])

    @property
    def promised(self) -> int:
        """The Content-Length."""
        (line,) = (line for line in self.head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return int(line.split(b":")[1])


async def ask(sim: Simulator, path: str = "/v3/connections", method: str = "GET", body: bytes = b"") -> RawAnswer:
    """Send one request on a connection of its own, and look at what comes back byte by byte."""
    port = int(sim.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = RawAnswer()
    head = f"{method} {path} HTTP/1.1\r\nHost: simulator\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    try:
        writer.write(head.encode() + body)
        while chunk := await reader.read(65536):
            answer.raw += chunk
            answer.arrivals.append(time.monotonic())
        answer.end = "close"
    except ConnectionResetError:
        answer.end = "reset"
    finally:
        writer.close()
    return answer


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """A simulator of everyday cars on this loop."""
    async with Simulator() as simulator:
        yield simulator


TOKEN = "/oauth2/token"


async def buy(sim: Simulator) -> RawAnswer:
    """Ask for a token with good credentials: a request that changes something and has a body."""
    form = f"grant_type=client_credentials&client_id={sim.client_id}&client_secret={sim.client_secret}"
    return await ask(sim, TOKEN, "POST", form.encode())


async def test_without_a_fault_the_answer_is_whole(sim: Simulator) -> None:
    """The measure for all that follows."""
    answer = await buy(sim)
    assert (answer.status, answer.end, len(answer.body)) == (200, "close", answer.promised)
    assert sim.faults.hits == 0


async def test_reset_before_the_request_is_read(sim: Simulator) -> None:
    """Nothing was done, and no body was taken."""
    script = sim.fault(ResetBeforeReading())
    answer = await buy(sim)
    assert (answer.raw, answer.end) == (b"", "reset")
    assert (script.hits, sim.requests[-1].status, sim.requests[-1].body) == (1, None, b"")


async def test_reset_before_headers(sim: Simulator) -> None:
    """The service acted; the client hears nothing of it."""
    connection = next(iter(sim.world.connections))
    sim.expire_tokens()
    token = json.loads((await buy(sim)).body)["access_token"]
    sim.fault(ResetBeforeHeaders(), method="DELETE")
    port = int(sim.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"DELETE /v3/connections/{connection} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    assert connection not in sim.world.connections
    assert sim.requests[-1].status is None


async def test_reset_in_the_headers(sim: Simulator) -> None:
    """The status line is there, the end of the headers is not."""
    sim.fault(ResetInHeaders())
    answer = await buy(sim)
    assert answer.end == "reset"
    assert answer.raw.startswith(b"HTTP/1.1 200 ")
    assert b"\r\n\r\n" not in answer.raw
    assert sim.requests[-1].status == 200


async def test_reset_and_truncation_in_the_body(sim: Simulator) -> None:
    """Half of what was promised, then a reset or a quiet end."""
    for fault, end in ((ResetInBody(), "reset"), (Truncate(), "close")):
        sim.faults.clear()
        sim.fault(fault)
        answer = await buy(sim)
        assert (answer.status, answer.end) == (200, end)
        assert len(answer.body) == answer.promised // 2
    assert sim.faults.hits == 2


async def test_delay(sim: Simulator) -> None:
    """The answer waits; the request is recorded and acted on at once."""
    sim.fault(Delay(0.2))
    begin = time.monotonic()
    asking = asyncio.create_task(buy(sim))
    await asyncio.sleep(0.1)
    assert len(sim.requests) == 1
    assert not asking.done()
    assert (await asking).status == 200
    assert time.monotonic() - begin >= 0.2


def test_stopping_does_not_wait_for_what_is_held_back() -> None:
    """A client that still waits is cut off when the simulator ends."""
    with Simulator("empty") as sim:
        sim.fault(Delay(600))
        client = socket.create_connection(("127.0.0.1", int(sim.url.rpartition(":")[2])))
        client.sendall(b"GET /v3/connections HTTP/1.1\r\nHost: x\r\n\r\n")
        while not sim.requests:
            time.sleep(0.01)
        begin = time.monotonic()
    assert time.monotonic() - begin < 5
    with client:
        assert client.recv(1) == b""


async def test_drip(sim: Simulator) -> None:
    """The whole body, slowly and in many pieces."""
    sim.fault(Drip(bytes_per_second=400))
    begin = time.monotonic()
    answer = await buy(sim)
    assert len(answer.body) == answer.promised
    assert len(answer.arrivals) > 3
    assert time.monotonic() - begin >= 0.9 * answer.promised / 400


async def test_bodies_that_are_not_json(sim: Simulator) -> None:
    """Another content type around good JSON, and broken JSON in a whole answer."""
    sim.fault(WrongContentType(), times=1)
    answer = await buy(sim)
    assert b"content-type: text/html" in answer.head.lower()
    assert json.loads(answer.body)["token_type"] == "Bearer"
    sim.fault(MalformedJson(), times=1)
    answer = await buy(sim)
    assert len(answer.body) == answer.promised
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


async def test_any_status_with_any_body(sim: Simulator) -> None:
    """Text, bytes or a document, with headers; the service is left out unless it is to act."""
    for body in (b"<html>", "<html>"):
        sim.fault(Reply(503, body, "text/html", {"Retry-After": "7"}), times=1)
        answer = await buy(sim)
        assert (answer.status, answer.body) == (503, b"<html>")
        assert b"retry-after: 7" in answer.head.lower()
    sim.fault(Reply(200, {"data": []}), times=1)
    assert json.loads((await buy(sim)).body) == {"data": []}
    sim.fault(Reply(204), times=1)
    assert (await buy(sim)).body == b""
    assert sim.requests[-1].status == 204


async def test_error_documents(sim: Simulator) -> None:
    """Every type and code can be provoked, with a request id and a Retry-After in seconds."""
    sim.fault(ErrorReply(429, "RATE_LIMIT", "VEHICLE", resolution="RETRY_LATER", retry_after=12))
    answer = await buy(sim)
    (entry,) = json.loads(answer.body)["errors"]
    assert (answer.status, entry["status"], entry["type"], entry["code"]) == (429, "429", "RATE_LIMIT", "VEHICLE")
    assert entry["meta"]["debug"]["requestId"].encode() in answer.head
    assert b"Retry-After: 12" in answer.head
    sim.faults.clear()
    sim.fault(ErrorReply(502, "UPSTREAM", "KNOWN_ISSUE"))
    assert b"Retry-After" not in (await buy(sim)).head
    sim.faults.clear()
    sim.fault(ErrorReply(430, "BILLING"))
    (entry,) = json.loads((await buy(sim)).body)["errors"]
    assert (entry["code"], entry["title"]) == (None, "Billing")


@pytest.mark.parametrize("acts", [True, False])
async def test_an_error_after_the_service_acted(sim: Simulator, acts: bool) -> None:
    """A 500 may follow the deed or come in its place."""
    connection = next(iter(sim.world.connections))
    token = json.loads((await buy(sim)).body)["access_token"]
    sim.fault(ErrorReply(500, "SERVER", "INTERNAL", acts=acts), method="DELETE")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sim.url.rpartition(":")[2]))
    head = f"DELETE /v3/connections/{connection} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 500")
    writer.close()
    assert (connection not in sim.world.connections) is acts


async def test_a_fault_strikes_only_what_it_was_meant_for(sim: Simulator) -> None:
    """By path, method, vehicle and count; the first script that fits decides."""
    vehicle = sim.world.find("Tesla").id
    other = sim.world.find("Volvo").id
    first = sim.fault(Reply(599), path="/v3/vehicles/*/signals", times=2)
    second = sim.fault(Reply(598), vehicle_id=vehicle)
    third = sim.fault(Reply(597), method="DELETE")
    statuses = [
        (await ask(sim, f"/v3/vehicles/{vehicle}/signals")).status,
        (await ask(sim, f"/v3/vehicles/{other}/signals")).status,
        (await ask(sim, f"/v3/vehicles/{vehicle}/signals")).status,
        (await ask(sim, f"/v3/vehicles/{vehicle}")).status,
        (await ask(sim, f"/v3/vehicles/{other}")).status,
        (await ask(sim, "/v3/users/x", "DELETE")).status,
    ]
    assert statuses == [599, 599, 598, 598, 401, 597]
    assert [first.hits, second.hits, third.hits, sim.faults.hits] == [2, 2, 1, 5]
    sim.faults.clear()
    assert (await ask(sim, "/v3/users/x", "DELETE")).status == 401
    assert sim.faults.hits == 5


async def test_faults_by_chance_follow_the_seed() -> None:
    """About as often as asked, and the same requests each time."""

    async def run(seed: int) -> list[int]:
        async with Simulator("empty", seed=seed) as sim:
            sim.fault(Reply(599), probability=0.5)
            return [(await ask(sim)).status for _ in range(40)]

    first = await run(3)
    assert first == await run(3)
    assert first != await run(4)
    assert 8 <= first.count(599) <= 32


def test_a_fault_that_could_never_strike_is_refused() -> None:
    """A script says at once what is wrong with it."""
    sim = Simulator("empty")
    with pytest.raises(SimulatorError, match="from 0 to 1"):
        sim.fault(MalformedJson(), probability=2)
    with pytest.raises(SimulatorError, match="1 or more"):
        sim.faults.add(Script(MalformedJson(), times=0))


async def test_the_server_survives_its_faults(sim: Simulator) -> None:
    """Many connections, cut and whole, at the same time."""
    sim.fault(ResetBeforeHeaders(), probability=0.3)
    sim.fault(ResetInBody(), probability=0.3)
    ends = [answer.end for answer in await asyncio.gather(*(buy(sim) for _ in range(60)))]
    assert set(ends) == {"reset", "close"}
    assert ends.count("reset") == sim.faults.hits
    sim.faults.clear()
    assert (await buy(sim)).status == 200
