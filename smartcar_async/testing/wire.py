"""What goes over the wire, as values: a request, an answer, and the error document of the v3 API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard
from urllib.parse import parse_qsl

import msgspec
from attrs import define, evolve, field, frozen


@define(eq=False)
class Request:
    """One request as it arrived. `status` is filled in when it is answered and stays None if it never was."""

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    body: bytes = field(default=b"", repr=False)
    status: int | None = None
    request_id: str | None = None
    """The id that the service gave it, which is in the ledger of a car too; None if it was never acted on."""

    @property
    def query(self) -> dict[str, str]:
        """The decoded query parameters."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def json(self) -> object:
        """The body, read as JSON."""
        return msgspec.json.decode(self.body)


@frozen
class Answer:
    """A whole answer. A body is JSON unless the content type says otherwise."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(factory=dict[str, str])
    seconds: float = 0.0
    """Real time that passes before the answer is there."""

    def plus(self, **headers: str) -> Answer:
        """The same answer with more headers; an underscore stands for a hyphen."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return evolve(self, headers={**self.headers, **more})


@frozen
class Problem:
    """One entry of an error document."""

    status: int
    type: str
    code: str | None
    detail: str
    title: str | None = None
    resolution: str | None = None
    user_message: str | None = None
    url: str | None = None
    """Where the owner or the application resolves it."""
    facts: tuple[Mapping[str, object], ...] = ()
    """What v2 adds as `detail`."""


class Refused(Exception):
    """Raised inside an endpoint to answer with an error document instead."""

    def __init__(self, *problems: Problem, retry_after: int | None = None) -> None:
        """Validation may have several problems at once; everything else has one."""
        super().__init__(problems[0].code)
        self.problems = problems
        self.retry_after = retry_after


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a piece of JSON is an object."""
    return isinstance(value, dict)


def json_answer(document: object, status: int = 200) -> Answer:
    """An answer that carries a JSON document."""
    return Answer(status, msgspec.json.encode(document))


def error_answer(problems: tuple[Problem, ...], request_id: str, retry_after: int | None = None) -> Answer:
    """The error document that the v3 API answers with."""
    answer = json_answer({"errors": [_entry(problem, request_id) for problem in problems]}, problems[0].status)
    return answer if retry_after is None else answer.plus(Retry_After=str(retry_after))


def _entry(problem: Problem, request_id: str) -> dict[str, object]:
    entry: dict[str, object] = {
        "status": str(problem.status),
        "type": problem.type,
        "code": problem.code,
        "title": problem.title or (problem.code or problem.type).replace("_", " ").title(),
        "detail": problem.detail,
        "resolution": {"type": problem.resolution} | ({"url": problem.url} if problem.url else {}),
        "links": {"about": "https://smartcar.com/docs/api-reference/api-errors"},
        "meta": {"debug": {"requestId": request_id}},
    }
    if problem.user_message is not None:
        entry["suggestedUserMessage"] = problem.user_message
    return entry
