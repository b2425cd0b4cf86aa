"""What becomes of an event of an inbox that fails: when it is tried again, who waits, and when it is given up."""

from functools import partial

from attrs import define, frozen

from ..errors import plain_id
from ..log import logger
from .active_events import Ending
from .event_store import Claim, EventInbox
from .stores import TimedStore


@frozen
class Retries:
    """`delays` are the seconds between attempts; the vehicle waits until they would add up to `step_aside_after`."""

    delays: tuple[float, ...]
    step_aside_after: float | None

    def allows(self, attempt: int) -> bool:
        """Whether there is to be this attempt, of those that count: the first, and one after each delay."""
        return attempt <= len(self.delays) + 1

    def steps_aside(self, attempt: int) -> bool:
        """Whether the vehicle does not wait for this attempt any more."""
        if self.step_aside_after is None:
            return False
        waited = 0.0
        for delay in self.delays[: max(attempt - 1, 0)]:  # those before it; beyond the last attempt, all of them
            waited += delay  # not by `sum`, which rounds otherwise from Python 3.12 on
        return waited > self.step_aside_after


@define(eq=False)
class RetryLater:
    """Puts off what failed, or parks it."""

    store: TimedStore
    inbox: EventInbox
    retries: Retries

    def after_failure(self, claim: Claim, error: BaseException) -> Ending:
        """What to record after a handler failed."""
        tries, problem = claim.tries or claim.attempt, type(error).__name__
        if not self.retries.allows(tries + 1):  # the next one
            logger.error("webhook: %s is parked after %d attempts", plain_id(claim.event_id), tries)
            return self.parked(problem)
        return Ending("failed", partial(self._put_off, tries), problem)

    def parked(self, problem: str) -> Ending:
        """What to record of an event that is given up."""
        return Ending("parked", lambda claim: self.inbox.park(claim, now=self.store.now(), problem=problem), problem)

    def is_overdue(self, claim: Claim) -> bool:
        """Whether more attempts were begun than were seen to fail: the process ended in the last ones."""
        tries = claim.tries or 0  # the last of them is the one that this claim begins
        return not self.retries.allows(tries) or (self.retries.steps_aside(tries) and not claim.stepped_aside)

    def step_aside(self, claim: Claim) -> None:
        """Let the later events of its vehicle pass. In a store that cannot do this they pass anyway."""
        stepping = self.store.can.stepping
        if stepping is not None:
            stepping.step_aside(claim)
            logger.warning(
                "webhook: %s has failed for so long that it steps aside: later events of its vehicle are handled now",
                plain_id(claim.event_id),
            )

    def _put_off(self, tries: int, claim: Claim) -> None:
        if self.retries.steps_aside(tries + 1) and not claim.stepped_aside:
            self.step_aside(claim)
        self.store.release(claim, self.retries.delays[tries - 1])
