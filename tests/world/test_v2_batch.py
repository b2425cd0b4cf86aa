"""Batches: each part with a status of its own, in every shape on record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.world.raw_client import Reply
from tests.world.raw_client_v2 import ClientV2, failure, v2

GOOD = ["/odometer", "tires/pressure", "/", "/tesla/speedometer", "/service/history?start_date=2026-01-01", "/nothing"]


@pytest.fixture
async def api() -> AsyncIterator[ClientV2]:
    """A car of each make."""
    async with v2() as client:
        yield client


async def batch(api: ClientV2, make: str, *paths: str, **headers: str) -> Reply:
    """Ask for some paths at once."""
    body = {"requests": [{"path": path} for path in paths]}
    return await api.request(make, "/batch", "POST", body, **headers)


async def test_parts_are_what_single_calls_answer(api: ClientV2) -> None:
    """In order, under the path as it was written; those that failed have no headers."""
    reply = await batch(api, "Tesla", *GOOD, SC_Unit_System="imperial")
    parts = reply.json["responses"]
    assert set(reply.json) == {"responses"}
    assert [part["path"] for part in parts] == GOOD
    assert [part["code"] for part in parts] == [200, 200, 200, 200, 501, 404]
    for part, path in zip(parts[:4], ("/odometer", "/tires/pressure", "", "/tesla/speedometer"), strict=True):
        assert part["body"] == await api.read("Tesla", path, SC_Unit_System="imperial")
        assert set(part["headers"]) == {"sc-unit-system", "sc-data-age", "sc-fetched-at"}
        assert part["headers"]["sc-unit-system"] == "imperial"
    for part, code in zip(parts[4:], ("VEHICLE_NOT_CAPABLE", "PATH"), strict=True):
        assert "headers" not in part
        assert (part["body"]["code"], part["body"]["statusCode"]) == (code, part["code"])
        assert part["body"]["requestId"] == reply.headers["SC-Request-Id"]


async def test_odd_shapes(api: ClientV2) -> None:
    """Headers everywhere or nowhere, and a meta beside the parts."""
    switches = api.sim.switches.v2
    switches.batch_headers, switches.batch_meta = "all", True
    reply = await batch(api, "Tesla", "/odometer", "/nothing")
    assert all("headers" in part for part in reply.json["responses"])
    assert reply.json["meta"] == {"requestId": reply.headers["SC-Request-Id"]}
    switches.batch_headers = "none"
    reply = await batch(api, "Tesla", "/odometer", "/nothing")
    assert not any("headers" in part for part in reply.json["responses"])


async def test_every_part_counts(api: ClientV2) -> None:
    """Against the bucket and the month; the throttle of a vehicle sees one request."""
    api.sim.vehicle_interval, api.sim.rate_limit = timedelta(minutes=1), (3, 2)
    reply = await batch(api, "Tesla", "/odometer", "/vin", "/battery", "/charge")
    assert [part["code"] for part in reply.json["responses"]] == [200, 200, 200, 429]
    api.sim.vehicle_interval = api.sim.rate_limit = None
    api.sim.plan_limit = 1
    reply = await batch(api, "Tesla", "/odometer", "/vin")
    assert [part["code"] for part in reply.json["responses"]] == [200, 430]
    api.sim.plan_limit, api.sim.vehicle_interval = None, timedelta(minutes=1)
    assert failure(await batch(api, "Tesla", "/vin")) == (429, "RATE_LIMIT", "VEHICLE")


async def test_only_reads_of_vehicles_are_parts(api: ClientV2) -> None:
    """No batch within a batch, no list of all vehicles."""
    reply = await batch(api, "Tesla", "/batch", "/../..", "/application", "/permissions")
    assert [part["code"] for part in reply.json["responses"]] == [404, 404, 404, 200]


@pytest.mark.parametrize("body", [{}, {"requests": []}, {"requests": [{"path": 1}]}, {"requests": ["/vin"]}])
async def test_bad_batches(api: ClientV2, body: Any) -> None:
    """A batch that names no path is refused as a whole."""
    assert failure(await api.request("Tesla", "/batch", "POST", body)) == (400, "VALIDATION", "PARAMETER")
