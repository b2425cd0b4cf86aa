"""From an answer's bytes to records, one function for each kind of answer."""

from typing import TYPE_CHECKING

from ..request import Reply
from ..vocabulary import Permission, Powertrain, VehicleMode
from .documents import load as load, word
from .executions import deletion as deletion, execution as execution
from .readings import one_signal as one_signal, signal as signal, signal_set as signal_set, signals_reader
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

if TYPE_CHECKING:
    from ..charge_schedule import ChargeSchedule


def schedules(reply: Reply) -> "tuple[ChargeSchedule, ...]":
    """Every charge schedule of the announced list."""
    from . import listings  # it brings the bodies along, which an import need not wait for

    return listings.announced(reply)


def schedules_of_signal(reply: Reply) -> "tuple[ChargeSchedule, ...]":
    """Every charge schedule that the signal of charge timers shows."""
    from . import listings

    return listings.from_signal(reply)


def prepare() -> None:
    """Build all hooks now, so that the first answer does not pay for it."""
    signals_reader()
    for words in (Permission, Powertrain, VehicleMode):
        word(words, None)
