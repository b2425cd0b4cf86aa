"""From the body of a delivery to an event, in every shape that Smartcar has sent."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..codec import delivered_state, load, signal
from ..codec.documents import loose_part, loose_text
from ..codec.lenient import load_leniently
from ..codec.resources import vehicle_of
from ..codec.structure import Unreadable, is_list, is_object
from ..errors import InvalidPayload
from ..lazy_raw import raw_from
from ..records import Signal, SignalName, SignalSet, VehicleAttributes
from ..times import instant_or_none
from .events import (
    FIRST_DELIVERY,
    Event,
    EventMeta,
    LegacyEvent,
    Trigger,
    UnknownEvent,
    VehicleError,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
)
from .signature import Body, raw_bytes

_MOST_UNSIGNED: Final = 8192
_MOST_BRACKETS: Final = 64


class _RepeatedKey(Exception):
    """Which of the values counts, readers do not agree on."""


def parse(body: Body) -> Event:
    """The event in a body that is trusted. InvalidPayload if it is no JSON object."""
    raw = raw_bytes(body)
    usual = delivered_state(raw)
    if usual is not None:
        said, signals, whole = usual
        event = _state_with(said, signals)
        raw_from(event, whole)
        return event
    try:
        document: Any = load(raw)
    except Unreadable:
        raise InvalidPayload("the body is not JSON") from None
    return event_of(document)


def unsigned_verify(raw: bytes) -> VerifyEvent | None:
    """The VERIFY in a body without a signature: small, flat, and every key only once. None for any other object.

    What is no JSON object is InvalidPayload, unless it is too large or too deep to be looked at.
    """
    if len(raw) > _MOST_UNSIGNED or raw.count(b"{") + raw.count(b"[") > _MOST_BRACKETS:
        return None
    try:
        document: Any = load_leniently(raw, _once)
    except _RepeatedKey:
        return None
    except Unreadable:
        raise InvalidPayload("the body is not JSON") from None
    if not is_object(document):
        raise InvalidPayload("the body is not a JSON object")
    try:
        event = event_of(document)
    except InvalidPayload:
        return None
    return event if isinstance(event, VerifyEvent) else None


def event_of(document: Any) -> Event:
    """The event in a parsed body."""
    if not is_object(document):
        raise InvalidPayload("the body is not a JSON object")
    kind, name = loose_text(document, "eventType"), loose_text(document, "eventName")
    if kind is None and name is not None:
        return _legacy(document, name)
    read = _KINDS.get((kind or "").upper())
    return read(document) if read is not None else UnknownEvent(kind, _id(document), meta_of(document), document)


def meta_of(document: dict[str, Any]) -> EventMeta:
    """What a body says about its delivery."""
    meta = loose_part(document, "meta")
    mode = loose_text(meta, "mode") or loose_text(document, "mode")
    return EventMeta(
        delivery_id=loose_text(meta, "deliveryId"),
        delivered_at=instant_or_none(meta.get("deliveredAt")) or instant_or_none(meta.get("deliveryTime")),
        webhook_id=loose_text(meta, "webhookId") or loose_text(document, "webhookId"),
        webhook_name=loose_text(meta, "webhookName"),
        version=loose_text(meta, "version") or loose_text(document, "version"),
        mode=mode and mode.upper(),
        sequence=_count(meta, "sequence"),
        application_id=loose_text(meta, "applicationId"),
        signal_count=_count(meta, "signalCount"),
        raw=meta,
    )


def _count(value: dict[str, Any], name: str) -> int | None:
    found = value.get(name)
    return found if type(found) is int else None


def _verify(document: dict[str, Any]) -> VerifyEvent:
    data = loose_part(document, "data") or loose_part(document, "payload")
    challenge = data.get("challenge")
    if not isinstance(challenge, str):
        raise InvalidPayload("a VERIFY without a challenge")
    return VerifyEvent(challenge, _id(document), meta_of(document), document)


def _state(document: dict[str, Any]) -> VehicleStateEvent:
    entries: Any = loose_part(document, "data").get("signals")
    entries = list(entries.values()) if is_object(entries) else entries if is_list(entries) else []
    return _state_with(document, [signal(entry) for entry in entries])


def _state_with(document: dict[str, Any], signals: list[Signal[Any]]) -> VehicleStateEvent:
    data = loose_part(document, "data")
    vehicle = _vehicle(document, data)
    return VehicleStateEvent(
        event_id=_id(document),
        vehicle_id=_vehicle_id(document, data),
        user_id=loose_text(loose_part(data, "user"), "id"),
        external_id=loose_text(loose_part(data, "user"), "externalId"),
        vehicle=vehicle,
        signals=SignalSet(signals, vehicle),
        triggers=_triggers(document.get("triggers")) or _triggers(data.get("triggers")),
        meta=meta_of(document),
        raw=document,
    )


def _errors(document: dict[str, Any]) -> VehicleErrorEvent:
    data = loose_part(document, "data")
    entries: Any = data.get("errors")
    return VehicleErrorEvent(
        event_id=_id(document),
        vehicle_id=_vehicle_id(document, data),
        user_id=loose_text(loose_part(data, "user"), "id"),
        external_id=loose_text(loose_part(data, "user"), "externalId"),
        vehicle=_vehicle(document, data),
        errors=tuple(_error(entry) for entry in entries if is_object(entry)) if is_list(entries) else (),
        meta=meta_of(document),
        raw=document,
    )


_KINDS: Final[Mapping[str, Callable[[dict[str, Any]], Event]]] = {
    "VERIFY": _verify,
    "VEHICLE_STATE": _state,
    "VEHICLE_ERROR": _errors,
}


def _error(entry: dict[str, Any]) -> VehicleError:
    resolution: Any = entry.get("resolution")
    named: Any = entry.get("signals")
    return VehicleError(
        type=loose_text(entry, "type"),
        code=loose_text(entry, "code"),
        state=loose_text(entry, "state"),
        description=loose_text(entry, "description"),
        suggested_user_message=loose_text(entry, "suggestedUserMessage"),
        doc_url=loose_text(entry, "docURL"),
        resolution=loose_text(resolution, "type") if is_object(resolution) else loose_text(entry, "resolution"),
        signals=tuple(_signal_name(item) for item in named) if is_list(named) else (),
    )


def _signal_name(item: Any) -> SignalName:
    """A signal by its code, or by `Group.Name`."""
    if is_object(item):
        return SignalName(loose_text(item, "code"), loose_text(item, "group"), loose_text(item, "name"))
    if not isinstance(item, str):
        return SignalName()
    group, dot, name = item.partition(".")
    return SignalName(item.replace(".", "-").lower(), group if dot else None, name or None)


def _triggers(entries: Any) -> tuple[Trigger, ...]:
    return tuple(_trigger(entry) for entry in entries) if is_list(entries) else ()


def _trigger(entry: Any) -> Trigger:
    """A trigger in any of its four shapes: typed with an object or a dotted name, flat, or a bare text."""
    said: dict[str, Any] = entry if is_object(entry) else {"signal": entry}
    name = _signal_name(said.get("signal", said))
    if FIRST_DELIVERY in (said.get("code"), said.get("signal")):
        return Trigger(FIRST_DELIVERY)
    return Trigger(loose_text(said, "type"), name.code, name.group, name.name)


def _legacy(document: dict[str, Any], name: str) -> Event:
    if name.lower() == "verify":
        return _verify(document)
    payload = loose_part(document, "payload")
    vehicles: Any = payload.get("vehicles")
    listed = [loose_text(item, "vehicleId") for item in vehicles if is_object(item)] if is_list(vehicles) else []
    ids = [loose_text(payload, "vehicleId"), *listed]
    return LegacyEvent(
        name, loose_text(payload, "eventId"), tuple(found for found in ids if found), meta_of(document), document
    )


def _vehicle(document: dict[str, Any], data: dict[str, Any]) -> VehicleAttributes | None:
    try:
        found = loose_part(data, "vehicle")
        return vehicle_of(found, _vehicle_id(document, data)) if found else None
    except Unreadable:
        return None


def _vehicle_id(document: dict[str, Any], data: dict[str, Any]) -> str | None:
    return loose_text(loose_part(data, "vehicle"), "id") or loose_text(document, "vehicleId")


def _id(document: dict[str, Any]) -> str | None:
    return loose_text(document, "eventId")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKey
    return found
