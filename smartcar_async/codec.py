"""From an answer's bytes to records. One bad entry of a list never costs its neighbours."""

import math
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from . import signals
from .records import (
    MALFORMED,
    ApplicationToken,
    Connection,
    Malformed,
    Page,
    Response,
    Signal,
    SignalError,
    SignalKey,
    SignalSet,
    VehicleAttributes,
)
from .request import Reply
from .structure import Hook, Unreadable, hook_of, is_list, is_object, slots, structure, wrong
from .times import instant
from .vocabulary import Permission, Powertrain, SignalStatus, VehicleMode

T = TypeVar("T")

_SUCCESS: Final = SignalStatus.SUCCESS
_DEFAULT_LIFETIME: Final = 3600.0


@cache
def _parser() -> Callable[[bytes], Any]:
    """The JSON parser. It is loaded on first use, so that an import stays light."""
    import msgspec

    parse = msgspec.json.Decoder().decode
    unreadable = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

    def load(body: bytes) -> Any:
        try:
            return parse(body)
        except unreadable:
            raise Unreadable("not JSON") from None

    return load


def load(body: bytes) -> Any:
    """Any JSON document, as plain objects."""
    return _parser()(body)


def nothing(reply: Reply) -> None:
    """The answer to a deletion: its status has said it all."""


def response(reply: Reply) -> Response:
    """An answer as it came, for calls that this package does not know."""
    try:
        data = load(reply.body)
    except Unreadable:
        data = None
    return Response(reply.status, reply.headers, reply.body, data)


def application_token(reply: Reply) -> ApplicationToken:
    """The answer of the token endpoint."""
    document = _object(load(reply.body))
    token, lifetime = document.get("access_token"), document.get("expires_in")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise Unreadable("access_token: missing or not a token")
    try:
        expires_in = float(lifetime) if lifetime is not None else _DEFAULT_LIFETIME
    except (TypeError, ValueError, OverflowError):
        expires_in = 0.0
    if not 0 < expires_in < math.inf:
        raise Unreadable("expires_in: not a positive number of seconds")
    return ApplicationToken(token, expires_in)


def vehicle_attributes(reply: Reply) -> VehicleAttributes:
    """A vehicle, wrapped in `data` or bare."""
    return _vehicle(_resource(load(reply.body)))


def connection(reply: Reply) -> Connection:
    """One connection, wrapped in `data` or bare."""
    return _connection(_resource(load(reply.body)))


def connections(reply: Reply, number: int) -> Page[Connection]:
    """One page of connections."""
    return _page(reply, number, _connection)


def signal_set(reply: Reply) -> SignalSet:
    """Every signal of a vehicle."""
    document = _object(load(reply.body))
    entries = document.get("data")
    if not is_list(entries):
        raise Unreadable(f"data: {wrong('a list', entries)}")
    return SignalSet(_signals_reader()(entries), _included_vehicle(document))


def one_signal(reply: Reply, key: SignalKey[T]) -> Signal[T]:
    """One signal, wrapped in `data` or bare, under the key that it was asked by."""
    entry = _resource(load(reply.body))
    found = signal(entry)
    if found.key.code and found.key.code != key.code:
        raise Unreadable("the answer is another signal than the one asked for")
    return Signal(key, found.status, found.body, found.error, found.raw)


def signal(entry: Any) -> Signal[Any]:
    """One signal, from REST or from a webhook. Whatever cannot be read becomes a signal that says so."""
    try:
        return _signal(entry)
    except Unreadable as problem:
        error = SignalError(MALFORMED, "MALFORMED_SIGNAL", "This signal could not be read.", str(problem))
        return Signal(_key_of(entry), SignalStatus.ERROR, None, error, entry)


@cache
def _known() -> dict[str, tuple[SignalKey[Any], Hook]]:
    return {key.code: (key, hook_of(key.body)) for key in signals.ALL}


@cache
def _signals_reader() -> Callable[[list[Any]], list[Signal[Any]]]:
    """A function that reads many signals: the usual form in place, anything else with all care by `signal`."""
    known, success, new = _known(), SignalStatus.SUCCESS, object.__new__
    signal_class: type[Signal[Any]] = Signal
    set_key, set_status, set_body, set_error, set_raw = slots(Signal)

    def read(entries: list[Any]) -> list[Signal[Any]]:
        found: list[Signal[Any]] = []
        add = found.append
        for entry in entries:
            try:
                said = entry["attributes"]
                key, hook = known[said["code"]]
                if said["status"]["value"] == "SUCCESS":
                    body = hook(said["body"], None)
                    one: Signal[Any] = new(signal_class)
                    set_key(one, key)
                    set_status(one, success)
                    set_body(one, body)
                    set_error(one, None)
                    set_raw(one, entry)
                    add(one)
                    continue
            except (KeyError, TypeError, Unreadable):
                pass
            add(signal(entry))
        return found

    return read


def prepare() -> None:
    """Build all hooks now, so that the first answer does not pay for it."""
    _signals_reader()
    for words in (Permission, Powertrain, VehicleMode):
        _word(words, None)


def _signal(entry: Any) -> Signal[Any]:
    resource: dict[str, Any] = entry
    if type(resource) is not dict:
        raise wrong("an object", entry)
    said: dict[str, Any] = resource.get("attributes", resource)
    if type(said) is not dict:
        raise Unreadable(f"attributes: {wrong('an object', said)}")
    key = _key_of(resource)
    known = _known().get(key.code)
    status, error, body = _status(said)
    if known is None:
        if not key.code:
            raise Unreadable("code: missing")
        if body is not None and not is_object(body):
            raise Unreadable(f"body: {wrong('an object', body)}")
    else:
        key, hook = known
        if body is not None:
            body = hook(body, None)
    return Signal(key, status, body, error, resource)


def _status(said: dict[str, Any]) -> tuple[SignalStatus | str, SignalError | None, Any]:
    """What a signal says of itself: its status, its error, and its body if that can be trusted.

    Deliveries used to carry a status only when a signal failed: without one, a body means success.
    """
    status: Any = said.get("status")
    value: Any = status.get("value") if is_object(status) else status
    body: Any = said.get("body")
    if value == "SUCCESS":
        return _SUCCESS, None, body
    problem: Any = status.get("error") if is_object(status) else None
    if value is None and problem is None:
        return (SignalStatus.UNAVAILABLE, None, None) if body is None else (_SUCCESS, None, body)
    if value is not None and type(value) is not str:
        raise Unreadable(f"status: {wrong('a text', value)}")
    word = _word(SignalStatus, value or "ERROR")
    return (_SUCCESS, None, body) if word is _SUCCESS else (word, _signal_error(problem), None)


def _signal_error(problem: Any) -> SignalError | None:
    if not is_object(problem):
        return None
    texts: dict[str, Any] = {name: problem.get(name) for name in ("type", "code", "title", "detail", "description")}
    resolution: Any = problem.get("resolution")
    texts["resolution"] = resolution.get("type") if is_object(resolution) else resolution
    return SignalError(**{name: text if isinstance(text, str) else None for name, text in texts.items()})


def _key_of(entry: Any) -> SignalKey[Any]:
    """The key of an entry that is not in the catalogue, as far as it names itself; else a key without a code."""
    resource: dict[str, Any] = entry if is_object(entry) else {}
    said: Any = resource.get("attributes", resource)
    said = said if is_object(said) else {}
    code = _word_or_none(said.get("code")) or _word_or_none(resource.get("id")) or ""
    group, name = (_word_or_none(said.get(part)) or "" for part in ("group", "name"))
    return signals.find(code) or SignalKey[Any](group, name, "dict", code=code)


def _word_or_none(value: Any) -> str | None:
    return value if type(value) is str else None


def _vehicle(resource: Any, vehicle_id: str | None = None) -> VehicleAttributes:
    resource = _object(resource)
    said = _object(resource.get("attributes", resource))
    return VehicleAttributes(
        id=vehicle_id or _text(resource, "id"),
        make=_optional_text(said, "make"),
        model=_optional_text(said, "model"),
        year=_year(said.get("year")),
        powertrain_type=_word(Powertrain, said.get("powertrainType")),
        mode=_word(VehicleMode, said.get("mode")),
        raw=resource,
    )


def _connection(resource: Any) -> Connection:
    resource = _object(resource)
    said = _object(resource.get("attributes"))
    owner, meta = _part(said, "user"), _part(resource, "meta")
    vehicle_id = _text(_related(resource, "vehicle"), "id")
    vehicle = said.get("vehicle")
    return Connection(
        id=_text(resource, "id"),
        vehicle_id=vehicle_id,
        user_id=_optional_text(owner, "id") or _text(_related(resource, "user"), "id"),
        external_id=_optional_text(owner, "externalId"),
        permissions=hook_of(tuple[Permission | str, ...])(said.get("permissions"), None),
        vehicle=None if vehicle is None else _vehicle(vehicle, vehicle_id),
        created_at=_moment(meta, "createdAt"),
        updated_at=_moment(meta, "updatedAt"),
        raw=resource,
    )


def _related(resource: dict[str, Any], name: str) -> dict[str, Any]:
    return _part(_part(_part(resource, "relationships"), name), "data")


def _included_vehicle(document: dict[str, Any]) -> VehicleAttributes | None:
    try:
        vehicle = _part(_part(document, "included"), "vehicle")
        return _vehicle(vehicle) if vehicle else None
    except Unreadable:
        return None


def _page(reply: Reply, number: int, read: Callable[[Any], T]) -> Page[T]:
    document = _object(load(reply.body))
    entries = document.get("data")
    if not is_list(entries):
        raise Unreadable(f"data: {wrong('a list', entries)}")
    items: list[T] = []
    malformed: list[Malformed] = []
    for entry in entries:
        try:
            items.append(read(entry))
        except Unreadable as problem:
            malformed.append(Malformed(str(problem), entry))
    meta, links = _loose_part(document, "meta"), _loose_part(document, "links")
    total, size = meta.get("totalCount"), meta.get("pageSize")
    more = type(total) is int and number * (size if type(size) is int and size > 0 else len(entries)) < total
    has_next = bool(entries) and (more or bool(links.get("next")))
    return Page(tuple(items), number, has_next, total if type(total) is int else None, tuple(malformed))


def _resource(document: Any) -> dict[str, Any]:
    document = _object(document)
    data: Any = document.get("data")
    return data if is_object(data) else document


def _object(value: Any) -> dict[str, Any]:
    if is_object(value):
        return value
    raise wrong("an object", value)


def _part(value: dict[str, Any], name: str) -> dict[str, Any]:
    part = value.get(name)
    if part is not None and not is_object(part):
        raise Unreadable(f"{name}: {wrong('an object', part)}")
    return part or {}


def _loose_part(value: dict[str, Any], name: str) -> dict[str, Any]:
    part = value.get(name)
    return part if is_object(part) else {}


def _text(value: dict[str, Any], name: str) -> str:
    text = _optional_text(value, name)
    if not text:
        raise Unreadable(f"{name}: missing")
    return text


def _optional_text(value: dict[str, Any], name: str) -> str | None:
    text = value.get(name)
    if text is None or type(text) is str:
        return text
    if type(text) is int:
        return str(text)
    raise Unreadable(f"{name}: {wrong('a text', text)}")


def _year(value: Any) -> int | None:
    if type(value) is str and len(value) < 10 and value.strip().isdecimal():
        return int(value)
    return None if value is None else structure(value, int)


def _moment(value: dict[str, Any], name: str) -> datetime | None:
    try:
        return instant(value.get(name))
    except ValueError:
        raise Unreadable(f"{name}: {wrong('a time', value.get(name))}") from None


def _word(words: Any, value: Any) -> Any:
    """A word of an open enum."""
    return hook_of(words | str | None)(value, None)
