"""The words that the API uses, as enums.

Every one that the API answers with is open: a field of type `ChargeState | str` holds the member for a known word and
the text for a new one. Members are texts, so both compare alike. What a caller chooses from, such as `SchedulePaths` or
`UnitSystem`, is refused where it is no member.
"""

from enum import StrEnum


class Permission(StrEnum):
    """What an owner allows; the same list serves signals and commands."""

    READ_ALERTS = "read_alerts"
    READ_BATTERY = "read_battery"
    READ_CHARGE = "read_charge"
    READ_CHARGE_LOCATIONS = "read_charge_locations"
    READ_CHARGE_RECORDS = "read_charge_records"
    READ_CHARGE_EVENTS = "read_charge_events"
    READ_CLIMATE = "read_climate"
    READ_COMPASS = "read_compass"
    READ_DIAGNOSTICS = "read_diagnostics"
    READ_ENGINE_OIL = "read_engine_oil"
    READ_EXTENDED_VEHICLE_INFO = "read_extended_vehicle_info"
    READ_FUEL = "read_fuel"
    READ_LOCATION = "read_location"
    READ_ODOMETER = "read_odometer"
    READ_SECURITY = "read_security"
    READ_SERVICE_HISTORY = "read_service_history"
    READ_SPEEDOMETER = "read_speedometer"
    READ_THERMOMETER = "read_thermometer"
    READ_TIRES = "read_tires"
    READ_USER_PROFILE = "read_user_profile"
    READ_VEHICLE_INFO = "read_vehicle_info"
    READ_VIN = "read_vin"
    CONTROL_CHARGE = "control_charge"
    CONTROL_CLIMATE = "control_climate"
    CONTROL_NAVIGATION = "control_navigation"
    CONTROL_SECURITY = "control_security"
    CONTROL_PIN = "control_pin"
    CONTROL_TRUNK = "control_trunk"


class SignalStatus(StrEnum):
    """Whether a signal could be read."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    UNAVAILABLE = "UNAVAILABLE"


class ExecutionStatus(StrEnum):
    """How a command or a schedule call ended."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    PENDING = "PENDING"


class VehicleMode(StrEnum):
    """Whether a connected vehicle is a real one. TEST comes with the deliveries that the dashboard makes up."""

    LIVE = "live"
    SIMULATED = "simulated"
    TEST = "test"


class Powertrain(StrEnum):
    """What drives the car."""

    BEV = "BEV"
    PHEV = "PHEV"
    HEV = "HEV"
    ICE = "ICE"


class UnitSystem(StrEnum):
    """The units in which the API is requested to answer."""

    METRIC = "metric"
    IMPERIAL = "imperial"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class ScheduleType(StrEnum):
    """The kinds of charge schedule."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    WORKWEEK = "WORKWEEK"


class SchedulePaths(StrEnum):
    """Which of the two published families of charge-schedule paths to use; AUTO finds out."""

    AUTO = "auto"
    REFERENCE = "reference"
    ANNOUNCEMENT = "announcement"
