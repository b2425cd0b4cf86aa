"""Finding out about a lost command: one read of the signal that would show it, and never a command."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest

from smartcar_async import (
    AuthenticationError,
    CommandOutcomeUnknown,
    ConfigurationError,
    Reconciled,
    Retry,
    SmartcarError,
    Vehicle,
)

from .executions import ACTS, COMMANDS, Act
from .fakes import API, OTHER, USER, VEHICLE, Answer, FakeClock, Sent, Wire, always, answer, in_turn
from .test_requests import OF_USER
from .test_retry import lost

SHOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "lock": ("closure-islocked", {"value": True}),
    "unlock": ("closure-islocked", {"value": False}),
    "start_charge": ("charge-ischarging", {"value": True}),
    "stop_charge": ("charge-ischarging", {"value": False}),
    "set_charge_limit": ("charge-chargelimits", {"activeLimit": 80}),
    "open_charge_port": ("charge-ischargingportflapopen", {"value": True}),
    "close_charge_port": ("charge-ischargingportflapopen", {"value": False}),
}
# The fake clock begins at 00:16:40.
AFTERWARDS = "2026-07-01T00:30:00Z"


def shown(code: str, body: object, recorded: str = AFTERWARDS) -> Answer:
    """A signal that the car recorded at this time."""
    said = {"code": code, "status": {"value": "SUCCESS"}, "body": body}
    return answer({"data": {"id": code, "type": "signal", "attributes": said, "meta": {"oemUpdatedAt": recorded}}})


async def lose(act: Act, wire: Wire) -> tuple[Vehicle, CommandOutcomeUnknown]:
    """Lose the answer to a command an hour ago, and forget that it was sent."""
    wire.api = lambda _: lost()
    clock = FakeClock()
    car = (await wire.client(clock, schedule_paths=act.family)).vehicle(VEHICLE, USER)
    with pytest.raises(CommandOutcomeUnknown) as caught:
        await act.use(car)
    wire.calls.clear()
    clock.time += 3600
    return car, caught.value


@pytest.mark.parametrize("act", [act for act in COMMANDS if act.action in SHOWS], ids=str)
async def test_a_lost_command(act: Act) -> None:
    """One GET of its signal decides; one that was recorded too early does not."""
    code, body = SHOWS[act.action]
    wire = Wire()
    car, unknown = await lose(act, wire)
    wire.api = in_turn(shown(code, body), shown(code, body, "2026-07-01T00:17:40Z"), shown(code, {}))
    restored = pickle.loads(pickle.dumps(unknown))
    assert [await car.reconcile(outcome) for outcome in (restored, unknown, unknown)] == [
        Reconciled.IN_EFFECT,
        Reconciled.UNKNOWN,
        Reconciled.UNKNOWN,
    ]
    assert wire.calls == [Sent("GET", f"{API}/v3/vehicles/vehicle-1/signals/{code}", OF_USER)] * 3


@pytest.mark.parametrize("act", [act for act in ACTS if "schedule" in act.action], ids=str)
async def test_a_lost_schedule(act: Act) -> None:
    """The timers of the car show whether it is there."""
    wire = Wire()
    car, unknown = await lose(act, wire)
    wire.api = always(shown("charge-chargetimers", {"values": []}))
    assert await car.reconcile(unknown) is Reconciled.NOT_IN_EFFECT
    assert [sent.method for sent in wire.calls] == ["GET"]


async def test_a_lost_destination() -> None:
    """No signal shows it, so nothing is asked."""
    wire = Wire()
    act = next(act for act in COMMANDS if act.action == "send_destination")
    car, unknown = await lose(act, wire)
    assert await car.reconcile(unknown) is Reconciled.UNKNOWN
    assert wire.calls == []


@pytest.mark.parametrize("status", [403, 404, 501])
async def test_a_signal_that_cannot_be_had(status: int) -> None:
    """It does not tell."""
    wire = Wire()
    car, unknown = await lose(COMMANDS[0], wire)
    wire.api = always(answer(status=status))
    assert await car.reconcile(unknown) is Reconciled.UNKNOWN


async def test_a_read_that_fails() -> None:
    """It is no answer, and may be tried again: its own error is raised."""
    wire = Wire()
    car, unknown = await lose(COMMANDS[0], wire)
    wire.api = always(answer(status=401))
    with pytest.raises(AuthenticationError):
        await car.reconcile(unknown)


async def waited(answers: list[Answer], wait: Any, act: Act = COMMANDS[0]) -> tuple[object, list[float]]:
    """What is found with a wait, and at which seconds after the command something was read. The last answer stays."""
    wire, clock, times = Wire(), FakeClock(), list[float]()
    wire.api = lambda _: lost()
    car = (await wire.client(clock, retry=Retry(1))).vehicle(VEHICLE, USER)
    with pytest.raises(CommandOutcomeUnknown) as caught:
        await act.use(car)
    left = clock.time

    def told(_: Sent) -> Answer:
        times.append(clock.time - left)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    wire.api = told
    try:
        found: object = await car.reconcile(caught.value, wait=wait)
    except SmartcarError as error:
        found = type(error)
    return found, times


LOCKED, CODE = {"value": True}, "closure-islocked"
EARLY, LATE, SETTLED = "2026-07-01T00:16:45Z", "2026-07-01T00:17:41Z", "2026-07-01T00:22:51Z"


async def test_waiting_until_a_reading_tells() -> None:
    """Nothing is read before one could tell; what the car recorded too early is read over."""
    early, late = shown(CODE, LOCKED, EARLY), shown(CODE, LOCKED, LATE)
    assert await waited([late], 600) == (Reconciled.IN_EFFECT, [60])
    assert await waited([early, early, late], 600) == (Reconciled.IN_EFFECT, [60, 90, 150])
    assert await waited([early, late], timedelta(minutes=10)) == (Reconciled.IN_EFFECT, [60, 90])
    assert await waited([early], 600) == (Reconciled.UNKNOWN, [60, 90, 150, 270, 510, 600])
    assert await waited([early], 30) == (Reconciled.UNKNOWN, [30])
    assert await waited([early], None) == (Reconciled.UNKNOWN, [0])


async def test_waiting_until_it_can_no_longer_be_under_way() -> None:
    """Another state is believed only when it was recorded 370 seconds after the command."""
    other, settled = shown(CODE, {"value": False}, LATE), shown(CODE, {"value": False}, SETTLED)
    assert await waited([*[other] * 4, settled], 600) == (Reconciled.NOT_IN_EFFECT, [60, 90, 150, 270, 510])
    assert await waited([other], 100) == (Reconciled.UNKNOWN, [60, 90, 100])


async def test_a_reading_from_the_future() -> None:
    """A car whose clock is ahead of ours shows nothing until our own time has come up to what it recorded."""
    for value, found in ((True, Reconciled.IN_EFFECT), (False, Reconciled.NOT_IN_EFFECT)):
        ahead = shown(CODE, {"value": value}, SETTLED)
        assert await waited([ahead], 100) == (Reconciled.UNKNOWN, [60, 90, 100])
        assert await waited([ahead], 600) == (found, [60, 90, 150, 270, 510])


@pytest.mark.parametrize(
    "failing", [answer(status=status) for status in (429, 500, 502, 503)], ids=lambda one: one.status
)
async def test_a_read_that_fails_while_waiting(failing: Answer) -> None:
    """The next one makes up for it; the error of the last one is raised."""
    assert await waited([failing, shown(CODE, LOCKED, LATE)], 600) == (Reconciled.IN_EFFECT, [60, 90])
    found, times = await waited([failing], 100)
    assert (isinstance(found, type), times) == (True, [60, 90, 100])
    assert await waited([failing, shown(CODE, LOCKED, EARLY)], 100) == (Reconciled.UNKNOWN, [60, 90, 100])


@pytest.mark.parametrize("status", [403, 404, 501])
async def test_waiting_for_what_never_comes(status: int) -> None:
    """A signal that cannot be had costs one request, however long we would wait."""
    assert await waited([answer(status=status)], 6000) == (Reconciled.UNKNOWN, [60])


async def test_waiting_where_nothing_can_tell() -> None:
    """No signal shows a destination, and nothing is dated after an unknown moment: neither is asked or waited for."""
    act = next(act for act in COMMANDS if act.action == "send_destination")
    assert await waited([shown(CODE, LOCKED, LATE)], 6000, act) == (Reconciled.UNKNOWN, [])
    wire = Wire()
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    undated = CommandOutcomeUnknown("lost", action="lock", vehicle_id=VEHICLE)
    assert await car.reconcile(undated, wait=6000) is Reconciled.UNKNOWN
    assert wire.calls == []


@pytest.mark.parametrize("odd", [0, -1, True, "60", float("nan")])
async def test_an_odd_wait(odd: Any) -> None:
    """It is refused by its name, and nothing is read."""
    assert await waited([shown(CODE, LOCKED, LATE)], odd) == (ConfigurationError, [])


async def test_an_outcome_of_another_vehicle() -> None:
    """It is refused before anything is read."""
    wire = Wire()
    _, unknown = await lose(COMMANDS[0], wire)
    other = (await wire.client(FakeClock())).vehicle(OTHER, USER)
    with pytest.raises(ConfigurationError, match=r"^outcome: it is of another vehicle$"):
        await other.reconcile(unknown)
    assert (wire.calls, unknown.vehicle_id) == ([], VEHICLE)
