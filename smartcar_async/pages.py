"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from .records import Page


T = TypeVar("T")


class Pages(Generic[T]):
    """A list that is fetched page by page while it is iterated. Each iteration starts anew.

    Pages are counted; no link that the server sent is ever opened. Do not delete entries while iterating: the pages
    behind them would move up. Collect first.
    """

    def __init__(self, fetch: Callable[[int], Awaitable[Page[T]]]) -> None:
        self._fetch = fetch

    async def page(self, number: int = 1) -> Page[T]:
        """One page, counted from 1: one request."""
        return await self._fetch(number)

    async def __aiter__(self) -> AsyncIterator[T]:
        number, before = 1, None
        while True:
            page = await self._fetch(number)
            content = (page.items, page.malformed)
            if content == before:
                return  # a server that ignores the page number would never end
            for item in page.items:
                yield item
            if not page.has_next:
                return
            number, before = number + 1, content

    def __repr__(self) -> str:
        return "Pages()"
