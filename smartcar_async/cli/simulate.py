"""`smartcar simulate`: the simulator on a port, and the environment that points a client at it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator

from ..testing import Simulator, SimulatorError
from . import loop
from .options import moment, number, parser, whole


def run(arguments: list[str]) -> int:
    """Serve until Ctrl-C or SIGTERM, which are the way to end it: exit code 0."""
    commands = parser("simulate", "Serve simulated cars on 127.0.0.1 and print the environment to reach them by.")
    commands.add_argument("--port", type=whole, default=0, metavar="N", help="the port; 0 (default) is any free one")
    commands.add_argument(
        "--speed", type=number, default=1.0, metavar="X", help="how fast time passes; 60: an hour a minute (1)"
    )
    commands.add_argument(
        "--now", type=moment, default="real", metavar="T", help="when the world begins, such as 2026-06-01 (real: now)"
    )
    commands.add_argument(
        "--user-header",
        choices=("required", "optional"),
        default="required",
        help="whether a call about a vehicle must send sc-user-id; Smartcar's own SDKs need: optional",
    )
    options = commands.parse_args(arguments)
    try:
        simulator = Simulator(
            options.profile, seed=options.seed, speed=options.speed, now=options.now, port=options.port
        )
        simulator.switches.user_header = options.user_header
        loop.run(_serve(simulator))
    except SimulatorError as error:
        commands.error(str(error))
    except KeyboardInterrupt:
        pass
    return 0


async def _serve(simulator: Simulator) -> None:
    async with simulator:
        print("\n".join(_lines(simulator)), flush=True)
        await asyncio.Event().wait()


def _lines(simulator: Simulator) -> Iterator[str]:
    for name, value in simulator.environment.items():
        yield f"export {name}={shlex.quote(value)}"
    yield "# Paste this into the shell of your client, or source it from a file. Ctrl-C ends the simulator."
