"""The bridge: how sync code reaches an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import builtins
import inspect
import warnings
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, NoReturn, ParamSpec, Self, TypeVar

from anyio import EndOfStream, create_memory_object_stream
from anyio.lowlevel import checkpoint

from smartcar_async.arguments import require_sync_function
from smartcar_async.errors import ConfigurationError

from ._loop import CLOSED, UNWINDING, LoopThread, PendingCall, alive
from ._process import LEFT_OPEN, ended, no_fork, start_loop

P = ParamSpec("P")
T = TypeVar("T")

_STANDS_STILL: Final = "a call without await stops the event loop that runs in this thread: use smartcar_async here"
_callback: ContextVar[str] = ContextVar("_callback", default="a callback")


class Bridge:
    """An event loop in a thread of its own. Each client has one; pass `bridge=` to let several share one on purpose.

    The thread starts with the first call. A forked child gets one of its own. `close` closes the clients, too.
    """

    def __init__(self) -> None:
        self._closed = self._warned = False
        self._thread: LoopThread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open, and end the thread. Calls after this raise ConfigurationError.

        A token refresh that was sent is waited for, so that its pair is stored.
        """
        self.refuse_own_thread()
        thread = self.running()
        try:
            if thread is not None:
                thread.stop()
                thread.join()
        except BaseException as interruption:
            interruption.add_note("What was open is still being closed; the exit of Python waits for it.")
            raise
        finally:
            # Not before: what is being closed may need a store that has this bridge, too.
            with no_fork():
                self._closed, self._thread = True, None

    def refuse_own_thread(self) -> None:
        """Refuse what would wait for the very thread that it runs on."""
        if self._thread is not None and self._thread.is_here():
            raise ConfigurationError(
                f"{_callback.get()}: it runs on the client's own thread, which cannot wait for itself; "
                "do this from another thread"
            )

    def running(self) -> LoopThread | None:
        """The thread of this process, if there is one."""
        return self._thread if self._thread is not None and self._thread.is_ours else None

    def loop_thread(self) -> LoopThread:
        """The thread of this process, with its loop running."""
        self.refuse_own_thread()
        thread = self.running()
        if thread is None or ended.is_set():
            with no_fork():
                if self._closed or ended.is_set():
                    raise ConfigurationError(CLOSED)
                thread = self._thread = self.running() or start_loop()
        if not self._warned and _is_in_a_loop():
            self._warned = True
            warnings.warn(_STANDS_STILL, RuntimeWarning, stacklevel=_level())
        return thread

    @contextmanager
    def hold(self, enter: Callable[[], AbstractAsyncContextManager[T]]) -> Generator[T, None, None]:
        """An async context manager as a sync one. It is entered and left in one task."""
        thread, entered, leaving = self.loop_thread(), asyncio.Event(), asyncio.Event()
        values, errors = list[T](), list[BaseException]()

        async def keep() -> None:
            try:
                async with enter() as value:
                    values.append(value)
                    entered.set()
                    await leaving.wait()
                    for error in errors:
                        raise error
            finally:
                entered.set()

        with _task(thread, keep) as holding:
            thread.call(entered.wait)
            if not values:
                thread.wait_for(holding)
            try:
                yield values[0]
            except BaseException as error:
                if holding.over or not thread.is_ours or isinstance(error, GeneratorExit):  # it was dropped
                    raise
                errors.append(error)
            if thread.is_ours:
                thread.soon(leaving.set)
                thread.wait_for(holding)

    def stream(self, begin: Callable[[], AsyncIterator[T]]) -> Generator[T, None, None]:
        """An async iterator as a sync one. One task runs it, at most one item ahead, and ends when this is closed."""
        thread = self.loop_thread()
        send, receive = create_memory_object_stream[T](0)

        async def pump() -> None:
            items: Any = begin()
            async with send:
                try:
                    async for item in items:
                        await send.send(item)
                finally:
                    await getattr(items, "aclose", checkpoint)()

        with send, receive, _task(thread, pump) as pumping:
            while True:
                try:
                    item = thread.call(receive.receive)
                except EndOfStream:
                    break
                yield item
            thread.wait_for(pumping)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied into another process, or twice into this one."""
        raise TypeError("a smartcar_sync client and its handles belong to one process: make a client in each")

    def __del__(self) -> None:
        thread = self.running()
        if thread is not None:
            left_open = thread.is_left_open()
            thread.stop()
            if left_open:
                warnings.warn(LEFT_OPEN, ResourceWarning, stacklevel=2)


@contextmanager
def _task(thread: LoopThread, function: Callable[[], Any]) -> Generator[PendingCall[None], None, None]:
    """What runs beside the calls, and is cancelled at the end of this if it has not ended by then."""
    task = PendingCall[None](function)
    try:
        thread.launch(task)
        yield task
    finally:
        if thread.is_ours and not task.over:
            thread.soon(lambda: thread.cancel(task))
            if not thread.is_here():  # where the garbage collector may be at work
                task.wait(UNWINDING)


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
        except (KeyboardInterrupt, SystemExit) as cause:  # of which others may be told before the loop ends
            for thread in [thread for thread in list(alive) if thread.is_here()]:
                thread.cause = cause
            raise
        finally:
            _callback.reset(token)

    return named


def _is_in_a_loop() -> bool:
    """Whether an event loop runs in this thread, and somebody should know that it will stand still."""
    try:
        return bool(asyncio.get_running_loop()) and not hasattr(builtins, "__IPYTHON__")
    except RuntimeError:
        return False


def _level() -> int:
    """How far up the caller's own code is, for a warning."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_globals["__name__"].startswith("smartcar_sync"):
        level, frame = level + 1, frame.f_back
    return level
