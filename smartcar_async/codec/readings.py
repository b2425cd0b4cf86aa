"""Signals, from REST and from webhooks. One bad entry never costs its neighbours."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec

from .. import signals
from ..records import MALFORMED, Signal, SignalError, SignalKey, SignalSet, VehicleAttributes
from ..request import Reply
from ..vocabulary import SignalStatus
from . import formats
from .documents import Document, an_object, load, part, resource_of, word
from .resources import vehicle_of
from .structure import Hook, Unreadable, hook_of, is_list, is_object, unfrozen, wrong
from .twins import decoder_of, finisher_of

T = TypeVar("T")

_SUCCESS: Final = SignalStatus.SUCCESS
_UNUSUAL: Final = (KeyError, Unreadable, msgspec.MsgspecError)


def signal_set(reply: Reply) -> SignalSet:
    """Every signal of a vehicle."""
    usual = formats.answer(reply.body)
    if usual is not None:
        for resource in usual["data"]:
            resource.attributes.meta = resource.meta
        found = usual_reader()([resource.attributes for resource in usual["data"]], Document(reply.body, "data"))
        return SignalSet(found, _included_vehicle(cast("dict[str, Any]", usual)))
    document = an_object(load(reply.body))
    entries = document.get("data")
    if not is_list(entries):
        raise Unreadable(f"data: {wrong('a list', entries)}")
    return SignalSet([signal(entry) for entry in entries], _included_vehicle(document))


def delivered_state(body: bytes) -> tuple[dict[str, Any], list[Signal[Any]], Document] | None:
    """What the usual delivery of a vehicle's state says, its signals, and where the rest is; None for any other."""
    usual = formats.state(body)
    if usual is None:
        return None
    document = Document(body, "data", "signals")
    return cast("dict[str, Any]", usual), usual_reader()(usual["data"]["signals"], document), document


def one_signal(reply: Reply, key: SignalKey[T]) -> Signal[T]:
    """One signal, wrapped in `data` or bare, under the key that it was asked by."""
    entry = resource_of(reply)
    found = signal(entry)
    if found.key.code and found.key.code != key.code:
        raise Unreadable("the answer is another signal than the one asked for")
    return found.under(key)


def signal(entry: Any) -> Signal[Any]:
    """One signal, from REST or from a webhook. Whatever cannot be read becomes a signal that says so."""
    try:
        return _signal(entry)
    except Unreadable as problem:
        error = SignalError(MALFORMED, "MALFORMED_SIGNAL", "This signal could not be read.", str(problem))
        return Signal(_key_of(entry), SignalStatus.ERROR, None, error, entry)


@cache
def careful_hooks() -> dict[str, tuple[SignalKey[Any], Hook]]:
    """Every known signal by its code, with what reads its body from a plain object."""
    return {key.code: (key, hook_of(key.body)) for key in signals.ALL}


@cache
def usual_reader() -> Callable[[list[formats.Entry], Document], list[Signal[Any]]]:
    """A function that reads the signals of a document in a usual form, and each unusual one by `signal`."""
    bodies: dict[SignalKey[Any], Any] = {key: key.body for key in signals.ALL}
    known = {key.code: (key, decoder_of(cls), cls, finisher_of(cls)) for key, cls in bodies.items()}
    success, twin, signal_class = SignalStatus.SUCCESS, unfrozen(Signal), Signal

    def read(entries: list[formats.Entry], document: Document) -> list[Signal[Any]]:
        found: list[Any] = entries  # each signal takes the place of its entry, which need not live any longer
        for place, entry in enumerate(entries):
            one: Any = twin()
            status = entry.status
            try:
                one.key, decode, body_class, finish = known[entry.code]
                if status is None or status.value is success:
                    body: Any = decode(entry.body)
                    if finish is None:
                        body.__class__ = body_class
                    else:
                        finish(body)
                    one.status, one.body, one.error = success, body, None
                else:
                    one.status, one.body, one.error = status.value, None, _signal_error(status.error)
            except _UNUSUAL:
                found[place] = signal(document.at(place))
                continue
            one._meta, one._document, one._place = entry.meta, document, place
            one.__class__ = signal_class
            found[place] = one
        return found

    return read


def _signal(entry: Any) -> Signal[Any]:
    resource: dict[str, Any] = entry
    if type(resource) is not dict:
        raise wrong("an object", entry)
    said: dict[str, Any] = resource.get("attributes", resource)
    if type(said) is not dict:
        raise Unreadable(f"attributes: {wrong('an object', said)}")
    key = _key_of(resource)
    known = careful_hooks().get(key.code)
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
    known = word(SignalStatus, value or "ERROR")
    return (_SUCCESS, None, body) if known is _SUCCESS else (known, _signal_error(problem), None)


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


def _included_vehicle(document: dict[str, Any]) -> VehicleAttributes | None:
    try:
        vehicle = part(part(document, "included"), "vehicle")
        return vehicle_of(vehicle) if vehicle else None
    except Unreadable:
        return None
