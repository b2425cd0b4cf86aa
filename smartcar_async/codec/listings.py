"""Charge schedules, as the announced path lists them."""

from typing import Any

from attrs import evolve

from .. import signals
from ..bodies import ChargeTimers, ChargeWindow, Place
from ..body_enums import ChargeScope
from ..records import Signal
from ..request import Reply
from ..schedules.record import ChargeSchedule, windows_of
from ..vocabulary import ScheduleType, SignalStatus
from .documents import an_object, load, loose_part, loose_text, optional_text, word
from .readings import one_signal
from .structure import Unreadable, is_list, is_object, structure, wrong


def schedules(reply: Reply) -> tuple[ChargeSchedule, ...]:
    """Every schedule of a list whose entries are shaped like a creation, or like the signal of charge timers.

    No document shows this list, so both forms that schedules are known to take are read.
    """
    document = load(reply.body)
    entries: Any = document if is_list(document) else an_object(document).get("data")
    if not is_list(entries):
        raise Unreadable(f"data: {wrong('a list', entries)}")
    return tuple(_schedule_or_raw(entry) for entry in entries)


def schedules_of_signal(reply: Reply) -> tuple[ChargeSchedule, ...]:
    """Every schedule that the signal of charge timers shows; SignalUnavailable where it has no body."""
    return ChargeSchedule.from_signal(one_signal(reply, signals.Charge.ChargeTimers))


def _schedule_or_raw(entry: Any) -> ChargeSchedule:
    """A schedule. One that cannot be read charges all the same, and so is listed, with its id if that can be read."""
    try:
        return _schedule(an_object(entry))
    except Unreadable:
        return ChargeSchedule(loose_text(entry, "id") if is_object(entry) else None, raw=entry)


def _schedule(entry: dict[str, Any]) -> ChargeSchedule:
    said: Any = entry.get("attributes", entry)
    said = an_object(said)
    schedule_id = optional_text(said, "scheduleId") or optional_text(said, "id") or optional_text(entry, "id")
    if is_list(said.get("schedules")):
        timers = structure({"values": [said]}, ChargeTimers)
        signal = Signal(signals.Charge.ChargeTimers, SignalStatus.SUCCESS, timers, raw=entry)
        return evolve(ChargeSchedule.from_signal(signal)[0], id=schedule_id)
    return ChargeSchedule(
        id=schedule_id,
        type=word(ScheduleType, said.get("scheduleType") or said.get("type")),
        scope=ChargeScope.LOCATION if is_object(said.get("location")) else None,
        location=structure(loose_part(said, "location"), Place) if is_object(said.get("location")) else None,
        windows=_windows(said),
        raw=entry,
    )


def _windows(said: dict[str, Any]) -> tuple[ChargeWindow, ...]:
    try:
        return windows_of(said)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("the schedule's times cannot be read") from None
