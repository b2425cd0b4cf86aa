"""Kept first, answered at once, handled later: the worker, its retries, and what it leaves behind."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from smartcar_async import Claim, ClaimStatus, SqliteEventStore, StoredEvent
from smartcar_async.receiver import Context, Receiver
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import STATE, TOKEN, written
from .fakes import HeldClock
from .receiving import clock, deliver, deliver_sync, receiver_of, signed, state, until


@pytest.fixture
def now() -> HeldClock:
    """The time of receiver and inbox."""
    return clock()


@pytest.fixture
def store(tmp_path: Path, now: HeldClock) -> Iterator[SqliteEventStore]:
    """An inbox."""
    with SqliteEventStore(tmp_path / "events.db", clock=now) as opened:
        yield opened


class Failing(SqliteEventStore):
    """An inbox of which some methods fail."""

    names: tuple[str, ...] = ()

    def __getattribute__(self, name: str) -> Any:
        if name in ("put", "take", "park", "release", "commit") and name in self.names:
            return _fail
        return super().__getattribute__(name)


def _fail(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


@pytest.fixture
def failing(tmp_path: Path, now: HeldClock) -> Iterator[Failing]:
    """An inbox that can be made to fail."""
    with Failing(tmp_path / "events.db", clock=now) as opened:
        yield opened
        opened.names = ()


async def pass_until(now: HeldClock, condition: Callable[[], object]) -> None:
    """Let time pass, second by second, until something is so; threads do what is due meanwhile."""
    while not condition():
        await now.advance(1)
        await asyncio.sleep(0.002)


async def test_it_is_kept_and_handled(store: SqliteEventStore) -> None:
    """The answer waits for the disk, not for the handlers; a duplicate changes nothing."""
    receiver, leave, seen = receiver_of(store=store), asyncio.Event(), list[object]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent, context: Context) -> None:
        await leave.wait()
        seen.append((event.event_id, event.vehicle_id, context.redelivered))

    async with receiver:
        assert [await deliver(receiver, STATE) for _ in range(3)] == [204] * 3
        assert (store.waiting(), seen) == (1, [])
        leave.set()
        await until(lambda: not store.waiting())
        assert await deliver(receiver, STATE) == 204
    assert seen == [("e-1", "v-1", False)]


async def test_it_begins_with_what_is_left(store: SqliteEventStore, tmp_path: Path, now: HeldClock) -> None:
    """What another life accepted and did not handle, and what it was handling when it fell silent."""
    seen = list[tuple[str | None, bool]]()
    with SqliteEventStore(tmp_path / "events.db", clock=now) as silent:
        before = receiver_of(store=silent, clock=now)
        assert [await deliver(before, state(number, f"v-{number}")) for number in range(3)] == [204] * 3
        assert silent.take(now=0, until=60) is not None
        receiver = receiver_of(store=store, clock=now)

        @receiver.on(VehicleStateEvent)
        def handle(event: VehicleStateEvent, context: Context) -> None:
            seen.append((event.event_id, context.redelivered))

        async with receiver:
            await until(lambda: len(seen) == 2)
            await pass_until(now, lambda: not store.waiting())
    assert sorted(seen) == [("e-0", True), ("e-1", False), ("e-2", False)]


@pytest.mark.parametrize(("post", "start"), [(deliver, "async with receiver"), (deliver_sync, "with receiver")])
async def test_without_a_worker_it_is_kept_and_said(
    post: Any, start: str, store: SqliteEventStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Another process may have the worker; but if nobody has, the log tells why nothing happens, and what to write."""
    receiver = receiver_of(store=store)
    for number in range(2):
        assert await post(receiver, state(number)) == 204
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        f"webhook: stored, but no worker runs in this process; `{start}` starts one"
    ]
    assert store.waiting() == 2
    await receiver.aclose()


async def test_a_worker_without_handlers_is_told(store: SqliteEventStore, caplog: pytest.LogCaptureFixture) -> None:
    """It would mark everything as handled: perhaps a module was not imported."""
    async with receiver_of(store=store):
        assert "no handler is registered" in caplog.text


async def test_what_fails_is_tried_again_and_parked_at_last(
    store: SqliteEventStore, now: HeldClock, caplog: pytest.LogCaptureFixture
) -> None:
    """After growing pauses; and when it was given up, it is in the log, and in a list to be tried once more."""
    seen = list[tuple[float, int]]()
    receiver = receiver_of(store=store, clock=now, retry_delays=(1.0, 10.0))
    began, works = now.time, threading.Event()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        if not works.is_set():
            seen.append((now.time - began, context.attempt))
            raise KeyError("broken")

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await pass_until(now, store.parked)
        assert [attempt for _, attempt in seen] == [1, 2, 3]
        assert seen[1][0] >= 1
        assert seen[2][0] >= seen[1][0] + 10
        (parked,) = store.parked()
        assert (parked.event.id, parked.attempts, parked.problem) == ("e-1", 3, "KeyError")
        assert parked.event.body == written(STATE)
        assert caplog.text.count("KeyError: 'broken'") == 3
        assert "e-1 is parked after 3 attempts" in caplog.text
        assert await deliver(receiver, STATE) == 204
        works.set()
        assert store.unpark("e-1", now=now.now().timestamp())
        await pass_until(now, lambda: not store.waiting())
        assert store.parked() == []


async def test_vehicles_go_side_by_side(store: SqliteEventStore) -> None:
    """As many as allowed, and each vehicle's events one by one."""
    receiver, leave = receiver_of(store=store, concurrency=3), asyncio.Event()
    busy, most = list[str](), list[int]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        vehicle = str(event.vehicle_id)
        assert vehicle not in busy
        busy.append(vehicle)
        most.append(len(busy))
        await leave.wait()
        busy.remove(vehicle)

    for number in range(12):
        assert await deliver(receiver, state(number, f"v-{number % 4}")) == 204
    async with receiver:
        await until(lambda: len(busy) == 3)
        await asyncio.sleep(0.02)
        leave.set()
        await until(lambda: not store.waiting())
    assert max(most) == 3
    assert len(most) == 12


async def test_closing_waits_for_what_is_being_handled(store: SqliteEventStore) -> None:
    """As long as the budget; what is not done then is given back, and comes first next time."""
    receiver, entered, seen = receiver_of(store=store, answer_within=0.1), asyncio.Event(), list[object]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent, context: Context) -> None:
        entered.set()
        await asyncio.sleep(0.02 if event.event_id == "e-1" or context.redelivered else 60)
        seen.append((event.event_id, context.redelivered))

    async with receiver:
        for number in (1, 2):
            assert await deliver(receiver, state(number, f"v-{number}")) == 204
        await until(lambda: store.waiting() == 1)
    assert seen == [("e-1", False)]
    assert store.waiting() == 1
    async with receiver:
        await until(lambda: not store.waiting())
    assert seen == [("e-1", False), ("e-2", True)]


async def test_closing_leaves_behind_what_does_not_end(
    store: SqliteEventStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler that ignores its end does not hang the shutdown of the server; its event comes again."""
    receiver, entered, leave = receiver_of(store=store, answer_within=0.05), asyncio.Event(), asyncio.Event()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        entered.set()
        while not leave.is_set():
            with suppress(asyncio.CancelledError):
                await leave.wait()

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await entered.wait()
    assert "1 handlers do not end" in caplog.text
    assert store.waiting() == 1
    leave.set()
    await until(lambda: not store.waiting())


async def test_a_store_that_is_down_is_503(failing: Failing, caplog: pytest.LogCaptureFixture) -> None:
    """For what was not kept, nothing may be promised."""
    receiver = receiver_of(store=failing)
    failing.names = ("put",)
    assert [await deliver(receiver, STATE), await deliver_sync(receiver, STATE)] == [503, 503]
    assert caplog.text.count("OSError: the disk is full") == 2


async def test_the_worker_outlives_a_store_that_is_down(
    failing: Failing, now: HeldClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and looks again."""
    receiver, seen = receiver_of(store=failing, clock=now), list[object]()
    receiver.on(VehicleStateEvent)(seen.append)
    async with receiver:
        failing.names = ("take",)
        assert await deliver(receiver, STATE) == 204
        await until(lambda: "the inbox cannot be read" in caplog.text)
        failing.names = ()
        await pass_until(now, lambda: seen)


async def test_what_cannot_be_put_off_is_put_off_later(
    failing: Failing, now: HeldClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A retry or a parking that the store refuses is told again until it hears it; meanwhile no handler runs."""
    receiver, seen = receiver_of(store=failing, clock=now, retry_delays=(1.0,)), list[int]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context.attempt)
        raise KeyError

    failing.names = ("release", "park")
    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(lambda: caplog.text.count("how e-1 ended is not recorded yet") > 1)
        await now.advance(100)
        assert seen == [1]
        failing.names = ("park",)
        await pass_until(now, lambda: "e-1 is parked after 2 attempts" in caplog.text)
        assert not failing.parked()
        failing.names = ()
        await until(failing.parked)
    assert seen == [1, 2]


async def test_an_event_that_cannot_be_read_is_parked(store: SqliteEventStore, now: HeldClock) -> None:
    """It was readable once, to another version perhaps; it is not dropped for that."""
    store.put(StoredEvent("e-1", "v-1", b"no JSON"), now=0)
    async with receiver_of(store=store, clock=now, retry_delays=()):
        await until(store.parked)
    assert store.parked()[0].problem == "InvalidPayload"


async def test_handlers_write_in_the_transaction(store: SqliteEventStore, tmp_path: Path, now: HeldClock) -> None:
    """From the worker as well; what is lost to another one is not written."""
    receiver = receiver_of(store=store, clock=now)
    other = SqliteEventStore(tmp_path / "events.db", clock=now)

    @receiver.on(VehicleStateEvent)
    def lose(event: VehicleStateEvent) -> None:
        if event.event_id == "e-2":
            now.time += 61
            assert other.claim("e-2", now=0, until=60) == Claim("e-2", ClaimStatus.NEW, 2)

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context) -> None:
        context.connection.execute("CREATE TABLE IF NOT EXISTS mine (id)")
        context.connection.execute("INSERT INTO mine VALUES (?)", (event.event_id,))

    async with receiver:
        for number in (1, 2, 3):
            assert await deliver(receiver, state(number, f"v-{number}")) == 204
            await until(lambda: store.waiting() == (1 if number > 1 else 0))  # noqa: B023  # it is awaited here
    other.close()
    connection = sqlite3.connect(store.path)
    assert sorted(connection.execute("SELECT id FROM mine")) == [("e-1",), ("e-3",)]
    connection.close()


def test_a_worker_in_a_thread(store: SqliteEventStore) -> None:
    """For servers without an event loop: async handlers run there too, and it can be started again."""
    receiver, handled = Receiver(TOKEN, store, tolerance=None), list[threading.Event]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        handled[-1].set()

    for number in range(2):
        handled.append(threading.Event())
        with receiver, receiver:
            assert receiver.handle_sync("POST", *signed(state(number))).status == 204
            assert handled[-1].wait(5)
        assert not any(thread.name == "smartcar-worker" for thread in threading.enumerate())
    assert store.waiting() == 0


def test_a_worker_in_a_thread_needs_its_store(tmp_path: Path) -> None:
    """What is wrong with it is raised where it is started."""
    with pytest.raises(OSError, match="No such file"), Receiver("t", SqliteEventStore(tmp_path / "no" / "events.db")):
        pass


async def test_a_worker_needs_its_store(tmp_path: Path) -> None:
    """Likewise on a loop."""
    with pytest.raises(OSError, match="No such file"):
        await Receiver("t", SqliteEventStore(tmp_path / "no" / "events.db")).start()


def test_a_loop_that_went_away_is_no_failure(store: SqliteEventStore) -> None:
    """A delivery is kept, also if the loop of the worker was closed without a word."""
    receiver = receiver_of(store=store)
    asyncio.run(receiver.start())
    assert receiver.handle_sync("POST", *signed(STATE)).status == 204
    assert store.waiting() == 1

    async def again() -> None:
        async with receiver:
            await until(lambda: not store.waiting())

    asyncio.run(again())


def test_a_loop_that_a_handler_ended_begins_again(store: SqliteEventStore, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that stops the loop is given up in the end; it is said each time, and others are handled."""
    receiver, seen = Receiver(TOKEN, SqliteEventStore(store.path), tolerance=None, retry_delays=()), list[str | None]()

    @receiver.on(VehicleStateEvent)
    async def leave(event: VehicleStateEvent) -> None:
        if event.event_id == "e-2":
            seen.append(event.event_id)
            return
        asyncio.get_running_loop().stop()
        await asyncio.Event().wait()

    with receiver:
        for number in (1, 2):
            assert receiver.handle_sync("POST", *signed(state(number))).status == 204
        while not seen:
            time.sleep(0.01)
    assert "the loop of the worker was ended, and begins again" in caplog.text
    assert [parked.problem for parked in store.parked()] == ["ProcessEnded"]
    cast("SqliteEventStore", receiver.store).close()
