"""The application's budget and the pause of a single vehicle, as this client keeps them."""

from __future__ import annotations

import asyncio
import logging

import pytest

from smartcar_async import (
    AllowanceWait,
    ConnectionFailed,
    RateLimit,
    RateLimited,
    RequestEvent,
    Response,
    Retry,
    RetryWait,
    Settings,
    Smartcar,
)
from smartcar_async.log import Event

from . import documents
from .executions import execution
from .fakes import (
    OTHER,
    USER,
    VEHICLE,
    Answer,
    FakeClock,
    HeldClock,
    Outcome,
    Sent,
    Wire,
    always,
    answer,
    in_turn,
    refused,
    settle,
)
from .test_retry import THROTTLED, never_left

OK = answer({"data": documents.connection(connection_id="c")})
SLOW_DOWN = refused("RATE_LIMIT", "VEHICLE", 429, Retry_After="90")


async def ask(smartcar: Smartcar, deadline: float = 30) -> Response:
    """Any request that counts."""
    return await smartcar.request("GET", "/v3/things", deadline=deadline)


async def limited(wire: Wire, clock: FakeClock, limit: RateLimit | None = None) -> Smartcar:
    """A client with a limit of its own, by default Smartcar's."""
    return await wire.client(clock, rate_limit=limit or RateLimit())


async def test_a_full_bucket_then_two_a_minute() -> None:
    """120 requests go at once; from then on there is one every half minute, and tokens cost nothing."""
    clock = FakeClock()
    wire = Wire()
    smartcar = await limited(wire, clock)
    for _ in range(120):
        await ask(smartcar)
    assert (clock.slept, len(wire.calls), len(wire.tokens)) == ([], 120, 1)
    times: list[float] = []
    for _ in range(4):
        await ask(smartcar, deadline=60)
        times.append(clock.time - 1000)
    assert times == pytest.approx([30, 60, 90, 120])
    assert len(wire.calls) == 124


async def test_the_bucket_refills_while_nothing_is_asked_and_never_overflows() -> None:
    """An hour of rest gives 120 requests again, and a day gives no more than that."""
    clock, wire = FakeClock(), Wire()
    smartcar = await limited(wire, clock)
    for pause in (0, 3600, 86_400):
        clock.time += pause
        for _ in range(120):
            await ask(smartcar)
    assert clock.slept == []
    with pytest.raises(RateLimited):
        await ask(smartcar, deadline=29)


async def test_a_wait_beyond_the_deadline_is_told_at_once() -> None:
    """Nobody sleeps for nothing; the error says how long, that nothing was sent, and how to lift the limit."""
    clock, wire = FakeClock(), Wire()
    smartcar = await limited(wire, clock, RateLimit(1, 2))
    await ask(smartcar)
    with pytest.raises(RateLimited, match=r"Settings\(rate_limit=None\)") as caught:
        await ask(smartcar, deadline=10)
    error = caught.value
    assert (error.status, error.type, error.code) == (None, "RATE_LIMIT", "SMARTCAR_API")
    assert error.retry_after == pytest.approx(30)
    assert "nothing was sent" in str(error)
    assert (error.attempts, clock.slept, len(wire.calls)) == ((), [], 1)


async def test_the_limit_can_be_lifted() -> None:
    """`Settings(rate_limit=None)` sends whatever is asked."""
    clock, wire = FakeClock(), Wire()
    smartcar = await wire.client(clock)
    await asyncio.gather(*(ask(smartcar) for _ in range(500)))
    assert (len(wire.calls), clock.slept) == (500, [])
    assert Settings().rate_limit == RateLimit(120, 2.0)


async def test_waiters_are_served_one_by_one() -> None:
    """Calls that wait together go in their order, each in its own half minute."""
    clock, wire = HeldClock(), Wire()
    smartcar = await limited(wire, clock, RateLimit(1, 2))
    calls = [asyncio.ensure_future(ask(smartcar, deadline=100)) for _ in range(4)]
    await settle()
    sent = [len(wire.calls)]
    for _ in range(6):
        await clock.advance(15)
        sent.append(len(wire.calls))
    assert sent == [1, 1, 2, 2, 3, 3, 4]
    await asyncio.gather(*calls)


async def test_a_cancelled_waiter_returns_its_place() -> None:
    """Whoever gives up leaves the queue as if never there."""
    clock, wire = HeldClock(), Wire()
    smartcar = await limited(wire, clock, RateLimit(1, 2))
    await ask(smartcar)
    for _ in range(50):
        waiting = asyncio.ensure_future(ask(smartcar, deadline=31))
        await settle()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    last = asyncio.ensure_future(ask(smartcar, deadline=31))
    await clock.advance(30)
    await last
    assert len(wire.calls) == 2


async def test_what_never_left_costs_no_place() -> None:
    """The server did not see a request without a connection, and so an outage leaves the budget full."""
    clock, wire = FakeClock(), Wire(always(never_left()))
    smartcar = await wire.client(clock, rate_limit=RateLimit(), retry=Retry(attempts=1))
    for _ in range(500):
        with pytest.raises(ConnectionFailed):
            await ask(smartcar)
    wire.api = always(OK)
    await ask(smartcar)
    assert clock.slept == []


async def test_the_servers_word_counts_more_than_our_own_bucket() -> None:
    """After a 429 for the application, other calls wait as well: they would only be refused."""
    clock = HeldClock()
    wire = Wire(in_turn(refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="20"), OK, OK, OK))
    smartcar = await limited(wire, clock)
    first = asyncio.ensure_future(ask(smartcar, deadline=100))
    await settle()
    others = [asyncio.ensure_future(ask(smartcar, deadline=100)) for _ in range(2)]
    await clock.advance(19.5)
    assert len(wire.calls) == 1
    await clock.advance(1)
    assert len(wire.calls) == 2
    await clock.advance(79)
    assert len(wire.calls) == 4
    await asyncio.gather(first, *others)


async def test_a_429_without_a_time_empties_the_bucket() -> None:
    """The server's bucket is empty whatever ours says: after one more try there are two requests a minute."""
    clock, wire = FakeClock(), Wire(in_turn(THROTTLED, *[OK] * 3))
    smartcar = await limited(wire, clock)
    await ask(smartcar)
    assert clock.time < 1001
    await ask(smartcar, deadline=60)
    assert 1029 < clock.time < 1031


def signals_of(sent: Sent) -> Answer:
    """The signals of the vehicle that was asked about."""
    return answer(documents.signal_list(vehicle_id=sent.url.split("/")[5]))


async def test_a_throttled_vehicle_is_left_alone_until_its_time() -> None:
    """Nothing is sent to that vehicle before then, from whatever call, and other vehicles lose nothing."""
    clock = FakeClock()
    wire = Wire(lambda sent: SLOW_DOWN if VEHICLE in sent.url and clock.time < 1090 else signals_of(sent))
    smartcar = await limited(wire, clock)
    throttled, other = smartcar.vehicle(VEHICLE, USER), smartcar.vehicle(OTHER, USER)
    with pytest.raises(RateLimited) as caught:
        await throttled.signals()
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "VEHICLE", 90)
    clock.time += 10
    with pytest.raises(RateLimited, match="this vehicle asked to be left alone for another 80 s") as caught:
        await smartcar.vehicle(VEHICLE, "user-2").request("POST", "/x", deadline=79)
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (None, "VEHICLE", 80)
    assert "rate_limit" not in str(caught.value)
    before = len(wire.calls)
    for _ in range(118):
        await other.signals()
    assert (clock.slept, clock.time, len(wire.calls)) == ([], 1010, before + 118)
    assert {sent.url.split("/")[5] for sent in wire.calls[before:]} == {OTHER}
    await throttled.signals(deadline=81)
    assert (clock.time, len(wire.calls)) == (1090, before + 119)


async def test_calls_that_wait_for_the_budget_heed_a_throttle_that_comes_meanwhile() -> None:
    """A place in the queue is no way around the vehicle's pause: it is given back."""
    clock = HeldClock()
    sent: list[tuple[str, float]] = []

    def serve(request: Sent) -> Outcome:
        sent.append((request.url.split("/")[5], clock.time - 1000))
        return SLOW_DOWN if len(sent) == 1 else signals_of(request)

    wire = Wire(serve)
    smartcar = await limited(wire, clock, RateLimit(1, 60))
    calls = [asyncio.ensure_future(smartcar.vehicle(VEHICLE, USER).signals(deadline=500)) for _ in range(3)]
    calls.append(asyncio.ensure_future(smartcar.vehicle(OTHER, USER).signals(deadline=500)))
    await clock.advance(10)
    assert [vehicle for vehicle, _ in sent] == [VEHICLE, OTHER]
    await clock.advance(85)
    assert [vehicle for vehicle, _ in sent] == [VEHICLE, OTHER, VEHICLE, VEHICLE]
    assert all(when >= 90 for _, when in sent[2:])
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["RateLimited", "SignalSet", "SignalSet", "SignalSet"]


async def test_a_throttle_without_a_time_lasts_a_minute() -> None:
    """The API does not always say how long; the caller is told what we assume."""
    clock, wire = FakeClock(), Wire(always(refused("RATE_LIMIT", "VEHICLE", 429)))
    vehicle = (await wire.client(clock)).vehicle(VEHICLE, USER)
    for seconds in (60, 20):
        with pytest.raises(RateLimited) as caught:
            await vehicle.signals(deadline=15)
        assert caught.value.retry_after == seconds
        clock.time += 40
    assert len(wire.calls) == 1


async def test_a_vehicle_throttle_outside_of_a_vehicle() -> None:
    """Where no vehicle is named, there is none to leave alone: it is raised as it came."""
    clock, wire = FakeClock(), Wire(in_turn(SLOW_DOWN, OK))
    smartcar = await wire.client(clock)
    with pytest.raises(RateLimited):
        await ask(smartcar)
    await ask(smartcar)
    assert clock.slept == []


async def test_a_token_endpoint_that_throttles_touches_no_budget() -> None:
    """Its limit is not the API's: the token is asked for again, and the bucket is as full as before."""
    clock, wire = FakeClock(), Wire(iam=in_turn(THROTTLED, answer({"access_token": "t"})))
    smartcar = await limited(wire, clock, RateLimit(2, 2))
    await ask(smartcar)
    await ask(smartcar)
    assert sum(clock.slept) < 1


FIREWALL = Answer(429, b"<html>Slow down</html>", {"Retry-After": "999999999"})
FOR_A_DAY = refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="999999999")


async def test_a_limit_that_is_not_smartcars_holds_nobody_back() -> None:
    """A firewall's page says nothing of the budget: the call ends with what was asked, and the next ones go at once."""
    clock, wire = FakeClock(), Wire(in_turn(FIREWALL, OK, OK, OK))
    smartcar = await limited(wire, clock)
    with pytest.raises(RateLimited) as caught:
        await ask(smartcar)
    assert caught.value.retry_after == 86_400
    for _ in range(3):
        await ask(smartcar)
    assert clock.slept == []


async def test_one_answer_holds_everybody_back_for_a_minute_at_the_most() -> None:
    """Smartcar's own limit too: a budget has a place every half minute, and commands must go on."""
    clock, wire = FakeClock(), Wire(in_turn(FOR_A_DAY, answer(execution()), OK))
    smartcar = await limited(wire, clock)
    with pytest.raises(RateLimited) as caught:
        await ask(smartcar)
    assert caught.value.retry_after == 86_400
    assert (await smartcar.vehicle(OTHER, USER).lock()).ok
    assert clock.time == pytest.approx(1060)
    assert len(wire.calls) == 2
    await ask(smartcar, deadline=31)
    assert clock.time == pytest.approx(1090)


async def test_one_answer_pauses_a_vehicle_for_a_quarter_of_an_hour_at_the_most() -> None:
    """A false one must not keep a car from its owner for a day. The error says what was asked; others go on."""
    clock = FakeClock()
    wire = Wire(in_turn(refused("RATE_LIMIT", "VEHICLE", 429, Retry_After="999999999"), *[answer(execution())] * 2))
    smartcar = await limited(wire, clock)
    with pytest.raises(RateLimited) as caught:
        await smartcar.vehicle(VEHICLE, USER).unlock()
    assert caught.value.retry_after == 86_400
    assert (await smartcar.vehicle(OTHER, USER).unlock()).ok
    with pytest.raises(RateLimited, match="another 900 s") as caught:
        await smartcar.vehicle(VEHICLE, USER).unlock()
    assert caught.value.retry_after == 900
    clock.time += 900
    assert (await smartcar.vehicle(VEHICLE, USER).unlock()).ok
    assert (clock.slept, len(wire.calls)) == ([], 3)


LIMITS: dict[str, tuple[Answer, float]] = {
    "the application's": (refused("RATE_LIMIT", "SMARTCAR_API", 429), 30),
    "the application's, with a time": (refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="70"), 70),
    "the vehicle's": (refused("RATE_LIMIT", "VEHICLE", 429), 60),
    "of a new kind": (refused("RATE_LIMIT", "NEW_CODE", 429, Retry_After="soon"), 30),
    "nobody's": (Answer(429, b""), 30),
    "in a success": (answer({"errors": [{"status": "429", "type": "RATE_LIMIT", "code": "VEHICLE"}]}, 202), 60),
}


@pytest.mark.parametrize(("limit", "seconds"), LIMITS.values(), ids=list(LIMITS))
@pytest.mark.parametrize("own", [None, RateLimit()])
async def test_a_limit_always_says_how_long(limit: Answer, seconds: float, own: RateLimit | None) -> None:
    """What the server says, or what we would wait: a number that a caller can sleep."""
    smartcar = await Wire(always(limit)).client(FakeClock(), rate_limit=own, retry=Retry(attempts=1))
    for use in (smartcar.vehicle(VEHICLE, USER).lock(), smartcar.vehicle(OTHER, USER).lock()):
        with pytest.raises(RateLimited) as caught:
            await use
        assert caught.value.retry_after == seconds


async def test_a_limit_of_the_token_endpoint_says_how_long() -> None:
    """It has nothing to do with the application's budget."""
    smartcar = await Wire(iam=always(THROTTLED)).client(FakeClock(), retry=Retry(attempts=1))
    with pytest.raises(RateLimited) as caught:
        await ask(smartcar)
    assert caught.value.retry_after == Retry().longest_pause


async def test_waits_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Before each one: how long it is, whose limit it is, and which call waits; in the log where it is long."""
    clock, events = FakeClock(), list[Event]()
    wire = Wire(in_turn(OK, OK, SLOW_DOWN, OK))
    smartcar = await wire.client(clock, on_event=events.append, rate_limit=RateLimit(1, 30))
    with caplog.at_level(logging.INFO, "smartcar_async"):
        await ask(smartcar)
        assert not [event for event in events if not isinstance(event, RequestEvent)]
        await ask(smartcar, deadline=40)
        with pytest.raises(RateLimited):
            await smartcar.vehicle(VEHICLE, USER).request("GET", "/x", deadline=40)
        await smartcar.vehicle(VEHICLE, USER).request("GET", "/x", deadline=100)
    below = "/v3/vehicles/{vehicle_id}/..."
    waits = [event for event in events if not isinstance(event, RequestEvent)]
    assert waits == [
        AllowanceWait(2.0, "application", "/..."),
        AllowanceWait(2.0, "application", below),
        AllowanceWait(90.0, "vehicle", below),
    ]
    assert clock.slept == [wait.seconds for wait in waits if isinstance(wait, AllowanceWait)]
    assert caplog.messages == [str(event) for event in waits]


async def test_waits_for_the_next_try_are_told() -> None:
    """With the error because of which it comes, and how often it was sent."""
    clock, events = FakeClock(), list[Event]()
    wire = Wire(in_turn(answer(status=503), THROTTLED, OK))
    await ask(await wire.client(clock, on_event=events.append))
    waits = [event for event in events if isinstance(event, RetryWait)]
    assert [(wait.problem, wait.attempt, wait.route) for wait in waits] == [
        ("ServerError", 1, "/..."),
        ("RateLimited", 2, "/..."),
    ]
    assert clock.slept == [wait.seconds for wait in waits]
    order = [type(event).__name__ for event in events][1:]
    assert order == ["RequestEvent", "RetryWait", "RequestEvent", "RetryWait", "RequestEvent"]
