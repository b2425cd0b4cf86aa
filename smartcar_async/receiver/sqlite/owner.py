"""Who holds claims in a file. On one machine a lock that ends with its process shows whether it is dead."""

import os
import platform
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from weakref import ref

from attrs import define, field

from ...file_lock import FileLock

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_TIME: Final = Path("/proc/self/ns/time")


def this_machine() -> str:
    """A name for whatever shares one monotonic clock and one set of file locks; another one after each start of it.

    Where the system does not tell its boot, the lock of a holder shows all the same that it is gone.
    """
    parts = [platform.node()]
    with suppress(OSError):
        parts = [_BOOT.read_text("ascii").strip()]
        parts.append(str(_TIME.readlink()))  # containers may have clocks of their own
    return " ".join(parts)


@define(eq=False)
class Owner:
    """One store object in one process. The system gives its lock free when the process ends, however that ends."""

    id: str
    lock: FileLock | None = None
    held: dict[str, int] = field(factory=dict[str, int])
    """The attempt of each claim that was handed out to this process and whose end is not recorded."""
    lease: float = 0.0

    @classmethod
    def new(cls, database: Path) -> Self:
        """One with a lock beside the database; without, where none can be had, so that only the lease tells."""
        owner_id = secrets.token_hex(8)
        owner, path = cls(owner_id), _path(database, owner_id)
        try:
            owner.lock = FileLock.attempt(path)
        except OSError:
            with suppress(OSError):
                path.unlink()
        _forget_after_fork(owner)
        return owner

    def leave(self) -> None:
        """Be gone: the lock's file as well."""
        lock, self.lock = self.lock, None
        if lock is not None:
            lock.release()

    def forget(self) -> None:
        """Hold the lock no longer: as if this process had died, or in a child, whose parent still holds it."""
        lock, self.lock = self.lock, None
        if lock is not None:
            lock.forget()


def lock_of_dead_owner(database: Path, owner_id: str) -> FileLock | None:
    """The lock of an owner whose process has ended. None if it lives, or if nobody can tell."""
    path = _path(database, owner_id)
    if not path.exists():
        return None
    try:
        return FileLock.attempt(path)
    except OSError:
        return None


def stray_owner_ids(database: Path) -> set[str]:
    """The ids of all whose locks lie beside the database."""
    prefix, suffix = f"{database.name}.", ".owner"
    names = [path.name for path in database.parent.iterdir()]
    return {name[len(prefix) : -len(suffix)] for name in names if name.startswith(prefix) and name.endswith(suffix)}


def _forget_after_fork(owner: Owner) -> None:
    """Have a child that this process forks close the lock at once, whether it uses the store or not."""
    reference = ref(owner)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            inherited.forget()

    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(after_in_child=forget)


def _path(database: Path, owner_id: str) -> Path:
    return database.with_name(f"{database.name}.{owner_id}.owner")
