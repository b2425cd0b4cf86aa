"""Whatever a hook does, the call that it is told of ends as it would have ended without it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from smartcar_async import ApiError, CommandOutcomeUnknown, ConfigurationError, Settings, Smartcar

from .executions import execution
from .fakes import USER, VEHICLE, Answer, FakeClock, Wire, always, answer, in_turn, refused

DONE = answer(execution())
LOST = answer(status=504)
NO = refused("VEHICLE_STATE", "ASLEEP", 409)
LIMITED = refused("RATE_LIMIT", "SMARTCAR_API", 429)
ENDS: dict[str, list[Answer]] = {
    "done": [DONE],
    "refused": [NO],
    "unknown": [LOST],
    "limited, then done": [LIMITED, DONE],
}


class Unexpected(BaseException):
    """Something that no code expects."""


ERRORS: dict[str, Callable[[], BaseException]] = {
    "an error": lambda: ValueError("of the hook"),
    "an error of ours": lambda: ConfigurationError("of the hook"),
    "an outcome": lambda: CommandOutcomeUnknown("of the hook", action="other"),
    "a cancellation": asyncio.CancelledError,
    "a timeout": TimeoutError,
    "the end of an iteration": StopAsyncIteration,
    "anything": Unexpected,
}


def client(wire: Wire, hook: Callable[[object], Any]) -> Smartcar:
    """A client whose hooks are this one."""
    return Smartcar(
        "id",
        "secret",
        settings=Settings(rate_limit=None),
        session=cast("Any", wire),
        on_event=hook,
        on_outcome_unknown=hook,
        clock=FakeClock(),
    )


async def ending(call: Awaitable[object]) -> tuple[str, str]:
    """How a call ended."""
    try:
        return "done", str(await call)
    except (ApiError, CommandOutcomeUnknown) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("make", ERRORS.values(), ids=list(ERRORS))
@pytest.mark.parametrize("outcomes", ENDS.values(), ids=list(ENDS))
async def test_a_hook_that_raises_changes_nothing(
    outcomes: list[Answer], make: Callable[[], BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """A confirmed outcome stays confirmed, a refusal a refusal; where the hook failed is in the log."""

    def hook(_value: object) -> None:
        raise make()

    usual = await ending(client(Wire(in_turn(*outcomes)), lambda _: None).vehicle(VEHICLE, USER).lock())
    wire = Wire(in_turn(*outcomes))
    assert usual == await ending(client(wire, hook).vehicle(VEHICLE, USER).lock())
    assert len(wire.calls) == len(outcomes)
    raised = [text for text in caplog.messages if f"hook raised {type(make()).__name__}" in text]
    assert raised
    assert all("raise make()" in text for text in raised)


ENDING = """
import asyncio
from smartcar_async import Settings, Smartcar
from tests.wire.executions import execution
from tests.wire.fakes import USER, VEHICLE, Wire, always, answer

def hook(event):
    if event.route.endswith("lock"):
        raise {ending}

async def main():
    wire = Wire(always(answer(execution())))
    smartcar = Smartcar("id", "secret", settings=Settings(rate_limit=None), session=wire, on_event=hook)
    print((await smartcar.vehicle(VEHICLE, USER).lock()).status, flush=True)
    await asyncio.sleep(30)
    print("too long")

asyncio.run(main())
"""


@pytest.mark.parametrize(("raised", "code"), [("SystemExit(7)", 7), ("KeyboardInterrupt", -2)])
def test_a_hook_that_ends_the_program(raised: str, code: int) -> None:
    """It does end, as anywhere, but the call has its outcome first."""
    found = subprocess.run(
        [sys.executable, "-c", ENDING.format(ending=raised)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (found.stdout, found.returncode) == ("SUCCESS\n", code)


async def test_a_hook_may_begin_a_task() -> None:
    """That is how something async is done with an event."""
    heard: list[object] = []

    async def keep(value: object) -> None:
        heard.append(value)

    smartcar = client(Wire(always(DONE)), lambda value: asyncio.create_task(keep(value)))
    await smartcar.vehicle(VEHICLE, USER).lock()
    await asyncio.sleep(0)
    assert len(heard) == 2
