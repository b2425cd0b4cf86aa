"""What may be sent again, and when. Decisions only: facts go in, an answer comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import define

from ..errors import (
    ApiError,
    AuthenticationError,
    CommandOutcomeUnknown,
    ConnectionFailed,
    NotFound,
    PermissionDenied,
    RateLimited,
    ResponseTooLarge,
    ServerError,
    SmartcarError,
    TransportError,
    UpstreamError,
)
from ..request import Call, Effect

if TYPE_CHECKING:
    from ..settings import Retry

_FINAL_CODES: Final = frozenset(
    {"RATE_LIMIT", "KNOWN_ISSUE", "INVALID_DATA", "RECORD_NOT_FOUND", "MULTIPLE_RECORDS_FOUND"}
)
"""Failures of the maker or of Smartcar that a second try moments later cannot mend."""

REFUSALS: Final[Mapping[int, frozenset[str]]] = {
    status: frozenset(types.split())
    for status, types in {
        400: "VALIDATION CONNECTED_SERVICES_ACCOUNT BAD_REQUEST INVALID_REQUEST INVALID_CLIENT INVALID_GRANT "
        "INVALID_SCOPE UNAUTHORIZED_CLIENT UNSUPPORTED_GRANT_TYPE",
        401: "AUTHENTICATION UNAUTHORIZED INVALID_TOKEN INVALID_CLIENT UNAUTHORIZED_CLIENT",
        403: "AUTHENTICATION PERMISSION FORBIDDEN ACCESS_DENIED INSUFFICIENT_SCOPE UNAUTHORIZED_CLIENT",
        404: "RESOURCE_NOT_FOUND NOT_FOUND",
        405: "RESOURCE_NOT_FOUND METHOD_NOT_ALLOWED",
        409: "VEHICLE_STATE CONFLICT",
        429: "RATE_LIMIT TOO_MANY_REQUESTS",
        430: "BILLING",
        501: "COMPATIBILITY NOT_IMPLEMENTED",
    }.items()
}
"""The answers that prove that nothing was done: a status, and the types that its body may name or leave out.

A 501 must name its type, for any server that does not know a method says the bare word. And a body that reports a
success all the same proves nothing.

Smartcar's own types, those of OAuth, and words that only repeat the status. Whatever is not here may have acted: a
redirect, 408, a server in trouble whatever its body says, and a refusal whose body speaks of something else.
"""
_NOT_IMPLEMENTED: Final = 501
_EVERY_REFUSAL: Final = frozenset[str]().union(*REFUSALS.values())

VEHICLE_PAUSE: Final = 60.0
"""Seconds to leave a vehicle alone after a throttle that does not say how long."""
LONGEST_VEHICLE_PAUSE: Final = 900.0
"""Seconds for which one answer can pause a vehicle here. The longest that was seen is 252: a false one must not keep a
car from being unlocked for a day, and a true one simply comes again."""
LONGEST_APPLICATION_PAUSE: Final = 60.0
"""Seconds for which one answer can hold all calls back. The least budget has a place every 30: a longer wait is none
of the application's limit, and would stop every car and every command."""


@define
class RetryBudget:
    """A reserve that resending draws on and that good answers refill, so that an outage is not made worse.

    Unlike a limit per call, it bounds what all calls together may add to the load of a server in trouble.
    """

    # With four attempts a call, an outage would make four times the requests. A reserve of 10 lets short troubles be
    # mended; a tenth of a resend for each good answer keeps a long one below 1.1 requests a call.
    reserve: float = 10.0
    refill: float = 0.1
    balance: float = 10.0

    def spend(self) -> bool:
        """Take the price of one more request, if it is there."""
        if self.balance < 1:
            return False
        self.balance -= 1
        return True

    def earn(self) -> None:
        """Put back a share, because a call was answered."""
        self.balance = min(self.reserve, self.balance + self.refill)


def is_vehicle_throttle(error: SmartcarError) -> bool:
    """Whether the API asks to leave this one vehicle alone."""
    return _is_limit(error, "VEHICLE")


def is_application_limit(error: SmartcarError) -> bool:
    """Whether the API itself, and no proxy before it, answers that the application's budget is spent."""
    return _is_limit(error, "SMARTCAR_API")


def _is_limit(error: SmartcarError, code: str) -> bool:
    return isinstance(error, RateLimited) and (error.status, error.code) == (429, code)


def may_have_acted(error: SmartcarError) -> bool:
    """Whether the server may have carried the call out although it did not report success."""
    if isinstance(error, TransportError):
        return not isinstance(error, ConnectionFailed)
    if not isinstance(error, ApiError) or error.status is None:
        return False
    refusals = REFUSALS.get(error.status, frozenset())
    untyped = error.status in REFUSALS and error.status != _NOT_IMPLEMENTED
    return error.reports_success or not all(untyped if kind is None else kind in refusals for kind in _types(error))


def leaves_open(error: SmartcarError) -> bool:
    """Whether this error tells the caller that the call may have been carried out."""
    return isinstance(error, CommandOutcomeUnknown) or may_have_acted(error)


def may_have_acted_all_the_same(failure: ApiError) -> bool:
    """The same of a failure that stands in the body of a success: the server had begun, so it must say what stopped it.

    Its status is the one that the body names, if it names one.
    """
    if failure.reports_success:
        return True
    refusals = REFUSALS.get(failure.status or 0, frozenset()) if (failure.status or 0) >= 400 else _EVERY_REFUSAL
    return not all(kind in refusals for kind in _types(failure))


def reported_failure_leaves_open(effect: Effect, failure: ApiError) -> bool:
    """Whether what was asked may be done although the body of a success reports this failure.

    Of what may be asked for again, the class of a failure behind the API already says so, where API v3 reports it in
    its own form. A flat error has no business in a success, and so its class is not believed.
    """
    says_so = effect is not Effect.COMMAND and is_trouble(failure) and bool(failure.errors)
    return may_have_acted_all_the_same(failure) and not says_so


def _types(error: ApiError) -> Iterable[str | None]:
    """The types of all entries, as they stand in the list of refusals."""
    for kind in [entry.get("type") for entry in error.errors] or [error.type]:
        yield kind.upper().replace(" ", "_").replace("-", "_") if isinstance(kind, str) and kind else None


def outcome_is_unknown(effect: Effect, error: SmartcarError) -> bool:
    """Whether a request that acts may have been carried out although no success came back.

    For what may be sent again, the class of the error tells the caller, unless the answer contradicts itself.
    """
    if effect is Effect.COMMAND:
        return may_have_acted(error)
    contradicts_itself = isinstance(error, ApiError) and error.reports_success
    return effect is not Effect.READ and contradicts_itself and not may_resend(effect, error)


def may_resend(effect: Effect, error: SmartcarError) -> bool:
    """Whether the same request may be sent once more after this error, ever."""
    if isinstance(error, ConnectionFailed):
        return True
    if effect is Effect.COMMAND:
        return is_application_limit(error) and not may_have_acted(error)
    if isinstance(error, RateLimited):
        return not is_vehicle_throttle(error)
    if isinstance(error, TransportError):
        return not isinstance(error, ResponseTooLarge)
    return is_trouble(error) and getattr(error, "code", None) not in _FINAL_CODES


def is_trouble(error: SmartcarError) -> bool:
    """Whether Smartcar or the maker failed, which may pass."""
    return isinstance(error, (ServerError, UpstreamError))


def done_already(call: Call[Any], error: SmartcarError, *, acted_before: bool) -> bool:
    """Whether a refusal shows that nothing is left to do: deleted by an earlier attempt, or there already."""
    if call.endpoint.effect is Effect.DELETE:
        path_exists = call.gone_is_done or _names_its_object(error)
        denied = call.denied_is_done and isinstance(error, PermissionDenied)
        return acted_before and (denied or (isinstance(error, NotFound) and path_exists))
    conflict = isinstance(error, ApiError) and error.status == 409 and not is_trouble(error)
    return call.endpoint.effect is Effect.ENSURE and conflict


def _names_its_object(error: SmartcarError) -> bool:
    """Whether the server looked for the vehicle or the schedule, and so does serve the path."""
    code = getattr(error, "code", None) or ""
    return "VEHICLE" in code or "SCHEDULE" in code


def no_such_path(error: SmartcarError) -> bool:
    """Whether a server refused because it does not serve the path, and not for what the path names.

    It refused before acting, so another spelling of the path may be tried, for a command too.
    """
    if not isinstance(error, ApiError) or error.reports_success or _names_its_object(error):
        return False
    denied = isinstance(error, PermissionDenied) and error.code == "ACCESS_DENIED"
    return error.status in (404, 405) or (error.status == 403 and denied)


def most_attempts(effect: Effect, retry: Retry) -> int:
    """How often a call may be sent. A command that never left is worth two more tries at the most."""
    return min(retry.attempts, 3) if effect is Effect.COMMAND else retry.attempts


def renews_token(error: SmartcarError) -> bool:
    """Whether a new token could help: the server does not accept the one that was sent."""
    return isinstance(error, AuthenticationError) and error.status == 401


def wait_of(error: RateLimited, usual: float) -> float:
    """Seconds until a call can work: as the server states, else a vehicle's usual pause, else `usual`."""
    if error.retry_after is not None:
        return error.retry_after
    return VEHICLE_PAUSE if is_vehicle_throttle(error) else usual


def pause(retry: Retry, attempt: int, error: SmartcarError, chance: Callable[[], float]) -> float:
    """Seconds to wait before the next request: as the server states, else exponential, with jitter from half up."""
    retry_after = error.retry_after if isinstance(error, ApiError) else None
    grown = min(retry.longest_pause, retry.first_pause * 2.0 ** min(attempt - 1, 30))
    own = grown * (0.5 + 0.5 * chance())  # jitter, so that clients that failed together do not come back together
    return own if retry_after is None else retry_after + own * 0.1
