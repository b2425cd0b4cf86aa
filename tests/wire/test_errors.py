"""What comes back when the API says no: the family, every property, and the history of attempts."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from smartcar_async import (
    AccountError,
    ApiError,
    Attempt,
    AuthenticationError,
    BillingError,
    CompatibilityError,
    ConnectionLost,
    DecodeError,
    InvalidRequest,
    NotFound,
    Permission,
    PermissionDenied,
    RateLimited,
    RequestEvent,
    Resolution,
    RetryWait,
    ServerError,
    Smartcar,
    UpstreamError,
    VehicleStateError,
    signals,
)
from smartcar_async.log import Event

from . import documents
from .fakes import USER, VEHICLE, Answer, FakeClock, Wire, always, answer, in_turn, refused, token

ID = "44444444-4444-4444-8444-444444444444"
FAMILIES: list[tuple[type[ApiError], int, str, str | None]] = [
    (AuthenticationError, 401, "AUTHENTICATION", "UNAUTHORIZED"),
    (PermissionDenied, 403, "AUTHENTICATION", "ACCESS_DENIED"),
    (PermissionDenied, 403, "PERMISSION", None),
    (InvalidRequest, 400, "VALIDATION", "INVALID_INPUT_FORMAT"),
    (AccountError, 400, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED"),
    (NotFound, 404, "RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND"),
    (VehicleStateError, 409, "VEHICLE_STATE", "ASLEEP"),
    (RateLimited, 429, "RATE_LIMIT", "VEHICLE"),
    (BillingError, 430, "BILLING", "VEHICLE_REQUEST_LIMIT"),
    (CompatibilityError, 501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE"),
    (UpstreamError, 502, "UPSTREAM", "KNOWN_ISSUE"),
    (ServerError, 500, "SERVER", "RECORD_NOT_FOUND"),
]


def v3(kind: str, code: str | None, status: int) -> dict[str, Any]:
    """A v3 error with everything in it, and a second entry."""
    first = {
        "status": str(status),
        "type": kind,
        "code": code,
        "title": "The title",
        "detail": "What is wrong.",
        "resolution": {"type": "RETRY_LATER", "url": "https://smartcar.com/again"},
        "suggestedUserMessage": "Try later.",
        "links": {"about": "https://smartcar.com/docs/errors"},
        "meta": {"debug": {"requestId": ID}},
    }
    return {"errors": [first, {"type": "OTHER"}]}


def v2(kind: str, code: str | None, status: int) -> dict[str, Any]:
    """A v2 error with everything in it."""
    return {
        "type": kind,
        "code": code,
        "description": "What is wrong.",
        "docURL": "https://smartcar.com/docs/errors",
        "statusCode": status,
        "requestId": ID,
        "resolution": {"type": "RETRY_LATER", "url": "https://smartcar.com/again"},
        "suggestedUserMessage": "Try later.",
        "detail": [{"field": "percent"}],
    }


async def failure(smartcar: Smartcar) -> ApiError:
    """The error that a read of one signal ends in."""
    with pytest.raises(ApiError) as caught:
        await smartcar.vehicle(VEHICLE, USER).signal(signals.TractionBattery.StateOfCharge)
    return caught.value


@pytest.mark.parametrize("family", FAMILIES, ids=[f"{kind}:{code}" for _, _, kind, code in FAMILIES])
async def test_v3_family(family: tuple[type[ApiError], int, str, str | None]) -> None:
    """Each family reaches the caller with everything that the document says, and is not sent again."""
    cls, status, kind, code = family
    wire = Wire(always(answer(v3(kind, code, status), status, Retry_After="90", X_Own="y")))
    error = await failure(await wire.client(FakeClock()))
    assert type(error) is cls
    assert (error.status, error.type, error.code, error.title) == (status, kind, code, "The title")
    assert (error.message, error.description, error.error) == ("What is wrong.", "What is wrong.", None)
    assert error.resolution == Resolution("RETRY_LATER", "https://smartcar.com/again")
    assert (error.doc_url, error.suggested_user_message) == ("https://smartcar.com/docs/errors", "Try later.")
    assert (error.request_id, error.retry_after) == (ID, 90)
    assert error.errors == tuple(v3(kind, code, status)["errors"])
    assert (error.headers["x-own"], error.body[:10]) == ("y", b'{"errors":')
    assert error.attempts == (Attempt(status, cls.__name__, 0.0, ID),)
    assert str(error) == f"{status} {kind}{f':{code}' if code else ''} - What is wrong. (request {ID})"


@pytest.mark.parametrize("family", FAMILIES, ids=[f"{kind}:{code}" for _, _, kind, code in FAMILIES])
async def test_v2_family(family: tuple[type[ApiError], int, str, str | None]) -> None:
    """The flat form of v2 says the same in other words."""
    cls, status, kind, code = family
    error = await failure(await Wire(always(answer(v2(kind, code, status), status))).client(FakeClock()))
    assert type(error) is cls
    assert (error.status, error.type, error.code, error.title) == (status, kind, code, None)
    assert (error.message, error.description) == ("What is wrong.", "What is wrong.")
    assert error.resolution == Resolution("RETRY_LATER", "https://smartcar.com/again")
    assert (error.doc_url, error.suggested_user_message) == ("https://smartcar.com/docs/errors", "Try later.")
    assert (error.request_id, error.details, error.errors) == (ID, ({"field": "percent"},), ())


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (302, ApiError),
        (400, InvalidRequest),
        (401, AuthenticationError),
        (403, PermissionDenied),
        (404, NotFound),
        (409, VehicleStateError),
        (418, ApiError),
        (429, RateLimited),
        (430, BillingError),
        (500, ServerError),
        (501, CompatibilityError),
        (502, UpstreamError),
        (503, ServerError),
        (504, ServerError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'""', b"{}", b'{"errors": []}', b"[[", b"\xff\xfe"])
async def test_a_body_that_says_nothing_leaves_the_status_to_decide(
    status: int, cls: type[ApiError], body: bytes
) -> None:
    """An answer without a usable body is still an error of the right family, with its id from the header."""
    wire = Wire(always(Answer(status, body, {"SC-Request-Id": "from-header"})))
    error = await failure(await wire.client(FakeClock()))
    assert type(error) is cls
    assert (error.status, error.type, error.code, error.body) == (status, None, None, body)
    assert error.request_id == "from-header"
    assert {attempt.status for attempt in error.attempts} == {status}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<html><head><style>b{}</style></head><body><h1>502 Bad Gateway</h1>nginx</body>", "502 Bad Gateway nginx"),
        (b"upstream connect error\n  or reset", "upstream connect error or reset"),
        (b'"a JSON text"', "a JSON text"),
        (b'{"message": "Too much", "code": 7}', "Too much"),
        (b'{"error": "odd", "error_description": "of OAuth"}', "of OAuth"),
    ],
)
async def test_a_gateway_is_quoted_in_plain_text(body: bytes, text: str) -> None:
    """HTML, text and JSON of a gateway become a readable description; the bytes are kept."""
    error = await failure(await Wire(always(Answer(409, body, {"Content-Type": "text/html"}))).client(FakeClock()))
    assert type(error) is VehicleStateError
    assert (error.description, error.body) == (text, body)
    assert text in str(error)


async def test_a_v3_array_without_its_wrapper() -> None:
    """A bare list of entries is read like a wrapped one."""
    error = await failure(
        await Wire(always(answer(v3("BILLING", "INVALID_PLAN", 430)["errors"], 430))).client(FakeClock())
    )
    assert (type(error), error.code) == (BillingError, "INVALID_PLAN")


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_an_unknown_client_is_told_in_the_words_of_the_server(status: int) -> None:
    """`invalid_client` from the token endpoint is an AuthenticationError, for every caller of the moment."""
    said = {"error": "invalid_client", "error_description": "Client authentication failed."}
    wire = Wire(iam=always(answer(said, status, SC_Request_Id="r-9")))
    error = await failure(await wire.client(FakeClock()))
    assert type(error) is AuthenticationError
    assert (error.error, error.type, error.status) == ("invalid_client", "invalid_client", status)
    assert error.description == "Client authentication failed."
    assert str(error) == f"{status} invalid_client - Client authentication failed. (request r-9)"
    assert error.attempts == (Attempt(status, "AuthenticationError", 0.0, "r-9"),)
    assert (len(wire.tokens), len(wire.calls)) == (1, 0)


async def test_permission_denied_names_the_permission() -> None:
    """The caller learns what to ask the owner for, where the API does not say so."""
    wire = Wire(always(refused("PERMISSION", None, 403)))
    smartcar = await wire.client(FakeClock())
    error = await failure(smartcar)
    assert isinstance(error, PermissionDenied)
    assert error.permission is Permission.READ_BATTERY
    with pytest.raises(PermissionDenied) as caught:
        await smartcar.connection("c")
    assert caught.value.permission is None


async def test_the_history_tells_every_attempt_in_order() -> None:
    """Attempts carry status, problem, seconds and id, of the token request too, and events tell the same."""
    clock, events = FakeClock(), list[Event]()

    def slow(outcome: Answer, seconds: float) -> Answer:
        clock.time += seconds
        return outcome

    outcomes = iter([(answer(status=503, SC_Request_Id="a"), 1.0), (refused("BILLING", "X", 430), 2.0)])
    wire = Wire(api=lambda _: slow(*next(outcomes)))
    error = await failure(await wire.client(clock, events.append))
    assert error.attempts == (Attempt(503, "ServerError", 1.0, "a"), Attempt(430, "BillingError", 2.0, None))
    route = "/v3/vehicles/{vehicle_id}/signals/{code}"
    assert events == [
        RequestEvent(method="POST", route="/oauth2/token", attempt=1, seconds=0.0, status=200),
        RequestEvent("GET", route, 1, 1.0, 503, "ServerError", "a"),
        RetryWait(clock.slept[0], "ServerError", 1, route),
        RequestEvent("GET", route, 2, 2.0, 430, "BillingError", None),
    ]


async def test_the_history_joins_the_call_and_its_token() -> None:
    """A refresh that fails after a 401 leaves both in the history."""
    clock = FakeClock()
    wire = Wire(always(refused("AUTHENTICATION", "UNAUTHORIZED", 401)), in_turn(token(), answer(status=400)))
    smartcar = await wire.client(clock)
    await failure(smartcar)
    clock.time += 61
    error = await failure(smartcar)
    assert [attempt.status for attempt in error.attempts] == [401, 400]


@pytest.mark.parametrize(
    "body", [b"", b"<html>ok</html>", b"null", b"[]", b'"x"', b'{"data": 7}', b'{"data": {"id": "x"}}', b'{"data":[']
)
async def test_a_success_that_cannot_be_read(body: bytes) -> None:
    """An answer that is no signal at all is a DecodeError with the raw bytes, the status and the history."""
    wire = Wire(always(Answer(200, body, {"sc-request-id": "r-1"})))
    with pytest.raises(DecodeError, match="cannot be read") as caught:
        await (await wire.client(FakeClock())).connection("c")
    error = caught.value
    assert (error.body, error.status, error.request_id) == (body, 200, "r-1")
    assert error.attempts == (Attempt(200, "", 0.0, "r-1"),)
    assert str(error).startswith("the answer to GET /v3/connections/{connection_id} cannot be read: ")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"access_token": ""}', b'{"access_token": "x", "expires_in": "soon"}'])
async def test_a_token_that_cannot_be_read(body: bytes) -> None:
    """A token endpoint that answers nonsense fails the call, which was not sent."""
    wire = Wire(iam=always(Answer(200, body)))
    with pytest.raises(DecodeError, match="POST /oauth2/token cannot be read"):
        await (await wire.client(FakeClock())).connection("c")
    assert wire.calls == []


async def test_another_signal_than_the_one_asked_for() -> None:
    """A mixed-up answer is refused and asked for again, not handed out under the wrong name."""
    wire = Wire(always(answer({"data": documents.signal("odometer-traveleddistance")})))
    with pytest.raises(ConnectionLost, match="belongs to another request"):
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).signal(signals.TractionBattery.StateOfCharge)


async def test_errors_travel_between_processes() -> None:
    """An error from a call survives pickling, with all that it holds."""
    error = await failure(await Wire(always(answer(v3("BILLING", "X", 430), 430))).client(FakeClock()))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is BillingError
    assert (str(again), again.attempts, again.errors) == (str(error), error.attempts, error.errors)
