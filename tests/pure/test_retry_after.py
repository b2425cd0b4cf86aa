"""How long a server asks to wait, in every form that it may say so."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from smartcar_async.engine.refusal import retry_after

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("100000", 86_400.0),
        ("604800", 86_400.0),
        ("700000", 700.0),
        ("5400000", 5400.0),
        ("86400001", 86_400.0),
        (str(int(NOW.timestamp()) + 90), 90.0),
        (str(int(NOW.timestamp()) - 90), 0.0),
        (str(int(NOW.timestamp() * 1000) + 90_000), 90.0),
        ("1e30", 86_400.0),
        ("inf", 86_400.0),
        ("-inf", 0.0),
        ("nan", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Mon, 04 May 2026 10:01:30 +0000", 90.0),
        ("Mon, 04 May 2026 10:01:30 -0000", 90.0),
        ("Mon, 04 May 2026 12:01:30 +0200", 90.0),
        ("Mon, 04 May 2026 09:00:00 GMT", 0.0),
        ("Mon, 04 May 2099 09:00:00 GMT", 86_400.0),
        ("Mon, 99 May 2026 09:00:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999", None),
        ("1 Jan 99999 00:00:00 GMT", None),
        ("soon", None),
        ("", None),
        (" ", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    """Seconds, milliseconds, a moment as either, or an HTTP date; never negative, never more than a day."""
    assert seconds == retry_after(header, NOW)
