"""A lock between processes. It ends with the process that holds it, however that process ends."""

import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class FileLock:
    """A file that one holder at a time has locked. Two in the same process keep each other out as well.

    The library `filelock` would be a dependency for these few lines. Nothing here waits: a thread that waited for
    another process could not be cancelled.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def attempt(cls, path: Path) -> Self | None:
        """The lock, or None if somebody holds it."""
        # A link that somebody planted is not followed: it would make, or lock, a file somewhere else.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with ExitStack() as stack:
            stack.callback(os.close, descriptor)
            if not _try_lock(descriptor) or not _is_at(path, descriptor):
                return None
            stack.pop_all()
        return cls(path, descriptor)

    def release(self) -> None:
        """Remove the file and let the next one in. A child that was forked meanwhile does not keep the lock.

        Nothing is raised: what the lock was for is done, and the system gives it back whatever it says of the closing.
        """
        with suppress(OSError):  # Windows removes no file that is open
            self._path.unlink()
        with suppress(OSError):
            _unlock(self._descriptor)
        with suppress(OSError):
            os.close(self._descriptor)

    def forget(self) -> None:
        """Close it and leave the file: the lock ends when the parent or child that shares it has closed it too."""
        os.close(self._descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the file that was opened is still there: who held it may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
