"""The tool that writes the sync surface: it stops on what it cannot map, and says where and on what."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from tests.sync import unmappable_classes
from tools import write_sync
from tools.write_sync import Handle, files

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (unmappable_classes.HasABase, "the base Base"),
        (unmappable_classes.HandsOutMany, "handles within tuple[Vehicle, ...]"),
        (unmappable_classes.HandsOutLate, "the awaited handle of go"),
        (unmappable_classes.ReturnsAnAwaitable, "[] go -> Awaitable[int]"),
        (unmappable_classes.TakesAnything, "parameters with * or /"),
        (unmappable_classes.SpeaksOfAwait, "these words on SpeaksOfAwait: Use it with `await`."),
        (unmappable_classes.HasAnUnknownAttribute, "the attribute place: it needs a type and a docstring"),
        (unmappable_classes.IsDecorated, "['staticmethod'] go -> None"),
        (unmappable_classes.HasALength, "__len__"),
    ],
)
def test_the_tool_stops_on_what_it_cannot_map(kind: type, what: str) -> None:
    """With a message that names the class and what is the matter."""
    with pytest.raises(SystemExit) as stopped:
        Handle("smartcar_async", kind).text()
    where = f"tests.sync.unmappable_classes.{kind.__name__}"
    assert str(stopped.value) == f"{where}: tools/write_sync.py has no rule for {what}"


def test_the_tool_writes_what_is_there() -> None:
    """Before ruff lays it out: each file by its name, marked as written."""
    written = files()
    there = {path.name for path in (TOOLS.parent / "smartcar_sync").glob("*.py")}
    assert there - set(written) == {"_adapt.py", "_bridge.py", "_loop.py", "_process.py", "_wrap.py"}
    for name, text in written.items():
        compile(text, name, "exec")
        assert "Written by tools/write_sync.py" in text


def test_the_tool_is_short() -> None:
    """All of it: if it grows past this, the async surface has become too clever."""
    imported = {value.__name__ for value in vars(write_sync).values() if inspect.ismodule(value)}
    owners = {getattr(value, "__module__", "") for value in vars(write_sync).values()} | imported
    own = {name for name in owners if name.startswith("tools.")}
    assert own == {"tools.write_sync", "tools.sync_files", "tools.lazy_names"}
    assert sum(len(inspect.getsource(import_module(name)).splitlines()) for name in own) <= 500
