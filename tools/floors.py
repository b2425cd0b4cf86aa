"""The floors of the house, from the ground up; CONTRIBUTING.md draws them.

A module imports only what stands above it in this table.
"""

from typing import Final

FLOORS: Final[dict[str, int]] = {
    "redaction": 0,
    "errors": 0,
    "times": 0,
    "vocabulary": 0,
    "body_words": 0,
    "bodies": 0,
    "display": 0,
    "keys": 0,
    "sent": 0,
    "records": 0,
    "signals": 0,
    "request": 1,
    "arguments": 1,
    "settings": 1,
    "inflate": 1,
    "structure": 1,
    "charging": 1,
    "charge_schedule": 1,
    "codec": 1,
    "refusal": 1,
    "operations": 2,
    "policy": 2,
    "throttle": 2,
    "reconcile": 2,
    "connect": 2,
    "webhook": 2,
    "log": 3,
    "clock": 3,
    "threads": 3,
    "store": 3,
    "event_store": 3,
    "sqlite_store": 3,
    "file_lock": 3,
    "file_store": 3,
    "connections": 3,
    "transport": 3,
    "auth": 4,
    "flight": 4,
    "admission": 4,
    "engine": 5,
    "pages": 6,
    "schedule": 6,
    "vehicle": 6,
    "client": 7,
    "v2": 7,
    "fleet": 8,
    "receiver": 8,
    "testing": 9,
    "cli": 10,
    "__main__": 10,
}

PURE: Final = frozenset(name for name, floor in FLOORS.items() if floor <= 2)
"""Floors 0 to 2: no async, no clock, no socket, and every branch is tested."""
