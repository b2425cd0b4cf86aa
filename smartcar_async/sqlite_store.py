"""Events in a SQLite file: several processes may share it, and what it took survives all of them."""

import os
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Final, Self

from .errors import ConfigurationError
from .event_store import KEEP, Claim, ClaimStatus, ParkedEvent, StoredEvent

_VERSION: Final = 1
_PATIENCE: Final = 10.0
_PRUNED_EVERY: Final = 256

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS smartcar_event_store (version INTEGER NOT NULL);
INSERT INTO smartcar_event_store SELECT {version} WHERE NOT EXISTS (SELECT 1 FROM smartcar_event_store);
CREATE TABLE IF NOT EXISTS smartcar_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'done', 'parked')),
    attempt INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    touched REAL NOT NULL,
    lane TEXT,
    body BLOB,
    problem TEXT
);
CREATE INDEX IF NOT EXISTS smartcar_events_due ON smartcar_events (due) WHERE body IS NOT NULL;
CREATE INDEX IF NOT EXISTS smartcar_events_lane ON smartcar_events (lane) WHERE body IS NOT NULL AND state = 'claimed';
CREATE INDEX IF NOT EXISTS smartcar_events_touched ON smartcar_events (touched) WHERE body IS NULL;
"""
# A row may be taken when it is due: at the time that it waits for if open, at the end of its lease if claimed.

_CLAIM: Final = """
INSERT INTO smartcar_events (id, state, attempt, due, touched) VALUES (:id, 'claimed', 1, :until, :now)
ON CONFLICT (id) DO UPDATE SET state = 'claimed', attempt = attempt + 1, due = :until, touched = :now
WHERE state != 'done' AND NOT (state = 'claimed' AND due > :now)
RETURNING attempt, seq
"""
_PUT: Final = """
INSERT INTO smartcar_events (id, state, due, touched, lane, body) VALUES (:id, 'open', :now, :now, :lane, :body)
ON CONFLICT (id) DO UPDATE SET lane = :lane, body = :body WHERE body IS NULL AND state != 'done'
RETURNING seq
"""
_TAKE: Final = """
UPDATE smartcar_events SET state = 'claimed', attempt = attempt + 1, due = :until, touched = :now
WHERE seq = (
    SELECT seq FROM smartcar_events AS event
    WHERE body IS NOT NULL AND due <= :now AND NOT EXISTS (
        SELECT 1 FROM smartcar_events AS other
        WHERE other.lane = event.lane AND other.body IS NOT NULL AND other.state = 'claimed' AND other.due > :now
    )
    ORDER BY due LIMIT 1
)
RETURNING id, attempt, lane, body
"""
_HELD: Final = "WHERE id = :id AND attempt = :attempt AND state = 'claimed'"
_PRUNE: Final = (
    "DELETE FROM smartcar_events WHERE body IS NULL AND due <= :now AND touched < :oldest",
    "DELETE FROM smartcar_events WHERE body IS NULL AND due <= :now AND seq <= :first",
)


class SqliteEventStore:
    """An inbox in a SQLite file, which may hold tables of yours as well.

    What was handled is remembered for `keep` seconds, and up to about `limit` events; the body of an event is dropped
    when it was handled. Every write is on the disk before it is reported (`synchronous=FULL`).
    """

    def __init__(self, path: str | os.PathLike[str], *, keep: float = KEEP, limit: int = 1_000_000) -> None:
        self._lock = RLock()
        self._opened: sqlite3.Connection | None = None
        self._process = 0
        self.path: Path = Path(path).absolute()
        self._keep = keep
        self._limit = limit

    def claim(self, event_id: str, *, now: float, until: float) -> Claim:
        """Claim an event until a time, unless it was handled or somebody holds it."""
        found = self._run(_CLAIM, id=event_id, now=now, until=until)
        if found:
            ((attempt, seq),) = found
            self._prune(seq, now)
            return Claim(event_id, ClaimStatus.NEW, attempt)
        done = self._run("SELECT 1 FROM smartcar_events WHERE id = :id AND state = 'done'", id=event_id)
        return Claim(event_id, ClaimStatus.DONE if done else ClaimStatus.IN_FLIGHT)

    def renew(self, claim: Claim, *, until: float) -> bool:
        """Hold a claim longer. False if it was lost."""
        return self._change(claim, "due = :until", until=until)

    def commit(self, claim: Claim, *, now: float, work: Callable[[sqlite3.Connection], object] | None = None) -> bool:
        """Remember the event as handled, in one transaction with some work. False if the claim was lost: no work."""
        with self._transaction() as connection:
            if work is not None and self._change(claim, "touched = :now", now=now):
                work(connection)
                if not connection.in_transaction:
                    raise ConfigurationError("a handler in the store's transaction must not end that transaction")
            return self._change(claim, "state = 'done', due = 0, touched = :now, lane = NULL, body = NULL", now=now)

    def release(self, claim: Claim, *, now: float, due: float) -> None:
        """Give a claim back; the event is handed out again when it is due."""
        self._change(claim, "state = 'open', due = :due, touched = :now", now=now, due=due)

    def put(self, event: StoredEvent, *, now: float) -> None:
        """Keep an event, unless it is there. It is safe when this returns."""
        found = self._run(_PUT, id=event.id, lane=event.lane, body=event.body, now=now)
        for (seq,) in found:
            self._prune(seq, now)

    def take(self, *, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        """Claim the event that is due for longest, of all whose lane nobody is handling."""
        for event_id, attempt, lane, body in self._run(_TAKE, now=now, until=until):
            return Claim(event_id, ClaimStatus.NEW, attempt), StoredEvent(event_id, lane, body)
        return None

    def park(self, claim: Claim, *, now: float, problem: str) -> None:
        """Give an event up; it is kept, and not handed out."""
        never = float("inf")
        change = "state = 'parked', due = :due, touched = :now, problem = :problem"
        self._change(claim, change, now=now, due=never, problem=problem)

    def parked(self) -> list[ParkedEvent]:
        """The events that were given up."""
        rows = self._run(
            "SELECT id, lane, body, attempt, problem FROM smartcar_events WHERE state = 'parked' ORDER BY seq"
        )
        return [ParkedEvent(StoredEvent(*event), attempts, problem) for *event, attempts, problem in rows]

    def unpark(self, event_id: str, *, now: float) -> bool:
        """Hand a parked event out once more. False if there is no such."""
        change = "UPDATE smartcar_events SET state = 'open', due = :now, touched = :now"
        return bool(self._run(f"{change} WHERE id = :id AND state = 'parked' RETURNING 1", id=event_id, now=now))

    def waiting(self) -> int:
        """How many events are kept and not yet handled, without the parked ones."""
        ((count,),) = self._run(
            "SELECT count(*) FROM smartcar_events WHERE body IS NOT NULL AND state IN ('open', 'claimed')"
        )
        return int(count)

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        with self._lock:
            if self._opened is not None and self._process == os.getpid():
                self._opened.close()
                self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def _run(self, statement: str, **values: object) -> list[Any]:
        with self._lock:
            return self._connection().execute(statement, values).fetchall()

    def _change(self, claim: Claim, change: str, **values: object) -> bool:
        """Change a row, if the claim is still the last one made for it."""
        statement = f"UPDATE smartcar_events SET {change} {_HELD} RETURNING 1"
        return bool(self._run(statement, id=claim.event_id, attempt=claim.attempt, **values))

    def _prune(self, seq: int, now: float) -> None:
        if seq % _PRUNED_EVERY == 0:
            for statement in _PRUNE:
                self._run(statement, now=now, oldest=now - self._keep, first=seq - self._limit)

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        """The connection of this process: one that came over a fork must not be used."""
        if self._opened is None or self._process != os.getpid():
            self._opened, self._process = self._open(), os.getpid()
        return self._opened

    def _open(self) -> sqlite3.Connection:
        with suppress(FileExistsError):  # nobody else may read it: it will hold where cars were
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
        try:
            return self._connect()
        except sqlite3.Error as error:
            raise ConfigurationError(f"store: {self.path.name} cannot be used: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA.format(version=_VERSION)} COMMIT;")
            ((version,),) = connection.execute("SELECT version FROM smartcar_event_store").fetchall()
            if version != _VERSION:
                raise ConfigurationError(f"store: {self.path.name} was made by another version of this package")
        except BaseException:
            connection.close()
            raise
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file to a log. For this lock SQLite does not wait, while several processes make one file."""
    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                raise
            time.sleep(0.01)
        else:
            return
