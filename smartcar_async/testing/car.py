"""One car as a physical thing: its state, and what a minute of driving, parking, charging and sleeping does to it."""

from __future__ import annotations

import math
from copy import copy
from random import Random

from attrs import define, frozen

from .cars import CarModel
from .routine import DAY, Errand, Place, Routine, Trip, bearing, distance_km, trip

AC_VOLTS = 230
DC_VOLTS = 400
AC_EFFICIENCY = 0.92
DC_EFFICIENCY = 0.96

_RESERVE = 0.1
_REFUEL_BELOW = 0.18
_FAST_CHARGE_BELOW = 0.7
_NEAR_KM = 0.3
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_MAKER_CODES = {"VOLVO": "YV1", "POLESTAR": "LPS", "TESLA": "LRW", "VOLKSWAGEN": "WVG", "FORD": "WF0", "BMW": "WBY"}


@frozen
class ChargeTimer:
    """A daily window in which charging is allowed, in minutes of the day; days count from Monday as 0."""

    start: int
    stop: int
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    location: Place | None = None
    schedule_id: str | None = None
    schedule_type: str | None = None

    def allows(self, minute: int) -> bool:
        """Whether a minute of the world falls into the window; one past midnight belongs to the day it began on."""
        day, of_day = divmod(minute, DAY)
        if self.start <= self.stop:
            return self.start <= of_day < self.stop and day % 7 in self.days
        if of_day >= self.start:
            return day % 7 in self.days
        return of_day < self.stop and (day - 1) % 7 in self.days


@frozen
class ChargeRecord:
    """A charge that is over."""

    start: int
    stop: int
    energy_kwh: float
    fast: bool
    place: Place
    start_percent: float
    stop_percent: float


@define
class Car:
    """The state of one car. Change it by its methods or directly; `tick` lives a minute; `snapshot` is a copy."""

    model: CarModel
    vin: str
    nickname: str
    routine: Routine
    minute: int
    agenda: tuple[Errand, ...]

    place: Place
    latitude: float
    longitude: float
    parked_latitude: float
    parked_longitude: float
    parked_minute: int
    odometer_km: float
    battery_kwh: float
    fuel_l: float
    charge_limit: int
    amperage_requested: int
    plugs_in_below: float

    trip: Trip | None = None
    heading: float = 0.0
    ignition_on: bool = False
    in_motion: bool = False
    speed_kmh: float = 0.0

    plugged_in: bool = False
    charging: bool = False
    charging_paused: bool = False
    timers: tuple[ChargeTimer, ...] = ()
    amperage: float = 0.0
    voltage: float = 0.0
    phases: int = 0
    fast: bool = False
    energy_added_kwh: float = 0.0
    charge_began: int = 0
    charge_began_percent: float = 0.0
    last_charged: int | None = None
    minutes_to_limit: int = 0
    charges: int = 0
    charge_records: tuple[ChargeRecord, ...] = ()

    locked: bool = True
    door_open: bool = False
    asleep: bool = False
    idle_minutes: int = 0

    @property
    def soc(self) -> float:
        """State of charge, 0 to 100."""
        return 100 * self.battery_kwh / self.model.usable_kwh if self.model.usable_kwh else 0.0

    @property
    def fuel_percent(self) -> float:
        """Fuel level, 0 to 100."""
        return 100 * self.fuel_l / self.model.tank_l if self.model.tank_l else 0.0

    @property
    def electric_range_km(self) -> float:
        """How far the battery reaches."""
        return 100 * self.battery_kwh / self.model.consumption_kwh if self.model.consumption_kwh else 0.0

    @property
    def fuel_range_km(self) -> float:
        """How far the tank reaches."""
        return 100 * self.fuel_l / self.model.consumption_l if self.model.consumption_l else 0.0

    @property
    def wattage(self) -> float:
        """What the charger delivers, or last delivered."""
        return self.amperage * self.voltage * self.phases

    @property
    def charge_rate_kmh(self) -> float:
        """How much range an hour of charging adds, or last added."""
        return self._stored_kw / self.model.consumption_kwh * 100 if self.model.consumption_kwh else 0.0

    @property
    def at_limit(self) -> bool:
        """Whether the battery holds all that the owner wants in it."""
        return self.battery_kwh >= self._wanted_kwh - 1e-9

    def snapshot(self) -> Car:
        """A copy for a reader, which the passing of time leaves alone."""
        return copy(self)

    def tick(self) -> bool:
        """Live one minute; True when something happened that the car tells its maker about at once."""
        self.minute += 1
        if self.minute % DAY == 0:
            self.agenda += tuple(self.routine.errands(self.minute // DAY))
        if self.trip is not None:
            return self._drive(self.trip)
        if self.agenda and self.minute >= self.agenda[0].depart - 1:
            return self._leave(self.agenda[0])
        if self.plugged_in and (self.charging or not self.at_limit):
            changed = self._charge()
            if self.charging or changed:
                return changed
        return False if self.asleep else self._rest()

    def wake(self) -> None:
        """Wake the car, as an approaching key or a command does."""
        self.asleep = False
        self.idle_minutes = 0

    def lock(self) -> None:
        """Close and lock everything."""
        self.wake()
        self.door_open = False
        self.locked = True

    def unlock(self) -> None:
        """Unlock every door."""
        self.wake()
        self.locked = False

    def plug_in(self) -> None:
        """Connect the charging cable; charging begins at the next minute that a timer allows."""
        self.wake()
        self.plugged_in = self.model.usable_kwh > 0

    def unplug(self) -> None:
        """Disconnect the cable, which ends a charge and forgets a pause."""
        if self.charging:
            self._stop_charging()
        self.plugged_in = False
        self.charging_paused = False

    def near(self, place: Place) -> bool:
        """Whether the car stands at a place."""
        return distance_km(Place("here", self.latitude, self.longitude), place) <= _NEAR_KM

    @property
    def _wanted_kwh(self) -> float:
        return self.model.usable_kwh * self.charge_limit / 100

    @property
    def _stored_kw(self) -> float:
        return self.wattage * (DC_EFFICIENCY if self.fast else AC_EFFICIENCY) / 1000

    def _leave(self, errand: Errand) -> bool:
        if self.minute < errand.depart:
            self.unlock()
            self.door_open = True
            return True
        self.agenda = self.agenda[1:]
        drive = trip(self.minute, self.place, errand.destination)
        if errand.destination == self.place or not self._reaches(drive.distance_km):
            self.lock()
            self.plug_in()
            return True
        self.unplug()
        self.lock()
        self.ignition_on = True
        self.trip = drive
        self.heading = bearing(drive.origin, drive.destination)
        return True

    def _reaches(self, distance: float) -> bool:
        electric = self.electric_range_km * (1 - _RESERVE)
        return electric + self.fuel_range_km >= distance * 1.1

    def _drive(self, drive: Trip) -> bool:
        step = drive.distance_km / drive.minutes
        done = (self.minute - drive.depart) / drive.minutes
        self._spend(step)
        self.odometer_km += step
        self.speed_kmh = step * 60
        self.in_motion = True
        self.latitude = drive.origin.latitude + done * (drive.destination.latitude - drive.origin.latitude)
        self.longitude = drive.origin.longitude + done * (drive.destination.longitude - drive.origin.longitude)
        if self.minute - drive.depart < drive.minutes:
            return False
        self._arrive(drive.destination)
        return True

    def _spend(self, distance: float) -> None:
        reserve = self.model.usable_kwh * _RESERVE if self.model.tank_l else 0.0
        wanted = distance * self.model.consumption_kwh / 100
        taken = min(wanted, max(0.0, self.battery_kwh - reserve))
        self.battery_kwh -= taken
        on_fuel = distance * (1 - taken / wanted) if wanted else distance
        self.fuel_l = max(0.0, self.fuel_l - on_fuel * self.model.consumption_l / 100)

    def _arrive(self, place: Place) -> None:
        self.trip = None
        self.place = place
        self.latitude = self.parked_latitude = place.latitude
        self.longitude = self.parked_longitude = place.longitude
        self.parked_minute = self.minute
        self.ignition_on = self.in_motion = False
        self.speed_kmh = 0.0
        self.unlock()
        self.door_open = True
        if self.fuel_percent < 100 * _REFUEL_BELOW:
            self.fuel_l = self.model.tank_l
        at_home = place.charger == "wall box" and self.soc < self.plugs_in_below
        wants_fast = place.charger == "fast" and self.model.dc_kw > 0 and self.soc < 100 * _FAST_CHARGE_BELOW
        if at_home or wants_fast:
            self.plug_in()

    def _charge(self) -> bool:
        allowed = not self.charging_paused and self._timers_allow()
        if not self.charging:
            if allowed:
                self._start_charging()
            return allowed
        if not allowed or self.at_limit:
            self._stop_charging()
            return True
        added = min(self._stored_kw / 60, self._wanted_kwh - self.battery_kwh)
        self.battery_kwh += added
        self.energy_added_kwh += added
        self.last_charged = self.minute
        self.minutes_to_limit = math.ceil((self._wanted_kwh - self.battery_kwh) / self._stored_kw * 60 - 1e-9)
        if self.at_limit:
            self._stop_charging()
            return True
        return False

    def _timers_allow(self) -> bool:
        timers = [timer for timer in self.timers if timer.location is None or self.near(timer.location)]
        return not timers or any(timer.allows(self.minute) for timer in timers)

    def _start_charging(self) -> None:
        self.wake()
        self.charging = True
        self.fast = self.place.charger == "fast" and self.model.dc_kw > 0
        if self.fast:
            self.amperage, self.voltage, self.phases = round(self.model.dc_kw * 600 / DC_VOLTS), DC_VOLTS, 1
        else:
            amperage = min(self.model.ac_amps, self.amperage_requested)
            self.amperage, self.voltage, self.phases = amperage, AC_VOLTS, self.model.ac_phases
        self.energy_added_kwh = 0.0
        self.charge_began, self.charge_began_percent = self.minute, self.soc
        self.last_charged = self.minute
        self.minutes_to_limit = math.ceil((self._wanted_kwh - self.battery_kwh) / self._stored_kw * 60)

    def _stop_charging(self) -> None:
        self.charging = False
        self.idle_minutes = 0
        if self.soc > 99:
            self.charges += 1
        record = ChargeRecord(
            self.charge_began,
            self.minute,
            self.energy_added_kwh,
            self.fast,
            self.place,
            self.charge_began_percent,
            self.soc,
        )
        self.charge_records = (*self.charge_records, record)[-5:]

    def _rest(self) -> bool:
        self.idle_minutes += 1
        if self.door_open:
            self.door_open = False
            self.locked = not self._forgets()
            return True
        if self.idle_minutes >= self.model.sleeps_after:
            self.asleep = True
            return True
        return False

    def _forgets(self) -> bool:
        return Random(f"{self.routine.seed}/{self.routine.name}/lock {self.minute}").random() < 0.08


def new_car(model: CarModel, habits: Routine, nickname: str, minute: int) -> Car:
    """A car at its owner's home, with a past, as its driver's seed draws it."""
    random = Random(f"{habits.seed}/{habits.name}/car")
    vin = _MAKER_CODES.get(model.make, "KNA") + "".join(random.choices(_VIN_LETTERS, k=14))
    home = habits.home
    night = ChargeTimer(22 * 60, 6 * 60)
    return Car(
        model=model,
        vin=vin,
        nickname=nickname,
        routine=habits,
        minute=minute,
        agenda=tuple(habits.errands(minute // DAY)),
        place=home,
        latitude=home.latitude,
        longitude=home.longitude,
        parked_latitude=home.latitude,
        parked_longitude=home.longitude,
        parked_minute=minute,
        odometer_km=random.uniform(9_000, 15_000) * (2026.5 - model.year),
        battery_kwh=model.usable_kwh * random.uniform(0.25, 0.7),
        fuel_l=model.tank_l * random.uniform(0.3, 0.9),
        charge_limit=model.charge_limit,
        amperage_requested=model.ac_amps,
        plugs_in_below=101.0 if model.tank_l else random.uniform(45, 90),
        timers=(night,) if model.night_charging else (),
        charges=random.randint(5, 60),
    )
