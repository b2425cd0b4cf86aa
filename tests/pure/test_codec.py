"""From an answer's bytes to records: every envelope, every status, and no bad entry that costs a neighbour."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from smartcar_async import Permission, Powertrain, VehicleMode, codec, signals
from smartcar_async.codec import Unreadable
from smartcar_async.records import ApplicationToken, Connection, Malformed, Response, VehicleAttributes
from smartcar_async.request import Reply

from ..catalogue import Body

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
    b'{"a": NaN',
    b"\xff",
    b'{"a": "\xed\xa0\x80}',
    b'{"a": "\\ud800',
    b"[" * 100_000,
    b"{'a': 1}",
    b"\xef\xbb\xbf",
]
NO_OBJECT = [b"null", b"[]", b'"text"', b"5", b"NaN", b'"\xff"', b'"\\ud800 "', b"9" * 5000, b"[" * 9999 + b"]" * 9999]
DECODERS: list[Callable[[Reply], object]] = [
    codec.bare(ApplicationToken),
    codec.resource(VehicleAttributes),
    codec.resource(Connection),
    lambda answer: codec.page(Connection, 1)(answer),
    codec.signal_set,
    lambda answer: codec.one_signal(answer, SOC),
]


@pytest.mark.parametrize("body", NOT_JSON + NO_OBJECT, ids=lambda body: repr(body[:20]))
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
    assert ApplicationToken("t", lifetime) == codec.bare(ApplicationToken)(reply(document))


def test_a_token_is_at_the_top_of_its_answer() -> None:
    """Whatever stands beside it under the name that wraps resources."""
    document = {"access_token": "t", "expires_in": 60, "data": {"id": "v", "type": "vehicle"}}
    assert codec.bare(ApplicationToken)(reply(document)) == ApplicationToken("t", 60.0)


@pytest.mark.parametrize("token", [None, "", 5, "a\nb", "tökén", ["t"]])
def test_no_token(token: object) -> None:
    """What could not travel in a header is no token, and is not repeated."""
    with pytest.raises(Unreadable, match=r"^access_token: missing or not a token$"):
        codec.bare(ApplicationToken)(reply({"access_token": token}))


@pytest.mark.parametrize("lifetime", [0, -1, "soon", "nan", "inf", [], {}, 10**400])
def test_no_lifetime(lifetime: object) -> None:
    """A token that lives no time, or for ever, cannot be kept."""
    with pytest.raises(Unreadable, match=r"^expires_in: "):
        codec.bare(ApplicationToken)(reply({"access_token": "t", "expires_in": lifetime}))


@pytest.mark.parametrize(
    "document",
    [
        {"data": {"id": "v1", "type": "vehicle", "attributes": CAR, "links": {}}},
        {"id": "v1", "attributes": CAR},
        {"id": "v1", **CAR},
        {"data": {"id": "v1", "attributes": {**CAR, "year": "2025", "powertrainType": "bev", "mode": "LIVE"}}},
        {"data": {"id": "v1", "attributes": {**CAR, "year": " 2025 "}}},
    ],
)
def test_a_vehicle(document: Body) -> None:
    """Wrapped or bare, with its year as a number or as text; the raw resource is kept."""
    found = codec.resource(VehicleAttributes)(reply(document))
    assert found == VEHICLE
    assert document.get("data", document) == found.raw


def test_a_vehicle_of_which_little_is_known() -> None:
    """Everything but the id may be missing or null, and new words are kept; a number is an id too."""
    assert codec.resource(VehicleAttributes)(reply({"data": {"id": 5, "attributes": {}}})) == VehicleAttributes("5")
    empty = dict.fromkeys(CAR)
    assert codec.resource(VehicleAttributes)(reply({"data": {"id": "v1", "attributes": empty}})) == VehicleAttributes(
        "v1"
    )
    new = codec.resource(VehicleAttributes)(reply({"id": "v1", "powertrainType": "Fusion", "mode": "dreamt"}))
    assert (new.powertrain_type, new.mode) == ("Fusion", "dreamt")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": None}, "id: missing"),
        ({"id": ""}, "id: missing"),
        ({"id": ["v1"]}, "id: expected a text, got a list"),
        ({"attributes": []}, "attributes: expected an object, got a list"),
        ({"attributes": {"make": {}}}, "make: expected a text, got an object"),
        ({"attributes": {"mode": 5}}, "mode: expected a text, got a number"),
    ],
)
def test_no_vehicle(changes: Body, problem: str) -> None:
    """A wrong leaf is named."""
    with pytest.raises(Unreadable) as raised:
        codec.resource(VehicleAttributes)(reply({"data": {"id": "v1", "attributes": CAR, **changes}}))
    assert problem == str(raised.value)


@pytest.mark.parametrize("value", ["new", "9" * 5000, 2025.5, [2025], True])
def test_a_year_that_cannot_be_read(value: object) -> None:
    """It is no year, and no reason to lose the vehicle; `raw` keeps it."""
    found = codec.resource(VehicleAttributes)(reply({"data": {"id": "v1", "attributes": {**CAR, "year": value}}}))
    assert (found.make, found.year) == ("VOLVO", None)
    assert found.raw["attributes"]["year"] == value


@pytest.mark.parametrize("value", ["then", 10**400, {}, 0])
def test_a_time_that_cannot_be_read(value: object) -> None:
    """It is no time, and no reason to lose the connection."""
    entry = connection_entry()
    entry["meta"]["createdAt"] = value
    assert codec.resource(Connection)(reply({"data": entry})) == attrs.evolve(CONNECTION, created_at=None)


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_connection(wrapped: bool) -> None:
    """Ids come from the relationships; the vehicle's attributes get the vehicle's id."""
    entry = connection_entry()
    found = codec.resource(Connection)(reply({"data": entry} if wrapped else entry))
    assert found == CONNECTION
    assert found.raw == entry
    assert [type(word) for word in found.permissions] == [Permission, Permission, str]


def test_a_connection_of_which_little_is_known() -> None:
    """The official example has no user among its attributes; most else may be missing as well."""
    entry = connection_entry()
    entry["attributes"] = {}
    del entry["meta"]
    assert codec.resource(Connection)(reply(entry)) == Connection("c1", "v1", "u1")
    entry["attributes"] = {"permissions": None, "vehicle": None, "user": {"externalId": None}}
    assert codec.resource(Connection)(reply(entry)) == Connection("c1", "v1", "u1")


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("id",), None, "id: missing"),
        (("attributes",), None, "attributes: expected an object, got null"),
        (("attributes", "permissions"), "read_vin", "permissions: expected a list, got a text"),
        (("attributes", "permissions"), [None], "permissions: expected a text, got null"),
        (("attributes", "user"), [], "user: expected an object, got a list"),
        (("attributes", "vehicle"), "EX30", "vehicle: expected an object, got a text"),
        (("relationships",), None, "id: missing"),
        (("relationships", "vehicle"), "v1", "vehicle: expected an object, got a text"),
        (("relationships", "vehicle", "data", "id"), "", "id: missing"),
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
        codec.resource(Connection)(reply({"data": bad}))
    assert problem == str(raised.value)
    page = codec.page(Connection, 1)(reply({"data": [connection_entry(), bad, connection_entry()]}))
    assert page.items == (CONNECTION, CONNECTION)
    assert page.malformed == (Malformed(problem),)
    assert page.malformed[0].raw == json.loads(json.dumps(bad))


@pytest.mark.parametrize("entry", [None, 5, "text", [], {}, [connection_entry()]])
def test_an_entry_of_any_shape(entry: object) -> None:
    """Whatever stands in a list of connections, the others are read."""
    page = codec.page(Connection, 1)(reply({"data": [entry, connection_entry()]}))
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
        ({"totalCount": 9}, {"next": "url"}, 2, 0, True, 9),
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
    page = codec.page(Connection, number)(reply(document))
    assert (number, has_next, total, entries) == (page.number, page.has_next, page.total, len(page.items))


@pytest.mark.parametrize("document", [{}, {"data": None}, {"data": {}}, {"data": "x"}])
def test_no_list(document: object) -> None:
    """A list without its list is unreadable."""
    with pytest.raises(Unreadable, match=r"^data: expected a list, got"):
        codec.signal_set(reply(document))
    with pytest.raises(Unreadable, match=r"^data: expected a list, got"):
        codec.page(Connection, 1)(reply(document))


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b'"ok"'])
def test_nothing(body: bytes) -> None:
    """The status of a deletion has said it all, but a page is no answer of the API."""
    codec.nothing(Reply(200, {}, body))
    with pytest.raises(Unreadable, match="not JSON"):
        codec.nothing(Reply(200, {}, b"<html>" + body))
