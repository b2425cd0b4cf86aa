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
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import pytest

from smartcar_sync import (
    Bridge,
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionFailed,
    Smartcar,
)
from smartcar_sync._bridge import callback
from smartcar_sync._loop import LoopThread, PendingCall
from smartcar_sync._wrap import Twin


async def forever() -> None:
    """What is never answered."""
    await asyncio.Event().wait()


async def answer() -> int:
    """What is answered at once."""
    return 42


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the next wait, and let those after it be."""
    real: Any = vars(PendingCall)["wait"]

    def wait(self: PendingCall[Any], limit: float | None = None) -> bool:
        monkeypatch.setattr(PendingCall, "wait", real)
        time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(PendingCall, "wait", wait)


def notes(error: BaseException) -> list[str]:
    """What was noted on an error."""
    return getattr(error, "__notes__", [])


def test_an_answer_that_an_interruption_overtook(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was carried out, and the interruption says so."""
    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        bridge.loop_thread().call(answer)
    assert notes(caught.value) == ["The call had just been answered: it was carried out."]
    assert bridge.loop_thread().call(answer) == 42


def test_an_unknown_outcome_that_an_interruption_overtook(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own words are kept."""

    async def fail() -> None:
        raise CommandOutcomeUnknown("lock may or may not have been carried out", action="lock")

    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        bridge.loop_thread().call(fail)
    assert notes(caught.value) == ["lock may or may not have been carried out"]


def test_a_call_that_does_not_stop(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for for ever, and the interruption says that it may still be carried out."""
    release = threading.Event()

    async def stubborn() -> None:
        release.wait()

    monkeypatch.setattr("smartcar_sync._loop.UNWINDING", 0.05)
    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as caught:
        bridge.loop_thread().call(stubborn)
    release.set()
    assert notes(caught.value) == ["The call was told to stop and has not yet: it may or may not be carried out."]


def test_a_thread_whose_number_was_used_again() -> None:
    """The system gives those of threads that have ended to new ones, which are no loop's own for that."""
    with Bridge() as bridge:
        thread = bridge.loop_thread()
    ended: threading.Thread = vars(thread)["_thread"]
    assert not ended.is_alive()
    vars(ended)["_ident"] = threading.get_ident()
    assert not thread.is_here()


def test_no_loop_can_be_had(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent, and the next call tries again."""

    def fail(**options: object) -> NoReturn:
        raise OSError("Too many open files")

    monkeypatch.setattr(asyncio, "Runner", fail)
    with pytest.raises(ConnectionFailed, match="no event loop can be had, and nothing was sent: Too many open files"):
        bridge.loop_thread()
    monkeypatch.undo()
    assert bridge.loop_thread().call(answer) == 42


def test_no_thread_is_left_where_no_loop_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to be ended, and closing is no error."""
    bridge, before = Bridge(), threading.active_count()

    def fail(**options: object) -> NoReturn:
        raise OSError("no files")

    monkeypatch.setattr(asyncio, "Runner", fail)
    with pytest.raises(ConnectionFailed):
        bridge.loop_thread()
    assert bridge.running() is None
    bridge.close()
    with pytest.raises(OSError, match="no files"):
        LoopThread()
    assert threading.active_count() == before


def test_uwsgi_without_threads(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread would never run, so it says what to do."""
    monkeypatch.setitem(sys.modules, "uwsgi", types.SimpleNamespace(has_threads=False))
    with pytest.raises(ConfigurationError, match="--enable-threads"):
        bridge.loop_thread()


async def test_no_warning_in_a_notebook(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop has nothing else to do."""
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    assert bridge.loop_thread().call(answer) == 42


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
            bridge.loop_thread().call(fail)
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
        for each in (client, client.vehicle("vehicle", "user")):
            with pytest.raises(TypeError, match="belong to one process: make a client in each"):
                copied(each)


def test_a_command_that_ends_with_its_loop(bridge: Bridge) -> None:
    """The engine's own words come out as the error that they are, and not as a cancellation."""

    async def fail() -> None:
        error = asyncio.CancelledError()
        error.__cause__ = CommandOutcomeUnknown("lock may or may not have been carried out", action="lock")
        raise error

    with pytest.raises(CommandOutcomeUnknown, match="lock may"):
        bridge.loop_thread().call(fail)


def test_an_interruption_while_a_call_is_launched(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one of the class that a closed loop raises: it comes out as it is, and the call is not carried out."""
    loop: Any = vars(bridge.loop_thread())["_loop"]
    begun: list[str] = []

    def interrupted(*arguments: object) -> NoReturn:
        monkeypatch.undo()
        raise RuntimeError("from the handler")

    async def begin() -> None:
        begun.append("begun")

    monkeypatch.setattr(loop, "call_soon_threadsafe", interrupted)
    with pytest.raises(RuntimeError, match="from the handler"):
        bridge.loop_thread().call(begin)
    assert bridge.loop_thread().call(answer) == 42
    assert begun == []


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
    root = Twin(Thing, None, lambda it: it.aclose())
    root.call(lambda it: asyncio.sleep(0))
    with pytest.raises(LookupError):
        root.close()
    root.close()
    assert root.bridge.running() is None
    assert root.aio.closed == 2


def test_what_is_handed_out_is_closed_with_its_owner() -> None:
    """Closing it before is fine, and after, and when nothing was ever open."""
    root = Twin(lambda: [Thing()])
    branch = root.branch(lambda things: things[0], lambda it: it.aclose())
    branch.close()
    root.call(lambda it: asyncio.sleep(0))
    with pytest.raises(LookupError):
        branch.close()
    root.close()
    branch.close()
    assert (branch.aio.closed, branch.closed) == (1, True)
    root.branch(lambda things: things[0]).close()
