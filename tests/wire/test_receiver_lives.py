"""What a receiver leaves behind when it is closed, and what becomes of one that is forked."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import SqliteEventStore, StoredEvent
from smartcar_async.receiver import Context, Receiver
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import STATE, TOKEN
from .receiving import deliver, signed, state, until

ROUNDS = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    """An inbox."""
    with SqliteEventStore(tmp_path / "events.db") as opened:
        yield opened


BEFORE = set[threading.Thread]()


@pytest.fixture(autouse=True)
def threads_of_others() -> None:
    """Other tests do not close their receivers."""
    BEFORE.clear()
    BEFORE.update(threading.enumerate())


def ours() -> list[threading.Thread]:
    """The threads of this test's receivers."""
    named = [thread for thread in threading.enumerate() if thread.name.startswith("smartcar-")]
    return [thread for thread in named if thread not in BEFORE]


def busy(store: SqliteEventStore, mode: Any) -> Receiver:
    """A receiver that uses all of its threads."""
    receiver = Receiver(TOKEN, store, tolerance=None, mode=mode)
    receiver.on(VehicleStateEvent)(lambda event: None)

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context) -> None:
        context.connection.execute("SELECT 1")

    return receiver


@pytest.mark.parametrize("same", [True, False], ids=["the same", "a new one"])
@pytest.mark.parametrize("mode", ["inbox", "inline"])
async def test_no_thread_is_left_on_a_loop(mode: str, same: bool, store: SqliteEventStore) -> None:
    """Each of many rounds ends with as many threads as it began with, when `aclose` returns."""
    receiver = busy(store, mode)
    for number in range(ROUNDS):
        receiver = receiver if same else busy(store, mode)
        async with receiver:
            assert await deliver(receiver, state(number)) == 204
            await until(lambda: not store.waiting())
            assert ours()
        assert ours() == []


@pytest.mark.parametrize("same", [True, False], ids=["the same", "a new one"])
@pytest.mark.parametrize("mode", ["inbox", "inline"])
def test_no_thread_is_left_without_a_loop(mode: str, same: bool, store: SqliteEventStore) -> None:
    """Likewise with `with`."""
    receiver, before = busy(store, mode), threading.active_count()
    for number in range(ROUNDS):
        receiver = receiver if same else busy(store, mode)
        with receiver:
            assert receiver.handle_sync("POST", *signed(state(number))).status == 204
            while store.waiting():
                time.sleep(0.002)
            assert ours()
        assert ours() == []
    while threading.active_count() > before:  # the timers of its transactions end by themselves
        time.sleep(0.002)


async def test_closing_does_not_wait_for_ever(store: SqliteEventStore) -> None:
    """A store that hangs is given the time that handlers have; its thread ends when it does."""
    receiver, leave, entered = (
        Receiver(TOKEN, store, tolerance=None, answer_within=0.2),
        threading.Event(),
        threading.Event(),
    )
    put = store.put

    def hang(*arguments: Any, **options: Any) -> None:
        entered.set()
        assert leave.wait(10)
        put(*arguments, **options)

    store.put = hang  # type: ignore[method-assign]
    delivery = asyncio.create_task(deliver(receiver, STATE))
    await until(entered.is_set)
    began = time.monotonic()
    await receiver.aclose()
    assert time.monotonic() - began < 3
    assert ours()
    leave.set()
    assert await delivery == 204
    await until(lambda: not ours())


def in_a_child(work: Callable[[], object]) -> None:
    """Do some work in a process that is forked; what fails there fails here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a process with threads forks: that is the point
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    deadline = time.monotonic() + 20
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            pytest.fail("the child does not end")
        time.sleep(0.01)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("mode", ["inbox", "inline"])
def test_a_receiver_that_was_entered_before_a_fork(mode: Any, store: SqliteEventStore, tmp_path: Path) -> None:
    """The child has a runtime of its own: it takes deliveries, and enters it again to have a worker."""
    receiver = Receiver(TOKEN, store, tolerance=None, mode=mode)

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        with (tmp_path / "seen").open("a") as seen:
            seen.write(f"{event.event_id} {os.getpid()}\n")

    def seen() -> list[list[str]]:
        path = tmp_path / "seen"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    with receiver:
        assert receiver.handle_sync("POST", *signed(state(1))).status == 204
        while len(seen()) < 1:
            time.sleep(0.01)

        def work() -> None:
            assert ours() == []
            receiver.__exit__(None, None, None)  # that of the parent is none of its
            with receiver:
                assert receiver.handle_sync("POST", *signed(state(2))).status == 204
                while len(seen()) < 2:
                    time.sleep(0.01)
            assert ours() == []
            store.close()

        in_a_child(work)
        assert receiver.handle_sync("POST", *signed(state(3))).status == 204
        while len(seen()) < 3:
            time.sleep(0.01)
    assert [name for name, _ in seen()] == ["e-1", "e-2", "e-3"]
    assert seen()[2][1] == str(os.getpid())
    if mode == "inline":
        assert seen()[1][1] != str(os.getpid())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_while_something_is_handled(store: SqliteEventStore) -> None:
    """What the parent holds is none of the child's: neither its claims nor its lanes."""
    receiver, entered, leave = (
        Receiver(TOKEN, store, tolerance=None, mode="inline"),
        threading.Event(),
        threading.Event(),
    )
    parent = os.getpid()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        if os.getpid() == parent:
            entered.set()
            assert leave.wait(20)

    first = threading.Thread(target=receiver.handle_sync, args=("POST", *signed(state(1))))
    first.start()
    assert entered.wait(5)

    def work() -> None:
        assert receiver.handle_sync("POST", *signed(state(2, "v-2"))).status == 204
        assert receiver.handle_sync("POST", *signed(state(1))).status == 503
        store.close()

    in_a_child(work)
    leave.set()
    first.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_waits_for_what_is_being_written(store: SqliteEventStore) -> None:
    """The child could never write to the file else; a handler that forks by itself waits only for a moment."""
    file = store._here().file  # pyright: ignore[reportPrivateUsage]
    entered = threading.Event()

    def write() -> None:
        with file.write():
            entered.set()
            time.sleep(0.3)

    def work() -> None:
        store.put(StoredEvent("e-1", "v-1", b"{}"), now=0)
        store.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert entered.wait(5)
    in_a_child(work)
    writer.join()
    assert store.waiting() == 1
    for lock in (file.write, lambda: file._reads):  # pyright: ignore[reportPrivateUsage]
        with lock():
            began = time.monotonic()
            in_a_child(lambda: None)
            assert time.monotonic() - began < 5
    store.put(StoredEvent("e-2", "v-1", b"{}"), now=0)
    assert store.waiting() == 2
