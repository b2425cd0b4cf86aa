"""One call under way: what happened to it so far, and with which error it ends if it ends now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import define, field

from ..errors import (
    Attempt,
    CommandOutcomeUnknown,
    ConnectionFailed,
    ConnectionLost,
    RateLimited,
    SmartcarError,
    plain_id,
)
from ..request import NO_CONTENT, Call, Effect, Reply
from .policy import leaves_open


@define(eq=False)
class Flight:
    """What happened so far to one call."""

    call: Call[Any]
    until: float
    """When its time is over, on the monotonic clock."""
    attempts: list[Attempt] = field(factory=list[Attempt])
    begun_at: float | None = None
    """When the request that is under way was begun, on the monotonic clock."""
    sent_at: datetime | None = None
    """When the request that is under way began to leave, so that breaking it off leaves its outcome open."""
    last_sent_at: datetime | None = None
    last_failure: SmartcarError | None = None
    """How the last attempt ended that got no success."""
    open_failure: SmartcarError | None = None
    """How the last attempt ended that may have been carried out although it failed."""
    token_renewed: bool = False
    reply: Reply = NO_CONTENT
    """The answer that is being read."""
    at_exit: Callable[[], None] | None = None
    """What Python calls if it ends while a command is under way."""

    def begin(self, now: float) -> None:
        """A request is made."""
        self.begun_at = now

    def mark_sent(self, now: datetime) -> None:
        """From here on the server may have seen the request."""
        self.sent_at = self.last_sent_at = now

    def end(self, now: float, status: int | None, problem: str, request_id: str | None = None) -> Attempt:
        """The request has ended, one way or the other."""
        begun_at = now if self.begun_at is None else self.begun_at
        self.attempts.append(Attempt(status, problem, now - begun_at, request_id))
        self.begun_at = self.sent_at = None
        return self.attempts[-1]

    @property
    def is_open(self) -> bool:
        """Whether a command is under way, so that nobody knows what becomes of it if it is broken off now."""
        return self.sent_at is not None and self.call.is_command

    def unknown(self, reason: str, request_id: str | None = None) -> CommandOutcomeUnknown:
        """That the call may or may not have been carried out."""
        call, times = self.call, len(self.attempts)
        # A deletion may be sent again after it may have been carried out. A command was sent again only after an
        # attempt that was refused or never left, so only its last attempt can have been carried out.
        repeated = not call.is_command and times > 1
        again = f"It was sent {times} times." if repeated else "It was not sent again."
        action = call.action or f"{call.endpoint.method} {call.endpoint.path}"
        return CommandOutcomeUnknown(
            f"{action} may or may not have been carried out: {reason}. {again}",
            action=action,
            vehicle_id=call.vehicle_id,
            parameters=call.parameters,
            sent_at=self.last_sent_at,
            request_id=plain_id(request_id),
        )

    def final_error(self, error: SmartcarError) -> SmartcarError:
        """What the call raises after its last attempt failed with this error.

        An error that says "nothing was sent" or "there is no such thing" would be false where an earlier attempt may
        have been carried out: then that attempt's error is raised, with this one as its cause.
        """
        earlier = None
        if self.call.endpoint.effect is not Effect.READ and not leaves_open(error):
            earlier = self.open_failure
        if earlier is None and isinstance(error, RateLimited) and error.status is None:
            earlier = self.last_failure
        if earlier is None or earlier is error:
            return error
        earlier.attempts, earlier.__cause__ = error.attempts, error
        return earlier

    def closed_error(self) -> SmartcarError:
        """That the client was closed before the call had its answer."""
        if self.is_open:
            return self.unknown("the client was closed")
        if self.sent_at is not None or self.open_failure is not None:
            return ConnectionLost("the client was closed before an answer came")
        if any(attempt.status is not None for attempt in self.attempts):
            return ConnectionFailed("the client was closed before this could be sent again; it was only refused so far")
        return ConnectionFailed("the client was closed while this call waited; nothing was sent")
