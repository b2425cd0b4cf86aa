"""How times are written on the wire, those of the day too."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

Times = Literal["milliseconds", "iso", "seconds"]
"""A number of milliseconds or of seconds since 1970, or text."""

_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def iso(at: datetime) -> str:
    """A time as most of the API writes it: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(at: datetime) -> str:
    """A time as executions and webhooks have it: UTC in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp(at: datetime, form: Times = "milliseconds") -> object:
    """A time in one of the forms that are on record."""
    if form == "iso":
        return iso(at)
    milliseconds = round(at.timestamp() * 1000)
    return milliseconds if form == "milliseconds" else milliseconds // 1000


def time_of_day(minute: int) -> str:
    """A minute of the day as `HH:mm`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of_day(text: object) -> int | None:
    """The minute of the day that `HH:mm` is; None for anything else."""
    match = _TIME_OF_DAY.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else int(match[1]) * 60 + int(match[2])
