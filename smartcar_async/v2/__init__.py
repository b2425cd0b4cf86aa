"""The v2.0 API, with the tokens of single owners, under the names of Smartcar's own SDKs in snake_case.

A wing of its own over the same engine: it ends when API v2.0 does.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow an import
if TYPE_CHECKING:
    from typing import Any, Final

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

_NAMES: Final = {
    ".batch": "Batch BatchPlan batch_plan",
    ".client": "Client",
    ".makes": "Cabin Ford Nissan NissanWindow Tesla TeslaSchedule TeslaScheduleType TeslaTimer",
    ".vehicle": "Vehicle",
    ".access": "AccessToken",
    ".tokens": "Refresh TokenSource",
    ".answers": "Answer Entry Meta Response V3Response",
    ".records": (
        "ActionResponse Attributes AvailableCapacity Battery BatteryCapacity Capability Charge ChargeLimit "
        "Compatibility CompatibilityMatrix CompatibilityMatrixEntry Connection Connections CursorPaging "
        "DeletedConnections DiagnosticSystemStatus DiagnosticSystemStatusResponse DiagnosticTroubleCode "
        "DiagnosticTroubleCodesResponse EngineOil Fuel Location NominalCapacity Odometer Opening Paging "
        "Permissions RatedCapacity SecurityResponse ServiceCost ServiceDetail ServiceHistory ServiceRecord "
        "ServiceTask TirePressure User VehicleIds Vin WebhookSubscription"
    ),
    "..engine.auth": "Token Tokens",
    "..redaction": "Secret",
    ".token_store": "TokenPair",
    "..webhook": "hash_challenge verify_payload",
}
"""Where each public name lives. Nothing is imported before it is asked for."""

_HOMES: Final = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    import importlib

    if name == "__all__":
        return __dir__()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
