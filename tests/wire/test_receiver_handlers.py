"""Which handlers see which events, and what can be a handler."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import ConfigurationError, Signal, SqliteEventStore, bodies, signals
from smartcar_async.receiver import Context, EventHandled, Receiver, ReceiverEvent
from smartcar_async.webhook import (
    LegacyEvent,
    UnknownEvent,
    VehicleError,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
    parse,
)

from ..deliveries import ERROR, ERRORS, LEGACY_CHARGING, STATE, TOKEN, UNKNOWN_EVENT, Document, written
from .receiving import clock, deliver, deliver_sync, receiver_of, signed, until


def handled_by(receiver: Receiver) -> list[object]:
    """One handler of each sort, and what they are called with."""
    seen = list[object]()

    @receiver.on(VehicleStateEvent)
    def on_state(event: VehicleStateEvent) -> None:
        seen.append(("state", event.event_id))

    @receiver.on(VehicleErrorEvent)
    def on_errors(event: VehicleErrorEvent, context: Context) -> None:
        seen.append(("errors", event.event_id, context.event_id, context.attempt, context.redelivered))

    @receiver.on(LegacyEvent)
    def on_legacy(event: LegacyEvent) -> None:
        seen.append(("legacy", event.name))

    @receiver.on(UnknownEvent)
    def on_unknown(event: UnknownEvent) -> None:
        seen.append(("unknown", event.type))

    @receiver.on_signal(signals.TractionBattery.StateOfCharge)
    def on_charge(signal: Signal[bodies.Measure], event: VehicleStateEvent) -> None:
        seen.append(("charge", signal.require().value, event.event_id))

    @receiver.on_signal("vehicleidentification-vin")
    def on_vin(signal: Signal[Any], event: VehicleStateEvent, context: Context) -> None:
        seen.append(("vin", signal.code, context.event_id))

    @receiver.on_signal(signals.Closure.Tailgate)
    def on_tailgate(signal: Signal[Any], event: VehicleStateEvent) -> None:
        seen.append("a signal without a value")

    @receiver.on_error("ERROR")
    def on_begun(error: VehicleError, event: VehicleErrorEvent) -> None:
        seen.append(("begun", error.code))

    @receiver.on_error(state="RESOLVED")
    def on_over(error: VehicleError, event: VehicleErrorEvent, context: Context) -> None:
        seen.append(("over", error.code, context.attempt))

    @receiver.on_error()
    def on_either(error: VehicleError, event: VehicleErrorEvent) -> None:
        seen.append(("either", error.code))

    return seen


@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "plain"])
async def test_handlers_get_what_they_are_registered_for(post: Any) -> None:
    """By kind of event, signal and state of error, in the order of their registration."""
    receiver = receiver_of()
    seen = handled_by(receiver)
    over = {**ERROR, "state": "RESOLVED", "code": "ASLEEP"}
    errors = {**ERRORS, "data": {**ERRORS["data"], "errors": [ERROR, over]}}
    for document in (STATE, errors, LEGACY_CHARGING, UNKNOWN_EVENT):
        assert await post(receiver, document) == 204
    assert seen == [
        ("state", "e-1"),
        ("charge", 61.0, "e-1"),
        ("vin", "vehicleidentification-vin", "e-1"),
        ("errors", "e-2", "e-2", 1, False),
        ("begun", "UNREACHABLE"),
        ("over", "ASLEEP", 1),
        ("either", "UNREACHABLE"),
        ("either", "ASLEEP"),
        ("legacy", "eventBased"),
        ("unknown", "VEHICLE_SOLD"),
    ]


class Thing:
    """Objects can be handlers."""

    def __init__(self) -> None:
        self.seen = list[object]()

    async def __call__(self, event: VehicleStateEvent, context: Context) -> None:
        """Note both."""
        self.seen.append((event.event_id, context.event_id))


async def test_any_callable_is_a_handler() -> None:
    """Coroutine functions, objects, partials, builtins, lambdas that give something to await."""
    receiver, seen, thing = receiver_of(), list[object](), Thing()

    async def note(what: str, event: VehicleStateEvent) -> None:
        seen.append((what, event.event_id))

    def with_default(event: VehicleStateEvent, prefix: str = "default") -> None:
        seen.append((prefix, event.event_id))

    def with_any(*arguments: object) -> None:
        seen.append(len(arguments))

    assert receiver.on(VehicleStateEvent)(thing) is thing
    receiver.on(VehicleStateEvent)(functools.partial(note, "partial"))
    receiver.on(VehicleStateEvent)(lambda event: note("lambda", event))
    receiver.on(VehicleStateEvent)(with_default)
    receiver.on(VehicleStateEvent)(with_any)
    receiver.on(VehicleStateEvent)(seen.append)
    assert await deliver(receiver, STATE) == 204
    assert thing.seen == [("e-1", "e-1")]
    assert seen[:4] == [("partial", "e-1"), ("lambda", "e-1"), ("default", "e-1"), 1]
    assert isinstance(seen[4], VehicleStateEvent)


async def test_a_plain_handler_may_block() -> None:
    """It has a thread, and the loop goes on."""
    receiver, loop_ran = receiver_of(), asyncio.Event()
    loop = asyncio.get_running_loop()

    @receiver.on(VehicleStateEvent)
    def wait(event: VehicleStateEvent) -> None:
        asyncio.run_coroutine_threadsafe(loop_ran.wait(), loop).result(5)

    answer = asyncio.create_task(deliver(receiver, STATE))
    await asyncio.sleep(0.01)
    loop_ran.set()
    assert await answer == 204


async def test_an_async_handler_needs_a_loop(caplog: pytest.LogCaptureFixture) -> None:
    """Without one, its events are refused, and the log says so; others are handled."""
    receiver = receiver_of()

    @receiver.on(VehicleErrorEvent)
    async def handle(event: VehicleErrorEvent) -> None:
        raise AssertionError

    assert receiver.handle_sync("POST", *signed(ERRORS)).status == 500
    assert "async" in caplog.text
    assert receiver.handle_sync("POST", *signed(STATE)).status == 204


@pytest.mark.parametrize("transaction", [False, True])
def test_nothing_to_await_is_forgotten(transaction: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A plain function that gives a coroutine is a failure where nobody can await it, and no handled event."""

    async def handle(event: VehicleStateEvent) -> None:
        raise AssertionError

    with SqliteEventStore(tmp_path / "events.db") as store:
        receiver = receiver_of(store=store, mode="inline")
        receiver.on(VehicleStateEvent, transaction=transaction)(lambda event: handle(event))
        assert receiver.handle_sync("POST", *signed(STATE)).status == 503
    assert "something to await" in caplog.text


def wrong(receiver: Receiver) -> list[Callable[[], object]]:
    """What cannot be registered."""

    async def coroutine(event: VehicleStateEvent) -> None: ...

    def generator(event: VehicleStateEvent) -> Iterator[None]:
        yield

    async def async_generator(event: VehicleStateEvent) -> AsyncIterator[None]:
        yield

    return [
        lambda: receiver.on(VerifyEvent),
        lambda: receiver.on("VEHICLE_STATE"),  # type: ignore[arg-type]  # pyright: ignore
        lambda: receiver.on_error("BEGUN"),  # type: ignore[arg-type]  # pyright: ignore
        lambda: receiver.on(VehicleStateEvent)(lambda: None),  # type: ignore[misc, arg-type]  # pyright: ignore
        lambda: receiver.on(VehicleStateEvent)(lambda one, two, three: None),  # type: ignore[misc, arg-type]  # pyright: ignore
        lambda: receiver.on_signal("tractionbattery-stateofchrage"),
        lambda: receiver.on_signal(signals.TractionBattery),  # type: ignore[call-overload]  # pyright: ignore
        lambda: receiver.on_signal(signals.custom("a-b"))(lambda one: None),  # type: ignore[misc, arg-type]  # pyright: ignore
        lambda: receiver.on(VehicleStateEvent, transaction=True)(coroutine),
        lambda: receiver.on(VehicleStateEvent)(generator),
        lambda: receiver.on(VehicleStateEvent)(async_generator),
    ]


@pytest.mark.parametrize("number", range(len(wrong(Receiver(TOKEN)))))
def test_what_cannot_be_a_handler(number: int, tmp_path: Path) -> None:
    """Is refused when it is registered."""
    with pytest.raises(ConfigurationError):
        wrong(Receiver(TOKEN, SqliteEventStore(tmp_path / "events.db")))[number]()


class Silent:
    """Like some functions written in C, it does not tell its arguments."""

    @property
    def __signature__(self) -> object:
        raise ValueError("no signature found")

    def __call__(self, event: UnknownEvent) -> None:
        """Note the event."""
        self.seen = event


def test_what_hides_its_arguments_can_be_a_handler() -> None:
    """It is called with the event alone."""
    receiver, silent = receiver_of(), Silent()
    receiver.on(UnknownEvent)(silent)
    assert receiver.handle_sync("POST", *signed(UNKNOWN_EVENT)).status == 204
    assert silent.seen.event_id == "e-4"


class Odd(BaseException):
    """What is no Exception, as the failures of some test tools."""


def raises(error: type[BaseException], *, is_async: bool) -> Callable[[VehicleStateEvent], Any]:
    """A handler that fails."""

    def fail(event: VehicleStateEvent) -> None:
        raise error

    async def fail_later(event: VehicleStateEvent) -> None:
        raise error

    return fail_later if is_async else fail


ODD: list[type[BaseException]] = [Odd, asyncio.CancelledError, StopIteration, SystemExit, GeneratorExit]


@pytest.mark.parametrize("error", ODD)
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "plain"])
async def test_whatever_a_handler_raises_is_its_failure(
    is_async: bool, error: type[BaseException], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also what would end or hang a task: it is in the log, its event comes again, and the worker goes on."""
    inline, now = receiver_of(), clock()
    inline.on(VehicleStateEvent)(raises(error, is_async=is_async))
    assert [await deliver(inline, STATE), await deliver(inline, STATE)] == [503, 503]
    assert "attempt 2\nTraceback" in caplog.text
    assert error.__name__ in caplog.text
    with SqliteEventStore(tmp_path / "events.db") as store:
        inbox = receiver_of(store=store, clock=now, retry_delays=())
        inbox.on(VehicleStateEvent)(raises(error, is_async=is_async))
        async with inbox:
            assert await deliver(inbox, STATE) == 204
            await until(store.parked)
            assert store.parked()[0].attempts == 1


@pytest.mark.parametrize("error", ODD)
@pytest.mark.parametrize("transaction", [True, False])
def test_whatever_a_handler_raises_without_a_loop(
    transaction: bool, error: type[BaseException], tmp_path: Path
) -> None:
    """Likewise."""
    with SqliteEventStore(tmp_path / "events.db") as store:
        receiver = receiver_of(store=store, mode="inline")
        receiver.on(VehicleStateEvent, transaction=transaction)(raises(error, is_async=False))
        assert [receiver.handle_sync("POST", *signed(STATE)).status for _ in range(2)] == [503, 503]


def test_a_loop_that_is_closed_under_a_handler_is_no_failure() -> None:
    """Its coroutine is closed then, by whoever finds it: nobody raised anything."""
    receiver, entered = receiver_of(), list[object]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent) -> None:
        entered.append(event)
        await asyncio.Event().wait()

    handlers = receiver._handlers  # pyright: ignore[reportPrivateUsage]
    running = handlers.run(parse(written(STATE)), Context("e-1"), lambda: False)
    loop = asyncio.new_event_loop()
    task: Any = loop.create_task(running)
    loop.run_until_complete(until(lambda: entered))
    loop.close()
    running.close()
    task._log_destroy_pending = False


def test_ctrl_c_is_no_failure(tmp_path: Path) -> None:
    """It goes through, and the event is released."""
    receiver = receiver_of()
    receiver.on(VehicleStateEvent)(raises(KeyboardInterrupt, is_async=False))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            receiver.handle_sync("POST", *signed(STATE))


async def test_a_parameter_named_context_gets_it() -> None:
    """With a default, and by keyword alone; other parameters with a default are left alone."""
    receiver, seen = receiver_of(), list[tuple[str, object]]()

    def second(event: VehicleStateEvent, context: Context | None = None) -> None:
        seen.append(("second", context))

    def keyword(event: VehicleStateEvent, *, context: Context) -> None:
        seen.append(("keyword", context))

    def third(event: VehicleStateEvent, other: int = 5, context: Context | None = None) -> None:
        seen.append((f"third {other}", context))

    def other(event: VehicleStateEvent, other: Context | None = None, *rest: object, more: int = 1) -> None:
        seen.append(("other", other))

    def first(context: VehicleStateEvent) -> None:
        seen.append(("first", context.event_id))

    def bound(event: VehicleStateEvent, context: object) -> None:
        seen.append(("bound", context))

    def anything(event: VehicleStateEvent, **context: object) -> None:
        seen.append(("anything", context))

    handlers: list[Any] = [second, keyword, third, other, first, functools.partial(bound, context=7), anything]
    for handler in handlers:
        receiver.on(VehicleStateEvent)(handler)
    assert await deliver(receiver, STATE) == 204
    expected: list[tuple[str, object]] = [
        ("second", Context("e-1")),
        ("keyword", Context("e-1")),
        ("third 5", Context("e-1")),
        ("other", None),
        ("first", "e-1"),
        ("bound", 7),
        ("anything", {}),
    ]
    assert seen == expected


def test_a_keyword_that_nobody_gives() -> None:
    """It would fail at each event, and is refused when it is registered."""

    def handle(event: VehicleStateEvent, *, database: object) -> None:
        raise AssertionError

    wrong: Any = handle
    with pytest.raises(ConfigurationError, match="handle: nobody gives a handler its argument database"):
        receiver_of().on(VehicleStateEvent)(wrong)


async def cancels(event: VehicleStateEvent) -> None:
    """Cancel the task that it runs in, and wait."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(5)


async def cancels_and_goes_on(event: VehicleStateEvent) -> None:
    """Cancel the task that it runs in, and raise something else."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    raise GeneratorExit


async def awaits_what_exits(event: VehicleStateEvent) -> None:
    """Raise in a task of its own: asyncio then closes all that awaits it."""
    await asyncio.create_task(raises(GeneratorExit, is_async=True)(event))


@pytest.mark.parametrize("handler", [cancels, cancels_and_goes_on, awaits_what_exits])
async def test_a_handler_that_ends_its_own_task_is_seen(
    handler: Callable[[VehicleStateEvent], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody asked it to stop: it failed, its traceback is in the log, and the event comes again."""
    receiver = receiver_of()
    receiver.on(VehicleStateEvent)(handler)
    for attempt in (1, 2):
        reply = await receiver.handle("POST", *signed(STATE))
        assert (reply.status, reply.reason) == (503, "HandlerFailed")
        assert f"a handler failed on e-1, attempt {attempt}\nTraceback" in caplog.text
    assert handler.__name__ in caplog.text


@pytest.mark.parametrize("handler", [cancels, cancels_and_goes_on, awaits_what_exits])
async def test_a_handler_that_ends_its_own_task_is_parked(
    handler: Callable[[VehicleStateEvent], Any], tmp_path: Path
) -> None:
    """By the worker, as any that fails."""
    with SqliteEventStore(tmp_path / "events.db") as store:
        receiver = Receiver(TOKEN, store, tolerance=None, retry_delays=(0.0,))
        receiver.on(VehicleStateEvent)(handler)
        async with receiver:
            assert await deliver(receiver, STATE) == 204
            await until(store.parked)
        assert [(parked.attempts, parked.problem) for parked in store.parked()] == [(2, "RuntimeError")]


async def test_a_server_that_ends_its_tasks_fails_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """As `asyncio.run` does at its end: all of them at once."""
    receiver, entered, seen = receiver_of(), asyncio.Event(), list[int]()

    @receiver.on(VehicleStateEvent)
    async def handle(event: VehicleStateEvent, context: Context) -> None:
        seen.append(context.attempt)
        entered.set()
        if len(seen) == 1:
            await asyncio.sleep(5)

    before = asyncio.all_tasks()
    delivery = asyncio.create_task(deliver(receiver, STATE))
    await entered.wait()
    for task in asyncio.all_tasks() - before:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    await receiver.aclose()
    assert "a handler failed" not in caplog.text
    assert await deliver(receiver, STATE) == 204
    assert seen == [1, 2]


@pytest.mark.parametrize(
    "place", [{"data": {"vehicle": {"id": "v-9"}}}, {"vehicleId": "v-9"}, {"data": {"vehicleId": "v-9"}}]
)
async def test_an_unknown_event_has_the_lane_of_its_vehicle(place: Document) -> None:
    """Of whatever kind it is, a vehicle's events are handled one by one."""
    told = list[ReceiverEvent]()
    receiver = receiver_of(on_event=told.append)
    odd: list[Document] = [{"data": {"vehicle": "v-9"}}, {"data": []}, {"vehicleId": 9}, {"data": {"vehicleId": ""}}]
    for number, document in enumerate([place, *odd]):
        bare = {name: UNKNOWN_EVENT[name] for name in UNKNOWN_EVENT if name not in ("data", "vehicleId")}
        assert await deliver(receiver, {**bare, "eventId": f"t-{number}", **document}) == 204
    lanes = [event.lane for event in told if isinstance(event, EventHandled)]
    assert lanes == ["v-9", "t-1", "t-2", "t-3", "t-4"]
