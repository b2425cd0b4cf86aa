"""Which events were handled: the protocol of its stores, and one in memory."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import islice
from threading import Lock
from typing import Final, Protocol

from attrs import define, field, frozen

KEEP: Final = 7 * 24 * 3600.0
"""Seconds for which a handled event is remembered: Smartcar's advice."""


class ClaimStatus(StrEnum):
    """What became of a claim: it was granted, or somebody else handles the event now, or it was handled."""

    NEW = "new"
    IN_FLIGHT = "in_flight"
    DONE = "done"


@frozen
class Claim:
    """The right to handle an event, if its status is NEW. `attempt` counts from 1 and tells it from later claims."""

    event_id: str
    status: ClaimStatus
    attempt: int = 0

    @property
    def redelivered(self) -> bool:
        """Whether somebody had claimed the event before, and may have handled it in part or whole."""
        return self.attempt > 1


@frozen
class StoredEvent:
    """An event that was accepted, and is to be handled. Events of one lane, a vehicle, are handled one by one."""

    id: str
    lane: str
    body: bytes = field(repr=False)


@frozen
class ParkedEvent:
    """An event that was given up after too many failures; `problem` is the class of the last one."""

    event: StoredEvent
    attempts: int
    problem: str


class EventStore(Protocol):
    """Remembers which events were handled. Times are seconds since 1970.

    A claim is held until its lease is over; then whoever held it counts as dead, and can neither commit nor release.
    The methods are plain: a receiver on an event loop calls them in a thread.
    """

    def claim(self, event_id: str, *, now: float, until: float) -> Claim:
        """Claim an event until a time, unless it was handled or somebody holds it."""
        ...

    def renew(self, claim: Claim, *, until: float) -> bool:
        """Hold a claim longer. False if it was lost."""
        ...

    def commit(self, claim: Claim, *, now: float) -> bool:
        """Remember the event as handled. False if the claim was lost."""
        ...

    def release(self, claim: Claim, *, now: float, due: float) -> None:
        """Give a claim back; an inbox hands the event out again when it is due."""
        ...


class EventInbox(EventStore, Protocol):
    """A store that also keeps the events themselves until they are handled, whatever becomes of the process."""

    def put(self, event: StoredEvent, *, now: float) -> None:
        """Keep an event, unless it is there. It is safe when this returns."""
        ...

    def take(self, *, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        """Claim the event that is due for longest, of all whose lane nobody is handling."""
        ...

    def park(self, claim: Claim, *, now: float, problem: str) -> None:
        """Give an event up; it is kept, and not handed out."""
        ...

    def parked(self) -> Sequence[ParkedEvent]:
        """The events that were given up."""
        ...

    def unpark(self, event_id: str, *, now: float) -> bool:
        """Hand a parked event out once more. False if there is no such."""
        ...

    def waiting(self) -> int:
        """How many events are kept and not yet handled, without the parked ones."""
        ...


@define
class _Entry:
    touched: float
    attempt: int = 0
    until: float = 0.0
    done: bool = False


class MemoryEventStore:
    """A store that lasts as long as the process: up to `limit` events, each for `keep` seconds."""

    def __init__(self, *, keep: float = KEEP, limit: int = 100_000) -> None:
        self._keep = keep
        self._limit = limit
        self._entries: dict[str, _Entry] = {}
        """Those longest untouched come first."""
        self._lock = Lock()

    def claim(self, event_id: str, *, now: float, until: float) -> Claim:
        """Claim an event until a time, unless it was handled or somebody holds it."""
        with self._lock:
            entry = self._entries.get(event_id) or _Entry(now)
            if entry.done:
                return Claim(event_id, ClaimStatus.DONE)
            if entry.until > now:
                return Claim(event_id, ClaimStatus.IN_FLIGHT)
            entry.touched, entry.attempt, entry.until = now, entry.attempt + 1, until
            self._entries.pop(event_id, None)
            self._entries[event_id] = entry
            self._prune(now)
            return Claim(event_id, ClaimStatus.NEW, entry.attempt)

    def renew(self, claim: Claim, *, until: float) -> bool:
        """Hold a claim longer. False if it was lost."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.until = until
            return entry is not None

    def commit(self, claim: Claim, *, now: float) -> bool:
        """Remember the event as handled. False if the claim was lost."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.touched, entry.until, entry.done = now, 0.0, True
            return entry is not None

    def release(self, claim: Claim, *, now: float, due: float) -> None:
        """Give a claim back."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.touched, entry.until = now, 0.0

    def _held(self, claim: Claim) -> _Entry | None:
        entry = self._entries.get(claim.event_id)
        return entry if entry is not None and entry.attempt == claim.attempt and entry.until else None

    def _prune(self, now: float) -> None:
        """Forget the oldest, but none that is being handled."""
        for event_id, entry in list(islice(self._entries.items(), 2)):  # two for each new one: no great clean-up
            old = entry.touched < now - self._keep
            if entry.until > now or not (old or len(self._entries) > self._limit):
                return
            del self._entries[event_id]
