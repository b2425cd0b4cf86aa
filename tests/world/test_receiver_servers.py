"""A receiver behind each server that it is made for: real sockets, real requests, the receiver's answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from smartcar_async import SqliteEventStore
from smartcar_async.receiver import Receiver
from smartcar_async.webhook import VehicleErrorEvent, VehicleStateEvent, hash_challenge, sign

from ..deliveries import ERRORS, STATE, TOKEN, VERIFY, Document, written
from .receiver_servers import SERVERS, RunningServer, asgi_server, flask_server

LARGEST = 4000


def signed(body: bytes) -> dict[str, str]:
    """The headers of a delivery."""
    return {"sc-signature": sign(TOKEN, body), "Content-Type": "application/json"}


def receiver_of(**options: Any) -> Receiver:
    """A receiver that takes deliveries of any time."""
    defaults: dict[str, Any] = {"tokens": TOKEN, "tolerance": None, "max_body_bytes": LARGEST}
    return Receiver(**(defaults | options))


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[RunningServer, list[object]]]:
    """A running server for all tests, and the events that came through."""
    receiver, events = receiver_of(), list[object]()
    receiver.on(VehicleStateEvent)(events.append)

    @receiver.on(VehicleErrorEvent)
    def fail(event: VehicleErrorEvent) -> None:
        raise KeyError("broken")

    with SERVERS[request.param](receiver) as server:
        yield server, events


def test_a_delivery_comes_through(served: tuple[RunningServer, list[object]]) -> None:
    """Byte by byte as it was signed, with other headers in any case, at once or in chunks; and once."""
    server, events = served
    events.clear()
    odd = (
        b' {"eventId":"\\u0065-9","eventType": "VEHICLE_STATE",\n"data":{"vehicle":{"id":"\xc5\xa0KODA"}}, "n":100.0}\n'
    )
    for body in (odd, written({**STATE, "eventId": "e-10"})):
        first, again, chunked = (server.send(part, signed(body)) for part in (body, body, iter([body[:9], body[9:]])))
        assert (first.status, first.body) == (204, b"")
        assert (again.status, chunked.status) == (204, 204)
    assert [event.event_id for event in events if isinstance(event, VehicleStateEvent)] == ["e-9", "e-10"]


def test_a_verify_is_answered(served: tuple[RunningServer, list[object]]) -> None:
    """With 200 and the hash."""
    answer = served[0].send(written(VERIFY))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.body == b'{"challenge":"%s"}' % hash_challenge(TOKEN, "3f1c9a52-made-up-challenge").encode()
    assert answer.headers["content-length"] == str(len(answer.body))


def test_a_forged_event_does_not_come_through(served: tuple[RunningServer, list[object]]) -> None:
    """The attack on the challenge, against the real endpoint: the answer is no signature of the forged event."""
    server, events = served
    events.clear()
    forged = written({**STATE, "eventId": "forged"})
    challenge_request: Document = {"eventType": "VERIFY", "data": {"challenge": forged.decode()}}
    answer = server.send(written(challenge_request))
    assert answer.status == 400
    assert sign(TOKEN, forged).encode() not in answer.body
    assert b"BadChallenge" in answer.body
    for headers in ({}, {"SC-Signature": ""}, {"SC-Signature": "0" * 64}, {"SC-Signature": "\xe9"}):
        assert server.send(forged, headers).status == 401
    assert events == []


def test_other_methods_are_405(served: tuple[RunningServer, list[object]]) -> None:
    """Whoever looks with a browser is told what the endpoint is for."""
    answer = served[0].send(method="GET")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert b"MethodNotAllowed" in answer.body


def test_a_body_over_the_limit_is_413(served: tuple[RunningServer, list[object]]) -> None:
    """Whether it says its length or not; the next one comes through."""
    server, _ = served
    body = b"x" * (LARGEST + 1)
    assert server.send(body, signed(body)).status == 413
    assert server.send(iter([body[:3000], body[3000:]]), signed(body)).status == 413
    assert server.send(body[:-1], signed(body[:-1])).status == 400
    assert server.send(b"", {}).status == 400


def test_a_failure_is_503(served: tuple[RunningServer, list[object]], caplog: pytest.LogCaptureFixture) -> None:
    """And in the log, with its traceback."""
    vehicle = {"data": {**ERRORS["data"], "vehicle": {"id": "v-that-fails"}}}
    body = written({**ERRORS, **vehicle})
    answer = served[0].send(body, signed(body))
    assert (answer.status, b"HandlerFailed" in answer.body) == (503, True)
    assert "KeyError: 'broken'" in caplog.text


def test_whoever_goes_away_is_no_failure(
    served: tuple[RunningServer, list[object]], caplog: pytest.LogCaptureFixture
) -> None:
    """Half a body is nobody's error, and the server goes on."""
    server, _ = served
    server.hang_up_in_body()
    assert server.send(written(VERIFY)).status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("encoding", ["gzip", "br", "x"])
def test_a_body_that_cannot_be_unpacked(
    served: tuple[RunningServer, list[object]], encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether a server unpacks is its own matter; it is 204 or a refusal, and no failure of the receiver."""
    body = written({**STATE, "eventId": f"packed {encoding}"})
    assert served[0].send(body, {**signed(body), "Content-Encoding": encoding}).status in (204, 400)
    assert "answer_aiohttp" not in caplog.text


async def test_a_body_that_somebody_read_before() -> None:
    """A middleware of aiohttp that looks at bodies does not take them away."""

    @web.middleware
    async def look(request: web.Request, handler: Any) -> web.StreamResponse:
        assert await request.read()
        answer: web.StreamResponse = await handler(request)
        return answer

    receiver, body = receiver_of(), written(STATE)
    app = web.Application(middlewares=[look])
    app.router.add_route("*", "/smartcar", receiver.aiohttp_handler)
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/smartcar", data=body, headers=signed(body))).status == 204


@pytest.mark.parametrize("name", SERVERS)
def test_the_worker_lives_as_long_as_the_server(name: str, tmp_path: Path) -> None:
    """It handles what was left from before and what comes now."""
    with SqliteEventStore(tmp_path / "events.db") as store:
        left, done = written({**STATE, "eventId": "left"}), threading.Event()
        assert receiver_of(store=store).handle_sync("POST", signed(left), left).status == 204
        receiver, events = receiver_of(store=store), list[str | None]()

        @receiver.on(VehicleStateEvent)
        async def handle(event: VehicleStateEvent) -> None:
            events.append(event.event_id)
            if len(events) == 2:
                done.set()

        with SERVERS[name](receiver) as server:
            body = written(STATE)
            assert server.send(body, signed(body)).status == 204
            assert done.wait(5)
        assert (sorted(map(str, events)), store.waiting()) == (["e-1", "left"], 0)


def test_flask_handlers_have_the_context_of_the_application() -> None:
    """They run in the thread of the view: extensions work."""
    receiver, events = receiver_of(), list[object]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        events.append(flask.current_app.name)

    with flask_server(receiver) as server:
        assert server.send(written(STATE), signed(written(STATE))).status == 204
    assert events == ["receiver"]


async def lived(receiver: Receiver) -> list[object]:
    """What an ASGI server is told, when it starts and stops."""
    sent = list[object]()

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup" if not sent else "lifespan.shutdown"}

    async def send(message: Any) -> None:
        sent.append(message)

    await receiver.asgi({"type": "lifespan"}, receive, send)
    return sent


async def test_a_server_is_told_what_became_of_its_receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that cannot start must not answer: it would handle nothing."""
    without_store = Receiver(TOKEN, SqliteEventStore(tmp_path / "no" / "events.db"))
    assert await lived(without_store) == [{"type": "lifespan.startup.failed", "message": "FileNotFoundError"}]
    assert "FileNotFoundError" in caplog.text
    complete = [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert await lived(Receiver(TOKEN)) == complete
    monkeypatch.setattr(Receiver, "aclose", None)
    failed = {"type": "lifespan.shutdown.failed", "message": "TypeError"}
    assert await lived(Receiver(TOKEN)) == [complete[0], failed]


async def test_a_websocket_is_closed() -> None:
    """An ASGI server may offer one; there is nothing to talk about."""
    sent = list[object]()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await Receiver(TOKEN).asgi({"type": "websocket"}, receive, send)
    assert sent == [{"type": "websocket.close"}]


def test_a_slow_body_is_408(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody holds a connection by never ending."""
    monkeypatch.setattr("smartcar_async.receiver.servers._PATIENCE", 0.05)
    pause = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"half"
        pause.wait(0.5)

    with asgi_server(Receiver(TOKEN)) as server:
        assert server.send(slowly()).status == 408
    assert "did not come within" in caplog.text
