"""Async context managers as plain ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

from smartcar_sync import Bridge, ConnectionLost
from tests.sync.test_bridge import forever, press_ctrl_c
from tests.wire.sockets import until


@asynccontextmanager
async def recorded(log: list[str], *, suppress: bool = False) -> AsyncGenerator[str, None]:
    """A context manager that tells in which task it is entered and left."""
    task = asyncio.current_task()
    log.append("entered")
    try:
        yield "value"
    except LookupError as error:
        log.append(f"saw {error}")
        if not suppress:
            raise
    finally:
        log.append(f"left {asyncio.current_task() is task}")


def test_a_context_manager_is_entered_and_left_in_one_task(bridge: Bridge) -> None:
    """And what is raised within reaches it, and comes out again unless it is suppressed."""
    log: list[str] = []
    with bridge.hold(lambda: recorded(log)) as value:
        assert value == "value"
    with pytest.raises(LookupError, match="mine"), bridge.hold(lambda: recorded(log)):
        raise LookupError("mine")
    with bridge.hold(lambda: recorded(log, suppress=True)):
        raise LookupError("theirs")
    assert log == ["entered", "left True", "entered", "saw mine", "left True", "entered", "saw theirs", "left True"]


def test_a_context_manager_that_cannot_be_entered(bridge: Bridge) -> None:
    """Its error comes out."""

    @asynccontextmanager
    async def locked() -> AsyncGenerator[None, None]:
        raise LookupError("locked")
        yield

    with pytest.raises(LookupError, match="locked"), bridge.hold(locked):
        pass


def test_a_context_manager_that_was_left_with_its_bridge(bridge: Bridge) -> None:
    """It says so, unless something else is raised within."""
    log: list[str] = []
    with pytest.raises(ConnectionLost, match="closed"), bridge.hold(lambda: recorded(log)):
        bridge.close()
    assert log == ["entered", "left True"]
    other = Bridge()

    def fail() -> NoReturn:
        other.close()
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), other.hold(lambda: recorded(log)):
        fail()


def test_a_context_manager_that_is_dropped(bridge: Bridge) -> None:
    """It is left, and nobody waits for that when the garbage collector does it on the loop's own thread."""
    log: list[str] = []

    async def drop() -> None:
        held.clear()
        await until(lambda: len(log) > 1)

    held = [bridge.hold(lambda: recorded(log))]
    held[0].__enter__()
    bridge.loop_thread().call(drop)
    assert log == ["entered", "left True"]


def test_a_context_manager_that_is_waited_for_in_vain(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption gives up entering it."""
    log: list[str] = []

    @asynccontextmanager
    async def never() -> AsyncGenerator[None, None]:
        try:
            await forever()
            yield
        finally:
            log.append("given up")

    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt), bridge.hold(never):
        pass
    assert log == ["given up"]
