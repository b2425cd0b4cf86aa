"""From a refusal's bytes to the error that the caller gets: one tolerant parser for every form of error body."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from attrs import asdict

from ..codec import Unreadable, is_list, is_object, load, structure
from ..codec.error_facts import ErrorEntry, FlatError
from ..codec.shapes import object_at
from ..errors import (
    AccountError,
    ApiError,
    AuthenticationError,
    BillingError,
    CompatibilityError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    Resolution,
    ServerError,
    UpstreamError,
    VehicleStateError,
)
from ..redaction import redact, shortened
from ..request import Reply
from ..times import FIRST_MILLISECOND_EPOCH

_BY_TYPE: Final[Mapping[str, type[ApiError]]] = MappingProxyType(
    {
        "AUTHENTICATION": AuthenticationError,
        "PERMISSION": PermissionDenied,
        "VALIDATION": InvalidRequest,
        "CONNECTED_SERVICES_ACCOUNT": AccountError,
        "RESOURCE_NOT_FOUND": NotFound,
        "VEHICLE_STATE": VehicleStateError,
        "RATE_LIMIT": RateLimited,
        "BILLING": BillingError,
        "COMPATIBILITY": CompatibilityError,
        "UPSTREAM": UpstreamError,
        "SERVER": ServerError,
        "INVALID_CLIENT": AuthenticationError,
        "INVALID_GRANT": AuthenticationError,
        "INVALID_TOKEN": AuthenticationError,
        "UNAUTHORIZED_CLIENT": AuthenticationError,
    }
)
_BY_STATUS: Final[Mapping[int, type[ApiError]]] = MappingProxyType(
    {
        400: InvalidRequest,
        401: AuthenticationError,
        403: PermissionDenied,
        404: NotFound,
        409: VehicleStateError,
        429: RateLimited,
        430: BillingError,
        501: CompatibilityError,
        502: UpstreamError,
    }
)

_FAILED: Final = ("FAILURE", "FAILED", "ERROR")
_DONE: Final = ("SUCCESS", "SUCCEEDED", "PENDING", "ACCEPTED", "OK")
"""What only an answer says that has done something, or is about to."""
_WITHOUT_A_REASON: Final = {"detail": "it is reported as failed"}
_LONGEST_WAIT: Final = 86_400.0
_A_WEEK: Final = 604_800.0
_FIRST_EPOCH: Final = 1_000_000_000
_MARKUP: Final = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.IGNORECASE | re.DOTALL)


def refusal(reply: Reply, now: datetime, private: Iterable[str] = ()) -> ApiError:
    """The error for an answer that is no success, by its type where it names one, else by its status.

    Its text repeats none of the `private` values.
    """
    try:
        document: Any = load(reply.body)
        facts = _facts_of(document)
    except Unreadable:
        document, facts = None, {"description": _plain_text(reply.body)}
    return _error(reply, reply.status, facts, document, now, private)


def reported_failure(reply: Reply, now: datetime, private: Iterable[str] = ()) -> ApiError | None:
    """The error that the body of a successful answer reports: a long command sends its status line before it ends.

    A body that tells of an error beside its success reports one too: it contradicts itself. This is the one place that
    finds a failure in a success, and `policy` the one that says what it means; decoders know nothing of outcomes.
    """
    try:
        document: Any = load(reply.body)
    except Unreadable:
        return None
    if not is_object(document):
        return None
    entries: Any = document.get("errors")
    if is_list(entries) and entries:
        return _error(reply, _status_of(entries[0]) or reply.status, _facts_of(document), document, now, private)
    execution = _execution(document)
    errors = object_at(execution, "status").get("error"), execution.get("error"), document.get("error"), entries
    if _word_of(execution) in _FAILED or (any(errors) and _reports_success(document)):
        entry = object_at(execution, "status", "error") or object_at(execution, "error") or _WITHOUT_A_REASON
        facts = {**_facts_of_entry(entry), "errors": [entry]}
        return _error(reply, _status_of(entry) or reply.status, facts, document, now, private)
    return _flat_failure(reply, document, now, private)


def _flat_failure(reply: Reply, document: dict[str, Any], now: datetime, private: Iterable[str]) -> ApiError | None:
    """The same in the flat form of API v2.0, whose commands also answer what a vehicle cannot do with a 200."""
    kind, status = document.get("type"), document.get("statusCode")
    word = _word_of({"status": document.get("status")})
    if word == "UNAVAILABLE":
        return CompatibilityError(
            "UNAVAILABLE - the vehicle cannot do this",
            status=reply.status,
            type="COMPATIBILITY",
            code=word,
            request_id=reply.request_id,
            headers=reply.headers,
            body=reply.body,
        )
    has_type = isinstance(kind, str) and ("code" in document or "statusCode" in document)
    has_status = type(status) is int and status >= 400
    if not (has_type or has_status or word in _FAILED or document.get("error")):
        return None
    status = status if type(status) is int else reply.status
    return _error(reply, status, _facts_of(document), document, now, private)


def _execution(document: dict[str, Any]) -> dict[str, Any]:
    """What an execution of API v3 says of itself, wrapped or bare."""
    return object_at(document, "data", "attributes") or object_at(document, "attributes")


def _word_of(execution: dict[str, Any]) -> str:
    """The word for how it went, in capitals; an empty one where there is none."""
    word = object_at(execution, "status").get("value") or execution.get("status")
    return word.strip().upper() if isinstance(word, str) else ""


def _reports_success(document: object) -> bool:
    """Whether this is an execution of API v3, or an action of v2.0, that was carried out or is being so."""
    return is_object(document) and any(_word_of(part) in _DONE for part in (_execution(document), document))


def _error(
    reply: Reply, status: int, facts: dict[str, Any], document: object, now: datetime, private: Iterable[str]
) -> ApiError:
    facts["request_id"] = facts.get("request_id") or reply.request_id
    family = _family(status, facts.get("type"), facts.get("code"))
    error = family(
        redact(_summary(status, facts), private),
        status=status,
        retry_after=retry_after(reply.headers.get("retry-after"), now),
        headers=reply.headers,
        body=reply.body,
        **facts,
    )
    error.reports_success = _reports_success(document)
    return error


def _status_of(entry: object) -> int | None:
    text = str(entry.get("status")) if is_object(entry) else ""
    return int(text) if text.isdecimal() and len(text) == 3 and text >= "400" else None


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait, from seconds, an HTTP date or milliseconds; clamped to a day. None where it says nothing."""
    if header is None:
        return None
    try:
        number = float(header)
    except ValueError:
        return _until_date(header, now)
    if number >= FIRST_MILLISECOND_EPOCH:
        number = number / 1000 - now.timestamp()
    elif number >= _FIRST_EPOCH:
        number -= now.timestamp()
    elif number > _A_WEEK:
        number /= 1000
    return min(max(number, 0.0), _LONGEST_WAIT) if number == number else None


def _until_date(header: str, now: datetime) -> float | None:
    from email.utils import parsedate_to_datetime  # rarely needed, and slow to load

    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _family(status: int, kind: str | None, code: str | None) -> type[ApiError]:
    """By the type that the body names, unless that would make the status look better than it is.

    Callers act on the class alone. So a server in trouble stays one whatever its body says, only a 429 is a limit that
    passes with time, a redirect is no answer of the API, and a 408 is none in time. In the body of a success the type
    alone counts.
    """
    by_status = _BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
    named = _BY_TYPE.get(kind.upper()) if kind else None
    if named is None or 300 <= status < 400 or status == 408:
        return by_status
    if status >= 500:
        fits = named in (UpstreamError, ServerError) or (status, named) == (501, CompatibilityError)
        return named if fits else UpstreamError if status == 502 else ServerError
    if named is RateLimited and status >= 400 and status != 429:
        return by_status
    if kind == "AUTHENTICATION" and (status == 403 or code == "ACCESS_DENIED"):
        return PermissionDenied
    return named


def _summary(status: int, facts: Mapping[str, Any]) -> str:
    name = ":".join(part for part in (facts.get("type"), facts.get("code")) if part)
    text = facts.get("description") or facts.get("message") or facts.get("title")
    head = f"{status} {name}" if name else str(status)
    return f"{head} - {text}" if text else head


def _facts_of(document: Any) -> dict[str, Any]:
    """The attributes of the error, as far as the body gives them."""
    if is_list(document):
        document = {"errors": document}
    if isinstance(document, str):
        return {"description": document}
    if not is_object(document):
        return {}
    entries: Any = document.get("errors")
    readable = [entry for entry in entries if is_object(entry)] if is_list(entries) else []
    if readable:
        return {**_facts_of_entry(readable[0]), "errors": readable}
    facts = structure(document, FlatError)
    return {**_attributes(facts), "type": facts.type or facts.error, "error": None if facts.type else facts.error}


def _facts_of_entry(entry: dict[str, Any]) -> dict[str, Any]:
    return _attributes(structure(entry, ErrorEntry))


def _attributes(facts: ErrorEntry | FlatError) -> dict[str, Any]:
    resolution = facts.resolution
    return {
        **asdict(facts, recurse=False),
        "details": facts.details if is_list(facts.details) else [],
        "resolution": None if resolution is None else Resolution(resolution.type, resolution.url),
    }


def _plain_text(body: bytes) -> str | None:
    text = " ".join(_MARKUP.sub(" ", body[:4000].decode("utf-8", "replace")).split())
    return shortened(text, 300) or None
