"""How each kind of single value is read: strictly, for Python's own types, and in every way that it may be written."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..times import clock_time, instant
from ..wire import Amount, Anything, Capitals, Identity, Integer, Object, Seconds, Token, Word, Year
from .shapes import Unreadable, an_object, wrong

Hook = Callable[[Any, Any], Any]

_NO_YEAR: Final = 10**9


def _text(value: Any, _: Any) -> str:
    if type(value) is str:
        return value
    raise wrong("a text", value)


def _boolean(value: Any, _: Any) -> bool:
    if type(value) is bool:
        return value
    raise wrong("a boolean", value)


def _number(value: Any, _: Any) -> float:
    if type(value) is float or type(value) is int:
        return value
    raise wrong("a number", value)


def _whole_number(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():  # JSON has one kind of number
        return int(value)
    raise wrong("a whole number", value)


def _integer(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    raise wrong("a whole number", value)


def _moment(value: Any, _: Any) -> dt.datetime | None:
    try:
        return instant(value)
    except ValueError:
        raise wrong("a time", value) from None


def _clock_time(value: Any, _: Any) -> dt.time:
    try:
        return clock_time(_text(value, str))
    except ValueError:
        raise wrong("a time of day", value) from None


def _identity(value: Any, _: Any) -> str:
    return str(value) if type(value) is int else _text(value, str)


def _word(value: Any, _: Any) -> str | None:
    return _identity(value, str) or None


def _capitals(value: Any, _: Any) -> str:
    return _identity(value, str).upper()


def _year(value: Any, _: Any) -> int | None:
    if type(value) is int and 0 <= value < _NO_YEAR:
        return value
    text = str(value).strip() if type(value) in (int, str) else ""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _amount(value: Any, _: Any) -> float | None:
    if type(value) is int or type(value) is float:
        return value
    try:
        number = float(value if type(value) is str else "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds(value: Any, _: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    if 0 < seconds < math.inf:
        return seconds
    raise Unreadable("not a positive number of seconds")


def _token(value: Any, _: Any) -> str:
    if type(value) is str and value.strip() and value.isascii() and value.isprintable():
        return value
    raise Unreadable("missing or not a token")


def as_it_is(value: Any, _: Any) -> Any:
    """Whatever was sent."""
    return value


LEAVES: Final[Mapping[Any, Hook]] = {
    str: _text,
    bool: _boolean,
    float: _number,
    int: _whole_number,
    dt.datetime: _moment,
    dt.time: _clock_time,
    Amount: _amount,
    Anything: as_it_is,
    Capitals: _capitals,
    Identity: _identity,
    Integer: _integer,
    Object: lambda value, _: an_object(value),
    Seconds: _seconds,
    Token: _token,
    Word: _word,
    Year: _year,
}

RIGHT_AS_THEY_ARE: Final[Mapping[Any, tuple[type[Any], ...]]] = {
    str: (str,),
    bool: (bool,),
    float: (float, int),
    int: (int,),
    Identity: (str,),
}
"""The types of values that a leaf's hook would only hand back: to look at the type saves the call."""
