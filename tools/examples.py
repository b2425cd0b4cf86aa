"""The Python examples of the README and the docs; `python -m tools.examples FOLDER` writes each into a file."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[tuple[str, str]]:
    """Each fenced block of Python, after the page and line where it stands."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in _FENCE.finditer(text):
            if block[1] == "python":
                yield f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, block.start()) + 1}", block[2]


def main(folder: Path) -> None:
    """Write each example into a file named after its place, for type checkers to read."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, source in examples():
        name = re.sub(r"\W+", "_", place.replace(".md", "_line"))
        (folder / f"{name}.py").write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
