"""Servers on real sockets that record every byte, and break the connection wherever a test wants them to."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, cast

from attrs import define, field, frozen

from smartcar_async import Settings

TOKEN_BODY = b'{"access_token":"token-1","expires_in":3600}'


def http(body: bytes = b'{"data": {}}', status: str = "200 OK", headers: str = "") -> bytes:
    """An HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@frozen
class Play:
    """How the server answers a request: what it writes, and what it does to the connection after that."""

    data: bytes = field(factory=http)
    then: Literal["keep", "close", "reset", "drip"] = "keep"


Player = Callable[[bytes], Play]


@define(eq=False)
class Raw:
    """A server that answers each request as `player` says. `requests` holds all but the token requests."""

    player: Player = field(factory=lambda: lambda _: Play())
    secure: bool = False
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(factory=list[bytes])
    tokens: list[bytes] = field(factory=list[bytes])
    token_body: bytes = TOKEN_BODY
    token_play: Play | None = None
    ended: int = 0
    asked: asyncio.Event = field(factory=asyncio.Event)
    _serving: set[asyncio.Task[None]] = field(factory=set["asyncio.Task[None]"])

    @property
    def url(self) -> str:
        """The origin of this server."""
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}"

    def settings(self, **changes: Any) -> Settings:
        """Settings that lead here, for tokens too."""
        own: dict[str, Any] = {"vehicle_origin": self.url, "iam_origin": self.url, "rate_limit": None}
        return Settings(**{**own, **changes})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self._serving.add(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer(await read_request(reader), writer):
                pass
        self.ended += 1
        writer.close()

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        if request.startswith(b"POST /oauth2/token "):
            self.tokens.append(request)
            play = self.token_play or Play(http(self.token_body))
        else:
            self.requests.append(request)
            self.asked.set()
            play = self.player(request)
        writer.write(play.data)
        await writer.drain()
        if play.then == "reset":
            await asyncio.sleep(0.01)  # what was written shall arrive first
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        while play.then == "drip":
            await asyncio.sleep(1)
            writer.write(b" ")
            await writer.drain()
        return play.then == "keep"

    async def stop(self) -> None:
        """End every connection."""
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One request, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


async def connected(server: Raw) -> None:
    """Wait until somebody has connected."""
    await until(lambda: server.connections > 0)


async def until(happened: Callable[[], bool]) -> None:
    """Wait up to ten seconds for a condition."""
    for _ in range(2000):
        if happened():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the condition did not become true")


@asynccontextmanager
async def raw_server(player: Player | None = None, context: ssl.SSLContext | None = None) -> AsyncGenerator[Raw, None]:
    """A server on a port of its own."""
    raw = Raw(secure=context is not None) if player is None else Raw(player, secure=context is not None)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=context, backlog=1000)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        await raw.stop()


@define(eq=False)
class ConnectProxy:
    """A proxy that opens tunnels, and answers plain requests itself."""

    password: str | None = None
    port: int = 0
    heads: list[bytes] = field(factory=list[bytes])
    refused: int = 0
    _pipes: set[asyncio.Task[None]] = field(factory=set["asyncio.Task[None]"])

    def url(self, credentials: str = "") -> str:
        """The proxy's address, with credentials in it as users write them."""
        return f"http://{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """What each connection asked for: `CONNECT host:port`, or method and URL."""
        return [" ".join(head.decode().split()[:2]) for head in self.heads]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_request(reader)
        if self.password is not None:
            wanted = b"Proxy-Authorization: Basic " + base64.b64encode(self.password.encode())
            if wanted not in head.split(b"\r\n"):
                self.refused += 1
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return await writer.drain()
        self.heads.append(head)
        method, target = head.decode().split()[:2]
        if method != "CONNECT":
            writer.write(
                http(TOKEN_BODY if "/oauth2/token" in target else b'{"data": {}}', headers="Connection: close\r\n")
            )
            return await writer.drain()
        host, _, port = target.partition(":")
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        there = asyncio.ensure_future(pipe(reader, inner_writer))
        back = asyncio.ensure_future(pipe(inner_reader, writer))
        self._pipes |= {there, back}
        await asyncio.wait([there, back])
        return None

    async def stop(self) -> None:
        """End what still flows."""
        for task in self._pipes:
            task.cancel()
        await asyncio.sleep(0.01)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until they end."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def connect_proxy(password: str | None = None) -> AsyncGenerator[ConnectProxy, None]:
    """A proxy on a port of its own; with a password it lets nobody else through."""
    proxy = ConnectProxy(password)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.stop()


def unused_port() -> int:
    """A port that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
