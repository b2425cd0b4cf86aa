"""What every answer of API v2.0 has, and the answers that are the same whatever was asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from ..vocabulary import UnitSystem

B_co = TypeVar("B_co", covariant=True)


def counted_field() -> Any:
    """Records that hold personal data: the `repr` of what contains them tells their number."""
    return field(default=(), repr=lambda entries: f"<{len(entries)}>")


@frozen
class Meta:
    """What the headers of an answer say about it."""

    request_id: str | None = None
    data_age: datetime | None = None
    """When the car recorded the data."""
    fetched_at: datetime | None = None
    """When Smartcar fetched the data from the maker."""
    unit_system: UnitSystem | str | None = None


@frozen
class Answer:
    """What every answer has."""

    meta: Meta = field(factory=Meta, repr=False, kw_only=True)
    raw: Any = field(factory=dict[str, Any], eq=False, repr=False, kw_only=True)
    """The body, as decoded JSON."""


@frozen
class Entry:
    """What every entry of a list has: one that cannot be read has nothing else."""

    raw: Any = field(factory=dict[str, Any], eq=False, repr=False, kw_only=True)


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
