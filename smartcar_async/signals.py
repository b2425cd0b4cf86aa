"""The catalogue: every signal of API v3, with its body's type and the permission it needs.

One class a group, one key a signal. A code is the group and the name in lower case, joined by a hyphen.
The permission is our reading of the scopes' descriptions: Smartcar publishes no such table.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from .errors import ConfigurationError
from .keys import SignalKey, did_you_mean as _did_you_mean
from .redaction import redact as _redact
from .vocabulary import Permission as P

if TYPE_CHECKING:
    from . import bodies as body


class Charge:
    """Charging: current state, limits, timers and past sessions."""

    Amperage: ClassVar["SignalKey[body.Measure]"] = SignalKey("Charge", "Amperage", "Measure", P.READ_CHARGE)
    AmperageMax: ClassVar["SignalKey[body.Measure]"] = SignalKey("Charge", "AmperageMax", "Measure", P.READ_CHARGE)
    AmperageRequested: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "Charge", "AmperageRequested", "Measure", P.READ_CHARGE
    )
    ChargeLimits: ClassVar["SignalKey[body.ChargeLimits]"] = SignalKey(
        "Charge", "ChargeLimits", "ChargeLimits", P.READ_CHARGE
    )
    ChargePortStatusColor: ClassVar["SignalKey[body.PortLight]"] = SignalKey(
        "Charge", "ChargePortStatusColor", "PortLight", P.READ_CHARGE
    )
    ChargeRate: ClassVar["SignalKey[body.Measure]"] = SignalKey("Charge", "ChargeRate", "Measure", P.READ_CHARGE)
    ChargeRecords: ClassVar["SignalKey[body.ChargeRecords]"] = SignalKey(
        "Charge", "ChargeRecords", "ChargeRecords", P.READ_CHARGE_RECORDS
    )
    ChargerPhases: ClassVar["SignalKey[body.Count]"] = SignalKey("Charge", "ChargerPhases", "Count", P.READ_CHARGE)
    ChargeTimers: ClassVar["SignalKey[body.ChargeTimers]"] = SignalKey(
        "Charge", "ChargeTimers", "ChargeTimers", P.READ_CHARGE
    )
    ChargingConnectorType: ClassVar["SignalKey[body.Text]"] = SignalKey(
        "Charge", "ChargingConnectorType", "Text", P.READ_CHARGE
    )
    DetailedChargingStatus: ClassVar["SignalKey[body.ChargingStatus]"] = SignalKey(
        "Charge", "DetailedChargingStatus", "ChargingStatus", P.READ_CHARGE
    )
    EnergyAdded: ClassVar["SignalKey[body.Measure]"] = SignalKey("Charge", "EnergyAdded", "Measure", P.READ_CHARGE)
    FastChargerType: ClassVar["SignalKey[body.Text]"] = SignalKey("Charge", "FastChargerType", "Text", P.READ_CHARGE)
    IsCharging: ClassVar["SignalKey[body.Flag]"] = SignalKey("Charge", "IsCharging", "Flag", P.READ_CHARGE)
    IsChargingCableConnected: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "Charge", "IsChargingCableConnected", "Flag", P.READ_CHARGE
    )
    IsChargingCableLatched: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "Charge", "IsChargingCableLatched", "Flag", P.READ_CHARGE
    )
    IsChargingPortFlapOpen: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "Charge", "IsChargingPortFlapOpen", "Flag", P.READ_CHARGE
    )
    IsFastChargerPresent: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "Charge", "IsFastChargerPresent", "Flag", P.READ_CHARGE
    )
    TimeToComplete: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "Charge", "TimeToComplete", "Measure", P.READ_CHARGE
    )
    Voltage: ClassVar["SignalKey[body.Measure]"] = SignalKey("Charge", "Voltage", "Measure", P.READ_CHARGE)
    Wattage: ClassVar["SignalKey[body.Measure]"] = SignalKey("Charge", "Wattage", "Measure", P.READ_CHARGE)


class Climate:
    """Temperatures in and around the car."""

    ExternalTemperature: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "Climate", "ExternalTemperature", "Measure", P.READ_THERMOMETER
    )
    InternalTemperature: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "Climate", "InternalTemperature", "Measure", P.READ_THERMOMETER
    )


class Closure:
    """Doors, windows, covers and locks."""

    Doors: ClassVar["SignalKey[body.Doors]"] = SignalKey("Closure", "Doors", "Doors", P.READ_SECURITY)
    EngineCover: ClassVar["SignalKey[body.Opening]"] = SignalKey("Closure", "EngineCover", "Opening", P.READ_SECURITY)
    FrontTrunk: ClassVar["SignalKey[body.LockableOpening]"] = SignalKey(
        "Closure", "FrontTrunk", "LockableOpening", P.READ_SECURITY
    )
    IsLocked: ClassVar["SignalKey[body.Flag]"] = SignalKey("Closure", "IsLocked", "Flag", P.READ_SECURITY)
    RearTrunk: ClassVar["SignalKey[body.LockableOpening]"] = SignalKey(
        "Closure", "RearTrunk", "LockableOpening", P.READ_SECURITY
    )
    Sunroof: ClassVar["SignalKey[body.Opening]"] = SignalKey("Closure", "Sunroof", "Opening", P.READ_SECURITY)
    Tailgate: ClassVar["SignalKey[body.LockableOpening]"] = SignalKey(
        "Closure", "Tailgate", "LockableOpening", P.READ_SECURITY
    )
    Windows: ClassVar["SignalKey[body.Windows]"] = SignalKey("Closure", "Windows", "Windows", P.READ_SECURITY)


class ConnectivitySoftware:
    """The firmware of the car."""

    CurrentFirmwareVersion: ClassVar["SignalKey[body.Text]"] = SignalKey(
        "ConnectivitySoftware", "CurrentFirmwareVersion", "Text", P.READ_EXTENDED_VEHICLE_INFO
    )


class ConnectivityStatus:
    """Whether the car can be reached."""

    IsAsleep: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "ConnectivityStatus", "IsAsleep", "Flag", P.READ_VEHICLE_INFO
    )
    IsDigitalKeyPaired: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "ConnectivityStatus", "IsDigitalKeyPaired", "Flag", P.READ_VEHICLE_INFO
    )
    IsOnline: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "ConnectivityStatus", "IsOnline", "Flag", P.READ_VEHICLE_INFO
    )


class Diagnostics:
    """The health of the car's systems."""

    ABS: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey("Diagnostics", "ABS", "SystemStatus", P.READ_DIAGNOSTICS)
    ActiveSafety: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "ActiveSafety", "SystemStatus", P.READ_DIAGNOSTICS
    )
    Airbag: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "Airbag", "SystemStatus", P.READ_DIAGNOSTICS
    )
    BrakeFluid: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "BrakeFluid", "SystemStatus", P.READ_DIAGNOSTICS
    )
    DriverAssistance: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "DriverAssistance", "SystemStatus", P.READ_DIAGNOSTICS
    )
    DTCCount: ClassVar["SignalKey[body.Count]"] = SignalKey("Diagnostics", "DTCCount", "Count", P.READ_DIAGNOSTICS)
    DTCList: ClassVar["SignalKey[body.TroubleCodes]"] = SignalKey(
        "Diagnostics", "DTCList", "TroubleCodes", P.READ_DIAGNOSTICS
    )
    Emissions: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "Emissions", "SystemStatus", P.READ_DIAGNOSTICS
    )
    EVBatteryConditioning: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "EVBatteryConditioning", "SystemStatus", P.READ_DIAGNOSTICS
    )
    EVCharging: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "EVCharging", "SystemStatus", P.READ_DIAGNOSTICS
    )
    EVDriveUnit: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "EVDriveUnit", "SystemStatus", P.READ_DIAGNOSTICS
    )
    EVHVBattery: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "EVHVBattery", "SystemStatus", P.READ_DIAGNOSTICS
    )
    Lighting: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "Lighting", "SystemStatus", P.READ_DIAGNOSTICS
    )
    MIL: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey("Diagnostics", "MIL", "SystemStatus", P.READ_DIAGNOSTICS)
    OilLife: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "OilLife", "SystemStatus", P.READ_DIAGNOSTICS
    )
    OilPressure: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "OilPressure", "SystemStatus", P.READ_DIAGNOSTICS
    )
    OilTemperature: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "OilTemperature", "SystemStatus", P.READ_DIAGNOSTICS
    )
    Telematics: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "Telematics", "SystemStatus", P.READ_DIAGNOSTICS
    )
    TirePressure: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "TirePressure", "SystemStatus", P.READ_DIAGNOSTICS
    )
    TirePressureMonitoring: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "TirePressureMonitoring", "SystemStatus", P.READ_DIAGNOSTICS
    )
    Transmission: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "Transmission", "SystemStatus", P.READ_DIAGNOSTICS
    )
    WasherFluid: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "WasherFluid", "SystemStatus", P.READ_DIAGNOSTICS
    )
    WaterInFuel: ClassVar["SignalKey[body.SystemStatus]"] = SignalKey(
        "Diagnostics", "WaterInFuel", "SystemStatus", P.READ_DIAGNOSTICS
    )


class HVAC:
    """Heating, cooling and defrosting."""

    CabinTargetTemperature: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "HVAC", "CabinTargetTemperature", "Measure", P.READ_CLIMATE
    )
    IsCabinHVACActive: ClassVar["SignalKey[body.Flag]"] = SignalKey("HVAC", "IsCabinHVACActive", "Flag", P.READ_CLIMATE)
    IsFrontDefrosterActive: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "HVAC", "IsFrontDefrosterActive", "Flag", P.READ_CLIMATE
    )
    IsRearDefrosterActive: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "HVAC", "IsRearDefrosterActive", "Flag", P.READ_CLIMATE
    )
    IsSteeringHeaterActive: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "HVAC", "IsSteeringHeaterActive", "Flag", P.READ_CLIMATE
    )


class InternalCombustionEngine:
    """Fuel and oil."""

    AmountRemaining: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "InternalCombustionEngine", "AmountRemaining", "Measure", P.READ_FUEL
    )
    FuelLevel: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "InternalCombustionEngine", "FuelLevel", "Measure", P.READ_FUEL
    )
    OilLife: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "InternalCombustionEngine", "OilLife", "Measure", P.READ_ENGINE_OIL
    )
    Range: ClassVar["SignalKey[body.Measure]"] = SignalKey("InternalCombustionEngine", "Range", "Measure", P.READ_FUEL)


class Location:
    """Where the car is."""

    IsAtHome: ClassVar["SignalKey[body.Flag]"] = SignalKey("Location", "IsAtHome", "Flag", P.READ_LOCATION)
    PreciseLocation: ClassVar["SignalKey[body.Location]"] = SignalKey(
        "Location", "PreciseLocation", "Location", P.READ_LOCATION
    )


class LowVoltageBattery:
    """The 12 V battery."""

    StateOfCharge: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "LowVoltageBattery", "StateOfCharge", "Measure", P.READ_BATTERY
    )
    Status: ClassVar["SignalKey[body.LowVoltageHealth]"] = SignalKey(
        "LowVoltageBattery", "Status", "LowVoltageHealth", P.READ_BATTERY
    )


class Motion:
    """How fast the car goes."""

    CurrentSpeed: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "Motion", "CurrentSpeed", "Measure", P.READ_SPEEDOMETER
    )


class Odometer:
    """How far the car has gone."""

    TraveledDistance: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "Odometer", "TraveledDistance", "Measure", P.READ_ODOMETER
    )


class Service:
    """Visits to the workshop."""

    IsInService: ClassVar["SignalKey[body.Flag]"] = SignalKey("Service", "IsInService", "Flag", P.READ_SERVICE_HISTORY)
    Records: ClassVar["SignalKey[body.ServiceRecords]"] = SignalKey(
        "Service", "Records", "ServiceRecords", P.READ_SERVICE_HISTORY
    )


class Surveillance:
    """The car's guard camera."""

    Brand: ClassVar["SignalKey[body.Text]"] = SignalKey("Surveillance", "Brand", "Text", P.READ_EXTENDED_VEHICLE_INFO)
    IsEnabled: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "Surveillance", "IsEnabled", "Flag", P.READ_EXTENDED_VEHICLE_INFO
    )


class TractionBattery:
    """The battery that drives the car."""

    IsHeaterActive: ClassVar["SignalKey[body.Flag]"] = SignalKey(
        "TractionBattery", "IsHeaterActive", "Flag", P.READ_BATTERY
    )
    MaxRangeChargeCounter: ClassVar["SignalKey[body.Count]"] = SignalKey(
        "TractionBattery", "MaxRangeChargeCounter", "Count", P.READ_BATTERY
    )
    NominalCapacity: ClassVar["SignalKey[body.NominalCapacity]"] = SignalKey(
        "TractionBattery", "NominalCapacity", "NominalCapacity", P.READ_BATTERY
    )
    Range: ClassVar["SignalKey[body.Range]"] = SignalKey("TractionBattery", "Range", "Range", P.READ_BATTERY)
    StateOfCharge: ClassVar["SignalKey[body.Measure]"] = SignalKey(
        "TractionBattery", "StateOfCharge", "Measure", P.READ_BATTERY
    )


class Transmission:
    """Gear and drive mode."""

    DriveMode: ClassVar["SignalKey[body.DriveMode]"] = SignalKey("Transmission", "DriveMode", "DriveMode")
    GearState: ClassVar["SignalKey[body.Gear]"] = SignalKey("Transmission", "GearState", "Gear")


class VehicleIdentification:
    """Which car this is."""

    ExteriorColor: ClassVar["SignalKey[body.Text]"] = SignalKey(
        "VehicleIdentification", "ExteriorColor", "Text", P.READ_EXTENDED_VEHICLE_INFO
    )
    Nickname: ClassVar["SignalKey[body.Text]"] = SignalKey(
        "VehicleIdentification", "Nickname", "Text", P.READ_VEHICLE_INFO
    )
    Packages: ClassVar["SignalKey[body.Texts]"] = SignalKey(
        "VehicleIdentification", "Packages", "Texts", P.READ_VEHICLE_INFO
    )
    Trim: ClassVar["SignalKey[body.Text]"] = SignalKey(
        "VehicleIdentification", "Trim", "Text", P.READ_EXTENDED_VEHICLE_INFO
    )
    VIN: ClassVar["SignalKey[body.Text]"] = SignalKey("VehicleIdentification", "VIN", "Text", P.READ_VIN)


class VehicleUserAccount:
    """The owner's account at the maker."""

    Permissions: ClassVar["SignalKey[body.Texts]"] = SignalKey(
        "VehicleUserAccount", "Permissions", "Texts", P.READ_USER_PROFILE
    )
    Role: ClassVar["SignalKey[body.Text]"] = SignalKey("VehicleUserAccount", "Role", "Text", P.READ_USER_PROFILE)


class Wheel:
    """Tires and wheels."""

    Style: ClassVar["SignalKey[body.Text]"] = SignalKey("Wheel", "Style", "Text", P.READ_EXTENDED_VEHICLE_INFO)
    Tires: ClassVar["SignalKey[body.Tires]"] = SignalKey("Wheel", "Tires", "Tires", P.READ_TIRES)


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
    key = _BY_CODE.get(_text(code).lower().replace(".", "-"))
    if key is None:
        hint = _did_you_mean(code, _BY_CODE) or "signals.ALL lists the known ones."
        raise ConfigurationError(
            f"code: no signal is called {_redact(repr(code))}; {hint} signals.custom(code) names a new one."
        )
    return key


def custom(code: str) -> SignalKey[dict[str, Any]]:
    """A key for a signal that this version does not know; its body is the JSON object as sent."""
    group, separator, name = _text(code).partition("-")
    if not (group and separator and name) or code != code.lower():
        hint = f"; {near}" if (near := _did_you_mean(code, _BY_CODE)) else ""
        raise ConfigurationError(f"code: a signal's code is group-name in lower case, not {_redact(repr(code))}{hint}")
    return SignalKey[dict[str, Any]](group, name, "dict", code=code)


def _text(code: object) -> str:
    if not isinstance(code, str):
        raise ConfigurationError("code: give a text, such as 'odometer-traveleddistance'")
    return code
