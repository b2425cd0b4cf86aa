"""Closing a bridge: what it waits for, what it does not, and interruptions of whatever class."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from smartcar_sync import (
    Bridge,
    ConfigurationError,
    ConnectionFailed,
    SmartcarError,
    TokenStoreError,
    _loop,
)
from smartcar_sync._bridge import callback
from smartcar_sync._loop import LoopThread, PendingCall
from smartcar_sync._process import close_all, end_with_a_worker, no_fork, start_loop
from smartcar_sync._wrap import Twin

from .test_bridge import answer, forever, notes


async def refused() -> None:
    """A call that is not carried out."""
    raise ConnectionFailed("nothing was sent")


def interrupt_waits(monkeypatch: pytest.MonkeyPatch, *interruptions: BaseException) -> None:
    """Interrupt as many waits, one after the other, as a signal's handler does."""
    real: Any = vars(PendingCall)["wait"]
    left = list(interruptions)

    def wait(self: PendingCall[Any], limit: float | None = None) -> bool:
        if not left:
            return bool(real(self, limit))
        time.sleep(0.05)
        raise left.pop(0)

    monkeypatch.setattr(PendingCall, "wait", wait)


@pytest.mark.parametrize(
    "interruption", [ConfigurationError("mine"), ConnectionFailed("mine"), TimeoutError("mine"), LookupError("mine")]
)
def test_an_interruption_may_be_of_any_class(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, interruption: Exception
) -> None:
    """The handler's error comes out, and it says what became of the call: that goes on without its caller."""
    interrupt_waits(monkeypatch, interruption)
    with pytest.raises(type(interruption)) as caught:
        bridge.loop_thread().call(answer)
    assert caught.value is interruption
    assert notes(interruption) == ["The call had just been answered: it was carried out."]


@pytest.mark.parametrize(
    ("work", "reported"),
    [(answer, ["The call had just been answered: it was carried out."]), (refused, [])],
    ids=["a result", "an error"],
)
def test_an_interruption_between_the_answer_and_the_caller(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Awaitable[object]], reported: list[str]
) -> None:
    """A call that was carried out says so, and one that was not does not."""
    real: Any = vars(PendingCall)["get_result"]

    def interrupted(self: PendingCall[Any]) -> NoReturn:
        try:
            real(self)
        except SmartcarError:
            raise LookupError("mine") from None
        raise LookupError("mine")

    monkeypatch.setattr(PendingCall, "get_result", interrupted)
    with pytest.raises(LookupError, match="mine") as caught:
        bridge.loop_thread().call(work)
    assert notes(caught.value) == reported


def test_an_interruption_cancels_what_goes_on(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is an error of ours."""
    ended: list[str] = []

    async def last() -> None:
        try:
            await forever()
        finally:
            ended.append("cancelled")

    interrupt_waits(monkeypatch, ConfigurationError("mine"))
    with pytest.raises(ConfigurationError, match="mine"):
        bridge.loop_thread().call(last)
    assert ended == ["cancelled"]


def test_a_second_interruption_tells_it_too(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes while the first one waits for the call to unwind."""
    interrupt_waits(monkeypatch, KeyboardInterrupt("first"), KeyboardInterrupt("second"))
    with pytest.raises(KeyboardInterrupt, match="second") as caught:
        bridge.loop_thread().call(forever)
    assert notes(caught.value) == ["The call was told to stop and has not yet: it may or may not be carried out."]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows sends no signals to threads")
def test_a_signal_that_wakes_nobody(bridge: Bridge) -> None:
    """One that comes a moment before the wait does not end it, and is seen soon all the same."""

    def handler(number: int, frame: object) -> None:
        raise LookupError("from the handler")

    ended: list[str] = []

    async def signalled() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)  # to this thread: the one that waits sleeps on
        try:
            await asyncio.sleep(10)
            ended.append("by itself")
        except asyncio.CancelledError:
            ended.append("broken off")

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(LookupError, match="from the handler"):
            bridge.loop_thread().call(signalled)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ended == ["broken off"]


class Slow:
    """Something whose closing takes a while, and may need the bridge that it lives on."""

    def __init__(
        self,
        bridge: Bridge | None = None,
        error: BaseException | None = None,
        seconds: float = 0.1,
        together: asyncio.Barrier | None = None,
    ) -> None:
        self.bridge, self.error, self.seconds, self.together = bridge, error, seconds, together
        self.found: list[int] = []

    async def aclose(self) -> None:
        """Close it."""
        if self.together is not None:
            await self.together.wait()
        await asyncio.sleep(self.seconds)
        if self.bridge is not None:
            bridge = self.bridge
            self.found.append(await asyncio.to_thread(lambda: bridge.loop_thread().call(answer)))
        if self.error is not None:
            raise self.error
        self.found.append(0)


def kept(bridge: Bridge, slow: Slow) -> Slow:
    """Something that the bridge has to close."""
    root = Twin(lambda: slow, bridge, lambda it: it.aclose())
    root.call(lambda it: asyncio.sleep(0))
    return slow


def test_closing_waits_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a thread without work is given to end; all are closed at the same time, and calls cross meanwhile."""
    monkeypatch.setattr(_loop, "ENDING", 0.5)
    bridge, together = Bridge(), asyncio.Barrier(3)
    slow = [kept(bridge, Slow(bridge, seconds=0.8, together=together)) for _ in range(3)]
    bridge.close()
    assert [each.found for each in slow] == [[42, 0]] * 3
    with pytest.raises(ConfigurationError, match="closed"):
        bridge.loop_thread()


def test_a_loop_that_is_stuck_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives no sign of life."""
    monkeypatch.setattr(_loop, "ENDING", 0.05)
    bridge, release = Bridge(), threading.Event()
    slow, thread = kept(bridge, Slow()), bridge.loop_thread()
    thread.soon(release.wait)
    bridge.close()
    assert slow.found == []
    release.set()
    thread.join()
    assert not thread.wait_until_empty()


def test_what_cannot_be_closed_is_told(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """In our own words where they are ours, and by its class where its text is somebody else's."""
    kept(bridge, Slow(error=TokenStoreError("no room")))
    kept(bridge, Slow(error=LookupError("private")))
    bridge.close()
    assert sorted(caplog.messages) == [
        "a client was closed, but LookupError was raised",
        "a client was closed, but: TokenStoreError: no room",
    ]


def test_a_closing_that_is_interrupted_goes_on(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told so, and the bridge takes no calls any more."""
    slow, thread = kept(bridge, Slow()), bridge.loop_thread()

    def interrupted(self: LoopThread) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(LoopThread, "join", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            bridge.close()
    assert notes(caught.value) == ["What was open is still being closed; the exit of Python waits for it."]
    with pytest.raises(ConfigurationError, match="closed"):
        bridge.loop_thread()
    thread.join()
    assert slow.found == [0]


def test_a_thread_cannot_be_had_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python is ending, that is said; else what the system says."""
    for printed, reported in [
        ("can't create new thread at interpreter shutdown", "Python is ending and starts no threads any more"),
        ("can't start new thread", "no event loop can be had, and nothing was sent: can't start new thread"),
    ]:

        def fail(thread: threading.Thread, printed: str = printed) -> NoReturn:
            raise RuntimeError(printed)

        with monkeypatch.context() as context:
            context.setattr(threading.Thread, "start", fail)
            with pytest.raises(ConnectionFailed, match=reported):
                start_loop()


def test_a_fork_waits_for_what_must_be_whole() -> None:
    """Another thread that is within it keeps forks out, one's own does not."""
    order: list[str] = []
    entered, leave = threading.Event(), threading.Event()

    def within() -> None:
        with no_fork():
            entered.set()
            leave.wait(5)
            order.append("left")

    thread = threading.Thread(target=within)
    thread.start()
    entered.wait(5)
    threading.Timer(0.05, leave.set).start()
    with no_fork(), no_fork():
        order.append("entered")
    thread.join()
    assert order == ["left", "entered"]


@pytest.mark.parametrize("parent", [None, "a process"])
def test_a_worker_of_multiprocessing_has_finalizers(monkeypatch: pytest.MonkeyPatch, parent: str | None) -> None:
    """They close what is open, for it runs nothing that was registered with `atexit`; one for any number of bridges."""
    results: list[object] = []

    def finalize(owner: object, function: object, exitpriority: int) -> None:
        results.append((owner, function))

    util = SimpleNamespace(Finalize=finalize)
    monkeypatch.setitem(sys.modules, "multiprocessing", SimpleNamespace(parent_process=lambda: parent, util=util))
    end_with_a_worker.cache_clear()
    for _ in range(2):
        with Bridge() as bridge:
            assert bridge.loop_thread().call(answer) == 42
    end_with_a_worker.cache_clear()
    assert results == ([] if parent is None else [(None, close_all)])


def test_an_exit_while_a_loop_is_closed(bridge: Bridge) -> None:
    """What still ran there is told of the end and exits: the thread is gone all the same, and calls are refused."""
    thread, tasks = bridge.loop_thread(), list[asyncio.Task[None]]()

    async def lasting() -> None:
        try:
            await forever()
        finally:
            asyncio.get_running_loop().call_soon(sys.exit, 3)

    async def begin() -> None:
        tasks.append(asyncio.create_task(lasting()))
        await asyncio.sleep(0)

    thread.call(begin)
    bridge.close()
    assert "smartcar_sync" not in [each.name for each in threading.enumerate()]
    with pytest.raises(ConfigurationError, match="closed"):
        thread.call(answer)


def test_closing_twice_at_once() -> None:
    """Both wait, and neither is told of the other."""
    bridge, errors = Bridge(), list[SmartcarError]()
    slow = kept(bridge, Slow())

    def close() -> None:
        try:
            bridge.close()
        except SmartcarError as error:
            errors.append(error)

    threads = [threading.Thread(target=close) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (slow.found, errors, bridge.running()) == ([0], [], None)


def test_an_exit_in_another_thread_is_only_its_own() -> None:
    """A callback that a thread of the caller's runs, as at the end of Python, ends no client."""

    def leave() -> NoReturn:
        raise SystemExit(3)

    named = callback("on_event", leave)
    assert named is not None
    with pytest.raises(SystemExit):
        named()


def test_what_was_answered_before_a_fork_stays_so(bridge: Bridge) -> None:
    """Only what was still under way has no answer in the child."""
    call = PendingCall(answer)
    bridge.loop_thread().launch(call)
    assert bridge.loop_thread().wait_for(call) == 42
    call.end(ConfigurationError("forked"))
    assert call.get_result() == 42
