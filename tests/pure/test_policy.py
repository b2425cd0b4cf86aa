"""What may be sent again and when, as the table of `Effect` against every kind of error."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from smartcar_async.engine.policy import (
    RetryBudget,
    done_already,
    is_application_limit,
    is_vehicle_throttle,
    leaves_open,
    may_have_acted,
    may_have_acted_all_the_same,
    may_resend,
    most_attempts,
    no_such_path,
    outcome_is_unknown,
    pause,
    renews_token,
    wait_of,
)
from smartcar_async.engine.refusal import refusal
from smartcar_async.errors import (
    AccountError,
    ApiError,
    AuthenticationError,
    BillingError,
    CommandOutcomeUnknown,
    CompatibilityError,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    DecodeError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ResponseTooLarge,
    ServerError,
    SmartcarError,
    UpstreamError,
    VehicleStateError,
)
from smartcar_async.request import Call, Effect, Endpoint, Reply
from smartcar_async.settings import Retry

READ, DELETE, COMMAND = Effect.READ, Effect.DELETE, Effect.COMMAND
EVERY = set(Effect)
SAFE = EVERY - {COMMAND}
NEVER: set[Effect] = set()

RESENDABLE: list[tuple[SmartcarError, set[Effect]]] = [
    (ConnectionFailed("dns"), EVERY),
    (ConnectionLost("reset"), SAFE),
    (DeadlineExceeded("late"), SAFE),
    (ResponseTooLarge("long"), NEVER),
    (RateLimited("429", status=429, code="SMARTCAR_API"), EVERY),
    (RateLimited("429", status=429), SAFE),
    (RateLimited("429", status=429, code="VEHICLE"), NEVER),
    (ServerError("500", status=500, code="INTERNAL"), SAFE),
    (ServerError("503", status=503), SAFE),
    (ServerError("504", status=504), SAFE),
    (ServerError("500", status=500, code="RECORD_NOT_FOUND"), NEVER),
    (ServerError("500", status=500, code="MULTIPLE_RECORDS_FOUND"), NEVER),
    (UpstreamError("502", status=502), SAFE),
    (UpstreamError("502", status=502, code="NO_RESPONSE"), SAFE),
    (UpstreamError("502", status=502, code="UNKNOWN_ISSUE"), SAFE),
    (UpstreamError("502", status=502, code="RATE_LIMIT"), NEVER),
    (UpstreamError("502", status=502, code="KNOWN_ISSUE"), NEVER),
    (UpstreamError("502", status=502, code="INVALID_DATA"), NEVER),
    (AuthenticationError("401", status=401), NEVER),
    (PermissionDenied("403", status=403), NEVER),
    (InvalidRequest("400", status=400), NEVER),
    (AccountError("400", status=400), NEVER),
    (NotFound("404", status=404), NEVER),
    (VehicleStateError("409", status=409), NEVER),
    (BillingError("430", status=430), NEVER),
    (CompatibilityError("501", status=501, type="COMPATIBILITY"), NEVER),
    (ApiError("418", status=418), NEVER),
    (DecodeError("not JSON"), NEVER),
    (ConfigurationError("bad"), NEVER),
    (CommandOutcomeUnknown("lost", action="x"), NEVER),
]


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize(("error", "effects"), RESENDABLE)
def test_what_may_be_sent_again(error: SmartcarError, effects: set[Effect], effect: Effect) -> None:
    """A read may after any passing failure; a command only if it never left or was refused before acting."""
    assert (effect in effects) is may_resend(effect, error)


MAY_HAVE_ACTED = (ConnectionLost, DeadlineExceeded, ResponseTooLarge, ServerError, UpstreamError)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("error", [error for error, _ in RESENDABLE])
def test_whose_outcome_is_unknown(error: SmartcarError, effect: Effect) -> None:
    """Only a command's: when it left and no answer came, or when the server failed while it acted."""
    of_no_family = getattr(error, "status", None) == 418
    open_ended = effect is COMMAND and (isinstance(error, MAY_HAVE_ACTED) or of_no_family)
    assert open_ended is outcome_is_unknown(effect, error)


KNOWN: dict[int, tuple[str | None, ...]] = {
    400: (None, "VALIDATION", "CONNECTED_SERVICES_ACCOUNT", "invalid_request", "invalid_grant", "Bad Request"),
    401: (None, "AUTHENTICATION", "invalid_token", "invalid_client", "Unauthorized"),
    403: (None, "AUTHENTICATION", "PERMISSION", "access_denied", "Forbidden"),
    404: (None, "RESOURCE_NOT_FOUND", "Not Found", "not-found"),
    405: (None, "RESOURCE_NOT_FOUND", "Method Not Allowed"),
    409: (None, "VEHICLE_STATE", "Conflict"),
    429: (None, "RATE_LIMIT", "Too Many Requests"),
    430: (None, "BILLING"),
    501: ("COMPATIBILITY", "Not Implemented"),
}
EVERY_TYPE: tuple[str | None, ...] = (
    None, "VALIDATION", "AUTHENTICATION", "PERMISSION", "CONNECTED_SERVICES_ACCOUNT", "RESOURCE_NOT_FOUND",
    "VEHICLE_STATE", "RATE_LIMIT", "BILLING", "COMPATIBILITY", "UPSTREAM", "SERVER", "invalid_token", "invalid_grant",
    "access_denied", "NEW_TYPE", "Internal Server Error",
)  # fmt: skip


def answered(status: int, *kinds: str | None, code: str | None = None) -> ApiError:
    """The error for an answer of this status and these types."""
    entries = [{"type": kind, "code": code} for kind in kinds]
    return refusal(Reply(status, {}, json.dumps({"errors": entries}).encode()), datetime(2026, 5, 4, tzinfo=UTC))


@pytest.mark.parametrize("status", [*range(300, 310), *range(400, 432), 460, 499, *range(500, 512), 520, 599])
def test_only_a_known_refusal_proves_that_nothing_was_done(status: int) -> None:
    """Status and type must be a pair that is known to refuse before acting. After all else a command may be done."""
    for kind in {*EVERY_TYPE, *KNOWN.get(status, ())}:
        for code in (None, "SMARTCAR_API", "VEHICLE"):
            error = answered(status, kind, code=code)
            known = kind in KNOWN.get(status, ())
            assert outcome_is_unknown(COMMAND, error) is not known, error
            resent = known and status == 429 and code == "SMARTCAR_API"
            assert may_resend(COMMAND, error) is resent, error


DONE_V3 = {"data": {"attributes": {"status": {"value": "SUCCESS"}}}}
REPORTS: list[dict[str, Any]] = [
    DONE_V3,
    {"attributes": {"status": "success"}},
    {"data": {"attributes": {"status": {"value": "PENDING"}}}},
    {"status": "success"},
    {"status": "success", "type": "VEHICLE_STATE", "code": "ASLEEP", "statusCode": 409},
    {**DONE_V3, "errors": [{"type": "VEHICLE_STATE", "code": "ASLEEP"}]},
]


def contradictory(status: int, report: dict[str, Any]) -> ApiError:
    """A refusal whose body says that it is done."""
    return refusal(Reply(status, {}, json.dumps(report).encode()), datetime(2026, 5, 4, tzinfo=UTC))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 429, 430, 501])
@pytest.mark.parametrize("report", REPORTS)
def test_a_refusal_that_reports_a_success_proves_nothing(status: int, report: dict[str, Any]) -> None:
    """What changes something is neither sent again nor tried by another path, and its outcome is unknown."""
    error = contradictory(status, report)
    assert (error.reports_success, may_have_acted(error), leaves_open(error)) == (True, True, True)
    assert outcome_is_unknown(COMMAND, error)
    assert not may_resend(COMMAND, error)
    assert not no_such_path(error)
    for effect in (DELETE, Effect.ENSURE):
        assert outcome_is_unknown(effect, error) is not may_resend(effect, error)
    assert not outcome_is_unknown(READ, error)


def test_trouble_that_reports_a_success_is_asked_again_where_it_may_be() -> None:
    """A deletion may be sent again after a 503 whatever its body says; a command may not."""
    error = contradictory(503, DONE_V3)
    assert [outcome_is_unknown(effect, error) for effect in (COMMAND, DELETE)] == [True, False]


@pytest.mark.parametrize(
    ("error", "opened"),
    [
        (CommandOutcomeUnknown("lost", action="x"), True),
        (ConnectionLost("reset"), True),
        (NotFound("404", status=404), False),
        (RateLimited("held back", code="SMARTCAR_API"), False),
    ],
)
def test_which_error_leaves_it_open(error: SmartcarError, opened: bool) -> None:
    """What is told as unknown, and what may have acted."""
    assert leaves_open(error) is opened


def test_every_entry_must_refuse() -> None:
    """A validation of two fields is one refusal; a second entry that speaks of a failure behind is none."""
    assert not may_have_acted(answered(400, "VALIDATION", "VALIDATION"))
    assert may_have_acted(answered(400, "VALIDATION", "UPSTREAM"))
    assert may_have_acted(answered(409, "VEHICLE_STATE", "NEW_TYPE"))


@pytest.mark.parametrize(
    ("failure", "acted"),
    [
        (VehicleStateError("in a 200", status=409, type="VEHICLE_STATE"), False),
        (VehicleStateError("in a 202", status=202, type="VEHICLE_STATE"), False),
        (RateLimited("in a 202", status=429, type="RATE_LIMIT"), False),
        (VehicleStateError("in a 202", status=409), True),
        (ApiError("in a 202", status=202), True),
        (ApiError("in a 202", status=202, type="NEW_TYPE"), True),
        (InvalidRequest("in a 202", status=409, type="VALIDATION"), True),
        (ServerError("in a 202", status=500, type="VALIDATION"), True),
        (UpstreamError("in a 202", status=202, type="UPSTREAM"), True),
        (ServerError("in a 202", status=202, type="SERVER"), True),
    ],
)
def test_a_failure_in_a_success_must_say_what_stopped_it(failure: ApiError, acted: bool) -> None:
    """The server had begun. A type that is known to refuse is a proof, and a status that contradicts it is none."""
    assert acted is may_have_acted_all_the_same(failure)


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (answered(429, "RATE_LIMIT", code="SMARTCAR_API"), True),
        (answered(429, "RATE_LIMIT", code="VEHICLE"), False),
        (answered(429, "RATE_LIMIT"), False),
        (answered(429, None), False),
        (answered(429, "UPSTREAM", code="SMARTCAR_API"), False),
        (answered(500, "RATE_LIMIT", code="SMARTCAR_API"), False),
        (answered(403, "RATE_LIMIT", code="SMARTCAR_API"), False),
        (RateLimited("held back", code="SMARTCAR_API"), False),
    ],
)
def test_the_applications_limit(error: SmartcarError, limit: bool) -> None:
    """Only Smartcar itself can say that the budget is spent, and it says so with status 429."""
    assert limit is is_application_limit(error)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("429", status=429, code="VEHICLE", retry_after=7), 7),
        (RateLimited("429", status=429, code="VEHICLE"), 60),
        (RateLimited("429", status=429, code="SMARTCAR_API"), 30),
        (RateLimited("429", status=429, retry_after=0.0), 0),
        (RateLimited("429"), 30),
    ],
)
def test_how_long_to_wait_after_a_limit(error: RateLimited, seconds: float) -> None:
    """What the server says; where it says nothing, a vehicle's usual pause or the time until the next place."""
    assert seconds == wait_of(error, 30.0)


@pytest.mark.parametrize("error", [error for error, _ in RESENDABLE])
def test_no_command_of_unknown_outcome_is_sent_again(error: SmartcarError) -> None:
    """The two decisions never contradict each other."""
    assert not (outcome_is_unknown(COMMAND, error) and may_resend(COMMAND, error))


def call(effect: Effect, gone_is_done: bool = True, denied_is_done: bool = False) -> Call[Reply]:
    """Some call of this effect."""
    made = Call(Endpoint("POST", "/x", effect=effect), "/x", lambda reply: reply, gone_is_done=gone_is_done)
    return evolve(made, denied_is_done=denied_is_done)


@pytest.mark.parametrize(
    ("asked", "error", "acted_before", "done"),
    [
        (call(DELETE), NotFound("404"), True, True),
        (call(DELETE), NotFound("404"), False, False),
        (call(DELETE), ServerError("500"), True, False),
        (call(DELETE, gone_is_done=False), NotFound("404"), True, False),
        (call(DELETE), PermissionDenied("403"), True, False),
        (call(DELETE, denied_is_done=True), PermissionDenied("403"), True, True),
        (call(DELETE, denied_is_done=True), PermissionDenied("403"), False, False),
        (call(Effect.ENSURE), VehicleStateError("409", status=409), False, True),
        (call(Effect.ENSURE), NotFound("404", status=404), True, False),
        (call(Effect.ENSURE), UpstreamError("409", status=409), True, False),
        (call(Effect.ENSURE), ConnectionLost("reset"), True, False),
        (call(READ), NotFound("404"), True, False),
        (call(COMMAND), NotFound("404"), True, False),
        (call(COMMAND), VehicleStateError("409", status=409), False, False),
    ],
)
def test_what_is_done_already(asked: Call[Reply], error: SmartcarError, acted_before: bool, done: bool) -> None:
    """Gone after a try that may have worked, or there already: what the caller wanted. Anything else is news."""
    assert done is done_already(asked, error, acted_before=acted_before)


@pytest.mark.parametrize(
    ("error", "unserved"),
    [
        (NotFound("404", status=404), True),
        (NotFound("404", status=404, code="INVALID_PATH"), True),
        (NotFound("404", status=404, code="VEHICLE_NOT_FOUND"), False),
        (NotFound("404", status=404, code="SCHEDULE_NOT_FOUND"), False),
        (ApiError("405", status=405), True),
        (PermissionDenied("403", status=403, code="ACCESS_DENIED"), True),
        (PermissionDenied("403", status=403), False),
        (ServerError("500", status=500), False),
        (ConnectionLost("reset"), False),
    ],
)
def test_a_path_that_is_not_served(error: SmartcarError, unserved: bool) -> None:
    """A refusal of the path itself, and not of the vehicle or schedule that it names."""
    assert unserved is no_such_path(error)


@pytest.mark.parametrize(("effect", "most"), [(READ, 4), (DELETE, 4), (COMMAND, 3)])
def test_how_often_a_call_is_sent(effect: Effect, most: int) -> None:
    """A command is worth two more tries at the most, and fewer where the settings say so."""
    assert most == most_attempts(effect, Retry(attempts=4))
    assert most_attempts(effect, Retry(attempts=1)) == 1


@pytest.mark.parametrize(
    ("error", "renews"),
    [
        (AuthenticationError("401", status=401), True),
        (AuthenticationError("400", status=400, type="invalid_grant"), False),
        (PermissionDenied("403", status=403), False),
        (ConnectionLost("reset"), False),
    ],
)
def test_when_a_new_token_could_help(error: SmartcarError, renews: bool) -> None:
    """Only after a 401."""
    assert renews is renews_token(error)


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        (RateLimited("429", status=429, code="VEHICLE"), True),
        (RateLimited("held back", code="VEHICLE"), False),
        (RateLimited("429", status=429, code="SMARTCAR_API"), False),
        (UpstreamError("502", code="VEHICLE"), False),
    ],
)
def test_a_throttle_of_one_vehicle(error: SmartcarError, throttled: bool) -> None:
    """It is told from the application's limit by its code."""
    assert throttled is is_vehicle_throttle(error)


@pytest.mark.parametrize(
    ("attempt", "low", "high"), [(1, 0.25, 0.5), (2, 0.5, 1), (3, 1, 2), (5, 4, 8), (6, 4, 8), (10_000, 4, 8)]
)
def test_pauses_grow_to_a_limit(attempt: int, low: float, high: float) -> None:
    """Each doubles up to the longest; chance takes up to half of it away, so that clients do not march in step."""
    retry, error = Retry(first_pause=0.5, longest_pause=8.0), ConnectionLost("reset")
    assert low == pause(retry, attempt, error, lambda: 0.0)
    assert high == pause(retry, attempt, error, lambda: 1.0)
    assert (low + high) / 2 == pause(retry, attempt, error, lambda: 0.5)


def test_the_server_is_obeyed() -> None:
    """What it asks is the least; a little chance on top spreads those who were all told the same."""
    error = RateLimited("429", retry_after=30.0)
    assert pause(Retry(), 1, error, lambda: 0.0) == pytest.approx(30.025)
    assert pause(Retry(), 1, error, lambda: 1.0) == pytest.approx(30.05)
    assert pause(Retry(), 1, RateLimited("429", retry_after=0.0), lambda: 1.0) == pytest.approx(0.05)
    assert pause(Retry(), 1, RateLimited("429"), lambda: 1.0) == 0.5


def test_the_budget_keeps_an_outage_small() -> None:
    """Ten resends are in reserve; then ten answers buy one more. It never holds more than the reserve."""
    budget = RetryBudget()
    assert [budget.spend() for _ in range(12)] == [True] * 10 + [False] * 2
    for _ in range(11):
        budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]
    for _ in range(1000):
        budget.earn()
    assert budget.balance == budget.reserve == 10.0
