"""Who holds a claim in a file, and how it is known that he is dead: processes that are killed, stopped, forked."""

from __future__ import annotations

import gc
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from smartcar_async import Claim, ClaimStatus, SqliteEventStore, StoredEvent
from smartcar_async.file_lock import FileLock
from smartcar_async.receiver.sqlite import owner as event_owner

from .clocks import SetClock

ROOT = Path(__file__).parents[2]
NEW, IN_FLIGHT = ClaimStatus.NEW, ClaimStatus.IN_FLIGHT

HOLDER = """
import sys, os
from smartcar_async import SqliteEventStore
store = SqliteEventStore(sys.argv[1])
claims = [store.take(now=0, until=float(sys.argv[2])), store.claim("inline", now=0, until=float(sys.argv[2]), lane="v")]
print("holds", flush=True)
for line in sys.stdin:
    print(eval(line), flush=True)
"""


class Holder:
    """A process that has claimed what there is."""

    def __init__(self, path: Path, lease: float) -> None:
        command = [sys.executable, "-c", HOLDER, str(path), str(lease)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._line() == "holds"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, expression: str) -> str:
        """What an expression is in that process."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{expression}\n")
        self.process.stdin.flush()
        return self._line()


@contextmanager
def holder(path: Path, lease: float = 60.0) -> Generator[Holder, None, None]:
    """A process that holds claims, until it is killed."""
    one = Holder(path, lease)
    with one.process:
        try:
            yield one
        finally:
            one.process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two events of a car."""
    with SqliteEventStore(tmp_path / "events.db") as store:
        for name in ("a", "b"):
            store.put(StoredEvent(name, "v-1", b""), now=0)
    return tmp_path / "events.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteEventStore]:
    """A store of this process on that file."""
    with SqliteEventStore(path) as opened:
        yield opened


def taken(store: SqliteEventStore) -> str | None:
    """The id of what is handed out now."""
    found = store.take(now=0, until=60)
    return found and found[1].id


def soon(store: SqliteEventStore, seconds: float = 5.0) -> str | None:
    """The id of what is handed out in a while."""
    end = time.monotonic() + seconds
    while (found := taken(store)) is None and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_what_a_dead_process_held_is_free_at_once(path: Path, store: SqliteEventStore, number: int) -> None:
    """Long before its lease would be over; its car goes on with the very event that it was handling."""
    with holder(path) as other:
        assert (taken(store), store.claim("inline", now=0, until=60).status) == (None, IN_FLIGHT)
        other.process.send_signal(number)
        other.process.wait()
        assert soon(store) == "a"
        assert store.claim("inline", now=0, until=60, lane="v") == Claim("inline", NEW, 2)
    assert not [file for file in path.parent.iterdir() if ".owner" in file.name][1:]


def test_a_process_that_ends_gives_back_what_it_held(path: Path, store: SqliteEventStore) -> None:
    """Also without closing its store."""
    with holder(path) as other:
        assert other.process.stdin is not None
        other.process.stdin.close()
        other.process.wait()
        assert soon(store) == "a"


def test_a_stopped_process_has_lost_what_it_held(path: Path, store: SqliteEventStore) -> None:
    """When its lease is over: nobody can tell whether it goes on. When it does, it can settle nothing any more."""
    with holder(path, lease=0.5) as other:
        other.process.send_signal(signal.SIGSTOP)
        assert taken(store) is None
        assert soon(store) == "a"
        other.process.send_signal(signal.SIGCONT)
        assert other.say("store.renew(claims[0][0], until=60)") == "False"
        assert other.say("store.commit(claims[0][0], now=0)") == "False"
        assert other.say("store.take(now=0, until=60)") == "None"


def test_a_stopped_process_settles_what_nobody_took(path: Path, store: SqliteEventStore) -> None:
    """It is the only one that handled it."""
    with holder(path, lease=0.5) as other:
        other.process.send_signal(signal.SIGSTOP)
        time.sleep(0.6)
        assert store.claim("another", now=0, until=60).status is NEW  # it looks, and finds the lease over
        other.process.send_signal(signal.SIGCONT)
        assert other.say("store.commit(claims[0][0], now=0)") == "True"
        assert taken(store) == "b"


def test_a_child_does_not_keep_the_lock_of_its_parent(path: Path, store: SqliteEventStore) -> None:
    """A process that was forked lives on when its parent is killed; the parent's claims are free all the same."""
    with holder(path) as other:
        child = int(other.say("os.fork() or __import__('time').sleep(30) or 0"))
        try:
            other.process.kill()
            other.process.wait()
            assert soon(store) == "a"
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_lock_that_somebody_removed_leaves_it_to_the_lease(path: Path, store: SqliteEventStore) -> None:
    """Nothing is handed out on a guess."""
    with holder(path) as other:
        for file in path.parent.glob("*.owner"):
            file.unlink()
        other.process.kill()
        other.process.wait()
        assert soon(store, 0.7) is None


def test_where_no_lock_can_be_had_the_lease_decides(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without locks, for one."""

    def refuse(_: Path) -> FileLock:
        raise OSError("no locks here")

    monkeypatch.setattr(FileLock, "attempt", refuse)
    clock = SetClock()
    with SqliteEventStore(path, clock=clock) as store, SqliteEventStore(path, clock=clock) as other:
        assert taken(store) == "a"
        assert taken(other) is None
        clock.time += 61
        assert taken(other) == "a"


def test_a_lease_of_another_machine_is_measured_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From when its silence was first seen: its clock says nothing here, whatever it shows, nor does its lock."""
    there, here = SetClock(1e9), SetClock(5.0)
    monkeypatch.setattr(event_owner, "this_machine", lambda: "there")
    with SqliteEventStore(path, clock=there) as store:
        monkeypatch.setattr(event_owner, "this_machine", lambda: "here")
        with SqliteEventStore(path, clock=here) as other:
            found = store.take(now=0, until=60)
            assert found is not None
            for _ in range(3):
                assert taken(other) is None
                here.time += 59
                assert taken(other) is None
                assert store.renew(found[0], until=60)
            for span, expected in ((1, None), (59, None), (1, "a")):
                here.time += span
                assert taken(other) == expected


def test_the_machine_started_again(path: Path) -> None:
    """Its clock begins anew: no pause and no lease of before is waited for."""
    before, after = SetClock(1e6), SetClock(3.0)
    lost = SqliteEventStore(path, clock=before)
    with lost:
        lost.put(StoredEvent("c", "v-2", b""), now=0)
        assert taken(lost) == "a"
        held = lost.take(now=0, until=60)
        assert held is not None
        lost.release(held[0], now=0, due=3600)
        with SqliteEventStore(path, clock=after) as store:
            assert sorted(str(taken(store)) for _ in range(2)) == ["a", "c"]


def test_the_litter_of_the_dead_is_removed(path: Path) -> None:
    """A lock of somebody who died before it had claimed anything; one that is held stays."""
    for name in ("events.db.0123456789abcdef.owner", "events.db.fedcba9876543210.owner", "events.db.owner"):
        (path.parent / name).touch()
    held = FileLock.attempt(path.parent / "events.db.fedcba9876543210.owner")
    assert held is not None
    with SqliteEventStore(path) as store:
        assert taken(store) == "a"
        left = {file.name for file in path.parent.glob("*.owner")}
        assert len(left) == 3
        assert "events.db.0123456789abcdef.owner" not in left
    held.release()
    assert {file.name for file in path.parent.glob("*.owner")} == {"events.db.owner"}


def test_what_was_granted_and_not_told_is_granted_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that reached the disk and still failed: nobody handles it, so it is handed out again."""
    clock, broken = SetClock(), Broken.on(monkeypatch)
    with SqliteEventStore(path, clock=clock) as store:
        assert store.waiting() == 2
        broken.commits = [False, True]
        for _ in range(2):
            with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
                store.take(now=0, until=60)
        assert taken(store) is None
        clock.time += 1
        found = store.take(now=0, until=60)
        assert found is not None
        assert found[0] == Claim("a", NEW, 2)


def test_an_ending_that_reached_the_disk_and_still_failed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told again, it is as good as at first; and what did not reach it is told as new."""
    broken = Broken.on(monkeypatch)
    with SqliteEventStore(path) as store:
        for reached in (True, False):
            found = store.take(now=0, until=60)
            assert found is not None
            broken.commits = [reached]
            with pytest.raises(sqlite3.OperationalError):
                store.commit(found[0], now=0)
            assert store.commit(found[0], now=0)
            assert not store.commit(found[0], now=0)
        assert store.waiting() == 0


class Broken(sqlite3.Connection):
    """A connection whose commits fail, after they reached the disk or before."""

    commits: list[bool]

    @classmethod
    def on(cls, monkeypatch: pytest.MonkeyPatch) -> type[Broken]:
        """Have the stores made from now on use such connections."""
        cls.commits = []
        connect = sqlite3.connect

        def broken(path: Path, **options: object) -> sqlite3.Connection:
            return connect(path, **{**options, "factory": cls})  # type: ignore[call-overload, no-any-return]  # pyright: ignore

        monkeypatch.setattr(sqlite3, "connect", broken)
        return cls

    def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        """Fail where something is to become durable."""
        if sql == "COMMIT" and self.commits and self.total_changes:
            if self.commits.pop(0):
                super().execute(sql)
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *parameters)  # type: ignore[arg-type]  # pyright: ignore


def test_closing_gives_back_what_is_claimed(path: Path, store: SqliteEventStore) -> None:
    """And the file is whole: what follows it is another owner."""
    other = SqliteEventStore(path)
    found = other.take(now=0, until=60)
    assert found is not None
    other.close()
    assert taken(store) == "a"
    assert not other.commit(found[0], now=0)
    other.close()


def test_closing_a_file_that_is_busy(path: Path, store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock tells that the owner is gone, where the file could not be told."""
    monkeypatch.setattr("smartcar_async.receiver.sqlite.file.PATIENCE", 0.05)
    other = SqliteEventStore(path)
    assert taken(other) == "a"
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        other.close()
    assert taken(store) == "a"


def test_a_store_that_is_forgotten_is_as_good_as_dead(path: Path, store: SqliteEventStore) -> None:
    """Nobody can settle what it had claimed."""
    forgotten = SqliteEventStore(path)
    assert taken(forgotten) == "a"
    del forgotten
    gc.collect()
    assert taken(store) == "a"


def test_a_child_closes_what_it_inherited(path: Path, store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as it is forked; a store that is gone has nothing to close."""
    at_fork = list[Callable[[], None]]()

    def register(*, after_in_child: Callable[[], None]) -> None:
        at_fork.append(after_in_child)

    with monkeypatch.context() as here:
        here.setattr(os, "register_at_fork", register)
        other = SqliteEventStore(path)
        assert taken(other) == "a"
    (forget,) = at_fork
    forget()
    assert taken(store) == "a"
    other.close()
    del other
    gc.collect()
    forget()


def test_a_lock_that_cannot_be_tried_tells_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease decides then."""
    clock = SetClock()
    with SqliteEventStore(path, clock=clock) as other, SqliteEventStore(path, clock=clock) as store:
        assert taken(other) == "a"

        def refuse(_: Path) -> FileLock:
            raise OSError("no locks here")

        monkeypatch.setattr(FileLock, "attempt", refuse)
        assert taken(store) is None
        clock.time += 61
        assert taken(store) == "a"


def test_a_system_without_forks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has nothing to do in a child."""
    monkeypatch.delattr(os, "register_at_fork")
    with SqliteEventStore(path) as store:
        assert taken(store) == "a"


def test_a_system_that_does_not_tell_its_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is known by its name."""
    assert event_owner.this_machine().count(" ") == 1
    monkeypatch.setattr(event_owner, "_BOOT", Path("no such file"))
    assert event_owner.this_machine() == platform.node()
