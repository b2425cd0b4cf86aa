"""What a fork must not come into the middle of: the loading of modules, and the start of a bridge's thread.

A child has only the thread that forked. A module that another one was loading would never be ready there, and whoever
asked for it would wait for ever: so a fork waits for the moment that this takes.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Final

from smartcar_async.errors import ConnectionFailed
from smartcar_async.threads import ENDING, is_ending

from ._far_side import FarSide

_NO_LOOP: Final = "no event loop can be had, and nothing was sent: {}"
_LATER: Final = (
    "aiohttp",
    "anyio._backends._asyncio",
    "concurrent.futures.thread",
    "difflib",
    "email.utils",
    "encodings.idna",
    "encodings.utf_8_sig",
    "json",
    "multidict",
    "smartcar_async.reconcile",
    "yarl",
)
"""What would else be loaded within a call: by us, by asyncio for its threads, and by Python for a host's name."""

_lock = threading.RLock()


def no_fork() -> AbstractContextManager[object]:
    """Within this, no fork happens in this process. It holds the process back: only for moments."""
    return _lock


def begun() -> FarSide:
    """A far side whose loop runs, with all loaded that its calls will need."""
    with no_fork():
        from smartcar_async import codec

        codec.prepare()
        for name in _LATER:
            import_module(name)
        try:
            far = FarSide()
        except RuntimeError as error:
            raise ConnectionFailed(ENDING if is_ending(error) else _NO_LOOP.format(error)) from None
        trouble = far.trouble()
        if trouble is not None:
            raise ConnectionFailed(_NO_LOOP.format(trouble))
        return far


def _renew() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(before=lambda: _lock.acquire(), after_in_parent=lambda: _lock.release(), after_in_child=_renew)
