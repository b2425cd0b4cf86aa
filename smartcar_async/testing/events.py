"""The JSON of webhook events, written out from recorded deliveries: envelope, signals, triggers, errors, signature."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Literal

from .bodies import SIGNALS
from .wire import is_object

Document = dict[str, object]
Shape = Literal["typed", "dotted", "flat", "texts", "september_2025"]
"""Where the triggers are, and how a signal is named in them.

`typed` and `dotted`: at the top, with an object or with `Group.Name`. `flat`: in the data, as the newer event reference
has it, with `vehicleId` at the top and `fetchedAt`. `texts`: in the data, as bare texts, the signals keyed by name.
`september_2025`: like `dotted`, in errors too, and with neither status nor version nor webhook id.
"""

SIGNATURE = "SC-Signature"
FIRST_DELIVERY = "FIRST_DELIVERY"
ABOUT_ERRORS = "https://smartcar.com/docs/errors/api-errors"


def encode(document: Mapping[str, object]) -> bytes:
    """A document as it is sent: compact, and UTF-8."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def digest(token: str, text: bytes) -> str:
    """The signature of a body, and the answer to a challenge: hex HMAC-SHA256 with the token as the key."""
    return hmac.new(token.encode(), text, "sha256").hexdigest()


def signed_headers(body: bytes, token: str) -> dict[str, str]:
    """The headers that come with a body."""
    return {**plain_headers(), SIGNATURE: digest(token, body)}


def plain_headers() -> dict[str, str]:
    """The headers of a delivery that is not signed, as a VERIFY is."""
    return {"Content-Type": "application/json", "User-Agent": "Smartcar/1.0"}


def name_of(code: str) -> tuple[str, str]:
    """Group and name of a signal; those of an unknown one are made from its code."""
    spec = SIGNALS.get(code)
    if spec is not None:
        return spec.group, spec.name
    group, _, name = code.partition("-")
    return group.title(), name.title()


def dotted(code: str) -> str:
    """A signal as `Group.Name`."""
    return ".".join(name_of(code))


def names_object(code: str) -> Document:
    """A signal as an object with its name, code and group."""
    group, name = name_of(code)
    return {"name": name, "code": code, "group": group}


def signal_with_body(code: str, body: Mapping[str, object], meta: Mapping[str, object]) -> Document:
    """A signal with a body."""
    group, name = name_of(code)
    status = {"value": "SUCCESS"}
    return {"code": code, "name": name, "group": group, "body": dict(body), "status": status, "meta": dict(meta)}


def signal_without_body(code: str, type: str, error: str | None) -> Document:
    """A signal that failed. The code of a PERMISSION is null."""
    return {**names_object(code), "status": {"value": "ERROR", "error": {"type": type, "code": error}}}


def vehicle_state(
    event_id: str,
    parties: Mapping[str, object],
    signals: Iterable[Document],
    changed: Iterable[str] | None,
    shape: Shape = "typed",
) -> Document:
    """The signals of a vehicle, and the codes of those that changed; None for a first delivery."""
    entries: list[Document] = list(signals)
    if shape == "september_2025":
        entries = [{key: value for key, value in entry.items() if key != "status"} for entry in entries]
    elif shape in ("flat", "texts"):
        entries = [_fetched(entry) for entry in entries]
    keyed: Document = {str(entry["name"]): entry for entry in entries}
    data: Document = {**parties, "signals": keyed if shape == "texts" else entries}
    triggers = {"triggers": _first_triggers(shape) if changed is None else [_trigger(code, shape) for code in changed]}
    event = _event(event_id, "VEHICLE_STATE", parties, shape)
    if shape in ("flat", "texts"):
        return {**event, "data": {**data, **triggers}}
    return {**event, "data": data, **triggers}


def _event(event_id: str, event_type: str, parties: Mapping[str, object], shape: Shape) -> Document:
    event: Document = {"eventId": event_id, "eventType": event_type}
    vehicle = parties["vehicle"]
    return {**event, "vehicleId": vehicle["id"]} if shape == "flat" and is_object(vehicle) else event


def _fetched(entry: Document) -> Document:
    """A signal with the newer name of the time when it was retrieved."""
    meta = entry.get("meta")
    if not is_object(meta):
        return entry
    return {**entry, "meta": {"fetchedAt" if name == "retrievedAt" else name: at for name, at in meta.items()}}


def _first_triggers(shape: Shape) -> list[object]:
    match shape:
        case "flat":
            return [{"code": FIRST_DELIVERY}]
        case "texts":
            return [FIRST_DELIVERY]
        case _:
            return [{"type": FIRST_DELIVERY}]


def _trigger(code: str, shape: Shape) -> object:
    match shape:
        case "flat":
            return names_object(code)
        case "texts":
            return dotted(code)
        case "typed":
            return {"type": "SIGNAL_UPDATED", "signal": names_object(code)}
        case _:
            return {"type": "SIGNAL_UPDATED", "signal": dotted(code)}


def vehicle_errors(
    event_id: str, parties: Mapping[str, object], errors: Iterable[Document], shape: Shape = "typed"
) -> Document:
    """Errors that began or are over; one event may hold several."""
    return {**_event(event_id, "VEHICLE_ERROR", parties, shape), "data": {**parties, "errors": list(errors)}}


def error(
    type: str,
    code: str | None,
    *,
    description: str,
    user_message: str | None = None,
    resolution: str | None = None,
    signals: Iterable[object] = (),
    resolved: bool = False,
) -> Document:
    """One error. When it is over, advice is left out; without signals it is about the whole vehicle."""
    state = "RESOLVED" if resolved else "ERROR"
    entry: Document = {"type": type, "code": code, "state": state, "description": description}
    if not resolved:
        if user_message is not None:
            entry["suggestedUserMessage"] = user_message
        entry["docURL"] = ABOUT_ERRORS
        entry["resolution"] = {"type": resolution}
    named_signals = list(signals)
    return entry | ({"signals": named_signals} if named_signals else {})


def verification(event_id: str, challenge: str) -> Document:
    """A VERIFY, which asks an endpoint to prove that it has the token."""
    return {"eventId": event_id, "eventType": "VERIFY", "data": {"challenge": challenge}}


def event_meta(
    delivery_id: str,
    delivered_at: object,
    webhook_id: str,
    webhook_name: str,
    *,
    mode: str | None = "LIVE",
    signals: int | None = None,
    shape: Shape = "typed",
) -> Document:
    """About one delivery. A VERIFY has no mode, and only a state counts its signals."""
    meta: Document = {"deliveryId": delivery_id, "deliveredAt": delivered_at}
    if shape == "september_2025":
        meta |= {"deliveryTime": delivered_at, "webhookName": webhook_name}
    else:
        meta |= {"version": "4.0", "webhookId": webhook_id, "webhookName": webhook_name}
    if mode is not None:
        meta["mode"] = mode
    return meta if signals is None else {**meta, "signalCount": signals}
