"""The transport on real sockets: one request an attempt, exactly these bytes, and whose session is whose."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from smartcar_async import (
    ApiError,
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    Proxy,
    Retry,
    Settings,
    Smartcar,
    SmartcarError,
)
from smartcar_async.v2 import Client

from .sockets import Play, Raw, http, raw_server, unused_port
from .test_requests import AGENT

Use = Callable[[Smartcar], Awaitable[Any]]
VEHICLE = http(b'{"data": {"id": "v", "type": "vehicle"}}')
USES: dict[str, Use] = {
    "GET": lambda smartcar: smartcar.vehicle("v", "user").attributes(),
    "DELETE": lambda smartcar: smartcar.delete_connection("c"),
    "PUT": lambda smartcar: smartcar.request("PUT", "/v3/things", body={}),
    "POST": lambda smartcar: smartcar.request("POST", "/v3/things"),
}
BREAKS: dict[str, Play] = {
    "closes": Play(b"", "close"),
    "resets": Play(b"", "reset"),
    "closes in the status line": Play(b"HTTP/1.1 20", "close"),
    "closes in the headers": Play(b"HTTP/1.1 200 OK\r\nContent-Le", "close"),
    "resets in the headers": Play(b"HTTP/1.1 200 OK\r\nContent-Le", "reset"),
    "closes in the body": Play(http(b"0123456789")[:-5], "close"),
    "resets in the body": Play(http(b"0123456789")[:-5], "reset"),
    "closes in a chunk": Play(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{}", "close"),
    "closes before the last chunk": Play(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "close"),
    "speaks something else": Play(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "close"),
}


@pytest.fixture
async def server() -> AsyncIterator[Raw]:
    """A server that answers everything with an empty object."""
    async with raw_server() as raw:
        yield raw


@pytest.fixture
async def iam() -> AsyncIterator[Raw]:
    """A token endpoint elsewhere, so that the API's first connection is a fresh one."""
    async with raw_server() as raw:
        yield raw


@pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept alive"])
@pytest.mark.parametrize("broken", list(BREAKS.values()), ids=list(BREAKS))
@pytest.mark.parametrize("method", list(USES))
async def test_one_request_an_attempt(server: Raw, iam: Raw, method: str, broken: Play, kept: bool) -> None:
    """However and wherever the connection breaks, the server sees one request: aiohttp never sends again by itself.

    What changes something goes over a connection of its own, so that a kept one cannot break on it.
    """
    settings = server.settings(iam_origin=iam.url, retry=Retry(attempts=1))
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        if kept:
            server.player = lambda _: Play(VEHICLE)
            await USES["GET"](smartcar)
            server.requests.clear()
        server.player = lambda _: broken
        changes = method != "GET"
        expected = CommandOutcomeUnknown if method in ("PUT", "POST") else ConnectionLost
        with pytest.raises(expected) as caught:
            await USES[method](smartcar)
        await asyncio.sleep(0.02)
    assert [request.split()[0].decode() for request in server.requests] == [method]
    assert server.connections == 1 + (kept and changes)
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [(None, "ConnectionLost")]


async def test_each_attempt_is_one_request(server: Raw) -> None:
    """Four attempts are four requests, on GET and DELETE as well, which aiohttp likes to repeat."""
    server.player = lambda _: Play(b"", "close")
    async with Smartcar("id", "secret", settings=server.settings(retry=Retry(4, 0.01, 0.01))) as smartcar:
        for method in ("GET", "DELETE"):
            with pytest.raises(ConnectionLost, match=r"ServerDisconnectedError|ClientOSError"):
                await USES[method](smartcar)
    assert len(server.requests) == 8


async def test_a_refused_connection_never_left() -> None:
    """Nobody listens: ConnectionFailed, for a command too, with the reason and the host, which the user set."""
    origin = f"http://127.0.0.1:{unused_port()}"
    async with raw_server() as iam:
        settings = iam.settings(vehicle_origin=origin, retry=Retry(2, 0.01, 0.01))
        async with Smartcar("id", "secret", settings=settings) as smartcar:
            for use in USES.values():
                told = r"^no connection to 127\.0\.0\.1 could be made, and nothing was sent"
                with pytest.raises(ConnectionFailed, match=told) as caught:
                    await use(smartcar)
                assert caught.value.cause == "ClientConnectorError: ECONNREFUSED"
                assert "/v3" not in str(caught.value)
                assert len(caught.value.attempts) == 2


def taken_apart(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Request line, header lines in order of the alphabet without aiohttp's own, and body."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    (encoding,) = (header for header in headers if header.startswith(b"Accept-Encoding: "))
    return line, sorted({*headers} - {encoding, b"Content-Length: 0"}), body


async def test_the_bytes_of_each_kind_of_body(server: Raw) -> None:
    """No body, JSON and form, byte for byte as they arrive; only the order of headers is aiohttp's."""
    common = [b"Accept: application/json", b"Host: 127.0.0.1:%d" % server.port, b"User-Agent: " + AGENT.encode()]
    closing = b"Connection: close"
    bearer = [*common, b"Authorization: Bearer token-1"]
    async with Smartcar("the id", "s&cret", settings=server.settings(unit_system="imperial")) as smartcar:
        vehicle = smartcar.vehicle("v/1", "user-1")
        await vehicle.request("GET", "/a b/%2F", query={"filter[x]": "y z&ü"})
        await vehicle.request("POST", "/no-body")
        await vehicle.request("POST", "/json", body={"name": "Ünal", "n": [1, 2.5, None]})
        await smartcar.delete_connection("c")
    form = b"grant_type=client_credentials&client_id=the+id&client_secret=s%26cret"
    of_form = [*common, closing, b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: %d" % len(form)]
    assert taken_apart(server.tokens[0]) == (b"POST /oauth2/token HTTP/1.1", sorted(of_form), form)
    of_user = [*bearer, b"sc-user-id: user-1", b"SC-Unit-System: imperial"]
    body = b'{"name":"\\u00dcnal","n":[1,2.5,null]}'
    of_json = [*of_user, closing, b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    assert [taken_apart(request) for request in server.requests] == [
        (b"GET /v3/vehicles/v%2F1/a%20b/%2F?filter%5Bx%5D=y%20z%26%C3%BC HTTP/1.1", sorted(of_user), b""),
        (b"POST /v3/vehicles/v%2F1/no-body HTTP/1.1", sorted([*of_user, closing]), b""),
        (b"POST /v3/vehicles/v%2F1/json HTTP/1.1", sorted(of_json), body),
        (b"DELETE /v3/connections/c HTTP/1.1", sorted([*bearer, closing]), b""),
    ]
    assert server.connections == 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(server: Raw, status: int) -> None:
    """A token must not travel to wherever an answer points."""
    async with raw_server() as elsewhere:
        location = f"Location: {elsewhere.url}/v3/things\r\n"
        server.player = lambda _: Play(http(b"", f"{status} Moved", location))
        async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
            with pytest.raises(ApiError) as caught:
                await smartcar.request("GET", "/v3/things")
        assert type(caught.value) is ApiError
        assert caught.value.status == status
        assert (elsewhere.connections, len(server.requests)) == (0, 1)


async def test_no_cookies_are_kept(server: Raw) -> None:
    """What a gateway sets does not come back to it."""
    server.player = lambda _: Play(http(headers="Set-Cookie: session=1\r\n"))
    async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
        for _ in range(2):
            await smartcar.request("GET", "/v3/things")
    assert all(b"cookie" not in request.lower() for request in server.requests)


async def test_a_session_that_was_passed_in_is_left_open(server: Raw) -> None:
    """It is used, and still usable afterwards; its own redirects and errors are not asked for."""
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        async with Smartcar("id", "secret", settings=server.settings(), session=session) as smartcar:
            server.player = lambda _: Play(VEHICLE)
            await smartcar.vehicle("v", "user").attributes()
            server.player = lambda _: Play(http(b"", "409 Conflict"))
            with pytest.raises(ApiError):
                await smartcar.vehicle("v", "user").attributes()
        assert not session.closed
        server.player = lambda _: Play()
        async with session.get(f"{server.url}/mine") as response:
            assert response.status == 200
    assert (server.connections, len(server.requests)) == (3, 3)


def test_a_session_with_credentials_of_its_own() -> None:
    """Its `auth=` would displace our token: it is refused at once."""
    session: Any = SimpleNamespace(auth=("me", "secret"), request=print, closed=False, connector=None)
    with pytest.raises(ConfigurationError, match=r"^session: it has an auth= of its own"):
        Smartcar("id", "secret", session=session)


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "Transfer-Encoding"])
async def test_a_session_with_a_length_of_its_own(name: str) -> None:
    """Its headers go out with every request, and would say where each of ours ends: it is refused at once."""
    async with aiohttp.ClientSession(headers={name: "3"}) as session:
        with pytest.raises(ConfigurationError, match=rf"(?i)^session: its own headers= hold {name}"):
            Smartcar("id", "secret", session=session)
        with pytest.raises(ConfigurationError, match=rf"(?i)^session: its own headers= hold {name}"):
            Client("id", "secret", session=session)
    async with aiohttp.ClientSession(headers={"X-Trace": "1"}) as session:
        Smartcar("id", "secret", session=session)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_session_that_was_passed_in_sends_once_too(server: Raw, iam: Raw, method: str) -> None:
    """The guard against resending belongs to the request, not to our session."""
    server.player = lambda _: Play(b"", "close")
    settings = server.settings(iam_origin=iam.url, retry=Retry(attempts=1))
    async with aiohttp.ClientSession() as session:
        smartcar = Smartcar("id", "secret", settings=settings, session=session)
        with pytest.raises(ConnectionLost):
            await USES[method](smartcar)
    assert len(server.requests) == 1


async def test_a_session_that_its_owner_closed(server: Raw) -> None:
    """The caller is told whose mistake it is."""
    session = aiohttp.ClientSession()
    smartcar = Smartcar("id", "secret", settings=server.settings(), session=session)
    await session.close()
    with pytest.raises(ConfigurationError, match="session: it was closed"):
        await smartcar.request("GET", "/v3/things")


async def test_our_own_session_is_closed(server: Raw) -> None:
    """Leaving the client ends its connections; entering opened none."""
    async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
        assert server.connections == 0
        server.player = lambda _: Play(VEHICLE)
        await smartcar.vehicle("v", "user").attributes()
        await asyncio.sleep(0.05)
        assert (server.connections, server.ended) == (2, 1)
    await asyncio.sleep(0.05)
    assert server.ended == 2


async def test_use_after_close(server: Raw) -> None:
    """A closed client says so, whether it was ever used or not, and closing twice is fine."""
    used = Smartcar("id", "secret", settings=server.settings())
    await used.request("GET", "/v3/things")
    unused = Smartcar("id", "secret", settings=server.settings())
    for smartcar in (used, unused):
        await smartcar.aclose()
        await smartcar.aclose()
        with pytest.raises(ConfigurationError, match="the client is closed; make a new one"):
            await smartcar.request("GET", "/v3/things")
        async with smartcar:
            pass
    assert len(server.requests) == 1


async def test_closing_while_opening(server: Raw) -> None:
    """A first call that is overtaken by the end of the client leaves no session behind."""
    smartcar = Smartcar("id", "secret", settings=server.settings())
    calling = asyncio.ensure_future(smartcar.request("GET", "/v3/things"))
    await asyncio.sleep(0)
    await smartcar.aclose()
    with pytest.raises(SmartcarError):
        await calling
    assert server.connections == 0


async def test_closing_while_calling(server: Raw) -> None:
    """A call in the air when the client is closed ends, and is not sent again."""
    server.player = lambda _: Play(b"", "drip")
    smartcar = Smartcar("id", "secret", settings=server.settings())
    calling = asyncio.ensure_future(smartcar.request("GET", "/v3/things"))
    await server.asked.wait()
    await smartcar.aclose()
    async with asyncio.timeout(5):
        with pytest.raises(SmartcarError):
            await calling
    assert len(server.requests) == 1


async def test_many_first_calls_open_one_session(server: Raw) -> None:
    """Without entering the client, the first calls open it together."""
    smartcar = Smartcar("id", "secret", settings=server.settings())
    await asyncio.gather(*(smartcar.request("GET", "/v3/things") for _ in range(20)))
    await smartcar.aclose()
    assert (len(server.tokens), len(server.requests)) == (1, 20)


async def test_a_connection_that_takes_too_long_never_left(server: Raw, iam: Raw) -> None:
    """A server that does not finish the handshake is given up on after `connect_timeout`, and nothing was sent."""
    settings = iam.settings(
        vehicle_origin=f"https://127.0.0.1:{server.port}", connect_timeout=0.1, retry=Retry(attempts=1)
    )
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        with pytest.raises(ConnectionFailed, match="ConnectionTimeoutError"):
            await smartcar.request("POST", "/v3/things")
    assert server.requests == []


async def test_a_command_that_waits_for_its_connection_was_not_sent(server: Raw, iam: Raw) -> None:
    """A deadline that ends the wait for a connection leaves no doubt: nothing was sent."""
    settings = iam.settings(vehicle_origin=f"https://127.0.0.1:{server.port}")
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        with pytest.raises(DeadlineExceeded):
            await smartcar.request("POST", "/v3/things", deadline=0.1)
    assert server.requests == []


async def test_what_broke_names_the_host(server: Raw) -> None:
    """It is the user's own setting; the path, the port and a proxy's credentials are not told."""
    server.player = lambda _: Play(b"", "close")
    settings = server.settings(retry=Retry(attempts=1))
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        with pytest.raises(ConnectionLost, match=r"^the connection to 127\.0\.0\.1 broke before .*\(Server\w+\)$"):
            await smartcar.request("GET", "/v3/things")
    proxied = Settings(
        vehicle_origin="https://car.test/x",
        iam_origin=server.url,
        proxy=Proxy(https=f"http://u:p@127.0.0.1:{unused_port()}"),
    )
    async with Smartcar("id", "secret", settings=proxied) as smartcar:
        with pytest.raises(ConnectionFailed) as caught:
            await smartcar.request("POST", "/v3/things")
    assert str(caught.value).startswith("no connection to car.test could be made, and nothing was sent (")


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
async def test_a_client_belongs_to_one_process(copied: Callable[[object], object]) -> None:
    """Neither it nor a handle can be sent to another with the secrets that it holds; the error says what to do."""
    smartcar, client = Smartcar("id", "secret"), Client("id", "secret")
    for one in (smartcar, smartcar.vehicle("v", "user"), client, client.vehicle("v", "token")):
        with pytest.raises(TypeError, match="belong to one process: make a client in each"):
            copied(one)
    await smartcar.aclose()
    await client.aclose()
