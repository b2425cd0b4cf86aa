"""`smartcar simulate`: the simulator on a port, and the environment that points a client at it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator

from ..testing import Simulator, SimulatorError
from . import loop
from .options import number, parser, whole

ORIGINS = (
    "SMARTCAR_VEHICLE_ORIGIN",
    "SMARTCAR_API_V3_ORIGIN",
    "SMARTCAR_VEHICLE_API_V3_ORIGIN",
    "SMARTCAR_VEHICLE_API_ORIGIN",
    "SMARTCAR_MANAGEMENT_ORIGIN",
    "SMARTCAR_MANAGEMENT_API_ORIGIN",
    "SMARTCAR_IAM_ORIGIN",
    "SMARTCAR_CONNECT_ORIGIN",
    "SMARTCAR_COMPATIBILITY_ORIGIN",
    "SMARTCAR_API_ORIGIN",
)
"""Our names and those of Smartcar's own SDKs, all for the one origin that is served."""


def run(arguments: list[str]) -> int:
    """Serve until Ctrl-C or SIGTERM, which are the way to end it: exit code 0."""
    commands = parser("simulate", "Serve simulated cars on 127.0.0.1 and print the environment to reach them by.")
    commands.add_argument("--port", type=whole, default=0, metavar="N", help="the port; 0 (default) is any free one")
    commands.add_argument(
        "--speed", type=number, default=1.0, metavar="X", help="how fast time passes; 60: an hour a minute (1)"
    )
    commands.add_argument(
        "--user-header",
        choices=("required", "optional"),
        default="required",
        help="whether a call about a vehicle must send sc-user-id; Smartcar's own SDKs need: optional",
    )
    options = commands.parse_args(arguments)
    try:
        simulator = Simulator(options.profile, seed=options.seed, speed=options.speed, port=options.port)
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


def environment(simulator: Simulator) -> dict[str, str]:
    """Every variable that our client and Smartcar's own SDKs read."""
    return {
        "SMARTCAR_CLIENT_ID": simulator.client_id,
        "SMARTCAR_CLIENT_SECRET": simulator.client_secret,
        **dict.fromkeys(ORIGINS, simulator.url),
        # Smartcar's SDK for Python posts to this very URL; ours takes the origin of it.
        "SMARTCAR_AUTH_ORIGIN": f"{simulator.url}/oauth/token",
    }


def _lines(simulator: Simulator) -> Iterator[str]:
    for name, value in environment(simulator).items():
        yield f"export {name}={shlex.quote(value)}"
    yield "# Paste this into the shell of your client, or source it from a file. Ctrl-C ends the simulator."
