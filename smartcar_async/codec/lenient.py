"""The second reading of JSON, for what the quick and strict one refuses.

One odd text, number or byte must not cost the rest of a document, so each is kept as well as it can be:

- half a surrogate pair, and bytes that are no UTF-8, become U+FFFD; control characters stay, and so does the backslash
  of an escape that means nothing. Every text can be written as UTF-8 again.
- a number beyond all range, and NaN, Infinity and their like, become the text that was sent: no calculation takes a
  text for a number by mistake, and what was sent can be written as JSON again.
- what is nested deeper than `DEEPEST` becomes the text of its own JSON.
- of a repeated key the last value counts.

The quick reading treats repeated keys alike, and goes as deep as the stack does.
What breaks off, or is no JSON for any other reason, is Unreadable. So is what is longer than `LONGEST`: a document that
is built to be hard takes forty times its own length here, and holds up all other threads.
"""

import json
import math
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from .shapes import Unreadable

DEEPEST: Final = 200
"""Levels. What is read of an answer lies within ten, and every Python can walk two hundred."""

LONGEST: Final = 512 * 1024
"""Bytes. All signals of a car are a tenth of it."""

_ESCAPE: Final = re.compile(
    r"""
    (\\ (?: ["\\/bfnrt]
          | u (?![dD][89a-fA-F]) [0-9a-fA-F]{4}
          | u [dD][89abAB] [0-9a-fA-F]{2} \\u [dD][c-fC-F] [0-9a-fA-F]{2} ))  # means a character
    | \\u [dD][89a-fA-F] [0-9a-fA-F]{2}                                       # half of one
    | \\                                                                      # means nothing
    """,
    re.VERBOSE,
)
# Possessive, and without need for the last quote: a text is passed over once, also where it never ends.
_STEP: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)

Pairs = Callable[[list[tuple[str, Any]]], Any]


def load_leniently(body: bytes, pairs: Pairs | None = None) -> Any:
    """A JSON document as plain objects, which `pairs` makes of names and values if it is given."""
    if len(body) > LONGEST:
        raise Unreadable("not JSON, or too long for what is odd in it")
    text = _ESCAPE.sub(_mended, body.decode("utf-8-sig", "replace").rstrip("\0"))
    with suppress(ValueError, RecursionError):  # a caller may have used up nearly all of the stack
        return json.loads(
            _shallow(text),
            strict=False,
            parse_int=_whole,
            parse_float=_number,
            parse_constant=str,
            object_pairs_hook=pairs,
        )
    raise Unreadable("not JSON")


def _mended(escape: re.Match[str]) -> str:
    return escape[1] or (r"\\" if escape[0] == "\\" else r"\ufffd")


def _shallow(text: str) -> str:
    """The document, with a text in place of all that is nested too deep."""
    depth = begun = done = 0
    parts: list[str] = []
    for step in _STEP.finditer(text):
        match text[step.start()]:
            case "[" | "{":
                depth += 1
                if depth == DEEPEST + 1:
                    begun = step.start()
            case "]" | "}":
                if depth == DEEPEST + 1:
                    parts += [text[done:begun], json.dumps(text[begun : step.end()])]
                    done = step.end()
                depth -= 1
            case _:
                pass
    return "".join(parts) + text[done : begun if depth > DEEPEST else None]


def _whole(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return digits


def _number(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits
