"""What may be asked of a charge: every bad place, time, window, day and limit is refused by name and range."""

import datetime as dt
import json
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st

from smartcar_async import ConfigurationError, Weekday
from smartcar_async.arguments import charge_percent, coordinates
from smartcar_async.bodies import Location, Place
from smartcar_async.schedules import arguments as charging
from smartcar_async.vocabulary import ScheduleType

PLACE = (57.7, 11.97)
WHERE = {"latitude": 57.7, "longitude": 11.97}
NIGHT = ("22:00", "06:00")
NIGHT_SENT = {"startTime": "22:00", "stopTime": "06:00"}
BERLIN = dt.timezone(dt.timedelta(hours=1))


class Spot(NamedTuple):
    """A pair with names."""

    latitude: float
    longitude: float


@pytest.mark.parametrize(
    "place",
    [PLACE, Spot(*PLACE), Place("Home", None, *PLACE), Location(*PLACE, heading=90.0)],
    ids=lambda one: type(one).__name__,
)
def test_a_place_is_a_pair_or_a_record(place: charging.Position) -> None:
    """Whatever has a latitude and a longitude will do; nothing else of it is sent."""
    assert charging.daily(place, *NIGHT) == {"location": WHERE, **NIGHT_SENT}


@pytest.mark.parametrize(
    "place",
    [
        None,
        (),
        (57.7,),
        (57.7, 11.97, 3),
        [57.7, 11.97],
        "57.7,11.97",
        WHERE,
        Place("Home"),
        Place(None, None, 57.7),
        5,
    ],
)
@pytest.mark.parametrize("kind", ScheduleType)
def test_no_place(kind: ScheduleType, place: Any) -> None:
    """A location of another shape is refused, and the shape is told."""
    make: dict[ScheduleType, Callable[[], object]] = {
        ScheduleType.DAILY: lambda: charging.daily(place, *NIGHT),
        ScheduleType.WORKWEEK: lambda: charging.workweek(place, NIGHT, None),
        ScheduleType.WEEKLY: lambda: charging.weekly(place, {"monday": NIGHT}),
    }
    with pytest.raises(ConfigurationError, match=r"^location: give \(latitude, longitude\)"):
        make[kind]()


@pytest.mark.parametrize("value", [-90, 90, 0, -0.0, 89.999999, 5e-324])
def test_degrees_in_range(value: float) -> None:
    """They are sent as they are, the ends of the range included."""
    assert coordinates(value, value) == {"latitude": value, "longitude": value}
    assert coordinates(0, 2 * value) == {"latitude": 0, "longitude": 2 * value}


NO_DEGREES: list[Any] = [math.nan, math.inf, -math.inf, 10**400, True, None, "57.7", [1], 1j]


@pytest.mark.parametrize("value", [90.000001, 91, -91, *NO_DEGREES])
def test_no_latitude(value: Any) -> None:
    """It is refused with its range, and not repeated: it is private."""
    with pytest.raises(ConfigurationError, match=r"^latitude: give degrees from -90 to 90$"):
        coordinates(value, 0)


@pytest.mark.parametrize("value", [180.000001, 181, -181, *NO_DEGREES])
def test_no_longitude(value: Any) -> None:
    """It has a range of its own."""
    with pytest.raises(ConfigurationError, match=r"^longitude: give degrees from -180 to 180$"):
        coordinates(0, value)


@pytest.mark.parametrize("value", [50, 80, 100])
def test_a_limit(value: int) -> None:
    """A whole percent."""
    assert charge_percent(value) == value


@pytest.mark.parametrize("value", [0.8, 40, 49, 101, 80.0, -50, True, False, None, "80", math.nan, 10**30])
def test_no_limit(value: Any) -> None:
    """Version 2 took fractions; they are not guessed at."""
    with pytest.raises(ConfigurationError, match=r"^percent: give a whole number from 50 to 100, not ") as caught:
        charge_percent(value)
    assert str(caught.value).endswith(repr(value))


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)))
def test_a_time_of_day(moment: dt.time) -> None:
    """Every minute of the day, as a time or as its text."""
    assert charging.clock_time(moment, "start") == moment
    assert charging.clock_time(f"{moment:%H:%M}", "start") == moment


BAD_TIMES: list[Any] = [
    "25:00",
    "24:00",
    "22:60",
    "2:00",
    "22:00:00",
    "22.00",
    "22-00",
    "T2200",
    "2200Z",
    "22+01",
    "22:00Z",
    " 22:00",
    "22:00\n",
    "\uff12\uff12:\uff10\uff10",
    "",
    "night",
    dt.time(22, 0, 1),
    dt.time(22, 0, 0, 1),
    dt.time(22, tzinfo=dt.UTC),
    dt.time(22, tzinfo=BERLIN),
    dt.datetime(2026, 1, 1, 22, tzinfo=dt.UTC),
    dt.timedelta(hours=22),
    2200,
    22.0,
    None,
    True,
]


@pytest.mark.parametrize("value", BAD_TIMES, ids=repr)
def test_no_time_of_day(value: Any) -> None:
    """Seconds, zones, other spellings and what is no time are refused, at either end of any window."""
    text = re.escape(f"give a datetime.time or 'HH:MM' from 00:00 to 23:59, not {value!r}")
    for window in ((value, "06:00"), ("06:00", value)):
        with pytest.raises(ConfigurationError, match=f"^start and stop: {text}$"):
            charging.daily(PLACE, *window)
        with pytest.raises(ConfigurationError, match=f"^weekdays: {text}$"):
            charging.workweek(PLACE, window, None)
        with pytest.raises(ConfigurationError, match=f"^weekends: {text}$"):
            charging.workweek(PLACE, NIGHT, window)
        with pytest.raises(ConfigurationError, match=rf"^days\[MONDAY\]: {text}$"):
            charging.weekly(PLACE, {Weekday.MONDAY: window})


@pytest.mark.parametrize(
    ("start", "stop", "sent"),
    [
        ("22:00", "06:00", ("22:00", "06:00")),
        (dt.time(22), dt.time(6), ("22:00", "06:00")),
        ("09:05", dt.time(17, 30), ("09:05", "17:30")),
        ("00:00", "23:59", ("00:00", "23:59")),
        ("23:59", "00:00", ("23:59", "00:00")),
    ],
)
def test_a_window(start: charging.ClockTime, stop: charging.ClockTime, sent: tuple[str, str]) -> None:
    """It may cross midnight."""
    assert charging.daily(PLACE, start, stop) == {"location": WHERE, "startTime": sent[0], "stopTime": sent[1]}


@pytest.mark.parametrize("window", [("22:00", "22:00"), ("00:00", dt.time(0)), (dt.time(6), "06:00")])
def test_a_window_of_no_length(window: charging.TimeWindow) -> None:
    """Whether it means nothing or all day is not guessed."""
    with pytest.raises(ConfigurationError, match=r"^start and stop: the window from .* has no length$"):
        charging.daily(PLACE, *window)
    with pytest.raises(ConfigurationError, match=r"^days\[sunday\]: the window from .* has no length$"):
        charging.weekly(PLACE, {"sunday": window})


@pytest.mark.parametrize("window", ["22:00", ("22:00",), ("22:00", "06:00", "x"), ["22:00", "06:00"], {}, 5])
def test_no_window(window: Any) -> None:
    """A window is a pair."""
    text = r"give a pair of times, such as \('22:00', '06:00'\)$"
    with pytest.raises(ConfigurationError, match=f"^weekdays: {text}"):
        charging.workweek(PLACE, window, None)
    with pytest.raises(ConfigurationError, match=f"^weekends: {text}"):
        charging.workweek(PLACE, None, window)
    with pytest.raises(ConfigurationError, match=rf"^days\[monday\]: {text}"):
        charging.weekly(PLACE, {"monday": window})


def test_a_workweek() -> None:
    """Weekdays, weekends or both."""
    both = charging.workweek(PLACE, NIGHT, ("09:00", "17:30"))
    weekends = {"startTime": "09:00", "stopTime": "17:30"}
    assert both == {"location": WHERE, "weekdays": NIGHT_SENT, "weekends": weekends}
    assert charging.workweek(PLACE, NIGHT, None) == {"location": WHERE, "weekdays": NIGHT_SENT}
    assert charging.workweek(PLACE, None, NIGHT) == {"location": WHERE, "weekends": NIGHT_SENT}
    with pytest.raises(ConfigurationError, match=r"^weekdays, weekends: give at least one window"):
        charging.workweek(PLACE, None, None)


def test_a_week() -> None:
    """Days by their members or names, in any case; they are sent in small letters."""
    days: dict[Weekday | str, charging.TimeWindow] = {
        Weekday.MONDAY: NIGHT,
        "tuesday": (dt.time(1), "02:00"),
        "SUNDAY": NIGHT,
        "Friday": NIGHT,
    }
    assert charging.weekly(PLACE, days) == {
        "location": WHERE,
        "days": {
            "monday": NIGHT_SENT,
            "tuesday": {"startTime": "01:00", "stopTime": "02:00"},
            "sunday": NIGHT_SENT,
            "friday": NIGHT_SENT,
        },
    }
    assert json.loads(json.dumps(charging.weekly(PLACE, dict.fromkeys(Weekday, NIGHT))))["days"].keys() == {
        day.value.lower() for day in Weekday
    }


@pytest.mark.parametrize("days", [{}, None, [], [("monday", NIGHT)], "monday", ()])
def test_no_week(days: Any) -> None:
    """At least one day, as a mapping."""
    with pytest.raises(ConfigurationError, match=r"^days: give at least one, such as"):
        charging.weekly(PLACE, days)


@pytest.mark.parametrize("day", ["mon", "", " monday", "Montag", 0, None, b"monday"])
def test_no_weekday(day: Any) -> None:
    """An unknown one is named."""
    with pytest.raises(ConfigurationError, match=f"^days: {re.escape(repr(day))} is no weekday, such as "):
        charging.weekly(PLACE, {day: NIGHT})


def test_a_weekday_given_twice() -> None:
    """Neither window is dropped without a word."""
    with pytest.raises(ConfigurationError, match=r"^days: a weekday is given twice$"):
        charging.weekly(PLACE, {Weekday.MONDAY: NIGHT, "monday": ("09:00", "10:00")})
