"""A Smartcar service for tests: cars that drive and charge, a server that speaks the wire, and faults on demand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .car import Car
    from .cars import PROFILES
    from .charging import ChargeTimer
    from .errors import SimulatorError
    from .faults import (
        PENDING,
        Delay,
        Drip,
        ErrorReply,
        Fault,
        Late,
        MalformedJson,
        Reply,
        ResetBeforeHeaders,
        ResetBeforeReading,
        ResetInBody,
        ResetInHeaders,
        Script,
        Truncate,
        WrongContentType,
    )
    from .ledger import Deed
    from .simulator import Simulator
    from .switches import Switches
    from .webhooks import Subscription, Webhook
    from .wire import Request
    from .world import PERMISSIONS, Connection, Owner, Vehicle, World

__all__ = [
    "PENDING",
    "PERMISSIONS",
    "PROFILES",
    "Car",
    "ChargeTimer",
    "Connection",
    "Deed",
    "Delay",
    "Drip",
    "ErrorReply",
    "Fault",
    "Late",
    "MalformedJson",
    "Owner",
    "Reply",
    "Request",
    "ResetBeforeHeaders",
    "ResetBeforeReading",
    "ResetInBody",
    "ResetInHeaders",
    "Script",
    "Simulator",
    "SimulatorError",
    "Subscription",
    "Switches",
    "Truncate",
    "Vehicle",
    "Webhook",
    "World",
    "WrongContentType",
]

_HOMES = {
    "car": ("Car",),
    "cars": ("PROFILES",),
    "charging": ("ChargeTimer",),
    "errors": ("SimulatorError",),
    "faults": (
        "PENDING", "Delay", "Drip", "ErrorReply", "Fault", "Late", "MalformedJson", "Reply", "ResetBeforeHeaders",
        "ResetBeforeReading", "ResetInBody", "ResetInHeaders", "Script", "Truncate", "WrongContentType",
    ),
    "ledger": ("Deed",),
    "simulator": ("Simulator",),
    "switches": ("Switches",),
    "webhooks": ("Subscription", "Webhook"),
    "wire": ("Request",),
    "world": ("PERMISSIONS", "Connection", "Owner", "Vehicle", "World"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a name that is not among them

    def __getattr__(name: str) -> object:
        """Import a name when it is first asked for, so that importing this package costs nothing."""
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return __all__
