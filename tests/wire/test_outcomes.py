"""Nothing acts twice: what a server on real sockets sees of a command, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable

import pytest

from smartcar_async import (
    ApiError,
    Attempt,
    AuthenticationError,
    CommandOutcomeUnknown,
    ConnectionFailed,
    RateLimited,
    RequestEvent,
    Retry,
    Smartcar,
    SmartcarError,
)
from smartcar_async.log import Event

from .executions import COMMANDS, CREATIONS, Act, execution
from .fakes import USER, FakeClock
from .sockets import Play, Raw, http, raw_server, unused_port
from .test_transport import BREAKS

ACTS = [*COMMANDS, *(act for act in CREATIONS if act.family == "reference")]
acts = pytest.mark.parametrize("act", ACTS, ids=str)
SOON = Retry(6, 0.01, 0.01)
CAR = b'{"data": {"id": "vehicle-1", "type": "vehicle"}}'
DONE = Play(http(json.dumps(execution()).encode()))


def no(status: str, kind: str | None = None, code: str | None = None) -> Play:
    """An error document, or an error without a body."""
    entry = {"status": status[:3], "type": kind, "code": code}
    return Play(http(b"" if kind is None else json.dumps({"errors": [entry]}).encode(), status))


LOST: dict[str, Play] = {
    **BREAKS,
    "500": no("500 Internal Server Error", "SERVER", "INTERNAL"),
    "500 without a body": no("500 Internal Server Error"),
    "502": no("502 Bad Gateway", "UPSTREAM", "NO_RESPONSE"),
    "502, permanent": no("502 Bad Gateway", "UPSTREAM", "RATE_LIMIT"),
    "502 without a body": no("502 Bad Gateway"),
    "503": no("503 Service Unavailable"),
    "504": no("504 Gateway Timeout"),
    "202, cut": Play(b'HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"data":\r\n', "close"),
    "202, reset": Play(b'HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"data":\r\n', "reset"),
}
REFUSED: dict[str, Play] = {
    "429 of the vehicle": no("429 Too Many Requests", "RATE_LIMIT", "VEHICLE"),
    "429 without a type": no("429 Too Many Requests"),
    "429 of a new kind": no("429 Too Many Requests", "RATE_LIMIT", "NEW_CODE"),
}
APPLICATION_LIMIT = no("429 Too Many Requests", "RATE_LIMIT", "SMARTCAR_API")
UNAUTHORIZED = no("401 Unauthorized", "AUTHENTICATION", "UNAUTHORIZED")


@pytest.fixture
async def server() -> AsyncIterator[Raw]:
    """A server that says of everything that it is done."""
    async with raw_server(lambda _: DONE) as raw:
        yield raw


@pytest.fixture
async def iam() -> AsyncIterator[Raw]:
    """A token endpoint elsewhere."""
    async with raw_server() as raw:
        yield raw


def sent(server: Raw) -> list[str]:
    """The paths that arrived, in order."""
    return [request.split()[1].decode() for request in server.requests]


def in_turn(*plays: Play) -> Callable[[bytes], Play]:
    """One play after the other; the last one again and again."""
    remaining = list(plays)
    return lambda _: remaining.pop(0) if len(remaining) > 1 else remaining[0]


@pytest.mark.parametrize("play", [*LOST.values(), *REFUSED.values()], ids=[*LOST, *REFUSED])
async def test_every_command_arrives_once(server: Raw, play: Play) -> None:
    """A lost answer, a server in trouble, a throttled car: one request each, and the truth about its outcome."""
    server.player = lambda _: play
    unknown = play in LOST.values()
    async with Smartcar("id", "secret", settings=server.settings(retry=SOON, schedule_paths="reference")) as smartcar:
        for number, act in enumerate(ACTS):
            with pytest.raises(CommandOutcomeUnknown if unknown else RateLimited) as caught:
                await act.use(smartcar.vehicle(f"vehicle-{number}", USER))
            assert len(caught.value.attempts) == 1
            if isinstance(caught.value, CommandOutcomeUnknown):
                assert (caught.value.action, caught.value.vehicle_id) == (act.action, f"vehicle-{number}")
                assert caught.value.sent_at is not None
        await asyncio.sleep(0.05)
    assert sent(server) == [act.path.replace("vehicle-1", f"vehicle-{number}") for number, act in enumerate(ACTS)]


async def test_no_answer_in_time(server: Raw) -> None:
    """The deadline of a command that has left says nothing about the car."""
    server.player = lambda _: Play(b"", "drip")
    settings = server.settings(command_deadline=0.5, schedule_paths="reference")
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        car = smartcar.vehicle("vehicle-1", USER)
        found = await asyncio.gather(*(act.use(car) for act in ACTS), return_exceptions=True)
    for act, unknown in zip(ACTS, found, strict=True):
        assert isinstance(unknown, CommandOutcomeUnknown)
        assert (unknown.action, unknown.request_id) == (act.action, None)
        assert [(attempt.status, attempt.problem) for attempt in unknown.attempts] == [(None, "DeadlineExceeded")]
        assert "no answer within 0.5 s" in str(unknown)
    assert sorted(sent(server)) == sorted(act.path for act in ACTS)


@acts
async def test_a_refused_connection_is_tried_twice_more(iam: Raw, act: Act) -> None:
    """Nobody listens, so nothing was sent: three attempts, however many a read may have."""
    settings = iam.settings(vehicle_origin=f"http://127.0.0.1:{unused_port()}", retry=SOON, schedule_paths="reference")
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        with pytest.raises(ConnectionFailed, match="nothing was sent") as caught:
            await act.use(smartcar.vehicle("vehicle-1", USER))
    assert [attempt.problem for attempt in caught.value.attempts] == ["ConnectionFailed"] * 3


async def test_a_server_that_comes_back(iam: Raw) -> None:
    """The connection was refused, then it stands: the command arrives, once."""
    server, opening = Raw(lambda _: DONE, port=unused_port()), list[asyncio.Future[asyncio.Server]]()

    def come_back(event: Event) -> None:
        if isinstance(event, RequestEvent) and event.problem == "ConnectionFailed" and not opening:
            opening.append(asyncio.ensure_future(asyncio.start_server(server.serve, "127.0.0.1", server.port)))

    settings = iam.settings(vehicle_origin=server.url, retry=Retry(first_pause=0.2))
    async with Smartcar("id", "secret", settings=settings, on_event=come_back) as smartcar:
        assert (await smartcar.vehicle("vehicle-1", USER).unlock()).ok
    (await opening[0]).close()
    await server.stop()
    assert len(server.requests) == 1


@acts
async def test_a_401_renews_the_token_once(server: Raw, iam: Raw, act: Act) -> None:
    """Refused before acting: a new token and the same command again. A second refusal is final."""
    clock = FakeClock()
    settings = server.settings(iam_origin=iam.url, schedule_paths="reference")
    async with Smartcar("id", "secret", settings=settings, clock=clock) as smartcar:
        car = smartcar.vehicle("vehicle-1", USER)
        await car.lock()
        clock.time += 61
        iam.token_body = iam.token_body.replace(b"token-1", b"token-2")
        server.player = in_turn(UNAUTHORIZED, DONE)
        assert (await act.use(car)).ok
        clock.time += 61
        server.player = lambda _: UNAUTHORIZED
        with pytest.raises(AuthenticationError) as caught:
            await act.use(car)
    assert [attempt.status for attempt in caught.value.attempts] == [401, 401]
    assert sent(server)[1:] == [act.path] * 4
    assert [b"Bearer token-2" in request for request in server.requests[1:]] == [False, True, True, True]
    assert len(iam.tokens) == 3


@acts
async def test_the_applications_limit_is_waited_for(server: Raw, act: Act) -> None:
    """Refused before acting: at most three requests, and then the refusal is the caller's."""
    server.player = in_turn(APPLICATION_LIMIT, APPLICATION_LIMIT, DONE, APPLICATION_LIMIT)
    settings = server.settings(retry=SOON, schedule_paths="reference")
    async with Smartcar("id", "secret", settings=settings, clock=FakeClock()) as smartcar:
        assert (await act.use(smartcar.vehicle("vehicle-1", USER))).ok
        with pytest.raises(RateLimited) as caught:
            await act.use(smartcar.vehicle("vehicle-1", USER))
    assert [attempt.status for attempt in caught.value.attempts] == [429] * 3
    assert sent(server) == [act.path] * 6


async def test_a_resend_that_is_lost_is_final(server: Raw) -> None:
    """Refused, then lost: the second request may have acted, and its time is the one to reconcile by."""
    clock = FakeClock()
    server.player = in_turn(APPLICATION_LIMIT, Play(b"", "close"))
    async with Smartcar("id", "secret", settings=server.settings(), clock=clock) as smartcar:
        with pytest.raises(CommandOutcomeUnknown, match="ConnectionLost") as caught:
            await smartcar.vehicle("vehicle-1", USER).lock()
    assert [attempt.problem for attempt in caught.value.attempts] == ["RateLimited", "ConnectionLost"]
    assert (len(server.requests), caught.value.sent_at) == (2, clock.now())
    assert clock.slept


async def test_connections_of_commands_are_not_used_again(server: Raw, iam: Raw) -> None:
    """An old connection may break on a command that did leave: each has its own, while reads share one."""
    server.player = lambda request: DONE if request.startswith(b"POST") else Play(http(CAR))
    async with Smartcar("id", "secret", settings=server.settings(iam_origin=iam.url)) as smartcar:
        car = smartcar.vehicle("vehicle-1", USER)
        for _ in range(3):
            await car.attributes()
        assert server.connections == 1
        for act in COMMANDS:
            await act.use(car)
        assert server.connections == 1 + len(COMMANDS)
        await car.attributes()
        assert server.connections == 1 + len(COMMANDS)
    assert iam.connections == 1


async def streaming(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A 202 at once, and its body in pieces, each a while after the one before."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    body = json.dumps(execution(parameters={"late": True})).encode()
    for piece in (body[:10], body[10:]):
        await writer.drain()
        await asyncio.sleep(1)
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    writer.close()


async def test_a_202_is_read_to_its_end(iam: Raw) -> None:
    """Its result comes seconds after its status line, on the same connection, and is waited for."""
    async with await asyncio.start_server(streaming, "127.0.0.1", 0) as late:
        origin = f"http://127.0.0.1:{late.sockets[0].getsockname()[1]}"
        async with Smartcar("id", "secret", settings=iam.settings(vehicle_origin=origin, deadline=0.5)) as smartcar:
            car = smartcar.vehicle("vehicle-1", USER)
            done, cut = await asyncio.gather(car.lock(), car.unlock(deadline=1.5), return_exceptions=True)
    assert not isinstance(done, BaseException)
    assert done.parameters == {"late": True}
    assert isinstance(cut, CommandOutcomeUnknown)


async def test_an_error_at_the_end_of_a_202(server: Raw) -> None:
    """The status line promised nothing."""
    document = json.dumps({"errors": [{"status": "409", "type": "VEHICLE_STATE", "code": "IN_MOTION"}]}).encode()
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(document), document)
    server.player = lambda _: Play(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
    async with Smartcar("id", "secret", settings=server.settings()) as smartcar:
        with pytest.raises(ApiError, match="409 VEHICLE_STATE:IN_MOTION") as caught:
            await smartcar.vehicle("vehicle-1", USER).lock()
    assert [attempt.status for attempt in caught.value.attempts] == [202]
    assert len(server.requests) == 1


async def test_a_lost_answer_is_told_to_hook_and_log(server: Raw, caplog: pytest.LogCaptureFixture) -> None:
    """Once each: the very error to the hook, which may fail, and one line to the log."""
    heard: list[CommandOutcomeUnknown] = []

    def hook(outcome: CommandOutcomeUnknown) -> None:
        heard.append(outcome)
        raise ValueError("of the hook")

    server.player = lambda _: Play(http(b"", "504 Gateway Timeout", "SC-Request-Id: r-7\r\n"))
    async with Smartcar("id", "secret", settings=server.settings(), on_outcome_unknown=hook) as smartcar:
        with caplog.at_level(logging.INFO, "smartcar_async"), pytest.raises(CommandOutcomeUnknown) as caught:
            await smartcar.vehicle("vehicle-1", USER).set_charge_limit(80)
    unknown: SmartcarError = caught.value
    assert heard == [unknown]
    assert [attempt.status for attempt in unknown.attempts] == [504]
    assert isinstance(unknown.attempts[0], Attempt)
    *messages, raised = caplog.messages
    assert messages == [
        "set_charge_limit may or may not have been carried out: 504 (request r-7). It was not sent again. "
        "Vehicle vehicle-1, request r-7.",
    ]
    assert raised.startswith("the on_outcome_unknown hook raised ValueError\n")
