"""An event loop in a thread of its own, and the calls that are under way to it.

A call is one hop there and one back. `anyio.from_thread.run` needs half as much CPU again for it, and its wait cannot
be ended: not by a signal that wakes another thread, and not in a child that a signal's handler forks.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from typing import Any, Final, Generic, TypeVar, cast

from smartcar_async.errors import CommandOutcomeUnknown, ConfigurationError, ConnectionLost, SmartcarError
from smartcar_async.log import logger

T = TypeVar("T")

UNWINDING: Final = 2.0  # seconds for a call that is cancelled to end, and to tell what it left open
ENDING: Final = 5.0  # seconds for a loop to give a sign of life, and for its thread to end once all is closed
CLOSED: Final = "the client is closed; make a new one"
FORKED: Final = "this was begun before a fork, in another process; begin it anew here"
_NOT_YET: Final = "The call was told to stop and has not yet: it may or may not be carried out."

alive: Final[set[LoopThread]] = set()
"""Those whose thread has not ended. In a forked child its parent's stay for ever: to drop a loop would disturb it."""


class PendingCall(Generic[T]):
    """A call that runs on the loop while one other thread waits: by its lock, four times as fast as by a Future."""

    def __init__(self, function: Callable[[], Awaitable[T]]) -> None:
        self.function = function
        self.task: asyncio.Task[None] | None = None
        self.result: T | None = None
        self.error: BaseException | None = None
        self.over: bool = False
        self.cancelled: bool = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def end(self, error: BaseException | None = None) -> None:
        """Wake who waits for it, unless it is over already."""
        if not self.over:
            self.error, self.over = error, True
            self._lock.release()

    def wait(self, limit: float | None = None) -> bool:
        """In the calling thread: whether it is over, by this limit. Raises only what interrupts this thread."""
        # A signal does not wake a wait that begins a moment later, and on Windows none does (anyio issue 532).
        while limit is None:
            if self.over or self._lock.acquire(timeout=0.1):
                return True
        return self.over or self._lock.acquire(timeout=limit)

    def get_result(self) -> T:
        """Its result, or the error that it raised, once it is over."""
        if self.error is not None:
            raise self.error
        return cast("T", self.result)


class LoopThread:
    """The thread, its loop, and what lives there. It belongs to one process.

    Its life, in this order:

    1. Calls are served: `calls` are those under way. A forked child has no such thread: `is_ours` is false there.
    2. The end is requested, by `stop` (`_stop_requested`, at once) or by an exit that a callback raised (`cause`); on
       the loop this sets `_stopping`.
    3. `close_all` closes the `closers`, one run of it at a time (`_closing`), while calls still are served; then
       `_emptied` is set. A loop that gives no sign of life meanwhile is `_stuck`, and nobody waits for it any more.
    4. New calls are refused (`_refuses`), and those that are left are cancelled.
    5. The loop is closed and the thread ends; whatever is still in `calls` fails.
    """

    def __init__(self) -> None:
        self.is_ours: bool = True
        """Whether it belongs to this process, and not to the one that this was forked from."""
        self.cause: BaseException | None = None
        """The exit that a callback raised on the loop, if that is why it ends."""
        self.calls: set[PendingCall[Any]] = set()
        self.closers: dict[object, Callable[[], Awaitable[object]]] = {}
        """What has to be closed before the end, and how."""
        self._closing, self._stopping = asyncio.Lock(), asyncio.Event()
        self._emptied = threading.Event()
        self._stop_requested = self._refuses = self._stuck = False
        # An empty context, whatever this Python hands to new threads: what a caller has set is for its own calls.
        context, self._runner = Context(), asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = context.run(self._runner.get_loop)
        self._thread = threading.Thread(target=context.run, args=(self._live,), name="smartcar_sync", daemon=True)
        try:
            self._thread.start()
        except BaseException:
            self._runner.close()
            raise
        alive.add(self)

    def is_here(self) -> bool:
        """Whether this is the loop's own thread, which cannot wait for itself."""
        return threading.current_thread() is self._thread  # not by `get_ident`: a later thread may get the same number

    def is_left_open(self) -> bool:
        """Whether there is something that somebody should close: a loop that is ending does so by itself."""
        return self.is_ours and not self._stop_requested and self.cause is None and bool(self.closers)

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Do this on the loop, and wait for its result."""
        return self.wait_for(PendingCall(function), launch=True)

    def launch(self, call: PendingCall[Any]) -> None:
        """Start it on the loop. Where there is none any more, it is over at once."""
        if not self.is_ours:
            call.end(ConfigurationError(FORKED))
            return
        self.calls.add(call)  # first: a loop that ends does so with all that it finds there
        try:
            self._loop.call_soon_threadsafe(self._start, call)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
            self.calls.discard(call)
            # Not by `_end`: the thread, in its last moments, may be ending the same call, and its lock opens only once.
            call.error, call.over = self.refusal(), True

    def _start(self, call: PendingCall[Any]) -> None:
        if self._refuses:
            self._end(call, self.refusal())
        elif not call.over:
            call.task = self._loop.create_task(self._run(call))

    async def _run(self, call: PendingCall[Any]) -> None:
        try:
            call.result = await call.function()
        except BaseException as error:  # not raised here, where it would end the loop for everybody
            self._end(call, error)
        else:
            self._end(call)

    def _end(self, call: PendingCall[Any], error: BaseException | None = None) -> None:
        self.calls.discard(call)
        call.end(error)

    def cancel(self, call: PendingCall[Any]) -> asyncio.Task[None] | None:
        """On the loop: cancel it. What has not started does not start."""
        if call.task is None:
            self._end(call, asyncio.CancelledError())
        elif not call.cancelled:  # a second time would break into its cleaning up
            call.cancelled = True
            # A task that is cancelled before its first step does not come to its end.
            call.task.add_done_callback(lambda _: self._end(call, asyncio.CancelledError()))
            call.task.cancel()
        return call.task

    def wait_for(self, call: PendingCall[T], *, launch: bool = False) -> T:
        """Wait for the end of a call, and return its result. If this thread is interrupted, the call is cancelled."""
        try:
            if launch:
                self.launch(call)
            call.wait()
            if isinstance(call.error, asyncio.CancelledError):
                call.error = self._lost(call.error)
            return call.get_result()
        except BaseException as error:
            # An interruption may be of any class: a signal's handler raises what it likes, and the call goes on.
            if error is not call.error:
                self._break_off(call, error)
            call.error = None  # or it would keep itself alive: its traceback refers to this call
            raise

    def _break_off(self, call: PendingCall[Any], interruption: BaseException) -> None:
        """Cancel a call that its caller no longer waits for, and note on the interruption what that leaves open."""
        self.soon(lambda: self.cancel(call))
        try:
            over = call.wait(UNWINDING)
        except BaseException as another:
            another.add_note(_NOT_YET)
            raise
        if not over:
            interruption.add_note(_NOT_YET)
        elif call.error is None:
            interruption.add_note("The call had just been answered: it was carried out.")
        elif isinstance(call.error, CommandOutcomeUnknown):
            interruption.add_note(str(call.error))
        for note in getattr(call.error, "__notes__", ()):
            interruption.add_note(note)

    def _lost(self, cancelled: asyncio.CancelledError) -> SmartcarError:
        """What a call that ended with its loop tells its caller."""
        how = "closed" if self.cause is None else "broken"
        lost: SmartcarError = ConnectionLost(f"the client was {how} while this call was under way")
        if isinstance(cancelled.__cause__, CommandOutcomeUnknown):  # so the engine tells of a command that had left
            lost = cancelled.__cause__
        lost.__cause__ = self.cause
        return lost

    def refusal(self) -> SmartcarError:
        """Why there are no calls any more."""
        if self.cause is None:
            return ConfigurationError(CLOSED)
        name = type(self.cause).__name__
        refusal = ConfigurationError(f"the client is broken: {name} was raised on its thread; make a new one")
        refusal.__cause__ = self.cause
        return refusal

    def soon(self, function: Callable[[], object]) -> None:
        """Do this on the loop, and do not wait. On one that has ended, nothing is left to do."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """Let the loop close what is open, and end. Does not wait, so it is safe wherever an object may die."""
        self._stop_requested = True
        self.soon(self._stopping.set)

    def wait_until_empty(self) -> bool:
        """Wait until all that was open is closed, as long as that takes: a token that was sent for must be stored.

        But not for a loop that gives no sign of life, because a callback on it is stuck: then this is False.
        """
        while not self._stuck and not self._emptied.wait(0.5):
            sign = threading.Event()
            self.soon(sign.set)
            self._stuck = not sign.wait(ENDING) and not self._emptied.is_set()
        return not self._stuck

    def join(self) -> None:
        """Wait until all is closed and the thread has ended."""
        if self.wait_until_empty():
            self._thread.join(ENDING)

    def _live(self) -> None:
        try:
            # Closing it may be broken off, too; and at the end of Python no thread can be had for that.
            with suppress(RuntimeError, SystemExit, KeyboardInterrupt), self._runner as runner:
                running = True
                while running:
                    try:
                        runner.run(self._serve())
                        running = False
                    # Of a callback, as Ctrl-C in it: the loop has stopped, its tasks and open clients are still there.
                    # So `_serve` runs once more: `_stopping` is set now, and it closes and cancels them at once.
                    except (SystemExit, KeyboardInterrupt) as cause:
                        self.cause = self.cause or cause
                        self._stopping.set()
        finally:
            self._loop.close()
            for call in list(self.calls):
                call.end(asyncio.CancelledError())
            self._emptied.set()  # if the loop ended before `close_all` did: nothing more will be closed
            alive.discard(self)

    async def _serve(self) -> None:
        await self._stopping.wait()
        await self.close_all()  # first: to be closed, a client may have to call a store that lives here, too
        self._refuses = True
        left = [self.cancel(call) for call in list(self.calls)]
        await asyncio.gather(*filter(None, left), return_exceptions=True)

    async def close_all(self) -> None:
        """On the loop: close what is open. It goes on, for those whose closing needs it."""
        async with self._closing:
            while closers := dict(self.closers):
                results = await asyncio.gather(*(aclose() for aclose in closers.values()), return_exceptions=True)
                for owner, result in zip(closers, results, strict=True):
                    self.closers.pop(owner, None)
                    if isinstance(result, SmartcarError):
                        logger.warning("a client was closed, but: %s: %s", type(result).__name__, result)
                    elif isinstance(result, BaseException):  # whose text is somebody else's
                        logger.warning("a client was closed, but %s was raised", type(result).__name__)
            self._emptied.set()  # while the loop goes on: the exit of Python stops no loop before all are empty
