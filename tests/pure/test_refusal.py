"""One parser for every body with which Smartcar, its gateways and its older versions say no."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async.engine.policy import may_have_acted_all_the_same, reported_failure_leaves_open
from smartcar_async.engine.refusal import refusal, reported_failure
from smartcar_async.errors import (
    AccountError,
    ApiError,
    AuthenticationError,
    BillingError,
    CompatibilityError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    Resolution,
    ServerError,
    UpstreamError,
    VehicleStateError,
)
from smartcar_async.request import Effect, Reply

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
ID = "44444444-4444-4444-8444-444444444444"
URL = "https://smartcar.com/docs/errors"


def refused(status: int, body: object, **headers: str) -> ApiError:
    """The error for this answer; the body is JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal(Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw), NOW)


def said(error: ApiError) -> dict[str, Any]:
    """What an error says beyond the empty."""
    return {name: value for name, value in vars(error).items() if value and name not in ("status", "headers", "body")}


V3 = {
    "status": "400",
    "type": "VEHICLE_STATE",
    "code": "NOT_CHARGING",
    "title": "Not Charging",
    "detail": "The vehicle is not charging.",
    "resolution": {"type": "RETRY_LATER"},
    "suggestedUserMessage": "Plug in first.",
    "links": {"about": URL},
    "meta": {"debug": {"requestId": ID}},
}
V2 = {
    "type": "CONNECTED_SERVICES_ACCOUNT",
    "code": "ACCOUNT_ISSUE",
    "description": "Agree to the terms.",
    "docURL": URL,
    "statusCode": 500,
    "requestId": ID,
    "resolution": {"type": "REAUTHENTICATE", "url": f"{URL}?re-auth"},
    "detail": [{"field": "a", "message": "b"}],
    "suggestedUserMessage": "Open the maker's app.",
}


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_v3_document(wrapped: bool) -> None:
    """An array of errors, with or without its envelope; the status is the response's, not the body's."""
    second = {"type": "VALIDATION"}
    error = refused(409, {"errors": [V3, second]} if wrapped else [V3, second])
    assert (type(error), error.status) == (VehicleStateError, 409)
    assert said(error) == {
        "type": "VEHICLE_STATE",
        "code": "NOT_CHARGING",
        "title": "Not Charging",
        "message": "The vehicle is not charging.",
        "description": "The vehicle is not charging.",
        "resolution": Resolution("RETRY_LATER"),
        "doc_url": URL,
        "suggested_user_message": "Plug in first.",
        "request_id": ID,
        "errors": (V3, second),
    }
    assert str(error) == f"409 VEHICLE_STATE:NOT_CHARGING - The vehicle is not charging. (request {ID})"


@pytest.mark.parametrize(
    ("entry", "facts"),
    [
        ({}, {}),
        ({"code": "bad_request", "description": "old"}, {"code": "bad_request", "description": "old"}),
        ({"title": "Only a title"}, {"title": "Only a title"}),
        ({"detail": [{"field": "a"}]}, {"details": ({"field": "a"},)}),
        ({"resolution": "RETRY_LATER"}, {"resolution": Resolution("RETRY_LATER")}),
        ({"resolution": None, "links": None, "meta": None, "detail": None}, {}),
        ({"meta": {"debug": "x"}, "links": [], "resolution": []}, {}),
        ({"code": 5, "type": True, "title": {}}, {"code": "5"}),
    ],
)
def test_a_v3_document_with_gaps(entry: dict[str, Any], facts: dict[str, Any]) -> None:
    """Everything is optional, and what is of another kind says nothing."""
    error = refused(418, {"errors": ["noise", entry, None]})
    assert {**facts, "errors": (entry,)} == said(error)
    assert type(error) is ApiError


@pytest.mark.parametrize("errors", [[], ["text"], None, {}, "text"])
def test_an_empty_v3_document(errors: object) -> None:
    """Without a readable entry, the status decides and the body is kept."""
    error = refused(404, {"errors": errors})
    assert (type(error), said(error)) == (NotFound, {})
    assert json.loads(error.body) == {"errors": errors}


def test_a_v2_document() -> None:
    """Flat; its `statusCode` does not count."""
    error = refused(400, V2)
    assert (type(error), error.status) == (AccountError, 400)
    assert said(error) == {
        "type": "CONNECTED_SERVICES_ACCOUNT",
        "code": "ACCOUNT_ISSUE",
        "message": "Agree to the terms.",
        "description": "Agree to the terms.",
        "details": ({"field": "a", "message": "b"},),
        "resolution": Resolution("REAUTHENTICATE", f"{URL}?re-auth"),
        "doc_url": URL,
        "suggested_user_message": "Open the maker's app.",
        "request_id": ID,
    }
    assert str(error).startswith("400 CONNECTED_SERVICES_ACCOUNT:ACCOUNT_ISSUE - Agree to the terms.")


def test_a_v2_document_without_a_type() -> None:
    """Nothing else that it says is lost; the status tells the family."""
    document = {name: value for name, value in V2.items() if name != "type"}
    error = refused(409, document)
    assert type(error) is VehicleStateError
    assert {**said(error), "type": "CONNECTED_SERVICES_ACCOUNT"} == said(refused(400, V2))
    assert said(refused(409, {"suggestedUserMessage": "Plug in."})) == {"suggested_user_message": "Plug in."}
    assert said(refused(409, {"error": "asleep", "suggestedUserMessage": "Wait."})) == {
        "type": "asleep",
        "error": "asleep",
        "suggested_user_message": "Wait.",
    }


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        ({"code": None, "resolution": None}, {}),
        ({"resolution": "RETRY_LATER"}, {"resolution": Resolution("RETRY_LATER")}),
        ({"resolution": {"type": 5, "url": []}}, {"resolution": Resolution("5")}),
        ({"message": "own", "description": "text"}, {"message": "own", "description": "text"}),
        ({"detail": "text", "docURL": {}, "description": ""}, {}),
    ],
)
def test_a_v2_document_with_gaps(document: dict[str, Any], facts: dict[str, Any]) -> None:
    """A null code, and a resolution that is null, a text or an object."""
    error = refused(500, {"type": "SERVER", **document})
    assert {"type": "SERVER", **facts} == said(error)
    assert type(error) is ServerError


@pytest.mark.parametrize(
    ("status", "document", "family", "facts"),
    [
        (
            409,
            {"error": "vehicle_state_error", "message": "Asleep", "code": "VS_000", "statusCode": 1, "requestId": ID},
            VehicleStateError,
            {
                "type": "vehicle_state_error",
                "error": "vehicle_state_error",
                "code": "VS_000",
                "message": "Asleep",
                "description": "Asleep",
                "request_id": ID,
            },
        ),
        (
            401,
            {"error": "invalid_client", "error_description": "Unknown client", "error_uri": URL},
            AuthenticationError,
            {
                "type": "invalid_client",
                "error": "invalid_client",
                "message": "Unknown client",
                "description": "Unknown client",
                "doc_url": URL,
            },
        ),
        (400, {"error": "invalid_grant"}, AuthenticationError, {"type": "invalid_grant", "error": "invalid_grant"}),
        (400, {"error": "invalid_request"}, InvalidRequest, {"type": "invalid_request", "error": "invalid_request"}),
        (403, {"message": "Forbidden"}, PermissionDenied, {"message": "Forbidden", "description": "Forbidden"}),
        (500, {"error": {"message": "nested"}, "type": 5}, ServerError, {}),
        (502, {}, UpstreamError, {}),
    ],
)
def test_v1_and_oauth(status: int, document: object, family: type[ApiError], facts: dict[str, Any]) -> None:
    """Their `error` is the type; only OAuth's own words choose the family, else the status does."""
    error = refused(status, document)
    assert (family, facts) == (type(error), said(error))


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b"<html><head><title>502 Bad\nGateway</title></head></html>", "502 Bad Gateway"),
        (b"<style>p{}</style><p>Down</p><script>alert(1)</script>", "Down"),
        (b"upstream connect error", "upstream connect error"),
        (b"caf\xe9", "caf\ufffd"),
        (b"{cut", "{cut"),
        (b'"a JSON text"', "a JSON text"),
        (b"", None),
        (b"   ", None),
        (b"null", None),
        (b"5", None),
        (b"true", None),
        (b"[]", None),
        (b"word " * 1000, "word " * 60 + "[...]"),
    ],
)
def test_what_gateways_say(body: bytes, description: str | None) -> None:
    """Pages, texts and nothing at all: the words are shown, shortened, and the bytes are kept."""
    error = refused(502, body)
    assert (type(error), error.description, error.body) == (UpstreamError, description, body)
    assert str(error) == ("502" if description is None else f"502 - {description}")


TYPES: list[tuple[int, str, str | None, type[ApiError]]] = [
    (401, "AUTHENTICATION", "UNAUTHORIZED", AuthenticationError),
    (403, "AUTHENTICATION", "ACCESS_DENIED", PermissionDenied),
    (403, "AUTHENTICATION", None, PermissionDenied),
    (401, "AUTHENTICATION", "ACCESS_DENIED", PermissionDenied),
    (403, "PERMISSION", None, PermissionDenied),
    (400, "VALIDATION", "MISSING_PARAMETER", InvalidRequest),
    (400, "CONNECTED_SERVICES_ACCOUNT", "PERMISSION", AccountError),
    (404, "RESOURCE_NOT_FOUND", "INVALID_PATH", NotFound),
    (409, "VEHICLE_STATE", "ASLEEP", VehicleStateError),
    (429, "RATE_LIMIT", "VEHICLE", RateLimited),
    (430, "BILLING", "VEHICLE_LIMIT", BillingError),
    (500, "SERVER", "INTERNAL", ServerError),
    (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", CompatibilityError),
    (502, "UPSTREAM", "NO_RESPONSE", UpstreamError),
    (400, "UPSTREAM", "RATE_LIMIT", UpstreamError),
    (401, "invalid_token", None, AuthenticationError),
    (403, "unauthorized_client", None, AuthenticationError),
    (409, "NEW_TYPE", "NEW_CODE", VehicleStateError),
    (418, "NEW_TYPE", "NEW_CODE", ApiError),
]


@pytest.mark.parametrize(("status", "kind", "code", "family"), TYPES)
@pytest.mark.parametrize("v3", [True, False])
def test_the_type_chooses_the_family(
    status: int, kind: str, code: str | None, family: type[ApiError], v3: bool
) -> None:
    """In v2 and v3 alike; the status decides where the type is new."""
    entry = {"type": kind, "code": code}
    error = refused(status, {"errors": [entry]} if v3 else entry)
    assert (family, kind, code, status) == (type(error), error.type, error.code, error.status)


FOREIGN: list[tuple[int, str, str | None, type[ApiError]]] = [
    (500, "RATE_LIMIT", "SMARTCAR_API", ServerError),
    (502, "RATE_LIMIT", "VEHICLE", UpstreamError),
    (502, "VALIDATION", None, UpstreamError),
    (503, "AUTHENTICATION", "ACCESS_DENIED", ServerError),
    (504, "invalid_token", None, ServerError),
    (500, "invalid_grant", None, ServerError),
    (500, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", ServerError),
    (501, "VALIDATION", None, ServerError),
    (501, "UPSTREAM", None, UpstreamError),
    (501, "NEW_TYPE", None, CompatibilityError),
    (404, "RESOURCE_NOT_FOUND", None, NotFound),
    (500, "RESOURCE_NOT_FOUND", None, ServerError),
    (504, "UPSTREAM", "NO_RESPONSE", UpstreamError),
    (400, "RATE_LIMIT", "SMARTCAR_API", InvalidRequest),
    (401, "RATE_LIMIT", None, AuthenticationError),
    (418, "RATE_LIMIT", None, ApiError),
    (429, "SERVER", "INTERNAL", ServerError),
    (303, "VALIDATION", None, ApiError),
    (302, "RATE_LIMIT", "SMARTCAR_API", ApiError),
]


@pytest.mark.parametrize(("status", "kind", "code", "family"), FOREIGN)
def test_no_body_makes_a_status_look_better(status: int, kind: str, code: str | None, family: type[ApiError]) -> None:
    """Callers act on the class: a server in trouble is no limit to wait for, no bad token and no car that cannot."""
    error = refused(status, {"errors": [{"type": kind, "code": code}]})
    assert (family, kind, code, status) == (type(error), error.type, error.code, error.status)


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, InvalidRequest),
        (401, AuthenticationError),
        (403, PermissionDenied),
        (404, NotFound),
        (409, VehicleStateError),
        (429, RateLimited),
        (430, BillingError),
        (500, ServerError),
        (501, CompatibilityError),
        (502, UpstreamError),
        (503, ServerError),
        (504, ServerError),
        (599, ServerError),
        (302, ApiError),
        (418, ApiError),
    ],
)
def test_the_status_chooses_the_family(status: int, family: type[ApiError]) -> None:
    """When the body says nothing."""
    assert family is type(refused(status, b""))


@pytest.mark.parametrize("body", [[V3 | {"meta": {}}], V2 | {"requestId": None}, {"error": "x"}, b"<p>", b""])
def test_the_request_id_of_the_header(body: object) -> None:
    """Where the body has none, the header's is used; where both have one, the body's."""
    assert refused(500, body, sc_request_id="from-header").request_id == "from-header"
    assert refused(500, V2, sc_request_id="from-header").request_id == ID


@pytest.mark.parametrize(
    ("document", "status", "facts"),
    [
        ({"errors": [V3]}, 400, {"type": "VEHICLE_STATE", "code": "NOT_CHARGING", "title": "Not Charging"}),
        ({"errors": [{"type": "UPSTREAM", "status": 502}]}, 502, {"type": "UPSTREAM"}),
        ({"errors": [{"type": "UPSTREAM", "status": "soon"}]}, 202, {"type": "UPSTREAM"}),
        ({"errors": [{"type": "UPSTREAM", "status": "200"}]}, 202, {"type": "UPSTREAM"}),
        ({"errors": ["text"]}, 202, {}),
        ({"data": {"attributes": {"status": {"value": "FAILURE", "error": V3}}}}, 400, {"code": "NOT_CHARGING"}),
        ({"attributes": {"status": "failed", "error": {"code": "A", "status": 409}}}, 409, {"code": "A"}),
        ({"data": {"attributes": {"status": {"value": "Error"}}}}, 202, {"description": "it is reported as failed"}),
    ],
)
def test_a_failure_that_a_success_reports(document: object, status: int, facts: dict[str, Any]) -> None:
    """The status line of a long command goes out before its end: then the body's status counts."""
    reply = Reply(202, {"sc-request-id": "r-1"}, json.dumps(document).encode())
    error = reported_failure(reply, NOW)
    assert error is not None
    assert (status, reply.body) == (error.status, error.body)
    assert facts == {name: getattr(error, name) for name in facts}
    assert error.request_id in (ID, "r-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"cut",
        b"null",
        b"[]",
        b'{"errors": []}',
        b'{"errors": "text"}',
        b'{"data": {"attributes": {"status": {"value": "SUCCESS"}}}}',
        b'{"data": {"attributes": {"status": "PENDING"}}}',
        b'{"data": {"attributes": {"status": 5}}}',
        b'"ok"',
        b"1",
        b"{}",
        b'{"status": "success"}',
        b'{"type": "command-execution", "id": "e1"}',
        b'{"statusCode": 200}',
    ],
)
def test_a_success_that_reports_no_failure(body: bytes) -> None:
    """Whether it is a success is for the decoder to say."""
    assert reported_failure(Reply(200, {}, body), NOW) is None


@pytest.mark.parametrize(
    ("document", "family"),
    [
        ({"data": {"attributes": {"status": {"value": "SUCCESS"}}}, "errors": [V3]}, VehicleStateError),
        ({"data": {"attributes": {"status": {"value": "SUCCESS", "error": V3}}}}, VehicleStateError),
        ({"data": {"attributes": {"status": {"value": "SUCCESS", "error": "text"}}}}, ApiError),
        ({"data": {"attributes": {"status": "success", "error": V3}}}, VehicleStateError),
        ({"data": {"attributes": {"status": "SUCCESS"}}, "errors": "text"}, ApiError),
        ({"data": {"attributes": {"status": "SUCCESS"}}, "error": "text"}, ApiError),
        ({"status": "success", "error": "text"}, ApiError),
        ({"status": "success", "errors": [V3]}, VehicleStateError),
    ],
)
def test_a_success_that_contradicts_itself(document: object, family: type[ApiError]) -> None:
    """It tells of an error beside its success: neither is believed."""
    error = reported_failure(Reply(200, {}, json.dumps(document).encode()), NOW)
    assert (type(error), error and error.reports_success) == (family, True)
    assert error is not None
    assert may_have_acted_all_the_same(error)


@pytest.mark.parametrize(
    ("document", "status", "family", "leaves_open"),
    [
        ({"status": "unavailable"}, 200, CompatibilityError, False),
        ({"type": "VEHICLE_STATE", "code": "ASLEEP", "statusCode": 409}, 409, VehicleStateError, False),
        ({"type": "VEHICLE_STATE", "code": None}, 200, VehicleStateError, False),
        ({"error": "invalid_token"}, 200, AuthenticationError, False),
        ({"type": "VEHICLE_STATE", "code": "ASLEEP", "statusCode": 500}, 500, ServerError, True),
        ({"type": "UPSTREAM", "code": None}, 200, UpstreamError, True),
        ({"type": "NEW", "statusCode": "409"}, 200, ApiError, True),
        ({"status": "failed", "message": "no"}, 200, ApiError, True),
        ({"statusCode": 503}, 503, ServerError, True),
        ({"error": "no"}, 200, ApiError, True),
        ({"status": "success", "type": "VALIDATION", "code": "X"}, 200, InvalidRequest, True),
    ],
)
@pytest.mark.parametrize("effect", [Effect.COMMAND, Effect.DELETE, Effect.ENSURE])
def test_a_flat_failure_in_a_success(
    document: object, status: int, family: type[ApiError], leaves_open: bool, effect: Effect
) -> None:
    """It is found for every call that changes something; only a type that is known to refuse proves inaction."""
    error = reported_failure(Reply(200, {}, json.dumps(document).encode()), NOW)
    assert error is not None
    assert (type(error), error.status) == (family, status)
    assert reported_failure_leaves_open(effect, error) is leaves_open


def test_a_failure_behind_the_api_that_an_execution_reports() -> None:
    """It leaves a command open; what may be asked for again ends with its class, which says the same."""
    error = reported_failure(Reply(202, {}, json.dumps({"errors": [{"type": "UPSTREAM"}]}).encode()), NOW)
    assert type(error) is UpstreamError
    assert [reported_failure_leaves_open(effect, error) for effect in (Effect.COMMAND, Effect.DELETE)] == [True, False]


@pytest.mark.parametrize("error", [None, {}, "", []])
def test_no_error_beside_a_success(error: object) -> None:
    """A field that is there and says nothing contradicts nothing."""
    document = {"data": {"attributes": {"status": {"value": "SUCCESS", "error": error}}}, "errors": error}
    assert reported_failure(Reply(200, {}, json.dumps(document).encode()), NOW) is None


def test_a_408_is_what_its_status_says() -> None:
    """Nobody answered in time: the body cannot make a refusal of it."""
    for kind in ("VEHICLE_STATE", "VALIDATION", "AUTHENTICATION"):
        assert type(refused(408, {"type": kind, "code": "X", "statusCode": 409})) is ApiError


def test_a_failure_is_reported_however_deep_its_details() -> None:
    """What can be read can be reported."""
    for depth in range(50, 1000, 50):
        entry = b'{"type": "UPSTREAM", "meta": ' + b"[" * depth + b"]" * depth + b"}"
        body = b'{"data": {"attributes": {"status": {"value": "FAILURE", "error": ' + entry + b"}}}}"
        error = reported_failure(Reply(200, {}, body), NOW)
        assert error is None or type(error) is UpstreamError


def test_headers_and_body_are_kept() -> None:
    """Whoever wants more than the attributes finds the answer itself."""
    error = refused(429, b'{"x": 1}', retry_after="7", sc_request_id="r")
    assert error.headers == {"retry-after": "7", "sc-request-id": "r"}
    assert (error.body, error.retry_after) == (b'{"x": 1}', 7.0)


def test_no_private_thing_in_the_text() -> None:
    """The server may echo what it was asked; the error does not repeat it, and the attributes keep it."""
    text = f"User user-1 of {ID} at 57.70887, 11.97456 with Bearer abc"
    error = refusal(Reply(403, {}, json.dumps({"errors": [{"detail": text}]}).encode()), NOW, ["user-1"])
    assert str(error) == "403 - User [hidden] of [hidden] at [hidden] with Bearer [hidden]"
    assert error.description == text


def test_half_a_secret_is_not_left_by_a_cut() -> None:
    """A page is shortened between words."""
    page = b"x" * 280 + f" {ID}".encode()
    assert ID[:8] not in str(refused(502, page))


@pytest.mark.parametrize("unit", ["a", " ", "1.1 ", "<", "<script", "a@", "token="])
def test_no_body_takes_long(unit: str) -> None:
    """However large the body and however hard its words are to search."""
    text = (unit * 2_000_000)[:2_000_000]
    started = time.perf_counter()
    for body in (text, {"errors": [{"detail": text}]}, {"type": "X", "description": "1.1" + text}, text.encode()):
        assert len(str(refused(500, body))) < 600
    assert time.perf_counter() - started < 1
