"""From an answer's bytes to records, one function for each kind of answer.

The rooms are loaded when they are first asked for: they bring all records along, which an import need not wait for.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .documents import load as load
    from .executions import deletion as deletion, execution as execution
    from .listings import schedules as schedules, schedules_of_signal as schedules_of_signal
    from .naming import recognise as recognise
    from .readings import (
        delivered_state as delivered_state,
        one_signal as one_signal,
        signal as signal,
        signal_set as signal_set,
    )
    from .resources import (
        application_token as application_token,
        compatible_vehicles as compatible_vehicles,
        connection as connection,
        connections as connections,
        nothing as nothing,
        response as response,
        subscription as subscription,
        subscriptions as subscriptions,
        vehicle_attributes as vehicle_attributes,
        webhook as webhook,
        webhooks as webhooks,
    )

_NAMES: Final = {
    "documents": "load",
    "executions": "deletion execution",
    "listings": "schedules schedules_of_signal",
    "naming": "recognise",
    "readings": "delivered_state one_signal signal signal_set",
    "resources": (
        "application_token compatible_vehicles connection connections nothing response subscription subscriptions "
        "vehicle_attributes webhook webhooks"
    ),
}
_HOMES: Final = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """A function of one of the rooms. Naming it loads nothing: calls are built on the loop."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = f"{__name__}.{_HOMES[name]}"
    if home not in sys.modules:
        return partial(_loaded, home, name)
    value = getattr(sys.modules[home], name)
    globals()[name] = value
    return value


def _loaded(home: str, name: str, *given: Any, **named: Any) -> Any:
    return getattr(importlib.import_module(home), name)(*given, **named)


def prepare() -> None:
    """Load all rooms and build all hooks now, so that the first answer does not pay for it."""
    for home in _NAMES:
        importlib.import_module(f".{home}", __name__)
    from ..vocabulary import Permission, Powertrain, VehicleMode
    from .documents import word
    from .readings import careful_hooks, usual_reader

    careful_hooks()
    usual_reader()
    for words in (Permission, Powertrain, VehicleMode):
        word(words, None)
