"""Events on their way to webhooks: who gets which, when each attempt is due, and how it ended.

Pure: it watches a world, goes by its clock, and hands out requests; `webhook_sender` sends them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import define, evolve, field, frozen

from .changes import Snapshot, compare, error_of, parties, signal_of, snapshot
from .disturbances import AnswerLost, BadSignature, Disturbances, Duplicate, InMode, Overtaken, Postpone, SignedWith
from .events import (
    SIGNATURE,
    Document,
    digest,
    encode,
    event_meta,
    plain_headers,
    signed_headers,
    vehicle_errors,
    vehicle_state,
    verification,
)
from .sending import Delivery, Sending
from .switches import V3Switches
from .times import timestamp
from .webhooks import Subscription, Webhook
from .world import Vehicle, World

WAITS: Final = (25.0, 50.0, 100.0)
"""Seconds from each failure to the next attempt. After the fourth, an event is dropped for good."""


@define(eq=False)
class QueuedEvent:
    """An event that waits to be delivered."""

    event_id: str
    event_type: str
    subscription: Subscription
    document: Document = field(repr=False)
    due: datetime
    signals: int | None = None
    mode: str = "LIVE"
    attempts: int = 0


@frozen
class Outgoing:
    """A delivery to be sent now. If `lost`, it counts as failed whatever the answer is."""

    queued: QueuedEvent
    delivery: Delivery
    lost: bool


@define(eq=False)
class Outbox:
    """The events of all verified webhooks, and what their subscribers know already."""

    world: World
    switches: V3Switches
    disturbances: Disturbances
    sending: Sending = field(factory=Sending)
    wake: Callable[[], None] = lambda: None
    """Called when there may be something to send; from any thread."""
    _snapshots: dict[str, Snapshot] = field(factory=dict[str, Snapshot], init=False, repr=False)
    _queue: list[QueuedEvent] = field(factory=list[QueuedEvent], init=False, repr=False)
    _overtaken: list[QueuedEvent] = field(factory=list[QueuedEvent], init=False, repr=False)
    _made: int = field(default=0, init=False)

    def heard(self, vehicle: Vehicle) -> None:
        """Queue what is new about a vehicle, for each of its subscribers."""
        for subscription in tuple(self.world.subscriptions.values()):
            if subscription.vehicle_id == vehicle.id:
                self._queue_changes(subscription)
        self.passed()

    def passed(self) -> None:
        """Wake the sender, if there is something to send."""
        due = self.next_due()
        if due is not None and due <= self.world.now:
            self.wake()

    def scan(self) -> None:
        """Queue what changed without a report: consents, troubles, and subscriptions that are gone."""
        with self.world.lock:
            subscriptions = self.world.subscriptions
            for gone_id in self._snapshots.keys() - subscriptions.keys():
                self._forget(gone_id)
            for subscription in tuple(subscriptions.values()):
                self._queue_changes(subscription)

    def take_due(self, real: datetime) -> Outgoing | None:
        """The next delivery that is due, or None. It needs the real time to date it."""
        with self.world.lock:
            queued = min(self._queue, key=lambda waiting: waiting.due, default=None)
            if queued is None or queued.due > self.world.now:
                return None
            self._queue.remove(queued)
            queued.attempts += 1
            return self._prepare(queued, real)

    def next_due(self) -> datetime | None:
        """When there is something to send, as far as that is known."""
        with self.world.lock:
            return min((waiting.due for waiting in self._queue), default=None)

    def record_result(
        self, outgoing: Outgoing, status: int | None, problem: str | None = None, *, timed_out: bool = False
    ) -> None:
        """Record how an attempt ended, and queue the next one if it failed and may be repeated."""
        delivery, queued = outgoing.delivery, outgoing.queued
        if outgoing.lost:
            status, problem, timed_out = None, "the answer was lost", True
        with self.world.lock:
            delivery.status, delivery.problem = status, problem
            wanted = queued.subscription.id in self._snapshots
            if wanted and not delivery.ok and queued.attempts <= len(WAITS):
                failed = max(self.world.now, delivery.at + timedelta(seconds=self.sending.timeout if timed_out else 0))
                queued.due = delivery.retry_at = failed + timedelta(seconds=WAITS[queued.attempts - 1])
                self._queue.append(queued)

    def verification_request(self, webhook: Webhook, real: datetime) -> tuple[Delivery, str]:
        """A VERIFY for an endpoint, and the answer that is expected."""
        with self.world.lock:
            challenge, delivery_id = self._new_id("challenge"), self._new_id("delivery")
            document = verification(self._new_id("event"), challenge)
            meta = event_meta(delivery_id, self._delivered_at(real), webhook.id, webhook.name, mode=None)
            body = encode({**document, "meta": meta})
            headers = signed_headers(body, webhook.token) if self.sending.verify_signed else plain_headers()
            event_id, url = str(document["eventId"]), webhook.callback_uri
            delivery = Delivery(event_id, delivery_id, "VERIFY", "", webhook.id, 1, self.world.now, url, headers, body)
            return delivery, digest(webhook.token, challenge.encode())

    def mark_verified(self, webhook: Webhook) -> Webhook:
        """Note that an endpoint has answered correctly, and queue its first deliveries."""
        with self.world.lock:
            verified = self.world.webhooks[webhook.id] = evolve(self.world.webhooks[webhook.id], verified=True)
            self.scan()
        self.wake()
        return verified

    def _queue_changes(self, subscription: Subscription) -> None:
        webhook = self.world.webhooks.get(subscription.webhook_id)
        connection = self.world.connection_of(subscription.vehicle_id)
        if webhook is None or connection is None or not webhook.delivers:
            self._forget(subscription.id)
            return
        now = snapshot(connection, webhook, self.switches)
        changes = compare(self._snapshots.get(subscription.id), now)
        self._snapshots[subscription.id] = now
        shape = self.sending.shape
        if changes.changed is None or changes.changed:
            signals = [signal_of(code, connection, self.switches) for code in webhook.signals]
            document = vehicle_state(self._new_id("event"), parties(connection), signals, changes.changed, shape)
            self._add(subscription, document, len(signals))
        if changes.started or changes.ended:
            errors = [error_of(trouble, shape) for trouble in changes.started]
            errors += [error_of(trouble, shape, resolved=True) for trouble in changes.ended]
            self._add(subscription, vehicle_errors(self._new_id("event"), parties(connection), errors, shape), None)

    def _add(self, subscription: Subscription, document: Document, signals: int | None) -> None:
        at = max(self.world.now, self.world.vehicles[subscription.vehicle_id].reported_at)
        queued = QueuedEvent(str(document["eventId"]), str(document["eventType"]), subscription, document, at, signals)
        disturbances = self.disturbances.of_event(queued.event_type, subscription.vehicle_id, subscription.webhook_id)
        for disturbance in disturbances:
            if isinstance(disturbance, InMode):
                queued.mode = disturbance.mode
            elif isinstance(disturbance, Postpone):
                queued.due += timedelta(seconds=disturbance.seconds)
        copies = [queued] + [evolve(queued) for disturbance in disturbances if isinstance(disturbance, Duplicate)]
        if any(isinstance(disturbance, Overtaken) for disturbance in disturbances):
            self._overtaken += copies
            return
        overtaken = [
            waiting for waiting in self._overtaken if waiting.subscription.webhook_id == subscription.webhook_id
        ]
        self._overtaken = [waiting for waiting in self._overtaken if waiting not in overtaken]
        for waiting in overtaken:
            waiting.due = max(waiting.due, queued.due)
        self._queue += copies + overtaken

    def _prepare(self, queued: QueuedEvent, real: datetime) -> Outgoing:
        subscription, delivery_id = queued.subscription, self._new_id("delivery")
        webhook = self.world.webhooks[subscription.webhook_id]
        meta = event_meta(
            delivery_id,
            self._delivered_at(real),
            webhook.id,
            webhook.name,
            mode=queued.mode,
            signals=queued.signals,
            shape=self.sending.shape,
        )
        body = encode({**queued.document, "meta": meta})
        disturbances = self.disturbances.of_attempt(queued.event_type, subscription.vehicle_id, subscription.webhook_id)
        headers = signed_headers(body, webhook.token)
        for disturbance in disturbances:
            if isinstance(disturbance, SignedWith):
                headers = signed_headers(body, disturbance.token)
            elif isinstance(disturbance, BadSignature):
                signature = {} if disturbance.value is None else {SIGNATURE: disturbance.value}
                headers = {**plain_headers(), **signature}
        errors_to = webhook.error_callback_uri or webhook.callback_uri
        delivery = Delivery(
            queued.event_id,
            delivery_id,
            queued.event_type,
            subscription.vehicle_id,
            webhook.id,
            queued.attempts,
            self.world.now,
            errors_to if queued.event_type == "VEHICLE_ERROR" else webhook.callback_uri,
            headers,
            body,
        )
        return Outgoing(queued, delivery, AnswerLost() in disturbances)

    def _forget(self, subscription_id: str) -> None:
        """Send nothing more to a subscriber; if it subscribes again, it begins with a first delivery."""
        self._snapshots.pop(subscription_id, None)
        self._queue = [waiting for waiting in self._queue if waiting.subscription.id != subscription_id]
        self._overtaken = [waiting for waiting in self._overtaken if waiting.subscription.id != subscription_id]

    def _delivered_at(self, real: datetime) -> object:
        return timestamp(real if self.sending.delivered_at == "real" else self.world.now)

    def _new_id(self, kind: str) -> str:
        self._made += 1
        return self.world.make_id(f"{kind} sent {self._made}")
