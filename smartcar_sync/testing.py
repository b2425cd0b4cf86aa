"""A Smartcar service for tests, as in `smartcar_async.testing`; its simulator hands out sync clients.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow an import
if TYPE_CHECKING:
    from smartcar_async.testing import (
        PENDING as PENDING,
        PERMISSIONS as PERMISSIONS,
        PROFILES as PROFILES,
        UNREACHABLE as UNREACHABLE,
        Answer as Answer,
        AnswerLost as AnswerLost,
        BadSignature as BadSignature,
        Captured as Captured,
        Car as Car,
        CarModel as CarModel,
        ChargeRecord as ChargeRecord,
        ChargeTimer as ChargeTimer,
        Coded as Coded,
        Connection as Connection,
        Deed as Deed,
        Delay as Delay,
        Delivery as Delivery,
        Disturbance as Disturbance,
        Disturbances as Disturbances,
        Document as Document,
        Drip as Drip,
        Duplicate as Duplicate,
        Errand as Errand,
        ErrorReply as ErrorReply,
        ErrorWriter as ErrorWriter,
        Extras as Extras,
        Fault as Fault,
        Faults as Faults,
        Grant as Grant,
        Host as Host,
        InMode as InMode,
        Interference as Interference,
        Kept as Kept,
        Late as Late,
        MalformedJson as MalformedJson,
        Mode as Mode,
        OfAttempt as OfAttempt,
        OfEvent as OfEvent,
        Overtaken as Overtaken,
        Owner as Owner,
        Place as Place,
        Postpone as Postpone,
        Recorder as Recorder,
        Reply as Reply,
        Request as Request,
        ResetBeforeHeaders as ResetBeforeHeaders,
        ResetBeforeReading as ResetBeforeReading,
        ResetInBody as ResetInBody,
        ResetInHeaders as ResetInHeaders,
        Resolution as Resolution,
        Routine as Routine,
        Script as Script,
        Sending as Sending,
        Sent as Sent,
        Shape as Shape,
        SignedWith as SignedWith,
        SimulatedClock as SimulatedClock,
        SimulatorError as SimulatorError,
        Subscription as Subscription,
        Switches as Switches,
        TokenChain as TokenChain,
        TokenPair as TokenPair,
        Trip as Trip,
        Trouble as Trouble,
        Truncate as Truncate,
        UserTokens as UserTokens,
        V2Switches as V2Switches,
        Vehicle as Vehicle,
        Watcher as Watcher,
        Webhook as Webhook,
        World as World,
        WrongContentType as WrongContentType,
        replay as replay,
        sign_again as sign_again,
        signed_headers as signed_headers,
    )
    from smartcar_sync._facade_testing import Simulator as Simulator
else:

    def __getattr__(name: str) -> object:
        from smartcar_async._lazy import load

        return load(__name__, name)

    def __dir__() -> list[str]:
        from smartcar_async._lazy import names

        return names(__name__)
