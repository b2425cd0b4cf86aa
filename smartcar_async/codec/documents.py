"""JSON, as plain objects."""

from collections.abc import Callable
from functools import cache, cached_property, reduce
from operator import getitem
from typing import Any


def load(body: bytes) -> Any:
    """Any JSON document, as plain objects. One odd text, number or byte costs no more than itself."""
    return _parser()(body)


@cache
def _parser() -> Callable[[bytes], Any]:
    """The JSON parser. It is loaded on first use, so that an import stays light."""
    import msgspec

    from .lenient import load_leniently

    parse = msgspec.json.Decoder().decode
    odd = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

    def load(body: bytes) -> Any:
        try:
            return parse(body)
        except odd:
            return load_leniently(body)

    return load


class Document:
    """The bytes of an answer, parsed in whole only when somebody asks for what was sent."""

    def __init__(self, body: bytes, *path: str) -> None:
        self._body, self._path = body, path

    def at(self, place: int | None = None) -> Any:
        """The entry at this place of the list that the path leads to; the whole document without a place."""
        if place is None:
            return self._whole
        return reduce(getitem, (*self._path, place), self._whole)

    @cached_property
    def _whole(self) -> Any:
        return load(self._body)
