"""The other side of the bridge: a thread with an event loop, and the calls that are under way to it.

Nobody waits here for what cannot come: a loop that ends fails every call that is under way or still arriving.
A call is one hop there and one back. anyio's BlockingPortal takes two and two, because it waits for the task's start:
measured, its calls cost twice as much over the async client, and an interruption during that wait loses the task.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import Any, Final, Generic, TypeVar, cast

from smartcar_async.errors import CommandOutcomeUnknown, ConfigurationError, ConnectionLost, SmartcarError
from smartcar_async.log import logger

T = TypeVar("T")

UNWINDING: Final = 2.0
"""Seconds for a call that was broken off to tell what it left open."""
CLOSED: Final = "the client is closed; make a new one"
_ENDING: Final = 5.0
"""Seconds for the thread to end once all is closed, and for a loop to give a sign of life before that."""
_BETWEEN_SIGNS: Final = 0.5
"""Seconds after which a loop that is still closing something is asked for the next sign."""
_FORKED: Final = "this was begun before a fork, in another process; begin it anew here"
_BETWEEN_LOOKS: Final = 0.1
"""Seconds after which a thread that waits for an answer looks whether there was a signal."""
_NOT_YET: Final = "The call was told to stop and has not yet: it may or may not be carried out."

_here = threading.local()
alive: Final[set[FarSide]] = set()
"""Those whose thread has not ended. A fork leaves its parent's in here for ever: to drop a loop would disturb it."""


class Crossing(Generic[T]):
    """One call on its way: what to do on the other side, and what came of it.

    It begins and ends on the loop's thread alone, and one thread waits for it: a lock does for that what a Future
    needs a condition for, in a quarter of the time.
    """

    def __init__(self, function: Callable[[], Awaitable[T]]) -> None:
        self._function = function
        self._task: asyncio.Task[None] | None = None
        self._result: T | None = None
        self.error: BaseException | None = None
        """What went wrong."""
        self._under_way = threading.Lock()
        self._under_way.acquire()
        self.among: set[Crossing[Any]] = set()
        """Those that are under way with it."""
        self.over: bool = False
        self.refused: bool = False
        """Whether it never got across."""
        self.failed: bool = False
        """Whether it ended with an error, also when that was given away."""
        self.given: int | None = None
        """The identity of the error that the caller gets: any other that comes up meanwhile is an interruption."""

    def begin(self) -> None:
        """On the loop: do it, unless it was broken off already."""
        if not self.over:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        # Nothing is raised here, where it would end the loop for everybody.
        try:
            self._result = await self._function()
        except BaseException as error:
            self.error, self.failed = error, True
        self._end()

    def stop(self) -> asyncio.Task[None] | None:
        """On the loop: break off, and tell what that takes. What has not begun does not begin."""
        if self._task is None:
            self.give_up()
        else:
            self._task.add_done_callback(lambda _: self.give_up())
            self._task.cancel()
        return self._task

    def give_up(self) -> None:
        """On the loop's thread: it will not be answered any more, if it was not by now."""
        if not self.over:
            self.error, self.failed = asyncio.CancelledError(), True
            self._end()

    def orphan(self) -> None:
        """In a forked child: it is not answered here. It stays among those that are kept for ever."""
        if not self.over:
            self.error, self.failed = ConfigurationError(_FORKED), True
            self.over = True
            self._under_way.release()

    def _end(self) -> None:
        self.among.discard(self)
        self.over = True
        self._under_way.release()

    def wait(self, limit: float | None = None) -> bool:
        """In the calling thread: whether it is over, by this limit. Raises only what interrupts this thread."""
        # A signal does not wake a wait that begins a moment later, and on Windows none does (anyio issue 532): what its
        # handler raises would come only with the answer.
        while limit is None:
            if self.over or self._under_way.acquire(timeout=_BETWEEN_LOOKS):
                return True
        return self.over or self._under_way.acquire(timeout=limit)

    def outcome(self) -> T:
        """What came of it, once it is over. An error is given away: its traceback refers to this."""
        if self.error is None:
            return cast("T", self._result)
        self.given = id(self.error)
        try:
            raise self.error
        finally:
            self.error = None
            del self


class FarSide:
    """The thread, its loop, and what lives there. It belongs to one process."""

    def __init__(self) -> None:
        self.cause: BaseException | None = None
        """Why the loop ended, if nobody asked it to."""
        self._pid = os.getpid()
        self._begun: Future[None] = Future()
        self._gate = threading.RLock()
        self._runs = False
        self._over = False
        self._crossings: set[Crossing[Any]] = set()
        self._closers: dict[object, Callable[[], Awaitable[object]]] = {}
        self._asked_to_end = False
        self._emptied = threading.Event()
        self._emptying: asyncio.Task[None] | None = None
        self._stuck = False
        # An empty context, whatever this Python hands to new threads: what a caller has set is for its own calls.
        self._thread = threading.Thread(target=Context().run, args=(self._live,), name="smartcar_sync", daemon=True)
        self._thread.start()

    def is_here(self) -> bool:
        """Whether this is the loop's own thread, which cannot wait for itself."""
        return self._thread.ident == threading.get_ident()

    def is_ours(self) -> bool:
        """Whether it belongs to this process, and not to the one that this was forked from."""
        return self._pid == os.getpid()

    def keep(self, owner: object, aclose: Callable[[], Awaitable[object]]) -> None:
        """Close this at the end, if nobody has by then."""
        self._closers[owner] = aclose

    def drop(self, owner: object) -> None:
        """It has been closed."""
        self._closers.pop(owner, None)

    def is_left_open(self) -> bool:
        """Whether there is something that somebody should have closed."""
        return self.is_ours() and not self._asked_to_end and not self._over and bool(self._closers)

    def trouble(self) -> BaseException | None:
        """Why there is no loop, or None once it runs. Raises only what interrupts this thread."""
        return None if self._runs else self._begun.exception()

    def check(self) -> None:
        """Refuse a new call, once a callback has ended the loop: it runs on only to close what is open."""
        if self.cause is not None:
            raise self._refusal()

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Do this on the loop, and wait for what comes of it. If this thread is interrupted, it is broken off."""
        crossing = Crossing(function)
        try:
            self.launch(crossing)
            crossing.wait()
            return self._outcome(crossing)
        except BaseException as error:
            self._look_for_interruption(crossing, error)
            raise

    @contextmanager
    def breaking_off(self, crossing: Crossing[Any]) -> Generator[None, None, None]:
        """If what happens in here is interrupted, the call is broken off."""
        try:
            yield
        except BaseException as error:
            self._look_for_interruption(crossing, error)
            raise

    def _look_for_interruption(self, crossing: Crossing[Any], error: BaseException) -> None:
        """Break the call off, unless this is its own error.

        An interruption may be of any class: a signal's handler raises what it likes, and the call goes on over there.
        """
        if not crossing.refused and error is not crossing.error and id(error) != crossing.given:
            self.break_off(crossing, error)

    def launch(self, crossing: Crossing[T]) -> None:
        """Begin this on the loop."""
        if not self.is_ours():
            crossing.refused = True
            raise ConfigurationError(_FORKED)
        crossing.among = self._crossings
        with self._gate:
            if self._over:
                crossing.refused = True
                raise self._refusal()
            self._crossings.add(crossing)
            self._loop.call_soon_threadsafe(crossing.begin)

    def settle(self, crossing: Crossing[T]) -> T:
        """Wait for its end, and give what came of it."""
        try:
            crossing.wait()
            return self._outcome(crossing)
        except BaseException as error:
            self._look_for_interruption(crossing, error)
            raise

    def _outcome(self, crossing: Crossing[T]) -> T:
        if isinstance(crossing.error, asyncio.CancelledError):
            lost = self._lost(crossing.error)
            crossing.given = id(lost)
            raise lost from self.cause
        return crossing.outcome()

    def orphan(self) -> None:
        """In a forked child: nobody answers here what was under way, and one thread may be waiting for it."""
        for crossing in self._crossings:
            crossing.orphan()

    def break_off(self, crossing: Crossing[Any], interruption: BaseException) -> None:
        """Cancel a call that its caller does not wait for any more, and tell the caller what that leaves open."""
        self.soon(crossing.stop)
        try:
            over = crossing.wait(UNWINDING)
        except BaseException as another:
            another.add_note(_NOT_YET)
            raise
        error = crossing.error
        if not over:
            interruption.add_note(_NOT_YET)
        elif not crossing.failed:
            interruption.add_note("The call had just been answered: it was carried out.")
        elif isinstance(error, CommandOutcomeUnknown):
            interruption.add_note(str(error))
        for note in getattr(error, "__notes__", ()):
            interruption.add_note(note)

    def soon(self, function: Callable[[], object]) -> None:
        """Do this on the loop, and do not wait. On one that has ended, nothing is left to do."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def empty(self) -> None:
        """Ask the loop to close what is open, and to go on for those whose closing needs it. Does not wait."""
        self._ask(self._begin_to_empty)

    def stop(self) -> None:
        """Ask the loop to close what is open, and to end. Does not wait, so it is safe wherever an object may die."""
        self._asked_to_end = True
        self._ask(lambda: self._stopping.set())

    def _ask(self, function: Callable[[], object]) -> None:
        def ask(begun: Future[None]) -> None:
            if begun.exception() is None:
                self.soon(function)

        self._begun.add_done_callback(ask)

    def wait_until_empty(self) -> bool:
        """Wait until all that was open is closed, as long as that takes: a token that was sent for must be stored.

        But not for a loop that gives no sign of life, because a callback over there is stuck: then this is False.
        """
        while not self._stuck and not self._emptied.wait(_BETWEEN_SIGNS):
            sign = threading.Event()
            self._ask(sign.set)
            self._stuck = not sign.wait(_ENDING) and not self._emptied.is_set()
        return not self._stuck

    def join(self) -> None:
        """Wait until all is closed and the thread has ended."""
        if self.wait_until_empty():
            self._thread.join(_ENDING)

    def _live(self) -> None:
        _here.far = self
        alive.add(self)
        try:
            with asyncio.Runner() as runner:
                try:
                    runner.run(self._serve())
                except BaseException as cause:
                    # A callback or a task of the loop raised SystemExit: its other tasks are still there.
                    self.cause = cause
                    self._finish(runner)
        except BaseException as error:
            with suppress(InvalidStateError):
                self._begun.set_exception(error)
        finally:
            for crossing in list(self._crossings):
                crossing.give_up()
            self._emptied.set()
            alive.discard(self)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._begun.set_result(None)
        self._runs = True
        await self._stopping.wait()
        await self._wind_up()

    def _finish(self, runner: asyncio.Runner) -> None:
        """Wind up, however many callbacks that are told of it end the loop again."""
        finished = False
        while not finished:
            with suppress(SystemExit, KeyboardInterrupt):
                runner.run(self._wind_up())
                finished = True

    async def _wind_up(self) -> None:
        """Close what is open, then refuse new calls, then cancel what is still under way.

        Not in another order: to be closed, a client may have to call a store that lives here, too.
        """
        await self._begin_to_empty()
        with self._gate:
            self._over = True
        left = [crossing.stop() for crossing in list(self._crossings)]
        await asyncio.gather(*filter(None, left), return_exceptions=True)

    def _begin_to_empty(self) -> asyncio.Task[None]:
        # Where all is closed, a loop that is ending begins nothing more.
        if self._emptying is None or (self._emptying.done() and not self._over):
            self._emptying = asyncio.create_task(self._empty())
        return self._emptying

    async def _empty(self) -> None:
        while closers := dict(self._closers):
            outcomes = await asyncio.gather(*(aclose() for aclose in closers.values()), return_exceptions=True)
            for owner, outcome in zip(closers, outcomes, strict=True):
                self.drop(owner)
                if isinstance(outcome, SmartcarError):
                    logger.warning("a client was closed, but: %s: %s", type(outcome).__name__, outcome)
                elif isinstance(outcome, BaseException):
                    logger.warning("a client was closed, but %s was raised", type(outcome).__name__)
        self._emptied.set()

    def _lost(self, cancelled: asyncio.CancelledError) -> SmartcarError:
        """What a call that ended with its loop tells its caller."""
        if isinstance(cancelled.__cause__, CommandOutcomeUnknown):
            return cancelled.__cause__
        how = "closed" if self.cause is None else "broken"
        return ConnectionLost(f"the client was {how} while this call was under way")

    def _refusal(self) -> SmartcarError:
        if self.cause is None:
            return ConfigurationError(CLOSED)
        refusal = ConfigurationError(
            f"the client is broken: {type(self.cause).__name__} was raised on its thread; make a new one"
        )
        refusal.__cause__ = self.cause
        return refusal


def end_here(cause: BaseException) -> None:
    """In a callback that ends the loop of this thread: whoever is told of it may call again before the loop ends."""
    far: FarSide | None = getattr(_here, "far", None)
    if far is not None:
        far.cause = cause
