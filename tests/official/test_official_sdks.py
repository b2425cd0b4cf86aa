"""Smartcar's own SDKs read v3 at the simulator, configured by nothing but what `smartcar simulate` prints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from smartcar_async import Settings, SignalSet, Smartcar, VehicleAttributes
from tests.official.conftest import Sdk
from tests.world.cli_process import SMARTCAR, exports, running

NODE = """
const smartcar = require("smartcar");
const [token, id] = process.argv.slice(1);
const vehicle = new smartcar.Vehicle(id, token);
(async () => {
  const responses = [
    await smartcar.getVehicle(token, id),
    await vehicle.getSignals(),
    await vehicle.getSignal("odometer-traveleddistance"),
  ];
  console.log(JSON.stringify(responses.map((response) => response.body)));
})();
"""
PYTHON = """
import json, sys
import smartcar
from smartcar.smartcar import get_vehicle
token, id = sys.argv[1:]
vehicle = smartcar.Vehicle(id, token)
responses = [get_vehicle(token, id), vehicle.get_signals(), vehicle.get_signal("odometer-traveleddistance")]
print(json.dumps([response["body"] for response in responses]))
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
        connections = [connection async for connection in client.connections()]
        tesla = next(each for each in connections if each.vehicle and each.vehicle.make == "TESLA")
        handle = client.vehicle(tesla.vehicle_id, user_id=tesla.user_id)
        return Car(environment, token, await handle.attributes(), await handle.signals())


def run_script(sdk: Sdk, script: str, car: Car) -> tuple[Any, Any, Any]:
    """Run an SDK's script: attributes, signals and one signal, as that SDK hands them out."""
    attributes, signals, signal = json.loads(sdk.run(script, car.environment, car.token, car.attributes.id))
    return attributes, signals, signal


def check(car: Car, attributes: Any, signals: Any, signal: Any) -> None:
    """The SDK reads what our client reads."""
    assert attributes["data"]["id"] == car.attributes.id
    assert attributes["data"]["attributes"]["model"] == car.attributes.model == "Model 3"
    assert [entry["id"] for entry in signals["data"]] == list(car.signals)
    assert [entry["attributes"] for entry in signals["data"]] == [
        entry.raw["attributes"] for entry in car.signals.entries
    ]
    odometer = car.signals["odometer-traveleddistance"]
    assert signal["data"]["attributes"]["body"] == {"value": odometer.value, "unit": "km"}
    assert len(signals["data"]) == len(car.signals.entries) > 60


def test_node(car: Car, node: Sdk) -> None:
    """npm's smartcar: getVehicle, getSignals, getSignal."""
    check(car, *run_script(node, NODE, car))


def test_python(car: Car, python: Sdk) -> None:
    """PyPI's smartcar: get_vehicle, get_signals, get_signal."""
    check(car, *run_script(python, PYTHON, car))
