"""Faults at the wire, scripted in advance: what goes wrong, on which requests, how often.

A fault that spoils an answer lets the service act first: the command ran, only its answer is lost.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random

import msgspec
from attrs import define, field, frozen

from .errors import SimulatorError
from .wire import Answer, Problem, Request, error_answer


@frozen
class Delay:
    """The answer is held back for so many seconds of real time."""

    seconds: float


@frozen
class ResetBeforeReading:
    """The connection is reset when the headers have come and nothing was done; the body is never read."""


@frozen
class ResetBeforeHeaders:
    """The request is acted on, and the connection is reset before a byte of the answer."""


@frozen
class ResetInHeaders:
    """The connection is reset in the middle of the answer's headers."""


@frozen
class ResetInBody:
    """The connection is reset when half of the answer's body has gone out."""


@frozen
class Truncate:
    """The connection is closed in good order after half of the body that Content-Length promised."""


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
    """A v3 error document instead of the true answer, with `Retry-After` if a number of seconds is given."""

    status: int
    type: str
    code: str | None = None
    detail: str = "Scripted by the simulator."
    resolution: str | None = None
    retry_after: int | None = None
    acts: bool = False

    def answer(self, request_id: str) -> Answer:
        """The answer to send."""
        problem = Problem(self.status, self.type, self.code, self.detail, resolution=self.resolution)
        return error_answer((problem,), request_id, self.retry_after).plus(SC_Request_Id=request_id)


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
)


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
        if not 0 <= script.probability <= 1:
            raise SimulatorError(f"probability {script.probability!r} is out of range: give a number from 0 to 1")
        if script.times is not None and script.times < 1:
            raise SimulatorError(f"times={script.times!r} never strikes: give 1 or more, or None for every time")
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
