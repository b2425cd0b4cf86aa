"""The static expectations stay importable, so that no name in them can go stale unseen."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import FunctionType

import pytest

FOLDER = Path(__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("test_"))


def functions_of(name: str) -> list[FunctionType]:
    """The functions that a module of this folder defines, those that only help left out."""
    module = importlib.import_module(f".{name}", __package__)
    found = [value for value in vars(module).values() if inspect.isfunction(value)]
    return [value for value in found if value.__module__ == module.__name__ and value.__name__ != "use"]


@pytest.mark.parametrize("name", MODULES)
def test_every_function_expects_something(name: str) -> None:
    """Each can be imported, and either states a type or holds a line that must be an error."""
    functions = functions_of(name)
    assert functions
    for function in functions:
        source = inspect.getsource(function)
        if name == "errors":
            assert "  # type: ignore[" in source, function.__name__
        else:
            assert "assert_type(" in source, function.__name__
            assert "type: ignore" not in source, function.__name__
