"""The forms that all answers share: JSON, resources wrapped or bare, pages, and their parts."""

from collections.abc import Callable
from datetime import datetime
from functools import cache, cached_property, reduce
from operator import getitem
from typing import Any, Final, TypeVar

from ..records import Malformed, Page
from ..request import Reply
from ..times import instant_or_none
from .lenient import load_leniently
from .structure import Hook, Unreadable, hook_of, is_list, is_object, wrong

T = TypeVar("T")

FAILED: Final = ("FAILURE", "FAILED", "ERROR")
"""The words for what was not carried out."""


def load(body: bytes) -> Any:
    """Any JSON document, as plain objects. One odd text, number or byte costs no more than itself."""
    return _parser()(body)


@cache
def _parser() -> Callable[[bytes], Any]:
    """The JSON parser. It is loaded on first use, so that an import stays light."""
    import msgspec

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

    def __init__(self, body: bytes, *way: str) -> None:
        self._body, self._way = body, way

    def at(self, place: int | None = None) -> Any:
        """The entry at this place of the list that the way leads to; the whole document without a place."""
        if place is None:
            return self._whole
        return reduce(getitem, (*self._way, place), self._whole)

    @cached_property
    def _whole(self) -> Any:
        return load(self._body)


def tells_of_failure(document: Any) -> bool:
    """Whether this is an error in the flat form, which is no answer of something that was done."""
    if not is_object(document):
        return False
    status, number = document.get("status"), document.get("statusCode")
    named = isinstance(document.get("type"), str) and ("code" in document or "statusCode" in document)
    failed = isinstance(status, str) and status.upper() in FAILED
    return named or failed or bool(document.get("error")) or (isinstance(number, int) and number >= 400)


def page(reply: Reply, number: int, read: Callable[[Any], T]) -> Page[T]:
    """One page of a list. What cannot be read is set aside in `malformed`."""
    document = an_object(load(reply.body))
    entries = document.get("data")
    if not is_list(entries):
        raise Unreadable(f"data: {wrong('a list', entries)}")
    items: list[T] = []
    malformed: list[Malformed] = []
    for entry in entries:
        try:
            items.append(read(entry))
        except Unreadable as problem:
            malformed.append(Malformed(str(problem), entry))
    meta, links = loose_part(document, "meta"), loose_part(document, "links")
    total, size = meta.get("totalCount"), meta.get("pageSize")
    more = type(total) is int and number * (size if type(size) is int and size > 0 else len(entries)) < total
    has_next = more or bool(links.get("next"))
    return Page(tuple(items), number, has_next, total if type(total) is int else None, tuple(malformed))


def resource_of(reply: Reply) -> dict[str, Any]:
    """The resource that an answer is about, wrapped in `data` or bare."""
    document = an_object(load(reply.body))
    data: Any = document.get("data")
    return data if is_object(data) else document


def an_object(value: Any) -> dict[str, Any]:
    """The value, if it is an object."""
    if is_object(value):
        return value
    raise wrong("an object", value)


def part(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under this name, empty if there is none."""
    found = value.get(name)
    if found is not None and not is_object(found):
        raise Unreadable(f"{name}: {wrong('an object', found)}")
    return found or {}


def loose_part(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under this name, empty if there is none or something else."""
    found = value.get(name)
    return found if is_object(found) else {}


def text(value: dict[str, Any], name: str) -> str:
    """The text under this name."""
    found = optional_text(value, name)
    if not found:
        raise Unreadable(f"{name}: missing")
    return found


def optional_text(value: dict[str, Any], name: str) -> str | None:
    """The text under this name, or a number as text, or None."""
    found = value.get(name)
    if found is None or type(found) is str:
        return found
    if type(found) is int:
        return str(found)
    raise Unreadable(f"{name}: {wrong('a text', found)}")


def loose_text(value: dict[str, Any], name: str) -> str | None:
    """The text under this name, or a number as text; None if there is none or something else."""
    try:
        return optional_text(value, name)
    except Unreadable:
        return None


def moment(value: dict[str, Any], name: str) -> datetime | None:
    """The time under this name; None if there is none, or none that can be read: it is no reason to lose the rest."""
    return instant_or_none(value.get(name))


def word(words: Any, value: Any) -> Any:
    """A word of an open enum."""
    return _chooser(words)(value, None)


@cache
def _chooser(words: Any) -> Hook:
    return hook_of(words | str | None)


def year(value: Any) -> int | None:
    """A year as a number, or as text; None if there is none, or none that can be read."""
    text = str(value).strip() if type(value) in (int, str) else ""
    return int(text) if len(text) < 10 and text.isdecimal() else None
