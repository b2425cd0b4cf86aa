"""The road between a client and the simulator: it carries one request a connection, or loses it at any byte."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal

from attrs import define, field, frozen

Loss = Literal["nothing", "mid-request", "answer", "answer's headers", "answer's body"]

_RESET = struct.pack("ii", 1, 0)
_PING = b"PING / HTTP/1.1\r\n\r\n"


@frozen
class Stretch:
    """What happens to one request: where it or its answer is lost, at which part of that, and after how long a wait."""

    loses: Loss = "nothing"
    at: float = 0.5
    reset: bool = True
    held: bool = False
    """Whether the request waits on the road until `Road.release`, and arrives then, whoever still waits for it."""


@define(eq=False)
class _Passage:
    """One connection, from the moment that it was accepted until nothing of it can reach the simulator any more."""

    vehicle_id: str | None = None
    held: bool = False
    freed: asyncio.Event = field(factory=asyncio.Event)
    task: asyncio.Task[None] | None = field(factory=asyncio.current_task)
    """Nothing else holds on to it when the client has gone away."""


@define(eq=False)
class Road:
    """A listener in front of a port. Its own port is taken at once, and refuses connections until `open`."""

    upstream: int
    stretches: dict[str, deque[Stretch]] = field(factory=dict[str, deque[Stretch]])
    """What awaits the next requests about a vehicle; after those, nothing does."""
    resets_at_once: bool = False
    """Whether a connection is reset as soon as it is accepted."""
    happened: Counter[str] = field(factory=Counter[str])
    _socket: socket.socket = field(factory=socket.socket)
    _server: asyncio.Server | None = None
    _passages: set[_Passage] = field(factory=set[_Passage])
    _moved: asyncio.Event = field(factory=asyncio.Event)
    """Set whenever a passage has got somewhere."""

    def __attrs_post_init__(self) -> None:
        self._socket.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """Where it is."""
        found: int = self._socket.getsockname()[1]
        return found

    async def open(self) -> None:
        """From now on connections are accepted."""
        self._server = await asyncio.start_server(self._carry, sock=self._socket, backlog=100)

    async def close(self) -> None:
        """End, when everybody has arrived."""
        await self.settle()
        if self._server is None:
            return self._socket.close()
        self._server.close()
        return await self._server.wait_closed()

    def release(self, vehicle_id: str) -> None:
        """Let the requests go on that are held."""
        for passage in self._held(vehicle_id):
            passage.held = False
            passage.freed.set()

    def holds(self, vehicle_id: str) -> bool:
        """Whether a request about the vehicle is held, and still to arrive."""
        return bool(self._held(vehicle_id))

    async def settle(self, vehicle_id: str | None = None) -> None:
        """Wait until nothing that was sent about a vehicle, or about any, is on its way, unless it is held.

        Connections are accepted in order: when one that is made now was answered, all earlier ones are known.
        """
        if self._server is None:
            return
        self.resets_at_once = False
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(_PING)
        await reader.read()
        await _closed(writer)
        while any(self._is_of(one, vehicle_id) and not one.held for one in self._passages):
            self._moved.clear()
            await self._moved.wait()

    def _held(self, vehicle_id: str) -> list[_Passage]:
        return [one for one in self._passages if one.held and one.vehicle_id == vehicle_id]

    def _is_of(self, passage: _Passage, vehicle_id: str | None) -> bool:
        return vehicle_id is None or passage.vehicle_id in (None, vehicle_id)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = _Passage()
        self._passages.add(passage)
        end = writer.close
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                end = await self._pass(passage, reader, writer)
            with suppress(OSError):
                end()
                await writer.wait_closed()
        finally:
            self._passages.discard(passage)
            self._moved.set()

    async def _pass(
        self, passage: _Passage, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Callable[[], None]:
        """Carry one request and its answer; tells how to end the client's side."""
        reset = partial(_reset, writer)
        if self.resets_at_once:
            self.happened["reset at once"] += 1
            return reset
        line = await reader.readuntil(b"\r\n")
        if _PING.startswith(line):
            self._passages.discard(passage)
            self._moved.set()
            return writer.close
        found = re.search(rb"/vehicles/([^/ ]+)", line)
        vehicle_id = passage.vehicle_id = found[1].decode() if found else ""
        self._moved.set()
        waiting = self.stretches.get(vehicle_id)
        stretch = waiting.popleft() if waiting else Stretch()
        end = reset if stretch.reset else writer.close
        if stretch.loses == "mid-request" and stretch.at < 0.5:
            self.happened["mid-request"] += 1
            return end
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if stretch.loses == "mid-request":
            self.happened["mid-request"] += 1
            return end
        body = await reader.readexactly(int(length[1]) if length else 0)
        if stretch.held:
            self.happened["held"] += 1
            passage.held = True
            self._moved.set()
            await passage.freed.wait()
        return await self._exchange(line + b"Connection: close\r\n" + head + body, stretch, writer, end)

    async def _exchange(
        self, request: bytes, stretch: Stretch, writer: asyncio.StreamWriter, end: Callable[[], None]
    ) -> Callable[[], None]:
        there, out = await asyncio.open_connection("127.0.0.1", self.upstream)
        out.write(request)
        answer = b""
        try:
            while piece := await there.read(65536):
                answer += piece
                if stretch.loses == "nothing" and not writer.is_closing():
                    writer.write(piece)
        except ConnectionError:
            return partial(_reset, writer)
        finally:
            await _closed(out)
        if stretch.loses == "nothing":
            return writer.close
        self.happened[stretch.loses] += 1
        writer.write(_part(answer, stretch))
        if not writer.is_closing():
            await writer.drain()
        return end


def _part(answer: bytes, stretch: Stretch) -> bytes:
    """What comes through of an answer: never all of it."""
    head = answer.find(b"\r\n\r\n") + 4
    match stretch.loses:
        case "answer's headers":
            return answer[: 1 + int(stretch.at * (head - 2))]
        case "answer's body":
            return answer[: head + int(stretch.at * (len(answer) - head))]
        case _:
            return b""


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
