"""One deadline over everything: bodies that drip, queues, slow tokens, and the first call of all."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import DeadlineExceeded, RateLimit, RateLimited, Smartcar, SmartcarError

from .sockets import Play, raw_server

pytestmark = pytest.mark.timing

DRIP = Play(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "drip")
CALLS, SECONDS, SPREAD = 1050, 1.0, 6.0
ALLOWED = 0.05


async def overrun(call: Callable[[], Awaitable[Any]], after: float) -> tuple[float, SmartcarError]:
    """How long after its deadline a call ended, and how."""
    await asyncio.sleep(after)
    started = time.perf_counter()
    try:
        await call()
    except SmartcarError as error:
        return time.perf_counter() - started - SECONDS, error
    raise AssertionError("no call can succeed here")


async def test_a_thousand_calls_keep_their_deadline() -> None:
    """At most 50 ms late in 99 of 100 calls, whatever keeps them: the body, the queue or the token.

    Other work on the machine delays any process, so a second and a third run may show what the code does.
    """
    for _ in range(3):
        late = await lateness_of_a_thousand_calls()
        median, most, worst = (round(late[number] * 1000, 1) for number in (CALLS // 2, CALLS * 99 // 100, -1))
        sys.stdout.write(f"overrun in ms: median {median}, 99 in 100 {most}, worst {worst}\n")
        if late[math.ceil(CALLS * 0.99) - 1] <= ALLOWED:
            return
    raise AssertionError("three runs were late")


async def lateness_of_a_thousand_calls() -> list[float]:
    """By how many seconds each call outlived its deadline, in order."""
    async with raw_server(lambda _: DRIP) as server, raw_server(lambda _: DRIP) as silent:
        dripping = Smartcar("id", "secret", settings=server.settings(deadline=SECONDS))
        queued = Smartcar("id", "secret", settings=server.settings(deadline=SECONDS, rate_limit=RateLimit(1, 1800)))
        tokenless = Smartcar("id", "secret", settings=server.settings(deadline=SECONDS, iam_origin=f"{silent.url}/x"))
        async with dripping, queued, tokenless:
            clients = (dripping, queued, tokenless)
            results = await asyncio.gather(
                *(
                    overrun(
                        partial(clients[number % 3].request, "GET", "/v3/things"),
                        SPREAD * number / CALLS,
                    )
                    for number in range(CALLS)
                )
            )
        assert len(server.tokens) == 2
        assert silent.requests
    assert {type(error) for _, error in results} <= {DeadlineExceeded, RateLimited}
    assert sum(isinstance(error, DeadlineExceeded) for _, error in results) > CALLS * 0.7
    return sorted(seconds for seconds, _ in results)


FIRST_CALL = """
import asyncio, json, sys, time
from smartcar_async import DeadlineExceeded, Settings, Smartcar


async def main():
    loaded = "aiohttp" in sys.modules
    smartcar = Smartcar("id", "secret", settings=Settings(vehicle_origin=sys.argv[1], iam_origin=sys.argv[1]))
    late = []
    for deadline in (0.02, 0.02, 0.5, 0.5):
        started = time.perf_counter()
        try:
            await smartcar.request("GET", "/v3/things", deadline=deadline)
        except DeadlineExceeded:
            late.append(time.perf_counter() - started - deadline)
    await smartcar.aclose()
    print(json.dumps([loaded, late]))

asyncio.run(main())
"""


async def test_the_first_call_of_a_process_keeps_its_deadline() -> None:
    """Loading aiohttp and the certificates is within the deadline, and what was broken off is done by a later call."""
    best = math.inf
    async with raw_server(lambda _: DRIP) as server:
        for _ in range(3):
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", FIRST_CALL, server.url, stdout=-1, cwd=Path(__file__).parents[2]
            )
            output, _ = await child.communicate()
            loaded, late = json.loads(output)
            assert not loaded
            assert len(late) == 4
            best = min(best, max(late))
        assert len(server.requests) >= 2
    assert best <= ALLOWED
