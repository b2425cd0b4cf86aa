"""What a caller passes in, checked before anything is sent: a refusal names the argument and what to give."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar

from .errors import ConfigurationError
from .request import UNIT_SYSTEM_HEADER, header_value, require_id

K = TypeVar("K")
P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")

_OURS: Final = ("smartcar_async", "smartcar_sync")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]+")
_FRAMING: Final = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers that say how a request is framed: another value would break it, or smuggle a second one in."""
_INFINITE: Final = float("inf")
_LENGTH: Final = frozenset(("content-length", "transfer-encoding"))
"""Headers that say where a request ends: those of a session would go out with all of ours."""
_SPELLINGS: Final[Mapping[str, str]] = {
    name.lower(): name for name in ("Accept", "Authorization", UNIT_SYSTEM_HEADER, "User-Agent")
}
"""Headers with a value of our own, which the caller's is to take the place of."""


def deprecated(argument: str, instead: str) -> None:
    """Warn that this argument will go, and show the line of the caller's own code, or of the one that runs its task."""
    import inspect  # slow to load, and hardly ever needed

    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{argument}: deprecated, and will go; give {instead}", DeprecationWarning, stacklevel=level)


def renamed(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a function take keyword arguments by their former names, `renamed(old="new")`, with a warning each time."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            for former in names.keys() & kwargs:
                name = names[former]
                if name in kwargs:
                    raise ConfigurationError(f"{former}: the former name of {name}; give {name} alone")
                deprecated(former, f"{name}=")
                kwargs[name] = kwargs.pop(former)
            return function(*args, **kwargs)

        return call

    return decorate


def credential(value: str | None, argument: str, home: str) -> str:
    """An id or a secret of the application; `home` is the class whose `from_env` could find a missing one."""
    if not isinstance(value, str) or not value.strip():
        variable = f"SMARTCAR_{argument.upper()}"
        raise ConfigurationError(
            f"{argument}: missing; pass it, here or in Settings, or set {variable} and use {home}.from_env()"
        )
    return require_id(value, argument)


def require_bool(value: bool, argument: str) -> bool:
    """True or False: a text such as "false" would count as true."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{argument}: give True or False")
    return value


def is_number(value: object, least: float = -_INFINITE, most: float = _INFINITE, *, whole: bool = False) -> bool:
    """Whether this is a finite number within these bounds. True and False are none."""
    kinds = int if whole else (int, float)
    return (
        isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most and abs(value) < _INFINITE
    )


def require_count(value: int, argument: str, least: int = 1) -> int:
    """A whole number that is not too small."""
    if not is_number(value, least, whole=True):
        raise ConfigurationError(f"{argument}: give a whole number of at least {least}, not {value!r}")
    return value


def charge_percent(value: int) -> int:
    """A charge limit as API v3 takes it: a whole percent from 50 to 100."""
    if not is_number(value, 50, 100, whole=True):
        raise ConfigurationError(f"percent: give a whole number from 50 to 100, not {value!r}")
    return value


def charge_fraction(value: float, argument: str, least: float) -> float:
    """A charge limit as API v2.0 takes it: a share of the battery, up to 1."""
    if not is_number(value, least, 1):
        raise ConfigurationError(f"{argument}: give a number from {least:g} to 1, such as 0.8, not {value!r}")
    return value


def coordinates(latitude: float, longitude: float) -> dict[str, float]:
    """A position that exists, or a ConfigurationError that names the argument and its range."""
    return {"latitude": _degrees(latitude, "latitude", 90), "longitude": _degrees(longitude, "longitude", 180)}


def degrees_of(position: Mapping[str, float]) -> tuple[str, ...]:
    """The numbers of a position as texts, which no error text may repeat."""
    return tuple(str(degrees) for degrees in position.values())


def _degrees(value: float, argument: str, most: int) -> float:
    if not is_number(value, -most, most):
        raise ConfigurationError(f"{argument}: give degrees from -{most} to {most}")  # a place is not repeated
    return value


def require_list(values: Iterable[T], argument: str) -> tuple[T, ...]:
    """The values of a list: a text or a mapping is none."""
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes, Mapping)):
        raise ConfigurationError(f"{argument}: give a list")
    return tuple(values)


def mapping(value: Mapping[K, V] | None, argument: str) -> Mapping[K, V]:
    """A mapping, and an empty one where there is none."""
    if value is not None and not isinstance(value, Mapping):
        raise ConfigurationError(f"{argument}: give a mapping")
    return value or {}


def require_instance(value: T, kind: type[T], argument: str) -> T:
    """A value of this class."""
    if not isinstance(value, kind):
        raise ConfigurationError(f"{argument}: give a {kind.__name__}")
    return value


def require_methods(value: object, argument: str, *methods: str) -> None:
    """Refuse what lacks a method that will be called later; None stands for our own."""
    function = methods == ("__call__",)
    lacks = not all(callable(getattr(value, name, None)) for name in methods)
    if value is not None and (lacks or (isinstance(value, type) and not function)):
        what = "a function" if function else f"something with {', '.join(methods)}"
        raise ConfigurationError(f"{argument}: give {what}")


def require_session(value: object) -> None:
    """Refuse what is no session of aiohttp, by what it lacks: to import aiohttp for it would slow every start.

    A library that wraps a session and sends again by itself lacks the connector, and may not be used either.
    """
    complete = all(hasattr(value, name) for name in ("request", "closed", "connector"))
    if value is not None and (not complete or isinstance(value, type)):
        raise ConfigurationError("session: give an aiohttp.ClientSession, or none: the client then makes its own")
    headers: Mapping[str, str] | None = getattr(value, "headers", None)
    for name in headers if isinstance(headers, Mapping) else ():
        if name.lower() in _LENGTH:
            raise ConfigurationError(
                f"session: its own headers= hold {name}, which would cut or join our requests; leave it out"
            )


def require_sync_function(value: object, argument: str) -> None:
    """Refuse what is no function, and an async one, which nobody would await; None stands for none."""
    require_methods(value, argument, "__call__")
    function: Any = value
    while isinstance(function, partial):
        function = function.func
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    if any(is_async(called) for is_async in kinds for called in (function, type(function).__call__)):
        raise ConfigurationError(
            f"{argument}: give a plain function, for nobody would await an async one; "
            "it may begin a task: asyncio.create_task(...)"
        )


def flags_text(flags: Mapping[str, str | bool | int] | None) -> str | None:
    """Flags as one text, `country:DE color:00819D`; None where there are none. A blank would begin another flag."""
    if flags is not None and not isinstance(flags, Mapping):
        raise ConfigurationError("flags: give a mapping, such as {'country': 'DE'}")
    words = flags or {}
    if not all(_is_word(name) and ":" not in name and _is_flag(value) for name, value in words.items()):
        raise ConfigurationError(
            "flags: give names without blanks and colons, and values that are texts without blanks, whole numbers, "
            "True or False"
        )
    return " ".join(f"{name}:{_flag(value)}" for name, value in words.items()) or None


def _flag(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, int) or _is_word(value)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.split() == [value]


def http_method(method: str) -> str:
    """An HTTP method in capitals."""
    capitals = method.upper() if isinstance(method, str) else ""
    if not capitals.isalpha() or not capitals.isascii():
        raise ConfigurationError("method: give an HTTP method, such as GET")
    return capitals


def own_headers(headers: Mapping[str, str] | None, *ours: str) -> dict[str, str]:
    """Headers of the caller's own, other than `ours` and those that frame a request."""
    refused = _FRAMING.union(ours)
    return {
        _header_name(name, refused): header_value(value, f"headers[{name!r}]")
        for name, value in mapping(headers, "headers").items()
    }


def _header_name(name: str, refused: frozenset[str]) -> str:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise ConfigurationError(f"headers: {name!r} is no header name")
    if name.lower() in refused:
        raise ConfigurationError(f"headers: {name} is set by the client")
    return _SPELLINGS.get(name.lower(), name)
