"""What a webhook delivers, as frozen records. `raw` holds all that was sent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from attrs import field, frozen

from ..lazy_raw import Sent, raw_on_demand
from ..records import Json, SignalKey, SignalName, SignalSet, VehicleAttributes, signal_named
from ..wire import NOT_SENT, WHOLE, Capitals, Identity, Integer, raw_field, sent, wire


@frozen
class EventMeta:
    """About the delivery: `delivery_id` and `delivered_at` are new at each attempt, the event's id is not."""

    delivery_id: str | None = sent("meta.deliveryId", kind=Identity, tolerant=True)
    delivered_at: datetime | None = sent("meta.deliveredAt", "meta.deliveryTime", tolerant=True)
    webhook_id: str | None = sent("meta.webhookId", "webhookId", kind=Identity, tolerant=True)
    webhook_name: str | None = sent("meta.webhookName", kind=Identity, tolerant=True)
    version: str | None = sent("meta.version", "version", kind=Identity, tolerant=True)
    mode: str | None = sent("meta.mode", "mode", kind=Capitals, tolerant=True)
    """LIVE or TEST, in upper case whatever was sent."""
    sequence: int | None = sent("meta.sequence", kind=Integer, tolerant=True)
    application_id: str | None = sent("meta.applicationId", kind=Identity, tolerant=True)
    """The application that the webhook belongs to."""
    signal_count: int | None = sent("meta.signalCount", kind=Integer, tolerant=True)
    """How many signals the event was sent with."""
    raw: Json = raw_field("meta")


@frozen
class Trigger:
    """Why an event was sent: `kind` is SIGNAL_UPDATED or FIRST_DELIVERY, or None where only a signal is named."""

    kind: str | None = sent("type", kind=Identity, tolerant=True)
    code: str | None = sent(kind=Identity, tolerant=True)
    group: str | None = sent(kind=Identity, tolerant=True)
    name: str | None = sent(kind=Identity, tolerant=True)

    @staticmethod
    def _of_wire(value: Any) -> Any:
        """In any of four shapes: typed, with an object or a dotted name; an object without a type; a bare text."""
        trigger: Json = cast("Json", value) if isinstance(value, dict) else {"signal": value}
        if FIRST_DELIVERY in (trigger.get("code"), trigger.get("signal")):
            return {"type": FIRST_DELIVERY}
        name = signal_named(trigger.get("signal", trigger))
        return {
            "type": trigger.get("type"),
            "code": name.get("code"),
            "group": name.get("group"),
            "name": name.get("name"),
        }


FIRST_DELIVERY = "FIRST_DELIVERY"


@frozen
class VerifyEvent:
    """Smartcar asks whether the endpoint holds the token."""

    challenge: str = field(repr=False, metadata=NOT_SENT)
    event_id: str | None = sent("eventId", kind=Identity, tolerant=True)
    meta: EventMeta = sent(WHOLE, default=EventMeta())
    raw: Json = raw_field()


@raw_on_demand
@frozen
class VehicleStateEvent(Sent):
    """A vehicle's signals, because one of the chosen ones changed. A signal that is missing is no news."""

    event_id: str | None = field(metadata=wire(kind=Identity, tolerant=True))
    vehicle_id: str | None = field(metadata=wire("data.vehicle.id", "vehicleId", kind=Identity, tolerant=True))
    user_id: str | None = sent("data.user.id", kind=Identity, tolerant=True, repr=False)
    external_id: str | None = sent("data.user.externalId", kind=Identity, tolerant=True, repr=False)
    vehicle: VehicleAttributes | None = sent("data.vehicle", tolerant=True, from_parent={"id": "vehicle_id"})
    signals: SignalSet = field(factory=lambda: SignalSet(()), metadata=NOT_SENT)
    triggers: tuple[Trigger, ...] = sent("triggers", "data.triggers", tolerant=True, default=())
    meta: EventMeta = sent(WHOLE, default=EventMeta())
    raw: Json = raw_field()

    @property
    def first_delivery(self) -> bool:
        """Whether this is the baseline after subscribing, and no change."""
        return any(trigger.kind == FIRST_DELIVERY for trigger in self.triggers)


@frozen
class VehicleError:
    """One error of a vehicle, begun (ERROR) or over (RESOLVED). No `signals` means the whole vehicle."""

    type: str | None = sent(kind=Identity, tolerant=True)
    code: str | None = sent(kind=Identity, tolerant=True)
    state: str | None = sent(kind=Identity, tolerant=True)
    description: str | None = sent(kind=Identity, tolerant=True, repr=False)
    suggested_user_message: str | None = sent(kind=Identity, tolerant=True, repr=False)
    doc_url: str | None = sent("docURL", kind=Identity, tolerant=True, repr=False)
    resolution: str | None = sent("resolution.type", "resolution", kind=Identity, tolerant=True)
    signals: tuple[SignalName, ...] = sent(tolerant=True, default=())

    @property
    def resolved(self) -> bool:
        """Whether the error is over."""
        return (self.state or "").upper() == "RESOLVED"


@frozen
class VehicleErrorEvent:
    """Errors of a vehicle that began or are over."""

    event_id: str | None = field(metadata=wire(kind=Identity, tolerant=True))
    vehicle_id: str | None = field(metadata=wire("data.vehicle.id", "vehicleId", kind=Identity, tolerant=True))
    user_id: str | None = sent("data.user.id", kind=Identity, tolerant=True, repr=False)
    external_id: str | None = sent("data.user.externalId", kind=Identity, tolerant=True, repr=False)
    vehicle: VehicleAttributes | None = sent("data.vehicle", tolerant=True, from_parent={"id": "vehicle_id"})
    errors: tuple[VehicleError, ...] = sent("data.errors", tolerant=True, skips=True, default=())
    meta: EventMeta = sent(WHOLE, default=EventMeta())
    raw: Json = raw_field()

    def needs_reauth(self, signals_in_use: Iterable[SignalKey[Any] | str] | SignalKey[Any]) -> bool:
        """Whether the owner must go through Connect again, for signals that you do use.

        Smartcar suggests it also for signals that were never granted, which would be a false alarm every day.
        """
        named = [signals_in_use] if isinstance(signals_in_use, (str, SignalKey)) else signals_in_use
        used = {key.code if isinstance(key, SignalKey) else key for key in named}
        return any(
            error.resolution == "REAUTHENTICATE"
            and not error.resolved
            and (not error.signals or any(signal.code in used for signal in error.signals))
            for error in self.errors
        )


@frozen
class LegacyEvent:
    """An event of the retired 2.0 form. Only `raw` tells what it says."""

    name: str = field(metadata=NOT_SENT)
    event_id: str | None = sent("payload.eventId", kind=Identity, tolerant=True)
    vehicle_ids: tuple[str, ...] = field(default=(), metadata=NOT_SENT)
    meta: EventMeta = sent(WHOLE, default=EventMeta())
    raw: Json = raw_field()


@frozen
class UnknownEvent:
    """An event of a kind that this version does not know. Acknowledge it."""

    type: str | None = field(metadata=wire("eventType", kind=Identity, tolerant=True))
    event_id: str | None = sent(kind=Identity, tolerant=True)
    meta: EventMeta = sent(WHOLE, default=EventMeta())
    raw: Json = raw_field()


Event = VerifyEvent | VehicleStateEvent | VehicleErrorEvent | LegacyEvent | UnknownEvent
