"""From the body of a delivery to an event, in every shape that Smartcar has sent."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..codec import Unreadable, delivered_state, is_list, is_object, load, signal, structure
from ..codec.lenient import load_leniently
from ..codec.shapes import object_at
from ..errors import InvalidPayload
from ..lazy_raw import raw_from
from ..records import Signal, SignalSet
from .events import Event, LegacyEvent, UnknownEvent, VehicleErrorEvent, VehicleStateEvent, VerifyEvent
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
        part_read, signals, whole = usual
        event = _state_with(part_read, signals)
        raw_from(event, whole)
        return event
    try:
        document = load(raw)
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
    kind, name = document.get("eventType"), document.get("eventName")
    if type(kind) not in (str, int) and type(name) in (str, int):
        return _legacy(document, str(name))
    read = _KINDS.get(str(kind).upper())
    return structure(document, UnknownEvent) if read is None else read(document)


def _verify(document: dict[str, Any]) -> VerifyEvent:
    data = object_at(document, "data") or object_at(document, "payload")
    challenge = data.get("challenge")
    if not isinstance(challenge, str):
        raise InvalidPayload("a VERIFY without a challenge")
    return structure(document, VerifyEvent, challenge=challenge)


def _state(document: dict[str, Any]) -> VehicleStateEvent:
    entries: Any = object_at(document, "data").get("signals")
    entries = list(entries.values()) if is_object(entries) else entries if is_list(entries) else []
    return _state_with(document, [signal(entry) for entry in entries])


def _state_with(document: dict[str, Any], signals: list[Signal[Any]]) -> VehicleStateEvent:
    event = structure(document, VehicleStateEvent, signals=SignalSet(signals))
    event.signals.vehicle = event.vehicle
    return event


def _errors(document: dict[str, Any]) -> VehicleErrorEvent:
    return structure(document, VehicleErrorEvent)


_KINDS: Final[Mapping[str, Callable[[dict[str, Any]], Event]]] = {
    "VERIFY": _verify,
    "VEHICLE_STATE": _state,
    "VEHICLE_ERROR": _errors,
}


def _legacy(document: dict[str, Any], name: str) -> Event:
    """An event of the retired form, which has a name instead of a type."""
    if name.lower() == "verify":
        return _verify(document)
    return structure(document, LegacyEvent, name=name, vehicle_ids=tuple(_vehicle_ids(document)))


def _vehicle_ids(document: dict[str, Any]) -> Iterator[str]:
    payload = object_at(document, "payload")
    vehicles: Any = payload.get("vehicles")
    for holder in (payload, *(vehicles if is_list(vehicles) else ())):
        if is_object(holder) and type(vehicle_id := holder.get("vehicleId")) in (str, int) and vehicle_id != "":
            yield str(vehicle_id)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _RepeatedKey
    return document
