"""From a claim to its end: the handlers run, and the event is marked as handled."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from enum import Enum, auto
from functools import partial
from typing import Any, Protocol

from attrs import define, field

from ..errors import ConfigurationError, plain_id
from ..log import logger
from ..webhook import Event
from .active_events import ActiveEvent, ActiveEvents, Ending
from .event_store import Claim
from .handlers import Context, Handlers
from .reporting import Reporter
from .stores import TimedStore
from .threads import Threads, to_the_end


class Result(Enum):
    """What to answer after a handling. LOST: its claim was, so it may run twice. PENDING: it is not recorded yet."""

    DONE = auto()
    FAILED = auto()
    LOST = auto()
    PENDING = auto()


class HandlerFailed(Exception):
    """A handler in the store's transaction failed, and not the store."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class AfterFailure(Protocol):
    """What becomes of an event whose handler failed."""

    def __call__(self, claim: Claim, error: BaseException, /) -> Ending:
        """What to record."""
        ...


@define(eq=False)
class ClaimRunner:
    """Runs the handlers of claimed events, and records in the store how that ended."""

    store: TimedStore
    handlers: Handlers
    after_failure: AfterFailure
    reporter: Reporter
    on_recorded: Callable[[], None]
    """Called from any thread when something was recorded: another event may have its turn."""
    threads: Threads = field(init=False)
    active_events: ActiveEvents = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.threads = Threads(apart=self.store.can.has_lanes)
        self.active_events = ActiveEvents(self.store.lease, self._renew, self.record)

    async def perform(self, active: ActiveEvent, event: Event, is_over: Callable[[], bool]) -> Result:
        """Call the handlers of a claimed event, and record how that ended.

        `is_over` says whether the current task is to stop, and was not merely cancelled by its own handler. Then
        CancelledError is raised, and the claim is still held.
        """
        if self._was_silent(active) and not await to_the_end(self.threads.store, partial(self._still_holds, active)):
            return Result.LOST
        context: Context[Any] = Context(active.claim.event_id, active.claim.attempt)
        try:
            await self.handlers.run(event, context, is_over)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            return await to_the_end(self.threads.store, partial(self.fail, active, error))
        except BaseException:  # Ctrl-C, or the loop was closed: nothing can be awaited
            self.record(active, self.cancelled())
            raise
        inside = self.handlers.need_transaction(event)
        thread = self.threads.transactions if inside else self.threads.store
        return await to_the_end(thread, partial(self.record, active, self._handled(event, context)))

    def perform_sync(self, active: ActiveEvent, event: Event) -> Result:
        """The same in this thread."""
        if self._was_silent(active) and not self._still_holds(active):
            return Result.LOST
        context: Context[Any] = Context(active.claim.event_id, active.claim.attempt)
        try:
            self.handlers.run_sync(event, context)
        except Exception as error:
            return self.fail(active, error)
        except BaseException:
            self.record(active, self.cancelled())
            raise
        return self.record(active, self._handled(event, context))

    async def give_back(self, active: ActiveEvent, ending: Ending) -> None:
        """Give a claim back from a task that was cancelled, if it is still held."""
        if self.active_events.has(active.claim.event_id):
            await to_the_end(self.threads.store, partial(self.record, active, ending))

    async def broken(self, active: ActiveEvent, error: Exception) -> None:
        """Record a failure that came past `perform`, unless it is recorded already.

        A GeneratorExit that comes out of what a handler awaits closes all coroutines around it, up to the task's own:
        none of them can await any more, and all that arrives is a RuntimeError.
        """
        await to_the_end(self.threads.store, partial(self._fail_if_held, active, error))

    def cancelled(self) -> Ending:
        """What was broken off comes again, and the attempt counts."""
        return Ending("cancelled", self.store.release)

    def fail(self, active: ActiveEvent, error: BaseException) -> Result:
        """Record that a handler failed."""
        claim = active.claim
        logger.error(
            "webhook: a handler failed on %s, attempt %d", plain_id(claim.event_id), claim.attempt, exc_info=error
        )
        self.record(active, self.after_failure(claim, error))
        return Result.FAILED

    def record(self, active: ActiveEvent, ending: Ending) -> Result:
        """Record how a handling ended. What the store refuses is tried again, and the claim renewed until then."""
        # Another thread may replace `active.claim` at any time (ActiveEvents.add), so it is read once. If it was lost
        # and there is a newer one by now, this calls itself to record the same ending with that one. If a handler fails
        # in the store's transaction, `fail` calls this again, with an ending that calls no handler.
        claim = active.claim
        if active.seconds is None:
            active.seconds = self._seconds_of(active)
        try:
            held = ending.record(claim) is not False
        except HandlerFailed as failure:
            active.seconds = self._seconds_of(active)
            return self.fail(active, failure.error)
        except Exception:
            text = "webhook: how %s ended is not recorded yet, for the store failed; it is told again"
            # With its traceback the first time.
            logger.error(text, plain_id(claim.event_id), exc_info=not active.refusals)
            self.active_events.postpone(active, ending)
            return Result.PENDING
        except BaseException:
            self.active_events.postpone(active, self.cancelled())
            raise
        if not self.active_events.remove(active, claim, held):
            return self.record(active, ending)  # with the newer claim on the same event
        self.on_recorded()
        if not held:
            logger.warning("webhook: %s took longer than its lease, and may be handled twice", plain_id(claim.event_id))
        name = ending.name if held else "lost"
        self.reporter.handled(claim, active.lane, active.seconds, name, ending.problem)
        return Result.DONE if held else Result.LOST

    def _fail_if_held(self, active: ActiveEvent, error: Exception) -> None:
        if self.active_events.has(active.claim.event_id) and active.pending is None:
            self.fail(active, error)

    def _was_silent(self, active: ActiveEvent) -> bool:
        """Whether so much time passed before the first handler that somebody else may have the event now."""
        return self._seconds_of(active) > self.store.lease / 2

    def _still_holds(self, active: ActiveEvent) -> bool:
        """Whether a claim is held. If not, or if nobody can tell, it is not renewed any longer."""
        try:
            held = self.store.renew(active.claim)
        except Exception:
            logger.exception("webhook: the store failed")
            held = False
        if not held:
            self.record(active, Ending("lost", self.store.release))
        return held

    def _handled(self, event: Event, context: Context[Any]) -> Ending:
        """The mark that an event was handled, with the handlers that are in one transaction with it.

        They are called again after a commit that failed, for that was rolled back; in the caller's context as before.
        """
        if not self.handlers.need_transaction(event):
            return Ending("handled", self.store.commit)
        here = copy_context()
        return Ending("handled", lambda claim: here.run(self._commit_with_handlers, event, context, claim))

    def _commit_with_handlers(self, event: Event, context: Context[Any], claim: Claim) -> bool:
        begun, failure = False, None

        def work(connection: object) -> None:
            nonlocal begun, failure
            begun = True
            try:
                self.handlers.run_inside(event, context, connection)
            except Exception as error:
                failure = error
                raise

        transactions = self.store.can.transactions
        assert transactions is not None  # else no handler could be registered for it
        try:
            return transactions.commit(claim, now=self.store.now(), work=work)
        except (TimeoutError, ConfigurationError) as error:
            if begun:  # the store took its transaction away from a handler that was too long in it, or ended it
                raise HandlerFailed(error) from error
            raise
        except Exception as error:
            if failure is not None:
                raise HandlerFailed(failure) from error
            raise

    def _renew(self, active: ActiveEvent) -> None:
        """Hold a claim for as long as its handlers take, and tell of those that may never end."""
        seconds = self._seconds_of(active)
        if seconds >= self.store.lease:
            logger.warning("webhook: %s is being handled for %.0f s now", plain_id(active.claim.event_id), seconds)
        self.store.renew(active.claim)

    def _seconds_of(self, active: ActiveEvent) -> float:
        return self.store.clock.monotonic() - active.began
