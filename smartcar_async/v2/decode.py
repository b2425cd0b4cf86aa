"""From the answers of API v2.0 to records. One bad entry of a list never costs its neighbours."""

from collections.abc import Callable, Container, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from ..codec import Unreadable, is_list, is_object, load, structure, structure_list
from ..codec.shapes import an_object, wrong
from ..request import Reply
from ..wire import Seconds, Token, wire
from .records import (
    ActionResponse,
    Answer,
    CompatibilityMatrix,
    CompatibilityMatrixEntry,
    Connections,
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

ACCESS_LIFE: Final = 7200.0
"""Seconds that an access token lives, unless its answer says otherwise."""
REFRESH_LIFE: Final = timedelta(days=60)
"""How long a refresh token lives; no answer says it."""

_NO_CONTENT: Final = 204
_SERVICES: Final = "serviceHistory"
"""What some answers wrap the list of services in."""


def meta_of(headers: Mapping[str, str]) -> Meta:
    """What headers say of the answer that they came with; the names may be in any case."""
    return structure({name.lower(): value for name, value in headers.items()}, Meta)


def record(cls: type[A]) -> Callable[[Reply], A]:
    """What decodes an answer into this class of record."""
    return partial(_record, cls)


def _record(cls: type[A], reply: Reply) -> A:
    meta = meta_of(reply.headers)
    return cls(meta=meta) if _is_empty(reply) else structure(load(reply.body), cls, meta=meta)


def _is_empty(reply: Reply) -> bool:
    """Whether this is a success without a body, which the SDKs count as one."""
    return reply.status == _NO_CONTENT and not reply.body


def listing(cls: type[A], name: str) -> Callable[[Reply], A]:
    """Like `record`, for an answer that is about one list: without the list it cannot be read."""

    def decode(reply: Reply) -> A:
        if not _is_empty(reply):
            entries = an_object(load(reply.body)).get(name)
            if not is_list(entries):
                raise Unreadable(f"{name}: {wrong('a list', entries)}")
        return _record(cls, reply)

    return decode


vehicle_ids: Final = listing(VehicleIds, "vehicles")
permissions: Final = listing(Permissions, "permissions")
connections: Final = listing(Connections, "connections")


def lenient(cls: type[A]) -> Callable[[Reply], A]:
    """Like `record`, for an answer whose status has said it all: its body may be empty or say nothing.

    But a page that is no JSON is no answer of the API.
    """
    return partial(_lenient, cls)


def _lenient(cls: type[A], reply: Reply) -> A:
    meta = meta_of(reply.headers)
    if not reply.body.strip():
        return cls(meta=meta)
    document = load(reply.body)
    try:
        return structure(document, cls, meta=meta)
    except Unreadable:
        return cls(meta=meta)


def subscription(reply: Reply, webhook_id: str, vehicle_id: str) -> WebhookSubscription:
    """What was subscribed, as it was asked for where the answer does not say."""
    answer = _lenient(WebhookSubscription, reply)
    return evolve(answer, webhook_id=answer.webhook_id or webhook_id, vehicle_id=answer.vehicle_id or vehicle_id)


def action(reply: Reply, words: Container[str] = ("SUCCESS",)) -> ActionResponse:
    """A command that was accepted: its status is one of these words."""
    return accepted(ActionResponse, reply, words)


def accepted(cls: type[S], reply: Reply, words: Container[str]) -> S:
    """The answer of a command as this class, if its status is one of these words; any other answer is Unreadable.

    Only the status decides: what else the answer says may be odd, and the car has acted all the same.
    """
    document, meta = an_object(load(reply.body)), meta_of(reply.headers)
    status = document.get("status")
    if not isinstance(status, str) or status.upper() not in words:
        raise Unreadable("status: it does not say that it was accepted")
    try:
        return structure(document, cls, meta=meta)
    except Unreadable:
        return cls(status=status, meta=meta, raw=document)


def matrix(reply: Reply) -> CompatibilityMatrix:
    """The models by make; what is no list is no make."""
    document = an_object(load(reply.body))
    models = {make: value for make, value in document.items() if is_list(value)}
    makes = {make: structure_list(value, CompatibilityMatrixEntry) for make, value in models.items()}
    return CompatibilityMatrix(makes, meta=meta_of(reply.headers), raw=document)


def service_history(reply: Reply) -> ServiceHistory:
    """The services, as a list, as a list under a name, or as the only one."""
    meta = meta_of(reply.headers)
    if _is_empty(reply):
        return ServiceHistory(meta=meta)
    document: Any = load(reply.body)
    services: Any = document
    if is_object(document):
        services = document.get(_SERVICES, document or None)
        if services is document and not any(name.startswith("service") for name in document):
            raise Unreadable("expected services, got an object without any")
    return ServiceHistory(structure_list(services, ServiceRecord, meta=meta), meta=meta, raw=document)


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


@frozen
class _Tokens:
    """What the answer to an exchange says."""

    access_token: str = field(repr=False, metadata=wire("access_token", kind=Token, missing="missing or not a token"))
    refresh_token: str | None = field(default=None, repr=False, metadata=wire("refresh_token", kind=Token))
    expires_in: float = field(default=ACCESS_LIFE, metadata=wire("expires_in", kind=Seconds, tolerant=True))


def token_pair(reply: Reply, now: datetime, refresh_token: str | None = None) -> TokenPair:
    """A pair of tokens, asked for at `now`. The refresh token that was used stays, where no new one is given.

    A code or a refresh token works once: nothing else that the answer says may cost the tokens.
    """
    document = an_object(load(reply.body))
    # An empty one is none, whatever its kind.
    known = {} if document.get("refresh_token") else {"refresh_token": refresh_token}
    tokens = structure(document, _Tokens, **known)
    if tokens.refresh_token is None:
        raise Unreadable("refresh_token: missing")
    life = timedelta(seconds=min(tokens.expires_in, REFRESH_LIFE.total_seconds()))
    life = life if life < REFRESH_LIFE else timedelta(seconds=ACCESS_LIFE)
    return TokenPair(tokens.access_token, tokens.refresh_token, now + life, now + REFRESH_LIFE)
