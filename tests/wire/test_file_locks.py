"""Beside the token file: locks, and symbolic links that somebody planted there. The path itself may be a link."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import FileTokenStore, TokenStoreError
from smartcar_async.file_lock import FileLock

from .test_file_store import MARKED, STORED, mode, names


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store under test keeps its tokens."""
    return tmp_path / "tokens.json"


@pytest.fixture
def store(path: Path) -> FileTokenStore:
    """The store under test."""
    return FileTokenStore(path)


async def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """The file behind it is written, where all that goes by another way to it find it."""
    real, link = tmp_path / "real", tmp_path / "link.json"
    real.mkdir()
    link.symlink_to(real / "tokens.json")
    await FileTokenStore(link).swap("a", None, STORED)
    assert link.is_symlink()
    assert await FileTokenStore(real / "tokens.json").load("a") == STORED


async def test_a_link_to_nothing_makes_a_private_file(tmp_path: Path) -> None:
    """Whatever the umask: what is made is made where the link leads, for its owner alone."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "tokens.json")
    before = os.umask(0)
    try:
        await FileTokenStore(tmp_path / "link.json").swap("a", None, STORED)
    finally:
        os.umask(before)
    assert names(tmp_path / "real" / "tokens.json") == ["tokens.json", "tokens.json.bak"]
    assert mode(tmp_path / "real" / "tokens.json") == mode(tmp_path / "real" / "tokens.json.bak") == 0o600


async def test_a_lock_that_is_a_link_is_not_followed(store: FileTokenStore, path: Path) -> None:
    """Whoever planted it gets no file made or locked elsewhere; the error says what to remove."""
    elsewhere = path.with_name("elsewhere")
    path.with_name("tokens.json.lock").symlink_to(elsewhere)
    with pytest.raises(
        TokenStoreError, match=r"cannot be locked.*not followed there: remove .*tokens\.json\.lock, and"
    ):
        await store.swap("a", None, STORED)
    assert not elsewhere.exists()


async def test_a_copy_that_is_a_link_is_not_followed(store: FileTokenStore, path: Path) -> None:
    """Neither are tokens taken from where it leads, nor is the mode there changed; it is set aside, and a copy made."""
    foreign = path.parent / "foreign"
    foreign.mkdir()
    planted, copy = FileTokenStore(foreign / "planted.json"), path.with_name("tokens.json.bak")
    await planted.swap("a", None, MARKED)
    (foreign / "planted.json").chmod(0o644)
    copy.symlink_to(foreign / "planted.json")
    with pytest.raises(TokenStoreError, match=r"tokens\.json\.bak: damaged, and no whole copy is left"):
        await store.load("a")
    copy.unlink()
    await store.swap("a", None, STORED)
    copy.unlink()
    copy.symlink_to(foreign / "planted.json")
    assert await store.load("a") == STORED
    assert not copy.is_symlink()
    assert path.with_name("tokens.json.bak.damaged-1").is_symlink()
    assert mode(foreign / "planted.json") == 0o644


async def test_a_lock_that_does_not_close_changes_nothing(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was for is done: neither the change nor the lease ends in an error of the system."""
    real, closed = os.close, list[int]()

    def fail(descriptor: int) -> None:
        real(descriptor)
        closed.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    for suffix in ("lock", "lease"):
        lock = FileLock.attempt(path.with_name(f"tokens.json.{suffix}"))
        assert lock is not None
        with monkeypatch.context() as context:
            context.setattr(os, "close", fail)
            lock.release()
    assert len(closed) == 2
    assert await store.swap("a", None, STORED)
    assert names(path) == ["tokens.json", "tokens.json.bak"]


def test_a_lock_is_not_taken_on_a_file_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opened the file before its last holder removed it has locked nothing, and must try again."""
    place = tmp_path / "lock"
    real = os.open

    def overtaken(*arguments: Any) -> int:
        descriptor = real(*arguments)
        place.unlink()
        return descriptor

    with monkeypatch.context() as context:
        context.setattr(os, "open", overtaken)
        assert FileLock.attempt(place) is None
    first = FileLock.attempt(place)
    assert first is not None
    assert FileLock.attempt(place) is None
    place.unlink()
    second = FileLock.attempt(place)
    assert second is not None
    second.release()
    first.release()
