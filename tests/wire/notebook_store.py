"""A store of somebody else's: an inbox in memory whose transactions lend a connection of its own kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from threading import RLock

from attrs import define, field

from smartcar_async import Claim, ClaimStatus, ParkedEvent, StoredEvent

MONTH = 30 * 24 * 3600.0


@define
class Page:
    """A connection: what is written on it is kept if the transaction is."""

    lines: list[str] = field(factory=list[str])

    def write(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)


@define(eq=False)
class Entry:
    """An event, and what became of it."""

    number: int
    event: StoredEvent
    came: float
    kept: bool = False
    state: str = "open"
    attempt: int = 0
    uncounted: int = 0
    until: float = 0.0
    due: float = 0.0
    touched: float = 0.0
    stepped_aside: bool = False
    interrupted: bool = False
    problem: str = ""


class NotebookStore:
    """Everything that the protocols ask for, under one lock."""

    def __init__(self, *, keep: float = MONTH, limit: int = 1_000_000) -> None:
        self.lines: list[str] = []
        self._keep, self._limit = keep, limit
        self._entries: dict[str, Entry] = {}
        self._numbers = itertools.count()
        self._lock = RLock()

    def claim(self, event_id: str, *, now: float, until: float, lane: str | None = None, hold: float = 0.0) -> Claim:
        """Claim an event, if it is its turn."""
        with self._lock:
            self._expire(now)
            entry = self._entries.get(event_id) or self._add(StoredEvent(event_id, lane or event_id, b""), now)
            if entry.state in ("done", "claimed"):
                return Claim(event_id, ClaimStatus.DONE if entry.state == "done" else ClaimStatus.IN_FLIGHT)
            others = [other for other in self._entries.values() if other.event.lane == lane and other is not entry]
            if any(other.state == "claimed" for other in others) or any(
                other.state == "open" and other.number < entry.number and now < other.came + hold for other in others
            ):
                return Claim(event_id, ClaimStatus.WAITING)
            return self._grant(entry, until)

    def renew(self, claim: Claim, *, until: float) -> bool:
        """Hold it longer."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None and entry.state == "claimed":
                entry.until = until
            return entry is not None and entry.state == "claimed"

    def commit(self, claim: Claim, *, now: float, work: Callable[[Page], object] | None = None) -> bool:
        """Mark it as handled, with what is written on a page."""
        with self._lock:
            entry = self._held(claim)
            if entry is None:
                return False
            page = Page()
            if work is not None:
                work(page)
            self.lines += page.lines
            entry.state, entry.touched, entry.event = "done", now, StoredEvent(entry.event.id, "", b"")
            return True

    def release(self, claim: Claim, *, now: float, due: float) -> None:
        """Give it back."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.state, entry.due, entry.interrupted, entry.touched = "open", due, False, now
                entry.until = -1.0

    def release_uncounted(self, claim: Claim, *, now: float, due: float) -> None:
        """Give it back as if it had not been claimed."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.uncounted += 1
                self.release(claim, now=now, due=due)
                entry.interrupted = claim.interrupted

    def put(self, event: StoredEvent, *, now: float) -> None:
        """Keep it, unless it is there."""
        with self._lock:
            entry = self._entries.get(event.id) or self._add(event, now)
            if not entry.kept and entry.state != "done":
                entry.event, entry.kept = event, True

    def take(self, *, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        """Claim what is due for longest."""
        with self._lock:
            self._expire(now)
            due = [entry for entry in self._entries.values() if self._has_turn(entry, now)]
            if not due:
                return None
            entry = min(due, key=lambda entry: (entry.due, entry.number))
            return self._grant(entry, until), entry.event

    def step_aside(self, claim: Claim) -> None:
        """Let the later ones pass."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.stepped_aside = True

    def park(self, claim: Claim, *, now: float, problem: str) -> None:
        """Give it up."""
        with self._lock:
            entry = self._held(claim)
            if entry is not None:
                entry.state, entry.problem, entry.touched = "parked", problem, now

    def parked(self) -> list[ParkedEvent]:
        """What was given up."""
        with self._lock:
            parked = [entry for entry in self._entries.values() if entry.state == "parked"]
            return [ParkedEvent(entry.event, entry.attempt, entry.problem) for entry in parked]

    def unpark(self, event_id: str, *, now: float) -> bool:
        """Hand it out again."""
        with self._lock:
            entry = self._entries.get(event_id)
            if entry is None or entry.state != "parked":
                return False
            entry.state, entry.stepped_aside, entry.uncounted, entry.due = "open", True, entry.attempt, now
            entry.interrupted = False
            return True

    def waiting(self) -> int:
        """How many are kept and not handled."""
        with self._lock:
            return sum(entry.kept and entry.state in ("open", "claimed") for entry in self._entries.values())

    def _add(self, event: StoredEvent, now: float) -> Entry:
        entry = self._entries[event.id] = Entry(next(self._numbers), event, now, touched=now, due=now)
        old = [other for other in self._entries.values() if not other.kept or other.state == "done"]
        for other in old[:2]:
            stale = other.touched < now - self._keep or len(self._entries) > self._limit
            if stale and other.state != "claimed" and other is not entry:
                with suppress(KeyError):
                    del self._entries[other.event.id]
        return entry

    def _grant(self, entry: Entry, until: float) -> Claim:
        entry.state, entry.until, entry.attempt = "claimed", until, entry.attempt + 1
        tries = entry.attempt - entry.uncounted
        interrupted, entry.interrupted = entry.interrupted, True
        return Claim(
            entry.event.id,
            ClaimStatus.NEW,
            entry.attempt,
            tries,
            stepped_aside=entry.stepped_aside,
            interrupted=interrupted,
        )

    def _held(self, claim: Claim) -> Entry | None:
        entry = self._entries.get(claim.event_id)
        if entry is None or entry.attempt != claim.attempt or entry.until < 0:
            return None
        return entry if entry.state in ("claimed", "open") else None

    def _has_turn(self, entry: Entry, now: float) -> bool:
        lane = [other for other in self._entries.values() if other.event.lane == entry.event.lane and other.kept]
        busy = any(other.state == "claimed" for other in lane)
        first = next((other for other in lane if other.state == "open" and not other.stepped_aside), None)
        due = entry.kept and entry.state == "open" and entry.due <= now
        return due and not busy and (entry.stepped_aside or entry is first)

    def _expire(self, now: float) -> None:
        for entry in self._entries.values():
            if entry.state == "claimed" and entry.until <= now:
                entry.state, entry.due = "open", now
