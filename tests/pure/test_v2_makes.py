"""The commands of one make, before anything is sent: what is refused, and what may be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from smartcar_async import ConfigurationError, Weekday
from smartcar_async.request import Call, Effect
from smartcar_async.v2 import NissanWindow, TeslaScheduleType
from smartcar_async.v2.makes import commands
from smartcar_async.v2.operations import Target

CAR = Target("vehicle-1")
PLACE = (57.7, 11.97)
DAY = (Weekday.MONDAY,)
NAN, ENDLESS = float("nan"), float("inf")
NONE: Any = None
TEXT: Any = "monday"
Make = Callable[[Any], Call[Any]]


def ford(**changes: Any) -> Call[Any]:
    """A Ford's schedule with one thing changed."""
    given: dict[str, Any] = {"location": PLACE, "charge_limit": 0.8, "weekday": (), "weekend": ()}
    return commands.set_ford_schedule(CAR, "ford", **{**given, **changes})


REFUSED: dict[str, tuple[Make, str, list[Any]]] = {
    "temperature": (lambda bad: commands.start_cabin(CAR, bad), "temperature", [NAN, ENDLESS, -ENDLESS, "21", True]),
    "target": (lambda bad: commands.set_cabin_temperature(CAR, bad), "temperature", [None, NAN, "21", False]),
    "amperage": (lambda bad: commands.set_amperage(CAR, bad), "amperage", [0, -1, 1.5, 16.0, "16", True, None, NAN]),
    "type": (
        lambda bad: commands.set_tesla_schedule(CAR, bad, "01:15", True),
        "type",
        ["", "START", None, 1, "STOP_TIME"],
    ),
    "time": (
        lambda bad: commands.set_tesla_schedule(CAR, TeslaScheduleType.START_TIME, bad, True),
        "time",
        ["1:15", "24:00", "01:15:00", None, dt.time(1, 15, 1), dt.time(1, tzinfo=dt.UTC), 115],
    ),
    "enable": (lambda bad: commands.set_tesla_schedule(CAR, "START_TIME", "01:15", bad), "enable", ["yes", 1, None]),
    "nissan": (
        lambda bad: commands.set_nissan_schedule(CAR, bad),
        "windows",
        [
            [("00:30", "05:30", DAY)],
            [NissanWindow("00:30", "05:30", DAY)] * 4,
            NissanWindow("0:30", "5:30", DAY),
            "",
            None,
        ],
    ),
    "nissan's window": (
        lambda bad: commands.set_nissan_schedule(CAR, [bad]),
        "windows|days",
        [
            NissanWindow("00:30", "00:30", DAY),
            NissanWindow("0:30", "05:30", DAY),
            NissanWindow("00:30", "05:30", ()),
            NissanWindow("00:30", "05:30", ("someday",)),
            NissanWindow("00:30", "05:30", NONE),
            NissanWindow("00:30", "05:30", TEXT),
        ],
    ),
    "place": (
        lambda bad: ford(location=bad),
        "location|latitude|longitude",
        [(91, 0), (0, 181), (NAN, 0), (1,), None, (1, 2, 3)],
    ),
    "limit": (lambda bad: ford(charge_limit=bad), "charge_limit", [0.49, 1.01, 80, NAN, "0.8", True, None]),
    "weekday": (
        lambda bad: ford(weekday=bad),
        "weekday",
        [[("22:30", "06:00")], [("22:00", "06:15")], [("22:00", "22:00")], ["22:00"], [("22:00",)], None, 1, ""],
    ),
    "weekend": (lambda bad: ford(weekend=bad), "weekend", [[("a", "b")], [None]]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_arguments(name: str) -> None:
    """Each is refused by its name before anything is sent."""
    make, argument, bads = REFUSED[name]
    for bad in bads:
        with pytest.raises(ConfigurationError, match=rf"^({argument})\b"):
            make(bad)


def test_the_largest_and_smallest_arguments() -> None:
    """What is finite, positive, or at the edge of its range is sent as it is."""
    assert commands.start_cabin(CAR, 10**400).parameters == {"temperature": 10**400}
    assert commands.set_amperage(CAR, 1).parameters == {"amperage": 1}
    for limit in (0.5, 1):
        assert ford(charge_limit=limit).parameters["chargeLimit"] == limit
    assert ford(location=(-90, 180)).query == (("latitude", "-90"), ("longitude", "180"))


@pytest.mark.parametrize("pin", ["", "123", "12345", "12a4", "12 4", "1234\n", "١٢٣٤", "-123", 1234, None, b"1234"])
def test_a_pin_has_four_digits(pin: Any) -> None:
    """The error does not repeat what was given: it may be nearly right."""
    with pytest.raises(ConfigurationError, match=r"^pin: give four digits, as a text$") as caught:
        commands.set_pin(CAR, pin)
    assert caught.value.__context__ is None


def test_a_pin_is_nowhere_but_in_the_body() -> None:
    """The call does not show it, and does not keep it among its parameters."""
    call = commands.set_pin(CAR, "0421")
    assert call.body == b'{"pin":"0421"}'
    assert call.private == ("0421",)
    assert "0421" not in repr(call) + repr(call.parameters) + call.target


def test_every_command_acts() -> None:
    """None of them may ever be sent twice, and each names its permission."""
    assert {endpoint.effect for endpoint in commands.ENDPOINTS} == {Effect.COMMAND}
    assert all(endpoint.permission is not None for endpoint in commands.ENDPOINTS)
    assert len({(endpoint.method, endpoint.path) for endpoint in commands.ENDPOINTS}) == 12


def test_a_make_is_one_segment() -> None:
    """Whatever it is."""
    call = commands.set_ford_schedule(CAR, "a/b", PLACE, 1, (), ())
    assert call.path == "/v2.0/vehicles/vehicle-1/a%2Fb/charge/schedule_by_location"
