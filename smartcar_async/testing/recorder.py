"""Every request that reached the simulator, and every delivery that left it, in order, for a test to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from .wire import Request

KEPT = 5000
"""How many of each are kept; older ones are dropped, so that memory does not grow in a long run."""

T = TypeVar("T")


class Kept(Generic[T]):
    """The last 5,000 of something, and the number of all. An index or a loop gets at them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: deque[T] = deque(maxlen=KEPT)
        self.total: int = 0

    def add(self, item: T) -> None:
        """Remember an item."""
        self._kept.append(item)
        self.total += 1

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.total = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int) -> T:
        return self._kept[index]

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._kept))


class Recorder(Kept[Request]):
    """The requests, each remembered before it is answered."""

    def matching(self, method: str = "*", path: str = "*") -> list[Request]:
        """The requests whose method and path match; `*` in a pattern stands for anything, slashes too."""
        return [request for request in self if fnmatchcase(request.method, method) and fnmatchcase(request.path, path)]
