"""No acknowledged event is lost, none is handled twice, and each vehicle keeps its order, whatever happens.

Two processes on one file take the deliveries and handle them. They are killed, and stopped beyond their lease; the file
is locked by somebody else, the disk is full, the time of day jumps both ways, and handlers fail.

SMARTCAR_DELIVERIES and SMARTCAR_KILLS are the numbers of both; SMARTCAR_SEED repeats a campaign.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from attrs import define, field

from smartcar_async import SqliteEventStore
from smartcar_async.webhook import FreshestSignals, VehicleStateEvent, parse

from ..deliveries import written
from .endpoint import HANDLED_TABLE, LEASE, is_slow
from .ledger import Interruptions, Ledger, read_ledger
from .sender import CONNECTIONS, CarEvent, Sender, car_events

ROOT = Path(__file__).parents[2]
DELIVERIES = int(os.environ.get("SMARTCAR_DELIVERIES", "1200"))
KILLS = int(os.environ.get("SMARTCAR_KILLS", "3"))
PROCESSES = 2


@define
class ReceiverProcesses:
    """The receiving processes; a new one follows each that is killed, on the same port, as behind a load balancer."""

    folder: Path
    mode: str
    listening: socket.socket
    interruptions: Interruptions = field(factory=Interruptions)
    _running: dict[str, subprocess.Popen[bytes]] = field(factory=dict[str, "subprocess.Popen[bytes]"])
    _started: int = 0

    def start(self) -> None:
        """Start another process."""
        self._started += 1
        name, descriptor = f"process-{self._started}", self.listening.fileno()
        command = [sys.executable, "-m", "tests.campaign.endpoint", str(descriptor), str(self.folder), self.mode, name]
        with self._errors(name).open("ab") as errors:
            self._running[name] = subprocess.Popen(command, cwd=ROOT, pass_fds=[descriptor], stderr=errors)

    def _any(self, random: Random) -> tuple[str, subprocess.Popen[bytes]]:
        name = random.choice(sorted(self._running))
        status = self._running[name].poll()
        assert status is None, (
            f"{name} ended by itself, {status}: {self._errors(name).read_text(errors='replace')[-3000:]}"
        )
        return name, self._running[name]

    def _errors(self, name: str) -> Path:
        return self.folder / f"errors-{name}"

    def kill(self, random: Random) -> None:
        """End one of them at once, kill -9, and begin another."""
        name, process = self._any(random)
        process.kill()
        process.wait()
        self.interruptions.killed[name] = monotonic()
        del self._running[name]
        self.start()

    async def stop(self, random: Random) -> None:
        """Stop one of them for longer than its lease, and let it go on."""
        name, process = self._any(random)
        began = monotonic()
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE + 1.0)
        process.send_signal(signal.SIGCONT)
        self.interruptions.stopped.append((name, began, monotonic()))

    def end(self) -> None:
        """End all of them."""
        for process in self._running.values():
            process.kill()
            process.wait()


@contextmanager
def receiver_processes(folder: Path, mode: str) -> Generator[ReceiverProcesses, None, None]:
    """Receiving processes that run."""
    (folder / "ahead").write_text("0")
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening, closing(_store(folder)):
        receivers = ReceiverProcesses(folder, mode, listening)
        for _ in range(PROCESSES):
            receivers.start()
        try:
            yield receivers
        finally:
            receivers.end()


def _store(folder: Path) -> SqliteEventStore:
    store = SqliteEventStore(folder / "events.db")
    store.waiting()
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        connection.execute(HANDLED_TABLE)
        connection.commit()
    return store


@define
class FaultInjector:
    """What happens to the processes meanwhile: so many kills, and other faults between them."""

    receivers: ReceiverProcesses
    random: Random
    kills: int
    injected: Counter[str] = field(factory=Counter[str])

    async def inject(self, progress: Callable[[], float]) -> None:
        """All of it, spread over the deliveries, of which `progress` is the part that is done."""
        others = [self.stop, self.lock, self.fill, self.jump, self.jump]
        plan: list[Callable[[], Awaitable[None]]] = [self.kill] * self.kills
        plan += [others[number % len(others)] for number in range(self.kills * 2)]
        self.random.shuffle(plan)
        for number, fault in enumerate(plan):
            while progress() < (number + 0.5) / len(plan):  # noqa: ASYNC110  # other processes are at work
                await asyncio.sleep(0.02)
            await fault()
            self.injected[fault.__name__] += 1

    async def kill(self) -> None:
        """A process dies."""
        self.receivers.kill(self.random)

    async def stop(self) -> None:
        """A process is silent for longer than its lease."""
        await self.receivers.stop(self.random)

    async def lock(self) -> None:
        """Somebody else keeps the file for longer than anybody waits."""
        with closing(sqlite3.connect(self.receivers.folder / "events.db", isolation_level=None, timeout=5)) as busy:
            busy.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(self.random.uniform(0.6, 1.2))
            busy.execute("ROLLBACK")

    async def fill(self) -> None:
        """The disk is full for a while."""
        full = self.receivers.folder / "full"
        full.touch()
        await asyncio.sleep(self.random.uniform(0.2, 1.0))
        full.unlink()

    async def jump(self) -> None:
        """The time of day is set, to anything within two hours."""
        new = self.receivers.folder / "new"
        new.write_text(str(self.random.uniform(-7200, 7200)))
        new.rename(self.receivers.folder / "ahead")


async def wait_until_empty(folder: Path, seconds: float) -> None:
    """Until the inbox is empty."""
    with SqliteEventStore(folder / "events.db") as store:
        async with asyncio.timeout(seconds):
            while store.waiting():  # noqa: ASYNC110  # it is another process that works
                await asyncio.sleep(0.05)
        assert not store.parked()


def freshest_signals(handled: list[tuple[str, float, bool]], events: list[CarEvent]) -> dict[tuple[str, str], int]:
    """What `FreshestSignals` holds after these events, in the order in which they were handled."""
    by_id, fresh = {event.event_id: event for event in events}, FreshestSignals()
    for number, (event_id, delivered, _) in enumerate(handled):
        event = parse(written(by_id[event_id].document(round(delivered * 1000), number)))
        assert isinstance(event, VehicleStateEvent)
        fresh.update(event)
    return {(vehicle, code): fresh[vehicle][code].value for vehicle in fresh for code in fresh[vehicle]}


def expected_signals(handled: list[tuple[str, float, bool]], events: list[CarEvent]) -> dict[tuple[str, str], int]:
    """The same by sorting: the dated signal by its date, the other by its delivery."""
    delivered = {event_id: moment for event_id, moment, _ in handled}
    expected = dict[tuple[str, str], int]()
    for event in sorted(events, key=lambda event: (event.recorded, event.number)):
        expected[event.vehicle, "tractionbattery-stateofcharge"] = event.number
    for event in sorted(events, key=lambda event: (round(delivered[event.event_id] * 1000), event.number)):
        expected[event.vehicle, "odometer-traveleddistance"] = event.number
    return expected


@pytest.mark.timeout(180 + DELIVERIES // 20 + KILLS * 20)
@pytest.mark.parametrize("mode", ["inbox", "inline"])
async def test_deliveries(mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every acknowledged event is handled once and in its order, but where a kill or a stop explains it."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    replay = f"SMARTCAR_SEED={seed} SMARTCAR_DELIVERIES={DELIVERIES} SMARTCAR_KILLS={KILLS} mode={mode}"
    random = Random(seed)
    events = car_events(random, DELIVERIES * 6 // 10)
    started = monotonic()
    with receiver_processes(tmp_path, mode) as receivers:
        sender = Sender(receivers.listening.getsockname()[1], random, DELIVERIES)
        injector = FaultInjector(receivers, Random(seed), KILLS)
        injecting = asyncio.create_task(injector.inject(lambda: sender.done / DELIVERIES))
        await sender.send_all(events)
        await injecting
        sent = monotonic() - started
        await wait_until_empty(tmp_path, 60 + DELIVERIES / 100)
    ledger = read_ledger(tmp_path, receivers.interruptions)
    event_ids = {event.event_id for event in events}
    violations = ledger.violations(event_ids)
    failed = sum(line.fails_by_design for line in ledger.begun)
    cancelled = sum(line.what == "cancelled" for line in ledger.log)
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(sender.answers.items()))
    report = [
        f"{len(events)} events, answers {answers}",
        f"{len(ledger.handled)} recorded, {failed} failures by design, {cancelled} cancelled",
        f"{dict(injector.injected)}",
        f"handled again or late: {dict(ledger.repeats)}",
        f"{sent:.0f} s to send, {monotonic() - started:.0f} s in all",
    ]
    with capsys.disabled():
        sys.stdout.write(f"\n{replay}: {'; '.join(report)}\n")
    assert sender.acknowledged == event_ids, replay
    assert not violations, f"{replay}: " + "; ".join(violations[:10])
    assert "unexplained" not in ledger.repeats, replay
    assert ledger.repeats.total() <= (KILLS + injector.injected["stop"]) * CONNECTIONS, replay
    assert freshest_signals(ledger.handled, events) == expected_signals(ledger.handled, events), replay


@pytest.mark.timeout(120)
@pytest.mark.parametrize("mode", ["inbox", "inline"])
async def test_only_a_reported_failure_explains_a_second_handling(mode: str, tmp_path: Path) -> None:
    """A handler that outstays its transaction fails after the first one has ended, so that both run again."""
    random = Random(1)
    events = car_events(random, 40)
    event_ids = {event.event_id for event in events}
    with receiver_processes(tmp_path, mode) as receivers:
        (tmp_path / "slow").touch()
        sender = Sender(receivers.listening.getsockname()[1], random, len(events))
        await sender.send_all(events)
        await wait_until_empty(tmp_path, 30)
    ledger = read_ledger(tmp_path, receivers.interruptions)
    slow = {line.event_id for line in ledger.log if line.what == "failed" and is_slow(line.event_id, 1)}
    assert slow
    assert ledger.violations(event_ids) == []
    log = [line for line in ledger.log if line.what != "failed"]
    violations = Ledger(log, ledger.handled, ledger.arrival, ledger.interruptions).violations(event_ids)
    assert slow <= {violation.partition(" was handled twice")[0] for violation in violations}
