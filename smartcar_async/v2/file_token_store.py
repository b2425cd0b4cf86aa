"""Tokens in a file that outlasts the process: whole at every moment, kept twice, shared by any number of processes."""

import asyncio
import errno
import hashlib
import os
import random
import stat
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from attrs import frozen

from ..errors import ConfigurationError, TokenStoreError
from ..file_lock import FileLock
from ..log import logger
from ..threads import begin_in_thread, in_thread
from .token_store import StoredTokens, TokenPair, check_key, check_tokens

_FORMAT: Final = "smartcar-tokens/1"
_LOCK_TIMEOUT: Final = 10.0
"""Seconds to wait for another process that writes: it needs milliseconds."""
_LEASE_POLL: Final = (0.005, 0.05)
"""Seconds between two looks at a lease that somebody holds: from, to."""

_Tokens = dict[str, StoredTokens]


class _Entry(msgspec.Struct):
    """One key's tokens as they are written."""

    access_token: str
    refresh_token: str
    expiration: datetime
    refresh_expiration: datetime
    refreshing_since: datetime | None = None


class _Document(msgspec.Struct):
    """The file as it is written. `checksum` is over `tokens`."""

    format: Literal["smartcar-tokens/1"]
    checksum: str
    tokens: dict[str, _Entry]


@frozen
class _Content:
    """What a file holds: `tokens` is None when it is damaged."""

    tokens: _Tokens | None
    body: bytes


@frozen
class _BothCopies:
    """What both copies hold together, and whether there is anything to mend."""

    tokens: _Tokens
    damaged: tuple[Path, ...]
    agree: bool


class FileTokenStore:
    """Tokens in one JSON file, which only its owner may read. docs/tokens.md describes it.

    Any number of processes on one machine may share it. Each change is on the disk, twice, before it is reported.
    All work on files is done in threads.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        if not isinstance(text, str) or not text or "\0" in text:
            raise ConfigurationError("path: give the path of a file, such as 'tokens.json'")
        self._path = Path(os.path.abspath(text))

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    async def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        check_key(key)
        return await in_thread(lambda: _load(self._files()).get(key))

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None means that nothing is stored."""
        check_key(key)
        check_tokens(new)
        return await in_thread(lambda: _swap(self._files(), key, old, new))

    @asynccontextmanager
    async def lease(self, key: str) -> AsyncGenerator[None, None]:
        """Hold this key alone, among all processes. The lease ends with the process that has it."""
        check_key(key)
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        lock = await _acquire_lease(lambda: self._files().lock(f".{name}.lease"))
        try:
            yield
        finally:
            await in_thread(lock.release)

    def _files(self) -> "_Files":
        return _Files(Path(os.path.realpath(self._path)))


@frozen
class _Files:
    """The file, behind any symbolic link, and those beside it."""

    main: Path

    @property
    def copy(self) -> Path:
        """The second copy, for the day on which the first one is damaged."""
        return self.beside(".bak")

    def beside(self, suffix: str) -> Path:
        """A file next to the main one."""
        return self.main.with_name(self.main.name + suffix)

    def lock(self, suffix: str) -> FileLock | None:
        """Try once to lock a file next to the main one."""
        with self.translate_errors("cannot be locked"):
            return FileLock.attempt(self.beside(suffix))

    @contextmanager
    def translate_errors(
        self, trouble: str, change: str = "What was stored is unchanged."
    ) -> Generator[None, None, None]:
        """Turn an error of the system into ours, which says what became of the stored tokens."""
        try:
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                remedy = f"The folder {self.main.parent} does not exist: create it."
            elif error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                remedy = "Make room on the disk and call again."
            elif error.errno == errno.ELOOP:
                remedy = f"A symbolic link is not followed there: remove {error.filename}, and call again."
            else:
                remedy = "Let this process read and write the file and its folder, and call again."
            reason = error.strerror or type(error).__name__
            text = f"{self.main}: the tokens {trouble} ({reason}). {change} {remedy}"
        else:
            return
        raise TokenStoreError(text)


def _load(files: _Files) -> _Tokens:
    both = _read_both(files)
    if both.agree:
        return both.tokens
    try:
        with _exclusive(files):
            return _repaired(files)
    except TokenStoreError:  # where nothing can be written, what can be read is still of use
        return _read_both(files).tokens


def _swap(files: _Files, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
    with _exclusive(files):
        tokens = _repaired(files)
        if tokens.get(key) != old:
            return False
        if new != old:
            others = {other: stored for other, stored in tokens.items() if other != key}
            _write(files, others if new is None else {**others, key: new})
        return True


@contextmanager
def _exclusive(files: _Files) -> Generator[None, None, None]:
    """Keep other writers out. A writer holds this for the moment of one change, and never while it waits."""
    until = time.monotonic() + _LOCK_TIMEOUT
    while (lock := files.lock(".lock")) is None:
        if time.monotonic() > until:
            raise TokenStoreError(
                f"{files.main}: another process has been writing for {_LOCK_TIMEOUT:g} s; nothing was changed. "
                f"See what holds {files.beside('.lock')}, and call again."
            )
        time.sleep(random.uniform(0.001, 0.005))
    try:
        yield
    finally:
        lock.release()


def _read_both(files: _Files) -> _BothCopies:
    """Look at both copies. The main one decides, if it is whole."""
    with files.translate_errors("cannot be read"):
        copies = {path: _read(path) for path in (files.main, files.copy)}
        if not any(copies.values()):
            files.main.parent.stat()
    main, copy = copies.values()
    damaged = tuple(path for path, content in copies.items() if content and content.tokens is None)
    whole = next((content.tokens for content in (main, copy) if content and content.tokens is not None), None)
    if whole is None and damaged:
        raise TokenStoreError(
            f"{' and '.join(map(str, damaged))}: damaged, and no whole copy is left. Nothing was changed. "
            "Restore a backup; or move the file away and let the owners connect again."
        )
    return _BothCopies(whole or {}, damaged, main == copy)


def _repaired(files: _Files) -> _Tokens:
    """The tokens, after what is damaged was set damaged_name and both copies were made equal. Needs the lock."""
    both = _read_both(files)
    for path in both.damaged:
        damaged_name = _unused(path)
        with files.translate_errors("cannot be mended"):
            path.rename(damaged_name)
        logger.warning("%s was damaged and is now %s; its tokens were read from the other copy", path, damaged_name)
    if not both.agree:
        _write(files, both.tokens)
    return both.tokens


def _read(path: Path) -> _Content | None:
    """What is in a file, or None if there is none. What others could read until now is narrowed.

    A symbolic link counts as damaged: the store's own path was resolved before, and a copy is never one.
    """
    try:
        with open(path, "rb", opener=_opener) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise OSError(errno.EINVAL, "it is not a regular file")
            body = file.read()
            if sys.platform != "win32" and mode & 0o077:
                with suppress(OSError):
                    os.fchmod(file.fileno(), 0o600)
                    logger.warning("%s could be read by other users; it was made private", path)
    except FileNotFoundError:
        return None
    except OSError:
        if path.is_symlink():
            return _Content(None, b"")
        raise
    return _Content(_parsed(body), body)


def _opener(path: str, flags: int) -> int:
    # A pipe would wait for a writer, and a link lead to a file of somebody else.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _parsed(body: bytes) -> _Tokens | None:
    try:
        raw: Any = msgspec.json.decode(body)
        document = msgspec.convert(raw, _Document)
        if document.checksum != _checksum(raw["tokens"]):
            return None
        return {key: _stored(entry) for key, entry in document.tokens.items()}
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ConfigurationError):
        return None


def _stored(entry: _Entry) -> StoredTokens:
    pair = TokenPair(entry.access_token, entry.refresh_token, entry.expiration, entry.refresh_expiration)
    return StoredTokens(pair, entry.refreshing_since)


def _checksum(tokens: object) -> str:
    return hashlib.sha256(msgspec.json.encode(tokens, order="sorted")).hexdigest()


def _body(tokens: _Tokens) -> bytes:
    raw = msgspec.to_builtins(
        {
            key: _Entry(
                access_token=stored.pair.access_token,
                refresh_token=stored.pair.refresh_token,
                expiration=stored.pair.expiration,
                refresh_expiration=stored.pair.refresh_expiration,
                refreshing_since=stored.refreshing_since,
            )
            for key, stored in tokens.items()
        }
    )
    document = {"format": _FORMAT, "checksum": _checksum(raw), "tokens": raw}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _write(files: _Files, tokens: _Tokens) -> None:
    """Put both copies in place, each whole and on the disk; the main one decides. Needs the lock."""
    body, new_files = _body(tokens), [files.beside(".new"), files.beside(".bak.new")]
    try:
        with files.translate_errors("cannot be written"):
            # Both are whole on the disk before the first takes its place. So a crash leaves two old files, or a new one
            # that decides beside an old copy; never half a file, and never one file alone.
            for path in new_files:
                _write_new(path, body)
            new_files[0].replace(files.main)
        with suppress(OSError):  # the change is made; the next one who reads makes the copy
            new_files[1].replace(files.copy)
        with files.translate_errors("may not outlast a power cut", change="The change was made."):
            _sync_folder(files.main.parent)
    finally:
        for path in new_files:
            with suppress(OSError):
                path.unlink()


def _write_new(path: Path, body: bytes) -> None:
    path.unlink(missing_ok=True)  # of a process that was killed
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # it opens no folders
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unused(path: Path) -> Path:
    """A name beside a damaged file that is not taken."""
    number = 1
    while os.path.lexists(damaged_name := path.with_name(f"{path.name}.damaged-{number}")):
        number += 1
    return damaged_name


async def _acquire_lease(attempt: Callable[[], FileLock | None]) -> FileLock:
    """Try until the lock is there. One that comes after the caller was cancelled is released."""
    shortest, longest = _LEASE_POLL
    pause = shortest
    while True:
        trying = begin_in_thread(attempt)
        try:
            lock = await asyncio.shield(trying)
        except asyncio.CancelledError:
            trying.add_done_callback(_release_late_lock)
            raise
        if lock is not None:
            return lock
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(longest, pause * 1.5)


def _release_late_lock(trying: "asyncio.Future[FileLock | None]") -> None:
    if not trying.cancelled() and trying.exception() is None and (lock := trying.result()) is not None:
        lock.release()
