"""The one path that every call takes: authorise, admit, send, classify, wait, decode."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from attrs import define, field

from . import codec, policy
from .auth import ApplicationTokens, Token
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
)
from .log import EntriesSkipped, Hook, Reporter, RequestEvent
from .records import Malformed
from .refusal import refusal
from .request import JSON_TYPE, Call, Credential, Effect, Endpoint, Reply, Request
from .settings import Settings, seconds
from .structure import Unreadable
from .throttle import Bucket, Throttle
from .transport import Transport

T = TypeVar("T")

_ALREADY_DONE: Final = Reply(204)


@define
class _Flight:
    """What happened so far to one call."""

    until: float
    attempts: list[Attempt] = field(factory=list[Attempt])
    in_the_air: bool = False
    """Whether a request is under way, so that breaking off leaves its outcome open."""
    renewed: bool = False


class Engine:
    """Carries out calls. It knows of a call what the call says, and nothing of endpoints."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        settings: Settings,
        transport: Transport,
        on_event: Hook | None = None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._reporter = Reporter(on_event)
        self._clock = SystemClock() if clock is None else clock
        self._chance = chance
        self._tokens = ApplicationTokens(client_id, client_secret, self.run, self._clock)
        self._budget = policy.RetryBudget()
        self._throttle = Throttle(None if settings.rate_limit is None else Bucket(settings.rate_limit))
        self._ready = False

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

    async def run(self, call: Call[T], deadline: float | timedelta | None = None) -> T:
        """Carry out one call within its deadline."""
        usual = self._settings.command_deadline if call.endpoint.effect is Effect.COMMAND else self._settings.deadline
        allowed = usual if deadline is None else seconds(deadline, "deadline")
        flight = _Flight(self._clock.monotonic() + allowed)
        try:
            async with asyncio.timeout(allowed):
                reply = await self._exchange(call, flight)
        except TimeoutError:
            failure = self._out_of_time(call, flight, allowed)
        except SmartcarError as error:
            error.attempts = (*flight.attempts, *error.attempts)
            raise
        else:
            return _decoded(call, reply, flight)
        raise failure

    async def aclose(self) -> None:
        """Stop what runs in the background, and close the transport."""
        await self._tokens.aclose()
        await self._transport.aclose()

    async def _exchange(self, call: Call[T], flight: _Flight) -> Reply:
        await self.open()
        token = await self._tokens.get() if call.endpoint.credential is Credential.APPLICATION else None
        while True:
            await self._admit(call, flight)
            answer = await self._attempt(call, token, flight)
            if isinstance(answer, Reply):
                self._budget.earn()
                return answer
            if policy.done_already(call.endpoint.effect, answer, len(flight.attempts)):
                return _ALREADY_DONE
            self._heed(call, answer)
            if token is not None and not flight.renewed and policy.renews_token(answer):
                flight.renewed = True
                fresh = await self._tokens.after_refusal(token)
                if fresh is not None:
                    token = fresh
                    continue
            if policy.outcome_is_unknown(call.endpoint.effect, answer):
                raise self._unknown(call, flight, answer)
            pause = self._pause(call, answer, flight)
            if pause is None:
                raise answer
            await self._clock.sleep(pause)

    async def _admit(self, call: Call[T], flight: _Flight) -> None:
        """Wait for the vehicle's pause to end and for a place in the budget, or refuse what cannot come in time."""
        if call.endpoint.credential is not Credential.APPLICATION:
            return
        throttle, clock = self._throttle, self._clock
        while True:
            now = clock.monotonic()
            wait = throttle.wait(call.vehicle_id, now)
            if now + wait > flight.until:
                raise _held_back(call, wait, throttle.vehicle_wait(call.vehicle_id, now) >= wait)
            if paused := throttle.vehicle_wait(call.vehicle_id, now):
                await clock.sleep(paused)
                continue
            if throttle.bucket is None:
                return
            turn = throttle.bucket.take(now)
            if not turn:
                return
            try:
                await clock.sleep(turn)
            except asyncio.CancelledError:
                throttle.bucket.give_back()
                raise
            if not throttle.vehicle_wait(call.vehicle_id, clock.monotonic()):
                return
            throttle.bucket.give_back()

    async def _attempt(self, call: Call[T], token: Token | None, flight: _Flight) -> Reply | SmartcarError:
        """Send once. The answer of a server that said no, or of none, is an error that is returned, not raised."""
        started = self._clock.monotonic()
        answer: Reply | SmartcarError
        flight.in_the_air = True
        try:
            reply = await self._transport.send(self._request(call, token))
            answer = reply if reply.ok else self._refused(call, reply, token)
        except TransportError as error:
            reply, answer = None, error
        flight.in_the_air = False
        problem = "" if isinstance(answer, Reply) else type(answer).__name__
        identity = reply.request_id if isinstance(answer, Reply) and reply else getattr(answer, "request_id", None)
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
        if call.vehicle_id is not None and settings.unit_system is not None:
            headers["SC-Unit-System"] = settings.unit_system.value
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        origin: str = getattr(settings, endpoint.host.value)
        return Request(endpoint.method, origin + call.target, headers, call.body, endpoint.effect)

    def _refused(self, call: Call[T], reply: Reply, token: Token | None) -> ApiError:
        private = call.private if token is None else (*call.private, token.secret.reveal())
        error = refusal(reply, self._clock.now(), private)
        if isinstance(error, PermissionDenied):
            error.permission = call.permission or call.endpoint.permission
        return error

    def _heed(self, call: Call[T], error: SmartcarError) -> None:
        """Remember for later calls what the server asked of this one, and what it never saw."""
        if call.endpoint.credential is not Credential.APPLICATION:
            return
        now, bucket = self._clock.monotonic(), self._throttle.bucket
        if isinstance(error, ConnectionFailed) and bucket is not None:
            bucket.give_back()
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
        if number >= retry.attempts + flight.renewed or not policy.may_resend(call.endpoint.effect, error):
            return None
        pause = policy.pause(retry, number, error, self._chance)
        in_time = self._clock.monotonic() + pause < flight.until
        return pause if in_time and self._budget.spend() else None

    def _out_of_time(self, call: Call[T], flight: _Flight, allowed: float) -> SmartcarError:
        last = flight.attempts[-1].problem if flight.attempts else ""
        late = DeadlineExceeded(f"no answer within {allowed:g} s" + (f"; before that: {last}" if last else ""))
        acted = flight.in_the_air and call.endpoint.effect is Effect.COMMAND
        failure = self._unknown(call, flight, late) if acted else late
        failure.attempts = tuple(flight.attempts)
        return failure

    def _unknown(self, call: Call[T], flight: _Flight, error: SmartcarError) -> CommandOutcomeUnknown:
        reason = f"{type(error).__name__}" if isinstance(error, TransportError) else str(error)
        return CommandOutcomeUnknown(
            f"{call.endpoint.method} {call.endpoint.path} may have been carried out: {reason}. It was not sent again.",
            action=f"{call.endpoint.method} {call.endpoint.path}",
            vehicle_id=call.vehicle_id,
            sent_at=self._clock.now(),
            request_id=getattr(error, "request_id", None),
        )


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


def _decoded(call: Call[T], reply: Reply, flight: _Flight) -> T:
    failure: DecodeError
    try:
        return call.decode(reply)
    except Unreadable as problem:
        failure = DecodeError(
            f"the answer to {call.endpoint.method} {call.endpoint.path} cannot be read: {problem}",
            body=reply.body,
            status=reply.status,
            request_id=reply.request_id,
        )
    failure.attempts = tuple(flight.attempts)
    raise failure
