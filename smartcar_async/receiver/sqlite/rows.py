"""The rows of a SqliteEventStore within one transaction: whose turn it is, who has it, and what becomes of it."""

import sqlite3
from typing import Any, Final

from attrs import define

from ..event_store import Claim, ClaimStatus, StoredEvent

# The whole design: an event that is `open` and due may be claimed, one that is `claimed` may not, and what a dead or
# silent owner had claimed is set to `open` again. Each statement runs in a write transaction (BEGIN IMMEDIATE), so that
# of all processes one at a time reads and claims.
_FIND: Final = "SELECT seq, state FROM smartcar_events WHERE id = :id"
_REGISTER: Final = """
INSERT INTO smartcar_events (id, state, lane, due, since, came, touched)
VALUES (:id, 'open', :lane, :now, :now, :now, :day) RETURNING seq, state
"""
_TO_LANE: Final = "UPDATE smartcar_events SET lane = :lane WHERE seq = :seq AND :lane IS NOT NULL AND lane IS NOT :lane"
# For a delivery that is handled first: another event of its lane is being handled, or came earlier, was not handled
# yet, and is to be sent again soon. `came <= :now` leaves out rows from before this start of the machine.
_HELD_UP: Final = """
SELECT 1 FROM smartcar_events WHERE lane = :lane AND seq != :seq AND (
    state = 'claimed'
    OR state IN ('open', 'queued') AND seq < :seq AND NOT aside AND came > :now - :hold AND came <= :now
) LIMIT 1
"""
# The id decides what a duplicate is. A row without a body is of a receiver that handles first, and failed there: it
# gets its body now, and queues like any other.
_PUT: Final = """
INSERT INTO smartcar_events (id, state, lane, body, due, since, came, touched)
VALUES (:id, 'queued', :lane, :body, :now, :now, :now, :day)
ON CONFLICT (id) DO UPDATE SET lane = :lane, body = :body, state = iif(state = 'open', 'queued', state)
WHERE body IS NULL AND state != 'done'
RETURNING seq
"""
# Order in a lane: at most one event of it is open or claimed, and the first of those that queue is opened only when
# there is none. So whatever waits for another attempt holds the lane, unless it stepped aside.
_ADVANCE: Final = """
UPDATE smartcar_events SET state = 'open', due = :now, since = :now
WHERE seq = (SELECT min(seq) FROM smartcar_events WHERE lane = :lane AND state = 'queued') AND NOT EXISTS (
    SELECT 1 FROM smartcar_events WHERE lane = :lane AND state IN ('open', 'claimed') AND NOT aside AND body IS NOT NULL
)
"""
# Claimed comes before due: of a lane in which somebody is at work nothing is handed out, not even what stepped aside.
# The longest due comes first, so that no vehicle starves another.
_NEXT: Final = """
SELECT id, seq FROM smartcar_events AS event
WHERE state = 'open' AND body IS NOT NULL AND due <= :now AND NOT EXISTS (
    SELECT 1 FROM smartcar_events AS other WHERE other.lane = event.lane AND other.state = 'claimed'
)
ORDER BY due, seq LIMIT 1
"""
# An open event still names its owner, if that one never recorded how the attempt ended.
_INTERRUPTED: Final = "SELECT owner IS NOT NULL FROM smartcar_events WHERE seq = :seq"
_NOBODY: Final = "nobody"
"""Owner of an interrupted event that was released uncounted: no process has this id, so nobody can record its end."""
# The attempt is the fence: an old holder names an earlier one, and can change nothing any more.
_GRANT: Final = """
UPDATE smartcar_events SET state = 'claimed', owner = :me, attempt = attempt + 1, touched = :day
WHERE seq = :seq RETURNING attempt, attempt - spared AS tries, aside AS stepped_aside, lane, body
"""
# Who lost a claim by being silent, but to nobody else yet, may still record its end: nobody handled the event since.
_MAY_RECORD: Final = "id = :id AND attempt = :attempt AND owner = :me AND state IN ('claimed', 'open')"
_STATE: Final = "SELECT state FROM smartcar_events WHERE id = :id AND attempt = :attempt AND owner = :me"
_UNPARK: Final = """
UPDATE smartcar_events SET state = 'open', aside = 1, spared = attempt, due = :now, since = :now, problem = NULL
WHERE id = :id AND state = 'parked' RETURNING 1
"""
_BEAT: Final = """
INSERT INTO smartcar_owners (id, home, machine, beat, lease) VALUES (:me, :machine, :machine, :now, :lease)
ON CONFLICT (id) DO UPDATE SET machine = :machine, beat = :now, lease = :lease
"""
_OWNERS: Final = "SELECT id, home, machine, beat, lease FROM smartcar_owners WHERE id != :me"
# The clock of another machine says nothing here: its lease is over when it was silent for so long from now on.
_WATCH: Final = "UPDATE smartcar_owners SET machine = :machine, beat = :now WHERE id = :owner"
_FREE: Final = (
    "UPDATE smartcar_events SET state = 'open', due = :now, since = :now WHERE owner = :owner AND state = 'claimed'",
    "DELETE FROM smartcar_owners WHERE id = :owner",
)
_OWN_CLAIMS: Final = "SELECT id, attempt FROM smartcar_events WHERE owner = :me AND state = 'claimed'"
_PRUNE: Final = (
    # Both clocks must say that it is old: a step of the time of day makes nothing forgotten.
    """DELETE FROM smartcar_events WHERE body IS NULL AND state != 'claimed' AND touched < :day - :keep
    AND NOT (since > :now - :keep AND since <= :now)""",
    "DELETE FROM smartcar_events WHERE body IS NULL AND state != 'claimed' AND seq <= :first",
)
_PRUNED_EVERY: Final = 256


@define(eq=False)
class Rows:
    """What can be done with them in an open transaction, at one moment, by one owner.

    `now` is the clock of the machine, `day` the time of day in seconds since 1970.
    """

    connection: sqlite3.Connection
    now: float
    day: float
    machine: str
    me: str

    def ask(self, event_id: str, lane: str | None, hold: float) -> tuple[ClaimStatus, int]:
        """Whether an event can be claimed, and its row. Its place in its lane is kept from the first time on."""
        values = {"id": event_id, "lane": lane, "hold": hold}
        seq, state = self._first(_FIND, **values) or self._first(_REGISTER, **values)
        if state in ("done", "claimed"):
            return ClaimStatus.DONE if state == "done" else ClaimStatus.IN_FLIGHT, seq
        self._first(_TO_LANE, **values, seq=seq)
        if lane is not None and self._first(_HELD_UP, **values, seq=seq):
            return ClaimStatus.WAITING, seq
        return ClaimStatus.NEW, seq

    def put(self, event: StoredEvent) -> int | None:
        """Keep an event; its row, if it is new."""
        row = self._first(_PUT, id=event.id, lane=event.lane, body=event.body)
        if row is not None:
            self._first(_ADVANCE, lane=event.lane)
        return None if row is None else int(row[0])

    def next(self) -> tuple[str, int] | None:
        """The id and the row of the event to hand out."""
        row: tuple[str, int] | None = self._first(_NEXT)
        return row

    def grant(self, event_id: str, seq: int) -> tuple[Claim, StoredEvent]:
        """Claim an event."""
        (interrupted,) = self._first(_INTERRUPTED, seq=seq)
        attempt, tries, stepped_aside, lane, body = self._first(_GRANT, seq=seq)
        claim = Claim(event_id, ClaimStatus.NEW, attempt, tries, bool(stepped_aside), bool(interrupted))
        return claim, StoredEvent(event_id, lane, body)

    def is_claimed(self, claim: Claim) -> bool:
        """Whether a claim is held."""
        return self._state(claim) == "claimed"

    def may_record(self, claim: Claim) -> bool:
        """Whether nobody else had the event since the claim was made."""
        return self._state(claim) in ("claimed", "open")

    def finish(self, claim: Claim) -> bool:
        """Mark an event as handled; False if the claim was lost."""
        return self._change(claim, "state = 'done', since = :now, touched = :day, lane = NULL, body = NULL")

    def is_finished(self, claim: Claim) -> bool:
        """Whether it was marked by this very claim."""
        return self._state(claim) == "done"

    def release(self, claim: Claim, pause: float) -> None:
        """Give a claim back; it stays before the later ones of its lane."""
        change = "state = 'open', owner = NULL, due = :now + :pause, since = :now, touched = :day"
        self._change(claim, change, pause=pause)

    def release_uncounted(self, claim: Claim, pause: float) -> None:
        """Give a claim back as if it had not been made."""
        owner = _NOBODY if claim.interrupted else None
        change = "state = 'open', owner = :owner, due = :now + :pause, since = :now, touched = :day"
        self._change(claim, f"{change}, spared = spared + 1", pause=pause, owner=owner)

    def step_aside(self, claim: Claim) -> None:
        """Let the later ones of its lane pass."""
        self._change(claim, "aside = 1")

    def park(self, claim: Claim, problem: str) -> None:
        """Give an event up."""
        self._change(claim, "state = 'parked', owner = NULL, touched = :day, problem = :problem", problem=problem)

    def unpark(self, event_id: str) -> bool:
        """Hand it out again, beside its lane, which went on."""
        return self._first(_UNPARK, id=event_id) is not None

    def beat(self, lease: float) -> None:
        """Say that the owner lives."""
        self._first(_BEAT, lease=lease)

    def owners(self) -> list[tuple[str, str, str, float, float]]:
        """The other owners: their ids, machines at home and of their last beat, that beat, and leases."""
        return self.connection.execute(_OWNERS, {"me": self.me}).fetchall()

    def watch(self, owner: str) -> None:
        """Begin to measure the silence of an owner whose clock is another."""
        self._first(_WATCH, owner=owner)

    def free(self, owner: str) -> None:
        """Hand out again what an owner had claimed."""
        for statement in _FREE:
            self._first(statement, owner=owner)

    def own_claims(self) -> list[tuple[str, int]]:
        """The ids and attempts of what this owner has claimed."""
        return self.connection.execute(_OWN_CLAIMS, {"me": self.me}).fetchall()

    def prune(self, seq: int, keep: float, limit: int) -> None:
        """Forget what is too old or too much, once in a while."""
        if seq % _PRUNED_EVERY == 0:
            for statement in _PRUNE:
                self._first(statement, keep=keep, first=seq - limit)

    def _state(self, claim: Claim) -> str | None:
        row = self._first(_STATE, id=claim.event_id, attempt=claim.attempt)
        return None if row is None else str(row[0])

    def _change(self, claim: Claim, change: str, **values: object) -> bool:
        """Change a row, if the claim is still the last one made for it, and let its lane go on."""
        values |= {"id": claim.event_id, "attempt": claim.attempt}
        held = self._first(f"SELECT lane FROM smartcar_events WHERE {_MAY_RECORD}", **values)
        if held is None:
            return False
        self._first(f"UPDATE smartcar_events SET {change} WHERE {_MAY_RECORD}", **values)
        self._first(_ADVANCE, lane=held[0])
        return True

    def _first(self, statement: str, **values: object) -> Any:
        """The first row that a statement gives."""
        always = {"now": self.now, "day": self.day, "machine": self.machine, "me": self.me}
        rows = self.connection.execute(statement, {**always, **values}).fetchall()
        return rows[0] if rows else None
