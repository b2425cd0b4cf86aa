"""What the endpoint answers."""

import json
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from ..errors import (
    ConfigurationError,
    MalformedSignature,
    MissingSignature,
    PayloadTooLarge,
    SignatureMismatch,
    SmartcarError,
)

_JSON: Final = {"Content-Type": "application/json"}


@frozen
class Reply:
    """An answer to a delivery, for any server to send."""

    status: int
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes = b""
    reason: str = field(default="", eq=False)
    """Why it is this one, in a word: for logs and hooks, it is not sent."""


ACCEPTED: Final = Reply(204, reason="Accepted")
"""Stored, handled, or handled before; Smartcar need not send it again."""


def _encoded(document: Mapping[str, str]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def verified(challenge: str) -> Reply:
    """The answer to a VERIFY."""
    return Reply(200, _JSON, _encoded({"challenge": challenge}), "Verified")


def refused(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal that says why."""
    return Reply(status, {**_JSON, **(headers or {})}, _encoded({"error": error, "message": message}), error)


def refusal(error: SmartcarError) -> Reply:
    """The answer to a delivery that is not believed."""
    match error:
        case ConfigurationError():
            return NOT_CONFIGURED
        case PayloadTooLarge():
            status = 413
        case MissingSignature() | MalformedSignature() | SignatureMismatch():
            status = 401
        case _:
            status = 400
    return refused(status, type(error).__name__, str(error))


NOT_POST: Final = refused(405, "MethodNotAllowed", "deliveries are POSTed", {"Allow": "POST"})
IN_FLIGHT: Final = refused(503, "InFlight", "this event is being handled; send it again")
FAILED: Final = refused(503, "HandlerFailed", "this event was not handled; send it again")
TOO_SLOW: Final = refused(503, "TooSlow", "this event was not handled in time; send it again")
TOO_SLOW_BODY: Final = refused(408, "RequestTimeout", "the body did not come in time")
CUT_BODY: Final = refused(400, "InvalidPayload", "the body is not whole")
STORE_DOWN: Final = refused(503, "StoreDown", "this event could not be recorded; send it again")
NOT_CONFIGURED: Final = refused(500, "NotConfigured", "this endpoint is not set up; its log says why")
