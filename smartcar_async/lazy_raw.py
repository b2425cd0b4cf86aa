"""The `raw` of records, built when it is first read: nearly none ever is, and building it costs most."""

from typing import Any, TypeVar

T = TypeVar("T")


class Sent:
    """Where a record finds what was sent, if it was not given its `raw`: most are never asked for it."""

    __slots__ = ("_document", "_meta", "_place")
    _document: Any
    _meta: Any
    _place: int | None


class _RawOnDemand:
    """The `raw` of a record: what is in its slot, else what its document says, which goes into the slot."""

    def __init__(self, slot: Any) -> None:
        self._slot = slot

    def __get__(self, record: Any, owner: type[Any]) -> Any:
        if record is None:
            return self
        try:
            return self._slot.__get__(record, owner)
        except AttributeError:
            self._slot.__set__(record, record._document.at(record._place))
            return self._slot.__get__(record, owner)

    def __set__(self, record: Any, value: Any) -> None:
        self._slot.__set__(record, value)

    def __delete__(self, record: Any) -> None:
        self._slot.__delete__(record)


def raw_on_demand(cls: type[T]) -> type[T]:
    """Let the `raw` of this record wait in its document until somebody asks for it."""
    type.__setattr__(cls, "raw", _RawOnDemand(vars(cls)["raw"]))
    return cls


def raw_from(record: Sent, document: Any) -> None:
    """Have a record look up its `raw` in this document."""
    for name, value in (("_document", document), ("_place", None)):
        object.__setattr__(record, name, value)
    object.__delattr__(record, "raw")
