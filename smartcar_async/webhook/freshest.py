"""The newest reading of each signal, whatever the order in which deliveries come."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, frozen

from ..records import Signal, SignalSet, VehicleAttributes
from .events import VehicleStateEvent

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@frozen
class _Reading:
    """A signal, and when it was delivered; `rank` orders it among others of its kind."""

    signal: Signal[Any]
    delivered: datetime
    rank: tuple[datetime, datetime, int, datetime, str]


@define
class _Readings:
    """The newest reading that the car dated, and the newest that it did not: only deliveries order these two."""

    dated: _Reading | None = None
    undated: _Reading | None = None

    def add(self, reading: _Reading, *, dated: bool) -> None:
        held = self.dated if dated else self.undated
        if held is None or reading.rank > held.rank:
            if dated:
                self.dated = reading
            else:
                self.undated = reading

    def newest(self) -> Signal[Any]:
        both = (reading for reading in (self.dated, self.undated) if reading is not None)
        return max(both, key=lambda reading: reading.delivered).signal


class FreshestSignals:
    """Keeps the newest value of each vehicle's signals: any order of the same deliveries ends in the same state.

    The time that the car gave it decides, then when it was retrieved, `meta.sequence`, and the delivery. A reading
    that the car did not date cannot be ordered by that, and the newer delivery is taken. A signal without a value,
    failed or not sent, is no news.
    """

    def __init__(self) -> None:
        self._vehicles: dict[str, dict[str, _Readings]] = {}
        self._attributes: dict[str, VehicleAttributes] = {}

    def update(self, event: VehicleStateEvent) -> SignalSet:
        """Take what is newer from an event; the answer holds the signals that it changed."""
        if event.vehicle_id is None:
            return SignalSet(())
        if event.vehicle is not None:
            self._attributes[event.vehicle_id] = event.vehicle
        held = self._vehicles.setdefault(event.vehicle_id, {})
        news = [signal for signal in event.signals.values() if signal.ok and _changes(held, signal, event)]
        return SignalSet(news, event.vehicle)

    def __getitem__(self, vehicle_id: str) -> SignalSet:
        """The signals of a vehicle, none if nothing was heard of it."""
        held = self._vehicles.get(vehicle_id, {})
        return SignalSet([readings.newest() for readings in held.values()], self._attributes.get(vehicle_id))

    def __iter__(self) -> Iterator[str]:
        """The ids of the vehicles."""
        return iter(self._vehicles)

    def __len__(self) -> int:
        return len(self._vehicles)

    def forget(self, vehicle_id: str) -> None:
        """Drop all of a vehicle."""
        self._vehicles.pop(vehicle_id, None)
        self._attributes.pop(vehicle_id, None)


def _changes(held: dict[str, _Readings], signal: Signal[Any], event: VehicleStateEvent) -> bool:
    """Add a reading, and tell whether it is the newest now."""
    recorded, delivered = signal.recorded_at, event.meta.delivered_at or _NEVER
    retrieved, sequence = signal.retrieved_at or _NEVER, event.meta.sequence
    number = -1 if sequence is None else sequence
    if recorded is not None:
        rank = (recorded, retrieved, number, delivered, event.event_id or "")
    else:
        rank = (delivered, retrieved, number, delivered, event.event_id or "")
    readings = held.setdefault(signal.code, _Readings())
    readings.add(_Reading(signal, delivered, rank), dated=recorded is not None)
    return readings.newest() is signal
