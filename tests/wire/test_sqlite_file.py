"""One file, many who write: nobody waits longer than he must, and a handler cannot keep the file for itself."""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import Claim, ClaimStatus, ConfigurationError, SqliteEventStore, StoredEvent
from smartcar_async.receiver.fair_lock import FairLock
from smartcar_async.receiver.sqlite import schema as event_schema

from .clocks import SetClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "events.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteEventStore]:
    """A store that lends its transaction for a short time."""
    with SqliteEventStore(path, transaction_timeout=0.3) as opened:
        yield opened


def put(store: SqliteEventStore, name: str) -> float:
    """How long it takes to keep an event."""
    began = time.monotonic()
    store.put(StoredEvent(name, name, b""), now=0)
    return time.monotonic() - began


def query(path: Path, statement: str) -> list[object]:
    """What another connection reads."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize("seconds", [0, -1, 10, float("nan"), "5", None])
def test_a_time_in_the_transaction_that_is_too_long(path: Path, seconds: Any) -> None:
    """Deliveries wait for it, and Smartcar waits for them."""
    with pytest.raises(ConfigurationError, match="transaction_timeout"):
        SqliteEventStore(path, transaction_timeout=seconds)


def test_a_clock_that_is_none(path: Path) -> None:
    """Is refused by name."""
    clock: Any = time
    with pytest.raises(ConfigurationError, match="clock: give something with monotonic, now"):
        SqliteEventStore(path, clock=clock)


def test_a_handler_that_is_too_long_in_the_transaction_is_taken_out(store: SqliteEventStore, path: Path) -> None:
    """Nothing that it wrote or goes on to write is there; others write meanwhile, and it may try again."""
    inside, leave, after = threading.Event(), threading.Event(), list[str]()

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE mine (x)")
        cursor = connection.execute("INSERT INTO mine VALUES (1)")
        inside.set()
        assert leave.wait(5)
        for call in (connection.execute, cursor.execute):
            with pytest.raises(sqlite3.ProgrammingError, match="time of this handler") as refused:
                call("INSERT INTO mine VALUES (2)")
            after.append(str(refused.value))

    claim = store.claim("a", now=0, until=60)
    with ThreadPoolExecutor(1) as threads:
        ending: Future[bool] = threads.submit(store.commit, claim, now=0, work=work)
        assert inside.wait(5)
        assert put(store, "b") < 3
        assert not ending.done()
        assert query(path, "SELECT count(*) FROM sqlite_master WHERE name = 'mine'") == [(0,)]
        leave.set()
        with pytest.raises(TimeoutError, match=r"more than 0\.3 s, and nothing of it was written"):
            ending.result()
    assert len(after) == 2
    assert store.commit(claim, now=0, work=lambda connection: connection.execute("CREATE TABLE mine (x)"))
    assert query(path, "SELECT count(*) FROM mine") == [(0,)]


def test_a_statement_that_is_too_long_is_broken_off(store: SqliteEventStore, path: Path) -> None:
    """Also one that SQLite itself would work on for minutes."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE mine (x)")
        numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
        connection.execute(f"{numbers} INSERT INTO mine SELECT count(*) FROM n")

    claim, began = store.claim("a", now=0, until=60), time.monotonic()
    with pytest.raises(TimeoutError, match="transaction_timeout"):
        store.commit(claim, now=0, work=work)
    assert time.monotonic() - began < 5
    assert query(path, "SELECT count(*) FROM sqlite_master WHERE name = 'mine'") == [(0,)]
    assert store.commit(claim, now=0)


def test_a_handler_that_ends_late_without_a_word_has_failed(store: SqliteEventStore) -> None:
    """It may have noticed nothing."""
    claim = store.claim("a", now=0, until=60)
    with pytest.raises(TimeoutError):
        store.commit(claim, now=0, work=lambda _: time.sleep(0.5))
    assert store.claim("a", now=0, until=60).status is ClaimStatus.IN_FLIGHT


def test_a_time_that_is_over_when_the_handler_has_ended(
    store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Takes it back at the last moment, and nothing when that has passed."""
    late = list[Callable[[], None]]()

    class Waiting(threading.Thread):
        def __init__(self, _: float, function: Callable[[], None]) -> None:
            super().__init__()
            late.append(function)

        def cancel(self) -> None:
            late[0]()

    monkeypatch.setattr("smartcar_async.receiver.sqlite.handler_connection.Timer", Waiting)
    claim = store.claim("a", now=0, until=60)
    ended = list[bool]()

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE mine (x)")
        ended.append(True)

    with pytest.raises(TimeoutError):  # the time is over at the very moment at which it ends
        store.commit(claim, now=0, work=work)
    assert not store.claim("a", now=0, until=60).attempt
    late[0]()


ENDS: list[Callable[[sqlite3.Connection], object]] = [
    lambda connection: connection.commit(),
    lambda connection: connection.rollback(),
    lambda connection: connection.executescript("SELECT 1"),
    lambda connection: connection.cursor().executescript("SELECT 1"),
    lambda connection: connection.__enter__(),
    lambda connection: connection.execute("COMMIT"),
    lambda connection: connection.cursor().execute("ROLLBACK"),
    lambda connection: connection.execute("ATTACH ':memory:' AS other"),
    lambda connection: connection.close(),
    lambda connection: connection.set_authorizer(None),
    lambda connection: connection.set_progress_handler(None, 1),
]


@pytest.mark.parametrize("number", range(len(ENDS)))
def test_a_handler_does_not_end_the_transaction(store: SqliteEventStore, number: int) -> None:
    """Whatever would end it is refused, or a failure: what it wrote would be apart from the mark."""
    claim = store.claim("a", now=0, until=60)
    with pytest.raises(ConfigurationError, match="must not end that transaction"):
        store.commit(claim, now=0, work=ENDS[number])
    assert store.commit(claim, now=0)


def test_a_statement_that_ends_the_transaction(store: SqliteEventStore, path: Path) -> None:
    """SQLite rolls back by itself where a table says so: nothing that comes after it is written apart."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS mine (x UNIQUE ON CONFLICT ROLLBACK)")
        connection.execute("INSERT INTO mine VALUES (1)")
        with suppress(sqlite3.IntegrityError):
            connection.execute("INSERT INTO mine VALUES (1)")
        connection.execute("CREATE TABLE yours (x)")

    claim = store.claim("a", now=0, until=60)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="nor go on after its end"):
            store.commit(claim, now=0, work=work)
    assert query(path, "SELECT name FROM sqlite_master WHERE name IN ('mine', 'yours')") == []
    assert store.commit(claim, now=0)


def first(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> object:
    """The only column that a handler reads."""
    return row[0]


def by_number(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> object:
    """A row as a mapping."""
    return dict(enumerate(row, 5))


SETTINGS: list[Callable[[Any], object]] = [
    lambda connection: setattr(connection, "row_factory", first),
    lambda connection: setattr(connection, "row_factory", by_number),
    lambda connection: setattr(connection, "text_factory", bytes),
    lambda connection: connection.execute("PRAGMA query_only = 1"),
    lambda connection: connection.execute("CREATE TEMP TABLE mine (x)"),
]


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_what_a_handler_sets_misleads_nobody(store: SqliteEventStore, path: Path, number: int) -> None:
    """The store reads as before, no work is taken for done, and the next handler finds a connection like new."""
    query_only = number == 3

    def work(connection: sqlite3.Connection) -> None:
        assert connection.execute("SELECT 'a', 2").fetchone() == ("a", 2)
        connection.execute("CREATE TABLE IF NOT EXISTS done (x)")
        connection.execute("INSERT INTO done VALUES (1)")
        SETTINGS[number](connection)

    for name in ("a", "b"):
        claim = store.claim(name, now=0, until=60)
        if query_only:
            with pytest.raises(sqlite3.OperationalError):
                store.commit(claim, now=0, work=work)
            assert store.commit(claim, now=0)
        else:
            assert store.commit(claim, now=0, work=work)
        assert store.claim(name, now=0, until=60).status is ClaimStatus.DONE
    if not query_only:
        assert query(path, "SELECT count(*) FROM done") == [(2,)]


def test_work_that_was_not_done_is_not_marked(store: SqliteEventStore) -> None:
    """A claim that is held no longer brings neither the work nor the mark."""
    claim = store.claim("a", now=0, until=60)
    store.release(claim, now=0, due=0)
    assert not store.commit(claim, now=0, work=lambda connection: pytest.fail("called"))
    assert store.claim("a", now=0, until=60).status is ClaimStatus.NEW


def test_a_handler_has_a_cursor_like_any_other(store: SqliteEventStore, path: Path) -> None:
    """With many rows at once; only its class is ours."""

    def work(connection: sqlite3.Connection) -> None:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE mine (x)")
        cursor.executemany("INSERT INTO mine VALUES (?)", [(1,), (2,)])
        connection.executemany("INSERT INTO mine VALUES (?)", [(3,)])
        assert cursor.execute("SELECT sum(x) FROM mine WHERE x > ?", (1,)).fetchone() == (5,)
        with pytest.raises(ConfigurationError, match="factory"):
            connection.cursor(sqlite3.Cursor)
        cursor.execute("CREATE TABLE blobs (x)")
        cursor.execute("INSERT INTO blobs VALUES (x'0102')")
        with connection.blobopen("blobs", "x", 1) as blob:
            blob.write(b"ok")

    assert store.commit(store.claim("a", now=0, until=60), now=0, work=work)
    assert query(path, "SELECT x FROM mine") == [(1,), (2,), (3,)]
    assert query(path, "SELECT x FROM blobs") == [(b"ok",)]


def test_a_delivery_waits_for_one_handler_at_most(store: SqliteEventStore) -> None:
    """However many are waiting for the transaction in this process."""
    begun = threading.Semaphore(0)

    def work(_: sqlite3.Connection) -> None:
        begun.release()
        time.sleep(0.2)

    claims = [store.claim(f"h-{number}", now=0, until=60) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        endings = [threads.submit(store.commit, claim, now=0, work=work) for claim in claims]
        assert begun.acquire(timeout=5)
        put(store, "a")
        assert sum(ending.done() for ending in endings) <= 1
        assert all(ending.result() for ending in endings)


def test_a_delivery_comes_between_the_handlers_of_another_process(path: Path, store: SqliteEventStore) -> None:
    """They leave a gap, in which it is quicker than SQLite's own waiting."""
    stop, inside = threading.Event(), threading.Event()

    def work(_: sqlite3.Connection) -> None:
        inside.set()
        time.sleep(0.15)

    def handle(number: int) -> None:
        while not stop.is_set():
            claim = other.claim(f"h-{number}-{time.monotonic()}", now=0, until=60)
            assert other.commit(claim, now=0, work=work)

    waited = list[float]()
    with SqliteEventStore(path) as other, ThreadPoolExecutor(3) as threads:
        handling = [threads.submit(handle, number) for number in range(3)]
        for number in range(3):
            inside.clear()
            assert inside.wait(5)
            waited.append(put(store, f"e-{number}"))
        stop.set()
        for one in handling:
            one.result()
    assert max(waited) < 3


def test_a_write_does_not_wait_for_ever(path: Path, store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for another process nor for a thread of this one."""
    store.waiting()
    monkeypatch.setattr("smartcar_async.receiver.sqlite.file.PATIENCE", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            put(store, "a")
        assert store.waiting() == 0
    with ThreadPoolExecutor(1) as threads:
        claim, inside = store.claim("h", now=0, until=60), threading.Event()

        def work(_: sqlite3.Connection) -> None:
            inside.set()
            time.sleep(0.25)

        ending = threads.submit(store.commit, claim, now=0, work=work)
        assert inside.wait(5)
        with pytest.raises(TimeoutError, match="another thread"):
            put(store, "b")
        assert ending.result()
    assert put(store, "c") < 3


def test_a_full_disk_loses_nothing(path: Path, store: SqliteEventStore) -> None:
    """What does not fit is refused, what was kept is there, and it goes on when there is room."""
    store.put(StoredEvent("a", "a", b"x" * 1000), now=0)
    found = store.take(now=0, until=60)
    assert found is not None
    with store._here().file.write() as connection:  # pyright: ignore[reportPrivateUsage]
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        full = connection
    full.execute(f"PRAGMA max_page_count = {pages}")
    kept = list[str]()
    with suppress(sqlite3.OperationalError):
        for number in range(100):
            store.put(StoredEvent(f"e-{number}", "v", b"x" * 1000), now=0)
            kept.append(f"e-{number}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.put(StoredEvent("e-100", "v", b"x" * 1000), now=0)
    assert store.waiting() == len(kept) + 1
    full.execute("PRAGMA max_page_count = 100000")
    assert store.commit(found[0], now=0)
    for name in kept:
        found = store.take(now=0, until=60)
        assert found is not None
        assert (found[1].id, store.commit(found[0], now=0)) == (name, True)


def test_a_link_to_nothing_becomes_a_private_file(tmp_path: Path) -> None:
    """Where the link points, and what SQLite puts beside it too; a file that was there keeps its mode."""
    (tmp_path / "place").mkdir()
    (tmp_path / "events.db").symlink_to(tmp_path / "place" / "real.db")
    with SqliteEventStore(tmp_path / "events.db") as store:
        put(store, "a")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "place").iterdir()}
        assert modes == {"real.db": 0o600, "real.db-wal": 0o600, "real.db-shm": 0o600}
    own = tmp_path / "own.db"
    own.touch()
    own.chmod(0o640)
    with SqliteEventStore(own) as store:
        put(store, "a")
        assert stat.S_IMODE(own.stat().st_mode) == 0o640


def test_a_fair_lock_is_given_in_the_order_of_coming() -> None:
    """And whoever gave up waiting is not waited for."""
    lock, order = FairLock(), list[int]()

    def ask(number: int) -> None:
        with lock.turn(5):
            order.append(number)

    with ThreadPoolExecutor(5) as threads, lock.turn(1) as turn:
        asking = list[Future[None]]()
        for number in range(4):
            asking.append(threads.submit(ask, number))
            while len(lock._queue) <= number:  # pyright: ignore[reportPrivateUsage]
                time.sleep(0.001)
        with pytest.raises(TimeoutError), lock.turn(0.01):
            raise AssertionError
        turn.end()
        turn.end()
        for one in asking:
            one.result()
    assert order == [0, 1, 2, 3]
    with lock.turn(0):
        pass


def test_a_turn_that_comes_at_the_last_moment_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting was over, but before it was told so the lock was given: the next one must not wait for ever."""
    lock = FairLock()

    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        lock.release()
        return False

    with lock.turn(1) as turn:
        monkeypatch.setattr(threading.Event, "wait", wait)
        with pytest.raises(TimeoutError), lock.turn(1):
            raise AssertionError
        monkeypatch.undo()
        turn._over = True  # pyright: ignore[reportPrivateUsage]
    with lock.turn(0):
        pass


VERSION_1 = """
CREATE TABLE smartcar_event_store (version INTEGER NOT NULL);
INSERT INTO smartcar_event_store VALUES (1);
CREATE TABLE smartcar_events (
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
CREATE INDEX smartcar_events_due ON smartcar_events (due) WHERE body IS NOT NULL;
CREATE INDEX smartcar_events_lane ON smartcar_events (lane) WHERE body IS NOT NULL AND state = 'claimed';
CREATE INDEX smartcar_events_touched ON smartcar_events (touched) WHERE body IS NULL;
CREATE TABLE mine (x);
INSERT INTO mine VALUES (7);
INSERT INTO smartcar_events (id, state, attempt, due, touched, lane, body, problem) VALUES
    ('waits', 'open', 1, 1e18, :now, 'v-1', x'01', NULL),
    ('behind', 'open', 0, 5, :now, 'v-1', x'02', NULL),
    ('handled', 'done', 1, 0, :now, NULL, NULL, NULL),
    ('held', 'claimed', 3, 1e18, :now, 'v-2', x'03', NULL),
    ('after', 'open', 0, 5, :now, 'v-2', x'04', NULL),
    ('inline', 'claimed', 1, 1e18, :now, NULL, NULL, NULL),
    ('failed', 'open', 1, 5, :now, NULL, NULL, NULL),
    ('given up', 'parked', 6, 9e999, :now, 'v-3', x'05', 'KeyError'),
    ('free', 'open', 0, 5, :now, 'v-4', x'06', NULL);
"""


def old_file(path: Path) -> None:
    """A file as the version before made it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(VERSION_1.replace(":now", str(time.time())))


def test_a_file_of_the_version_before_is_taken_over(path: Path) -> None:
    """Nothing is lost: what waits, in its order and with its attempts, what was handled, and what is not ours."""
    old_file(path)
    clock = SetClock(1000.0)
    with SqliteEventStore(path, clock=clock) as store:
        assert store.waiting() == 5
        assert [(one.event.id, one.attempts, one.problem) for one in store.parked()] == [("given up", 6, "KeyError")]
        assert query(path, "SELECT x FROM mine") == [(7,)]
        assert store.claim("handled", now=0, until=60).status is ClaimStatus.DONE
        assert store.claim("inline", now=0, until=60).status is ClaimStatus.IN_FLIGHT
        assert store.claim("failed", now=0, until=60) == Claim("failed", ClaimStatus.NEW, 2)
        found = store.take(now=0, until=60)
        assert found is not None
        assert found == (Claim("free", ClaimStatus.NEW, 1), StoredEvent("free", "v-4", b"\x06"))
        assert store.commit(found[0], now=0)
        assert store.take(now=0, until=60) is None  # one car waits for its pause, the other for the lease of before
        clock.time += 61
        assert handed_out(store) == [("held", 4), ("after", 1)]
        clock.time += 3600  # however far ahead the time of day was, a pause is an hour at most
        assert handed_out(store) == [("waits", 2), ("behind", 1)]
        assert store.unpark("given up")
        assert handed_out(store) == [("given up", 7)]
    with SqliteEventStore(path) as again:
        assert (again.waiting(), again.claim("held", now=0, until=60).status) == (0, ClaimStatus.DONE)


def handed_out(store: SqliteEventStore) -> list[tuple[str, int]]:
    """What is handed out now, handled at once, and at which attempts."""
    found = list[tuple[str, int]]()
    while (one := store.take(now=0, until=60)) is not None:
        found.append((one[1].id, one[0].attempt))
        assert store.commit(one[0], now=0)
    return found


def test_a_file_is_taken_over_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in the middle leaves it as it was."""
    old_file(path)
    broken = (*event_schema._TAKE_OVER, "SELECT no_such_thing")  # pyright: ignore[reportPrivateUsage]
    with monkeypatch.context() as once, SqliteEventStore(path) as store:
        once.setattr(event_schema, "_TAKE_OVER", broken)
        with pytest.raises(ConfigurationError, match="no such column"):
            store.waiting()
        assert query(path, "SELECT version FROM smartcar_event_store") == [(1,)]
        assert query(path, "SELECT count(*) FROM smartcar_events") == [(9,)]
    with SqliteEventStore(path) as store:
        assert store.waiting() == 5
