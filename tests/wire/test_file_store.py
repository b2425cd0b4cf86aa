"""The token file: private, whole, portable, and shared without harm."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from smartcar_async import ConfigurationError, FileTokenStore, StoredTokens, TokenPair, TokenStoreError
from smartcar_async.file_lock import FileLock
from smartcar_async.v2 import file_token_store as file_store

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
STORED = StoredTokens(TokenPair("access-1", "refresh-1", NOON, NOON + timedelta(days=60)))
MARKED = StoredTokens(STORED.pair, NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store under test keeps its tokens."""
    return tmp_path / "tokens.json"


@pytest.fixture
def store(path: Path) -> FileTokenStore:
    """The store under test."""
    return FileTokenStore(path)


def names(path: Path) -> list[str]:
    """What is in the folder of a file."""
    return sorted(one.name for one in path.parent.iterdir())


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def full(*_: object) -> None:
    """A disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_only_the_owner_may_read_the_file(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment of its creation, whatever the umask; and nothing else is left in the folder."""
    modes: list[int] = []
    real_open = os.open

    def opened(*arguments: Any, **options: Any) -> int:
        descriptor = real_open(*arguments, **options)
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    before = os.umask(0)
    try:
        with monkeypatch.context() as context:
            context.setattr(os, "open", opened)
            async with store.lease("a"):
                await store.swap("a", None, STORED)
    finally:
        os.umask(before)
    folder = mode(path.parent)
    assert len(modes) > 4
    assert set(modes) - {folder} == {0o600}
    assert names(path) == ["tokens.json", "tokens.json.bak"]
    assert mode(path) == mode(path.with_name("tokens.json.bak")) == 0o600


async def test_the_file_is_as_the_docs_say(store: FileTokenStore, path: Path) -> None:
    """Plain JSON, with a checksum that any language can make."""
    await store.swap("zoë", None, MARKED)
    await store.swap("a", None, STORED)
    document = json.loads(path.read_bytes())
    entry = {
        "access_token": "access-1",
        "refresh_token": "refresh-1",
        "expiration": "2026-07-01T12:00:00Z",
        "refresh_expiration": "2026-08-30T12:00:00Z",
    }
    expected = {
        "zoë": {**entry, "refreshing_since": "2026-07-01T12:00:00Z"},
        "a": {**entry, "refreshing_since": None},
    }
    plain = json.dumps(expected, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    checksum = hashlib.sha256(plain.encode()).hexdigest()
    assert document == {"format": "smartcar-tokens/1", "checksum": checksum, "tokens": expected}


async def test_a_file_of_another_hand_is_read(store: FileTokenStore, path: Path) -> None:
    """Any order, other spellings of a time, fields of tomorrow, and no mark."""
    entry = {
        "refresh_token": "refresh-1",
        "access_token": "access-1",
        "note": "mine",
        "refresh_expiration": "2026-08-30T14:00:00+02:00",
        "expiration": "2026-07-01T12:00:00",
    }
    plain = json.dumps({"a": entry}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document = {"tokens": {"a": entry}, "checksum": hashlib.sha256(plain.encode()).hexdigest()}
    path.write_text(json.dumps({**document, "format": "smartcar-tokens/1", "by": "hand"}), encoding="utf-8")
    assert await store.load("a") == STORED


async def test_what_is_damaged_is_set_aside_and_mended(
    store: FileTokenStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its bytes are kept, the log tells where, and the tokens come from the other copy."""
    await store.swap("a", None, STORED)
    forged = path.read_bytes().replace(b"refresh-1", b"refresh-2")
    for number, damaged in enumerate((b"", b"{", b"\xff\x00", b"[" * 100_000, forged), 1):
        path.write_bytes(damaged)
        assert await store.load("a") == STORED
        assert path.with_name(f"tokens.json.damaged-{number}").read_bytes() == damaged
        assert path.read_bytes() == path.with_name("tokens.json.bak").read_bytes()
    assert len(caplog.messages) == 5
    assert "tokens.json was damaged and is now" in caplog.text
    assert "access-1" not in caplog.text


async def test_a_swap_keeps_what_is_damaged_too(store: FileTokenStore, path: Path) -> None:
    """A write does not pass over what it cannot read."""
    await store.swap("a", None, STORED)
    path.write_bytes(b"damaged")
    assert await store.swap("a", STORED, MARKED)
    assert path.with_name("tokens.json.damaged-1").read_bytes() == b"damaged"
    assert await store.load("a") == MARKED


async def test_a_file_that_is_none_of_ours_is_left_alone(store: FileTokenStore, path: Path) -> None:
    """The error names the file and the remedy, and says so each time."""
    path.write_text('{"name": "smartcar", "version": "1.0.0"}', encoding="utf-8")
    path.chmod(0o600)
    for _ in range(2):
        with pytest.raises(TokenStoreError, match=r"tokens.json: damaged, .* Restore a backup; or move the file away"):
            await store.load("a")
        with pytest.raises(TokenStoreError, match="Nothing was changed"):
            await store.swap("a", None, STORED)
    assert names(path) == ["tokens.json"]


async def test_tokens_are_read_where_nothing_can_be_written(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only folder with a damaged file, or with one copy: what can be read is of use."""
    await store.swap("a", None, STORED)
    path.write_bytes(b"damaged")

    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(FileLock, "attempt", read_only)
    assert await store.load("a") == STORED
    with pytest.raises(TokenStoreError, match=r"cannot be locked \(Read-only file system\).*Let this process read and"):
        await store.swap("a", STORED, MARKED)


@pytest.mark.parametrize("function", ["fsync", "replace"])
async def test_a_full_disk_changes_nothing(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """The old tokens stay, nothing is left over, and it works again as soon as there is room."""
    await store.swap("a", None, STORED)
    with monkeypatch.context() as context:
        context.setattr(os, function, full)
        with pytest.raises(
            TokenStoreError, match=r"cannot be written \(No space left on device\).*Make room"
        ) as caught:
            await store.swap("a", STORED, MARKED)
    assert str(path) in str(caught.value)
    assert "unchanged" in str(caught.value)
    assert names(path) == ["tokens.json", "tokens.json.bak"]
    assert await store.load("a") == STORED
    assert await store.swap("a", STORED, MARKED)


async def test_one_copy_is_enough_for_a_change(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails after the main file is in place: the change is made, and the next reader makes the copy."""
    real = os.replace

    def only_the_main(source: Path, target: Path) -> None:
        if target == path:
            real(source, target)
        else:
            full()

    with monkeypatch.context() as context:
        context.setattr(os, "replace", only_the_main)
        assert await store.swap("a", None, STORED)
    assert names(path) == ["tokens.json"]
    assert await FileTokenStore(path).load("a") == STORED
    assert names(path) == ["tokens.json", "tokens.json.bak"]


async def test_what_a_killed_process_left_is_no_hindrance(store: FileTokenStore, path: Path) -> None:
    """Half a file under a temporary name, and lock files that nobody holds."""
    for suffix in (".new", ".bak.new", ".lock"):
        path.with_name(path.name + suffix).write_bytes(b"half")
    assert await store.swap("a", None, STORED)
    assert names(path) == ["tokens.json", "tokens.json.bak"]


async def test_a_file_that_others_could_read_is_made_private(
    store: FileTokenStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A backup that was restored with the wrong mode works, and the log tells."""
    await store.swap("a", None, STORED)
    path.chmod(0o644)
    assert await store.load("a") == STORED
    assert mode(path) == 0o600
    assert caplog.record_tuples == [
        ("smartcar_async", logging.WARNING, f"{path} could be read by other users; it was made private")
    ]


async def test_a_change_that_was_made_is_not_called_unmade(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files are in place, and only the folder could not be brought to the disk: the error says that."""
    await store.swap("a", None, STORED)
    with monkeypatch.context() as context:
        context.setattr(file_store, "_sync_folder", full)
        with pytest.raises(TokenStoreError, match=r"may not outlast a power cut .*The change was made\.") as caught:
            await store.swap("a", STORED, MARKED)
    assert "unchanged" not in str(caught.value)
    assert await store.load("a") == MARKED
    assert names(path) == ["tokens.json", "tokens.json.bak"]


async def test_the_path_is_fixed_when_the_store_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that changes its folder keeps its tokens."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    store = FileTokenStore("tokens.json")
    monkeypatch.chdir(tmp_path / "other")
    await store.swap("a", None, STORED)
    assert (tmp_path / "tokens.json").exists()


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """It is not created: its name may be a slip."""
    store = FileTokenStore(tmp_path / "confg" / "tokens.json")
    remedy = f"The folder {tmp_path / 'confg'} does not exist: create it"
    with pytest.raises(TokenStoreError, match=remedy):
        await store.load("a")
    with pytest.raises(TokenStoreError, match=remedy):
        await store.swap("a", None, STORED)
    with pytest.raises(TokenStoreError, match=remedy):
        async with store.lease("a"):
            pass


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
async def test_what_is_no_file_is_refused(store: FileTokenStore, path: Path, make: Callable[[Path], None]) -> None:
    """Without waiting for anything."""
    make(path)
    with pytest.raises(TokenStoreError, match="cannot be read"):
        await store.load("a")


@pytest.mark.parametrize("bad", ["", "a\0b", b"tokens.json", None, 7])
def test_what_is_no_path_is_refused(bad: object) -> None:
    """The error shows what a path looks like."""
    with pytest.raises(ConfigurationError, match=r"path: give the path of a file, such as 'tokens\.json'"):
        FileTokenStore(cast("str", bad))


async def test_nothing_is_done_on_the_loop(store: FileTokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call that may wait for a disk is made in another thread."""
    here, elsewhere = threading.get_ident(), set[str]()

    def watched(name: str) -> Callable[..., Any]:
        real: Callable[..., Any] = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            assert threading.get_ident() != here, name
            elsewhere.add(name)
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as context:
        for name in ("open", "fsync", "replace", "unlink"):
            context.setattr(os, name, watched(name))
        async with store.lease("a"):
            await store.swap("a", await store.load("a"), STORED)
    assert elsewhere >= {"open", "fsync", "replace"}


async def test_a_writer_that_never_ends_is_not_waited_for(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that was stopped while it wrote: the error names the lock."""
    monkeypatch.setattr(file_store, "_LOCK_TIMEOUT", 0.02)
    lock = FileLock.attempt(path.with_name("tokens.json.lock"))
    assert lock is not None
    with pytest.raises(TokenStoreError, match=r"another process has been writing for 0.02 s.*tokens.json.lock"):
        await store.swap("a", None, STORED)
    lock.release()
    assert await store.swap("a", None, STORED)


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
async def test_a_lease_that_comes_too_late_is_given_back(
    store: FileTokenStore, path: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """A waiter that is cancelled while a thread takes the lock for it does not keep the lock."""
    begun, go, ended, real = threading.Event(), threading.Event(), threading.Event(), FileLock.attempt

    def slow(place: Path) -> FileLock | None:
        begun.set()
        go.wait(5)
        lock = real(place)
        ended.set()
        return lock

    async with FileTokenStore(path).lease("a" if held else "b"):
        with monkeypatch.context() as context:
            context.setattr(FileLock, "attempt", slow)
            waiting = asyncio.ensure_future(store.lease("a").__aenter__())
            await asyncio.to_thread(begun.wait, 5)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            go.set()
            await asyncio.to_thread(ended.wait, 5)
    async with asyncio.timeout(5), FileTokenStore(path).lease("a"):
        pass
    assert names(path) == []


async def test_a_cancelled_swap_is_carried_out(store: FileTokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it began: whoever waited for it is gone, and what was to be stored is not."""
    begun, go, real = threading.Event(), threading.Event(), os.fsync

    def slow(descriptor: int) -> None:
        begun.set()
        go.wait(5)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    swapping = asyncio.ensure_future(store.swap("a", None, STORED))
    await asyncio.to_thread(begun.wait, 5)
    swapping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await swapping
    go.set()
    assert await store.swap("a", STORED, MARKED)


def test_a_repr_names_the_file(store: FileTokenStore, path: Path) -> None:
    """And nothing that is in it."""
    assert repr(store) == f"FileTokenStore({str(path)!r})"
