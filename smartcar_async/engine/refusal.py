"""From a refusal's bytes to the error that the caller gets: one tolerant parser for every form of error body."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from ..codec import load
from ..codec.structure import Unreadable, is_list, is_object
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
_LONGEST_WAIT: Final = 86_400.0
_A_WEEK: Final = 604_800.0
_FIRST_EPOCH: Final = 1_000_000_000
_FIRST_MILLISECOND_EPOCH: Final = 100_000_000_000
_MARKUP: Final = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.IGNORECASE | re.DOTALL)


def refusal(reply: Reply, now: datetime, private: Iterable[str] = ()) -> ApiError:
    """The error for an answer that is no success, by its type where it names one, else by its status.

    Its text repeats none of the `private` values.
    """
    return _error(reply, reply.status, _facts(reply), now, private)


def reported_failure(reply: Reply, now: datetime, private: Iterable[str] = ()) -> ApiError | None:
    """The error that the body of a successful answer reports: a long command sends its status line before it ends.

    A body that tells of an error beside its success reports one too: it contradicts itself.
    """
    try:
        document: Any = load(reply.body)
    except Unreadable:
        return None
    if not is_object(document):
        return None
    entries: Any = document.get("errors")
    if is_list(entries) and entries:
        return _error(reply, _status_of(entries[0]) or reply.status, _facts(reply), now, private)
    said = _execution(document)
    beside = _inner(said, "status").get("error") or said.get("error") or document.get("error") or entries
    if _word_of(said) not in _FAILED and not (beside and _reports_success(document)):
        return None
    entry = _inner(said, "status", "error") or _inner(said, "error") or {"detail": "it is reported as failed"}
    facts = {**_facts_of_v3(entry), "errors": [entry], "reports_success": _reports_success(document)}
    return _error(reply, _status_of(entry) or reply.status, facts, now, private)


def _execution(document: dict[str, Any]) -> dict[str, Any]:
    """What an execution of API v3 says of itself, wrapped or bare."""
    return _inner(document, "data", "attributes") or _inner(document, "attributes")


def _word_of(said: dict[str, Any]) -> str:
    """The word for how it went, in capitals; an empty one where none is said."""
    word = _inner(said, "status").get("value") or said.get("status")
    return word.strip().upper() if isinstance(word, str) else ""


def _reports_success(document: object) -> bool:
    """Whether this is an execution of API v3, or an action of v2.0, that was carried out or is being so."""
    return is_object(document) and any(_word_of(said) in _DONE for said in (_execution(document), document))


def _error(reply: Reply, status: int, facts: dict[str, Any], now: datetime, private: Iterable[str]) -> ApiError:
    contradicts_itself = facts.pop("reports_success")
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
    error.reports_success = contradicts_itself
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
    if number >= _FIRST_MILLISECOND_EPOCH:
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


def _facts(reply: Reply) -> dict[str, Any]:
    """The attributes of the error, as far as the body gives them."""
    try:
        document: Any = load(reply.body)
    except Unreadable:
        return {"description": _plain_text(reply.body), "reports_success": False}
    return {**_facts_of(document), "reports_success": _reports_success(document)}


def _facts_of(document: Any) -> dict[str, Any]:
    if is_list(document):
        document = {"errors": document}
    if isinstance(document, str):
        return {"description": document}
    if not is_object(document):
        return {}
    entries: Any = document.get("errors")
    readable = [entry for entry in entries if is_object(entry)] if is_list(entries) else []
    if readable:
        return {**_facts_of_v3(readable[0]), "errors": readable}
    return _facts_of_flat(document)


def _facts_of_v3(entry: dict[str, Any]) -> dict[str, Any]:
    debug = _inner(entry, "meta", "debug")
    detail = entry.get("detail")
    return {
        "type": _text(entry.get("type")),
        "code": _text(entry.get("code")),
        "title": _text(entry.get("title")),
        "message": _text(detail),
        "description": _text(detail) or _text(entry.get("description")),
        "details": _list(detail),
        "resolution": _resolution(entry.get("resolution")),
        "doc_url": _text(_inner(entry, "links").get("about")),
        "suggested_user_message": _text(entry.get("suggestedUserMessage")),
        "request_id": _text(debug.get("requestId")),
    }


def _facts_of_flat(document: dict[str, Any]) -> dict[str, Any]:
    """The v2 form, the v1 form and the OAuth form, whose `error` is the type: whatever words of them there are."""
    kind, error = document.get("type"), _text(document.get("error"))
    text = _text(document.get("error_description")) or _text(document.get("message"))
    description = _text(document.get("description"))
    return {
        "type": _text(kind) if isinstance(kind, str) else error,
        "error": None if isinstance(kind, str) else error,
        "code": _text(document.get("code")),
        "message": text or description,
        "description": description or text,
        "details": _list(document.get("detail")),
        "resolution": _resolution(document.get("resolution")),
        "doc_url": _text(document.get("docURL")) or _text(document.get("error_uri")),
        "suggested_user_message": _text(document.get("suggestedUserMessage")),
        "request_id": _text(document.get("requestId")),
    }


def _plain_text(body: bytes) -> str | None:
    text = " ".join(_MARKUP.sub(" ", body[:4000].decode("utf-8", "replace")).split())
    return shortened(text, 300) or None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _list(value: object) -> list[Any]:
    return value if is_list(value) else []


def _inner(value: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        inner = value.get(name)
        if not is_object(inner):
            return {}
        value = inner
    return value


def _resolution(value: object) -> Resolution | None:
    if isinstance(value, str):
        return Resolution(value)
    if not is_object(value):
        return None
    return Resolution(_text(value.get("type")), _text(value.get("url")))
