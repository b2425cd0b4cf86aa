"""The import rules of the package, read from the sources: each floor imports those below it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.floors import FLOORS, PURE, entry_of
from tools.lazy_names import PACKAGES

PACKAGE = "smartcar_async"
SOURCES = Path(__file__).parents[2] / PACKAGE
ORDER = list(FLOORS)
OUTSIDE_PURE = {"asyncio", "os", "random", "socket", "time"}
LAZY = {"_lazy", "_names"}
SIMULATOR_MAY_IMPORT = {"testing", "settings", "client", *LAZY}
SIMULATED_V2 = "testing.v2"
MAY_IMPORT_SIMULATED_V2 = {"testing.simulator"}
"""The module that puts the simulator together; all the rest of it works without v2."""
SERVES_HTTP = {"testing", "receiver"}
ENGINE = "may not import engine.pipeline"
ASYNC_NODES = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)


@dataclass(frozen=True)
class Import:
    """One imported name in full, such as `smartcar_async.errors.ApiError`, and where it stands."""

    name: str
    line: int
    typing_only: bool

    @property
    def library(self) -> str:
        """The top package."""
        return self.name.partition(".")[0]

    @property
    def entry(self) -> str:
        """The entry of the table that is imported; empty for the package root, which re-exports every floor."""
        return entry_of(self.name.removeprefix(f"{PACKAGE}."))


def is_type_checking(test: ast.expr) -> bool:
    """Whether an `if` asks for TYPE_CHECKING, in either spelling."""
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def imports_of(path: str, tree: ast.AST, typing_only: bool = False) -> Iterator[Import]:
    """Every import below a node, in functions and under TYPE_CHECKING too, with relative ones resolved."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, typing_only)
        elif isinstance(node, ast.ImportFrom):
            package = [PACKAGE, *Path(path).parent.parts]
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(f"{source}.{alias.name}", node.lineno, typing_only)
        elif isinstance(node, ast.If) and is_type_checking(node.test):
            yield from imports_of(path, ast.Module(node.body, []), typing_only=True)
            yield from imports_of(path, ast.Module(node.orelse, []), typing_only)
        else:
            yield from imports_of(path, node, typing_only)


def module_of(path: str) -> str:
    """The dotted name of a file inside the package; a package has that of its folder."""
    return ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")


def may_import(entry: str, other: str) -> bool:
    """Whether one module of ours may import another."""
    if entry == "testing":
        return other in SIMULATOR_MAY_IMPORT
    return other == entry or (other != "" and ORDER.index(other) < ORDER.index(entry))


def brings_v2(module: str, imported: Import) -> bool:
    """Whether the simulator's core imports its v2. The package names it, for type checkers alone."""
    if not in_package(imported.name.removeprefix(f"{PACKAGE}."), SIMULATED_V2):
        return False
    if module == "testing" and imported.typing_only:
        return False
    return in_package(module, "testing") and not in_package(module, SIMULATED_V2, *MAY_IMPORT_SIMULATED_V2)


def in_package(module: str, *packages: str) -> bool:
    """Whether a module is one of some packages, or within one."""
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def is_eager(imported: Import) -> bool:
    """Whether a package that loads its names when they are first used imports something else at once."""
    return not imported.typing_only and imported.library != "__future__" and imported.entry not in LAZY


def may_use_aiohttp(entry: str, imported: Import) -> bool:
    """Only the transport has aiohttp's client; servers have `aiohttp.web`, and the clients name its types."""
    if entry in SERVES_HTTP and (imported.name + ".").startswith("aiohttp.web."):
        return True
    return entry == "engine.transport" or (entry in {"client", "v2"} and imported.typing_only)


def may_read_environ(entry: str, imported: Import, tree: ast.AST) -> bool:
    """Only the settings have `os`, and of it only the environment."""
    names = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os"
    }
    return entry == "settings" and imported.name in {"os", "os.environ"} and names <= {"environ"}


def is_async(node: ast.AST) -> bool:
    """Whether a node is async in itself, comprehensions included."""
    return isinstance(node, ASYNC_NODES) or (isinstance(node, ast.comprehension) and bool(node.is_async))


def violations(path: str, source: str) -> list[str]:
    """What a file of the package, named by its path inside it, does against the rules."""
    module, tree, found = module_of(path), ast.parse(source), list[str]()
    if f"{PACKAGE}.{module}".removesuffix(".__init__") in PACKAGES:
        eager = [each for each in imports_of(path, tree) if is_eager(each)]
        found = [f"{path}:{each.line}: a package of lazy names may not import {each.name} at once" for each in eager]
    if module == "__init__":
        return found
    entry = entry_of(module)
    if not entry and any(name.startswith(f"{module}.") for name in FLOORS):
        return [
            f"{path}:{each.line}: a package whose modules have floors may not import anything"
            for each in imports_of(path, tree)
        ]
    if not entry:
        return [f"{path}: {module} has no floor; give it one in tools/floors.py"]
    for imported in imports_of(path, tree):
        where = f"{path}:{imported.line}: {entry}"
        if imported.library == PACKAGE and not may_import(entry, imported.entry):
            found.append(f"{where} may not import {imported.entry or 'the package root'}")
        if brings_v2(module, imported):
            found.append(f"{where} may not import {SIMULATED_V2}: {module} works without it")
        if imported.library == "aiohttp" and not may_use_aiohttp(entry, imported):
            found.append(f"{where} may not import {imported.name}")
        if entry in PURE and imported.library in OUTSIDE_PURE and not may_read_environ(entry, imported, tree):
            found.append(f"{where} may not import {imported.library} on floor {FLOORS[entry]}")
    if entry in PURE and any(is_async(node) for node in ast.walk(tree)):
        found.append(f"{path}: {entry} may not be async on floor {FLOORS[entry]}")
    return found


FILES = sorted(path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.py"))


def test_the_files_that_contributors_are_told_of_are_there() -> None:
    """Every path in CONTRIBUTING.md that names one of ours."""
    root = SOURCES.parent
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:smartcar_async|smartcar_sync|tests|tools)/[\w/]*(?:\.py)?)`", text))
    assert len(named) > 10
    assert {path for path in named if not (root / path).exists()} == set()


def test_floors_rise() -> None:
    """The table stands in the order of its floors, so that what a module imports is above it in the table."""
    assert list(FLOORS.values()) == sorted(FLOORS.values())


def test_every_floor_is_of_something() -> None:
    """Each name of the table is a module or a package, with no other name of the table inside it."""
    modules = {module_of(path) for path in FILES}
    assert set(FLOORS) - modules == set()
    assert {name for name in FLOORS if entry_of(name.rpartition(".")[0])} == set()


def floors_drawn(drawing: str) -> dict[str, int]:
    """The modules of a drawing with their floors; a line without a number goes on with the floor above it."""
    floors: dict[str, int] = {}
    floor = -1
    for line in drawing.splitlines():
        if not line.startswith("─"):
            floor = int(line[:2]) if line[:2].strip() else floor
            names = [cell for cell in re.split(r"  +", line[2:].strip()) if " " not in cell]
            for name in names:
                package, _, modules = name.partition("/{")
                parts = [f"{package}.{part}" for part in modules.rstrip("}").split(",")] if modules else [package]
                floors |= {part.replace("/", "."): floor for part in parts}
    return floors


def test_the_drawing_for_contributors_shows_every_floor() -> None:
    """CONTRIBUTING.md draws the very modules of the table, each on its floor."""
    text = (SOURCES.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (drawing,) = re.findall(r"```\n(10  cli.*?)\n```", text, re.DOTALL)
    assert floors_drawn(drawing) == FLOORS


def test_what_is_read_of_a_drawing() -> None:
    """Names in columns, modules of one package in braces, and a text that is no name."""
    drawing = """\
 3  engine/{auth,flight}   what must wait
    pages  schedules/handle
─── async begins here ───
 2  policy                 it decides"""
    assert floors_drawn(drawing) == {
        "engine.auth": 3,
        "engine.flight": 3,
        "pages": 3,
        "schedules.handle": 3,
        "policy": 2,
    }


@pytest.mark.parametrize("path", FILES)
def test_file_keeps_the_rules(path: str) -> None:
    """Each file of the package imports only what its floor allows."""
    assert violations(path, (SOURCES / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("attic.py", "", "has no floor"),
        ("errors.py", "from .engine.pipeline import call", ENGINE),
        ("errors.py", "from .engine import pipeline", ENGINE),
        ("errors.py", "import smartcar_async.engine.pipeline", ENGINE),
        ("errors.py", "from smartcar_async.engine import pipeline", ENGINE),
        (
            "errors.py",
            "def late():\n    from smartcar_async.engine.pipeline import call",
            ENGINE,
        ),
        ("errors.py", "if TYPE_CHECKING:\n    from .engine.pipeline import call", ENGINE),
        (
            "errors.py",
            "if typing.TYPE_CHECKING:\n    pass\nelse:\n    from .engine.pipeline import call",
            ENGINE,
        ),
        (
            "errors.py",
            "try:\n    pass\nexcept E:\n    from .engine.pipeline import call",
            ENGINE,
        ),
        ("times.py", "from .signals import ALL", "may not import signals"),
        ("client.py", "from . import Vehicle", "may not import the package root"),
        ("client.py", "import smartcar_async", "may not import the package root"),
        ("client.py", "from .cli import main", "may not import cli"),
        ("v2/vehicle.py", "from ..receiver import Receiver", "may not import receiver"),
        ("v2/deep/vehicle.py", "from ...receiver import Receiver", "may not import receiver"),
        ("engine/__init__.py", "from .pipeline import Engine", "may not import anything"),
        ("engine/pipeline.py", "import aiohttp", "may not import aiohttp"),
        ("engine/pipeline.py", "if TYPE_CHECKING:\n    import aiohttp", "may not import aiohttp"),
        ("engine/pipeline.py", "from aiohttp import web", "may not import aiohttp.web"),
        ("client.py", "from aiohttp import ClientSession", "may not import aiohttp.ClientSession"),
        ("client.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import aiohttp", "may not import aiohttp"),
        ("receiver.py", "from aiohttp import ClientSession", "may not import aiohttp.ClientSession"),
        ("testing/server.py", "import aiohttp.websocket", "may not import aiohttp.websocket"),
        ("testing/server.py", "from ..codec import decode", "may not import codec"),
        ("testing/server.py", "from ..signals import ALL", "may not import signals"),
        ("engine/policy.py", "async def wait(): ...", "may not be async"),
        ("engine/policy.py", "rows = lambda source: (row async for row in source)", "may not be async"),
        ("engine/policy.py", "import time", "may not import time"),
        ("engine/policy.py", "from random import random", "may not import random"),
        ("engine/policy.py", "import asyncio.tasks", "may not import asyncio"),
        ("codec.py", "import socket", "may not import socket"),
        ("codec.py", "from os import environ", "may not import os"),
        ("settings.py", "import os\nos.getcwd()", "may not import os"),
        ("settings.py", "from os import getcwd", "may not import os"),
        ("testing/server.py", "from .v2.errors import flat_error", "may not import testing.v2"),
        ("testing/server.py", "if TYPE_CHECKING:\n    from .v2 import paths", "may not import testing.v2"),
        ("testing/simulator_of_cars.py", "from .v2 import paths", "may not import testing.v2"),
        ("testing/__init__.py", "from .errors import SimulatorError", "may not import smartcar_async.testing.errors"),
        (
            "__init__.py",
            "from .errors import SmartcarError",
            "may not import smartcar_async.errors.SmartcarError at once",
        ),
        ("__init__.py", "import typing", "may not import typing at once"),
        ("v2/__init__.py", "from .vehicle import Vehicle", "may not import smartcar_async.v2.vehicle.Vehicle at once"),
    ],
)
def test_breach_is_seen(path: str, source: str, rule: str) -> None:
    """Each rule finds a source that breaks it, and finds it once."""
    (found,) = violations(path, source)
    assert found.startswith(path)
    assert rule in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("engine/pipeline.py", "from .. import errors\nfrom .policy import decide\nimport smartcar_async.engine.auth"),
        ("engine/pipeline.py", "async def call():\n    await sleep()\nimport asyncio, time"),
        ("records.py", "from .times import instant\nfrom datetime import datetime"),
        ("engine/transport.py", "import aiohttp\nfrom aiohttp import ClientSession"),
        ("client.py", "if TYPE_CHECKING:\n    from aiohttp import ClientSession\nfrom ._version import __version__"),
        ("receiver.py", "from aiohttp import web"),
        ("testing/server.py", "import aiohttp.web\nfrom aiohttp.web import Request\nfrom .world import World"),
        ("testing/simulator.py", "from ..client import Smartcar\nfrom .v2.tokens import UserTokens"),
        (
            "testing/__init__.py",
            "if TYPE_CHECKING:\n    from .v2.tokens import UserTokens\nelse:\n    from .._lazy import x",
        ),
        ("testing/v2/reads.py", "from ..service import Service\nfrom .errors import invalid"),
        ("__init__.py", "from __future__ import annotations\nif TYPE_CHECKING:\n    from .client import Smartcar"),
        ("settings.py", "import os\nos.environ['A']"),
        ("v2/vehicle.py", "from .client import Client\nfrom ..client import Smartcar"),
    ],
)
def test_honest_source_passes(path: str, source: str) -> None:
    """What the rules allow is not reported."""
    assert violations(path, source) == []
