"""From an answer's bytes to records: every envelope, every status, and no bad entry that costs a neighbour."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import Measure, Permission, Powertrain, SignalStatus, VehicleMode, codec, signals
from smartcar_async.bodies import ChargingStatus, Opening
from smartcar_async.records import ApplicationToken, Connection, Malformed, Response, SignalError, VehicleAttributes
from smartcar_async.request import Reply
from smartcar_async.structure import Unreadable
from smartcar_async.vocabulary import ChargeState

from ..catalogue import Body, signal_entry, without

SOC = signals.TractionBattery.StateOfCharge
RATE = signals.Charge.ChargeRate
BODY = {"value": 57, "unit": "percent"}
CAR = {"make": "VOLVO", "model": "EX30", "year": 2025, "powertrainType": "BEV", "mode": "live"}
MOMENT = datetime(2026, 5, 4, 10, tzinfo=UTC)


def reply(document: object) -> Reply:
    """A good answer with this document, or with these bytes."""
    return Reply(200, {"a": "b"}, document if isinstance(document, bytes) else json.dumps(document).encode())


def connection_entry(number: int = 1) -> Body:
    """A connection as the API lists it."""
    return {
        "id": f"c{number}",
        "type": "connection",
        "attributes": {
            "permissions": ["read_battery", "READ_VIN", "read_tomorrow"],
            "vehicle": CAR,
            "user": {"id": "u1", "externalId": "acct-42"},
        },
        "relationships": {
            "vehicle": {"data": {"id": f"v{number}", "type": "vehicle"}, "links": {"related": "x"}},
            "user": {"data": {"id": "u1", "type": "user"}},
        },
        "meta": {"createdAt": "2026-05-04T10:00:00.000Z", "updatedAt": 1777888800000},
        "links": {"self": "x"},
    }


VEHICLE = VehicleAttributes("v1", "VOLVO", "EX30", 2025, Powertrain.BEV, VehicleMode.LIVE)
CONNECTION = Connection(
    "c1",
    "v1",
    "u1",
    "acct-42",
    (Permission.READ_BATTERY, Permission.READ_VIN, "read_tomorrow"),
    VEHICLE,
    MOMENT,
    MOMENT,
)

NOT_JSON = [
    b"",
    b"<html>",
    b"{",
    b'{"a": NaN}',
    b"\xff",
    b'"\xed\xa0\x80"',
    b'"\\ud800 "',
    b"[" * 100_000,
    b"9" * 5000,
    b"\xef\xbb\xbf{}",
]
NO_OBJECT = [b"null", b"[]", b'"text"', b"5"]
DECODERS: list[Callable[[Reply], object]] = [
    codec.application_token,
    codec.vehicle_attributes,
    codec.connection,
    lambda answer: codec.connections(answer, 1),
    codec.signal_set,
    lambda answer: codec.one_signal(answer, SOC),
]


@pytest.mark.parametrize("body", NOT_JSON + NO_OBJECT, ids=repr)
@pytest.mark.parametrize("decode", DECODERS)
def test_an_answer_that_is_no_document(decode: Any, body: bytes) -> None:
    """Anything but a JSON object is unreadable, and says in which way."""
    problem = "expected an object" if body in NO_OBJECT else "not JSON"
    with pytest.raises(Unreadable, match=problem):
        decode(Reply(200, {}, body))


def test_an_answer_as_it_came() -> None:
    """A call that this package does not know has its JSON, or none."""
    assert codec.response(Reply(202, {"a": "b"}, b'{"x": [1]}')) == Response(202, {"a": "b"}, b'{"x": [1]}', {"x": [1]})
    assert codec.response(Reply(200, {}, b"<html>")) == Response(200, {}, b"<html>", None)
    assert codec.nothing(Reply(204)) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("document", "lifetime"),
    [
        ({"access_token": "t", "token_type": "Bearer", "expires_in": 7200}, 7200.0),
        ({"access_token": "t", "expires_in": "60"}, 60.0),
        ({"access_token": "t", "expires_in": 0.5}, 0.5),
        ({"access_token": "t", "expires_in": None}, 3600.0),
        ({"access_token": "t"}, 3600.0),
    ],
)
def test_a_token(document: object, lifetime: float) -> None:
    """Its life is an hour unless the answer says otherwise."""
    assert ApplicationToken("t", lifetime) == codec.application_token(reply(document))


@pytest.mark.parametrize("token", [None, "", 5, "a\nb", "tökén", ["t"]])
def test_no_token(token: object) -> None:
    """What could not travel in a header is no token, and is not repeated."""
    with pytest.raises(Unreadable, match=r"^access_token: missing or not a token$"):
        codec.application_token(reply({"access_token": token}))


@pytest.mark.parametrize("lifetime", [0, -1, "soon", "nan", "inf", [], {}, 10**400])
def test_no_lifetime(lifetime: object) -> None:
    """A token that lives no time, or for ever, cannot be kept."""
    with pytest.raises(Unreadable, match=r"^expires_in: "):
        codec.application_token(reply({"access_token": "t", "expires_in": lifetime}))


@pytest.mark.parametrize(
    "document",
    [
        {"data": {"id": "v1", "type": "vehicle", "attributes": CAR, "links": {}}},
        {"id": "v1", "attributes": CAR},
        {"id": "v1", **CAR},
        {"data": {"id": "v1", "attributes": {**CAR, "year": "2025", "powertrainType": "bev", "mode": "LIVE"}}},
        {"data": {"id": "v1", "attributes": {**CAR, "year": " 2025 "}}},
        {"data": {"id": "v1", "attributes": {**CAR, "year": 2025.0, "tomorrow": {}}}},
    ],
)
def test_a_vehicle(document: Body) -> None:
    """Wrapped or bare, with its year as a number or as text; the raw resource is kept."""
    found = codec.vehicle_attributes(reply(document))
    assert found == VEHICLE
    assert document.get("data", document) == found.raw


def test_a_vehicle_of_which_little_is_known() -> None:
    """Everything but the id may be missing or null, and new words are kept; a number is an id too."""
    assert codec.vehicle_attributes(reply({"data": {"id": 5, "attributes": {}}})) == VehicleAttributes("5")
    empty = dict.fromkeys(CAR)
    assert codec.vehicle_attributes(reply({"data": {"id": "v1", "attributes": empty}})) == VehicleAttributes("v1")
    new = codec.vehicle_attributes(reply({"id": "v1", "powertrainType": "Fusion", "mode": "dreamt"}))
    assert (new.powertrain_type, new.mode) == ("Fusion", "dreamt")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": None}, "id: missing"),
        ({"id": ""}, "id: missing"),
        ({"id": ["v1"]}, "id: expected a text, got a list"),
        ({"attributes": []}, "expected an object, got a list"),
        ({"attributes": {"make": {}}}, "make: expected a text, got an object"),
        ({"attributes": {"year": "new"}}, "expected a whole number, got a text"),
        ({"attributes": {"year": "9" * 5000}}, "expected a whole number, got a text"),
        ({"attributes": {"year": 2025.5}}, "expected a whole number, got a number"),
        ({"attributes": {"mode": 5}}, "expected a text, got a number"),
    ],
)
def test_no_vehicle(changes: Body, problem: str) -> None:
    """A wrong leaf is named."""
    with pytest.raises(Unreadable) as raised:
        codec.vehicle_attributes(reply({"data": {"id": "v1", "attributes": CAR, **changes}}))
    assert problem == str(raised.value)


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_connection(wrapped: bool) -> None:
    """Ids come from the relationships; the vehicle's attributes get the vehicle's id."""
    entry = connection_entry()
    found = codec.connection(reply({"data": entry} if wrapped else entry))
    assert found == CONNECTION
    assert found.raw == entry
    assert [type(word) for word in found.permissions] == [Permission, Permission, str]


def test_a_connection_of_which_little_is_known() -> None:
    """The official example has no user among its attributes; most else may be missing as well."""
    entry = connection_entry()
    entry["attributes"] = {}
    del entry["meta"]
    assert codec.connection(reply(entry)) == Connection("c1", "v1", "u1")
    entry["attributes"] = {"permissions": None, "vehicle": None, "user": {"externalId": None}}
    assert codec.connection(reply(entry)) == Connection("c1", "v1", "u1")


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("id",), None, "id: missing"),
        (("attributes",), None, "expected an object, got null"),
        (("attributes", "permissions"), "read_vin", "expected a list, got a text"),
        (("attributes", "permissions"), [None], "expected a text, got null"),
        (("attributes", "user"), [], "user: expected an object, got a list"),
        (("attributes", "vehicle"), "EX30", "expected an object, got a text"),
        (("relationships",), None, "id: missing"),
        (("relationships", "vehicle"), "v1", "vehicle: expected an object, got a text"),
        (("relationships", "vehicle", "data", "id"), "", "id: missing"),
        (("meta", "createdAt"), "then", "createdAt: expected a time, got a text"),
        (("meta", "updatedAt"), 10**400, "updatedAt: expected a time, got a number"),
    ],
)
def test_a_bad_connection_costs_no_neighbour(place: tuple[str, ...], value: object, problem: str) -> None:
    """Alone it is unreadable; in a page it is set aside with its raw form, and the others are intact."""
    bad = connection_entry()
    inner = bad
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(Unreadable) as raised:
        codec.connection(reply({"data": bad}))
    assert problem == str(raised.value)
    page = codec.connections(reply({"data": [connection_entry(), bad, connection_entry()]}), 1)
    assert page.items == (CONNECTION, CONNECTION)
    assert page.malformed == (Malformed(problem),)
    assert page.malformed[0].raw == json.loads(json.dumps(bad))


@pytest.mark.parametrize("entry", [None, 5, "text", [], {}, [connection_entry()]])
def test_an_entry_of_any_shape(entry: object) -> None:
    """Whatever stands in a list of connections, the others are read."""
    page = codec.connections(reply({"data": [entry, connection_entry()]}), 1)
    assert (page.items, len(page.malformed), page.malformed[0].raw) == ((CONNECTION,), 1, entry)


@pytest.mark.parametrize(
    ("meta", "links", "number", "entries", "has_next", "total"),
    [
        ({"pageNumber": 1, "pageSize": 2, "totalCount": 5}, {"next": "url"}, 1, 2, True, 5),
        ({"pageNumber": 1, "pageSize": 2, "totalCount": 5}, {"next": None}, 1, 2, True, 5),
        ({"pageNumber": 1, "pageSize": 2, "totalCount": 5}, {}, 2, 2, True, 5),
        ({"pageNumber": 3, "pageSize": 2, "totalCount": 5}, {"next": None}, 3, 1, False, 5),
        ({"pageNumber": 2, "pageSize": 2, "totalCount": 4}, {}, 2, 2, False, 4),
        ({"page": 1, "pageSize": 2, "totalCount": 3}, {"previous": None, "next": "url"}, 1, 2, True, 3),
        ({"page": 2, "pageSize": 2, "totalCount": 3}, {"previous": "url"}, 2, 1, False, 3),
        ({"page": 1}, {"next": "url"}, 1, 2, True, None),
        ({"totalCount": 5}, {}, 1, 2, True, 5),
        ({"totalCount": 2, "pageSize": 0}, {}, 1, 2, False, 2),
        ({"totalCount": 9}, {"next": "url"}, 2, 0, False, 9),
        ({"totalCount": True, "pageSize": "2"}, None, 1, 2, False, None),
        (None, None, 1, 2, False, None),
        ([], "url", 1, 2, False, None),
    ],
)
def test_whether_a_page_is_the_last(
    meta: object, links: object, number: int, entries: int, has_next: bool, total: int | None
) -> None:
    """Both naming styles, and neither: the count decides, then the link; an empty page is always the last."""
    document = {"data": [connection_entry()] * entries, "meta": meta, "links": links}
    page = codec.connections(reply(document), number)
    assert (number, has_next, total, entries) == (page.number, page.has_next, page.total, len(page.items))


@pytest.mark.parametrize("document", [{}, {"data": None}, {"data": {}}, {"data": "x"}])
def test_no_list(document: object) -> None:
    """A list without its list is unreadable."""
    with pytest.raises(Unreadable, match=r"^data: expected a list, got"):
        codec.signal_set(reply(document))
    with pytest.raises(Unreadable, match=r"^data: expected a list, got"):
        codec.connections(reply(document), 1)


ERROR = {
    "type": "VEHICLE_STATE",
    "code": "NOT_CHARGING",
    "title": "Not Charging",
    "detail": "Not now.",
    "description": "Deprecated.",
    "resolution": {"type": "RETRY_LATER"},
}
READ_ERROR = SignalError("VEHICLE_STATE", "NOT_CHARGING", "Not Charging", "Not now.", "Deprecated.", "RETRY_LATER")


@pytest.mark.parametrize(
    ("said", "status", "trusted", "error"),
    [
        ({"status": {"value": "SUCCESS"}, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": {"value": "success"}, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": "SUCCESS", "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": {"value": "SUCCESS"}}, SignalStatus.SUCCESS, False, None),
        ({"status": {"value": "SUCCESS"}, "body": None}, SignalStatus.SUCCESS, False, None),
        ({"body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": None, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({"status": {}, "body": BODY}, SignalStatus.SUCCESS, True, None),
        ({}, SignalStatus.UNAVAILABLE, False, None),
        ({"status": {"value": "UNAVAILABLE"}}, SignalStatus.UNAVAILABLE, False, None),
        ({"status": {"value": "UNAVAILABLE"}, "body": BODY}, SignalStatus.UNAVAILABLE, False, None),
        ({"status": {"value": "ERROR", "error": ERROR}}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "error", "error": ERROR}}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "ERROR", "error": ERROR}, "body": BODY}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "ERROR"}, "body": {"value": None}}, SignalStatus.ERROR, False, None),
        ({"status": {"value": "ERROR", "error": "x"}, "body": "stale"}, SignalStatus.ERROR, False, None),
        ({"status": {"error": ERROR}, "body": BODY}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "", "error": ERROR}}, SignalStatus.ERROR, False, READ_ERROR),
        ({"status": {"value": "Pondering"}, "body": BODY}, "Pondering", False, None),
        (
            {"status": {"value": "ERROR", "error": {"type": "PERMISSION", "code": None, "resolution": None}}},
            SignalStatus.ERROR,
            False,
            SignalError("PERMISSION"),
        ),
        (
            {"status": {"value": "ERROR", "error": {"type": 5, "title": [], "resolution": "REAUTHENTICATE"}}},
            SignalStatus.ERROR,
            False,
            SignalError(resolution="REAUTHENTICATE"),
        ),
    ],
)
@pytest.mark.parametrize("flat", [True, False])
def test_the_status_of_a_signal(said: Body, status: str, trusted: bool, error: SignalError | None, flat: bool) -> None:
    """A body counts only with success; without any status a body means success. From REST and webhooks alike."""
    attributes = {"code": SOC.code, "name": SOC.name, "group": SOC.group, **said}
    entry = attributes if flat else {"id": SOC.code, "type": "signal", "attributes": attributes}
    found = codec.signal(entry)
    assert (SOC, status, error, trusted) == (found.key, found.status, found.error, found.ok)
    assert (Measure(57, "percent") if trusted else None) == found.body
    assert entry is found.raw
    (listed,) = codec.signal_set(reply({"data": [entry]})).entries
    assert found == listed
    assert entry == listed.raw


@pytest.mark.parametrize(
    ("entry", "code", "problem"),
    [
        (None, "", "expected an object, got null"),
        ("text", "", "expected an object, got a text"),
        ([signal_entry(SOC.code, BODY)], "", "expected an object, got a list"),
        ({}, "", "code: missing"),
        ({"attributes": {"code": 5}}, "", "code: missing"),
        ({"attributes": {"code": ["x"]}}, "", "code: missing"),
        ({"attributes": None, "id": SOC.code}, SOC.code, "attributes: expected an object, got null"),
        ({"attributes": [], "code": SOC.code}, "", "attributes: expected an object, got a list"),
        ({"code": SOC.code, "status": {"value": 5}}, SOC.code, "status: expected a text, got a number"),
        ({"code": SOC.code, "status": ["SUCCESS"]}, SOC.code, "status: expected a text, got a list"),
        ({"code": SOC.code, "body": [57]}, SOC.code, "expected an object, got a list"),
        ({"code": SOC.code, "body": {"value": "57"}}, SOC.code, "value: expected a number, got a text"),
        ({"code": SOC.code, "body": {"value": True}}, SOC.code, "value: expected a number, got a boolean"),
        ({"code": "new-signal", "body": [1]}, "new-signal", "body: expected an object, got a list"),
    ],
)
def test_a_malformed_signal_costs_no_neighbour(entry: Any, code: str, problem: str) -> None:
    """It says where it is wrong, keeps what was sent, and all others are as they would be without it."""
    good = [signal_entry(key.code, {}) for key in signals.ALL]
    readings = codec.signal_set(reply({"data": [*good[:50], entry, *good[50:]]}))
    bad = readings.entries[50]
    assert (code, False, SignalStatus.ERROR) == (bad.code, bad.ok, bad.status)
    assert SignalError("MALFORMED", "MALFORMED_SIGNAL", "This signal could not be read.", problem) == bad.error
    assert entry == bad.raw
    assert [signal.key for signal in readings.ok] == list(signals.ALL)


@pytest.mark.parametrize("value", [True, "3", {"a": 1}, [1]])
def test_leaves_are_strict_in_a_list_too(value: object) -> None:
    """The quick way for whole lists forgives no more than the careful one for single signals."""
    entry = signal_entry(SOC.code, {"value": value})
    (listed,) = codec.signal_set(reply({"data": [entry]})).entries
    assert codec.signal(entry) == listed
    assert listed.error is not None


def test_an_unknown_signal_is_kept() -> None:
    """Its body is the object as it was sent, its name what it says of itself."""
    entry = signal_entry("new-signal", {"value": {"deep": [1]}}, group="New", name="Signal")
    found = codec.signal(entry)
    assert (found.code, found.group, found.name, found.ok) == ("new-signal", "New", "Signal", True)
    assert (found.body, found.value, found.unit) == ({"value": {"deep": [1]}}, {"deep": [1]}, None)
    assert codec.signal_set(reply({"data": [entry]}))["new-signal"] == found
    assert codec.signal({"code": "new-signal", "status": "ERROR", "body": "stale"}).body is None


def test_the_id_serves_as_the_code() -> None:
    """A resource whose attributes do not repeat the code is read as the signal that its id names."""
    entry = without(signal_entry(SOC.code, BODY), ("attributes", "code"))
    assert codec.signal(entry).body == Measure(57, "percent")
    assert codec.one_signal(reply(entry), SOC).body == Measure(57, "percent")


def test_a_whole_answer() -> None:
    """Signals in their order, and the vehicle beside them."""
    document = {
        "data": [
            signal_entry(SOC.code, BODY),
            signal_entry("charge-detailedchargingstatus", {"value": "charging"}),
            signal_entry("closure-sunroof", {"isOpen": None}),
        ],
        "meta": {"totalCount": 3, "pageSize": 3, "pageNumber": 1},
        "included": {"vehicle": {"id": "v1", "type": "vehicle", "attributes": CAR}},
    }
    readings = codec.signal_set(reply(document))
    bodies = [signal.body for signal in readings.entries]
    assert bodies == [Measure(57, "percent"), ChargingStatus(ChargeState.CHARGING), Opening(None)]
    assert readings.vehicle == VEHICLE
    assert readings[SOC].recorded_at == datetime(2026, 5, 4, 9, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    "included",
    [None, [], "x", {}, {"vehicle": None}, {"vehicle": {}}, {"vehicle": []}, {"vehicle": {"attributes": CAR}}],
)
def test_a_whole_answer_without_its_vehicle(included: object) -> None:
    """What stands beside the signals cannot spoil them."""
    readings = codec.signal_set(reply({"data": [signal_entry(SOC.code, BODY)], "included": included}))
    assert readings.vehicle is None
    assert readings[SOC].ok
    assert codec.signal_set(reply({"data": []})).entries == ()


@pytest.mark.parametrize("wrapped", [True, False])
def test_one_signal(wrapped: bool) -> None:
    """Wrapped with the vehicle beside it, or bare."""
    entry = signal_entry(SOC.code, BODY)
    found = codec.one_signal(reply({"data": entry, "included": {}} if wrapped else entry), SOC)
    assert found.require() == Measure(57, "percent")
    assert found.key is SOC
    assert found.raw == entry


def test_one_signal_of_tomorrow() -> None:
    """It is asked for by a key of the caller's own."""
    key = signals.custom("new-signal")
    found = codec.one_signal(reply({"data": signal_entry("new-signal", {"value": 5})}), key)
    assert found.require() == {"value": 5}
    assert found.key is key


def test_another_signal_than_asked_for() -> None:
    """A reading is never passed off as another."""
    with pytest.raises(Unreadable, match="another signal"):
        codec.one_signal(reply({"data": signal_entry(RATE.code, BODY)}), SOC)


@pytest.mark.parametrize("document", [{}, {"data": {}}, {"data": []}, {"data": {"id": SOC.code, "attributes": []}}])
def test_one_signal_that_is_malformed(document: object) -> None:
    """It has the key that it was asked by, and says that it could not be read."""
    found = codec.one_signal(reply(document), SOC)
    assert found.key is SOC
    assert (found.ok, found.error and found.error.type) == (False, "MALFORMED")


def test_hooks_can_be_made_beforehand() -> None:
    """A client does so off the event loop; doing it twice costs nothing and changes nothing."""
    codec.prepare()
    codec.prepare()
    assert codec.signal(signal_entry(SOC.code, BODY)).ok
