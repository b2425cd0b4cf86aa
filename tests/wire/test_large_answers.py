"""How much of an answer is read, in which encodings, and that reading a long one holds up nobody."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import threading
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from smartcar_async import (
    CommandOutcomeUnknown,
    ConnectionLost,
    DeadlineExceeded,
    Execution,
    ResponseTooLarge,
    Retry,
    Smartcar,
)
from smartcar_async.v2 import Client

from . import documents
from .executions import execution
from .sockets import Play, Raw, http, raw_server, until
from .test_secrets import always

CAR = json.dumps({"data": documents.vehicle("v"), "padding": "x" * 5000}).encode()
MOST = 4000
GZIPPED = http(gzip.compress(CAR), headers="Content-Encoding: gzip\r\n")
TOO_LONG: dict[str, Play] = {
    "announced": Play(http(CAR)),
    "in chunks": Play(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(CAR), CAR), "drip"),
    "until the end": Play(b"HTTP/1.1 200 OK\r\n\r\n" + CAR, "drip"),
    "compressed": Play(GZIPPED),
    "a refusal": Play(http(CAR, "503 No")),
    "an outcome that comes late": Play(b"HTTP/1.1 202 Accepted\r\n\r\n" + CAR, "drip"),
}
too_long = pytest.mark.parametrize("play", list(TOO_LONG.values()), ids=list(TOO_LONG))


@pytest.fixture
async def server() -> AsyncIterator[Raw]:
    """A server that tells of a car."""
    async with raw_server(lambda _: Play(http(CAR))) as raw:
        yield raw


@too_long
async def test_an_answer_that_is_too_long(server: Raw, play: Play) -> None:
    """A read fails at once and is not sent again; of a command nothing is known. The text names the setting."""
    server.player = lambda _: play
    settings = server.settings(max_response_bytes=MOST, retry=Retry(4, 0.01, 0.01), api_origin=server.url)
    told = rf"^the answer of 127\.0\.0\.1 is longer than Settings\(max_response_bytes={MOST}\), and was not read$"
    async with Smartcar("id", "secret", settings=settings) as smartcar, Client("id", "s", settings=settings) as client:
        vehicle, old = smartcar.vehicle("v", "user"), client.vehicle("v", "token")
        reads: list[Callable[[], Awaitable[Any]]] = [vehicle.attributes, old.odometer, lambda: old.batch(["/vin"])]
        for number, read in enumerate(reads):
            with pytest.raises(ResponseTooLarge, match=told) as caught:
                await read()
            assert len(caught.value.attempts) == 1
            assert len(server.requests) == number + 1
        for act in (vehicle.lock, old.lock):
            with pytest.raises(CommandOutcomeUnknown, match="ResponseTooLarge"):
                await act()
    assert len(server.requests) == len(reads) + 2


async def test_a_token_that_is_too_long(server: Raw) -> None:
    """Bounds hold for all that is read."""
    server.token_body = b'{"access_token": "%s"}' % (b"x" * MOST)
    async with Smartcar("id", "secret", settings=server.settings(max_response_bytes=MOST)) as smartcar:
        with pytest.raises(ResponseTooLarge):
            await smartcar.vehicle("v", "user").lock()
    assert (len(server.tokens), server.requests) == (1, [])


@pytest.mark.parametrize("own", [True, False], ids=["our own session", "a caller's session"])
@pytest.mark.parametrize(("word", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_answers(server: Raw, word: str, encode: Callable[[bytes], bytes], own: bool) -> None:
    """They are asked for, inflated, and counted after that; the connection is kept."""
    server.player = lambda _: Play(http(encode(CAR), headers=f"Content-Encoding: {word}\r\n"))
    settings = server.settings(max_response_bytes=len(CAR))
    async with aiohttp.ClientSession() as session:
        smartcar = Smartcar("id", "secret", settings=settings, session=None if own else session)
        for _ in range(3):
            assert (await smartcar.vehicle("v", "user").attributes()).id == "v"
        await smartcar.aclose()
    assert server.connections == 2
    assert all(b"\r\nAccept-Encoding: gzip, deflate\r\n" in request for request in server.requests)


@pytest.mark.parametrize("word", ["br", "zstd", "gzip"])
async def test_what_cannot_be_inflated(server: Raw, word: str) -> None:
    """A body in an encoding that nobody asked for, or not in the one that it names, is no answer."""
    server.player = lambda _: Play(http(CAR, headers=f"Content-Encoding: {word}\r\n"))
    async with Smartcar("id", "secret", settings=server.settings(retry=Retry(2, 0.01, 0.01))) as smartcar:
        with pytest.raises(ConnectionLost, match="Undecodable") as caught:
            await smartcar.vehicle("v", "user").attributes()
    assert len(caught.value.attempts) == 2


@pytest.mark.parametrize("headers", ["X-Long: " + "x" * 9000, "\r\n".join(f"X-{n}: x" for n in range(200))])
async def test_headers_are_bounded(server: Raw, headers: str) -> None:
    """In length and, since aiohttp 3.14, in number, also where a caller's session has a higher bound for itself."""
    server.player = lambda _: Play(http(CAR, headers=f"{headers}\r\n"))
    long = len(headers) > 9000
    async with aiohttp.ClientSession(max_field_size=1 << 20) as session:
        smartcar = Smartcar("id", "s", settings=server.settings(retry=Retry(1)), session=session)
        if long or "max_headers" in aiohttp.ClientSession.__init__.__annotations__:
            with pytest.raises(ConnectionLost):
                await smartcar.vehicle("v", "user").attributes()
        await smartcar.aclose()


async def test_a_long_answer_is_read_in_a_thread(server: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline ends the wait for it, though the thread goes on; a short one is read at once, on the loop."""
    threads: list[int] = []
    gate = threading.Event()
    loop, ahead = asyncio.get_running_loop(), [0.0]

    def slow(reply: Any) -> Any:
        threads.append(threading.get_ident())
        if len(reply.body) > 10_000:
            gate.wait(30)
        return reply

    async def overdue(call: Awaitable[object]) -> None:
        """Let the time of a call be over when a thread reads its answer."""
        before, calling = len(threads), asyncio.ensure_future(call)
        await until(lambda: len(threads) > before)
        ahead[0] += 30
        await calling

    monkeypatch.setattr("smartcar_async.codec.response", slow)
    monkeypatch.setattr(loop, "time", lambda: time.monotonic() + ahead[0])
    async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
        assert (await smartcar.request("GET", "/short")).status == 200
        assert threads == [threading.get_ident()]
        server.player = lambda _: Play(http(CAR * 100))
        with pytest.raises(DeadlineExceeded):
            await overdue(smartcar.request("GET", "/long", deadline=30))
        assert len(threads) == 2
        assert threads[1] != threading.get_ident()
        with pytest.raises(CommandOutcomeUnknown, match="no answer within") as caught:
            await overdue(smartcar.request("POST", "/long", deadline=30))
        assert caught.value.sent_at is not None
        gate.set()
        assert (await smartcar.request("GET", "/long")).status == 200


async def test_a_long_outcome_is_an_outcome(server: Raw) -> None:
    """What is read in a thread is read as well as what is not, refusals and failures too."""
    padding = {"padding": "x" * 300_000}
    async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
        vehicle = smartcar.vehicle("v", "user")
        server.player = lambda _: Play(http(json.dumps({**execution(), **padding}).encode()))
        assert isinstance(await vehicle.lock(), Execution)
        failed = {"errors": [{"status": "409", "type": "VEHICLE_STATE", "code": "ASLEEP"}], **padding}
        for status in ("202 Accepted", "409 Conflict"):
            server.player = always(http(json.dumps(failed).encode(), status))
            with pytest.raises(Exception, match="VEHICLE_STATE:ASLEEP"):
                await vehicle.lock()


@pytest.mark.timing
async def test_long_documents_keep_the_deadline(server: Raw) -> None:
    """What the bounds let through, however it is made of, ends in time: 50 ms late at the most, in the best of five."""
    one = json.dumps(documents.signal()).encode()
    bodies = {
        "/v3/vehicles/v/signals": b'{"data":[' + b",".join([one] * 33_000) + b"]}",
        "/v3/connections": b'{"data":[' + b",".join([json.dumps(documents.connection()).encode()] * 20_000) + b"]}",
        "/v3/empty": b"[" + b"{}," * 199_000 + b"{}]",
        "/v3/numbers": b"[" + b"1," * 1_490_000 + b"1]",
        "/v3/text": b'["' + b"x-1 " * 4_000_000 + b'"]',
        "/v3/html": b"<script>" * 2_000_000,
    }
    server.player = lambda request: Play(http(bodies[request.split()[1].decode().partition("?")[0]], status))
    async with Smartcar("id", "secret", settings=server.settings(retry=Retry(1))) as smartcar:
        for status in ("200 OK", "430 Billing"):
            for path in bodies:
                late = [await lateness(smartcar, path, 0.05 * (number + 1)) for number in range(5)]
                sys.stdout.write(f"{status} {path}: late by {', '.join(f'{one * 1000:.0f}' for one in late)} ms\n")
                assert min(late) <= 0.05


async def lateness(smartcar: Smartcar, path: str, deadline: float) -> float:
    """By how much a call outlives its deadline, however it ends."""
    started = time.perf_counter()
    try:
        if path == "/v3/connections":
            await smartcar.connections(deadline=deadline).page()
        elif path.endswith("/signals"):
            await smartcar.vehicle("v", "user").signals(deadline=deadline)
        else:
            await smartcar.request("GET", path, deadline=deadline)
    except Exception:
        pass
    return time.perf_counter() - started - deadline
