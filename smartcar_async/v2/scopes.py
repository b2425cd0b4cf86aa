"""Lists of words, such as scopes, as callers may give them."""

from collections.abc import Iterable

from ..arguments import require_list
from ..errors import ConfigurationError
from ..request import require_id


def words(value: Iterable[str] | str, argument: str) -> tuple[str, ...]:
    """Words from a list of them, or from one text with blanks between them."""
    parts = tuple(value.split()) if isinstance(value, str) else tuple(map(_word, require_list(value, argument)))
    if not parts or not all(parts):
        raise ConfigurationError(f"{argument}: give at least one word, as a list or as one text with blanks")
    for part in parts:
        require_id(part, argument)  # refuses what cannot be sent
    return parts


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
