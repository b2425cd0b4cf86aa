"""Batches of API v2.0: what they will cost, how an answer of any shape is read, and what its items give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import (
    ApiError,
    ConfigurationError,
    DecodeError,
    NotFound,
    PermissionDenied,
    RateLimited,
    UnitSystem,
    VehicleStateError,
)
from smartcar_async.codec import Unreadable
from smartcar_async.request import Effect, Reply
from smartcar_async.v2 import (
    Attributes,
    Batch,
    BatteryCapacity,
    ChargeLimit,
    Meta,
    NominalCapacity,
    Odometer,
    Response,
    SecurityResponse,
    ServiceHistory,
    TirePressure,
    batch_plan,
)
from smartcar_async.v2.batch import batch_call, joined
from smartcar_async.v2.operations import Target

NOW = datetime(2026, 7, 1, tzinfo=UTC)
OUTER = {
    "sc-request-id": "outer-1",
    "sc-unit-system": "metric",
    "sc-data-age": "2026-06-01T12:00:00.000Z",
}
ODOMETER = {"path": "/odometer", "code": 200, "headers": {"sc-unit-system": "imperial"}, "body": {"distance": 5.5}}
ASLEEP = {
    "type": "VEHICLE_STATE",
    "code": "ASLEEP",
    "description": "The vehicle is asleep.",
    "statusCode": 409,
    "requestId": "inner-9",
    "resolution": {"type": None},
}


def read(document: object, *paths: str) -> Batch:
    """A batch from an answer to one request."""
    call = batch_call(Target("vehicle-1"), paths, lambda: NOW)
    return call.decode(Reply(200, OUTER, json.dumps(document).encode()))


def items(*entries: object) -> Batch:
    """A batch from these items."""
    return read({"responses": list(entries)})


def entry(path: str, body: object, code: object = 200) -> dict[str, Any]:
    """One item."""
    return {"path": path, "code": code, "body": body}


def test_the_cost_is_known_before_anything_is_sent() -> None:
    """Every path counts, however few requests carry them."""
    plan = batch_plan(["/odometer", "/location", "/tesla/compass"])
    assert (plan.requests, plan.cost, plan.paths) == (1, 3, ("/odometer", "/location", "/tesla/compass"))
    long = batch_plan(f"/path/{number}" for number in range(101))
    assert (long.requests, long.cost) == (3, 101)
    assert [len(chunk) for chunk in long.chunks] == [50, 50, 1]
    assert long.paths[0] == "/path/0"
    assert long.paths[100] == "/path/100"


def test_paths_as_the_api_knows_them() -> None:
    """One slash in front, a make in lower case, and each path once; all else is sent as it was given."""
    given = [
        "odometer",
        " /odometer\n",
        "/TESLA/speedometer",
        "/",
        "/Tesla/charge/records?startDate=2026-A",
        "/a b/C-d",
    ]
    wanted = ("/odometer", "/tesla/speedometer", "/", "/tesla/charge/records?startDate=2026-A", "/a b/C-d")
    assert batch_plan(given).paths == wanted


@pytest.mark.parametrize(
    "paths", [[], "/odometer", b"/odometer", None, 7, [""], ["/odometer", " "], [None], [7], ["/../v/vin"], ["."]]
)
def test_what_is_no_list_of_paths(paths: Any) -> None:
    """It is refused here, before it costs anything."""
    with pytest.raises(ConfigurationError, match=r"^paths: "):
        batch_plan(paths)


def test_the_call() -> None:
    """It counts for as many requests as it has paths, and may be sent again, because it only reads."""
    call = batch_call(Target("a/b", flags={"country": "DE"}), ["/odometer", "/fuel"], lambda: NOW)
    assert call.target == "/v2.0/vehicles/a%2Fb/batch?flags=country%3ADE"
    assert (call.cost, call.endpoint.method, call.endpoint.effect, call.action) == (2, "POST", Effect.READ, "")
    assert call.body == b'{"requests":[{"path":"/odometer"},{"path":"/fuel"}]}'


def test_results_are_records_with_their_own_meta() -> None:
    """The item's headers lie over those of the whole answer, in any case."""
    upper = {**ODOMETER, "headers": {"SC-Unit-System": "imperial", "SC-Fetched-At": "2026-06-01T12:00:01Z", "X": [1]}}
    meta = Meta(
        "outer-1", datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC), UnitSystem.IMPERIAL
    )
    batch = items(upper)
    assert batch["/odometer"] == Odometer(5.5, meta=meta)
    assert batch.meta == Meta("outer-1", datetime(2026, 6, 1, 12, tzinfo=UTC), None, UnitSystem.METRIC)


NAMES: dict[str, tuple[type[Any], object, tuple[str, ...]]] = {
    "/": (Attributes, {"id": "v", "make": "TESLA"}, ("attributes", "/")),
    "/odometer": (Odometer, {"distance": 1}, ("odometer",)),
    "/security": (SecurityResponse, {"isLocked": True}, ("lock_status", "security")),
    "/tires/pressure": (TirePressure, {"frontLeft": 1}, ("tire_pressure", "tires_pressure", "tires/pressure")),
    "/charge/limit": (ChargeLimit, {"limit": 0.8}, ("charge_limit", "get_charge_limit")),
    "/battery/capacity": (BatteryCapacity, {"capacity": 60}, ("battery_capacity",)),
    "/battery/nominal_capacity": (
        NominalCapacity,
        {"url": None},
        ("nominal_capacity", "battery_nominal_capacity"),
    ),
    "/service/history": (ServiceHistory, [], ("service_history",)),
    "/diagnostics/system_status": (
        object,
        {"systems": []},
        ("diagnostic_system_status", "diagnostics_system_status"),
    ),
    "/diagnostics/dtcs": (object, {"activeCodes": []}, ("diagnostic_trouble_codes", "diagnostics_dtcs")),
    "/tesla/charge/charge-port": (Response, {"open": True}, ("tesla_charge_charge_port", "/TESLA/charge/charge-port")),
    "/odometer?x=1": (Odometer, {"distance": 2}, ()),
}


@pytest.mark.parametrize("path", NAMES)
def test_an_answer_has_a_path_and_names(path: str) -> None:
    """The names are those of the methods and of Smartcar's own SDKs; a path works with or without its slash."""
    kind, body, names = NAMES[path]
    batch = items(entry(path, body))
    assert isinstance(batch[path], kind)
    for name in (*names, path.removeprefix("/") or "/"):
        assert batch[name] is batch[path]
        assert name in batch


def test_make_specific_answers_are_as_they_came() -> None:
    """Plain JSON with its meta: each make has documents of its own."""
    found = items(entry("/tesla/compass", {"heading": 41, "direction": "NE"}))["tesla_compass"]
    assert (found.status, found.body, found.meta.request_id) == (200, {"heading": 41, "direction": "NE"}, "outer-1")
    assert found.content == b'{"heading":41,"direction":"NE"}'
    assert items({"path": "/unheard", "code": 204})["unheard"].body is None


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("given", [{}, {"body": None}, {"body": ""}])
@pytest.mark.parametrize("code", [204, "204"])
def test_a_success_without_a_body(path: str, given: dict[str, Any], code: object) -> None:
    """It is the record that the path always gives, in which nothing is known, and no error."""
    kind, _, _ = NAMES[path]
    batch = items({"path": path, "code": code, "headers": {"sc-request-id": "inner-1"}, **given})
    assert not batch.failed
    found = batch[path]
    assert isinstance(found, kind)
    assert found.meta.request_id == "inner-1"
    made = {"status": 204, "headers": found.headers} if kind is Response else {}
    assert found == type(found)(**made, meta=found.meta)


def test_a_list_that_a_success_does_not_give() -> None:
    """It is empty, and not one entry without anything; under any other code an answer without a body is an error."""
    paths = ["/permissions", "/vin", "/location", "/service/history"]
    found = items(*({"path": path, "code": 204, "body": None} for path in paths))
    assert not found.failed
    assert (found["permissions"].permissions, found["service_history"].records) == ((), ())
    assert (found["vin"].vin, found["location"].latitude) == (None, None)
    assert isinstance(items(entry("/odometer", None)).get("odometer"), DecodeError)


def test_a_body_under_204_counts() -> None:
    """If there is one in spite of it, it is read."""
    assert items({**ODOMETER, "code": 204})["odometer"].distance == 5.5


def test_a_failed_item_raises_its_own_error() -> None:
    """On access, with its own status and request id; `get` gives it, and its neighbours are not touched."""
    batch = items(entry("/battery", ASLEEP, 409), ODOMETER)
    with pytest.raises(VehicleStateError, match="409 VEHICLE_STATE:ASLEEP") as caught:
        batch["battery"]
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (409, "ASLEEP", "inner-9")
    error = batch.get("battery")
    assert isinstance(error, VehicleStateError)
    assert error is not caught.value
    assert error.__traceback__ is None
    assert batch["odometer"].distance == 5.5
    assert list(batch.ok) == ["/odometer"]
    assert batch.failed == {"/battery": error}
    assert repr(batch) == "Batch(ok=['/odometer'], failed=['/battery'])"
    assert repr(batch.ok) == "Batch(ok=['/odometer'], failed=[])"


@pytest.mark.parametrize(
    ("item", "kind", "facts"),
    [
        (
            {**entry("/x", {"type": "RATE_LIMIT", "code": "VEHICLE"}, 429), "headers": {"Retry-After": 30}},
            RateLimited,
            (429, "outer-1", 30.0),
        ),
        (
            {**entry("/x", {"error": "permission_error", "message": "no"}, "403"), "headers": {"SC-Request-ID": "i"}},
            PermissionDenied,
            (403, "i", None),
        ),
        (entry("/x", {"errors": [{"type": "SERVER", "status": "500"}]}, 404), ApiError, (404, "outer-1", None)),
        (entry("/x", "<h1>Bad gateway</h1>", 502), ApiError, (502, "outer-1", None)),
        (entry("/x", None, 500), ApiError, (500, "outer-1", None)),
        ({"path": "/x", "body": ASLEEP}, VehicleStateError, (409, "inner-9", None)),
        ({**entry("/x", [1], 400), "headers": None}, ApiError, (400, "outer-1", None)),
    ],
)
def test_every_form_of_error(item: object, kind: type[ApiError], facts: tuple[object, ...]) -> None:
    """One tolerant parser reads them, as it does for whole answers."""
    error = items(item).get("/x")
    assert isinstance(error, kind)
    assert (error.status, error.request_id, error.retry_after) == facts


def test_a_missing_permission_is_named() -> None:
    """The one that the path needs, where that is known."""
    batch = items(entry("/odometer", {"type": "PERMISSION"}, 403), entry("/tesla/pin", {"type": "PERMISSION"}, 403))
    assert [batch.get(path).permission for path in batch] == ["read_odometer", None]


@pytest.mark.parametrize(
    ("item", "status"),
    [
        (entry("/odometer", {"distance": 1}, None), None),
        (entry("/odometer", {"distance": 1}, "fine"), None),
        (entry("/odometer", {"distance": 1}, True), None),
        (entry("/odometer", {"distance": "far"}), 200),
        (entry("/odometer", [1]), 200),
        (entry("/odometer", "no JSON"), 200),
        ({"path": "/odometer", "code": 200}, 200),
    ],
)
def test_an_item_that_cannot_be_read(item: object, status: int | None) -> None:
    """It is an error of its own with what came, and does not look like a success."""
    error = items(item, entry("/fuel", {})).get("/odometer")
    assert isinstance(error, DecodeError)
    assert (error.status, error.request_id) == (status, "outer-1")


def test_odd_items() -> None:
    """A body in a text, a path without a slash, what nobody asked for, what is no item; the last of two counts."""
    batch = items(
        entry("odometer", '{"distance": 3}'),
        entry("/odometer/", {"distance": 4}),
        entry("/fuel", {}, "200"),
        {"code": 200, "body": {}},
        {"path": ["/x"], "code": 200},
        {"path": " ", "code": 200},
        "nonsense",
        None,
    )
    assert list(batch) == ["/odometer", "/fuel"]
    assert batch["odometer"].distance == 4
    assert items(entry("odometer", '{"distance": 3}'))["odometer"].distance == 3
    assert read([ODOMETER])["odometer"].distance == 5.5


@pytest.mark.parametrize("document", [None, 7, "x", {}, {"responses": None}, {"responses": {"path": "/odometer"}}])
def test_an_answer_without_items(document: object) -> None:
    """The whole of it cannot be read."""
    with pytest.raises(Unreadable):
        read(document)


def test_what_was_asked_and_has_no_answer() -> None:
    """It is an error on access; what was not asked for is one too, and `get` gives the default for it."""
    batch = joined(batch_plan(["/fuel", "/odometer"]), [items(ODOMETER, entry("/extra", {}))])
    assert list(batch) == ["/fuel", "/odometer", "/extra"]
    assert len(batch) == 3
    for key in ("fuel", "/location"):
        with pytest.raises(NotFound, match="no answer for") as caught:
            batch[key]
        assert caught.value.code == "DATA_NOT_FOUND"
    assert isinstance(batch.get("fuel"), NotFound)
    default = object()
    assert batch.get("/location", default) is default
    assert batch.get("location") is None
    odd: list[Any] = ["/location", "", " ", 7, None]
    assert [key for key in odd if key in batch] == []
    for key in odd:
        with pytest.raises(NotFound):
            batch[key]


def test_a_later_failure_loses_nothing() -> None:
    """What was answered stays; all that is left has the error that kept it from being asked."""
    failure = RateLimited("held back", code="SMARTCAR_API", retry_after=60)
    batch = joined(batch_plan(["/odometer", "/fuel", "/location"]), [items(ODOMETER)], failure)
    assert batch["odometer"].distance == 5.5
    assert batch.failed == {"/fuel": failure, "/location": failure}
    with pytest.raises(RateLimited) as caught:
        batch["fuel"]
    assert caught.value is not failure


def test_a_batch_is_a_mapping() -> None:
    """Equal to one with the same answers, and not to a dictionary."""
    batch, same = items(ODOMETER), items(ODOMETER)
    assert isinstance(batch, Mapping)
    assert batch == same
    assert dict(batch) == {"/odometer": batch["odometer"]}
    assert batch != {"/odometer": batch["odometer"]}
    with pytest.raises(VehicleStateError):
        list(items(entry("/battery", ASLEEP, 409)).values())


def test_two_paths_with_one_name() -> None:
    """A path goes before a name, and the first path before the second; each is there under its path."""
    batch = items(entry("/charge/limit", {"limit": 0.5}), entry("/charge_limit", {}), entry("/charge-limit", {}))
    assert isinstance(batch["charge_limit"], Response)
    assert isinstance(batch["get_charge_limit"], ChargeLimit)
    assert items(entry("/a/b", {"x": 1}), entry("/a-b", {"x": 2}))["a_b"].body == {"x": 1}
