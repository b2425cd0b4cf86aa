"""From a claim to its end: the handlers run, and the event is marked as handled."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

from attrs import define, field

from ..clock import Clock
from ..errors import plain_id
from ..event_store import Claim, EventStore
from ..log import logger
from ..sqlite_store import SqliteEventStore
from ..webhook import Event
from .handlers import Context, Handlers
from .threads import to_the_end

T = TypeVar("T")


def _one_thread() -> ThreadPoolExecutor:
    """A thread for the store alone: an acknowledgment never waits for a thread that a slow handler has."""
    return ThreadPoolExecutor(1, "smartcar-event-store")


@define
class Work:
    """The store and the handlers, and how they are used together."""

    store: EventStore
    handlers: Handlers
    clock: Clock
    lease: float
    thread: ThreadPoolExecutor = field(factory=_one_thread)

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock.now().timestamp()

    async def in_store(self, call: Callable[[], T]) -> T:
        """The result of a call to the store; a cancelled task does not wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, call)

    def claim(self, key: str) -> Claim:
        """Claim an event."""
        now = self.now()
        return self.store.claim(key, now=now, until=now + self.lease)

    def release(self, claim: Claim, pause: float = 0.0) -> None:
        """Give a claim back, for some time after now."""
        now = self.now()
        self.store.release(claim, now=now, due=now + pause)

    async def give_back(self, claim: Claim, pause: float = 0.0) -> None:
        """Release a claim from a task that may be cancelled. If the store fails, the lease ends by itself."""
        try:
            await to_the_end(self.thread, partial(self.release, claim, pause))
        except Exception:
            logger.exception("webhook: the store could not release the claim on %s", plain_id(claim.event_id))

    async def perform(self, claim: Claim, event: Event) -> bool:
        """Handle a claimed event. False if the claim was lost meanwhile, so that it may be handled again."""
        renewing = asyncio.create_task(self._renew(claim))
        try:
            context = Context(claim.event_id, claim.attempt)
            await self.handlers.run(event, context)
            return await to_the_end(self.thread, partial(self._commit, claim, event, context))
        finally:
            renewing.cancel()

    def perform_plain(self, claim: Claim, event: Event) -> bool:
        """Handle a claimed event in this thread."""
        context = Context(claim.event_id, claim.attempt)
        self.handlers.run_plain(event, context)
        return self._commit(claim, event, context)

    def _commit(self, claim: Claim, event: Event, context: Context) -> bool:
        if self.handlers.need_transaction(event):
            work = partial(self.handlers.run_inside, event, context)
            kept = cast("SqliteEventStore", self.store).commit(claim, now=self.now(), work=work)
        else:
            kept = self.store.commit(claim, now=self.now())
        if not kept:
            logger.warning("webhook: %s took longer than its lease, and may be handled twice", plain_id(claim.event_id))
        return kept

    async def _renew(self, claim: Claim) -> None:
        """Hold a claim for as long as its handlers take, and tell of those that may never end."""
        began = self.now()
        while True:
            await self.clock.sleep(self.lease / 3)
            took = self.now() - began
            if took >= self.lease:
                logger.warning("webhook: %s is being handled for %.0f s now", plain_id(claim.event_id), took)
            try:
                await self.in_store(partial(self.store.renew, claim, until=self.now() + self.lease))
            except Exception:
                logger.exception("webhook: the store could not renew the claim on %s", plain_id(claim.event_id))


def log_failure(claim: Claim, error: BaseException) -> None:
    """Tell that a handler failed, with its traceback."""
    logger.error("webhook: a handler failed on %s, attempt %d", plain_id(claim.event_id), claim.attempt, exc_info=error)
