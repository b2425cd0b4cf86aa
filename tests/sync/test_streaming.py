"""Async iterators as sync ones: one task runs each, at most one item ahead, and ends when the iteration does."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Self

import pytest

from smartcar_sync import Bridge, ConfigurationError, ConnectionLost
from smartcar_sync._wrap import Twin
from tests.sync import unmappable_classes
from tests.sync.test_bridge import answer, forever, press_ctrl_c
from tests.wire.sockets import until
from tools.write_sync import Handle


class Source:
    """Numbers without end, and what is known of their iteration."""

    def __init__(self, seconds: float = 0) -> None:
        self.read, self.ended, self._seconds = list[int](), list[str](), seconds

    async def numbers(self) -> AsyncIterator[int]:
        """Them; whoever stops has to wait for the end of it."""
        task = asyncio.current_task()
        try:
            for number in range(1_000_000):
                self.read.append(number)
                yield number
        finally:
            await asyncio.sleep(self._seconds)
            self.ended.append("in its task" if asyncio.current_task() is task else "in another")


def test_closing_a_stream_ends_its_source_at_once(bridge: Bridge) -> None:
    """Also in the middle, and its cleaning up is done when that returns."""
    source = Source(seconds=0.05)
    with closing(bridge.stream(source.numbers)) as stream:
        assert [next(stream) for _ in range(3)] == [0, 1, 2]
        assert source.ended == []
    assert source.ended == ["in its task"]
    assert len(source.read) <= 4
    with pytest.raises(StopIteration):
        next(stream)


def test_closing_a_stream_that_waits_for_its_next_item(bridge: Bridge) -> None:
    """It is not waited for."""
    ended: list[str] = []

    async def silent() -> AsyncIterator[int]:
        yield 1
        try:
            await forever()
        finally:
            ended.append("ended")

    with closing(bridge.stream(silent)) as stream:
        assert next(stream) == 1
    assert ended == ["ended"]


def test_a_stream_that_is_never_begun(bridge: Bridge) -> None:
    """It starts no task, and closing it is no error."""
    source = Source()
    bridge.stream(source.numbers).close()
    assert bridge.loop_thread().call(answer) == 42
    assert (source.read, source.ended) == ([], [])


def test_an_iterator_that_is_no_generator(bridge: Bridge) -> None:
    """It has nothing to close, and ends with StopAsyncIteration as any other."""

    class Countdown:
        def __init__(self) -> None:
            self.left = 3

        def __aiter__(self) -> Self:
            return self

        async def __anext__(self) -> int:
            if self.left == 0:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    assert list(bridge.stream(Countdown)) == [2, 1, 0]


def test_streams_side_by_side(bridge: Bridge) -> None:
    """Each has a task of its own, and calls go on meanwhile."""
    first, second = Source(), Source()
    with closing(bridge.stream(first.numbers)) as left, closing(bridge.stream(second.numbers)) as right:
        pairs = [(next(left), next(right), bridge.loop_thread().call(answer)) for _ in range(100)]
    assert pairs == [(number, number, 42) for number in range(100)]
    assert (first.ended, second.ended) == (["in its task"], ["in its task"])


def test_ctrl_c_while_a_stream_is_waited_for(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interruption comes out, the source has ended by then, and the bridge goes on."""
    source = Source()
    stream = bridge.stream(source.numbers)
    next(stream)
    press_ctrl_c(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert source.ended == ["in its task"]
    assert bridge.loop_thread().call(answer) == 42


def test_an_item_may_be_none(bridge: Bridge) -> None:
    """No value stands for the end."""

    async def nothing() -> AsyncIterator[None]:
        yield None
        yield None

    assert list(bridge.stream(nothing)) == [None, None]


async def test_closing_a_bridge_while_a_stream_waits(bridge: Bridge) -> None:
    """Who waits for the next item is told."""

    async def silent() -> AsyncIterator[int]:
        waiting.set()
        await forever()
        yield 1

    waiting = asyncio.Event()
    reading = asyncio.create_task(asyncio.to_thread(lambda: list(bridge.stream(silent))))
    await until(waiting.is_set)
    await asyncio.to_thread(bridge.close)
    with pytest.raises(ConnectionLost, match="closed"):
        await reading


def test_what_is_written_for_an_async_iterator() -> None:
    """A generator, so that it can be closed; a context manager if it is one."""
    lines = Handle("smartcar_async", unmappable_classes.Streams).text().splitlines()
    start = lines.index("    def numbers(self, most: int=3) -> Generator[int, None, None]:")
    assert lines[start + 1 : start + 3] == [
        '        """Count."""',
        "        return self._twin.stream(lambda it: it.numbers(most))",
    ]
    start = lines.index("    def lent(self) -> AbstractContextManager[int]:")
    assert lines[start + 2] == "        return self._twin.hold(lambda it: it.lent())"


def test_a_stream_ends(bridge: Bridge) -> None:
    """With its items, and reads no more than one ahead."""
    read: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        for number in range(4):
            read.append(number)
            yield number

    stream = bridge.stream(numbers)
    assert read == []
    assert next(stream) == 0
    bridge.loop_thread().call(lambda: until(lambda: len(read) > 1))
    bridge.loop_thread().call(lambda: asyncio.sleep(0.01))
    assert read == [0, 1]
    assert list(stream) == [1, 2, 3]


def test_a_stream_that_is_dropped(bridge: Bridge) -> None:
    """Its task ends; also when the garbage collector does it on the loop's own thread."""
    ended: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append("ended")

    async def drop() -> None:
        held.clear()
        gc.collect()

    held = [bridge.stream(numbers)]
    next(held[0])
    bridge.loop_thread().call(drop)
    bridge.loop_thread().call(lambda: asyncio.sleep(0))
    assert ended == ["ended"]


def test_a_stream_of_a_bridge_that_was_closed(bridge: Bridge) -> None:
    """It says so, and does not wait."""

    async def numbers() -> AsyncIterator[int]:
        while True:
            yield 1

    stream = bridge.stream(numbers)
    next(stream)
    bridge.close()
    with pytest.raises(ConfigurationError, match="closed"):
        next(stream)


def test_a_twin_streams(bridge: Bridge) -> None:
    """What it has is iterated over there; a client that was closed does so no more, though its bridge goes on."""

    class Source:
        async def numbers(self) -> AsyncIterator[int]:
            yield 1

    root = Twin(Source, bridge)
    assert list(root.stream(lambda it: it.numbers())) == [1]
    root.close()
    with pytest.raises(ConfigurationError, match="closed"):
        root.stream(lambda it: it.numbers())
    assert bridge.loop_thread().call(answer) == 42
