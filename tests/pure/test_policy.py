"""What may be sent again and when, as the table of `Effect` against every kind of error."""

import pytest
from attrs import evolve

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
from smartcar_async.policy import (
    RetryBudget,
    done_already,
    is_vehicle_throttle,
    may_resend,
    most_attempts,
    no_such_path,
    outcome_is_unknown,
    pause,
    renews_token,
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
    (CompatibilityError("501", status=501), NEVER),
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


UNKNOWN = (ConnectionLost, DeadlineExceeded, ResponseTooLarge, ServerError, UpstreamError)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("error", [error for error, _ in RESENDABLE])
def test_whose_outcome_is_unknown(error: SmartcarError, effect: Effect) -> None:
    """Only a command's: when it left and no answer came, or when the server failed while it acted."""
    assert (effect is COMMAND and isinstance(error, UNKNOWN)) is outcome_is_unknown(effect, error)


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
        (RateLimited("429", code="VEHICLE"), True),
        (RateLimited("429", code="SMARTCAR_API"), False),
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
