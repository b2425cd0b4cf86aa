"""`smartcar demo`: a fleet of simulated cars, read with the real client as a user would read real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import repeat

from attrs import evolve

from ..client import Smartcar
from ..records import Connection, SignalSet
from ..testing import Simulator, SimulatorError, World
from . import loop
from .options import number, parser
from .status import HEADINGS, status

CONCURRENCY = 8
"""How many cars are read at the same time."""
PAUSE = 0.5
"""Real seconds between two looks at the fleet; a quarter of an hour passes for the cars."""
BEGIN = 15.5
"""The hour of the first Monday at which the demo begins: soon the cars drive home and are plugged in."""
NEXT = "Next, real cars: export SMARTCAR_CLIENT_ID and SMARTCAR_CLIENT_SECRET, and run the README's example."


def run(arguments: list[str]) -> int:
    """Show a fleet, follow it for some seconds, and say what to do next."""
    commands = parser("demo", "Start simulated cars in this process, read them all, and follow them for some seconds.")
    commands.add_argument(
        "--seconds", type=number, default=5.0, metavar="S", help="how long to follow the cars (5); 2 s are their hour"
    )
    options = commands.parse_args(arguments)
    try:
        loop.run(_show(Simulator(options.profile, seed=options.seed), options.seconds))
    except SimulatorError as error:
        commands.error(str(error))
    return 0


async def _show(simulator: Simulator, seconds: float) -> None:
    simulator.world.advance(hours=BEGIN)
    async with simulator:
        # A new application at Smartcar has 120 requests and gains 2 a minute; here nobody counts.
        settings = evolve(simulator.settings, rate_limit=None)
        async with Smartcar(simulator.client_id, simulator.client_secret, settings=settings) as smartcar:
            connections = [connection async for connection in smartcar.connections()]
            say(f"{len(connections)} cars are connected. In their world it is {_time(simulator.world)}.\n")
            if connections:
                await _follow(smartcar, connections, simulator.world, looks=round(seconds / PAUSE))
    say(f"\n{NEXT}")


async def _follow(smartcar: Smartcar, connections: Sequence[Connection], world: World, looks: int) -> None:
    """Show all cars once, then what each of them begins and ends."""
    readings = await read(smartcar, connections)
    fleet = list(map(status, connections, readings, repeat(world.now)))
    say(*table([HEADINGS, *(car.cells for car in fleet)], words=2), "")
    width = max(len(car.name) for car in fleet)
    for _ in range(looks):
        await asyncio.sleep(PAUSE)
        world.advance(minutes=15)
        readings = await read(smartcar, connections)
        latest = list(map(status, connections, readings, repeat(world.now), fleet))
        for before, car in zip(fleet, latest, strict=True):
            if change := car.change(before):
                say(f"{_time(world)}  {car.name:{width}}  {change:27} {car.charge:>9}  {car.range:>7}")
        fleet = latest


async def read(smartcar: Smartcar, connections: Iterable[Connection]) -> list[SignalSet]:
    """Every signal of every car, some cars at once."""
    slots = asyncio.Semaphore(CONCURRENCY)

    async def read_one(connection: Connection) -> SignalSet:
        async with slots:
            return await smartcar.vehicle(connection.vehicle_id, user_id=connection.user_id).signals()

    return await asyncio.gather(*map(read_one, connections))


def table(rows: Sequence[Sequence[str]], words: int) -> list[str]:
    """Rows as lines of aligned columns; the first few hold words, and numbers stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    formats = [f"{'<' if number < words else '>'}{width}" for number, width in enumerate(widths)]
    return ["  ".join(map(format, row, formats)) for row in rows]


def say(*lines: str) -> None:
    """Print at once, so that a pipe shows it too."""
    print(*lines, sep="\n", flush=True)


def _time(world: World) -> str:
    return f"{world.now:%a %H:%M}"
