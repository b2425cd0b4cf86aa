"""The body of an answer, inflated and counted piece by piece, so that a small one cannot grow beyond all bounds."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

STEP: Final = 256 * 1024
"""Bytes that are inflated at a stretch: about a quarter of a millisecond."""

ACCEPTED: Final = "gzip, deflate"
"""What we ask for: encodings whose inflating can be stopped."""

MOST_VALUES: Final = 1_500_000
MOST_CONTAINERS: Final = 200_000
"""What is beyond would keep the interpreter to itself for longer than a deadline may be missed, in a thread too."""

_GZIP: Final = 31
_ZLIB: Final = 15
_BARE: Final = -15


class TooLarge(Exception):
    """The body is larger than it may be; the text says by which measure."""


class Undecodable(Exception):
    """The body is not what its headers say, or is cut short."""


class Body:
    """Takes in what arrives, and holds no more than `most` bytes of the inflated body."""

    def __init__(self, encoding: str, most: int) -> None:
        words = encoding.strip().lower()
        if words not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise Undecodable("in an encoding that was not asked for")
        self._encoding = words.removeprefix("x-").replace("identity", "")
        self._most = most
        self._values = self._containers = 0
        self._inflating: Any = None
        self._pieces: list[bytearray] = []
        self._held = 0

    def feed(self, data: bytes) -> Iterator[None]:
        """Take in a piece; each step of the iteration is short, so that others may have their turn in between."""
        if not self._encoding:
            self._hold(data)
            return
        more = bool(data)
        while more:
            if self._inflating is None or (self._inflating.eof and self._encoding == "gzip"):
                self._inflating = self._start(data)  # gzip may go on with another member
            elif self._inflating.eof:
                return  # what follows a deflated body is ignored, as browsers do
            inflating, room = self._inflating, min(STEP, self._most - self._held + 1)
            inflated = _checked(inflating.decompress, data, room)
            self._hold(inflated)
            data = inflating.unused_data if inflating.eof else inflating.unconsumed_tail
            more = bool(data) or (len(inflated) == room and not inflating.eof)
            yield

    def end(self) -> bytes:
        """All of it, when all has arrived."""
        if self._inflating is not None and not self._inflating.eof:
            raise Undecodable("cut short")
        return b"".join(self._pieces)

    def _start(self, data: bytes) -> Any:
        if self._encoding == "gzip":
            return zlib.decompressobj(_GZIP)
        # Some servers send deflated bytes without the header of zlib.
        return zlib.decompressobj(_ZLIB if data[0] & 0x0F == 8 else _BARE)

    def _hold(self, data: bytes) -> None:
        self._held += len(data)
        if self._held > self._most:
            raise TooLarge(f"is longer than Settings(max_response_bytes={self._most})")
        if self._held > STEP:  # what is shorter cannot hold too many
            self._containers += data.count(b"{") + data.count(b"[")
            self._values += data.count(b",")
            if self._containers > MOST_CONTAINERS or self._values > MOST_VALUES:
                raise TooLarge(f"has more than {MOST_CONTAINERS} opening brackets or {MOST_VALUES} commas")
        if self._pieces and len(self._pieces[-1]) + len(data) <= STEP:
            self._pieces[-1] += data  # many small ones would cost more than what is in them
        else:
            self._pieces.append(bytearray(data))


def _checked(decompress: Callable[[bytes, int], bytes], data: bytes, most: int) -> bytes:
    try:
        return decompress(data, most)
    except zlib.error:
        raise Undecodable("not what its headers say") from None
