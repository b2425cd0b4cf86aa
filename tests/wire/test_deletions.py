"""Deletions, which may be sent again: what ends one never hides that an earlier try may have done it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from smartcar_async import (
    ApiError,
    CommandOutcomeUnknown,
    ConnectionLost,
    NotFound,
    RateLimit,
    RateLimited,
    Retry,
    ServerError,
    Smartcar,
    SmartcarError,
    VehicleStateError,
)
from smartcar_async.v2 import Client

from .fakes import USER, VEHICLE, Answer, FakeClock, Outcome, Wire, always, answer, in_turn, mocked, refused
from .test_retry import lost, never_left
from .v2 import AMT, ID, car, client

Use = Callable[[Smartcar], Awaitable[object]]

CALLS: dict[str, Use] = {
    "a connection": lambda smartcar: smartcar.delete_connection("connection-1"),
    "a user": lambda smartcar: smartcar.delete_user("user-1"),
    "a subscription": lambda smartcar: smartcar.unsubscribe("subscription-1"),
    "a schedule": lambda smartcar: smartcar.vehicle(VEHICLE, USER).schedules.delete("sched_7"),
    "to subscribe": lambda smartcar: smartcar.subscribe(
        webhook_id="webhook-1", user_id="user-1", vehicle_id="vehicle-1"
    ),
}
calls = pytest.mark.parametrize("use", list(CALLS.values()), ids=list(CALLS))
OPEN: dict[str, Outcome] = {"lost": lost(), "503": answer(status=503)}
opened = pytest.mark.parametrize("trouble", list(OPEN.values()), ids=list(OPEN))
REFUSED: list[Answer] = [
    refused("PERMISSION", None, 403),
    refused("VALIDATION", None, 400),
    refused("RATE_LIMIT", "VEHICLE", 429),
]


async def ended(use: Use, *outcomes: Outcome, **settings: Any) -> tuple[SmartcarError, Wire]:
    """How a call ends after these outcomes."""
    wire = Wire(in_turn(*outcomes))
    chosen: dict[str, Any] = {"schedule_paths": "reference", "command_deadline": 30.0, **settings}
    smartcar = await wire.client(FakeClock(), **chosen)
    with pytest.raises(SmartcarError) as caught:
        await use(smartcar)
    assert len(caught.value.attempts) == len(wire.calls) == len(outcomes)
    return caught.value, wire


@opened
@calls
async def test_a_refusal_does_not_hide_that_it_may_be_done(use: Use, trouble: Outcome) -> None:
    """The earlier error is raised, and the refusal stands behind it."""
    for last in REFUSED:
        error, _ = await ended(use, trouble, last)
        assert type(error) is (ServerError if isinstance(trouble, Answer) else ConnectionLost)
        assert isinstance(error.__cause__, ApiError)
        assert error.__cause__.status == last.status


@opened
@calls
async def test_what_cannot_be_sent_again_does_not_say_that_nothing_was_sent(use: Use, trouble: Outcome) -> None:
    """Our own limit holds the second try back: the first one was sent all the same."""
    error, _ = await ended(use, trouble, rate_limit=RateLimit(1, 1))
    assert type(error) is (ServerError if isinstance(trouble, Answer) else ConnectionLost)
    assert "nothing was sent" not in str(error)


async def test_a_read_that_cannot_be_sent_again() -> None:
    """It ends with the answer that it had, too."""
    error, _ = await ended(lambda smartcar: smartcar.connection("c"), answer(status=503), rate_limit=RateLimit(1, 1))
    assert type(error) is ServerError


async def test_a_command_that_cannot_be_sent_again() -> None:
    """Refused by the application's limit, which says so itself."""
    limit = refused("RATE_LIMIT", "SMARTCAR_API", 429)
    error, _ = await ended(lambda smartcar: smartcar.vehicle(VEHICLE, USER).lock(), limit, rate_limit=RateLimit(1, 1))
    assert isinstance(error, RateLimited)
    assert error.status == 429


async def test_a_first_try_that_is_held_back_says_so() -> None:
    """Nothing was sent, and that is what is told."""
    wire = Wire()
    smartcar = await wire.client(FakeClock(), rate_limit=RateLimit(1, 1))
    await smartcar.delete_connection("c")
    with pytest.raises(RateLimited, match="nothing was sent"):
        await smartcar.delete_connection("c")
    assert len(wire.calls) == 1


@calls
async def test_a_refusal_after_a_refusal_is_one(use: Use) -> None:
    """Nothing was left open before."""
    error, _ = await ended(use, refused("RATE_LIMIT", "SMARTCAR_API", 429), refused("PERMISSION", None, 403))
    assert isinstance(error, ApiError)
    assert (error.status, error.__cause__) == (403, None)


ODD = {
    "a page": Answer(200, b"<html>sign in"),
    "cut": Answer(200, b'{"a"'),
    "a flat error": answer({"type": "UPSTREAM", "code": "X", "statusCode": 502}),
    "a status": answer({"statusCode": 502}),
    "failed": answer({"status": "failed"}),
    "an error": answer({"error": "x"}),
    "errors": answer({"errors": [{"type": "NEW"}]}),
    "a contradiction": answer({"status": "success"}, 404),
}
odd = pytest.mark.parametrize("last", list(ODD.values()), ids=list(ODD))


@odd
@calls
async def test_what_does_not_tell_is_no_success(use: Use, last: Answer) -> None:
    """A page where somebody is to sign in, or an error document, in a 200."""
    error, _ = await ended(use, last)
    assert isinstance(error, CommandOutcomeUnknown)


@calls
async def test_a_408_in_spite_of_its_body(use: Use) -> None:
    """A 408 is not made a refusal by what it says."""
    error, _ = await ended(use, refused("VEHICLE_STATE", "ASLEEP", 408))
    assert type(error) is ApiError


UseV2 = Callable[[Client], Awaitable[object]]
CALLS_V2: dict[str, UseV2] = {
    "disconnect": lambda smartcar: car(smartcar).disconnect(),
    "unsubscribe": lambda smartcar: car(smartcar).unsubscribe(AMT, "hook-1"),
    "subscribe": lambda smartcar: car(smartcar).subscribe("hook-1"),
    "delete_connections": lambda smartcar: smartcar.delete_connections(AMT, vehicle_id=ID),
}
calls_v2 = pytest.mark.parametrize("use", list(CALLS_V2.values()), ids=list(CALLS_V2))


@odd
@calls_v2
async def test_what_does_not_tell_is_no_success_of_v2(use: UseV2, last: Answer) -> None:
    """The same, where the flat form is the usual one."""
    with mocked(Wire(always(last))) as wire:
        async with client() as smartcar:
            with pytest.raises(CommandOutcomeUnknown):
                await use(smartcar)
    assert len(wire.calls) == 1


@calls_v2
async def test_a_refusal_in_a_success_of_v2(use: UseV2) -> None:
    """It proves that nothing was done, unless an earlier try may have done it."""
    refusal = answer({"type": "VEHICLE_STATE", "code": "X", "statusCode": 409})
    with mocked(Wire(in_turn(refusal, answer(status=503), refusal))):
        async with client() as smartcar:
            with pytest.raises(VehicleStateError):
                await use(smartcar)
            with pytest.raises(ServerError):
                await use(smartcar)


BARE = Answer(404, b"")
DELETE = CALLS["a schedule"]


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ((lost(), BARE, BARE), ConnectionLost),
        ((lost(), BARE, refused("PERMISSION", None, 403)), ConnectionLost),
        ((lost(), BARE, refused("RESOURCE_NOT_FOUND", "SCHEDULE_NOT_FOUND", 404)), ConnectionLost),
        ((BARE, lost(), BARE), ConnectionLost),
        ((BARE, answer(status=503), BARE), ServerError),
        ((lost(), BARE, answer({})), CommandOutcomeUnknown),
        ((BARE, answer({})), CommandOutcomeUnknown),
        ((BARE, BARE), NotFound),
        ((BARE, refused("VEHICLE_STATE", "X", 409)), VehicleStateError),
    ],
)
async def test_a_schedule_under_both_paths(outcomes: tuple[Outcome, ...], told: type[SmartcarError]) -> None:
    """What either path leaves open is what is told, with the attempts at both."""
    error, wire = await ended(DELETE, *outcomes, schedule_paths="auto")
    assert type(error) is told
    assert [attempt.status for attempt in error.attempts] == [
        one.status if isinstance(one, Answer) else None for one in outcomes
    ]
    assert len({sent.url for sent in wire.calls}) == 2


async def test_a_list_of_schedules_under_both_paths() -> None:
    """The attempts at the first are told too."""
    error, _ = await ended(
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).schedules.list(),
        BARE,
        refused("PERMISSION", None, 403),
        schedule_paths="auto",
    )
    assert [attempt.status for attempt in error.attempts] == [404, 403]


async def test_no_connection_after_a_loss() -> None:
    """That the last try never left says nothing of the first one."""
    error, _ = await ended(DELETE, lost(), never_left(), retry=Retry(2))
    assert type(error) is ConnectionLost
