"""The `smartcar` command as a child process, its output through a pipe."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMARTCAR = [sys.executable, "-W", "error", "-m", "smartcar_async"]


def smartcar(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*SMARTCAR, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=clean_environment(),
    )


@contextmanager
def running(*command: str) -> Generator[subprocess.Popen[str], None, None]:
    """A command that goes on while a test looks at it; whatever happens, it is gone in the end."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def exports(process: subprocess.Popen[str]) -> dict[str, str]:
    """The environment that `smartcar simulate` prints, up to its comment."""
    assert process.stdout is not None
    variables: dict[str, str] = {}
    for line in process.stdout:
        if line.startswith("#"):
            break
        export, assignment = shlex.split(line)
        assert export == "export"
        name, _, variables[name] = assignment.partition("=")
    return variables


def clean_environment() -> dict[str, str]:
    """The environment of this process, without any setting of Python's output or of Smartcar."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONUNBUF", "SMARTCAR_"))}
