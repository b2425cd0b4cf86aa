"""What a webhook delivers, as frozen records. `raw` holds all that was sent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import field, frozen

from ..lazy_raw import Sent, raw_on_demand
from ..records import Json, SignalKey, SignalName, SignalSet, VehicleAttributes


def _raw() -> Any:
    return field(factory=dict[str, Any], eq=False, repr=False)


@frozen
class EventMeta:
    """About the delivery: `delivery_id` and `delivered_at` are new at each attempt, the event's id is not."""

    delivery_id: str | None = None
    delivered_at: datetime | None = None
    webhook_id: str | None = None
    webhook_name: str | None = None
    version: str | None = None
    mode: str | None = None
    """LIVE or TEST, in upper case whatever was sent."""
    sequence: int | None = None
    application_id: str | None = None
    """The application that the webhook belongs to."""
    signal_count: int | None = None
    """How many signals the event was sent with."""
    raw: Json = _raw()


@frozen
class Trigger:
    """Why an event was sent: `kind` is SIGNAL_UPDATED or FIRST_DELIVERY, or None where only a signal is named."""

    kind: str | None = None
    code: str | None = None
    group: str | None = None
    name: str | None = None


FIRST_DELIVERY = "FIRST_DELIVERY"


@frozen
class VerifyEvent:
    """Smartcar asks whether the endpoint holds the token."""

    challenge: str = field(repr=False)
    event_id: str | None = None
    meta: EventMeta = EventMeta()
    raw: Json = _raw()


@raw_on_demand
@frozen
class VehicleStateEvent(Sent):
    """A vehicle's signals, because one of the chosen ones changed. A signal that is missing is no news."""

    event_id: str | None
    vehicle_id: str | None
    user_id: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)
    vehicle: VehicleAttributes | None = None
    signals: SignalSet = field(factory=lambda: SignalSet(()))
    triggers: tuple[Trigger, ...] = ()
    meta: EventMeta = EventMeta()
    raw: Json = _raw()

    @property
    def first_delivery(self) -> bool:
        """Whether this is the baseline after subscribing, and no change."""
        return any(trigger.kind == FIRST_DELIVERY for trigger in self.triggers)


@frozen
class VehicleError:
    """One error of a vehicle, begun (ERROR) or over (RESOLVED). No `signals` means the whole vehicle."""

    type: str | None = None
    code: str | None = None
    state: str | None = None
    description: str | None = field(default=None, repr=False)
    suggested_user_message: str | None = field(default=None, repr=False)
    doc_url: str | None = field(default=None, repr=False)
    resolution: str | None = None
    signals: tuple[SignalName, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether the error is over."""
        return (self.state or "").upper() == "RESOLVED"


@frozen
class VehicleErrorEvent:
    """Errors of a vehicle that began or are over."""

    event_id: str | None
    vehicle_id: str | None
    user_id: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)
    vehicle: VehicleAttributes | None = None
    errors: tuple[VehicleError, ...] = ()
    meta: EventMeta = EventMeta()
    raw: Json = _raw()

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

    name: str
    event_id: str | None = None
    vehicle_ids: tuple[str, ...] = ()
    meta: EventMeta = EventMeta()
    raw: Json = _raw()


@frozen
class UnknownEvent:
    """An event of a kind that this version does not know. Acknowledge it."""

    type: str | None
    event_id: str | None = None
    meta: EventMeta = EventMeta()
    raw: Json = _raw()


Event = VerifyEvent | VehicleStateEvent | VehicleErrorEvent | LegacyEvent | UnknownEvent
