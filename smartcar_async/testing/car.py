"""One car as a physical thing: its state, and what a minute of driving, parking, charging and sleeping does to it."""

from __future__ import annotations

import math
from copy import copy
from random import Random

from attrs import define, evolve, field

from .cars import CarModel
from .charging import ChargeRecord, ChargeTimer
from .errors import SimulatorError
from .extras import Extras
from .routine import DAY, Errand, Place, Routine, Trip, bearing, distance_km, trip

AC_VOLTS = 230
DC_VOLTS = 400
AC_EFFICIENCY = 0.92
DC_EFFICIENCY = 0.96

_RESERVE = 0.1
_REFUEL_BELOW = 0.18
_FAST_CHARGE_BELOW = 0.7
_NEAR_KM = 0.3


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
    charging_forced: bool = False
    flap_open: bool = False
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
    destination: Place | None = None
    stays: bool = False
    virtual_key: bool = True
    """Whether the owner has added the application's key: a Tesla obeys no command without it."""
    extras: Extras = field(factory=Extras)

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
        """Live one minute; True when something happened that the car reports at once."""
        self.minute += 1
        if self.minute % DAY == 0 and not self.stays:
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

    def park(self, place: Place | None = None) -> None:
        """Stand at a place, home unless one is named, locked and unplugged; the driver stays there until `drive`."""
        self._arrive(place or self.routine.home)
        self.unplug()
        self.lock()
        self.agenda, self.stays = (), True

    def drive(self, destination: Place | None = None) -> None:
        """Set off at once, to a place or else from home to work or back home; the days go on as usual after it."""
        away = self.routine.work if self.place == self.routine.home else self.routine.home
        target = destination or away
        if target == self.place:
            raise SimulatorError(f"the car is already at {target.name}: name another destination")
        journey = trip(self.minute, self.place, target)
        self._set_off(journey)
        self.stays = False
        self.in_motion, self.speed_kmh = True, journey.distance_km / journey.minutes * 60

    def sleep(self) -> None:
        """Fall asleep now instead of after some idle minutes."""
        self.asleep = True

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

    def start_charge(self) -> None:
        """Charge now and until the limit, whatever the timers say."""
        if not self.plugged_in:
            raise SimulatorError("an unplugged car cannot charge: plug it in first")
        self.charging_paused, self.charging_forced = False, True
        if not self.charging:
            self._start_charging()

    def stop_charge(self) -> None:
        """End the charge; none begins before the next timer, or until the cable was out."""
        self.wake()
        self.charging_paused = True
        if self.charging:
            self._stop_charging()

    def set_charge_limit(self, percent: int) -> None:
        """Set the charge limit; a charge that is there already ends."""
        self.wake()
        self.charge_limit = percent
        if self.charging and self.at_limit:
            self._stop_charging()

    def set_amperage(self, amperage: int) -> None:
        """Set the current that it draws from a wall box."""
        self.wake()
        self.amperage_requested = amperage
        if self.charging and not self.fast:
            self.amperage = amperage

    def limit_at(self, place: Place, percent: int) -> None:
        """Set the charge limit for one place; it holds at once if the car is there."""
        self.extras = evolve(self.extras, place_limits={**self.extras.place_limits, place.name: percent})
        if self.near(place):
            self.set_charge_limit(percent)

    def open_flap(self) -> None:
        """Open the flap over the charge port."""
        self.wake()
        self.flap_open = True

    def close_flap(self) -> None:
        """Close the flap over the charge port."""
        self.wake()
        self.flap_open = False

    def send_destination(self, destination: Place) -> None:
        """Put a destination into the car's navigation."""
        self.wake()
        self.destination = destination

    def schedule_at(self, minute: int) -> str | None:
        """The id of the schedule that lets the car charge where it stands, at a minute."""
        return next(
            (timer.schedule_id for timer in self._timers_here() if timer.schedule_id and timer.allows(minute)), None
        )

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
        self._set_off(drive)
        return True

    def _set_off(self, drive: Trip) -> None:
        self.unplug()
        self.flap_open = False
        self.lock()
        self.extras = evolve(self.extras, trunk_open=False, frunk_open=False)
        self.ignition_on = True
        self.trip = drive
        self.heading = bearing(drive.origin, drive.destination)

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
        self.extras = evolve(self.extras, cabin_on=False, defroster_on=False, wheel_heater_on=False)
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
        timers = self._timers_here()
        if any(timer.opens(self.minute) for timer in timers):
            self.charging_paused = False
        in_time = not timers or any(timer.allows(self.minute) for timer in timers)
        allowed = self.charging_forced or (in_time and not self.charging_paused)
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

    def _timers_here(self) -> tuple[ChargeTimer, ...]:
        return tuple(timer for timer in self.timers if timer.location is None or self.near(timer.location))

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
        self.charging = self.charging_forced = False
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
