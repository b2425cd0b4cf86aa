"""Tokens: one request for all who need one, shared in success and in failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from smartcar_async import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    RateLimit,
    Response,
    ServerError,
    Smartcar,
    SmartcarError,
)

from .fakes import (
    Answer,
    FakeClock,
    Handler,
    Outcome,
    Sent,
    Wire,
    always,
    answer,
    in_turn,
    refused,
    settle,
    token,
)

UNAUTHORIZED = refused("AUTHENTICATION", "UNAUTHORIZED", 401)
NO_CLIENT = answer({"error": "invalid_client", "error_description": "Who are you?"}, 401)


def ask(smartcar: Smartcar, deadline: float = 30) -> Awaitable[Response]:
    """Any call that needs a token."""
    return smartcar.request("GET", "/v3/things", deadline=deadline)


def numbered(lifetime: object = 3600) -> Handler:
    """Tokens 1, 2, 3 and so on, each after the loop had time for everybody to ask for it."""
    numbers = iter(range(1, 1_000_000))

    async def issue(_: Sent) -> Answer:
        await settle(5)
        return token(next(numbers), lifetime)

    return issue


def held() -> tuple[Handler, Callable[[Outcome], None]]:
    """A token endpoint that answers when it is told to."""
    waiting: list[asyncio.Future[Outcome]] = []

    def handler(_: Sent) -> Awaitable[Outcome]:
        waiting.append(asyncio.get_running_loop().create_future())
        return waiting[-1]

    return handler, lambda outcome: waiting.pop(0).set_result(outcome)


def bearer(sent: Sent) -> str:
    """The token that a request carried."""
    return sent.headers["Authorization"].removeprefix("Bearer ")


@pytest.mark.load
async def test_ten_thousand_calls_over_an_expiry_make_one_token_request() -> None:
    """All wait for the same answer and all use it."""
    clock, wire = FakeClock(), Wire(iam=numbered())
    smartcar = await wire.client(clock)
    await ask(smartcar)
    clock.time += 3600
    await asyncio.gather(*(ask(smartcar) for _ in range(10_000)))
    assert len(wire.tokens) == 2
    assert {bearer(sent) for sent in wire.calls[1:]} == {"token-2"}
    assert len(wire.calls) == 10_001


async def test_a_thousand_calls_that_meet_a_401_make_one_refresh() -> None:
    """The token was revoked: the first to hear of it refreshes, the others join, and every call succeeds."""
    clock, wire = FakeClock(), Wire(iam=numbered())
    smartcar = await wire.client(clock)
    await ask(smartcar)
    clock.time += 100

    async def serve(sent: Sent) -> Outcome:
        await settle(len(wire.calls) % 7)
        return UNAUTHORIZED if bearer(sent) == "token-1" else answer()

    wire.api = serve
    await asyncio.gather(*(ask(smartcar) for _ in range(1000)))
    assert len(wire.tokens) == 2
    assert len(wire.calls) == 2001


async def test_a_late_401_uses_the_token_that_others_fetched() -> None:
    """A refusal of a token that is no longer the current one is no reason for another."""
    clock, wire = FakeClock(), Wire(iam=numbered())
    smartcar = await wire.client(clock)
    await ask(smartcar)
    clock.time += 100
    late: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    outcomes: list[Outcome | Awaitable[Outcome]] = [late, UNAUTHORIZED, answer(), answer()]
    wire.api = lambda _: outcomes.pop(0)
    slow = asyncio.ensure_future(ask(smartcar))
    await settle()
    await ask(smartcar)
    late.set_result(UNAUTHORIZED)
    await slow
    assert [bearer(sent) for sent in wire.calls] == ["token-1", "token-1", "token-1", "token-2", "token-2"]
    assert len(wire.tokens) == 2


async def test_a_permanent_401_refreshes_at_most_once_a_minute() -> None:
    """An application that was cut off does not hammer the token endpoint, however much it is used."""
    clock, wire = FakeClock(), Wire(always(UNAUTHORIZED), numbered())
    smartcar = await wire.client(clock)
    for _ in range(600):
        results = await asyncio.gather(*(ask(smartcar) for _ in range(3)), return_exceptions=True)
        assert {type(result) for result in results} == {AuthenticationError}
        clock.time += 1
    assert len(wire.tokens) <= 11
    assert len(wire.calls) < 1800 + 3 * 11


@pytest.mark.parametrize(("lifetime", "margin"), [(3600, 60), (100, 10), ("600", 60), (None, 60)])
async def test_a_token_is_renewed_before_it_ends(lifetime: float | str | None, margin: float) -> None:
    """A minute early, or a tenth of its life where that is less."""
    clock, wire = FakeClock(), Wire(iam=numbered(lifetime))
    smartcar = await wire.client(clock)
    await ask(smartcar)
    clock.time += float(lifetime or 3600) - margin - 1
    await ask(smartcar)
    assert len(wire.tokens) == 1
    clock.time += 1
    await ask(smartcar)
    assert [bearer(sent) for sent in wire.calls] == ["token-1", "token-1", "token-2"]


async def test_a_failed_refresh_is_shared_by_all_who_wait() -> None:
    """One request, one failure for all, each with an exception object of its own."""
    handler, release = held()
    wire = Wire(iam=handler)
    smartcar = await wire.client(FakeClock())
    calls = [asyncio.ensure_future(ask(smartcar)) for _ in range(100)]
    await settle()
    release(NO_CLIENT)
    results = await asyncio.gather(*calls, return_exceptions=True)
    errors = [result for result in results if isinstance(result, AuthenticationError)]
    assert len({id(error) for error in errors}) == 100
    assert {str(error) for error in errors} == {"401 invalid_client - Who are you?"}
    assert all(len(error.attempts) == 1 and error.__context__ is None for error in errors)
    assert (len(wire.tokens), len(wire.calls)) == (1, 0)


async def test_a_failed_refresh_is_not_tried_again_for_a_second() -> None:
    """Calls that come within a second of the failure share it; the next one tries anew."""
    clock, wire = FakeClock(), Wire(iam=in_turn(NO_CLIENT, token()))
    smartcar = await wire.client(clock)
    errors: list[SmartcarError] = []
    for seconds in (0.0, 0.5, 0.4):
        clock.time += seconds
        with pytest.raises(AuthenticationError, match="Who are you") as caught:
            await ask(smartcar)
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
    assert len(wire.tokens) == 1
    clock.time += 0.2
    await ask(smartcar)
    assert len(wire.tokens) == 2


async def test_a_token_endpoint_in_trouble_is_tried_again() -> None:
    """The token request is safe to repeat, and the call never notices."""
    clock, wire = FakeClock(), Wire(iam=in_turn(answer(status=503), ConnectionResetError(), token()))
    await ask(await wire.client(clock))
    assert (len(wire.tokens), len(wire.calls)) == (3, 1)


async def test_a_token_endpoint_that_stays_in_trouble_fails_the_call() -> None:
    """What the token endpoint said reaches the caller, with its attempts."""
    wire = Wire(iam=always(answer(status=500)))
    with pytest.raises(ServerError) as caught:
        await ask(await wire.client(FakeClock()))
    assert len(caught.value.attempts) == len(wire.tokens) == 4


async def test_cancelling_a_waiter_cancels_nothing_for_the_rest() -> None:
    """Not even when the one that began the fetch gives up, or all but one."""
    handler, release = held()
    wire = Wire(iam=handler)
    smartcar = await wire.client(FakeClock())
    calls = [asyncio.ensure_future(ask(smartcar)) for _ in range(10)]
    await settle()
    for call in calls[:9]:
        call.cancel()
    await settle()
    release(token())
    await calls[9]
    assert all(call.cancelled() for call in calls[:9])
    assert (len(wire.tokens), len(wire.calls)) == (1, 1)


@pytest.mark.parametrize("outcome", [token(), NO_CLIENT], ids=["token", "failure"])
async def test_a_fetch_that_nobody_waits_for_any_more(outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    """It ends quietly, and its token is used by the next call."""
    handler, release = held()
    wire = Wire(iam=handler)
    smartcar = await wire.client(clock := FakeClock())
    call = asyncio.ensure_future(ask(smartcar))
    await settle()
    call.cancel()
    await settle()
    release(outcome)
    await settle()
    assert caplog.messages == []
    clock.time += 2
    wire.iam = always(token())
    await ask(smartcar)
    assert len(wire.tokens) == 1 + (outcome is NO_CLIENT)


async def test_a_short_deadline_does_not_end_the_fetch_of_the_others() -> None:
    """The call that is in a hurry gives up alone."""
    handler, release = held()
    wire = Wire(iam=handler)
    smartcar = await wire.client()
    patient = asyncio.ensure_future(ask(smartcar))
    with pytest.raises(SmartcarError, match="no answer within"):
        await ask(smartcar, deadline=0.01)
    release(token())
    await patient
    assert len(wire.tokens) == 1


async def test_closing_while_fetching() -> None:
    """Those who wait are told that nothing was sent, and nothing is left running."""
    handler, _ = held()
    wire = Wire(iam=handler)
    smartcar = await wire.client(FakeClock())
    calls = [asyncio.ensure_future(ask(smartcar)) for _ in range(3)]
    await settle()
    await smartcar.aclose()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} == {ConnectionFailed}
    assert {str(result) for result in results} == {"the client was closed while this call waited; nothing was sent"}
    assert [task for task in asyncio.all_tasks() if "smartcar" in task.get_name()] == []
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await ask(smartcar)
    await smartcar.aclose()
    assert not wire.closed


async def test_a_fetch_has_a_deadline_of_its_own() -> None:
    """A token endpoint that never answers does not hold up calls for ever, and the next fetch can succeed."""
    handler, _ = held()
    wire = Wire(iam=handler)
    smartcar = await wire.client(deadline=0.05)
    with pytest.raises(SmartcarError, match="no answer within"):
        await ask(smartcar, deadline=5)
    assert len(wire.tokens) == 1


async def test_waiting_for_a_token_takes_no_place_in_the_budget() -> None:
    """A call that gives up before its token came has cost the others nothing."""
    handler, release = held()
    wire, clock = Wire(iam=handler), FakeClock()
    smartcar = await wire.client(clock, rate_limit=RateLimit(1, 2))
    hasty, patient = (asyncio.ensure_future(ask(smartcar)) for _ in range(2))
    await settle()
    hasty.cancel()
    release(token())
    await patient
    assert (len(wire.calls), clock.slept) == (1, [])
