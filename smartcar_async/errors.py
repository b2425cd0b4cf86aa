"""Everything that can go wrong, as one tree of disjoint families.

SmartcarError
├── ConfigurationError            local, nothing was sent (a ValueError too)
├── NotConnected                  no tokens of this owner are stored: let the owner connect; nothing was sent
├── TransportError                no usable answer
│   ├── ConnectionFailed            provably not sent
│   ├── ConnectionLost              sent, at least in part, and no whole answer of its own came
│   ├── DeadlineExceeded            the time given for the call is over
│   └── ResponseTooLarge            the answer exceeds Settings(max_response_bytes=)
├── DecodeError                   an answer that cannot be read at all; carries the raw bytes
├── SignalUnavailable             this signal has no trustworthy body (defined beside `Signal`, in records.py)
├── ApiError                      the API refused or failed
│   ├── AuthenticationError  401      ├── VehicleStateError   409
│   ├── PermissionDenied     403      ├── RateLimited         429 (status None: held back here, nothing was sent)
│   ├── InvalidRequest       400      ├── BillingError        430
│   ├── AccountError         400      ├── CompatibilityError  501
│   ├── NotFound             404      ├── UpstreamError       502
│   └── ServerError          5xx
├── CommandOutcomeUnknown         the command may have run
├── TokenStoreError               stored tokens cannot be read or written; the text says what became of them
└── WebhookError                  a delivery that is not believed
    ├── MissingSignature, MalformedSignature, SignatureMismatch
    ├── StaleEvent, WrongWebhook, WrongMode
    └── InvalidPayload, PayloadTooLarge, BadChallenge

The text of an error is redacted; its attributes hold what was received.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

from attrs import frozen

from .redaction import redact

_REQUEST_ID: Final = re.compile(r"[\w-]{1,40}", re.ASCII)
_VIN: Final = re.compile(r"(?=[A-Z]*\d)[A-HJ-NPR-Z\d]{17}", re.ASCII | re.IGNORECASE)
EMPTY: Final[Mapping[str, str]] = MappingProxyType({})


def plain_id(text: str | None) -> str | None:
    """A request id that may be shown and logged; None for what does not look like one, because a server wrote it."""
    return text if text and _REQUEST_ID.fullmatch(text) and not _VIN.fullmatch(text) else None


@frozen
class Attempt:
    """One request that was made for a call: how it ended, and how long it took."""

    status: int | None
    """The HTTP status, or None when no answer came."""
    problem: str
    seconds: float
    request_id: str | None = None


@frozen
class Resolution:
    """What the API suggests to do about an error."""

    type: str | None = None
    url: str | None = None


class SmartcarError(Exception):
    """The root: everything that this package raises on purpose."""

    attempts: tuple[Attempt, ...] = ()
    """The requests that were made before the call failed, in order."""

    def fresh(self) -> Self:
        """The same error without a traceback, for one more caller that shares its outcome."""
        return copy.copy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, {**self.__dict__})


class ConfigurationError(SmartcarError, ValueError):
    """An argument or a setting cannot be right. Nothing was sent."""


class NotConnected(SmartcarError):
    """No tokens of this owner are stored under `key`: let the owner connect. Nothing was sent."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class TransportError(SmartcarError):
    """No usable answer came. `cause` names what the network reported, without addresses or secrets."""

    cause: str | None = None


class ConnectionFailed(TransportError):
    """No connection could be made, so the request provably never left."""


class ConnectionLost(TransportError):
    """The connection broke after the request began to leave: the server may or may not have acted.

    An answer that belongs to another request breaks it too.
    """


class DeadlineExceeded(TransportError):
    """The time given for this call is over, with queueing, tokens and retries included."""


class ResponseTooLarge(TransportError):
    """The answer is larger than `Settings(max_response_bytes=)` allows. It was not read, and not requested again."""


class DecodeError(SmartcarError):
    """An answer that cannot be read at all. `body` holds its bytes."""

    def __init__(
        self, message: str, *, body: bytes = b"", status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.body = body
        self.status = status
        self.request_id = request_id


class ApiError(SmartcarError):
    """The API refused or failed. The class is the family; the attributes hold all that the answer contained."""

    reports_success: bool = False
    """Whether the body nevertheless reports that it is done or under way: then the answer proves neither."""

    def __init__(
        self,
        summary: str,
        *,
        status: int | None = None,
        type: str | None = None,
        code: str | None = None,
        error: str | None = None,
        message: str | None = None,
        description: str | None = None,
        details: Sequence[object] = (),
        title: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        request_id: str | None = None,
        resolution: Resolution | None = None,
        doc_url: str | None = None,
        suggested_user_message: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] = EMPTY,
        body: bytes = b"",
    ) -> None:
        super().__init__(redact(summary) + _request(request_id))
        self.status = status
        self.type = type
        self.code = code
        self.error = error
        self.message = message
        self.description = description
        self.details: tuple[object, ...] = tuple(details)
        self.title = title
        self.errors: tuple[Mapping[str, Any], ...] = tuple(errors)
        """Every entry of a v3 error document; the first one fills the other attributes."""
        self.request_id = request_id
        self.resolution = resolution
        self.doc_url = doc_url
        self.suggested_user_message = suggested_user_message
        self.retry_after = retry_after
        """Seconds to wait before this can work, where the server or our own limiter states it."""
        self.headers: dict[str, str] = dict(headers)
        self.body = body


class AuthenticationError(ApiError):
    """The credentials were refused."""


class PermissionDenied(ApiError):
    """The owner has not granted what this call needs. `permission` names it where it is known."""

    permission: str | None = None


class InvalidRequest(ApiError):
    """The request itself is wrong; sending it again cannot help."""


class AccountError(ApiError):
    """Something is wrong with the owner's account at the maker."""


class NotFound(ApiError):
    """There is no such thing, or not yet."""


class VehicleStateError(ApiError):
    """The car is in a state in which it cannot do this."""


class RateLimited(ApiError):
    """Too many requests. `status` is None when this client held the call back and sent nothing."""


class BillingError(ApiError):
    """The plan or its quota does not allow this."""


class CompatibilityError(ApiError):
    """This car, make or platform cannot do this."""


class UpstreamError(ApiError):
    """The maker's service failed or answered with nonsense."""


class ServerError(ApiError):
    """Smartcar failed."""


class CommandOutcomeUnknown(SmartcarError):
    """A request that changes something may or may not have been carried out. It was not sent again.

    What to do next: do not send it again blindly, for an `unlock` that arrives twice is harmless, but one that arrives
    after somebody else has locked is not. Ask `await vehicle.reconcile(error, wait=600)`, which reads what the car has
    recorded since and answers in effect, not in effect or unknown; only after "not in effect" is it safe to send again.
    Where no signal can tell, as after `send_destination`, ask the owner, or leave it.

    It holds nothing but data, so that it can be pickled, stored and reconciled later, also by another process. `action`
    is the name of our method, `sent_at` when it left (None if nobody knows), and `request_id` for Smartcar's support.
    """

    def __init__(
        self,
        message: str,
        *,
        action: str,
        vehicle_id: str | None = None,
        parameters: Mapping[str, Any] = EMPTY,
        sent_at: datetime | None = None,
        request_id: str | None = None,
    ) -> None:
        # The request id in the text of an API error may stay: it is for Smartcar's support, and names nobody.
        named = _request(request_id)
        super().__init__(named.join(map(redact, message.split(named) if named else [message])))
        self.action = action
        self.vehicle_id = vehicle_id
        self.parameters: dict[str, Any] = dict(parameters)
        self.sent_at = sent_at
        self.request_id = request_id


class TokenStoreError(SmartcarError):
    """Stored tokens cannot be read or written. The text says whether what was stored is unchanged."""


class WebhookError(SmartcarError):
    """A delivery that is not believed."""


class MissingSignature(WebhookError):
    """There is no signature, and only a VERIFY comes without one."""


class MalformedSignature(WebhookError):
    """What came as a signature has not the form of one."""


class SignatureMismatch(WebhookError):
    """The signature was not made with any of the tokens."""


class StaleEvent(WebhookError):
    """An authentic event, delivered too long ago or too far ahead: perhaps a replay."""


class WrongWebhook(WebhookError):
    """An authentic event of a webhook that is not expected here."""


class WrongMode(WebhookError):
    """An authentic event of a mode that is not wanted here."""


class InvalidPayload(WebhookError):
    """The body is no JSON object, or not one that an event can be."""


class PayloadTooLarge(WebhookError):
    """The body is larger than any event."""


class BadChallenge(WebhookError):
    """A challenge that could be a forged event, and so is not answered."""


def _request(request_id: str | None) -> str:
    """How a text names its request."""
    return f" (request {shown})" if (shown := plain_id(request_id)) else ""


def _restore(cls: type[SmartcarError], args: tuple[Any, ...], state: dict[str, Any]) -> SmartcarError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error
