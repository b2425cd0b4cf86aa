"""Deliveries that are stored first, answered at once, and handled by a worker."""

import asyncio
import time
from functools import partial
from typing import Final

from attrs import define, field

from ..log import logger
from . import reply as replies
from .decoded_events import DecodedEvents
from .event_store import EventInbox, StoredEvent
from .judge import Accepted
from .reply import Reply
from .stores import TimedStore
from .threads import Threads
from .worker import Worker

_ANSWER_WITHIN: Final = 12.0
"""Seconds for a store that waits for others: Smartcar waits for 15, and sends again what is answered 503."""


@define(eq=False)
class Inbox:
    """Puts accepted deliveries where the worker finds them."""

    store: TimedStore
    inbox: EventInbox
    worker: Worker
    decoded: DecodedEvents
    _warned: bool = False

    def put(self, accepted: Accepted) -> None:
        """Store an event. A worker in this process is not to decode it again."""
        stored = StoredEvent(accepted.key, accepted.lane, accepted.body)
        if self.worker.started:
            self.decoded.add(stored, accepted.event)
        self.inbox.put(stored, now=self.store.now())

    def reply(self, start: str) -> Reply:
        """The answer to what is stored; `start` is how a worker is started."""
        self.worker.wake()
        if not self.worker.started and not self._warned:
            self._warned = True
            logger.warning("webhook: stored, but no worker runs in this process; `%s` starts one", start)
        return replies.ACCEPTED


@define(eq=False)
class InboxIntake:
    """Deliveries on an event loop."""

    inbox: Inbox
    threads: Threads
    _puts: set["asyncio.Future[None]"] = field(factory=set["asyncio.Future[None]"])

    async def answer(self, accepted: Accepted) -> Reply:
        """Store one. What takes too long is refused, and may be stored all the same: it will come as a duplicate."""
        work = partial(self._put_in_time, accepted, time.monotonic())
        put = asyncio.get_running_loop().run_in_executor(self.threads.deliveries, work)
        self._puts.add(put)
        put.add_done_callback(self._done)
        await asyncio.wait({put}, timeout=_ANSWER_WITHIN)
        if not put.done():
            logger.error("webhook: the store did not keep a delivery within %g s", _ANSWER_WITHIN)
            return replies.STORE_DOWN
        error = put.exception()
        if error is not None:
            return _failed(error)
        return self.inbox.reply("async with receiver")

    async def finish(self, patience: float) -> None:
        """Wait for what is being stored."""
        if self._puts:
            await asyncio.wait(self._puts, timeout=patience)

    def _put_in_time(self, accepted: Accepted, arrived: float) -> None:
        """What waited for its thread until it was refused need not be stored any more."""
        if time.monotonic() - arrived > _ANSWER_WITHIN:
            raise TimeoutError("the store is busy")
        self.inbox.put(accepted)

    def _done(self, put: "asyncio.Future[None]") -> None:
        self._puts.discard(put)
        if not put.cancelled():
            put.exception()  # looked at, so that asyncio does not log that it never was


@define(eq=False)
class SyncInboxIntake:
    """Deliveries without an event loop."""

    inbox: Inbox

    def answer(self, accepted: Accepted) -> Reply:
        """Store one, in this thread."""
        try:
            self.inbox.put(accepted)
        except Exception as error:
            return _failed(error)
        return self.inbox.reply("with receiver")


def _failed(error: BaseException) -> Reply:
    logger.error("webhook: the store failed", exc_info=error)
    return replies.STORE_DOWN
