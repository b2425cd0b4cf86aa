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
from .active_events import ActiveEvent, Ending
from .claims import ClaimRunner, Result
from .event_store import Claim, ClaimStatus
from .handlers import is_cancelled
from .judge import Accepted
from .lanes import Lanes
from .reply import Reply
from .threads import to_the_end

_GRACE: Final = 0.5
"""Seconds that a handler has to notice that its time is over."""
_OWN_LANE_POLL: Final = 0.01
"""Seconds between two looks whether this process is done with a vehicle."""
_OTHERS_POLL: Final = 0.1
"""Seconds between two looks whether another process is done with it."""
_OTHERS_LOOKS: Final = 10
"""How many such looks there are; then the answer is 503."""
_REPLIES: Final[Mapping[Result, Reply]] = {
    Result.DONE: replies.ACCEPTED,
    Result.FAILED: replies.FAILED,
    Result.LOST: replies.IN_FLIGHT,
    Result.PENDING: replies.STORE_DOWN,
}


@define(eq=False)
class LaneClaims:
    """How an event comes to its turn. `hold`: for how many seconds it holds up later ones of its vehicle."""

    runner: ClaimRunner
    hold: float
    lanes: Lanes = field(factory=Lanes)

    def claim(self, accepted: Accepted) -> tuple[Claim, float]:
        """Claim an event; also the time from which the lease counts."""
        since = self.runner.store.clock.monotonic()
        try:
            return self.runner.store.claim(accepted.key, accepted.lane, self.hold), since
        except Exception as error:
            logger.exception("webhook: the store failed")
            raise _StoreFailed from error

    def begin(self, claim: Claim, accepted: Accepted, since: float) -> ActiveEvent | None:
        """Renew a claim from now on. None if it was not granted, or if its event is being handled here already."""
        return self.runner.active_events.add(claim, accepted.lane, since) if claim.status is ClaimStatus.NEW else None

    def pauses(self, lane: str) -> Iterator[float]:
        """The seconds between two attempts to claim an event that waits for its turn, as long as it is worth trying.

        It is while this process handles something in the lane, and for a second if another one does, or if what came
        before has failed and is to be sent again: then later events are sent again as well.
        """
        looks = 0
        while looks < _OTHERS_LOOKS:
            busy = self.lanes.busy(lane)
            looks = 0 if busy else looks + 1
            yield _OWN_LANE_POLL if busy else _OTHERS_POLL


@define(eq=False)
class InlineIntake:
    """Each delivery is claimed, waits for its vehicle, and is handled, within so many seconds."""

    claims: LaneClaims
    answer_within: float
    _tasks: set["asyncio.Task[Reply]"] = field(factory=set["asyncio.Task[Reply]"])
    _stopped: set["asyncio.Task[Reply]"] = field(factory=set["asyncio.Task[Reply]"])
    """Those whose time is over, or whose caller is gone."""

    async def answer(self, accepted: Accepted) -> Reply:
        """Handle in a task of its own, which is cancelled when the time is over or the caller is gone."""
        task = asyncio.create_task(self._handle(accepted, asyncio.current_task()))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        try:
            await asyncio.wait({task}, timeout=self.answer_within)
        finally:
            if not task.done():
                self._stopped.add(task)
                task.cancel()
        if not task.done():
            logger.error("webhook: %s was not handled within %g s", plain_id(accepted.key), self.answer_within)
            await asyncio.wait({task}, timeout=_GRACE)
        return task.result() if task.done() else replies.TOO_SLOW

    async def finish(self, patience: float) -> None:
        """Wait for what is being handled."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)

    async def _handle(self, accepted: Accepted, caller: "asyncio.Task[object] | None") -> Reply:
        if self.claims.runner.active_events.has(accepted.key):
            return replies.IN_FLIGHT
        active: ActiveEvent | None = None
        try:
            claim, since = await self._claim(accepted)
            pauses = self.claims.pauses(accepted.lane)
            while claim.status is ClaimStatus.WAITING and (pause := next(pauses, None)):
                await asyncio.sleep(pause)  # of real time: it is for others, who take theirs
                if not self.claims.lanes.busy(accepted.lane):
                    claim, since = await self._claim(accepted)
            active = self.claims.begin(claim, accepted, since)
            if active is None:
                return _not_granted(claim)
            async with self.claims.lanes.enter(accepted.lane):
                is_over = partial(self._is_over, caller)
                return _REPLIES[await self.claims.runner.perform(active, accepted.event, is_over)]
        except asyncio.CancelledError:
            if active is not None:
                await self.claims.runner.give_back(active, self.claims.runner.cancelled())
            return replies.TOO_SLOW
        except _StoreFailed:
            return replies.STORE_DOWN
        except Exception as error:
            if active is None:
                raise
            await self.claims.runner.broken(active, error)
            return replies.FAILED

    async def _claim(self, accepted: Accepted) -> tuple[Claim, float]:
        claim, since = await to_the_end(self.claims.runner.threads.deliveries, partial(self.claims.claim, accepted))
        if is_cancelled() and claim.status is not ClaimStatus.NEW:
            raise asyncio.CancelledError
        return claim, since

    def _is_over(self, caller: "asyncio.Task[object] | None") -> bool:
        """Whether this task is to stop: its time is over, its caller is gone, or both are cancelled with their loop.

        A handler that cancels its own task has failed.
        """
        loop_ends = caller is None or caller.cancelling() > 0
        return is_cancelled() and (loop_ends or asyncio.current_task() in self._stopped)

    def _done(self, task: "asyncio.Task[Reply]") -> None:
        self._tasks.discard(task)
        self._stopped.discard(task)


@define(eq=False)
class SyncInlineIntake:
    """The same in the thread of the caller, and with sync handlers."""

    claims: LaneClaims
    answer_within: float

    def answer(self, accepted: Accepted) -> Reply:
        """Handle in this thread."""
        runner, lanes = self.claims.runner, self.claims.lanes
        if runner.handlers.need_loop(accepted.event):
            logger.error("webhook: a handler is async, and cannot be called without an event loop")
            return replies.NOT_CONFIGURED
        if runner.active_events.has(accepted.key):
            return replies.IN_FLIGHT
        deadline = time.monotonic() + self.answer_within
        try:
            claim, since = self.claims.claim(accepted)
            pauses = self.claims.pauses(accepted.lane)
            while claim.status is ClaimStatus.WAITING and time.monotonic() < deadline and (pause := next(pauses, None)):
                time.sleep(pause)
                if not lanes.busy(accepted.lane):
                    claim, since = self.claims.claim(accepted)
        except _StoreFailed:
            return replies.STORE_DOWN
        active = self.claims.begin(claim, accepted, since)
        if active is None:
            return _not_granted(claim)
        try:
            with lanes.enter_sync(accepted.lane, deadline - time.monotonic()):
                return _REPLIES[runner.perform_sync(active, accepted.event)]
        except TimeoutError:
            runner.record(active, Ending("put off", runner.store.release))
            return replies.IN_FLIGHT


class _StoreFailed(Exception):
    """Nothing can be promised without the store."""


def _not_granted(claim: Claim) -> Reply:
    return replies.ACCEPTED if claim.status is ClaimStatus.DONE else replies.IN_FLIGHT
