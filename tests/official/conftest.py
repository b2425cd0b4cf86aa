"""Smartcar's own SDKs, each installed once from its registry into a temporary folder.

A registry out of reach is a skip that says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

NODE_SDK, PYTHON_SDK = "smartcar@10.4.0", "smartcar==6.19.1"


class Sdk(NamedTuple):
    """How to run a script in the language of an SDK, with the SDK at hand."""

    command: list[str]
    folder: Path

    def run(self, script: str, environment: Mapping[str, str], *arguments: str) -> Any:
        """What a script prints, under an environment that says nothing else."""
        done = subprocess.run(
            [*self.command, script, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def install(registry: str, command: list[str], probe: list[str]) -> None:
    """Install, or skip where the registry itself does not answer."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(f"{registry} is out of reach: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    """npm's smartcar."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("node")
    if npm is None:
        pytest.skip("there is no npm on this machine")
    install("npm", [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", NODE_SDK], [npm, "ping"])
    return Sdk(["node", "-e"], folder)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    """PyPI's smartcar."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    command = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [command, "-m", "pip", "--disable-pip-version-check"]
    install("PyPI", [*pip, "install", "--quiet", PYTHON_SDK], [*pip, "index", "versions", "smartcar"])
    return Sdk([command, "-c"], folder)
