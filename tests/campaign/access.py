"""How a call of the campaign gets to the simulator: its client, its proxy, and the clock of both sides."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from random import Random
from types import CoroutineType
from typing import Any

from attrs import define, evolve

from smartcar_async import (
    AuthenticationError,
    CommandOutcomeUnknown,
    RateLimit,
    RequestEvent,
    Retry,
    Smartcar,
    SystemClock,
)
from smartcar_async.log import Event
from smartcar_async.testing import Simulator, World

from .lossy_proxy import LossyProxy
from .scenarios import Access, Moment

FASTER = 500
"""How much faster than ours time passes for the clients' tokens, budgets and pauses."""
AMPLE_DEADLINE = 10 * FASTER
"""A deadline that no call meets by chance, on a busy machine either."""
MAX_CLOCK_OFFSET = 50
"""Seconds by which a client's clock is before or behind that of the cars, at the most."""


def fast_time() -> float:
    """The seconds of a fast clock."""
    return time.monotonic() * FASTER


@define
class FastClock(SystemClock):
    """A clock whose seconds are short, and whose date is that of the world, with an offset."""

    world: World
    offset: timedelta = timedelta()

    def monotonic(self) -> float:
        """Seconds that pass fast."""
        return fast_time()

    def now(self) -> datetime:
        """The date in the world, as this client has it."""
        return self.world.now + self.offset

    async def sleep(self, seconds: float) -> None:
        """Let seconds pass, fast."""
        await asyncio.sleep(seconds / FASTER)


@define(eq=False)
class ClientRoute:
    """A client, the proxy that its calls about vehicles go through, and what it reported of them."""

    client: Smartcar
    proxy: LossyProxy
    unknown_outcomes: list[CommandOutcomeUnknown]
    request_ends: Counter[str]


@asynccontextmanager
async def client_route(
    sim: Simulator, random: Random, access: Access, vehicle: tuple[str, str]
) -> AsyncGenerator[ClientRoute, None]:
    """A client of its own with the access that a scenario names. `vehicle` is what it is about to command."""
    proxy = LossyProxy(int(sim.url.rpartition(":")[2]))
    proxy.resets_at_once = access == "resets"
    settings = evolve(sim.settings, **_settings(access, proxy.port, random))
    unknown_outcomes, request_ends = list[CommandOutcomeUnknown](), Counter[str]()

    def count_request(event: Event) -> None:
        if isinstance(event, RequestEvent):
            request_ends[str(event.status or event.problem)] += 1

    offset = timedelta(seconds=random.uniform(-MAX_CLOCK_OFFSET, MAX_CLOCK_OFFSET))
    client = Smartcar(
        sim.client_id,
        sim.client_secret,
        settings=settings,
        on_event=count_request,
        on_outcome_unknown=unknown_outcomes.append,
        clock=FastClock(sim.world, offset),
    )
    if access not in ("closed", "opens late"):
        await proxy.open()
    async with client, asyncio.TaskGroup() as background:
        # Another car may have all tokens refused just now. A place in the budget is spent all the same.
        with suppress(AuthenticationError):
            if access == "opens late":
                await client.webhooks(page_size=1).page()  # for its token: the proxy must still be closed at the call
            elif access == "spent budget":
                await client.vehicle(*vehicle).attributes()
        if access == "opens late":
            background.create_task(_open(proxy, random.uniform(0.002, 0.01)))
        yield ClientRoute(client, proxy, unknown_outcomes, request_ends)
    await proxy.close()


async def _open(proxy: LossyProxy, after: float) -> None:
    await asyncio.sleep(after)
    await proxy.open()


def _settings(access: Access, port: int, random: Random) -> dict[str, Any]:
    scheme = "https" if access == "no handshake" else "http"
    budget = RateLimit(4, 60) if access == "shared" and random.random() < 0.5 else None
    return {
        "vehicle_origin": f"{scheme}://127.0.0.1:{port}",
        "deadline": AMPLE_DEADLINE,
        "command_deadline": AMPLE_DEADLINE,
        "rate_limit": RateLimit(1, 1) if access == "spent budget" else budget,
        "connect_timeout": 0.05 if access == "no handshake" else 10,
        "retry": Retry(first_pause=5) if access == "opens late" else Retry(),
    }


MOMENTS: tuple[tuple[Moment, frozenset[str]], ...] = (
    ("token", frozenset({"join"})),
    ("queue", frozenset({"admit"})),
    ("opening", frozenset({"open"})),
    ("waiting", frozenset({"send", "start"})),
    ("reading", frozenset({"send", "_read_whole"})),
    ("connecting", frozenset({"send", "connect"})),
    ("pause", frozenset({"_exchange", "sleep"})),
)
"""The functions that a call is in, by what it is doing."""


def moment_of(task: asyncio.Future[Any]) -> Moment:
    """What a call is doing, read from the coroutines that it waits in."""
    names = set[str]()
    waiting: object = task.get_coro() if isinstance(task, asyncio.Task) else None
    while isinstance(waiting, CoroutineType):
        names.add(waiting.cr_code.co_name)
        waiting = waiting.cr_await
    for moment, functions in MOMENTS:
        if functions <= names:
            return moment
    return "elsewhere"
