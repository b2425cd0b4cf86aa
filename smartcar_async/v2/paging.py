"""Lists whose next page is known only from the page before it: by cursor, or by what was counted so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ..arguments import require_count
from ..pages import Pages

if TYPE_CHECKING:
    from ..records import Page
    from ..request import Call
    from .records import Connection, Connections, VehicleIds

T = TypeVar("T")
Start = str | int | None
"""Where a page begins, as the API names it: an offset or a cursor."""
Fetch = Callable[[Start], Awaitable[tuple[tuple[T, ...], Start, int | None]]]
"""From where a page begins to its items, where the next one begins (None: nowhere), and the total."""


def numbered_pages(fetch: Fetch[T]) -> Pages[T]:
    """Pages that can be iterated, or fetched by number: those before it are then fetched too, once."""
    starts: dict[int, Start] = {1: None}

    async def page(number: int) -> Page[T]:
        from ..records import Page

        require_count(number, "number")
        before = max((other for other in starts if other < number), default=0)
        while number not in starts and before:
            await page(before)
            before = before + 1 if before + 1 in starts else 0
        if number not in starts:
            return Page((), number, has_next=False)
        items, following, total = await fetch(starts[number])
        seen = {start for other, start in starts.items() if other <= number}
        for later in [other for other in starts if other > number]:
            del starts[later]
        if following is not None and following not in seen:
            starts[number + 1] = following
        return Page(items, number, number + 1 in starts, total)

    return Pages(page)


def by_offset(
    page_call: Callable[[int | None], Call[VehicleIds]], run: Callable[[Call[VehicleIds]], Awaitable[VehicleIds]]
) -> Pages[str]:
    """The ids of vehicles: a page begins where those before it ended, by what the server sent."""

    async def fetch(start: Start) -> tuple[tuple[str, ...], Start, int | None]:
        offset = start if isinstance(start, int) else None
        page = await run(page_call(offset))
        sent = len(page.raw.get("vehicles", ()))
        end = (offset or 0) + sent
        total = None if page.paging is None else page.paging.count
        is_last = not sent or (total is not None and end >= total)
        return page.vehicles, None if is_last else end, total

    page_call(None)  # refuses bad arguments here and now, not at the first step of a later loop
    return numbered_pages(fetch)


def by_cursor(
    page_call: Callable[..., Call[Connections]], run: Callable[[Call[Connections]], Awaitable[Connections]]
) -> Pages[Connection]:
    """Connections: each page names the next one."""

    async def fetch(start: Start) -> tuple[tuple[Connection, ...], Start, int | None]:
        page = await run(page_call(cursor=start if isinstance(start, str) else None))
        return page.connections, None if page.paging is None else page.paging.cursor or None, None

    page_call(cursor=None)  # refuses bad filters here and now
    return numbered_pages(fetch)
