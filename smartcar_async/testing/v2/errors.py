"""The error bodies of v2: one flat object, where v3 has a list."""

from __future__ import annotations

from collections.abc import Mapping

from ..wire import Answer, Problem, Refused, json_answer
from .switches import Resolution

_RESOLUTIONS: Mapping[str, str] = {
    "BILLING": "CONTACT_SUPPORT",
    "PERMISSION": "REAUTHENTICATE",
    "RATE_LIMIT": "RETRY_LATER",
    "UPSTREAM": "RETRY_LATER",
    "SERVER": "RETRY_LATER",
}
"""What each type advises, where the problem itself says nothing."""


def flat_error(
    problems: tuple[Problem, ...], request_id: str, retry_after: int | None = None, shape: Resolution = "object"
) -> Answer:
    """The error body that the v2 API answers with; of several problems it has the first."""
    problem = problems[0]
    answer = json_answer(flat_body(problem, request_id, shape), problem.status)
    return answer if retry_after is None else answer.plus(Retry_After=str(retry_after))


def flat_body(problem: Problem, request_id: str, shape: Resolution = "object") -> dict[str, object]:
    """A problem in the form of v2."""
    advice = problem.resolution or _RESOLUTIONS.get(problem.type)
    link = {"url": problem.url} if problem.url else {}
    resolution: dict[Resolution, object] = {"object": {"type": advice, **link}, "text": advice, "null": None}
    body: dict[str, object] = {
        "type": problem.type,
        "code": problem.code,
        "description": problem.detail,
        "docURL": "https://smartcar.com/docs/errors/v2.0/" + problem.type.lower().replace("_", "-"),
        "statusCode": problem.status,
        "requestId": request_id,
        "resolution": resolution[shape],
    }
    if problem.user_message is not None:
        body["suggestedUserMessage"] = problem.user_message
    if problem.facts:
        body["detail"] = problem.facts
    return body


def not_authenticated() -> Refused:
    """The 401, whatever the credential was to be."""
    detail = "The authorization header is missing or malformed, or it contains invalid or expired credentials."
    return Refused(Problem(401, "AUTHENTICATION", None, detail))


def not_permitted(detail: str = "Your application has insufficient permissions to access the resource.") -> Refused:
    """The 403, which also stands for a vehicle that is not connected and for a make in capitals."""
    return Refused(Problem(403, "PERMISSION", None, detail))


def invalid(name: str, wanted: str) -> Refused:
    """The 400 of a parameter; what it must be is in the text and in `detail`."""
    text = f"must be {wanted}"
    return Refused(Problem(400, "VALIDATION", "PARAMETER", f"{name} {text}.", facts=({"field": name, "error": text},)))


def unreadable() -> Refused:
    """The 400 of a body that is no JSON object."""
    return Refused(Problem(400, "VALIDATION", None, "The request body must be a JSON object."))


def in_state(code: str, detail: str) -> Refused:
    """The 409: a car in the wrong state."""
    return Refused(Problem(409, "VEHICLE_STATE", code, detail))


def no_path(method: str, path: str) -> Refused:
    """The 404 of a path that v2 does not have."""
    return Refused(Problem(404, "RESOURCE_NOT_FOUND", "PATH", f"There is no {method} {path}."))


def no_version() -> Refused:
    """The 404 of a version that is not two numbers."""
    return Refused(Problem(404, "RESOURCE_NOT_FOUND", "VERSION", "The version of the API is not supported."))


def nothing_there(detail: str) -> Refused:
    """The 404 of a webhook or subscription; no source records its code, so it is null."""
    return Refused(Problem(404, "RESOURCE_NOT_FOUND", None, detail))
