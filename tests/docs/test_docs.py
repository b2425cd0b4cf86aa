"""Every Python example in the README and the docs runs as it is printed, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartcar_async.testing import Simulator
from tools.examples import ROOT, examples

EXAMPLES = dict(examples())


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A process of somebody who pasted the lines of `smartcar simulate`, with this package at hand."""
    with Simulator() as simulator:
        yield {**os.environ, **simulator.environment, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@pytest.mark.parametrize("place", EXAMPLES)
def test_example(place: str, tmp_path: Path, environment: dict[str, str]) -> None:
    """To its end and without a warning: a script as a script, a page of tests by pytest with the fixtures of ours."""
    script = tmp_path / "test_example.py"
    script.write_text(EXAMPLES[place], encoding="utf-8")
    is_test = re.search(r"^(async )?def test_", EXAMPLES[place], re.MULTILINE) is not None
    runner = ["-m", "pytest", "-p", "smartcar_async.testing.plugin", "-W", "error"] if is_test else []
    done = subprocess.run(
        [sys.executable, "-W", "error", *runner, script.name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_examples() -> None:
    """The pages are found, and their fences are read."""
    assert {place.partition(":")[0] for place in EXAMPLES} >= {"README.md", "docs/testing.md"}
    assert len(EXAMPLES) >= 8
