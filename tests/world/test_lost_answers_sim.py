"""Commands whose answers are slow, late or lost: what the client sees, and what the ledger knows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from smartcar_async.testing.faults import (
    PENDING,
    Delay,
    ErrorReply,
    Fault,
    Late,
    Reply,
    ResetBeforeHeaders,
    ResetBeforeReading,
    ResetInBody,
    ResetInHeaders,
    Truncate,
)
from smartcar_async.testing.simulator import Simulator
from tests.world.raw_client import RawClient


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """Parked cars, awake and without a cable, and a client that holds a token."""
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        for vehicle in sim.world.vehicles.values():
            vehicle.car.park()
        client = RawClient(sim, session)
        await client.fetch_token()
        yield client


def ledger_actions(api: RawClient) -> list[str]:
    """What the ledger of the Tesla says was done."""
    return [deed.action for deed in api.sim.world.ledger(api.car("Tesla")[0])]


async def test_a_command_takes_its_time(api: RawClient) -> None:
    """The car obeys at once; the answer says how long it took. One car may be slower than the others."""
    api.sim.command_seconds = 0.15
    begin = time.monotonic()
    asking = asyncio.create_task(api.command("Tesla", "security/unlock"))
    await asyncio.sleep(0.08)
    assert (ledger_actions(api), asking.done()) == (["unlock"], False)
    assert (await asking).json["data"]["attributes"]["executionMode"] == "sync"
    assert time.monotonic() - begin >= 0.15
    api.sim.world.find("Tesla").command_seconds = 0
    begin = time.monotonic()
    await api.command("Tesla", "security/unlock")
    assert time.monotonic() - begin < 0.1
    assert api.sim.command_seconds == 0.15
    assert (await api.command("BMW", "charge/start")).status == 403


async def test_a_long_command_answers_202_and_streams_its_end(api: RawClient) -> None:
    """No length, the same connection, the document at the end of it."""
    api.sim.command_seconds, api.sim.long_after = 0.2, 0.05
    assert api.sim.long_after == 0.05
    vehicle, user = api.car("Tesla")
    headers = {"Authorization": f"Bearer {api.token}", "sc-user-id": user}
    url = f"{api.sim.url}/v3/vehicles/{vehicle}/commands/security/unlock"
    begin = time.monotonic()
    async with api.session.post(url, headers=headers) as response:
        assert time.monotonic() - begin < 0.15
        assert (response.status, response.content_length) == (202, None)
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["SC-Request-Id"]
        document = await response.json()
    assert time.monotonic() - begin >= 0.2
    assert document["data"]["attributes"]["executionMode"] == "async"
    assert ledger_actions(api) == ["unlock"]
    for fault in (ResetInBody(), Truncate()):
        api.sim.faults.clear()
        api.sim.fault(fault)
        with pytest.raises(aiohttp.ClientError):
            await api.command("Tesla", "security/lock")
        assert api.sim.requests[-1].status == 202


async def test_a_client_that_goes_away_from_a_202(api: RawClient, caplog: pytest.LogCaptureFixture) -> None:
    """The car obeyed all the same, and the server takes it calmly."""
    api.sim.command_seconds, api.sim.long_after = 0.1, 0.01
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(api.command("Tesla", "security/unlock"), 0.05)
    await asyncio.sleep(0.1)
    assert ledger_actions(api) == ["unlock"]
    assert caplog.text == ""


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize(
    "fault",
    [ResetBeforeHeaders, ResetInHeaders, ResetInBody, Truncate, lambda acts: Delay(0.02, acts)],  # pyright: ignore
    ids=["before headers", "in headers", "in body", "truncated", "delayed"],
)
async def test_lost_answers_and_lost_requests(api: RawClient, fault: Any, acts: bool) -> None:
    """The client cannot tell them apart; the ledger can."""
    api.sim.fault(fault(acts=acts))
    if acts and isinstance(fault(acts=acts), Delay):
        assert (await api.command("Tesla", "security/unlock")).status == 200
    else:
        with pytest.raises(aiohttp.ClientError):
            await api.command("Tesla", "security/unlock")
    assert ledger_actions(api) == ["unlock"] * acts
    assert (api.sim.requests[-1].request_id is not None) is acts


async def test_a_reset_before_reading_never_acts(api: RawClient) -> None:
    """The request was lost on its way."""
    api.sim.fault(ResetBeforeReading())
    with pytest.raises(aiohttp.ClientError):
        await api.command("Tesla", "security/unlock")
    assert ledger_actions(api) == []


@pytest.mark.parametrize("acts", [True, False])
async def test_every_end_of_a_202(api: RawClient, acts: bool) -> None:
    """Whole, empty, cut, reset, pending, an error document of another status, and that document under a 200."""
    failure = ErrorReply(409, "VEHICLE_STATE", "DOOR_OPEN")
    pending = {"value": "PENDING"}

    async def unlock(fault: Fault) -> Any:
        api.sim.faults.clear()
        api.sim.fault(fault)
        reply = await api.command("Tesla", "security/unlock")
        assert reply.status == 202 if isinstance(fault, Late) else 200
        assert reply.body == b"" or reply.headers["SC-Request-Id"]
        return json.loads(reply.body) if reply.body else None

    whole = await unlock(Late(0.01, acts=acts))
    assert whole["data"]["attributes"]["status"] == ({"value": "SUCCESS"} if acts else pending)
    assert await unlock(Late(0.01, "empty", acts=acts)) is None
    assert (await unlock(Late(end="pending", acts=acts)))["data"]["attributes"]["status"] == pending
    assert (await unlock(Late(reply=failure, acts=acts)))["errors"][0]["status"] == "409"
    for end in ("cut", "reset"):
        with pytest.raises(aiohttp.ClientError):
            await unlock(Late(0.01, end, acts=acts))
    hidden = ErrorReply(409, "VEHICLE_STATE", "DOOR_OPEN", acts=acts, http_status=200)
    assert (await unlock(hidden))["errors"][0]["code"] == "DOOR_OPEN"
    assert await unlock(Reply(200, PENDING, acts=acts)) == PENDING
    assert ledger_actions(api) == ["unlock"] * 8 * acts


async def test_a_scripted_answer_carries_the_id_that_the_ledger_knows(api: RawClient) -> None:
    """A 502 after the deed can be matched with it."""
    api.sim.fault(ErrorReply(502, "UPSTREAM", "NO_RESPONSE", acts=True))
    reply = await api.command("Tesla", "security/unlock")
    assert reply.status == 502
    (deed,) = api.sim.world.ledger(api.car("Tesla")[0])
    assert deed.cause == reply.headers["SC-Request-Id"] == reply.error["meta"]["debug"]["requestId"]
