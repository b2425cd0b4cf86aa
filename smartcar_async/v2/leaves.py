"""Values that the wire, or a caller, writes in more than one way."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from attrs import field

from ..arguments import require_list
from ..codec.documents import year
from ..codec.structure import wrong
from ..errors import ConfigurationError
from ..request import require_id

READ = "read"
"""Under this name a field's metadata has the function that reads its value."""


def identity(value: Any) -> str | None:
    """An id, as text or as a number."""
    if value is None or type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise wrong("a text", value)


def amount(value: Any) -> float | None:
    """A number, as a number or as text; None if there is none, or none that can be read."""
    if type(value) is int or type(value) is float:
        return value
    try:
        number = float(value if type(value) is str else "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def identity_field(*names: str) -> Any:
    """A field for an id. `names` are those on the wire, where the field's own is not the only one."""
    return _field(identity, *names)


def amount_field() -> Any:
    """A field for a number that may come as text."""
    return _field(amount)


def year_field() -> Any:
    """A field for a year that may come as text."""
    return _field(year)


def words(value: Iterable[str] | str, argument: str) -> tuple[str, ...]:
    """Words from a list of them, or from one text with blanks between them."""
    found = tuple(value.split()) if isinstance(value, str) else tuple(map(_word, require_list(value, argument)))
    if not found or not all(found):
        raise ConfigurationError(f"{argument}: give at least one word, as a list or as one text with blanks")
    for word in found:
        require_id(word, argument)  # refuses what cannot be sent
    return found


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _field(read: Callable[[Any], object], *names: str) -> Any:
    return field(default=None, metadata={READ: read, **({"wire": names} if names else {})})
