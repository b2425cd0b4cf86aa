"""Deliveries that are kept first, answered at once, and handled by a worker."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from attrs import define

from ..log import logger
from . import reply as replies
from .event_store import EventInbox, StoredEvent
from .judge import Accepted
from .reply import Reply
from .work import Work
from .worker import Worker

_ANSWER_WITHIN: Final = 12.0
"""Seconds for a store that waits for others: Smartcar waits for 15, and sends again what is answered 503."""


@define(eq=False)
class Intake:
    """Puts deliveries into an inbox."""

    work: Work
    inbox: EventInbox
    worker: Worker
    _warned: bool = False

    async def answer(self, accepted: Accepted) -> Reply:
        """Keep one. If that takes too long it is refused, and may be kept all the same: it will come as a duplicate."""
        arrived = time.monotonic()
        put = asyncio.get_running_loop().run_in_executor(
            self.work.threads.deliveries, partial(self._put_in_time, accepted, arrived)
        )
        put.add_done_callback(_seen)
        await asyncio.wait({put}, timeout=_ANSWER_WITHIN)
        if not put.done():
            logger.error("webhook: the store did not keep a delivery within %g s", _ANSWER_WITHIN)
            return replies.STORE_DOWN
        return self._answer(put.result, "async with receiver")

    def answer_plain(self, accepted: Accepted) -> Reply:
        """Keep one, in this thread."""
        return self._answer(partial(self._put, accepted), "with receiver")

    def _answer(self, put: Callable[[], None], start: str) -> Reply:
        try:
            put()
        except Exception:
            logger.exception("webhook: the store failed")
            return replies.STORE_DOWN
        self.worker.ring()
        if not self.worker.started and not self._warned:
            self._warned = True
            logger.warning("webhook: stored, but no worker runs in this process; `%s` starts one", start)
        return replies.ACCEPTED

    def _put_in_time(self, accepted: Accepted, arrived: float) -> None:
        """What waited for its thread until it was refused need not be kept any more."""
        if time.monotonic() - arrived > _ANSWER_WITHIN:
            raise TimeoutError("the store is busy")
        self._put(accepted)

    def _put(self, accepted: Accepted) -> None:
        stored = StoredEvent(accepted.key, accepted.lane, accepted.body)
        if self.worker.started:
            self.worker.decoded.add(stored, accepted.event)
        self.inbox.put(stored, now=self.work.now())


def _seen(put: "asyncio.Future[None]") -> None:
    """Look at the result, so that nobody is told that it was never looked at."""
    if not put.cancelled():
        put.exception()
