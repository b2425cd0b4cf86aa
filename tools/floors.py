"""The floors of the package, from the lowest up; CONTRIBUTING.md draws them.

A module imports only what stands above it in this table. A package stands on one floor as a whole, unless its modules
are named one by one; its `__init__` then has no floor, and imports nothing.
"""

from typing import Final

FLOORS: Final[dict[str, int]] = {
    "_version": 0,
    "_names": 0,
    "_lazy": 0,
    "redaction": 0,
    "errors": 0,
    "times": 0,
    "vocabulary": 0,
    "body_enums": 0,
    "wire": 0,
    "bodies": 0,
    "notebook": 0,
    "keys": 0,
    "lazy_raw": 0,
    "records": 0,
    "signals": 0,
    "request": 1,
    "arguments": 1,
    "settings": 1,
    "schedules.arguments": 1,
    "schedules.record": 1,
    "codec": 1,
    "operations": 2,
    "engine.inflate": 2,
    "engine.refusal": 2,
    "engine.policy": 2,
    "engine.throttle": 2,
    "reconcile": 2,
    "connect": 2,
    "webhook": 2,
    "log": 3,
    "clock": 3,
    "threads": 3,
    "file_lock": 3,
    "engine.connections": 3,
    "engine.transport": 3,
    "engine.auth": 4,
    "engine.flight": 4,
    "engine.admission": 4,
    "engine.pipeline": 5,
    "pages": 6,
    "schedules.handle": 6,
    "vehicle": 6,
    "client": 7,
    "v2": 7,
    "receiver": 8,
    "testing": 9,
    "cli": 10,
    "__main__": 10,
}

PURE: Final = frozenset(name for name, floor in FLOORS.items() if floor <= 2)
"""Floors 0 to 2: no async, no clock, no socket, and every branch is tested."""


def entry_of(module: str) -> str:
    """The entry of the table that a module belongs to, by its dotted name in the package; empty if it has no floor."""
    while module and module not in FLOORS:
        module = module.rpartition(".")[0]
    return module
