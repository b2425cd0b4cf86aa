"""The pytest plugin in a project of somebody else: its fixtures work, and it costs nothing when they are not used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import smartcar_async.testing

ROOT = Path(__file__).parents[2]

USES = """
import sys, urllib.request

def test_server(smartcar_simulator):
    body = urllib.request.Request(smartcar_simulator.url + "/nowhere")
    try:
        urllib.request.urlopen(body)
    except urllib.error.HTTPError as error:
        with error:
            assert error.code == 404
    assert smartcar_simulator.requests[0].path == "/nowhere"

def test_world(smartcar_world):
    before = smartcar_world.find("Tesla").car.odometer_km
    smartcar_world.advance(days=1)
    assert smartcar_world.find("Tesla").car.odometer_km > before
"""

USES_NOT = """
import sys

def test_nothing_was_loaded():
    loaded = {name for name in sys.modules if name.startswith("smartcar_async.testing")}
    assert loaded == {"smartcar_async.testing", "smartcar_async.testing.plugin"}
    assert "aiohttp" not in sys.modules
    assert "msgspec" not in sys.modules
"""


@pytest.mark.parametrize(("text", "passed"), [(USES, "2 passed"), (USES_NOT, "1 passed")])
def test_in_a_project_of_its_own(tmp_path: Path, text: str, passed: str) -> None:
    """A project without any configuration, which names the plugin as its entry point does."""
    (tmp_path / "test_theirs.py").write_text(text)
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "smartcar_async.testing.plugin"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert passed in done.stdout, done.stdout + done.stderr


def test_every_public_name_is_there() -> None:
    """All that the package promises can be imported, and a name that it lacks is an AttributeError."""
    names = dir(smartcar_async.testing)
    for name in names:
        assert getattr(smartcar_async.testing, name) is not None
    assert getattr(smartcar_async.testing, "__all__", None) == names
    with pytest.raises(AttributeError, match="no attribute 'Lada'"):
        _ = smartcar_async.testing.Lada  # type: ignore[attr-defined]  # pyright: ignore


def test_importing_the_package_loads_nothing() -> None:
    """Neither the server nor the world."""
    code = "import sys, smartcar_async.testing; print('aiohttp' in sys.modules, 'attrs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
