"""Keep secrets and personal data out of every text that leaves this package."""

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "[hidden]"
_LONGEST: Final = 500
"""A longer text is cut: nobody reads it, and the search for what is private may take the square of its length."""

_LONGEST_ENCODED: Final = 4 * _LONGEST
"""As much of a text is decoded: encoded, most characters take at most so many."""
_ROUNDS: Final = 8
"""How often a text may be encoded over again. Of one that is encoded more often, nothing is shown."""
_ENTITY: Final = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});"
_ESCAPE: Final = r"\\(?:u([0-9a-fA-F]{4})|([\"'\\/]))"

_LABELLED: Final = (
    r"(?P<label>\b(?:access_token|refresh_token|id_token|client_secret|password|secret|token|pin|vin|"
    r"user_?id|latitude|longitude|lat|lon|lng|code(?==))\b[\"']?\s*[:=]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'&,;})\]]+)"
)
_PRIVATE: Final = "|".join(
    (
        _LABELLED,
        r"(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]+",
        r"\beyJ[\w-]{6,}(?:\.[\w-]*){0,2}",
        r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"\b(?=[A-HJ-NPR-Z]*\d)[A-HJ-NPR-Z\d]{17}\b",
        r"-?\b\d{1,3}\.\d+\s*[,;/ ]\s*-?\d{1,3}\.\d+",
        r"-?\b\d{1,3}\.\d{3,}",
        r"(?=[\w+/=-]*\d)[\w+/=-]{32,}",
    )
)
"""What looks private. `re` compiles it on first use and keeps it, so that an import does not pay for it."""


class Secret:
    """A text that never shows itself: not in `repr`, not in `str`, not in a format."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    __str__ = __repr__


def redact(text: str, known: Iterable[str] = ()) -> str:
    """The text without the `known` values and without anything that looks private.

    Tokens, VINs, UUIDs, coordinates and addresses are found by their form, because a server may echo them. A text that
    is percent-encoded, or escaped as in HTML or JSON, is shown decoded: encoded, what is private would not be found.
    """
    values = sorted({each for value in known for each in _spellings(value)}, key=len, reverse=True)
    shown = _without(text, values)
    cut = shortened(shown, _LONGEST_ENCODED)
    decoded = _decoded(cut, values)
    shown = shortened(shown if decoded == cut else decoded, _LONGEST)
    return re.sub(_PRIVATE, _hide, shown, flags=re.IGNORECASE | re.ASCII)


def _spellings(value: str) -> Iterable[str]:
    """A value as it may stand in a decoded text: its blanks as the pluses of a form or the other way round, and itself
    decoded, if it looks as if it were encoded. Three letters are no secret.
    """
    each = {value, value.replace(" ", "+"), value.replace("+", " "), _decoded(value, ())}
    return (spelling for spelling in each if len(spelling) > 3)


def _without(text: str, values: Iterable[str]) -> str:
    for value in values:
        text = text.replace(value, HIDDEN)
    return text


def _decoded(text: str, values: Iterable[str]) -> str:
    """The text as a reader would take it, however often it was encoded, without the values that come to light."""
    for _ in range(_ROUNDS):
        before = text
        # After each step, for a value may itself look encoded.
        for sign, decode in (("%", _unquoted), ("&", _unescaped_html), ("\\", _unescaped_json)):
            if sign in text:
                text = _without(decode(text), values)
        if text == before:
            return text
        # A character that breaks the line could forge a line of a log.
        text = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    return HIDDEN


def _unquoted(text: str) -> str:
    from urllib.parse import unquote  # most texts are not encoded, and an import of this package need not wait for it

    return unquote(text)


def _unescaped_html(text: str) -> str:
    from html import unescape

    return re.sub(_ENTITY, lambda match: unescape(match[0]), text)


def _unescaped_json(text: str) -> str:
    whole = re.sub(_ESCAPE, lambda match: match[2] or chr(int(match[1], 16)), text)
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shortened(text: str, length: int) -> str:
    """The text, cut between two words where it is longer: half a secret would not be recognised."""
    if len(text) <= length:
        return text
    return f"{text[: length + 1].rpartition(' ')[0]} [...]".lstrip()


def _hide(match: re.Match[str]) -> str:
    return (match["label"] or match["scheme"] or "") + HIDDEN
