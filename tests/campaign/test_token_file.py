"""Whatever happens to the token file, what had been stored is found again, or an error says clearly why not.

SMARTCAR_SEED repeats a run.
"""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smartcar_async import FileTokenStore, StoredTokens, TokenPair, TokenStoreError

CORRUPTIONS = 500
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
WRONG: tuple[object, ...] = (None, 0, True, "tokens", [], {}, {"format": "smartcar-tokens/1"}, {"tokens": []})


def tokens(number: int) -> StoredTokens:
    """A stored pair; every second one is marked."""
    pair = TokenPair(f"access-{number}", f"refresh-{number}", NOON, NOON)
    return StoredTokens(pair, NOON if number % 2 else None)


def torn(body: bytes, rng: random.Random) -> bytes:
    """The beginning of one version and the end of another."""
    cut = rng.randrange(len(body))
    return body[:cut] + bytes(rng.randrange(256) for _ in range(8)) + body[cut + rng.randrange(40) :]


def truncated(body: bytes, rng: random.Random) -> bytes:
    """Only the beginning."""
    return body[: rng.randrange(len(body) - 1)]


def empty(_body: bytes, _chance: random.Random) -> bytes:
    """Nothing."""
    return b""


def wrong_type(body: bytes, rng: random.Random) -> bytes:
    """JSON that is something else, as a whole or somewhere inside."""
    document = json.loads(body)
    inner = document["tokens"]["a"]
    places = [(document, name) for name in document] + [(inner, name) for name in inner]
    holder, name = rng.choice(places)
    while holder[name] == (value := rng.choice(WRONG)):
        pass
    holder[name] = value
    return json.dumps(rng.choice((document, *WRONG))).encode()


def flipped(body: bytes, rng: random.Random) -> bytes:
    """A letter of a token is another."""
    text = bytearray(body)
    text[body.index(b'"access-') + rng.randrange(1, 8)] ^= 1
    return bytes(text)


def zeroed(body: bytes, rng: random.Random) -> bytes:
    """A block that was never written."""
    start = rng.randrange(len(body) - 1)
    return body[:start] + bytes(len(body) - start)


DAMAGES = (torn, truncated, empty, wrong_type, flipped, zeroed)


@contextmanager
def short_files(length: int) -> Generator[None, None, None]:
    """A disk that takes so many bytes of a file and no more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def failing(name: str, patch: pytest.MonkeyPatch, count: int) -> Generator[None, None, None]:
    """A disk that is full when a function of `os` is called for the nth time."""
    calls = iter(range(1000))
    real: Callable[..., None] = getattr(os, name)

    def full(*arguments: object) -> None:
        if next(calls) == count:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*arguments)

    with patch.context() as context:
        context.setattr(os, name, full)
        yield


async def test_no_corruption_loses_what_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of the two damaged in every way, both at once, and a disk that is full in the middle of writing."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    rng = random.Random(seed)
    main, copy = tmp_path / "tokens.json", tmp_path / "tokens.json.bak"
    assert await FileTokenStore(main).swap("a", None, tokens(0))
    stored, met = tokens(0), set[str]()
    for number in range(CORRUPTIONS):
        replay = f"SMARTCAR_SEED={seed}, corruption {number}"
        store = FileTokenStore(main)
        fault = rng.choice(("one copy", "one copy", "one copy", "deleted", "both", "length", "fsync", "replace"))
        met.add(fault)
        damage = rng.choice(DAMAGES)
        if fault == "one copy":
            victim = rng.choice((main, copy))
            victim.write_bytes(damage(victim.read_bytes(), rng))
        elif fault == "deleted":
            rng.choice((main, copy)).unlink()
        elif fault == "both":
            intact = main.read_bytes()
            for victim in (main, copy):
                victim.write_bytes(damage(intact, rng))
            damaged = main.read_bytes(), copy.read_bytes()
            with pytest.raises(TokenStoreError, match="no whole copy is left"):
                await store.load("a")
            with pytest.raises(TokenStoreError, match="no whole copy is left"):
                await store.swap("a", stored, tokens(number))
            assert (main.read_bytes(), copy.read_bytes()) == damaged, replay
            rng.choice((main, copy)).write_bytes(intact)
        else:
            length, nth = rng.randrange(300), 0 if fault == "replace" else rng.randrange(2)
            disk = short_files(length) if fault == "length" else failing(fault, monkeypatch, nth)
            with disk, pytest.raises(TokenStoreError, match="Make room on the disk"):
                await store.swap("a", stored, tokens(number + 1000))
        if rng.random() < 0.5:
            assert await store.load("a") == stored, replay
        assert await store.swap("a", stored, tokens(number)), replay
        stored = tokens(number)
        assert await FileTokenStore(main).load("a") == stored, replay
        assert main.read_bytes() == copy.read_bytes(), replay
    assert met == {"one copy", "deleted", "both", "length", "fsync", "replace"}
    assert not [path.name for path in tmp_path.iterdir() if path.suffix in (".new", ".lock", ".lease")]
