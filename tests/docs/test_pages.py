"""Every page is listed, linked, and has its examples run; its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.examples import PAGES, ROOT, examples

PROSE = ("CHANGELOG.md", "CONTRIBUTING.md")
"""Pages for which no example is run, because they must hold none."""
FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*(\S*).*$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
NOT_RUN = {"", "console", "json", "py"}
"""Languages of blocks that are no examples: drawings, shell, data, and `py` for a file that another program reads."""


def text_of(page: Path) -> str:
    """The page as it was written."""
    return page.read_text(encoding="utf-8")


def languages(page: Path) -> list[str]:
    """The language of each fenced block of a page."""
    fences: list[str] = FENCE.findall(text_of(page))
    assert len(fences) % 2 == 0, f"{page.name}: a block does not end"
    return fences[::2]


def anchors(page: Path) -> set[str]:
    """What can stand after the # of a link to this page, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The targets of a page's links, those outside of the project left out."""
    return [target for target in LINK.findall(text_of(page)) if not target.startswith(("http:", "https:", "mailto:"))]


def broken(page: Path) -> list[str]:
    """The links of a page that lead to no file or no heading."""
    found: list[str] = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            found.append(target)
    return found


ALL_PAGES = [*PAGES, *(ROOT / name for name in PROSE)]


def test_every_page_has_its_examples_run() -> None:
    """A page that is added, in any folder of the docs, is found without being listed anywhere."""
    assert set(PAGES) == {ROOT / "README.md", *ROOT.glob("docs/**/*.md")}
    assert {page.name for page in ROOT.glob("*.md")} == {"README.md", *PROSE}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_every_python_block_is_an_example(page: Path) -> None:
    """None escapes because it is indented, has another spelling of its language, or stands on a page of prose."""
    here = [place for place, _ in examples() if place.startswith(f"{page.relative_to(ROOT)}:")]
    assert languages(page).count("python") == len(here)
    assert set(languages(page)) <= NOT_RUN | {"python"}
    assert not here or page.name not in PROSE


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading in it."""
    assert broken(page) == []


def test_the_index_lists_every_page() -> None:
    """Once each, and itself not."""
    index = ROOT / "docs" / "index.md"
    listed = [target for target in links(index) if target != "../README.md"]
    assert sorted(listed) == sorted(str(page.relative_to(index.parent)) for page in PAGES[1:] if page != index)


def test_the_readme_is_short_and_prints_its_commands() -> None:
    """What `.ci/run` and newcomers take from it stands there literally."""
    readme = text_of(ROOT / "README.md")
    assert readme.count("\n") <= 250
    assert "`python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/smartcar demo`" in readme
    assert "`python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox`" in readme
    named = set(re.findall(r"`(smartcar_async/[\w/.]+)`", readme))
    assert named >= {"smartcar_async/webhook/signature.py", "smartcar_async/engine/policy.py"}
    assert all((ROOT / path).exists() for path in named)


def test_a_mistake_would_be_seen(tmp_path: Path) -> None:
    """A link to nothing, a heading that is not there, and a block that is indented."""
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n[a](b.md) [c](#title) [d](#tilte)\n\n  ```python\n  pass\n  ```\n", encoding="utf-8")
    assert broken(page) == ["b.md", "#tilte"]
    assert languages(page) == ["python"]
