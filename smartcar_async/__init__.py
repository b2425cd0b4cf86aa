"""Read and command connected cars through Smartcar, with asyncio."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow the command
if TYPE_CHECKING:
    from . import signals as signals, v2 as v2, webhook as webhook
    from ._version import __version__ as __version__
    from .bodies import (
        CapacityOption as CapacityOption,
        ChargeCondition as ChargeCondition,
        ChargeCost as ChargeCost,
        ChargeLimit as ChargeLimit,
        ChargeLimits as ChargeLimits,
        ChargeRecord as ChargeRecord,
        ChargeRecords as ChargeRecords,
        ChargeTimer as ChargeTimer,
        ChargeTimers as ChargeTimers,
        ChargeWindow as ChargeWindow,
        ChargingStatus as ChargingStatus,
        Count as Count,
        DepartureTimer as DepartureTimer,
        Door as Door,
        Doors as Doors,
        DriveMode as DriveMode,
        Flag as Flag,
        Gear as Gear,
        Location as Location,
        LockableOpening as LockableOpening,
        LowVoltageHealth as LowVoltageHealth,
        Measure as Measure,
        NominalCapacity as NominalCapacity,
        Opening as Opening,
        Place as Place,
        PortLight as PortLight,
        Range as Range,
        RangeEstimate as RangeEstimate,
        ServiceCost as ServiceCost,
        ServiceItem as ServiceItem,
        ServiceRecord as ServiceRecord,
        ServiceRecords as ServiceRecords,
        SystemStatus as SystemStatus,
        Text as Text,
        Texts as Texts,
        Tire as Tire,
        Tires as Tires,
        TroubleCode as TroubleCode,
        TroubleCodes as TroubleCodes,
        Window as Window,
        Windows as Windows,
    )
    from .body_enums import (
        BatteryHealth as BatteryHealth,
        CapacitySource as CapacitySource,
        ChargeScope as ChargeScope,
        ChargeState as ChargeState,
        ChargingType as ChargingType,
        CompassPoint as CompassPoint,
        DriveModeName as DriveModeName,
        GearPosition as GearPosition,
        LocationType as LocationType,
        PortColor as PortColor,
        RangeBasis as RangeBasis,
        SystemState as SystemState,
    )
    from .client import Smartcar as Smartcar
    from .clock import (
        Clock as Clock,
        SystemClock as SystemClock,
    )
    from .connect import (
        ConnectLink as ConnectLink,
        ConnectResult as ConnectResult,
        IncompatibleVehicle as IncompatibleVehicle,
    )
    from .errors import (
        AccountError as AccountError,
        ApiError as ApiError,
        Attempt as Attempt,
        AuthenticationError as AuthenticationError,
        BadChallenge as BadChallenge,
        BillingError as BillingError,
        CommandOutcomeUnknown as CommandOutcomeUnknown,
        CompatibilityError as CompatibilityError,
        ConfigurationError as ConfigurationError,
        ConnectionFailed as ConnectionFailed,
        ConnectionLost as ConnectionLost,
        DeadlineExceeded as DeadlineExceeded,
        DecodeError as DecodeError,
        InvalidPayload as InvalidPayload,
        InvalidRequest as InvalidRequest,
        MalformedSignature as MalformedSignature,
        MissingSignature as MissingSignature,
        NotConnected as NotConnected,
        NotFound as NotFound,
        PayloadTooLarge as PayloadTooLarge,
        PermissionDenied as PermissionDenied,
        RateLimited as RateLimited,
        Resolution as Resolution,
        ResponseTooLarge as ResponseTooLarge,
        ServerError as ServerError,
        SignatureMismatch as SignatureMismatch,
        SmartcarError as SmartcarError,
        StaleEvent as StaleEvent,
        TokenStoreError as TokenStoreError,
        TransportError as TransportError,
        UpstreamError as UpstreamError,
        VehicleStateError as VehicleStateError,
        WebhookError as WebhookError,
        WrongMode as WrongMode,
        WrongWebhook as WrongWebhook,
    )
    from .keys import SignalKey as SignalKey
    from .log import (
        AllowanceWait as AllowanceWait,
        EntriesSkipped as EntriesSkipped,
        Event as Event,
        RequestEvent as RequestEvent,
        RetryWait as RetryWait,
    )
    from .pages import Pages as Pages, PageWalk as PageWalk
    from .receiver.event_store import (
        Claim as Claim,
        ClaimStatus as ClaimStatus,
        EventInbox as EventInbox,
        EventStore as EventStore,
        MemoryEventStore as MemoryEventStore,
        ParkedEvent as ParkedEvent,
        StoredEvent as StoredEvent,
    )
    from .receiver.sqlite.store import SqliteEventStore as SqliteEventStore
    from .reconcile import Reconciled as Reconciled
    from .records import (
        ApplicationToken as ApplicationToken,
        CompatibleVehicle as CompatibleVehicle,
        Connection as Connection,
        Execution as Execution,
        Json as Json,
        Malformed as Malformed,
        Page as Page,
        Response as Response,
        Signal as Signal,
        SignalError as SignalError,
        SignalName as SignalName,
        SignalSet as SignalSet,
        SignalUnavailable as SignalUnavailable,
        Subscription as Subscription,
        VehicleAttributes as VehicleAttributes,
        Webhook as Webhook,
    )
    from .schedules.arguments import (
        ClockTime as ClockTime,
        HasCoordinates as HasCoordinates,
        Position as Position,
        TimeWindow as TimeWindow,
    )
    from .schedules.handle import Schedules as Schedules
    from .schedules.record import ChargeSchedule as ChargeSchedule
    from .settings import (
        Proxy as Proxy,
        RateLimit as RateLimit,
        Retry as Retry,
        Settings as Settings,
        Tls as Tls,
    )
    from .v2.file_token_store import FileTokenStore as FileTokenStore
    from .v2.token_store import (
        MemoryTokenStore as MemoryTokenStore,
        StoredTokens as StoredTokens,
        TokenPair as TokenPair,
        TokenStore as TokenStore,
    )
    from .vehicle import Vehicle as Vehicle
    from .vocabulary import (
        ExecutionStatus as ExecutionStatus,
        Permission as Permission,
        Powertrain as Powertrain,
        SchedulePaths as SchedulePaths,
        ScheduleType as ScheduleType,
        SignalStatus as SignalStatus,
        UnitSystem as UnitSystem,
        VehicleMode as VehicleMode,
        Weekday as Weekday,
    )
else:

    def __getattr__(name: str) -> object:
        from ._lazy import load

        return load(__name__, name)

    def __dir__() -> list[str]:
        from ._lazy import names

        return names(__name__)
