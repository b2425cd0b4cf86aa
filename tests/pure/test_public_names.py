"""Whatever a public signature or attribute names can be imported from a public place, by Python too."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import pytest

PARTS = ("", ".signals", ".webhook", ".receiver", ".v2", ".testing")
MODULES = [f"{package}{part}" for package in ("smartcar_async", "smartcar_sync") for part in PARTS]
"""The public places: the pages name no other."""
HANDED_OUT = {"Asgi", "Ford", "Nissan", "PageWalk", "Schedules", "Tesla", "Vehicle"}
"""Handles that callers are given and never make: what their constructors take is ours."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(module: str) -> dict[str, Any]:
    """The public names of a module, and what they stand for."""
    found = importlib.import_module(module)
    return {name: getattr(found, name) for name in dir(found) if not name.startswith("_")}


@cache
def imports(module: str) -> dict[str, tuple[str, str]]:
    """Each name that a module imports, for type checkers only too: the module that it is from, and its name there."""
    source = importlib.import_module(module)
    package = module if hasattr(source, "__path__") else module.rpartition(".")[0]
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(source))):
        if isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            home = ".".join([*base, *([node.module] if node.module else [])])
            found |= {alias.asname or alias.name: (home, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.asname or alias.name): (alias.name, "") for alias in node.names}
    return found


def stated(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a class or a function says of its types in public: parameters, answers, fields and attributes."""
    if isinstance(node, Function):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        yield from (each.annotation for each in every if each is not None and each.annotation is not None)
        yield from [node.returns] if node.returns is not None else []
    elif isinstance(node, ast.ClassDef):
        for member in node.body:
            is_public = isinstance(member, Function) and (member.name[0] != "_" or member.name.startswith("__"))
            if isinstance(member, ast.AnnAssign) and not ast.unparse(member.target).startswith("_"):
                yield member.annotation
            elif is_public and not (ours(member) and name in HANDED_OUT) and "twin:" not in ast.unparse(member):
                yield from stated(member, name)
        for inner in ast.walk(node):
            if isinstance(inner, ast.AnnAssign) and ast.unparse(inner.target).startswith("self."):
                yield from [] if inner.target.attr.startswith("_") else [inner.annotation]  # type: ignore[union-attr]


def ours(member: ast.stmt) -> bool:
    """Whether this is a constructor."""
    return isinstance(member, Function) and member.name == "__init__"


def names(annotation: ast.expr) -> Iterator[str]:
    """The names in an annotation, dotted ones whole, in texts too."""
    inner: set[ast.AST] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Attribute):
            inner.add(node.value)
            yield ast.unparse(node)
        elif isinstance(node, ast.Name) and node not in inner:
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def named(module: str) -> Iterator[tuple[str, str, str, str]]:
    """Owner, name as written, and where it is from: of each name of ours in what a module shows."""
    for owner, value in public(module).items():
        home = getattr(value, "__module__", "")
        if not (inspect.isclass(value) or inspect.isfunction(value)) or not home.startswith("smartcar_"):
            continue
        if owner == "Bridge":  # made, handed on and closed by callers; the rest of it is for our clients
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
        known = imports(home)
        for written in {name for annotation in stated(tree, owner) for name in names(annotation)}:
            head, _, rest = written.partition(".")
            source, original = known.get(head, (home, head))
            if rest:
                source, original = f"{source}.{original}".rstrip("."), rest
            if source.startswith("smartcar_") and (head in known or hasattr(importlib.import_module(home), head)):
                yield owner, written, source, original


@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_a_signature_can_be_imported(module: str) -> None:
    """From the root or a part of the same package, and it is the very same thing."""
    package = module.partition(".")[0]
    places = [public(f"{package}{part}") for part in PARTS]
    missing: set[str] = set()
    for owner, written, source, original in named(module):
        thing = getattr(importlib.import_module(source), original, None)
        if isinstance(thing, TypeVar):
            continue
        if not any(original in place and (thing is None or place[original] is thing) for place in places):
            missing.add(f"{owner} names {written} of {source}")
    assert not missing, "\n".join(sorted(missing))


def test_what_is_read_of_a_class() -> None:
    """Parameters, answers, fields, attributes and texts; nothing that is private."""
    source = """
class Thing:
    field: A
    _own: B
    def __init__(self, a: C) -> None:
        self.a: D = a
        self._b: E = a
    async def go(self, *many: F, one: "G" = 1, **more: list[H.I]) -> J | None: ...
    def _hidden(self, x: K) -> L: ...
"""
    (tree,) = ast.parse(source).body
    found = {name for annotation in stated(tree, "Thing") for name in names(annotation)}
    assert found == {"A", "C", "D", "F", "G", "H.I", "J", "list"}
    assert "C" not in {name for annotation in stated(tree, "Vehicle") for name in names(annotation)}
    assert named("smartcar_async.receiver")
