"""One odd text, number or byte in any answer or delivery costs at most the entry that it stands in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import attrs
import pytest

from smartcar_async import VehicleStateError, codec, signals
from smartcar_async.codec import Unreadable
from smartcar_async.engine.refusal import refusal, reported_failure
from smartcar_async.records import (
    ApplicationToken,
    CompatibleVehicle,
    Connection,
    Response as V3Response,
    Subscription,
    VehicleAttributes,
    Webhook,
)
from smartcar_async.request import Reply
from smartcar_async.v2 import Batch, Odometer, Permissions, Response, ServiceHistory
from smartcar_async.v2.batch import batch_call
from smartcar_async.v2.decode import action, connections, matrix, record, response, service_history, token_pair
from smartcar_async.v2.operations import Target
from smartcar_async.v2.records import Attributes, User
from smartcar_async.webhook import VehicleErrorEvent, VehicleStateEvent, VerifyEvent, parse, receive, sign

from ..catalogue import LISTED, example, signal_entry
from ..deliveries import ALL, CHARGE, ERRORS, NOW, PLACE, STATE, TAILGATE, TOKEN, VERIFY, VIN, Document, written
from ..odd_json import ODD, OddJson, nested

DEEP = OddJson("nesting", nested(5000), None)
TEXTS = [odd for odd in ODD if odd.sent.startswith(b'"')]
NUMBERS = [odd for odd in ODD if not odd.sent.startswith(b'"')]
HERE = "here something odd will stand"

each_odd = pytest.mark.parametrize("odd", [*ODD, DEEP], ids=str)
each_odd_text = pytest.mark.parametrize("odd", TEXTS, ids=str)
each_odd_number = pytest.mark.parametrize("odd", NUMBERS, ids=str)


def with_odd(document: object, odd: OddJson) -> bytes:
    """A document as it is sent, with something odd in the place that is kept for it."""
    body = json.dumps(document).encode()
    assert body.count(HERE.encode()) == 1
    return body.replace(json.dumps(HERE).encode(), odd.sent)


def as_kept(document: object, odd: OddJson) -> bytes:
    """The same document as strict JSON, with what is kept of the odd thing."""
    return json.dumps(document).replace(json.dumps(HERE), json.dumps(odd.kept)).encode()


SIGNALS = [signal_entry(one.code, example(one.body)) for one in LISTED]
CAR = {"make": "VOLVO", "model": HERE, "year": 2025, "powertrainType": "BEV", "mode": "live"}
CONNECTION = {
    "id": "c1",
    "attributes": {"permissions": ["read_battery"], "user": {"id": "u1"}, "vehicle": CAR},
    "relationships": {"vehicle": {"data": {"id": "v1"}}},
}
PAGE = {"data": [{"id": "c0", **CONNECTION, "attributes": {"user": {"id": "u0"}}}, CONNECTION], "meta": {"pageSize": 2}}
V3_ERROR = {"errors": [{"type": "VEHICLE_STATE", "code": "ASLEEP", "detail": HERE, "status": "409"}]}
V2_ERROR = {"type": "VEHICLE_STATE", "code": "ASLEEP", "description": HERE, "statusCode": 409}
V1_ERROR = {"error": "vehicle_state", "message": HERE}
WEBHOOK = {"id": "w1", "attributes": {"name": HERE, "isEnabled": True, "triggers": [{"name": "TraveledDistance"}]}}
SUBSCRIPTION = {"id": "s1", "attributes": {"vehicle": CAR}, "relationships": {"vehicle": {"data": {"id": "v1"}}}}
MODEL = {"attributes": {"make": "VOLVO", "model": HERE, "startYear": 2020}}
SCHEDULE = {"scheduleId": HERE, "scheduleType": "DAILY", "start": "22:00", "stop": "06:00"}
EXECUTION = {"data": {"id": "e1", "attributes": {"status": {"value": "SUCCESS"}, "parameters": {"name": HERE}}}}
TOKENS = {"access_token": "a1", "refresh_token": "r1", "expires_in": 7200, "id_token": HERE}
BATCH = {
    "responses": [
        {"path": "/odometer", "code": 200, "headers": {}, "body": {"distance": 5.5}},
        {
            "path": "/",
            "code": 200,
            "headers": {"sc-request-id": "r"},
            "body": {"id": "v1", "make": "VOLVO", "model": HERE},
        },
        {"path": "/battery", "code": 409, "body": V2_ERROR | {"description": "Asleep"}},
    ]
}
EMPTY_META: Document = {"paging": {"count": 1}}

Decode = Callable[[Reply], Any]
ANSWERS: dict[str, tuple[Decode, object]] = {
    "signals": (codec.signal_set, {"data": [*SIGNALS, signal_entry("tomorrow-signal", {"value": HERE})]}),
    "signals, beside": (codec.signal_set, {"data": SIGNALS, "links": {"self": HERE}}),
    "signals, with the vehicle": (codec.signal_set, {"data": SIGNALS, "included": {"vehicle": {"id": "v", **CAR}}}),
    "a signal": (
        partial(codec.one_signal, key=signals.VehicleIdentification.Nickname),
        {"data": signal_entry("vehicleidentification-nickname", {"value": HERE})},
    ),
    "attributes": (codec.resource(VehicleAttributes), {"data": {"id": "v1", "attributes": CAR}}),
    "a connection": (codec.resource(Connection), CONNECTION),
    "connections": (codec.page(Connection, 1), PAGE),
    "a webhook": (codec.resource(Webhook), {"data": WEBHOOK}),
    "webhooks": (codec.page(Webhook, 1), {"data": [WEBHOOK]}),
    "a subscription": (codec.resource(Subscription), SUBSCRIPTION),
    "subscriptions": (codec.page(Subscription, 1), {"data": [SUBSCRIPTION]}),
    "compatible vehicles": (codec.entries(CompatibleVehicle), {"data": [MODEL]}),
    "schedules": (codec.schedules, {"data": [SCHEDULE]}),
    "an execution": (partial(codec.execution, action="lock", parameters={}), EXECUTION),
    "a deletion": (partial(codec.deletion, action="delete", parameters={}), EXECUTION),
    "an application token": (codec.resource(ApplicationToken), {"access_token": "a1", "expires_in": 60, "scope": HERE}),
    "an answer of any kind": (codec.response, {"a": [HERE]}),
    "v2: attributes": (record(Attributes), {"id": "v1", "make": "VOLVO", "model": HERE, "year": 2025}),
    "v2: a user": (record(User), {"id": HERE}),
    "v2: permissions": (record(Permissions), {"permissions": ["read_odometer", HERE], **EMPTY_META}),
    "v2: connections": (connections, {"connections": [{"vehicleId": "v1", "userId": HERE}], **EMPTY_META}),
    "v2: the matrix": (matrix, {"VOLVO": [{"model": HERE, "startYear": 2020}, {"model": "EX30"}]}),
    "v2: services": (service_history, [{"serviceId": 1}, {"serviceId": HERE, "odometerDistance": 5}]),
    "v2: a batch": (batch_call(Target("v1"), ["/odometer"], lambda: NOW).decode, BATCH),
    "v2: a command": (action, {"status": "success", "message": HERE}),
    "v2: tokens": (partial(token_pair, now=NOW), TOKENS),
    "v2: an answer of any kind": (response, {"a": [HERE]}),
}
"""What decodes each kind of answer, and one of them, in which something odd will stand."""


def facts(found: Any) -> object:
    """What was read, without the bytes that it was read from."""
    if isinstance(found, Batch):
        return dict(found.ok), {path: str(error) for path, error in found.failed.items()}
    return attrs.evolve(found, content=b"") if isinstance(found, (Response, V3Response)) else found


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("kind", ANSWERS)
def test_an_odd_answer_is_read_like_a_good_one(kind: str, odd: OddJson) -> None:
    """It is as if what is kept of the odd thing had been sent: nothing else is lost, and nothing is wrong."""
    decode, document = ANSWERS[kind]
    found = decode(Reply(200, {}, with_odd(document, odd)))
    expected = decode(Reply(200, {}, as_kept(document, odd)))
    assert facts(found) == facts(expected)
    assert getattr(found, "raw", None) == getattr(expected, "raw", None)
    assert repr(found).encode()
    assert str(found).encode()


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_deep_answer_is_read(kind: str) -> None:
    """What is nested in thousands of lists is one more value that is wrong there, not the end of the stack."""
    decode, document = ANSWERS[kind]
    shallow = OddJson("", b"", [["x"]])
    assert outcome(decode, with_odd(document, DEEP)) == outcome(decode, as_kept(document, shallow))


def outcome(decode: Decode, body: bytes) -> object:
    """The name of the class of what was read, or why nothing was."""
    try:
        return type(decode(Reply(200, {}, body))).__name__
    except Unreadable as problem:
        return str(problem)


@each_odd
def test_an_odd_signal_costs_no_other(odd: OddJson) -> None:
    """Whichever signal of all it is in, all others are as exact as ever."""
    clean = codec.signal_set(Reply(200, {}, json.dumps({"data": SIGNALS}).encode())).entries
    for place in range(0, len(SIGNALS), 9):
        entry = signal_entry(SIGNALS[place]["id"], {**SIGNALS[place]["attributes"]["body"], "unit": HERE})
        body = with_odd({"data": [*SIGNALS[:place], entry, *SIGNALS[place + 1 :]]}, odd)
        found = codec.signal_set(Reply(200, {}, body)).entries
        assert found[:place] + found[place + 1 :] == clean[:place] + clean[place + 1 :]
        assert [one.raw for one in found[place + 1 :]] == SIGNALS[place + 1 :]
        assert found[place].code == clean[place].code


@each_odd_text
def test_an_odd_text_costs_not_even_its_signal(odd: OddJson) -> None:
    """It is kept as well as Unicode can hold it, in the record and in `raw`."""
    entry = signal_entry("vehicleidentification-nickname", {"value": HERE})
    (found, soc) = codec.signal_set(
        Reply(200, {}, with_odd({"data": [entry, signal_entry("tractionbattery-stateofcharge", {"value": 57})]}, odd))
    ).entries
    assert (found.ok, found.value, found.raw["attributes"]["body"]) == (True, odd.kept, {"value": odd.kept})
    assert soc.value == 57


@each_odd_number
def test_an_odd_number_is_no_value(odd: OddJson) -> None:
    """No calculation takes it for a number: its signal is malformed, and `raw` has what was sent."""
    entry = signal_entry("tractionbattery-stateofcharge", {"value": HERE, "unit": "percent"})
    (found,) = codec.signal_set(Reply(200, {}, with_odd({"data": [entry]}, odd))).entries
    assert found.error
    assert (found.ok, found.value, found.error.type) == (False, None, "MALFORMED")
    assert found.raw["attributes"]["body"] == {"value": odd.kept, "unit": "percent"}


@each_odd_number
def test_an_odd_number_is_no_number_of_v2_either(odd: OddJson) -> None:
    """An odometer without a distance is unreadable; a service keeps its `raw`, and its neighbours all they are."""
    with pytest.raises(Unreadable, match=r"^distance: expected a number, got a text$"):
        record(Odometer)(Reply(200, {}, with_odd({"distance": HERE}, odd)))
    document = [{"serviceId": "s1", "odometerDistance": HERE}, {"serviceId": "s2", "odometerDistance": 7}]
    found = service_history(Reply(200, {}, with_odd(document, odd)))
    assert isinstance(found, ServiceHistory)
    assert [one.odometer_distance for one in found.records] == [None, 7]
    assert found.records[0].raw == {"serviceId": "s1", "odometerDistance": odd.kept}


@each_odd
def test_a_command_that_worked_has_worked(odd: OddJson) -> None:
    """Whatever its answer says besides: the car has acted."""
    done = codec.execution(Reply(200, {}, with_odd(EXECUTION, odd)), "lock", {})
    assert (done.ok, done.id, done.action) == (True, "e1", "lock")
    assert action(Reply(200, {}, with_odd({"status": "success", "message": HERE}, odd))).status == "success"


@each_odd
def test_tokens_are_never_lost(odd: OddJson) -> None:
    """A code works once: whatever else the answer says, the pair is there, with its life if that can be read."""
    pair = token_pair(Reply(200, {}, with_odd(TOKENS, odd)), NOW)
    assert (pair.access_token, pair.refresh_token) == ("a1", "r1")
    assert pair.expiration == NOW + timedelta(hours=2)
    pair = token_pair(Reply(200, {}, with_odd({**TOKENS, "id_token": None, "expires_in": HERE}, odd)), NOW)
    assert (pair.access_token, pair.refresh_token) == ("a1", "r1")
    assert pair.expiration == NOW + timedelta(hours=2)
    assert codec.resource(ApplicationToken)(
        Reply(200, {}, with_odd({"access_token": "a2", "scope": HERE}, odd))
    ).access_token


@each_odd_text
@pytest.mark.parametrize("document", [V3_ERROR, V2_ERROR, V1_ERROR], ids=["v3", "v2", "v1"])
def test_an_odd_refusal(document: Document, odd: OddJson) -> None:
    """It is the error that it always was, with the text that it came with."""
    error = refusal(Reply(409, {}, with_odd(document, odd)), datetime(2026, 6, 1, tzinfo=UTC))
    assert isinstance(error, VehicleStateError)
    assert (error.description, error.code) == (odd.kept, None if document is V1_ERROR else "ASLEEP")
    assert str(error).encode()


@each_odd
def test_a_failure_within_an_odd_answer(odd: OddJson) -> None:
    """It is found beside anything odd."""
    document = {"data": {"attributes": {"status": {"value": "FAILURE", "error": {"code": "ASLEEP"}}}, "x": HERE}}
    error = reported_failure(Reply(200, {}, with_odd(document, odd)), NOW)
    assert error is not None
    assert error.code == "ASLEEP"


@each_odd
def test_a_part_of_a_batch_costs_no_other(odd: OddJson) -> None:
    """Each path has its own answer still, and the odd one its own too."""
    found = batch_call(Target("v1"), ["/"], lambda: NOW).decode(Reply(200, {}, with_odd(BATCH, odd)))
    assert found["odometer"].distance == 5.5
    assert list(found.failed) == (["/", "/battery"] if odd is DEEP else ["/battery"])
    assert isinstance(found.get("battery"), VehicleStateError)


def received(document: Document, odd: OddJson) -> Any:
    """What becomes of a signed delivery with something odd in it."""
    body = with_odd(document, odd)
    delivery = receive({"SC-Signature": sign(TOKEN, body)}, body, tokens=TOKEN, now=NOW)
    assert delivery.token == 0
    assert parse(body) == delivery.event
    return delivery.event


@each_odd
def test_a_signed_event_is_never_refused(odd: OddJson) -> None:
    """Smartcar would send it again, and it would be refused again, until it is gone for good."""
    for document in ALL:
        event = received({**document, "odd": HERE}, odd)
        clean = parse(written(document))
        assert (type(event), event) == (type(clean), clean)
        assert {name: value for name, value in event.raw.items() if name != "odd"} == document


@each_odd
def test_an_odd_signal_of_a_delivery_costs_no_other(odd: OddJson) -> None:
    """The others are exact, what is odd is one signal, and the event is whole."""
    bad = {**CHARGE, "body": {"value": 61, "unit": HERE}}
    event = received({**STATE, "data": {**STATE["data"], "signals": [bad, TAILGATE, PLACE, VIN]}}, odd)
    clean = parse(written(STATE))
    assert isinstance(event, VehicleStateEvent)
    assert isinstance(clean, VehicleStateEvent)
    assert event.signals.entries[1:] == clean.signals.entries[1:]
    assert (event.event_id, event.meta, event.triggers) == (clean.event_id, clean.meta, clean.triggers)
    assert event.signals.entries[0].ok is (odd is not DEEP)


@each_odd_text
def test_an_odd_name_of_a_webhook(odd: OddJson) -> None:
    """It was cut inside an emoji, say: every delivery has it, and the VERIFY too."""
    for document in (STATE, ERRORS, VERIFY):
        event = received({**document, "meta": {**document.get("meta", {}), "webhookName": HERE}}, odd)
        assert isinstance(event, (VehicleStateEvent, VehicleErrorEvent, VerifyEvent))
        assert event.meta.webhook_name == odd.kept


@each_odd
def test_a_signature_is_over_what_was_sent(odd: OddJson) -> None:
    """Not over what is kept of it: a body that was mended on the way does not verify."""
    document = {**STATE, "odd": HERE}
    body, mended = with_odd(document, odd), as_kept(document, odd)
    delivery = receive({"SC-Signature": sign(TOKEN, body)}, body, tokens=TOKEN, now=NOW)
    assert delivery.event == parse(mended)
    with pytest.raises(Exception, match="the signature was not made"):
        receive({"SC-Signature": sign(TOKEN, body)}, mended, tokens=TOKEN, now=NOW)
