"""A store's open transaction in the hands of a handler: for a time, and without the right to end it."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Lock, RLock, Timer, get_ident
from typing import Any, Final, NoReturn, Self, cast

from ...errors import ConfigurationError

_INTERRUPT_AGAIN: Final = 0.01
"""Seconds after which a statement that still runs is interrupted again."""
_NOT_YOURS: Final = "a handler in the store's transaction must not end that transaction, nor go on after its end"
_TAKEN_BACK: Final = "the time of this handler in the store's transaction is over"


class HandlerConnection(sqlite3.Connection):
    """A connection that can be taken back while a handler still has it: then nothing of it is written any more.

    Each statement runs under a lock, and so does the taking back. Without that, a statement that was just being
    prepared would run after the rollback, on its own, and stay.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._statements = RLock()
        self._handed_out = False
        self._over = Event()
        self._store_thread: int | None = None
        """After the handler, the one thread that may still use it: the store's. Another one may have kept it."""

    @contextmanager
    def handed_out(self, seconds: float, on_timeout: Callable[[], None]) -> Generator[None, None, None]:
        """Give it to a handler for so long; then it is rolled back, and TimeoutError raised when the handler ends."""
        ending, ended = Lock(), Event()

        def take_back() -> None:
            with ending:
                if ended.is_set():
                    return
                self._over.set()
            self._roll_back()
            on_timeout()

        def end() -> None:
            """From now on it is not taken back any more; if it was, nothing is left of it."""
            timer.cancel()
            with ending:
                ended.set()
            if self._over.is_set():
                timer.join()

        timer = Timer(seconds, take_back)
        timer.daemon = True
        timer.start()
        super().set_authorizer(_within_the_transaction)
        self._handed_out = True
        try:
            yield
        except Exception as error:
            end()
            if self._over.is_set():
                raise _too_slow(seconds) from error
            raise
        finally:
            end()
            self._as_it_was()
        if self._over.is_set():
            raise _too_slow(seconds)
        if not self.in_transaction:
            raise ConfigurationError(_NOT_YOURS)

    def _as_it_was(self) -> None:
        """Whatever the handler set, the store's own statements run and read as before."""
        with self._statements:
            self._handed_out, self._store_thread = False, get_ident()
            super().set_authorizer(None)
            super().set_progress_handler(None, 0)
            connection: sqlite3.Connection = self  # else type checkers take these for attributes of this class
            connection.row_factory, connection.text_factory = None, str

    def _roll_back(self) -> None:
        """End the transaction, if there is one, and whatever statement is running."""
        while not self._statements.acquire(timeout=_INTERRUPT_AGAIN):
            self.interrupt()
        try:
            super().set_authorizer(None)
            if self.in_transaction:
                super().cursor().execute("ROLLBACK")
        finally:
            self._statements.release()

    def cursor(self, factory: Any = None) -> Any:
        """A cursor; all statements go through one."""
        if factory is not None:
            raise ConfigurationError("factory: the store's transaction has cursors of its own")
        return super().cursor(_Cursor)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement on a new cursor, which the one of SQLite's own would not be: it is made without `cursor`."""
        cursor: sqlite3.Cursor = self.cursor().execute(sql, parameters)
        return cursor

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Run a statement many times on a new cursor."""
        cursor: sqlite3.Cursor = self.cursor().executemany(sql, parameters)
        return cursor

    def blobopen(self, *arguments: Any, **options: Any) -> Any:
        """Open a blob. One that is open ends with the transaction."""
        with self.statement():
            return super().blobopen(*arguments, **options)

    @contextmanager
    def statement(self) -> Generator[None, None, None]:
        """Run one statement, unless the time is over."""
        with self._statements:
            if self._over.is_set():
                raise sqlite3.ProgrammingError(_TAKEN_BACK)
            self._refuse_other_threads()
            if (
                self._handed_out and not self.in_transaction
            ):  # a statement before has ended it, as ON CONFLICT ROLLBACK does
                raise ConfigurationError(_NOT_YOURS)
            try:
                yield
            except sqlite3.DatabaseError as error:
                if self._handed_out and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH:
                    raise ConfigurationError(_NOT_YOURS) from None
                raise

    def _refuse_other_threads(self) -> None:
        if self._store_thread not in (None, get_ident()):
            raise ConfigurationError(_NOT_YOURS)

    def close(self) -> None:
        """Refused, until the handler has ended."""
        self._refuse_other_threads()
        if self._handed_out:
            raise ConfigurationError(_NOT_YOURS)
        super().close()

    def set_authorizer(self, *arguments: object, **options: object) -> NoReturn:
        """Refused: it keeps the transaction from being ended."""
        raise ConfigurationError(_NOT_YOURS)

    def set_progress_handler(self, *arguments: object, **options: object) -> NoReturn:
        """Refused: it could stop the statements of the store."""
        raise ConfigurationError(_NOT_YOURS)

    def commit(self) -> NoReturn:
        """Refused."""
        raise ConfigurationError(_NOT_YOURS)

    def rollback(self) -> NoReturn:
        """Refused."""
        raise ConfigurationError(_NOT_YOURS)

    def executescript(self, sql_script: str, /) -> NoReturn:
        """Refused: it would commit first."""
        raise ConfigurationError(_NOT_YOURS)

    def __enter__(self) -> Self:
        """Refused: its end would commit."""
        raise ConfigurationError(_NOT_YOURS)


class _Cursor(sqlite3.Cursor):
    @property
    def _owner(self) -> HandlerConnection:
        return cast("HandlerConnection", self.connection)

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        with self._owner.statement():
            return super().execute(sql, parameters)

    def executemany(self, sql: str, seq_of_parameters: Any, /) -> Self:
        rows = list(seq_of_parameters)  # they may take long to come, and no statement runs meanwhile
        with self._owner.statement():
            return super().executemany(sql, rows)

    def executescript(self, sql_script: str, /) -> NoReturn:
        raise ConfigurationError(_NOT_YOURS)


def _within_the_transaction(action: int, *_: object) -> int:
    """Refuse to end the transaction in SQL, and to take in other files, whose changes would not be part of it."""
    outside = (sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if action in outside else sqlite3.SQLITE_OK


def _too_slow(seconds: float) -> TimeoutError:
    return TimeoutError(
        f"a handler was in the store's transaction for more than {seconds:g} s, and nothing of it was written: "
        "do what is slow in a handler without transaction=True, or give the store a longer transaction_timeout"
    )
