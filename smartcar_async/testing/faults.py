"""Faults at the wire, scripted in advance: what goes wrong, on which requests, how often.

A fault with `acts` lets the service act first: the command is carried out, its ledger says so, and only then is the
answer damaged. Without it the request is lost before anything was done, and looks the same to the client.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from random import Random
from typing import Literal

import msgspec
from attrs import define, evolve, field, frozen

from .errors import SimulatorError
from .wire import Answer, Problem, Request, error_answer, json_answer

PENDING: dict[str, object] = {
    "data": {
        "id": "exec_pending",
        "type": "command-execution",
        "attributes": {"status": {"value": "PENDING"}, "executionMode": "async", "parameters": {}},
        "links": {},
        "meta": {},
    }
}
"""An execution that says nothing of its end: a body for `Reply`, and that of `Late(end="pending")`."""

ErrorWriter = Callable[[tuple[Problem, ...], str, int | None], Answer]
"""How one API writes an error: from problems, a request id, and the seconds to wait."""


@frozen
class Delay:
    """The answer is held back for so many seconds of real time; without `acts` there never is one."""

    seconds: float
    acts: bool = True


@frozen
class ResetBeforeReading:
    """The connection is reset when the headers have come and nothing was done; the body is never read."""


@frozen
class ResetBeforeHeaders:
    """The request is acted on, and the connection is reset before a byte of the answer."""

    acts: bool = True


@frozen
class ResetInHeaders:
    """The connection is reset in the middle of the answer's headers."""

    acts: bool = True


@frozen
class ResetInBody:
    """The connection is reset when half of the answer's body has gone out."""

    acts: bool = True


@frozen
class Truncate:
    """The connection is closed in good order after half of the body that Content-Length promised."""

    acts: bool = True


@frozen
class Drip:
    """The body comes at so many bytes a second."""

    bytes_per_second: float


@frozen
class WrongContentType:
    """The true body, under another content type."""

    content_type: str = "text/html"


@frozen
class MalformedJson:
    """A complete answer, whose body breaks off in the middle of its JSON."""


@frozen
class Reply:
    """Any answer instead of the true one. With `acts` the service acts on the request all the same."""

    status: int
    body: bytes | str | dict[str, object] = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(factory=dict[str, str])
    acts: bool = False

    def answer(self, request_id: str) -> Answer:
        """The answer to send."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return Answer(self.status, encoded, self.content_type, {"SC-Request-Id": request_id, **self.headers})


@frozen
class ErrorReply:
    """An error document instead of the true answer, with `Retry-After` if `retry_after` is a number of seconds.

    It is in the form of the API that the path belongs to: v3's list, or v2's flat object.

    The status of the document is also that of the answer, unless `http_status` names another.
    """

    status: int
    type: str
    code: str | None = None
    detail: str = "Scripted by the simulator."
    resolution: str | None = None
    retry_after: int | None = None
    acts: bool = False
    http_status: int | None = None

    def answer(self, request_id: str, write: ErrorWriter = error_answer) -> Answer:
        """The answer to send."""
        problem = Problem(self.status, self.type, self.code, self.detail, resolution=self.resolution)
        answer = write((problem,), request_id, self.retry_after).plus(SC_Request_Id=request_id)
        return evolve(answer, status=self.http_status or self.status)


@frozen
class Late:
    """A 202 at once and without a length, and the body some seconds later on the same connection.

    The body is the true one unless a reply is given, whose status is then that of the document alone. It ends whole,
    or is empty, cut off after half by a close or by a reset, or never says more than PENDING.
    """

    seconds: float = 0.0
    end: Literal["whole", "empty", "cut", "reset", "pending"] = "whole"
    reply: Reply | ErrorReply | None = None
    acts: bool = True


Fault = (
    Delay
    | ResetBeforeReading
    | ResetBeforeHeaders
    | ResetInHeaders
    | ResetInBody
    | Truncate
    | Drip
    | WrongContentType
    | MalformedJson
    | Reply
    | ErrorReply
    | Late
)


def acts(fault: Fault | None) -> bool:
    """Whether the service acts on a request that meets a fault."""
    return bool(getattr(fault, "acts", not isinstance(fault, ResetBeforeReading)))


def never_done(request_id: str) -> Answer:
    """What is damaged on the way to the client, where the service did not act."""
    return json_answer(PENDING).plus(SC_Request_Id=request_id)


def check_chance(times: int | None, probability: float) -> None:
    """Refuse a script that can never strike, or more often than always."""
    if not 0 <= probability <= 1:
        raise SimulatorError(f"probability {probability!r} is out of range: give a number from 0 to 1")
    if times is not None and times < 1:
        raise SimulatorError(f"times={times!r} never strikes: give 1 or more, or None for every time")


@define
class Script:
    """A fault and the requests that it strikes. `hits` counts them."""

    fault: Fault
    path: str = "*"
    method: str = "*"
    vehicle_id: str | None = None
    times: int | None = None
    probability: float = 1.0
    hits: int = field(default=0, init=False)

    def strikes(self, request: Request, random: Random) -> bool:
        """Whether this request is struck; a hit is counted."""
        if self.times is not None and self.hits >= self.times:
            return False
        if not fnmatchcase(request.method, self.method) or not fnmatchcase(request.path, self.path):
            return False
        if self.vehicle_id is not None and self.vehicle_id not in request.path.split("/"):
            return False
        if self.probability < 1 and random.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The scripts in force, oldest first. The first that strikes a request decides what happens to it."""

    def __init__(self, seed: int) -> None:
        """No faults yet; the seed decides those that come by chance."""
        self._scripts: tuple[Script, ...] = ()
        self._random = Random(f"{seed}/faults")
        self._cleared_hits = 0

    @property
    def hits(self) -> int:
        """How many requests were struck so far, by any script."""
        return self._cleared_hits + sum(script.hits for script in self._scripts)

    def add(self, script: Script) -> Script:
        """Put a script in force."""
        check_chance(script.times, script.probability)
        self._scripts += (script,)
        return script

    def clear(self) -> None:
        """Take every script out of force."""
        self._cleared_hits = self.hits
        self._scripts = ()

    def strike(self, request: Request) -> Fault | None:
        """The fault that meets a request, if any."""
        for script in self._scripts:
            if script.strikes(request, self._random):
                return script.fault
        return None
