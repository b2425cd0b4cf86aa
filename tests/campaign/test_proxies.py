"""Through a proxy that copies, delays and reorders answers, no record or outcome of a car is returned for another's.

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

from .reordering_proxy import TRICKS, ReorderingProxy

CALLS = int(os.environ.get("SMARTCAR_PROXY_CALLS", "600"))
CARS, COMMAND_SHARE = 12, 0.3
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
    def commands(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        """Some commands, by name. A locked car locks again; not every car can open its charge port."""
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


def comparable(answer: Any) -> Any:
    """What an answer holds, without what differs each time."""
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
            return comparable(answer.body)


@define
class Results:
    """How the calls ended."""

    calls: Counter[str] = field(factory=Counter[str])
    outcomes: Counter[str] = field(factory=Counter[str])
    mismatches: list[str] = field(factory=list[str])


async def attempt(use: Callable[[], Awaitable[Any]]) -> Any:
    """What a call returns, or its error."""
    try:
        return await use()
    except SmartcarError as error:
        return error


async def call_vehicle(
    handles: Handles, expected: dict[str, Any], random: Random, count: int, results: Results
) -> None:
    """One car's calls, one after the other, each compared with what is expected or with what was done to the car."""
    for _ in range(count):
        is_command = random.random() < COMMAND_SHARE
        name, use = random.choice(list((handles.commands if is_command else handles.reads).items()))
        results.calls[name] += 1
        before = len(handles.vehicle.ledger)
        answer = await attempt(use)
        deeds = [deed.action for deed in handles.vehicle.ledger[before:]]
        ending = type(answer).__name__ if isinstance(answer, SmartcarError) else "success"
        results.outcomes[f"{'command' if is_command else 'read'}: {ending}"] += 1
        if is_command:
            if isinstance(answer, CommandOutcomeUnknown):
                correct = len(deeds) < 2
            elif isinstance(answer, SmartcarError):
                correct = not deeds and comparable(answer) == expected.get(name, comparable(answer))
            else:
                correct = len(deeds) == 1
        else:
            correct = comparable(answer) == expected[name] or ending == "ConnectionLost"
        if not correct:
            results.mismatches.append(f"{name} of {handles.vehicle.id}: {answer!r}, and {deeds}")


def handles_of(sim: Simulator, smartcar: Smartcar, client: Client) -> list[Handles]:
    """Some cars, with their owners' tokens."""
    handles: list[Handles] = []
    for connection in list(sim.world.connections.values())[:CARS]:
        vehicle, owner = connection.vehicle, connection.owner
        token = sim.v2_tokens(owner.id).access_token
        v3 = smartcar.vehicle(vehicle.id, owner.id)
        handles.append(Handles(vehicle, connection.id, smartcar, v3, client.vehicle(vehicle.id, token)))
    return handles


async def campaign(seed: str, calls: int, own_session: bool) -> tuple[Results, ReorderingProxy]:
    """So many calls to some cars at once, over our own sessions or the caller's."""
    results, random = Results(), Random(seed)
    async with AsyncExitStack() as stack:
        sim = await stack.enter_async_context(Simulator(seed=3))
        sim.rate_limit = sim.vehicle_interval = None
        direct = evolve(sim.settings, rate_limit=None)
        proxy = ReorderingProxy(int(sim.url.rpartition(":")[2]), random)
        await proxy.open()
        stack.push_async_callback(proxy.close)
        proxied = with_origin(direct, f"http://127.0.0.1:{proxy.port}")
        caller_session = None if own_session else await stack.enter_async_context(aiohttp.ClientSession())
        handles: list[list[Handles]] = []
        for settings, session in ((direct, None), (proxied, caller_session)):
            smartcar = Smartcar(sim.client_id, sim.client_secret, settings=settings, session=session)
            client = Client(sim.client_id, sim.client_secret, settings=settings, session=session)
            await stack.enter_async_context(smartcar)
            await stack.enter_async_context(client)
            handles.append(handles_of(sim, smartcar, client))
        expectations = [
            {name: comparable(await attempt(use)) for name, use in vehicle.reads.items()} for vehicle in handles[0]
        ]
        async with asyncio.TaskGroup() as group:
            for number, (vehicle, expected) in enumerate(zip(handles[1], expectations, strict=True)):
                group.create_task(
                    call_vehicle(vehicle, expected, Random(f"{seed}/{number}"), calls // len(expectations) + 1, results)
                )
    return results, proxy


def with_origin(settings: Settings, origin: str) -> Settings:
    """The same settings with another origin everywhere, and short pauses."""
    changes: dict[str, Any] = dict.fromkeys((name for name in dir(settings) if name.endswith("_origin")), origin)
    return evolve(settings, retry=Retry(6, 0.001, 0.01), **changes)


@pytest.mark.timeout(120 + CALLS // 20)
@pytest.mark.parametrize("session", ["our own", "the caller's"])
async def test_no_answer_is_taken_for_another(session: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every read returns what is true of its own car, and every outcome is that of its own command."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    replay, started = f"SMARTCAR_SEED={seed} SMARTCAR_PROXY_CALLS={CALLS}", monotonic()
    results, proxy = await campaign(seed, CALLS // 2, session == "our own")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{session} session, {replay}: {results.calls.total()} calls, {proxy.requests} requests over "
            f"{proxy.connections} connections in {monotonic() - started:.0f} s\n{dict(proxy.tricks)}\n"
            f"{dict(results.outcomes)}\n"
        )
    assert not results.mismatches, f"{replay}: {len(results.mismatches)}: " + "\n".join(results.mismatches[:10])
    assert set(proxy.tricks) == set(TRICKS), replay
    reads = sum(count for ending, count in results.outcomes.items() if ending.startswith("read: "))
    assert results.outcomes["read: success"] > 0.9 * reads, replay
    assert results.outcomes["command: success"] > 0, replay
