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
from .answers import resource_of
from .converter import hook_of, structure
from .documents import Document, load
from .leaves import Hook
from .shapes import Unreadable, an_object, is_list, is_object, object_at, wrong
from .twins import decoder_of, finisher_of, unfrozen

T = TypeVar("T")

_SUCCESS: Final = SignalStatus.SUCCESS
_UNUSUAL: Final = (KeyError, Unreadable, msgspec.MsgspecError)


def signal_set(reply: Reply) -> SignalSet:
    """Every signal of a vehicle."""
    usual = formats.answer(reply.body)
    if usual is not None:
        for resource in usual["data"]:
            resource.attributes.meta = resource.meta
        entries = [resource.attributes for resource in usual["data"]]
        readings = usual_reader()(entries, Document(reply.body, "data"))
        return SignalSet(readings, _included_vehicle(cast("dict[str, Any]", usual)))
    document = an_object(load(reply.body))
    sent = document.get("data")
    if not is_list(sent):
        raise Unreadable(f"data: {wrong('a list', sent)}")
    return SignalSet([signal(entry) for entry in sent], _included_vehicle(document))


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
    reading = signal(entry)
    if reading.key.code and reading.key.code != key.code:
        raise Unreadable("the answer is another signal than the one asked for")
    return reading.under(key)


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
        readings: list[Any] = entries  # each signal takes the place of its entry, which need not live any longer
        for place, entry in enumerate(entries):
            reading: Any = twin()
            status = entry.status
            try:
                reading.key, decode, body_class, finish = known[entry.code]
                if status is None or status.value is success:
                    body: Any = decode(entry.body)
                    if finish is None:
                        body.__class__ = body_class
                    else:
                        finish(body)
                    reading.status, reading.body, reading.error = success, body, None
                else:
                    reading.status, reading.body, reading.error = status.value, None, _signal_error(status.error)
            except _UNUSUAL:
                readings[place] = signal(document.at(place))
                continue
            reading._meta, reading._document, reading._place = entry.meta, document, place
            reading.__class__ = signal_class  # frozen from here on: `unfrozen` says why it is made like this
            readings[place] = reading
        return readings

    return read


def _signal(entry: Any) -> Signal[Any]:
    resource = an_object(entry)
    attributes: dict[str, Any] = resource.get("attributes", resource)
    if type(attributes) is not dict:
        raise Unreadable(f"attributes: {wrong('an object', attributes)}")
    key = _key_of(resource)
    status, error, body = _status(attributes)
    known = careful_hooks().get(key.code)
    if known is not None:
        key, hook = known
        if body is not None:
            body = hook(body, None)
    elif not key.code:
        raise Unreadable("code: missing")
    elif body is not None and not is_object(body):
        raise Unreadable(f"body: {wrong('an object', body)}")
    return Signal(key, status, body, error, resource)


def _status(attributes: dict[str, Any]) -> tuple[SignalStatus | str, SignalError | None, Any]:
    """What a signal says of itself: its status, its error, and its body if that can be trusted.

    Deliveries used to carry a status only when a signal failed: without one, a body means success.
    """
    status: Any = attributes.get("status")
    value: Any = status.get("value") if is_object(status) else status
    body: Any = attributes.get("body")
    if value == "SUCCESS":
        return _SUCCESS, None, body
    problem: Any = status.get("error") if is_object(status) else None
    if value is None and problem is None:
        return (SignalStatus.UNAVAILABLE, None, None) if body is None else (_SUCCESS, None, body)
    if value is not None and type(value) is not str:
        raise Unreadable(f"status: {wrong('a text', value)}")
    word = hook_of(SignalStatus | str)(value or "ERROR", None)
    return (_SUCCESS, None, body) if word is _SUCCESS else (word, _signal_error(problem), None)


def _signal_error(problem: Any) -> SignalError | None:
    return structure(problem, SignalError) if is_object(problem) else None


def _key_of(entry: Any) -> SignalKey[Any]:
    """The key under which an entry is kept: that of the catalogue, else one made of what the entry says of itself."""
    resource: dict[str, Any] = entry if is_object(entry) else {}
    attributes = resource.get("attributes", resource)
    attributes = attributes if is_object(attributes) else {}
    code = _text_or_none(attributes.get("code")) or _text_or_none(resource.get("id")) or ""
    group, name = (_text_or_none(attributes.get(part)) or "" for part in ("group", "name"))
    return signals.find(code) or SignalKey[Any](group, name, "dict", code=code)


def _text_or_none(value: Any) -> str | None:
    return value if type(value) is str else None


def _included_vehicle(document: dict[str, Any]) -> VehicleAttributes | None:
    try:
        vehicle = object_at(document, "included", "vehicle")
        return structure(vehicle, VehicleAttributes) if vehicle else None
    except Unreadable:
        return None
