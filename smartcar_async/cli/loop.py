"""How a command runs its coroutine, and how signals end it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine


def run(command: Coroutine[None, None, None]) -> None:
    """Run to the end; Ctrl-C and SIGTERM raise KeyboardInterrupt, after everything that was opened is closed.

    Ctrl-C works in a job too that a shell put into the background, deaf to it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    asyncio.run(command)
