"""The worker of an inbox: takes what is due, handles it, and tries again what failed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from attrs import define, field

from ..errors import plain_id
from ..event_store import Claim, EventInbox, StoredEvent
from ..log import logger
from ..webhook import parse
from .threads import to_the_end
from .work import Work, log_failure

_POLL: Final = 1.0
"""Seconds after which the inbox is looked into although nobody rang: for what other processes put or left there."""


@define
class Worker:
    """Up to `abreast` events at once, of as many vehicles."""

    work: Work
    inbox: EventInbox
    abreast: int
    pauses: Sequence[float]
    _running: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]])
    _life: "_Life | None" = None

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
                    handling = asyncio.create_task(self._handle(*taken))
                    self._running.add(handling)
                    handling.add_done_callback(partial(self._finished, life))
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

    async def _take(self) -> tuple[Claim, StoredEvent] | None:
        now = self.work.now()
        return await self.work.in_store(partial(self.inbox.take, now=now, until=now + self.work.lease))

    async def _handle(self, claim: Claim, stored: StoredEvent) -> None:
        try:
            await self.work.perform(claim, parse(stored.body))
        except asyncio.CancelledError:
            await self.work.give_back(claim)
        except Exception as error:
            log_failure(claim, error)
            await self._put_off(claim, error)

    async def _put_off(self, claim: Claim, error: Exception) -> None:
        if claim.attempt <= len(self.pauses):
            await self.work.give_back(claim, self.pauses[claim.attempt - 1])
            return
        logger.error("webhook: %s is parked after %d attempts", plain_id(claim.event_id), claim.attempt)
        park = partial(self.inbox.park, claim, now=self.work.now(), problem=type(error).__name__)
        try:
            await to_the_end(self.work.thread, park)
        except Exception:
            logger.exception("webhook: the store could not park %s", plain_id(claim.event_id))

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
