"""The v2.0 API without await, with the tokens of single owners.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow an import
if TYPE_CHECKING:
    from smartcar_async.v2 import (
        ActionResponse as ActionResponse,
        Answer as Answer,
        Attributes as Attributes,
        AvailableCapacity as AvailableCapacity,
        Batch as Batch,
        BatchPlan as BatchPlan,
        Battery as Battery,
        BatteryCapacity as BatteryCapacity,
        Cabin as Cabin,
        Capability as Capability,
        Charge as Charge,
        ChargeLimit as ChargeLimit,
        Compatibility as Compatibility,
        CompatibilityMatrix as CompatibilityMatrix,
        CompatibilityMatrixEntry as CompatibilityMatrixEntry,
        Connection as Connection,
        Connections as Connections,
        CursorPaging as CursorPaging,
        DeletedConnections as DeletedConnections,
        DiagnosticSystemStatus as DiagnosticSystemStatus,
        DiagnosticSystemStatusResponse as DiagnosticSystemStatusResponse,
        DiagnosticTroubleCode as DiagnosticTroubleCode,
        DiagnosticTroubleCodesResponse as DiagnosticTroubleCodesResponse,
        EngineOil as EngineOil,
        Entry as Entry,
        Fuel as Fuel,
        Location as Location,
        Meta as Meta,
        NissanWindow as NissanWindow,
        NominalCapacity as NominalCapacity,
        Odometer as Odometer,
        Opening as Opening,
        Paging as Paging,
        Permissions as Permissions,
        RatedCapacity as RatedCapacity,
        Response as Response,
        Secret as Secret,
        SecurityResponse as SecurityResponse,
        ServiceCost as ServiceCost,
        ServiceDetail as ServiceDetail,
        ServiceHistory as ServiceHistory,
        ServiceRecord as ServiceRecord,
        ServiceTask as ServiceTask,
        TeslaSchedule as TeslaSchedule,
        TeslaScheduleType as TeslaScheduleType,
        TeslaTimer as TeslaTimer,
        TirePressure as TirePressure,
        Token as Token,
        TokenPair as TokenPair,
        User as User,
        V3Response as V3Response,
        VehicleIds as VehicleIds,
        Vin as Vin,
        WebhookSubscription as WebhookSubscription,
        batch_plan as batch_plan,
        hash_challenge as hash_challenge,
        verify_payload as verify_payload,
    )
    from smartcar_sync._adapt import AccessToken as AccessToken, Refresh as Refresh, Tokens as Tokens
    from smartcar_sync._facade_v2 import (
        Client as Client,
        Ford as Ford,
        Nissan as Nissan,
        Tesla as Tesla,
        TokenSource as TokenSource,
        Vehicle as Vehicle,
    )
else:

    def __getattr__(name: str) -> object:
        from smartcar_async._lazy import load

        return load(__name__, name)

    def __dir__() -> list[str]:
        from smartcar_async._lazy import names

        return names(__name__)
