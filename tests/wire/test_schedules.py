"""Charge schedules on servers that have either family of paths, both, or none: found out once, and remembered."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from smartcar_async import (
    ApiError,
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionLost,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    Retry,
    SchedulePaths,
    Settings,
    SignalUnavailable,
    Weekday,
)
from smartcar_async.bodies import ChargeWindow, Place

from .executions import DAILY, SCHEDULE_CALLS, SUCCESS, Act, failure, schedule_execution
from .fakes import API, OTHER, USER, VEHICLE, Answer, FakeClock, Handler, Outcome, Sent, Wire, answer, refused
from .test_retry import lost

REFERENCE, ANNOUNCEMENT = SchedulePaths.REFERENCE, SchedulePaths.ANNOUNCEMENT
CALLS = [act for act in SCHEDULE_CALLS if act.family is REFERENCE]
calls = pytest.mark.parametrize("act", CALLS, ids=lambda act: act.action)
DONE = answer(schedule_execution())

UNSERVED: dict[str, Answer] = {
    "404 INVALID_PATH": refused("RESOURCE_NOT_FOUND", "INVALID_PATH", 404),
    "404 PATH": refused("RESOURCE_NOT_FOUND", "PATH", 404),
    "404 without a body": Answer(404, b""),
    "404 with a page": Answer(404, b"<html>Not Found</html>"),
    "405": Answer(405, b""),
    "403 ACCESS_DENIED": refused("AUTHENTICATION", "ACCESS_DENIED", 403),
}
unserved = pytest.mark.parametrize("no", list(UNSERVED.values()), ids=list(UNSERVED))

FINAL: dict[str, Outcome] = {
    "VEHICLE_NOT_FOUND": refused("RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND", 404),
    "SCHEDULE_NOT_FOUND": refused("RESOURCE_NOT_FOUND", "SCHEDULE_NOT_FOUND", 404),
    "PERMISSION": refused("PERMISSION", None, 403),
    "VALIDATION": refused("VALIDATION", "INVALID_INPUT_FORMAT", 400),
    "VEHICLE_STATE": refused("VEHICLE_STATE", "CHARGE_FAULT", 409),
    "COMPATIBILITY": refused("COMPATIBILITY", "VEHICLE_NOT_CAPABLE", 501),
    "BILLING": refused("BILLING", "INVALID_PLAN", 430),
    "RATE_LIMIT": refused("RATE_LIMIT", "VEHICLE", 429),
    "in the body of a 202": answer(failure("RESOURCE_NOT_FOUND", "INVALID_PATH", 404), 202),
}
LOST: dict[str, Outcome] = {"lost": lost(), "500": answer(status=500), "504": answer(status=504)}


def family_of(sent: Sent) -> SchedulePaths:
    """The family that a path belongs to."""
    return ANNOUNCEMENT if sent.url.startswith(f"{API}/v3.0/") else REFERENCE


def done(sent: Sent) -> Answer:
    """A schedule call to a car that was carried out."""
    vehicle_id, last = sent.url.split("/")[5], sent.url.rpartition("/")[2]
    named = {"scheduleId": unquote(last)} if sent.method == "DELETE" else {}
    return answer(schedule_execution(vehicle_id=vehicle_id, **named))


def serving(family: SchedulePaths, no: Outcome, yes: Outcome | None = None) -> Handler:
    """A server that has one family of paths, and says no to the other."""
    return lambda sent: (yes or done(sent)) if family_of(sent) is family else no


def families(wire: Wire) -> list[str]:
    """The families that were tried, in order."""
    return [family_of(sent).value for sent in wire.calls]


@unserved
@calls
async def test_a_server_with_the_announced_paths_alone(act: Act, no: Answer) -> None:
    """The first call finds them with one more request; later ones go there at once, for other vehicles too."""
    wire = Wire(serving(ANNOUNCEMENT, no))
    smartcar = await wire.client(FakeClock())
    assert (await act.use(smartcar.vehicle(VEHICLE, USER))).ok
    assert families(wire) == ["reference", "announcement"]
    assert [(sent.method, sent.body) for sent in wire.calls] == [(act.method, act.body)] * 2
    for vehicle_id in (VEHICLE, OTHER):
        for other in CALLS:
            await other.use(smartcar.vehicle(vehicle_id, USER))
    assert families(wire)[2:] == ["announcement"] * 8


@unserved
@calls
async def test_a_server_with_the_reference_paths_alone(act: Act, no: Answer) -> None:
    """They are tried first, so that nothing needs to be found out; after a success they are the only ones."""
    wire = Wire(serving(REFERENCE, no))
    smartcar = await wire.client(FakeClock())
    for _ in range(2):
        assert (await act.use(smartcar.vehicle(VEHICLE, USER))).ok
    wire.api = serving(ANNOUNCEMENT, no)
    with pytest.raises(ApiError):
        await act.use(smartcar.vehicle(OTHER, USER))
    assert families(wire) == ["reference"] * 3


@calls
@pytest.mark.parametrize("no", list(FINAL.values()), ids=list(FINAL))
async def test_what_is_not_about_the_path_is_final(act: Act, no: Outcome) -> None:
    """The server has the path and refuses for another reason: nothing else is tried, and nothing is learnt."""
    wire = Wire(serving(ANNOUNCEMENT, no))
    smartcar = await wire.client(FakeClock())
    with pytest.raises(ApiError):
        await act.use(smartcar.vehicle(VEHICLE, USER))
    assert families(wire) == ["reference"]
    wire.api = serving(ANNOUNCEMENT, UNSERVED["405"])
    assert (await act.use(smartcar.vehicle(OTHER, USER))).ok
    assert families(wire) == ["reference", "reference", "announcement"]


@pytest.mark.parametrize("act", [act for act in CALLS if act.method == "POST"], ids=lambda act: act.action)
@pytest.mark.parametrize("trouble", list(LOST.values()), ids=list(LOST))
async def test_a_lost_answer_is_final(act: Act, trouble: Outcome) -> None:
    """The schedule may be there: it is not made a second time by another path."""
    for refusing, tried in ((REFERENCE, ["reference"]), (ANNOUNCEMENT, ["reference", "announcement"])):
        wire = Wire(serving(refusing, UNSERVED["405"], trouble))
        with pytest.raises(CommandOutcomeUnknown):
            await act.use((await wire.client(FakeClock())).vehicle(VEHICLE, USER))
        assert families(wire) == tried


@unserved
@calls
async def test_a_server_with_neither(act: Act, no: Answer) -> None:
    """The first error is raised, and the next call asks again: only a success teaches."""
    wire = Wire(serving(REFERENCE, Answer(405, b""), no))
    smartcar = await wire.client(FakeClock())
    for _ in range(2):
        with pytest.raises(ApiError) as caught:
            await act.use(smartcar.vehicle(VEHICLE, USER))
        assert caught.value.body == no.body
        assert caught.value.status == no.status
    assert families(wire) == ["reference", "announcement"] * 2


@calls
async def test_another_refusal_of_the_second_family_is_raised(act: Act) -> None:
    """It knows the path, so its word counts."""
    wire = Wire(serving(ANNOUNCEMENT, UNSERVED["405"], FINAL["VEHICLE_STATE"]))
    with pytest.raises(ApiError, match="CHARGE_FAULT"):
        await act.use((await wire.client(FakeClock())).vehicle(VEHICLE, USER))
    assert families(wire) == ["reference", "announcement"]


@calls
async def test_both_families_denied(act: Act) -> None:
    """Where the permission is what is missing, it is named."""
    wire = Wire(serving(REFERENCE, UNSERVED["403 ACCESS_DENIED"], UNSERVED["403 ACCESS_DENIED"]))
    with pytest.raises(PermissionDenied) as caught:
        await act.use((await wire.client(FakeClock())).vehicle(VEHICLE, USER))
    assert caught.value.permission == "control_charge"


@pytest.mark.parametrize("family", ["reference", "announcement"])
@calls
async def test_a_family_can_be_fixed(act: Act, family: str) -> None:
    """Then nothing is found out, and a refusal of the path is an error like any other."""
    for no in UNSERVED.values():
        wire = Wire(serving(SchedulePaths(family), DONE, no))
        with pytest.raises(ApiError):
            await act.use((await wire.client(FakeClock(), schedule_paths=family)).vehicle(VEHICLE, USER))
        assert families(wire) == [family]


def test_no_third_family() -> None:
    """An unknown value is refused by name."""
    with pytest.raises(ConfigurationError, match=r"^schedule_paths: give 'auto', 'reference' or 'announcement'"):
        Settings(schedule_paths="guess")


WINDOW = {"start": "22:00:00", "end": "06:00:00", "days": ["MONDAY"]}
CONDITION = {"name": "Home", "latitude": 57.7, "longitude": 11.97}
TIMER = {"type": "LOCATION", "scheduleType": "DAILY", "scheduleId": "sched_7", "condition": CONDITION}
TIMERS = {"values": [{**TIMER, "schedules": [WINDOW]}, {"type": "GLOBAL", "schedules": [WINDOW]}]}
SIGNAL = {"data": {"attributes": {"code": "charge-chargetimers", "status": SUCCESS, "body": TIMERS}}}
NIGHT = ChargeWindow(dt.time(22), dt.time(6), (Weekday.MONDAY,))
LISTED = {"data": [{"id": "sched_7", "attributes": {**DAILY, "scheduleType": "daily"}}]}


@unserved
async def test_a_list_falls_back_to_the_signal(no: Answer) -> None:
    """Where the announced list does not exist, the timers of the car tell the same, and later without a detour."""
    wire = Wire(serving(ANNOUNCEMENT, answer(SIGNAL), no))
    smartcar = await wire.client(FakeClock())
    of_api, elsewhere = await smartcar.vehicle(VEHICLE, USER).schedules.list()
    assert (of_api.id, of_api.set_by_api, of_api.type, of_api.scope) == ("sched_7", True, "DAILY", "LOCATION")
    assert (of_api.location, of_api.windows) == (Place("Home", None, 57.7, 11.97), (NIGHT,))
    assert (elsewhere.id, elsewhere.set_by_api, elsewhere.scope, elsewhere.location) == (None, False, "GLOBAL", None)
    assert families(wire) == ["announcement", "reference"]
    await smartcar.vehicle(OTHER, USER).schedules.list()
    assert families(wire)[2:] == ["reference"]
    assert wire.calls[-1].url == f"{API}/v3/vehicles/vehicle-2/signals/charge-chargetimers"


async def test_a_list_where_it_was_announced() -> None:
    """One request each, and what the list has taught the other calls do not take over."""
    wire = Wire(serving(ANNOUNCEMENT, UNSERVED["405"], answer(LISTED)))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    for _ in range(2):
        (schedule,) = await car.schedules.list()
        assert (schedule.id, schedule.type, schedule.location) == ("sched_7", "DAILY", Place(None, None, 57.7, 11.97))
        assert [(window.start, window.end) for window in schedule.windows] == [(dt.time(22), dt.time(6))]
    assert families(wire) == ["announcement"] * 2
    wire.api = serving(REFERENCE, UNSERVED["405"])
    await car.schedules.delete("sched_7")
    assert families(wire)[2:] == ["reference"]


@pytest.mark.parametrize("no", [FINAL["VEHICLE_NOT_FOUND"], FINAL["PERMISSION"], FINAL["COMPATIBILITY"]])
async def test_a_list_that_is_refused(no: Outcome) -> None:
    """What is not about the path is not worked around."""
    wire = Wire(serving(ANNOUNCEMENT, answer(SIGNAL), no))
    with pytest.raises(ApiError):
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).schedules.list()
    assert families(wire) == ["announcement"]


async def test_a_list_with_a_fixed_family() -> None:
    """The reference has the signal only; the announcement has its list only."""
    wire = Wire(serving(ANNOUNCEMENT, answer(SIGNAL), UNSERVED["405"]))
    fixed = (await wire.client(FakeClock(), schedule_paths="announcement")).vehicle(VEHICLE, USER)
    with pytest.raises(ApiError):
        await fixed.schedules.list()
    fixed = (await wire.client(FakeClock(), schedule_paths="reference")).vehicle(VEHICLE, USER)
    assert len(await fixed.schedules.list()) == 2
    assert families(wire) == ["announcement", "reference"]


async def test_a_signal_without_a_body() -> None:
    """What the car does not tell is not an empty list, and the signal tells why."""
    error = {"type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE"}
    document = {"attributes": {"code": "charge-chargetimers", "status": {"value": "ERROR", "error": error}}}
    wire = Wire(serving(ANNOUNCEMENT, answer(document), UNSERVED["404 without a body"]))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    for tried in (2, 4):
        with pytest.raises(SignalUnavailable, match="COMPATIBILITY/VEHICLE_NOT_CAPABLE"):
            await car.schedules.list()
        assert len(wire.calls) == tried


GONE = refused("RESOURCE_NOT_FOUND", "SCHEDULE_NOT_FOUND", 404)


def first(*outcomes: Outcome) -> Callable[[Sent], Outcome]:
    """One outcome after the other."""
    remaining = list(outcomes)
    return lambda _: remaining.pop(0)


@pytest.mark.parametrize("trouble", list(LOST.values()), ids=list(LOST))
@pytest.mark.parametrize("family", ["reference", "announcement"])
async def test_a_deletion_is_sent_again(family: str, trouble: Outcome) -> None:
    """Twice deleted is once deleted: sent again after a loss, and then 404 is done, where the path is known."""
    for ending in (DONE, Answer(204, b""), GONE, Answer(404, b"")):
        wire = Wire(first(trouble, ending))
        car = (await wire.client(FakeClock(), schedule_paths=family)).vehicle(VEHICLE, USER)
        done = await car.schedules.delete("sched_7")
        assert (done.ok, done.action, families(wire)) == (True, "delete_schedule", [family] * 2)


async def test_a_deletion_that_never_gets_through() -> None:
    """It ends like a read: with the trouble itself."""
    wire = Wire(lambda _: lost())
    with pytest.raises(ConnectionLost):
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).schedules.delete("sched_7")
    assert families(wire) == ["reference"] * 4


@pytest.mark.parametrize("ending", [GONE, Answer(404, b"")])
async def test_nothing_there_is_not_deleted(ending: Answer) -> None:
    """A 404 of the first request, or after a mere refusal, is an error."""
    for before in ([], [refused("RATE_LIMIT", "SMARTCAR_API", 429)]):
        wire = Wire(first(*before, ending))
        car = (await wire.client(FakeClock(), schedule_paths="reference")).vehicle(VEHICLE, USER)
        with pytest.raises(NotFound):
            await car.schedules.delete("sched_7")
        assert len(wire.calls) == 1 + len(before)


async def test_a_404_on_a_path_that_may_not_exist_is_not_done() -> None:
    """Before the family is known, a 404 after a loss may speak of the path: the other one is tried."""
    wire = Wire(first(lost(), Answer(404, b""), DONE, lost(), GONE))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    assert (await car.schedules.delete("sched_7")).ok
    assert families(wire) == ["reference", "reference", "announcement"]
    assert (await car.schedules.delete("sched_7")).ok
    assert families(wire)[3:] == ["announcement"] * 2


async def test_a_404_that_names_the_schedule_is_of_a_path_that_exists() -> None:
    """After a loss it says that the first try did its work; without one it is news."""
    wire = Wire(first(lost(), GONE))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    assert (await car.schedules.delete("sched_7")).ok
    assert families(wire) == ["reference", "reference"]
    wire = Wire(first(GONE))
    with pytest.raises(NotFound):
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).schedules.delete("sched_7")


async def test_one_deadline_over_both_families() -> None:
    """The second try has what the first has left."""
    clock = FakeClock()

    def slow(sent: Sent) -> Outcome:
        clock.time += 4
        return UNSERVED["405"] if family_of(sent) is REFERENCE else answer(status=503)

    wire = Wire(slow)
    car = (await wire.client(clock, retry=Retry(9, 1.0, 1.0))).vehicle(VEHICLE, USER)
    with pytest.raises(ApiError):
        await car.schedules.delete("sched_7", deadline=10)
    assert families(wire) == ["reference", "announcement", "announcement"]
    assert clock.time < 1000 + 4 * 3 + 2


async def test_one_deadline_over_the_list_and_the_signal() -> None:
    """Real time: the signal is not given a deadline of its own."""
    waiting = asyncio.Event()

    async def hang(sent: Sent) -> Answer:
        if family_of(sent) is ANNOUNCEMENT:
            await asyncio.sleep(0.4)
            return Answer(404, b"")
        await waiting.wait()
        return DONE

    car = (await Wire(hang).client()).vehicle(VEHICLE, USER)
    started = asyncio.get_running_loop().time()
    with pytest.raises(DeadlineExceeded):
        await car.schedules.list(deadline=0.5)
    assert 0.45 < asyncio.get_running_loop().time() - started < 0.85


async def test_a_handle_names_its_vehicle_and_nobody() -> None:
    """A `repr` holds no user."""
    assert repr((await Wire().client()).vehicle(VEHICLE, USER).schedules) == "Schedules('vehicle-1')"
