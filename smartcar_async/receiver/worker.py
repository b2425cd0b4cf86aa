"""The worker of an inbox: takes what is due, handles it, and tries again what failed."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

from attrs import define, field

from ..errors import plain_id
from ..log import logger
from ..webhook import Event, parse
from .active_events import ActiveEvent, Ending
from .claims import ClaimRunner
from .decoded_events import DecodedEvents
from .event_store import Claim, EventInbox, StoredEvent
from .handlers import is_cancelled
from .lanes import Lanes
from .retries import RetryLater
from .threads import to_the_end

_INBOX_POLL: Final = 1.0
"""Seconds after which the inbox is looked into although nothing woke the worker: for what other processes put there."""

_PUT_OFF: Final = 1.0
"""Seconds for which an interrupted event is put off while another one is handled."""


@define(eq=False)
class WakeUp:
    """Wakes the worker from any thread: it looks into the inbox at once."""

    _loop: asyncio.AbstractEventLoop | None = None
    _event: asyncio.Event | None = None

    def bind(self, loop: asyncio.AbstractEventLoop | None, event: asyncio.Event | None) -> None:
        """Wake this loop from now on, or none."""
        self._loop, self._event = loop, event

    def __call__(self) -> None:
        """Look at once; nothing, where no worker runs."""
        loop, event = self._loop, self._event
        if loop is not None and event is not None:
            with suppress(RuntimeError):  # its loop was closed without a word
                loop.call_soon_threadsafe(event.set)


@define(eq=False)
class Worker:
    """Up to `concurrency` events at once, of as many vehicles: take, handle, record.

    Interrupted events, whose last attempt has no recorded end, are handled one at a time: the process may have ended in
    any of those that it handled then, and only the one that ends it again, alone among them, is to use up its attempts.
    """

    runner: ClaimRunner
    inbox: EventInbox
    retrying: RetryLater
    decoded: DecodedEvents
    wake: WakeUp
    concurrency: int
    lanes: Lanes = field(factory=Lanes)
    _running: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]])
    _closed: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]])
    """Those that closing broke off: this is no attempt of their events."""
    _interrupted: asyncio.Task[None] | None = None
    _life: "_Life | None" = None

    @property
    def started(self) -> bool:
        """Whether it is at work: it is not, if its loop ended under it."""
        life = self._life
        return life is not None and life.task is not None and not (life.task.done() or life.loop.is_closed())

    def start(self) -> None:
        """Begin with what is left from before, on the running loop."""
        life = _Life(asyncio.get_running_loop(), asyncio.Event())
        self._running, self._interrupted = set(), None
        self.wake.bind(life.loop, life.wake)
        life.task, self._life = asyncio.create_task(self._run(life)), life

    async def stop(self, patience: float) -> None:
        """Take nothing more, and give what is being handled some time; the rest goes back."""
        life, self._life = self._life, None
        if life is None or life.task is None:
            return
        self.wake.bind(None, None)
        life.over = True
        life.wake.set()
        await asyncio.wait({life.task})
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        for task in self._running:
            if not task.cancelling():  # else its loop was ended, which may have been its handler's doing
                self._closed.add(task)
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        if self._running:
            logger.error("webhook: %d handlers do not end, and are left behind", len(self._running))

    async def _run(self, life: "_Life") -> None:
        while not life.over:
            life.wake.clear()
            try:
                while len(self._running) < self.concurrency and not life.over and (taken := await self._take()):
                    self._begin(life, *taken)
            except Exception:
                logger.exception("webhook: the inbox cannot be read")
            await self._wait(life)

    def _begin(self, life: "_Life", active: ActiveEvent | None, stored: StoredEvent) -> None:
        """Handle an event in a task of its own, unless there is none."""
        if active is None:
            return
        task = asyncio.create_task(self._handle(active, stored))
        self._running.add(task)
        task.add_done_callback(partial(self._finished, life))
        if active.claim.interrupted:
            self._interrupted = task

    def _finished(self, life: "_Life", task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._closed.discard(task)
        life.wake.set()

    async def _wait(self, life: "_Life") -> None:
        waits = [asyncio.create_task(wait) for wait in (life.wake.wait(), self.runner.store.clock.sleep(_INBOX_POLL))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _take(self) -> tuple[ActiveEvent | None, StoredEvent] | None:
        """The event to handle, with its bytes; None in its place, if it is being handled here already, or put off."""
        store, thread = self.runner.store, self.runner.threads.store
        since, now = store.clock.monotonic(), store.now()
        taken = await to_the_end(thread, partial(self.inbox.take, now=now, until=now + store.lease))
        if is_cancelled():  # the loop ends, and nobody would handle it
            if taken is not None:
                await to_the_end(thread, partial(store.release_uncounted, taken[0]))
            raise asyncio.CancelledError
        if taken is None:
            return None
        claim, stored = taken
        active = self.runner.active_events.add(claim, stored.lane, since)
        if active is not None and self._has_to_wait(claim):
            ending = Ending("put off", partial(store.release_uncounted, pause=_PUT_OFF))
            await to_the_end(thread, partial(self.runner.record, active, ending))
            active = None
        return active, stored

    def _has_to_wait(self, claim: Claim) -> bool:
        """Whether it was interrupted, and another such event is being handled. Waiting must not count as an attempt."""
        busy = self._interrupted is not None and not self._interrupted.done()
        return busy and claim.interrupted and self.runner.store.can.uncounted is not None

    async def _handle(self, active: ActiveEvent, stored: StoredEvent) -> None:
        try:
            async with self.lanes.enter(stored.lane):  # busy only if the claim of an event before it was lost
                event = None if self.retrying.is_overdue(active.claim) else self.decoded.pop(stored)
                if event is None:
                    event = await to_the_end(self.runner.threads.store, partial(self._decode, active, stored))
                if event is not None:
                    await self.runner.perform(active, event, self._is_over)
        except asyncio.CancelledError:
            await self.runner.give_back(active, self._broken_off())
        except Exception as error:
            await self.runner.broken(active, error)

    def _is_over(self) -> bool:
        """Whether this task is to stop. A handler that cancels its own task, while all goes on, has failed."""
        life = self._life
        runs = life is not None and life.task is not None and not life.task.done() and not life.task.cancelling()
        return is_cancelled() and not (runs and asyncio.current_task() in self._running)

    def _broken_off(self) -> Ending:
        """The attempt does not count if the receiver is being closed, but does if the loop was ended."""
        closed = asyncio.current_task() in self._closed
        return Ending("cancelled", self.runner.store.release_uncounted) if closed else self.runner.cancelled()

    def _decode(self, active: ActiveEvent, stored: StoredEvent) -> Event | None:
        """The event, if it is to be handled. That the process ended in it is judged here: nobody saw it fail."""
        claim = active.claim
        if not self.retrying.retries.allows(claim.tries or 0):
            text = "webhook: %s is parked: its last attempts have no recorded end: the process ended in them"
            logger.error(text, plain_id(claim.event_id))
            self.runner.record(active, self.retrying.parked("ProcessEnded"))
            return None
        if self.retrying.is_overdue(claim):
            self.retrying.step_aside(claim)
        try:
            return parse(stored.body)
        except Exception as error:
            self.runner.fail(active, error)
            return None


@define
class _Life:
    """From a start to a stop, on one loop."""

    loop: asyncio.AbstractEventLoop
    wake: asyncio.Event
    task: asyncio.Task[None] | None = None
    over: bool = False
