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
from .event_store import Claim
from .handlers import Context, Handlers
from .keeper import Holding, Keeper, Outcome
from .reporting import Reporter
from .stores import TimedStore
from .threads import Threads, to_the_end


class Ending(Enum):
    """How a handling ended. LOST: the claim was, so that it may be handled twice. PENDING: it is not recorded yet."""

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

    def __call__(self, claim: Claim, error: BaseException, /) -> Outcome:
        """The outcome to record."""
        ...


@define(eq=False)
class ClaimRunner:
    """Runs the handlers of claimed events, and records in the store how that ended."""

    store: TimedStore
    handlers: Handlers
    after_failure: AfterFailure
    reporter: Reporter
    on_settled: Callable[[], None]
    """Called from any thread when something was recorded: another event may have its turn."""
    threads: Threads = field(init=False)
    keeper: Keeper = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.threads = Threads(apart=self.store.can.has_lanes)
        self.keeper = Keeper(self.store.lease, self._renew, self.settle)

    async def perform(self, holding: Holding, event: Event, is_over: Callable[[], bool]) -> Ending:
        """Call the handlers of a claimed event, and record how that ended.

        `is_over` says whether the current task is to stop, and was not merely cancelled by its own handler. Then
        CancelledError is raised, and the claim is still held.
        """
        if self._was_silent(holding) and not await to_the_end(self.threads.store, partial(self._still_holds, holding)):
            return Ending.LOST
        context: Context[Any] = Context(holding.claim.event_id, holding.claim.attempt)
        try:
            await self.handlers.run(event, context, is_over)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            return await to_the_end(self.threads.store, partial(self.fail, holding, error))
        except BaseException:  # Ctrl-C, or the loop was closed: nothing can be awaited
            self.settle(holding, self.cancelled())
            raise
        inside = self.handlers.need_transaction(event)
        thread = self.threads.transactions if inside else self.threads.store
        return await to_the_end(thread, partial(self.settle, holding, self._handled(event, context)))

    def perform_sync(self, holding: Holding, event: Event) -> Ending:
        """The same in this thread."""
        if self._was_silent(holding) and not self._still_holds(holding):
            return Ending.LOST
        context: Context[Any] = Context(holding.claim.event_id, holding.claim.attempt)
        try:
            self.handlers.run_sync(event, context)
        except Exception as error:
            return self.fail(holding, error)
        except BaseException:
            self.settle(holding, self.cancelled())
            raise
        return self.settle(holding, self._handled(event, context))

    async def give_back(self, holding: Holding, outcome: Outcome) -> None:
        """Give a claim back from a task that was cancelled, if it is still held."""
        if self.keeper.holds(holding.claim.event_id):
            await to_the_end(self.threads.store, partial(self.settle, holding, outcome))

    async def broken(self, holding: Holding, error: Exception) -> None:
        """Record a failure that came past `perform`, unless it is recorded already.

        A GeneratorExit that comes out of what a handler awaits closes all coroutines around it, up to the task's own:
        none of them can await any more, and all that arrives is a RuntimeError.
        """
        await to_the_end(self.threads.store, partial(self._fail_if_held, holding, error))

    def cancelled(self) -> Outcome:
        """What was broken off comes again, and the attempt counts."""
        return Outcome("cancelled", self.store.release)

    def fail(self, holding: Holding, error: BaseException) -> Ending:
        """Record that a handler failed."""
        claim = holding.claim
        logger.error(
            "webhook: a handler failed on %s, attempt %d", plain_id(claim.event_id), claim.attempt, exc_info=error
        )
        self.settle(holding, self.after_failure(claim, error))
        return Ending.FAILED

    def settle(self, holding: Holding, outcome: Outcome) -> Ending:
        """Record how a handling ended. What the store refuses is tried again, and the claim kept until then."""
        claim = holding.claim
        if holding.seconds is None:
            holding.seconds = self._seconds_of(holding)
        try:
            kept = outcome.record(claim) is not False
        except HandlerFailed as failure:
            holding.seconds = self._seconds_of(holding)
            return self.fail(holding, failure.error)
        except Exception:
            text = "webhook: how %s ended is not recorded yet, for the store failed; it is told again"
            # With its traceback the first time.
            logger.error(text, plain_id(claim.event_id), exc_info=not holding.refusals)
            self.keeper.postpone(holding, outcome)
            return Ending.PENDING
        except BaseException:
            self.keeper.postpone(holding, self.cancelled())
            raise
        if not self.keeper.drop(holding, claim, kept):
            return self.settle(holding, outcome)  # with the newer claim on the same event
        self.on_settled()
        if not kept:
            logger.warning("webhook: %s took longer than its lease, and may be handled twice", plain_id(claim.event_id))
        name = outcome.name if kept else "lost"
        self.reporter.handled(claim, holding.lane, holding.seconds, name, outcome.problem)
        return Ending.DONE if kept else Ending.LOST

    def _fail_if_held(self, holding: Holding, error: Exception) -> None:
        if self.keeper.holds(holding.claim.event_id) and holding.pending is None:
            self.fail(holding, error)

    def _was_silent(self, holding: Holding) -> bool:
        """Whether so much time passed before the first handler that somebody else may have the event now."""
        return self._seconds_of(holding) > self.store.lease / 2

    def _still_holds(self, holding: Holding) -> bool:
        """Whether a claim is held. If not, or if nobody can tell, it is not kept any longer."""
        try:
            held = self.store.renew(holding.claim)
        except Exception:
            logger.exception("webhook: the store failed")
            held = False
        if not held:
            self.settle(holding, Outcome("lost", self.store.release))
        return held

    def _handled(self, event: Event, context: Context[Any]) -> Outcome:
        """The mark that an event was handled, with the handlers that are in one transaction with it.

        They are called again after a commit that failed, for that was rolled back; in the caller's context as before.
        """
        if not self.handlers.need_transaction(event):
            return Outcome("handled", self.store.commit)
        here = copy_context()
        return Outcome("handled", lambda claim: here.run(self._commit_with_handlers, event, context, claim))

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

    def _renew(self, holding: Holding) -> None:
        """Hold a claim for as long as its handlers take, and tell of those that may never end."""
        seconds = self._seconds_of(holding)
        if seconds >= self.store.lease:
            logger.warning("webhook: %s is being handled for %.0f s now", plain_id(holding.claim.event_id), seconds)
        self.store.renew(holding.claim)

    def _seconds_of(self, holding: Holding) -> float:
        return self.store.clock.monotonic() - holding.began
