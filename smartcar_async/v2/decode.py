"""From the answers of API v2.0 to records. One bad entry of a list never costs its neighbours."""

from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, Final, TypeVar, cast, get_args, get_origin

import attrs

from ..codec.documents import FAILED, an_object, load, tells_of_failure, word
from ..codec.structure import Unreadable, camel, hook_of, is_list, is_object, wrong
from ..engine.policy import may_have_acted_all_the_same
from ..engine.refusal import refusal
from ..errors import CompatibilityError, ConfigurationError
from ..request import Reply, header_value
from ..times import instant_or_none
from ..vocabulary import UnitSystem
from .leaves import READ, identity
from .records import (
    ActionResponse,
    Answer,
    CompatibilityMatrix,
    CompatibilityMatrixEntry,
    Connections,
    DeletedConnections,
    Meta,
    Permissions,
    Response,
    ServiceHistory,
    ServiceRecord,
    V3Response,
    VehicleIds,
    WebhookSubscription,
)
from .token_store import TokenPair

T = TypeVar("T")
A = TypeVar("A", bound=Answer)
S = TypeVar("S", bound=ActionResponse)
Read = Callable[[Any], Any]

ACCESS_LIFE: Final = 7200.0
"""Seconds that an access token lives, unless its answer says otherwise."""
REFRESH_LIFE: Final = timedelta(days=60)
"""How long a refresh token lives; no answer says it."""

_NO_CONTENT: Final = 204
_SERVICES: Final = "serviceHistory"
"""What some answers wrap the list of services in."""
_SET_BY_US: Final = ("meta", "raw")


def meta_of(headers: Mapping[str, str]) -> Meta:
    """What headers say of the answer that they came with; the names may be in any case."""
    lower = {name.lower(): value for name, value in headers.items()}
    return Meta(
        request_id=lower.get("sc-request-id"),
        data_age=instant_or_none(lower.get("sc-data-age")),
        fetched_at=instant_or_none(lower.get("sc-fetched-at")),
        unit_system=word(UnitSystem, lower.get("sc-unit-system")),
    )


def record(cls: type[A]) -> Callable[[Reply], A]:
    """What decodes an answer into this class of record."""

    def decode(reply: Reply) -> A:
        meta = meta_of(reply.headers)
        return cls(meta=meta) if _says_nothing(reply) else filled(cls, load(reply.body), meta=meta)

    return decode


def _says_nothing(reply: Reply) -> bool:
    """Whether this is a success without a body, which the SDKs count as one."""
    return reply.status == _NO_CONTENT and not reply.body


def filled(cls: type[T], value: Any, **given: Any) -> T:
    """A record of this class from a JSON object, which it keeps as its `raw`."""
    document, kind = an_object(value), cast("Any", cls)
    found = {name: _value(document, names, read) for name, names, read in _plan(kind) if name not in given}
    return _made(cls, {**found, "raw": document, **given})


def entries(cls: type[T], value: Any, **given: Any) -> tuple[T, ...]:
    """A list as records, or one object as the only one. What cannot be read keeps only its `raw`; null is empty."""
    if is_object(value):
        value = [value]
    if value is None:
        return ()
    if not is_list(value):
        raise wrong("a list", value)
    return tuple(_entry(cls, item, given) for item in value)


def _entry(cls: type[T], value: Any, given: Mapping[str, Any]) -> T:
    try:
        return filled(cls, value, **given)
    except Unreadable:
        return _made(cls, {"raw": value, **given})


def _made(cls: Callable[..., T], fields: Mapping[str, Any]) -> T:
    return cls(**fields)


def _value(document: dict[str, Any], names: tuple[str, ...], read: Read) -> Any:
    value = next((document[name] for name in names if document.get(name) is not None), None)
    try:
        return read(value)
    except Unreadable as problem:
        raise Unreadable(f"{names[0]}: {problem}") from None


@cache
def _plan(cls: Any) -> tuple[tuple[str, tuple[str, ...], Read], ...]:
    """For each field that the wire fills: its name, its names on the wire, and what reads it."""
    return tuple(
        (item.name, item.metadata.get("wire") or (camel(item.name),), item.metadata.get(READ) or _reader(item.type))
        for item in attrs.fields(attrs.resolve_types(cls))
        if item.name not in _SET_BY_US
    )


def _reader(kind: Any) -> Read:
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return partial(entries, inner) if attrs.has(inner) else partial(_words, _word_reader(inner))
    options = [option for option in get_args(kind) if option is not type(None)]
    if options == [datetime]:
        return instant_or_none
    if len(options) == 1 and attrs.has(options[0]):
        return partial(_part, options[0])
    hook = hook_of(kind)
    return lambda value: hook(value, kind)


def _word_reader(kind: Any) -> Read:
    hook = hook_of(kind)
    return identity if kind is str else lambda value: hook(value, kind)


def _words(read: Read, value: Any) -> tuple[Any, ...]:
    """A list of words or ids, without those that are none; null is empty."""
    if value is not None and not is_list(value):
        raise wrong("a list", value)
    found: list[Any] = []
    for item in value or ():
        with suppress(Unreadable):
            found.append(read(item))
    return tuple(item for item in found if item is not None)


def _part(cls: type[T], value: Any) -> T | None:
    return None if value is None else filled(cls, value)


def listing(cls: type[A], name: str) -> Callable[[Reply], A]:
    """Like `record`, for an answer that is about one list: without the list it cannot be read."""

    def decode(reply: Reply) -> A:
        if not _says_nothing(reply):
            found = an_object(load(reply.body)).get(name)
            if not is_list(found):
                raise Unreadable(f"{name}: {wrong('a list', found)}")
        return record(cls)(reply)

    return decode


vehicle_ids: Final = listing(VehicleIds, "vehicles")
permissions: Final = listing(Permissions, "permissions")
connections: Final = listing(Connections, "connections")


def deleted_connections(reply: Reply) -> DeletedConnections:
    """What was deleted; nothing that is told, where an earlier request did it and its answer was lost."""
    return lenient(DeletedConnections)(reply)


def lenient(cls: type[A]) -> Callable[[Reply], A]:
    """Like `record`, for an answer whose status has said it all: its body may be empty or say nothing.

    But a page is no answer of the API, and an error document is no success.
    """

    def decode(reply: Reply) -> A:
        if not reply.body.strip():
            return cls(meta=meta_of(reply.headers))
        document = load(reply.body)
        if is_object(document):
            _raise_failure(reply, document)
            if tells_of_failure(document):
                raise Unreadable("it tells of an error")
        try:
            return record(cls)(reply)
        except Unreadable:
            return cls(meta=meta_of(reply.headers))

    return decode


def subscription(reply: Reply, webhook_id: str, vehicle_id: str) -> WebhookSubscription:
    """What was subscribed, as it was asked for where the answer does not say."""
    found = lenient(WebhookSubscription)(reply)
    return attrs.evolve(found, webhook_id=found.webhook_id or webhook_id, vehicle_id=found.vehicle_id or vehicle_id)


def action(reply: Reply, words: Container[str] = ("SUCCESS",), private: Iterable[str] = ()) -> ActionResponse:
    """A command that was accepted: its status is one of these words."""
    return accepted(ActionResponse, reply, words, private)


def accepted(cls: type[S], reply: Reply, words: Container[str], private: Iterable[str] = ()) -> S:
    """The answer of a command as this class, if its status is one of these words.

    A failure is raised; any other answer is Unreadable, and the outcome open. Only the status decides: what else the
    answer says may be odd, and the car has acted all the same.
    """
    document = command_document(reply, private)
    status = document.get("status")
    if not isinstance(status, str) or status.upper() not in words:
        raise Unreadable("status: it does not say that it was accepted")
    try:
        return filled(cls, document, meta=meta_of(reply.headers))
    except Unreadable:
        return cls(status=status, meta=meta_of(reply.headers), raw=document)


def command_document(reply: Reply, private: Iterable[str] = ()) -> dict[str, Any]:
    """What a command answers, unless that is a failure in spite of the answer's own status: a failure is raised."""
    document = an_object(load(reply.body))
    _raise_failure(reply, document, private)
    return document


def _raise_failure(reply: Reply, document: dict[str, Any], private: Iterable[str] = ()) -> None:
    status, kind = document.get("status"), document.get("type")
    said = status.upper() if isinstance(status, str) else ""
    if said == "UNAVAILABLE":
        raise CompatibilityError(
            "UNAVAILABLE - the vehicle cannot do this",
            status=reply.status,
            code=said,
            request_id=reply.request_id,
            headers=reply.headers,
            body=reply.body,
        )
    if said in FAILED or (isinstance(kind, str) and ("code" in document or "statusCode" in document)):
        raise _told_failure(reply, document, private)


def _told_failure(reply: Reply, document: Mapping[str, Any], private: Iterable[str]) -> Exception:
    """The error that the body of a successful answer tells. One that proves no inaction leaves the outcome open."""
    status = document.get("statusCode")
    facts = attrs.evolve(reply, status=status if type(status) is int else reply.status)
    error = refusal(facts, datetime.fromtimestamp(0, UTC), private)
    return Unreadable(str(error)) if may_have_acted_all_the_same(error) else error


def matrix(reply: Reply) -> CompatibilityMatrix:
    """The models by make; what is no list is no make."""
    document = an_object(load(reply.body))
    makes = {make: entries(CompatibilityMatrixEntry, value) for make, value in document.items() if is_list(value)}
    return CompatibilityMatrix(makes, meta=meta_of(reply.headers), raw=document)


def service_history(reply: Reply) -> ServiceHistory:
    """The services, as a list, as a list under a name, or as the only one."""
    meta = meta_of(reply.headers)
    if _says_nothing(reply):
        return ServiceHistory(meta=meta)
    document: Any = load(reply.body)
    listed: Any = document
    if is_object(document):
        listed = document.get(_SERVICES, document or None)
        if listed is document and not any(name.startswith("service") for name in document):
            raise Unreadable("expected services, got an object without any")
    return ServiceHistory(entries(ServiceRecord, listed, meta=meta), meta=meta, raw=document)


def response(reply: Reply) -> Response:
    """An answer as it came."""
    try:
        body = load(reply.body)
    except Unreadable:
        body = None
    raw = body if is_object(body) else {}
    return Response(reply.status, body, reply.headers, reply.body, meta=meta_of(reply.headers), raw=raw)


def v3(decode: Callable[[Reply], T]) -> Callable[[Reply], V3Response[T]]:
    """What decodes an answer of API v3, and keeps what it came with."""
    return lambda reply: V3Response(decode(reply), reply.headers, meta_of(reply.headers))


def token_pair(reply: Reply, now: datetime, refresh_token: str | None = None) -> TokenPair:
    """A pair of tokens, asked for at `now`. The refresh token that was used stays, where no new one is given.

    A code or a refresh token works once: nothing else that the answer says may cost the tokens.
    """
    document = an_object(load(reply.body))
    access = _token(document, "access_token")
    refresh = _token(document, "refresh_token") if document.get("refresh_token") else refresh_token
    if refresh is None:
        raise Unreadable("refresh_token: missing")
    life = timedelta(seconds=_life(document.get("expires_in")))
    return TokenPair(access, refresh, now + life, now + REFRESH_LIFE)


def _token(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    try:
        return header_value(value if isinstance(value, str) else "", name)
    except ConfigurationError:
        raise Unreadable(f"{name}: missing or not a token") from None


def _life(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return ACCESS_LIFE
    return seconds if 0 < seconds < REFRESH_LIFE.total_seconds() else ACCESS_LIFE
