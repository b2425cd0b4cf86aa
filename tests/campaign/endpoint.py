"""Run in a process of its own, to be killed: a receiver behind aiohttp's server, whose handlers keep books.

The plain handler writes a line of a log when it begins: that is there whatever happens next. The other one writes in
the store's own transaction.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Literal

from aiohttp import web

from smartcar_async import SqliteEventStore
from smartcar_async.receiver import Context, Receiver
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import TOKEN

LEASE = 1.5
BOOK = (
    "CREATE TABLE IF NOT EXISTS book (page INTEGER PRIMARY KEY, event_id TEXT, delivered_at REAL, redelivered INTEGER)"
)
Mode = Literal["inbox", "inline"]


def receiver_of(folder: Path, mode: Mode, life: int) -> Receiver:
    """A receiver whose handlers leave traces in a folder."""
    receiver = Receiver(
        TOKEN, SqliteEventStore(folder / "events.db"), mode=mode, budget=1.0, lease=LEASE, pauses=(0.1,) * 100
    )
    log = os.open(folder / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    busy = set[str]()

    @receiver.on(VehicleStateEvent)
    async def begin(event: VehicleStateEvent, context: Context) -> None:
        vehicle = str(event.vehicle_id)
        alone = vehicle not in busy
        busy.add(vehicle)
        os.write(log, f"{event.event_id} {life} {context.redelivered:d} {alone:d}\n".encode())
        await asyncio.sleep(0.001)
        busy.discard(vehicle)

    @receiver.on(VehicleStateEvent, transaction=True)
    def book(event: VehicleStateEvent, context: Context) -> None:
        delivered = event.meta.delivered_at
        assert delivered is not None
        context.connection.execute(
            "INSERT INTO book (event_id, delivered_at, redelivered) VALUES (?, ?, ?)",
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


if __name__ == "__main__":
    descriptor, place, chosen, number = sys.argv[1:]
    mode: Mode = "inbox" if chosen == "inbox" else "inline"
    asyncio.run(serve(socket.socket(fileno=int(descriptor)), receiver_of(Path(place), mode, int(number))))
