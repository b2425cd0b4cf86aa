"""The table of the Node SDK's names in docs/node.md: each is there exactly once, and what stands beside it exists."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

import smartcar_async
from smartcar_async import ApiError, v2

ROOT = Path(__file__).parents[2]
SURFACE: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "node-surface.json").read_text())
ROW = re.compile(r"^\| `([^`]+)` \| (?:`([^`]+)`|none: )(.*) \|$", re.MULTILINE)
MADE: dict[Any, Any] = {v2.Client: v2.Client("id", "secret"), ApiError: ApiError("x")}
"""Objects of those classes whose attributes only an object has."""
SPAN = re.compile(r"([\w.~]+)(?: \{(.+)\}|\((.*)\))?")


def documented() -> list[str]:
    """Every name of the Node reference with its members, as the table writes it."""
    called = {**SURFACE["functions"], **SURFACE["classes"]}
    held = {**SURFACE["errors"], **SURFACE["typedefs"]}
    return [
        *(f"{name}({', '.join(members)})" for name, members in called.items()),
        *(f"{name} {{{', '.join(members)}}}" for name, members in held.items()),
    ]


def table() -> list[tuple[str, str, str]]:
    """Each row: what Node has, what we have (empty for nothing), and what is said besides."""
    text = (ROOT / "docs" / "node.md").read_text(encoding="utf-8")
    return ROW.findall(text[text.index("| Node |") :])


def members(span: str) -> list[str]:
    """The parameters or fields of a name in the table."""
    match = SPAN.fullmatch(span)
    assert match, span
    return [part for part in (match[2] or match[3] or "").split(", ") if part]


def found(path: str) -> Any:
    """The thing of this name: in v2 if it is there, else at the package's root."""
    first, *rest = path.split(".")
    thing = getattr(v2 if first in dir(v2) else smartcar_async, first)
    for name in rest:
        thing = getattr(MADE.get(thing, thing), name)
    return thing


def records_in(kind: Any) -> Iterator[Any]:
    """The record classes that a type is made of."""
    if attrs.has(kind):
        yield kind
    for inner in get_args(kind):
        yield from records_in(inner)


def has_field(owner: Any, path: str) -> bool:
    """Whether objects of this class have this field, or a field with an entry that has it."""
    name, _, rest = path.partition(".")
    if not rest:
        return hasattr(MADE.get(owner, owner), name)
    kind = attrs.fields_dict(attrs.resolve_types(owner))[name].type
    return any(has_field(inner, rest) for inner in records_in(kind))


def test_every_name_is_in_the_table_once() -> None:
    """None is forgotten, and none is made up."""
    assert sorted(node for node, _, _ in table()) == sorted(documented())


@pytest.mark.parametrize(("node", "ours", "remark"), table(), ids=[row[0].partition("(")[0] for row in table()])
def test_what_stands_beside_it_exists(node: str, ours: str, remark: str) -> None:
    """Every parameter and every field has its own of ours; where there is none, the table says why."""
    if not ours:
        assert len(remark) > 20
        return
    match = SPAN.fullmatch(ours)
    assert match, ours
    assert len(members(node)) == len(members(ours))
    thing = found(match[1])
    if "(" in ours:
        assert callable(thing)
        assert set(members(ours)) <= set(inspect.signature(thing).parameters)
    assert "{" not in ours or all(has_field(thing, path) for path in members(ours))


def test_the_test_would_notice() -> None:
    """A field that is not there is not found."""
    assert not has_field(v2.Vin, "win")
    assert not has_field(v2.Connections, "connections.win")
    assert has_field(v2.Connections, "connections.vehicle_id")
    with pytest.raises(AttributeError):
        found("Client.get_car")
