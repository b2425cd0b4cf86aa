"""How long the event loop stands still while a client is opened and makes its first call."""

import asyncio
import sys
import time

from benchmarks.measure import child
from smartcar_async.testing import Simulator


def longest_stall(children: int) -> float:
    """Milliseconds, the median over fresh processes that talk to a simulator in this one."""
    with Simulator() as simulator:
        arguments = (simulator.url, simulator.client_id, simulator.client_secret)
        code = f"from benchmarks.stall import measure; measure(*{arguments!r})"
        found = sorted(float(child(code)) for _ in range(children))
    return found[len(found) // 2]


def measure(url: str, client_id: str, client_secret: str) -> None:
    """Run in a fresh process: print the longest gap of a heartbeat, in milliseconds."""
    sys.stdout.write(f"{asyncio.run(_beside_a_heartbeat(url, client_id, client_secret)):.1f}\n")


async def _beside_a_heartbeat(url: str, client_id: str, client_secret: str) -> float:
    gaps: list[float] = []

    async def beat() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(time.perf_counter() - before - 0.001)

    from smartcar_async import Settings, Smartcar

    settings = Settings(vehicle_origin=url, iam_origin=url)
    client = Smartcar(client_id, client_secret, settings=settings)
    heart = asyncio.create_task(beat())
    await asyncio.sleep(0.05)
    async with client:
        async for connection in client.connections():
            await client.vehicle(connection.vehicle_id, connection.user_id).signals()
    heart.cancel()
    return max(gaps) * 1000
