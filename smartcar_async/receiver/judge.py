"""Which requests are deliveries to take, and what the others are answered."""

import hashlib
from datetime import datetime
from typing import Any, Final, cast

from attrs import field, frozen

from ..errors import ConfigurationError, SmartcarError, WrongMode, WrongWebhook, plain_id
from ..log import logger
from ..webhook import Event, LegacyEvent, UnknownEvent, VerifyEvent, challenge_answer
from ..webhook.receiving import DeliveryRules, RequestHead
from .reply import ACCEPTED, NOT_POST, Reply, refusal, verified

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@frozen
class Accepted:
    """An event to handle. Its key tells it from others; those of one lane are handled one by one."""

    event: Event
    key: str
    lane: str
    body: bytes = field(repr=False)


@frozen
class Verdict:
    """What becomes of a request: an event to handle, or the answer to give at once."""

    name: str
    """`accepted`, `verified`, `ignored`, or the class of the refusal."""
    result: Accepted | Reply
    event: Event | None = None


@frozen
class Judge:
    """Decides by the rules; each request is judged once."""

    rules: DeliveryRules

    def judge(self, method: str, head: RequestHead, body: bytes, now: datetime) -> Verdict:
        """The event to handle, or what to answer at once."""
        size = max(len(body), head.content_length)
        logger.info("webhook: %s, %d bytes", method if method in _METHODS else "unknown method", size)
        if method != "POST":
            return Verdict(NOT_POST.reason, NOT_POST)
        try:
            return self._believe(head, body, now)
        except ConfigurationError as error:
            logger.error("webhook: nothing can be received: %s", error)
            return _refused(error)
        except (WrongWebhook, WrongMode) as error:
            logger.info("webhook: acknowledged and left alone: %s", error)
            return Verdict("ignored", ACCEPTED)
        except SmartcarError as error:
            logger.warning("webhook: refused as %s: %s", type(error).__name__, error)
            return _refused(error)

    def _believe(self, head: RequestHead, body: bytes, now: datetime) -> Verdict:
        delivery = self.rules.judge(head, body, now)
        event = delivery.event
        if delivery.token:
            logger.info("webhook: signed with token %d, which is not the current one", delivery.token)
        if isinstance(event, VerifyEvent):
            answer = challenge_answer(self.rules.tokens[delivery.token or 0], event.challenge)
            return Verdict("verified", verified(answer), event)
        key = event.event_id or f"sha256:{hashlib.sha256(body).hexdigest()}"
        logger.debug("webhook: believed %s %s", type(event).__name__, plain_id(key))
        return Verdict("accepted", Accepted(event, key, lane_of(event) or key, body), event)


def _refused(error: SmartcarError) -> Verdict:
    return Verdict(type(error).__name__, refusal(error))


def lane_of(event: Event) -> str | None:
    """The vehicle that an event is about, if it is one: its events are handled one by one."""
    if isinstance(event, LegacyEvent):
        return event.vehicle_ids[0] if len(event.vehicle_ids) == 1 else None
    if isinstance(event, UnknownEvent):
        return _vehicle_of(event.raw)
    return cast("str | None", getattr(event, "vehicle_id", None))


def _vehicle_of(document: Any) -> str | None:
    """Where the kinds of today name their vehicle, a kind of tomorrow may name it too."""
    places = (("data", "vehicle", "id"), ("vehicleId",), ("data", "vehicleId"))
    for place in places:
        value = document
        for name in place:
            value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            return value
    return None
