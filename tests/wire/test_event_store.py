"""What every event store must do, on each of them; then what an inbox must, and what only a file can."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import (
    Claim,
    ClaimStatus,
    ConfigurationError,
    MemoryEventStore,
    SqliteEventStore,
)

from .fakes import FakeClock
from .notebook_store import NotebookStore, Page
from .store_contract import EventInboxContract, EventStoreContract, TransactionContract, event

NEW, IN_FLIGHT, DONE = ClaimStatus.NEW, ClaimStatus.IN_FLIGHT, ClaimStatus.DONE


@pytest.fixture
def clock() -> FakeClock:
    """The time of the stores under test."""
    return FakeClock(0.0)


class MemoryCase:
    """Stores in memory: another process would have another one, so what is beside is the same."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._store: Any = None

    def open(self, **options: Any) -> Any:
        """A new one."""
        self._store = self.make(**options)
        return self._store

    def make(self, **options: Any) -> Any:
        """Of this kind."""
        return MemoryEventStore(**options)

    def beside(self) -> Any:
        """The same."""
        return self._store

    def now(self) -> float:
        """Seconds."""
        return self._clock.time

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.time += seconds


class NotebookCase(MemoryCase):
    """Somebody else's store in memory."""

    def make(self, **options: Any) -> Any:
        """Of this kind."""
        return NotebookStore(**options)


class SqliteCase(MemoryCase):
    """Files."""

    def __init__(self, clock: FakeClock, folder: Path, opened: ExitStack) -> None:
        super().__init__(clock)
        self._folder, self._opened, self._number = folder, opened, 0

    def make(self, **options: Any) -> Any:
        """A file of its own."""
        self._number += 1
        path = self._folder / f"events-{self._number}.db"
        return self._opened.enter_context(SqliteEventStore(path, clock=self._clock, **options))

    def beside(self) -> Any:
        """Another store on the same file, as another process has it."""
        return self._opened.enter_context(SqliteEventStore(self._store.path, clock=self._clock))


class TestMemory(EventStoreContract):
    """The store in memory."""

    @pytest.fixture
    def case(self, clock: FakeClock) -> MemoryCase:
        """It goes by the time that it is told."""
        return MemoryCase(clock)


class TestNotebook(EventInboxContract, TransactionContract):
    """A store that was written against the protocols alone."""

    @pytest.fixture
    def case(self, clock: FakeClock) -> NotebookCase:
        """Likewise."""
        return NotebookCase(clock)

    def write(self, connection: Page, line: str) -> None:
        """On its page."""
        connection.write(line)

    def written(self, store: NotebookStore) -> list[str]:
        """In its notebook."""
        return store.lines


class TestSqlite(EventInboxContract, TransactionContract):
    """The store in a file."""

    @pytest.fixture
    def case(self, clock: FakeClock, tmp_path: Path) -> Iterator[SqliteCase]:
        """Each with a file of its own."""
        with ExitStack() as opened:
            yield SqliteCase(clock, tmp_path, opened)

    def write(self, connection: sqlite3.Connection, line: str) -> None:
        """Into a table."""
        connection.execute("CREATE TABLE IF NOT EXISTS mine (line)")
        connection.execute("INSERT INTO mine VALUES (?)", (line,))

    def written(self, store: SqliteEventStore) -> list[str]:
        """As another connection reads it."""
        with closing(sqlite3.connect(store.path)) as reader:
            return [line for (line,) in reader.execute("SELECT line FROM mine")]


@pytest.fixture
def inbox(tmp_path: Path, clock: FakeClock) -> Iterator[SqliteEventStore]:
    """The inbox under test."""
    with SqliteEventStore(tmp_path / "events.db", clock=clock) as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path, clock: FakeClock) -> Iterator[SqliteEventStore]:
    """Another store on the same file, as another process has it."""
    with SqliteEventStore(tmp_path / "events.db", clock=clock) as opened:
        yield opened


def test_a_lease_ends_for_others(inbox: SqliteEventStore, other: SqliteEventStore, clock: FakeClock) -> None:
    """A file's claims end when their owner was silent for so long; then he can do nothing any more."""
    first = inbox.claim("a", now=0, until=60)
    for clock.time in (0.0, 59.0):
        assert other.claim("a", now=0, until=60).status is IN_FLIGHT
    clock.time = 60.0
    assert inbox.claim("a", now=0, until=60).status is IN_FLIGHT  # to himself he is not silent
    second = other.claim("a", now=500, until=560)
    assert second == Claim("a", NEW, 2)
    assert not inbox.commit(first, now=61)
    assert not inbox.renew(first, until=999)
    inbox.release(first, now=61, due=61)
    inbox.park(first, now=61, problem="KeyError")
    inbox.step_aside(first)
    assert inbox.claim("a", now=62, until=122).status is IN_FLIGHT
    assert other.commit(second, now=63)
    assert not other.commit(second, now=64)


def test_a_lease_is_renewed(inbox: SqliteEventStore, other: SqliteEventStore, clock: FakeClock) -> None:
    """As long as its holder says so; and one that ended, but that nobody else claimed, still commits."""
    claim = inbox.claim("a", now=0, until=60)
    clock.time = 40.0
    assert inbox.renew(claim, until=100)
    clock.time = 99.0
    assert other.claim("a", now=0, until=60).status is IN_FLIGHT
    clock.time = 500.0
    assert other.take(now=0, until=60) is None
    assert not inbox.renew(claim, until=900)
    assert inbox.commit(claim, now=500)
    assert other.claim("a", now=0, until=60).status is DONE


def test_what_stepped_aside_comes_when_it_is_due(inbox: SqliteEventStore, clock: FakeClock) -> None:
    """It comes again when it is due, one at a time with the others of its lane."""
    for name in ("a", "b", "c"):
        inbox.put(event(name), now=0)
    claim = taken(inbox, "a")
    inbox.step_aside(claim)
    assert inbox.take(now=0, until=60) is None  # it is still being handled
    inbox.release(claim, now=0, due=30)
    second = taken(inbox, "b")
    clock.time = 30.0
    assert inbox.take(now=0, until=60) is None
    assert inbox.commit(second, now=30)
    again = taken(inbox, "a")
    assert (again.attempt, again.stepped_aside) == (2, True)
    assert inbox.take(now=0, until=60) is None
    assert inbox.commit(again, now=30)
    assert inbox.commit(taken(inbox, "c"), now=30)
    assert inbox.waiting() == 0


def taken(store: SqliteEventStore, name: str) -> Claim:
    """The claim of the event that is handed out, which is this one."""
    found = store.take(now=0, until=60)
    assert found is not None
    assert found[1].id == name
    return found[0]


def test_what_a_silent_worker_held_comes_again(
    inbox: SqliteEventStore, other: SqliteEventStore, clock: FakeClock
) -> None:
    """At the end of its lease, before the later ones of its lane; and its own process is not handed it meanwhile."""
    inbox.put(event("a"), now=0)
    inbox.put(event("b"), now=0)
    lost = taken(inbox, "a")
    for clock.time in (0.0, 59.0):
        assert other.take(now=0, until=60) is None
        assert inbox.take(now=0, until=60) is None
    clock.time = 60.0
    claim = taken(other, "a")
    assert (claim.attempt, claim.redelivered) == (2, True)
    assert inbox.take(now=0, until=60) is None
    assert not inbox.commit(lost, now=60)
    assert other.commit(claim, now=60)
    assert inbox.commit(taken(inbox, "b"), now=60)


def test_what_has_no_recorded_end_is_suspect(
    inbox: SqliteEventStore, other: SqliteEventStore, clock: FakeClock
) -> None:
    """Until an end is recorded; an attempt that is spared leaves it what it was."""
    inbox.put(event("a"), now=0)
    assert not taken(other, "a").interrupted
    other.close()
    for number in range(2, 5):
        claim = taken(inbox, "a")
        assert (claim.attempt, claim.tries, claim.interrupted) == (number, 2, True)
        for _ in range(2):
            inbox.release_uncounted(claim, now=0, due=1)
        assert not inbox.commit(claim, now=0)
        clock.time += 1
    inbox.release(taken(inbox, "a"), now=0, due=0)
    claim = taken(inbox, "a")
    assert (claim.tries, claim.interrupted) == (3, False)
    assert inbox.commit(claim, now=0)


def test_what_inline_could_not_handle_can_be_kept(
    inbox: SqliteEventStore, other: SqliteEventStore, clock: FakeClock
) -> None:
    """Of two receivers on one file, one without and one with a worker: no event falls between them."""
    other.release(other.claim("failed", now=0, until=60), now=1, due=1)
    other.claim("died", now=0, until=60)
    done = other.claim("done", now=0, until=60)
    assert other.commit(done, now=1)
    for name in ("failed", "died", "done"):
        inbox.put(event(name, name), now=2)
    assert inbox.waiting() == 2
    assert inbox.take(now=2, until=62) == (Claim("failed", NEW, 2), event("failed", "failed"))
    assert inbox.take(now=2, until=62) is None
    clock.time = 60.0
    assert inbox.take(now=60, until=120) == (Claim("died", NEW, 2), event("died", "died"))


def test_the_body_of_a_handled_event_is_dropped(inbox: SqliteEventStore, tmp_path: Path) -> None:
    """It says where a car was; and nobody else may read the file."""
    inbox.put(event("a"), now=0)
    taken = inbox.take(now=0, until=60)
    assert taken is not None
    assert repr(taken[1]) == "StoredEvent(id='a', lane='v-1')"
    assert inbox.commit(taken[0], now=1)
    with sqlite3.connect(tmp_path / "events.db") as reader:
        assert reader.execute("SELECT body, lane FROM smartcar_events").fetchall() == [(None, None)]
    reader.close()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {0o600}


def test_work_is_done_in_the_same_transaction(inbox: SqliteEventStore) -> None:
    """All of it with the mark, or none of it."""

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS mine (x)")
        connection.execute("INSERT INTO mine VALUES (1)")

    def fail(connection: sqlite3.Connection) -> None:
        write(connection)
        raise KeyError("no")

    def end(connection: sqlite3.Connection) -> None:
        write(connection)
        connection.execute("ROLLBACK")

    claim = inbox.claim("a", now=0, until=60)
    with pytest.raises(KeyError):
        inbox.commit(claim, now=1, work=fail)
    with pytest.raises(ConfigurationError, match="must not end that transaction"):
        inbox.commit(claim, now=1, work=end)
    assert inbox.claim("a", now=1, until=61).status is IN_FLIGHT
    assert inbox.commit(claim, now=1, work=write)
    assert not inbox.commit(claim, now=1, work=write)
    assert not inbox.commit(Claim("a", NEW, 9), now=1, work=write)
    counted = list[object]()
    last = inbox.claim("c", now=0, until=60)
    inbox.commit(last, now=1, work=lambda one: counted.extend(one.execute("SELECT count(*) FROM mine")))
    assert counted == [(1,)]


def test_the_file_outlives_the_store(tmp_path: Path) -> None:
    """Another one on the same file knows what was handled and what waits; a closed one opens again."""
    with SqliteEventStore(tmp_path / "events.db") as first:
        first.put(event("a"), now=0)
        assert first.commit(first.claim("b", now=0, until=60), now=1)
    first.close()
    with SqliteEventStore(str(tmp_path / "events.db")) as second:
        assert second.claim("b", now=2, until=62).status is DONE
        assert second.take(now=2, until=62) == (Claim("a", NEW, 1), event("a"))
    assert first.waiting() == 1
    first.close()


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    """A later version may keep its rows in another way."""
    path = tmp_path / "events.db"
    with SqliteEventStore(path) as store:
        store.waiting()
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE smartcar_event_store SET version = 99")
    writer.close()
    with pytest.raises(ConfigurationError, match=r"events\.db was made by another version"):
        SqliteEventStore(path).waiting()


def test_a_file_that_is_none_of_sqlite(tmp_path: Path) -> None:
    """What is wrong is said with the name of the file."""
    path = tmp_path / "events.db"
    path.write_bytes(b"these are not events" * 100)
    for wrong, why in ((path, r"events\.db cannot be used: file is not a database"), (tmp_path, "unable to open")):
        with pytest.raises(ConfigurationError, match=why):
            SqliteEventStore(wrong).waiting()


class Busy(sqlite3.Connection):
    """A connection to a file that other processes are just making."""

    problems: tuple[int, ...] = ()

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Fail at first where the file becomes a log."""
        if "journal_mode" in sql and Busy.problems:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode, *rest = Busy.problems
            Busy.problems = tuple(rest)
            raise error
        return super().execute(sql, *parameters)


def _busily(connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
    """Connections of that kind, whatever kind is asked for."""

    def busily(path: Path, **options: Any) -> sqlite3.Connection:
        return connect(path, **{**options, "factory": Busy})

    return busily


def test_processes_that_make_a_file_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SQLite itself does not wait; and no longer than for any lock."""
    monkeypatch.setattr("sqlite3.connect", _busily(sqlite3.connect))
    monkeypatch.setattr(Busy, "problems", (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY))
    with SqliteEventStore(tmp_path / "events.db") as store:
        assert store.waiting() == 0
    for problem, patience in ((sqlite3.SQLITE_READONLY, 10.0), (sqlite3.SQLITE_BUSY, -1.0)):
        monkeypatch.setattr(Busy, "problems", (problem,))
        monkeypatch.setattr("smartcar_async.receiver.sqlite.file.PATIENCE", patience)
        with pytest.raises(ConfigurationError, match="database is locked"):
            SqliteEventStore(tmp_path / "events.db").waiting()


def _claim_many(path: Path, results: multiprocessing.SimpleQueue[list[str]]) -> None:
    """In a process of its own: claim and commit the same events as the others."""
    with SqliteEventStore(path) as store:
        claims = [store.claim(f"e-{number}", now=0, until=60) for number in range(100)]
        granted = [claim for claim in claims if claim.status is NEW]
        assert all(store.commit(claim, now=1) for claim in granted)
        results.put([claim.event_id for claim in granted])


def test_processes_share_a_file(tmp_path: Path) -> None:
    """Of the claims of four processes, which also make the file together, each event is granted once."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[list[str]] = context.SimpleQueue()
    processes = [context.Process(target=_claim_many, args=(tmp_path / "events.db", results)) for _ in range(4)]
    for process in processes:
        process.start()
    granted = [results.get() for _ in processes]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert sorted(name for names in granted for name in names) == sorted(f"e-{number}" for number in range(100))


def test_a_file_is_not_used_over_a_fork(inbox: SqliteEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child opens the file anew, has no claims, and leaves what it inherited alone."""
    inbox.put(event("a"), now=0)
    claim = taken(inbox, "a")
    with monkeypatch.context() as child:
        child.setattr("os.getpid", lambda: -1)
        assert inbox.waiting() == 1
        assert not inbox.commit(claim, now=0)
        assert inbox.claim("a", now=0, until=60).status is IN_FLIGHT
        inbox.close()
    assert inbox.commit(claim, now=0)
