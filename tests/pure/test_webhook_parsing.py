"""Events from the body of a delivery, in every shape that Smartcar has sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from smartcar_async import Powertrain, SignalStatus, VehicleMode, signals
from smartcar_async.bodies import Measure
from smartcar_async.errors import InvalidPayload
from smartcar_async.records import MALFORMED, SignalError, SignalName, VehicleAttributes
from smartcar_async.webhook import (
    Event,
    EventMeta,
    LegacyEvent,
    Trigger,
    UnknownEvent,
    VehicleError,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
    parse,
)

from ..deliveries import (
    ALL,
    CHARGE,
    ERROR,
    ERRORS,
    LEGACY_CHARGING,
    LEGACY_SCHEDULED,
    LEGACY_VERIFY,
    META,
    NAMED,
    NOW,
    PRIVATE,
    SEPTEMBER_2025,
    STATE,
    TOMORROW,
    VERIFY,
    WHOSE,
    Document,
    written,
)

SOC = signals.TractionBattery.StateOfCharge
UPDATED = "SIGNAL_UPDATED"
CODE, GROUP, NAME = NAMED["code"], NAMED["group"], NAMED["name"]
CAR = VehicleAttributes("v-1", "TESLA", "Model 3", 2024)
SEEN = EventMeta("d-1", NOW, "w-1", "Demo", "4.0", "LIVE")


def state(document: Document) -> VehicleStateEvent:
    """A document as the state of a vehicle."""
    event = parse(written(document))
    assert isinstance(event, VehicleStateEvent)
    return event


def state_with(**data: object) -> VehicleStateEvent:
    """The state of a vehicle, with other data."""
    return state({**STATE, "data": {**STATE["data"], **data}})


def errors(document: Document) -> VehicleErrorEvent:
    """A document as the errors of a vehicle."""
    event = parse(written(document))
    assert isinstance(event, VehicleErrorEvent)
    return event


def error_with(**changes: object) -> VehicleErrorEvent:
    """One error of a vehicle, with changes; what is None is left out."""
    entry = {name: value for name, value in {**ERROR, **changes}.items() if value is not None}
    return errors({**ERRORS, "data": {**WHOSE, "errors": [entry]}})


def test_the_state_of_a_vehicle() -> None:
    """Who, which car, why, and its signals from the same catalogue and decoder as the REST side."""
    event = state(STATE)
    assert (event.event_id, event.vehicle_id, event.user_id, event.external_id) == ("e-1", "v-1", "private-user", None)
    assert (event.vehicle, event.signals.vehicle, event.meta) == (CAR, CAR, SEEN)
    assert event.triggers == (Trigger(UPDATED, CODE, GROUP, NAME),)
    assert not event.first_delivery
    assert event.signals[SOC].require() == Measure(61, "percent")
    assert event.signals[SOC].recorded_at == datetime.fromtimestamp(1767000000, UTC)
    assert event.signals[SOC].retrieved_at == datetime.fromtimestamp(1767000004, UTC)
    assert event.signals["closure-tailgate"].error == SignalError("COMPATIBILITY", "VEHICLE_NOT_CAPABLE")
    assert event.signals["vehicleidentification-vin"].recorded_at is None


def test_a_permission_error_has_no_code() -> None:
    """A null code is no reason to lose the error."""
    entry = {**CHARGE, "body": None, "status": {"value": "ERROR", "error": {"type": "PERMISSION", "code": None}}}
    assert state_with(signals=[entry]).signals[SOC].error == SignalError("PERMISSION", None)


DOTTED = "TractionBattery.StateOfCharge"
FIRST = Trigger("FIRST_DELIVERY")
WHOLE = Trigger(UPDATED, CODE, GROUP, NAME)
NO_KIND = Trigger(None, CODE, GROUP, NAME)
SHAPES: list[tuple[object, Trigger]] = [
    ({"type": UPDATED, "signal": DOTTED}, WHOLE),
    ({"type": UPDATED, "signal": NAMED}, WHOLE),
    (NAMED, NO_KIND),
    ({"group": GROUP, "name": NAME}, Trigger(None, None, GROUP, NAME)),
    (DOTTED, NO_KIND),
    (CODE, Trigger(None, CODE)),
    ({"type": "FIRST_DELIVERY"}, FIRST),
    ({"code": "FIRST_DELIVERY"}, FIRST),
    ("FIRST_DELIVERY", FIRST),
    ({"type": "FIRST_DELIVERY", "signal": None}, FIRST),
    ({"type": UPDATED}, Trigger(UPDATED)),
    ({"type": UPDATED, "signal": None}, Trigger(UPDATED)),
    ({"type": UPDATED, "signal": 5}, Trigger(UPDATED)),
    ({"type": [], "signal": {"code": {}}}, Trigger()),
    ({}, Trigger()),
    (None, Trigger()),
    (5, Trigger()),
    ([], Trigger()),
]


@pytest.mark.parametrize("place", ["top", "data"])
@pytest.mark.parametrize(("sent", "trigger"), SHAPES, ids=lambda value: str(value)[:40])
def test_triggers(place: str, sent: object, trigger: Trigger) -> None:
    """Typed with a name or an object, flat, or a bare text; at the top or in the data: always the same record."""
    bare = {name: value for name, value in STATE.items() if name != "triggers"}
    document = (
        {**bare, "triggers": [sent]} if place == "top" else {**bare, "data": {**STATE["data"], "triggers": [sent]}}
    )
    event = state(document)
    assert event.triggers == (trigger,)
    assert event.first_delivery == (trigger is FIRST)
    assert event.signals[SOC].ok


@pytest.mark.parametrize("sent", [None, [], {}, "x", 5, {"type": UPDATED}])
def test_no_triggers(sent: object) -> None:
    """Without a list there are none, and the rest is there."""
    event = state({**STATE, "triggers": sent})
    assert event.triggers == ()
    assert not event.first_delivery
    assert event.signals[SOC].ok


def test_the_first_delivery_among_other_triggers() -> None:
    """One such trigger makes a baseline of the whole event."""
    event = state({**STATE, "triggers": [{"type": UPDATED, "signal": NAMED}, {"type": "FIRST_DELIVERY"}]})
    assert event.triggers == (WHOLE, FIRST)
    assert event.first_delivery


def test_a_payload_of_september_2025() -> None:
    """A time of delivery under its old name, no version, no webhook id, and no status beside the bodies."""
    event = state(SEPTEMBER_2025)
    assert event.meta == EventMeta("d-5", NOW, None, "Demo", None, "LIVE")
    assert event.triggers == (Trigger(UPDATED, "odometer-traveleddistance", "Odometer", "TraveledDistance"),)
    assert event.signals[signals.Odometer.TraveledDistance].require() == Measure(18250.4, "km")


@pytest.mark.parametrize(
    ("sent", "delivered"),
    [
        (1767000004100, NOW),
        (1767000004100.0, NOW),
        ("1767000004100", NOW),
        (1767000004, NOW - timedelta(seconds=0.1)),
        ("2025-12-29T09:20:04.100Z", NOW),
        ("2025-12-29T10:20:04.100+01:00", NOW),
        ("2025-12-29T09:20:04.100", NOW),
        (0, None),
        (None, None),
        ("", None),
        ("now", None),
        ([], None),
        ({}, None),
        (True, None),
        (10**30, None),
        ("9" * 5000, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_every_form_of_time(sent: object, delivered: datetime | None) -> None:
    """Milliseconds, seconds and ISO text are the same moment; 0, and what is no time, is none."""
    event = state({**STATE, "meta": {**META, "deliveredAt": sent}})
    assert event.meta == attrs.evolve(SEEN, delivered_at=delivered)
    renamed = state({**STATE, "meta": {"deliveredAt": 0, "deliveryTime": sent}})
    assert renamed.meta.delivered_at == delivered
    entry = {**CHARGE, "meta": {"oemUpdatedAt": sent, "fetchedAt": sent}}
    signal = state_with(signals=[entry]).signals[SOC]
    assert (signal.recorded_at, signal.retrieved_at) == (delivered, delivered)
    assert signal.ok


@pytest.mark.parametrize("meta", [None, [], "x", 5, {}])
def test_no_meta(meta: object) -> None:
    """An event that says nothing of its delivery is an event still."""
    assert state({**STATE, "meta": meta}).meta == EventMeta()
    without = {name: value for name, value in STATE.items() if name != "meta"}
    assert state(without).meta == EventMeta()
    signal = state_with(signals=[{**CHARGE, "meta": meta}]).signals[SOC]
    assert (signal.ok, signal.recorded_at, signal.retrieved_at) == (True, None, None)


@pytest.mark.parametrize(
    ("meta", "seen"),
    [
        ({"mode": "test"}, EventMeta(mode="TEST")),
        ({"mode": "Simulated"}, EventMeta(mode="SIMULATED")),
        ({"mode": []}, EventMeta()),
        ({"sequence": 7}, EventMeta(sequence=7)),
        ({"sequence": "7"}, EventMeta()),
        ({"sequence": True}, EventMeta()),
        ({"version": 4}, EventMeta(version="4")),
        ({"deliveryId": [], "webhookId": {}, "webhookName": True}, EventMeta()),
    ],
)
def test_what_meta_says(meta: Document, seen: EventMeta) -> None:
    """The mode in upper case whatever was sent; what cannot be read is left out, and stays in `raw`."""
    event = state({**STATE, "meta": meta})
    assert event.meta == seen
    assert event.meta.raw == meta


@pytest.mark.parametrize("status", [None, {}, {"value": None}, {"value": "SUCCESS"}, "SUCCESS"])
def test_a_body_without_a_status(status: object) -> None:
    """A body that comes without any status is trusted: deliveries used to be so."""
    (with_body, bare) = ({**CHARGE, "status": status}, {**CHARGE, "status": status, "body": None})
    assert state_with(signals=[with_body]).signals[SOC].require() == Measure(61, "percent")
    assert not state_with(signals=[bare]).signals[SOC].ok


@pytest.mark.parametrize("sent", [{"StateOfCharge": CHARGE, "Tailgate": None}, [CHARGE, None]])
def test_signals_as_a_mapping(sent: object) -> None:
    """One page shows them by name; they are read like a list."""
    event = state_with(signals=sent)
    assert event.signals[SOC].require() == Measure(61, "percent")
    assert [entry.raw for entry in event.signals.entries] == [CHARGE, None]


@pytest.mark.parametrize("sent", [None, "x", 5, True])
def test_no_signals(sent: object) -> None:
    """Neither a list nor a mapping: no news."""
    event = state_with(signals=sent)
    assert event.signals.entries == ()
    assert event.vehicle == CAR


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        5,
        "x",
        [],
        {},
        {"code": None, "body": {"value": 1}},
        {"code": "closure-tailgate", "body": []},
        {"code": "closure-tailgate", "body": {"isOpen": "perhaps"}},
        {"code": "closure-tailgate", "status": {"value": 5}},
        {"code": "new-signal", "body": "no object"},
    ],
    ids=str,
)
def test_a_malformed_signal_keeps_its_neighbours(wrong: object) -> None:
    """It says that it could not be read, and holds what was sent."""
    event = state_with(signals=[CHARGE, wrong, {**CHARGE, "code": "another-signal"}])
    before, bad, after = event.signals.entries
    assert (before.body, after.body) == (Measure(61, "percent"), CHARGE["body"])
    assert bad.raw == wrong
    assert bad.error
    assert bad.error.type == MALFORMED


def test_signals_of_tomorrow() -> None:
    """An unknown signal is kept, and so is an unknown status."""
    entries = [{"code": "new-signal", "body": {"value": {"deep": [1]}}}, {**CHARGE, "status": {"value": "ASLEEP"}}]
    event = state_with(signals=entries)
    assert event.signals["new-signal"].require() == {"value": {"deep": [1]}}
    assert (event.signals[SOC].status, event.signals[SOC].ok) == ("ASLEEP", False)
    nothing = state_with(signals=[{**CHARGE, "status": {"value": "UNAVAILABLE"}}]).signals[SOC]
    assert nothing.status is SignalStatus.UNAVAILABLE


@pytest.mark.parametrize("document", [STATE, ERRORS])
def test_whose_it_is(document: Document) -> None:
    """The external id, the powertrain and the mode are read where they are sent."""
    whose = {
        "user": {"id": "u-1", "externalId": "acct-42"},
        "vehicle": {**WHOSE["vehicle"], "mode": "live", "powertrainType": "BEV", "colour": "red"},
    }
    event = parse(written({**document, "data": {**document["data"], **whose}}))
    assert isinstance(event, VehicleStateEvent | VehicleErrorEvent)
    assert (event.user_id, event.external_id) == ("u-1", "acct-42")
    assert event.vehicle == VehicleAttributes("v-1", "TESLA", "Model 3", 2024, Powertrain.BEV, VehicleMode.LIVE)
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


@pytest.mark.parametrize("kind", ["VEHICLE_STATE", "VEHICLE_ERROR"])
@pytest.mark.parametrize("data", [None, [], "x", {}])
def test_no_data(kind: str, data: object) -> None:
    """An event that says nothing is of its kind still."""
    event = parse(written({"eventType": kind, "data": data}))
    assert event in (VehicleStateEvent(None, None), VehicleErrorEvent(None, None))


def test_the_errors_of_a_vehicle() -> None:
    """All that an error says, beside whose it is."""
    event = errors(ERRORS)
    assert (event.event_id, event.vehicle_id, event.user_id) == ("e-2", "v-1", "private-user")
    assert (event.vehicle, event.meta) == (CAR, SEEN)
    assert event.errors == (
        VehicleError(
            "VEHICLE_STATE",
            "UNREACHABLE",
            "ERROR",
            "The car cannot be reached.",
            "Try again later.",
            "https://example.invalid/x",
            "RETRY_LATER",
            (SignalName(CODE, GROUP, NAME),),
        ),
    )
    assert not event.errors[0].resolved


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ([NAMED], (SignalName(CODE, GROUP, NAME),)),
        ([DOTTED], (SignalName(CODE, GROUP, NAME),)),
        ([CODE], (SignalName(CODE),)),
        ([{"code": CODE, "group": NAME, "name": GROUP}], (SignalName(CODE, NAME, GROUP),)),
        ([NAMED, None, 5, {}, "Odometer.TraveledDistance"], 5),
        ([], ()),
        (None, ()),
        ("x", ()),
        ({"code": CODE}, ()),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_signals_of_an_error(sent: object, named: tuple[SignalName, ...] | int) -> None:
    """Objects or dotted names, the code as it was sent; none means the whole vehicle."""
    (error,) = error_with(signals=sent).errors
    if isinstance(named, int):
        empty = SignalName()
        last = SignalName("odometer-traveleddistance", "Odometer", "TraveledDistance")
        assert error.signals == (SignalName(CODE, GROUP, NAME), empty, empty, empty, last)
    else:
        assert error.signals == named


@pytest.mark.parametrize(
    ("sent", "resolution"),
    [
        ({"type": "REAUTHENTICATE"}, "REAUTHENTICATE"),
        ({"type": None}, None),
        ({}, None),
        (None, None),
        ("REAUTHENTICATE", "REAUTHENTICATE"),
        ([], None),
        ({"type": []}, None),
    ],
)
def test_the_resolution_of_an_error(sent: object, resolution: str | None) -> None:
    """An object, with or without a type, or nothing at all."""
    assert error_with(resolution=sent).errors[0].resolution == resolution
    null = errors({**ERRORS, "data": {**WHOSE, "errors": [{**ERROR, "resolution": None}]}})
    assert null.errors[0].resolution is None


def test_an_error_that_is_over() -> None:
    """Smartcar's sample of it lacks nearly everything."""
    event = errors({**ERRORS, "data": {"errors": [{"type": "PERMISSION", "code": None, "state": "RESOLVED"}]}})
    assert event.errors == (VehicleError("PERMISSION", None, "RESOLVED"),)
    assert event.errors[0].resolved
    assert error_with(state="resolved").errors[0].resolved
    assert not VehicleError().resolved


@pytest.mark.parametrize("sent", [None, {}, "x", 5, [], [None, 5, []]])
def test_no_errors(sent: object) -> None:
    """What is no error is left out, and the event stays."""
    event = errors({**ERRORS, "data": {**WHOSE, "errors": sent}})
    assert (event.errors, event.vehicle) == ((), CAR)


def test_several_errors() -> None:
    """One that cannot be read costs no other."""
    entries = [ERROR, None, {**ERROR, "type": [], "code": 5, "state": "RESOLVED"}]
    event = errors({**ERRORS, "data": {**WHOSE, "errors": entries}})
    assert [(error.type, error.code, error.resolved) for error in event.errors] == [
        ("VEHICLE_STATE", "UNREACHABLE", False),
        (None, "5", True),
    ]


REAUTHENTICATE: Document = {"resolution": {"type": "REAUTHENTICATE"}}


@pytest.mark.parametrize(
    ("changes", "in_use", "needed"),
    [
        ({**REAUTHENTICATE}, [SOC], True),
        ({**REAUTHENTICATE}, [CODE], True),
        ({**REAUTHENTICATE}, [signals.Odometer.TraveledDistance, SOC], True),
        ({**REAUTHENTICATE}, [signals.Odometer.TraveledDistance], False),
        ({**REAUTHENTICATE}, [], False),
        ({**REAUTHENTICATE, "signals": [DOTTED]}, [SOC], True),
        ({**REAUTHENTICATE, "signals": None}, [SOC], True),
        ({**REAUTHENTICATE, "signals": []}, [], True),
        ({**REAUTHENTICATE, "signals": [5]}, [SOC], False),
        ({**REAUTHENTICATE, "state": "RESOLVED"}, [SOC], False),
        ({"resolution": {"type": "RETRY_LATER"}}, [SOC], False),
        ({"resolution": None}, [SOC], False),
    ],
)
def test_whether_the_owner_must_connect_again(changes: Document, in_use: list[Any], needed: bool) -> None:
    """Only for a signal that is used, or for the whole vehicle: Smartcar asks also for what was never granted."""
    assert error_with(**changes).needs_reauth(iter(in_use)) is needed


def test_one_of_several_errors_asks_for_it() -> None:
    """An error that is over does not speak for the one that is not."""
    entries = [{**ERROR, **REAUTHENTICATE, "state": "RESOLVED"}, {**ERROR, **REAUTHENTICATE}]
    assert errors({**ERRORS, "data": {"errors": entries}}).needs_reauth([SOC])


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
        (TOMORROW, UnknownEvent("VEHICLE_SOLD", "e-4", SEEN)),
        ({**TOMORROW, "eventType": "vehicle_sold"}, UnknownEvent("vehicle_sold", "e-4", SEEN)),
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


@pytest.mark.parametrize("kind", [VehicleStateEvent, VehicleErrorEvent, VerifyEvent])
def test_the_shape_tells_the_kind_and_not_the_version(kind: type[Event]) -> None:
    """What people call v3 is 4.0 in the payload, and was 3.0 on one page."""
    document = {VehicleStateEvent: STATE, VehicleErrorEvent: ERRORS, VerifyEvent: VERIFY}[kind]
    for version in ("4.0", "3.0", "2.0", None):
        assert isinstance(parse(written({**document, "version": version, "meta": {"version": version}})), kind)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b'{"a":1}x', b"nonsense", b"\xff", b'{"a":NaN}', b'{"a":Infinity}', b"\xef\xbb\xbf{}"),
        *('{"a":1}'.encode("utf-16"), b"[" * 100_000, b'{"a":' * 100_000, "\ud800", '{"a":"\ud800"}'),
        b'{"eventType":' + b"9" * 5000 + b"}",
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


def test_a_repr_shows_no_sentence_of_an_error() -> None:
    """Descriptions and links are the maker's words, and may hold anything."""
    shown = repr(errors(ERRORS))
    assert "UNREACHABLE" in shown
    assert not [text for text in ("cannot be reached", "Try again", "example.invalid") if text in shown]
