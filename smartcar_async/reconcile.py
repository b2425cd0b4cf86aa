"""Whether a command whose answer was lost is in effect, judged by what the car recorded since."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from . import signals
from .bodies import ChargeLimits, ChargeTimers, ChargeWindow, Flag
from .codec.shapes import is_list, is_object, object_at
from .errors import CommandOutcomeUnknown
from .records import Signal, SignalKey
from .request import same_id
from .schedules.record import EVERY_DAY, ChargeSchedule, windows_of

SKEW: Final = timedelta(seconds=60)
"""How far the car's clock and ours may differ: a reading must be later than the command by more than this."""

SETTLED: Final = timedelta(seconds=370)
"""How long a command may still be under way after it left. Only a later reading can show that it is not in effect.

The longest that a command takes by default, 310 s, and the same allowance once more.
"""

_PAUSES: Final = (30.0, 300.0)
"""Seconds between two reads while we wait, from and to: each read costs a request, and cars report by the minute."""

_WHOLE: Final[Mapping[str, float]] = {"percent": 100.0, "fraction": 1.0}
"""What a full battery is in each unit that a limit may come in."""

_ALIKE: Final = 1e-6
"""How far two shares of a battery may differ by rounding."""

_NEARBY: Final = 0.001
"""Degrees within which two positions are one place: about a hundred metres."""


class Reconciled(StrEnum):
    """What is known about a command whose answer was lost."""

    IN_EFFECT = "in_effect"
    """The state that the command asks for was recorded after it left."""
    NOT_IN_EFFECT = "not_in_effect"
    """Another state was recorded, so long after it left that it can no longer be under way."""
    UNKNOWN = "unknown"
    """Nothing recorded since then tells."""


_FLAGS: Final[Mapping[str, tuple[SignalKey[Flag], bool]]] = {
    "lock": (signals.Closure.IsLocked, True),
    "unlock": (signals.Closure.IsLocked, False),
    "start_charge": (signals.Charge.IsCharging, True),
    "stop_charge": (signals.Charge.IsCharging, False),
    "open_charge_port": (signals.Charge.IsChargingPortFlapOpen, True),
    "close_charge_port": (signals.Charge.IsChargingPortFlapOpen, False),
}


def evidence(action: str) -> SignalKey[Any] | None:
    """The signal that would show the effect of this action; None where no signal does."""
    if action in _FLAGS:
        return _FLAGS[action][0]
    if action == "set_charge_limit":
        return signals.Charge.ChargeLimits
    # Schedules of one make, such as `tesla.set_schedule` of API v2.0, are no timers that this signal would show.
    of_api = action == "delete_schedule" or (action.startswith("create_") and action.endswith("_schedule"))
    return signals.Charge.ChargeTimers if of_api else None


def reading_times(age: timedelta, wait: float) -> Iterator[float]:
    """When to read about a command that left this long ago, in seconds from now: the last time is when the wait ends.

    Nothing is read before a reading could tell, unless the wait ends before that.
    """
    pause, longest = _PAUSES
    at = min(max((SKEW - age).total_seconds(), 0.0), wait) if wait else 0.0
    while at < wait:
        yield at
        at, pause = at + pause, min(2 * pause, longest)
    yield wait


def judge(outcome: CommandOutcomeUnknown, signal: Signal[Any], now: datetime) -> Reconciled:
    """What the signal, read just now, tells about the lost command."""
    recorded = signal.recorded_at
    if outcome.sent_at is None or recorded is None or signal.body is None or recorded <= outcome.sent_at + SKEW:
        return Reconciled.UNKNOWN
    if recorded > now + SKEW:  # by a clock that is ahead, so that it may as well be older than the command
        return Reconciled.UNKNOWN
    shown = _shown(outcome, signal)
    if shown is None:
        return Reconciled.UNKNOWN
    if shown:
        return Reconciled.IN_EFFECT
    return Reconciled.NOT_IN_EFFECT if recorded > outcome.sent_at + SETTLED else Reconciled.UNKNOWN


def _shown(outcome: CommandOutcomeUnknown, signal: Signal[Any]) -> bool | None:
    body = signal.body
    if isinstance(body, Flag) and outcome.action in _FLAGS:
        return None if body.value is None else body.value is _FLAGS[outcome.action][1]
    if isinstance(body, ChargeLimits) and outcome.action == "set_charge_limit":
        return _limit_shown(_share_wanted(outcome.parameters), body)
    if isinstance(body, ChargeTimers) and evidence(outcome.action) is signals.Charge.ChargeTimers:
        return _schedule_shown(outcome, signal)
    return None


def _share_wanted(parameters: Mapping[str, Any]) -> float | None:
    """How full the battery shall be: `percent`, or `limit` of API v2.0, which is a fraction."""
    for name, unit in (("percent", "percent"), ("limit", "fraction")):
        value = parameters.get(name)
        if isinstance(value, (int, float)):
            return value / _WHOLE[unit]
    return None


def _limit_shown(wanted: float | None, limits: ChargeLimits) -> bool | None:
    shown = limits.active_limit
    if shown is None:
        shown = next((limit.limit for limit in limits.values if limit.type == "GLOBAL"), None)
    whole = _WHOLE.get((limits.unit or "percent").lower())
    return None if wanted is None or shown is None or whole is None else abs(shown / whole - wanted) < _ALIKE


def _schedule_shown(outcome: CommandOutcomeUnknown, signal: Signal[ChargeTimers]) -> bool | None:
    wanted, timers = outcome.parameters, _timers_sent(signal)
    if timers is None:
        return None
    schedules = ChargeSchedule.from_signal(signal)
    if outcome.action == "delete_schedule":
        return _gone(wanted.get("schedule_id"), schedules) if len(timers) == len(schedules) else None
    if not windows_of(wanted) or not is_object(wanted.get("location")):
        return None
    same = {_same(schedule, wanted) for schedule in schedules if schedule.set_by_api}
    return True if True in same else None if None in same else False


def _timers_sent(signal: Signal[ChargeTimers]) -> list[Any] | None:
    """The timers as they were sent: a body without a list of them does not say that there are none."""
    timers = object_at(signal.raw, "attributes", "body").get("values")
    return timers if is_list(timers) else None


def _gone(schedule_id: object, schedules: Iterable[ChargeSchedule]) -> bool | None:
    """Whether no schedule has this id; None where one has none, for that may be it."""
    left = [None if schedule.id is None else same_id(schedule.id) for schedule in schedules]
    if schedule_id is None:
        return None
    return False if same_id(schedule_id) in left else None if None in left else True


def _same(schedule: ChargeSchedule, wanted: Mapping[str, Any]) -> bool | None:
    """Whether this is the schedule that was asked for; None where only its place is not told."""
    if _spans(schedule.windows) != _spans(windows_of(wanted)):
        return False
    place, where = schedule.location, wanted["location"]
    if place is None or place.latitude is None or place.longitude is None:
        return None
    offsets = (place.latitude - where["latitude"], place.longitude - where["longitude"])
    return all(abs(offset) < _NEARBY for offset in offsets)


def _spans(windows: Iterable[ChargeWindow]) -> set[tuple[str, time | None, time | None]]:
    return {(day, window.start, window.end) for window in windows for day in window.days or EVERY_DAY}
