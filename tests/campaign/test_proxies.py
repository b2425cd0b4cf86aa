"""Through a proxy that copies, delays and reorders answers, no car's record is given for another's, and no outcome.

SMARTCAR_PROXY_CALLS is the number of calls; SMARTCAR_SEED repeats a campaign.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random
from time import monotonic
from typing import Any

import aiohttp
import pytest
from attrs import define, evolve, field

from smartcar_async import CommandOutcomeUnknown, Retry, Settings, Smartcar, SmartcarError, signals
from smartcar_async.testing import Simulator, Vehicle
from smartcar_async.v2 import Client

from .proxy import TRICKS, Proxy

CALLS = int(os.environ.get("SMARTCAR_PROXY_CALLS", "600"))
CARS, ACTS = 12, 0.3
VIN, ODOMETER = signals.VehicleIdentification.VIN, signals.Odometer.TraveledDistance


@define
class Handles:
    """One car through both APIs."""

    vehicle: Vehicle
    connection_id: str
    smartcar: Smartcar
    v3: Any
    v2: Any

    @property
    def reads(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        """Every read, by name."""
        smartcar, v3, v2 = self.smartcar, self.v3, self.v2
        return {
            "signals": v3.signals,
            "signal VIN": lambda: v3.signal(VIN),
            "signal odometer": lambda: v3.signal(ODOMETER),
            "attributes": v3.attributes,
            "connection": lambda: smartcar.connection(self.connection_id),
            "connections": lambda: smartcar.connections(vehicle_id=self.vehicle.id).page(),
            "request": lambda: v3.request("GET", "/signals"),
            "v2 vin": v2.vin,
            "v2 odometer": v2.odometer,
            "v2 location": v2.location,
            "v2 attributes": v2.attributes,
            "v2 battery": v2.battery,
            "v2 batch": lambda: v2.batch(["/vin", "/odometer"]),
            "v2 signals": v2.get_signals,
        }

    @property
    def acts(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        """Some commands, by name. A locked car locks again; not every one of these can open its charge port."""
        v3, v2 = self.v3, self.v2
        return {
            "lock": v3.lock,
            "unlock": v3.unlock,
            "open_charge_port": v3.open_charge_port,
            "set_charge_limit": lambda: v3.set_charge_limit(80),
            "start_charge": v3.start_charge,
            "v2 lock": v2.lock,
            "v2 unlock": v2.unlock,
            "v2 stop_charge": v2.stop_charge,
            "v2 send_destination": lambda: v2.send_destination(57.7, 11.97),
        }


def plain(answer: Any) -> Any:
    """All that an answer told, without what is new each time."""
    match answer:
        case Exception():
            return type(answer).__name__
        case _ if hasattr(answer, "entries"):
            return answer.vehicle and answer.vehicle.id, [entry.raw for entry in answer.entries]
        case _ if hasattr(answer, "items") and hasattr(answer, "number"):
            return [item.raw for item in answer.items]
        case _ if hasattr(answer, "ok") and hasattr(answer, "failed"):
            return {path: answer.get(path).raw for path in answer}
        case _ if hasattr(answer, "data"):
            return answer.data
        case _ if hasattr(answer, "raw"):
            return answer.raw
        case _:
            return plain(answer.body)


@define
class Score:
    """What became of the calls."""

    calls: Counter[str] = field(factory=Counter[str])
    outcomes: Counter[str] = field(factory=Counter[str])
    lies: list[str] = field(factory=list[str])


async def attempt(use: Callable[[], Awaitable[Any]]) -> Any:
    """What a call ends in."""
    try:
        return await use()
    except SmartcarError as error:
        return error


async def drive(handles: Handles, truth: dict[str, Any], random: Random, count: int, score: Score) -> None:
    """One car's calls, one after the other, each compared with the truth or with what was done to the car."""
    for _ in range(count):
        acts = random.random() < ACTS
        name, use = random.choice(list((handles.acts if acts else handles.reads).items()))
        score.calls[name] += 1
        before = len(handles.vehicle.ledger)
        answer = await attempt(use)
        deeds = [deed.action for deed in handles.vehicle.ledger[before:]]
        told = type(answer).__name__ if isinstance(answer, SmartcarError) else "fine"
        score.outcomes[f"{'act' if acts else 'read'}: {told}"] += 1
        if acts:
            done = len(deeds) == 1
            if isinstance(answer, CommandOutcomeUnknown):
                good = len(deeds) < 2
            elif isinstance(answer, SmartcarError):
                good = not deeds and plain(answer) == truth.get(name, plain(answer))
            else:
                good = done
        else:
            good = plain(answer) == truth[name] or told == "ConnectionLost"
        if not good:
            score.lies.append(f"{name} of {handles.vehicle.id}: {answer!r}, and {deeds}")


def handles_of(sim: Simulator, smartcar: Smartcar, client: Client) -> list[Handles]:
    """Some cars, with their owners' tokens."""
    found: list[Handles] = []
    for connection in list(sim.world.connections.values())[:CARS]:
        vehicle, owner = connection.vehicle, connection.owner
        token = sim.v2_tokens(owner.id).access_token
        v3 = smartcar.vehicle(vehicle.id, owner.id)
        found.append(Handles(vehicle, connection.id, smartcar, v3, client.vehicle(vehicle.id, token)))
    return found


async def campaign(seed: str, calls: int, owned: bool) -> tuple[Score, Proxy]:
    """So many calls to some cars at once, over our own sessions or the caller's."""
    score, random = Score(), Random(seed)
    async with AsyncExitStack() as stack:
        sim = await stack.enter_async_context(Simulator(seed=3))
        sim.rate_limit = sim.vehicle_interval = None
        straight = evolve(sim.settings, rate_limit=None)
        proxy = Proxy(int(sim.url.rpartition(":")[2]), random)
        await proxy.open()
        stack.push_async_callback(proxy.close)
        crooked = through(straight, f"http://127.0.0.1:{proxy.port}")
        session = None if owned else await stack.enter_async_context(aiohttp.ClientSession())
        lanes: list[list[Handles]] = []
        for settings, used in ((straight, None), (crooked, session)):
            smartcar = Smartcar(sim.client_id, sim.client_secret, settings=settings, session=used)
            client = Client(sim.client_id, sim.client_secret, settings=settings, session=used)
            await stack.enter_async_context(smartcar)
            await stack.enter_async_context(client)
            lanes.append(handles_of(sim, smartcar, client))
        truths = [{name: plain(await attempt(use)) for name, use in one.reads.items()} for one in lanes[0]]
        async with asyncio.TaskGroup() as group:
            for number, (one, truth) in enumerate(zip(lanes[1], truths, strict=True)):
                group.create_task(drive(one, truth, Random(f"{seed}/{number}"), calls // len(truths) + 1, score))
    return score, proxy


def through(settings: Settings, origin: str) -> Settings:
    """The same, with every origin elsewhere, and short pauses."""
    changes: dict[str, Any] = dict.fromkeys((one for one in dir(settings) if one.endswith("_origin")), origin)
    return evolve(settings, retry=Retry(6, 0.001, 0.01), **changes)


@pytest.mark.timeout(120 + CALLS // 20)
@pytest.mark.parametrize("session", ["our own", "the caller's"])
async def test_no_answer_is_taken_for_another(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every read tells of its own car what is so, and every outcome is that of its own command."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    replay, started = f"SMARTCAR_SEED={seed} SMARTCAR_PROXY_CALLS={CALLS}", monotonic()
    score, proxy = await campaign(seed, CALLS // 2, session == "our own")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{session} session, {replay}: {score.calls.total()} calls, {proxy.requests} requests over "
            f"{proxy.connections} connections in {monotonic() - started:.0f} s\n{dict(proxy.happened)}\n"
            f"{dict(score.outcomes)}\n"
        )
    assert not score.lies, f"{replay}: {len(score.lies)}: " + "\n".join(score.lies[:10])
    assert set(proxy.happened) == set(TRICKS), replay
    reads = sum(count for told, count in score.outcomes.items() if told.startswith("read: "))
    assert score.outcomes["read: fine"] > 0.9 * reads, replay
    assert score.outcomes["act: fine"] > 0, replay
