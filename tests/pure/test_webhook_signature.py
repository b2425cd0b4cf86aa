"""Signatures of deliveries: known answers, and what is refused without an exception."""

import base64
import hmac
import json
from typing import Any
from unittest.mock import Mock

import pytest

from smartcar_async.errors import ConfigurationError
from smartcar_async.webhook import (
    Body,
    Match,
    Problem,
    explain,
    hash_challenge,
    sign,
    verify,
    verify_payload,
)

from ..deliveries import OLD_TOKEN, TOKEN

BODY = (
    '{"eventId":"e-0001","eventType":"VEHICLE_STATE","data":{"user":{"id":"u-1"},"vehicle":{"id":"v-1","make":"ŠKODA",'
    '"model":"Enyaq","year":2024},"signals":[{"code":"odometer-traveleddistance","name":"TraveledDistance",'
    '"group":"Odometer","body":{"value":100.0,"unit":"km"},"status":{"value":"SUCCESS"},'
    '"meta":{"oemUpdatedAt":1767920001000,"retrievedAt":1767920009852}}]},"triggers":[{"type":"FIRST_DELIVERY"}],'
    '"meta":{"deliveryId":"d-1","deliveredAt":1767920009942,"version":"4.0","webhookId":"w-1","webhookName":"Demo",'
    '"mode":"TEST","signalCount":1}}'
)
RAW = BODY.encode()
SIGNATURE = "72697e44dae914b6a53b974d51f427d31f2c79b81480e167069d808640e1c188"
NODE = "241985495a65a71116c77af3542f9d2b20ea89789d0e84464f4f9e3e2f6f6be7"
NODE_GIVEN_TEXT = "bb39ecf6debc64bddfa1c8d5a05d6940c29adab601bc3b212574952843b72af4"
PYTHON_COMPACT = "b19e4d5f418d5e60c1ab9ab93c7e1e420567c475b4a13cd8f9d6a2cdae413659"
PYTHON = "f428d1691a7908fc98111279eb16e1d1fce0297ff7aafb2035311416b7bed5a6"
SWAPPED = "ae4caa914ad44f5b58c9c6233c97c98928b4b9a58f3ff426763d5cf6cab5f752"
"""Other messages under the same token, or another key: what libraries hash by mistake."""

KNOWN = [
    (TOKEN, "3f1c9a52-made-up-challenge", "34622789a9ff0b7486b84e36c3da642896e38f437fa5f1f7b63c943f3038c4b9"),
    (TOKEN, BODY, SIGNATURE),
    (
        TOKEN,
        '{"eventType":"VEHICLE_STATE","data":{}}',
        "b7350cae858c5e0600e9fba6b411129ce406030b3f0f633ec162c266595bddd3",
    ),
    ("amt", "challenge", "9baf5a7464bd86740ad5a06e439dcf535a075022ed2c92d74efacf646d79328e"),
    ("amt", '{"pizza":"pasta"}', "4c05a8da471f05156ad717baa4017acd13a3a809850b9ca7d3301dcaaa854f70"),
    (
        "It's a Secret to Everybody",
        "Hello, World!",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
]
"""Computed by others: Smartcar's Node and Java tests, GitHub's documentation, OpenSSL."""

WRONG_SIGNATURES: list[object] = [
    None,
    "",
    b"",
    " ",
    "é" * 64,
    "\ud800" * 64,
    "\N{FULLWIDTH DIGIT ONE}" * 64,
    "\N{ARABIC-INDIC DIGIT ONE}" * 64,
    SIGNATURE[:-1],
    SIGNATURE + "0",
    "sha256=" + SIGNATURE,
    "0x" + SIGNATURE[2:],
    f"{SIGNATURE[:32]} {SIGNATURE[32:]}",
    base64.b64encode(bytes.fromhex(SIGNATURE)).decode(),
    base64.b64encode(bytes.fromhex(SIGNATURE)),
    bytes.fromhex(SIGNATURE),
    b"\xff" * 64,
    "0" * 64,
    5,
    [SIGNATURE],
    {"sc-signature": SIGNATURE},
]


def test_the_vector_is_the_one_that_was_signed() -> None:
    """548 bytes, with a fraction that JavaScript drops and a letter beyond ASCII."""
    assert len(RAW) == 548


@pytest.mark.parametrize(("token", "text", "digest"), KNOWN)
def test_known_answers(token: str, text: str, digest: str) -> None:
    """A test that only checks itself would not see key and message swapped."""
    assert hash_challenge(token, text) == digest
    assert sign(token, text) == digest
    assert verify_payload(token, digest, text)
    assert verify(text.encode(), digest, token) == Match(0)


@pytest.mark.parametrize("signature", [NODE, NODE_GIVEN_TEXT, PYTHON_COMPACT, PYTHON, SWAPPED])
def test_signatures_of_anything_else(signature: str) -> None:
    """What was parsed and written again is another message."""
    assert not verify_payload(TOKEN, signature, RAW)
    assert verify(RAW, signature, [TOKEN]) is None


@pytest.mark.parametrize(
    "body", [BODY, RAW, bytearray(RAW), memoryview(RAW), "", b""], ids=lambda body: type(body).__name__
)
def test_every_kind_of_body(body: Body) -> None:
    """Bytes however they are held, or the text that they decode to; an empty body too."""
    signature = sign(TOKEN, body)
    assert verify(body, signature, TOKEN) == Match(0)
    assert (signature == SIGNATURE) == (len(body) > 0)


def test_a_view_with_gaps() -> None:
    """A view is read as the bytes that it shows."""
    gaps = bytes(value for byte in RAW for value in (byte, 0))
    assert verify(memoryview(gaps)[::2], SIGNATURE, TOKEN) == Match(0)


@pytest.mark.parametrize("body", [json.loads(BODY), [], None, 5], ids=["dict", "list", "None", "int"])
def test_a_parsed_body_is_refused(body: Any) -> None:
    """What was signed cannot be found again; the error says so and repeats nothing."""
    for refused in (
        lambda: verify(body, SIGNATURE, TOKEN),
        lambda: verify_payload(TOKEN, SIGNATURE, body),
        lambda: sign(TOKEN, body),
        lambda: explain(body, SIGNATURE, TOKEN),
    ):
        with pytest.raises(ConfigurationError, match=f"raw bytes of the request, not a {type(body).__name__}") as why:
            refused()
        assert "e-0001" not in str(why.value)


def test_which_token_matched() -> None:
    """Several tokens are good at once, and the first that fits is named."""
    tokens = [OLD_TOKEN, TOKEN, "another", TOKEN]
    assert verify(RAW, SIGNATURE, tokens) == Match(1)
    assert verify(RAW, SIGNATURE, iter(tokens)) == Match(1)
    assert verify(RAW, sign("another", RAW), tokens) == Match(2)
    assert verify(RAW, SIGNATURE, [OLD_TOKEN, "another"]) is None


@pytest.mark.parametrize("signature", [SIGNATURE, NODE, "no signature", None])
def test_every_token_is_compared(signature: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that it takes tells neither which token fits nor how much of a signature is right."""
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    verify(RAW, signature, [TOKEN, OLD_TOKEN, "another"])
    assert [(len(one), len(other)) for one, other in compared] == [(32, 32)] * 3


def test_what_stands_in_for_no_signature_never_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros are compared in place of a signature that is none, and would not do even if they were right."""
    monkeypatch.setattr(hmac, "digest", Mock(return_value=bytes(32)))
    assert verify(RAW, None, TOKEN) is None
    assert verify(RAW, "0" * 64, TOKEN) == Match(0)


@pytest.mark.parametrize("signature", WRONG_SIGNATURES, ids=lambda value: ascii(value)[:24])
def test_a_wrong_signature_is_no_exception(signature: object) -> None:
    """Missing, malformed, in base64 or beyond ASCII: it does not match, and that is all."""
    assert verify(RAW, signature, [OLD_TOKEN, TOKEN]) is None
    assert not verify_payload(TOKEN, signature, RAW)


@pytest.mark.parametrize("signature", [SIGNATURE.upper(), SIGNATURE.encode(), f" {SIGNATURE}\r\n"])
def test_a_right_signature_in_other_clothes(signature: str | bytes) -> None:
    """Upper case, the bytes of a raw header, and space around it mean the same digest."""
    assert verify(RAW, signature, TOKEN) == Match(0)
    assert explain(RAW, signature, TOKEN).problem is Problem.NONE


@pytest.mark.parametrize(
    "tokens",
    [
        None,
        [],
        (),
        "",
        " ",
        [""],
        [TOKEN, ""],
        [TOKEN, "\n"],
        [None],
        [TOKEN.encode()],
        TOKEN.encode(),
        [5],
        frozenset[str](),
    ],
    ids=repr,
)
def test_no_token_is_no_empty_key(tokens: Any) -> None:
    """An empty key would verify forgeries, so it is a mistake of the caller's."""
    for given in (lambda: verify(RAW, SIGNATURE, tokens), lambda: explain(RAW, SIGNATURE, tokens)):
        with pytest.raises(ConfigurationError, match=r"^tokens: ") as why:
            given()
        assert TOKEN not in str(why.value)


@pytest.mark.parametrize("token", ["", " ", None, 5, TOKEN.encode()])
def test_no_empty_key_to_sign_with(token: Any) -> None:
    """So it is where one token is asked for."""
    for given in (
        lambda: sign(token, RAW),
        lambda: hash_challenge(token, "challenge"),
        lambda: verify_payload(token, SIGNATURE, RAW),
    ):
        with pytest.raises(ConfigurationError, match=r"^tokens: "):
            given()


def test_half_a_surrogate_pair_is_only_no_match() -> None:
    """A text that UTF-8 cannot hold raises nothing, wherever it stands."""
    half = "\ud800"
    assert verify(half, SIGNATURE, TOKEN) is None
    assert verify(RAW, SIGNATURE, half) is None
    assert explain(half, SIGNATURE, TOKEN).problem is Problem.UNKNOWN
    assert explain('"\\ud800"', SIGNATURE, TOKEN).problem is Problem.UNKNOWN
    assert len(hash_challenge(TOKEN, half)) == 64


def test_any_bit_of_the_body() -> None:
    """Each of the 4,384 bodies that differ in one bit is refused."""
    for place in range(len(RAW) * 8):
        changed = bytearray(RAW)
        changed[place // 8] ^= 1 << place % 8
        assert verify(changed, SIGNATURE, TOKEN) is None


def test_any_bit_of_the_signature() -> None:
    """So is each signature that differs in one bit, and each text of one that does, but for upper case."""
    digest, text = bytes.fromhex(SIGNATURE), SIGNATURE.encode()
    for place in range(len(digest) * 8):
        other = digest[: place // 8] + bytes([digest[place // 8] ^ 1 << place % 8]) + digest[place // 8 + 1 :]
        assert verify(RAW, other.hex(), TOKEN) is None
    for place in range(len(text) * 8):
        other = text[: place // 8] + bytes([text[place // 8] ^ 1 << place % 8]) + text[place // 8 + 1 :]
        assert (verify(RAW, other, TOKEN) is None) == (other.lower() != text)


EXPLAINED: list[tuple[Body, object, Problem]] = [
    (RAW, SIGNATURE, Problem.NONE),
    (RAW, None, Problem.MISSING),
    (RAW, "", Problem.MISSING),
    (RAW, b"", Problem.MISSING),
    (RAW, "sha256=" + SIGNATURE, Problem.MALFORMED),
    (RAW, "é", Problem.MALFORMED),
    (RAW, 5, Problem.MALFORMED),
    (RAW, base64.b64encode(bytes.fromhex(SIGNATURE)).decode(), Problem.BASE64),
    (RAW, base64.b64encode(bytes.fromhex(SIGNATURE)), Problem.BASE64),
    (RAW, sign(OLD_TOKEN, RAW), Problem.OLDER_TOKEN),
    (RAW, SWAPPED, Problem.SWAPPED),
    (b"", hmac.digest(b"", TOKEN.encode(), "sha256").hex(), Problem.SWAPPED),
    (RAW, NODE, Problem.RESERIALISED),
    (RAW, NODE_GIVEN_TEXT, Problem.RESERIALISED),
    (RAW, PYTHON_COMPACT, Problem.RESERIALISED),
    (RAW, PYTHON, Problem.RESERIALISED),
    (RAW, sign(TOKEN, json.dumps(json.loads(RAW), ensure_ascii=False)), Problem.RESERIALISED),
    (RAW, sign(TOKEN, json.dumps(BODY)), Problem.RESERIALISED),
    (json.dumps(json.loads(RAW)), SIGNATURE, Problem.RESERIALISED),
    (b"[1e300,100.0]", sign(TOKEN, "[1e+300,100]"), Problem.RESERIALISED),
    (RAW + b"\n", SIGNATURE, Problem.PADDED),
    (RAW, sign(TOKEN, RAW + b"\n"), Problem.PADDED),
    (RAW, sign(TOKEN, RAW + b"\r\n"), Problem.PADDED),
    (b"\xef\xbb\xbf" + RAW, SIGNATURE, Problem.PADDED),
    (RAW, sign(TOKEN, b"\xef\xbb\xbf" + RAW), Problem.PADDED),
    (RAW[:-1], SIGNATURE, Problem.UNKNOWN),
    (RAW, sign("another", RAW), Problem.UNKNOWN),
    (b"[" * 100_000, SIGNATURE, Problem.UNKNOWN),
    (b"\xff", SIGNATURE, Problem.UNKNOWN),
]


@pytest.mark.parametrize(("body", "signature", "problem"), EXPLAINED)
def test_why_a_signature_fails(body: Body, signature: object, problem: Problem) -> None:
    """The reason is named, with advice, and the first reason of all is that nothing is wrong."""
    found = explain(body, signature, ["one", TOKEN], older_tokens=["two", OLD_TOKEN])
    assert found.problem is problem
    assert found.advice
    assert (verify(body, signature, ["one", TOKEN]) is not None) == (problem is Problem.NONE)


def test_every_reason_is_explained() -> None:
    """And each has advice of its own, malformed apart from base64."""
    problems = {problem for _, _, problem in EXPLAINED}
    advice = {explain(body, signature, TOKEN, older_tokens=OLD_TOKEN).advice for body, signature, _ in EXPLAINED}
    assert problems == set(Problem)
    assert len(advice) == len(Problem)


def test_an_older_token_alone() -> None:
    """One text is one token, not its letters; without any, an older token cannot be told from another."""
    signature = sign(OLD_TOKEN, RAW)
    assert explain(RAW, signature, TOKEN, older_tokens=OLD_TOKEN).problem is Problem.OLDER_TOKEN
    assert explain(RAW, sign(OLD_TOKEN[0], RAW), TOKEN, older_tokens=OLD_TOKEN).problem is Problem.UNKNOWN
    assert explain(RAW, signature, TOKEN).problem is Problem.UNKNOWN


def test_advice_for_verify_that_passes_and_live_that_fails() -> None:
    """Many were told to check their token, which was right: what helped is another."""
    advice = explain(RAW, sign("another", RAW), TOKEN).advice
    assert "previous token" in advice
    assert "new application" in advice


@pytest.mark.parametrize(("body", "signature", "problem"), EXPLAINED)
def test_an_explanation_holds_no_secret(body: Body, signature: object, problem: Problem) -> None:
    """Not eight characters in a row of a token, the signature or the body."""
    found = explain(body, signature, TOKEN, older_tokens=[OLD_TOKEN])
    shown = f"{found} {found!r} {found.advice}"
    for secret in (TOKEN, OLD_TOKEN, SIGNATURE, BODY, str(signature)):
        assert not [part for part in (secret[at : at + 8] for at in range(len(secret) - 7)) if part in shown]
    assert not hasattr(found, "__dict__")
