"""The events that this process handles: their claims are renewed until it is recorded how the handling ended."""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from attrs import define, field, frozen

from ..errors import plain_id
from ..log import logger
from .event_store import Claim
from .reporting import Handling

_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
"""Seconds between two attempts to record an ending, growing from the shortest to the longest."""


@frozen
class Ending:
    """How a handling ended, and the call that records it in the store. False from that: the claim was lost."""

    name: Handling
    record: Callable[[Claim], object]
    problem: str | None = None


@define(eq=False)
class ActiveEvent:
    """An event that this process handles, or has handled and could not record yet."""

    claim: Claim
    lane: str
    began: float
    seconds: float | None = None
    """How long it was handled, once that is over."""
    pending: Ending | None = None
    """How it ended, if the store refused to record it: that is tried again, and no handler runs meanwhile."""
    refusals: int = 0


@define(eq=False)
class ActiveEvents:
    """All active events of one receiver, and a thread that renews their claims and records what is pending.

    A thread and no task: it goes on while a handler blocks the loop, and where there is none. It looks at real time
    alone, begins with the first event, and ends when it finds none.
    """

    lease: float
    renew: Callable[[ActiveEvent], None]
    record: Callable[[ActiveEvent, Ending], object]
    _events: dict[str, ActiveEvent] = field(factory=dict[str, ActiveEvent])
    _guard: Lock = field(factory=Lock)
    _wake: Event = field(factory=Event)
    _thread: Thread | None = None

    def has(self, event_id: str) -> bool:
        """Whether an event is being handled here, whatever the store says."""
        return event_id in self._events

    def add(self, claim: Claim, lane: str, began: float) -> ActiveEvent | None:
        """Begin to renew a claim. None if its event is being handled here: that handling has the new claim then.

        The old one was lost, because this process was silent for too long.
        """
        with self._guard:
            there = self._events.get(claim.event_id)
            if there is not None:
                there.claim = claim
                return None
            active = self._events[claim.event_id] = ActiveEvent(claim, lane, began)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="smartcar-claims", daemon=True)
                self._thread.start()
        return active

    def remove(self, active: ActiveEvent, used: Claim, held: bool) -> bool:
        """Renew it no longer. False if the claim that was used was not held, and there is a newer one to use."""
        with self._guard:
            if not held and active.claim is not used:
                return False
            if self._events.get(used.event_id) is active:
                del self._events[used.event_id]
        return True

    def postpone(self, active: ActiveEvent, ending: Ending) -> None:
        """Record an ending later."""
        active.refusals += 1
        active.pending = ending
        self._wake.set()

    @property
    def pending(self) -> int:
        """How many endings are not recorded yet."""
        return sum(active.pending is not None for active in list(self._events.values()))

    def close(self) -> Thread | None:
        """End the thread, if no event is active; the thread that is to end."""
        thread = self._thread
        self._wake.set()
        return None if self._events else thread

    def _run(self) -> None:
        every, pause = self.lease / 3, _SHORTEST_PAUSE
        now = time.monotonic()
        renew_at, record_at = now + every, now + every
        while True:
            self._wake.wait(max(min(renew_at, record_at) - now, 0.0))
            self._wake.clear()
            with self._guard:
                if not self._events:
                    self._thread = None
                    return
            now = time.monotonic()
            if now >= renew_at:
                self._renew_all()
                renew_at = now + every
            if now >= record_at:
                pause = min(pause * 2, _LONGEST_PAUSE) if self._record_pending() else _SHORTEST_PAUSE
                record_at = now + every
            if self.pending:
                record_at = min(record_at, now + pause)

    def _renew_all(self) -> None:
        for active in list(self._events.values()):
            self._renew(active)

    def _renew(self, active: ActiveEvent) -> None:
        try:
            self.renew(active)
        except Exception:
            logger.exception("webhook: the store could not renew the claim on %s", plain_id(active.claim.event_id))

    def _record_pending(self) -> int:
        """Record again what the store refused before; how much is left."""
        for active in list(self._events.values()):
            ending = active.pending
            if ending is not None:
                active.pending = None
                self.record(active, ending)
        return self.pending
