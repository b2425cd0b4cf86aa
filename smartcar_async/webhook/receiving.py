"""Which deliveries to believe: size, signature, freshness, webhook and mode, each refusal an error of its own."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from attrs import frozen

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
from .signature import Body, digest_of, hash_challenge, keys, raw_bytes, texts, verify

_HEADER: Final = "sc-signature"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}", re.ASCII)
_LARGEST: Final = 1_048_576


Headers = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""The headers of a request, as a mapping or as pairs; their case does not matter."""


@frozen
class Delivery:
    """An event to believe, and the token that it was signed with, counted from 0; None for an unsigned VERIFY."""

    event: Event
    token: int | None = None


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
    largest: int = _LARGEST,
) -> Delivery:
    """The event of a delivery, or the WebhookError that says why it is not believed.

    `tolerance` is how old or how far ahead a delivery may be, by the time inside its signed body; None does not ask.
    A VERIFY needs no signature, for Smartcar does not sign it.
    """
    raw, candidates = raw_bytes(body), texts(tokens)
    keys(candidates)
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise ConfigurationError("now: give an aware datetime, such as datetime.now(UTC)")
    if len(raw) > largest:
        raise PayloadTooLarge(f"the body has {len(raw)} bytes, more than {largest}")
    signature = _signature(headers)
    match = verify(raw, signature, candidates)
    if match is None:
        return Delivery(_unsigned(raw, signature))
    event = parse(raw)
    if not isinstance(event, VerifyEvent):
        _check_time(event, now, tolerance, require_time)
        _check_origin(event, webhook_ids, modes)
    return Delivery(event, match.token)


def challenge_answer(tokens: str | Iterable[str], challenge: str) -> str:
    """The answer to the challenge of a VERIFY, made with the first token.

    The answer is the same function as a signature, so whoever may choose the challenge freely gets signatures for
    forged events. No event can be written without a brace, and a challenge with one is refused.
    """
    candidates = texts(tokens)
    keys(candidates)
    if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
        raise BadChallenge("a challenge has 1 to 256 characters of A-Z a-z 0-9 . _ ~ + / = -; this one is not answered")
    return hash_challenge(candidates[0], challenge)


def _signature(headers: Headers) -> str | bytes | None:
    pairs: Iterable[tuple[str | bytes, str | bytes]]
    pairs = list(cast("Mapping[str, str]", headers).items()) if isinstance(headers, Mapping) else headers
    try:
        for name, value in pairs:
            text = name.decode("latin-1") if isinstance(name, bytes) else name
            if text.lower() == _HEADER:
                return value
    except (AttributeError, TypeError, ValueError):
        raise ConfigurationError("headers: give a mapping, or pairs of a name and a value") from None
    return None


def _unsigned(raw: bytes, signature: str | bytes | None) -> VerifyEvent:
    """The VERIFY in a body without a good signature; any other object is refused for the signature that it lacks."""
    event = unsigned_verify(raw)
    if event is not None:
        return event
    refused: WebhookError
    if not signature:
        refused = MissingSignature("there is no SC-Signature header")
    elif digest_of(signature) is None:
        refused = MalformedSignature("the SC-Signature is not 64 hexadecimal digits")
    else:
        refused = SignatureMismatch("the signature was not made with any of the tokens; `explain` may tell why")
    raise refused


def _check_time(event: Event, now: datetime, tolerance: float | timedelta | None, require_time: bool) -> None:
    if tolerance is None:
        return
    delivered = event.meta.delivered_at
    if delivered is None:
        if require_time:
            raise StaleEvent("the event does not say when it was delivered")
        return
    apart = abs((now - delivered).total_seconds())
    most = tolerance.total_seconds() if isinstance(tolerance, timedelta) else tolerance
    if not apart <= most:  # also where the tolerance is no number
        raise StaleEvent(f"the event was delivered {apart:.0f} s away from now, more than {most:g} s")


def _check_origin(event: Event, webhook_ids: str | Collection[str] | None, modes: str | Collection[str] | None) -> None:
    if webhook_ids is not None and event.meta.webhook_id not in texts(webhook_ids, "webhook_ids"):
        raise WrongWebhook("the event is of another webhook")
    if modes is not None and event.meta.mode not in [mode.upper() for mode in texts(modes, "modes")]:
        raise WrongMode(f"the event's mode is {event.meta.mode}, which is not wanted here")
