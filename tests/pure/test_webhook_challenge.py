"""Unsigned VERIFY, and the oracle guard: no signature is to be had from a challenge."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from smartcar_async.errors import BadChallenge, InvalidPayload, MissingSignature, SignatureMismatch
from smartcar_async.webhook import Delivery, VerifyEvent, challenge_answer, hash_challenge, parse, receive, sign

from ..deliveries import ERRORS, LEGACY_CHARGING, LEGACY_VERIFY, NOW, OLD_TOKEN, STATE, TOKEN, VERIFY, Document, written

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-"


def unsigned(body: bytes, signature: str | None = None) -> Delivery:
    """What becomes of a body without a good signature."""
    return receive({} if signature is None else {"SC-Signature": signature}, body, tokens=TOKEN, now=NOW)


@pytest.mark.parametrize("document", [VERIFY, LEGACY_VERIFY])
@pytest.mark.parametrize("signature", [None, "", "nonsense", "é", "0" * 64, sign(OLD_TOKEN, written(VERIFY))])
def test_a_verify_needs_no_signature(document: Document, signature: str | None) -> None:
    """Smartcar does not sign it, or not with a token that is known; it is read, and not vouched for."""
    assert unsigned(written(document), signature) == Delivery(parse(written(document)), None)


def verify_with(extra: str = "", challenge: str = '"c"') -> bytes:
    """An unsigned VERIFY with something added."""
    return f'{{"eventType":"VERIFY","data":{{"challenge":{challenge}}}{extra}}}'.encode()


def test_what_an_unsigned_verify_may_hold() -> None:
    """Small and flat things: up to 8,192 bytes, and 64 brackets."""
    room = 8192 - len(verify_with(',"a":""'))
    accepted = [
        verify_with(),
        verify_with(f',"a":"{"x" * room}"'),
        verify_with(f',"a":{"[" * 62}{"]" * 62}'),
        verify_with(',"a":{"b":1},"b":{"b":2},"c":1e5'),
    ]
    for body in accepted:
        assert unsigned(body).event == VerifyEvent("c")
        assert unsigned(body).token is None


@pytest.mark.parametrize(
    "body",
    [
        verify_with(f',"a":"{"x" * 8200}"'),
        verify_with(f',"a":{"[" * 63}{"]" * 63}'),
        verify_with(f',"a":"{"{" * 63}"'),
        verify_with(f',"a":{"[" * 2000}{"]" * 2000}'),
        verify_with(',"eventType":"VERIFY"'),
        verify_with(',"eventType":"VEHICLE_STATE"'),
        verify_with(',"data":{"challenge":"d"}'),
        verify_with(challenge='"c","challenge":"d"'),
        verify_with(challenge='"c","\\u0063hallenge":"d"'),
        verify_with(challenge="5"),
        verify_with(challenge="null"),
    ],
    ids=lambda body: ascii(body[40:70]),
)
def test_an_odd_unsigned_verify_is_refused(body: bytes) -> None:
    """What two parsers may read in two ways, or what costs much to read, is not looked at without a signature."""
    with pytest.raises(MissingSignature):
        unsigned(body)
    with pytest.raises(SignatureMismatch):
        unsigned(body, "0" * 64)


@pytest.mark.parametrize(
    "body",
    [
        verify_with(',"a":nan'),
        verify_with() + b"x",
        verify_with()[:-1],
        verify_with() + verify_with(),
        b"[" + verify_with() + b"]",
        verify_with().decode().encode("utf-16"),
        verify_with().replace(b'"c"', b'"\xff'),
        verify_with().replace(b'"c"', b'"c\\"'),
    ],
    ids=lambda body: ascii(body[40:70]),
)
def test_an_unsigned_verify_that_is_no_json(body: bytes) -> None:
    """Nothing is read out of it, whoever would read it."""
    for signature in (None, "0" * 64):
        with pytest.raises(InvalidPayload):
            unsigned(body, signature)


@pytest.mark.parametrize(
    "body",
    [
        verify_with(',"a":NaN'),
        verify_with(',"a":-Infinity'),
        verify_with(f',"a":{"9" * 5000}'),
        verify_with(',"a":1e400'),
        verify_with(',"a":"\\ud83d"'),
        verify_with(',"a":"\x01"'),
        verify_with(',"a":"?"').replace(b"?", b"\xff"),
        b"\xef\xbb\xbf" + verify_with(),
    ],
    ids=lambda body: ascii(body[40:70]),
)
def test_an_unsigned_verify_with_an_odd_text_or_number(body: bytes) -> None:
    """A name that was cut inside an emoji, say: the webhook could never be set up."""
    for signature in (None, "0" * 64):
        assert unsigned(body, signature).event == VerifyEvent("c")


@pytest.mark.parametrize("challenge", [b"\xff", b"\\ud83d", b"\x01", b"\\x"], ids=ascii)
def test_an_odd_challenge_is_not_answered(challenge: bytes) -> None:
    """It is read as well as Unicode can hold it, and has characters that no challenge has."""
    delivery = unsigned(verify_with().replace(b'"c"', b'"' + challenge + b'"'))
    assert isinstance(delivery.event, VerifyEvent)
    with pytest.raises(BadChallenge):
        challenge_answer(TOKEN, delivery.event.challenge)


def test_an_answer_to_a_challenge() -> None:
    """Made with the first token, which is the current one."""
    challenge = "3f1c9a52-made-up-challenge"
    answer = "34622789a9ff0b7486b84e36c3da642896e38f437fa5f1f7b63c943f3038c4b9"
    assert challenge_answer(TOKEN, challenge) == answer
    assert challenge_answer([TOKEN, OLD_TOKEN], challenge) == answer
    assert challenge_answer(iter([OLD_TOKEN, TOKEN]), challenge) == hash_challenge(OLD_TOKEN, challenge) != answer


@pytest.mark.parametrize("challenge", [*ALPHABET, ALPHABET, "a" * 256, "8c9a9a6e-3a0e-4f0e-9f67-0a4e3d7e2f11"])
def test_challenges_that_are_answered(challenge: str) -> None:
    """Of 1 to 256 characters that make tokens and UUIDs."""
    assert challenge_answer(TOKEN, challenge) == hash_challenge(TOKEN, challenge)


@pytest.mark.parametrize(
    "challenge",
    [
        *(chr(number) for number in range(256) if chr(number) not in ALPHABET),
        *("", "a" * 257, "a\n", "\na", "a b", "{", "}", "a{", '{"eventType":"VEHICLE_STATE","data":{}}'),
        *("\N{FULLWIDTH LEFT CURLY BRACKET}", "\N{KELVIN SIGN}", "\ud800", "\N{ARABIC-INDIC DIGIT ONE}"),
        *(None, 5, b"abc", ["abc"], {"a": 1}),
    ],
    ids=ascii,
)
def test_challenges_that_are_not_answered(challenge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything with a brace, and all else that no challenge is made of; nothing is even hashed."""
    monkeypatch.setattr("hmac.new", None)
    with pytest.raises(BadChallenge, match="not answered") as why:
        challenge_answer(TOKEN, challenge)
    assert "eventType" not in str(why.value)


def forged(challenge: str) -> bytes:
    """The attacker's VERIFY."""
    return written({"eventType": "VERIFY", "data": {"challenge": challenge}})


@pytest.mark.parametrize(
    "event",
    [
        '{"eventType":"VEHICLE_STATE","data":{}}',
        written(STATE).decode(),
        written(ERRORS).decode(),
        written(LEGACY_CHARGING).decode(),
        " {}",
        "{}\n",
    ],
    ids=lambda event: event[:40],
)
def test_a_forged_verify_gets_no_signature(event: str) -> None:
    """An answer to any challenge would sign forged events. The attack, step by step, ends at the second one."""
    delivery = unsigned(forged(event))
    assert isinstance(delivery.event, VerifyEvent)
    with pytest.raises(BadChallenge):
        challenge_answer(TOKEN, delivery.event.challenge)
    answer_of_a_careless_endpoint = hash_challenge(TOKEN, delivery.event.challenge)
    assert receive({"SC-Signature": answer_of_a_careless_endpoint}, event, tokens=TOKEN, now=NOW).token == 0


@given(st.text(ALPHABET, min_size=1, max_size=256) | st.from_regex(r"[\[\]\"{}:,0-9a-z.+-]{1,256}", fullmatch=True))
def test_no_answer_is_the_signature_of_an_event(challenge: str) -> None:
    """Whatever is answered: as a body with the answer for its signature, it is no event."""
    delivery = unsigned(forged(challenge)) if len(forged(challenge)) <= 8192 and challenge.count("{") < 9 else None
    if delivery is not None:
        assert delivery.event == VerifyEvent(challenge)
    try:
        answer = challenge_answer(TOKEN, challenge)
    except BadChallenge:
        assert set(challenge) - set(ALPHABET)
        return
    with pytest.raises(InvalidPayload):
        receive({"SC-Signature": answer}, challenge, tokens=TOKEN, now=NOW)
