"""Events from the body of a delivery: which kind it is, whose it is, and what it keeps."""

from typing import Any

import attrs
import pytest

from smartcar_async import Powertrain, VehicleMode
from smartcar_async.errors import InvalidPayload
from smartcar_async.records import VehicleAttributes
from smartcar_async.webhook import (
    Event,
    EventMeta,
    LegacyEvent,
    UnknownEvent,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
    parse,
)

from ..deliveries import (
    ALL,
    ERRORS,
    LEGACY_CHARGING,
    LEGACY_SCHEDULED,
    LEGACY_VERIFY,
    NOW,
    PRIVATE,
    STATE,
    UNKNOWN_EVENT,
    USER_AND_VEHICLE,
    VERIFY,
    Document,
    written,
)

SEEN = EventMeta("d-1", NOW, "w-1", "Demo", "4.0", "LIVE")


@pytest.mark.parametrize("document", [STATE, ERRORS])
def test_whose_it_is(document: Document) -> None:
    """The external id, the powertrain and the mode are read where they are sent."""
    whose = {
        "user": {"id": "u-1", "externalId": "acct-42"},
        "vehicle": {**USER_AND_VEHICLE["vehicle"], "mode": "live", "powertrainType": "BEV", "colour": "red"},
    }
    event = parse(written({**document, "data": {**document["data"], **whose}}))
    assert isinstance(event, VehicleStateEvent | VehicleErrorEvent)
    assert (event.user_id, event.external_id) == ("u-1", "acct-42")
    assert event.vehicle == VehicleAttributes("v-1", "TESLA", "Model 3", 2024, Powertrain.BEV, VehicleMode.LIVE)
    assert event.vehicle
    assert event.vehicle.raw["colour"] == "red"


@pytest.mark.parametrize("document", [STATE, ERRORS])
@pytest.mark.parametrize(
    ("vehicle", "top", "vehicle_id", "attributes"),
    [
        ({"id": "v-1", "make": "TESLA"}, "v-2", "v-1", VehicleAttributes("v-1", "TESLA")),
        ({"make": "TESLA"}, "v-2", "v-2", VehicleAttributes("v-2", "TESLA")),
        ({"make": "TESLA"}, None, None, None),
        ({"id": "v-1", "make": []}, None, "v-1", None),
        ({}, "v-2", "v-2", None),
        (None, "v-2", "v-2", None),
        ([], None, None, None),
        ({"id": 5}, "v-2", "5", VehicleAttributes("5")),
        ({"id": []}, "v-2", "v-2", VehicleAttributes("v-2")),
    ],
)
def test_which_vehicle(
    document: Document, vehicle: object, top: object, vehicle_id: str | None, attributes: VehicleAttributes | None
) -> None:
    """The vehicle's own id comes first, the one at the top serves where it has none."""
    event = parse(
        written({**document, "vehicleId": top, "data": {**document["data"], "vehicle": vehicle, "user": None}})
    )
    assert isinstance(event, VehicleStateEvent | VehicleErrorEvent)
    assert (event.vehicle_id, event.vehicle, event.user_id) == (vehicle_id, attributes, None)


@pytest.mark.parametrize(
    ("kind", "event"),
    [("VEHICLE_STATE", VehicleStateEvent(None, None)), ("VEHICLE_ERROR", VehicleErrorEvent(None, None))],
)
@pytest.mark.parametrize("data", [None, [], "x", {}])
def test_no_data(kind: str, event: Event, data: object) -> None:
    """An event that says nothing is of its kind still."""
    assert parse(written({"eventType": kind, "data": data})) == event


@pytest.mark.parametrize("document", [VERIFY, LEGACY_VERIFY, {**LEGACY_VERIFY, "eventName": "VERIFY"}])
def test_verify(document: Document) -> None:
    """In today's form and in that of 2.0."""
    event = parse(written(document))
    assert isinstance(event, VerifyEvent)
    assert event.challenge == "3f1c9a52-made-up-challenge"
    assert event.event_id == document.get("eventId")
    assert event.meta.webhook_id in ("w-1", "w-9")
    assert event.meta.mode is None


def test_verify_with_the_challenge_where_the_prose_says() -> None:
    """One page shows `data.challenge` and speaks of `payload.challenge`."""
    event = parse(written({"eventType": "verify", "payload": {"challenge": "c"}}))
    assert event == VerifyEvent("c")


@pytest.mark.parametrize("data", [None, {}, {"challenge": None}, {"challenge": 5}, {"challenge": ["c"]}, [], "c"])
def test_verify_without_a_challenge(data: object) -> None:
    """There is nothing to answer."""
    for document in ({"eventType": "VERIFY", "data": data}, {"eventName": "verify", "payload": data}):
        with pytest.raises(InvalidPayload, match="without a challenge"):
            parse(written(document))


@pytest.mark.parametrize(
    ("document", "event"),
    [
        (
            LEGACY_CHARGING,
            LegacyEvent("eventBased", "e-9", ("v-9",), EventMeta(None, None, "w-9", None, "2.0", "LIVE")),
        ),
        (
            LEGACY_SCHEDULED,
            LegacyEvent("scheduled", None, ("v-8", "v-9"), EventMeta(None, None, "w-9", None, "2.0", "LIVE")),
        ),
        ({"eventName": "schedule"}, LegacyEvent("schedule")),
        ({"eventName": "dynamic", "payload": {"vehicles": [None, {}, {"vehicleId": "v-1"}]}}, "v-1"),
        ({"eventName": "dynamic", "payload": {"vehicles": {"vehicleId": "v-1"}, "vehicleId": []}}, None),
        ({"eventName": "", "payload": []}, LegacyEvent("")),
    ],
)
def test_the_forms_of_2_0(document: Document, event: LegacyEvent | str | None) -> None:
    """The kind, the vehicles and the event's id; all else is in `raw`."""
    found = parse(written(document))
    if not isinstance(event, LegacyEvent):
        event = LegacyEvent("dynamic", None, (event,) if event else ())
    assert found == event
    assert found.raw == document


@pytest.mark.parametrize(
    ("document", "event"),
    [
        (UNKNOWN_EVENT, UnknownEvent("VEHICLE_SOLD", "e-4", SEEN)),
        ({**UNKNOWN_EVENT, "eventType": "vehicle_sold"}, UnknownEvent("vehicle_sold", "e-4", SEEN)),
        ({}, UnknownEvent(None)),
        ({"eventType": None}, UnknownEvent(None)),
        ({"eventType": []}, UnknownEvent(None)),
        ({"eventType": "", "eventName": "verify"}, UnknownEvent("")),
        ({"eventType": 5, "eventId": 6}, UnknownEvent("5", "6")),
    ],
)
def test_an_unknown_event(document: Document, event: UnknownEvent) -> None:
    """It is a record, not an error: it is to be acknowledged."""
    assert parse(written(document)) == event


@pytest.mark.parametrize(
    ("document", "kind"), [(STATE, VehicleStateEvent), (ERRORS, VehicleErrorEvent), (VERIFY, VerifyEvent)]
)
@pytest.mark.parametrize("version", ["4.0", "3.0", "2.0", None])
def test_the_shape_tells_the_kind_and_not_the_version(document: Document, kind: type[object], version: object) -> None:
    """What people call v3 is 4.0 in the payload, and was 3.0 on one page."""
    assert isinstance(parse(written({**document, "version": version, "meta": {"version": version}})), kind)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b'{"a":1}x', b"nonsense", b"\xff", b'{"a":NaN', b'{"a":Infinit}', b"\xef\xbb\xbf"),
        *('{"a":1}'.encode("utf-16"), b"[" * 100_000, b'{"a":' * 100_000, "\ud800", '{"a":"\ud800'),
        b'{"eventType":' + b"9" * 5000,
    ],
    ids=lambda body: ascii(body[:20]),
)
def test_no_json(body: bytes | str) -> None:
    """One class of error, which repeats nothing."""
    with pytest.raises(InvalidPayload, match=r"^the body is not JSON$") as why:
        parse(body)
    assert why.value.__cause__ is None


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"text"', b"true", b"[{}]"])
def test_no_object(body: bytes) -> None:
    """Only an object is an event: without a brace, nothing is one."""
    with pytest.raises(InvalidPayload, match="not a JSON object"):
        parse(body)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_every_kind_of_body(kind: Any) -> None:
    """Bytes however they are held, or their text."""
    assert parse(kind(written(STATE))) == parse(written(STATE))


@pytest.mark.parametrize(
    "document", ALL, ids=lambda document: str(document.get("eventType", document.get("eventName")))
)
def test_events_are_frozen_and_keep_what_was_sent(document: Document) -> None:
    """Nothing that Smartcar adds is lost, and nobody changes an event under another's eyes."""
    document = {**document, "of tomorrow": {"a": [1]}}
    event = parse(written(document))
    assert event.raw == document
    for name in attrs.fields_dict(type(event)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(event, name, None)
    assert not hasattr(event, "__dict__")


@pytest.mark.parametrize(
    "document", ALL, ids=lambda document: str(document.get("eventType", document.get("eventName")))
)
def test_a_repr_shows_nothing_private(document: Document) -> None:
    """No user, VIN, place or challenge, neither of the event nor of what it holds."""
    event = parse(written(document))
    shown = f"{event!r} {event} {event.meta!r}"
    assert type(event).__name__ in shown
    assert not [secret for secret in PRIVATE if secret in shown]
