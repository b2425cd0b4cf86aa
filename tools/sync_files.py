"""The files of smartcar_sync that tools/write_sync.py writes: their frames, and those that only list names."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from tools.lazy_names import declared, names_file

ROOT: Final = Path(__file__).parents[1]
HEADER: Final = '''"""Written by tools/write_sync.py: not to be edited, but by `nox -s sync`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Generic, Self

import {module} as aio

from ._adapt import AsyncStore, Tokens, TokenStore, async_function, async_token, resolve_mode
from ._bridge import Bridge, callback
from ._wrap import Twin, wrap
{running}
if TYPE_CHECKING:
    from types import TracebackType

{typing}
'''
VARIABLE: Final = """    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


"""
"""The beginning of a file of wrappers, and what one with a type variable has besides."""
ADAPTERS: Final = {
    "TokenStore": ("TokenStore", "AsyncStore"),
    "AccessToken": ("str | Tokens", "async_token"),
    "Refresh": ("Callable[[str], TokenPair]", "async_function"),
}
"""Sync objects where the core wants async ones: the annotation, and what of `_adapt.py` makes the one of the other."""
READ_FIRST: Final = {"test_mode": "mode = resolve_mode(mode, test_mode)"}
"""Deprecated arguments of calls that cross: only on this side can a warning show the line of the caller."""
ROOTS: Final = {
    "__init__": "Read and command connected cars through Smartcar, without await.",
    "v2": "The v2.0 API without await, with the tokens of single owners.",
    "testing": "A Smartcar service for tests, as in `smartcar_async.testing`; its simulator hands out sync clients.",
}
"""The module that gives each part's public names."""
EXTRA: Final[Mapping[str, dict[str, str]]] = {
    "__init__": {"Bridge": "_bridge", "TokenStore": "_adapt"},
    "v2": {"AccessToken": "_adapt", "Refresh": "_adapt", "Tokens": "_adapt"},
}
"""Names that mean something else without await, or are only there, though they are no handles."""
MARK: Final = '"""{about}\n\nWritten by tools/write_sync.py: not to be edited, but by `nox -s sync`.\n"""\n\n'
PASSED_ON: Final = {
    "signals": "The catalogue of signals: the same as in `smartcar_async.signals`.",
    "webhook": "Webhooks without I/O: the same as in `smartcar_async.webhook`, for it never awaits.",
    "receiver": "The webhook endpoint of `smartcar_async.receiver`: use `wsgi`, `handle_sync` and `with`.",
}
ALIAS: Final = "TYPE_CHECKING = False\nif not TYPE_CHECKING:\n from smartcar_async.{} import __getattr__ as __getattr__"
"""For a module that has former names."""
HEAD: Final = """from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name for true; to import it, or importlib, would slow an import
if TYPE_CHECKING:
"""
LAZY: Final = """else:

    def __getattr__(name: str) -> object:
        from smartcar_async._lazy import load

        return load(__name__, name)

    def __dir__() -> list[str]:
        from smartcar_async._lazy import names

        return names(__name__)
"""


def _passed_on(name: str) -> str:
    """A module whose names are all the same objects."""
    module = import_module(f"smartcar_async.{name}")
    text = MARK.format(about=PASSED_ON[name]) + _imports(f"smartcar_async.{name}", _public(module), "")
    return text + (ALIAS.format(name) if hasattr(module, "__getattr__") else "")


def _lazy(about: str, module: str, own: dict[str, str], modules: tuple[str, ...]) -> str:
    """A module with wrappers: each name is imported when it is asked for."""
    names = [name for name in _public(import_module(module)) if name not in {*own, *modules}]
    homes = {home: [name for name in own if own[name] == home] for home in sorted(set(own.values()))}
    ours = "".join(_imports(f"smartcar_sync.{home}", sorted(names), "    ") for home, names in homes.items())
    ours += "".join(f"    from smartcar_sync import {name} as {name}\n" for name in modules)
    return MARK.format(about=about) + HEAD + _imports(module, names, "    ") + ours + LAZY


def _imports(module: str, names: list[str], indent: str) -> str:
    return "".join(f"{indent}from {module} import {name} as {name}\n" for name in names)


def _public(module: ModuleType) -> list[str]:
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    if hasattr(module, "__path__"):  # it lists in its imports what it gives: `Name as Name`
        body = ast.parse(inspect.getsource(module)).body
        imports = [each for each in body if isinstance(each, ast.ImportFrom)]
        return sorted(alias.asname for node in imports for alias in node.names if alias.asname)
    home, names = getattr(module, "__name__", ""), list[str]()
    for name, value in vars(module).items():
        is_ours = getattr(value, "__module__", home).startswith(home)
        if not name.startswith("_") and not inspect.ismodule(value) and is_ours and not isinstance(value, bool):
            names.append(name)
    return sorted(names)


def lists(handles: Mapping[str, Iterable[str]], homes: Mapping[str, str]) -> dict[str, str]:
    """The files that say where each public name is, by their name; `handles` are those of each part."""
    modules = {f"{name}.py": _passed_on(name) for name in PASSED_ON}
    for (part, names), (root, about) in zip(handles.items(), ROOTS.items(), strict=True):
        own = dict.fromkeys(names, homes[part]) | EXTRA.get(root, {})
        modules[f"{root}.py"] = _lazy(about, part, own, (*PASSED_ON, "testing", "v2") if root == "__init__" else ())
    packages = {root: f"smartcar_sync.{root}".removesuffix(".__init__") for root in ROOTS}
    homes_of = {package: declared(modules[f"{root}.py"], package) for root, package in packages.items()}
    return modules | {"_names.py": names_file(homes_of)}


def format_source(text: str, path: Path) -> str:
    """The same source as ruff would have it."""
    for arguments in (["check", "--fix", "--select=I,F401", "--quiet"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(path), "-"]
        text = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout
    return text


def write(name: str, text: str, *, check: bool) -> None:
    """Write a file, or only check that it is as it would be written."""
    path = ROOT / name
    if not check:
        path.write_text(text, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != text:
        sys.exit(f"{name} is not what tools/write_sync.py would write: run `nox -s sync`")
