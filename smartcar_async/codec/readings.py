"""Signals, from REST and from webhooks. One bad entry never costs its neighbours."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

from .. import signals
from ..records import MALFORMED, Signal, SignalError, SignalKey, SignalSet, VehicleAttributes
from ..request import Reply
from ..structure import Hook, Unreadable, hook_of, is_list, is_object, slots, wrong
from ..vocabulary import SignalStatus
from .documents import an_object, load, part, resource_of, word
from .resources import vehicle_of

T = TypeVar("T")

_SUCCESS: Final = SignalStatus.SUCCESS


def signal_set(reply: Reply) -> SignalSet:
    """Every signal of a vehicle."""
    document = an_object(load(reply.body))
    entries = document.get("data")
    if not is_list(entries):
        raise Unreadable(f"data: {wrong('a list', entries)}")
    return SignalSet(signals_reader()(entries), _included_vehicle(document))


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
def _known() -> dict[str, tuple[SignalKey[Any], Hook]]:
    return {key.code: (key, hook_of(key.body)) for key in signals.ALL}


@cache
def signals_reader() -> Callable[[list[Any]], list[Signal[Any]]]:
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
