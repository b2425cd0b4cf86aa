"""Public names that are imported when they are first used (PEP 562): the one way for every package that has them.

A package writes each name once, in its imports under TYPE_CHECKING, where type checkers read it. The module that
Python must import for it stands in `_names.py`, which `nox -s sync` writes from those imports: a frozen application
has no sources that could be read instead. A package's `__getattr__` and `__dir__` import this when they are called:
to import a package costs nothing.
"""

import importlib
import sys
from collections.abc import Mapping


def load(package: str, name: str) -> object:
    """A public name of a package, imported; a module in it has the package for its home."""
    if name == "__all__":
        return names(package)
    homes = _homes(package)
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    if homes[name] == package:
        return importlib.import_module(f"{package}.{name}")
    value: object = getattr(importlib.import_module(homes[name]), name)
    setattr(sys.modules[package], name, value)  # found there from now on: Python asks us only for what is missing
    return value


def names(package: str) -> list[str]:
    """The public names of a package, loaded or not."""
    return sorted(_homes(package))


def _homes(package: str) -> Mapping[str, str]:
    homes: Mapping[str, str] = importlib.import_module(f"{package.partition('.')[0]}._names").HOMES[package]
    return homes
