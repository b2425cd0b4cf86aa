"""A Smartcar service for tests: cars that drive and charge, a server that speaks the wire, and faults on demand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .captured import Captured, replay, sign_again
    from .car import Car
    from .cars import PROFILES
    from .charging import ChargeTimer
    from .clock import SimulatedClock
    from .disturbances import (
        AnswerLost,
        BadSignature,
        Disturbance,
        Duplicate,
        InMode,
        Interference,
        Overtaken,
        Postpone,
        SignedWith,
    )
    from .errors import SimulatorError
    from .events import signed_headers
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
    from .sending import Delivery, Sending
    from .simulator import Simulator
    from .switches import Switches
    from .troubles import UNREACHABLE, Trouble
    from .v2.switches import V2Switches
    from .v2.tokens import TokenChain, TokenPair, UserTokens
    from .webhooks import Subscription, Webhook
    from .wire import Request
    from .world import PERMISSIONS, Connection, Owner, Vehicle, World

__all__ = [
    "PENDING",
    "PERMISSIONS",
    "PROFILES",
    "UNREACHABLE",
    "AnswerLost",
    "BadSignature",
    "Captured",
    "Car",
    "ChargeTimer",
    "Connection",
    "Deed",
    "Delay",
    "Delivery",
    "Disturbance",
    "Drip",
    "Duplicate",
    "ErrorReply",
    "Fault",
    "InMode",
    "Interference",
    "Late",
    "MalformedJson",
    "Overtaken",
    "Owner",
    "Postpone",
    "Reply",
    "Request",
    "ResetBeforeHeaders",
    "ResetBeforeReading",
    "ResetInBody",
    "ResetInHeaders",
    "Script",
    "Sending",
    "SignedWith",
    "SimulatedClock",
    "Simulator",
    "SimulatorError",
    "Subscription",
    "Switches",
    "TokenChain",
    "TokenPair",
    "Trouble",
    "Truncate",
    "UserTokens",
    "V2Switches",
    "Vehicle",
    "Webhook",
    "World",
    "WrongContentType",
    "replay",
    "sign_again",
    "signed_headers",
]

_HOMES = {
    "captured": ("Captured", "replay", "sign_again"),
    "car": ("Car",),
    "cars": ("PROFILES",),
    "charging": ("ChargeTimer",),
    "clock": ("SimulatedClock",),
    "disturbances": (
        "AnswerLost", "BadSignature", "Disturbance", "Duplicate", "InMode", "Interference", "Overtaken", "Postpone",
        "SignedWith",
    ),
    "errors": ("SimulatorError",),
    "events": ("signed_headers",),
    "faults": (
        "PENDING", "Delay", "Drip", "ErrorReply", "Fault", "Late", "MalformedJson", "Reply", "ResetBeforeHeaders",
        "ResetBeforeReading", "ResetInBody", "ResetInHeaders", "Script", "Truncate", "WrongContentType",
    ),
    "ledger": ("Deed",),
    "sending": ("Delivery", "Sending"),
    "simulator": ("Simulator",),
    "switches": ("Switches",),
    "troubles": ("UNREACHABLE", "Trouble"),
    "v2.switches": ("V2Switches",),
    "v2.tokens": ("TokenChain", "TokenPair", "UserTokens"),
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
