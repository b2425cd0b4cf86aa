"""Events in a SQLite file: several processes may share it, and what it took survives all of them."""

import os
import sqlite3
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from attrs import define, field

from ...arguments import deprecated, require_methods
from ...clock import Clock, SystemClock
from ...errors import ConfigurationError
from ...file_lock import FileLock
from ..event_store import DEFAULT_KEEP, Claim, ClaimStatus, ParkedEvent, StoredEvent, check_retention
from . import owner as event_owner
from .file import PATIENCE, SqliteFile
from .owner import Owner
from .rows import Rows
from .schema import prepare

_LOOK_EVERY: Final = 0.5
"""Seconds between two looks for claims whose owner is gone."""
_PARKED: Final = "SELECT id, lane, body, attempt, problem FROM smartcar_events WHERE state = 'parked' ORDER BY seq"
_WAITING: Final = """
SELECT count(*) FROM smartcar_events WHERE body IS NOT NULL AND state IN ('queued', 'open', 'claimed')
"""


@define(eq=False)
class _Here:
    """What belongs to one process. A child that was forked has its own, and leaves what it inherited alone."""

    file: SqliteFile
    owner: Owner | None = None
    looked_at: float = float("-inf")
    dead_locks: list[FileLock] = field(factory=list[FileLock])
    """The locks of dead owners, until it is on the disk that their claims are free."""


class SqliteEventStore:
    """An inbox in a SQLite file, which may hold tables of yours as well; the processes of one machine may share it.

    What was handled is remembered for `keep` seconds, and up to about `limit` events; the body of an event is dropped
    when it was handled. Every write is on the disk before it is reported (`synchronous=FULL`). While a handler is in
    the store's transaction nobody else can write: after `transaction_timeout` seconds it is taken out, and has failed.

    A claim of a process that died is free at once, for the system gives its lock free; one of a process that lives but
    is silent, when its lease is over. Nothing here looks at the time of day, but to forget what was handled long ago.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        keep: float = DEFAULT_KEEP,
        limit: int = 1_000_000,
        transaction_timeout: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._processes: dict[int, _Here] = {}
        require_methods(clock, "clock", "monotonic", "now")
        check_retention(keep, limit)
        if not isinstance(transaction_timeout, (int, float)) or not 0 < transaction_timeout < PATIENCE:
            raise ConfigurationError(
                f"transaction_timeout: give less than {PATIENCE:g} s: deliveries wait for it, and Smartcar for them"
            )
        self.path: Path = Path(path).absolute()
        self._keep = keep
        self._limit = limit
        self._transaction_timeout = transaction_timeout
        self._clock: Clock = clock or SystemClock()
        self._machine = event_owner.this_machine()

    def claim(self, event_id: str, *, now: float, until: float, lane: str | None = None, hold: float = 0.0) -> Claim:
        """Claim an event until a time, unless it was handled, somebody holds it, or its lane does not let it."""
        with self._granting(until - now) as (rows, granted):
            status, seq = rows.ask(event_id, lane, hold)
            if status is ClaimStatus.NEW:
                rows.prune(seq, self._keep, self._limit)
                granted.append(rows.grant(event_id, seq))
        return granted[0][0] if granted else Claim(event_id, status)

    def renew(self, claim: Claim, *, until: float) -> bool:
        """Hold a claim longer, for its lease from now. False if it was lost."""
        with self._writing() as rows:
            owner = self._here().owner
            held = rows.is_claimed(claim)
            if owner is not None and held:
                rows.beat(owner.lease)
            return held

    def commit(self, claim: Claim, *, now: float, work: Callable[[sqlite3.Connection], object] | None = None) -> bool:
        """Remember the event as handled, in one transaction with some work. False if the claim was lost: no work."""
        if work is None:
            with self._writing() as rows:
                done = self._finish(rows, claim)
        else:
            with self._here().file.handler_write(self._transaction_timeout) as (connection, handed_out):
                rows = self._rows(connection)
                held = rows.may_record(claim)
                if held:
                    with handed_out():
                        work(connection)
                # What was not done is never marked: its end was recorded before, or the claim is lost.
                done = self._finish(rows, claim) if held else self._was_finished(rows, claim)
        self._forget_claim(claim)
        return done

    def release(self, claim: Claim, *, now: float, due: float) -> None:
        """Give a claim back; the event is handed out again when it is due, and its lane waits for it."""
        with self._writing() as rows:
            rows.release(claim, max(due - now, 0.0))
        self._forget_claim(claim)

    def release_uncounted(self, claim: Claim, *, now: float, due: float) -> None:
        """Like `release`, and the attempt does not count."""
        with self._writing() as rows:
            rows.release_uncounted(claim, max(due - now, 0.0))
        self._forget_claim(claim)

    def spare(self, claim: Claim, *, now: float, due: float) -> None:
        """The former name of `release_uncounted`."""
        deprecated("SqliteEventStore.spare", "release_uncounted")
        self.release_uncounted(claim, now=now, due=due)

    def put(self, event: StoredEvent, *, now: float) -> None:
        """Keep an event, unless it is there. It is safe when this returns."""
        with self._writing() as rows:
            seq = rows.put(event)
            if seq is not None:
                rows.prune(seq, self._keep, self._limit)

    def take(self, *, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        """Claim the event that is due for longest, of those whose turn it is in their lanes."""
        with self._granting(until - now) as (rows, granted):
            due = rows.next()
            if due is not None:
                granted.append(rows.grant(*due))
        return granted[0] if granted else None

    def step_aside(self, claim: Claim) -> None:
        """Let the later events of its lane wait for this one no longer."""
        with self._writing() as rows:
            rows.step_aside(claim)

    def park(self, claim: Claim, *, now: float, problem: str) -> None:
        """Give an event up; it is kept, and not handed out."""
        with self._writing() as rows:
            rows.park(claim, problem)
        self._forget_claim(claim)

    def parked(self) -> list[ParkedEvent]:
        """The events that were given up."""
        rows = self._here().file.read(_PARKED)
        return [ParkedEvent(StoredEvent(*event), attempts, problem) for *event, attempts, problem in rows]

    def unpark(self, event_id: str, *, now: float = 0.0) -> bool:
        """Hand a parked event out again, with all its attempts before it. False if there is no such."""
        with self._writing() as rows:
            return rows.unpark(event_id)

    def waiting(self) -> int:
        """How many events are kept and not yet handled, without the parked ones."""
        ((count,),) = self._here().file.read(_WAITING)
        return int(count)

    def close(self) -> None:
        """Close the file, and give back what is still claimed. The next use opens it again."""
        here = self._processes.get(os.getpid())
        if here is None:
            return
        if here.owner is not None:
            try:
                with self._writing() as rows:
                    rows.free(here.owner.id)
                here.owner.leave()
            except (sqlite3.Error, OSError):  # then its lock tells, as if it had died
                here.owner.forget()
        del self._processes[os.getpid()]
        here.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self, is_ending: Callable[[], bool] = sys.is_finalizing) -> None:
        if is_ending():  # then the system closes all, and the names of this module may be gone
            return
        here = getattr(self, "_processes", {}).get(os.getpid())
        if here is not None:
            if here.owner is not None:
                here.owner.forget()
            here.file.drop()

    def _here(self) -> _Here:
        return self._processes.setdefault(os.getpid(), _Here(SqliteFile(self.path, self._prepare)))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        now, day = self._clock.monotonic(), self._clock.now().timestamp()
        prepare(connection, self.path.name, now=now, day=day, machine=self._machine)

    def _rows(self, connection: sqlite3.Connection) -> Rows:
        owner = self._here().owner
        now, day = self._clock.monotonic(), self._clock.now().timestamp()
        return Rows(connection, now, day, self._machine, owner.id if owner else "")

    @contextmanager
    def _writing(self) -> Generator[Rows, None, None]:
        with self._here().file.write() as connection:
            yield self._rows(connection)

    @contextmanager
    def _granting(self, lease: float) -> Generator[tuple[Rows, list[tuple[Claim, StoredEvent]]], None, None]:
        """A transaction in which claims are made. This process knows of them before anybody else can look."""
        here, granted = self._here(), list[tuple[Claim, StoredEvent]]()
        on_disk = False
        try:
            with here.file.write() as connection:
                owner = here.owner = here.owner or Owner.new(self.path)
                rows = self._rows(connection)
                self._free_abandoned(rows, here, owner)
                yield rows, granted
                if granted:
                    owner.lease = lease
                    rows.beat(lease)
                for claim, _ in granted:
                    owner.held[claim.event_id] = claim.attempt
            on_disk = True
        finally:
            # A lock is removed only now: if the write failed, another process must still see that its owner is dead.
            for lock in here.dead_locks:
                lock.release() if on_disk else lock.forget()
            here.dead_locks.clear()
            if not on_disk:
                for claim, _ in granted:
                    self._forget_claim(claim)

    def _free_abandoned(self, rows: Rows, here: _Here, owner: Owner) -> None:
        """Free what is claimed by owners that are dead or silent, and what was granted here without being heard of."""
        if 0 <= rows.now - here.looked_at < _LOOK_EVERY:
            return
        first, here.looked_at = here.looked_at < 0, rows.now
        owners = rows.owners()
        if first:  # what died before it had claimed anything left its lock behind
            strays = event_owner.stray_owner_ids(self.path) - {owner.id, *(row[0] for row in owners)}
            here.dead_locks += [lock for stray in strays if (lock := event_owner.lock_of_dead_owner(self.path, stray))]
        for other, home, machine, beat, lease in owners:
            lock = event_owner.lock_of_dead_owner(self.path, other) if home == self._machine else None
            if lock is not None:
                here.dead_locks.append(lock)
            elif machine != self._machine:
                rows.watch(other)
                continue
            elif beat <= rows.now < beat + lease:  # else it is over, or of another start of this machine
                continue
            rows.free(other)
        for event_id, attempt in rows.own_claims():
            if owner.held.get(event_id) != attempt:
                rows.release(Claim(event_id, ClaimStatus.NEW, attempt), 0.0)

    def _finish(self, rows: Rows, claim: Claim) -> bool:
        """Mark an event as handled. If that was recorded in an attempt that seemed to fail, that is as good."""
        return rows.finish(claim) or self._was_finished(rows, claim)

    def _was_finished(self, rows: Rows, claim: Claim) -> bool:
        owner = self._here().owner
        ours = owner is not None and owner.held.get(claim.event_id) == claim.attempt
        return ours and rows.is_finished(claim)

    def _forget_claim(self, claim: Claim) -> None:
        owner = self._here().owner
        if owner is not None and owner.held.get(claim.event_id) == claim.attempt:
            del owner.held[claim.event_id]
