"""Async classes for tools/write_sync.py: it has no rule for these, each for a reason of its own, but the last."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from smartcar_async import Vehicle


class Base:
    """A base."""


class HasABase(Base):
    """It inherits."""

    def __init__(self) -> None:
        pass

    async def go(self) -> None:
        """Go."""


class HandsOutMany:
    """It hands out handles within a tuple."""

    def __init__(self) -> None:
        pass

    async def go(self) -> tuple[Vehicle, ...]:
        """Go."""
        return ()


class HandsOutLate:
    """It hands out a handle after a wait."""

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle

    async def go(self) -> Vehicle:
        """Go."""
        return self._vehicle


class ReturnsAnAwaitable:
    """It returns what is awaited later."""

    def __init__(self, make: Callable[[], Awaitable[int]]) -> None:
        self._make = make

    def go(self) -> Awaitable[int]:
        """Go."""
        return self._make()

    async def really_go(self) -> None:
        """Go."""


class TakesAnything:
    """It takes any number of arguments."""

    def __init__(self) -> None:
        pass

    async def go(self, *places: str) -> None:
        """Go."""


class SpeaksOfAwait:
    """Use it with `await`."""

    def __init__(self) -> None:
        pass

    async def go(self) -> None:
        """Go."""


class HasAnUnknownAttribute:
    """It has an attribute that says nothing of itself."""

    def __init__(self) -> None:
        self.place = "here"

    async def go(self) -> None:
        """Go."""


class IsDecorated:
    """It has a method of the class."""

    def __init__(self) -> None:
        pass

    @staticmethod
    async def go() -> None:
        """Go."""


class HasALength:
    """It has a method with a meaning to Python."""

    def __init__(self) -> None:
        pass

    def __len__(self) -> int:
        return 0

    async def go(self) -> None:
        """Go."""


class Streams:
    """It iterates, and lends: for this there are rules."""

    def __init__(self) -> None:
        pass

    async def go(self) -> None:
        """Go."""

    async def numbers(self, most: int = 3) -> AsyncIterator[int]:
        """Count."""
        for number in range(most):
            yield number

    @asynccontextmanager
    async def lent(self) -> AsyncGenerator[int, None]:
        """Lend one."""
        yield 1
