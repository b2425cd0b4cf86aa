"""From a claim to its end: the handlers run, and the event is marked as handled."""

import asyncio
import inspect
import sqlite3
from collections.abc import Callable
from contextvars import copy_context
from enum import Enum, auto
from functools import partial
from typing import cast

from attrs import define, field

from ..clock import Clock
from ..errors import plain_id
from ..log import logger
from ..webhook import Event
from .event_store import Claim, EventStore
from .handlers import Context, Handlers, is_cancelled
from .keeper import Holding, Keeper, Outcome
from .sqlite.store import SqliteEventStore
from .threads import Threads, to_the_end


class Ending(Enum):
    """How a handling ended. LOST: the claim was, so that it may be handled twice. PENDING: it is not recorded yet."""

    DONE = auto()
    FAILED = auto()
    LOST = auto()
    PENDING = auto()


class HandlerFailed(Exception):
    """A handler in the store's transaction failed, and not the store."""


@define(eq=False)
class Work:
    """The store and the handlers, and how they are used together."""

    store: EventStore
    handlers: Handlers
    clock: Clock
    lease: float
    after_failure: Callable[[Claim, BaseException], Outcome] = field(init=False)
    """What becomes of an event whose handler failed; of one that comes again by itself, nothing but its release."""
    after_cancel: Callable[[], Outcome] = field(init=False)
    """Asked in a task that was cancelled: what becomes of the event that it handles."""
    is_over: Callable[[], bool] = is_cancelled
    """Whether the task that asks is to stop, and was not merely cancelled by its own handler."""
    on_end: Callable[[], None] = lambda: None
    """Called from any thread when something was recorded: another event may have its turn."""
    threads: Threads = field(init=False)
    keeper: Keeper = field(init=False)
    _knows_lanes: bool = field(init=False)
    _began: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.after_failure = lambda claim, error: self.release
        self.after_cancel = lambda: self.release
        self._knows_lanes = knows_lanes(self.store)
        self.threads = Threads(apart=self._knows_lanes)
        self.keeper = Keeper(self.lease, self._renew, self.conclude)
        self._began = self.clock.now().timestamp() - self.clock.monotonic()

    def now(self) -> float:
        """Seconds since 1970, as they pass: a step of the time of day changes nothing for claims and pauses."""
        return self._began + self.clock.monotonic()

    def claim(self, key: str, lane: str, hold: float) -> Claim:
        """Claim an event in its lane."""
        now = self.now()
        if not self._knows_lanes:
            return self.store.claim(key, now=now, until=now + self.lease)
        return self.store.claim(key, now=now, until=now + self.lease, lane=lane, hold=hold)

    def hold(self, claim: Claim, asked: float) -> Holding | None:
        """Keep a claim that was asked for at that time; None if its event is being handled here already."""
        return self.keeper.hold(claim, asked)

    def release(self, claim: Claim, pause: float = 0.0) -> None:
        """Give a claim back, for some time after now."""
        now = self.now()
        self.store.release(claim, now=now, due=now + pause)

    def spare(self, claim: Claim, pause: float = 0.0) -> None:
        """The same, and the attempt does not count; a store of before counts it."""
        now = self.now()
        getattr(self.store, "spare", self.store.release)(claim, now=now, due=now + pause)

    async def perform(self, holding: Holding, event: Event) -> Ending:
        """Call the handlers of a claimed event, and record how that ended."""
        if self._was_silent(holding) and not await to_the_end(self.threads.store, partial(self._still_holds, holding)):
            return Ending.LOST
        context = Context(holding.claim.event_id, holding.claim.attempt)
        try:
            await self.handlers.run(event, context, self.is_over)
        except asyncio.CancelledError:
            await self.give_back(holding)
            raise
        except Exception as error:
            return await to_the_end(self.threads.store, partial(self.fail, holding, error))
        except BaseException:  # Ctrl-C, or the loop was closed: nothing can be awaited
            self.conclude(holding, self.release)
            raise
        inside = self.handlers.need_transaction(event)
        thread = self.threads.transactions if inside else self.threads.store
        return await to_the_end(thread, partial(self.conclude, holding, self._handled(event, context)))

    def perform_plain(self, holding: Holding, event: Event) -> Ending:
        """The same in this thread."""
        if self._was_silent(holding) and not self._still_holds(holding):
            return Ending.LOST
        context = Context(holding.claim.event_id, holding.claim.attempt)
        try:
            self.handlers.run_plain(event, context)
        except Exception as error:
            return self.fail(holding, error)
        except BaseException:
            self.conclude(holding, self.release)
            raise
        return self.conclude(holding, self._handled(event, context))

    def _was_silent(self, holding: Holding) -> bool:
        """Whether so much time passed before the first handler that somebody else may have the event now."""
        return self.clock.monotonic() - holding.began > self.lease / 2

    def _still_holds(self, holding: Holding) -> bool:
        """Whether a claim is held. If not, or if nobody can tell, it is not kept any longer."""
        try:
            held = self.store.renew(holding.claim, until=self.now() + self.lease)
        except Exception:
            logger.exception("webhook: the store failed")
            held = False
        if not held:
            self.conclude(holding, self.release)
        return held

    async def give_back(self, holding: Holding) -> None:
        """Give a claim back from a task that was cancelled."""
        await to_the_end(self.threads.store, partial(self.conclude, holding, self.after_cancel()))

    def fail(self, holding: Holding, error: BaseException) -> Ending:
        """Record that a handler failed."""
        claim = holding.claim
        logger.error(
            "webhook: a handler failed on %s, attempt %d", plain_id(claim.event_id), claim.attempt, exc_info=error
        )
        self.conclude(holding, self.after_failure(claim, error))
        return Ending.FAILED

    def conclude(self, holding: Holding, outcome: Outcome) -> Ending:
        """Record how a handling ended. What the store refuses is told again, and the claim kept until then."""
        claim = holding.claim
        try:
            kept = outcome(claim) is not False
        except HandlerFailed as failure:
            return self.fail(holding, cast("BaseException", failure.__cause__))
        except Exception:
            known = plain_id(claim.event_id)
            text = "webhook: how %s ended is not recorded yet, for the store failed; it is told again"
            logger.error(text, known, exc_info=not holding.refused)  # the first time with its traceback
            self.keeper.postpone(holding, outcome)
            return Ending.PENDING
        except BaseException:
            self.keeper.postpone(holding, self.release)
            raise
        if not self.keeper.drop(holding, claim, kept):
            return self.conclude(holding, outcome)
        self.on_end()
        if not kept:
            logger.warning("webhook: %s took longer than its lease, and may be handled twice", plain_id(claim.event_id))
        return Ending.DONE if kept else Ending.LOST

    def _handled(self, event: Event, context: Context) -> Outcome:
        """The mark that an event was handled, with the handlers that are in one transaction with it.

        They are called again after a commit that failed, for that was rolled back; in the caller's context as before.
        """
        here = copy_context()
        return lambda claim: here.run(self._commit, event, context, claim)

    def _commit(self, event: Event, context: Context, claim: Claim) -> bool:
        if not self.handlers.need_transaction(event):
            return self.store.commit(claim, now=self.now())
        begun = False

        def work(connection: sqlite3.Connection) -> None:
            nonlocal begun
            begun = True
            try:
                self.handlers.run_inside(event, context, connection)
            except Exception as error:
                raise HandlerFailed from error

        try:
            return cast("SqliteEventStore", self.store).commit(claim, now=self.now(), work=work)
        except (HandlerFailed, sqlite3.Error):
            raise
        except Exception as error:
            if begun:  # the store took its transaction away from a handler that was too long in it, or ended it
                raise HandlerFailed from error
            raise

    def _renew(self, holding: Holding) -> None:
        """Hold a claim for as long as its handlers take, and tell of those that may never end."""
        took = self.clock.monotonic() - holding.began
        if took >= self.lease:
            logger.warning("webhook: %s is being handled for %.0f s now", plain_id(holding.claim.event_id), took)
        self.store.renew(holding.claim, until=self.now() + self.lease)


def knows_lanes(store: EventStore) -> bool:
    """Whether a store is of the present kind: those of before have no lanes, and are called in one thread."""
    parameters = inspect.signature(store.claim).parameters.values()
    return any(one.name == "lane" or one.kind is one.VAR_KEYWORD for one in parameters)
