"""Read and command connected cars through Smartcar, without await.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Final

    from smartcar_async import (
        AccountError as AccountError,
        AllowanceWait as AllowanceWait,
        ApiError as ApiError,
        ApplicationToken as ApplicationToken,
        Attempt as Attempt,
        AuthenticationError as AuthenticationError,
        BadChallenge as BadChallenge,
        BatteryHealth as BatteryHealth,
        BillingError as BillingError,
        CapacityOption as CapacityOption,
        CapacitySource as CapacitySource,
        ChargeCondition as ChargeCondition,
        ChargeCost as ChargeCost,
        ChargeLimit as ChargeLimit,
        ChargeLimits as ChargeLimits,
        ChargeRecord as ChargeRecord,
        ChargeRecords as ChargeRecords,
        ChargeSchedule as ChargeSchedule,
        ChargeScope as ChargeScope,
        ChargeState as ChargeState,
        ChargeTimer as ChargeTimer,
        ChargeTimers as ChargeTimers,
        ChargeWindow as ChargeWindow,
        ChargingStatus as ChargingStatus,
        ChargingType as ChargingType,
        Claim as Claim,
        ClaimStatus as ClaimStatus,
        Clock as Clock,
        ClockTime as ClockTime,
        CommandOutcomeUnknown as CommandOutcomeUnknown,
        CompassPoint as CompassPoint,
        CompatibilityError as CompatibilityError,
        CompatibleVehicle as CompatibleVehicle,
        ConfigurationError as ConfigurationError,
        Connection as Connection,
        ConnectionFailed as ConnectionFailed,
        ConnectionLost as ConnectionLost,
        ConnectLink as ConnectLink,
        ConnectResult as ConnectResult,
        Count as Count,
        DeadlineExceeded as DeadlineExceeded,
        DecodeError as DecodeError,
        DepartureTimer as DepartureTimer,
        Door as Door,
        Doors as Doors,
        DriveMode as DriveMode,
        DriveModeName as DriveModeName,
        EntriesSkipped as EntriesSkipped,
        Event as Event,
        EventInbox as EventInbox,
        EventStore as EventStore,
        Execution as Execution,
        ExecutionStatus as ExecutionStatus,
        Flag as Flag,
        Gear as Gear,
        GearPosition as GearPosition,
        HasCoordinates as HasCoordinates,
        IncompatibleVehicle as IncompatibleVehicle,
        InvalidPayload as InvalidPayload,
        InvalidRequest as InvalidRequest,
        Json as Json,
        Location as Location,
        LocationType as LocationType,
        LockableOpening as LockableOpening,
        LowVoltageHealth as LowVoltageHealth,
        Malformed as Malformed,
        MalformedSignature as MalformedSignature,
        Measure as Measure,
        MemoryEventStore as MemoryEventStore,
        MissingSignature as MissingSignature,
        NominalCapacity as NominalCapacity,
        NotConnected as NotConnected,
        NotFound as NotFound,
        Opening as Opening,
        Page as Page,
        ParkedEvent as ParkedEvent,
        PayloadTooLarge as PayloadTooLarge,
        Permission as Permission,
        PermissionDenied as PermissionDenied,
        Place as Place,
        PortColor as PortColor,
        PortLight as PortLight,
        Position as Position,
        Powertrain as Powertrain,
        Proxy as Proxy,
        Range as Range,
        RangeBasis as RangeBasis,
        RangeEstimate as RangeEstimate,
        RateLimit as RateLimit,
        RateLimited as RateLimited,
        Reconciled as Reconciled,
        RequestEvent as RequestEvent,
        Resolution as Resolution,
        Response as Response,
        ResponseTooLarge as ResponseTooLarge,
        Retry as Retry,
        RetryWait as RetryWait,
        SchedulePaths as SchedulePaths,
        ScheduleType as ScheduleType,
        ServerError as ServerError,
        ServiceCost as ServiceCost,
        ServiceItem as ServiceItem,
        ServiceRecord as ServiceRecord,
        ServiceRecords as ServiceRecords,
        Settings as Settings,
        Signal as Signal,
        SignalError as SignalError,
        SignalKey as SignalKey,
        SignalName as SignalName,
        SignalSet as SignalSet,
        SignalStatus as SignalStatus,
        SignalUnavailable as SignalUnavailable,
        SignatureMismatch as SignatureMismatch,
        SmartcarError as SmartcarError,
        SqliteEventStore as SqliteEventStore,
        StaleEvent as StaleEvent,
        StoredEvent as StoredEvent,
        StoredTokens as StoredTokens,
        Subscription as Subscription,
        SystemClock as SystemClock,
        SystemState as SystemState,
        SystemStatus as SystemStatus,
        Text as Text,
        Texts as Texts,
        TimeWindow as TimeWindow,
        Tire as Tire,
        Tires as Tires,
        Tls as Tls,
        TokenPair as TokenPair,
        TokenStoreError as TokenStoreError,
        TransportError as TransportError,
        TroubleCode as TroubleCode,
        TroubleCodes as TroubleCodes,
        UnitSystem as UnitSystem,
        UpstreamError as UpstreamError,
        VehicleAttributes as VehicleAttributes,
        VehicleMode as VehicleMode,
        VehicleStateError as VehicleStateError,
        Webhook as Webhook,
        WebhookError as WebhookError,
        Weekday as Weekday,
        Window as Window,
        Windows as Windows,
        WrongMode as WrongMode,
        WrongWebhook as WrongWebhook,
        __version__ as __version__,
    )
    from smartcar_sync import receiver as receiver, signals as signals, testing as testing, v2 as v2, webhook as webhook
    from smartcar_sync._bridge import Bridge as Bridge
    from smartcar_sync._facade import (
        FileTokenStore as FileTokenStore,
        MemoryTokenStore as MemoryTokenStore,
        Pages as Pages,
        PageWalk as PageWalk,
        Schedules as Schedules,
        Smartcar as Smartcar,
        Vehicle as Vehicle,
    )
    from smartcar_sync._inward import TokenStore as TokenStore

_PLAIN: Final = {
    "FileTokenStore": "_facade",
    "MemoryTokenStore": "_facade",
    "PageWalk": "_facade",
    "Pages": "_facade",
    "Schedules": "_facade",
    "Smartcar": "_facade",
    "Vehicle": "_facade",
    "Bridge": "_bridge",
    "TokenStore": "_inward",
}
"""Where the names live that are not the same as in the async package."""
_MODULES: Final = ("signals", "webhook", "receiver", "testing", "v2")


def __getattr__(name: str) -> Any:
    import importlib

    if name == "__all__":
        return __dir__()
    if name in _MODULES:
        return importlib.import_module(f"smartcar_sync.{name}")
    home = f"smartcar_sync.{_PLAIN[name]}" if name in _PLAIN else "smartcar_async"
    if home == "smartcar_async" and name not in dir(importlib.import_module(home)):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    import smartcar_async as same

    return sorted({*dir(same), *_PLAIN})
