"""Handled first, answered then: claims, the budget, vehicles one by one, and failures that are seen."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import Claim, ClaimStatus, MemoryEventStore, SqliteEventStore
from smartcar_async.receiver import Context, Receiver
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import STATE, TOKEN
from .fakes import settle
from .receiving import deliver, deliver_sync, receiver_of, state, until

Deliver = Callable[..., Coroutine[Any, Any, int]]


@pytest.fixture(params=[deliver, deliver_sync], ids=["async", "plain"])
def post(request: pytest.FixtureRequest) -> Deliver:
    """Deliver on the loop, or in a thread without one."""
    found: Deliver = request.param
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    """A store with transactions."""
    with SqliteEventStore(tmp_path / "events.db") as opened:
        yield opened


class Failing(MemoryEventStore):
    """A store of which some methods fail."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def __getattribute__(self, name: str) -> Any:
        if name in ("claim", "commit", "release", "renew") and name in self.names:
            return _fail
        return super().__getattribute__(name)


def _fail(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


async def test_a_failure_is_answered_503_and_seen(post: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback in the log; the next attempt runs the handlers again and tells them that it does."""
    receiver, seen = receiver_of(), list[Context]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context)
        if len(seen) == 1:
            raise KeyError("broken")

    assert [await post(receiver, STATE) for _ in range(3)] == [503, 204, 204]
    assert seen == [Context("e-1", 1), Context("e-1", 2)]
    assert [context.redelivered for context in seen] == [False, True]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.name == "smartcar_async"
    assert "handle" in caplog.text
    assert "KeyError: 'broken'" in caplog.text
    assert receiver.answer_counts == {503: 1, 204: 2}


async def test_the_first_failure_ends_it(post: Deliver) -> None:
    """Handlers after it are not called: the whole event comes again."""
    receiver, seen = receiver_of(), list[str]()

    def handler(name: str, *, fails: bool = False) -> None:
        @receiver.on(VehicleStateEvent)
        def handle(event: VehicleStateEvent) -> None:
            seen.append(name)
            if fails:
                raise KeyError(name)

    handler("first")
    handler("second", fails=True)
    handler("third")
    assert await post(receiver, STATE) == 503
    assert seen == ["first", "second"]


async def test_a_store_that_is_down_is_503(post: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    """And in the log: nothing can be promised without it."""
    receiver = receiver_of(store=Failing("claim"))
    assert await post(receiver, STATE) == 503
    assert "OSError: the disk is full" in caplog.text


@pytest.mark.parametrize("broken", ["commit", "release"])
async def test_an_ending_that_is_not_recorded_is_told_again(
    post: Deliver, broken: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself, until the store hears it; meanwhile it is 503, and the handlers are not called again."""
    monkeypatch.setattr("smartcar_async.receiver.inline_intake._OTHERS_LOOKS", 1)
    store, seen = Failing(broken), list[Context]()
    receiver = receiver_of(store=store)

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context)
        if broken == "release" and len(seen) == 1:
            raise KeyError

    assert [await post(receiver, STATE) for _ in range(3)] == [503] * 3
    assert "how e-1 ended is not recorded yet" in caplog.text
    assert [await post(receiver, state(2)) for _ in range(2)] == [503] * 2  # the vehicle waits for it
    assert len(seen) == 1
    store.names = ()
    await until(lambda: not receiver._runtime().runner.active_events.has("e-1"))  # pyright: ignore[reportPrivateUsage]
    assert [await post(receiver, STATE) for _ in range(2)] == [204] * 2
    assert len(seen) == (1 if broken == "commit" else 2)
    assert await post(receiver, state(2)) == 204
    assert caplog.text.count("OSError: the disk is full") == 1


async def test_an_event_in_flight_is_503(post: Deliver) -> None:
    """To say 2xx to the second attempt would lose the event, if the first fails."""
    receiver, entered, leave, seen = receiver_of(), threading.Event(), threading.Event(), list[object]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        seen.append(event)
        entered.set()
        assert leave.wait(5)

    first = asyncio.create_task(post(receiver, STATE))
    await until(entered.is_set)
    assert await post(receiver, STATE) == 503
    leave.set()
    assert await first == 204
    assert await post(receiver, STATE) == 204
    assert len(seen) == 1


async def test_a_vehicle_is_handled_one_event_at_a_time(post: Deliver) -> None:
    """While other vehicles go on."""
    receiver, now, most = receiver_of(), dict[str, int](), dict[str, int]()
    both = threading.Barrier(2)

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        vehicle = str(event.vehicle_id)
        now[vehicle] = now.get(vehicle, 0) + 1
        most[vehicle] = max(most.get(vehicle, 0), now[vehicle])
        both.wait(5)
        now[vehicle] -= 1

    deliveries = [post(receiver, state(number, f"v-{number % 2}")) for number in range(6)]
    assert await asyncio.gather(*deliveries) == [204] * 6
    assert most == {"v-0": 1, "v-1": 1}


async def test_waiting_for_a_vehicle_counts(post: Deliver) -> None:
    """An event that does not come to its turn within the budget is sent again."""
    receiver, leave, entered = receiver_of(answer_within=0.1), threading.Event(), threading.Event()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        entered.set()
        assert leave.wait(5)

    first = asyncio.create_task(post(receiver, state(1)))
    await until(entered.is_set)
    assert await post(receiver, state(2)) == 503
    leave.set()
    await first
    assert await post(receiver, state(2)) == 204
    await receiver.aclose()


async def test_an_async_handler_has_its_time(caplog: pytest.LogCaptureFixture) -> None:
    """Then it is cancelled, answered 503, and the claim released for the next attempt."""
    receiver, seen = receiver_of(answer_within=0.05), list[str]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append("begun")
        if not context.redelivered:
            try:
                await asyncio.sleep(60)
            finally:
                seen.append("cancelled")

    assert await deliver(receiver, STATE) == 503
    assert "e-1 was not handled within 0.05 s" in caplog.text
    assert await deliver(receiver, STATE) == 204
    assert seen == ["begun", "cancelled", "begun"]


async def test_a_plain_handler_ends_in_its_own_time() -> None:
    """A thread cannot be stopped: the claim stays until it ends, and then the event is handled, once."""
    receiver, leave, seen = receiver_of(answer_within=0.05), threading.Event(), list[object]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        seen.append(event)
        assert leave.wait(5)

    assert await deliver(receiver, STATE) == 503
    assert await deliver(receiver, STATE) == 503
    leave.set()
    await receiver.aclose()
    assert await deliver(receiver, STATE) == 204
    assert len(seen) == 1


async def test_no_handler_begins_after_its_time() -> None:
    """The one in a thread ends; those after it are left for the next attempt."""
    receiver, leave, seen = receiver_of(answer_within=0.05), threading.Event(), list[str]()

    @receiver.on(VehicleStateEvent)
    def first(event: VehicleStateEvent) -> None:
        seen.append("first")
        assert leave.wait(5)

    @receiver.on(VehicleStateEvent)
    async def second(event: VehicleStateEvent) -> None:
        seen.append("second")

    assert await deliver(receiver, STATE) == 503
    leave.set()
    await receiver.aclose()
    assert seen == ["first"]
    assert await deliver(receiver, STATE) == 204
    assert seen == ["first", "first", "second"]


async def test_a_handler_that_ignores_its_end_does_not_delay_the_answer() -> None:
    """The answer goes out, and what the handler still does counts."""
    receiver, leave = receiver_of(answer_within=0.05), asyncio.Event()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        while not leave.is_set():
            try:
                await leave.wait()
            except asyncio.CancelledError:
                continue

    assert await deliver(receiver, STATE) == 503
    leave.set()
    await receiver.aclose()
    assert await deliver(receiver, STATE) == 204


async def test_a_caller_that_is_cancelled_leaves_no_claim() -> None:
    """A server that breaks off a request, because its client is gone, gets the event again."""
    receiver, entered = receiver_of(), asyncio.Event()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent, context: Context) -> None:
        entered.set()
        if not context.redelivered:
            await asyncio.sleep(60)

    first = asyncio.create_task(deliver(receiver, STATE))
    await entered.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await receiver.aclose()
    assert await deliver(receiver, STATE) == 204


async def test_a_long_handler_keeps_its_claim(post: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    """The lease is renewed as long as the handler lives, also over a failure of the store, and while the loop waits."""
    renewed, store, leave = list[float](), Failing(), threading.Event()
    receiver = Receiver(TOKEN, store, tolerance=None, answer_within=0.5, lease=0.6)
    renew = store.renew

    def note(claim: Claim, *, until: float) -> bool:
        renewed.append(until)
        if len(renewed) == 2:
            raise OSError("the disk is full")
        return renew(claim, until=until)

    store.renew = note  # type: ignore[method-assign]

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        assert leave.wait(5)

    first = asyncio.create_task(post(receiver, STATE))
    await until(lambda: len(renewed) > 3)
    assert await post(receiver, STATE) == 503
    assert renewed == sorted(renewed)
    assert "could not renew the claim on e-1" in caplog.text
    assert "e-1 is being handled for " in caplog.text
    leave.set()
    await first
    await until(lambda: not receiver._runtime().runner.active_events.has("e-1"))  # pyright: ignore[reportPrivateUsage]
    assert await post(receiver, STATE) == 204


async def test_a_lost_claim_is_told(post: Deliver, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody else has the event now: it is not for this one to say that it was handled."""
    store = MemoryEventStore()
    receiver = receiver_of(store=store)

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        assert store.claim("e-1", now=9e9, until=9e9 + 60) == Claim("e-1", ClaimStatus.NEW, 2)

    assert await post(receiver, STATE) == 503
    assert "e-1 took longer than its lease" in caplog.text


async def test_a_handler_writes_in_the_transaction_of_the_store(post: Deliver, store: SqliteEventStore) -> None:
    """What it wrote is there if the event counts as handled, and only then."""
    receiver, fails = receiver_of(store=store, mode="inline"), [True, True, False]

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context) -> None:
        context.connection.execute("CREATE TABLE IF NOT EXISTS mine (id, attempt)")
        context.connection.execute("INSERT INTO mine VALUES (?, ?)", (event.event_id, context.attempt))
        if fails.pop(0):
            raise KeyError

    @receiver.on(VehicleStateEvent)
    def outside(event: VehicleStateEvent, context: Context) -> None:
        with pytest.raises(ValueError, match="transaction=True"):
            _ = context.connection

    assert [await post(receiver, STATE) for _ in range(4)] == [503, 503, 204, 204]
    assert rows(store, "SELECT id, attempt FROM mine") == [("e-1", 3)]


async def test_a_handler_must_not_end_the_transaction(
    post: Deliver, store: SqliteEventStore, caplog: pytest.LogCaptureFixture
) -> None:
    """What it writes would be apart from the mark: it is a failure, and says so."""
    receiver = receiver_of(store=store, mode="inline")

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context) -> None:
        context.connection.commit()

    assert await post(receiver, STATE) == 503
    assert "must not end that transaction" in caplog.text


def rows(store: SqliteEventStore, query: str) -> list[object]:
    """What another connection reads."""
    connection = sqlite3.connect(store.path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_closing_has_nothing_to_wait_for() -> None:
    """A receiver that handles first has no worker: entering and leaving it is nothing, either way."""
    async with receiver_of() as receiver:
        assert await deliver(receiver, STATE) == 204
    with receiver_of() as receiver:
        assert isinstance(receiver, Receiver)
    await settle()
