"""Public names that are imported when they are first used (PEP 562): the one way for every package that has them.

A package writes each name once, in its imports under TYPE_CHECKING, where type checkers read it. The module that
Python must import for it stands in `_names.py`, which `nox -s sync` writes from those imports: a frozen application
has no sources that could be read instead.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow the command
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for a package, given the module of each name; a module in it has the package."""

    def load(name: str) -> object:
        if name == "__all__":
            return names()
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        import importlib

        if homes[name] == package:
            return importlib.import_module(f"{package}.{name}")
        value: object = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)  # found there from now on: Python asks us only for what is missing
        return value

    def names() -> list[str]:
        return sorted(homes)

    return load, names
