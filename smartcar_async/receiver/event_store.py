"""Which events were handled: the protocols of their stores, and a store in memory."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import count, islice
from threading import Lock
from typing import Final, Protocol, TypeVar

from attrs import define, field, frozen

from ..arguments import deprecated, is_number, renamed
from ..errors import ConfigurationError

ConnectionT_co = TypeVar("ConnectionT_co", covariant=True)

DEFAULT_KEEP: Final = 7 * 24 * 3600.0
"""Seconds for which a handled event is remembered: Smartcar's advice."""


class ClaimStatus(StrEnum):
    """What became of a claim: granted, held by somebody, handled before, or to be tried again in a while.

    WAITING: another event of its lane is being handled, or came earlier and is to be handled first.
    """

    NEW = "new"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    WAITING = "waiting"


@frozen
class Claim:
    """The right to handle an event, if its status is NEW. `attempt` counts from 1 and tells it from later claims."""

    event_id: str
    status: ClaimStatus
    attempt: int = 0
    tries: int | None = field(default=None, eq=False)
    """How many attempts count towards the limit, with this one; None if the store does not tell."""
    stepped_aside: bool = field(default=False, eq=False)
    """Whether later events of its lane no longer wait for it."""
    interrupted: bool = field(default=False, eq=False)
    """Whether its last attempt has no recorded end: its process ended in it, or was silent beyond its lease."""

    @property
    def redelivered(self) -> bool:
        """Whether somebody had claimed the event before, and may have handled it in part or whole."""
        return self.attempt > 1

    @property
    def aside(self) -> bool:
        """The former name of `stepped_aside`."""
        deprecated("Claim.aside", "stepped_aside")
        return self.stepped_aside

    @property
    def suspect(self) -> bool:
        """The former name of `interrupted`."""
        deprecated("Claim.suspect", "interrupted")
        return self.interrupted


# A store of a user's makes claims too, with the former names perhaps.
Claim.__init__ = renamed(aside="stepped_aside", suspect="interrupted")(Claim.__init__)  # type: ignore[method-assign]


@frozen
class StoredEvent:
    """An event that was accepted, and is to be handled. Events of one lane, a vehicle, are handled one by one."""

    id: str
    lane: str
    body: bytes = field(repr=False)


@frozen
class ParkedEvent:
    """An event that was given up after too many failures; `problem` is the class of the last one.

    `attempts` is how often it was claimed.
    """

    event: StoredEvent
    attempts: int
    problem: str


class EventStore(Protocol):
    """Remembers which events were handled, and who is handling them now.

    What every store holds to, through crashes, failures and any number of processes:

    - An event that was committed is never granted again, for as long as it is remembered.
    - A claim is fenced by its attempt: once the event was granted to somebody else, the old holder can neither renew,
      commit, release nor park it.
    - A claim lasts until it is committed, released or parked, or until its holder is dead or silent for its lease.
    - In each lane one event at a time is granted, and none while an earlier one is to be handled first.
    - A method that raises changed nothing, or as much as would be there if it had not raised: it can be called again.

    `now` runs evenly and follows no step of the time of day, so that the clocks of two processes may differ by any
    amount. A store that several processes share relies on the spans alone (`until - now`, `due - now`), and measures
    them by a clock that they share, or by its own from when it first saw what it waits for.

    The methods are sync: a receiver on an event loop calls them in threads, several at once. A store whose `claim`
    takes no `lane` is called in one thread, and keeps no order among processes.

    What a store can do beyond this is in `EventInbox`, `TransactionalStore`, `UncountedRelease` and `StepAside`:
    it has their methods, and need not name them.
    """

    def claim(self, event_id: str, *, now: float, until: float, lane: str | None = None, hold: float = 0.0) -> Claim:
        """Claim an event until a time, unless it was handled or somebody holds it.

        With a lane, its turn is kept from the first time that it is claimed: an earlier event of the lane that was
        not handled yet holds it up until `hold` seconds after that one came.
        """
        ...

    def renew(self, claim: Claim, *, until: float) -> bool:
        """Hold a claim longer. False if it was lost."""
        ...

    def commit(self, claim: Claim, *, now: float) -> bool:
        """Remember the event as handled. False if the claim was lost."""
        ...

    def release(self, claim: Claim, *, now: float, due: float) -> None:
        """Give a claim back; an inbox hands the event out again when it is due, and its lane waits for it."""
        ...


class EventInbox(EventStore, Protocol):
    """A store that also keeps the events themselves until they are handled, whatever becomes of the process.

    Beside what every store holds to:

    - An event for which `put` returned is on the disk, and is handed out until it is committed or parked.
    - Within a lane, events are handed out in the order of their `put`: none while an earlier one waits, is claimed, or
      is due for another attempt, unless that one stepped aside or was parked.
    - What stepped aside, or was parked and is handed out again, keeps one rule only: one at a time in its lane.
    - Lanes do not wait for each other.
    """

    def put(self, event: StoredEvent, *, now: float) -> None:
        """Keep an event, unless it is there. It is safe when this returns."""
        ...

    def take(self, *, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        """Claim the event that is due for longest, of those whose turn it is in their lanes."""
        ...

    def park(self, claim: Claim, *, now: float, problem: str) -> None:
        """Give an event up; it is kept, and not handed out."""
        ...

    def parked(self) -> Sequence[ParkedEvent]:
        """The events that were given up."""
        ...

    def unpark(self, event_id: str, *, now: float) -> bool:
        """Hand a parked event out again, with all its attempts before it. False if there is no such."""
        ...

    def waiting(self) -> int:
        """How many events are kept and not yet handled, without the parked ones."""
        ...


class TransactionalStore(EventStore, Protocol[ConnectionT_co]):
    """A store whose `commit` does some work in the same transaction: it lends the handlers its connection.

    Work and mark are there together, or neither is. What `work` raises rolls both back and comes out of `commit`.
    A store that takes its connection away from work that is too long, or ends the transaction itself, raises
    TimeoutError or ConfigurationError: these count as failures of the handler, and any other error as one of the store,
    whose commit is then tried again.
    """

    def commit(self, claim: Claim, *, now: float, work: Callable[[ConnectionT_co], object] | None = None) -> bool:
        """Remember the event as handled, with the work. False if the claim was lost: the work was not begun then."""
        ...


class UncountedRelease(Protocol):
    """An inbox that gives claims back whose attempts do not count, as those that closing the receiver breaks off.

    With a store without this they count, and events whose last attempt was interrupted are handled beside each other.
    """

    def release_uncounted(self, claim: Claim, *, now: float, due: float) -> None:
        """Like `release`, but `tries` and `interrupted` will be what they were."""
        ...


class StepAside(Protocol):
    """An inbox in which an event that fails again and again can let the later ones of its lane pass.

    In a store without this, later events need not wait for one that failed.
    """

    def step_aside(self, claim: Claim) -> None:
        """Let the later events of its lane wait for this one no longer."""
        ...


def check_retention(keep: float, limit: int) -> None:
    """Refuse what would forget at once, or never: how long and how many handled events are remembered."""
    if keep != math.inf and not (is_number(keep, 0) and keep > 0):
        raise ConfigurationError("keep: give the seconds for which a handled event is remembered")
    if not is_number(limit, 1, whole=True):
        raise ConfigurationError("limit: give how many events are remembered, a whole number above 0")


@define(eq=False)
class _Entry:
    came: float
    number: int
    touched: float = 0.0
    lane: str | None = None
    attempt: int = 0
    until: float = 0.0
    done: bool = False


class MemoryEventStore:
    """A store that lasts as long as the process: up to `limit` events, each for `keep` seconds."""

    def __init__(self, *, keep: float = DEFAULT_KEEP, limit: int = 100_000) -> None:
        check_retention(keep, limit)
        self._keep = keep
        self._limit = limit
        self._entries: dict[str, _Entry] = {}
        """Those longest untouched come first."""
        self._lanes: dict[str, set[_Entry]] = {}
        """What is not handled yet in each lane."""
        self._numbers = count()
        self._lock = Lock()

    def claim(self, event_id: str, *, now: float, until: float, lane: str | None = None, hold: float = 0.0) -> Claim:
        """Claim an event until a time, unless it was handled, somebody holds it, or its lane does not let it."""
        with self._lock:
            entry = self._entries.get(event_id)
            if entry is None:
                self._prune(now)
                entry = _Entry(now, next(self._numbers))
            if entry.done:
                return Claim(event_id, ClaimStatus.DONE)
            if entry.until > now:
                return Claim(event_id, ClaimStatus.IN_FLIGHT)
            entry.touched = now
            self._entries.pop(event_id, None)
            self._entries[event_id] = entry
            if lane is not None and not self._has_turn(entry, lane, now, hold):
                return Claim(event_id, ClaimStatus.WAITING)
            interrupted = entry.until > 0
            entry.attempt, entry.until = entry.attempt + 1, until
            return Claim(event_id, ClaimStatus.NEW, entry.attempt, entry.attempt, interrupted=interrupted)

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
                self._leave_lane(entry)
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

    def _has_turn(self, entry: _Entry, lane: str, now: float, hold: float) -> bool:
        entry.lane = lane
        others = self._lanes.setdefault(lane, set())
        others.add(entry)
        return not any(
            other.until > now or (other.number < entry.number and now < other.came + hold)
            for other in others
            if other is not entry
        )

    def _leave_lane(self, entry: _Entry) -> None:
        others = self._lanes.get(entry.lane or "", set())
        others.discard(entry)
        if entry.lane is not None and not others:
            self._lanes.pop(entry.lane, None)

    def _prune(self, now: float) -> None:
        """Forget the oldest before a new one comes, but none that is being handled."""
        for event_id, entry in list(islice(self._entries.items(), 2)):  # two for each new one: no great clean-up
            old = entry.touched < now - self._keep
            if entry.until > now or not (old or len(self._entries) >= self._limit):
                return
            del self._entries[event_id]
            self._leave_lane(entry)
