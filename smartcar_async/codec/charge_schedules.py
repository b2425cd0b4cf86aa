"""Charge schedules, as the announced path lists them and as the signal of charge timers shows them."""

from typing import Any

from attrs import evolve

from .. import signals
from ..bodies import ChargeTimers, ChargeWindow, Place
from ..body_enums import ChargeScope
from ..records import Signal
from ..request import Reply
from ..schedules.record import ChargeSchedule, windows_of
from ..vocabulary import ScheduleType, SignalStatus
from ..wire import Identity
from .converter import hook_of, structure
from .documents import load
from .readings import one_signal
from .shapes import Unreadable, an_object, is_list, is_object, wrong


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
        return _with_id_alone(entry)


def _with_id_alone(entry: Any) -> ChargeSchedule:
    try:
        return ChargeSchedule(_id(an_object(entry).get("id")), raw=entry)
    except Unreadable:
        return ChargeSchedule(None, raw=entry)


def _schedule(entry: dict[str, Any]) -> ChargeSchedule:
    attributes = an_object(entry.get("attributes", entry))
    schedule_id = _id(attributes.get("scheduleId")) or _id(attributes.get("id")) or _id(entry.get("id"))
    if is_list(attributes.get("schedules")):
        timers = structure({"values": [attributes]}, ChargeTimers)
        signal = Signal(signals.Charge.ChargeTimers, SignalStatus.SUCCESS, timers, raw=entry)
        return evolve(ChargeSchedule.from_signal(signal)[0], id=schedule_id)
    kind, location = attributes.get("scheduleType") or attributes.get("type"), attributes.get("location")
    return ChargeSchedule(
        id=schedule_id,
        type=hook_of(ScheduleType | str | None)(kind, None),
        scope=ChargeScope.LOCATION if is_object(location) else None,
        location=structure(location, Place) if is_object(location) else None,
        windows=_windows(attributes),
        raw=entry,
    )


def _id(value: Any) -> str | None:
    schedule_id: str | None = hook_of(Identity | None)(value, None)
    return schedule_id


def _windows(attributes: dict[str, Any]) -> tuple[ChargeWindow, ...]:
    try:
        return windows_of(attributes)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("the schedule's times cannot be read") from None
