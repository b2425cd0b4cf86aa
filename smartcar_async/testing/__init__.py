"""A Smartcar service for tests: cars that drive and charge, a server like the real one, and faults on demand."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow an import
if TYPE_CHECKING:
    from .captured import Captured as Captured, Sent as Sent, replay as replay, sign_again as sign_again
    from .car import Car as Car
    from .cars import PROFILES as PROFILES, CarModel as CarModel, Mode as Mode
    from .charging import ChargeRecord as ChargeRecord, ChargeTimer as ChargeTimer
    from .clock import SimulatedClock as SimulatedClock
    from .disturbances import (
        AnswerLost as AnswerLost,
        BadSignature as BadSignature,
        Disturbance as Disturbance,
        Disturbances as Disturbances,
        Duplicate as Duplicate,
        InMode as InMode,
        Interference as Interference,
        OfAttempt as OfAttempt,
        OfEvent as OfEvent,
        Overtaken as Overtaken,
        Postpone as Postpone,
        SignedWith as SignedWith,
    )
    from .errors import SimulatorError as SimulatorError
    from .events import Document as Document, Shape as Shape, signed_headers as signed_headers
    from .extras import Extras as Extras
    from .faults import (
        PENDING as PENDING,
        Delay as Delay,
        Drip as Drip,
        ErrorReply as ErrorReply,
        ErrorWriter as ErrorWriter,
        Fault as Fault,
        Faults as Faults,
        Late as Late,
        MalformedJson as MalformedJson,
        Reply as Reply,
        ResetBeforeHeaders as ResetBeforeHeaders,
        ResetBeforeReading as ResetBeforeReading,
        ResetInBody as ResetInBody,
        ResetInHeaders as ResetInHeaders,
        Script as Script,
        Truncate as Truncate,
        WrongContentType as WrongContentType,
    )
    from .ledger import Deed as Deed
    from .recorder import Kept as Kept, Recorder as Recorder
    from .routine import Errand as Errand, Place as Place, Routine as Routine, Trip as Trip
    from .sending import Delivery as Delivery, Sending as Sending
    from .service import Host as Host
    from .simulator import Simulator as Simulator, Switches as Switches
    from .troubles import UNREACHABLE as UNREACHABLE, Trouble as Trouble
    from .v2.switches import Resolution as Resolution, V2Switches as V2Switches
    from .v2.tokens import Grant as Grant, TokenChain as TokenChain, TokenPair as TokenPair, UserTokens as UserTokens
    from .webhooks import Coded as Coded, Subscription as Subscription, Webhook as Webhook
    from .wire import Answer as Answer, Request as Request
    from .world import (
        PERMISSIONS as PERMISSIONS,
        Connection as Connection,
        Owner as Owner,
        Vehicle as Vehicle,
        Watcher as Watcher,
        World as World,
    )
else:

    def __getattr__(name: str) -> object:
        from .._lazy import load

        return load(__name__, name)

    def __dir__() -> list[str]:
        from .._lazy import names

        return names(__name__)
