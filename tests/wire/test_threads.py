"""Blocking work in threads, and what becomes of it where Python is ending and starts none any more."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import NoReturn

import pytest

from smartcar_async import ConnectionFailed, Retry, Smartcar
from smartcar_async.threads import in_thread

from .sockets import raw_server

ENDINGS = (
    "cannot schedule new futures after interpreter shutdown",
    "can't create new thread at interpreter shutdown",
    "can't register atexit after shutdown",
)
"""What the Pythons say, by their version and by how far they are."""


def refuse_threads(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let this loop have no threads any more."""

    def refuse(*arguments: object) -> NoReturn:
        raise RuntimeError(text)

    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refuse)


async def test_work_is_done_in_a_thread() -> None:
    """As long as there are any."""
    assert await in_thread(threading.get_ident) != threading.get_ident()


async def test_an_error_that_comes_too_late_is_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits any more for what the thread still does, and asyncio complains of nothing."""
    going_on, seen = threading.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context))

    def fail() -> NoReturn:
        going_on.wait(10)
        raise ValueError("unreadable")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_thread(fail)
    going_on.set()
    await asyncio.sleep(0.05)
    gc.collect()
    assert (seen, caplog.text) == ([], "")


@pytest.mark.parametrize("text", ENDINGS)
async def test_work_is_done_here_at_the_end(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With its result or its error."""
    refuse_threads(monkeypatch, text)
    assert await in_thread(threading.get_ident) == threading.get_ident()
    with pytest.raises(ValueError, match="invalid literal"):
        await in_thread(lambda: int("x"))


async def test_another_trouble_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to stop the loop."""
    refuse_threads(monkeypatch, "out of order")
    with pytest.raises(RuntimeError, match="out of order"):
        await in_thread(threading.get_ident)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [(ENDINGS[0], ConnectionFailed, "Python is ending and"), ("out of order", RuntimeError, "out of order")],
)
async def test_a_host_cannot_be_looked_up_at_the_end(
    monkeypatch: pytest.MonkeyPatch, text: str, kind: type[Exception], told: str
) -> None:
    """That takes a thread: the call says so in an error of ours, and that nothing was sent. Other trouble is itself."""
    async with raw_server() as raw:
        origin = raw.url.replace("127.0.0.1", "localhost")
        settings = raw.settings(iam_origin=origin, vehicle_origin=origin, retry=Retry(attempts=1))
        async with Smartcar("id", "secret", settings=settings) as smartcar:
            refuse_threads(monkeypatch, text)
            with pytest.raises(kind, match=told):
                await smartcar.request("GET", "/v3/things")
            monkeypatch.undo()
        assert raw.requests == []
