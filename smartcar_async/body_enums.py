"""The words that the bodies of signals use, as open enums like those of `vocabulary`.

They are apart because an import need not wait for them.
"""

from enum import StrEnum


class ChargeState(StrEnum):
    """Whether a battery takes charge."""

    CHARGING = "CHARGING"
    NOT_CHARGING = "NOT_CHARGING"
    FULLY_CHARGED = "FULLY_CHARGED"


class PortColor(StrEnum):
    """The light at the charge port."""

    GREEN = "GREEN"
    BLUE = "BLUE"
    ORANGE = "ORANGE"
    ETC = "ETC"


class BatteryHealth(StrEnum):
    """How well the low-voltage battery is."""

    GOOD = "GOOD"
    WARN = "WARN"
    BAD = "BAD"


class GearPosition(StrEnum):
    """Where the gear selector stands."""

    PARK = "PARK"
    DRIVE = "DRIVE"
    REVERSE = "REVERSE"
    NEUTRAL = "NEUTRAL"


class DriveModeName(StrEnum):
    """Drive modes under one name for all makes."""

    ECONOMY = "ECONOMY"
    NORMAL = "NORMAL"
    SPORT = "SPORT"
    SNOW = "SNOW"
    TOW = "TOW"
    OFF_ROAD = "OFF_ROAD"


class SystemState(StrEnum):
    """Whether a system of the car reports trouble."""

    OK = "OK"
    ALERT = "ALERT"


class ChargingType(StrEnum):
    """Alternating or direct current."""

    AC = "AC"
    DC = "DC"


class ChargeScope(StrEnum):
    """Where a charge limit or timer applies. CONNECTOR is the name that CHARGING_TYPE had before 2026-01-28."""

    GLOBAL = "GLOBAL"
    LOCATION = "LOCATION"
    CHARGING_TYPE = "CHARGING_TYPE"
    CONNECTOR = "CONNECTOR"


class CompassPoint(StrEnum):
    """Which way the car points."""

    N = "N"
    NE = "NE"
    E = "E"
    SE = "SE"
    S = "S"
    SW = "SW"
    W = "W"
    NW = "NW"


class LocationType(StrEnum):
    """Whether a position is live or where the car was last parked."""

    LAST_PARKED = "LAST_PARKED"
    CURRENT = "CURRENT"


class CapacitySource(StrEnum):
    """How the battery's capacity was decided."""

    SMARTCAR = "SMARTCAR"
    USER_SELECTED = "USER_SELECTED"


class RangeBasis(StrEnum):
    """What a range figure rests on."""

    DEFAULT = "DEFAULT"
    IDEAL_CONDITIONS = "IDEAL_CONDITIONS"
    ESTIMATED = "ESTIMATED"
    RATED = "RATED"
