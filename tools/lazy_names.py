"""Where each public name lives, for `smartcar_async/_lazy.py`: read from the imports under TYPE_CHECKING."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("smartcar_async", "smartcar_async.testing", "smartcar_async.v2")
"""Those of the async side whose names are loaded when they are first used."""
_HEAD: Final = '''"""Where each public name lives.

Written by tools/write_sync.py from the imports of the packages: not to be edited, but by `nox -s sync`.
"""

HOMES = {
'''


def declared(source: str, package: str) -> dict[str, str]:
    """The names that a package gives to type checkers, with the full name of the module that each is from."""
    homes: dict[str, str] = {}
    for block in ast.parse(source).body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for node in block.body:
                if isinstance(node, ast.ImportFrom):
                    home = _resolved(node, package)
                    homes |= {alias.name: home for alias in node.names if alias.asname == alias.name}
    return homes


def names_file(homes: Mapping[str, Mapping[str, str]]) -> str:
    """The text of a `_names.py`, for the names of some packages, laid out as ruff would have it."""
    lines = list[str]()
    for package, names in sorted(homes.items()):
        rows = [f'        "{name}": "{home}",' for name, home in sorted(names.items())]
        lines += [f'    "{package}": {{', *rows, "    },"]
    return _HEAD + "\n".join([*lines, "}"]) + "\n"


def async_names() -> str:
    """The `_names.py` of smartcar_async. Nothing of it is imported, for it cannot be while that file is wrong."""
    sources = {package: ROOT.joinpath(*package.split("."), "__init__.py") for package in PACKAGES}
    return names_file({name: declared(path.read_text(encoding="utf-8"), name) for name, path in sources.items()})


def _resolved(node: ast.ImportFrom, package: str) -> str:
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])
