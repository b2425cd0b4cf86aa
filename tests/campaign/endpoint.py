"""A receiver behind aiohttp's server, in a process of its own that is killed and stopped; its handlers leave records.

One handler writes a line of a log when it begins and when it ends: that is there whatever happens next. The other one
writes in the store's own transaction. What the receiver reports as failed is a line of the log as well, for a handling
may fail after the first handler has ended. Files in the folder make faults: `ahead` sets the time of day, while `full`
is there, nothing can be written, and while `slow` is, some handlers stay in the transaction for too long.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from aiohttp import web
from attrs import frozen

from smartcar_async import ConfigurationError, SqliteEventStore
from smartcar_async.receiver import Context, EventHandled, Receiver, ReceiverEvent
from smartcar_async.receiver.sqlite import file as sqlite_file
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import TOKEN

LEASE = 1.5
RETRY_DELAY = 0.1
STEP_ASIDE_AFTER = 0.35
TRANSACTION_TIMEOUT = 0.4
ATTEMPTS_IN_ORDER = 4
"""How many attempts an event has before it steps aside: so many delays are within that time."""
HANDLED_TABLE = """
CREATE TABLE IF NOT EXISTS handled (
    position INTEGER PRIMARY KEY, event_id TEXT, delivered_at REAL, redelivered INTEGER
)
"""
Mode = Literal["inbox", "inline"]


def fails(event_id: str, attempt: int) -> bool:
    """Whether a handler fails: one event in eleven once, and one in a hundred so often that it steps aside."""
    number = int(event_id.partition("-")[2])
    return attempt <= 6 if number % 97 == 5 else attempt == 1 and number % 11 == 3


def is_slow(event_id: str, attempt: int) -> bool:
    """Whether a handler outstays its transaction while handlers are slow: one event in eleven, once."""
    return attempt == 1 and int(event_id.partition("-")[2]) % 11 == 7


@frozen
class Clock:
    """Real time, with a time of day that somebody sets."""

    folder: Path

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day, as it is set."""
        return datetime.now(UTC) + timedelta(seconds=float((self.folder / "ahead").read_text() or 0))

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        await asyncio.sleep(seconds)


def inject_store_faults(folder: Path) -> None:
    """Have writes fail while the disk is full, and wait for a busy file for a moment only."""
    transaction = sqlite_file._transaction  # pyright: ignore[reportPrivateUsage]

    @contextmanager
    def faulty_transaction(connection: sqlite3.Connection, deadline: float) -> Generator[None, None, None]:
        with transaction(connection, deadline):
            yield
            if (folder / "full").exists():
                raise sqlite3.OperationalError("database or disk is full")

    sqlite_file._transaction = faulty_transaction  # pyright: ignore[reportPrivateUsage]
    sqlite_file.PATIENCE = 0.5  # type: ignore[misc]  # pyright: ignore


def receiver_of(folder: Path, mode: Mode, process: str) -> Receiver:
    """A receiver whose handlers leave traces in a folder."""
    clock = Clock(folder)
    log = os.open(folder / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write_line(what: str, event_id: str | None, vehicle_id: str | None, attempt: int) -> None:
        os.write(log, f"{what} {event_id} {vehicle_id} {process} {time.monotonic()} {attempt}\n".encode())

    def log_failure(reported: ReceiverEvent) -> None:
        if isinstance(reported, EventHandled) and reported.outcome == "failed":
            write_line("failed", reported.event_id, reported.lane, reported.attempt)

    receiver = Receiver(
        TOKEN,
        SqliteEventStore(folder / "events.db", clock=clock, transaction_timeout=TRANSACTION_TIMEOUT),
        mode=mode,
        answer_within=1.0,
        lease=LEASE,
        retry_delays=(RETRY_DELAY,) * 100,
        step_aside_after=STEP_ASIDE_AFTER if mode == "inbox" else None,
        tolerance=None,
        clock=clock,
        on_event=log_failure,
    )

    @receiver.on(VehicleStateEvent)
    async def write_log(event: VehicleStateEvent, context: Context) -> None:
        handling = (event.event_id, event.vehicle_id, context.attempt)
        write_line("begin", *handling)
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:  # the time of its delivery is over: that is a failure
            write_line("cancelled", *handling)
            raise
        write_line("end", *handling)
        if fails(str(event.event_id), context.attempt):
            raise KeyError

    @receiver.on(VehicleStateEvent, transaction=True)
    def write_record(event: VehicleStateEvent, context: Context) -> None:
        delivered = event.meta.delivered_at
        assert delivered is not None
        if (folder / "slow").exists() and is_slow(str(event.event_id), context.attempt):
            time.sleep(TRANSACTION_TIMEOUT * 1.5)
        context.connection.execute(
            "INSERT INTO handled (event_id, delivered_at, redelivered) VALUES (?, ?, ?)",
            (event.event_id, delivered.timestamp(), context.redelivered),
        )

    return receiver


async def serve(listening: socket.socket, receiver: Receiver) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_route("*", "/", receiver.aiohttp_handler)
    app.cleanup_ctx.append(receiver.aiohttp_context)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    await asyncio.Event().wait()


def supervise(descriptor: int, folder: Path, mode: Mode, process: str) -> None:
    """Serve, and begin again if the store cannot be opened at the start: it is locked, or the disk is full."""
    while True:
        with suppress(ConfigurationError):
            asyncio.run(serve(socket.socket(fileno=os.dup(descriptor)), receiver_of(folder, mode, process)))
        time.sleep(0.1)


if __name__ == "__main__":
    descriptor, folder, chosen_mode, process = sys.argv[1:]
    mode: Mode = "inbox" if chosen_mode == "inbox" else "inline"
    inject_store_faults(Path(folder))
    supervise(int(descriptor), Path(folder), mode, process)
