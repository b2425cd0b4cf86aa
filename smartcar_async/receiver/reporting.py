"""What a receiver reports to a hook of the caller's: without secrets, and without what is personal."""

import inspect
from collections.abc import Callable
from datetime import datetime
from threading import current_thread, main_thread
from typing import Literal

from attrs import frozen

from ..errors import plain_id
from ..log import logger
from ..webhook import Event
from .event_store import Claim

Handling = Literal["handled", "failed", "parked", "cancelled", "lost", "put off"]
"""How a handling ends.

`handled`: it is recorded as handled. `failed`: it comes again. `parked`: it was given up. `cancelled`: its time was
over, or the receiver was closed; it comes again. `lost`: somebody else has the event, for this process was silent for
too long. `put off`: it was not begun, and comes again.
"""


@frozen
class DeliveryJudged:
    """A request came, and it is decided whether its delivery is believed."""

    size: int
    """Bytes of its body, or what its Content-Length says, if that is more."""
    seconds: float
    """From its headers to the verdict: most of it is the reading of the body."""
    verdict: str
    """`accepted`, `verified` (a VERIFY), `ignored` (of another webhook or mode), or the class of the refusal."""
    kind: str | None = None
    """The class of the event, if it is believed."""
    age: float | None = None
    """Seconds since Smartcar sent it, by the time in its signed body; Smartcar's clock and ours may differ."""


@frozen
class DeliveryAnswered:
    """A request is answered."""

    status: int
    reason: str
    """`Accepted`, `Verified`, or what the body of the answer names as its error, such as `InFlight` or `StoreDown`."""
    seconds: float
    """From its headers to the answer."""


@frozen
class EventHandled:
    """A handling ended, and the store knows. An event that fails has several."""

    event_id: str | None
    """None if the event has none, or one that may not be shown."""
    lane: str | None
    """The id of the vehicle, or of the event where no vehicle is named."""
    attempt: int
    seconds: float
    """From the claim until the last handler ended."""
    outcome: Handling
    problem: str | None = None
    """The class of the error, if it failed or was parked."""


ReceiverEvent = DeliveryJudged | DeliveryAnswered | EventHandled
ReceiverHook = Callable[[ReceiverEvent], object]


@frozen
class Reporter:
    """Calls the hook, if there is one, in whichever thread something happens. Whatever it raises does no harm."""

    hook: ReceiverHook | None = None

    def judged(self, size: int, seconds: float, verdict: str, event: Event | None, now: datetime) -> None:
        """A delivery was judged."""
        if self.hook is not None:
            kind = None if event is None else type(event).__name__
            delivered = None if event is None else event.meta.delivered_at
            age = None if delivered is None else (now - delivered).total_seconds()
            _call(self.hook, DeliveryJudged(size, seconds, verdict, kind, age))

    def answered(self, status: int, reason: str, seconds: float) -> None:
        """A request was answered."""
        if self.hook is not None:
            _call(self.hook, DeliveryAnswered(status, reason, seconds))

    def handled(self, claim: Claim, lane: str, seconds: float, outcome: Handling, problem: str | None) -> None:
        """A handling ended. Ids that may not be shown are left out."""
        if self.hook is not None:
            event_id, lane_id = plain_id(claim.event_id), plain_id(lane)
            _call(self.hook, EventHandled(event_id, lane_id, claim.attempt, seconds, outcome, problem))


def _call(hook: ReceiverHook, event: ReceiverEvent) -> None:
    try:
        answer = hook(event)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and current_thread() is main_thread():
            raise
        # Only the class: into the text the caller may have put anything.
        logger.warning("webhook: the on_event hook raised %s", type(error).__name__)
    else:
        if inspect.iscoroutine(answer):
            answer.close()
            logger.warning("webhook: the on_event hook returned a coroutine: give a plain function")
