"""What this process handles, from the claim until its end is recorded: the claims are kept that long."""

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
"""Seconds between two attempts to record an outcome, growing from the shortest to the longest."""


@frozen
class Outcome:
    """How a handling ended, and the call that records it in the store. False from that: the claim was lost."""

    name: Handling
    record: Callable[[Claim], object]
    problem: str | None = None


@define(eq=False)
class Holding:
    """An event that this process handles, or has handled and could not record yet."""

    claim: Claim
    lane: str
    began: float
    seconds: float | None = None
    """How long it was handled, once that is over."""
    pending: Outcome | None = None
    """How it ended, if the store refused to record it: the store is told again, and no handler runs meanwhile."""
    refusals: int = 0


@define(eq=False)
class Keeper:
    """All holdings of one receiver, and a thread that renews their claims and records what is pending.

    A thread and no task: it goes on while a handler blocks the loop, and where there is none. It looks at real time
    alone, begins with the first holding, and ends when it finds none.
    """

    lease: float
    renew: Callable[[Holding], None]
    settle: Callable[[Holding, Outcome], object]
    _held: dict[str, Holding] = field(factory=dict[str, Holding])
    _guard: Lock = field(factory=Lock)
    _wake: Event = field(factory=Event)
    _thread: Thread | None = None

    def holds(self, event_id: str) -> bool:
        """Whether an event is being handled here, whatever the store says."""
        return event_id in self._held

    def hold(self, claim: Claim, lane: str, began: float) -> Holding | None:
        """Begin to keep a claim. None if its event is being handled here: that handling has the new claim then.

        The old one was lost, because this process was silent for too long.
        """
        with self._guard:
            held = self._held.get(claim.event_id)
            if held is not None:
                held.claim = claim
                return None
            holding = self._held[claim.event_id] = Holding(claim, lane, began)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._keep, name="smartcar-keeper", daemon=True)
                self._thread.start()
        return holding

    def drop(self, holding: Holding, used: Claim, kept: bool) -> bool:
        """Keep it no longer. False if its claim was lost, and there is a newer one to use in its place."""
        with self._guard:
            if not kept and holding.claim is not used:
                return False
            if self._held.get(used.event_id) is holding:
                del self._held[used.event_id]
        return True

    def postpone(self, holding: Holding, outcome: Outcome) -> None:
        """Record an outcome later."""
        holding.refusals += 1
        holding.pending = outcome
        self._wake.set()

    @property
    def pending(self) -> int:
        """How many outcomes are not recorded yet."""
        return sum(holding.pending is not None for holding in list(self._held.values()))

    def close(self) -> Thread | None:
        """End the thread, if there is nothing to keep; the thread that is to end."""
        thread = self._thread
        self._wake.set()
        return None if self._held else thread

    def _keep(self) -> None:
        every, pause = self.lease / 3, _SHORTEST_PAUSE
        now = time.monotonic()
        renew_at, record_at = now + every, now + every
        while True:
            self._wake.wait(max(min(renew_at, record_at) - now, 0.0))
            self._wake.clear()
            with self._guard:
                if not self._held:
                    self._thread = None
                    return
            now = time.monotonic()
            if now >= renew_at:
                self._renew_all()
                renew_at = now + every
            if now >= record_at:
                pause = min(pause * 2, _LONGEST_PAUSE) if self._record() else _SHORTEST_PAUSE
                record_at = now + every
            if self.pending:
                record_at = min(record_at, now + pause)

    def _renew_all(self) -> None:
        for holding in list(self._held.values()):
            self._renew(holding)

    def _renew(self, holding: Holding) -> None:
        try:
            self.renew(holding)
        except Exception:
            logger.exception("webhook: the store could not renew the claim on %s", plain_id(holding.claim.event_id))

    def _record(self) -> int:
        """Tell the store what it refused before; how much is left."""
        for holding in list(self._held.values()):
            outcome = holding.pending
            if outcome is not None:
                holding.pending = None
                self.settle(holding, outcome)
        return self.pending
