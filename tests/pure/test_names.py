"""The package root: every public name, loaded only when it is asked for."""

import ast
import importlib
import subprocess
import sys
from inspect import isclass
from pathlib import Path

import pytest

import smartcar_async
from smartcar_async import __version__, bodies, errors, records, settings, vocabulary

ROOT = Path(smartcar_async.__file__)
HEAVY = ("aiohttp", "asyncio", "cattrs", "msgspec")


def declared() -> dict[str, str]:
    """What type checkers see: each name under TYPE_CHECKING, with the module that it comes from."""
    tree = ast.parse(ROOT.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom) and node.level]
    assert all(alias.name == alias.asname for node in imports for alias in node.names)
    return {alias.name: node.module or alias.name for node in imports for alias in node.names}


DECLARED = declared()


def test_type_checkers_and_python_see_the_same_names() -> None:
    """The table and the imports for type checkers name the same things."""
    names: object = getattr(smartcar_async, "__all__", None)
    assert sorted([*DECLARED, "__version__"]) == dir(smartcar_async) == names


@pytest.mark.parametrize(("name", "home"), DECLARED.items())
def test_a_name_resolves(name: str, home: str) -> None:
    """It is the very thing of the module that type checkers find it in, and the same at every look."""
    module = importlib.import_module(f"smartcar_async.{home}")
    found = getattr(smartcar_async, name)
    assert found is (module if name == home else getattr(module, name))
    assert found is getattr(smartcar_async, name)


@pytest.mark.parametrize("module", [bodies, errors, records, settings, vocabulary], ids=lambda one: one.__name__)
def test_every_public_class_is_at_the_root(module: object) -> None:
    """No record, error, setting or enum must be dug out of a module."""
    home = getattr(module, "__name__", "")
    classes = {name for name, value in vars(module).items() if isclass(value) and value.__module__ == home}
    assert {name for name in classes if not name.startswith("_")} <= set(dir(smartcar_async))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="module 'smartcar_async' has no attribute 'Smartkar'"):
        smartcar_async.Smartkar  # noqa: B018  # pyright: ignore
    with pytest.raises(ImportError, match="cannot import name 'Smartkar'"):
        from smartcar_async import Smartkar  # noqa: F401  # pyright: ignore


def test_the_version_is_written_once() -> None:
    """The root hands on what the build reads."""
    assert importlib.import_module("smartcar_async._version").__version__ == __version__


def run(code: str) -> str:
    """What a fresh Python prints, and it must not warn."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parents[1])
    return done.stdout.strip()


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
    print(sorted(name for name in sys.modules if name in HEAVY or name.startswith("smartcar_async.codec.read")))

asyncio.run(main())
"""


def test_building_a_call_loads_nothing_heavy() -> None:
    """It happens on the event loop, before the thread in which a client that was not entered gets ready."""
    assert run(CALLS_ARE_BUILT.replace("HEAVY", repr({*HEAVY} - {"asyncio"}))) == "[]"


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
