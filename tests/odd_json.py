"""JSON that a strict reader refuses for one text, number or byte in it, and what is kept of that."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OddJson:
    """A value as it was sent, and as it is kept."""

    name: str
    sent: bytes
    kept: Any

    def __str__(self) -> str:
        return self.name


def nested(levels: int, bracket: str = "[") -> bytes:
    """An empty list or object inside others, so many in all."""
    opening, closing = ("[", "]") if bracket == "[" else ('{"":', "}")
    inner = "[]" if bracket == "[" else "{}"
    return (opening * (levels - 1) + inner + closing * (levels - 1)).encode()


ODD = [
    OddJson("half a pair", rb'"Bus \ud83d"', "Bus \ufffd"),
    OddJson("the other half", rb'"\ude97 Bus"', "\ufffd Bus"),
    OddJson("halves in the wrong order", rb'"\ude97\ud83d\uDE97"', "\ufffd\U0001f697"),
    OddJson("two first halves", rb'"\ud83d\uD83D\ude97"', "\ufffd\U0001f697"),
    OddJson("half a pair before an escape", rb'"\ud83d\n\\ud83d\""', '\ufffd\n\\ud83d"'),
    OddJson("control characters", b'"a\x00\x01\n\t\x1f"', "a\0\x01\n\t\x1f"),
    OddJson("no UTF-8", b'"caf\xe9 \xff"', "caf\ufffd \ufffd"),
    OddJson("half a pair as UTF-8", b'"\xed\xa0\xbd"', "\ufffd\ufffd\ufffd"),
    OddJson("a cut character", b'"\xf0\x9f\x9a"', "\ufffd"),
    OddJson("an escape that means nothing", rb'"C:\Users\x"', "C:\\Users\\x"),
    OddJson("an escape without its digits", rb'"\u12 \ud83d\ude9"', "\\u12 \ufffd\\ude9"),
    OddJson("a float beyond all range", b"1e400", "1e400"),
    OddJson("a float below all range", b"-1.5E+999", "-1.5E+999"),
    OddJson("NaN", b"NaN", "NaN"),
    OddJson("Infinity", b"Infinity", "Infinity"),
    OddJson("minus Infinity", b"-Infinity", "-Infinity"),
    OddJson("an integer without end", b"9" * 10_000, "9" * 10_000),
    OddJson("a negative integer without end", b"-" + b"9" * 5000, "-" + "9" * 5000),
]
"""One of each kind."""
