"""Bodies in pieces: inflated as far as they may grow, and no further."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable

import pytest

from smartcar_async.engine.inflate import MOST_CONTAINERS, MOST_VALUES, STEP, Body, TooLarge, Undecodable

TEXT = b'{"data": [' + b"1, " * 3000 + b"1]}"
BARE = zlib.compressobj(wbits=-15)
ENCODED: dict[str, tuple[str, bytes]] = {
    "plain": ("", TEXT),
    "identity": ("Identity", TEXT),
    "gzip": ("gzip", gzip.compress(TEXT)),
    "x-gzip": (" X-GZIP ", gzip.compress(TEXT)),
    "two gzip members": ("gzip", gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:])),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without zlib's header": ("deflate", BARE.compress(TEXT) + BARE.flush()),
    "deflate with something after it": ("deflate", zlib.compress(TEXT) + b"\0" * 5000),
}


def fed(encoding: str, pieces: Iterable[bytes], most: int = 1 << 20) -> bytes:
    """What comes of these pieces."""
    body = Body(encoding, most)
    for piece in pieces:
        for _ in body.feed(piece):
            pass
    return body.end()


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(("encoding", "data"), list(ENCODED.values()), ids=list(ENCODED))
def test_what_arrives_in_pieces_is_whole(encoding: str, data: bytes, size: int) -> None:
    """However it is cut, and in each of the encodings that are asked for."""
    assert fed(encoding, [data[start : start + size] for start in range(0, len(data), size)]) == TEXT


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_nothing_is_nothing(encoding: str) -> None:
    """An empty body is one in every encoding."""
    assert fed(encoding, []) == fed(encoding, [b""]) == b""


@pytest.mark.parametrize(("encoding", "data"), list(ENCODED.values()), ids=list(ENCODED))
def test_the_longest_body(encoding: str, data: bytes) -> None:
    """As long as it may be is fine; one byte more is not."""
    assert fed(encoding, [data], len(TEXT)) == TEXT
    with pytest.raises(TooLarge, match=f"is longer than Settings.max_response_bytes={len(TEXT) - 1}."):
        fed(encoding, [data], len(TEXT) - 1)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_not_inflated(layers: int) -> None:
    """Only a little more than the bound is ever held, in short steps, of whatever a few bytes stand for."""
    bomb, most = gzip.compress(bytes(30 << 20)), 3 * STEP
    steps = Body("gzip", most).feed(bomb * layers)
    for _ in range(most // STEP):
        next(steps)
    with pytest.raises(TooLarge):
        next(steps)


def test_a_long_body_in_steps() -> None:
    """What fits is inflated to its very end, also where a step ends exactly with the data."""
    for size in (STEP, 2 * STEP, 2 * STEP + 1):
        assert fed("gzip", [gzip.compress(bytes(size))], size) == bytes(size)


WRONG: dict[str, tuple[str, bytes, str]] = {
    "text as gzip": ("gzip", b"nothing of the kind", "not what its headers say"),
    "bytes as deflate": ("deflate", b"\xff\xff\xff", "not what its headers say"),
    "gzip and garbage": ("gzip", gzip.compress(TEXT) + b"garbage", "not what its headers say"),
    "cut gzip": ("gzip", gzip.compress(TEXT)[:-9], "cut short"),
    "cut deflate": ("deflate", zlib.compress(TEXT)[:-9], "cut short"),
    "brotli": ("br", b"", "in an encoding that was not asked for"),
    "twice": ("gzip, gzip", b"", "in an encoding that was not asked for"),
}


@pytest.mark.parametrize(("encoding", "data", "told"), list(WRONG.values()), ids=list(WRONG))
def test_what_cannot_be_inflated(encoding: str, data: bytes, told: str) -> None:
    """It says why, and does not repeat what the server wrote."""
    with pytest.raises(Undecodable, match=f"^{told}$"):
        fed(encoding, [data])


@pytest.mark.parametrize(
    ("value", "most"), [(b"{},", MOST_CONTAINERS), (b"[],", MOST_CONTAINERS), (b"1,", MOST_VALUES)]
)
def test_more_values_than_can_be_read_in_time(value: bytes, most: int) -> None:
    """A short body of very many values is refused like a long one."""
    assert len(fed("", [value * 100_000] * (most // 100_000), 1 << 25)) == len(value) * most
    with pytest.raises(TooLarge, match="has more than"):
        fed("", [value * 100_000] * (most // 100_000 + 2), 1 << 25)
