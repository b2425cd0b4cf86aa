"""How a handling ends when something gets in its way: cancelled, interrupted, not recorded, without a lane."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import Claim, MemoryEventStore, SqliteEventStore, StoredEvent
from smartcar_async.receiver import Context, Receiver
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import STATE, TOKEN
from .fakes import HeldClock
from .receiving import deliver, deliver_sync, receiver_of, signed, state, until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    """An inbox."""
    with SqliteEventStore(tmp_path / "events.db") as opened:
        yield opened


def active_events(receiver: Receiver) -> Any:
    """What a receiver is handling."""
    return receiver._runtime().runner.active_events  # pyright: ignore[reportPrivateUsage]


def test_ctrl_c_in_an_async_handler(store: SqliteEventStore) -> None:
    """It ends the loop, and the event is released at once."""
    receiver, seen = receiver_of(store=store, mode="inline"), list[int]()

    @receiver.on(VehicleStateEvent)
    async def stop(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context.attempt)
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(deliver(receiver, STATE))
    assert seen == [1, 2]


def test_ctrl_c_in_the_transaction(store: SqliteEventStore) -> None:
    """It goes through, nothing is written, and the event is released by itself."""
    receiver, seen = receiver_of(store=store, mode="inline"), list[int]()

    @receiver.on(VehicleStateEvent, transaction=True)
    def stop(event: VehicleStateEvent, context: Context) -> None:
        context.connection.execute("CREATE TABLE mine (x)")
        seen.append(context.attempt)
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            receiver.handle_sync("POST", *signed(STATE))
        while active_events(receiver).has("e-1"):
            time.sleep(0.01)
    assert seen == [1, 2]


async def test_a_store_that_cannot_begin_a_transaction(store: SqliteEventStore) -> None:
    """Its handlers were not called: they are when it can; those outside of it are not called again."""
    receiver, seen, commit = Receiver(TOKEN, store, tolerance=None), list[str](), store.commit
    receiver.on(VehicleStateEvent)(lambda event: seen.append("outside"))
    receiver.on(VehicleStateEvent, transaction=True)(lambda event: seen.append("inside"))

    def refuse(claim: Claim, **options: Any) -> bool:
        store.commit = commit  # type: ignore[method-assign]
        raise OSError("no file")

    store.commit = refuse  # type: ignore[method-assign]
    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(lambda: not store.waiting())
    assert seen == ["outside", "inside"]


async def test_closing_tells_what_is_not_recorded(caplog: pytest.LogCaptureFixture) -> None:
    """It waits for the store as long as for a handler; the event is kept as long as the process lives."""
    store = MemoryEventStore()
    receiver, commit = receiver_of(store=store, answer_within=0.2), store.commit

    def refuse(claim: Claim, *, now: float) -> bool:
        raise OSError("the disk is full")

    store.commit = refuse  # type: ignore[method-assign]
    assert await deliver(receiver, STATE) == 503
    await receiver.aclose()
    assert "does not record how 1 events ended" in caplog.text
    store.commit = commit  # type: ignore[method-assign]
    await until(lambda: not active_events(receiver).has("e-1"))
    assert await deliver(receiver, STATE) == 204


class Former(MemoryEventStore):
    """A store that knows no lanes."""

    def claim(self, event_id: str, *, now: float, until: float) -> Claim:  # type: ignore[override]  # pyright: ignore
        """Whatever else is being handled."""
        return super().claim(event_id, now=now, until=until)


@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "plain"])
async def test_what_waited_for_its_vehicle_in_vain_is_given_back(post: Any) -> None:
    """Its claim, which it had before its turn, is free for the next attempt."""
    receiver = receiver_of(store=Former(), answer_within=0.2)
    leave, entered = threading.Event(), threading.Event()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        entered.set()
        assert leave.wait(5)

    first = asyncio.create_task(post(receiver, state(1)))
    await until(entered.is_set)
    assert await post(receiver, state(2)) == 503
    leave.set()
    await first
    await until(lambda: not active_events(receiver).has("e-1"))
    assert await post(receiver, state(2)) == 204
    await receiver.aclose()


async def test_a_claim_that_comes_too_late(store: SqliteEventStore) -> None:
    """The time of the delivery is over when the store says that somebody else has it."""
    slow = MemoryEventStore()
    claim = slow.claim

    def claim_slowly(event_id: str, **options: Any) -> Claim:
        time.sleep(0.15)
        return claim(event_id, **options)

    receiver = receiver_of(store=slow, answer_within=0.1)
    slow.claim = claim_slowly  # type: ignore[method-assign]
    claim("e-1", now=receiver._runtime().runner.store.now(), until=9e9)  # pyright: ignore[reportPrivateUsage]
    assert await deliver(receiver, STATE) == 503
    await receiver.aclose()


@pytest.mark.parametrize("there", [True, False], ids=["an event", "nothing"])
async def test_what_is_taken_when_the_loop_ends_is_given_back(there: bool, store: SqliteEventStore) -> None:
    """Nobody would handle it."""
    receiver, taking, leave, take = receiver_of(store=store), threading.Event(), threading.Event(), store.take

    def take_slowly(*, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        taking.set()
        assert leave.wait(5)
        return take(now=now, until=until)

    store.take = take_slowly  # type: ignore[method-assign]
    if there:
        assert await deliver(receiver, STATE) == 204
    await receiver.start()
    await until(taking.is_set)
    worker: Any = receiver._runtime().worker  # pyright: ignore[reportPrivateUsage]
    worker._life.task.cancel()
    await asyncio.sleep(0.01)
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await worker._life.task
    found = take(now=0, until=60)
    assert (found and found[0].attempt) == (2 if there else None)


async def test_what_waits_in_its_lane_when_the_worker_stops_is_given_back(store: SqliteEventStore) -> None:
    """Behind an event whose claim was lost, for one."""
    receiver = receiver_of(store=store)
    worker: Any = receiver._runtime().worker  # pyright: ignore[reportPrivateUsage]
    store.put(StoredEvent("e-1", "v-1", b"{}"), now=0)
    async with worker.lanes.enter("v-1"):
        found = store.take(now=0, until=60)
        assert found is not None
        active = active_events(receiver).add(found[0], "v-1", 0.0)
        handling = asyncio.create_task(worker._handle(active, found[1]))
        await asyncio.sleep(0.01)
        handling.cancel()
        await handling
    again = store.take(now=0, until=60)
    assert again is not None
    assert again[0].attempt == 2


async def test_leaving_while_the_loop_begins_again(store: SqliteEventStore) -> None:
    """It does not begin any more."""
    receiver, ready = receiver_of(store=store), Future[None]()
    thread: Any = receiver._runtime().thread  # pyright: ignore[reportPrivateUsage]
    thread._stopping.set()
    await thread.live(ready)
    assert not ready.done()


async def test_a_put_that_nobody_waits_for_is_no_failure(store: SqliteEventStore) -> None:
    """Its loop ended before it began."""
    intake: Any = receiver_of(store=store)._runtime().intake  # pyright: ignore[reportPrivateUsage]
    put = asyncio.get_running_loop().create_future()
    put.cancel()
    intake._done(put)


class Naive(HeldClock):
    """A clock without a zone."""

    def now(self) -> datetime:
        """As `datetime.now()` gives it."""
        return super().now().replace(tzinfo=None)


async def test_what_cannot_be_judged_is_500(caplog: pytest.LogCaptureFixture) -> None:
    """A clock of the caller's that tells no zone, for one: it is in the log."""
    receiver = receiver_of(clock=Naive())
    assert await deliver(receiver, STATE) == 500
    assert "give an aware datetime" in caplog.text


async def test_a_file_that_is_lost_in_the_middle(store: SqliteEventStore) -> None:
    """What a handler's own statements raise is its failure, and not the store's."""
    receiver, seen = Receiver(TOKEN, store, tolerance=None, retry_delays=()), list[str]()

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context) -> None:
        seen.append(str(event.event_id))
        context.connection.execute("SELECT no_such_thing")

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(store.parked)
    assert seen == ["e-1"]
    assert [parked.problem for parked in store.parked()] == [sqlite3.OperationalError.__name__]
