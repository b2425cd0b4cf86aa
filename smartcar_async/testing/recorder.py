"""Every request that reached the simulator, in order, for a test to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fnmatch import fnmatchcase

from .wire import Request

KEPT = 5000
"""How many requests are kept; older ones are forgotten, so that a long run does not grow."""


class Recorder:
    """The last 5,000 requests, and the number of all. An index, a loop or `matching` gets at them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: deque[Request] = deque(maxlen=KEPT)
        self.total: int = 0

    def add(self, request: Request) -> None:
        """Remember a request, before it is answered."""
        self._kept.append(request)
        self.total += 1

    def clear(self) -> None:
        """Forget all requests."""
        self._kept.clear()
        self.total = 0

    def matching(self, method: str = "*", path: str = "*") -> list[Request]:
        """The requests whose method and path match; `*` in a pattern stands for anything, slashes too."""
        return [one for one in tuple(self._kept) if fnmatchcase(one.method, method) and fnmatchcase(one.path, path)]

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int) -> Request:
        return self._kept[index]

    def __iter__(self) -> Iterator[Request]:
        return iter(tuple(self._kept))
