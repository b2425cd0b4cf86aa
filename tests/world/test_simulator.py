"""The simulator as a tool: time, tokens, limits, the record of requests, starting and stopping."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from smartcar_async.testing.errors import SimulatorError
from smartcar_async.testing.recorder import KEPT, Recorder
from smartcar_async.testing.simulator import Simulator
from smartcar_async.testing.wire import Request
from tests.world.raw_client import RawClient


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """A simulator of everyday cars, and a client that holds a token."""
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        client = RawClient(sim, session)
        await client.fetch_token()
        yield client


async def test_tokens_expire_in_real_time() -> None:
    """After an hour, or after the lifetime that was set, or on demand; the world's clock has no part in it."""
    seconds = 0.0
    async with Simulator(clock=lambda: seconds) as sim, aiohttp.ClientSession() as session:
        api = RawClient(sim, session)
        await api.fetch_token()
        sim.world.advance(days=2)
        seconds = 3599
        assert (await api.get("/v3/connections")).status == 200
        seconds = 3600
        reply = await api.get("/v3/connections")
        assert (reply.status, reply.error["type"], reply.error["code"]) == (401, "AUTHENTICATION", "UNAUTHORIZED")
        sim.token_lifetime = 60
        assert sim.token_lifetime == 60
        await api.fetch_token()
        seconds += 59
        assert (await api.get("/v3/connections")).status == 200
        seconds += 1
        assert (await api.get("/v3/connections")).status == 401
        await api.fetch_token()
        sim.expire_tokens()
        assert (await api.get("/v3/connections")).status == 401


async def test_the_bucket_of_the_application(api: RawClient) -> None:
    """Empty after its capacity, refilled by the world's clock, never over the brim."""
    api.sim.rate_limit = (3, 2)
    assert api.sim.rate_limit == (3, 2)
    assert [(await api.get("/v3/connections")).status for _ in range(4)] == [200, 200, 200, 429]
    refused = await api.get("/v3/connections")
    assert (refused.error["type"], refused.error["code"]) == ("RATE_LIMIT", "SMARTCAR_API")
    assert refused.error["resolution"] == {"type": "RETRY_LATER"}
    assert "Retry-After" not in refused.headers
    api.sim.world.advance(seconds=30)
    assert [(await api.get("/v3/connections")).status for _ in range(2)] == [200, 429]
    api.sim.world.advance(minutes=30)
    assert [(await api.get("/v3/connections")).status for _ in range(4)] == [200, 200, 200, 429]
    assert await api.fetch_token()
    api.sim.rate_limit = None
    assert (await api.get("/v3/connections")).status == 200


async def test_the_throttle_of_a_vehicle(api: RawClient) -> None:
    """Too soon is 429 with the seconds left; another vehicle is not touched."""
    api.sim.vehicle_interval = timedelta(seconds=60)
    assert api.sim.vehicle_interval == timedelta(seconds=60)
    assert (await api.signals("Tesla")).status == 200
    api.sim.world.advance(seconds=20.5)
    refused = await api.signals("Tesla", "odometer-traveleddistance")
    assert (refused.status, refused.error["code"], refused.headers["Retry-After"]) == (429, "VEHICLE", "40")
    assert refused.error["suggestedUserMessage"] == "Please try again in a few minutes."
    assert (await api.signals("Volvo")).status == 200
    api.sim.world.advance(seconds=39.5)
    assert (await api.signals("Tesla")).status == 200


async def test_the_plan_of_a_vehicle(api: RawClient) -> None:
    """So many requests a month; then 430, until the next month begins."""
    api.sim.plan_limit = 2
    assert api.sim.plan_limit == 2
    assert [(await api.signals("Tesla")).status for _ in range(3)] == [200, 200, 430]
    refused = await api.signals("Tesla")
    assert (refused.error["type"], refused.error["code"]) == ("BILLING", "VEHICLE_REQUEST_LIMIT")
    assert (await api.get("/v3/connections")).status == 200
    api.sim.world.advance(days=31)
    assert (await api.signals("Tesla")).status == 200


async def test_requests_are_recorded(api: RawClient) -> None:
    """What was sent and how it was answered, without headers or bodies in the repr."""
    api.sim.requests.clear()
    await api.signals("Tesla")
    await api.get("/v3/connections", **{"filter[userId]": "a b"})
    await api.send("POST", "/oauth2/token", json={"grant_type": "x"})
    requests = api.sim.requests
    assert (len(requests), requests.total) == (3, 3)
    vehicle, user = api.car("Tesla")
    assert requests[0].path == f"/v3/vehicles/{vehicle}/signals"
    assert requests[0].headers["SC-USER-ID"] == user
    assert requests[1].query == {"filter[userId]": "a b"}
    assert requests[2].json() == {"grant_type": "x"}
    assert [request.status for request in requests] == [200, 200, 400]
    assert requests.matching("GET", "/v3/vehicles/*/signals") == [requests[0]]
    assert requests.matching(path="/v3/*") == [requests[0], requests[1]]
    assert api.token not in repr(requests[0])


def test_the_record_is_bounded() -> None:
    """A long run forgets its oldest requests and still knows how many there were."""
    recorder = Recorder()
    for number in range(KEPT + 10):
        recorder.add(Request("GET", f"/{number}"))
    assert (len(recorder), recorder.total, recorder[0].path) == (KEPT, KEPT + 10, "/10")


async def test_time_runs_when_a_speed_is_given() -> None:
    """The world catches up at each request, by a multiple of the clock."""
    seconds = 100.0
    async with Simulator(speed=60, clock=lambda: seconds) as sim, aiohttp.ClientSession() as session:
        api = RawClient(sim, session)
        start = sim.world.now
        await api.fetch_token()
        assert sim.world.now == start
        seconds += 5
        await api.get("/v3/connections")
        assert sim.world.now - start == timedelta(minutes=5)


async def test_one_seed_gives_the_same_bytes_twice() -> None:
    """Ids of requests, tokens and documents follow from the seed; only the port differs."""

    async def run() -> list[object]:
        async with Simulator(seed=5) as sim, aiohttp.ClientSession() as session:
            api = RawClient(sim, session)
            token = await api.fetch_token()
            reply = await api.signals("Volvo")
            text = reply.body.decode().replace(sim.url, "")
            return [sim.client_id, sim.client_secret, token, reply.headers["SC-Request-Id"], text]

    assert await run() == await run()


def test_mistakes_in_setting_up() -> None:
    """One line that names the remedy; a simulator that failed to start leaves no thread behind."""
    with Simulator() as sim:
        port = int(sim.url.rpartition(":")[2])
        with pytest.raises(SimulatorError, match=f"port {port} .*free it, or pass 0 for any"), Simulator(port=port):
            raise AssertionError
        with pytest.raises(SimulatorError, match="already running"):
            sim.__enter__()
        assert sim.url.endswith(str(port))
    with pytest.raises(SimulatorError, match="not running"):
        _ = sim.url
    with pytest.raises(SimulatorError, match="port 70000"), Simulator(port=70000):
        raise AssertionError
    with pytest.raises(SimulatorError, match="unknown profile"):
        Simulator("nowhere")
    with pytest.raises(SimulatorError, match="whole number"):
        Simulator(seed=1.5)  # type: ignore[arg-type]  # pyright: ignore
    for speed in (0, -1, float("nan"), float("inf")):
        with pytest.raises(SimulatorError, match="positive number"):
            Simulator(speed=speed)


async def test_stopping_what_never_started_is_harmless() -> None:
    """A cleanup need not ask first."""
    await Simulator("empty").stop()


def test_a_simulator_may_be_entered_again() -> None:
    """The world goes on where it stood."""
    sim = Simulator("volvo")
    with sim:
        sim.world.advance(hours=1)
        first = sim.world.now
    with sim:
        assert sim.world.now == first


def test_settings_and_client_point_here() -> None:
    """Every origin of the real client is the simulator, and its credentials are good."""
    with Simulator() as sim:
        settings = sim.settings
        assert settings.vehicle_origin == settings.iam_origin == settings.management_v2_origin == sim.url
        client = sim.client()
        assert client.client_id == sim.client_id


def test_routes_are_told() -> None:
    """The list that the catalogue of operations is compared with."""
    assert ("GET", "/v3/vehicles/{vehicle}/signals/{code}") in Simulator.routes
    assert ("POST", "/oauth2/token") in Simulator.routes
    assert len(set(Simulator.routes)) == len(Simulator.routes)
