"""Run in a process of its own: use the client, and print the longest time for which the event loop stood still."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress

INTERVAL = 0.001


class StallMonitor:
    """Wakes up every millisecond, and remembers the longest gap of each phase."""

    def __init__(self) -> None:
        self.phase, self.gaps = "start", dict[str, float]()

    async def enter(self, phase: str) -> None:
        """Begin a phase, after a wake-up that ends the one before."""
        await asyncio.sleep(5 * INTERVAL)
        self.phase = phase

    async def watch(self) -> None:
        """Wake up again and again, until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(INTERVAL)
            now = time.perf_counter()
            self.gaps[self.phase] = max(self.gaps.get(self.phase, 0.0), now - last - INTERVAL)
            last = now


async def main(origin: str, ca_file: str, entering: bool) -> None:
    """A whole life of a client: enter or not, token, signals, errors, close."""
    from smartcar_async import ApiError, DecodeError, Retry, Settings, Smartcar, Tls, signals

    monitor = StallMonitor()
    watching = asyncio.create_task(monitor.watch())
    settings = Settings(
        vehicle_origin=origin, iam_origin=origin, tls=Tls(ca_file=ca_file), rate_limit=None, retry=Retry(attempts=1)
    )
    await monitor.enter("enter")
    smartcar = Smartcar("id", "secret", settings=settings)
    if entering:
        await smartcar.__aenter__()
    await monitor.enter("first call")
    vehicle = smartcar.vehicle("v", "user")
    assert len((await vehicle.signals()).entries) == 100
    await monitor.enter("signals")
    for _ in range(20):
        await vehicle.signals()
    await monitor.enter("errors")
    for path in ("v3", "v1", "html", "garbage"):
        with suppress(ApiError):
            await smartcar.request("GET", f"/{path}")
    with suppress(DecodeError):
        await vehicle.signal(signals.Odometer.TraveledDistance)
    await monitor.enter("connections")
    assert len([connection async for connection in smartcar.connections()]) == 100
    await monitor.enter("close")
    await smartcar.aclose()
    await monitor.enter("end")
    watching.cancel()
    sys.stdout.write(json.dumps(monitor.gaps))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], entering=sys.argv[3] == "enter"))
