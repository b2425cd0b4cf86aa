"""What a receiver runs with in one process: its intakes, its worker, and their threads."""

import asyncio
import time
from collections.abc import Callable
from threading import Thread
from typing import Final, Protocol, Self

from attrs import define, field, frozen

from ..clock import Clock
from ..log import logger
from .active_events import Ending
from .claims import ClaimRunner
from .decoded_events import DecodedEvents
from .event_store import Claim, EventInbox, EventStore
from .handlers import Handlers
from .inbox_intake import Inbox, InboxIntake, SyncInboxIntake
from .inline_intake import InlineIntake, LaneClaims, SyncInlineIntake
from .judge import Accepted
from .reply import Reply
from .reporting import Reporter
from .retries import Retries, RetryLater
from .stores import Capabilities, TimedStore
from .worker import WakeUp, Worker
from .worker_thread import WorkerThread

_LONGEST_HOLD: Final = 75.0
"""Seconds that an event which is handled first waits for earlier ones at most: Smartcar's third attempt comes then."""
_CLOSING_POLL: Final = 0.005
"""Seconds between two looks whether the threads are done, when a receiver is closed."""


class Intake(Protocol):
    """Takes accepted deliveries on an event loop."""

    async def answer(self, accepted: Accepted) -> Reply:
        """Take one, and say what to answer."""
        ...

    async def finish(self, patience: float) -> None:
        """Wait for what is under way."""
        ...


class SyncIntake(Protocol):
    """Takes accepted deliveries in the thread of the caller."""

    def answer(self, accepted: Accepted) -> Reply:
        """Take one, and say what to answer."""
        ...


@frozen
class Plan:
    """The arguments of a receiver, checked: a runtime can be made from them in any process."""

    store: EventStore
    can: Capabilities
    inbox: EventInbox | None
    """Where deliveries are stored first; None, if they are handled first."""
    handlers: Handlers
    reporter: Reporter
    clock: Clock
    answer_within: float
    lease: float
    retries: Retries
    concurrency: int


@define(eq=False)
class Runtime:
    """Starts and ends what runs. Entered with `async with` on a loop, or with `with` for a thread that has one."""

    runner: ClaimRunner
    intake: Intake
    sync_intake: SyncIntake
    worker: Worker | None
    patience: float
    """Seconds that whatever is under way at the end is given."""
    thread: WorkerThread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.thread = WorkerThread(lambda: self)

    async def start(self) -> None:
        """Start the worker, if there is an inbox: it begins with what is left from before."""
        if self.worker is None or self.worker.started:
            return
        # What is wrong with the store shows here, and not at the first delivery.
        await asyncio.get_running_loop().run_in_executor(self.runner.threads.store, self.worker.inbox.waiting)
        if self.runner.handlers.empty:
            logger.warning("webhook: no handler is registered, so that events are acknowledged and forgotten")
        self.worker.start()

    async def aclose(self) -> None:
        """Stop the worker, wait for handlers as long as a delivery would, and end the threads."""
        if self.worker is not None:
            await self.worker.stop(self.patience)
        await self.intake.finish(self.patience)
        deadline, active = time.monotonic() + self.patience, self.runner.active_events
        await _wait_while(lambda: active.pending > 0, deadline)
        if active.pending:
            logger.error("webhook: the store does not record how %d events ended", active.pending)
        # Not for ever: a store may hang, or a handler.
        threads = self._end_threads()
        await _wait_while(lambda: any(thread.is_alive() for thread in threads), deadline)

    def _end_threads(self) -> list[Thread]:
        """Let the threads end when they have nothing more to do."""
        renewing = self.runner.active_events.close()
        return [*self.runner.threads.close(), *([] if renewing is None else [renewing])]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        if self.worker is not None:
            self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.thread.runs:
            return self.thread.stop()
        deadline = time.monotonic() + self.patience
        for thread in self._end_threads():
            thread.join(max(deadline - time.monotonic(), 0.0))
        return None


async def _wait_while(condition: Callable[[], bool], deadline: float) -> None:
    """Wait for threads to do something."""
    while condition() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_CLOSING_POLL)


def runtime_of(plan: Plan) -> Runtime:
    """Make what runs."""
    store = TimedStore(plan.store, plan.can, plan.clock, plan.lease)
    return _inline(plan, store) if plan.inbox is None else _inbox(plan, store, plan.inbox)


def _inbox(plan: Plan, store: TimedStore, inbox: EventInbox) -> Runtime:
    retrying, wake, decoded = RetryLater(store, inbox, plan.retries), WakeUp(), DecodedEvents()
    runner = ClaimRunner(store, plan.handlers, retrying.after_failure, plan.reporter, wake)
    worker = Worker(runner, inbox, retrying, decoded, wake, plan.concurrency)
    shared = Inbox(store, inbox, worker, decoded)
    return Runtime(runner, InboxIntake(shared, runner.threads), SyncInboxIntake(shared), worker, plan.answer_within)


def _inline(plan: Plan, store: TimedStore) -> Runtime:
    def after_failure(claim: Claim, error: BaseException) -> Ending:
        return Ending("failed", store.release, type(error).__name__)

    after, patience = plan.retries.step_aside_after, plan.answer_within
    runner = ClaimRunner(store, plan.handlers, after_failure, plan.reporter, lambda: None)
    claims = LaneClaims(runner, _LONGEST_HOLD if after is None else min(after, _LONGEST_HOLD))
    return Runtime(runner, InlineIntake(claims, patience), SyncInlineIntake(claims, patience), None, patience)
