"""Queries of lists: what a filter may say, and the page that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from attrs import frozen

from .service import Document, Service
from .wire import Problem, Refused

T = TypeVar("T")

Check = tuple[str, str, bool]
"""A parameter, what it must be, and whether it is."""


@frozen
class Page:
    """The part of a list that a request asks for."""

    number: int
    size: int


def read_page(query: Mapping[str, str], size: int, most: int | None, checks: Iterable[Check] = ()) -> Page:
    """The page in a query, or one refusal for every parameter of it that is wrong."""
    number, wanted = _positive_int(query.get("page[number]", "1")), _positive_int(query.get("page[size]", str(size)))
    fits = wanted is not None and (most is None or wanted <= most)
    refuse_unless(
        *checks,
        ("page[number]", "a whole number from 1", number is not None),
        ("page[size]", "a whole number from 1" + (f" to {most}" if most else ""), fits),
    )
    return Page(number or 1, wanted or size)


def refuse_unless(*checks: Check) -> None:
    """One entry of an error document for each check that failed."""
    problems = [
        Problem(400, "VALIDATION", "INVALID_INPUT_FORMAT", f"{name} must be {wanted}")
        for name, wanted, ok in checks
        if not ok
    ]
    if problems:
        raise Refused(*problems)


def is_mode(query: Mapping[str, str]) -> Check:
    """The filter by mode, which several lists have."""
    name = "filter[vehicle.mode]"
    return name, "live or simulated", query.get(name, "live") in ("live", "simulated")


def page_meta(service: Service, page: Page, total: int) -> Document:
    """The `meta` of a list."""
    name = "pageNumber" if service.switches.paging == "live" else "page"
    return {name: page.number, "pageSize": page.size, "totalCount": total}


def paged(
    service: Service,
    path: str,
    filters: Mapping[str, str],
    page: Page,
    items: Sequence[T],
    document: Callable[[Service, T], Document],
) -> Document:
    """One page of what was found, with links that repeat the filters."""
    number, size, last = page.number, page.size, max(1, -(-len(items) // page.size))

    def link(target: int) -> str | None:
        if not 1 <= target <= last and target != number:
            return None
        return f"{service.base}{path}?" + urlencode({**filters, "page[number]": target, "page[size]": size})

    before = "prev" if service.switches.paging == "live" else "previous"
    return {
        "data": [document(service, item) for item in items[(number - 1) * size : number * size]],
        "meta": page_meta(service, page, len(items)),
        "links": {
            "self": link(number), "first": link(1), "last": link(last), "next": link(number + 1),
            before: link(number - 1),
        },
    }  # fmt: skip


def _positive_int(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None
