"""One SQLite file in one process: who may write now, for how long, and with which connection."""

import os
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, local
from typing import Any, Final, TypeVar
from weakref import WeakSet

from attrs import define, field

from ...errors import ConfigurationError
from ..fair_lock import FairLock
from .handler_connection import HandlerConnection

C = TypeVar("C", bound=sqlite3.Connection)

PATIENCE: Final = 10.0
"""Seconds that a write waits for its turn: a delivery must be answered within 15."""
_BUSY_RETRY: Final = 0.005
"""Seconds between two attempts to begin a write. SQLite itself waits up to 0.1, and would miss short gaps."""
_LONG: Final = 0.1
"""Seconds after which a handler's transaction leaves a gap, so that other processes come to their turn."""
_FORK_PATIENCE: Final = 1.0
"""Seconds that a fork waits for a write that is under way. One that was begun by the forking thread cannot end."""


@define(eq=False)
class SqliteFile:
    """Short writes come one after the other, first come, first served; at most one long write is among them.

    A long write, that of a handler, has a connection for itself, which nobody uses after it: a handler may do to it
    what would mislead the next one, or the store. It queues for its turn only when no other long write is at work: so a
    short write waits for one of them at most. Reads wait for nobody.
    """

    path: Path
    prepare: Callable[[sqlite3.Connection], None]
    """Makes the tables, in a transaction of the first connection."""
    _writes: FairLock = field(factory=FairLock)
    _reads: Lock = field(factory=Lock)
    _handler_writes: Lock = field(factory=Lock)
    _opens: Lock = field(factory=Lock)
    _writer: sqlite3.Connection | None = None
    _reader: sqlite3.Connection | None = None
    _prepared: bool = False

    def __attrs_post_init__(self) -> None:
        _FILES.add(self)

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection, None, None]:
        """A transaction for a short write: it is on the disk when this ends, or nothing of it is."""
        deadline = time.monotonic() + PATIENCE
        with self._writes.turn(PATIENCE):
            if self._writer is None:
                self._writer = self._open(sqlite3.Connection)
            with _transaction(self._writer, deadline):
                yield self._writer

    @contextmanager
    def handler_write(self, seconds: float) -> Generator[tuple[HandlerConnection, Callable[[], Any]], None, None]:
        """A transaction for a long write: its connection, and what hands that out to a handler for so many seconds."""
        with self._handler_writes:
            began = time.monotonic()
            connection = self._open(HandlerConnection)
            try:
                with self._writes.turn(PATIENCE) as turn, _transaction(connection, began + PATIENCE):
                    yield connection, lambda: connection.handed_out(seconds, turn.end)
            finally:
                connection.close()
                if time.monotonic() - began > _LONG:
                    time.sleep(_LONG)

    def read(self, statement: str) -> list[Any]:
        """The rows that a query finds."""
        with self._reads:
            if self._reader is None:
                self._reader = self._open(sqlite3.Connection)
            return self._reader.execute(statement).fetchall()

    def pause(self, seconds: float) -> bool:
        """Let nobody use it until `resume`; False if somebody does for longer than that."""
        deadline = time.monotonic() + seconds
        try:
            self._writes.acquire(seconds)
        except TimeoutError:
            return False
        acquired = list[Lock]()
        for lock in (self._reads, self._opens):
            if not lock.acquire(timeout=max(deadline - time.monotonic(), 0.0)):
                for other in acquired:
                    other.release()
                self._writes.release()
                return False
            acquired.append(lock)
        return True

    def resume(self) -> None:
        """Go on."""
        for lock in (self._opens, self._reads):
            lock.release()
        self._writes.release()

    def close(self) -> None:
        """Close it, when nobody writes; what a handler has is closed when that ends."""
        with self._writes.turn(PATIENCE), self._reads:
            self.drop()

    def drop(self) -> None:
        """Close it, when nobody can use it any more."""
        for connection in (self._writer, self._reader):
            if connection is not None:
                connection.close()
        self._writer = self._reader = None

    def _open(self, kind: type[C]) -> C:
        try:
            with self._opens:
                if not self._prepared:
                    _create(self.path)
                connection = sqlite3.connect(
                    self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, factory=kind
                )
                try:
                    self._set_up(connection)
                except BaseException:
                    connection.close()
                    raise
                return connection
        except sqlite3.Error as error:
            raise ConfigurationError(f"store: {self.path.name} cannot be used: {error}") from error

    def _set_up(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + PATIENCE
        # For this lock SQLite does not wait, while several processes make one file.
        _insist(lambda: connection.execute("PRAGMA journal_mode = WAL"), deadline)
        connection.execute("PRAGMA synchronous = FULL")
        if not self._prepared:
            with _transaction(connection, deadline):
                self.prepare(connection)
            self._prepared = True


@contextmanager
def _transaction(connection: sqlite3.Connection, deadline: float) -> Generator[None, None, None]:
    connection.execute("PRAGMA busy_timeout = 0")
    _insist(lambda: connection.execute("BEGIN IMMEDIATE"), deadline)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _insist(call: Callable[[], object], deadline: float) -> None:
    """Call again while the file is busy, until a deadline."""
    while True:
        try:
            call()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_RETRY)
        else:
            return


def _create(path: Path) -> None:
    """Make the file, also where a link points to nothing: nobody else may read it, for it will hold where cars were.

    SQLite gives the files beside it the same mode.
    """
    with suppress(FileExistsError):
        os.close(os.open(os.path.realpath(path), os.O_CREAT | os.O_EXCL, 0o600))


_FILES: Final = WeakSet[SqliteFile]()
_FORKING: Final = local()


def _before_fork() -> None:
    """Let no thread write meanwhile: SQLite in the child would take that write for one of its own, which never ends."""
    _FORKING.paused = [file for file in list(_FILES) if file.pause(_FORK_PATIENCE)]


def _in_parent() -> None:
    for file in _FORKING.paused:
        file.resume()


def _in_child() -> None:
    """Its stores open files of their own."""
    _FILES.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
