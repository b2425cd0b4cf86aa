"""What a caller passes in, checked before anything is sent: a refusal names the argument and what to give."""

import inspect
import re
import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from .errors import ConfigurationError
from .request import header_value, segment

K = TypeVar("K")
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
_LENGTH: Final = frozenset(("content-length", "transfer-encoding"))
"""Headers that say where a request ends: those of a session would go out with all of ours."""
_SPELLINGS: Final[Mapping[str, str]] = {
    name.lower(): name for name in ("Accept", "Authorization", "SC-Unit-System", "User-Agent")
}
"""Headers with a value of our own, which the caller's is to take the place of."""


def deprecated(argument: str, instead: str) -> None:
    """Warn that this argument will go, and show the line of the caller's own code, or of the one that runs its task."""
    import inspect  # slow to load, and hardly ever needed

    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{argument}: deprecated, and will go; give {instead}", DeprecationWarning, stacklevel=level)


def credential(value: str | None, argument: str, home: str) -> str:
    """An id or a secret of the application; one that is missing or cannot be sent is refused."""
    if not isinstance(value, str) or not value.strip():
        variable = f"SMARTCAR_{argument.upper()}"
        raise ConfigurationError(
            f"{argument}: missing; pass it, here or in Settings, or set {variable} and use {home}.from_env()"
        )
    segment(value, argument)
    return value


def truth(value: bool, argument: str) -> bool:
    """True or False: a text such as "false" would count as true."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{argument}: give True or False")
    return value


def listed(values: Iterable[T], argument: str) -> tuple[T, ...]:
    """The values of a list: a text or a mapping is none."""
    given: Any = values
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        raise ConfigurationError(f"{argument}: give a list")
    return tuple(values)


def mapping(value: Mapping[K, V] | None, argument: str) -> Mapping[K, V]:
    """A mapping, and an empty one where there is none."""
    if value is not None and not isinstance(value, Mapping):
        raise ConfigurationError(f"{argument}: give a mapping")
    return value or {}


def instance(value: T, kind: type[T], argument: str) -> T:
    """A value of this class."""
    if not isinstance(value, kind):
        raise ConfigurationError(f"{argument}: give a {kind.__name__}")
    return value


def able(value: object, argument: str, *methods: str) -> None:
    """Refuse what lacks a method that will be called later; None stands for our own."""
    function = methods == ("__call__",)
    lacks = not all(callable(getattr(value, name, None)) for name in methods)
    if value is not None and (lacks or (isinstance(value, type) and not function)):
        what = "a function" if function else f"something with {', '.join(methods)}"
        raise ConfigurationError(f"{argument}: give {what}")


def client_session(value: object) -> None:
    """Refuse what is no session of aiohttp, by what it lacks: to import aiohttp for it would slow every start.

    A library that wraps a session and sends again by itself lacks the connector, and may not be used either.
    """
    alike = all(hasattr(value, name) for name in ("request", "closed", "connector")) and not isinstance(value, type)
    if value is not None and not alike:
        raise ConfigurationError("session: give an aiohttp.ClientSession, or none: the client then makes its own")
    headers: Mapping[str, str] | None = getattr(value, "headers", None)
    for name in headers if isinstance(headers, Mapping) else ():
        if name.lower() in _LENGTH:
            raise ConfigurationError(
                f"session: its own headers= hold {name}, which would cut or join our requests; leave it out"
            )


def plain_function(value: object, argument: str) -> None:
    """Refuse what is no function, and an async one, which nobody would await; None stands for none."""
    able(value, argument, "__call__")
    function: Any = value
    while isinstance(function, partial):
        function = function.func
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    if any(kind(one) for kind in kinds for one in (function, type(function).__call__)):
        raise ConfigurationError(
            f"{argument}: give a plain function, for nobody would await an async one; "
            "it may begin a task: asyncio.create_task(...)"
        )


def flags_text(flags: Mapping[str, str | bool | int] | None) -> str | None:
    """Flags as one text, `country:DE color:00819D`; None where there are none. A blank would begin another flag."""
    if flags is not None and not isinstance(flags, Mapping):
        raise ConfigurationError("flags: give a mapping, such as {'country': 'DE'}")
    given = flags or {}
    if not all(_is_word(name) and ":" not in name and _is_flag(value) for name, value in given.items()):
        raise ConfigurationError(
            "flags: give names without blanks and colons, and values that are texts without blanks, whole numbers, "
            "True or False"
        )
    return " ".join(f"{name}:{_flag(value)}" for name, value in given.items()) or None


def _flag(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, int) or _is_word(value)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.split() == [value]


def verb(method: str) -> str:
    """An HTTP method in capitals."""
    found = method.upper() if isinstance(method, str) else ""
    if not found.isalpha() or not found.isascii():
        raise ConfigurationError("method: give an HTTP method, such as GET")
    return found


def own_headers(headers: Mapping[str, str] | None, *ours: str) -> dict[str, str]:
    """Headers of the caller's own, other than `ours` and those that frame a request."""
    given = mapping(headers, "headers")
    refused = _FRAMING.union(ours)
    return {_header_name(name, refused): header_value(value, f"headers[{name!r}]") for name, value in given.items()}


def _header_name(name: str, refused: frozenset[str]) -> str:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise ConfigurationError(f"headers: {name!r} is no header name")
    if name.lower() in refused:
        raise ConfigurationError(f"headers: {name} is set by the client")
    return _SPELLINGS.get(name.lower(), name)
