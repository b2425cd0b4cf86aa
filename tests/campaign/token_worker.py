"""The other processes of the token campaigns: one that refreshes until it is killed, and one that shares a file."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from smartcar_async import Clock, FileTokenStore, Settings, SystemClock, codec
from smartcar_async.v2 import Client
from smartcar_async.v2.tokens import TokenSource

KEY = "owner"


class ShiftedClock(SystemClock):
    """Real time, moved on by some seconds."""

    shift = 0.0

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return super().monotonic() + self.shift

    def now(self) -> datetime:
        """The aware UTC time of day."""
        return super().now() + timedelta(seconds=self.shift)


@asynccontextmanager
async def token_source(path: Path, port: int, clock: Clock | None = None) -> AsyncGenerator[TokenSource, None]:
    """What a service has after its start: a client, and the tokens in the file."""
    settings = Settings(auth_origin=f"http://127.0.0.1:{port}", rate_limit=None)
    async with Client("client", "secret", settings=settings, clock=clock) as client:
        yield TokenSource(FileTokenStore(path), KEY, client.exchange_refresh_token, clock)


async def refresh_once(path: Path, port: int, refused: bool, on_start: Callable[[], None]) -> None:
    """Refresh tokens that have expired, or that a server refuses although they have not."""
    async with token_source(path, port) as source:
        on_start()
        token = await source.get()
        if refused:
            await source.after_refusal(token)


def kill_refresh(path: Path, port: int, refused: bool, delay: float) -> str:
    """Fork a process that refreshes, kill it after a delay, and return `killed`, `failed`, or the seconds it took.

    It is forked and not started, because the start of a Python takes longer than all the rest.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            asyncio.run(refresh_once(path, port, refused, lambda: os.close(writing)))
            status = 0
        os._exit(status)
    os.close(writing)
    os.read(reading, 1)  # it ends when the child closes its side
    os.close(reading)
    began = time.monotonic()
    if delay:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return f"{time.monotonic() - began}" if os.WEXITSTATUS(status) == 0 else "failed"


def serve_kills() -> None:
    """Follow the instructions in each line of the input, and answer in a line."""
    codec.prepare()
    importlib.import_module("aiohttp")  # before the forks, so that each need not load it
    for line in sys.stdin:
        instructions = json.loads(line)
        answer = kill_refresh(
            Path(instructions["path"]), instructions["port"], instructions["refused"], instructions["delay"]
        )
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


async def share(path: Path, port: int, calls: int) -> None:
    """Half of the calls before the expiry, and half after it, when the others are there too."""
    clock = ShiftedClock()
    seen: list[str] = []
    async with token_source(path, port, clock) as source:

        async def call() -> None:
            seen.append(await source.access_token())

        await asyncio.gather(*(call() for _ in range(calls // 2)))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        clock.shift = 7200
        await asyncio.gather(*(call() for _ in range(calls - calls // 2)))
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "kills":
        serve_kills()
    else:
        asyncio.run(share(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
