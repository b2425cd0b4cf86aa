"""The bridge: how plain code reaches an event loop in a thread of its own, and what becomes of it at exit and fork."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import inspect
import os
import sys
import threading
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing, contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from types import TracebackType
from typing import Any, Final, NoReturn, ParamSpec, Self, TypeVar, cast

from anyio import ClosedResourceError, EndOfStream, create_memory_object_stream

from smartcar_async.arguments import require_sync_function
from smartcar_async.errors import ConfigurationError
from smartcar_async.log import logger

from ._far_side import CLOSED, UNWINDING, Crossing, FarSide, alive, end_here
from ._loading import begun

P = ParamSpec("P")
T = TypeVar("T")

_LEFT_OPEN: Final = "a smartcar_sync client was left open: use `with`, or end it with close()"

_CLOSING_GOES_ON: Final = "What was open is still being closed; the exit of Python waits for it."
_WAITING: Final = (
    "smartcar_sync: a client is being closed; if it waits for tokens, they would be lost. Ctrl-C again gives it up."
)
_GIVEN_UP: Final = (
    "smartcar_sync: a client was not closed to the end. If it was renewing tokens, start again within a minute: "
    "the token store tells that a refresh was begun, and the next start completes it."
)

_callback: ContextVar[str] = ContextVar("_callback", default="a callback")
_bridges: weakref.WeakSet[Bridge] = weakref.WeakSet()
_inherited: list[object] = []
"""What a forked child got from its parent, kept for ever: to drop a socket or a loop would disturb the parent's."""
_ended = threading.Event()
"""Set at the exit of Python, when all is closed."""


class Bridge:
    """An event loop in a thread of its own. Each client has one; pass `bridge=` to let several share one on purpose.

    The thread starts with the first call. A forked child gets one of its own. `close` closes the clients, too.
    """

    def __init__(self) -> None:
        self.lock: AbstractContextManager[object] = threading.RLock()
        """Guards what belongs to one process. A signal's handler may take it again."""
        self._closed = False
        self._warned = False
        self._far: FarSide | None = None
        _bridges.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open, and end the thread. Calls after this raise ConfigurationError.

        A token refresh that was sent is waited for, so that its pair is stored.
        """
        self.stay_out()
        with self.lock:
            far = self._far
        if far is not None:
            far.stop()
        try:
            if far is not None:
                far.join()
        except BaseException as interruption:
            interruption.add_note(_CLOSING_GOES_ON)
            raise
        finally:
            # Not before: what is being closed may need a store that has this bridge, too.
            with self.lock:
                self._closed, self._far = True, None

    def stay_out(self) -> None:
        """Refuse what would wait for the very thread that it runs on."""
        if self._far is not None and self._far.is_here():
            raise ConfigurationError(
                f"{_callback.get()}: it runs on the client's own thread, which cannot wait for itself; "
                "do this from another thread"
            )

    def far_side(self) -> FarSide:
        """The loop of this process, running."""
        self.stay_out()
        with self.lock:
            if self._closed or _ended.is_set():
                raise ConfigurationError(CLOSED)
            if self._far is None:
                _check_threads()
                end_with_a_worker(os.getpid())
                self._far = begun()
            far = self._far
        if not self._warned and _is_in_a_loop():
            self._warned = True
            text = "a call without await stops the event loop that runs in this thread: use smartcar_async here"
            warnings.warn(text, RuntimeWarning, stacklevel=_level())
        return far

    def running(self) -> FarSide | None:
        """The loop of this process, if there is one."""
        return self._far

    @contextmanager
    def hold(self, enter: Callable[[], AbstractAsyncContextManager[T]]) -> Generator[T, None, None]:
        """An async context manager as a plain one. It is entered and left in one task."""
        far = self.far_side()
        entered: Future[T] = Future()
        leaving: Future[None] = Future()
        for each in (entered, leaving):
            each.set_running_or_notify_cancel()  # a task that is cancelled while it waits for it would cancel it, too

        async def keep() -> None:
            try:
                async with enter() as value:
                    entered.set_result(value)
                    await asyncio.wrap_future(leaving)
            except BaseException as error:
                if not entered.done():
                    entered.set_exception(error)
                raise

        async def entering() -> T:
            return await asyncio.wrap_future(entered)

        holding = Crossing(keep)
        with far.breaking_off(holding):
            far.launch(holding)
            value = far.call(entering)
        try:
            yield value
        except BaseException as error:
            if not far.is_ours() or holding.over:
                raise
            leaving.set_exception(error)
        else:
            leaving.set_result(None)
        if far.is_ours() and not far.is_here():
            far.settle(holding)

    def stream(self, begin: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
        """An async iterator as a plain one. One task runs it, at most one item ahead, and ends when you stop."""
        far = self.far_side()
        send, receive = create_memory_object_stream[T](0)

        async def pump() -> None:
            async with send, receive, aclosing(cast("Any", begin())) as items:
                async for item in items:
                    await send.send(item)

        pumping = Crossing(pump)
        try:
            far.launch(pumping)
            while True:
                try:
                    item = far.call(receive.receive)
                except (EndOfStream, ClosedResourceError):
                    break
                yield item
            far.settle(pumping)
        finally:
            if far.is_ours() and not pumping.over:
                far.soon(pumping.stop)
                if not far.is_here():
                    pumping.wait(UNWINDING)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied into another process, or twice into this one."""
        raise TypeError("a smartcar_sync client and its handles belong to one process: make a client in each")

    def forget(self) -> None:
        """In a forked child: there is no thread any more, and whoever held the lock is not here."""
        self.lock = threading.RLock()
        far, self._far = self._far, None
        _inherited.append(far)
        if far is not None:
            far.orphan()

    def __del__(self) -> None:
        far = self._far
        if far is not None and far.is_ours():
            left_open = far.is_left_open()
            far.stop()
            if left_open:
                warnings.warn(_LEFT_OPEN, ResourceWarning, stacklevel=2)


def callback(name: str, function: Callable[P, T] | None) -> Callable[P, T] | None:
    """The caller's function, which will run on the client's thread; a call that it makes is refused by this name."""
    if function is None:
        return None
    require_sync_function(function, name)

    @wraps(function)
    def named(*args: P.args, **kwargs: P.kwargs) -> T:
        token = _callback.set(name)
        try:
            return function(*args, **kwargs)
        except (KeyboardInterrupt, SystemExit) as cause:
            end_here(cause)
            raise
        finally:
            _callback.reset(token)

    return named


def _is_in_a_loop() -> bool:
    """Whether an event loop runs in this thread, and somebody should know that it will stand still."""
    if hasattr(builtins, "__IPYTHON__"):
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _level() -> int:
    """How far up the caller's own code is, for a warning."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_globals["__name__"].startswith("smartcar_sync"):
        level, frame = level + 1, frame.f_back
    return level


def _check_threads() -> None:
    """Say what would otherwise be a thread that never runs."""
    if not getattr(sys.modules.get("uwsgi"), "has_threads", True):
        raise ConfigurationError("uWSGI runs without threads, and this client needs one: give it --enable-threads")


def _forget_all() -> None:
    for bridge in _bridges:
        bridge.forget()


@lru_cache(maxsize=1)
def end_with_a_worker(process: int) -> None:
    """Once in each process: a forked worker of `multiprocessing` runs finalizers of its own in place of `atexit`."""
    workers: Any = sys.modules.get("multiprocessing")
    if workers is not None and workers.parent_process() is not None:
        workers.util.Finalize(None, close_all, exitpriority=0)


def close_all() -> None:
    """At the exit of Python: close all clients first, and only then end the loops, for one may store through another.

    This needs no threads but those that are there: newer Pythons start none here, and executors have shut down.
    """
    ending = [far for far in list(alive) if far.is_ours()]
    for far in ending:
        far.empty()
    try:
        try:
            _wait_for(ending)
        except KeyboardInterrupt:
            logger.warning(_WAITING)
            _wait_for(ending)
        _ended.set()
        for far in ending:
            far.stop()
        for far in ending:
            far.join()
    except KeyboardInterrupt:
        logger.warning(_GIVEN_UP)


def _wait_for(ending: list[FarSide]) -> None:
    stuck = [far for far in ending if not far.wait_until_empty()]
    if stuck:
        logger.warning(_GIVEN_UP)


def _end() -> None:
    left_open = any(far.is_left_open() for far in list(alive))
    close_all()
    if left_open:
        warnings.warn(_LEFT_OPEN, ResourceWarning, stacklevel=1)


atexit.register(_end)
if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_forget_all)
