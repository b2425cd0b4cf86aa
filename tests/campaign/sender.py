"""Sends deliveries as Smartcar does, and worse: shuffled, repeated, concurrent, replayed, and until a 2xx."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from random import Random
from time import time

from attrs import define, field, frozen

from smartcar_async.webhook import sign

from ..deliveries import META, NAMED, TOKEN, Document, written

VEHICLES = 40
CONNECTIONS = 24
ANSWER_TIMEOUT = 4.0
REPLAYABLE = 200.0
"""Seconds for which a delivery can be replayed: after 300 s it is stale."""


@frozen
class CarEvent:
    """Something that happened to a car; each delivery of it has this event's id."""

    number: int
    vehicle: str
    recorded: int
    """When the car recorded it, in milliseconds; two may have the same time."""

    @property
    def event_id(self) -> str:
        """The id of the event, the same at each attempt."""
        return f"event-{self.number}"

    def document(self, delivered: int, attempt: int) -> Document:
        """The event as one attempt delivers it: one signal that the car dated, and one that it did not."""
        return {
            "eventId": self.event_id,
            "eventType": "VEHICLE_STATE",
            "data": {
                "user": {"id": "u-1"},
                "vehicle": {"id": self.vehicle, "make": "TESLA", "model": "Model 3", "year": 2024},
                "signals": [
                    _signal("tractionbattery-stateofcharge", self.number, self.recorded),
                    _signal("odometer-traveleddistance", self.number, 0),
                ],
            },
            "triggers": [{"type": "SIGNAL_UPDATED", "signal": NAMED}],
            "meta": {**META, "deliveryId": f"{self.number}-{attempt}", "deliveredAt": delivered},
        }


def _signal(code: str, value: int, recorded: int) -> Document:
    meta = {"oemUpdatedAt": recorded, "retrievedAt": 1_767_000_000_000 + value}
    return {"code": code, "body": {"value": value, "unit": "x"}, "status": {"value": "SUCCESS"}, "meta": meta}


def car_events(random: Random, count: int) -> list[CarEvent]:
    """What happened to the cars; some of it at the same time."""
    first = 1_767_000_000_000
    return [
        CarEvent(number, f"vehicle-{random.randrange(VEHICLES)}", first + random.randrange(count // 2 + 1))
        for number in range(count)
    ]


@define
class Sender:
    """Delivers each event until it is acknowledged, over many connections at once."""

    port: int
    random: Random
    deliveries: int
    """How many are sent, apart from those that are sent again because they failed."""
    acknowledged: set[str] = field(factory=set[str])
    answers: Counter[str] = field(factory=Counter[str])
    done: int = 0
    _attempts: itertools.count[int] = field(factory=itertools.count)
    _recent: dict[str, tuple[float, bytes]] = field(factory=dict[str, tuple[float, bytes]])

    async def send_all(self, events: list[CarEvent]) -> None:
        """Every event once, and some of them a second, third or fourth time, in any order."""
        plan = events + self.random.choices(events, k=self.deliveries - len(events))
        self.random.shuffle(plan)
        remaining = iter(plan)

        async def work() -> None:
            connection = Connection(self.port)
            for event in remaining:
                await self._deliver(event, connection)
                self.done += 1
            connection.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(work())

    async def _deliver(self, event: CarEvent, connection: Connection) -> None:
        request = self._request(event, replay=self.random.random() < 0.3)
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    status = str(await connection.send(request))
            except (OSError, EOFError, TimeoutError) as error:
                connection.close()
                status = type(error).__name__
            self.answers[status] += 1
            if status.startswith("2"):
                self.acknowledged.add(event.event_id)
                return
            await asyncio.sleep(self.random.uniform(0.05, 0.3))
            request = self._request(event, replay=False)

    def _request(self, event: CarEvent, *, replay: bool) -> bytes:
        """A new attempt, or the very bytes of an earlier one."""
        now = time()
        sent, request = self._recent.get(event.event_id, (0.0, b""))
        if not replay or now - sent > REPLAYABLE:
            body = written(event.document(int(now * 1000), next(self._attempts)))
            head = ["POST / HTTP/1.1", "Host: x", f"SC-Signature: {sign(TOKEN, body)}", f"Content-Length: {len(body)}"]
            request = "\r\n".join([*head, "\r\n"]).encode() + body
            self._recent[event.event_id] = (now, request)
        return request


@define
class Connection:
    """One connection, opened anew when it broke."""

    port: int
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> int:
        """The status of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, has_body, length = head.partition(b"content-length: ")
        if has_body:
            await reader.readexactly(int(length.partition(b"\r\n")[0]))
        return int(head.split(maxsplit=2)[1])

    def close(self) -> None:
        """Close it; it is opened anew for the next request."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
