"""Every argument of every public method, with values that nobody should pass: an error of ours, or none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any, cast

import pytest

from smartcar_async import (
    CommandOutcomeUnknown,
    ConfigurationError,
    Pages,
    Proxy,
    RateLimit,
    Retry,
    Settings,
    Smartcar,
    SmartcarError,
    Tls,
    signals,
    v2,
)

from .fakes import CLIENT_ID, CLIENT_SECRET, USER, VEHICLE, FakeClock, Wire

Make = Callable[..., Any]

ODD: list[Any] = [
    None,
    True,
    False,
    -1,
    1.5,
    1e300,
    10**400,
    float("nan"),
    float("-inf"),
    1j,
    b"x",
    bytearray(b"x"),
    "",
    " ",
    "\0",
    "\r\nHost: x",
    "\ud800",
    "a/b",
    ".",
    "..",
    "false",
    "http://[",
    "http://\ud800.test",
    [],
    [None],
    ["\ud800"],
    (1, 2, 3),
    {},
    {"\ud800": "\ud800"},
    {None: None},
    {"a b": ["\0"]},
    {1},
    object(),
    object,
    time(1, 2, 3),
    ValueError("x"),
]
GOOD: Mapping[str, Any] = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "connection_id": "c-1",
    "days": {"monday": ("22:00", "06:00")},
    "fetch": len,
    "key": signals.Odometer.TraveledDistance,
    "latitude": 57.7,
    "location": (57.7, 11.97),
    "longitude": 11.97,
    "method": "GET",
    "outcome": CommandOutcomeUnknown("lost", action="lock", vehicle_id=VEHICLE, parameters={}),
    "path": "/x",
    "percent": 80,
    "schedule_id": "s-1",
    "start": "22:00",
    "state": "our-state",
    "stop": "06:00",
    "subscription_id": "s-1",
    "url": "https://example.org/?state=our-state&code=c0de",
    "user_id": USER,
    "vehicle_id": VEHICLE,
    "webhook_id": "w-1",
    "weekdays": ("22:00", "06:00"),
}
"""Arguments that will do, for those that must be given or that go together."""


def methods(owner: object) -> list[str]:
    """The public methods of an object, but not its end."""
    return [
        name for name, _ in inspect.getmembers(type(owner), inspect.isfunction) if name[0] != "_" and name != "aclose"
    ]


def odd_uses(make: Make) -> list[dict[str, Any]]:
    """The arguments of one call for each argument and each odd value."""
    taken = [one for one in inspect.signature(make).parameters.values() if one.kind is not one.VAR_KEYWORD]
    good = {one.name: GOOD[one.name] for one in taken if one.default is one.empty or one.name == "weekdays"}
    return [{**good, one.name: odd} for one in taken for odd in ODD]


async def used(make: Make, given: dict[str, Any]) -> None:
    """One call with these arguments; of a list, the first page."""
    made: object = make(**given)
    if inspect.isawaitable(made):
        await made
    elif isinstance(made, Pages) and make is not Pages:
        await cast("Pages[object]", made).page()


async def all_uses(make: Make, wire: Wire) -> None:
    """Only our own errors come out; what is wrong with the arguments is told before anything is sent."""
    for given in odd_uses(make):
        wire.calls.clear()
        try:
            await used(make, given)
        except ConfigurationError:
            if wire.calls:
                pytest.fail(f"{make.__qualname__}({given}): it was sent, and then refused")
        except (SmartcarError, DeprecationWarning):  # a warning is an error in tests
            continue
        except Exception as error:
            pytest.fail(f"{make.__qualname__}({given}): {error!r}")


@pytest.mark.parametrize(
    "make", [Smartcar, v2.Client, Pages, Settings, Settings.from_env, Proxy, RateLimit, Retry, Tls]
)
async def test_odd_arguments_of_a_constructor(make: Make) -> None:
    """They are refused at once, and not when a call needs them."""
    await all_uses(make, Wire())


@pytest.mark.parametrize("room", ["client", "vehicle", "schedules", "pages"])
async def test_odd_arguments_of_a_method(room: str) -> None:
    """Each method of each handle."""
    wire = Wire()
    smartcar = await wire.client(FakeClock(), application_id="app-1")
    vehicle, pages = smartcar.vehicle(VEHICLE, USER), smartcar.connections()
    owner = {"client": smartcar, "vehicle": vehicle, "schedules": vehicle.schedules, "pages": pages}[room]
    uses = [getattr(owner, name) for name in methods(owner)]
    assert uses
    for use in uses:
        await all_uses(use, wire)


@pytest.mark.parametrize("part", [Settings, Proxy, RateLimit, Retry, Tls])
async def test_settings_that_were_taken_will_do(part: type[Any]) -> None:
    """What a setting takes, a client can be made of and used with."""
    wire, place = Wire(), {Proxy: "proxy", RateLimit: "rate_limit", Retry: "retry", Tls: "tls"}.get(part)
    for given in odd_uses(part):
        try:
            settings = given if place is None else {place: part(**given)}
            with_all: dict[str, Any] = {"clock": FakeClock(), "application_id": "app-1", **settings}
            smartcar = await wire.client(**with_all)
            smartcar.connect_url()
            await smartcar.connections().page()
        except SmartcarError:
            continue
        except Exception as error:
            pytest.fail(f"{part.__name__}({given}): {error!r}")


VIN_USES: list[Callable[[Smartcar, v2.Client], Any]] = [
    lambda one, _: one.vehicle("5YJ3E1EA7KF317000", USER),
    lambda one, _: one.connections(vehicle_id="5YJ3E1EA7KF317000"),
    lambda one, _: one.connection("5YJ3E1EA7KF317000"),
    lambda one, _: one.subscribe(webhook_id="w", user_id=USER, vehicle_id="5YJ3E1EA7KF317000"),
    lambda _, two: two.vehicle("5YJ3E1EA7KF317000", "token"),
    lambda _, two: two.get_vehicle("token", "5YJ3E1EA7KF317000"),
    lambda _, two: two.get_connections("amt", vehicle_id="5YJ3E1EA7KF317000"),
]


@pytest.mark.parametrize("use", VIN_USES)
async def test_a_vin_in_place_of_an_id(use: Callable[[Smartcar, v2.Client], Any]) -> None:
    """Wherever a vehicle is named, nothing is sent, and the remedy is told."""
    wire = Wire()
    smartcar, owner = await wire.client(FakeClock()), v2.Client("id", "secret", session=cast("Any", wire))
    with pytest.raises(ConfigurationError, match="this looks like a VIN; give Smartcar's") as raised:
        await use(smartcar, owner)
    assert "5YJ" not in str(raised.value)
    assert wire.calls == []
