"""Moments and clock times as the wire writes them, in every form it has been seen to use."""

from datetime import UTC, datetime, time
from typing import Final

FIRST_MILLISECOND_EPOCH: Final = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138."""
_END_OF_DAY: Final = ("24:00", "24:00:00")


def instant(value: object) -> datetime | None:
    """An aware UTC datetime from ISO text, epoch seconds or epoch milliseconds; None when absent or zero.

    Raises ValueError when the value is none of these.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"not a time: {type(value).__name__}")
    return _from_number(value)


def instant_or_none(value: object) -> datetime | None:
    """Like `instant`, with None for what cannot be read: an unreadable time is none."""
    try:
        return instant(value)
    except ValueError:
        return None


def clock_time(value: str) -> time:
    """A time of day from `HH:MM` or `HH:MM:SS`; the `24:00` that ends a day is midnight."""
    return time.fromisoformat("00:00" if value in _END_OF_DAY else value)


def _from_number(value: float) -> datetime | None:
    if not value:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if abs(value) >= FIRST_MILLISECOND_EPOCH else value, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a time: out of range") from error


def _from_text(text: str) -> datetime | None:
    if text.lstrip("-").isdecimal():
        return _from_number(int(text))
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a time: out of range") from error
