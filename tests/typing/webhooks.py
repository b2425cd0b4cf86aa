"""What a type checker knows about webhooks: the decorators of a receiver, its endpoints, and the functions below it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from typing import Any, assert_type

from smartcar_async import (
    Location,
    Measure,
    MemoryEventStore,
    ParkedEvent,
    Signal,
    SignalSet,
    SqliteEventStore,
    VehicleAttributes,
    bodies,
    signals,
)
from smartcar_async.receiver import Context, OnError, OnEvent, OnSignal, Receiver, Reply
from smartcar_async.webhook import (
    Event,
    Explanation,
    FreshestSignals,
    Match,
    VehicleError,
    VehicleErrorEvent,
    VehicleStateEvent,
    explain,
    hash_challenge,
    parse,
    sign,
    verify,
    verify_payload,
)


def decorators(receiver: Receiver) -> None:
    """The event's class and the signal's key decide what a handler takes."""
    assert_type(receiver.on(VehicleStateEvent), OnEvent[VehicleStateEvent])
    assert_type(receiver.on_signal(signals.TractionBattery.StateOfCharge), OnSignal[Measure])
    assert_type(receiver.on_signal(signals.Charge.ChargeTimers), OnSignal[bodies.ChargeTimers])
    assert_type(receiver.on_signal("odometer-traveleddistance"), OnSignal[Any])
    assert_type(receiver.on_error("RESOLVED"), OnError)


def handlers(receiver: Receiver) -> None:
    """A handler keeps its own type, async or not, with a context or without."""

    @receiver.on(VehicleStateEvent)
    async def state(event: VehicleStateEvent) -> None:
        assert_type(event.signals, SignalSet)
        assert_type(event.vehicle, VehicleAttributes | None)
        assert_type(event.event_id, str | None)

    @receiver.on(VehicleStateEvent, transaction=True)
    def written(event: VehicleStateEvent, context: Context) -> int:
        assert_type(context.redelivered, bool)
        assert_type((context.event_id, context.attempt), tuple[str, int])
        assert_type(context.connection, sqlite3.Connection)
        return 1

    @receiver.on(VehicleStateEvent, transaction=True)
    def elsewhere(event: VehicleStateEvent, context: Context[bytearray]) -> None:
        assert_type(context.connection, bytearray)

    @receiver.on_signal(signals.Location.PreciseLocation)
    async def moved(signal: Signal[Location], event: VehicleStateEvent) -> None:
        assert_type(signal.require().latitude, float | None)

    @receiver.on_error()
    def trouble(error: VehicleError, event: VehicleErrorEvent, context: Context) -> None:
        assert_type(error.resolved, bool)

    event, context = VehicleStateEvent.__new__(VehicleStateEvent), Context("e")
    assert_type(written(event, context), int)


async def endpoints(receiver: Receiver) -> None:
    """Each way to hand a request over answers a reply, or is what the framework expects."""
    reply = await receiver.handle("POST", {"SC-Signature": "..."}, b"{}")
    assert_type(reply, Reply)
    assert_type((reply.status, reply.body), tuple[int, bytes])
    assert_type(receiver.last_received_at, datetime | None)
    assert_type(receiver.answer_counts, Counter[int])
    assert_type(receiver.handle_sync("GET", {}, b""), Reply)
    async with receiver as entered:
        assert_type(entered, Receiver)


def stores() -> None:
    """A receiver takes one token or several, and any store."""
    store = SqliteEventStore("events.db")
    assert_type(Receiver("token", store), Receiver)
    assert_type(Receiver(["token", "older"], MemoryEventStore(), mode="inline"), Receiver)
    assert_type(tuple(store.parked()), tuple[ParkedEvent, ...])


def functions(body: bytes) -> None:
    """Bytes in, events out."""
    assert_type(sign("token", body), str)
    assert_type(hash_challenge("token", "challenge"), str)
    assert_type(verify_payload("token", None, body), bool)
    assert_type(verify(body, "signature", ["token", "older"]), Match | None)
    assert_type(explain(body, "signature", "token"), Explanation)
    assert_type(parse(body), Event)


def freshest(event: VehicleStateEvent) -> None:
    """The newest values of a vehicle are a set of signals."""
    newest = FreshestSignals()
    assert_type(newest.update(event), SignalSet)
    assert_type(newest["v"][signals.TractionBattery.StateOfCharge].require(), Measure)
    assert_type(newest["v"].ok[0].age(datetime.now(UTC)) is None, bool)
