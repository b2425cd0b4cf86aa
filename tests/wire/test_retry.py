"""What is sent again, when, and what never is."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Any, cast
from unittest.mock import Mock

import aiohttp
import pytest
from yarl import URL

from smartcar_async import (
    ApiError,
    AuthenticationError,
    CommandOutcomeUnknown,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    NotFound,
    RateLimited,
    Retry,
    ServerError,
    Smartcar,
    SmartcarError,
)

from . import documents
from .fakes import USER, VEHICLE, Answer, FakeClock, Outcome, Wire, always, answer, in_turn, refused, settle, token

Use = Callable[[Smartcar], Awaitable[Any]]

CONNECTION = answer({"data": documents.connection(connection_id="c")})
UNAUTHORIZED = refused("AUTHENTICATION", "UNAUTHORIZED", 401)
NOT_FOUND = refused("RESOURCE_NOT_FOUND", "CONNECTION", 404)
THROTTLED = refused("RATE_LIMIT", "SMARTCAR_API", 429)
DOWN = answer(status=503)


def never_left() -> aiohttp.ClientConnectorError:
    """A connection that is refused."""
    return aiohttp.ClientConnectorError(Mock(), OSError(errno.ECONNREFUSED, "refused"))


def lost() -> aiohttp.ServerDisconnectedError:
    """A connection that breaks after the request."""
    return aiohttp.ServerDisconnectedError()


READS: dict[str, Use] = {
    "GET": lambda smartcar: smartcar.connection("c"),
    "GET request": lambda smartcar: smartcar.request("GET", "/v3/things"),
    "DELETE": lambda smartcar: smartcar.delete_connection("c"),
    "DELETE user": lambda smartcar: smartcar.delete_user("u"),
}
COMMANDS: dict[str, Use] = {
    "POST": lambda smartcar: smartcar.vehicle(VEHICLE, USER).request("POST", "/commands/security/lock"),
    "POST of the client": lambda smartcar: smartcar.request("POST", "/v3/things", body={}),
    "PUT": lambda smartcar: smartcar.request("PUT", "/v3/things"),
    "DELETE request": lambda smartcar: smartcar.request("DELETE", "/v3/things"),
}
reads = pytest.mark.parametrize("use", list(READS.values()), ids=list(READS))
commands = pytest.mark.parametrize("use", list(COMMANDS.values()), ids=list(COMMANDS))
everything = pytest.mark.parametrize("use", [*READS.values(), *COMMANDS.values()], ids=[*READS, *COMMANDS])

NEVER_LEFT: list[Exception] = [
    never_left(),
    aiohttp.ClientProxyConnectionError(Mock(), OSError(errno.EHOSTUNREACH, "unreachable")),
    aiohttp.ConnectionTimeoutError(),
    aiohttp.ClientHttpProxyError(cast("aiohttp.RequestInfo", Mock(real_url=URL("http://p"))), (), status=502),
]
LOST: list[Outcome] = [
    lost(),
    aiohttp.ClientOSError(errno.ECONNRESET, "reset"),
    aiohttp.ClientPayloadError("cut"),
    TimeoutError(),
    OSError(errno.EPIPE, "pipe"),
    DOWN,
    answer(status=500),
    answer(status=504),
    Answer(502, b"<html>Bad Gateway</html>"),
    refused("UPSTREAM", "NO_RESPONSE", 502),
    refused("SERVER", "INTERNAL", 500),
]
PERMANENT: list[Answer] = [
    refused("UPSTREAM", "RATE_LIMIT", 502),
    refused("UPSTREAM", "KNOWN_ISSUE", 502),
    refused("UPSTREAM", "INVALID_DATA", 502),
    refused("SERVER", "RECORD_NOT_FOUND", 500),
    refused("SERVER", "MULTIPLE_RECORDS_FOUND", 500),
]
NO: list[Answer] = [
    refused("VALIDATION", "INVALID_INPUT_FORMAT", 400),
    refused("AUTHENTICATION", "ACCESS_DENIED", 403),
    NOT_FOUND,
    refused("VEHICLE_STATE", "ASLEEP", 409),
    refused("RATE_LIMIT", "VEHICLE", 429),
    refused("BILLING", "INVALID_PLAN", 430),
    refused("COMPATIBILITY", "VEHICLE_NOT_CAPABLE", 501),
]


@everything
@pytest.mark.parametrize("failure", NEVER_LEFT, ids=lambda failure: type(failure).__name__)
async def test_what_never_left_is_sent_again(use: Use, failure: Exception) -> None:
    """No connection, no harm: even a command is tried again, if less often than a read."""
    wire = Wire(in_turn(failure, CONNECTION))
    await use(await wire.client(FakeClock()))
    assert len(wire.calls) == 2
    with pytest.raises(ConnectionFailed) as caught:
        await use(await Wire(always(failure)).client(FakeClock()))
    tries = 4 if use in READS.values() else 3
    assert [attempt.problem for attempt in caught.value.attempts] == ["ConnectionFailed"] * tries


@reads
@pytest.mark.parametrize("failure", LOST)
async def test_a_read_or_deletion_without_an_answer_is_sent_again(use: Use, failure: Outcome) -> None:
    """Sent and not answered, or answered by a server in trouble: once more, up to four requests."""
    wire = Wire(in_turn(failure, CONNECTION))
    await use(await wire.client(FakeClock()))
    assert len(wire.calls) == 2
    wire = Wire(always(failure))
    with pytest.raises((ConnectionLost, ApiError)):
        await use(await wire.client(FakeClock()))
    assert len(wire.calls) == 4


@commands
@pytest.mark.parametrize("failure", [*LOST, *PERMANENT])
async def test_a_command_without_an_answer_is_never_sent_again(use: Use, failure: Outcome) -> None:
    """The car may have acted: the caller gets plain data to find out, and one request was sent."""
    wire, clock = Wire(always(failure)), FakeClock()
    with pytest.raises(CommandOutcomeUnknown, match=r"may or may not have .*It was not sent again\.") as caught:
        await use(await wire.client(clock))
    assert (len(wire.calls), clock.slept) == (1, [])
    assert len(caught.value.attempts) == 1
    assert caught.value.action.startswith(wire.calls[0].method)
    assert caught.value.sent_at == clock.now()


@everything
@pytest.mark.parametrize("failure", NO, ids=lambda failure: str(failure.status))
async def test_a_plain_no_is_final(use: Use, failure: Answer) -> None:
    """The server understood and refused: nothing is sent again, command or not."""
    wire, clock = Wire(always(failure)), FakeClock()
    with pytest.raises(ApiError) as caught:
        await use(await wire.client(clock))
    assert (len(wire.calls), clock.slept, caught.value.status) == (1, [], failure.status)


@reads
async def test_a_redirect_is_not_followed(use: Use) -> None:
    """It is no answer of the API: for a read an error without a family, after one request."""
    wire = Wire(always(Answer(302, b'{"type": "VALIDATION"}', {"Location": "https://elsewhere.test/"})))
    with pytest.raises(ApiError) as caught:
        await use(await wire.client(FakeClock()))
    assert (type(caught.value), caught.value.status, len(wire.calls)) == (ApiError, 302, 1)


@reads
@pytest.mark.parametrize("failure", PERMANENT)
async def test_what_a_second_try_cannot_mend_is_final(use: Use, failure: Answer) -> None:
    """Some failures of the maker or of Smartcar last longer than a call."""
    wire = Wire(always(failure))
    with pytest.raises(ApiError):
        await use(await wire.client(FakeClock()))
    assert len(wire.calls) == 1


@everything
async def test_a_401_renews_the_token_once(use: Use) -> None:
    """Refused before anything happened: a new token, and the same request once more, command or not."""
    wire, clock = Wire(in_turn(CONNECTION, UNAUTHORIZED, CONNECTION), in_turn(token(1), token(2))), FakeClock()
    smartcar = await wire.client(clock)
    await use(smartcar)
    clock.time += 61
    await use(smartcar)
    used = [sent.headers["Authorization"] for sent in wire.calls]
    assert used == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
    assert clock.slept == []


@everything
async def test_a_second_401_is_raised(use: Use) -> None:
    """A new token that is refused as well ends the call: two requests, one refresh."""
    wire, clock = Wire(in_turn(CONNECTION, UNAUTHORIZED, UNAUTHORIZED)), FakeClock()
    smartcar = await wire.client(clock)
    await use(smartcar)
    clock.time += 61
    with pytest.raises(AuthenticationError):
        await use(smartcar)
    assert (len(wire.calls), len(wire.tokens)) == (3, 2)


async def test_a_renewed_token_does_not_use_up_a_try() -> None:
    """A read that met a 401 still has all its tries for the trouble that follows."""
    wire, clock = Wire(in_turn(CONNECTION, UNAUTHORIZED, DOWN, DOWN, DOWN, CONNECTION)), FakeClock()
    smartcar = await wire.client(clock)
    await smartcar.connection("c")
    clock.time += 61
    await smartcar.connection("c")
    assert len(wire.calls) == 6


@everything
async def test_the_applications_limit_is_waited_for(use: Use) -> None:
    """429 for the application is refused before acting: it is sent again, after the wait that was asked for."""
    wire, clock = Wire(in_turn(refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="7"), CONNECTION)), FakeClock()
    await use(await wire.client(clock))
    assert len(wire.calls) == 2
    assert 7 < sum(clock.slept) < 8


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12), ("Wed, 01 Jul 2026 00:17:00 GMT", 20), ("2500000", 2500), ("-5", 0), ("soon", None), ("nan", None)],
)
async def test_retry_after_in_all_its_forms(header: str, seconds: float | None) -> None:
    """Seconds, a date or milliseconds; nonsense falls back on our own pause, and what is too long is raised."""
    wire, clock = Wire(in_turn(answer(status=503, Retry_After=header), CONNECTION)), FakeClock()
    if seconds is None or seconds <= 30:
        await (await wire.client(clock)).connection("c")
        assert (seconds or 0) < sum(clock.slept) <= (seconds or 0) + 0.5
    else:
        with pytest.raises(ServerError) as caught:
            await (await wire.client(clock)).connection("c")
        assert (caught.value.retry_after, clock.slept) == (seconds, [])


@everything
async def test_a_wait_past_the_deadline_is_raised_not_slept(use: Use) -> None:
    """The caller learns how long the server wants to be left alone, at once."""
    wire, clock = Wire(always(refused("RATE_LIMIT", "SMARTCAR_API", 429, Retry_After="3600"))), FakeClock()
    with pytest.raises(RateLimited) as caught:
        await use(await wire.client(clock))
    assert (caught.value.retry_after, caught.value.status) == (3600, 429)
    assert (clock.slept, len(wire.calls)) == ([], 1)


async def test_no_pause_reaches_past_the_deadline() -> None:
    """A short deadline ends the trying early, with the last failure and not with a needless sleep."""
    wire, clock = Wire(always(DOWN)), FakeClock()
    with pytest.raises(ServerError) as caught:
        await (await wire.client(clock, deadline=0.7)).connection("c")
    assert clock.time < 1000.7
    assert len(caught.value.attempts) == len(wire.calls) == 2


async def test_pauses_grow_and_are_jittered() -> None:
    """Each pause is between half and all of twice the one before, and none is longer than the longest."""
    seen: list[list[float]] = []
    for _ in range(20):
        clock = FakeClock()
        with pytest.raises(ServerError):
            await (await Wire(always(DOWN)).client(clock, deadline=60, retry=Retry(attempts=8))).connection("c")
        seen.append(clock.slept)
    for number, most in enumerate([0.5, 1, 2, 4, 8, 8, 8]):
        pauses = [slept[number] for slept in seen]
        assert all(most / 2 <= pause <= most for pause in pauses)
        assert len(set(pauses)) > 10


async def test_a_deletion_is_done_when_the_second_request_finds_nothing() -> None:
    """The first request did its work, and only its answer was lost."""
    for failure in (lost(), DOWN):
        wire = Wire(in_turn(failure, NOT_FOUND))
        await (await wire.client(FakeClock())).delete_connection("c")
        assert len(wire.calls) == 2


async def test_a_read_is_not_found_whatever_came_before() -> None:
    """That a 404 may mean success is true of deletions only."""
    with pytest.raises(NotFound):
        await (await Wire(in_turn(lost(), NOT_FOUND)).client(FakeClock())).connection("c")


async def test_retries_can_be_switched_off() -> None:
    """One attempt means one request."""
    wire = Wire(always(lost()))
    with pytest.raises(ConnectionLost):
        await (await wire.client(FakeClock(), retry=Retry(attempts=1))).connection("c")
    assert len(wire.calls) == 1


async def test_the_budget_runs_dry_and_fills_again() -> None:
    """Ten requests may be sent again; then each call is tried once, until ten good answers earn one more."""
    wire, clock = Wire(always(DOWN)), FakeClock()
    smartcar = await wire.client(clock)

    async def cost() -> int:
        before = len(wire.calls)
        with pytest.raises(ServerError):
            await smartcar.connection("c")
        return len(wire.calls) - before

    assert [await cost() for _ in range(6)] == [4, 4, 4, 2, 1, 1]
    wire.api = always(CONNECTION)
    for _ in range(11):
        await smartcar.connection("c")
    wire.api = always(DOWN)
    assert [await cost() for _ in range(2)] == [2, 1]


async def test_what_is_known_of_a_command_without_an_answer() -> None:
    """Plain data for reconciling: which vehicle, what, when, and by which request."""
    wire, clock = Wire(always(answer(status=504, SC_Request_Id="r-7"))), FakeClock()
    with pytest.raises(CommandOutcomeUnknown) as caught:
        await COMMANDS["POST"](await wire.client(clock))
    unknown = caught.value
    assert (unknown.action, unknown.vehicle_id) == ("POST /v3/vehicles/{vehicle_id}/...", VEHICLE)
    assert (unknown.sent_at, unknown.request_id, unknown.parameters) == (clock.now(), "r-7", {})


async def never(_: object) -> Answer:
    """A server that does not answer."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def test_a_command_that_times_out_is_unknown() -> None:
    """Our own deadline is no proof that the car did not act."""
    smartcar = await Wire(never).client()
    vehicle = smartcar.vehicle(VEHICLE, USER)
    with pytest.raises(CommandOutcomeUnknown, match=r"no answer within 0\.2 s"):
        await vehicle.request("POST", "/commands/security/lock", deadline=0.2)
    with pytest.raises(DeadlineExceeded, match=r"no answer within 0\.2 s") as caught:
        await vehicle.signals(deadline=0.2)
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [(None, "DeadlineExceeded")]


async def test_a_command_that_never_got_its_token_was_not_sent() -> None:
    """Waiting for a token is no sending: the outcome is known."""
    wire = Wire(iam=never)
    with pytest.raises(DeadlineExceeded):
        await (await wire.client()).request("POST", "/v3/things", deadline=0.02)
    assert wire.calls == []


async def test_a_deadline_tells_what_failed_before_it() -> None:
    """The history and the text name the trouble that used up the time."""
    outcomes = iter([always(DOWN), never])
    wire = Wire(lambda sent: next(outcomes)(sent))
    with pytest.raises(DeadlineExceeded, match="before that: ServerError") as caught:
        await (await wire.client(deadline=0.2, retry=Retry(first_pause=0.01))).connection("c")
    assert [(attempt.status, attempt.problem) for attempt in caught.value.attempts] == [
        (503, "ServerError"),
        (None, "DeadlineExceeded"),
    ]


@everything
async def test_cancellation_passes_through(use: Use) -> None:
    """A cancelled call is cancelled, not turned into an error of ours."""
    calling = asyncio.ensure_future(use(await Wire(never).client()))
    await settle()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling


@pytest.mark.load
@pytest.mark.parametrize("dead", [never_left, lambda: DOWN, lost], ids=["refused", "503", "lost"])
@pytest.mark.parametrize("whole", [False, True], ids=["the API is dead", "the token endpoint too"])
async def test_an_outage_costs_little_and_ends_soon(dead: Callable[[], Outcome], whole: bool) -> None:
    """10,000 calls against a dead server cost at most 11,000 requests; calls work again within 10 s of its return."""
    wire, clock = Wire(always(CONNECTION)), FakeClock()
    smartcar = await wire.client(clock)
    await smartcar.connection("c")
    wire.api = lambda _: dead()
    if whole:
        wire.iam = lambda _: dead()
        clock.time += 3600
    before = len(wire.calls) + len(wire.tokens)
    for _ in range(100):
        results = await asyncio.gather(*(smartcar.connection("c") for _ in range(100)), return_exceptions=True)
        assert all(isinstance(result, SmartcarError) for result in results)
        clock.time += 0.5
    assert 10_000 * (not whole) <= len(wire.calls) + len(wire.tokens) - before <= 11_000
    wire.api, wire.iam, recovered = always(CONNECTION), always(token()), clock.time
    while True:
        try:
            await smartcar.connection("c")
            break
        except SmartcarError:
            clock.time += 0.25
    assert clock.time - recovered <= 10


@pytest.mark.parametrize("dead", [never_left, lambda: DOWN, lost], ids=["refused", "503", "lost"])
async def test_calls_caught_by_a_short_outage_come_through(dead: Callable[[], Outcome]) -> None:
    """Calls that wait for their next try when the server returns succeed within 10 s."""
    clock = FakeClock()
    wire = Wire(lambda _: dead() if clock.time < 1001.5 else CONNECTION)
    smartcar = await wire.client(clock)
    results = await asyncio.gather(*(smartcar.connection("c") for _ in range(3)), return_exceptions=True)
    assert any(not isinstance(result, Exception) for result in results)
    assert clock.time < 1011.5
