"""Calls that come while a loop ends, or are cancelled before they have begun: each of them has an outcome."""

from __future__ import annotations

import asyncio
import threading

import pytest

from smartcar_sync import Bridge, ConfigurationError, ConnectionLost
from smartcar_sync._loop import PendingCall
from tests.sync.test_bridge import answer, forever


def test_what_was_broken_off_before_it_began_does_not_begin(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when the loop is free again."""
    release, begun = threading.Event(), list[str]()
    thread = bridge.loop_thread()
    thread.soon(release.wait)

    async def begin() -> None:
        begun.append("begun")

    late = PendingCall(begin)
    thread.soon(lambda: thread.cancel(late))
    thread.launch(late)
    overtaken = PendingCall(begin)
    thread.launch(overtaken)
    thread.soon(lambda: thread.cancel(overtaken))
    release.set()
    with pytest.raises(ConnectionLost):
        thread.wait_for(late)
    with pytest.raises(ConnectionLost):
        thread.wait_for(overtaken)
    assert thread.call(answer) == 42
    assert begun == []


def test_a_call_is_cancelled_once(bridge: Bridge) -> None:
    """A second time would break into its cleaning up."""
    thread, cleaned = bridge.loop_thread(), list[str]()

    async def work() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(0.05)
            cleaned.append("up")

    async def twice() -> None:
        await asyncio.sleep(0)
        for _ in range(2):
            thread.cancel(call)
            await asyncio.sleep(0.01)

    call = PendingCall(work)
    thread.launch(call)
    thread.call(twice)
    with pytest.raises(ConnectionLost):
        thread.wait_for(call)
    assert cleaned == ["up"]


def test_closing_fails_what_is_under_way(bridge: Bridge) -> None:
    """Nobody is left waiting."""
    results: list[ConnectionLost] = []
    under_way = threading.Barrier(4)

    async def begin() -> None:
        await asyncio.to_thread(under_way.wait)
        await forever()

    def wait() -> None:
        try:
            bridge.loop_thread().call(begin)
        except ConnectionLost as error:
            results.append(error)

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    under_way.wait()
    bridge.close()
    for thread in waiting:
        thread.join()
    assert len(results) == 3
    with pytest.raises(ConfigurationError, match="closed"):
        bridge.loop_thread()


def test_a_call_that_arrives_too_late(bridge: Bridge) -> None:
    """A loop that ended meanwhile refuses it."""
    thread = bridge.loop_thread()
    bridge.close()
    with pytest.raises(ConfigurationError, match="closed"):
        thread.call(answer)
    assert not thread.calls
    thread.soon(forever)


def test_a_call_that_comes_while_the_loop_is_closed(bridge: Bridge) -> None:
    """It is failed with the end of the thread, for nobody would start it any more."""
    thread, late, tasks = bridge.loop_thread(), PendingCall(forever), list[asyncio.Task[None]]()

    async def lasting() -> None:
        try:
            await forever()
        finally:
            thread.calls.add(late)

    async def begin() -> None:
        tasks.append(asyncio.create_task(lasting()))
        await asyncio.sleep(0)

    thread.call(begin)
    bridge.close()
    with pytest.raises(ConnectionLost):
        thread.wait_for(late)


def test_a_call_that_comes_while_others_are_cancelled(bridge: Bridge) -> None:
    """All is closed by then: it is refused, and not begun."""
    thread, errors = bridge.loop_thread(), list[ConfigurationError]()

    def late() -> None:
        try:
            thread.call(answer)
        except ConfigurationError as error:
            errors.append(error)

    async def work() -> None:
        try:
            await forever()
        finally:
            await asyncio.to_thread(late)

    call = PendingCall(work)
    thread.launch(call)
    thread.call(answer)
    bridge.close()
    with pytest.raises(ConnectionLost):
        thread.wait_for(call)
    assert [str(error) for error in errors] == ["the client is closed; make a new one"]


def test_a_call_that_the_loop_never_saw(bridge: Bridge) -> None:
    """It is failed with the end of the thread."""
    thread, unseen = bridge.loop_thread(), PendingCall(forever)
    thread.calls.add(unseen)
    bridge.close()
    with pytest.raises(ConnectionLost):
        thread.wait_for(unseen)
