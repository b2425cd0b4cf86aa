"""A bad proxy: it copies answers, delays them, and hands them out in another order."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Final, Literal

from attrs import define, field

Trick = Literal[
    "none",
    "slow",
    "copy at once",
    "copy when idle",
    "copy first",
    "copy last",
    "copy in halves",
    "requests twice",
    "swaps",
]

TRICKS: Final[tuple[Trick, ...]] = (
    "none",
    "slow",
    "copy at once",
    "copy when idle",
    "copy first",
    "copy last",
    "copy in halves",
    "requests twice",
    "swaps",
)
_NAMES_ITS_VEHICLE: Final = re.compile(rb"GET /v3/vehicles/[^/ ]+(/signals(/[^/ ]+)?)? ")
_HOP: Final = re.compile(rb"(?i)^(connection|keep-alive):.*\r\n", re.MULTILINE)


@define(eq=False)
class ReorderingProxy:
    """In front of a port. A copy is sent on the connection of its answer: no proxy can know the next connection."""

    upstream: int
    random: Random
    port: int = 0
    tricks: Counter[str] = field(factory=Counter[str])
    connections: int = 0
    requests: int = 0
    _waiting: tuple[bytes, asyncio.Future[bytes]] | None = None
    """The answer to a read that waits for another answer, to be swapped with it."""
    _serving: set[asyncio.Task[None]] = field(factory=set["asyncio.Task[None]"])
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection."""
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self.connections += 1
        async with asyncio.TaskGroup() as background:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._requests(reader, writer, background)
            writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, background: asyncio.TaskGroup
    ) -> None:
        held: list[tuple[Trick, bytes]] = []
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            request = head + await reader.readexactly(int(length[1]) if length else 0)
            self.requests += 1
            trick = self._trick(request)
            first = [copy for trick, copy in held if trick == "copy first"]
            last = [copy for trick, copy in held if trick == "copy last"]
            held.clear()
            writer.write(b"".join(first))
            answer = await self._answer(request, trick)
            writer.write(answer + b"".join(last))
            await writer.drain()
            match trick:
                case "copy at once":
                    writer.write(answer)
                case "requests twice":
                    writer.write(await self._fetch(request))
                case "copy when idle" | "copy in halves":
                    background.create_task(self._copy(writer, answer, trick))
                case "copy first" | "copy last":
                    held.append((trick, answer))
                case _:
                    pass

    def _trick(self, request: bytes) -> Trick:
        trick = self.random.choice(TRICKS)
        # A command would be done twice by the proxy itself; where no vehicle is named, a swap cannot be detected.
        if (trick == "requests twice" and not request.startswith(b"GET ")) or (
            trick == "swaps" and not _NAMES_ITS_VEHICLE.match(request)
        ):
            trick = "copy first"
        self.tricks[trick] += 1
        return trick

    async def _answer(self, request: bytes, trick: Trick) -> bytes:
        answer = await self._fetch(request)
        if trick == "slow":
            await asyncio.sleep(self.random.uniform(0, 0.01))
        if trick != "swaps":
            return answer
        if self._waiting is not None and not self._waiting[1].done():
            other, swap = self._waiting
            swap.set_result(answer)
            return other
        self._waiting = answer, asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._waiting[1]], timeout=0.02)
        if done:
            return done.pop().result()
        self._waiting[1].cancel()
        return answer

    async def _fetch(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        head, _, body = request.partition(b"\r\n\r\n")
        head = _HOP.sub(b"", head + b"\r\n")
        writer.write(head + b"Connection: close\r\n\r\n" + body)
        try:
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return _HOP.sub(b"", head + b"\r\n") + b"\r\n" + body

    async def _copy(self, writer: asyncio.StreamWriter, answer: bytes, trick: Trick) -> None:
        cut = len(answer) if trick == "copy when idle" else self.random.randrange(len(answer))
        for part in (answer[:cut], answer[cut:]):
            await asyncio.sleep(self.random.choice((0, 0.001, 0.003, 0.01)))
            if part and not writer.is_closing():
                writer.write(part)
