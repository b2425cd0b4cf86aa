"""The plain client in the place of the async one, so that one story is told to both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from attrs import evolve

import smartcar_async
import smartcar_sync
from smartcar_async.testing import Simulator
from tests.world.simulated_fleet import Fleet, SkippingClock

PAIRS: dict[type, type] = {
    smartcar_sync.Smartcar: smartcar_async.Smartcar,
    smartcar_sync.Vehicle: smartcar_async.Vehicle,
    smartcar_sync.Schedules: smartcar_async.Schedules,
    smartcar_sync.Pages: smartcar_async.Pages,
}


class Awaited:
    """A plain handle under the async handle's names: what is a coroutine there runs in a thread here."""

    def __init__(self, plain: object) -> None:
        self._plain = plain

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._plain, name)
        if not callable(member):
            return awaited(member)
        call: Callable[..., Any] = member
        if inspect.iscoroutinefunction(getattr(PAIRS[type(self._plain)], name)):
            return lambda *args, **kwargs: asyncio.to_thread(call, *args, **kwargs)  # pyright: ignore
        return lambda *args, **kwargs: awaited(call(*args, **kwargs))  # pyright: ignore

    async def __aiter__(self) -> AsyncIterator[Any]:
        plain: Any = self._plain
        for item in await asyncio.to_thread(list, plain):
            yield item


def awaited(value: Any) -> Any:
    """A handle under its async names; a record is itself."""
    return Awaited(value) if type(value) in PAIRS else value


@asynccontextmanager
async def sync_fleet(profile: str = "everyday", **settings: Any) -> AsyncGenerator[Fleet, None]:
    """As `tests.world.simulated_fleet.simulated_fleet`, with the plain client."""
    clock = SkippingClock()
    async with Simulator(profile, clock=clock.monotonic) as sim:
        clock.world = sim.world
        known = evolve(sim.settings, **settings)
        client = smartcar_sync.Smartcar(sim.client_id, sim.client_secret, settings=known, clock=clock)
        await asyncio.to_thread(client.connections(page_size=1).page)
        sim.requests.clear()
        yield Fleet(sim, clock, awaited(client))
        await asyncio.to_thread(client.close)
