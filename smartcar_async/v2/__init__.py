"""The v2.0 API, with the tokens of single owners, under the names of Smartcar's own SDKs in snake_case.

A wing of its own over the same engine: it ends when API v2.0 does.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow an import
if TYPE_CHECKING:
    from ..engine.auth import Token as Token, Tokens as Tokens
    from ..redaction import Secret as Secret
    from ..webhook import hash_challenge as hash_challenge, verify_payload as verify_payload
    from .access import AccessToken as AccessToken
    from .answers import (
        Answer as Answer,
        Entry as Entry,
        Meta as Meta,
        Response as Response,
        V3Response as V3Response,
    )
    from .batch import Batch as Batch, BatchPlan as BatchPlan, batch_plan as batch_plan
    from .client import Client as Client
    from .makes import (
        Cabin as Cabin,
        Ford as Ford,
        Nissan as Nissan,
        NissanWindow as NissanWindow,
        Tesla as Tesla,
        TeslaSchedule as TeslaSchedule,
        TeslaScheduleType as TeslaScheduleType,
        TeslaTimer as TeslaTimer,
    )
    from .records import (
        ActionResponse as ActionResponse,
        Attributes as Attributes,
        AvailableCapacity as AvailableCapacity,
        Battery as Battery,
        BatteryCapacity as BatteryCapacity,
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
        Fuel as Fuel,
        Location as Location,
        NominalCapacity as NominalCapacity,
        Odometer as Odometer,
        Opening as Opening,
        Paging as Paging,
        Permissions as Permissions,
        RatedCapacity as RatedCapacity,
        SecurityResponse as SecurityResponse,
        ServiceCost as ServiceCost,
        ServiceDetail as ServiceDetail,
        ServiceHistory as ServiceHistory,
        ServiceRecord as ServiceRecord,
        ServiceTask as ServiceTask,
        TirePressure as TirePressure,
        User as User,
        VehicleIds as VehicleIds,
        Vin as Vin,
        WebhookSubscription as WebhookSubscription,
    )
    from .token_store import TokenPair as TokenPair
    from .tokens import Refresh as Refresh, TokenSource as TokenSource
    from .vehicle import Vehicle as Vehicle
else:

    def __getattr__(name: str) -> object:
        from .._lazy import load

        return load(__name__, name)

    def __dir__() -> list[str]:
        from .._lazy import names

        return names(__name__)
