"""A client that is closed: each call that waits or is under way is told what that means for it, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import aiohttp
import pytest

from smartcar_async import (
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    RateLimit,
    RequestEvent,
    Settings,
    Smartcar,
    SmartcarError,
)
from smartcar_async.log import Event

from .executions import execution
from .fakes import USER, VEHICLE, Answer, HeldClock, Wire, always, answer, in_turn, refused, settle
from .sockets import Play, connected, raw_server, until
from .v2 import client as v2_client

DONE = answer(execution())
DOWN = answer(status=503)
THROTTLED = refused("RATE_LIMIT", "VEHICLE", 429, Retry_After="20")
LIMITED = refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="20")
NOTHING_WAS_SENT = "the client was closed while this call waited; nothing was sent"


async def never(_: object) -> Answer:
    """A server that does not answer."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


WAITS: dict[str, tuple[Callable[[], Wire], RateLimit | None, int, type[SmartcarError], str]] = {
    "the first token": (lambda: Wire(iam=never), None, 0, ConnectionFailed, NOTHING_WAS_SENT),
    "a place in the budget": (lambda: Wire(always(DONE)), RateLimit(1, 60), 1, ConnectionFailed, NOTHING_WAS_SENT),
    "the end of the vehicle's pause": (lambda: Wire(in_turn(THROTTLED)), None, 1, ConnectionFailed, NOTHING_WAS_SENT),
    "the next try after a refusal": (
        lambda: Wire(in_turn(DONE, LIMITED)),
        None,
        1,
        ConnectionFailed,
        "the client was closed before this could be sent again; it was only refused so far",
    ),
}


async def opened(wire: Wire, **options: Any) -> Smartcar:
    """A client whose time stands still."""
    limit = options.pop("limit", None)
    settings, session = Settings(rate_limit=limit), cast("aiohttp.ClientSession", wire)
    smartcar = Smartcar("id", "secret", settings=settings, session=session, clock=HeldClock(), **options)
    return await smartcar.__aenter__()


@pytest.mark.parametrize("name", WAITS)
async def test_a_call_that_waits(name: str) -> None:
    """It was not sent, or was refused: a read and a command learn the same, at once."""
    make, limit, first, family, text = WAITS[name]
    wire, told = make(), list[CommandOutcomeUnknown]()
    smartcar = await opened(wire, limit=limit, on_outcome_unknown=told.append)
    car = smartcar.vehicle(VEHICLE, USER)
    if first:
        await asyncio.gather(car.unlock(), return_exceptions=True)
    calls: list[asyncio.Future[Any]] = [asyncio.ensure_future(car.lock())]
    if name != "the next try after a refusal":
        calls.append(asyncio.ensure_future(car.request("GET", "/signals")))
    await settle(50)
    assert not [call for call in calls if call.done()]
    await smartcar.aclose()
    for result in await asyncio.gather(*calls, return_exceptions=True):
        assert (type(result), str(result)) == (family, text)
    with pytest.raises(ConfigurationError, match="the client is closed; make a new one"):
        await car.lock()
    await smartcar.aclose()
    assert told == []


async def test_a_read_that_waits_for_its_next_try() -> None:
    """A request of it was lost: nobody can say that nothing was sent."""
    smartcar = await opened(Wire(always(DOWN)))
    calling = asyncio.ensure_future(smartcar.connection("c"))
    await settle(50)
    await smartcar.aclose()
    with pytest.raises(ConnectionLost, match=r"^the client was closed before an answer came$") as caught:
        await calling
    assert [attempt.status for attempt in caught.value.attempts] == [503]


async def test_what_is_under_way() -> None:
    """A command that left is of unknown outcome, also for the hook; a read is lost. Both requests are told."""
    told, events = list[CommandOutcomeUnknown](), list[Event]()
    smartcar = await opened(Wire(never), on_outcome_unknown=told.append, on_event=events.append)
    car = smartcar.vehicle(VEHICLE, USER)
    command, read = asyncio.ensure_future(car.lock()), asyncio.ensure_future(car.request("GET", "/signals"))
    await settle(50)
    await smartcar.aclose()
    with pytest.raises(CommandOutcomeUnknown, match="the client was closed") as caught:
        await command
    assert told == [caught.value]
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [(None, "Closed")]
    with pytest.raises(ConnectionLost, match=r"^the client was closed before an answer came$"):
        await read
    assert [event.problem for event in events if isinstance(event, RequestEvent) and event.problem] == ["Closed"] * 2


async def test_a_call_that_somebody_cancels_as_well() -> None:
    """Then it is cancelled, with the note that it leaves something open."""
    told = list[CommandOutcomeUnknown]()
    smartcar = await opened(Wire(never), on_outcome_unknown=told.append)
    calls = [asyncio.ensure_future(smartcar.vehicle(f"v{number}", USER).lock()) for number in range(3)]
    await settle(50)
    calls[0].cancel()
    closing = asyncio.ensure_future(smartcar.aclose())
    calls[1].cancel()
    await closing
    for call, unknown in zip(calls[:2], told[:2], strict=True):
        with pytest.raises(asyncio.CancelledError) as caught:
            await call
        assert caught.value.__notes__ == [str(unknown)]
    with pytest.raises(CommandOutcomeUnknown, match="the client was closed"):
        await calls[2]
    assert len(told) == 3


async def test_a_cancellation_that_nobody_asked_for() -> None:
    """What a call waits for may be cancelled by the closing itself. That is no cancellation of the call."""
    waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    smartcar = await opened(Wire(lambda _: waiting))
    calling = asyncio.ensure_future(smartcar.vehicle(VEHICLE, USER).lock())
    await settle(50)
    closing = asyncio.ensure_future(smartcar.aclose())
    waiting.cancel()
    with pytest.raises(CommandOutcomeUnknown, match="the client was closed"):
        await calling
    await closing


async def test_closing_again_and_again() -> None:
    """Whoever else closes, and when, each call ends once."""
    told = list[CommandOutcomeUnknown]()
    smartcar = await opened(Wire(never), on_outcome_unknown=told.append)
    calls = [asyncio.ensure_future(smartcar.vehicle(f"v{number}", USER).lock()) for number in range(3)]
    await settle(50)
    closings: list[asyncio.Future[None]] = []
    for _ in range(6):
        closings.append(asyncio.ensure_future(smartcar.aclose()))
        await asyncio.sleep(0)
    await asyncio.gather(*closings)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results == sorted(told, key=lambda unknown: str(unknown.vehicle_id))


async def test_calls_that_wait_for_a_connection() -> None:
    """On real sockets: more calls than connections. Nobody gets a cancellation that nobody asked for."""
    async with raw_server(lambda _: Play(b"", "drip")) as server:
        async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
            car = smartcar.vehicle(VEHICLE, USER)
            reads = [asyncio.ensure_future(car.request("GET", "/x")) for _ in range(105)]
            commands = [asyncio.ensure_future(car.lock()) for _ in range(105)]
            await until(lambda: len(server.requests) == 200)
        lost = await asyncio.gather(*reads, return_exceptions=True)
        found = await asyncio.gather(*commands, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert len(server.requests) == 200
    for results, broken in ((lost, ConnectionLost), (found, CommandOutcomeUnknown)):
        kinds = [type(result) for result in results]
        assert [kinds.count(kind) for kind in (broken, ConnectionFailed)] == [100, 5]
        assert {str(result) for result in results if isinstance(result, ConnectionFailed)} == {NOTHING_WAS_SENT}


async def test_a_command_that_is_still_connecting() -> None:
    """It never left, and is told so."""
    async with raw_server() as iam, raw_server(lambda _: Play(b"", "drip")) as silent:
        settings = iam.settings(vehicle_origin=f"https://127.0.0.1:{silent.port}")
        async with Smartcar("id", "secret", settings=settings) as smartcar:
            calling = asyncio.ensure_future(smartcar.vehicle(VEHICLE, USER).lock())
            await connected(silent)
        with pytest.raises(ConnectionFailed, match=f"^{NOTHING_WAS_SENT}$") as caught:
            await calling
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [(None, "Closed")]


async def test_a_client_of_v2() -> None:
    """Its calls end in the same way."""
    told = list[CommandOutcomeUnknown]()
    wire = Wire(never)
    smartcar = v2_client(session=cast("aiohttp.ClientSession", wire), on_outcome_unknown=told.append)
    calls: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(smartcar.vehicle(VEHICLE, "token").lock()),
        asyncio.ensure_future(smartcar.vehicle(VEHICLE, "token").vin()),
        asyncio.ensure_future(smartcar.vehicle(VEHICLE, "token").disconnect()),
    ]
    await until(lambda: len(wire.calls) == len(calls))
    await smartcar.aclose()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [CommandOutcomeUnknown, ConnectionLost, ConnectionLost]
    assert [unknown.action for unknown in told] == ["lock"]
