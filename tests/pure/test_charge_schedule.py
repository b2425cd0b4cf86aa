"""Charge schedules as the signal and the announced list tell of them."""

import datetime as dt
import json
from typing import Any

import pytest

from smartcar_async import ChargeSchedule, SignalUnavailable, Weekday, codec, signals
from smartcar_async.bodies import ChargeWindow, DepartureTimer, Place
from smartcar_async.body_enums import ChargeScope
from smartcar_async.codec import Unreadable
from smartcar_async.request import Reply
from smartcar_async.schedules import arguments as charging
from smartcar_async.schedules.record import EVERY_DAY, WEEKDAYS, WEEKENDS, windows_of
from smartcar_async.vocabulary import ScheduleType

TIMERS = signals.Charge.ChargeTimers
NIGHT = {"startTime": "22:00", "stopTime": "06:00"}
DAY = {"startTime": "09:00", "stopTime": "17:30"}
TEN, SIX, NINE, HALF_PAST_FIVE = dt.time(22), dt.time(6), dt.time(9), dt.time(17, 30)
WHERE = {"latitude": 57.7, "longitude": 11.97}
OF_API = {
    "type": "LOCATION",
    "scheduleType": "WEEKLY",
    "scheduleId": "sched_7",
    "condition": {"name": "Home", "address": "Street 1", "latitude": 57.7, "longitude": 11.97, "connectorType": None},
    "schedules": [{"start": "22:00:00", "end": "06:00:00", "days": ["MONDAY", "TUESDAY"]}],
    "departureTimers": [],
}
ELSEWHERE = {
    "type": "GLOBAL",
    "schedules": [],
    "departureTimers": [{"days": ["SATURDAY"], "time": "07:30:00"}],
    "isOEMOptimizationEnabled": True,
}


def entry(body: object, status: object = "SUCCESS") -> dict[str, Any]:
    """The signal as REST and webhooks send it."""
    said = {"code": TIMERS.code, "status": {"value": status}, "body": body}
    return {"id": TIMERS.code, "type": "signal", "attributes": said}


def reply(document: object) -> Reply:
    """An answer with this document."""
    return Reply(200, {}, json.dumps(document).encode())


def test_schedules_of_a_signal() -> None:
    """Those of the API have an id; those that were set elsewhere are shown and marked."""
    signal = codec.signal(entry({"values": [OF_API, ELSEWHERE]}))
    of_api, elsewhere = ChargeSchedule.from_signal(signal)
    assert of_api == ChargeSchedule(
        "sched_7",
        ScheduleType.WEEKLY,
        ChargeScope.LOCATION,
        Place("Home", "Street 1", 57.7, 11.97),
        (ChargeWindow(TEN, SIX, (Weekday.MONDAY, Weekday.TUESDAY)),),
    )
    timer = DepartureTimer(dt.time(7, 30), (Weekday.SATURDAY,))
    assert elsewhere == ChargeSchedule(None, None, ChargeScope.GLOBAL, departure_timers=(timer,))
    assert (of_api.set_by_api, elsewhere.set_by_api) == (True, False)
    assert of_api.raw == elsewhere.raw == signal.raw
    assert "57.7" not in repr(of_api)


def test_no_schedules_and_no_signal() -> None:
    """None is an answer; a signal without a body is not."""
    assert ChargeSchedule.from_signal(codec.signal(entry({"values": []}))) == ()
    with pytest.raises(SignalUnavailable):
        ChargeSchedule.from_signal(codec.signal(entry(None, "ERROR")))


@pytest.mark.parametrize("wrapped", [True, False])
def test_schedules_of_an_answer(wrapped: bool) -> None:
    """The signal's answer, wrapped or bare."""
    signal = entry({"values": [OF_API]})
    found = codec.schedules_of_signal(reply({"data": signal} if wrapped else signal))
    assert [schedule.id for schedule in found] == ["sched_7"]


@pytest.mark.parametrize(
    ("attributes", "windows"),
    [
        (NIGHT, (ChargeWindow(TEN, SIX, EVERY_DAY),)),
        ({"startTime": "22:00:00", "stopTime": "24:00"}, (ChargeWindow(TEN, dt.time(0), EVERY_DAY),)),
        ({"weekdays": NIGHT}, (ChargeWindow(TEN, SIX, WEEKDAYS),)),
        ({"weekends": DAY}, (ChargeWindow(NINE, HALF_PAST_FIVE, WEEKENDS),)),
        (
            {"weekdays": NIGHT, "weekends": DAY},
            (ChargeWindow(TEN, SIX, WEEKDAYS), ChargeWindow(NINE, HALF_PAST_FIVE, WEEKENDS)),
        ),
        (
            {"days": {"monday": NIGHT, "SUNDAY": DAY}},
            (ChargeWindow(TEN, SIX, (Weekday.MONDAY,)), ChargeWindow(NINE, HALF_PAST_FIVE, (Weekday.SUNDAY,))),
        ),
        ({}, ()),
        ({"weekdays": None, "weekends": None, "days": None}, ()),
    ],
)
def test_windows(attributes: dict[str, Any], windows: tuple[ChargeWindow, ...]) -> None:
    """Every kind of schedule is a list of windows, each with its days."""
    assert windows_of(attributes) == windows


def test_every_week_has_seven_days() -> None:
    """And each belongs to the weekdays or to the weekend."""
    assert {*WEEKDAYS, *WEEKENDS} == set(EVERY_DAY) == set(Weekday)


def test_what_is_asked_is_what_is_read() -> None:
    """The attributes that a caller's arguments make are read as the windows that were meant."""
    place, night = (57.7, 11.97), ("22:00", "06:00")
    assert windows_of(charging.daily(place, *night)) == (ChargeWindow(TEN, SIX, EVERY_DAY),)
    assert windows_of(charging.workweek(place, night, None)) == (ChargeWindow(TEN, SIX, WEEKDAYS),)
    days = charging.weekly(place, dict.fromkeys(Weekday, night))
    assert [window.days for window in windows_of(days)] == [(day,) for day in Weekday]


CREATED = {"location": WHERE, **NIGHT, "scheduleType": "daily", "scheduleId": "sched_7"}
DAILY = ChargeSchedule(
    "sched_7",
    ScheduleType.DAILY,
    ChargeScope.LOCATION,
    Place(None, None, 57.7, 11.97),
    (ChargeWindow(TEN, SIX, EVERY_DAY),),
)


@pytest.mark.parametrize(
    "listed",
    [
        CREATED,
        {"id": "sched_7", "type": "charge-schedule", "attributes": {**CREATED, "scheduleId": None}},
        {"id": "other", "attributes": CREATED},
        {"attributes": {**CREATED, "scheduleId": None, "id": "sched_7", "scheduleType": None, "type": "DAILY"}},
        {**CREATED, "startTime": "22:00:00", "stopTime": "06:00:00"},
    ],
    ids=["bare", "a resource", "two ids", "other names", "with seconds"],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_list_of_what_was_created(listed: dict[str, Any], wrapped: bool) -> None:
    """The announced list has no reference: entries may look like a creation, however they are wrapped."""
    (found,) = codec.schedules(reply({"data": [listed]} if wrapped else [listed]))
    assert found == DAILY
    assert found.raw == listed


@pytest.mark.parametrize(
    "listed", [OF_API, {"attributes": OF_API}, {"id": "sched_7", "attributes": {**OF_API, "scheduleId": None}}]
)
def test_a_list_of_timers(listed: dict[str, Any]) -> None:
    """Or like an entry of the signal."""
    (expected, _) = ChargeSchedule.from_signal(codec.signal(entry({"values": [OF_API, ELSEWHERE]})))
    found, elsewhere = codec.schedules(reply({"data": [listed, ELSEWHERE]}))
    assert found == expected
    assert (found.raw, elsewhere.id, elsewhere.set_by_api) == (listed, None, False)


def test_a_list_with_little_in_it() -> None:
    """What is not said is empty, and a new kind is kept."""
    empty, new = codec.schedules(reply({"data": [{}, {"scheduleType": "MONTHLY", "location": "Home"}]}))
    assert empty == ChargeSchedule(None)
    assert new == ChargeSchedule(None, "MONTHLY")
    assert codec.schedules(reply({"data": []})) == ()


NO_TIMES: list[dict[str, Any]] = [
    {"startTime": "25:00", "stopTime": "06:00"},
    {"startTime": "22:00"},
    {"startTime": 22, "stopTime": 6},
    {"weekdays": "always"},
    {"weekends": [NIGHT]},
    {"days": [NIGHT]},
    {"days": {"someday": NIGHT}},
    {"days": {"monday": "night"}},
]
NO_ENTRIES: list[Any] = [
    "text",
    {"attributes": "text"},
    {"id": {}},
    {"scheduleType": 5},
    {"location": {"latitude": "57.7"}},
    {**OF_API, "schedules": [{"start": "late"}]},
    *NO_TIMES,
]
NO_LISTS: list[Any] = [None, 5, {}, {"data": {}}]


@pytest.mark.parametrize("document", NO_LISTS, ids=json.dumps)
def test_no_list(document: object) -> None:
    """What is no list of schedules is no answer."""
    with pytest.raises(Unreadable):
        codec.schedules(reply(document))


@pytest.mark.parametrize("entry", NO_ENTRIES, ids=json.dumps)
def test_a_schedule_that_cannot_be_read(entry: Any) -> None:
    """It is not passed over, for it charges the car all the same, and it costs no neighbour."""
    first, odd, last = codec.schedules(reply({"data": [OF_API, entry, OF_API]}))
    assert first == last
    assert first.windows
    assert (odd.windows, odd.raw) == ((), entry)
