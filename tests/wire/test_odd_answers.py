"""Answers whose status and body contradict each other: the worse of both counts, for commands and for reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from smartcar_async import (
    ApiError,
    CommandOutcomeUnknown,
    RateLimit,
    ServerError,
    UpstreamError,
)

from . import documents
from .executions import COMMANDS, CREATIONS
from .fakes import OTHER, USER, VEHICLE, Answer, FakeClock, Wire, always, answer, in_turn, mocked, refused, token
from .makes import ACTS as OF_A_MAKE
from .v2 import ID, TOKEN, client

LIMIT = refused("RATE_LIMIT", "SMARTCAR_API", 500, Retry_After="20")
ODD: dict[str, Answer] = {
    **{f"{status} that says RATE_LIMIT": Answer(status, LIMIT.body) for status in (500, 502, 503, 504)},
    "502 that says VALIDATION": refused("VALIDATION", "INVALID_INPUT_FORMAT", 502),
    "504 that says invalid_token": answer({"error": "invalid_token"}, 504),
    "500 that says VEHICLE_STATE": answer({"type": "VEHICLE_STATE", "code": "ASLEEP", "statusCode": 409}, 500),
    "500 that says COMPATIBILITY": refused("COMPATIBILITY", "VEHICLE_NOT_CAPABLE", 500),
    "501 that says UPSTREAM": refused("UPSTREAM", "NO_RESPONSE", 501),
    "400 that says SERVER": refused("SERVER", "INTERNAL", 400),
    "409 that says UPSTREAM": refused("UPSTREAM", "NO_RESPONSE", 409),
    "429 that says UPSTREAM": refused("UPSTREAM", "SMARTCAR_API", 429),
    "401 that says SERVER": refused("SERVER", "UNAUTHORIZED", 401),
    "400 of a new type": refused("NEW_TYPE", "NEW_CODE", 400),
    "303": Answer(303, b"", {"Location": "/elsewhere"}),
    "302 that says VALIDATION": refused("VALIDATION", None, 302),
    "307": Answer(307, b"", {"Location": "/elsewhere"}),
    "408": Answer(408, b"Request Timeout"),
    "410": Answer(410, b""),
    "418": Answer(418, b"{}"),
    "422": answer({"message": "no"}, 422),
    "499": Answer(499, b""),
    "511": Answer(511, b"<html>Log in to this network</html>"),
    "599": Answer(599, b""),
    "202 with an error without a type": answer({"errors": [{"status": "409", "code": "IN_MOTION"}]}, 202),
    "202 with an error of a new type": answer({"errors": [{"status": "400", "type": "NEW_TYPE"}]}, 202),
    "200 with a status that contradicts": answer({"errors": [{"status": "502", "type": "VALIDATION"}]}),
}
odd = pytest.mark.parametrize("outcome", ODD.values(), ids=list(ODD))


@odd
async def test_a_command_is_of_unknown_outcome(outcome: Answer) -> None:
    """What is not known to refuse before acting may have acted: one request, nothing slept, nothing renewed."""
    clock, wire = FakeClock(), Wire(always(outcome))
    car = (await wire.client(clock, schedule_paths="reference")).vehicle(VEHICLE, USER)
    clock.time += 61
    creations = [act for act in CREATIONS if act.family == "reference"]
    own: list[Callable[[], Awaitable[Any]]] = [
        lambda: car.request("POST", "/x"),
        lambda: car.request("PUT", "/x", body={}),
        lambda: car.request("PATCH", "/x"),
        lambda: car.request("DELETE", "/x"),
    ]
    for number, use in enumerate([*((lambda act=act: act.use(car)) for act in (*COMMANDS, *creations)), *own], 1):
        with pytest.raises(CommandOutcomeUnknown):
            await use()
        assert (len(wire.calls), len(wire.tokens), clock.slept) == (number, 1, [])


@odd
async def test_a_command_of_v2_is_too(outcome: Answer) -> None:
    """The same rules, for those of one make, for calls of the caller's own, and for a code that works once."""
    with mocked(Wire(always(outcome))) as wire:
        async with client() as smartcar:
            car = smartcar.vehicle(ID, TOKEN)
            uses: list[Callable[[], Awaitable[Any]]] = [
                car.lock,
                car.start_charge,
                lambda: car.set_charge_limit(0.8),
                lambda: smartcar.exchange_code("code-1"),
                lambda: car.request("POST", "x"),
                *(lambda act=act: act.use(smartcar.vehicle(ID, TOKEN, make=act.make)) for act in OF_A_MAKE),
            ]
            for number, use in enumerate(uses, 1):
                with pytest.raises(CommandOutcomeUnknown):
                    await use()
                assert len(wire.calls) == number


SIGNALS = answer(documents.signal_list())
OTHERS = answer(documents.signal_list(vehicle_id=OTHER))
TROUBLE: dict[str, Answer] = {
    "of the application": refused("RATE_LIMIT", "SMARTCAR_API", 500, Retry_After="25"),
    "of the vehicle": refused("RATE_LIMIT", "VEHICLE", 503, Retry_After="25"),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=list(TROUBLE))
async def test_a_server_in_trouble_limits_nobody(trouble: Answer) -> None:
    """It pauses no vehicle and empties no budget, whatever its body says: later calls go at once."""
    clock, wire = FakeClock(), Wire(in_turn(trouble, SIGNALS, OTHERS, SIGNALS))
    smartcar = await wire.client(clock, rate_limit=RateLimit())
    with pytest.raises(ServerError) as caught:
        await smartcar.vehicle(VEHICLE, USER).signals(deadline=5)
    assert caught.value.retry_after == 25
    for vehicle in (VEHICLE, OTHER, VEHICLE):
        await smartcar.vehicle(vehicle, USER).signals()
    assert clock.slept == []


async def test_a_server_in_trouble_renews_no_token() -> None:
    """A read that meets it is tried again with the token that it has."""
    trouble = answer({"error": "invalid_token"}, 504)
    clock, wire = FakeClock(), Wire(in_turn(SIGNALS, trouble, SIGNALS))
    car = (await wire.client(clock)).vehicle(VEHICLE, USER)
    await car.signals()
    clock.time += 61
    await car.signals()
    assert (len(wire.calls), len(wire.tokens)) == (3, 1)


@pytest.mark.parametrize(
    ("outcome", "family"),
    [
        (refused("VALIDATION", None, 502), UpstreamError),
        (refused("RATE_LIMIT", "SMARTCAR_API", 503), ServerError),
        (answer({"error": "invalid_token"}, 504), ServerError),
    ],
)
async def test_a_read_of_a_server_in_trouble(outcome: Answer, family: type[ApiError]) -> None:
    """It is tried again like any other, and ends with the class that its status tells."""
    wire = Wire(always(outcome))
    with pytest.raises(family) as caught:
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).signals()
    assert (type(caught.value), len(wire.calls), len(wire.tokens)) == (family, 4, 1)


async def test_a_token_request_that_a_server_in_trouble_answers() -> None:
    """It says nothing of id and secret: the token is asked for again."""
    wire = Wire(always(SIGNALS), in_turn(answer({"error": "invalid_client"}, 503), token()))
    await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).signals()
    assert len(wire.tokens) == 2


REFUSALS: dict[str, Answer] = {
    "404 in plain words": answer({"error": "Not Found", "status": 404}, 404),
    "403 in plain words": answer({"message": "Forbidden"}, 403),
    "401 of OAuth": answer({"error": "invalid_token"}, 401),
    "405": Answer(405, b"Method Not Allowed"),
    "429 of a firewall": Answer(429, b"<html>Slow down</html>", {"Retry-After": "999999999"}),
    "202 with a type that refuses": answer({"errors": [{"type": "VEHICLE_STATE", "code": "IN_MOTION"}]}, 202),
}


@pytest.mark.parametrize("outcome", REFUSALS.values(), ids=list(REFUSALS))
async def test_a_refusal_is_still_an_ordinary_error(outcome: Answer) -> None:
    """Nothing was done, and nobody needs to look."""
    wire = Wire(always(outcome))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    for act in COMMANDS:
        wire.calls.clear()
        with pytest.raises(ApiError):
            await act.use(car)
        assert len(wire.calls) == 1


async def test_a_subscription_that_meets_trouble_is_not_taken_for_there() -> None:
    """A 409 says that it is there already, unless its body speaks of a failure behind."""
    wire = Wire(in_turn(refused("UPSTREAM", "KNOWN_ISSUE", 409), answer(status=409)))
    smartcar = await wire.client(FakeClock())
    with pytest.raises(UpstreamError):
        await smartcar.subscribe(webhook_id="w", user_id="u", vehicle_id="v")
    await smartcar.subscribe(webhook_id="w", user_id="u", vehicle_id="v")


async def test_a_deletion_that_a_server_in_trouble_may_have_done() -> None:
    """Whatever its body says, 404 after it means that the first request did its work."""
    wire = Wire(in_turn(refused("VALIDATION", None, 503), refused("RESOURCE_NOT_FOUND", "PATH", 404)))
    smartcar = await wire.client(FakeClock())
    await smartcar.delete_connection("c")
    assert len(wire.calls) == 2
