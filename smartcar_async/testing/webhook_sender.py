"""Sends the deliveries of the outbox to their endpoints, by itself from the first VERIFY on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from .errors import SimulatorError
from .http_post import NoAnswer, parse_url, post
from .outbox import Outbox, Outgoing
from .pending_subscriptions import PendingSubscriptions
from .recorder import Kept
from .sending import Delivery
from .webhooks import Webhook
from .wire import is_object

T = TypeVar("T")


class WebhookSender:
    """Sends what is due, on the loop of the simulator; its methods work on any other loop too."""

    def __init__(
        self,
        outbox: Outbox,
        pending_subscriptions: PendingSubscriptions,
        deliveries: Kept[Delivery],
        catch_up: Callable[[], None],
        speed: float | None,
    ) -> None:
        """`catch_up` moves a running world to the present; `speed` is how fast it runs, if it does."""
        self._outbox = outbox
        self._pending = pending_subscriptions
        self._deliveries = deliveries
        self._catch_up = catch_up
        self._speed = speed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._running = 0
        self._is_catching_up = False

    def open(self) -> None:
        """Use the running loop, and go on sending where webhooks are verified already."""
        self._loop = asyncio.get_running_loop()
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        if any(webhook.verified for webhook in self._outbox.world.webhooks.values()):
            self._start()

    async def close(self) -> None:
        """Stop sending; what is under way is cancelled."""
        self._loop = None
        self._outbox.world.watcher = None
        task, self._task, self._running = self._task, None, 0
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def verify(self, webhook: Webhook) -> Webhook:
        """Ask an endpoint whether it has the token, and send it events from then on."""
        parse_url(webhook.callback_uri)
        return await self._on_own_loop(lambda: self._verify(webhook.id))

    async def settle(self) -> None:
        """Wait until all that is due was sent, and has its answer."""
        await self._on_own_loop(self._settle)

    async def _on_own_loop(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._loop is None:
            raise SimulatorError("the simulator is not running: enter it by `with` or `async with` first")
        if self._loop is asyncio.get_running_loop():
            return await work()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), self._loop))

    async def _verify(self, webhook_id: str) -> Webhook:
        outbox = self._outbox
        webhook = outbox.world.webhooks[webhook_id]
        delivery, expected = outbox.verification_request(webhook, datetime.now(UTC))
        self._deliveries.add(delivery)
        wanted = f'expected 200 and {{"challenge":"{expected}"}}'
        try:
            answer = await post(delivery.url, delivery.headers, delivery.body, outbox.sending.timeout)
        except NoAnswer as error:
            delivery.problem = str(error)
            raise SimulatorError(f"VERIFY to {delivery.url} failed ({error}): {wanted}") from None
        delivery.status = answer.status
        if answer.status != 200 or _challenge_in(answer.body) != expected:
            got = f"{answer.status} and {answer.body[:200].decode(errors='replace')!r}"
            raise SimulatorError(f"VERIFY to {delivery.url} was answered by {got}: {wanted}")
        self._start()
        return outbox.mark_verified(webhook)

    async def _settle(self) -> None:
        task = self._task
        if task is None:
            return
        self._idle.clear()
        self._wake.set()
        idle = asyncio.ensure_future(self._idle.wait())
        await asyncio.wait({idle, task}, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        if task.done() and not task.cancelled():
            task.result()

    def _start(self) -> None:
        if self._task is None:
            self._outbox.wake = self._pending.on_begin = self._wake_up
            self._outbox.world.watcher = self._outbox
            self._task = asyncio.ensure_future(self._run())

    def _wake_up(self) -> None:
        """Wake up, from any thread, unless the change is this sender's own doing."""
        if self._loop is not None and not self._is_catching_up:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                self._catch_up_all()
                while self._running < self._outbox.sending.at_once:
                    outgoing = self._outbox.take_due(datetime.now(UTC))
                    if outgoing is None:
                        break
                    self._running += 1
                    group.create_task(self._deliver(outgoing))
                seconds = self._pending.seconds_until_due()
                if not self._running and seconds is None:
                    self._idle.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._seconds_to_wait(seconds)):
                        await self._wake.wait()

    async def _deliver(self, outgoing: Outgoing) -> None:
        delivery = outgoing.delivery
        self._deliveries.add(delivery)
        try:
            answer = await post(delivery.url, delivery.headers, delivery.body, self._outbox.sending.timeout)
            self._outbox.record_result(outgoing, answer.status)
        except NoAnswer as error:
            self._outbox.record_result(outgoing, None, str(error), timed_out=error.timed_out)
        self._running -= 1
        self._wake.set()

    def _catch_up_all(self) -> None:
        self._is_catching_up = True
        try:
            self._catch_up()
            with self._outbox.world.lock:
                self._pending.complete_due()
                self._outbox.scan()
        finally:
            self._is_catching_up = False

    def _seconds_to_wait(self, seconds: float | None) -> float | None:
        """How long there is nothing to do, in real seconds; None is until `_wake_up`."""
        if self._speed is None:
            return seconds
        now, due = self._outbox.world.now, self._outbox.next_due()
        waits = [60 / self._speed] if seconds is None else [60 / self._speed, seconds]
        if due is not None and due > now:
            waits.append((due - now).total_seconds() / self._speed)
        return min(waits)


def _challenge_in(body: bytes) -> object:
    try:
        document: object = json.loads(body)
    except ValueError:
        return None
    return document.get("challenge") if is_object(document) else None
