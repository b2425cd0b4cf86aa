"""Moments and clock times in every form that the wire has been seen to use."""

from datetime import UTC, datetime, time, timedelta

import pytest

from smartcar_async.times import clock_time, instant, instant_or_none

MOMENT = datetime(2026, 5, 4, 10, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-04T10:00:07Z",
        "2026-05-04T10:00:07.000Z",
        "2026-05-04T12:00:07+02:00",
        "2026-05-04T10:00:07",
        "2026-05-04 10:00:07",
        1777888807,
        1777888807.0,
        "1777888807",
        1777888807000,
        1777888807000.0,
        "1777888807000",
    ],
)
def test_every_form_is_the_same_moment(value: object) -> None:
    """Text, seconds and milliseconds leave as aware UTC."""
    found = instant(value)
    assert found == MOMENT
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1777888807500, MOMENT + timedelta(seconds=0.5)),
        (1777888807.5, MOMENT + timedelta(seconds=0.5)),
        ("2026-05-04T10:00:07.500Z", MOMENT + timedelta(seconds=0.5)),
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_fractions_and_limits(value: object, moment: datetime) -> None:
    """Fractions of a second are kept, and the size tells seconds from milliseconds."""
    assert moment == instant(value)


@pytest.mark.parametrize("value", [None, 0, 0.0, "0", -0.0])
def test_zero_is_no_time(value: object) -> None:
    """A zero stands for a time that nobody took down."""
    assert instant(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-",
        "--1",
        "yesterday",
        "2026-13-01",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        True,
        [],
        {},
        float("nan"),
        float("inf"),
        -1e18,
        1e300,
        10**400,
        "9" * 400,
        "9" * 5000,
    ],
    ids=repr,
)
def test_no_time_at_all(value: object) -> None:
    """What is no time is a ValueError, however large; or None for who asks softly."""
    with pytest.raises(ValueError, match=r"."):
        instant(value)
    assert instant_or_none(value) is None


def test_a_soft_time_is_the_same_time() -> None:
    """The soft form differs only where there is no time."""
    assert instant_or_none("2026-05-04T10:00:07Z") == MOMENT
    assert instant_or_none(0) is None


@pytest.mark.parametrize(
    ("value", "clock"),
    [
        ("22:00", time(22)),
        ("22:30:15", time(22, 30, 15)),
        ("00:00", time(0)),
        ("24:00", time(0)),
        ("24:00:00", time(0)),
    ],
)
def test_clock_times(value: str, clock: time) -> None:
    """A time of day, where the end of a day is midnight."""
    assert clock == clock_time(value)


@pytest.mark.parametrize("value", ["", "25:00", "24:01", "24:00 or so", "noon"])
def test_no_clock_time(value: str) -> None:
    """What is no time of day is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        clock_time(value)
