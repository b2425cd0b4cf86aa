"""What a receiver is made with: whatever cannot work is refused by name, before the first delivery."""

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from ..arguments import is_number, require_bool, require_list, require_methods
from ..errors import ConfigurationError
from ..webhook.receiving import DeliveryRules, rules_of
from ..webhook.signature import as_texts
from .stores import Capabilities

Mode = Literal["inbox", "inline"]
_SMARTCAR_WAITS: Final = 15.0


def mode_of(mode: Mode | None, can: Capabilities) -> Mode:
    """How deliveries are taken, which the store decides if the caller does not."""
    if mode not in (None, "inbox", "inline"):
        raise ConfigurationError('mode: give "inbox" or "inline", or None to let the store decide')
    if mode == "inbox" and can.inbox is None:
        raise ConfigurationError("mode: an inbox needs a store that keeps events, such as SqliteEventStore")
    return mode or ("inline" if can.inbox is None else "inbox")


def check_clock(clock: object) -> None:
    """Refuse what is no clock."""
    require_methods(clock, "clock", "monotonic", "now", "sleep")


def check_times(answer_within: float, lease: float, step_aside_after: float | None) -> None:
    """Refuse times that are none, or that contradict each other."""
    if not _is_span(answer_within) or not 0 < answer_within < _SMARTCAR_WAITS:
        raise ConfigurationError("answer_within: Smartcar waits for 15 s, so give less")
    if not _is_span(lease) or not lease > answer_within or math.isinf(lease):
        raise ConfigurationError("lease: it must be longer than answer_within")
    if step_aside_after is not None and not (_is_span(step_aside_after) and step_aside_after >= 0):
        raise ConfigurationError("step_aside_after: give seconds, or None for never")


def delays_of(retry_delays: Sequence[float]) -> tuple[float, ...]:
    """The seconds between attempts."""
    delays = require_list(retry_delays, "retry_delays")
    if not all(is_number(delay, 0) for delay in delays):
        raise ConfigurationError("retry_delays: give seconds, such as (1, 10, 60)")
    return delays


def delivery_rules(
    tokens: str | Iterable[str],
    *,
    tolerance: float | timedelta | None,
    require_time: bool,
    webhook_ids: str | Collection[str] | None,
    modes: str | Collection[str] | None,
    max_body_bytes: int,
) -> DeliveryRules:
    """What is believed. Stricter than `webhook.receive`: rules that no event would pass are a mistake here."""
    seconds: Any = tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance
    if seconds is not None and not (_is_span(seconds) and seconds >= 0):
        raise ConfigurationError("tolerance: give seconds or a timedelta, or None to believe deliveries of any time")
    require_bool(require_time, "require_time")
    for name, wanted in (("webhook_ids", webhook_ids), ("modes", modes)):
        if wanted is not None and not any(as_texts(wanted, name)):
            raise ConfigurationError(f"{name}: none would be handled; give None for all")
    return rules_of(
        tokens,
        tolerance=seconds,
        require_time=require_time,
        webhook_ids=webhook_ids,
        modes=modes,
        max_body_bytes=whole("max_body_bytes", max_body_bytes, "a body has bytes"),
    )


def whole(name: str, value: int, why: str) -> int:
    """A whole number above 0."""
    if not is_number(value, 1, whole=True):
        raise ConfigurationError(f"{name}: give a whole number above 0; {why}")
    return value


def _is_span(value: object) -> bool:
    """Also one without an end, which stands for ever."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
