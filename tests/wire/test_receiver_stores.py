"""Stores that are not of this package: an inbox with transactions of its own, by the protocols alone."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import ConfigurationError, EventInbox, EventStore, MemoryEventStore, SqliteEventStore
from smartcar_async.receiver import Context, Receiver, StepAside, TransactionalStore, UncountedRelease
from smartcar_async.webhook import VehicleStateEvent

from ..deliveries import STATE, TOKEN
from .notebook_store import NotebookStore, Page
from .receiving import deliver, deliver_sync, receiver_of, signed, state, until


def test_a_store_says_what_it_can_do() -> None:
    """By its methods: a type checker sees that it does."""
    inbox: EventInbox = NotebookStore()
    lends: TransactionalStore[Page] = NotebookStore()
    uncounted: UncountedRelease = NotebookStore()
    stepping: StepAside = NotebookStore()
    file: TransactionalStore[sqlite3.Connection] = SqliteEventStore("never-opened.db")
    assert all((inbox, lends, uncounted, stepping, file))
    assert [Receiver(TOKEN, each).mode for each in (inbox, file, MemoryEventStore())] == ["inbox", "inbox", "inline"]


async def test_an_inbox_of_somebody_elses() -> None:
    """Deliveries are kept, handled in order, tried again, and written in its transaction."""
    store, seen = NotebookStore(), list[tuple[str | None, int]]()
    receiver = Receiver(TOKEN, store, tolerance=None, retry_delays=(0.0,))

    @receiver.on(VehicleStateEvent)
    def handle(event: VehicleStateEvent, context: Context[Page]) -> None:
        seen.append((event.event_id, context.attempt))
        with pytest.raises(ConfigurationError, match="transaction=True"):
            _ = context.connection
        if event.event_id == "e-1" and context.attempt == 1:
            raise KeyError

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context[Page]) -> None:
        context.connection.write(f"{event.event_id}")
        if event.event_id == "e-2" and context.attempt == 1:
            raise OSError("of the handler")

    async with receiver:
        for number in (1, 2, 3):
            assert await deliver(receiver, state(number)) == 204
        await until(lambda: not store.waiting())
    assert seen == [("e-1", 1), ("e-1", 2), ("e-2", 1), ("e-2", 2), ("e-3", 1)]
    assert store.lines == ["e-1", "e-2", "e-3"]


@pytest.mark.parametrize("post", [deliver, deliver_sync], ids=["async", "sync"])
async def test_its_transaction_handles_first(post: Any) -> None:
    """Also without the inbox."""
    store = NotebookStore()
    receiver = receiver_of(store=store, mode="inline")
    fails = [True, False]

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context[Page]) -> None:
        context.connection.write(f"{event.event_id} {context.attempt}")
        if fails.pop(0):
            raise KeyError

    assert [await post(receiver, STATE) for _ in range(3)] == [503, 204, 204]
    assert store.lines == ["e-1 2"]
    await receiver.aclose()


class Troubled(NotebookStore):
    """Its commits fail at first, after the work."""

    trouble: BaseException | None = None

    def commit(self, claim: Any, *, now: float, work: Any = None) -> bool:
        """Raise, and keep nothing."""
        error, self.trouble = self.trouble, None
        lines, entry = list(self.lines), self._entries[claim.event_id]
        held = entry.state, entry.event
        done = super().commit(claim, now=now, work=work)
        if error is not None:
            self.lines, (entry.state, entry.event) = lines, held
            raise error
        return done


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (OSError("the connection is lost"), [1, 1]),
        (TimeoutError("too long"), [1, 2]),
        (ConfigurationError("no"), [1, 2]),
    ],
)
async def test_whose_failure_it_is(error: Exception, attempts: list[int]) -> None:
    """The store's own are tried again; a handler that was too long in it, or ended it, has failed."""
    store, seen = Troubled(), list[int]()
    store.trouble = error
    receiver = Receiver(TOKEN, store, tolerance=None, retry_delays=(0.0,))

    @receiver.on(VehicleStateEvent, transaction=True)
    def write(event: VehicleStateEvent, context: Context[Page]) -> None:
        seen.append(context.attempt)
        context.connection.write("done")

    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(lambda: not store.waiting())
    assert (seen, store.lines) == (attempts, ["done"])


async def test_a_store_that_cannot_begin(caplog: pytest.LogCaptureFixture) -> None:
    """A TimeoutError before the work began is the store's: nobody failed."""
    store, seen, refusals = NotebookStore(), list[int](), [TimeoutError("busy")]
    receiver, commit = Receiver(TOKEN, store, tolerance=None), store.commit
    receiver.on(VehicleStateEvent, transaction=True)(lambda event, context: seen.append(context.attempt))

    def refuse(claim: Any, *, now: float, work: Any = None) -> bool:
        if refusals:
            raise refusals.pop()
        return commit(claim, now=now, work=work)

    store.commit = refuse  # type: ignore[method-assign]
    async with receiver:
        assert await deliver(receiver, STATE) == 204
        await until(lambda: not store.waiting())
    assert seen == [1]
    assert "is not recorded yet" in caplog.text


class Claims:
    """A store of claims alone."""

    def __init__(self) -> None:
        store = MemoryEventStore()
        self.claim, self.renew, self.release = store.claim, store.renew, store.release
        self.commit = store.commit


async def test_claims_alone() -> None:
    """Are enough to handle first; what the store cannot do is refused by name."""
    store: EventStore = Claims()
    receiver = receiver_of(store=store)
    assert receiver.mode == "inline"
    assert await deliver(receiver, STATE) == 204
    with pytest.raises(ConfigurationError, match="TransactionalStore"):
        receiver.on(VehicleStateEvent, transaction=True)
    with pytest.raises(ConfigurationError, match=r"^mode: "):
        receiver_of(store=store, mode="inbox")


WRONG: list[dict[str, Any]] = [
    *({"keep": keep} for keep in (0, -1.0, "7", float("nan"), True, None)),
    *({"limit": limit} for limit in (0, -1, 2.5, True, "7", None)),
]


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("options", WRONG)
def test_what_is_remembered_must_be_something(options: dict[str, Any], kind: str, tmp_path: Path) -> None:
    """A store that would forget at once, or never, is refused."""
    (name,) = options
    with pytest.raises(ConfigurationError, match=f"^{name}: "):
        MemoryEventStore(**options) if kind == "memory" else SqliteEventStore(tmp_path / "events.db", **options)


@pytest.mark.parametrize("kept", ["context", "connection"])
def test_a_connection_is_not_kept(kept: str, tmp_path: Path) -> None:
    """After its handler the context refuses it, and so does the connection itself, in any thread."""
    contexts, connections = list[Context](), list[sqlite3.Connection]()
    with SqliteEventStore(tmp_path / "events.db") as store:
        receiver = Receiver(TOKEN, store, tolerance=None, mode="inline")

        @receiver.on(VehicleStateEvent, transaction=True)
        def write(event: VehicleStateEvent, context: Context) -> None:
            contexts.append(context)
            connections.append(context.connection)

        assert receiver.handle_sync("POST", *signed(STATE)).status == 204
    if kept == "context":
        with pytest.raises(ConfigurationError, match="the handler has ended"):
            _ = contexts[0].connection
    else:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connections[0].execute("SELECT 1")


def test_a_kept_connection_does_not_end_the_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even at the last moment, when its handler has ended and the mark is being written."""
    kept, refused = list[sqlite3.Connection](), list[BaseException]()

    def use() -> None:
        for call in (lambda: kept[0].execute("COMMIT"), lambda: kept[0].execute("SELECT 1"), lambda: kept[0].close()):
            try:
                call()
            except ConfigurationError as error:
                refused.append(error)

    with SqliteEventStore(tmp_path / "events.db") as store:
        finish = store._finish  # pyright: ignore[reportPrivateUsage]

        def finish_late(*arguments: Any) -> bool:
            stranger = threading.Thread(target=use)
            stranger.start()
            stranger.join()
            return finish(*arguments)

        monkeypatch.setattr(store, "_finish", finish_late)
        receiver = Receiver(TOKEN, store, tolerance=None, mode="inline")
        receiver.on(VehicleStateEvent, transaction=True)(lambda event, context: kept.append(context.connection))
        assert receiver.handle_sync("POST", *signed(STATE)).status == 204
    assert len(refused) == 3
