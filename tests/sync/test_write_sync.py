"""The tool that writes the plain surface: it stops on what it cannot map, and says where and on what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync import awkward
from tools import write_sync
from tools.write_sync import Handle, files

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (awkward.HasABase, "the base Given"),
        (awkward.HandsOutMany, "handles within tuple[Vehicle, ...]"),
        (awkward.HandsOutLate, "the awaited handle of go"),
        (awkward.ReturnsAnAwaitable, "[] go -> Awaitable[int]"),
        (awkward.TakesAnything, "parameters with * or /"),
        (awkward.SpeaksOfAwait, "these words on SpeaksOfAwait: Use it with `await`."),
        (awkward.HasAnUnknownAttribute, "the attribute place: it needs a type and a docstring"),
        (awkward.IsDecorated, "['staticmethod'] go -> None"),
        (awkward.HasALength, "__len__"),
    ],
)
def test_it_stops(kind: type, what: str) -> None:
    """With a message that names the class and what is the matter."""
    with pytest.raises(SystemExit) as stopped:
        Handle("smartcar_async", kind).text()
    where = f"tests.sync.awkward.{kind.__name__}"
    assert str(stopped.value) == f"{where}: tools/write_sync.py has no rule for {what}"


def test_it_writes_what_is_there() -> None:
    """Before ruff lays it out: each file by its name, marked as written."""
    written = files()
    there = {path.name for path in (TOOLS.parent / "smartcar_sync").glob("*.py")}
    assert there - set(written) == {"_bridge.py", "_far_side.py", "_inward.py", "_loading.py", "_twin.py"}
    for name, text in written.items():
        compile(text, name, "exec")
        assert "Written by tools/write_sync.py" in text


def test_it_is_short() -> None:
    """If it grows past 300 lines, the async surface has become too clever."""
    assert len(Path(write_sync.__file__).read_text(encoding="utf-8").splitlines()) <= 300
