"""Arguments of the wrong kind are refused by name, before anything is judged."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import ConfigurationError, signals
from smartcar_async.webhook import challenge_answer, explain, hash_challenge, receive, sign, verify

TOKEN = "11111111-2222-4333-8444-555555555555"
BODY = b'{"eventType":"VEHICLE_STATE","data":{"signals":[]},"meta":{"webhookId":"w","mode":"LIVE"}}'
SIGNED: dict[str, Any] = {"headers": {"SC-Signature": sign(TOKEN, BODY)}, "tokens": TOKEN, "now": datetime.now(UTC)}


def received(**changes: Any) -> Callable[[], object]:
    """A delivery received with other arguments."""
    arguments: dict[str, Any] = {**SIGNED, **changes}
    return lambda: receive(arguments.pop("headers"), BODY, **arguments)


odd: Any = 5
WRONG: dict[str, tuple[str, Callable[[], object]]] = {
    "verify a number": ("tokens", lambda: verify(BODY, "", odd)),
    "verify a list of numbers": ("tokens", lambda: verify(BODY, "", [odd])),
    "explain": ("tokens", lambda: explain(BODY, "a" * 64, TOKEN, older_tokens=odd)),
    "answer": ("tokens", lambda: challenge_answer(odd, "abc")),
    "challenge": ("challenge", lambda: hash_challenge(TOKEN, odd)),
    "receive tokens": ("tokens", received(tokens=odd)),
    "receive no tokens": ("tokens", received(tokens=None)),
    "receive headers": ("headers", received(headers=odd)),
    "receive a header": ("headers", received(headers=[odd])),
    "receive header names": ("headers", received(headers={odd: "x"})),
    "receive now": ("now", received(now=odd)),
    "receive webhook ids": ("webhook_ids", received(webhook_ids=odd)),
    "receive modes": ("modes", received(modes=[odd])),
    "signal": ("code", lambda: signals.by_code(odd)),
    "signal of tomorrow": ("code", lambda: signals.custom(odd)),
}


def test_all_is_well_without_a_change() -> None:
    """The delivery itself is good."""
    assert received()()


@pytest.mark.parametrize("case", WRONG)
def test_the_argument_is_named(case: str) -> None:
    """And nothing else comes out."""
    name, call = WRONG[case]
    with pytest.raises(ConfigurationError, match=f"^{name}: "):
        call()
