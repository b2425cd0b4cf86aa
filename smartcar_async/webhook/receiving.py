"""Which deliveries to believe: size, signature, freshness, webhook and mode, each refusal an error of its own."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from attrs import field, frozen

from ..arguments import renamed
from ..errors import (
    BadChallenge,
    ConfigurationError,
    MalformedSignature,
    MissingSignature,
    PayloadTooLarge,
    SignatureMismatch,
    StaleEvent,
    WebhookError,
    WrongMode,
    WrongWebhook,
)
from .events import Event, VerifyEvent
from .parsing import parse, unsigned_verify
from .signature import Body, as_texts, digest_of, hash_challenge, match_key, raw_bytes, token_keys

MAX_BODY_BYTES: Final = 1_048_576
"""How large a delivery may be, unless the caller says otherwise. Those of Smartcar have some ten thousand bytes."""
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}", re.ASCII)

Headers = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""The headers of a request, as a mapping or as pairs; their case does not matter."""


@frozen
class Delivery:
    """An event to believe, and the token that it was signed with, counted from 0; None for an unsigned VERIFY."""

    event: Event
    token: int | None = None


@frozen
class RequestHead:
    """What the headers of a request say about its body. A Content-Length of 0 also stands for none to read."""

    signature: str | bytes | None = field(default=None, repr=False)
    content_length: int = 0


def read_head(headers: Headers) -> RequestHead:
    """Look through headers once."""
    pairs: Iterable[tuple[str | bytes, str | bytes]]
    pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
    signature, length = None, 0
    try:
        for name, value in pairs:
            key = _text(name).lower()
            if key == "sc-signature" and signature is None:
                signature = value
            elif key == "content-length":
                length = length or _length(_text(value))
    except (AttributeError, TypeError, ValueError):
        raise ConfigurationError("headers: give a mapping, or pairs of a name and a value") from None
    return RequestHead(signature, length)


@frozen
class DeliveryRules:
    """Which deliveries are believed: checked and made ready once, for any number of them."""

    tokens: tuple[str, ...] = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    tolerance: float | None
    require_time: bool
    webhook_ids: frozenset[str] | None
    modes: frozenset[str] | None
    max_body_bytes: int

    def bytes_to_read(self, head: RequestHead) -> int:
        """How much of a body to read: one byte more than is allowed is enough to refuse it."""
        return 0 if head.content_length > self.max_body_bytes else self.max_body_bytes + 1

    def judge(self, head: RequestHead, raw: bytes, now: datetime) -> Delivery:
        """The event of a delivery, or the WebhookError that says why it is not believed.

        The size comes first: a body that is too large is not even hashed.
        """
        if now.tzinfo is None:
            raise ConfigurationError("now: give an aware datetime, such as datetime.now(UTC)")
        size = max(len(raw), head.content_length)
        if size > self.max_body_bytes:
            raise PayloadTooLarge(f"the body has {size} bytes, more than {self.max_body_bytes}")
        match = match_key(raw, digest_of(head.signature), self.keys)
        if match is None:
            return Delivery(_unsigned(raw, head.signature))
        event = parse(raw)
        if not isinstance(event, VerifyEvent):
            self._check_time(event, now)
            self._check_origin(event)
        return Delivery(event, match.token)

    def _check_time(self, event: Event, now: datetime) -> None:
        if self.tolerance is None:
            return
        delivered = event.meta.delivered_at
        if delivered is None:
            if self.require_time:
                raise StaleEvent("the event does not say when it was delivered")
            return
        distance = abs((now - delivered).total_seconds())
        if not distance <= self.tolerance:  # also where the tolerance is no number
            raise StaleEvent(f"the event was delivered {distance:.0f} s away from now, more than {self.tolerance:g} s")

    def _check_origin(self, event: Event) -> None:
        if self.webhook_ids is not None and event.meta.webhook_id not in self.webhook_ids:
            raise WrongWebhook("the event is of another webhook")
        if self.modes is not None and event.meta.mode not in self.modes:
            raise WrongMode(f"the event's mode is {event.meta.mode}, which is not wanted here")


def rules_of(
    tokens: str | Iterable[str],
    *,
    tolerance: float | timedelta | None,
    require_time: bool,
    webhook_ids: str | Collection[str] | None,
    modes: str | Collection[str] | None,
    max_body_bytes: int,
) -> DeliveryRules:
    """The rules, in the words of `receive`."""
    texts = as_texts(tokens)
    return DeliveryRules(
        tokens=texts,
        keys=token_keys(texts),
        tolerance=tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance,
        require_time=require_time,
        webhook_ids=None if webhook_ids is None else frozenset(as_texts(webhook_ids, "webhook_ids")),
        modes=None if modes is None else frozenset(mode.upper() for mode in as_texts(modes, "modes")),
        max_body_bytes=max_body_bytes,
    )


@renamed(largest="max_body_bytes")
def receive(
    headers: Headers,
    body: Body,
    *,
    tokens: str | Iterable[str],
    now: datetime,
    tolerance: float | timedelta | None = 300.0,
    require_time: bool = False,
    webhook_ids: str | Collection[str] | None = None,
    modes: str | Collection[str] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Delivery:
    """The event of a delivery, or the WebhookError that says why it is not believed.

    A VERIFY needs no signature, for Smartcar does not sign it: answer it with `challenge_answer`.

    Args:
        headers: a mapping or pairs.
        body: the raw bytes of the request, or their text; never what was parsed from it.
        tokens: the Application Management Token, or several while one takes the place of another.
        now: the aware time of day.
        tolerance: how many seconds old or ahead a delivery may be, by the time in its signed body; None for any.
        require_time: whether a delivery that does not say its time is refused.
        webhook_ids: the webhooks whose events are wanted; None for all.
        modes: the modes of vehicles that are wanted, such as "LIVE"; None for all.
        max_body_bytes: a larger body is refused before anything else is done with it.

    Raises:
        WebhookError: the delivery is not believed; each reason is a subclass.
        ConfigurationError: an argument cannot be used, such as an empty token.
    """
    raw = raw_bytes(body)
    rules = rules_of(
        tokens,
        tolerance=tolerance,
        require_time=require_time,
        webhook_ids=webhook_ids,
        modes=modes,
        max_body_bytes=max_body_bytes,
    )
    if not isinstance(now, datetime):
        raise ConfigurationError("now: give an aware datetime, such as datetime.now(UTC)")
    return rules.judge(read_head(headers), raw, now)


def challenge_answer(tokens: str | Iterable[str], challenge: str) -> str:
    """The answer to the challenge of a VERIFY, made with the first token.

    The answer is the same function as a signature, so whoever may choose the challenge freely gets signatures for
    forged events. No event can be written without a brace, and a challenge with one is refused.
    """
    texts = as_texts(tokens)
    token_keys(texts)  # each of them must be one
    if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
        raise BadChallenge("a challenge has 1 to 256 characters of A-Z a-z 0-9 . _ ~ + / = -; this one is not answered")
    return hash_challenge(texts[0], challenge)


def _unsigned(raw: bytes, signature: str | bytes | None) -> VerifyEvent:
    """The VERIFY in a body without a good signature; any other object is refused for the signature that it lacks."""
    event = unsigned_verify(raw)
    if event is not None:
        return event
    refusal: WebhookError
    if not signature:
        refusal = MissingSignature("there is no SC-Signature header")
    elif digest_of(signature) is None:
        refusal = MalformedSignature("the SC-Signature is not 64 hexadecimal digits")
    else:
        refusal = SignatureMismatch("the signature was not made with any of the tokens; `explain` may tell why")
    raise refusal


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _length(text: str) -> int:
    """A Content-Length. One beyond all bounds is cut: Python takes long over very long numbers."""
    digits = text.strip()
    return int(digits[:20]) if digits.isdecimal() else 0
