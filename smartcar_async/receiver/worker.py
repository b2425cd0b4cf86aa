"""The worker of an inbox: takes what is due, handles it, and tries again what failed."""

import asyncio
from contextlib import suppress
from functools import partial
from itertools import accumulate
from typing import Final
from weakref import WeakSet

from attrs import define, field, frozen

from ..errors import plain_id
from ..log import logger
from ..webhook import Event, parse
from .decoded import Decoded
from .event_store import Claim, EventInbox, StoredEvent
from .handlers import is_cancelled
from .keeper import Holding, Outcome
from .lanes import Lanes
from .threads import to_the_end
from .work import Work

_POLL: Final = 1.0
"""Seconds after which the inbox is looked into although nobody rang: for what other processes put or left there."""

_APART: Final = 1.0
"""Seconds for which a suspect is put off while another one is handled."""


@frozen
class Retries:
    """What becomes of an event that failed: `pauses` between its attempts, and how long its vehicle waits for it.

    It steps aside when its pauses would be longer than `step_aside_after` in all; None: it never does.
    """

    pauses: tuple[float, ...]
    step_aside_after: float | None

    def is_spent(self, tries: int) -> bool:
        """Whether this attempt would be one too many."""
        return tries > len(self.pauses) + 1

    def is_aside(self, tries: int) -> bool:
        """Whether the vehicle does not wait for this attempt any more."""
        waited = (0.0, *accumulate(self.pauses))[: tries or 1][-1]
        return self.step_aside_after is not None and waited > self.step_aside_after


@define(eq=False)
class Worker:
    """Up to `abreast` events at once, of as many vehicles.

    Suspects, whose last attempt has no recorded end, are handled one at a time: the process may have ended in any of
    those that it handled then, and only the one that ends it again, alone among them, is to use up its attempts.
    """

    work: Work
    inbox: EventInbox
    decoded: Decoded
    abreast: int
    retries: Retries
    lanes: Lanes = field(factory=Lanes)
    _running: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]])
    _suspect: asyncio.Task[None] | None = None
    _stopped: WeakSet[asyncio.Task[None]] = field(factory=WeakSet[asyncio.Task[None]])
    """Those that closing broke off: this is no attempt of their events."""
    _life: "_Life | None" = None

    def __attrs_post_init__(self) -> None:
        self.work.after_failure = self._after_failure
        self.work.after_cancel = self._after_cancel
        self.work.is_over = self._is_over
        self.work.on_end = self.ring

    @property
    def started(self) -> bool:
        """Whether it is at work: it is not, if its loop ended under it."""
        life = self._life
        return life is not None and life.task is not None and not (life.task.done() or life.loop.is_closed())

    def ring(self) -> None:
        """Tell that there is something new, from any thread."""
        life = self._life
        if life is not None:
            with suppress(RuntimeError):  # its loop was closed without a word
                life.loop.call_soon_threadsafe(life.bell.set)

    def start(self) -> None:
        """Begin with what is left from before, on the running loop."""
        life, self._running = _Life(asyncio.get_running_loop(), asyncio.Event()), set()
        self._suspect = None
        life.task, self._life = asyncio.create_task(self._run(life)), life

    async def stop(self, patience: float) -> None:
        """Take nothing more, and give what is being handled some time; the rest goes back."""
        life, self._life = self._life, None
        if life is None or life.task is None:
            return
        life.over = True
        life.bell.set()
        await asyncio.wait({life.task})
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        for left in self._running:
            if not left.cancelling():  # else its loop was ended, which may have been its handler's doing
                self._stopped.add(left)
            left.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        if self._running:
            logger.error("webhook: %d handlers do not end, and are left behind", len(self._running))

    async def _run(self, life: "_Life") -> None:
        while not life.over:
            life.bell.clear()
            try:
                while len(self._running) < self.abreast and not life.over and (taken := await self._take()):
                    holding, stored = taken
                    if holding is not None:
                        handling = asyncio.create_task(self._handle(holding, stored))
                        self._running.add(handling)
                        handling.add_done_callback(partial(self._finished, life))
                        if holding.claim.suspect:
                            self._suspect = handling
            except Exception:
                logger.exception("webhook: the inbox cannot be read")
            await self._wait(life)

    async def _wait(self, life: "_Life") -> None:
        waits = [asyncio.create_task(wait) for wait in (life.bell.wait(), self.work.clock.sleep(_POLL))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _take(self) -> tuple[Holding | None, StoredEvent] | None:
        """What is to be handled; nothing to hold, if it is being handled here already, or put off."""
        asked, now = self.work.clock.monotonic(), self.work.now()
        take = partial(self.inbox.take, now=now, until=now + self.work.lease)
        taken = await to_the_end(self.work.threads.store, take)
        if is_cancelled():  # the loop ends, and nobody would handle it
            if taken is not None:
                await to_the_end(self.work.threads.store, partial(self.work.spare, taken[0]))
            raise asyncio.CancelledError
        if taken is None:
            return None
        holding = self.work.hold(taken[0], asked)
        if holding is not None and self._is_to_wait(holding.claim):
            outcome = partial(self.work.spare, pause=_APART)
            await to_the_end(self.work.threads.store, partial(self.work.conclude, holding, outcome))
            holding = None
        return holding, taken[1]

    def _is_to_wait(self, claim: Claim) -> bool:
        """Whether it is a suspect, and another one is being handled."""
        busy = self._suspect is not None and not self._suspect.done()
        return busy and claim.suspect and hasattr(self.inbox, "spare")

    async def _handle(self, holding: Holding, stored: StoredEvent) -> None:
        try:
            async with self.lanes.hold(stored.lane):  # busy only if the claim of an event before it was lost
                event = None if self._is_overdue(holding.claim) else self.decoded.pop(stored)
                if event is None:
                    event = await to_the_end(self.work.threads.store, partial(self._judged, holding, stored))
                if event is not None:
                    await self.work.perform(holding, event)
        except asyncio.CancelledError:
            if self.work.keeper.holds(stored.id):
                await self.work.give_back(holding)

    def _is_over(self) -> bool:
        """Whether this task is to stop. A handler that cancels its own task, while all goes on, has failed."""
        life = self._life
        runs = life is not None and life.task is not None and not life.task.done() and not life.task.cancelling()
        return is_cancelled() and not (runs and asyncio.current_task() in self._running)

    def _after_cancel(self) -> Outcome:
        """The attempt does not count if the receiver is being closed, but does if the loop was ended."""
        return self.work.spare if asyncio.current_task() in self._stopped else self.work.release

    def _is_overdue(self, claim: Claim) -> bool:
        """Whether it has more attempts behind it than failures were seen: the process ended in it."""
        tries = claim.tries or 0
        return self.retries.is_spent(tries) or (self.retries.is_aside(tries) and not claim.aside)

    def _judged(self, holding: Holding, stored: StoredEvent) -> Event | None:
        """The event, if it is to be handled. That the process ended in it is judged here: nobody saw it fail."""
        claim = holding.claim
        if self.retries.is_spent(claim.tries or 0):
            text = "webhook: %s is parked: its last attempts have no recorded end: the process ended in them"
            logger.error(text, plain_id(claim.event_id))
            self.work.conclude(holding, partial(self._park, "ProcessEnded"))
            return None
        if self._is_overdue(claim):
            self._step_aside(claim)
        try:
            return parse(stored.body)
        except Exception as error:
            self.work.fail(holding, error)
            return None

    def _after_failure(self, claim: Claim, error: BaseException) -> Outcome:
        tries = claim.tries or claim.attempt
        if self.retries.is_spent(tries + 1):
            logger.error("webhook: %s is parked after %d attempts", plain_id(claim.event_id), tries)
            return partial(self._park, type(error).__name__)
        return partial(self._put_off, self.retries.pauses[tries - 1], self.retries.is_aside(tries + 1))

    def _put_off(self, pause: float, aside: bool, claim: Claim) -> None:
        if aside and not claim.aside:
            self._step_aside(claim)
        self.work.release(claim, pause)

    def _step_aside(self, claim: Claim) -> None:
        if hasattr(self.inbox, "step_aside"):  # a store of before lets later events pass anyway
            self.inbox.step_aside(claim)
            logger.warning(
                "webhook: %s has failed for so long that it steps aside: later events of its vehicle are handled now",
                plain_id(claim.event_id),
            )

    def _park(self, problem: str, claim: Claim) -> None:
        self.inbox.park(claim, now=self.work.now(), problem=problem)

    def _finished(self, life: "_Life", handling: asyncio.Task[None]) -> None:
        self._running.discard(handling)
        life.bell.set()


@define
class _Life:
    """From a start to a stop, on one loop."""

    loop: asyncio.AbstractEventLoop
    bell: asyncio.Event
    task: asyncio.Task[None] | None = None
    over: bool = False
