"""The error tree: disjoint families, texts without secrets, and errors that survive being copied and sent."""

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import errors, signals
from smartcar_async.errors import (
    ApiError,
    Attempt,
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    DecodeError,
    NotConnected,
    PermissionDenied,
    RateLimited,
    Resolution,
    ResponseTooLarge,
    SmartcarError,
    TransportError,
    WebhookError,
    plain_id,
)
from smartcar_async.records import Signal, SignalError, SignalKey, SignalUnavailable

ALL = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, SmartcarError)]
API = [kind for kind in ALL if ApiError in kind.__bases__]
TRANSPORT = [kind for kind in ALL if TransportError in kind.__bases__]
WEBHOOK = [kind for kind in ALL if WebhookError in kind.__bases__]
FAMILIES = {TransportError: TRANSPORT, ApiError: API, WebhookError: WEBHOOK}
UUID = "33333333-3333-4333-8333-333333333333"

UNAVAILABLE = SignalUnavailable(
    Signal(signals.Charge.ChargeRate, "ERROR", None, SignalError("VEHICLE_STATE", "NOT_CHARGING"))
)
EXAMPLES = [
    SmartcarError("a"),
    ConfigurationError("b"),
    ConnectionFailed("c"),
    DecodeError("d", body=b"<html>", status=200, request_id="r-1"),
    RateLimited("e", status=429, type="RATE_LIMIT", code="VEHICLE", retry_after=7.5, headers={"a": "b"}, body=b"{}"),
    PermissionDenied("f", status=403, resolution=Resolution("REAUTHENTICATE", "https://x"), errors=[{"code": "A"}]),
    CommandOutcomeUnknown("g", action="POST /x", vehicle_id="v1", sent_at=datetime(2026, 5, 4, tzinfo=UTC)),
    NotConnected("h", key="owner-7"),
    UNAVAILABLE,
]


def test_families_are_disjoint() -> None:
    """A class alone tells what to do: none is a kind of another, apart from the families of the tree."""
    assert [ConnectionFailed, ConnectionLost, DeadlineExceeded, ResponseTooLarge] == TRANSPORT
    for kind in ALL:
        above = [base for base in kind.__mro__[1:] if isinstance(base, type) and issubclass(base, SmartcarError)]
        parent = next((family for family, kinds in FAMILIES.items() if kind in kinds), None)
        assert [base for base in (parent, SmartcarError) if base and base is not kind] == above or kind is SmartcarError


def test_the_tree_is_drawn_as_it_is() -> None:
    """The drawing at the top of the module names every class."""
    for kind in [*ALL, SignalUnavailable]:
        assert kind.__name__ in (errors.__doc__ or "")


def test_a_configuration_error_is_a_value_error() -> None:
    """Who knows nothing of this package can still catch a bad argument."""
    assert issubclass(ConfigurationError, ValueError)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_can_be_copied_and_pickled(error: SmartcarError) -> None:
    """A copy says all that the original says, and shares no traceback."""
    error.attempts = (Attempt(502, "UpstreamError", 0.25, "r-1"),)
    if isinstance(error, PermissionDenied):
        error.permission = "read_vin"
    with pytest.raises(SmartcarError) as raised:
        raise error
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error)), error.fresh()):
        assert type(error) is type(again)
        assert raised.value.args == again.args
        assert str(error) == str(again)
        assert vars(error) == vars(again)
        assert error is not again
        assert again.__traceback__ is None


def test_defaults_say_nothing() -> None:
    """An error that was told nothing answers every question with nothing."""
    error = ApiError("no")
    assert str(error) == "no"
    empty: dict[str, object] = {"details": (), "errors": (), "headers": {}, "body": b""}
    assert {**dict.fromkeys(vars(error)), **empty} == vars(error)
    assert error.attempts == ()
    assert PermissionDenied("no").permission is None
    assert TransportError("no").cause is None


def test_an_error_keeps_what_it_was_told() -> None:
    """Sequences become tuples and headers a dict, so that nobody else can change them."""
    details, headers, entries = ["a"], {"a": "b"}, [{"code": "A"}]
    error = ApiError("no", details=details, headers=headers, errors=entries)
    details.clear()
    headers.clear()
    entries.clear()
    assert (error.details, error.headers, error.errors) == (("a",), {"a": "b"}, ({"code": "A"},))


@pytest.mark.parametrize(
    ("request_id", "text"),
    [
        (UUID, f"no (request {UUID})"),
        ("req_1", "no (request req_1)"),
        (None, "no"),
        ("", "no"),
        ("Bearer abc", "no"),
        ("a" * 41, "no"),
        ("id\n", "no"),
    ],
)
def test_the_request_id_is_named(request_id: str | None, text: str) -> None:
    """Support needs the id; what does not look like one is not repeated."""
    error = ApiError("no", request_id=request_id)
    assert text == str(error)
    assert request_id == error.request_id


@pytest.mark.parametrize("identity", [UUID, "req_1", "a1b2" * 10])
def test_an_open_outcome_names_the_request_too(identity: str) -> None:
    """The id of the error that it tells of is not taken for something private; everything else still is."""
    refused = ApiError(f"504 - {UUID} is slow", request_id=identity)
    text = f"lock may have been carried out: {refused}. Not sent to {UUID} again."
    unknown = CommandOutcomeUnknown(text, action="lock", request_id=identity)
    assert str(unknown) == (
        f"lock may have been carried out: 504 - [hidden] is slow (request {identity}). Not sent to [hidden] again."
    )
    for odd in (None, "", "Bearer abc", "req_2"):
        hidden = CommandOutcomeUnknown(f"lost (request {UUID})", action="lock", request_id=odd)
        assert str(hidden) == "lost (request [hidden])"


def test_an_owner_without_tokens_is_not_named_in_a_text() -> None:
    """The key may be the id of a person: it is an attribute."""
    error = NotConnected("no tokens are stored under this key", key="owner-7")
    assert "owner-7" not in str(error) + repr(error)
    assert error.key == "owner-7"


def test_texts_are_redacted_and_attributes_are_not() -> None:
    """A traceback shows nothing private; the attributes hold what was received."""
    error = ApiError(f"403 - {UUID} is not yours", description=f"{UUID} is not yours", body=UUID.encode())
    assert UUID not in str(error) + repr(error)
    assert error.description == f"{UUID} is not yours"
    unknown = CommandOutcomeUnknown("sent to 57.70887, 11.97456", action="x", parameters={"latitude": 57.70887})
    assert "57.70887" not in str(unknown) + repr(unknown)
    assert unknown.parameters == {"latitude": 57.70887}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SignalError("PERMISSION", None), "charge-chargerate is ERROR: PERMISSION/UNKNOWN"),
        (SignalError(), "charge-chargerate is ERROR: UNKNOWN/UNKNOWN"),
        (SignalError("A", "B", "secret", "secret", "secret"), "charge-chargerate is ERROR: A/B"),
        (None, "charge-chargerate is ERROR"),
    ],
)
def test_why_a_signal_is_unavailable(error: SignalError | None, text: str) -> None:
    """The text names the signal and the codes, not the sentences."""
    signal = Signal(signals.Charge.ChargeRate, "ERROR", None, error)
    assert text == str(SignalUnavailable(signal))
    assert signal is SignalUnavailable(signal).signal


def test_a_signal_without_a_code_is_unavailable() -> None:
    """The text is a sentence even then."""
    signal = Signal(SignalKey[Any]("", "", "dict"), "UNAVAILABLE")
    assert str(SignalUnavailable(signal)) == "a signal without a code is UNAVAILABLE"


def test_a_vin_is_no_request_id() -> None:
    """A server may write anything there, and ids are shown and logged."""
    assert (plain_id("5YJSA1CN5DFP01234"), plain_id("5yjsa1cn5dfp01234"), plain_id("a1b2-c3")) == (
        None,
        None,
        "a1b2-c3",
    )
