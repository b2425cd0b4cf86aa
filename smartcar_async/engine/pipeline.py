"""The one path that every call takes: authorise, admit, send, classify, wait, decode."""

import asyncio
import atexit
import random
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn, TypeVar

from .. import codec
from ..arguments import require_methods, require_sync_function
from ..clock import Clock, SystemClock
from ..codec.structure import Unreadable
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
from ..request import JSON_TYPE, NO_CONTENT, UNIT_SYSTEM_HEADER, Call, Credential, Effect, Endpoint, Reply, Request
from ..settings import Settings, seconds
from ..threads import in_thread
from . import policy
from .admission import Admission
from .auth import ApplicationTokens, Token, Tokens, cancellations
from .flight import Flight
from .refusal import refusal, reported_failure
from .transport import Transport, apart

T = TypeVar("T")


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
        require_sync_function(on_event, "on_event")
        require_sync_function(on_outcome_unknown, "on_outcome_unknown")
        require_methods(clock, "clock", "monotonic", "now", "sleep")
        self._settings = settings
        self._transport = transport
        self._reporter = Reporter(on_event, on_outcome_unknown)
        self._clock = SystemClock() if clock is None else clock
        self._chance = chance
        self._tokens = ApplicationTokens(client_id, client_secret, self.run, self._clock)
        self._budget = policy.RetryBudget()
        self._admission = Admission(settings, self._reporter, self._clock)
        self._under_way: set[asyncio.Timeout] = set()
        """What ends the calls that are under way."""
        self._closed = False
        self._ready = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied into another process, with the secrets that it holds."""
        raise TypeError("a client and its handles belong to one process: make a client in each")

    async def open(self) -> None:
        """Load and build all that would stall the loop later, in a thread. The first call does it if nobody did."""
        if not self._ready:
            await in_thread(codec.prepare)
            await self._transport.open()
            self._ready = True

    def report_skipped(self, endpoint: Endpoint, malformed: tuple[Malformed, ...]) -> None:
        """Tell of entries that a list could not give."""
        problems = tuple(entry.problem for entry in malformed)
        self._reporter.tell(EntriesSkipped(endpoint.path, len(problems), problems))

    async def run(self, call: Call[T], deadline: float | timedelta | None = None, tokens: Tokens | None = None) -> T:
        """Carry out one call within its deadline. `tokens` speak for the user of a call that a user makes."""
        allowed = self.allowed(call, deadline)
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        flight = Flight(call, self._clock.monotonic() + allowed)
        loop, asked = self._own_loop(), cancellations()
        try:
            return await self._in_time(call, flight, tokens, allowed)
        except Unreadable as problem:
            failure = self._undecodable(call, flight, problem)
        except SmartcarError as error:
            failure = _unknown(flight, error) if flight.is_open else flight.ending(error)
            if flight.left_at is not None:
                self._end_request(flight, type(error).__name__)
        except TimeoutError:
            failure = self._ended(flight) if self._closed else self._out_of_time(flight, allowed)
        except asyncio.CancelledError as cancelled:
            # Closing may cancel what a call waits for. Then nobody has cancelled the call itself.
            if not self._closed or cancellations() > asked:
                self._broken_off(flight, cancelled, "Cancelled", "the call was cancelled")
                raise
            failure = self._ended(flight)
        except BaseException as broken:
            # The loop was closed under the call, which is thrown away now, or it is what no code of ours expects.
            closed = isinstance(broken, GeneratorExit) or loop.is_closed()
            name = "LoopClosed" if closed else type(broken).__name__
            self._broken_off(flight, broken, name, f"the call was broken off ({name})")
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

    async def _in_time(self, call: Call[T], flight: Flight, tokens: Tokens | None, allowed: float) -> T:
        """What the answer says, before the time is over or the client is closed."""
        async with asyncio.timeout(allowed) as ending:
            self._under_way.add(ending)
            try:
                flight.reply = await self._exchange(call, flight, tokens)
                return await _read(flight, flight.reply, call.decode)
            finally:
                self._under_way.discard(ending)

    def allowed(self, call: Call[T], deadline: float | timedelta | None) -> float:
        """Seconds that this call may take: what acts on a car may take minutes."""
        if deadline is not None:
            return seconds(deadline, "deadline")
        return self._settings.command_deadline if call.acts_on_car else self._settings.deadline

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
        """End the calls that are under way with an error that says so, and close the transport."""
        self._closed = True
        for ending in self._under_way:
            if not ending.expired():
                ending.reschedule(asyncio.get_running_loop().time())
        await asyncio.sleep(0)  # so that they are told before their connections break
        await self._tokens.aclose()
        await self._transport.aclose()

    async def _exchange(self, call: Call[T], flight: Flight, user: Tokens | None) -> Reply:
        await self.open()
        tokens = self._speaker(call, user)
        token = None if tokens is None else await tokens.get()
        while True:
            await self._admission.admit(call, flight.until)
            answer = await self._attempt(call, token, flight)
            if isinstance(answer, Reply):
                self._budget.earn()
                await self._check_success(call, flight, answer, token)
                return answer
            if policy.done_already(call, answer, acted_before=flight.left_open is not None):
                return NO_CONTENT
            flight.refused = answer
            if policy.may_have_acted(answer):
                flight.left_open = answer
            self._admission.heed(call, answer)
            if policy.outcome_is_unknown(call.endpoint.effect, answer):
                raise _unknown(flight, answer)
            if tokens is not None and token is not None and not flight.renewed and policy.renews_token(answer):
                flight.renewed = True
                fresh = await tokens.after_refusal(token)
                if fresh is not None:
                    token = fresh
                    continue
            pause = self._pause(call, answer, flight)
            if pause is None:
                raise answer
            self._reporter.tell(RetryWait(pause, type(answer).__name__, len(flight.attempts), call.endpoint.path))
            await self._clock.sleep(pause)

    async def _check_success(self, call: Call[T], flight: Flight, reply: Reply, token: Token | None) -> None:
        """Raise the failure that stands in the body of a success, as it may for whatever changes something."""
        effect = call.endpoint.effect
        if effect is Effect.READ:
            return
        told = partial(reported_failure, now=self._clock.now(), private=_private(call, token))
        failed = await _read(flight, reply, told)
        if failed is None:
            return
        # What may be asked for again is told by its class that it may have been done, where the class says so.
        told_by_class = effect is not Effect.COMMAND and policy.is_trouble(failed)
        if policy.may_have_acted_all_the_same(failed) and not told_by_class:
            raise _unknown(flight, failed)
        raise _named(call, failed)

    def _speaker(self, call: Call[T], user: Tokens | None) -> Tokens | None:
        """Whose tokens the call is sent with."""
        if call.endpoint.credential is Credential.APPLICATION:
            return self._tokens
        return user if call.endpoint.credential is Credential.USER else None

    async def _attempt(self, call: Call[T], token: Token | None, flight: Flight) -> Reply | SmartcarError:
        """Send once. The answer of a server that said no, or of none, is an error that is returned, not raised."""
        request = self._request(call, token)
        answer: Reply | SmartcarError
        flight.begin(self._clock.monotonic())
        try:
            reply = await self._transport.send(request, lambda: self._leave(flight))
            refused = partial(refusal, now=self._clock.now(), private=_private(call, token))
            answer = reply if reply.ok else _named(call, await apart(reply, refused))
        except TransportError as error:
            reply, answer = None, error
        problem = "" if isinstance(answer, Reply) else type(answer).__name__
        self._end_request(flight, problem, None if reply is None else reply.status, getattr(answer, "request_id", None))
        return answer

    def _leave(self, flight: Flight) -> None:
        """Something may reach the server from here on. Of a command, somebody is told even if Python ends first."""
        flight.leave(self._clock.now())
        if flight.is_open and flight.at_exit is None:
            # Weakly, because a call that is thrown away is told of at once, and so must not be kept from that.
            loop = weakref.ref(asyncio.get_running_loop())
            flight.at_exit = partial(_exit, weakref.ref(self), weakref.ref(flight), loop)
            atexit.register(flight.at_exit)

    def tell_abandoned(self, flight: Flight) -> None:
        """Python ends, and nobody runs the loop in which a command waits for its answer."""
        outcome = flight.unknown("the program ended, and nothing ran its event loop")
        self._end_request(flight, "LoopClosed")
        outcome.attempts = tuple(flight.attempts)
        self._reporter.tell_unknown(outcome)

    def _end_request(
        self, flight: Flight, problem: str, status: int | None = None, request_id: str | None = None
    ) -> None:
        """Keep and tell how the request ended that is under way, if one is."""
        if flight.begun_at is None:
            return
        if flight.at_exit is not None:
            atexit.unregister(flight.at_exit)
            flight.at_exit = None
        attempt = flight.end(self._clock.monotonic(), status, problem, plain_id(request_id))
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

    def _request(self, call: Call[T], token: Token | None) -> Request:
        endpoint, settings = call.endpoint, self._settings
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

    def _pause(self, call: Call[T], error: SmartcarError, flight: Flight) -> float | None:
        """Seconds until the call is sent again, or None if it is not."""
        number, retry = len(flight.attempts), self._settings.retry
        most = policy.most_attempts(call.endpoint.effect, retry) + flight.renewed
        if number >= most or not policy.may_resend(call.endpoint.effect, error):
            return None
        pause = policy.pause(retry, number, error, self._chance)
        in_time = self._clock.monotonic() + pause < flight.until
        return pause if in_time and self._budget.spend() else None

    def _out_of_time(self, flight: Flight, allowed: float) -> SmartcarError:
        last = flight.attempts[-1].problem if flight.attempts else ""
        text = f"no answer within {allowed:g} s"
        late = DeadlineExceeded(text + (f"; before that: {last}" if last else ""))
        failure = flight.unknown(text) if flight.is_open else late
        self._end_request(flight, "DeadlineExceeded")
        return failure

    def _ended(self, flight: Flight) -> SmartcarError:
        """What a call raises that was under way when the client was closed."""
        failure = flight.closed()
        self._end_request(flight, "Closed")
        return failure

    def _broken_off(self, flight: Flight, by: BaseException, problem: str, reason: str) -> None:
        """Tell what a call leaves open that does not end with an error of ours."""
        outcome = flight.unknown(reason) if flight.is_open else None
        self._end_request(flight, problem)
        if outcome is not None:
            outcome.attempts = tuple(flight.attempts)
            by.add_note(str(outcome))
            by.__cause__ = outcome
            self._reporter.tell_unknown(outcome)

    def _undecodable(self, call: Call[T], flight: Flight, problem: Unreadable) -> SmartcarError:
        reply = flight.reply
        if call.endpoint.effect is not Effect.READ:
            return flight.unknown(f"the answer does not tell ({problem})", reply.request_id)
        return DecodeError(
            f"the answer to {call.endpoint.method} {call.endpoint.path} cannot be read: {problem}",
            body=reply.body,
            status=reply.status,
            request_id=reply.request_id,
        )


def _exit(
    engine: "weakref.ref[Engine]", flight: "weakref.ref[Flight]", loop: "weakref.ref[asyncio.AbstractEventLoop]"
) -> None:
    """At the end of Python. A loop that still runs, in another thread, is not ours to judge."""
    teller, abandoned, runs = engine(), flight(), loop()
    if teller is not None and abandoned is not None and (runs is None or not runs.is_running()):
        teller.tell_abandoned(abandoned)


async def _read(flight: Flight, reply: Reply, read: Callable[[Reply], T]) -> T:
    """What an answer says. Broken off while a long one is read, what acts is as open as before the answer came."""
    flight.left_at = flight.last_left_at
    try:
        found = await apart(reply, read)
    except (Unreadable, SmartcarError):
        flight.left_at = None
        raise
    flight.left_at = None
    return found


def _unknown(flight: Flight, error: SmartcarError) -> CommandOutcomeUnknown:
    """That this error leaves the outcome of a command open."""
    reason = type(error).__name__ if isinstance(error, TransportError) else str(error)
    return flight.unknown(reason, getattr(error, "request_id", None))


def _private(call: Call[T], token: Token | None) -> tuple[str, ...]:
    """What no error text of this call may repeat."""
    return call.private if token is None else (*call.private, token.secret.reveal())


def _named(call: Call[T], error: ApiError) -> ApiError:
    """The error; if the owner has not granted what this call needs, it names that."""
    if isinstance(error, PermissionDenied):
        error.permission = call.permission or call.endpoint.permission
    return error
