"""The catalogue: every signal of API v3, with its body's type and the permission it needs.

One class a group, one key a signal. A code is the group and the name in lower case, joined by a hyphen.
The permission is our reading of the scopes' descriptions: Smartcar publishes no such table.
"""

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, Final, cast

from . import bodies as body
from .errors import ConfigurationError
from .records import SignalKey
from .vocabulary import Permission as P


class Charge:
    """Charging: current state, limits, timers and past sessions."""

    Amperage: ClassVar[SignalKey[body.Measure]] = SignalKey("Charge", "Amperage", body.Measure, P.READ_CHARGE)
    AmperageMax: ClassVar[SignalKey[body.Measure]] = SignalKey("Charge", "AmperageMax", body.Measure, P.READ_CHARGE)
    AmperageRequested: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "Charge", "AmperageRequested", body.Measure, P.READ_CHARGE
    )
    ChargeLimits: ClassVar[SignalKey[body.ChargeLimits]] = SignalKey(
        "Charge", "ChargeLimits", body.ChargeLimits, P.READ_CHARGE
    )
    ChargePortStatusColor: ClassVar[SignalKey[body.PortLight]] = SignalKey(
        "Charge", "ChargePortStatusColor", body.PortLight, P.READ_CHARGE
    )
    ChargeRate: ClassVar[SignalKey[body.Measure]] = SignalKey("Charge", "ChargeRate", body.Measure, P.READ_CHARGE)
    ChargeRecords: ClassVar[SignalKey[body.ChargeRecords]] = SignalKey(
        "Charge", "ChargeRecords", body.ChargeRecords, P.READ_CHARGE_RECORDS
    )
    ChargerPhases: ClassVar[SignalKey[body.Count]] = SignalKey("Charge", "ChargerPhases", body.Count, P.READ_CHARGE)
    ChargeTimers: ClassVar[SignalKey[body.ChargeTimers]] = SignalKey(
        "Charge", "ChargeTimers", body.ChargeTimers, P.READ_CHARGE
    )
    ChargingConnectorType: ClassVar[SignalKey[body.Text]] = SignalKey(
        "Charge", "ChargingConnectorType", body.Text, P.READ_CHARGE
    )
    DetailedChargingStatus: ClassVar[SignalKey[body.ChargingStatus]] = SignalKey(
        "Charge", "DetailedChargingStatus", body.ChargingStatus, P.READ_CHARGE
    )
    EnergyAdded: ClassVar[SignalKey[body.Measure]] = SignalKey("Charge", "EnergyAdded", body.Measure, P.READ_CHARGE)
    FastChargerType: ClassVar[SignalKey[body.Text]] = SignalKey("Charge", "FastChargerType", body.Text, P.READ_CHARGE)
    IsCharging: ClassVar[SignalKey[body.Flag]] = SignalKey("Charge", "IsCharging", body.Flag, P.READ_CHARGE)
    IsChargingCableConnected: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "Charge", "IsChargingCableConnected", body.Flag, P.READ_CHARGE
    )
    IsChargingCableLatched: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "Charge", "IsChargingCableLatched", body.Flag, P.READ_CHARGE
    )
    IsChargingPortFlapOpen: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "Charge", "IsChargingPortFlapOpen", body.Flag, P.READ_CHARGE
    )
    IsFastChargerPresent: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "Charge", "IsFastChargerPresent", body.Flag, P.READ_CHARGE
    )
    TimeToComplete: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "Charge", "TimeToComplete", body.Measure, P.READ_CHARGE
    )
    Voltage: ClassVar[SignalKey[body.Measure]] = SignalKey("Charge", "Voltage", body.Measure, P.READ_CHARGE)
    Wattage: ClassVar[SignalKey[body.Measure]] = SignalKey("Charge", "Wattage", body.Measure, P.READ_CHARGE)


class Climate:
    """Temperatures in and around the car."""

    ExternalTemperature: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "Climate", "ExternalTemperature", body.Measure, P.READ_THERMOMETER
    )
    InternalTemperature: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "Climate", "InternalTemperature", body.Measure, P.READ_THERMOMETER
    )


class Closure:
    """Doors, windows, covers and locks."""

    Doors: ClassVar[SignalKey[body.Doors]] = SignalKey("Closure", "Doors", body.Doors, P.READ_SECURITY)
    EngineCover: ClassVar[SignalKey[body.Opening]] = SignalKey("Closure", "EngineCover", body.Opening, P.READ_SECURITY)
    FrontTrunk: ClassVar[SignalKey[body.LockableOpening]] = SignalKey(
        "Closure", "FrontTrunk", body.LockableOpening, P.READ_SECURITY
    )
    IsLocked: ClassVar[SignalKey[body.Flag]] = SignalKey("Closure", "IsLocked", body.Flag, P.READ_SECURITY)
    RearTrunk: ClassVar[SignalKey[body.LockableOpening]] = SignalKey(
        "Closure", "RearTrunk", body.LockableOpening, P.READ_SECURITY
    )
    Sunroof: ClassVar[SignalKey[body.Opening]] = SignalKey("Closure", "Sunroof", body.Opening, P.READ_SECURITY)
    Tailgate: ClassVar[SignalKey[body.LockableOpening]] = SignalKey(
        "Closure", "Tailgate", body.LockableOpening, P.READ_SECURITY
    )
    Windows: ClassVar[SignalKey[body.Windows]] = SignalKey("Closure", "Windows", body.Windows, P.READ_SECURITY)


class ConnectivitySoftware:
    """The firmware of the car."""

    CurrentFirmwareVersion: ClassVar[SignalKey[body.Text]] = SignalKey(
        "ConnectivitySoftware", "CurrentFirmwareVersion", body.Text, P.READ_EXTENDED_VEHICLE_INFO
    )


class ConnectivityStatus:
    """Whether the car can be reached."""

    IsAsleep: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "ConnectivityStatus", "IsAsleep", body.Flag, P.READ_VEHICLE_INFO
    )
    IsDigitalKeyPaired: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "ConnectivityStatus", "IsDigitalKeyPaired", body.Flag, P.READ_VEHICLE_INFO
    )
    IsOnline: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "ConnectivityStatus", "IsOnline", body.Flag, P.READ_VEHICLE_INFO
    )


class Diagnostics:
    """The health of the car's systems."""

    ABS: ClassVar[SignalKey[body.SystemStatus]] = SignalKey("Diagnostics", "ABS", body.SystemStatus, P.READ_DIAGNOSTICS)
    ActiveSafety: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "ActiveSafety", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    Airbag: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "Airbag", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    BrakeFluid: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "BrakeFluid", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    DriverAssistance: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "DriverAssistance", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    DTCCount: ClassVar[SignalKey[body.Count]] = SignalKey("Diagnostics", "DTCCount", body.Count, P.READ_DIAGNOSTICS)
    DTCList: ClassVar[SignalKey[body.TroubleCodes]] = SignalKey(
        "Diagnostics", "DTCList", body.TroubleCodes, P.READ_DIAGNOSTICS
    )
    Emissions: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "Emissions", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    EVBatteryConditioning: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "EVBatteryConditioning", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    EVCharging: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "EVCharging", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    EVDriveUnit: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "EVDriveUnit", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    EVHVBattery: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "EVHVBattery", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    Lighting: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "Lighting", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    MIL: ClassVar[SignalKey[body.SystemStatus]] = SignalKey("Diagnostics", "MIL", body.SystemStatus, P.READ_DIAGNOSTICS)
    OilLife: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "OilLife", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    OilPressure: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "OilPressure", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    OilTemperature: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "OilTemperature", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    Telematics: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "Telematics", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    TirePressure: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "TirePressure", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    TirePressureMonitoring: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "TirePressureMonitoring", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    Transmission: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "Transmission", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    WasherFluid: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "WasherFluid", body.SystemStatus, P.READ_DIAGNOSTICS
    )
    WaterInFuel: ClassVar[SignalKey[body.SystemStatus]] = SignalKey(
        "Diagnostics", "WaterInFuel", body.SystemStatus, P.READ_DIAGNOSTICS
    )


class HVAC:
    """Heating, cooling and defrosting."""

    CabinTargetTemperature: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "HVAC", "CabinTargetTemperature", body.Measure, P.READ_CLIMATE
    )
    IsCabinHVACActive: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "HVAC", "IsCabinHVACActive", body.Flag, P.READ_CLIMATE
    )
    IsFrontDefrosterActive: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "HVAC", "IsFrontDefrosterActive", body.Flag, P.READ_CLIMATE
    )
    IsRearDefrosterActive: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "HVAC", "IsRearDefrosterActive", body.Flag, P.READ_CLIMATE
    )
    IsSteeringHeaterActive: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "HVAC", "IsSteeringHeaterActive", body.Flag, P.READ_CLIMATE
    )


class InternalCombustionEngine:
    """Fuel and oil."""

    AmountRemaining: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "InternalCombustionEngine", "AmountRemaining", body.Measure, P.READ_FUEL
    )
    FuelLevel: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "InternalCombustionEngine", "FuelLevel", body.Measure, P.READ_FUEL
    )
    OilLife: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "InternalCombustionEngine", "OilLife", body.Measure, P.READ_ENGINE_OIL
    )
    Range: ClassVar[SignalKey[body.Measure]] = SignalKey("InternalCombustionEngine", "Range", body.Measure, P.READ_FUEL)


class Location:
    """Where the car is."""

    IsAtHome: ClassVar[SignalKey[body.Flag]] = SignalKey("Location", "IsAtHome", body.Flag, P.READ_LOCATION)
    PreciseLocation: ClassVar[SignalKey[body.Location]] = SignalKey(
        "Location", "PreciseLocation", body.Location, P.READ_LOCATION
    )


class LowVoltageBattery:
    """The 12 V battery."""

    StateOfCharge: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "LowVoltageBattery", "StateOfCharge", body.Measure, P.READ_BATTERY
    )
    Status: ClassVar[SignalKey[body.LowVoltageHealth]] = SignalKey(
        "LowVoltageBattery", "Status", body.LowVoltageHealth, P.READ_BATTERY
    )


class Motion:
    """How fast the car goes."""

    CurrentSpeed: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "Motion", "CurrentSpeed", body.Measure, P.READ_SPEEDOMETER
    )


class Odometer:
    """How far the car has gone."""

    TraveledDistance: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "Odometer", "TraveledDistance", body.Measure, P.READ_ODOMETER
    )


class Service:
    """Visits to the workshop."""

    IsInService: ClassVar[SignalKey[body.Flag]] = SignalKey("Service", "IsInService", body.Flag, P.READ_SERVICE_HISTORY)
    Records: ClassVar[SignalKey[body.ServiceRecords]] = SignalKey(
        "Service", "Records", body.ServiceRecords, P.READ_SERVICE_HISTORY
    )


class Surveillance:
    """The car's guard camera."""

    Brand: ClassVar[SignalKey[body.Text]] = SignalKey("Surveillance", "Brand", body.Text, P.READ_EXTENDED_VEHICLE_INFO)
    IsEnabled: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "Surveillance", "IsEnabled", body.Flag, P.READ_EXTENDED_VEHICLE_INFO
    )


class TractionBattery:
    """The battery that drives the car."""

    IsHeaterActive: ClassVar[SignalKey[body.Flag]] = SignalKey(
        "TractionBattery", "IsHeaterActive", body.Flag, P.READ_BATTERY
    )
    MaxRangeChargeCounter: ClassVar[SignalKey[body.Count]] = SignalKey(
        "TractionBattery", "MaxRangeChargeCounter", body.Count, P.READ_BATTERY
    )
    NominalCapacity: ClassVar[SignalKey[body.NominalCapacity]] = SignalKey(
        "TractionBattery", "NominalCapacity", body.NominalCapacity, P.READ_BATTERY
    )
    Range: ClassVar[SignalKey[body.Range]] = SignalKey("TractionBattery", "Range", body.Range, P.READ_BATTERY)
    StateOfCharge: ClassVar[SignalKey[body.Measure]] = SignalKey(
        "TractionBattery", "StateOfCharge", body.Measure, P.READ_BATTERY
    )


class Transmission:
    """Gear and drive mode."""

    DriveMode: ClassVar[SignalKey[body.DriveMode]] = SignalKey("Transmission", "DriveMode", body.DriveMode)
    GearState: ClassVar[SignalKey[body.Gear]] = SignalKey("Transmission", "GearState", body.Gear)


class VehicleIdentification:
    """Which car this is."""

    ExteriorColor: ClassVar[SignalKey[body.Text]] = SignalKey(
        "VehicleIdentification", "ExteriorColor", body.Text, P.READ_EXTENDED_VEHICLE_INFO
    )
    Nickname: ClassVar[SignalKey[body.Text]] = SignalKey(
        "VehicleIdentification", "Nickname", body.Text, P.READ_VEHICLE_INFO
    )
    Packages: ClassVar[SignalKey[body.Texts]] = SignalKey(
        "VehicleIdentification", "Packages", body.Texts, P.READ_VEHICLE_INFO
    )
    Trim: ClassVar[SignalKey[body.Text]] = SignalKey(
        "VehicleIdentification", "Trim", body.Text, P.READ_EXTENDED_VEHICLE_INFO
    )
    VIN: ClassVar[SignalKey[body.Text]] = SignalKey("VehicleIdentification", "VIN", body.Text, P.READ_VIN)


class VehicleUserAccount:
    """The owner's account at the maker."""

    Permissions: ClassVar[SignalKey[body.Texts]] = SignalKey(
        "VehicleUserAccount", "Permissions", body.Texts, P.READ_USER_PROFILE
    )
    Role: ClassVar[SignalKey[body.Text]] = SignalKey("VehicleUserAccount", "Role", body.Text, P.READ_USER_PROFILE)


class Wheel:
    """Tires and wheels."""

    Style: ClassVar[SignalKey[body.Text]] = SignalKey("Wheel", "Style", body.Text, P.READ_EXTENDED_VEHICLE_INFO)
    Tires: ClassVar[SignalKey[body.Tires]] = SignalKey("Wheel", "Tires", body.Tires, P.READ_TIRES)


GROUPS: Final = (
    Charge,
    Climate,
    Closure,
    ConnectivitySoftware,
    ConnectivityStatus,
    Diagnostics,
    HVAC,
    InternalCombustionEngine,
    Location,
    LowVoltageBattery,
    Motion,
    Odometer,
    Service,
    Surveillance,
    TractionBattery,
    Transmission,
    VehicleIdentification,
    VehicleUserAccount,
    Wheel,
)
"""The groups, in the order of the reference."""

ALL: Final[tuple[SignalKey[Any], ...]] = tuple(
    key for group in GROUPS for key in cast("dict[str, SignalKey[Any]]", vars(group)).values() if type(key) is SignalKey
)
"""Every signal that this version knows."""

_BY_CODE: Final[Mapping[str, SignalKey[Any]]] = {key.code: key for key in ALL}


def find(code: str) -> SignalKey[Any] | None:
    """The key of this code, or None for a signal that this version does not know."""
    return _BY_CODE.get(code)


def by_code(code: str) -> SignalKey[Any]:
    """The key of this code; an unknown one raises ConfigurationError with the nearest known codes."""
    key = _BY_CODE.get(code.lower().replace(".", "-"))
    if key is None:
        near = difflib.get_close_matches(code.lower(), _BY_CODE, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "signals.ALL lists the known ones."
        raise ConfigurationError(f"code: no signal is called {code!r}; {hint} signals.custom(code) names a new one.")
    return key


def custom(code: str) -> SignalKey[dict[str, Any]]:
    """A key for a signal that this version does not know; its body is the JSON object as sent."""
    group, separator, name = code.partition("-")
    if not (group and separator and name):
        raise ConfigurationError(f"code: a signal's code is group-name in lower case, not {code!r}")
    return SignalKey[dict[str, Any]](group, name, dict, code=code)
