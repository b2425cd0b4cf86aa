"""The package root: every public name, loaded only when it is asked for."""

import importlib
import subprocess
import sys
from inspect import isclass
from pathlib import Path

import pytest

import smartcar_async
from smartcar_async import __version__, _names, bodies, codec, errors, records, settings, vocabulary
from smartcar_sync import _names as sync_names
from tools.lazy_names import async_names, declared

ROOT = Path(smartcar_async.__file__)
HEAVY = ("aiohttp", "asyncio", "cattrs", "msgspec")
DECLARED = declared(ROOT.read_text(encoding="utf-8"), "smartcar_async")


def test_the_table_of_names_is_what_the_imports_say() -> None:
    """Each name is written once, under TYPE_CHECKING; Python reads the file that is written from that."""
    assert ROOT.with_name("_names.py").read_text(encoding="utf-8") == async_names()


def test_what_is_read_of_a_package() -> None:
    """Names that are given on for type checkers: of neighbours, of packages above and beside, and modules."""
    source = """
import os
from .ever import Ever as Ever
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from . import part as part
    from .deep.home import One as One, Hidden
    from ..above import Two as Two
    from other import Three as Three
else:
    from .lazy import Four as Four
"""
    assert declared(source, "package.inner") == {
        "part": "package.inner",
        "One": "package.inner.deep.home",
        "Two": "package.above",
        "Three": "other",
    }


@pytest.mark.parametrize("package", [*_names.HOMES, *sync_names.HOMES])
def test_every_name_resolves(package: str) -> None:
    """Each is the very thing of the module that type checkers find it in, and the same at every look."""
    module = importlib.import_module(package)
    homes = (_names.HOMES | sync_names.HOMES)[package]
    names: object = getattr(module, "__all__", None)
    assert sorted(homes) == dir(module) == names
    for name, home in homes.items():
        found = getattr(module, name)
        assert found is (sys.modules[f"{package}.{name}"] if home == package else getattr(sys.modules[home], name))
        assert found is vars(module)[name]


@pytest.mark.parametrize("module", [bodies, errors, records, settings, vocabulary], ids=lambda module: module.__name__)
def test_every_public_class_is_at_the_root(module: object) -> None:
    """No record, error, setting or enum must be dug out of a module."""
    home = getattr(module, "__name__", "")
    classes = {name for name, value in vars(module).items() if isclass(value) and value.__module__ == home}
    assert {name for name in classes if not name.startswith("_")} <= set(dir(smartcar_async))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="module 'smartcar_async' has no attribute 'Smartkar'"):
        smartcar_async.Smartkar  # type: ignore[attr-defined]  # noqa: B018  # pyright: ignore
    with pytest.raises(ImportError, match="cannot import name 'Smartkar'"):
        from smartcar_async import Smartkar  # type: ignore[attr-defined]  # noqa: F401  # pyright: ignore


def test_an_unknown_name_has_a_suggestion() -> None:
    """Python looks for a similar one in `dir`, among those that nobody has used yet too."""
    command = [sys.executable, "-c", "import smartcar_async; smartcar_async.Smartkar"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT.parents[1])
    assert done.stderr.rstrip().endswith("Did you mean: 'Smartcar'?")


def test_the_version_is_written_once() -> None:
    """The root hands on what the build reads."""
    assert importlib.import_module("smartcar_async._version").__version__ == __version__


def run(code: str) -> str:
    """What a fresh Python prints, and it must not warn."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parents[1])
    return done.stdout.strip()


IMPORTED = """
import sys, __future__
before = {*sys.modules}
import smartcar_async, smartcar_sync
print(sorted({*sys.modules} - before))
"""


def test_an_import_loads_nothing() -> None:
    """No module of ours that does something, and none of Python's."""
    assert run(IMPORTED) == str(["smartcar_async", "smartcar_sync"])


def test_the_import_is_light() -> None:
    """Neither the network nor the decoder is loaded before it is needed."""
    code = (
        "import sys; from smartcar_async import Smartcar, signals; print(sorted(set(sys.argv[1:]) & set(sys.modules)))"
    )
    assert run(code.replace("sys.argv[1:]", repr(HEAVY))) == "[]"


CALLS_ARE_BUILT = """
import asyncio, sys

async def main():
    from smartcar_async import SchedulePaths, ScheduleType, Smartcar, operations, signals
    smartcar = Smartcar("id", "secret")
    daily = {"location": {"latitude": 1.0, "longitude": 2.0}}
    schedule = ("v", "u", ScheduleType.DAILY, daily, SchedulePaths.REFERENCE)
    given = {"get_signal": ("v", "u", signals.Charge.ChargeLimits), "delete_connection": ("c",), "get_webhook": ("w",),
             "create_schedule": schedule, "custom": ("GET", "/x"), "application_token": ("a", "b")}
    for name in ("lock", "list_signals", "vehicle_attributes", "list_schedules", "list_charge_timers"):
        given[name] = ("v", "u")
    for name in ("list_connections", "list_webhooks", "list_subscriptions", "compatible_vehicles"):
        given[name] = ()
    for name, arguments in given.items():
        call = getattr(operations, name)(*arguments)
        call.pool
    print(sorted(name for name in sys.modules if name in HEAVY or name in HEAVY_CODEC))

asyncio.run(main())
"""


def test_building_a_call_loads_nothing_heavy() -> None:
    """It happens on the event loop, before the thread in which a client that was not entered gets ready."""
    code = CALLS_ARE_BUILT.replace("HEAVY_CODEC", repr([f"smartcar_async.codec.{name}" for name in codec.HEAVY]))
    assert run(code.replace("HEAVY", repr({*HEAVY} - {"asyncio"}))) == "[]"


def test_every_heavy_module_of_the_codec_is_named() -> None:
    """One that loads a decoder, or all bodies, when it is imported, is on the list that is loaded in a thread."""
    for path in Path(codec.__file__).parent.glob("[!_]*.py"):
        loads = f"import smartcar_async.codec.{path.stem}, sys; print(any(name in sys.modules for name in NAMES))"
        heavy = run(loads.replace("NAMES", repr(["cattrs", "msgspec", "smartcar_async.bodies"])))
        assert heavy == str(path.stem in codec.HEAVY), path.stem


def test_any_name_can_be_the_first() -> None:
    """No module needs another one to have been loaded before it."""
    names = list({home: name for name, home in DECLARED.items()}.values())
    code = f"""
import importlib, sys
for name in {names}:
    for module in [module for module in sys.modules if module.startswith("smartcar_async")]:
        del sys.modules[module]
    getattr(importlib.import_module("smartcar_async"), name)
print("done")
"""
    assert run(code) == "done"
