"""Batches through API v2.0: what goes out exactly, what it costs, and what a failure leaves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from smartcar_async import (
    ConfigurationError,
    ConnectionLost,
    DecodeError,
    NotFound,
    RateLimit,
    RateLimited,
    Retry,
    ServerError,
    Settings,
    VehicleStateError,
)
from smartcar_async.v2 import Client, Meta, Odometer, batch_plan

from .fakes import Answer, FakeClock, Outcome, Sent, Wire, always, answer, in_turn, mocked
from .sockets import Play, http, raw_server
from .test_transport import BREAKS
from .v2 import ID, MARKS, META, TOKEN, car, client, json_answer, vehicle_request

ODOMETER = {"path": "/odometer", "code": 200, "body": {"distance": 18234.6}}
ASLEEP = {"type": "VEHICLE_STATE", "code": "ASLEEP", "statusCode": 409, "requestId": "r-9", "description": "It sleeps."}
DOCUMENT = {
    "responses": [
        {**ODOMETER, "headers": {"sc-unit-system": "metric", "sc-data-age": "2026-06-01T12:00:00.000Z"}},
        {"path": "/tesla/speedometer", "code": 409, "body": ASLEEP},
    ]
}
LONG = [f"/path/{number}" for number in range(120)]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire(always(json_answer(DOCUMENT)))) as made:
        yield made


def all_well(sent: Sent) -> Outcome:
    """An answer with an item for each path that was asked for."""
    requests = json.loads(sent.body or b"")["requests"]
    return answer({"responses": [{"path": asked["path"], "code": 200, "body": asked} for asked in requests]})


async def test_a_limited_path_says_how_long(wire: Wire) -> None:
    """A number that a caller can sleep, whether the part tells it or not."""
    limited = {"type": "RATE_LIMIT", "code": "VEHICLE", "statusCode": 429}
    parts: list[dict[str, Any]] = [
        {"path": "/vin", "code": 429, "body": limited},
        {"path": "/fuel", "code": 429, "body": limited, "headers": {"Retry-After": 252}},
        {"path": "/location", "code": 429, "body": {**limited, "code": "SMARTCAR_API"}},
    ]
    wire.api = always(json_answer({"responses": parts}))
    async with client() as smartcar:
        batch = await car(smartcar).batch([part["path"] for part in parts])
    waits = {path: error.retry_after for path, error in batch.failed.items() if isinstance(error, RateLimited)}
    assert waits == {"/vin": 60, "/fuel": 252, "/location": 30}


async def test_a_batch(wire: Wire) -> None:
    """One POST with the paths as they were given; a result and an error side by side."""
    async with client() as smartcar:
        batch = await car(smartcar).batch(["odometer", "/TESLA/speedometer"])
    body = {"requests": [{"path": "/odometer"}, {"path": "/tesla/speedometer"}]}
    assert wire.calls == [vehicle_request("POST", "/batch", body)]
    assert batch.meta == META
    assert batch["odometer"] == Odometer(18234.6, meta=META)
    with pytest.raises(VehicleStateError, match="It sleeps") as caught:
        batch["tesla_speedometer"]
    assert (caught.value.status, caught.value.request_id) == (409, "r-9")


async def test_ids_flags_and_units(wire: Wire) -> None:
    """Flags are sent, units too, and an id is one segment."""
    async with client() as smartcar:
        await smartcar.vehicle("a/b", TOKEN, "imperial", {"country": "DE"}, "2.1").batch(["/odometer"])
    (sent,) = wire.calls
    assert sent.url == "https://api.smartcar.com/v2.1/vehicles/a%2Fb/batch?flags=country%3ADE"
    assert sent.headers["SC-Unit-System"] == "imperial"


async def test_nothing_to_ask(wire: Wire) -> None:
    """It is refused before anything is sent."""
    async with client() as smartcar:
        with pytest.raises(ConfigurationError):
            await car(smartcar).batch([])
    assert wire.calls == []


async def test_a_long_list(wire: Wire) -> None:
    """It takes as many requests as the plan says, one after the other, and becomes one mapping in the same order."""
    wire.api = all_well
    async with client() as smartcar:
        batch = await car(smartcar).batch(LONG)
    assert len(wire.calls) == batch_plan(LONG).requests == 3
    assert [asked["path"] for sent in wire.calls for asked in json.loads(sent.body or b"")["requests"]] == LONG
    assert list(batch) == LONG
    assert len(batch.ok) == 120
    assert batch.meta == Meta()


async def test_a_failure_of_the_first_request_is_raised(wire: Wire) -> None:
    """There is nothing to lose yet."""
    wire.api = always(answer({"type": "SERVER", "code": "INTERNAL"}, 500))
    async with client(settings=Settings(rate_limit=None, retry=Retry(attempts=1))) as smartcar:
        with pytest.raises(ServerError):
            await car(smartcar).batch(LONG)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (answer({"type": "SERVER", "code": "INTERNAL"}, 500), ServerError),
        (answer({"type": "RATE_LIMIT", "code": "VEHICLE"}, 429, Retry_After="60"), RateLimited),
        (Answer(200, b"<h1>odd</h1>"), DecodeError),
    ],
    ids=["500", "429", "unreadable"],
)
async def test_a_failure_of_a_later_request(wire: Wire, failure: Answer, kind: type[Exception]) -> None:
    """Every path that it leaves without an answer has its error; nothing more is sent, and nothing is lost."""
    first = answer({"responses": [{"path": path, "code": 200, "body": "{}"} for path in LONG[:50]]})
    wire.api = in_turn(first, failure)
    async with client(settings=Settings(rate_limit=None, retry=Retry(attempts=1))) as smartcar:
        batch = await car(smartcar).batch(LONG)
    assert list(batch.ok) == LONG[:50]
    assert list(batch.failed) == LONG[50:]
    assert {type(error) for error in batch.failed.values()} == {kind}
    with pytest.raises(kind):
        batch["/path/119"]


async def test_an_item_that_is_missing(wire: Wire) -> None:
    """It is an error where it is asked for, and nowhere else."""
    async with client() as smartcar:
        batch = await car(smartcar).batch(["/odometer", "/fuel"])
    assert list(batch) == ["/odometer", "/fuel", "/tesla/speedometer"]
    with pytest.raises(NotFound) as caught:
        batch["fuel"]
    assert caught.value.code == "DATA_NOT_FOUND"


async def test_it_only_reads(wire: Wire) -> None:
    """So it may be sent again; then it costs again."""
    wire.api = in_turn(answer({}, 503), Answer(200, json.dumps(DOCUMENT).encode(), MARKS))
    async with client() as smartcar:
        assert len(await car(smartcar).batch(["/odometer", "/tesla/speedometer"])) == 2
    assert len(wire.calls) == 2


async def test_each_path_counts(wire: Wire) -> None:
    """The client's own budget is charged for every path; what it holds back is told as such."""
    wire.api = all_well
    settings = Settings(rate_limit=RateLimit(capacity=60, per_minute=2), retry=Retry(attempts=1))
    async with client(settings=settings, clock=FakeClock()) as smartcar:
        batch = await car(smartcar).batch(LONG, deadline=30)
        assert (len(batch.ok), len(batch.failed)) == (50, 70)
        error = batch.failed["/path/50"]
        assert isinstance(error, RateLimited)
        assert error.status is None
    assert len(wire.calls) == 1


async def test_one_deadline_for_all(wire: Wire) -> None:
    """However many requests it takes, and with the waiting for the budget: the third would go after 70 seconds."""
    wire.api = all_well
    settings = Settings(rate_limit=RateLimit(capacity=50, per_minute=60))
    async with client(settings=settings, clock=FakeClock()) as smartcar:
        batch = await car(smartcar).batch(LONG, deadline=60)
        assert (list(batch.ok), {type(error) for error in batch.failed.values()}) == (LONG[:100], {RateLimited})
        assert len((await car(smartcar).batch(LONG, deadline=200)).ok) == 120


@pytest.mark.parametrize("name", ["closes", "resets", "closes in the body"])
async def test_the_transport_sends_it_once(name: str) -> None:
    """On real sockets, each attempt is one request."""
    async with raw_server(lambda _: BREAKS[name]) as server:
        settings = Settings(api_origin=server.url, rate_limit=None, retry=Retry(attempts=1))
        async with Client("id", "secret", settings=settings) as smartcar:
            with pytest.raises(ConnectionLost):
                await car(smartcar).batch(["/odometer"])
            server.player = lambda _: Play(http(json.dumps(DOCUMENT).encode()))
            assert (await car(smartcar).batch(["/odometer"]))["odometer"].distance == 18234.6
    assert [request.split()[1].decode() for request in server.requests] == [f"/v2.0/vehicles/{ID}/batch"] * 2
