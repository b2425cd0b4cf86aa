"""Everything that goes wrong in the command campaign, by name: each loses a command, its answer, or neither."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

from attrs import define, field, frozen

from smartcar_async.testing import (
    PENDING,
    Delay,
    Drip,
    ErrorReply,
    Fault,
    Late,
    MalformedJson,
    Reply,
    Request,
    ResetBeforeHeaders,
    ResetBeforeReading,
    ResetInBody,
    ResetInHeaders,
    Truncate,
    WrongContentType,
)
from smartcar_async.testing.faults import Script

from .lossy_proxy import Loss, Segment

Access = Literal["shared", "closed", "opens late", "no handshake", "resets", "newcomer", "spent budget"]
Moment = Literal["opening", "token", "queue", "pause", "connecting", "waiting", "reading", "elsewhere"]

TOO_LATE = 0.25
DEADLINE = 0.1
"""Real seconds: of an answer that comes too late, and of a call that does not wait for it."""
CANCELLED_ANSWER = 0.5
"""Real seconds of an answer that is waited for until the cancellation: a busy machine must see that it is."""


@frozen
class Scenario:
    """What happens to one call."""

    faults: tuple[Fault | None, ...] = ()
    """What its requests meet at the simulator, in order."""
    segments: tuple[Segment, ...] = ()
    """What they meet in the proxy."""
    access: Access = "shared"
    """The client and the proxy that are used; only `shared` ones serve other cars as well."""
    deadline: float | None = None
    cancelled_at: Moment | None = None
    cancelled_after: float | None = None
    expired: bool = False
    """Whether all tokens end just before it."""


@define
class FaultQueue(Script):
    """A script with a queue of faults, each for a single request about one car."""

    pending: deque[Fault | None] = field(factory=deque["Fault | None"])
    injected: Counter[str] = field(factory=Counter[str])

    def strikes(self, request: Request, random: Random) -> bool:
        """Whether a fault is queued for this request."""
        if not self.pending or not super().strikes(request, random):
            return False
        fault = self.pending.popleft()
        if fault is None:
            return False
        self.fault = fault
        self.injected[type(fault).__name__] += 1
        return True


def _error(status: int, kind: str, *codes: str | None) -> Callable[[Random, bool], Fault]:
    return lambda random, acts: ErrorReply(status, kind, random.choice(codes), acts=acts)


def _bare(status: int) -> Callable[[Random, bool], Fault]:
    bodies = (b"", "<html><body>Back soon</body></html>", "{}", '{"errors": []}')
    return lambda random, acts: Reply(status, random.choice(bodies), acts=acts)


def _odd(status: int, *bodies: str, **headers: str) -> Callable[[Random, bool], Fault]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda random, acts: Reply(status, random.choice(bodies), headers=named, acts=acts)


NEW_TYPE = "NEW_TYPE"
"""A type that the client does not know, so that it cannot tell whether this was a refusal."""
UNCLEAR = (
    '{"errors": [{"status": "409", "code": "IN_MOTION"}]}',
    '{"errors": [{"status": "400", "type": "NEW_TYPE"}]}',
    '{"errors": [{"detail": "no"}]}',
    '{"data": {"attributes": {"status": "FAILURE"}}}',
)
NO_SUCCESS = ("<html>", "[]", '{"data": {}}', '{"data"', '{"data": {"attributes": {"status": "IN_PROGRESS"}}}')

LOST: Mapping[str, Callable[[Random, bool], Fault]] = {
    "reset before headers": lambda _, acts: ResetBeforeHeaders(acts),
    "reset mid-headers": lambda _, acts: ResetInHeaders(acts),
    "reset mid-body": lambda _, acts: ResetInBody(acts),
    "body cut short": lambda _, acts: Truncate(acts),
    "500 with a document": _error(500, "SERVER", "INTERNAL", "RECORD_NOT_FOUND"),
    "500 without": _bare(500),
    "502 with a document": _error(502, "UPSTREAM", "NO_RESPONSE", "RATE_LIMIT", "KNOWN_ISSUE", "INVALID_DATA", None),
    "502 without": _bare(502),
    "503 with a document": _error(503, "SERVER", "INTERNAL", None),
    "503 without": _bare(503),
    "504 with a document": _error(504, "UPSTREAM", "NO_RESPONSE"),
    "504 without": _bare(504),
    "500 that says RATE_LIMIT": _error(500, "RATE_LIMIT", "SMARTCAR_API", "VEHICLE"),
    "502 that says VALIDATION": _error(502, "VALIDATION", "INVALID_INPUT_FORMAT"),
    "503 that says RATE_LIMIT": _error(503, "RATE_LIMIT", "SMARTCAR_API"),
    "504 that says invalid_token": _odd(504, '{"error": "invalid_token"}'),
    "400 of a new type": _error(400, NEW_TYPE, "NEW_CODE"),
    "303": _odd(303, "", "{}", Location="/elsewhere"),
    "408": _odd(408, "", "Request Timeout"),
    "202, cut": lambda random, acts: Late(random.choice((0, 0.005)), "cut", acts=acts),
    "202, reset": lambda random, acts: Late(random.choice((0, 0.005)), "reset", acts=acts),
    "202, empty": lambda random, acts: Late(random.choice((0, 0.005)), "empty", acts=acts),
    "202, PENDING": lambda random, acts: Late(random.choice((0, 0.005)), "pending", acts=acts),
    "202, then UPSTREAM": lambda _, acts: Late(0.005, reply=ErrorReply(502, "UPSTREAM", "NO_RESPONSE"), acts=acts),
    "202, then SERVER": lambda _, acts: Late(0.005, reply=ErrorReply(500, "SERVER", "INTERNAL"), acts=acts),
    "202, then nobody knows": lambda random, acts: Late(0.005, reply=Reply(200, random.choice(UNCLEAR)), acts=acts),
    "200, nobody knows": lambda random, acts: Reply(random.choice((200, 202)), random.choice(UNCLEAR), acts=acts),
    "200, empty": lambda _, acts: Reply(200, acts=acts),
    "200, PENDING": lambda _, acts: Reply(200, PENDING, acts=acts),
    "200, SERVER inside": lambda _, acts: ErrorReply(500, "SERVER", "INTERNAL", acts=acts, http_status=200),
    "200, says nothing": lambda random, acts: Reply(200, random.choice(NO_SUCCESS), acts=acts),
}
"""Answers that leave the outcome open, each after the deed and instead of it."""

FAILURE = '{"data": {"attributes": {"status": {"value": "FAILURE", "error": {"type": "VEHICLE_STATE"}}}}}'
REFUSALS: tuple[ErrorReply, ...] = (
    ErrorReply(400, "VALIDATION", "INVALID_INPUT_FORMAT"),
    ErrorReply(400, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED"),
    ErrorReply(403, "PERMISSION", None),
    ErrorReply(404, "RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND"),
    ErrorReply(409, "VEHICLE_STATE", "IN_MOTION"),
    ErrorReply(409, "VEHICLE_STATE", "ASLEEP"),
    ErrorReply(430, "BILLING", "VEHICLE_REQUEST_LIMIT"),
    ErrorReply(501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE"),
)
UNAUTHORIZED = ErrorReply(401, "AUTHENTICATION", "UNAUTHORIZED")
NOT_SERVED: tuple[Fault, ...] = (
    ErrorReply(404, "RESOURCE_NOT_FOUND", "INVALID_PATH"),
    Reply(404),
    Reply(405, "Method Not Allowed", "text/plain"),
    ErrorReply(403, "AUTHENTICATION", "ACCESS_DENIED"),
)


def limited(random: Random) -> Fault:
    """The application's limit, with and without a time to wait."""
    return ErrorReply(429, "RATE_LIMIT", "SMARTCAR_API", retry_after=random.choice((None, 0, 1, 5)))


def throttled(random: Random) -> Fault:
    """The car's limit."""
    return ErrorReply(429, "RATE_LIMIT", "VEHICLE", retry_after=random.choice((None, 1, 10)))


MakeScenario = Callable[[Random], Scenario]


def _lost(label: str, acts: bool) -> MakeScenario:
    def make(random: Random) -> Scenario:
        before: tuple[Fault, ...] = random.choice(((), (), (UNAUTHORIZED,), (limited(random),)))
        return Scenario((*before, LOST[label](random, acts)))

    return make


def _in_the_proxy(loses: Loss) -> MakeScenario:
    return lambda random: Scenario(segments=(Segment(loses, random.random(), random.random() < 0.5),))


def _any_of(*faults: Fault) -> MakeScenario:
    return lambda random: Scenario((random.choice(faults),))


def _cancelled(moment: Moment, *faults: Fault, access: Access = "shared") -> MakeScenario:
    choices = faults or (None,)
    return lambda random: Scenario((random.choice(choices),), access=access, cancelled_at=moment)


def _any_loss(random: Random) -> Fault:
    return random.choice([make for label, make in LOST.items() if label != "200, empty"])(random, random.random() < 0.5)


SCENARIOS: Mapping[str, MakeScenario] = {
    "nothing": lambda _: Scenario(),
    "202, whole": lambda random: Scenario((Late(random.choice((0, 0.01, 0.03))),)),
    "wrong content type": lambda _: Scenario((WrongContentType(),)),
    "connection refused": lambda _: Scenario(access="closed"),
    "refused, then open": lambda _: Scenario(access="opens late"),
    "refused, open, lost": lambda random: Scenario(
        segments=(Segment("answer", reset=random.random() < 0.5),), access="opens late"
    ),
    "no handshake in time": lambda _: Scenario(access="no handshake"),
    "reset at once": lambda _: Scenario(access="resets"),
    "lost mid-request": _in_the_proxy("mid-request"),
    "reset before reading": _any_of(ResetBeforeReading()),
    "arrives after the end": lambda _: Scenario(segments=(Segment(held=True),), deadline=DEADLINE),
    "arrives after a cancel": lambda _: Scenario(segments=(Segment(held=True),), cancelled_at="waiting"),
    "answer lost": _in_the_proxy("answer"),
    "cut in the headers": _in_the_proxy("answer's headers"),
    "cut in the body": _in_the_proxy("answer's body"),
    **{
        f"{label}, {'acting' if acts else 'not acting'}": _lost(label, acts) for label in LOST for acts in (True, False)
    },
    "malformed JSON": _any_of(MalformedJson()),
    "too late, acting": lambda _: Scenario((Delay(TOO_LATE),), deadline=DEADLINE),
    "too late, not acting": lambda _: Scenario((Delay(TOO_LATE, acts=False),), deadline=DEADLINE),
    "body too slow": lambda _: Scenario((Drip(1500),), deadline=DEADLINE),
    "202, too late": lambda random: Scenario((Late(TOO_LATE, acts=random.random() < 0.5),), deadline=DEADLINE),
    "401 in between": _any_of(UNAUTHORIZED),
    "401 for all tokens": lambda _: Scenario(expired=True),
    "401 again and again": lambda _: Scenario((UNAUTHORIZED,) * 4),
    "429 of the application": lambda random: Scenario((limited(random),)),
    "429 again and again": lambda random: Scenario((ErrorReply(429, "RATE_LIMIT", "SMARTCAR_API"),) * 8),
    "429 of the vehicle": lambda random: Scenario((throttled(random),)),
    "refused": _any_of(*REFUSALS),
    "path not served": _any_of(*NOT_SERVED),
    "202, then refused": lambda random: Scenario((Late(0.005, reply=random.choice(REFUSALS), acts=False),)),
    "200, refused inside": _any_of(
        ErrorReply(409, "VEHICLE_STATE", "DOOR_OPEN", http_status=200), Reply(200, FAILURE), Reply(202, FAILURE)
    ),
    "cancelled at the token": _cancelled("token", access="newcomer"),
    "cancelled in the queue": _cancelled("queue", access="spent budget"),
    "cancelled in a pause": _cancelled(
        "pause", ErrorReply(429, "RATE_LIMIT", "SMARTCAR_API", retry_after=60), access="newcomer"
    ),
    "cancelled connecting": _cancelled("connecting", access="no handshake"),
    "cancelled waiting": _cancelled("waiting", Delay(CANCELLED_ANSWER), Delay(CANCELLED_ANSWER, acts=False)),
    "cancelled reading a 202": _cancelled("reading", Late(CANCELLED_ANSWER), Late(CANCELLED_ANSWER, acts=False)),
    "cancelled at random": lambda random: Scenario(
        (random.choice((None, limited(random))), _any_loss(random)), cancelled_after=0.0002 * 200 ** random.random()
    ),
}
"""Every scenario by name, made with a random choice of its details."""

NEVER_SENT = frozenset(
    {
        "connection refused",
        "no handshake in time",
        "cancelled at the token",
        "cancelled in the queue",
        "cancelled in a pause",
        "cancelled connecting",
    }
)
"""After these it is certain that nothing was done, and the caller must learn that."""

EMPTY_SUCCESSES = frozenset({"200, empty, acting", "200, empty, not acting"})
"""Not for deletions, where an empty success means that it is done: here it may not be."""
