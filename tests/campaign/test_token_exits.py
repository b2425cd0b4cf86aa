"""No pair of tokens is lost, however a synchronous program ends in the middle of a refresh.

SMARTCAR_EXITS is the number of programs; SMARTCAR_SEED repeats their ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from attrs import evolve

from smartcar_async import FileTokenStore, StoredTokens, SystemClock

from .exit_worker import KEY
from .token_server import TokenServer, pair_of, token_server

EXITS = int(os.environ.get("SMARTCAR_EXITS", "20"))
WORKERS = 2
"""How many programs run at a time, each with a server and a file to itself."""
MAX_DELAY = 0.2
LONGEST = 0.3
"""Seconds after which a program ends at the latest: a little more than a refresh takes."""
ROOT = Path(__file__).parents[2]
CHOICES: dict[str, tuple[Any, ...]] = {
    "ending": ("ctrl-c", "sys.exit", "end", "deadline", "close", "ctrl-c in close"),
    "with": (False, True),
    "bridge": ("own", "shared"),
    "store": ("file", "watched"),
    "source": ("client", "own"),
}
STAGES = ("before the mark", "marked, not spent", "spent, not stored", "stored")


@asynccontextmanager
async def worker_process() -> AsyncGenerator[Process, None]:
    """A process that forks a program for each line of instructions."""
    command = (sys.executable, "-W", "ignore", "-m", "tests.campaign.exit_worker")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


class Worker:
    """One file, one server, and programs that end over and over."""

    def __init__(self, path: Path, server: TokenServer, process: Process, rng: random.Random) -> None:
        self.path, self.server, self.process, self.rng = path, server, process, rng
        self.stages: Counter[tuple[str, str]] = Counter()
        self.lost: list[str] = []
        self.longest = 0.0

    async def exit(self, instructions: dict[str, Any]) -> None:
        """Let a program begin with a pair whose access token is at its end, and check what it leaves."""
        store, now = FileTokenStore(self.path), SystemClock().now()
        before = evolve(pair_of(*self.server.grant()), expiration=now - timedelta(hours=1))
        assert await store.swap(KEY, await store.load(KEY), StoredTokens(before))
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(
            json.dumps({**instructions, "path": str(self.path), "port": self.server.port}).encode() + b"\n"
        )
        await self.process.stdin.drain()
        status, seconds = json.loads(await self.process.stdout.readline())
        await asyncio.sleep(MAX_DELAY)  # the server may be at work for one that has ended
        stored = await store.load(KEY)
        assert stored is not None
        stage = "stored" if stored.pair != before else STAGES[stored.refreshing_since is not None]
        if stored.pair == before and before.refresh_token in self.server.spent:
            stage = "spent, not stored"
        self.stages[instructions["ending"], stage] += 1
        self.server.time += 3600
        if status == "hung" or not self.server.accepts(stored.pair.refresh_token):
            self.lost.append(f"{instructions}: {stage}, status {status}")
        self.longest = max(self.longest, seconds)

    async def run(self, number: int) -> None:
        """So many programs, each ending at a random moment of its refresh."""
        for _ in range(number):
            await self.exit(self.random_instructions())

    def random_instructions(self) -> dict[str, Any]:
        """A random program, and when it ends."""
        chosen = {name: self.rng.choice(values) for name, values in CHOICES.items()}
        first, second = sorted(self.rng.uniform(0, LONGEST) for _ in range(2))
        return chosen | {"delay": first, "ctrl-c": second}


@pytest.mark.timeout(60 + EXITS)
async def test_an_exit_at_any_point_loses_no_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With and without `with`, on a bridge of its own and on a shared one: the server's tokens are in the file."""
    seed, started = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4), monotonic()
    workers: list[Worker] = []

    async def worker(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        async with token_server(max_delay=MAX_DELAY) as server, worker_process() as process:
            workers.append(Worker(folder / "tokens.json", server, process, random.Random(f"{seed}/{number}")))
            await workers[-1].run(EXITS // WORKERS)

    async with asyncio.TaskGroup() as group:
        for number in range(WORKERS):
            group.create_task(worker(number))
    stages = sum((worker.stages for worker in workers), Counter[tuple[str, str]]())
    lost = [text for worker in workers for text in worker.lost]
    replay = f"SMARTCAR_SEED={seed} SMARTCAR_EXITS={EXITS}"
    rows = [
        f"{ending:16}" + "".join(f"{stages[ending, stage]:6} {stage}," for stage in STAGES)
        for ending in CHOICES["ending"]
    ]
    with capsys.disabled():
        longest = max(worker.longest for worker in workers)
        text = f"{len(lost)} pairs lost, {replay}: {monotonic() - started:.0f} s, the longest program {longest:.1f} s"
        sys.stdout.write("\n" + "\n".join([*rows, text]) + "\n")
    assert lost == [], replay
    assert sum(stages[ending, "stored"] for ending in CHOICES["ending"]), (
        f"{replay}: no refresh was under way at any end"
    )
