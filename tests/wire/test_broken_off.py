"""Every request that was made is told, also one that was broken off; and a loop that is closed under a command."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from smartcar_async import (
    Attempt,
    CommandOutcomeUnknown,
    DecodeError,
    RequestEvent,
    Retry,
    Settings,
    Smartcar,
    SmartcarError,
)
from smartcar_async.log import Event
from smartcar_async.v2 import Client

from .fakes import USER, VEHICLE, Answer, FakeClock, Wire, always, answer, in_turn, settle

DOWN = answer(status=503)


async def never(_: object) -> Answer:
    """A server that does not answer."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


Ask = Callable[[Any, float | None], Awaitable[Any]]
V3: dict[str, Ask] = {
    "read": lambda smartcar, deadline: smartcar.vehicle(VEHICLE, USER).signals(deadline=deadline),
    "command": lambda smartcar, deadline: smartcar.vehicle(VEHICLE, USER).lock(deadline=deadline),
    "deletion": lambda smartcar, deadline: smartcar.delete_connection("c", deadline=deadline),
    "request": lambda smartcar, deadline: smartcar.request("POST", "/v3/things", deadline=deadline),
}
V2: dict[str, Ask] = {
    "v2 read": lambda smartcar, deadline: smartcar.vehicle(VEHICLE, "token").vin(deadline=deadline),
    "v2 command": lambda smartcar, deadline: smartcar.vehicle(VEHICLE, "token").unlock(deadline=deadline),
    "v2 code": lambda smartcar, deadline: smartcar.exchange_code("code-1", deadline=deadline),
    "v2 refresh": lambda smartcar, deadline: smartcar.exchange_refresh_token("refresh-1", deadline=deadline),
}
EVERY = {**V3, **V2}
every = pytest.mark.parametrize("name", EVERY)


async def client(name: str, wire: Wire, events: list[Event], told: list[CommandOutcomeUnknown] | None = None) -> Any:
    """A client of either API, opened."""
    session, settings = cast("aiohttp.ClientSession", wire), Settings(rate_limit=None, retry=Retry(first_pause=0.01))
    hooks: dict[str, Any] = {"on_event": events.append, "on_outcome_unknown": None if told is None else told.append}
    make: Callable[..., Any] = Smartcar if name in V3 else Client
    made = make("id", "secret", settings=settings, session=session, clock=FakeClock(), **hooks)
    return await made.__aenter__()


def ended(events: list[Event]) -> list[tuple[int, int | None, str | None]]:
    """How the requests ended that were not for an application token."""
    found = [event for event in events if isinstance(event, RequestEvent) and event.route != "/oauth2/token"]
    return [(event.attempt, event.status, event.problem) for event in found]


@every
async def test_a_request_that_runs_into_the_deadline(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is one of the attempts, an event, and a line of the log."""
    events: list[Event] = []
    with caplog.at_level(logging.DEBUG, "smartcar_async"), pytest.raises(SmartcarError) as caught:
        await EVERY[name](await client(name, Wire(never), events), 0.2)
    assert caught.value.attempts == (Attempt(None, "DeadlineExceeded", 0.0),)
    assert ended(events) == [(1, None, "DeadlineExceeded")]
    assert [text for text in caplog.messages if "problem='DeadlineExceeded'" in text]


@every
async def test_a_request_that_is_cancelled(name: str) -> None:
    """It is an event, and one of the attempts of what a command leaves open."""
    events, told, wire = list[Event](), list[CommandOutcomeUnknown](), Wire(never)
    smartcar = await client(name, wire, events, told)
    calling = asyncio.ensure_future(EVERY[name](smartcar, None))
    while not wire.calls:
        await settle(1)
    await settle()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert ended(events) == [(1, None, "Cancelled")]
    assert [unknown.attempts for unknown in told] == [(Attempt(None, "Cancelled", 0.0),)] * len(told)
    assert len(told) == (name in ("command", "request", "v2 command", "v2 code"))


@pytest.mark.parametrize("name", ["read", "deletion", "v2 read", "v2 refresh"])
async def test_the_attempts_before_it_are_kept(name: str) -> None:
    """In their order, with one number each."""
    turns = iter((always(DOWN), never))
    events, wire = list[Event](), Wire(lambda sent: next(turns)(sent))
    with pytest.raises(SmartcarError, match="before that: ServerError") as caught:
        await EVERY[name](await client(name, wire, events), 0.2)
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [
        (503, "ServerError"),
        (None, "DeadlineExceeded"),
    ]
    assert ended(events) == [(1, 503, "ServerError"), (2, None, "DeadlineExceeded")]


async def test_a_token_request_that_runs_into_its_deadline() -> None:
    """The calls that wait for the token have it in their history, once."""
    events = list[Event]()
    wire = Wire(iam=never)
    smartcar = await wire.client(on_event=events.append, deadline=0.2)
    with pytest.raises(SmartcarError) as caught:
        await smartcar.connection("c", deadline=5)
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [(None, "DeadlineExceeded")]
    assert [(event.route, event.problem) for event in events if isinstance(event, RequestEvent)] == [
        ("/oauth2/token", "DeadlineExceeded")
    ]


async def test_what_no_code_expects_under_a_command() -> None:
    """It passes as it is; what it leaves open is told all the same."""
    told = list[CommandOutcomeUnknown]()

    async def odd(_: object) -> Answer:
        raise ZeroDivisionError

    smartcar = await client("command", Wire(odd), [], told)
    with pytest.raises(ZeroDivisionError) as caught:
        await smartcar.vehicle(VEHICLE, USER).lock()
    (unknown,) = told
    assert caught.value.__notes__ == [str(unknown)]
    assert unknown.attempts == (Attempt(None, "ZeroDivisionError", 0.0),)


async def test_an_answer_that_is_refused_under_a_command() -> None:
    """Whatever of ours ends a request that left: a command is of unknown outcome, a read ends with the error itself."""
    told, events = list[CommandOutcomeUnknown](), list[Event]()
    smartcar = await client("command", Wire(always(DecodeError("of no use"))), events, told)
    with pytest.raises(CommandOutcomeUnknown, match="of no use") as caught:
        await smartcar.vehicle(VEHICLE, USER).lock()
    assert told == [caught.value]
    with pytest.raises(DecodeError) as decoding:
        await smartcar.vehicle(VEHICLE, USER).signals()
    for error in (caught.value, decoding.value):
        assert error.attempts == (Attempt(None, "DecodeError", 0.0),)
    assert ended(events) == [(1, None, "DecodeError")] * 2


async def test_a_deletion_that_was_sent_twice_says_so() -> None:
    """A lost answer, then one that does not tell: it is not true that it was not sent again."""
    pending = answer({"data": {"attributes": {"status": "PENDING"}}}, 202)
    for outcomes, text in (([pending], "It was not sent again."), ([DOWN, pending], "It was sent 2 times.")):
        wire = Wire(in_turn(*outcomes))
        smartcar = await wire.client(FakeClock(), schedule_paths="reference")
        with pytest.raises(CommandOutcomeUnknown) as caught:
            await smartcar.vehicle(VEHICLE, USER).schedules.delete("sched_7")
        assert str(caught.value).endswith(text)
        assert len(wire.calls) == len(outcomes)


CLOSED_LOOP = """
import asyncio, gc, socket, sys, threading
from smartcar_async import Settings, Smartcar
from tests.wire.sockets import http, TOKEN_BODY

loop = asyncio.new_event_loop()
listening = socket.create_server(("127.0.0.1", 0))
origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
kept, arrived = [], threading.Event()


def serve():
    while True:
        connection, _ = listening.accept()
        kept.append(connection)
        if b"/oauth2/token" in connection.recv(65536):
            connection.sendall(http(TOKEN_BODY))
        elif sys.argv[1] == "running":
            arrived.set()
        else:
            loop.call_soon_threadsafe(loop.stop)


def begin():
    smartcar = Smartcar(
        "id",
        "secret",
        settings=Settings(vehicle_origin=origin, iam_origin=origin),
        on_outcome_unknown=lambda unknown: print("hook:", unknown.action, [one.problem for one in unknown.attempts]),
    )
    return loop.create_task(smartcar.vehicle("vehicle-1", "user-1").lock())


threading.Thread(target=serve, daemon=True).start()
task = begin()
if sys.argv[1] == "running":
    threading.Thread(target=loop.run_forever, daemon=True).start()
    arrived.wait()
    print("running", flush=True)
    sys.exit()
loop.run_forever()
loop.close()
print("closed", flush=True)
if sys.argv[1] == "dropped":
    del task
    for _ in range(20):  # what has finalizers takes the collector more than one turn, and the other thread may hold on
        gc.collect()
        threading.Event().wait(0.01)
    print("dropped", flush=True)
"""


def run(how: str) -> subprocess.CompletedProcess[str]:
    """The program, to its end."""
    return subprocess.run(
        [sys.executable, "-c", CLOSED_LOOP, how],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


TOLD = "hook: lock ['LoopClosed']\n"


@pytest.mark.parametrize(
    ("how", "output", "why"),
    [
        ("dropped", f"closed\n{TOLD}dropped\n", "the call was broken off (LoopClosed)"),
        ("kept", f"closed\n{TOLD}", "the program ended, and nothing ran its event loop"),
    ],
)
def test_a_loop_that_is_closed_under_a_command(how: str, output: str, why: str) -> None:
    """Hook and log are told when the call is thrown away, and at the latest when the program ends."""
    found = run(how)
    assert (found.stdout, found.returncode) == (output, 0)
    assert found.stderr.count("lock may or may not have been carried out: ") == 1
    assert f"lock may or may not have been carried out: {why}" in found.stderr


def test_a_loop_that_still_runs_when_the_program_ends() -> None:
    """It runs in another thread, whose business it is to close the client."""
    found = run("running")
    assert (found.stdout, found.returncode) == ("running\n", 0)
    assert "may or may not" not in found.stderr
