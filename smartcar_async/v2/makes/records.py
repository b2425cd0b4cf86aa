"""What the commands of one make take and answer."""

import datetime as dt
from enum import StrEnum

from attrs import frozen

from ...schedules.arguments import ClockTime
from ...vocabulary import Weekday
from ..answers import Answer, Entry, amount_field
from ..records import ActionResponse


class TeslaScheduleType(StrEnum):
    """What a Tesla's charge schedule sets. Only one of them can be on."""

    START_TIME = "START_TIME"
    """When charging begins."""
    DEPARTURE_TIME = "DEPARTURE_TIME"
    """When the car shall be ready."""


@frozen
class Cabin(ActionResponse):
    """The climate system of a Tesla after a command. Its status is ON or OFF."""

    temperature: float | None = amount_field()
    """The target, not what is measured."""


@frozen
class TeslaTimer(Entry):
    """One half of a Tesla's charge schedule."""

    enabled: bool | None = None
    time: dt.time | None = None


@frozen
class TeslaSchedule(Answer):
    """A Tesla's charge schedule after a command."""

    departure_time: TeslaTimer | None = None
    start_time: TeslaTimer | None = None


@frozen
class NissanWindow:
    """When a Nissan may charge, on which days. The times are UTC."""

    start: ClockTime
    end: ClockTime
    days: tuple[Weekday | str, ...]
