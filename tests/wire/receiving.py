"""Deliveries handed to a receiver at the time at which all of them are made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from smartcar_async.receiver import Receiver, Reply
from smartcar_async.webhook import sign

from ..deliveries import NOW, STATE, TOKEN, Document, written
from .fakes import HeldClock


def clock() -> HeldClock:
    """A clock that stands at that time until it is moved."""
    return HeldClock((NOW - datetime(2026, 7, 1, tzinfo=UTC)).total_seconds())


def receiver_of(**options: Any) -> Receiver:
    """A receiver with one token."""
    defaults: dict[str, Any] = {"tokens": TOKEN, "clock": clock()}
    return Receiver(**(defaults | options))


def state(number: int, vehicle: str = "v-1") -> Document:
    """A delivery of its own."""
    data = {**STATE["data"], "vehicle": {**STATE["data"]["vehicle"], "id": vehicle}}
    return {**STATE, "eventId": f"e-{number}", "data": data}


def signed(document: Document, token: str = TOKEN) -> tuple[dict[str, str], bytes]:
    """The headers and body of a delivery."""
    body = written(document)
    return {"SC-Signature": sign(token, body)}, body


async def deliver(receiver: Receiver, document: Document, token: str = TOKEN) -> int:
    """The status that a delivery is answered with."""
    return (await receiver.handle("POST", *signed(document, token))).status


async def deliver_sync(receiver: Receiver, document: Document, token: str = TOKEN) -> int:
    """The same without an event loop."""
    reply: Reply = await asyncio.to_thread(receiver.handle_sync, "POST", *signed(document, token))
    return reply.status


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so; the test has a time limit of its own."""
    while not condition():  # noqa: ASYNC110  # threads are at work as well
        await asyncio.sleep(0.002)
