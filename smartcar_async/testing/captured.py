"""A delivery that was captured, once more: the same event, signed anew, as of now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

from attrs import field, frozen

from .errors import SimulatorError
from .events import SIGNATURE, Document, digest, encode
from .http_post import NoAnswer, post
from .times import Times, timestamp
from .wire import is_object

_OF_THE_CONNECTION = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "keep-alive", SIGNATURE.lower()}
)


class Sent(Protocol):
    """What was sent: a `Delivery` of the simulator, or a request that you kept."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        ...

    @property
    def body(self) -> bytes:
        """The raw body."""
        ...


@frozen
class Captured:
    """A delivery as it came: its raw body, and its headers."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)


def sign_again(sent: Sent, *, token: str, now: datetime | None = None, renew: bool = True) -> Captured:
    """The same event with a valid signature. Its `deliveryId` and `deliveredAt` are new, unless `renew` is False.

    A body that is not renewed stays what it is to the byte, and so does one that has neither.
    """
    body = _renewed(sent.body, now or datetime.now(UTC)) if renew else sent.body
    kept = {name: value for name, value in sent.headers.items() if name.lower() not in _OF_THE_CONNECTION}
    return Captured(body, {**kept, SIGNATURE: digest(token, body)})


async def replay(
    sent: Sent, url: str, *, token: str, now: datetime | None = None, renew: bool = True, seconds: float = 15.0
) -> int:
    """Sign it anew, send it to a URL, and return the status of the answer."""
    signed = sign_again(sent, token=token, now=now, renew=renew)
    try:
        return (await post(url, signed.headers, signed.body, seconds)).status
    except NoAnswer as error:
        raise SimulatorError(f"{url} did not answer ({error}): is your service running?") from None


def _renewed(body: bytes, now: datetime) -> bytes:
    try:
        document: object = json.loads(body)
    except ValueError:
        return body
    meta = document.get("meta") if is_object(document) else None
    if not is_object(document) or not is_object(meta):
        return body
    renewed: Document = {"deliveryId": str(uuid4())} | {
        name: timestamp(now, _form(meta[name])) for name in ("deliveredAt", "deliveryTime") if name in meta
    }
    changed = {name: renewed.get(name, value) for name, value in meta.items()}
    return body if changed == meta else encode({**document, "meta": changed})


def _form(value: object) -> Times:
    if isinstance(value, str):
        return "iso"
    return "seconds" if isinstance(value, int | float) and value < 1e11 else "milliseconds"
