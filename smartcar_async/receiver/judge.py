"""Which requests are deliveries to take, and what the others are answered."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from attrs import field, frozen

from ..errors import ConfigurationError, PayloadTooLarge, SmartcarError, WrongMode, WrongWebhook, plain_id
from ..log import logger
from ..webhook import Event, Headers as Headers, LegacyEvent, VerifyEvent, challenge_answer, receive
from .reply import ACCEPTED, NOT_POST, Reply, answered, refusal

LARGEST: Final = 1_048_576
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@frozen
class Accepted:
    """An event to handle. Its key tells it from others; those of one lane are handled one by one."""

    event: Event
    key: str
    lane: str
    body: bytes = field(repr=False)


@frozen
class Judge:
    """What is believed; the same words as those of `webhook.receive`."""

    tokens: tuple[str, ...] = field(repr=False)
    tolerance: float | timedelta | None
    require_time: bool
    webhook_ids: str | Collection[str] | None
    modes: str | Collection[str] | None
    largest: int

    def judge(self, method: str, headers: Headers, body: bytes, now: datetime) -> Accepted | Reply:
        """The event to handle, or what to answer at once."""
        pairs = _pairs(headers)
        size = max(len(body), declared_length(pairs))
        logger.info("webhook: %s, %d bytes", method if method in _METHODS else "unknown method", size)
        if method != "POST":
            return NOT_POST
        try:
            if size > self.largest:
                raise PayloadTooLarge(f"the body has more than {self.largest} bytes")
            return self._believe(pairs, body, now)
        except ConfigurationError as error:
            logger.error("webhook: nothing can be received: %s", error)
            return refusal(error)
        except (WrongWebhook, WrongMode) as error:
            logger.info("webhook: acknowledged and left alone: %s", error)
            return ACCEPTED
        except SmartcarError as error:
            logger.warning("webhook: refused as %s: %s", type(error).__name__, error)
            return refusal(error)

    def _believe(self, headers: list[tuple[str | bytes, str | bytes]], body: bytes, now: datetime) -> Accepted | Reply:
        delivery = receive(
            headers,
            body,
            tokens=self.tokens,
            now=now,
            tolerance=self.tolerance,
            require_time=self.require_time,
            webhook_ids=self.webhook_ids,
            modes=self.modes,
            largest=self.largest,
        )
        event = delivery.event
        if delivery.token:
            logger.info("webhook: signed with token %d, which is not the current one", delivery.token)
        if isinstance(event, VerifyEvent):
            return answered(challenge_answer(self.tokens[delivery.token or 0], event.challenge))
        key = event.event_id or f"sha256:{hashlib.sha256(body).hexdigest()}"
        logger.debug("webhook: believed %s %s", type(event).__name__, plain_id(key))
        return Accepted(event, key, lane_of(event) or key, body)


def lane_of(event: Event) -> str | None:
    """The vehicle that an event is about, if it is one."""
    if isinstance(event, LegacyEvent):
        return event.vehicle_ids[0] if len(event.vehicle_ids) == 1 else None
    return cast("str | None", getattr(event, "vehicle_id", None))


def declared_length(headers: Iterable[tuple[str | bytes, str | bytes]]) -> int:
    """The Content-Length, 0 if there is none to read."""
    for name, value in headers:
        digits = _text(value).strip()
        if _text(name).lower() == "content-length" and digits.isdecimal():
            return int(digits[:20])
    return 0


def _pairs(headers: Headers) -> list[tuple[str | bytes, str | bytes]]:
    if isinstance(headers, Mapping):
        return list(cast("Mapping[str, str]", headers).items())
    return list(headers)


def _text(text: str | bytes) -> str:
    return text.decode("latin-1") if isinstance(text, bytes) else text
