"""Events on their way to webhooks: who is to be told what, when each attempt is due, and what became of it.

Pure: it watches a world, goes by its clock, and hands out requests to send. Somebody else sends them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import define, evolve, field, frozen

from .disturbances import AnswerLost, BadSignature, Disturbances, Duplicate, InMode, Overtaken, Postpone, SignedWith
from .events import (
    SIGNATURE,
    Document,
    digest,
    event_meta,
    plain_headers,
    signed_headers,
    vehicle_errors,
    vehicle_state,
    verification,
    written,
)
from .news import Sight, compare, error_of, sight, signal_of, whose
from .sending import Delivery, Sending
from .switches import V3Switches
from .times import timestamp
from .webhooks import Subscription, Webhook
from .world import Vehicle, World

WAITS: Final = (25.0, 50.0, 100.0)
"""Seconds from each failure to the next attempt. After the fourth, an event is dropped for good."""


@define(eq=False)
class Parcel:
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
    """A delivery to be sent now. Where its answer gets lost, it fails whatever that is."""

    parcel: Parcel
    delivery: Delivery
    lost: bool


@define(eq=False)
class Outbox:
    """The events of all verified webhooks, and what their subscribers were last told."""

    world: World
    switches: V3Switches
    disturbances: Disturbances
    sending: Sending = field(factory=Sending)
    wake: Callable[[], None] = lambda: None
    """Called when there may be something to send; from any thread."""
    _told: dict[str, Sight] = field(factory=dict[str, Sight], init=False, repr=False)
    _queue: list[Parcel] = field(factory=list[Parcel], init=False, repr=False)
    _overtaken: list[Parcel] = field(factory=list[Parcel], init=False, repr=False)
    _made: int = field(default=0, init=False)

    def heard(self, vehicle: Vehicle) -> None:
        """Tell the subscribers of a vehicle what is new to them."""
        for subscription in tuple(self.world.subscriptions.values()):
            if subscription.vehicle_id == vehicle.id:
                self._look_at(subscription)
        self.passed()

    def passed(self) -> None:
        """Wake whoever sends, if there is something to send."""
        due = self.next_due()
        if due is not None and due <= self.world.now:
            self.wake()

    def look(self) -> None:
        """Find what changed without a word: consents, troubles, and subscriptions that are gone."""
        with self.world.lock:
            there = self.world.subscriptions
            for gone in self._told.keys() - there.keys():
                self._forget(gone)
            for subscription in tuple(there.values()):
                self._look_at(subscription)

    def take(self, real: datetime) -> Outgoing | None:
        """The next delivery that is due, or None. It needs the real time to date it."""
        with self.world.lock:
            parcel = min(self._queue, key=lambda waiting: waiting.due, default=None)
            if parcel is None or parcel.due > self.world.now:
                return None
            self._queue.remove(parcel)
            parcel.attempts += 1
            return self._outgoing(parcel, real)

    def next_due(self) -> datetime | None:
        """When there is something to send, as far as that is known."""
        with self.world.lock:
            return min((waiting.due for waiting in self._queue), default=None)

    def settle(
        self, outgoing: Outgoing, status: int | None, problem: str | None = None, *, timed_out: bool = False
    ) -> None:
        """Write down how an attempt ended, and try again if it failed and tries are left."""
        delivery, parcel = outgoing.delivery, outgoing.parcel
        if outgoing.lost:
            status, problem, timed_out = None, "the answer was lost", True
        with self.world.lock:
            delivery.status, delivery.problem = status, problem
            wanted = parcel.subscription.id in self._told
            if wanted and not delivery.ok and parcel.attempts <= len(WAITS):
                failed = max(self.world.now, delivery.at + timedelta(seconds=self.sending.timeout if timed_out else 0))
                parcel.due = delivery.retry_at = failed + timedelta(seconds=WAITS[parcel.attempts - 1])
                self._queue.append(parcel)

    def question(self, webhook: Webhook, real: datetime) -> tuple[Delivery, str]:
        """A VERIFY for an endpoint, and the right answer."""
        with self.world.lock:
            challenge, delivery_id = self._new_id("challenge"), self._new_id("delivery")
            document = verification(self._new_id("event"), challenge)
            meta = event_meta(delivery_id, self._date(real), webhook.id, webhook.name, mode=None)
            body = written({**document, "meta": meta})
            headers = signed_headers(body, webhook.token) if self.sending.verify_signed else plain_headers()
            event_id, url = str(document["eventId"]), webhook.callback_uri
            asked = Delivery(event_id, delivery_id, "VERIFY", "", webhook.id, 1, self.world.now, url, headers, body)
            return asked, digest(webhook.token, challenge.encode())

    def accept(self, webhook: Webhook) -> Webhook:
        """An endpoint has answered well: its first deliveries may go."""
        with self.world.lock:
            verified = self.world.webhooks[webhook.id] = evolve(self.world.webhooks[webhook.id], verified=True)
            self.look()
        self.wake()
        return verified

    def _look_at(self, subscription: Subscription) -> None:
        webhook = self.world.webhooks.get(subscription.webhook_id)
        connection = self.world.connection_of(subscription.vehicle_id)
        if webhook is None or connection is None or not webhook.delivers:
            self._forget(subscription.id)
            return
        now = sight(connection, webhook, self.switches)
        news = compare(self._told.get(subscription.id), now)
        self._told[subscription.id] = now
        shape = self.sending.shape
        if news.changed is None or news.changed:
            signals = [signal_of(code, connection, self.switches) for code in webhook.signals]
            document = vehicle_state(self._new_id("event"), whose(connection), signals, news.changed, shape)
            self._add(subscription, document, len(signals))
        if news.begun or news.over:
            errors = [error_of(trouble, shape) for trouble in news.begun]
            errors += [error_of(trouble, shape, resolved=True) for trouble in news.over]
            self._add(subscription, vehicle_errors(self._new_id("event"), whose(connection), errors, shape), None)

    def _add(self, subscription: Subscription, document: Document, signals: int | None) -> None:
        at = max(self.world.now, self.world.vehicles[subscription.vehicle_id].reported_at)
        parcel = Parcel(str(document["eventId"]), str(document["eventType"]), subscription, document, at, signals)
        struck = self.disturbances.of_event(parcel.event_type, subscription.vehicle_id, subscription.webhook_id)
        for disturbance in struck:
            if isinstance(disturbance, InMode):
                parcel.mode = disturbance.mode
            elif isinstance(disturbance, Postpone):
                parcel.due += timedelta(seconds=disturbance.seconds)
        copies = [parcel] + [evolve(parcel) for disturbance in struck if isinstance(disturbance, Duplicate)]
        if any(isinstance(disturbance, Overtaken) for disturbance in struck):
            self._overtaken += copies
            return
        behind = [waiting for waiting in self._overtaken if waiting.subscription.webhook_id == subscription.webhook_id]
        self._overtaken = [waiting for waiting in self._overtaken if waiting not in behind]
        for waiting in behind:
            waiting.due = max(waiting.due, parcel.due)
        self._queue += copies + behind

    def _outgoing(self, parcel: Parcel, real: datetime) -> Outgoing:
        subscription, delivery_id = parcel.subscription, self._new_id("delivery")
        webhook = self.world.webhooks[subscription.webhook_id]
        meta = event_meta(
            delivery_id,
            self._date(real),
            webhook.id,
            webhook.name,
            mode=parcel.mode,
            signals=parcel.signals,
            shape=self.sending.shape,
        )
        body = written({**parcel.document, "meta": meta})
        struck = self.disturbances.of_attempt(parcel.event_type, subscription.vehicle_id, subscription.webhook_id)
        headers = signed_headers(body, webhook.token)
        for disturbance in struck:
            if isinstance(disturbance, SignedWith):
                headers = signed_headers(body, disturbance.token)
            elif isinstance(disturbance, BadSignature):
                signature = {} if disturbance.value is None else {SIGNATURE: disturbance.value}
                headers = {**plain_headers(), **signature}
        errors_to = webhook.error_callback_uri or webhook.callback_uri
        delivery = Delivery(
            parcel.event_id,
            delivery_id,
            parcel.event_type,
            subscription.vehicle_id,
            webhook.id,
            parcel.attempts,
            self.world.now,
            errors_to if parcel.event_type == "VEHICLE_ERROR" else webhook.callback_uri,
            headers,
            body,
        )
        return Outgoing(parcel, delivery, AnswerLost() in struck)

    def _forget(self, subscription_id: str) -> None:
        """Send nothing more to a subscriber, who will be told everything anew if there is a next time."""
        self._told.pop(subscription_id, None)
        self._queue = [waiting for waiting in self._queue if waiting.subscription.id != subscription_id]
        self._overtaken = [waiting for waiting in self._overtaken if waiting.subscription.id != subscription_id]

    def _date(self, real: datetime) -> object:
        return timestamp(real if self.sending.delivered_at == "real" else self.world.now)

    def _new_id(self, kind: str) -> str:
        self._made += 1
        return self.world.make_id(f"{kind} sent {self._made}")
