"""Whatever is posted to a webhook's endpoint: an event or a WebhookError, no hang, and a `repr` of everything.

SMARTCAR_FUZZ is the number of examples of all tests here together.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from smartcar_async import codec, signals
from smartcar_async.errors import (
    BadChallenge,
    InvalidPayload,
    MalformedSignature,
    MissingSignature,
    SignatureMismatch,
    StaleEvent,
    WebhookError,
)
from smartcar_async.webhook import (
    Body,
    Delivery,
    Event,
    Explanation,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
    challenge_answer,
    explain,
    parse,
    receive,
    sign,
    verify,
)

from ..catalogue import LISTED, example
from ..deliveries import ALL, CHARGE, ERRORS, NOW, OLD_TOKEN, STATE, TOKEN, VERIFY, written
from .mutations import (
    AWKWARD,
    SNIPPETS,
    changed,
    each_replaced,
    faulty,
    json_values,
    one_of,
    with_an_odd_one,
    with_odd_values,
    within_the_time,
)
from .test_fuzz_decode import share

SOC = signals.TractionBattery.StateOfCharge
ENTRIES = [
    {
        "code": row.code,
        "group": row.group,
        "name": row.name,
        "body": example(row.body),
        "status": {"value": "SUCCESS"},
        "meta": {"oemUpdatedAt": 1767000000000, "retrievedAt": 1767000004000},
    }
    for row in LISTED[::4]
]
CLEAN = [STATE, ERRORS, VERIFY]
UNSIGNED = (MissingSignature, MalformedSignature, SignatureMismatch)
NO_SIGNATURES = [None, "", "0" * 64, "é", "sha256=" + "0" * 64, sign(OLD_TOKEN, written(VERIFY))]


def in_time(work: Callable[[], object]) -> Any:
    """What it gives or why it is refused, within the time and with a `repr`."""
    result: object
    with within_the_time():
        try:
            result = work()
        except WebhookError as error:
            result = error
    assert repr(result)
    return result


def shows(event: Event) -> bool:
    """Whether each part of an event can be read and shown."""
    assert isinstance(event.raw, dict)
    parts: list[object] = [event, event.meta]
    if isinstance(event, VehicleStateEvent):
        parts += [event.first_delivery, *event.triggers]
        for signal in event.signals.entries:
            parts += [signal, signal.body, signal.error, signal.value]
            parts += [signal.recorded_at, signal.retrieved_at, signal.code]
    elif isinstance(event, VehicleErrorEvent):
        parts += [event.needs_reauth([SOC]), *event.errors]
    return all(repr(part) for part in parts)


def received(body: bytes, signature: str | None) -> Any:
    """What becomes of a body under this signature."""
    headers = {} if signature is None else {"SC-Signature": signature}
    return in_time(lambda: receive(headers, body, tokens=[OLD_TOKEN, TOKEN], now=NOW, require_time=True))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """The body of a delivery with faults, or anything."""
    match draw(st.integers(0, 9)):
        case 0:
            return draw(one_of(SNIPPETS) | st.binary(max_size=99))
        case 1:
            return json.dumps(draw(json_values)).encode()
        case _:
            return faulty(draw, draw(one_of(ALL)))


def believed_if_signed(body: bytes) -> bool:
    """A signed delivery is never refused for its signature: it is an event, or no event, or one without a good time."""
    result = received(body, sign(TOKEN, body))
    if not isinstance(result, Delivery):
        return type(result) in (InvalidPayload, StaleEvent)
    return result.token == 1 and shows(result.event)


def refused_if_unsigned(body: bytes, signature: str | None) -> bool:
    """Nothing but a VERIFY gets in, vouched for by no token; and its challenge is answered only without a brace."""
    result = received(body, signature)
    if not isinstance(result, Delivery):
        return type(result) in UNSIGNED or (type(result) is InvalidPayload and not is_object(body))
    event = result.event
    assert isinstance(event, VerifyEvent)
    answer = in_time(lambda: challenge_answer(TOKEN, event.challenge))
    guarded = isinstance(answer, BadChallenge) or not set(event.challenge) & set('{}"')
    return guarded and result.token is None and shows(event)


def is_object(body: bytes) -> bool:
    """Whether the body is a JSON object by the letter."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        return isinstance(json.loads(body.decode(), parse_constant=refuse), dict)
    except ValueError:
        return False


def event_or_invalid(body: Body) -> bool:
    """What is parsed is an event, or InvalidPayload."""
    result = in_time(lambda: parse(body))
    return type(result) is InvalidPayload if isinstance(result, WebhookError) else shows(result)


@share(0.3)
@given(bodies(), one_of(NO_SIGNATURES))
def test_a_faulty_delivery(body: bytes, signature: str | None) -> None:
    """Signed, unsigned, and parsed without asking."""
    assert believed_if_signed(body)
    assert refused_if_unsigned(body, signature)
    assert event_or_invalid(body)


any_text = st.text(st.characters(), max_size=99)
"""Halves of surrogate pairs included."""
any_body: st.SearchStrategy[Body] = (
    bodies()
    | any_text
    | st.binary(max_size=99).map(bytearray)
    | st.binary(max_size=99).map(lambda held: memoryview(held))
)
any_signature: st.SearchStrategy[object] = (
    json_values
    | any_text
    | st.binary(max_size=99)
    | st.binary(min_size=32, max_size=32).map(bytes.hex)
    | st.from_regex(r"[0-9a-fA-F]{64}\s?")
)


@share(0.15)
@given(any_body, any_signature, any_text.filter(str.strip), any_text.filter(str.strip))
def test_any_body_and_any_signature(body: Body, signature: object, token: str, older: str) -> None:
    """To verify and to explain never raises, and what was signed verifies whatever it is and parses or is refused."""
    assert in_time(lambda: verify(body, signature, [token])) is None
    assert isinstance(in_time(lambda: explain(body, signature, [token], older_tokens=[older])), Explanation)
    assert verify(body, sign(token, body), [token]) is not None
    assert event_or_invalid(body)


@share(0.25)
@given(one_of(CLEAN), st.integers(0), st.booleans())
def test_one_changed_bit(document: Any, place: int, in_signature: bool) -> None:
    """In the body or in the digest: no event is believed, and no VERIFY is vouched for."""
    body, digest = written(document), bytes.fromhex(sign(TOKEN, written(document)))
    flipped = bytearray(digest if in_signature else body)
    flipped[place // 8 % len(flipped)] ^= 1 << place % 8
    body_sent, signature = (body, flipped.hex()) if in_signature else (bytes(flipped), digest.hex())
    assert verify(body_sent, signature, [OLD_TOKEN, TOKEN]) is None
    result = received(body_sent, signature)
    if document is VERIFY and isinstance(result, Delivery):
        assert result.token is None
    elif is_object(body_sent):
        assert type(result) is SignatureMismatch
    else:  # odd texts and numbers are read; brackets and quotes that are gone are not
        assert type(result) in (InvalidPayload, SignatureMismatch)


header_names = st.sampled_from(["SC-Signature", "sc-signature", b"Sc-Signature", b"\xff", "", "x"]) | st.text()
header_values = any_text | st.binary(max_size=99) | st.just(sign(TOKEN, written(STATE)))


@share(0.05)
@given(st.lists(st.tuples(header_names, header_values), max_size=5))
def test_any_headers(headers: list[tuple[str | bytes, str | bytes]]) -> None:
    """The first signature among them counts, and all else is passed over."""
    result = in_time(lambda: receive(headers, written(STATE), tokens=TOKEN, now=NOW))
    named = [value for name, value in headers if name in ("SC-Signature", "sc-signature", b"Sc-Signature")]
    good = bool(named) and verify(written(STATE), named[0], TOKEN) is not None
    assert isinstance(result, Delivery) if good else type(result) in UNSIGNED


@st.composite
def bad_signals(draw: st.DrawFn) -> tuple[int, Any]:
    """A place in the list of signals, and what stands there: the signal with changes, or anything."""
    place = draw(st.integers(0, len(ENTRIES) - 1))
    return place, draw(json_values) if draw(st.booleans()) else changed(draw, ENTRIES[place])


def state_of(entries: list[Any]) -> VehicleStateEvent:
    """A delivery of these signals, received."""
    body = written({**STATE, "data": {**STATE["data"], "signals": entries}})
    result = received(body, sign(TOKEN, body))
    assert isinstance(result, Delivery)
    assert isinstance(result.event, VehicleStateEvent)
    return result.event


WHOLE = state_of([*ENTRIES, CHARGE]).signals.entries
SENT = [json.dumps(entry).encode() for entry in [*ENTRIES, CHARGE]]


@share(0.05)
@given(bad_signals())
def test_one_bad_signal_among_many(bad: tuple[int, Any]) -> None:
    """The others are as they were; the bad one is one signal that holds what was sent."""
    place, wrong = bad
    event = state_of([*ENTRIES[:place], json.loads(json.dumps(wrong)), *ENTRIES[place + 1 :], CHARGE])
    assert shows(event)
    result = event.signals.entries
    assert result[place].raw == json.loads(json.dumps(wrong))
    assert result[:place] + result[place + 1 :] == WHOLE[:place] + WHOLE[place + 1 :]


@st.composite
def odd_signals(draw: st.DrawFn) -> tuple[int, bytes, Any]:
    """A place in the list of signals, what is sent there, with something odd in it, and what is kept of that."""
    place = draw(st.integers(0, len(ENTRIES) - 1))
    return place, *with_odd_values(draw, ENTRIES[place] if draw(st.booleans()) else changed(draw, ENTRIES[place]))


@share(0.1)
@given(odd_signals())
def test_something_odd_in_one_signal_among_many(odd: tuple[int, bytes, Any]) -> None:
    """The signed event is never refused, the others are as they were, and the odd one is read as what is kept of it."""
    place, sent, kept = odd
    signals_sent = with_an_odd_one(SENT, place, sent)
    document = {**STATE, "data": {**STATE["data"], "signals": "all of them"}}
    body = written(document).replace(b'"all of them"', signals_sent)
    delivery = received(body, sign(TOKEN, body))
    assert isinstance(delivery, Delivery)
    event = delivery.event
    assert isinstance(event, VehicleStateEvent)
    assert shows(event)
    result = event.signals.entries
    assert (codec.signal(kept), kept) == (result[place], result[place].raw)
    assert result[:place] + result[place + 1 :] == WHOLE[:place] + WHOLE[place + 1 :]
    assert repr(event).encode()


@share(0.1)
@given(st.composite(lambda draw: with_odd_values(draw, draw(one_of(ALL))))())
def test_something_odd_anywhere_in_a_delivery(odd: tuple[bytes, Any]) -> None:
    """It is the event that what is kept of it would be, or no event like that."""
    sent, kept = odd
    result, expected = (in_time(lambda: parse(body)) for body in (sent, written(kept)))  # noqa: B023
    assert type(result) is type(expected)
    assert isinstance(result, WebhookError) or result == expected


@pytest.mark.parametrize("value", AWKWARD, ids=lambda value: repr(value)[:20])
def test_every_awkward_value_in_every_delivery(value: object) -> None:
    """Chance may miss a pair of place and value: here is each, in every shape of delivery, signed and unsigned."""
    for document in ALL:
        for body in each_replaced(document, value):
            assert believed_if_signed(body)
            assert refused_if_unsigned(body, None)
