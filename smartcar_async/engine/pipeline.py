"""The one path that every call takes: authorise, admit, send, classify, wait, decode."""

import asyncio
import atexit
import random
import weakref
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from .. import codec
from ..arguments import credential, require_instance, require_methods, require_sync_function
from ..clock import Clock, SystemClock
from ..codec.shapes import Unreadable
from ..errors import (
    ApiError,
    CommandOutcomeUnknown,
    ConfigurationError,
    DeadlineExceeded,
    DecodeError,
    PermissionDenied,
    RateLimited,
    SmartcarError,
    TransportError,
    plain_id,
)
from ..log import EntriesSkipped, Hook, OutcomeHook, Reporter, RequestEvent, RetryWait
from ..records import Malformed
from ..redaction import Secret
from ..request import JSON_TYPE, NO_CONTENT, UNIT_SYSTEM_HEADER, Call, Credential, Effect, Endpoint, Reply, Request
from ..settings import Settings, seconds
from ..threads import in_thread
from . import policy
from .admission import Admission
from .auth import ApplicationTokens, Token, Tokens, cancel_requests
from .flight import Flight
from .refusal import refusal, reported_failure
from .transport import Transport, read_reply

if TYPE_CHECKING:
    from .transport import ClientSession

T = TypeVar("T")


class Engine:
    """Carries out calls. All that it must know about one stands on the `Call`: it never asks which endpoint it is."""

    def __init__(
        self,
        home: str,
        client_id: str | None,
        client_secret: str | None,
        *,
        settings: Settings | None,
        session: "ClientSession | None",
        on_event: Hook | None,
        on_outcome_unknown: OutcomeHook | None,
        clock: Clock | None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Check all that a client is made of. `home` is the class of the client, for texts that name it."""
        own = Settings() if settings is None else require_instance(settings, Settings, "settings")
        self.settings: Settings = own
        secret = own.client_secret if client_secret is None else client_secret
        self.client_secret: Secret = Secret(credential(secret, "client_secret", home))
        self.client_id: str = credential(own.client_id if client_id is None else client_id, "client_id", home)
        self._transport = Transport(own, session)
        require_sync_function(on_event, "on_event")
        require_sync_function(on_outcome_unknown, "on_outcome_unknown")
        require_methods(clock, "clock", "monotonic", "now", "sleep")
        self._reporter = Reporter(on_event, on_outcome_unknown)
        self.clock: Clock = SystemClock() if clock is None else clock
        self._chance = chance
        self._tokens = ApplicationTokens(self.client_id, self.client_secret, self.run, self.clock)
        self._budget = policy.RetryBudget()
        self._admission = Admission(own, self._reporter, self.clock)
        self._timeouts: set[asyncio.Timeout] = set()
        """Those of the calls that are under way: to close the client is to let them expire now."""
        self._closed = False
        self._ready = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied into another process, with the secrets that it holds."""
        raise TypeError("a client and its handles belong to one process: make a client in each")

    async def open(self) -> None:
        """Load and build in a thread what would stall the loop. The first call does it for a client not entered."""
        if not self._ready:
            await in_thread(codec.prepare)
            await self._transport.open()
            self._ready = True

    def report_skipped(self, endpoint: Endpoint, malformed: tuple[Malformed, ...]) -> None:
        """Report the entries of a list that could not be read."""
        problems = tuple(entry.problem for entry in malformed)
        self._reporter.tell(EntriesSkipped(endpoint.path, len(problems), problems))

    async def run(self, call: Call[T], deadline: float | timedelta | None = None, tokens: Tokens | None = None) -> T:
        """Carry out one call within its deadline. `tokens` are those of the user for whom a call is made."""
        allowed = self.seconds_allowed(call, deadline)
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        flight = Flight(call, self.clock.monotonic() + allowed)
        loop, cancelled_before = self._own_loop(), cancel_requests()
        try:
            return await self._within_deadline(call, flight, tokens, allowed)
        except Unreadable as problem:
            failure = self._decode_failure(call, flight, problem)
        except SmartcarError as error:
            failure = _outcome_unknown(flight, error) if flight.is_open else flight.final_error(error)
            if flight.sent_at is not None:
                self._end_request(flight, type(error).__name__)
        except TimeoutError:
            failure = self._closed_failure(flight) if self._closed else self._late_failure(flight, allowed)
        except asyncio.CancelledError as cancelled:
            # Closing may cancel what a call waits for. Then nobody has cancelled the call itself.
            if not self._closed or cancel_requests() > cancelled_before:
                self._note_interruption(flight, cancelled, "Cancelled", "the call was cancelled")
                raise
            failure = self._closed_failure(flight)
        except BaseException as error:
            # The loop was closed under the call, which is thrown away now, or it is what no code of ours expects.
            closed = isinstance(error, GeneratorExit) or loop.is_closed()
            name = "LoopClosed" if closed else type(error).__name__
            self._note_interruption(flight, error, name, f"the call was broken off ({name})")
            raise
        failure.attempts = (*flight.attempts, *failure.attempts)
        if isinstance(failure, RateLimited):
            failure.retry_after = policy.wait_of(failure, self._admission.usual_wait(call))
        if isinstance(failure, CommandOutcomeUnknown):
            self._reporter.tell_unknown(failure)
        raise failure

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of this client's connections: another one cannot use them."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise ConfigurationError("a client belongs to the event loop that it was first used in: make one in each")
        return loop

    async def _within_deadline(self, call: Call[T], flight: Flight, tokens: Tokens | None, allowed: float) -> T:
        """What the answer says, before the time is over or the client is closed."""
        # There are two deadlines, and they count the same seconds. `flight.until` is on the client's clock, which a
        # simulation may drive: it decides whether a wait or a resend is still worth it. This one is on the loop's
        # clock, which alone can interrupt a connection that hangs.
        async with asyncio.timeout(allowed) as timeout:
            self._timeouts.add(timeout)
            try:
                flight.reply = await self._exchange(call, flight, tokens)
                return await _read(flight, flight.reply, call.decode)
            finally:
                self._timeouts.discard(timeout)

    def seconds_allowed(self, call: Call[T], deadline: float | timedelta | None) -> float:
        """Seconds that this call may take: what acts on a car may take minutes."""
        if deadline is not None:
            return seconds(deadline, "deadline")
        return self.settings.command_deadline if call.acts_on_car else self.settings.deadline

    def countdown(self, call: Call[T], deadline: float | timedelta | None) -> Callable[[], float]:
        """A function that answers the seconds that are left: for work that takes several calls within one deadline."""
        until = self.clock.monotonic() + self.seconds_allowed(call, deadline)
        return lambda: max(until - self.clock.monotonic(), 0.001)

    async def aclose(self) -> None:
        """End the calls that are under way with an error that says so, and close the transport."""
        self._closed = True
        for timeout in self._timeouts:
            if not timeout.expired():
                timeout.reschedule(asyncio.get_running_loop().time())
        await asyncio.sleep(0)  # the calls end here, before their connections break
        await self._tokens.aclose()
        await self._transport.aclose()

    async def _exchange(self, call: Call[T], flight: Flight, user_tokens: Tokens | None) -> Reply:
        """Send until there is an answer to read, or an error that ends the call."""
        if not self._ready:
            await self.open()
        tokens = self._tokens_for(call, user_tokens)
        token = None if tokens is None else await tokens.get()
        while True:
            await self._admission.admit(call, flight.until)
            answer = await self._attempt(call, token, flight)
            if isinstance(answer, Reply):
                self._budget.earn()
                await self._check_success(call, flight, answer, token)
                return answer
            if policy.done_already(call, answer, acted_before=flight.open_failure is not None):
                return NO_CONTENT
            flight.last_failure = answer
            if policy.may_have_acted(answer):
                flight.open_failure = answer
            self._admission.note_limits(call, answer)
            if policy.outcome_is_unknown(call.endpoint.effect, answer):
                raise _outcome_unknown(flight, answer)
            # Once a call, and before the retries are counted: a token that expired early must not use up a try.
            if tokens is not None and token is not None and not flight.token_renewed and policy.renews_token(answer):
                flight.token_renewed = True
                fresh = await tokens.after_refusal(token)
                if fresh is not None:
                    token = fresh
                    continue
            pause = self._pause_before_resend(call, answer, flight)
            if pause is None:
                raise answer
            self._reporter.tell(RetryWait(pause, type(answer).__name__, len(flight.attempts), call.endpoint.path))
            await self.clock.sleep(pause)

    async def _check_success(self, call: Call[T], flight: Flight, reply: Reply, token: Token | None) -> None:
        """Raise the failure that stands in the body of a success, as it may for whatever changes something."""
        if call.endpoint.effect is Effect.READ:
            return
        find_failure = partial(reported_failure, now=self.clock.now(), private=_private_values(call, token))
        failure = await _read(flight, reply, find_failure)
        if failure is None:
            return
        if policy.reported_failure_leaves_open(call.endpoint.effect, failure):
            raise _outcome_unknown(flight, failure)
        raise _with_permission(call, failure)

    def _tokens_for(self, call: Call[T], user_tokens: Tokens | None) -> Tokens | None:
        """Where the token comes from that the call is sent with."""
        if call.endpoint.credential is Credential.APPLICATION:
            return self._tokens
        return user_tokens if call.endpoint.credential is Credential.USER else None

    async def _attempt(self, call: Call[T], token: Token | None, flight: Flight) -> Reply | SmartcarError:
        """Send once. The error of an answer that is no success, or of none, is returned and not raised."""
        request = self._build_request(call, token)
        answer: Reply | SmartcarError
        flight.begin(self.clock.monotonic())
        try:
            reply = await self._transport.send(request, lambda: self._mark_sent(flight))
            read_error = partial(refusal, now=self.clock.now(), private=_private_values(call, token))
            answer = reply if reply.ok else _with_permission(call, await read_reply(reply, read_error))
        except TransportError as error:
            reply, answer = None, error
        problem = "" if isinstance(answer, Reply) else type(answer).__name__
        self._end_request(flight, problem, None if reply is None else reply.status, getattr(answer, "request_id", None))
        return answer

    def _mark_sent(self, flight: Flight) -> None:
        """Something may reach the server from here on. An open command is reported even if Python ends first."""
        flight.mark_sent(self.clock.now())
        if flight.is_open and flight.at_exit is None:
            # Weak references, because atexit would keep the call alive for ever. One that is thrown away (its task was
            # collected, its loop closed) is then reported at once, when its coroutine is closed, and not at the exit.
            loop = weakref.ref(asyncio.get_running_loop())
            flight.at_exit = partial(_report_at_exit, weakref.ref(self), weakref.ref(flight), loop)
            atexit.register(flight.at_exit)

    def report_abandoned(self, flight: Flight) -> None:
        """Python ends, and nobody runs the loop in which a command waits for its answer."""
        outcome = flight.unknown("the program ended, and nothing ran its event loop")
        self._end_request(flight, "LoopClosed")
        outcome.attempts = tuple(flight.attempts)
        self._reporter.tell_unknown(outcome)

    def _end_request(
        self, flight: Flight, problem: str, status: int | None = None, request_id: str | None = None
    ) -> None:
        """Note and report how the request that is under way ended, if there is one."""
        if flight.begun_at is None:
            return
        if flight.at_exit is not None:
            atexit.unregister(flight.at_exit)
            flight.at_exit = None
        attempt = flight.end(self.clock.monotonic(), status, problem, plain_id(request_id))
        endpoint, number = flight.call.endpoint, len(flight.attempts)
        self._reporter.tell(
            RequestEvent(
                method=endpoint.method,
                route=endpoint.path,
                attempt=number,
                seconds=attempt.seconds,
                status=status,
                problem=problem or None,
                request_id=attempt.request_id,
            )
        )

    def _build_request(self, call: Call[T], token: Token | None) -> Request:
        endpoint, settings = call.endpoint, self.settings
        headers = {"Accept": JSON_TYPE, **call.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.secret.reveal()}"
        if call.vehicle_id is not None and settings.unit_system is not None and UNIT_SYSTEM_HEADER not in headers:
            headers[UNIT_SYSTEM_HEADER] = settings.unit_system.value
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

    def _pause_before_resend(self, call: Call[T], error: SmartcarError, flight: Flight) -> float | None:
        """Seconds until the call is sent again, or None if it is not."""
        attempts, retry = len(flight.attempts), self.settings.retry
        most = policy.most_attempts(call.endpoint.effect, retry) + flight.token_renewed
        if attempts >= most or not policy.may_resend(call.endpoint.effect, error):
            return None
        pause = policy.pause(retry, attempts, error, self._chance)
        in_time = self.clock.monotonic() + pause < flight.until
        # The budget is asked last, because asking spends it: what would come too late must not cost others a resend.
        return pause if in_time and self._budget.spend() else None

    def _late_failure(self, flight: Flight, allowed: float) -> SmartcarError:
        """The error of a call whose time is over."""
        last = flight.attempts[-1].problem if flight.attempts else ""
        text = f"no answer within {allowed:g} s"
        late = DeadlineExceeded(text + (f"; before that: {last}" if last else ""))
        failure = flight.unknown(text) if flight.is_open else late
        self._end_request(flight, "DeadlineExceeded")
        return failure

    def _closed_failure(self, flight: Flight) -> SmartcarError:
        """The error of a call that was under way when the client was closed."""
        failure = flight.closed_error()
        self._end_request(flight, "Closed")
        return failure

    def _note_interruption(self, flight: Flight, error: BaseException, problem: str, reason: str) -> None:
        """Report the open outcome of a call that ends with an error which is not ours."""
        outcome = flight.unknown(reason) if flight.is_open else None
        self._end_request(flight, problem)
        if outcome is not None:
            outcome.attempts = tuple(flight.attempts)
            error.add_note(str(outcome))
            # `CancelledError` itself must go on, or the task would not count as cancelled. So the outcome travels as
            # its cause, for people in the traceback and for the sync bridge, which raises it to a caller of Ctrl-C.
            error.__cause__ = outcome
            self._reporter.tell_unknown(outcome)

    def _decode_failure(self, call: Call[T], flight: Flight, problem: Unreadable) -> SmartcarError:
        """The error of a call whose answer cannot be read."""
        reply = flight.reply
        if call.endpoint.effect is not Effect.READ:
            return flight.unknown(f"the answer does not tell ({problem})", reply.request_id)
        return DecodeError(
            f"the answer to {call.endpoint.method} {call.endpoint.path} cannot be read: {problem}",
            body=reply.body,
            status=reply.status,
            request_id=reply.request_id,
        )


def _report_at_exit(
    engine_ref: "weakref.ref[Engine]",
    flight_ref: "weakref.ref[Flight]",
    loop_ref: "weakref.ref[asyncio.AbstractEventLoop]",
) -> None:
    """At the end of Python. A loop that still runs, in another thread, may yet bring the answer."""
    engine, flight, loop = engine_ref(), flight_ref(), loop_ref()
    if engine is not None and flight is not None and (loop is None or not loop.is_running()):
        engine.report_abandoned(flight)


async def _read(flight: Flight, reply: Reply, read: Callable[[Reply], T]) -> T:
    """What an answer says. Broken off while a long one is read, what acts is as open as before the answer came."""
    flight.sent_at = flight.last_sent_at
    try:
        value = await read_reply(reply, read)
    except (Unreadable, SmartcarError):
        flight.sent_at = None
        raise
    flight.sent_at = None
    return value


def _outcome_unknown(flight: Flight, error: SmartcarError) -> CommandOutcomeUnknown:
    """That this error leaves the outcome of a command open."""
    reason = type(error).__name__ if isinstance(error, TransportError) else str(error)
    return flight.unknown(reason, getattr(error, "request_id", None))


def _private_values(call: Call[T], token: Token | None) -> tuple[str, ...]:
    """What no error text of this call may repeat."""
    return call.private if token is None else (*call.private, token.secret.reveal())


def _with_permission(call: Call[T], error: ApiError) -> ApiError:
    """The error; if the owner has not granted what this call needs, it names that."""
    if isinstance(error, PermissionDenied):
        error.permission = call.permission or call.endpoint.permission
    return error
