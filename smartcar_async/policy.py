"""What may be sent again, and when. Decisions only: facts go in, an answer comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import define

from .errors import (
    ApiError,
    AuthenticationError,
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
from .request import Call, Effect

if TYPE_CHECKING:
    from .settings import Retry

_FINAL_CODES: Final = frozenset(
    {"RATE_LIMIT", "KNOWN_ISSUE", "INVALID_DATA", "RECORD_NOT_FOUND", "MULTIPLE_RECORDS_FOUND"}
)
"""Failures of the maker or of Smartcar that a second try moments later cannot mend."""

VEHICLE_PAUSE: Final = 60.0
"""Seconds to leave a vehicle alone after a throttle that does not say how long."""


@define
class RetryBudget:
    """A reserve that resending draws on and that good answers refill, so that an outage is not made worse.

    Unlike a limit per call, it bounds what all calls together may add to the load of a server in trouble.
    """

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
    return isinstance(error, RateLimited) and error.code == "VEHICLE"


def outcome_is_unknown(effect: Effect, error: SmartcarError) -> bool:
    """Whether a request that acts may have been carried out although no success came back."""
    return effect is Effect.COMMAND and may_have_acted(error)


def may_resend(effect: Effect, error: SmartcarError) -> bool:
    """Whether the same request may be sent once more after this error, ever."""
    if isinstance(error, ConnectionFailed):
        return True
    if effect is Effect.COMMAND:
        return isinstance(error, RateLimited) and error.code == "SMARTCAR_API"
    if isinstance(error, RateLimited):
        return not is_vehicle_throttle(error)
    if isinstance(error, TransportError):
        return not isinstance(error, ResponseTooLarge)
    return isinstance(error, (ServerError, UpstreamError)) and error.code not in _FINAL_CODES


def may_have_acted(error: SmartcarError) -> bool:
    """Whether the server may have done what was asked although it did not say so."""
    if isinstance(error, TransportError):
        return not isinstance(error, ConnectionFailed)
    return isinstance(error, (ServerError, UpstreamError))


def done_already(call: Call[Any], error: SmartcarError, *, acted_before: bool) -> bool:
    """Whether a refusal says that what was asked is so: gone after an earlier deletion, or there already."""
    if call.endpoint.effect is Effect.DELETE:
        path_exists = call.gone_is_done or _names_its_object(error)
        denied = call.denied_is_done and isinstance(error, PermissionDenied)
        return acted_before and (denied or (isinstance(error, NotFound) and path_exists))
    return call.endpoint.effect is Effect.ENSURE and isinstance(error, ApiError) and error.status == 409


def _names_its_object(error: SmartcarError) -> bool:
    """Whether the server looked for the vehicle or the schedule, and so does serve the path."""
    code = getattr(error, "code", None) or ""
    return "VEHICLE" in code or "SCHEDULE" in code


def no_such_path(error: SmartcarError) -> bool:
    """Whether a server refused because it does not serve the path, and not for what the path names.

    It refused before acting, so another spelling of the path may be tried, for a command too.
    """
    if not isinstance(error, ApiError) or _names_its_object(error):
        return False
    denied = isinstance(error, PermissionDenied) and error.code == "ACCESS_DENIED"
    return error.status in (404, 405) or (error.status == 403 and denied)


def most_attempts(effect: Effect, retry: Retry) -> int:
    """How often a call may be sent. A command that never left is worth two more tries at the most."""
    return min(retry.attempts, 3) if effect is Effect.COMMAND else retry.attempts


def renews_token(error: SmartcarError) -> bool:
    """Whether a new token could help: the server says that it does not know who is asking."""
    return isinstance(error, AuthenticationError) and error.status == 401


def pause(retry: Retry, attempt: int, error: SmartcarError, chance: Callable[[], float]) -> float:
    """Seconds to wait before the next request: what the server asks, else exponential with full jitter above half."""
    asked = error.retry_after if isinstance(error, ApiError) else None
    grown = min(retry.longest_pause, retry.first_pause * 2.0 ** min(attempt - 1, 30))
    own = grown * (0.5 + 0.5 * chance())
    return own if asked is None else asked + own * 0.1
