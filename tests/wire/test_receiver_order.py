"""Each event once and each vehicle in its order, also where the clock jumps, the process dies and handlers fail."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import Claim, MemoryEventStore, SqliteEventStore, StoredEvent
from smartcar_async.receiver import Context, Receiver, inbox_intake as intake_module, worker as worker_module
from smartcar_async.receiver.active_events import Ending
from smartcar_async.receiver.decoded_events import DecodedEvents
from smartcar_async.receiver.threads import Threads
from smartcar_async.webhook import VehicleStateEvent, parse

from ..deliveries import NOW, STATE, TOKEN, written
from .clocks import SetClock
from .fakes import HeldClock
from .receiving import clock as held_clock, deliver, deliver_sync, receiver_of, signed, state, until

ROOT = Path(__file__).parents[2]


class Now(HeldClock):
    """Time that a test lets pass, and a time of day that it sets."""

    ahead = 0.0

    def now(self) -> datetime:
        """The time of day."""
        return super().now() + timedelta(seconds=self.ahead)


@pytest.fixture
def now() -> Now:
    """The time of receiver and inbox."""
    return Now(held_clock().time)


@pytest.fixture
def store(tmp_path: Path, now: Now) -> Iterator[SqliteEventStore]:
    """An inbox."""
    with SqliteEventStore(tmp_path / "events.db", clock=now) as opened:
        yield opened


async def go_on(now: HeldClock, seconds: float, done: Callable[[], object]) -> None:
    """Let time pass in small steps, and threads do what is due, until something is so."""
    while not done():
        await now.advance(seconds)
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("jump", [120.0, 3600.0, -3600.0])
@pytest.mark.parametrize("inline", [True, False], ids=["inline", "inbox"])
async def test_a_step_of_the_time_of_day_changes_nothing(
    jump: float, inline: bool, store: SqliteEventStore, now: Now
) -> None:
    """What is being handled is not handed out again, and what was accepted does not wait for the hour."""
    receiver = receiver_of(store=store, clock=now, tolerance=None, mode="inline" if inline else "inbox")
    entered, leave, seen = asyncio.Event(), asyncio.Event(), list[str | None]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        seen.append(event.event_id)
        entered.set()
        if event.event_id == "e-1":
            await leave.wait()

    async with receiver:
        first = asyncio.create_task(deliver(receiver, state(1)))
        await entered.wait()
        now.ahead = jump
        assert await deliver(receiver, state(1)) == (503 if inline else 204)
        assert await deliver(receiver, state(2, "v-2")) == 204
        await now.advance(2)
        await until(lambda: "e-2" in seen)
        leave.set()
        assert await first == 204
        await until(lambda: inline or not store.waiting())
    assert seen == ["e-1", "e-2"]


async def test_a_pause_is_as_long_as_it_is(store: SqliteEventStore, now: Now) -> None:
    """Whatever the time of day says meanwhile."""
    receiver, seen = receiver_of(store=store, clock=now, tolerance=None, retry_delays=(60.0,)), list[float]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(now.time)
        if not context.redelivered:
            raise KeyError

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(lambda: seen)
        for now.ahead in (7200.0, -7200.0):
            await go_on(now, 1, lambda: now.time >= seen[0] + 25)
        await go_on(now, 1, lambda: not store.waiting())
    assert 60 <= seen[1] - seen[0] < 65


async def test_a_vehicle_waits_for_what_failed_and_then_no_longer(
    store: SqliteEventStore, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    """For as long as its pauses are short; then it steps aside with a warning, and its later attempts come beside."""
    receiver, began = receiver_of(store=store, clock=now), now.time
    seen = list[tuple[str | None, int, float]]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append((event.event_id, context.attempt, now.time - began))
        if event.event_id == "e-1" and context.attempt < 6:
            raise KeyError

    async with receiver:
        for number, vehicle in ((1, "v-1"), (2, "v-1"), (3, "v-1"), (4, "v-2")):
            assert await deliver(receiver, state(number, vehicle)) == 204
        await until(lambda: len(seen) == 2)
        await go_on(now, 1, lambda: len(seen) >= 7)
        await go_on(now, 100, lambda: not store.waiting())
    names = [(name, attempt) for name, attempt, _ in seen]
    assert sorted(names[:2]) == [("e-1", 1), ("e-4", 1)]
    assert names[2:5] == [("e-1", 2), ("e-1", 3), ("e-1", 4)]
    assert sorted(names[5:7]) == [("e-2", 1), ("e-3", 1)]
    assert [name for name, _ in names[5:7]] == ["e-2", "e-3"]
    assert names[7:] == [("e-1", 5), ("e-1", 6)]
    assert 71 <= seen[5][2] < 90
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "e-1 has failed for so long that it steps aside" in warnings[0]


@pytest.mark.parametrize(
    ("after", "order"),
    [
        (0.0, ["e-1", "e-2", "e-1", "e-1"]),
        (5.0, ["e-1", "e-1", "e-2", "e-1"]),
        (None, ["e-1", "e-1", "e-1", "e-2"]),
    ],
)
async def test_how_long_a_vehicle_waits_is_yours_to_say(
    after: float | None, order: list[str], store: SqliteEventStore, now: Now
) -> None:
    """Not at all, for some seconds, or until the event is given up."""
    options: dict[str, Any] = {"retry_delays": (5.0, 5.0), "step_aside_after": after}
    receiver, seen = receiver_of(store=store, clock=now, **options), list[str | None]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        seen.append(event.event_id)
        if event.event_id == "e-1":
            raise KeyError

    for number in (1, 2):
        assert await deliver(receiver, state(number)) == 204
    async with receiver:
        await go_on(now, 1, lambda: len(seen) == 4 and not store.waiting())
    assert seen == order
    assert [parked.event.id for parked in store.parked()] == ["e-1"]


async def test_what_was_unparked_has_all_its_attempts(store: SqliteEventStore, now: Now) -> None:
    """It is given up again only after as many failures."""
    receiver, seen = receiver_of(store=store, clock=now, retry_delays=(1.0,)), list[int]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context.attempt)
        raise KeyError

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        for count in (2, 4):
            await go_on(now, 1, store.parked)
            assert len(seen) == count
            assert store.unpark("e-1")
    assert seen == [1, 2, 3, 4][: len(seen)]


KILLED = """
import os, signal, sys, threading, time
from smartcar_async import SqliteEventStore
from smartcar_async.receiver import Receiver
from smartcar_async.webhook import VehicleStateEvent

store = SqliteEventStore(sys.argv[1])
receiver = Receiver(sys.argv[2], store, tolerance=None, retry_delays=eval(sys.argv[4]))

@receiver.on(VehicleStateEvent)
def handle(event):
    print(event.event_id, flush=True)
    if event.event_id == "e-1":
        os._exit(7) if sys.argv[3] == "exit" else os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(10)

with receiver:
    while store.waiting():
        time.sleep(0.02)
"""


@pytest.mark.parametrize(
    ("how", "pauses", "expected"),
    [
        ("exit", (0.1, 0.1), [["e-1"], ["e-1"], ["e-1"], ["e-2"]]),
        ("segfault", (50.0, 50.0, 50.0), [["e-1"], ["e-1"], ["e-1"], ["e-2", "e-1"], []]),
    ],
)
async def test_an_event_that_ends_the_process_is_given_up(
    how: str, pauses: tuple[float, ...], expected: list[list[str]], store: SqliteEventStore
) -> None:
    """It has as many attempts as one that fails, its vehicle waits for as many, and each process goes on at once."""
    receiver = receiver_of(store=store)
    for number, vehicle in ((1, "v-1"), (2, "v-1")):
        assert await deliver(receiver, state(number, vehicle)) == 204
    command = [sys.executable, "-c", KILLED, str(store.path), TOKEN, how, str(pauses)]
    lives = list[tuple[int, list[str]]]()
    while store.waiting():
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
        )
        lives.append((done.returncode, done.stdout.split()))
        assert len(lives) < 9, done.stderr
    assert [seen for _, seen in lives] == expected
    assert [status == 0 for status, _ in lives] == [*[False] * (len(expected) - 1), True]
    assert [(parked.event.id, parked.problem) for parked in store.parked()] == [("e-1", "ProcessEnded")]


async def test_an_event_that_ends_the_process_steps_aside(
    store: SqliteEventStore, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    """Its vehicle waits for as many of its attempts as for one that fails."""
    receiver, seen = receiver_of(store=store, clock=now, retry_delays=(50.0, 50.0, 50.0)), list[str | None]()
    for number in (1, 2):
        assert await deliver(receiver, state(number)) == 204
    for _ in range(2):  # twice somebody took it, and died
        with SqliteEventStore(store.path, clock=now) as other:
            assert other.take(now=0, until=60) is not None

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        seen.append(event.event_id)
        if event.event_id == "e-1":
            raise KeyError

    async with receiver:
        await until(lambda: len(seen) == 2)
        assert seen == ["e-1", "e-2"]
        assert "e-1 has failed for so long that it steps aside" in caplog.text
        await go_on(now, 10, store.parked)
    assert seen == ["e-1", "e-2", "e-1"]


def dies(store: SqliteEventStore) -> None:
    """The process of a store ends, whatever it has claimed."""
    here: Any = store._here()  # pyright: ignore[reportPrivateUsage]
    here.owner.forget()
    here.owner = None


def is_past(store: SqliteEventStore, ended: asyncio.Event) -> bool:
    """Whether the process ended, or nothing is left to do."""
    return ended.is_set() or not store.waiting()


async def test_the_neighbours_of_an_event_that_ends_the_process_lose_one_attempt(
    store: SqliteEventStore, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    """After that they are handled apart from it: it alone uses up its attempts, and none of them is given up."""
    names, lives = [f"e-{number}" for number in range(5)], 0
    for number, name in enumerate(names):
        store.put(StoredEvent(name, f"v-{number}", written(state(number, f"v-{number}"))), now=0)
    tries, handled = dict.fromkeys(names, 0), list[str]()
    while store.waiting():
        lives += 1
        assert lives < 20
        one, ended = SqliteEventStore(store.path, clock=now), asyncio.Event()
        receiver = receiver_of(
            store=one, clock=now, retry_delays=(100.0, 100.0), step_aside_after=None, answer_within=0.05
        )
        running, most = set[str](), list[int]()

        @receiver.on(VehicleStateEvent)
        async def handle(
            event: VehicleStateEvent,
            context: Context,
            running: set[str] = running,
            most: list[int] = most,
            ended: asyncio.Event = ended,
            life: int = lives,
        ) -> None:
            name = str(event.event_id)
            running.add(name)
            tries[name] += 1
            most.append(len(running))
            await asyncio.sleep(0.05 if name == "e-0" else 0.1)
            if name == "e-0":
                ended.set()
                await asyncio.Event().wait()
            if not ended.is_set():
                handled.append(name)
            running.discard(name)
            if life == 1:
                await asyncio.Event().wait()

        await receiver.start()
        await go_on(now, 0.3, partial(is_past, one, ended))
        assert most[:1] in ([], [1])
        if lives > 1:
            assert max(most, default=1) == 1
        if ended.is_set():
            dies(one)
        await receiver.aclose()
        one.close()
        now.time += 2
    assert tries["e-0"] == 3
    assert [parked.event.id for parked in store.parked()] == ["e-0"]
    assert sorted(handled) == names[1:]
    assert {tries[name] for name in names[1:]} <= {1, 2}
    assert "e-0 is parked: its last attempts have no recorded end: the process ended in them" in caplog.text


async def test_suspects_wait_for_each_other_and_nobody_else_does(
    store: SqliteEventStore, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is put off is asked for again after a second, and not in between; its lane keeps its order."""
    with SqliteEventStore(store.path, clock=now) as other:
        for number, vehicle in ((1, "v-1"), (2, "v-2"), (3, "v-2")):
            other.put(StoredEvent(f"e-{number}", vehicle, written(state(number, vehicle))), now=0)
        assert other.take(now=0, until=60)
        assert other.take(now=0, until=60)
    store.put(StoredEvent("e-4", "v-4", written(state(4, "v-4"))), now=0)
    receiver, seen, leave, takes = (
        receiver_of(store=store, clock=now),
        list[str | None](),
        asyncio.Event(),
        list[float](),
    )
    take = store.take

    def counted(**options: float) -> object:
        takes.append(now.time)
        return take(**options)

    monkeypatch.setattr(store, "take", counted)

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        seen.append(event.event_id)
        if event.event_id == "e-1":
            await leave.wait()

    async with receiver:
        await until(lambda: len(seen) == 2)
        await asyncio.sleep(0.2)
        assert seen == ["e-1", "e-4"]
        assert len(takes) < 10
        for _ in range(5):
            await now.advance(1)
            await asyncio.sleep(0.02)
        assert (seen, len(takes) < 40) == (["e-1", "e-4"], True)
        leave.set()
        await go_on(now, 0.5, lambda: not store.waiting())
    assert seen == ["e-1", "e-4", "e-2", "e-3"]


async def test_closing_is_no_attempt(store: SqliteEventStore, now: Now) -> None:
    """Handlers that it breaks off are called again at the next start, however often that is."""
    assert await deliver(receiver_of(store=store, clock=now), STATE) == 204
    attempts = list[int]()
    for life in range(4):
        receiver = receiver_of(store=store, clock=now, retry_delays=(1.0,), answer_within=0.02)

        @receiver.on(VehicleStateEvent)
        async def handle(event: VehicleStateEvent, context: Context, life: int = life) -> None:
            attempts.append(context.attempt)
            if life < 3:
                await asyncio.Event().wait()

        async with receiver:
            while len(attempts) <= life:  # noqa: ASYNC110  # threads are at work as well
                await asyncio.sleep(0.002)
    assert (attempts, store.parked(), store.waiting()) == ([1, 2, 3, 4], [], 0)


class Counting(SqliteEventStore):
    """A store that cannot release uncounted."""

    release_uncounted: Any = property()
    spare: Any = property()


async def test_a_store_of_before_counts_what_closing_broke_off(tmp_path: Path, now: Now) -> None:
    """It is given back all the same."""
    with Counting(tmp_path / "former.db", clock=now) as store:
        receiver, entered = receiver_of(store=store, clock=now, answer_within=0.02), asyncio.Event()

        @receiver.on(VehicleStateEvent)
        async def handle(event: VehicleStateEvent) -> None:
            entered.set()
            await asyncio.Event().wait()

        async with receiver:
            assert await deliver(receiver, STATE) == 204
            await entered.wait()
        found = store.take(now=0, until=60)
        assert found is not None
        assert (found[0].tries, found[0].interrupted) == (2, False)


async def test_a_handler_that_cancels_its_own_task_has_failed(
    store: SqliteEventStore, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody asked it to stop: that is in the log, and its pauses are kept."""
    receiver, seen = receiver_of(store=store, clock=now, retry_delays=(5.0,)), list[float]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        seen.append(now.time)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(lambda: seen)
        await asyncio.sleep(0.1)
        assert len(seen) == 1
        await go_on(now, 0.5, store.parked)
    assert [(parked.attempts, parked.problem) for parked in store.parked()] == [(2, "RuntimeError")]
    assert seen[1] - seen[0] >= 5
    assert caplog.text.count("raised CancelledError") == 2


async def test_what_is_handed_out_again_while_it_is_handled(
    store: SqliteEventStore, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    """A process that lost a claim, because it was stopped, is not given two of the same: the handler goes on."""
    receiver, entered, leave = receiver_of(store=store, clock=now), asyncio.Event(), asyncio.Event()
    seen = list[int]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context.attempt)
        entered.set()
        await leave.wait()

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await entered.wait()
        now.time += 61  # as after a stop: nothing was renewed
        with SqliteEventStore(store.path, clock=now) as other:
            lost = other.take(now=0, until=60)
            assert lost is not None
            other.release(lost[0], now=0, due=0)
        await now.advance(2)
        await until(lambda: receiver._runtime().runner.active_events._events["e-1"].claim.attempt == 3)  # pyright: ignore[reportPrivateUsage]
        leave.set()
        await until(lambda: not store.waiting())
    assert seen == [1]
    assert "may be handled twice" not in caplog.text


@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "plain"])
@pytest.mark.parametrize("answer", [True, False, None], ids=["held", "lost", "unknown"])
async def test_no_handler_begins_with_a_claim_that_is_lost(post: Any, answer: bool | None, now: Now) -> None:
    """After a long silence between claim and handler, the store is asked whether somebody else has the event now."""
    store, seen = MemoryEventStore(), list[object]()
    claim = store.claim

    def claim_slowly(event_id: str, **options: Any) -> Claim:
        granted = claim(event_id, **options)
        now.time += 31
        return granted

    def renew(*_: object, **__: object) -> bool:
        if answer is None:
            raise OSError("the disk is full")
        return answer

    store.claim, store.renew = claim_slowly, renew  # type: ignore[method-assign]
    receiver = receiver_of(store=store, clock=now)
    receiver.on(VehicleStateEvent)(seen.append)
    assert await post(receiver, STATE) == (204 if answer else 503)
    assert len(seen) == (1 if answer else 0)


async def test_a_claim_that_is_renewed_while_its_end_is_recorded(now: Now) -> None:
    """The newer one is used, where the older one was refused."""
    receiver = receiver_of(clock=now)
    runner, used = receiver._runtime().runner, list[Claim]()  # pyright: ignore[reportPrivateUsage]
    claim = runner.store.claim("e-1", "v-1", 0.0)
    active = runner.active_events.add(claim, "v-1", now.monotonic())
    assert active is not None

    def outcome(given: Claim) -> bool:
        used.append(given)
        if len(used) == 1:
            assert runner.active_events.add(Claim("e-1", claim.status, 2), "v-1", now.monotonic()) is None
        return len(used) > 1

    assert runner.record(active, Ending("handled", outcome)).name == "DONE"
    assert [one.attempt for one in used] == [1, 2]
    assert not runner.active_events.has("e-1")


@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "plain"])
async def test_a_vehicle_is_one_at_a_time_among_processes(
    post: Any, store: SqliteEventStore, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two receivers that handle first, on one file: the second one waits a moment, and is sent again after that."""
    monkeypatch.setattr("smartcar_async.receiver.inline_intake._OTHERS_LOOKS", 5)
    with SqliteEventStore(store.path, clock=now) as second:
        receivers = [receiver_of(store=one, clock=now, mode="inline") for one in (store, second)]
        busy, most, seen, leave = list[str](), list[int](), list[str | None](), threading.Event()

        def handle(event: VehicleStateEvent) -> None:
            busy.append(str(event.vehicle_id))
            most.append(len(busy))
            assert leave.wait(5)
            seen.append(event.event_id)
            busy.pop()

        for receiver in receivers:
            receiver.on(VehicleStateEvent)(handle)
        first = asyncio.create_task(post(receivers[0], state(1)))
        await until(lambda: busy)
        late = asyncio.create_task(post(receivers[1], state(2)))
        await asyncio.sleep(0.2)
        assert not late.done()
        leave.set()
        assert [await first, await late] == [204, 204]
        leave.clear()
        first = asyncio.create_task(post(receivers[0], state(3)))
        await until(lambda: busy)
        assert await post(receivers[1], state(4)) == 503
        leave.set()
        assert [await first, await post(receivers[1], state(4))] == [204, 204]
    assert (seen, max(most)) == (["e-1", "e-2", "e-3", "e-4"], 1)


async def test_a_delivery_is_decoded_once(store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process that took it; what is in the store decides, where the same event came in other bytes."""
    decoded, seen = list[bytes](), list[object]()

    def note(body: bytes) -> object:
        decoded.append(body)
        return parse(body)

    monkeypatch.setattr(worker_module, "parse", note)
    receiver = receiver_of(store=store)
    receiver.on(VehicleStateEvent)(seen.append)
    store.put(StoredEvent("e-1", "v-1", written(STATE)), now=0)
    async with receiver:
        await until(lambda: len(seen) == 1)
        assert len(decoded) == 1
        for number in range(2, 5):
            assert await deliver(receiver, state(number, f"v-{number}")) == 204
        await until(lambda: len(seen) == 4)
        assert len(decoded) == 1
        store.put(StoredEvent("e-9", "v-9", written({**state(9, "v-9"), "more": 1})), now=0)
        assert await deliver(receiver, state(9, "v-9")) == 204
        await until(lambda: len(seen) == 5)
    assert len(decoded) == 2
    assert getattr(seen[0], "meta").delivered_at == NOW  # noqa: B009


def test_only_so_many_are_kept_decoded() -> None:
    """The oldest are forgotten, and decoded again."""
    kept, event = DecodedEvents(), parse(written(STATE))
    for number in range(300):
        kept.add(StoredEvent(f"e-{number}", "v", b"x"), event)
    assert kept.pop(StoredEvent("e-0", "v", b"x")) is None
    assert kept.pop(StoredEvent("e-299", "v", b"y")) is None
    assert kept.pop(StoredEvent("e-298", "v", b"x")) is event
    assert kept.pop(StoredEvent("e-298", "v", b"x")) is None


def threads() -> set[threading.Thread]:
    """The threads of receivers."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("smartcar-")}


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "inbox"])
async def test_its_threads_end_with_it(inline: bool, store: SqliteEventStore) -> None:
    """On a loop and without one; and it can be used again."""
    others = threads()
    receiver = receiver_of(store=store, mode="inline" if inline else "inbox")

    @receiver.on(VehicleStateEvent, transaction=True)
    def handle(event: VehicleStateEvent) -> None: ...

    for number in range(2):
        async with receiver:
            assert await deliver(receiver, state(number)) == 204
            await until(lambda: not store.waiting())
            assert threads() - others
        await until(lambda: not threads() - others)
    with receiver:
        assert receiver.handle_sync("POST", *signed(state(3))).status == 204
        assert threads() - others
        await until(lambda: not store.waiting())
    await until(lambda: not threads() - others)


async def test_a_store_that_waits_is_answered_for_in_time(
    store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """503, so that it is sent again; what waited too long is not kept any more, and nothing is kept twice."""
    monkeypatch.setattr(intake_module, "_ANSWER_WITHIN", 0.1)
    leave, put = threading.Event(), store.put

    def wait(event: StoredEvent, *, now: float) -> None:
        assert leave.wait(5)
        put(event, now=now)

    store.put = wait  # type: ignore[method-assign]
    receiver = receiver_of(store=store)
    assert await asyncio.gather(*(deliver(receiver, state(number)) for number in range(3))) == [503] * 3
    assert "did not keep a delivery within 0.1 s" in caplog.text
    leave.set()
    await until(lambda: store.waiting() == 1)
    assert await deliver(receiver, state(0)) == 204
    assert store.waiting() == 1
    await receiver.aclose()


async def test_a_slow_handler_in_the_transaction_delays_no_delivery(tmp_path: Path) -> None:
    """It is taken out and has failed; what came meanwhile is kept in time, and handled."""
    with SqliteEventStore(tmp_path / "events.db", transaction_timeout=0.3) as store:
        receiver = Receiver(TOKEN, store, tolerance=None, retry_delays=())
        inside, leave, seen = threading.Event(), threading.Event(), list[str | None]()

        @receiver.on(VehicleStateEvent, transaction=True)
        def write(event: VehicleStateEvent, context: Context) -> None:
            if event.event_id == "e-1":
                inside.set()
                assert leave.wait(5)
            seen.append(event.event_id)

        async with receiver:
            assert await deliver(receiver, state(1)) == 204
            await until(inside.is_set)
            began = time.monotonic()
            assert await deliver(receiver, state(2, "v-2")) == 204
            assert time.monotonic() - began < 3
            leave.set()
            await until(lambda: not store.waiting())
        assert seen == ["e-1", "e-2"]
        assert [parked.problem for parked in store.parked()] == ["TimeoutError"]


async def test_a_handler_with_a_transaction_is_committed_once(tmp_path: Path) -> None:
    """The store fails at the commit: its own handlers run again, for that was rolled back; the others do not."""
    with SqliteEventStore(tmp_path / "events.db") as store:
        receiver, seen, wrote = Receiver(TOKEN, store, tolerance=None), list[str](), list[int]()
        receiver.on(VehicleStateEvent)(lambda event: seen.append(str(event.event_id)))

        @receiver.on(VehicleStateEvent, transaction=True)
        def write(event: VehicleStateEvent, context: Context) -> None:
            context.connection.execute("CREATE TABLE IF NOT EXISTS mine (id)")
            context.connection.execute("INSERT INTO mine VALUES (?)", (event.event_id,))
            wrote.append(context.attempt)
            if len(wrote) == 1:
                raise sqlite3.OperationalError("of its own")
            if len(wrote) == 2:
                store._finish = broken  # type: ignore[method-assign, assignment]  # pyright: ignore

        finish = store._finish  # pyright: ignore[reportPrivateUsage]

        def broken(*_: object) -> bool:
            store._finish = finish  # type: ignore[method-assign]  # pyright: ignore
            raise sqlite3.OperationalError("database or disk is full")

        async with receiver:
            assert await deliver(receiver, STATE) == 204
            await until(lambda: not store.waiting())
        assert seen == ["e-1", "e-1"]
        assert wrote == [1, 2, 2]
        with sqlite3.connect(store.path) as reader:
            assert reader.execute("SELECT id FROM mine").fetchall() == [("e-1",)]
        reader.close()


class Former(MemoryEventStore):
    """A store as they were before there were lanes; it must be called in one thread."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = set[str]()

    def claim(self, event_id: str, *, now: float, until: float) -> Claim:  # type: ignore[override]  # pyright: ignore
        """Without a lane."""
        self.threads.add(threading.current_thread().name)
        return super().claim(event_id, now=now, until=until)

    def commit(self, claim: Claim, *, now: float) -> bool:
        """As ever."""
        self.threads.add(threading.current_thread().name)
        return super().commit(claim, now=now)


async def test_a_store_of_before_goes_on_working() -> None:
    """In the one thread that it was called in, and a vehicle's events one by one in this process."""
    store, busy, most = Former(), list[str](), list[int]()
    receiver = receiver_of(store=store)

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        busy.append(str(event.event_id))
        most.append(len(busy))
        await asyncio.sleep(0.01)
        busy.pop()

    assert await asyncio.gather(*(deliver(receiver, state(number)) for number in range(5))) == [204] * 5
    assert len(store.threads) == 1
    assert max(most) == 1
    await receiver.aclose()


class FormerInbox:
    """An inbox as they were before: no lanes for those that handle first, and nobody steps aside."""

    def __init__(self, store: SqliteEventStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name == "step_aside":
            raise AttributeError(name)
        return getattr(self._store, name)

    def claim(self, event_id: str, *, now: float, until: float) -> Claim:
        """Without a lane."""
        return self._store.claim(event_id, now=now, until=until)

    def take(self, *, now: float, until: float) -> tuple[Claim, StoredEvent] | None:
        """Without the number of attempts that count."""
        found = self._store.take(now=now, until=until)
        return found and (Claim(found[0].event_id, found[0].status, found[0].attempt), found[1])


async def test_an_inbox_of_before_goes_on_working(store: SqliteEventStore, now: Now) -> None:
    """What fails is tried again, and given up at last."""
    inbox: Any = FormerInbox(store)
    receiver, seen = receiver_of(store=inbox, clock=now, retry_delays=(100.0, 1.0)), list[int]()

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context.attempt)
        raise KeyError

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await go_on(now, 10, store.parked)
    assert seen == [1, 2, 3]


def test_a_child_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of its parent do not run in it, and are not its to end."""
    pools = Threads()
    parent = pools.store
    assert pools.store is parent
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        assert pools.store is not parent
        pools.close()
    assert parent.submit(lambda: 5).result() == 5
    pools.close()


def test_what_passes_with_a_clock_of_steps() -> None:
    """The receiver's own time runs evenly, from the time of day at which it was made."""
    jumping = SetClock(100.0)
    receiver = Receiver(TOKEN, clock=jumping)
    began = receiver._runtime().runner.store.now()  # pyright: ignore[reportPrivateUsage]
    assert began == jumping.now().timestamp()
    jumping.ahead, jumping.time = -3600.0, 107.0
    assert receiver._runtime().runner.store.now() == pytest.approx(began + 7)  # pyright: ignore[reportPrivateUsage]
