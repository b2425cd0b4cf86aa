"""Deliveries that are handled first, and answered then."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from attrs import define, field

from ..errors import plain_id
from ..log import logger
from . import reply as replies
from .event_store import Claim, ClaimStatus
from .handlers import is_cancelled
from .judge import Accepted
from .keeper import Holding
from .lanes import Lanes
from .reply import Reply
from .threads import to_the_end
from .work import Ending, Work

_GRACE: Final = 0.5
"""Seconds that a handler has to notice that its time is over."""
_MOMENT: Final = 0.01
"""Seconds between two looks whether this process is done with a vehicle."""
_POLL: Final = 0.1
_LOOKS: Final = 10
"""Seconds between two looks whether another one is, and their number; then it is 503."""
_REPLIES: Final[Mapping[Ending, Reply]] = {
    Ending.DONE: replies.ACCEPTED,
    Ending.FAILED: replies.FAILED,
    Ending.LOST: replies.IN_FLIGHT,
    Ending.PENDING: replies.STORE_DOWN,
}


@define(eq=False)
class Inline:
    """Each delivery is claimed, waits for its vehicle, and is handled, within a budget of seconds.

    `hold`: how long an event that came and was not handled yet holds up later ones of its vehicle.
    """

    work: Work
    budget: float
    hold: float
    lanes: Lanes = field(factory=Lanes)
    tasks: set["asyncio.Task[Reply]"] = field(factory=set["asyncio.Task[Reply]"])

    async def answer(self, accepted: Accepted) -> Reply:
        """Handle in a task of its own, which is cancelled when the time is over or the caller is gone."""
        task = asyncio.create_task(self._handle(accepted))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            await asyncio.wait({task}, timeout=self.budget)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            logger.error("webhook: %s was not handled within %g s", plain_id(accepted.key), self.budget)
            await asyncio.wait({task}, timeout=_GRACE)
        return task.result() if task.done() else replies.TOO_SLOW

    async def _handle(self, accepted: Accepted) -> Reply:
        if self.work.keeper.holds(accepted.key):
            return replies.IN_FLIGHT
        holding: Holding | None = None
        try:
            asked, claim = self.work.clock.monotonic(), await self._claim(accepted)
            waits = self._waits(accepted.lane)
            while claim.status is ClaimStatus.WAITING and (pause := next(waits, None)):
                await asyncio.sleep(pause)  # of real time: it is for others, who take theirs
                if not self.lanes.busy(accepted.lane):
                    asked, claim = self.work.clock.monotonic(), await self._claim(accepted)
            holding = self.work.hold(claim, asked) if claim.status is ClaimStatus.NEW else None
            if holding is None:
                return _not_granted(claim)
            async with self.lanes.hold(accepted.lane):
                return _REPLIES[await self.work.perform(holding, accepted.event)]
        except asyncio.CancelledError:
            if holding is not None and self.work.keeper.holds(accepted.key):
                await self.work.give_back(holding)
            return replies.TOO_SLOW
        except _StoreFailed:
            return replies.STORE_DOWN

    def answer_plain(self, accepted: Accepted) -> Reply:
        """Handle in this thread."""
        if self.work.keeper.holds(accepted.key):
            return replies.IN_FLIGHT
        deadline = time.monotonic() + self.budget
        try:
            asked, claim = self.work.clock.monotonic(), self._claim_plain(accepted)
            waits = self._waits(accepted.lane)
            while claim.status is ClaimStatus.WAITING and time.monotonic() < deadline and (pause := next(waits, None)):
                time.sleep(pause)
                if not self.lanes.busy(accepted.lane):
                    asked, claim = self.work.clock.monotonic(), self._claim_plain(accepted)
        except _StoreFailed:
            return replies.STORE_DOWN
        holding = self.work.hold(claim, asked) if claim.status is ClaimStatus.NEW else None
        if holding is None:
            return _not_granted(claim)
        try:
            with self.lanes.hold_plain(accepted.lane, deadline - time.monotonic()):
                return _REPLIES[self.work.perform_plain(holding, accepted.event)]
        except TimeoutError:
            self.work.conclude(holding, self.work.release)
            return replies.IN_FLIGHT

    def _waits(self, lane: str) -> Iterator[float]:
        """The seconds between two questions to the store, as long as it is worth asking.

        It is while this process handles something in the lane, and for a second if another one does, or if what came
        before has failed and is to be sent again: then later events are sent again as well.
        """
        looks = 0
        while looks < _LOOKS:
            busy = self.lanes.busy(lane)
            looks = 0 if busy else looks + 1
            yield _MOMENT if busy else _POLL

    async def _claim(self, accepted: Accepted) -> Claim:
        claim = await to_the_end(self.work.threads.deliveries, partial(self._claim_plain, accepted))
        if is_cancelled() and claim.status is not ClaimStatus.NEW:
            raise asyncio.CancelledError
        return claim

    def _claim_plain(self, accepted: Accepted) -> Claim:
        try:
            return self.work.claim(accepted.key, accepted.lane, self.hold)
        except Exception as error:
            logger.exception("webhook: the store failed")
            raise _StoreFailed from error


class _StoreFailed(Exception):
    """Nothing can be promised without the store."""


def _not_granted(claim: Claim) -> Reply:
    return replies.ACCEPTED if claim.status is ClaimStatus.DONE else replies.IN_FLIGHT
