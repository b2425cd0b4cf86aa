"""Answers without end, and bombs, at every method of every client: memory and deadlines hold.

SMARTCAR_LARGE_MIB is what an answer stands for, in MiB; the short form has smaller ones, and a lower bound.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from .large_answers import KINDS, MAX_LATENESS

MIB = 1 << 20
LARGE = int(os.environ.get("SMARTCAR_LARGE_MIB", "16"))
BOUND = 16 * MIB if LARGE >= 1024 else 2 * MIB
SHARE = 1 if LARGE >= 1024 else 3
CHUNK = b'{"data": "' + b"x" * 65536
TOKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{"access_token":"token-1","expires_in":3600}'
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n"


def answer_of(kind: str) -> tuple[bytes, bytes, int]:
    """The head of an answer, a chunk, and how often it is repeated."""
    whole = LARGE * MIB
    match kind:
        case "long":
            return HEAD % b"200 OK" + b"Content-Length: %d\r\n\r\n" % whole, CHUNK, whole // len(CHUNK)
        case "bomb":
            compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
            bomb = b"".join(compressor.compress(bytes(MIB)) for _ in range(LARGE)) + compressor.flush()
            return HEAD % b"200 OK" + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb), bomb, 1
        case "endless bomb":
            bomb = gzip.compress(bytes(MIB))
            return HEAD % b"200 OK" + b"Content-Encoding: gzip\r\n\r\n", bomb, sys.maxsize
        case "refusal":
            return HEAD % b"503 No" + b"\r\n", CHUNK, sys.maxsize
        case "values":
            return HEAD % b"200 OK" + b"\r\n", b"{}," * 20_000, sys.maxsize
        case "slow":
            return HEAD % b"200 OK" + b"\r\n", b" ", sys.maxsize
        case _:
            return HEAD % b"200 OK" + b"\r\n", CHUNK, sys.maxsize


ANSWERS = {kind: answer_of(kind) for kind in KINDS}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: a token, or an answer of the kind that the path asks for, until the client closes it."""
    with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            kind = path.split("/")[1]
            if kind == "token":
                writer.write(TOKEN)
                continue
            head, chunk, count = ANSWERS[kind.replace("%20", " ")]
            writer.write(head)
            for _ in range(count):
                writer.write(chunk)
                await writer.drain()
                if kind == "slow":
                    await asyncio.sleep(0.005)
    writer.transport.abort()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server of answers without end."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 16)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's figures of a process are read from /proc")
@pytest.mark.timeout(120 + LARGE)
async def test_no_answer_is_too_large(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Memory grows by less than twice the bound, and no deadline is missed by more than 50 ms."""
    started = monotonic()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.campaign.large_answers",
        url,
        str(BOUND),
        str(SHARE),
        stdout=-1,
        stderr=-1,
        cwd=Path(__file__).parents[2],
    )
    output, errors = await child.communicate()  # the log of open outcomes
    assert child.returncode == 0, errors.decode()
    measured = json.loads(output)
    late = sorted(seconds for _, _, seconds in measured["calls"]["slow"])
    count = sum(map(len, measured["calls"].values()))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{LARGE} MiB, bound {BOUND / MIB:.0f} MiB: memory grew by {measured['grown'] / MIB:.1f} MiB; "
            f"{count} calls of {len(late)} methods in {monotonic() - started:.0f} s; "
            f"late by {late[len(late) // 2] * 1000:.0f} ms, {late[-1] * 1000:.0f} ms at the most\n"
        )
    for kind, calls in measured["calls"].items():
        ends = Counter(end.partition(":")[0] for _, end, _ in calls)
        expected = "DeadlineExceeded" if kind == "slow" else "ResponseTooLarge"
        assert set(ends) <= {expected, "CommandOutcomeUnknown"}, [call for call in calls if expected not in call[1]][:5]
        assert min(ends[expected], ends["CommandOutcomeUnknown"]) > 5, (kind, ends)
    assert len(late) > 80
    assert measured["grown"] < 2 * BOUND
    assert late[-1] <= MAX_LATENESS
