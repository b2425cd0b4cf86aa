"""A client that is closed in one thread while others wait: each of them is told what that means for its call."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from smartcar_sync import CommandOutcomeUnknown, ConfigurationError, ConnectionFailed, RateLimit, Smartcar

from ..wire.executions import execution
from ..wire.fakes import USER, VEHICLE
from ..wire.sockets import Play, http, raw_server, until


def in_thread(use: Callable[[], Any]) -> asyncio.Task[Any]:
    """Call it in a thread of its own."""
    return asyncio.create_task(asyncio.to_thread(use))


async def test_closing_under_calls() -> None:
    """The command that left is of unknown outcome, one that waits for its turn was not sent, a new one is refused."""
    reported: list[CommandOutcomeUnknown] = []
    waiting: list[object] = []
    async with raw_server(lambda _: Play(b"", "drip")) as server:
        smartcar = Smartcar(
            "id",
            "secret",
            settings=server.settings(rate_limit=RateLimit(1, 1)),
            on_event=waiting.append,
            on_outcome_unknown=reported.append,
        )
        car = smartcar.vehicle(VEHICLE, USER)
        left = in_thread(car.lock)
        await server.asked.wait()
        queued = in_thread(car.unlock)
        await until(lambda: any("AllowanceWait" in str(event) for event in waiting))
        await asyncio.to_thread(smartcar.close)
        with pytest.raises(CommandOutcomeUnknown, match=r"lock may or may not .* the client was closed") as caught:
            await left
        with pytest.raises(ConnectionFailed, match="the client was closed while this call waited; nothing was sent"):
            await queued
        with pytest.raises(ConfigurationError, match="the client is closed"):
            car.lock()
    assert reported == [caught.value]
    assert len(server.requests) == 1


async def test_a_hook_that_exits() -> None:
    """It ends the client's thread. The call that it was told of has its outcome all the same, and the next is refused.

    That is so however soon the next one comes, for it is refused before the thread has ended.
    """

    def leave(event: object) -> None:
        if "commands" in str(event):
            raise SystemExit(3)

    def twice() -> None:
        assert car.lock().ok
        car.lock()

    async with raw_server(lambda _: Play(http(json.dumps(execution()).encode()))) as server:
        smartcar = Smartcar("id", "secret", settings=server.settings(), on_event=leave)
        car = smartcar.vehicle(VEHICLE, USER)
        with pytest.raises(ConfigurationError, match=r"the client is broken: SystemExit was raised on its thread"):
            await in_thread(twice)
        await asyncio.to_thread(smartcar.close)
    assert len(server.requests) == 1


async def test_a_hook_that_always_exits() -> None:
    """It is told of each command that its exit breaks off, and exits again: each still has its outcome."""
    reported: list[CommandOutcomeUnknown] = []
    exits = threading.Event()

    def leave(event: object) -> None:
        if exits.is_set():
            raise SystemExit(3)

    def play(request: bytes) -> Play:
        if b"/unlock " not in request:
            return Play(b"", "drip")
        exits.set()
        return Play(http(json.dumps(execution()).encode()))

    async with raw_server(play) as server:
        smartcar = Smartcar(
            "id", "secret", settings=server.settings(), on_event=leave, on_outcome_unknown=reported.append
        )
        car = smartcar.vehicle(VEHICLE, USER)
        left = [in_thread(car.lock) for _ in range(3)]
        await until(lambda: len(server.requests) == len(left))
        assert (await in_thread(car.unlock)).ok
        ended = await asyncio.gather(*left, return_exceptions=True)
        await asyncio.to_thread(smartcar.close)
    assert [type(error) for error in ended] == [CommandOutcomeUnknown] * 3
    assert set(reported) == set(ended)
