"""Bodies of made-up deliveries, in every shape that Smartcar's webhooks have had.

Each function returns the raw bytes of a body; `signed_headers(body, token)` makes the headers that go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from . import events
from .events import (
    Document,
    Shape,
    encode,
    plain_headers as plain_headers,
    signed_headers as signed_headers,
)
from .times import Times, timestamp

WEBHOOK = "w-1"
"""The id of the webhook that all of these are of."""
LEGACY_WEBHOOK = "w-9"
"""The id of the webhook in the 2.0 form."""
WHOSE: Document = {
    "user": {"id": "u-1"},
    "vehicle": {"id": "v-1", "make": "TESLA", "model": "Model 3", "year": 2024},
}
"""The user and the vehicle by default."""


def signal(
    code: str, body: Mapping[str, object], *, recorded: datetime | None = None, times: Times = "milliseconds"
) -> Document:
    """A signal with a body. Without a time it has zeros for times, as what is never dated."""
    at = 0 if recorded is None else timestamp(recorded, times)
    return events.signal_with_body(code, body, {"oemUpdatedAt": at, "retrievedAt": at})


def refused_signal(code: str, type: str = "COMPATIBILITY", error: str | None = "VEHICLE_NOT_CAPABLE") -> Document:
    """A signal without a body, and why."""
    return events.signal_without_body(code, type, error)


def vehicle_state(
    signals: Iterable[Document] | None = None,
    *,
    changed: Iterable[str] | None = ("tractionbattery-stateofcharge",),
    shape: Shape = "typed",
    whose: Mapping[str, object] = WHOSE,
    event_id: str | None = None,
    at: datetime | None = None,
    times: Times = "milliseconds",
    mode: str = "LIVE",
    meta: bool = True,
) -> bytes:
    """A VEHICLE_STATE, delivered now unless `at` says when. `changed` are codes, or None for a first delivery.

    `meta=False` leaves the whole `meta` out, as one recorded body does.
    """
    delivered = at or datetime.now(UTC)
    if signals is None:
        charge = {"value": 61, "unit": "percent"}
        signals = [
            signal("tractionbattery-stateofcharge", charge, recorded=delivered, times=times),
            refused_signal("closure-tailgate"),
        ]
    entries = list(signals)
    document = events.vehicle_state(event_id or str(uuid4()), whose, entries, changed, shape)
    return _delivered(document, delivered, times, mode, len(entries), shape) if meta else encode(document)


def vehicle_error(
    type: str = "VEHICLE_STATE",
    code: str | None = "UNREACHABLE",
    *,
    resolved: bool = False,
    signals: Iterable[str] = (),
    names: Literal["objects", "dotted"] = "objects",
    resolution: str | None = "RETRY_LATER",
    whose: Mapping[str, object] = WHOSE,
    event_id: str | None = None,
    at: datetime | None = None,
    times: Times = "milliseconds",
    mode: str = "LIVE",
) -> bytes:
    """A VEHICLE_ERROR that began, or is over. Signals are codes; none leaves the list out: the whole vehicle."""
    name = events.names_object if names == "objects" else events.dotted
    error = events.error(
        type,
        code,
        description="The car cannot be reached.",
        user_message=None if type == "PERMISSION" else "Try again later.",
        resolution=resolution,
        signals=[name(signal_code) for signal_code in signals],
        resolved=resolved,
    )
    document = events.vehicle_errors(event_id or str(uuid4()), whose, [error])
    return _delivered(document, at or datetime.now(UTC), times, mode)


def verify(
    challenge: str = "3f1c9a52-made-up-challenge",
    *,
    event_id: str | None = None,
    at: datetime | None = None,
    times: Times = "milliseconds",
) -> bytes:
    """A VERIFY. Smartcar sends it unsigned, with `plain_headers()`."""
    document = events.verification(event_id or str(uuid4()), challenge)
    return _delivered(document, at or datetime.now(UTC), times, None)


def unknown_event(
    event_type: str = "VEHICLE_SOLD", *, event_id: str | None = None, at: datetime | None = None, mode: str = "LIVE"
) -> bytes:
    """An event of a type that there is not yet."""
    document: Document = {"eventId": event_id or str(uuid4()), "eventType": event_type, "data": {"price": 1}}
    return _delivered(document, at or datetime.now(UTC), "milliseconds", mode)


def legacy_verify(challenge: str = "3f1c9a52-made-up-challenge") -> bytes:
    """The VERIFY of the 2.0 form."""
    return encode(
        {"version": "2.0", "webhookId": LEGACY_WEBHOOK, "eventName": "verify", "payload": {"challenge": challenge}}
    )


def legacy_event(event_type: str = "CHARGING_STARTED", *, event_id: str | None = None, mode: str = "live") -> bytes:
    """An `eventBased` delivery of the 2.0 form, the only kind of it that has an event id."""
    event: Document = {
        "eventId": event_id or str(uuid4()),
        "vehicleId": "v-9",
        "eventType": event_type,
        "eventTime": "2022-04-13T00:00:00Z",
    }
    return _legacy("eventBased", mode, event)


def legacy_vehicles(
    name: Literal["scheduled", "dynamic"] = "scheduled", vehicle_ids: Iterable[str] = ("v-9",), *, mode: str = "live"
) -> bytes:
    """A `scheduled` or `dynamic` delivery of the 2.0 form, as far as one is on record: it names vehicles."""
    return _legacy(name, mode, {"vehicles": [{"vehicleId": vehicle_id} for vehicle_id in vehicle_ids]})


def every_shape(at: datetime | None = None) -> dict[str, bytes]:
    """One body of each recorded shape, by a name for it: parametrize a test of your service with them."""
    odometer = "odometer-traveleddistance"
    distance = signal(odometer, {"value": 18250.4, "unit": "km"})
    shapes: tuple[Shape, ...] = ("typed", "dotted", "flat", "texts", "september_2025")
    return {
        **{f"state {shape}": vehicle_state(shape=shape, at=at) for shape in shapes},
        **{f"first delivery {shape}": vehicle_state(changed=None, shape=shape, at=at) for shape in shapes},
        "state in ISO times": vehicle_state(at=at, times="iso"),
        "state in seconds": vehicle_state(at=at, times="seconds"),
        "state without times": vehicle_state([distance], changed=[odometer], at=at),
        "state without meta": vehicle_state(at=at, meta=False),
        "state in TEST mode": vehicle_state(at=at, mode="TEST"),
        "error": vehicle_error(at=at),
        "error of signals": vehicle_error(signals=[odometer], at=at),
        "error of dotted signals": vehicle_error(signals=[odometer], names="dotted", at=at),
        "error without a code": vehicle_error(
            "PERMISSION", None, resolution="REAUTHENTICATE", signals=[odometer], at=at
        ),
        "error resolved": vehicle_error(resolved=True, at=at),
        "verify": verify(at=at),
        "verify in ISO times": verify(at=at, times="iso"),
        "unknown": unknown_event(at=at),
        "legacy verify": legacy_verify(),
        "legacy eventBased": legacy_event(),
        "legacy scheduled": legacy_vehicles("scheduled"),
        "legacy dynamic": legacy_vehicles("dynamic"),
    }


def _delivered(
    document: Document,
    at: datetime,
    times: Times,
    mode: str | None,
    signals: int | None = None,
    shape: Shape = "typed",
) -> bytes:
    meta = events.event_meta(
        str(uuid4()), timestamp(at, times), WEBHOOK, "Demo", mode=mode, signals=signals, shape=shape
    )
    return encode({**document, "meta": meta})


def _legacy(name: str, mode: str, payload: Document) -> bytes:
    return encode({"version": "2.0", "webhookId": LEGACY_WEBHOOK, "eventName": name, "mode": mode, "payload": payload})
