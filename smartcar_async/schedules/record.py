"""Charge schedules as the API tells of them."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from ..bodies import ChargeTimers, ChargeWindow, DepartureTimer, Place
from ..body_enums import ChargeScope
from ..records import Json, Signal
from ..times import clock_time
from ..vocabulary import ScheduleType, Weekday
from ..wire import raw_field
from .arguments import weekday

WEEKDAYS: Final = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)
WEEKENDS: Final = (Weekday.SATURDAY, Weekday.SUNDAY)
EVERY_DAY: Final = (*WEEKDAYS, *WEEKENDS)


@frozen
class ChargeSchedule:
    """One charge schedule of a car, made through the API or elsewhere."""

    id: str | None
    """The id by which it can be deleted; None if it was not made through the API."""
    type: ScheduleType | str | None = None
    scope: ChargeScope | str | None = None
    location: Place | None = field(default=None, repr=False)
    windows: tuple[ChargeWindow, ...] = ()
    departure_timers: tuple[DepartureTimer, ...] = ()
    raw: Json = raw_field()

    @property
    def set_by_api(self) -> bool:
        """Whether it was made through the API; others are shown, and can only be changed in the car or its app."""
        return self.id is not None

    @staticmethod
    def from_signal(signal: Signal[ChargeTimers]) -> "tuple[ChargeSchedule, ...]":
        """Every schedule that the signal `Charge.ChargeTimers` tells of, from REST or a webhook alike."""
        return tuple(
            ChargeSchedule(
                id=timer.schedule_id,
                type=timer.schedule_type,
                scope=timer.type,
                location=None
                if timer.condition is None
                else Place(
                    timer.condition.name, timer.condition.address, timer.condition.latitude, timer.condition.longitude
                ),
                windows=timer.schedules,
                departure_timers=timer.departure_timers,
                raw=signal.raw,
            )
            for timer in signal.require().values
        )


def windows_of(attributes: Mapping[str, Any]) -> tuple[ChargeWindow, ...]:
    """The windows in the attributes of any kind of schedule, with the days they apply to."""
    if "startTime" in attributes:
        return (_charge_window(attributes, EVERY_DAY),)
    parts = ((attributes.get("weekdays"), WEEKDAYS), (attributes.get("weekends"), WEEKENDS))
    days: Mapping[str, Any] = attributes.get("days") or {}
    single = ((window, (weekday(day),)) for day, window in days.items())
    return tuple(_charge_window(window, when) for window, when in (*parts, *single) if window)


def _charge_window(window: Mapping[str, Any], days: tuple[Weekday, ...]) -> ChargeWindow:
    return ChargeWindow(clock_time(window["startTime"]), clock_time(window["stopTime"]), days)
