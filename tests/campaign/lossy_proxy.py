"""A proxy between a client and the simulator: it carries one request a connection, or loses it at any byte."""

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
_PROBE = b"PROBE / HTTP/1.1\r\n\r\n"


@frozen
class Segment:
    """What happens to one request: what is lost of it or its answer, from which part on, and whether by a reset."""

    loses: Loss = "nothing"
    at: float = 0.5
    reset: bool = True
    held: bool = False
    """Whether the request waits until `LossyProxy.release`, and is forwarded then, even if the client has gone."""


@define(eq=False)
class _Transfer:
    """One connection, from the moment that it was accepted until nothing of it can reach the simulator any more."""

    vehicle_id: str | None = None
    held: bool = False
    freed: asyncio.Event = field(factory=asyncio.Event)
    task: asyncio.Task[None] | None = field(factory=asyncio.current_task)
    """Nothing else holds on to it when the client has gone away."""


@define(eq=False)
class LossyProxy:
    """A listener in front of a port. Its own port is taken at once, and refuses connections until `open`."""

    upstream: int
    segments: dict[str, deque[Segment]] = field(factory=dict[str, deque[Segment]])
    """What happens to the next requests about a vehicle; those after them pass unharmed."""
    resets_at_once: bool = False
    """Whether a connection is reset as soon as it is accepted."""
    counts: Counter[str] = field(factory=Counter[str])
    _socket: socket.socket = field(factory=socket.socket)
    _server: asyncio.Server | None = None
    _transfers: set[_Transfer] = field(factory=set[_Transfer])
    _progress: asyncio.Event = field(factory=asyncio.Event)
    """Set whenever a transfer has advanced."""

    def __attrs_post_init__(self) -> None:
        self._socket.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        port: int = self._socket.getsockname()[1]
        return port

    async def open(self) -> None:
        """From now on connections are accepted."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket, backlog=100)

    async def close(self) -> None:
        """Close the listener, when nothing is on its way."""
        await self.wait_until_idle()
        if self._server is None:
            return self._socket.close()
        self._server.close()
        return await self._server.wait_closed()

    def release(self, vehicle_id: str) -> None:
        """Let the requests go on that are held."""
        for transfer in self._held(vehicle_id):
            transfer.held = False
            transfer.freed.set()

    def holds(self, vehicle_id: str) -> bool:
        """Whether a request about the vehicle is held, and still to arrive."""
        return bool(self._held(vehicle_id))

    async def wait_until_idle(self, vehicle_id: str | None = None) -> None:
        """Wait until nothing that was sent about a vehicle, or about any, is on its way, unless it is held.

        Connections are accepted in order: when one that is made now was answered, all earlier ones are known.
        """
        if self._server is None:
            return
        self.resets_at_once = False
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(_PROBE)
        await reader.read()
        await _closed(writer)
        while any(self._concerns(transfer, vehicle_id) and not transfer.held for transfer in self._transfers):
            self._progress.clear()
            await self._progress.wait()

    def _held(self, vehicle_id: str) -> list[_Transfer]:
        return [transfer for transfer in self._transfers if transfer.held and transfer.vehicle_id == vehicle_id]

    def _concerns(self, transfer: _Transfer, vehicle_id: str | None) -> bool:
        return vehicle_id is None or transfer.vehicle_id in (None, vehicle_id)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transfer = _Transfer()
        self._transfers.add(transfer)
        end = writer.close
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                end = await self._forward(transfer, reader, writer)
            with suppress(OSError):
                end()
                await writer.wait_closed()
        finally:
            self._transfers.discard(transfer)
            self._progress.set()

    async def _forward(
        self, transfer: _Transfer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Callable[[], None]:
        """Carry one request and its answer; returns how to end the client's side."""
        reset = partial(_reset, writer)
        if self.resets_at_once:
            self.counts["reset at once"] += 1
            return reset
        line = await reader.readuntil(b"\r\n")
        if _PROBE.startswith(line):
            self._transfers.discard(transfer)
            self._progress.set()
            return writer.close
        match = re.search(rb"/vehicles/([^/ ]+)", line)
        vehicle_id = transfer.vehicle_id = match[1].decode() if match else ""
        self._progress.set()
        pending = self.segments.get(vehicle_id)
        segment = pending.popleft() if pending else Segment()
        end = reset if segment.reset else writer.close
        if segment.loses == "mid-request" and segment.at < 0.5:
            self.counts["mid-request"] += 1
            return end
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if segment.loses == "mid-request":
            self.counts["mid-request"] += 1
            return end
        body = await reader.readexactly(int(length[1]) if length else 0)
        if segment.held:
            self.counts["held"] += 1
            transfer.held = True
            self._progress.set()
            await transfer.freed.wait()
        return await self._exchange(line + b"Connection: close\r\n" + head + body, segment, writer, end)

    async def _exchange(
        self, request: bytes, segment: Segment, writer: asyncio.StreamWriter, end: Callable[[], None]
    ) -> Callable[[], None]:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        upstream_writer.write(request)
        answer = b""
        try:
            while chunk := await upstream_reader.read(65536):
                answer += chunk
                if segment.loses == "nothing" and not writer.is_closing():
                    writer.write(chunk)
        except ConnectionError:
            return partial(_reset, writer)
        finally:
            await _closed(upstream_writer)
        if segment.loses == "nothing":
            return writer.close
        self.counts[segment.loses] += 1
        writer.write(_part(answer, segment))
        if not writer.is_closing():
            await writer.drain()
        return end


def _part(answer: bytes, segment: Segment) -> bytes:
    """What comes through of an answer: never all of it."""
    head = answer.find(b"\r\n\r\n") + 4
    match segment.loses:
        case "answer's headers":
            return answer[: 1 + int(segment.at * (head - 2))]
        case "answer's body":
            return answer[: head + int(segment.at * (len(answer) - head))]
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
