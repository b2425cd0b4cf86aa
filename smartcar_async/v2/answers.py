"""What every answer of API v2.0 has, and the answers that are the same whatever was asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from attrs import field, frozen

from ..vocabulary import UnitSystem
from ..wire import NOT_SENT, WHOLE, Amount, Anything, Identity, Year, sent, wire

B_co = TypeVar("B_co", covariant=True)

# For fields that are written out: of those that a function makes, mypy does not see that they are by keyword only.
_RAW: Final = wire(WHOLE, kind=Anything)


def counted_field() -> Any:
    """Records that hold personal data: the `repr` of what contains them tells their number."""
    return field(default=(), repr=lambda entries: f"<{len(entries)}>")


def id_field(*paths: str) -> Any:
    """A field for an id, as text or as a number."""
    return sent(*paths, kind=Identity)


def amount_field() -> Any:
    """A field for a number that may come as text."""
    return sent(kind=Amount)


def year_field() -> Any:
    """A field for a year that may come as text."""
    return sent(kind=Year)


def time_field(*paths: str) -> Any:
    """A field for a time: one that says nothing is none."""
    return sent(*paths, tolerant=True)


@frozen
class Meta:
    """What the headers of an answer say about it."""

    request_id: str | None = sent("sc-request-id")
    data_age: datetime | None = time_field("sc-data-age")
    """When the car recorded the data."""
    fetched_at: datetime | None = time_field("sc-fetched-at")
    """When Smartcar fetched the data from the maker."""
    unit_system: UnitSystem | str | None = sent("sc-unit-system")


@frozen
class Answer:
    """What every answer has."""

    meta: Meta = field(factory=Meta, repr=False, kw_only=True, metadata=NOT_SENT)
    raw: Any = field(factory=dict[str, Any], eq=False, repr=False, kw_only=True, metadata=_RAW)
    """The body, as decoded JSON."""


@frozen
class Entry:
    """What every entry of a list has: one that cannot be read has nothing else."""

    raw: Any = field(factory=dict[str, Any], eq=False, repr=False, kw_only=True, metadata=_RAW)


@frozen
class Response(Answer):
    """The answer to a call of the caller's own."""

    status: int
    body: Any = field(default=None, repr=False)
    """The decoded JSON, or None where there is none."""
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    content: bytes = field(default=b"", repr=False)
    """The body as it came."""


@frozen
class V3Response(Generic[B_co]):
    """An answer of API v3: its record, and what it came with."""

    body: B_co
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    meta: Meta = field(factory=Meta)
