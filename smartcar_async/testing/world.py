"""The simulated world: a clock, cars that live by it, their owners, and what the service last heard of each car.

Pure and seeded: no I/O, no wall clock, no shared randomness. The same seed gives the same week, in steps of any size.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol
from uuid import UUID

from attrs import define, evolve, field, frozen

from .car import Car
from .car_factory import new_car
from .cars import EXTERNAL_IDS, PROFILES, Entry, Mode
from .errors import SimulatorError
from .ledger import Deed
from .routine import DAY, routine
from .troubles import Trouble
from .webhooks import Coded, Subscription, Webhook, codes_of

EPOCH = datetime(2026, 6, 1, tzinfo=UTC)
"""When a world begins by default: a Monday, at midnight. Cars count their minutes from here, and live by UTC."""

_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(weeks=1)
_STORE_LAG = timedelta(milliseconds=1500)

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
    """A person who connected a car. `named` distinguishes an external id of null from none at all."""

    id: str
    external_id: str | None
    named: bool


@define
class Vehicle:
    """A car as the service sees it: the real thing, and the copy made of it at its last report."""

    id: str
    car: Car
    owner_id: str
    mode: Mode
    subscribed: bool
    stored: Car
    reported_at: datetime
    recorded_at: datetime
    command_seconds: float | None = None
    """Real seconds that a command to this car takes; None is as long as the simulator says."""
    wakes: bool | None = None
    """Whether a command wakes the sleeping car, or is refused; None is as its make does."""
    troubles: tuple[Trouble, ...] = ()
    """What is wrong, beyond what its state and its permissions say."""
    _notify: Callable[[Vehicle], None] = field(default=lambda _: None, alias="tell", repr=False, eq=False)
    _ledger: list[Deed] = field(factory=list[Deed], init=False, repr=False)

    @property
    def ledger(self) -> tuple[Deed, ...]:
        """What was physically done to the car, oldest first."""
        return tuple(self._ledger)

    @property
    def silent(self) -> bool:
        """Whether nothing is heard of the car, because of a trouble with all of it."""
        return any(not trouble.signals for trouble in self.troubles)

    def note(self, deed: Deed) -> None:
        """Enter in the ledger what was done to the car."""
        self._ledger.append(deed)

    def report(self, now: datetime, recorded_at: datetime | None = None) -> None:
        """Send the state of the car to the service's store, from which every read is answered.

        The car recorded it some seconds earlier; a later report is never dated before an earlier one.
        """
        if self.silent:
            return
        dated = recorded_at or now - _STORE_LAG - timedelta(seconds=self.car.model.lag_s)
        self.stored = self.car.snapshot()
        self.reported_at, self.recorded_at = now, max(dated, self.recorded_at)
        self._notify(self)


@define
class Connection:
    """An owner's consent: which vehicle, with which permissions."""

    id: str
    owner: Owner
    vehicle: Vehicle
    permissions: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


class Watcher(Protocol):
    """What is called about events in a world, while that is locked."""

    def heard(self, vehicle: Vehicle) -> None:
        """The service knows something new about a vehicle, or a new subscriber is to learn what it knows."""

    def passed(self) -> None:
        """Time has passed."""


@define(eq=False)
class World:
    """Cars, owners and connections under one clock that moves only when `advance` is called."""

    profile: str = "everyday"
    seed: int = 1
    store_delay: timedelta = timedelta(seconds=10)
    """How long after a command the store shows its effect."""
    begin: datetime = EPOCH
    """The time at which it begins. The cars have lived through the days of that week, and the Sunday before it."""
    owners: dict[str, Owner] = field(init=False, factory=dict[str, Owner], repr=False)
    vehicles: dict[str, Vehicle] = field(init=False, factory=dict[str, Vehicle], repr=False)
    connections: dict[str, Connection] = field(init=False, factory=dict[str, Connection], repr=False)
    webhooks: dict[str, Webhook] = field(init=False, factory=dict[str, Webhook], repr=False)
    subscriptions: dict[str, Subscription] = field(init=False, factory=dict[str, Subscription], repr=False)
    lock: threading.RLock = field(init=False, factory=threading.RLock, repr=False)
    """Held by whoever moves or reads the world; a server in a thread and a test outside of it share one world."""
    watcher: Watcher | None = field(init=False, default=None, repr=False)
    management_token: str = field(init=False, repr=False)
    """The application management token: it signs webhooks, and opens the management calls of v2."""
    _elapsed: timedelta = field(init=False, default=timedelta())
    _minute: int = field(init=False, default=0)
    _unreported: dict[str, tuple[datetime, datetime]] = field(
        init=False, factory=dict[str, tuple[datetime, datetime]], repr=False
    )
    _made: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        """Add the cars, and let them live through the Sunday before, so that they have a past on Monday."""
        if type(self.seed) is not int:
            raise SimulatorError(f"seed {self.seed!r} is not a whole number: give an int such as 1")
        if self.profile not in PROFILES:
            raise SimulatorError(f"unknown profile {self.profile!r}: choose one of {', '.join(PROFILES)}")
        begin: object = self.begin
        if not isinstance(begin, datetime) or begin.tzinfo is None or not 2000 <= begin.year < 2100:
            raise SimulatorError("begin: give an aware datetime of this century, such as datetime.now(UTC)")
        self._elapsed = (self.begin - EPOCH) // _WEEK * _WEEK
        self._minute = self._elapsed // _MINUTE - DAY
        self.management_token = self.make_id("management token")
        signals = ("tractionbattery-stateofcharge", "charge-ischarging", "closure-islocked", "charge-chargetimers")
        self.add_webhook("Charging", "https://example.org/smartcar/charging", data=signals, auto_subscribe=True)
        self.add_webhook("Odometer", "https://example.org/smartcar/odometer", triggers=("odometer-traveleddistance",))
        for number, entry in enumerate(PROFILES[self.profile]):
            self._add_car(number, entry)
        while self._minute < self._elapsed // _MINUTE:
            self._tick()
        self.advance(seconds=(self.begin - self.now).total_seconds())

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
            elapsed = self._elapsed + step
            while self._minute < elapsed // _MINUTE:
                self._report_due(EPOCH + (self._minute + 1) * _MINUTE)
                self._tick()
            self._elapsed = elapsed
            self._report_due(self.now)
            if self.watcher is not None:
                self.watcher.passed()

    def act(self, vehicle: Vehicle, action: str, parameters: Mapping[str, object], cause: str) -> Deed:
        """Note in the ledger what a command has just done to a car; the store shows it after the store delay."""
        with self.lock:
            entry = Deed(self.now, action, parameters, cause)
            vehicle.note(entry)
            self._unreported[vehicle.id] = (self.now, self.now + self.store_delay)
            self._report_due(self.now)
        return entry

    def ledger(self, vehicle_id: str) -> tuple[Deed, ...]:
        """What was physically done to a car, oldest first: the truth that a test compares answers with."""
        return self.vehicles[vehicle_id].ledger

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
        """Withdraw a connection, with the subscriptions of its vehicle; False when there is none of that id."""
        with self.lock:
            removed = self.connections.pop(connection_id, None)
            if removed is not None:
                remaining = {
                    key: subscription
                    for key, subscription in self.subscriptions.items()
                    if subscription.vehicle_id != removed.vehicle.id
                }
                self.subscriptions.clear()
                self.subscriptions.update(remaining)
            return removed is not None

    def remove_user(self, user_id: str) -> bool:
        """Remove a user with all their connections; False when there is none of that id."""
        with self.lock:
            connection_ids = [key for key, connection in self.connections.items() if connection.owner.id == user_id]
            for key in connection_ids:
                self.disconnect(key)
        return bool(connection_ids)

    def connect(self, vehicle_id: str, permissions: tuple[str, ...] = PERMISSIONS) -> Connection:
        """Let the owner of a vehicle grant permissions, anew or in place of what was granted before."""
        with self.lock:
            known = self.connection_of(vehicle_id)
            if known is not None:
                known.permissions, known.updated_at = permissions, self.now
                self._notify(known.vehicle)
                return known
            vehicle = self.vehicles[vehicle_id]
            connection = Connection(
                self._new_id("connection"), self.owners[vehicle.owner_id], vehicle, permissions, self.now, self.now
            )
            self.connections[connection.id] = connection
            for webhook in self.webhooks.values():
                if webhook.enabled and webhook.auto_subscribe:
                    self.subscribe(webhook.id, vehicle_id)
            return connection

    def name_owner(self, user_id: str, external_id: str | None) -> None:
        """Set the external id of an owner, by which the application knows them; None clears it."""
        with self.lock:
            owner = self.owners[user_id] = evolve(self.owners[user_id], external_id=external_id, named=True)
            for connection in self.connections.values():
                if connection.owner.id == user_id:
                    connection.owner = owner

    def add_webhook(
        self,
        name: str,
        callback_uri: str,
        *,
        triggers: Iterable[str | Coded] = ("tractionbattery-stateofcharge",),
        data: Iterable[str | Coded] = ("tractionbattery-stateofcharge", "odometer-traveleddistance"),
        error_callback_uri: str | None = None,
        enabled: bool = True,
        auto_subscribe: bool = False,
        token: str | None = None,
    ) -> Webhook:
        """Make a webhook, as the dashboard does. It signs with the application's token by default."""
        webhook = Webhook(
            self._new_id("webhook"), name, callback_uri, self.now, codes_of(triggers), codes_of(data),
            error_callback_uri, enabled, auto_subscribe, self.management_token if token is None else token,
        )  # fmt: skip
        with self.lock:
            self.webhooks[webhook.id] = webhook
        return webhook

    def enable_webhook(self, webhook_id: str, enabled: bool = True) -> None:
        """Switch a webhook on again, or off: then nothing is kept for it, and it begins with first deliveries later."""
        with self.lock:
            self.webhooks[webhook_id] = evolve(self.webhooks[webhook_id], enabled=enabled)
            for subscription in tuple(self.subscriptions.values()):
                if subscription.webhook_id == webhook_id:
                    self._notify(self.vehicles[subscription.vehicle_id])

    def subscribe(self, webhook_id: str, vehicle_id: str) -> Subscription:
        """Send the events of a connected vehicle to a webhook from now on, and store its signals."""
        with self.lock:
            for known in self.subscriptions.values():
                if (known.webhook_id, known.vehicle_id) == (webhook_id, vehicle_id):
                    return known
            vehicle = self.vehicles[vehicle_id]
            subscription = Subscription(
                self._new_id("subscription"), webhook_id, vehicle.owner_id, vehicle_id, self.now
            )
            self.subscriptions[subscription.id] = subscription
            vehicle.subscribed = True
            self._notify(vehicle)
        return subscription

    def make_id(self, name: str) -> str:
        """A UUID that belongs to a name under this seed."""
        return str(UUID(int=Random(f"{self.seed}/{name}").getrandbits(128), version=4))

    def _new_id(self, kind: str) -> str:
        self._made += 1
        return self.make_id(f"{kind} made {self._made}")

    def _add_car(self, number: int, entry: Entry) -> None:
        name = f"{number}/{entry.owner}"
        owner = Owner(
            self.make_id(f"user/{entry.owner}"), EXTERNAL_IDS.get(entry.owner), named=entry.owner in EXTERNAL_IDS
        )
        car = new_car(
            entry.model, routine(self.seed, name), f"{entry.owner.title()}'s {entry.model.model}", self._minute
        )
        self.owners[owner.id] = owner
        monday = EPOCH + self._elapsed
        created = monday - timedelta(days=3 * (number + 2), minutes=number)
        vehicle = Vehicle(
            self.make_id(f"vehicle/{name}"),
            car,
            owner.id,
            entry.mode,
            False,
            car.snapshot(),
            monday - timedelta(days=1),
            monday - timedelta(days=1, minutes=1),
            tell=self._notify,
        )
        self.vehicles[vehicle.id] = vehicle
        if not entry.connected:
            return
        connection = Connection(
            self.make_id(f"connection/{name}"),
            owner,
            vehicle,
            tuple(permission for permission in PERMISSIONS if permission not in entry.withheld),
            created,
            created + timedelta(days=2),
        )
        self.connections[connection.id] = connection
        if entry.subscribed:
            self.subscribe(next(iter(self.webhooks)), vehicle.id)

    def _notify(self, vehicle: Vehicle) -> None:
        if self.watcher is not None:
            with self.lock:
                self.watcher.heard(vehicle)

    def _tick(self) -> None:
        self._minute += 1
        now = EPOCH + timedelta(minutes=self._minute)
        for vehicle in self.vehicles.values():
            car = vehicle.car
            was_charging = car.charging
            noteworthy = car.tick()
            if car.charging != was_charging:
                _note_schedule(vehicle, now)
            due = not car.asleep and self._minute - vehicle.stored.minute >= car.model.reports_every
            if (noteworthy or due) and vehicle.id not in self._unreported:
                vehicle.report(now)

    def _report_due(self, until: datetime) -> None:
        """Report the cars whose commands are old enough, dated after these; until then the store hears nothing of them.

        So nothing that the store dates after a command shows the car as it was before it.
        """
        for vehicle_id, (acted, due) in tuple(self._unreported.items()):
            if due <= until:
                vehicle = self.vehicles[vehicle_id]
                del self._unreported[vehicle_id]
                lag = _STORE_LAG + timedelta(seconds=vehicle.car.model.lag_s)
                vehicle.report(due, max(due - lag, acted + (due - acted) / 2))


def _note_schedule(vehicle: Vehicle, now: datetime) -> None:
    """Enter in the ledger that a schedule started or stopped a charge."""
    car = vehicle.car
    here, before = car.schedule_at(car.minute), car.schedule_at(car.minute - 1)
    if car.charging and here is not None and not car.charging_forced:
        vehicle.note(Deed(now, "schedule_started", {}, here))
    if not car.charging and here is None and before is not None and car.plugged_in and not car.at_limit:
        vehicle.note(Deed(now, "schedule_stopped", {}, before))
