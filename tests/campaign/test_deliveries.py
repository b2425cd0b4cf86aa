"""No acknowledged event is lost, and none is handled twice, however the deliveries come and the process dies.

SMARTCAR_DELIVERIES and SMARTCAR_KILLS are the numbers of both; SMARTCAR_SEED repeats a campaign.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from attrs import define, field, frozen

from smartcar_async import SqliteEventStore
from smartcar_async.webhook import FreshestSignals, VehicleStateEvent, parse

from ..deliveries import written
from .endpoint import BOOK
from .sender import CONNECTIONS, Happening, Sender, happenings

ROOT = Path(__file__).parents[2]
DELIVERIES = int(os.environ.get("SMARTCAR_DELIVERIES", "3000"))
KILLS = int(os.environ.get("SMARTCAR_KILLS", "3"))


@define
class Endpoint:
    """The receiving process, in one life after the other; the port stays, as behind a load balancer."""

    folder: Path
    mode: str
    listening: socket.socket
    lives: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin the next life."""
        self.lives += 1
        descriptor = self.listening.fileno()
        command = [sys.executable, "-m", "tests.campaign.endpoint"]
        arguments = [str(descriptor), str(self.folder), self.mode, str(self.lives)]
        self._process = subprocess.Popen([*command, *arguments], cwd=ROOT, pass_fds=[descriptor])

    def kill(self) -> None:
        """End this life at once: kill -9."""
        assert self._process is not None
        assert self._process.poll() is None, "the process ended by itself"
        self._process.kill()
        self._process.wait()


@contextmanager
def endpoint(folder: Path, mode: str) -> Generator[Endpoint, None, None]:
    """A receiving process that runs."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening, closing(_store(folder)):
        one = Endpoint(folder, mode, listening)
        one.start()
        try:
            yield one
        finally:
            one.kill()


def _store(folder: Path) -> SqliteEventStore:
    store = SqliteEventStore(folder / "events.db")
    store.waiting()
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        connection.execute(BOOK)
        connection.commit()
    return store


@frozen
class Beginning:
    """A line of the log: a plain handler began."""

    event_id: str
    life: int
    redelivered: bool
    alone: bool


@define
class Books:
    """What the handlers left."""

    log: list[Beginning]
    book: list[tuple[str, float, bool]]
    begun: Counter[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.begun = Counter(line.event_id for line in self.log)

    @property
    def repeats(self) -> int:
        """How often an event was begun again."""
        return self.begun.total() - len(self.begun)

    def faults(self, known: set[str], kills: int) -> list[str]:
        """What must not be: an event lost, repeated without a kill or a mark, or two of a vehicle at once."""
        booked = Counter(event_id for event_id, _, _ in self.book)
        lives = Counter((line.event_id, line.life) for line in self.log)
        found = [f"{event_id} was lost" for event_id in known - set(self.begun)]
        found += [f"{event_id} was booked {booked[event_id]} times" for event_id in known if booked[event_id] != 1]
        found += [f"{event_id} was begun twice in one life" for (event_id, _), count in lives.items() if count > 1]
        found += [f"{line.event_id} began beside another of its vehicle" for line in self.log if not line.alone]
        seen = set[str]()
        for line in self.log:
            if line.event_id in seen and not line.redelivered:
                found.append(f"{line.event_id} was repeated without a mark")
            seen.add(line.event_id)
        if self.repeats > kills * CONNECTIONS:
            found.append(f"{self.repeats} repeats: more than were in flight")
        return found


def books(folder: Path) -> Books:
    """Read them, when the process is gone."""
    lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    log = [Beginning(event_id, int(life), again == "1", alone == "1") for event_id, life, again, alone in lines]
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        pages = connection.execute("SELECT event_id, delivered_at, redelivered FROM book ORDER BY page").fetchall()
    return Books(log, [(event_id, delivered, bool(again)) for event_id, delivered, again in pages])


async def emptied(folder: Path, seconds: float) -> None:
    """Until the inbox is empty."""
    with SqliteEventStore(folder / "events.db") as store:
        async with asyncio.timeout(seconds):
            while store.waiting():  # noqa: ASYNC110  # it is another process that works
                await asyncio.sleep(0.05)
        assert not store.parked()


def state_of(handled: list[tuple[str, float, bool]], happened: list[Happening]) -> dict[tuple[str, str], int]:
    """What `FreshestSignals` holds after these events, in the order in which they were handled."""
    by_id, fresh = {one.event_id: one for one in happened}, FreshestSignals()
    for number, (event_id, delivered, _) in enumerate(handled):
        event = parse(written(by_id[event_id].document(round(delivered * 1000), number)))
        assert isinstance(event, VehicleStateEvent)
        fresh.update(event)
    return {(vehicle, code): fresh[vehicle][code].value for vehicle in fresh for code in fresh[vehicle]}


def latest(handled: list[tuple[str, float, bool]], happened: list[Happening]) -> dict[tuple[str, str], int]:
    """The same by sorting: the dated signal by its date, the other by its delivery."""
    delivered = {event_id: moment for event_id, moment, _ in handled}
    found = dict[tuple[str, str], int]()
    for one in sorted(happened, key=lambda one: (one.recorded, one.number)):
        found[one.vehicle, "tractionbattery-stateofcharge"] = one.number
    for one in sorted(happened, key=lambda one: (round(delivered[one.event_id] * 1000), one.number)):
        found[one.vehicle, "odometer-traveleddistance"] = one.number
    return found


@pytest.mark.timeout(120 + DELIVERIES // 20 + KILLS * 10)
@pytest.mark.parametrize("mode", ["inbox", "inline"])
@pytest.mark.parametrize(("deliveries", "kills"), [(DELIVERIES, KILLS), (DELIVERIES // 3, 0)])
async def test_deliveries(
    mode: str, deliveries: int, kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every acknowledged event is handled; twice only if it was in flight at a kill, and never in the transaction."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    replay = f"SMARTCAR_SEED={seed} SMARTCAR_DELIVERIES={deliveries} SMARTCAR_KILLS={kills} mode={mode}"
    random = Random(seed)
    happened = happenings(random, deliveries * 6 // 10)
    started = monotonic()
    with endpoint(tmp_path, mode) as process:
        sender = Sender(process.listening.getsockname()[1], random, deliveries)

        def kill_when_due() -> None:
            if process.lives <= kills and sender.done * (kills + 1) >= deliveries * process.lives:
                process.kill()
                process.start()

        await sender.send_all(happened, kill_when_due)
        sent = monotonic() - started
        await emptied(tmp_path, 60 + deliveries / 100)
        assert process.lives == kills + 1, replay
    found = books(tmp_path)
    with capsys.disabled():
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(sender.answers.items()))
        sys.stdout.write(
            f"\n{replay}: {len(happened)} events, answers {answers}; {len(found.begun)} handled, {found.repeats} begun "
            f"again, {len(found.book)} booked; {sent:.0f} s to send, {monotonic() - started:.0f} s in all\n"
        )
    known = {one.event_id for one in happened}
    assert sender.acknowledged == known, replay
    faults = found.faults(known, kills)
    assert not faults, f"{replay}: " + "; ".join(faults[:10])
    assert state_of(found.book, happened) == latest(found.book, happened), replay
