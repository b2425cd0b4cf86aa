"""Keep secrets and personal data out of every text that leaves this package."""

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "[hidden]"
_LONGEST: Final = 500
"""A longer text is cut: nobody reads it, and the search for what is private may take the square of its length."""

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

    Tokens, VINs, UUIDs, coordinates and addresses are found by their form, because a server may echo them.
    """
    for value in sorted((value for value in known if len(value) > 3), key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return re.sub(_PRIVATE, _hide, shortened(text, _LONGEST), flags=re.IGNORECASE | re.ASCII)


def shortened(text: str, length: int) -> str:
    """The text, cut between two words where it is longer: half a secret would not be recognised."""
    if len(text) <= length:
        return text
    return f"{text[: length + 1].rpartition(' ')[0]} [...]".lstrip()


def _hide(match: re.Match[str]) -> str:
    return (match["label"] or match["scheme"] or "") + HIDDEN
