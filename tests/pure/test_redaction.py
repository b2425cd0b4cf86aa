"""What is private is hidden in every text, whether we knew the value or only recognise its form."""

import html
import json
import re
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from smartcar_async.redaction import HIDDEN, Secret, redact, shortened

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.mark.parametrize(
    "private",
    [
        "33333333-3333-4333-8333-333333333333",
        "WVWZZZ1JZXW000001",
        "wvwzzz1jzxw000001",
        "owner.name+car@example.com",
        JWT,
        "eyJhbGciOiJIUzI1NiJ9",
        "4f3c2b1a" * 5,
        "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0MTIz",
        "57.70887, 11.97456",
        "57.7,11.97",
        "-33.86 / 151.2",
        "57.70887",
    ],
)
@pytest.mark.parametrize("text", ["{}", "no {} here", "({}).", 'got "{}"'])
def test_private_forms_are_hidden(text: str, private: str) -> None:
    """Ids, VINs, addresses, tokens and coordinates are found wherever they stand."""
    assert redact(text.format(private)) == text.format(HIDDEN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc", f"Authorization: Bearer {HIDDEN}"),
        ("authorization: basic YWJj", f"authorization: basic {HIDDEN}"),
        ("access_token=abc&x=1", f"access_token={HIDDEN}&x=1"),
        ('{"client_secret": "a b", "x": 1}', f'{{"client_secret": {HIDDEN}, "x": 1}}'),
        ("{'password': 'a b'}", f"{{'password': {HIDDEN}}}"),
        ('password: "never closed', f"password: {HIDDEN}"),
        ("pin=1234; vin: ABC", f"pin={HIDDEN}; vin: {HIDDEN}"),
        ("?code=abc&state=1", f"?code={HIDDEN}&state=1"),
        ("userId=u1, user_id: u2", f"userId={HIDDEN}, user_id: {HIDDEN}"),
        ("latitude=5 lng=6", f"latitude={HIDDEN} lng={HIDDEN}"),
    ],
)
def test_labelled_values_are_hidden(text: str, shown: str) -> None:
    """What a label calls private is hidden, whatever its form."""
    assert shown == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "409 VEHICLE_STATE:NOT_CHARGING - The vehicle is not charging.",
        "code: NOT_CHARGING",
        "SignalUnavailable: tractionbattery-stateofcharge is ERROR",
        "the request budget is spent for another 12.5 s",
        "cannot be decoded",
        "https://smartcar.com/docs/errors/api-errors/vehicle-state-errors",
        "VERYLONGWORDSWITHOUTDIGITS",
    ],
)
def test_plain_texts_stay(text: str) -> None:
    """An error that says nothing private can be read in full."""
    assert text == redact(text)


def test_known_values_are_hidden() -> None:
    """What we know to be private is hidden in any form, the longest first; three letters are no secret."""
    assert redact("my-user-1 and my-user", ["my-user", "my-user-1"]) == f"{HIDDEN} and {HIDDEN}"
    assert redact("cat", ["cat", ""]) == "cat"


SECRETS = (
    "s3cret/with+signs&more",
    'a "quoted" \\ secret',
    "gehört niemand 😀",
    "looks%20encoded&amp;is\\u0041not",
    "plain",
)
ENCODINGS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "percent, small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "percent, every byte": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "form": quote_plus,
    "blank as a plus": lambda text: text.replace(" ", "+"),
    "plus as a blank": lambda text: text.replace("+", " "),
    "HTML": html.escape,
    "HTML, numbers": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent in HTML": lambda text: html.escape(quote(text, safe="/&")),
    "JSON in a form": lambda text: quote_plus(json.dumps(text)[1:-1]),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=list(ENCODINGS))
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("text", ["{}", "no {} here", "a={}&b=1"])
def test_encoded_values_are_hidden(text: str, secret: str, encode: Callable[[str], str]) -> None:
    """A server may repeat what it was sent as it stood in the URL or form, or as its own page or log writes it."""
    assert redact(text.format(encode(secret)), [secret]) == text.format(HIDDEN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("owner%40example.com", HIDDEN),
        ("Bearer%20abc", f"Bearer {HIDDEN}"),
        ("client_secret%3Dabc%26x%3D1", f"client_secret={HIDDEN}&x=1"),
        ('{\\"client_secret\\": \\"a b\\"}', f'{{"client_secret": {HIDDEN}}}'),
        ("&quot;pin&quot;: &quot;12 34&quot;", f'"pin": {HIDDEN}'),
        ("57%2E70887", HIDDEN),
        ("one%0Atwo&#10;three", "one two three"),
        ("cut\\ud83d here", "cut\ufffd here"),
        ("fish &amp; chips", "fish & chips"),
    ],
)
def test_encoded_texts_are_searched_decoded(text: str, shown: str) -> None:
    """What looks private is found behind an encoding too. Such a text is shown as a reader takes it, on one line."""
    assert shown == redact(text)


@pytest.mark.parametrize("text", ["100% of it", "a & b", "R&D;", "C:\\new", "x?a=1&copy=2", "&nosuchword;", "%zz"])
def test_what_is_not_encoded_stays(text: str) -> None:
    """A percent sign, an ampersand or a backslash alone encodes nothing."""
    assert text == redact(text)


def test_nothing_is_shown_of_what_cannot_be_decoded() -> None:
    """A text that was encoded again and again is no text for a reader."""
    text = "no secret-value here"
    for _ in range(12):
        text = quote(text, safe="")
    assert redact(text, ["secret-value"]) == HIDDEN
    assert redact("%25" * 200_000 + " x", ["secret-value"]) == "[...]"


def test_long_texts_are_cut_between_words() -> None:
    """No half of a secret is left where a text was cut."""
    words = "word " * 98
    assert shortened("short", 500) == "short"
    assert shortened("one two", 3) == "one [...]"
    assert shortened("one two", 5) == "one [...]"
    assert shortened("x" * 9, 5) == "[...]"
    assert redact(f"{words}33333333-3333-4333-8333-333333333333") == f"{words.rstrip()} [...]"
    assert redact("x" * 400 + "secret" + "y" * 400, ["secret"]) == "[...]"


@pytest.mark.parametrize(
    "unit",
    ["a", "a1", " ", "1.1 ", "a@", "token=", 'pin="', "pin='pin=\"", "<", "1", "eyJ", "-", "%25", "&amp;", "\\\\"],
)
def test_no_text_takes_long(unit: str) -> None:
    """A server cannot hold the program up with a text that is hard to search."""
    started = time.perf_counter()
    redact("1.1" + unit * 1_000_000, ["known value"])
    redact(unit * 250)
    assert time.perf_counter() - started < 1


def test_a_secret_never_shows_itself() -> None:
    """Only `reveal` gives the text."""
    secret = Secret("hunter2")
    assert [str(secret), repr(secret), f"{secret}", f"{[secret]}"] == [f"Secret({HIDDEN})"] * 3 + [
        f"[Secret({HIDDEN})]"
    ]
    assert secret.reveal() == "hunter2"
