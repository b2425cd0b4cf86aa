"""The second reading of JSON: one odd text, number or byte costs no more than itself, and the rest is exact."""

import inspect
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from smartcar_async.codec import Unreadable, load
from smartcar_async.codec.lenient import DEEPEST, LONGEST as LONGEST_DOCUMENT, load_leniently

from ..odd_json import ODD, OddJson, nested

LONGEST = 3.0
"""Seconds of CPU for very many odd things; what is quadratic takes minutes."""


def chain(value: Any, bracket: str) -> tuple[int, str]:
    """How many lists or objects are around a text, and that text."""
    inside: Any = 0 if bracket == "[" else ""
    levels = 0
    while not isinstance(value, str):
        value = value[inside]
        levels += 1
    return levels, value


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_is_odd_is_kept_as_well_as_it_can_be(odd: OddJson) -> None:
    """As a value, as one of many, and inside others."""
    assert load(odd.sent) == odd.kept
    assert load(b'{"a":[1,' + odd.sent + b',"\\u00e9"],"b":2.50}') == {"a": [1, odd.kept, "é"], "b": 2.5}


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_was_kept_can_be_written_again(odd: OddJson) -> None:
    """As strict JSON, and as UTF-8: whoever prints or stores it does not fail."""
    kept = load(b"[" + odd.sent + b"]")
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert str(kept).encode()
    assert load(json.dumps(kept, ensure_ascii=False).encode()) == kept


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd.sent.startswith(b'"')], ids=str)
def test_an_odd_name(odd: OddJson) -> None:
    """A key is a text like any other."""
    assert load(b'{"a":1,' + odd.sent + b":2}") == {"a": 1, odd.kept: 2}


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_breaks_off_is_no_document(odd: OddJson) -> None:
    """Wherever it does."""
    for body in (b"[" + odd.sent, b'{"a":' + odd.sent, b'{"a":1,"b":' + odd.sent[:-1], b"[" + odd.sent + b"]]"):
        with pytest.raises(Unreadable, match=r"^not JSON$"):
            load(body)


def test_a_byte_order_mark() -> None:
    """It says nothing. A second one is no JSON."""
    assert load(b'\xef\xbb\xbf{"a":"\xef\xbb\xbf"}') == {"a": "\ufeff"}
    with pytest.raises(Unreadable):
        load(b"\xef\xbb\xbf\xef\xbb\xbf{}")


@pytest.mark.parametrize(
    "body", [b"{'a':1}", b"[1,]", b"[01]", b"[.5]", b"[0x1]", b"[nan]", b"[True]", b"[1]//", b"\0"]
)
def test_other_languages_are_no_json(body: bytes) -> None:
    """Only texts, numbers and bytes may be odd: what else is, nobody can read safely."""
    with pytest.raises(Unreadable):
        load(body)


def test_of_a_repeated_name_the_last_value_counts() -> None:
    """In the quick reading and in the other."""
    assert load(b'{"a":1,"a":2,"b":"1"}') == {"a": 2, "b": "1"}
    assert load(b'{"a":1,"a":2,"b":"\x01"}') == {"a": 2, "b": "\x01"}


@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST])
@pytest.mark.parametrize("bracket", ["[", "{"])
def test_what_is_nested_as_deep_as_may_be(levels: int, bracket: str) -> None:
    """It is whole."""
    assert load_leniently(nested(levels, bracket)) == json.loads(nested(levels, bracket))


@pytest.mark.parametrize("levels", [DEEPEST + 1, 5000, 50_000])
@pytest.mark.parametrize("bracket", ["[", "{"])
def test_what_is_nested_deeper_is_the_text_of_its_json(levels: int, bracket: str) -> None:
    """Nothing is lost, no stack is used up, and the neighbours are exact; brackets in texts are none."""
    body = (
        b'{"a":' + nested(levels, bracket) + b',"b":["\\u005b{[\\"[",' + nested(levels, bracket) + b',1],"c":{"d":[]}}'
    )
    found = load_leniently(body)
    assert chain(found["a"], bracket) == (DEEPEST - 1, nested(levels - DEEPEST + 1, bracket).decode())
    assert chain(found["b"][1], bracket) == (DEEPEST - 2, nested(levels - DEEPEST + 2, bracket).decode())
    assert (found["b"][0], found["b"][2], found["c"]) == ('[{["[', 1, {"d": []})


def test_what_is_nested_deep_and_breaks_off() -> None:
    """It is no document, whichever bracket is the last."""
    whole = nested(2 * DEEPEST)
    for end in (1, DEEPEST, 2 * DEEPEST, 3 * DEEPEST, 4 * DEEPEST - 1):
        with pytest.raises(Unreadable):
            load_leniently(whole[:end])


def test_a_caller_who_has_used_up_the_stack() -> None:
    """It is read where C has a stack of its own, as since Python 3.12; else the error is ours, not Python's."""

    def below(left: int) -> object:
        return below(left - 1) if left else load(nested(DEEPEST))

    whole, before, used = json.loads(nested(DEEPEST)), sys.getrecursionlimit(), len(inspect.stack(0))
    try:
        sys.setrecursionlimit(used + 120)
        with suppress(Unreadable):
            assert below(50) == whole
    finally:
        sys.setrecursionlimit(before)


MANY = 200_000
HEAPS: list[Callable[[int], bytes]] = [
    lambda many: b"[" * 5 * many,
    lambda many: nested(5 * many),
    lambda many: b"]" * many,
    lambda many: b'{"":' * many + b"1" + b"}" * many,
    lambda many: b'["' + b"\\ud83d" * many + b'"]',
    lambda many: b'["' + b"\\" * many + b'"]',
    lambda many: b'"' + b'\\"' * many,
    lambda many: b'"' * many,
    lambda many: b'["' + b"\xff\x01" * many + b'"]',
    lambda many: b"9" * many,
    lambda many: b"1e" + b"9" * many,
    lambda many: b"[" + b"1e400," * many + b"1]",
    lambda many: b"[" + b",".join([nested(250)] * (many // 250)) + b"]",
]


@pytest.mark.parametrize("heap", HEAPS)
def test_very_many_odd_things(heap: Callable[[int], bytes]) -> None:
    """Read or refused in a time that grows with their number only."""
    body, started = heap(MANY), time.process_time()
    with suppress(Unreadable):
        load(body)
    assert time.process_time() - started < LONGEST


def test_what_is_too_long_is_not_mended() -> None:
    """A document that is built to be hard takes many times its own length, and one of a car is short."""
    odd = b'{"a": "%s\\ud83d"}'
    assert load(odd % (b"x" * 1000)) == {"a": "x" * 1000 + "\ufffd"}
    with pytest.raises(Unreadable, match="too long"):
        load(odd % (b"x" * LONGEST_DOCUMENT))


def test_zero_bytes_at_the_end() -> None:
    """They are no part of the document: tokens are not lost for them."""
    assert load(b'{"access_token": "t"}\0\0') == {"access_token": "t"}
