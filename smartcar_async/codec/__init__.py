"""From an answer's bytes to records.

Two ways lead there. The careful one reads anything: `converter`, which is cattrs with hooks made of the records' own
metadata (`smartcar_async.wire`). The quick one reads signals and deliveries in their usual form: `formats` and `twins`,
which are msgspec. What the quick one does not take is left to the careful one, and a test holds both together.

To import this is light, because calls are built with it on the loop. What is heavy is loaded by `prepare`, which the
engine runs in a thread, or when the first answer is read.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .answers import (
    bare as bare,
    deletion as deletion,
    entries as entries,
    execution as execution,
    nothing as nothing,
    page as page,
    resource as resource,
    response as response,
)
from .documents import load as load
from .shapes import Unreadable as Unreadable, is_list as is_list, is_object as is_object

if TYPE_CHECKING:
    from ..keys import SignalKey
    from ..records import Signal, SignalSet
    from ..request import Call, Reply
    from ..schedules.record import ChargeSchedule
    from .documents import Document

T = TypeVar("T")

HEAVY: Final = ("charge_schedules", "converter", "formats", "naming", "readings", "twins")
"""The modules that load cattrs, msgspec, or the bodies of all signals."""


def structure(value: Any, cls: type[T], **known: Any) -> T:
    """A plain object as a record of this class, or Unreadable. What is known goes before what was sent."""
    from . import converter

    return converter.structure(value, cls, **known)


def structure_list(value: Any, cls: type[T], **known: Any) -> tuple[T, ...]:
    """A list as records, or one object as the only one. What cannot be read keeps only its `raw`; null is empty."""
    from . import converter

    return converter.structure_list(value, cls, **known)


def signal_set(reply: "Reply") -> "SignalSet":
    """Every signal of a vehicle."""
    from . import readings

    return readings.signal_set(reply)


def one_signal(reply: "Reply", key: "SignalKey[T]") -> "Signal[T]":
    """One signal, wrapped in `data` or bare, under the key that it was asked by."""
    from . import readings

    return readings.one_signal(reply, key)


def signal(entry: Any) -> "Signal[Any]":
    """One signal, from REST or from a webhook. Whatever cannot be read becomes a signal that says so."""
    from . import readings

    return readings.signal(entry)


def delivered_state(body: bytes) -> "tuple[dict[str, Any], list[Signal[Any]], Document] | None":
    """What the usual delivery of a vehicle's state says, its signals, and where the rest is; None for any other."""
    from . import readings

    return readings.delivered_state(body)


def schedules(reply: "Reply") -> "tuple[ChargeSchedule, ...]":
    """Every charge schedule of a list."""
    from . import charge_schedules

    return charge_schedules.schedules(reply)


def schedules_of_signal(reply: "Reply") -> "tuple[ChargeSchedule, ...]":
    """Every charge schedule that the signal of charge timers shows."""
    from . import charge_schedules

    return charge_schedules.schedules_of_signal(reply)


def recognise(call: "Call[Any]", reply: "Reply") -> bool | None:
    """Whether an answer names all that was asked about. False: it names something else. None: it does not say."""
    from . import naming

    return naming.recognise(call, reply)


def prepare() -> None:
    """Load all modules and build all hooks now, so that the first answer does not pay for it."""
    for name in HEAVY:
        importlib.import_module(f".{name}", __name__)
    from .. import records
    from .converter import hook_of
    from .error_facts import ErrorEntry, FlatError
    from .readings import careful_hooks, usual_reader

    careful_hooks()
    usual_reader()
    for cls in (records.ApplicationToken, records.Connection, records.Execution, records.SignalError):
        hook_of(cls)
    for facts in (ErrorEntry, FlatError):
        hook_of(facts)
