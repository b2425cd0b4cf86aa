"""A command that is broken off: what left may have acted and is told, what did not leave is not spoken of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from attrs import define, field

from smartcar_async import CommandOutcomeUnknown, DeadlineExceeded, RateLimit, Settings, Smartcar, Vehicle

from .fakes import Answer, Handler, HeldClock, Wire, always, answer, in_turn, refused, settle, token
from .sockets import Play, Raw, connected, http, raw_server

VEHICLE, USER = "vehicle-1", "22222222-2222-4222-8222-222222222222"
PLACE = (57.70887, 11.97456)
PERSONAL = (USER, "57.7", "11.97", "Bearer", "token-1")

Use = Callable[[Vehicle], Awaitable[Any]]


def send(car: Vehicle) -> Awaitable[Any]:
    """A command that speaks of a place."""
    return car.send_destination(*PLACE)


@define
class Told:
    """What the hook was told."""

    outcomes: list[CommandOutcomeUnknown] = field(factory=list[CommandOutcomeUnknown])

    def client(self, server: Raw, **options: Any) -> Smartcar:
        """A client that tells."""
        settings = server.settings(**options.pop("settings", {}))
        return Smartcar("id", "secret", settings=settings, on_outcome_unknown=self.outcomes.append, **options)


@pytest.fixture
async def silent() -> AsyncIterator[Raw]:
    """A server that reads a request and does not answer."""
    async with raw_server(lambda _: Play(b"", "drip")) as raw:
        yield raw


async def cancelled(calling: asyncio.Future[Any]) -> list[str]:
    """Cancel a call, and give the notes of the cancellation."""
    calling.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await calling
    assert type(caught.value) is asyncio.CancelledError
    return getattr(caught.value, "__notes__", [])


async def test_a_command_that_left(silent: Raw, caplog: pytest.LogCaptureFixture) -> None:
    """CancelledError itself, with a note; hook and log get what is needed to reconcile, and nothing personal."""
    told, before = Told(), datetime.now(UTC)
    async with told.client(silent) as smartcar:
        with caplog.at_level(logging.INFO, "smartcar_async"):
            calling = asyncio.ensure_future(send(smartcar.vehicle(VEHICLE, USER)))
            await silent.asked.wait()
            notes = await cancelled(calling)
        await asyncio.sleep(0.05)
    (unknown,) = told.outcomes
    assert notes == [str(unknown)]
    assert str(unknown) == (
        "send_destination may or may not have been carried out: the call was cancelled. It was not sent again."
    )
    assert (unknown.action, unknown.vehicle_id, unknown.request_id) == ("send_destination", VEHICLE, None)
    assert unknown.parameters == {"latitude": PLACE[0], "longitude": PLACE[1]}
    assert unknown.sent_at is not None
    assert timedelta(0) <= unknown.sent_at - before < timedelta(seconds=5)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", f"{unknown} Vehicle {VEHICLE}, request None.")
    assert not [word for word in PERSONAL if word in record.getMessage()]
    assert len(silent.requests) == 1


REPEATABLE: dict[str, Use] = {
    "signals": lambda car: car.signals(),
    "schedules": lambda car: car.schedules.list(),
    "deletion": lambda car: car.schedules.delete("sched_7"),
    "request": lambda car: car.request("GET", "/x"),
}


@pytest.mark.parametrize("use", list(REPEATABLE.values()), ids=list(REPEATABLE))
async def test_what_may_be_sent_again_leaves_nothing_open(silent: Raw, use: Use) -> None:
    """A read or a deletion is broken off without a word."""
    told = Told()
    async with told.client(silent) as smartcar:
        calling = asyncio.ensure_future(use(smartcar.vehicle(VEHICLE, USER)))
        await silent.asked.wait()
        assert await cancelled(calling) == []
    assert told.outcomes == []


async def test_what_may_be_sent_again_ends_in_an_ordinary_deadline(silent: Raw) -> None:
    """It can simply be asked again."""
    told = Told()
    async with told.client(silent, settings={"deadline": 0.5, "command_deadline": 0.5}) as smartcar:
        car = smartcar.vehicle(VEHICLE, USER)
        found = await asyncio.gather(*(use(car) for use in REPEATABLE.values()), return_exceptions=True)
    assert [type(error) for error in found] == [DeadlineExceeded] * len(REPEATABLE)
    assert (len(silent.requests), told.outcomes) == (len(REPEATABLE), [])


async def test_a_post_of_the_callers_own_is_a_command(silent: Raw) -> None:
    """What we know nothing of may act too."""
    told = Told()
    async with told.client(silent) as smartcar:
        calling = asyncio.ensure_future(smartcar.vehicle(VEHICLE, USER).request("POST", "/commands/honk"))
        await silent.asked.wait()
        assert len(await cancelled(calling)) == 1
    assert [unknown.action for unknown in told.outcomes] == ["POST /v3/vehicles/{vehicle_id}/..."]


def stalled(server: Raw) -> dict[str, Any]:
    """Settings for a server that takes connections and never finishes the handshake of TLS."""
    return {"vehicle_origin": f"https://127.0.0.1:{server.port}"}


async def test_a_command_that_was_still_connecting(silent: Raw, caplog: pytest.LogCaptureFixture) -> None:
    """Provably not sent: no note, no hook, no line, and the deadline is an ordinary one."""
    told = Told()
    async with raw_server() as iam, told.client(iam, settings=stalled(silent)) as smartcar:
        calling = asyncio.ensure_future(send(smartcar.vehicle(VEHICLE, USER)))
        await connected(silent)
        assert await cancelled(calling) == []
        with pytest.raises(DeadlineExceeded, match=r"no answer within 0\.2 s"):
            await smartcar.vehicle(VEHICLE, USER).lock(deadline=0.2)
    assert (silent.requests, silent.connections) == ([], 2)
    assert (told.outcomes, caplog.messages) == ([], [])


async def test_a_session_of_the_callers_own_tells_less(silent: Raw) -> None:
    """There the moment of leaving cannot be seen: a command that was given to it counts as sent."""
    told = Told()
    async with raw_server() as iam, aiohttp.ClientSession() as session:
        async with told.client(iam, settings=stalled(silent), session=session) as smartcar:
            calling = asyncio.ensure_future(send(smartcar.vehicle(VEHICLE, USER)))
            await connected(silent)
            assert len(await cancelled(calling)) == 1
            with pytest.raises(CommandOutcomeUnknown, match=r"no answer within 0\.2 s"):
                await smartcar.vehicle(VEHICLE, USER).lock(deadline=0.2)
        assert not session.closed
    assert [unknown.action for unknown in told.outcomes] == ["send_destination", "lock"]
    assert silent.requests == []


async def test_a_session_of_the_callers_own_carries_commands() -> None:
    """It is used for them too, each over a connection of its own."""
    async with raw_server(lambda _: Play(http(DONE.body))) as server, aiohttp.ClientSession() as session:
        smartcar = Smartcar("id", "secret", settings=server.settings(), session=session)
        for _ in range(3):
            assert (await smartcar.vehicle(VEHICLE, USER).lock()).ok
        await smartcar.aclose()
        assert not session.closed
    assert (len(server.requests), server.connections) == (3, 4)


async def never(_: object) -> Answer:
    """A server that does not answer."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


DONE = answer({"data": {"attributes": {"status": "SUCCESS"}}})
THROTTLED = refused("RATE_LIMIT", "VEHICLE", 429, Retry_After="20")
LIMITED = refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="20")
UNAUTHORIZED = refused("AUTHENTICATION", "UNAUTHORIZED", 401)


def one_token() -> Handler:
    """A token endpoint that answers once."""
    handlers = iter((always(token()), never))
    return lambda sent: next(handlers)(sent)


WAITS: dict[str, tuple[Callable[[], Wire], RateLimit | None, int]] = {
    "the first token": (lambda: Wire(iam=never), None, 0),
    "a new token after a 401": (lambda: Wire(in_turn(DONE, UNAUTHORIZED), one_token()), None, 2),
    "a place in the budget": (lambda: Wire(always(DONE)), RateLimit(1, 1), 1),
    "the end of the vehicle's pause": (lambda: Wire(in_turn(THROTTLED)), None, 1),
    "the next try": (lambda: Wire(in_turn(DONE, LIMITED)), None, 2),
}


@pytest.mark.parametrize(("make", "limit", "requests"), list(WAITS.values()), ids=list(WAITS))
async def test_a_command_that_was_waiting(
    make: Callable[[], Wire], limit: RateLimit | None, requests: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is on its way, so nothing is told, even where a request of it was refused before."""
    told, clock, wire = Told(), HeldClock(), make()
    settings, session = Settings(rate_limit=limit), cast("aiohttp.ClientSession", wire)
    smartcar = Smartcar(
        "id", "secret", settings=settings, session=session, on_outcome_unknown=told.outcomes.append, clock=clock
    )
    await smartcar.__aenter__()
    car = smartcar.vehicle(VEHICLE, USER)
    if requests:
        await asyncio.gather(car.unlock(), return_exceptions=True)
    if requests == 2:
        clock.time += 61
    calling = asyncio.ensure_future(send(car))
    await settle(50)
    assert not calling.done()
    assert await cancelled(calling) == []
    assert len(wire.calls) == requests
    assert (told.outcomes, caplog.messages) == ([], [])
