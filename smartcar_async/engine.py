"""The one path that every call takes: authorise, admit, send, classify, wait, decode."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NoReturn, TypeVar

from attrs import define, field

from . import codec, policy
from .arguments import able
from .auth import ApplicationTokens, Token, Tokens
from .clock import Clock, SystemClock
from .errors import (
    ApiError,
    Attempt,
    CommandOutcomeUnknown,
    ConnectionFailed,
    DeadlineExceeded,
    DecodeError,
    PermissionDenied,
    RateLimited,
    SmartcarError,
    TransportError,
    plain_id,
)
from .log import EntriesSkipped, Hook, OutcomeHook, Reporter, RequestEvent
from .records import Malformed
from .refusal import refusal, reported_failure
from .request import JSON_TYPE, Call, Credential, Effect, Endpoint, Reply, Request
from .settings import Settings, seconds
from .structure import Unreadable
from .throttle import Bucket, Throttle
from .transport import Transport, apart

T = TypeVar("T")

_ALREADY_DONE: Final = Reply(204)
_UNITS: Final = "SC-Unit-System"


@define
class _Flight:
    """What happened so far to one call."""

    until: float
    attempts: list[Attempt] = field(factory=list[Attempt])
    left_at: datetime | None = None
    """When the request that is under way left, so that breaking it off leaves its outcome open."""
    last_left_at: datetime | None = None
    may_have_acted: bool = False
    """Whether one of the attempts may have done what was asked."""
    renewed: bool = False

    def leave(self, now: datetime) -> None:
        """From here on the server may have seen the request."""
        self.left_at = self.last_left_at = now


class Engine:
    """Carries out calls. It knows of a call what the call says, and nothing of endpoints."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        settings: Settings,
        transport: Transport,
        on_event: Hook | None = None,
        on_outcome_unknown: OutcomeHook | None = None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        able(on_event, "on_event", "__call__")
        able(on_outcome_unknown, "on_outcome_unknown", "__call__")
        able(clock, "clock", "monotonic", "now", "sleep")
        self._settings = settings
        self._transport = transport
        self._reporter = Reporter(on_event, on_outcome_unknown)
        self._clock = SystemClock() if clock is None else clock
        self._chance = chance
        self._tokens = ApplicationTokens(client_id, client_secret, self.run, self._clock)
        self._budget = policy.RetryBudget()
        self._throttle = Throttle(None if settings.rate_limit is None else Bucket(settings.rate_limit))
        self._ready = False

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied into another process, with the secrets that it holds."""
        raise TypeError("a client and its handles belong to one process: make a client in each")

    async def open(self) -> None:
        """Load and build all that would stall the loop later, in a thread. The first call does it if nobody did."""
        if not self._ready:
            await asyncio.to_thread(codec.prepare)
            await self._transport.open()
            self._ready = True

    def report_skipped(self, endpoint: Endpoint, malformed: tuple[Malformed, ...]) -> None:
        """Tell of entries that a list could not give."""
        problems = tuple(entry.problem for entry in malformed)
        self._reporter.tell(EntriesSkipped(endpoint.path, len(problems), problems))

    async def run(self, call: Call[T], deadline: float | timedelta | None = None, tokens: Tokens | None = None) -> T:
        """Carry out one call within its deadline. `tokens` speak for the user of a call that a user makes."""
        allowed = self.allowed(call, deadline)
        flight = _Flight(self._clock.monotonic() + allowed)
        reply = _ALREADY_DONE
        try:
            async with asyncio.timeout(allowed):
                reply = await self._exchange(call, flight, tokens)
                # Broken off while a long answer is read, what acts is as open as before it came.
                flight.left_at = flight.last_left_at
                return await apart(reply, call.decode)
        except TimeoutError:
            failure = self._out_of_time(call, flight, allowed)
        except asyncio.CancelledError as cancelled:
            if flight.left_at is not None and call.endpoint.effect is Effect.COMMAND:
                outcome = self._unknown(call, flight, "the call was cancelled")
                cancelled.add_note(str(outcome))
                cancelled.__cause__ = outcome
                self._reporter.tell_unknown(outcome)
            raise
        except Unreadable as problem:
            failure = self._undecodable(call, flight, reply, problem)
        except SmartcarError as error:
            failure = error
        failure.attempts = (*flight.attempts, *failure.attempts)
        if isinstance(failure, CommandOutcomeUnknown):
            self._reporter.tell_unknown(failure)
        raise failure

    def allowed(self, call: Call[T], deadline: float | timedelta | None) -> float:
        """Seconds that this call may take: what acts on a car may take minutes."""
        if deadline is not None:
            return seconds(deadline, "deadline")
        return self._settings.command_deadline if call.action else self._settings.deadline

    def stopwatch(self, call: Call[T], deadline: float | timedelta | None) -> Callable[[], float]:
        """What is left of the deadline, at each time of asking: for work that takes several calls."""
        until = self._clock.monotonic() + self.allowed(call, deadline)
        return lambda: max(until - self._clock.monotonic(), 0.001)

    def monotonic(self) -> float:
        """The clock's seconds."""
        return self._clock.monotonic()

    def now(self) -> datetime:
        """The time of day, by the client's clock."""
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Let time pass, by the client's clock."""
        await self._clock.sleep(seconds)

    async def aclose(self) -> None:
        """Stop what runs in the background, and close the transport."""
        await self._tokens.aclose()
        await self._transport.aclose()

    async def _exchange(self, call: Call[T], flight: _Flight, user: Tokens | None) -> Reply:
        await self.open()
        tokens = self._speaker(call, user)
        token = None if tokens is None else await tokens.get()
        while True:
            await self._admit(call, flight)
            answer = await self._attempt(call, token, flight)
            if isinstance(answer, Reply):
                self._budget.earn()
                told = partial(reported_failure, now=self._clock.now(), private=_private(call, token))
                if call.action and (failed := await apart(answer, told)):
                    raise self._judged(call, flight, _named(call, failed))
                return answer
            if policy.done_already(call, answer, acted_before=flight.may_have_acted):
                return _ALREADY_DONE
            flight.may_have_acted |= policy.may_have_acted(answer)
            self._heed(call, answer)
            if tokens is not None and token is not None and not flight.renewed and policy.renews_token(answer):
                flight.renewed = True
                fresh = await tokens.after_refusal(token)
                if fresh is not None:
                    token = fresh
                    continue
            if policy.outcome_is_unknown(call.endpoint.effect, answer):
                raise self._judged(call, flight, answer)
            pause = self._pause(call, answer, flight)
            if pause is None:
                raise answer
            await self._clock.sleep(pause)

    def _speaker(self, call: Call[T], user: Tokens | None) -> Tokens | None:
        """Whose tokens the call is sent with."""
        if call.endpoint.credential is Credential.APPLICATION:
            return self._tokens
        return user if call.endpoint.credential is Credential.USER else None

    async def _admit(self, call: Call[T], flight: _Flight) -> None:
        """Wait for the vehicle's pause to end and for a place in the budget, or refuse what cannot come in time."""
        if call.endpoint.credential is Credential.NONE:
            return
        throttle, clock = self._throttle, self._clock
        while True:
            now = clock.monotonic()
            wait = throttle.wait(call.vehicle_id, now, call.cost)
            if wait and now + wait > flight.until:
                raise _held_back(call, wait, throttle.vehicle_wait(call.vehicle_id, now) >= wait)
            if paused := throttle.vehicle_wait(call.vehicle_id, now):
                await clock.sleep(paused)
                continue
            if throttle.bucket is None:
                return
            turn = throttle.bucket.take(now, call.cost)
            if not turn:
                return
            try:
                await clock.sleep(turn)
            except asyncio.CancelledError:
                throttle.bucket.give_back(call.cost)
                raise
            if not throttle.vehicle_wait(call.vehicle_id, clock.monotonic()):
                return
            throttle.bucket.give_back(call.cost)

    async def _attempt(self, call: Call[T], token: Token | None, flight: _Flight) -> Reply | SmartcarError:
        """Send once. The answer of a server that said no, or of none, is an error that is returned, not raised."""
        started = self._clock.monotonic()
        answer: Reply | SmartcarError
        try:
            reply = await self._transport.send(self._request(call, token), lambda: flight.leave(self._clock.now()))
            refused = partial(refusal, now=self._clock.now(), private=_private(call, token))
            answer = reply if reply.ok else _named(call, await apart(reply, refused))
        except TransportError as error:
            reply, answer = None, error
        flight.left_at = None
        problem = "" if isinstance(answer, Reply) else type(answer).__name__
        identity = plain_id(getattr(answer, "request_id", None))
        status = None if reply is None else reply.status
        flight.attempts.append(Attempt(status, problem, self._clock.monotonic() - started, identity))
        self._reporter.tell(
            RequestEvent(
                method=call.endpoint.method,
                route=call.endpoint.path,
                attempt=len(flight.attempts),
                seconds=flight.attempts[-1].seconds,
                status=status,
                problem=problem or None,
                request_id=identity,
            )
        )
        return answer

    def _request(self, call: Call[T], token: Token | None) -> Request:
        endpoint, settings = call.endpoint, self._settings
        headers = {"Accept": JSON_TYPE, **call.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.secret.reveal()}"
        if call.vehicle_id is not None and settings.unit_system is not None and _UNITS not in headers:
            headers[_UNITS] = settings.unit_system.value
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        origin: str = getattr(settings, endpoint.host.value)
        return Request(
            endpoint.method,
            origin + call.target,
            headers,
            call.body,
            endpoint.effect,
            pool=call.pool,
            recognise=partial(codec.recognise, call),
        )

    def _heed(self, call: Call[T], error: SmartcarError) -> None:
        """Remember for later calls what the server asked of this one, and what it never saw."""
        if call.endpoint.credential is Credential.NONE:
            return
        now, bucket = self._clock.monotonic(), self._throttle.bucket
        if isinstance(error, ConnectionFailed) and bucket is not None:
            bucket.give_back(call.cost)
        if not isinstance(error, RateLimited):
            return
        if policy.is_vehicle_throttle(error) and call.vehicle_id is not None:
            if error.retry_after is None:
                error.retry_after = policy.VEHICLE_PAUSE
            self._throttle.pause_vehicle(call.vehicle_id, now, error.retry_after)
        elif bucket is not None:
            bucket.empty(now, error.retry_after or 0.0)

    def _pause(self, call: Call[T], error: SmartcarError, flight: _Flight) -> float | None:
        """Seconds until the call is sent again, or None if it is not."""
        number, retry = len(flight.attempts), self._settings.retry
        most = policy.most_attempts(call.endpoint.effect, retry) + flight.renewed
        if number >= most or not policy.may_resend(call.endpoint.effect, error):
            return None
        pause = policy.pause(retry, number, error, self._chance)
        in_time = self._clock.monotonic() + pause < flight.until
        return pause if in_time and self._budget.spend() else None

    def _out_of_time(self, call: Call[T], flight: _Flight, allowed: float) -> SmartcarError:
        last = flight.attempts[-1].problem if flight.attempts else ""
        if flight.left_at is not None and call.endpoint.effect is Effect.COMMAND:
            return self._unknown(call, flight, f"no answer within {allowed:g} s")
        return DeadlineExceeded(f"no answer within {allowed:g} s" + (f"; before that: {last}" if last else ""))

    def _undecodable(self, call: Call[T], flight: _Flight, reply: Reply, problem: Unreadable) -> SmartcarError:
        if call.action:
            return self._unknown(call, flight, f"the answer does not tell ({problem})", reply.request_id)
        return DecodeError(
            f"the answer to {call.endpoint.method} {call.endpoint.path} cannot be read: {problem}",
            body=reply.body,
            status=reply.status,
            request_id=reply.request_id,
        )

    def _judged(self, call: Call[T], flight: _Flight, error: SmartcarError) -> SmartcarError:
        """The error itself, or that it leaves the outcome of a command open."""
        if not policy.outcome_is_unknown(call.endpoint.effect, error):
            return error
        reason = type(error).__name__ if isinstance(error, TransportError) else str(error)
        return self._unknown(call, flight, reason, getattr(error, "request_id", None))

    def _unknown(
        self, call: Call[T], flight: _Flight, reason: str, request_id: str | None = None
    ) -> CommandOutcomeUnknown:
        return CommandOutcomeUnknown(
            f"{call.action} may or may not have been carried out: {reason}. It was not sent again.",
            action=call.action,
            vehicle_id=call.vehicle_id,
            parameters=call.parameters,
            sent_at=flight.last_left_at,
            request_id=request_id,
        )


def _private(call: Call[T], token: Token | None) -> tuple[str, ...]:
    """What no error text of this call may repeat."""
    return call.private if token is None else (*call.private, token.secret.reveal())


def _named(call: Call[T], error: ApiError) -> ApiError:
    """The error; if the owner has not granted what this call needs, it names that."""
    if isinstance(error, PermissionDenied):
        error.permission = call.permission or call.endpoint.permission
    return error


def _held_back(call: Call[T], wait: float, by_vehicle: bool) -> RateLimited:
    if by_vehicle:
        text = f"this vehicle asked to be left alone for another {wait:.0f} s; nothing was sent"
    else:
        text = (
            f"the application's request budget is spent for another {wait:.0f} s, longer than the deadline; "
            "nothing was sent. Settings(rate_limit=None) lifts this client's own limit."
        )
    code = "VEHICLE" if by_vehicle else "SMARTCAR_API"
    return RateLimited(text, type="RATE_LIMIT", code=code, retry_after=wait)
