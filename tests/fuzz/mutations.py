"""Answers that went wrong on their way: documents with changed nodes, and bytes with faults.

What is large is drawn by its number, and documents are handed to functions, because hypothesis shows its strategies.
"""

import copy
import gc
import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from hypothesis import strategies as st

from smartcar_async.codec import is_list, is_object

from ..odd_json import ODD, OddJson, nested

T = TypeVar("T")

LONGEST = 1.0
"""Seconds of CPU for one document: a busy machine may keep any process waiting longer."""


@contextmanager
def within_the_time() -> Generator[None, None, None]:
    """What is done in here must not take longer. The collector waits: the garbage of a long run does not count."""
    gc.disable()
    started = time.process_time()
    try:
        yield
        spent = time.process_time() - started
    finally:
        gc.enable()
    assert spent < LONGEST


def deep(depth: int, leaf: object = None) -> Any:
    """A value inside so many lists and objects."""
    for number in range(depth):
        leaf = [leaf] if number % 2 else {"data": leaf}
    return leaf


AWKWARD: list[Any] = [
    *(None, True, False, 0, -1, 2**53, 2**63, 2**64, 10**400, 10**4000, 0.5, -0.0, 1e308, 5e-324),
    *(
        "",
        "0",
        "-",
        "SUCCESS",
        "ERROR",
        "null",
        "9" * 400,
        "9" * 5000,
        "2026-05-04T10:00:00Z",
        "24:00",
        "\0",
        "\n",
        "é",
    ),
    *("a" * 20_000, "1.1" + " " * 20_000, "\U0001f697", "0001-01-01T00:00:00+05:00"),
    *([], {}, [[]], [None], {"": None}, {"value": {}}, {"value": []}, {"data": []}, {"errors": [None]}, deep(50)),
]
"""Values that JSON can hold and that are wrong almost everywhere."""


def one_of(values: Sequence[T]) -> st.SearchStrategy[T]:
    """One of these."""
    return st.integers(0, len(values) - 1).map(lambda number: values[number])


json_values: st.SearchStrategy[Any] = st.recursive(
    one_of(AWKWARD)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
"""Anything that JSON can hold."""

no_json = one_of([float("nan"), float("inf"), "\ud800", "\udc00 ", deep(300)])
"""Values that Python would write, and that a parser may refuse."""

SNIPPETS = [
    *(b"null", b"1e999", b"[" * 3000, b'{"data":' * 3000, *(odd.sent for odd in ODD), nested(3000), nested(5000, "{")),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b'"', b"\\", b",", b"}", b"]", b":", b"//"),
]
"""Bytes that are wrong almost everywhere."""


def _children(value: object) -> list[tuple[Any, Any]]:
    if is_object(value):
        return list(value.items())
    return list(enumerate(value)) if is_list(value) else []


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document, as its container and its key or position there."""
    nodes: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        container = pending.pop()
        for key, inner in _children(container):
            nodes.append((container, key))
            pending.append(inner)
    return nodes


def _drop(holder: Any, key: Any, other: Any) -> None:
    del holder[key]


def _replace(holder: Any, key: Any, other: Any) -> None:
    holder[key] = other


def _retype(holder: Any, key: Any, other: Any) -> None:
    value = holder[key]
    holder[key] = float(value) if isinstance(value, bool) else str(value) if not isinstance(value, str) else [value]


def _nest(holder: Any, key: Any, other: Any) -> None:
    holder[key] = {"data": holder[key], "value": other}


def _unnest(holder: Any, key: Any, other: Any) -> None:
    inner = _children(holder[key])
    holder[key] = inner[0][1] if inner else other


def _duplicate(holder: Any, key: Any, other: Any) -> None:
    if is_list(holder):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[f"{key}2"] = holder[key]


def _lose_case(holder: Any, key: Any, other: Any) -> None:
    if is_object(holder):
        holder[str(key).lower()] = holder.pop(key)
    else:
        holder[key] = str(holder[key]).lower()


CHANGES: list[Callable[[Any, Any, Any], None]] = [_drop, _replace, _retype, _nest, _unnest, _duplicate, _lose_case]


def changed(draw: st.DrawFn, document: Any, values: st.SearchStrategy[Any] = json_values) -> Any:
    """A document in which one to four nodes are not what they were."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        nodes = _nodes(document)
        if nodes:
            holder, key = nodes[draw(st.integers(0, len(nodes) - 1))]
            draw(one_of(CHANGES))(holder, key, copy.deepcopy(draw(values)))
    return document


FLAWS = [
    *(b"\\ud83d", b"\\uDE97", b"\\ud83d\\ud83d", b"\\ude97\\ud83d", b"\\ud83d\\n"),
    *(b"\0", b"\x1f", b"\t", b"\xff", b"\xe9", b"\xed\xa0\xbd", b"\xf0\x9f\x9a"),
]
"""What is within a text that a strict reader refuses."""


@st.composite
def flawed_texts(draw: st.DrawFn) -> OddJson:
    """A text with a flaw in it, and what another reader keeps of it."""
    before, after = (json.dumps(draw(st.text(st.characters(codec="utf-8"), max_size=5)))[1:-1] for _ in range(2))
    sent = b'"%b%b%b"' % (before.encode(), draw(one_of(FLAWS)), after.encode())
    read: str = json.loads(sent.decode("utf-8", "replace"), strict=False)
    return OddJson("a flaw", sent, read.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


odd_values: st.SearchStrategy[OddJson] = one_of(ODD) | flawed_texts()
"""A text or a number that a strict reader refuses."""


def with_odd_values(draw: st.DrawFn, document: Any) -> tuple[bytes, Any]:
    """A document as bytes in which one to three values are odd, and what is kept of it."""
    around = [copy.deepcopy(document)]  # the document itself may be what is odd
    odd = {f"something odd, number {number}": draw(odd_values) for number in range(draw(st.integers(1, 3)))}
    for mark in odd:
        nodes = _nodes(around)
        holder, key = nodes[draw(st.integers(0, len(nodes) - 1))]
        holder[key] = mark
    text = json.dumps(around[0])
    sent = text.encode()
    for mark, value in odd.items():
        sent = sent.replace(json.dumps(mark).encode(), value.sent)
        text = text.replace(json.dumps(mark), json.dumps(value.kept))
    return sent, json.loads(text)


def with_an_odd_one(entries: Sequence[bytes], place: int, sent: bytes) -> bytes:
    """A list as bytes, with these bytes in one of its places."""
    return b"[%b]" % b",".join([*entries[:place], sent, *entries[place + 1 :]])


def each_replaced(document: Any, value: object) -> Iterator[bytes]:
    """A document as bytes, once with this value in each of its places."""
    document = copy.deepcopy(document)
    for holder, key in _nodes(document):
        before, holder[key] = holder[key], value
        yield json.dumps(document).encode()
        holder[key] = before


def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """Bytes that were cut, flipped, or had something put in or taken out."""
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(body)))
        before, after = body[:place], body[place:]
        match draw(st.sampled_from(["cut", "flip", "insert", "remove", "replace"])):
            case "cut":
                body = before
            case "flip":
                body = before + bytes(byte ^ draw(st.integers(1, 255)) for byte in after[:1]) + after[1:]
            case "insert":
                body = before + draw(one_of(SNIPPETS)) + after
            case "remove":
                body = before + after[draw(st.integers(1, 99)) :]
            case _:
                body = before + draw(one_of(SNIPPETS)) + after[1:]
    return body


def faulty(draw: st.DrawFn, document: Any) -> bytes:
    """A document as bytes, changed in its nodes or in its bytes."""
    if draw(st.booleans()):
        return damaged(draw, json.dumps(document).encode())
    if draw(st.integers(0, 3)) == 0:
        return with_odd_values(draw, document)[0]
    return json.dumps(changed(draw, document, json_values | no_json)).encode()
