"""No pair of tokens is lost, wherever a process dies, and however many share a file.

SMARTCAR_TOKEN_KILLS is the number of processes that are killed; SMARTCAR_SEED repeats their times.
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
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from attrs import evolve

from smartcar_async import FileTokenStore, SmartcarError, StoredTokens, SystemClock, TokenPair

from .token_server import TokenServer, pair_of, token_server
from .token_worker import KEY, token_source

KILLS = int(os.environ.get("SMARTCAR_TOKEN_KILLS", "100"))
PROCESSES, CALLS = 8, 1000
ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
STAGES = ("before the mark", "marked, not spent", "spent, not stored", "stored", "ended")


@asynccontextmanager
async def worker(*arguments: str) -> AsyncGenerator[Process, None]:
    """A process of token_worker."""
    command = (sys.executable, "-m", "tests.campaign.token_worker", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def send_line(process: Process, line: str) -> None:
    """Send a worker a line."""
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    await process.stdin.drain()


async def read_line(process: Process) -> str:
    """The next line of a worker's output."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def write(path: Path, pair: TokenPair) -> None:
    """Store a pair, whatever is there."""
    store = FileTokenStore(path)
    assert await store.swap(KEY, await store.load(KEY), StoredTokens(pair))


class Campaign:
    """One file, one server, and a process that is killed over and over."""

    def __init__(self, path: Path, server: TokenServer, process: Process, rng: random.Random) -> None:
        self.path, self.server, self.process, self.rng = path, server, process, rng
        self.stages: Counter[tuple[str, str]] = Counter()
        self.lost: list[str] = []
        self.unforced = 0

    async def kill_refresh(self, kind: str, delay: float) -> str:
        """Let a process refresh tokens that are at their end, or that are refused although they are not."""
        now = SystemClock().now()
        expiration = now + HOUR if kind == "valid" else now - HOUR
        stored = await FileTokenStore(self.path).load(KEY)
        before = stored.pair if stored else pair_of(*self.server.grant())
        before = evolve(before, expiration=expiration)
        await write(self.path, before)
        instructions = {"path": str(self.path), "port": self.server.port, "refused": kind == "valid", "delay": delay}
        await send_line(self.process, json.dumps(instructions))
        answer = await read_line(self.process)
        assert answer != "failed", f"a refresh of {kind} tokens failed before it was killed"
        await asyncio.sleep(2 * self.server.max_delay)  # the server may be at work for one that is dead
        self.stages[kind, await self.stage(before, answer)] += 1
        return answer

    async def stage(self, before: TokenPair, answer: str) -> str:
        """How far the refresh came."""
        if answer != "killed":
            return "ended"
        stored = await FileTokenStore(self.path).load(KEY)
        assert stored is not None
        if stored.pair != before:
            return "stored"
        if before.refresh_token in self.server.spent:
            return "spent, not stored"
        return "before the mark" if stored.refreshing_since is None else "marked, not spent"

    async def restart(self, kind: str) -> None:
        """Restart within the minute, and check that the tokens which are found can be used."""
        marked = await FileTokenStore(self.path).load(KEY)
        assert marked is not None
        self.server.time += self.rng.uniform(0, 55)
        issued = self.server.issued
        try:
            async with token_source(self.path, self.server.port) as source:
                pair = await source.pair()
        except SmartcarError as error:
            self.lost.append(f"{kind}: {error}")
            return await write(self.path, pair_of(*self.server.grant()))
        self.unforced += marked.refreshing_since is not None and self.server.issued == issued
        self.server.time += 3600
        if not self.server.accepts(pair.refresh_token):
            self.lost.append(f"{kind}: {pair.refresh_token} was kept, {self.server.issued} pairs were issued")
        return None

    def table(self) -> str:
        """How often each stage was met."""
        rows = [f"{stage:20}" + "".join(f"{self.stages[kind, stage]:9}" for kind in KINDS) for stage in STAGES]
        return "\n".join([f"{'':20}" + "".join(f"{kind:>9}" for kind in KINDS), *rows])


KINDS = ("expired", "valid")
"""Of the access token, when the refresh begins."""


@pytest.mark.timeout(60 + KILLS)
async def test_a_kill_at_any_point_loses_no_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With an access token at its end and with one that still works; the restart comes within the grace window."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    rng, started = random.Random(seed), monotonic()
    async with token_server(max_delay=0.004) as server, worker("kills") as process:
        run = Campaign(tmp_path / "tokens.json", server, process, rng)
        durations = sorted([float(await run.kill_refresh(KINDS[number % 2], 0)) for number in range(6)])
        killed = 0
        while killed < KILLS:
            kind = KINDS[killed % 2]
            killed += await run.kill_refresh(kind, max(1e-6, rng.uniform(0, durations[3] * 1.1))) == "killed"
            await run.restart(kind)
    replay = f"SMARTCAR_SEED={seed} SMARTCAR_TOKEN_KILLS={KILLS}"
    with capsys.disabled():
        text = f"{len(run.lost)} pairs lost, {replay}: {monotonic() - started:.0f} s"
        sys.stdout.write(f"\n{run.table()}\n{text}\n")
    assert run.lost == [], replay
    assert run.unforced == 0, f"{replay}: a mark was found and nothing was sent"
    assert all(run.stages[kind, stage] for kind in KINDS for stage in STAGES[1:3]), f"{replay}: a stage was never met"
    await write(run.path, pair_of("access-0", "refresh-0"))
    left = {path.name for path in tmp_path.iterdir() if path.suffix not in (".lock", ".lease")}
    assert left == {"tokens.json", "tokens.json.bak"}


@pytest.mark.timeout(120)
async def test_processes_that_share_a_file_make_one_refresh(tmp_path: Path) -> None:
    """Each of eight makes a thousand calls over an expiry, all at the same time; one request is made for all."""
    path = tmp_path / "tokens.json"
    async with token_server(max_delay=0.05) as server:
        access, refresh = server.grant()
        await write(path, pair_of(access, refresh))
        async with AsyncExitStack() as stack:
            arguments = ("share", str(path), str(server.port), str(CALLS))
            processes = [await stack.enter_async_context(worker(*arguments)) for _ in range(PROCESSES)]
            assert [await read_line(process) for process in processes] == ["ready"] * PROCESSES
            for process in processes:
                await send_line(process, "go")
            tokens_seen = [json.loads(await read_line(process)) for process in processes]
    assert [Counter(tokens) for tokens in tokens_seen] == [
        Counter({access: CALLS // 2, "access-2": CALLS // 2})
    ] * PROCESSES
    assert server.requests == {200: 1}
