"""What the demo prints about a car: its readings in words, and what has changed since the last look."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from attrs import frozen

from .. import signals
from ..records import Connection, Signal, SignalKey, SignalSet

HEADINGS = ("make", "model", "charge", "range", "odometer", "locked", "age of data")
NOTHING = "-"
"""What is shown where a car has no such signal, or its owner does not share it."""

_CHANGES = {
    ("parked", "driving"): "drives off",
    ("parked", "charging"): "begins to charge",
    ("driving", "parked"): "has parked",
    ("driving", "charging"): "has arrived and charges",
    ("charging", "parked"): "has ended its charge",
    ("charging", "driving"): "is unplugged and drives off",
}


@frozen
class Status:
    """One car at one look."""

    make: str
    model: str
    activity: Literal["parked", "driving", "charging"]
    charge: str
    range: str
    km: float | None
    locked: str
    age: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The car as a row below the headings."""
        odometer = NOTHING if self.km is None else f"{self.km:,.0f} km"
        return self.make, self.model, self.charge, self.range, odometer, self.locked, self.age

    @property
    def name(self) -> str:
        """Make and model."""
        return f"{self.make} {self.model}"

    def change(self, before: Status) -> str | None:
        """What the car began or ended since that look, or None if it goes on as it did."""
        return _CHANGES.get((before.activity, self.activity))


def status(connection: Connection, readings: SignalSet, now: datetime, before: Status | None = None) -> Status:
    """A car in words. That it drives shows in its odometer: few makes report a speed."""
    car = connection.vehicle
    odometer = _first(readings, signals.Odometer.TraveledDistance)
    locked = _first(readings, signals.Closure.IsLocked)
    charging = _first(readings, signals.Charge.IsCharging)
    km = odometer.value if odometer else None
    moved = before is not None and before.km is not None and km is not None and km > before.km
    return Status(
        make=(car and car.make) or NOTHING,
        model=(car and car.model) or NOTHING,
        activity="charging" if charging and charging.value else "driving" if moved else "parked",
        charge=_charge(readings),
        range=_measure(_first(readings, signals.TractionBattery.Range, signals.InternalCombustionEngine.Range)),
        km=km,
        locked=NOTHING if locked is None else "yes" if locked.value else "no",
        age=_age(readings, now),
    )


def _first(readings: SignalSet, *keys: SignalKey[Any]) -> Signal[Any] | None:
    """The first of these signals that has a value."""
    candidates = (readings.get(key) for key in keys)
    return next((signal for signal in candidates if signal is not None and signal.value is not None), None)


def _charge(readings: SignalSet) -> str:
    """The battery's charge, or the level of the tank for a car without one to charge."""
    battery = _first(readings, signals.TractionBattery.StateOfCharge)
    tank = _first(readings, signals.InternalCombustionEngine.FuelLevel)
    return _measure(battery) if battery or not tank else f"fuel {_measure(tank)}"


def _measure(signal: Signal[Any] | None) -> str:
    """A number and its unit, as they were sent."""
    if signal is None:
        return NOTHING
    return f"{signal.value:.0f} {'%' if signal.unit == 'percent' else signal.unit}"


def _age(readings: SignalSet, now: datetime) -> str:
    """How long ago the car recorded the newest of its readings."""
    ages = [age.total_seconds() for signal in readings.ok if (age := signal.age(now)) is not None]
    if not ages:
        return NOTHING
    seconds = min(ages)
    return (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6000
        else f"{seconds / 3600:.0f} h"
    )
