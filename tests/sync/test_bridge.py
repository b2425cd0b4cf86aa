"""The bridge by itself: what is hard to bring about from outside."""

from __future__ import annotations

import asyncio
import builtins
import copy
import gc
import pickle
import sys
import threading
import time
import types
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, NoReturn

import pytest

from smartcar_sync import (
    Bridge,
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    Smartcar,
)
from smartcar_sync._bridge import callback
from smartcar_sync._far_side import Crossing, FarSide
from smartcar_sync._twin import Root
from tests.wire.sockets import until


async def forever() -> None:
    """What is never answered."""
    await asyncio.Event().wait()


async def answer() -> int:
    """What is answered at once."""
    return 42


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the next wait, and let those after it be."""
    real: Any = vars(Crossing)["wait"]

    def wait(self: Crossing[Any], limit: float | None = None) -> bool:
        monkeypatch.setattr(Crossing, "wait", real)
        time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(Crossing, "wait", wait)


def notes(error: BaseException) -> list[str]:
    """What was noted on an error."""
    return getattr(error, "__notes__", [])


def test_an_answer_that_an_interruption_overtook(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was carried out, and the interruption says so."""
    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        bridge.far_side().call(answer)
    assert notes(caught.value) == ["The call had just been answered: it was carried out."]
    assert bridge.far_side().call(answer) == 42


def test_an_unknown_outcome_that_an_interruption_overtook(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own words are kept."""

    async def fail() -> None:
        raise CommandOutcomeUnknown("lock may or may not have been carried out", action="lock")

    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        bridge.far_side().call(fail)
    assert notes(caught.value) == ["lock may or may not have been carried out"]


def test_a_call_that_does_not_stop(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for for ever, and the interruption says that it may still be carried out."""
    release = threading.Event()

    async def stubborn() -> None:
        release.wait()

    monkeypatch.setattr("smartcar_sync._far_side.UNWINDING", 0.05)
    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        bridge.far_side().call(stubborn)
    release.set()
    assert notes(caught.value) == ["The call was told to stop and has not yet: it may or may not be carried out."]


def test_what_was_broken_off_before_it_began_does_not_begin(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when the loop is free again."""
    release, begun = threading.Event(), list[str]()
    far = bridge.far_side()
    far.soon(release.wait)

    async def begin() -> None:
        begun.append("begun")

    late = Crossing(begin)
    far.soon(late.stop)
    far.launch(late)
    overtaken = Crossing(begin)
    far.launch(overtaken)
    far.soon(overtaken.stop)
    release.set()
    with pytest.raises(ConnectionLost):
        far.settle(late)
    with pytest.raises(ConnectionLost):
        far.settle(overtaken)
    assert far.call(answer) == 42
    assert begun == []


def test_closing_fails_what_is_under_way(bridge: Bridge) -> None:
    """Nobody is left waiting."""
    found: list[ConnectionLost] = []
    under_way = threading.Barrier(4)

    async def begin() -> None:
        await asyncio.to_thread(under_way.wait)
        await forever()

    def wait() -> None:
        try:
            bridge.far_side().call(begin)
        except ConnectionLost as error:
            found.append(error)

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    under_way.wait()
    bridge.close()
    for thread in waiting:
        thread.join()
    assert len(found) == 3
    with pytest.raises(ConfigurationError, match="closed"):
        bridge.far_side()


def test_a_call_that_arrives_too_late(bridge: Bridge) -> None:
    """A loop that ended meanwhile refuses it."""
    far = bridge.far_side()
    bridge.close()
    with pytest.raises(ConfigurationError, match="closed"):
        far.call(answer)
    far.soon(forever)


def test_no_loop_can_be_had(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent, and the next call tries again."""

    def fail() -> NoReturn:
        raise OSError("Too many open files")

    monkeypatch.setattr(asyncio, "Runner", fail)
    with pytest.raises(ConnectionFailed, match="no event loop can be had, and nothing was sent: Too many open files"):
        bridge.far_side()
    monkeypatch.undo()
    assert bridge.far_side().call(answer) == 42


def test_a_thread_without_a_loop_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking it to end is no error."""
    bridge = Bridge()

    def fail() -> NoReturn:
        raise OSError

    monkeypatch.setattr(asyncio, "Runner", fail)
    with pytest.raises(ConnectionFailed):
        bridge.far_side()
    far = FarSide()
    far.stop()
    far.join()
    assert not far.is_left_open()


def test_uwsgi_without_threads(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread would never run, so it says what to do."""
    monkeypatch.setitem(sys.modules, "uwsgi", types.SimpleNamespace(has_threads=False))
    with pytest.raises(ConfigurationError, match="--enable-threads"):
        bridge.far_side()


async def test_no_warning_in_a_notebook(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop has nothing else to do."""
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    assert bridge.far_side().call(answer) == 42


def test_a_callback_is_itself() -> None:
    """It keeps its name and its answer; none is none."""

    def double(number: int) -> int:
        return 2 * number

    named = callback("on_event", double)
    assert named is not None
    assert (named(21), named.__name__) == (42, "double")
    assert callback("on_event", None) is None


def test_an_async_callback_is_refused() -> None:
    """Nobody would await it; the name says which it is."""

    async def asynchronous() -> None:
        """It is never run."""

    with pytest.raises(ConfigurationError, match=r"^on_event: give a plain function"):
        callback("on_event", asynchronous)


def test_an_error_keeps_nothing_alive(bridge: Bridge) -> None:
    """Who handled it is rid of it, and of what the callers had, without the garbage collector."""

    class Big:
        pass

    async def fail() -> None:
        raise LookupError

    def ask() -> weakref.ref[Big]:
        big = Big()
        with suppress(LookupError):
            bridge.far_side().call(fail)
        return weakref.ref(big)

    gc.collect()
    gc.disable()
    try:
        assert ask()() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
def test_a_client_belongs_to_one_process(copied: Callable[[object], object]) -> None:
    """Neither it nor a handle can be sent to another, and the error says what to do."""
    with Smartcar("id", "secret") as client:
        for one in (client, client.vehicle("vehicle", "user")):
            with pytest.raises(TypeError, match="belong to one process: make a client in each"):
                copied(one)


def test_a_stream_ends(bridge: Bridge) -> None:
    """With its items, and reads no more than one ahead."""
    read: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        for number in range(4):
            read.append(number)
            yield number

    stream = bridge.stream(numbers)
    assert read == []
    assert next(stream) == 0
    bridge.far_side().call(lambda: until(lambda: len(read) > 1))
    bridge.far_side().call(lambda: asyncio.sleep(0.01))
    assert read == [0, 1]
    assert list(stream) == [1, 2, 3]


def test_a_stream_that_is_dropped(bridge: Bridge) -> None:
    """Its task ends; also when the garbage collector does it on the loop's own thread."""
    ended: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append("ended")

    async def drop() -> None:
        held.clear()
        gc.collect()

    held = [bridge.stream(numbers)]
    next(held[0])
    bridge.far_side().call(drop)
    bridge.far_side().call(lambda: asyncio.sleep(0))
    assert ended == ["ended"]


def test_a_stream_of_a_bridge_that_was_closed(bridge: Bridge) -> None:
    """It says so, and does not wait."""

    async def numbers() -> AsyncIterator[int]:
        while True:
            yield 1

    stream = bridge.stream(numbers)
    next(stream)
    bridge.close()
    with pytest.raises(ConfigurationError, match="closed"):
        next(stream)


def test_a_command_that_ends_with_its_loop(bridge: Bridge) -> None:
    """The engine's own words come out as the error that they are, and not as a cancellation."""

    async def fail() -> None:
        error = asyncio.CancelledError()
        error.__cause__ = CommandOutcomeUnknown("lock may or may not have been carried out", action="lock")
        raise error

    with pytest.raises(CommandOutcomeUnknown, match="lock may"):
        bridge.far_side().call(fail)


def test_a_call_that_the_loop_never_saw(bridge: Bridge) -> None:
    """It is failed with the end of the thread."""
    far, unseen = bridge.far_side(), Crossing(forever)
    vars(far)["_crossings"].add(unseen)
    bridge.close()
    with pytest.raises(ConnectionLost):
        far.settle(unseen)


def test_a_twin_streams(bridge: Bridge) -> None:
    """What it has is iterated over there; a client that was closed does so no more, though its bridge goes on."""

    class Source:
        async def numbers(self) -> AsyncIterator[int]:
            yield 1

    root = Root(Source, bridge)
    assert list(root.stream(lambda it: it.numbers())) == [1]
    root.close()
    with pytest.raises(ConfigurationError, match="closed"):
        root.stream(lambda it: it.numbers())
    assert bridge.far_side().call(answer) == 42


class Thing:
    """Something to close."""

    def __init__(self) -> None:
        self.closed = 0

    async def aclose(self) -> None:
        """Close it."""
        self.closed += 1
        raise LookupError("closing failed")


def test_an_error_of_closing_comes_out_and_the_thread_is_gone() -> None:
    """As with the async client; a second time is quiet."""
    root = Root(Thing, None, lambda it: it.aclose())
    root.call(lambda it: asyncio.sleep(0))
    with pytest.raises(LookupError):
        root.close()
    root.close()
    assert root.bridge.running() is None
    assert root.plain.closed == 2


def test_what_is_handed_out_is_closed_with_its_owner() -> None:
    """Closing it before is fine, and after, and when nothing was ever open."""
    root = Root(lambda: [Thing()])
    branch = root.branch(lambda things: things[0], lambda it: it.aclose())
    branch.close()
    root.call(lambda it: asyncio.sleep(0))
    with pytest.raises(LookupError):
        branch.close()
    root.close()
    branch.close()
    assert (branch.plain.closed, branch.closed) == (1, True)
    root.branch(lambda things: things[0]).close()
