"""What charge schedules are made of, checked before anything is sent: places, times and days."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Protocol

from ..arguments import coordinates
from ..errors import ConfigurationError
from ..vocabulary import Weekday

ClockTime = dt.time | str
"""A time of day, as `datetime.time` or as `"HH:MM"`. It is the car's own: no zone is stated."""

TimeWindow = tuple[ClockTime, ClockTime]
"""When a charge may start and when it must stop. It may cross midnight."""


class HasCoordinates(Protocol):
    """Any record with a position, such as `Location`."""

    @property
    def latitude(self) -> float | None:
        """Degrees north."""
        ...

    @property
    def longitude(self) -> float | None:
        """Degrees east."""
        ...


Position = tuple[float, float] | HasCoordinates
"""A latitude and a longitude, as a pair or in a record."""


def daily(location: Position, start: ClockTime, stop: ClockTime) -> dict[str, Any]:
    """The attributes of a daily schedule."""
    return {"location": position(location), **_window((start, stop), "start and stop")}


def workweek(location: Position, weekdays: TimeWindow | None, weekends: TimeWindow | None) -> dict[str, Any]:
    """The attributes of a schedule with one window for weekdays and one for weekends."""
    both = {"weekdays": weekdays, "weekends": weekends}
    windows = {name: _window(window, name) for name, window in both.items() if window is not None}
    if not windows:
        raise ConfigurationError("weekdays, weekends: give at least one window, such as ('22:00', '06:00')")
    return {"location": position(location), **windows}


def weekly(location: Position, days: Mapping[Weekday | str, TimeWindow]) -> dict[str, Any]:
    """The attributes of a schedule with a window for each day."""
    if not isinstance(days, Mapping) or not days:
        raise ConfigurationError("days: give at least one, such as {Weekday.MONDAY: ('22:00', '06:00')}")
    windows = {weekday(day): _window(window, f"days[{day!s}]") for day, window in days.items()}
    if len(windows) < len(days):
        raise ConfigurationError("days: a weekday is given twice")
    return {"location": position(location), "days": {day.value.lower(): window for day, window in windows.items()}}


def position(location: Position) -> dict[str, float]:
    """A pair or a record as a position that exists, or a ConfigurationError."""
    if isinstance(location, tuple):
        if len(location) != 2:
            raise ConfigurationError("location: give (latitude, longitude)")
        latitude, longitude = location
    else:
        pair: tuple[Any, Any] = (getattr(location, "latitude", None), getattr(location, "longitude", None))
        if None in pair:
            raise ConfigurationError("location: give (latitude, longitude), or a record that has both")
        latitude, longitude = pair
    return coordinates(latitude, longitude)


def span(window: TimeWindow, argument: str) -> tuple[dt.time, dt.time]:
    """When a window begins and when it ends, checked."""
    if not isinstance(window, tuple) or len(window) != 2:
        raise ConfigurationError(f"{argument}: give a pair of times, such as ('22:00', '06:00')")
    start, stop = (clock_time(moment, argument) for moment in window)
    if start == stop:
        raise ConfigurationError(f"{argument}: the window from {start:%H:%M} to {stop:%H:%M} has no length")
    return start, stop


def _window(window: TimeWindow, argument: str) -> dict[str, str]:
    start, stop = span(window, argument)
    return {"startTime": f"{start:%H:%M}", "stopTime": f"{stop:%H:%M}"}


def clock_time(value: ClockTime, argument: str) -> dt.time:
    """A time of day in whole minutes."""
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        return dt.time.fromisoformat(value)
    if not isinstance(value, dt.time) or value.tzinfo or value.second or value.microsecond:
        raise ConfigurationError(f"{argument}: give a datetime.time or 'HH:MM' from 00:00 to 23:59, not {value!r}")
    return value


def weekday(day: Weekday | str) -> Weekday:
    """A weekday by its member or its name."""
    try:
        return Weekday(day.upper())
    except (ValueError, AttributeError):
        raise ConfigurationError(f"days: {day!r} is no weekday, such as Weekday.MONDAY or 'monday'") from None
