"""A Smartcar service for tests: cars that drive and charge, a server that speaks the wire, and faults on demand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .captured import Captured, Sent, replay, sign_again
    from .car import Car
    from .cars import PROFILES, CarModel, Mode
    from .charging import ChargeRecord, ChargeTimer
    from .clock import SimulatedClock
    from .disturbances import (
        AnswerLost,
        BadSignature,
        Disturbance,
        Disturbances,
        Duplicate,
        InMode,
        Interference,
        OfAttempt,
        OfEvent,
        Overtaken,
        Postpone,
        SignedWith,
    )
    from .errors import SimulatorError
    from .events import Document, Shape, signed_headers
    from .extras import Extras
    from .faults import (
        PENDING,
        Delay,
        Drip,
        ErrorReply,
        ErrorWriter,
        Fault,
        Faults,
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
    from .recorder import Kept, Recorder
    from .routine import Errand, Place, Routine, Trip
    from .sending import Delivery, Sending
    from .service import Host
    from .simulator import Simulator
    from .switches import Switches
    from .troubles import UNREACHABLE, Trouble
    from .v2.switches import Resolution, V2Switches
    from .v2.tokens import Grant, TokenChain, TokenPair, UserTokens
    from .webhooks import Coded, Subscription, Webhook
    from .wire import Answer, Request
    from .world import PERMISSIONS, Connection, Owner, Vehicle, Watcher, World

__all__ = [
    "PENDING",
    "PERMISSIONS",
    "PROFILES",
    "UNREACHABLE",
    "Answer",
    "AnswerLost",
    "BadSignature",
    "Captured",
    "Car",
    "CarModel",
    "ChargeRecord",
    "ChargeTimer",
    "Coded",
    "Connection",
    "Deed",
    "Delay",
    "Delivery",
    "Disturbance",
    "Disturbances",
    "Document",
    "Drip",
    "Duplicate",
    "Errand",
    "ErrorReply",
    "ErrorWriter",
    "Extras",
    "Fault",
    "Faults",
    "Grant",
    "Host",
    "InMode",
    "Interference",
    "Kept",
    "Late",
    "MalformedJson",
    "Mode",
    "OfAttempt",
    "OfEvent",
    "Overtaken",
    "Owner",
    "Place",
    "Postpone",
    "Recorder",
    "Reply",
    "Request",
    "ResetBeforeHeaders",
    "ResetBeforeReading",
    "ResetInBody",
    "ResetInHeaders",
    "Resolution",
    "Routine",
    "Script",
    "Sending",
    "Sent",
    "Shape",
    "SignedWith",
    "SimulatedClock",
    "Simulator",
    "SimulatorError",
    "Subscription",
    "Switches",
    "TokenChain",
    "TokenPair",
    "Trip",
    "Trouble",
    "Truncate",
    "UserTokens",
    "V2Switches",
    "Vehicle",
    "Watcher",
    "Webhook",
    "World",
    "WrongContentType",
    "replay",
    "sign_again",
    "signed_headers",
]

_HOMES = {
    "captured": ("Captured", "Sent", "replay", "sign_again"),
    "car": ("Car",),
    "cars": ("PROFILES", "CarModel", "Mode"),
    "charging": ("ChargeRecord", "ChargeTimer"),
    "clock": ("SimulatedClock",),
    "disturbances": (
        "AnswerLost", "BadSignature", "Disturbance", "Disturbances", "Duplicate", "InMode", "Interference", "OfAttempt",
        "OfEvent", "Overtaken", "Postpone", "SignedWith",
    ),
    "errors": ("SimulatorError",),
    "events": ("Document", "Shape", "signed_headers"),
    "extras": ("Extras",),
    "faults": (
        "PENDING", "Delay", "Drip", "ErrorReply", "ErrorWriter", "Fault", "Faults", "Late", "MalformedJson", "Reply",
        "ResetBeforeHeaders", "ResetBeforeReading", "ResetInBody", "ResetInHeaders", "Script", "Truncate",
        "WrongContentType",
    ),
    "ledger": ("Deed",),
    "recorder": ("Kept", "Recorder"),
    "routine": ("Errand", "Place", "Routine", "Trip"),
    "sending": ("Delivery", "Sending"),
    "service": ("Host",),
    "simulator": ("Simulator",),
    "switches": ("Switches",),
    "troubles": ("UNREACHABLE", "Trouble"),
    "v2.switches": ("Resolution", "V2Switches"),
    "v2.tokens": ("Grant", "TokenChain", "TokenPair", "UserTokens"),
    "webhooks": ("Coded", "Subscription", "Webhook"),
    "wire": ("Answer", "Request"),
    "world": ("PERMISSIONS", "Connection", "Owner", "Vehicle", "Watcher", "World"),
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
