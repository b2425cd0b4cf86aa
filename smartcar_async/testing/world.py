"""The simulated world: a clock, cars that live by it, their owners, and what the service last heard of each car.

Pure and seeded: no I/O, no wall clock, no shared randomness. The same seed gives the same week, in steps of any size.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from attrs import define, field, frozen

from .car import Car, new_car
from .cars import EXTERNAL_IDS, PROFILES, Entry, Mode
from .errors import SimulatorError
from .routine import DAY, routine

EPOCH = datetime(2026, 6, 1, tzinfo=UTC)
"""When every world begins: a Monday, at midnight. Its drivers live by UTC."""

_MINUTE = timedelta(minutes=1)

PERMISSIONS = (
    "read_alerts", "read_battery", "read_charge", "read_charge_locations", "read_charge_records", "read_charge_events",
    "read_climate", "read_compass", "read_diagnostics", "read_engine_oil", "read_extended_vehicle_info", "read_fuel",
    "read_location", "read_odometer", "read_security", "read_service_history", "read_speedometer", "read_thermometer",
    "read_tires", "read_user_profile", "read_vehicle_info", "read_vin", "control_charge", "control_climate",
    "control_navigation", "control_security", "control_pin", "control_trunk",
)  # fmt: skip
"""Every permission that an owner may grant."""


@frozen
class Owner:
    """A person who connected a car. `named` tells an external id of null from none at all."""

    id: str
    external_id: str | None
    named: bool


@define
class Vehicle:
    """A car as the service sees it: the real thing, and the copy made of it at its last report."""

    id: str
    car: Car
    mode: Mode
    subscribed: bool
    stored: Car
    reported_at: datetime

    def report(self, now: datetime) -> None:
        """Send the state of the car to the service's store, from which every read is answered."""
        self.stored = self.car.snapshot()
        self.reported_at = now


@define
class Connection:
    """An owner's consent: which vehicle, with which permissions."""

    id: str
    owner: Owner
    vehicle: Vehicle
    permissions: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@define(eq=False)
class World:
    """Cars, owners and connections under one clock that moves only when `advance` is called."""

    profile: str = "everyday"
    seed: int = 1
    vehicles: dict[str, Vehicle] = field(init=False, factory=dict[str, Vehicle], repr=False)
    connections: dict[str, Connection] = field(init=False, factory=dict[str, Connection], repr=False)
    lock: threading.RLock = field(init=False, factory=threading.RLock, repr=False)
    """Held by whoever moves or reads the world; a server in a thread and a test outside of it share one world."""
    _elapsed: timedelta = field(init=False, default=timedelta())
    _minute: int = field(init=False, default=-DAY)

    def __attrs_post_init__(self) -> None:
        """Move in, and live through the Sunday before, so that Monday begins with cars that have a past."""
        if type(self.seed) is not int:
            raise SimulatorError(f"seed {self.seed!r} is not a whole number: give an int such as 1")
        if self.profile not in PROFILES:
            raise SimulatorError(f"unknown profile {self.profile!r}: choose one of {', '.join(PROFILES)}")
        for number, entry in enumerate(PROFILES[self.profile]):
            self._move_in(number, entry)
        while self._minute < 0:
            self._tick()

    @property
    def now(self) -> datetime:
        """The time in this world."""
        return EPOCH + self._elapsed

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass. Cars live in whole minutes; what is left over counts towards the next one."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta():
            raise SimulatorError("time only moves forward: advance the world by zero or more")
        with self.lock:
            self._elapsed += step
            while self._minute < self._elapsed // _MINUTE:
                self._tick()

    def find(self, make: str, model: str = "") -> Vehicle:
        """The first vehicle of a make, and of a model if one is named; upper and lower case are the same."""
        for vehicle in self.vehicles.values():
            known = vehicle.car.model
            if known.make.lower() == make.lower() and model.lower() in ("", known.model.lower()):
                return vehicle
        raise SimulatorError(f"no {make} {model}".rstrip() + f" in profile {self.profile!r}: see world.vehicles")

    def connection_of(self, vehicle_id: str) -> Connection | None:
        """The consent under which a vehicle may be read, if there is one."""
        return next((found for found in self.connections.values() if found.vehicle.id == vehicle_id), None)

    def disconnect(self, connection_id: str) -> bool:
        """Withdraw a connection; False when there is none of that id."""
        with self.lock:
            return self.connections.pop(connection_id, None) is not None

    def remove_user(self, user_id: str) -> bool:
        """Remove a user with all their connections; False when there is none of that id."""
        with self.lock:
            theirs = [key for key, connection in self.connections.items() if connection.owner.id == user_id]
            for key in theirs:
                self.disconnect(key)
        return bool(theirs)

    def make_id(self, name: str) -> str:
        """A UUID that belongs to a name under this seed."""
        return str(UUID(int=Random(f"{self.seed}/{name}").getrandbits(128), version=4))

    def _move_in(self, number: int, entry: Entry) -> None:
        name = f"{number}/{entry.owner}"
        owner = Owner(
            self.make_id(f"user/{entry.owner}"), EXTERNAL_IDS.get(entry.owner), named=entry.owner in EXTERNAL_IDS
        )
        car = new_car(
            entry.model, routine(self.seed, name), f"{entry.owner.title()}'s {entry.model.model}", self._minute
        )
        created = EPOCH - timedelta(days=3 * (number + 2), minutes=number)
        vehicle = Vehicle(
            self.make_id(f"vehicle/{name}"),
            car,
            entry.mode,
            entry.subscribed,
            car.snapshot(),
            EPOCH - timedelta(days=1),
        )
        self.vehicles[vehicle.id] = vehicle
        connection = Connection(
            self.make_id(f"connection/{name}"),
            owner,
            vehicle,
            tuple(permission for permission in PERMISSIONS if permission not in entry.withheld),
            created,
            created + timedelta(days=2),
        )
        self.connections[connection.id] = connection

    def _tick(self) -> None:
        self._minute += 1
        now = EPOCH + timedelta(minutes=self._minute)
        for vehicle in self.vehicles.values():
            car = vehicle.car
            if car.tick() or (not car.asleep and self._minute - vehicle.stored.minute >= car.model.reports_every):
                vehicle.report(now)
