"""The catalogue of signals: the same as in `smartcar_async.signals`.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from smartcar_async.signals import (
    ALL as ALL,
    GROUPS as GROUPS,
    HVAC as HVAC,
    Charge as Charge,
    Climate as Climate,
    Closure as Closure,
    ConnectivitySoftware as ConnectivitySoftware,
    ConnectivityStatus as ConnectivityStatus,
    Diagnostics as Diagnostics,
    InternalCombustionEngine as InternalCombustionEngine,
    Location as Location,
    LowVoltageBattery as LowVoltageBattery,
    Motion as Motion,
    Odometer as Odometer,
    Service as Service,
    Surveillance as Surveillance,
    TractionBattery as TractionBattery,
    Transmission as Transmission,
    VehicleIdentification as VehicleIdentification,
    VehicleUserAccount as VehicleUserAccount,
    Wheel as Wheel,
    by_code as by_code,
    custom as custom,
    find as find,
)
