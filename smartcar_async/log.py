"""What happened, reported without secrets: to the log, and to a hook of the caller's."""

import inspect
import logging
import traceback
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from attrs import frozen

from .errors import CommandOutcomeUnknown, SmartcarError, plain_id

T = TypeVar("T")

logger: Final = logging.getLogger("smartcar_async")

_LONG: Final = 1.0
"""Seconds of waiting that are worth a line in a log at its usual level."""


@frozen
class RequestEvent:
    """One request, as it ended. `route` is the endpoint's template: it names no car and no person."""

    method: str
    route: str
    attempt: int
    seconds: float
    status: int | None = None
    """None when no whole answer came."""
    problem: str | None = None
    """The class of the error, or `Cancelled` or `Closed` for a request that was broken off."""
    request_id: str | None = None


@frozen
class EntriesSkipped:
    """Entries of a list that could not be read. They are in the page's `malformed`."""

    route: str
    count: int
    problems: tuple[str, ...]


@frozen
class AllowanceWait:
    """A call begins to wait, because nothing may be sent for it yet."""

    seconds: float
    reason: Literal["application", "vehicle"]
    """Whose limit it is: the application's request budget, or the pause of one vehicle."""
    route: str


@frozen
class RetryWait:
    """A call begins to wait before it is sent again."""

    seconds: float
    problem: str
    """The class of the error because of which it is sent again."""
    attempt: int
    """How often it was sent so far."""
    route: str


Event = RequestEvent | EntriesSkipped | AllowanceWait | RetryWait
Hook = Callable[[Event], None]
OutcomeHook = Callable[[CommandOutcomeUnknown], None]


class Reporter:
    """Reports events to the log and to the caller's hooks. Whatever a hook does, the call that it is about goes on."""

    def __init__(self, hook: Hook | None = None, on_outcome_unknown: OutcomeHook | None = None) -> None:
        self._hook = hook
        self._on_outcome_unknown = on_outcome_unknown

    def tell(self, event: Event) -> None:
        """Report one event."""
        logger.log(_level(event), "%s", event)
        if self._hook is not None:
            _call(self._hook, event, "on_event")

    def tell_unknown(self, outcome: CommandOutcomeUnknown) -> None:
        """Report that a command may or may not have been carried out; the log must know, if the caller is gone."""
        logger.warning("%s Vehicle %s, request %s.", outcome, outcome.vehicle_id, plain_id(outcome.request_id))
        if self._on_outcome_unknown is not None:
            _call(self._on_outcome_unknown, outcome, "on_outcome_unknown")


def _level(event: Event) -> int:
    if isinstance(event, EntriesSkipped):
        return logging.WARNING
    waits_long = isinstance(event, (AllowanceWait, RetryWait)) and event.seconds > _LONG
    return logging.INFO if waits_long else logging.DEBUG


def _call(hook: Callable[[T], object], value: T, name: str) -> None:
    try:
        answer = hook(value)
    except (KeyboardInterrupt, SystemExit) as ending:
        _end_soon(ending)
    except BaseException as error:
        # A CancelledError too: nobody has cancelled the call. Only our own errors show their text, for into that of
        # others the caller may have put anything; where it was raised is shown of all.
        text = f": {error}" if isinstance(error, SmartcarError) else ""
        where = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        logger.warning("the %s hook raised %s%s\n%s", name, type(error).__name__, text, where)
    else:
        if inspect.iscoroutine(answer):
            answer.close()
            logger.warning("the %s hook returned a coroutine, which was not run: give a plain function", name)


def _end_soon(ending: BaseException) -> None:
    """Let the program end, as anywhere, but at the loop's next step: the call has its outcome by then."""
    import asyncio  # here, so that whoever imports an event's class does not load it

    def end() -> None:
        raise ending

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise ending from None
    loop.call_soon(end)
