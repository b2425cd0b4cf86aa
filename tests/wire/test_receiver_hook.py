"""What a receiver tells its hook: each delivery, each answer and each handling, and nobody's data."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

from smartcar_async import ConfigurationError, MemoryEventStore, SqliteEventStore
from smartcar_async.receiver import (
    Context,
    DeliveryAnswered,
    DeliveryJudged,
    EventHandled,
    Receiver,
    ReceiverEvent,
)
from smartcar_async.webhook import VehicleStateEvent, sign

from ..deliveries import (
    META,
    OLD_TOKEN,
    PRIVATE,
    STATE,
    TOKEN,
    VERIFY,
    written,
)
from .fakes import HeldClock
from .receiving import clock, deliver, deliver_sync, receiver_of, signed, state, until


@pytest.fixture
def now() -> HeldClock:
    """The time of receiver and inbox."""
    return clock()


@pytest.fixture
def store(tmp_path: Path, now: HeldClock) -> Iterator[SqliteEventStore]:
    """An inbox."""
    with SqliteEventStore(tmp_path / "events.db", clock=now) as opened:
        yield opened


def still(told: list[ReceiverEvent]) -> list[ReceiverEvent]:
    """What was told, without how long it took."""
    assert all(event.seconds >= 0 for event in told)
    return [attrs.evolve(event, seconds=0.0) for event in told]


@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "sync"])
async def test_a_delivery_is_told_of(post: Any, now: HeldClock) -> None:
    """What came, how it was judged, how it was handled, and what was answered."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(clock=now, on_event=told.append)
    receiver.on(VehicleStateEvent)(lambda event: None)
    now.time += 20
    assert [await post(receiver, STATE), await post(receiver, STATE)] == [204, 204]
    judged = DeliveryJudged(len(written(STATE)), 0.0, "accepted", "VehicleStateEvent", 20.0)
    answered = DeliveryAnswered(204, "Accepted", 0.0)
    assert still(told) == [judged, EventHandled("e-1", "v-1", 1, 0.0, "handled"), answered, judged, answered]


@pytest.mark.parametrize(
    ("headers", "body", "verdict", "kind", "status", "reason"),
    [
        ({}, written(VERIFY), "verified", "VerifyEvent", 200, "Verified"),
        ({}, written(STATE), "MissingSignature", None, 401, "MissingSignature"),
        (*signed(STATE, "another"), "SignatureMismatch", None, 401, "SignatureMismatch"),
        (*signed({**STATE, "meta": {**META, "mode": "TEST"}}), "ignored", None, 204, "Accepted"),
        ({"Content-Length": "9000000"}, b"", "PayloadTooLarge", None, 413, "PayloadTooLarge"),
    ],
)
async def test_what_is_not_handled_is_told_of(
    headers: dict[str, str], body: bytes, verdict: str, kind: str | None, status: int, reason: str
) -> None:
    """With the verdict."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(on_event=told.append, modes="LIVE")
    assert (await receiver.handle("POST", headers, body)).status == status
    judged, answered = still(told)
    assert isinstance(judged, DeliveryJudged)
    assert (judged.verdict, judged.kind) == (verdict, kind)
    assert judged.size == (9_000_000 if headers.get("Content-Length") else len(body))
    assert answered == DeliveryAnswered(status, reason, 0.0)


async def test_other_methods_are_told_of() -> None:
    """Whoever looks with a browser."""
    told = list[ReceiverEvent]()
    await receiver_of(on_event=told.append).handle("GET", {}, b"")
    refused = "MethodNotAllowed"
    assert still(told) == [DeliveryJudged(0, 0.0, refused), DeliveryAnswered(405, refused, 0.0)]


async def test_each_attempt_is_told_of(store: SqliteEventStore, now: HeldClock) -> None:
    """What fails, what is parked, and by which class of error."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(store=store, clock=now, retry_delays=(0.0,), on_event=told.append)

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        raise KeyError(PRIVATE[0])

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(store.parked)
        await until(lambda: len(told) == 4)
    assert [event for event in still(told) if isinstance(event, EventHandled)] == [
        EventHandled("e-1", "v-1", 1, 0.0, "failed", "KeyError"),
        EventHandled("e-1", "v-1", 2, 0.0, "parked", "KeyError"),
    ]
    assert not any(word in repr(told) for word in [*PRIVATE, TOKEN, sign(TOKEN, written(STATE))])


async def test_what_is_broken_off_is_told_of() -> None:
    """The time of the delivery is over."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(answer_within=0.05, on_event=told.append)

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        await until(lambda: False)

    assert await deliver(receiver, STATE) == 503
    assert [event.outcome for event in told if isinstance(event, EventHandled)] == ["cancelled"]
    assert [event.reason for event in told if isinstance(event, DeliveryAnswered)] == ["TooSlow"]


async def test_what_is_lost_is_told_of() -> None:
    """Somebody else has the event."""
    told, memory = list[ReceiverEvent](), MemoryEventStore()
    receiver = receiver_of(store=memory, on_event=told.append)

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent) -> None:
        memory.claim("e-1", now=9e9, until=9e9 + 60)

    assert await deliver(receiver, STATE) == 503
    assert [event.outcome for event in told if isinstance(event, EventHandled)] == ["lost"]


async def test_what_cannot_be_shown_is_left_out() -> None:
    """An id that looks like a VIN, for one."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(on_event=told.append)
    assert await deliver(receiver, {**state(1, "WVWZZZ1JZXW000001"), "eventId": "a b"}) == 204
    (handled,) = (event for event in told if isinstance(event, EventHandled))
    assert (handled.event_id, handled.lane) == (None, None)


@pytest.mark.parametrize("error", [KeyError, SystemExit, GeneratorExit])
@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "sync"])
async def test_a_hook_that_raises_does_no_harm(
    post: Any, error: type[BaseException], store: SqliteEventStore, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the log, without its text; everything goes on."""
    seen = list[int]()

    def hook(event: ReceiverEvent) -> None:
        raise error("what is private")

    modes: list[Literal["inline", "inbox"]] = ["inline", "inbox"]
    for mode in modes:
        receiver = Receiver(TOKEN, store, tolerance=None, mode=mode, on_event=hook)
        receiver.on(VehicleStateEvent)(lambda event, context: seen.append(context.attempt))
        async with receiver:
            assert await post(receiver, state(len(mode))) == 204
            await until(lambda: not store.waiting())
    assert seen == [1, 1]
    assert f"the on_event hook raised {error.__name__}" in caplog.text
    assert "what is private" not in caplog.text


async def test_a_hook_is_a_plain_function(caplog: pytest.LogCaptureFixture) -> None:
    """An async one is refused, and one that gives something to await is in the log."""

    async def hook(event: ReceiverEvent) -> None:
        raise AssertionError

    for wrong in (hook, 5):
        with pytest.raises(ConfigurationError, match=r"^on_event: "):
            receiver_of(on_event=wrong)
    caplog.set_level(logging.WARNING)

    def give(event: ReceiverEvent) -> object:
        return hook(event)

    assert await deliver(receiver_of(on_event=give), STATE) == 204
    assert "give a plain function" in caplog.text


def test_ctrl_c_in_a_hook_goes_through() -> None:
    """In the main thread, which alone hears it; the event is handled all the same."""

    def hook(event: ReceiverEvent) -> None:
        if isinstance(event, EventHandled):
            raise KeyboardInterrupt

    receiver, seen = receiver_of(on_event=hook), list[object]()
    receiver.on(VehicleStateEvent)(seen.append)
    with pytest.raises(KeyboardInterrupt):
        receiver.handle_sync("POST", *signed(STATE))
    assert receiver.handle_sync("POST", *signed(STATE)).status == 204
    assert len(seen) == 1


async def test_old_tokens_and_old_deliveries(now: HeldClock) -> None:
    """A stale one is refused by its class."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(tokens=[TOKEN, OLD_TOKEN], clock=now, on_event=told.append)
    assert await deliver(receiver, STATE, OLD_TOKEN) == 204
    late = {**STATE, "meta": {**META, "deliveredAt": int((now.now() - timedelta(hours=1)).timestamp() * 1000)}}
    assert await deliver(receiver, late) == 400
    assert [event.verdict for event in told if isinstance(event, DeliveryJudged)] == ["accepted", "StaleEvent"]


def unused(context: Context) -> None:
    """A context without type arguments means the connection of a SqliteEventStore."""
    context.connection.execute("SELECT 1")
