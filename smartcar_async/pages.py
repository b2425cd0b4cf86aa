"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from .errors import ConfigurationError
from .log import logger

if TYPE_CHECKING:
    from .records import Page

T = TypeVar("T")

_MOST_REPEATS: Final = 2


class PageWalk(Generic[T]):
    """One walk over the pages of a list. A step is one request, and between two steps nothing is held."""

    def __init__(self, fetch: Callable[[int], Awaitable[Page[T]]]) -> None:
        self._fetch = fetch
        self._number = 1
        self._seen: set[int] = set()
        """Fingerprints of all pages. They themselves would be too much to keep."""
        self._repeats = 0
        """How many pages in a row had no entry that was not seen before."""
        self._finished = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Page[T]:
        while not self._finished:
            page = await self._fetch(self._number)
            fingerprint = _fingerprint(page)
            seen = fingerprint in self._seen
            is_new = not seen and bool(page.items or page.malformed)
            self._repeats = 0 if is_new else self._repeats + 1
            # One such page may come because entries were added meanwhile, and moved the others on. Two do not: a server
            # that ignores the number of the page, or goes round in a ring, would never end.
            stuck = page.has_next and self._repeats == _MOST_REPEATS
            self._finished = stuck or not page.has_next
            self._number += 1
            self._seen.add(fingerprint)
            if stuck:
                logger.warning("a list was left at page %d: the server sends nothing new, and no end", page.number)
            if not seen:
                return page
        raise StopAsyncIteration

    def __repr__(self) -> str:
        return f"PageWalk(at {self._number})"


def _fingerprint(page: Page[Any]) -> int:
    """By which a page is recognised: by what was sent, for entries that cannot be read look alike."""
    sent = (getattr(entry, "raw", None) for entry in (*page.items, *page.malformed))
    content = (page.items, *(repr(raw) for raw in sent if raw is not None))
    try:
        return hash(content)
    except TypeError:
        return hash(repr(content))


class Pages(Generic[T]):
    """A list that is fetched page by page while it is iterated. Each iteration starts anew.

    Pages are counted; no link that the server sent is ever opened. Do not delete entries while iterating: the pages
    behind them would move up. Collect first.
    """

    def __init__(self, fetch: Callable[[int], Awaitable[Page[T]]]) -> None:
        if not callable(fetch):
            raise ConfigurationError("fetch: give a function from a page's number to the page")
        self._fetch = fetch

    async def page(self, number: int = 1) -> Page[T]:
        """One page: one request.

        Args:
            number: The page, counted from 1.

        Returns:
            Its `items`, and in `malformed` what could not be read; `total`, where the server tells it, and `has_next`.
        """
        return await self._fetch(number)

    def by_page(self) -> PageWalk[T]:
        """The pages one after the other, each with its number, its total and what in it could not be read."""
        return PageWalk(self._fetch)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.by_page():
            for item in page.items:
                yield item

    def __repr__(self) -> str:
        return "Pages()"
