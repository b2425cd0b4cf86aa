"""The real client in front of a simulator: what the stories of this folder stand on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, evolve, field

from smartcar_async import Smartcar, SystemClock, Vehicle
from smartcar_async.testing import Simulator, World


@define
class SkippingClock(SystemClock):
    """Time that stands still and is skipped: by a test, and by every pause of the client. The world moves with it."""

    world: World | None = None
    skipped: float = 0.0
    pauses: list[float] = field(factory=list[float])

    def monotonic(self) -> float:
        """The seconds that were skipped."""
        return self.skipped

    def skip(self, seconds: float) -> None:
        """Let time pass for the client, its tokens and the world."""
        self.skipped += seconds
        if self.world is not None:
            self.world.advance(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Skip the pause."""
        self.pauses.append(seconds)
        self.skip(seconds)
        await asyncio.sleep(0)


@define
class Fleet:
    """A simulator, a clock that both sides go by, and the real client."""

    sim: Simulator
    clock: SkippingClock
    client: Smartcar

    def vehicle(self, make: str, model: str = "") -> Vehicle:
        """A handle on a car of the simulated world."""
        simulated = self.sim.world.find(make, model)
        return self.client.vehicle(simulated.id, user_id=simulated.owner_id)

    def sent(self, method: str = "*", path: str = "*") -> int:
        """How many requests reached the simulator, those for a token left out unless `path` names them."""
        requests = self.sim.requests.matching(method, path)
        return sum(path != "*" or request.path != "/oauth2/token" for request in requests)


@asynccontextmanager
async def simulated_fleet(profile: str = "everyday", **settings: Any) -> AsyncGenerator[Fleet, None]:
    """A client that holds a token, and a simulator that remembers nothing of that."""
    clock = SkippingClock()
    async with Simulator(profile, clock=clock.monotonic) as sim:
        clock.world = sim.world
        client_settings = evolve(sim.settings, **settings)
        async with Smartcar(sim.client_id, sim.client_secret, settings=client_settings, clock=clock) as client:
            await client.connections(page_size=1).page()
            sim.requests.clear()
            yield Fleet(sim, clock, client)
