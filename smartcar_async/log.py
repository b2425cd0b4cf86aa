"""What happened, told without secrets: to the log, and to a hook of the caller's."""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from attrs import frozen

from .errors import CommandOutcomeUnknown, SmartcarError, plain_id

T = TypeVar("T")

logger: Final = logging.getLogger("smartcar_async")


@frozen
class RequestEvent:
    """One request, as it ended. `route` is the endpoint's template: it names no car and no person."""

    method: str
    route: str
    attempt: int
    seconds: float
    status: int | None = None
    problem: str | None = None
    request_id: str | None = None


@frozen
class EntriesSkipped:
    """Entries of a list that could not be read. They are in the page's `malformed`."""

    route: str
    count: int
    problems: tuple[str, ...]


Event = RequestEvent | EntriesSkipped
Hook = Callable[[Event], None]
OutcomeHook = Callable[[CommandOutcomeUnknown], None]


class Reporter:
    """Tells events to the log and to the caller's hook. A hook that raises is logged and does no harm."""

    def __init__(self, hook: Hook | None = None, on_outcome_unknown: OutcomeHook | None = None) -> None:
        self._hook = hook
        self._on_outcome_unknown = on_outcome_unknown

    def tell(self, event: Event) -> None:
        """Tell one event."""
        logger.log(logging.WARNING if isinstance(event, EntriesSkipped) else logging.DEBUG, "%s", event)
        if self._hook is not None:
            _call(self._hook, event, "on_event")

    def tell_unknown(self, outcome: CommandOutcomeUnknown) -> None:
        """Tell that a command may or may not have been carried out; the log must know, if the caller is gone."""
        logger.warning("%s Vehicle %s, request %s.", outcome, outcome.vehicle_id, plain_id(outcome.request_id))
        if self._on_outcome_unknown is not None:
            _call(self._on_outcome_unknown, outcome, "on_outcome_unknown")


def _call(hook: Callable[[T], None], value: T, name: str) -> None:
    try:
        hook(value)
    except SmartcarError as error:
        logger.warning("the %s hook raised %s: %s", name, type(error).__name__, error)
    except Exception as error:
        # Its text is the caller's, who may have put anything into it.
        logger.warning("the %s hook raised %s", name, type(error).__name__)
