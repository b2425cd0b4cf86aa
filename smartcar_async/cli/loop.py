"""How a command runs its coroutine, and how signals end it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine


def run(command: Coroutine[None, None, None]) -> None:
    """Run to the end; Ctrl-C and SIGTERM raise KeyboardInterrupt, after everything that was opened is closed."""
    try:
        asyncio.run(_until_a_signal(command))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _until_a_signal(command: Coroutine[None, None, None]) -> None:
    """Listen through the loop: a handler of Python's own may sleep on when a signal comes just before the loop waits.

    Ctrl-C then works too in a job that a shell put into the background, deaf to it.
    """
    if sys.platform == "win32":  # where asyncio.run itself sees to Ctrl-C, and there is no SIGTERM
        return await command
    running = asyncio.ensure_future(command)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    return await running
