"""Whatever a server sends: only documented errors, no hang, no neighbour lost, and a `repr` of everything.

SMARTCAR_FUZZ is the number of examples of all tests here together.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from smartcar_async import codec, signals, v2
from smartcar_async.codec import Unreadable
from smartcar_async.engine.refusal import refusal, reported_failure, retry_after
from smartcar_async.errors import ApiError
from smartcar_async.records import (
    ApplicationToken,
    CompatibleVehicle,
    Connection,
    Page,
    Signal,
    SignalSet,
    Subscription,
    VehicleAttributes,
    Webhook,
)
from smartcar_async.request import Reply
from smartcar_async.v2 import decode as v2_decode

from ..catalogue import LISTED, Body, example, places, replaced, signal_entry
from .mutations import (
    AWKWARD,
    SNIPPETS,
    changed,
    each_replaced,
    faulty,
    json_values,
    one_of,
    with_an_odd_one,
    with_odd_values,
    within_the_time,
)

EXAMPLES = int(os.environ.get("SMARTCAR_FUZZ", "3000"))
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
SOC = signals.TractionBattery.StateOfCharge
CAR = {"make": "VOLVO", "model": "EX30", "year": 2025, "powertrainType": "BEV", "mode": "live"}
STATUS_ERROR = {"type": "VEHICLE_STATE", "code": "NOT_CHARGING", "title": "a", "resolution": {"type": "RETRY_LATER"}}


def share(part: float) -> settings:
    """The settings of a test that has this part of all examples; large documents are meant to be large."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=max(1, round(EXAMPLES * part)), suppress_health_check=slow)


def entry(number: int) -> Body:
    """One of a hundred signals: the known ones with a whole body, then some of tomorrow; every ninth one failed."""
    if number >= len(LISTED):
        return signal_entry(f"tomorrow-signal{number}", {"value": number, "deep": [{"a": [None]}]})
    made = signal_entry(LISTED[number].code, example(LISTED[number].body))
    if number % 9 == 8:
        made["attributes"]["status"] = {"value": "ERROR", "error": STATUS_ERROR}
    return made


def connection(number: int) -> Body:
    """One of a hundred connections."""
    return {
        "id": f"c{number}",
        "type": "connection",
        "attributes": {
            "permissions": ["read_battery", "read_tomorrow"],
            "vehicle": CAR,
            "user": {"id": "u1", "externalId": "acct-42"},
        },
        "relationships": {"vehicle": {"data": {"id": f"v{number}"}}, "user": {"data": {"id": "u1"}}},
        "meta": {"createdAt": "2026-05-04T10:00:00.000Z", "updatedAt": 1777888800000},
        "links": {"self": "x"},
    }


ENTRIES = [entry(number) for number in range(100)]
CONNECTIONS = [connection(number) for number in range(100)]
VEHICLE = {"id": "v1", "type": "vehicle", "attributes": CAR, "links": {"self": "x"}}
META = {"totalCount": 100, "pageSize": 100, "pageNumber": 1, "page": 1}
READINGS = {"data": ENTRIES, "meta": META, "links": {"self": "x"}, "included": {"vehicle": VEHICLE}}
PAGE = {"data": CONNECTIONS[:10], "meta": META, "links": {"self": "x", "next": None, "prev": None}}
BARE = signal_entry(SOC.code, {"value": 57, "unit": "percent"})
TIMERS = signal_entry("charge-chargetimers", example(next(row.body for row in LISTED if row.name == "ChargeTimers")))
TOKEN = {"access_token": "eyJ.a.b", "token_type": "Bearer", "expires_in": 3600}

WEBHOOK: Body = {
    "id": "w1",
    "attributes": {"name": "Demo", "isEnabled": True, "triggers": [{"code": SOC.code}], "data": [{"code": SOC.code}]},
    "meta": {"createdAt": "2026-05-04T10:00:00.000Z"},
}
SUBSCRIPTION: Body = {
    "id": "s1",
    "attributes": {"vehicle": CAR},
    "relationships": {name: {"data": {"id": name}} for name in ("vehicle", "user", "webhook")},
}
MODEL: Body = {"attributes": {**CAR, "startYear": 2020, "endYear": "2025", "signals": [SOC.code], "commands": ["lock"]}}
NIGHT = {"startTime": "22:00", "stopTime": "06:00"}
SCHEDULE: Body = {"id": "s1", "attributes": {"scheduleType": "DAILY", "location": {"latitude": 57.7}, **NIGHT}}
EXECUTION: Body = {"data": {"id": "e1", "attributes": {"status": {"value": "SUCCESS"}, "parameters": {"percent": 80}}}}

Decode = Callable[[Reply], object]
ANSWERS: list[tuple[Decode, object]] = [
    (codec.signal_set, {**READINGS, "data": ENTRIES[:20]}),
    (lambda reply: codec.one_signal(reply, SOC), {"data": BARE, "included": {"vehicle": VEHICLE}}),
    (lambda reply: codec.one_signal(reply, SOC), BARE),
    (lambda reply: codec.one_signal(reply, signals.Charge.ChargeTimers), TIMERS),
    (lambda reply: codec.one_signal(reply, signals.custom("new-signal")), signal_entry("new-signal", {"value": 1})),
    (lambda reply: codec.page(Connection, 1)(reply), PAGE),
    (codec.resource(Connection), {"data": CONNECTIONS[0]}),
    (codec.resource(Connection), CONNECTIONS[0]),
    (codec.resource(VehicleAttributes), {"data": VEHICLE}),
    (codec.resource(VehicleAttributes), VEHICLE),
    (codec.bare(ApplicationToken), TOKEN),
    (codec.response, PAGE),
    (codec.nothing, {}),
    (codec.page(Webhook, 1), {"data": [WEBHOOK, WEBHOOK], "meta": META}),
    (codec.page(Subscription, 1), {"data": [SUBSCRIPTION, SUBSCRIPTION], "meta": META}),
    (codec.entries(CompatibleVehicle), {"data": [MODEL, MODEL["attributes"]]}),
    (codec.schedules, {"data": [SCHEDULE, TIMERS["attributes"]["body"]["values"][0]]}),
    (lambda reply: codec.execution(reply, "lock", {}), EXECUTION),
    (v2_decode.record(v2.SecurityResponse), {"isLocked": True, "doors": [{"type": "frontLeft", "status": "OPEN"}]}),
    (v2_decode.record(v2.Compatibility), {"compatible": True, "capabilities": [{"permission": "read_vin"}]}),
    (v2_decode.service_history, [{"serviceId": 1, "serviceCost": {"totalCost": "9.5"}, "serviceDate": "2026-05-04"}]),
    (v2_decode.action, {"status": "success", "message": "ok"}),
]

V3_ERROR = {
    "status": "409",
    "type": "VEHICLE_STATE",
    "code": "NOT_CHARGING",
    "title": "Not Charging",
    "detail": "The vehicle is not charging.",
    "resolution": {"type": "RETRY_LATER"},
    "suggestedUserMessage": "Plug in first.",
    "links": {"about": "https://smartcar.com/docs"},
    "meta": {"debug": {"requestId": "44444444-4444-4444-8444-444444444444"}},
}
V2_ERROR = {
    "type": "CONNECTED_SERVICES_ACCOUNT",
    "code": "ACCOUNT_ISSUE",
    "description": "Agree to the terms.",
    "docURL": "https://smartcar.com/docs",
    "statusCode": 400,
    "requestId": "r-1",
    "resolution": {"type": "REAUTHENTICATE", "url": "https://x"},
    "detail": [{"field": "a"}],
    "suggestedUserMessage": "Open the app.",
}
REFUSALS: list[object] = [
    {"errors": [V3_ERROR, {"type": "VALIDATION"}]},
    [V3_ERROR],
    V2_ERROR,
    {**V2_ERROR, "resolution": "REAUTHENTICATE"},
    {"error": "vehicle_state_error", "message": "Asleep", "code": "VS_000", "statusCode": 409, "requestId": "r-1"},
    {"error": "invalid_client", "error_description": "Unknown client", "error_uri": "https://x"},
    {"message": "Forbidden"},
    {"data": {"id": "e1", "attributes": {"status": {"value": "FAILURE", "error": V3_ERROR}}}},
    "a text",
    None,
]
PAGES = [b"", b"<html><style>p{}</style><h1>502 Bad Gateway</h1><script>1</script></html>", b"upstream connect error"]


def in_time(work: Callable[[], object]) -> Any:
    """What it gives or why it is unreadable, within the time and with a `repr`."""
    result: object
    with within_the_time():
        try:
            result = work()
        except Unreadable as problem:
            result = problem
    assert repr(result)
    assert str(result)
    return result


def shows(result: object) -> bool:
    """Whether each part of a decoded answer can be shown."""
    parts: list[Any] = []
    if isinstance(result, Page):
        page = cast("Page[object]", result)
        parts = [*page.items, *page.malformed]
    elif isinstance(result, (SignalSet, Signal)):
        readings: list[Signal[Any]] = list(result.entries) if isinstance(result, SignalSet) else [result]
        parts = [
            part
            for signal in readings
            for part in (signal, signal.body, signal.error, signal.value, signal.recorded_at, signal.code)
        ]
    return all(repr(part) for part in parts)


@st.composite
def faulty_answers(draw: st.DrawFn) -> tuple[Decode, bytes]:
    """One of the answers, with faults."""
    decode, document = draw(one_of(ANSWERS))
    return decode, faulty(draw, document)


@share(0.35)
@given(faulty_answers())
def test_a_faulty_answer(answer: tuple[Decode, bytes]) -> None:
    """It is read, or it is Unreadable."""
    decode, body = answer
    assert shows(in_time(lambda: decode(Reply(200, {}, body))))


@share(0.1)
@given(one_of([decode for decode, _ in ANSWERS]), st.binary(max_size=99) | json_values.map(json.dumps))
def test_an_answer_out_of_nowhere(decode: Decode, body: bytes | str) -> None:
    """Bytes and documents that have nothing to do with the question."""
    raw = body if isinstance(body, bytes) else body.encode()
    assert shows(in_time(lambda: decode(Reply(200, {}, raw))))


CLEAN = codec.signal_set(Reply(200, {}, json.dumps(READINGS).encode())).entries


def bad_entry(draw: st.DrawFn, entries: list[Body]) -> tuple[int, Any]:
    """A place in a list, and what stands there: the entry with changes, or anything."""
    place = draw(st.integers(0, len(entries) - 1))
    return place, draw(json_values) if draw(st.booleans()) else changed(draw, entries[place])


bad_signals = st.composite(lambda draw: bad_entry(draw, ENTRIES))
bad_connections = st.composite(lambda draw: bad_entry(draw, CONNECTIONS))


@share(0.15)
@given(bad_signals())
def test_one_bad_signal_of_a_hundred(bad: tuple[int, Any]) -> None:
    """The other ninety-nine are as they were; the bad one is one signal that holds what was sent."""
    place, wrong = bad
    sent = json.loads(json.dumps(wrong))
    body = json.dumps({**READINGS, "data": [*ENTRIES[:place], wrong, *ENTRIES[place + 1 :]]}).encode()
    readings = in_time(lambda: codec.signal_set(Reply(200, {}, body)))
    assert isinstance(readings, SignalSet)
    assert shows(readings)
    assert sent == readings.entries[place].raw
    assert CLEAN[:place] + CLEAN[place + 1 :] == readings.entries[:place] + readings.entries[place + 1 :]


@share(0.05)
@given(bad_connections())
def test_one_bad_connection_of_a_hundred(bad: tuple[int, Any]) -> None:
    """It is among the items or among the malformed, in its raw form; no other is missing."""
    place, wrong = bad
    sent = json.loads(json.dumps(wrong))
    body = json.dumps({**PAGE, "data": [*CONNECTIONS[:place], wrong, *CONNECTIONS[place + 1 :]]}).encode()
    page: Page[Connection] = in_time(lambda: codec.page(Connection, 1)(Reply(200, {}, body)))
    assert shows(page)
    read = [sent] if not page.malformed else []
    assert [*CONNECTIONS[:place], *read, *CONNECTIONS[place + 1 :]] == [item.raw for item in page.items]
    assert [entry.raw for entry in page.malformed] == ([] if read else [sent])


@st.composite
def odd_entries(draw: st.DrawFn, entries: list[Body]) -> tuple[int, bytes, Any]:
    """A place in a list, what is sent there, with something odd in it, and what is kept of that."""
    place = draw(st.integers(0, len(entries) - 1))
    return place, *with_odd_values(draw, entries[place] if draw(st.booleans()) else changed(draw, entries[place]))


SENT_ENTRIES, SENT_CONNECTIONS = (
    [json.dumps(resource).encode() for resource in many] for many in (ENTRIES, CONNECTIONS)
)


@share(0.1)
@given(odd_entries(ENTRIES))
def test_something_odd_in_one_signal_of_a_hundred(odd: tuple[int, bytes, Any]) -> None:
    """The other ninety-nine are as they were; the odd one is read as if what is kept of it had been sent."""
    place, sent, kept = odd
    entries = with_an_odd_one(SENT_ENTRIES, place, sent)
    body = json.dumps({**READINGS, "data": None}).encode().replace(b'"data": null', b'"data": %b' % entries)
    readings = in_time(lambda: codec.signal_set(Reply(200, {}, body)))
    assert isinstance(readings, SignalSet)
    assert shows(readings)
    assert CLEAN[:place] + CLEAN[place + 1 :] == readings.entries[:place] + readings.entries[place + 1 :]
    assert (codec.signal(kept), kept) == (readings.entries[place], readings.entries[place].raw)
    assert repr(readings.entries).encode()


@share(0.05)
@given(odd_entries(CONNECTIONS))
def test_something_odd_in_one_connection_of_a_hundred(odd: tuple[int, bytes, Any]) -> None:
    """It is among the items or among the malformed; no other is missing or changed."""
    place, sent, kept = odd
    body = b'{"data":%b,"meta":{"totalCount":100}}' % with_an_odd_one(SENT_CONNECTIONS, place, sent)
    page: Page[Connection] = in_time(lambda: codec.page(Connection, 1)(Reply(200, {}, body)))
    assert shows(page)
    read = [kept] if not page.malformed else []
    assert [*CONNECTIONS[:place], *read, *CONNECTIONS[place + 1 :]] == [item.raw for item in page.items]
    assert [entry.raw for entry in page.malformed] == ([] if read else [kept])


headers = st.dictionaries(
    st.sampled_from(["retry-after", "sc-request-id", "content-type"]),
    st.text() | st.integers().map(str) | st.floats().map(str) | st.datetimes().map(lambda at: f"{at:%a, %d %b %Y} GMT"),
)


@st.composite
def error_bodies(draw: st.DrawFn) -> bytes:
    """The body of a refusal: a document with faults, a page, or anything."""
    match draw(st.integers(0, 4)):
        case 0:
            return draw(one_of(PAGES + SNIPPETS))
        case 1:
            return draw(st.binary(max_size=99))
        case 2:
            return json.dumps(draw(json_values)).encode()
        case _:
            return faulty(draw, draw(one_of(REFUSALS)))


@share(0.2)
@given(st.integers(100, 599), headers, error_bodies())
def test_a_refusal_of_any_form(status: int, headers: dict[str, str], body: bytes) -> None:
    """It becomes an error of the tree, with the response's status and its bytes, and a text of bounded length."""
    error = in_time(lambda: refusal(Reply(status, headers, body), NOW, ["u1"]))
    assert isinstance(error, ApiError)
    assert (status, body, headers) == (error.status, error.body, error.headers)
    assert len(str(error)) < 1000
    assert error.retry_after is None or 0 <= error.retry_after <= 86_400
    assert all(isinstance(text, str | None) for text in (error.type, error.code, error.title, error.description))
    reported = in_time(lambda: reported_failure(Reply(status, headers, body), NOW))
    assert reported is None or isinstance(reported, ApiError)


each_awkward_value = pytest.mark.parametrize("value", AWKWARD, ids=lambda value: repr(value)[:20])


@each_awkward_value
def test_every_awkward_value_in_every_body(value: object) -> None:
    """Chance may miss a pair of place and value: here is each, at every depth of every signal."""
    for listed in LISTED:
        body = example(listed.body)
        for place, _ in places(listed.body):
            entry = signal_entry(listed.code, replaced(body, place, value))
            signal = in_time(lambda: codec.signal(entry))  # noqa: B023
            assert signal.ok or (signal.error and signal.error.type == "MALFORMED")
            assert shows(signal)


@each_awkward_value
def test_every_awkward_value_in_every_answer(value: object) -> None:
    """So it is in every other answer, and in every refusal."""
    for decode, document in ANSWERS[1:]:
        for body in each_replaced(document, value):
            assert shows(in_time(lambda: decode(Reply(200, {}, body))))  # noqa: B023
    for document in REFUSALS:
        for body in each_replaced(document, value):
            assert isinstance(in_time(lambda: refusal(Reply(400, {}, body), NOW)), ApiError)  # noqa: B023


@pytest.mark.parametrize("value", [str(value) for value in AWKWARD if isinstance(value, (str, int, float))])
def test_every_awkward_wait(value: str) -> None:
    """A header that makes no sense is no reason to fail."""
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= 86_400
