"""What a signal says: one frozen record per shape, shared by all signals of that shape.

Every field may be missing on the wire, whatever the documentation requires, so every field has an empty default.
Numbers, units and unknown enum values are kept as they were sent. A wire name is the field's name in camel case,
unless the field's metadata says otherwise.
"""

import datetime as dt

from attrs import field, frozen

from .body_enums import (
    BatteryHealth,
    CapacitySource,
    ChargeScope,
    ChargeState,
    ChargingType,
    CompassPoint,
    DriveModeName,
    GearPosition,
    LocationType,
    PortColor,
    RangeBasis,
    SystemState,
)
from .vocabulary import ScheduleType, Weekday
from .wire import wire


class _OfTheCar:
    """A body whose value tells of the car, and not of people and places: tables of many signals show it."""

    __slots__ = ()
    _in_tables = True


class _Figure(_OfTheCar):
    """One whose value is a number, or yes or no: the `repr` of a signal shows it too."""

    __slots__ = ()
    _in_repr = True


@frozen
class Measure(_Figure):
    """A number with its unit."""

    value: float | None = None
    unit: str | None = None


@frozen
class Count(_Figure):
    """A whole number, with a unit where one is sent."""

    value: int | None = None
    unit: str | None = None


@frozen
class Flag(_Figure):
    """Yes or no."""

    value: bool | None = None


@frozen
class Text(_OfTheCar):
    """A word or a name."""

    value: str | None = None


@frozen
class Texts:
    """A list of words."""

    values: tuple[str, ...] = ()


@frozen
class ChargingStatus(_OfTheCar):
    """Whether the car charges, in more detail than a flag."""

    value: ChargeState | str | None = None


@frozen
class PortLight(_OfTheCar):
    """The colour at the charge port."""

    value: PortColor | str | None = None


@frozen
class LowVoltageHealth(_OfTheCar):
    """The low-voltage battery's health."""

    value: BatteryHealth | str | None = None


@frozen
class Gear(_OfTheCar):
    """The gear that is in."""

    value: GearPosition | str | None = None


@frozen
class DriveMode:
    """The selected drive mode, under a common name and under the maker's own."""

    canonical: DriveModeName | str | None = None
    oem_display_name: str | None = None


@frozen
class SystemStatus:
    """The state of one of the car's systems."""

    status: SystemState | str | None = None
    description: str | None = None


@frozen
class TroubleCode:
    """One active trouble code, with the time when it was first logged."""

    code: str | None = None
    timestamp: dt.datetime | None = None


@frozen
class TroubleCodes:
    """All active trouble codes."""

    values: tuple[TroubleCode, ...] = ()


@frozen
class Opening:
    """A cover that is open or closed."""

    is_open: bool | None = None


@frozen
class LockableOpening:
    """A cover that can be locked as well."""

    is_open: bool | None = None
    is_locked: bool | None = None


@frozen
class Door:
    """One door: row 0 is the front, column 0 the left."""

    row: int | None = None
    column: int | None = None
    is_open: bool | None = None
    is_locked: bool | None = None


@frozen
class Doors:
    """Every door on its row and column."""

    values: tuple[Door, ...] = field(default=(), metadata=wire("values", "doors"))
    row_count: int | None = None
    column_count: int | None = None

    def at(self, row: int, column: int) -> Door | None:
        """The door at this place, if it is listed."""
        return next((door for door in self.values if (door.row, door.column) == (row, column)), None)


@frozen
class Window:
    """One window: row 0 is the front, column 0 the left."""

    row: int | None = None
    column: int | None = None
    is_open: bool | None = None


@frozen
class Windows:
    """Every window on its row and column."""

    values: tuple[Window, ...] = field(default=(), metadata=wire("values", "windows"))
    row_count: int | None = None
    column_count: int | None = None

    def at(self, row: int, column: int) -> Window | None:
        """The window at this place, if it is listed."""
        return next((window for window in self.values if (window.row, window.column) == (row, column)), None)


@frozen
class Tire:
    """One tire: row 0 is the front, column 0 the left."""

    row: int | None = None
    column: int | None = None
    tire_pressure: float | None = None


@frozen
class Tires:
    """The pressure of every tire. The unit is as sent, and has been seen to be wrong."""

    values: tuple[Tire, ...] = ()
    row_count: int | None = None
    column_count: int | None = None
    unit: str | None = None

    def at(self, row: int, column: int) -> Tire | None:
        """The tire at this place, if it is listed."""
        return next((tire for tire in self.values if (tire.row, tire.column) == (row, column)), None)


@frozen
class Location:
    """Where the car is, or was last parked."""

    latitude: float | None = None
    longitude: float | None = None
    heading: float | None = None
    direction: CompassPoint | str | None = None
    location_type: LocationType | str | None = None


@frozen
class CapacityOption:
    """One of the capacities that this model is sold with."""

    capacity: float | None = None
    description: str | None = None


@frozen
class NominalCapacity:
    """The battery's gross capacity, how it was decided, and the candidates."""

    capacity: float | None = None
    source: CapacitySource | str | None = None
    available_capacities: tuple[CapacityOption, ...] = ()
    unit: str | None = None


@frozen
class RangeEstimate:
    """A range on another basis."""

    type: RangeBasis | str | None = None
    value: float | None = None


@frozen
class Range:
    """The driving range, with other estimates beside it."""

    value: float | None = None
    type: RangeBasis | str | None = None
    additional_values: tuple[RangeEstimate, ...] = ()
    unit: str | None = None


@frozen
class ChargeCondition:
    """Where, or on which current, a charge limit or timer applies."""

    name: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    charging_type: ChargingType | str | None = None
    connector_type: str | None = None


@frozen
class ChargeLimit:
    """One target level, in percent, and where it applies."""

    type: ChargeScope | str | None = None
    limit: float | None = None
    condition: ChargeCondition | None = field(default=None, repr=False)


@frozen
class ChargeLimits:
    """All target levels, and the one in force now."""

    values: tuple[ChargeLimit, ...] = ()
    active_limit: float | None = None
    unit: str | None = None


@frozen
class ChargeWindow:
    """A daily span of charging, in clock times without a stated zone. It may cross midnight."""

    start: dt.time | None = None
    end: dt.time | None = None
    days: tuple[Weekday | str, ...] = ()


@frozen
class DepartureTimer:
    """A time by which the car shall be ready."""

    time: dt.time | None = None
    days: tuple[Weekday | str, ...] = ()


@frozen
class ChargeTimer:
    """The charging windows and departures of one context. `schedule_id` is there if the API made it."""

    type: ChargeScope | str | None = None
    condition: ChargeCondition | None = field(default=None, repr=False)
    schedules: tuple[ChargeWindow, ...] = ()
    departure_timers: tuple[DepartureTimer, ...] = ()
    is_oem_optimization_enabled: bool | None = field(default=None, metadata=wire("isOEMOptimizationEnabled"))
    schedule_id: str | None = None
    schedule_type: ScheduleType | str | None = None


@frozen
class ChargeTimers:
    """All charge timers of a car."""

    values: tuple[ChargeTimer, ...] = ()


@frozen
class ChargeCost:
    """What a charge session cost."""

    currency: str | None = None
    energy_amount: float | None = None
    other_amount: float | None = None


@frozen
class Place:
    """A named place."""

    name: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@frozen
class ChargeRecord:
    """One charge session, energy in kWh and levels in percent."""

    id: str | None = None
    start_time: dt.datetime | None = None
    end_time: dt.datetime | None = None
    energy_added: float | None = None
    charging_type: ChargingType | str | None = None
    connector_type: str | None = None
    is_public_charger: bool | None = None
    start_state_of_charge: float | None = None
    end_state_of_charge: float | None = None
    cost: ChargeCost | None = None
    location: Place | None = field(default=None, repr=False)


@frozen
class ChargeRecords:
    """Past and running charge sessions."""

    values: tuple[ChargeRecord, ...] = ()


@frozen
class ServiceCost:
    """What a service visit cost."""

    amount: float | None = None
    currency: str | None = None


@frozen
class ServiceItem:
    """A task or a detail of a service visit."""

    id: str | None = None
    description: str | None = None


@frozen
class ServiceRecord:
    """One service visit."""

    id: str | None = None
    time: dt.datetime | None = None
    odometer: float | None = None
    cost: ServiceCost | None = None
    tasks: tuple[ServiceItem, ...] = ()
    details: tuple[ServiceItem, ...] = ()


@frozen
class ServiceRecords:
    """The service history."""

    values: tuple[ServiceRecord, ...] = ()
