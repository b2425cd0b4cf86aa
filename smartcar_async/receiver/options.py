"""What a receiver is made with: whatever cannot work is refused by name, before the first delivery."""

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final, Literal, cast

from ..arguments import require_bool, require_list, require_methods
from ..clock import Clock
from ..errors import ConfigurationError
from ..webhook.signature import keys, texts
from .event_store import EventInbox, EventStore

_SMARTCAR_WAITS: Final = 15.0


def tokens(given: str | Iterable[str]) -> tuple[str, ...]:
    """The tokens. Without one nothing could be believed, and an empty one would believe forgeries."""
    found = tuple(texts(given))
    keys(found)
    return found


def check_places(store: EventStore | None, clock: Clock | None) -> None:
    """Refuse what is no store or no clock."""
    require_methods(store, "store", "claim", "renew", "commit", "release")
    require_methods(clock, "clock", "monotonic", "now", "sleep")


def inbox_of(store: EventStore, mode: Literal["inbox", "inline"] | None) -> EventInbox | None:
    """The store as an inbox, if it is one."""
    if mode not in (None, "inbox", "inline"):
        raise ConfigurationError('mode: give "inbox" or "inline", or None to let the store decide')
    if hasattr(store, "take"):
        require_methods(store, "store", "put", "take", "park", "parked", "unpark", "waiting")
        return cast("EventInbox", store)
    if mode == "inbox":
        raise ConfigurationError("mode: an inbox needs a store that keeps events, such as SqliteEventStore")
    return None


def check_times(
    budget: float, lease: float, step_aside_after: float | None, tolerance: float | timedelta | None
) -> None:
    """Refuse times that are none, or that contradict each other."""
    if not _is_number(budget) or not 0 < budget < _SMARTCAR_WAITS:
        raise ConfigurationError("budget: Smartcar waits for 15 s, so give less")
    if not _is_number(lease) or not lease > budget or math.isinf(lease):
        raise ConfigurationError("lease: it must be longer than the budget")
    if step_aside_after is not None and not (_is_number(step_aside_after) and step_aside_after >= 0):
        raise ConfigurationError("step_aside_after: give seconds, or None for never")
    seconds = tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance
    if seconds is not None and not (_is_number(seconds) and seconds >= 0):
        raise ConfigurationError("tolerance: give seconds or a timedelta, or None to believe deliveries of any time")


def pauses(given: Sequence[float]) -> tuple[float, ...]:
    """The pauses between attempts."""
    found = require_list(given, "pauses")
    if not all(_is_number(pause) and 0 <= pause < math.inf for pause in found):
        raise ConfigurationError("pauses: give seconds, such as (1, 10, 60)")
    return found


def check_filters(
    webhook_ids: str | Collection[str] | None, modes: str | Collection[str] | None, require_time: bool
) -> None:
    """Refuse filters that no event would pass."""
    require_bool(require_time, "require_time")
    for name, wanted in (("webhook_ids", webhook_ids), ("modes", modes)):
        if wanted is not None and not any(texts(wanted, name)):
            raise ConfigurationError(f"{name}: none would be handled; give None for all")


def whole(name: str, given: int, why: str) -> None:
    """Refuse what is no whole number above 0."""
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ConfigurationError(f"{name}: give a whole number above 0; {why}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
