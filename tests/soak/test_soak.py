"""Five hundred clients against `smartcar simulate` in another process: no error, and memory that stays where it was."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from time import monotonic

import pytest

from smartcar_async import Settings, Smartcar, signals
from tests.world.cli_process import SMARTCAR, exports, running

CLIENTS = 500
"""Clients, and not tasks on a few of them: each has a session, a connection, a token and a throttle of its own."""
WARM_UP, SOAK = 15.0, 30.0
"""Seconds until all is allocated that will be, the simulator's record of 5,000 requests included; then the seconds that
count."""
GROWTH = 1.05
"""What either process may occupy at the end, over what it did after the warm-up."""


async def resident(*processes: int) -> list[int]:
    """The kilobytes of memory that each process occupies."""
    commands = (["ps", "-o", "rss=", "-p", str(process)] for process in processes)
    outputs = [
        await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True) for command in commands
    ]
    return [int(output.stdout) for output in outputs]


async def read_cars(client: Smartcar, end: asyncio.Event) -> int:
    """List, read all, read one, again and again; the number of cars that were read. Errors are raised."""
    read = 0
    while True:
        async for connection in client.connections(page_size=5):
            if end.is_set():
                return read
            vehicle = client.vehicle(connection.vehicle_id, user_id=connection.user_id)
            readings = await vehicle.signals()
            odometer = readings.get(signals.Odometer.TraveledDistance)
            if odometer is not None:
                assert (await vehicle.signal(signals.Odometer.TraveledDistance)).value >= odometer.value
            assert not any(signal.error and signal.error.type == "MALFORMED" for signal in readings.failed)
            read += 1


async def soak(settings: Settings, server: int) -> tuple[list[int], list[int], int]:
    """Kilobytes of both processes when warm and in the end, and the number of cars that were read."""
    clients = [
        Smartcar(settings.client_id or "", settings.client_secret or "", settings=settings) for _ in range(CLIENTS)
    ]
    end = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read_cars(client, end)) for client in clients]
            await asyncio.sleep(WARM_UP)
            warm = await resident(os.getpid(), server)
            await asyncio.sleep(SOAK)
            last = await resident(os.getpid(), server)
            end.set()
    finally:
        await asyncio.gather(*(client.aclose() for client in clients))
    return warm, last, sum(task.result() for task in tasks)


def test_five_hundred_clients(capsys: pytest.CaptureFixture[str]) -> None:
    """Not one error, since none was scripted; neither side grows by more than a twentieth."""
    with running(*SMARTCAR, "simulate", "--speed", "600") as process:
        started = monotonic()
        settings = Settings.from_env(exports(process), rate_limit=None)
        warm, last, read = asyncio.run(soak(settings, process.pid))
        seconds = monotonic() - started
        assert process.poll() is None
    figures = (
        f"{read} cars read in {seconds:.0f} s; client {warm[0]} to {last[0]} kB, simulator {warm[1]} to {last[1]} kB"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    assert read > 10 * CLIENTS, figures
    assert all(after <= GROWTH * before for before, after in zip(warm, last, strict=True)), figures
