"""Whether a lost command is in effect: decided only by what the car recorded late enough after it left."""

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from smartcar_async import CommandOutcomeUnknown, Reconciled, Weekday, codec, reconcile, signals
from smartcar_async.reconcile import SETTLED, SKEW, evidence, reading_times
from smartcar_async.records import Signal, SignalKey
from smartcar_async.schedules import arguments as charging

SENT_AT = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LATER = SENT_AT + SETTLED + SECOND
LONG_AFTER = SENT_AT + 200_000 * SECOND
IN, NOT, UNKNOWN = Reconciled.IN_EFFECT, Reconciled.NOT_IN_EFFECT, Reconciled.UNKNOWN
PLACE = (57.7, 11.97)

Body = dict[str, Any]
State = Body | bool | None
"""What a signal shows: a flag, or a whole body."""

LOCKED, CHARGING = signals.Closure.IsLocked, signals.Charge.IsCharging
PORT, LIMITS, TIMERS = signals.Charge.IsChargingPortFlapOpen, signals.Charge.ChargeLimits, signals.Charge.ChargeTimers


def lost(action: str, sent_at: dt.datetime | None = SENT_AT, **parameters: Any) -> CommandOutcomeUnknown:
    """A command whose answer was lost."""
    return CommandOutcomeUnknown("lost", action=action, vehicle_id="v1", parameters=parameters, sent_at=sent_at)


def reading(key: SignalKey[Any], body: State, recorded: object = LATER, status: str = "SUCCESS") -> Signal[Any]:
    """A signal as the car recorded it; a body without a name of its own is a value."""
    shown: Body = body if isinstance(body, dict) else {"value": body}
    said: Body = {"code": key.code, "status": {"value": status}, "body": shown}
    at = recorded.isoformat() if isinstance(recorded, dt.datetime) else recorded
    # What Smartcar did with it is always later, and never counts.
    meta = {"oemUpdatedAt": at, "retrievedAt": "2030-01-01T00:00:00Z", "ingestedAt": "2030-01-01T00:00:00Z"}
    return codec.signal({"id": key.code, "type": "signal", "attributes": said, "meta": meta})


def judge(outcome: CommandOutcomeUnknown, signal: Signal[Any], now: dt.datetime = LONG_AFTER) -> Reconciled:
    """What a signal tells that was read long after the command."""
    return reconcile.judge(outcome, signal, now)


NIGHT: charging.TimeWindow = ("22:00", "06:00")
DAILY = charging.daily(PLACE, *NIGHT)
WORKWEEK = charging.workweek(PLACE, NIGHT, ("09:00", "17:30"))
WEEKLY = charging.weekly(PLACE, {Weekday.MONDAY: NIGHT, "friday": ("09:00", "17:30")})
EVERY_DAY = [day.value for day in Weekday]


def timer(start: str = "22:00:00", end: str = "06:00:00", days: object = EVERY_DAY, **changes: Any) -> dict[str, Any]:
    """A timer of the API at our place."""
    condition = {"latitude": 57.70004, "longitude": 11.96996}
    window = {"start": start, "end": end, "days": days}
    return {"type": "LOCATION", "scheduleId": "s1", "condition": condition, "schedules": [window], **changes}


def timers(*values: Body) -> Body:
    """All timers of a car."""
    return {"values": [*values]}


ACTIONS: list[tuple[CommandOutcomeUnknown, SignalKey[Any], State, State]] = [
    (lost("lock"), LOCKED, True, False),
    (lost("unlock"), LOCKED, False, True),
    (lost("start_charge"), CHARGING, True, False),
    (lost("stop_charge"), CHARGING, False, True),
    (lost("open_charge_port"), PORT, True, False),
    (lost("close_charge_port"), PORT, False, True),
    (lost("set_charge_limit", percent=80), LIMITS, {"values": [], "activeLimit": 80}, {"activeLimit": 90.0}),
    (
        lost("set_charge_limit", percent=80),
        LIMITS,
        {"values": [{"type": "LOCATION", "limit": 70}, {"type": "GLOBAL", "limit": 80.0}]},
        {"values": [{"type": "LOCATION", "limit": 80}, {"type": "global", "limit": 70}]},
    ),
    (lost("create_daily_schedule", **DAILY), TIMERS, timers(timer()), timers()),
    (lost("create_daily_schedule", **DAILY), TIMERS, timers(timer("01:00"), timer(days=[])), timers(timer("22:01"))),
    (
        lost("create_workweek_schedule", **WORKWEEK),
        TIMERS,
        timers(
            timer(
                schedules=[
                    {"start": "22:00", "end": "06:00", "days": EVERY_DAY[:5]},
                    {"start": "09:00", "end": "17:30", "days": EVERY_DAY[5:]},
                ]
            )
        ),
        timers(timer(days=EVERY_DAY[:5])),
    ),
    (
        lost("create_weekly_schedule", **WEEKLY),
        TIMERS,
        timers(
            timer(
                schedules=[
                    {"start": "09:00", "end": "17:30", "days": ["friday"]},
                    {"start": "22:00", "end": "06:00", "days": ["MONDAY"]},
                ]
            )
        ),
        timers(timer(days=["MONDAY"])),
    ),
    (lost("delete_schedule", schedule_id="s2"), TIMERS, timers(timer()), timers(timer(), timer(scheduleId="S2"))),
    (lost("set_charge_limit", limit=0.7), LIMITS, {"activeLimit": 70, "unit": "percent"}, {"activeLimit": 0.7}),
    (
        lost("set_charge_limit", percent=70),
        LIMITS,
        {"activeLimit": 0.7, "unit": "fraction"},
        {"activeLimit": 0.8, "unit": "Fraction"},
    ),
]
actions = pytest.mark.parametrize(("outcome", "key", "asked", "other"), ACTIONS, ids=[one[0].action for one in ACTIONS])


@actions
def test_what_a_late_reading_tells(
    outcome: CommandOutcomeUnknown, key: SignalKey[Any], asked: State, other: State
) -> None:
    """The state that was asked for is in effect; another one, recorded when all has settled, is not."""
    assert evidence(outcome.action) is key
    assert judge(outcome, reading(key, asked)) is IN
    assert judge(outcome, reading(key, other)) is NOT


@actions
def test_the_allowances(outcome: CommandOutcomeUnknown, key: SignalKey[Any], asked: State, other: State) -> None:
    """Clocks may differ by a minute, and a command may still be under way for six: until then nothing is certain."""
    table = [
        (-3600 * SECOND, UNKNOWN, UNKNOWN),
        (0 * SECOND, UNKNOWN, UNKNOWN),
        (SKEW, UNKNOWN, UNKNOWN),
        (SKEW + SECOND, IN, UNKNOWN),
        (SETTLED, IN, UNKNOWN),
        (SETTLED + SECOND, IN, NOT),
        (3600 * SECOND, IN, NOT),
    ]
    for after, if_asked, if_other in table:
        assert judge(outcome, reading(key, asked, SENT_AT + after)) is if_asked
        assert judge(outcome, reading(key, other, SENT_AT + after)) is if_other


def test_the_allowances_in_seconds() -> None:
    """The second is longer than any command may take by default."""
    assert (SKEW.total_seconds(), SETTLED.total_seconds()) == (60, 370)


@actions
@pytest.mark.parametrize("recorded", [None, 0, "0", "", "soon", True, {}])
def test_a_reading_without_its_time(
    outcome: CommandOutcomeUnknown, key: SignalKey[Any], asked: State, other: State, recorded: object
) -> None:
    """When Smartcar fetched or stored it is no substitute."""
    for body in (asked, other):
        assert judge(outcome, reading(key, body, recorded)) is UNKNOWN


@actions
@pytest.mark.parametrize("status", ["ERROR", "UNAVAILABLE", "NEW"])
def test_a_reading_that_failed(
    outcome: CommandOutcomeUnknown, key: SignalKey[Any], asked: State, other: State, status: str
) -> None:
    """A stale body beside an error is not looked at."""
    for body in (asked, other):
        assert judge(outcome, reading(key, body, status=status)) is UNKNOWN


@actions
def test_a_command_without_its_time(
    outcome: CommandOutcomeUnknown, key: SignalKey[Any], asked: State, other: State
) -> None:
    """Without the time of sending no reading is later."""
    untimed = lost(outcome.action, None, **outcome.parameters)
    for body in (asked, other):
        assert judge(untimed, reading(key, body)) is UNKNOWN


@given(after=st.integers(-100_000, 100_000), index=st.integers(0, len(ACTIONS) - 1), asked=st.booleans())
def test_never_an_answer_from_a_reading_that_is_not_later(after: int, index: int, asked: bool) -> None:
    """Whatever the action and the reading."""
    outcome, key, wanted, other = ACTIONS[index]
    found = judge(outcome, reading(key, wanted if asked else other, SENT_AT + after * SECOND))
    if after <= 60:
        assert found is UNKNOWN
    else:
        assert found is not (NOT if asked else IN)


@pytest.mark.parametrize(
    ("outcome", "key", "body"),
    [
        (lost("lock"), LOCKED, None),
        (lost("set_charge_limit", percent=80), LIMITS, {"values": []}),
        (lost("set_charge_limit", percent=80), LIMITS, {"values": [{"type": "LOCATION", "limit": 80}]}),
        (lost("set_charge_limit", percent=80), LIMITS, {"values": [{"type": "GLOBAL"}]}),
        (lost("set_charge_limit", percent=80), LIMITS, {"activeLimit": 300, "unit": "km"}),
        (lost("set_charge_limit"), LIMITS, {"activeLimit": 80}),
        (lost("set_charge_limit", percent="80"), LIMITS, {"activeLimit": 80}),
        (lost("delete_schedule"), TIMERS, timers(timer())),
        (lost("delete_schedule", schedule_id="s2"), TIMERS, {}),
        (lost("delete_schedule", schedule_id="s2"), TIMERS, {"values": None}),
        (lost("delete_schedule", schedule_id="s2"), TIMERS, timers(timer(), timer(scheduleId=None))),
        (lost("create_daily_schedule", **DAILY), TIMERS, {}),
        (lost("create_daily_schedule", **DAILY), TIMERS, {"values": None}),
        (lost("create_daily_schedule"), TIMERS, timers()),
        (lost("create_daily_schedule", **{**DAILY, "location": None}), TIMERS, timers(timer())),
    ],
)
def test_a_reading_that_does_not_show_it(outcome: CommandOutcomeUnknown, key: SignalKey[Any], body: State) -> None:
    """A flag without a value, limits that apply elsewhere, timers that are not told, or nobody knows what was asked."""
    assert judge(outcome, reading(key, body)) is UNKNOWN


@actions
def test_a_reading_from_the_future(
    outcome: CommandOutcomeUnknown, key: SignalKey[Any], asked: State, other: State
) -> None:
    """A clock that is ahead of ours by more than a minute could have recorded it before the command left."""
    for ahead, if_asked, if_other in ((SKEW, IN, NOT), (SKEW + SECOND, UNKNOWN, UNKNOWN)):
        assert judge(outcome, reading(key, asked), LATER - ahead) is if_asked
        assert judge(outcome, reading(key, other), LATER - ahead) is if_other


def test_a_schedule_is_there_whatever_stands_beside_it() -> None:
    """One entry without an id cannot hide the one that was to be deleted."""
    beside = timers(timer(scheduleId=None), timer(scheduleId="s2"))
    assert judge(lost("delete_schedule", schedule_id="s2"), reading(TIMERS, beside)) is NOT


@pytest.mark.parametrize(
    "changes",
    [
        {"scheduleId": None},
        {"condition": {"latitude": 57.702, "longitude": 11.97}},
        {"condition": {"latitude": 57.7, "longitude": 11.972}},
        {"schedules": []},
        {"schedules": [{"start": "22:00", "end": "06:00", "days": EVERY_DAY[1:]}]},
        {"schedules": [{"start": "22:00", "end": None, "days": EVERY_DAY}]},
    ],
)
def test_another_schedule_than_the_one_asked_for(changes: dict[str, Any]) -> None:
    """Set elsewhere, for another place or at other times: it is not ours."""
    outcome = lost("create_daily_schedule", **DAILY)
    assert judge(outcome, reading(TIMERS, timers(timer(**changes)))) is NOT
    assert judge(outcome, reading(TIMERS, timers(timer(**changes), timer()))) is IN


@pytest.mark.parametrize("condition", [None, {}, {"latitude": 57.7}, {"longitude": 11.97}, {"name": "Home"}])
def test_a_schedule_without_its_place(condition: Body | None) -> None:
    """It may be the one that was asked for, unless its times are others."""
    outcome, placeless = lost("create_daily_schedule", **DAILY), timer(condition=condition)
    assert judge(outcome, reading(TIMERS, timers(placeless))) is UNKNOWN
    assert judge(outcome, reading(TIMERS, timers(placeless, timer()))) is IN
    assert judge(outcome, reading(TIMERS, timers(timer("21:00", condition=condition)))) is NOT


@pytest.mark.parametrize(
    "action", ["send_destination", "POST /v3/vehicles/{vehicle_id}/...", "", "honk", "tesla.set_schedule"]
)
def test_what_no_signal_shows(action: str) -> None:
    """A destination, or a call of the caller's own, stays unknown, whatever is read."""
    assert evidence(action) is None
    assert judge(lost(action, latitude=57.7, longitude=11.97), reading(LOCKED, True)) is UNKNOWN


def test_a_signal_that_is_no_evidence() -> None:
    """A reading of another kind decides nothing, nor does one that another action would be judged by."""
    for key, body in ((LIMITS, {"activeLimit": 80}), (TIMERS, timers())):
        assert judge(lost("tesla.set_schedule", percent=80), reading(key, body)) is UNKNOWN
    speed = reading(signals.Odometer.TraveledDistance, {"value": 5, "unit": "km"})
    assert speed.ok
    assert judge(lost("lock"), speed) is UNKNOWN


@pytest.mark.parametrize(
    ("age", "wait", "times"),
    [
        (0, 0, [0]),
        (3600, 0, [0]),
        (0, 45, [45]),
        (0, 60, [60]),
        (0, 600, [60, 90, 150, 270, 510, 600]),
        (20, 600, [40, 70, 130, 250, 490, 600]),
        (3600, 600, [0, 30, 90, 210, 450, 600]),
        (-5, 100, [65, 95, 100]),
        (3600, 1800, [0, 30, 90, 210, 450, 750, 1050, 1350, 1650, 1800]),
    ],
)
def test_when_to_read(age: float, wait: float, times: list[float]) -> None:
    """Not before a reading can tell, then less and less often, and once more when the wait ends."""
    assert list(reading_times(dt.timedelta(seconds=age), wait)) == times


@given(st.floats(-60, 10_000), st.floats(0.001, 100_000))
def test_reads_are_few(age: float, wait: float) -> None:
    """Six in ten minutes, and one every five minutes after that, as the method promises; in order, and to the end."""
    times = list(reading_times(dt.timedelta(seconds=age), wait))
    assert len(times) <= 6 + max(0, math.ceil((wait - 600) / 300))
    assert times == sorted(times)
    assert times[-1] == wait
