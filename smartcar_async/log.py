"""What happened, told without secrets: to the log, and to a hook of the caller's."""

import logging
from collections.abc import Callable
from typing import Final

from attrs import frozen

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


class Reporter:
    """Tells events to the log and to the caller's hook. A hook that raises is logged and does no harm."""

    def __init__(self, hook: Hook | None = None) -> None:
        self._hook = hook

    def tell(self, event: Event) -> None:
        """Tell one event."""
        logger.log(logging.WARNING if isinstance(event, EntriesSkipped) else logging.DEBUG, "%s", event)
        if self._hook is not None:
            try:
                self._hook(event)
            except Exception as error:
                logger.warning("the on_event hook raised %s", type(error).__name__)
