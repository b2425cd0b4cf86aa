"""Smartcar's own SDKs read the simulator, told of it by nothing but the environment that `smartcar simulate` prints.

They are installed from their registries into a temporary folder. A registry out of reach is a skip that says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from smartcar_async import Settings, SignalSet, Smartcar, VehicleAttributes
from tests.world.commands import SMARTCAR, exports, running

NODE_SDK, PYTHON_SDK = "smartcar@10.4.0", "smartcar==6.19.1"

NODE = """
const smartcar = require("smartcar");
const [token, id] = process.argv.slice(1);
const vehicle = new smartcar.Vehicle(id, token);
(async () => {
  const found = [
    await smartcar.getVehicle(token, id),
    await vehicle.getSignals(),
    await vehicle.getSignal("odometer-traveleddistance"),
  ];
  console.log(JSON.stringify(found.map((response) => response.body)));
})();
"""
PYTHON = """
import json, sys
import smartcar
from smartcar.smartcar import get_vehicle
token, id = sys.argv[1:]
vehicle = smartcar.Vehicle(id, token)
found = [get_vehicle(token, id), vehicle.get_signals(), vehicle.get_signal("odometer-traveleddistance")]
print(json.dumps([response["body"] for response in found]))
"""


class Car(NamedTuple):
    """What our own client reads of a car, and what an SDK needs to read it too."""

    environment: dict[str, str]
    token: str
    attributes: VehicleAttributes
    signals: SignalSet


@pytest.fixture(scope="module")
def car() -> Iterator[Car]:
    """A car of a simulator in another process, whose clock hardly moves."""
    with running(*SMARTCAR, "simulate", "--user-header", "optional", "--speed", "0.000001") as process:
        yield asyncio.run(read(exports(process)))


async def read(environment: dict[str, str]) -> Car:
    """Read a Tesla with our client, and fetch a token for the SDK, which cannot do so itself."""
    settings = Settings.from_env(environment)
    async with Smartcar(settings.client_id or "", settings.client_secret or "", settings=settings) as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
        }
        token = (await client.request("POST", "/oauth2/token", body=form)).data["access_token"]
        found = [one async for one in client.connections() if one.vehicle and one.vehicle.make == "TESLA"]
        handle = client.vehicle(found[0].vehicle_id, user_id=found[0].user_id)
        return Car(environment, token, await handle.attributes(), await handle.signals())


def install(registry: str, command: list[str], probe: list[str]) -> None:
    """Install, or skip where the registry itself does not answer."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(f"{registry} is out of reach: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def ask(command: list[str], car: Car, folder: Path) -> tuple[Any, Any, Any]:
    """Run an SDK's script: attributes, signals and one signal, as that SDK hands them out."""
    environment = {"PATH": os.environ["PATH"], **car.environment}
    done = subprocess.run(
        [*command, car.token, car.attributes.id],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    attributes, signals, one = json.loads(done.stdout)
    return attributes, signals, one


def check(car: Car, attributes: Any, signals: Any, one: Any) -> None:
    """The SDK reads what our client reads."""
    assert attributes["data"]["id"] == car.attributes.id
    assert attributes["data"]["attributes"]["model"] == car.attributes.model == "Model 3"
    assert [entry["id"] for entry in signals["data"]] == list(car.signals)
    assert [entry["attributes"] for entry in signals["data"]] == [
        entry.raw["attributes"] for entry in car.signals.entries
    ]
    odometer = car.signals["odometer-traveleddistance"]
    assert one["data"]["attributes"]["body"] == {"value": odometer.value, "unit": "km"}
    assert len(signals["data"]) == len(car.signals.entries) > 60


def test_node(car: Car, tmp_path: Path) -> None:
    """npm's smartcar: getVehicle, getSignals, getSignal."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm on this machine")
    install("npm", [npm, "install", "--prefix", str(tmp_path), "--no-audit", "--no-fund", NODE_SDK], [npm, "ping"])
    check(car, *ask(["node", "-e", NODE], car, tmp_path))


def test_python(car: Car, tmp_path: Path) -> None:
    """PyPI's smartcar: get_vehicle, get_signals, get_signal."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
    python = str(tmp_path / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    install("PyPI", [*pip, "install", "--quiet", PYTHON_SDK], [*pip, "index", "versions", "smartcar"])
    check(car, *ask([python, "-c", PYTHON], car, tmp_path))
