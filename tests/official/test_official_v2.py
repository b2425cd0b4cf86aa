"""Smartcar's own SDKs go through all of v2 at the simulator, configured by nothing but `simulator.environment`.

Each begins at the Connect URL that it makes itself, and ends with the connection deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from smartcar_async.testing import PERMISSIONS, Simulator
from tests.official.conftest import Sdk

Json = dict[str, "Json"] | list["Json"] | str | float | None

NODE = """
const smartcar = require("smartcar");
const inputs = JSON.parse(process.argv[1]);
const failure = (error) => [error.statusCode, error.type, error.code, error.resolution];
(async () => {
  const results = {};
  const client = new smartcar.AuthClient({redirectUri: "https://app.example/callback"});
  const page = new URL(client.getAuthUrl(inputs.scope, {state: "s"}));
  const form = new URLSearchParams([...page.searchParams, ["vehicle", inputs.tesla], ["decision", "allow"]]);
  const left = await fetch(page.origin + page.pathname, {method: "POST", body: form, redirect: "manual"});
  const code = new URL(left.headers.get("location")).searchParams.get("code");
  const first = await client.exchangeCode(code);
  const access = await client.exchangeRefreshToken(first.refreshToken);
  const token = access.accessToken;
  const tesla = new smartcar.Vehicle(inputs.tesla, token, {unitSystem: "imperial"});
  const toyota = new smartcar.Vehicle(inputs.toyota, inputs.toyotaToken, {unitSystem: "imperial"});
  const chevrolet = new smartcar.Vehicle(inputs.chevrolet, inputs.chevroletToken, {unitSystem: "imperial"});

  results.user = (await smartcar.getUser(token)).id;
  results.vehicles = (await smartcar.getVehicles(token, {limit: 5, offset: 0})).vehicles;
  results.v3 = (await smartcar.getVehicle(token, inputs.tesla)).body.data.id;
  results.reads = {
    "": await tesla.attributes(), "/vin": await tesla.vin(), "/permissions": await tesla.permissions(),
    "/battery": await tesla.battery(), "/battery/capacity": await tesla.batteryCapacity(),
    "/battery/nominal_capacity": await tesla.nominalCapacity(), "/charge": await tesla.charge(),
    "/charge/limit": await tesla.getChargeLimit(), "/tires/pressure": await tesla.tirePressure(),
    "/odometer": await tesla.odometer(), "/location": await tesla.location(), "/security": await tesla.lockStatus(),
    "/tesla/compass": (await tesla.request("GET", "tesla/compass")).body,
  };
  results.unit = results.reads["/odometer"].meta.unitSystem;
  results.fuel = await toyota.fuel();
  results.oil = await toyota.engineOil();
  results.history = (await toyota.serviceHistory("2026-01-01", "2026-06-01")).data;
  results.systems = await chevrolet.diagnosticSystemStatus();
  results.codes = await chevrolet.diagnosticTroubleCodes();

  const answers = [
    await tesla.unlock(), await tesla.lock(), await tesla.startCharge(), await tesla.stopCharge(),
    await tesla.setChargeLimit(0.7), await tesla.sendDestination(57.7, 11.97),
  ];
  results.answers = answers.map((answer) => answer.status);
  results.cabin = (await tesla.request("POST", "tesla/climate/cabin", {action: "START", temperature: 68})).body;

  const batch = await tesla.batch(["/odometer", "/tires/pressure", "/tesla/speedometer", "/fuel"]);
  results.batch = [batch.odometer(), batch.tirePressure(), batch.teslaSpeedometer()];
  try { batch.fuel(); } catch (error) { results.partFailure = failure(error).slice(1, 3); }
  try { await tesla.fuel(); } catch (error) { results.failure = failure(error); }

  const subscribed = await tesla.subscribe(inputs.webhook);
  results.subscribed = [subscribed.webhookId, subscribed.vehicleId];
  await tesla.unsubscribe(inputs.amt, inputs.webhook);
  const pages = [await smartcar.getConnections(inputs.amt, {}, {limit: 6})];
  pages.push(await smartcar.getConnections(inputs.amt, {}, {limit: 6, cursor: pages[0].paging.cursor}));
  results.connections = pages.flatMap((page) => page.connections.map((connection) => connection.vehicleId));
  results.compatible = (await smartcar.getCompatibility(inputs.vin, ["read_fuel"])).compatible;
  const matrix = await smartcar.getCompatibilityMatrix("EUROPE", {make: ["TESLA"], scope: ["read_vin"]});
  results.matrix = matrix.TESLA[0].model;
  results.deleted = (await smartcar.deleteConnections(inputs.amt, {vehicleId: inputs.toyota})).connections;
  results.disconnected = (await tesla.disconnect()).status;
  try { await tesla.vin(); } catch (error) { results.gone = failure(error); }
  console.log(JSON.stringify(results));
})();
"""
PYTHON = """
import json, sys
import requests
from urllib.parse import parse_qsl, urlsplit
import smartcar
from smartcar.smartcar import get_compatibility_matrix, get_vehicle

def plain(value):
    if hasattr(value, "_asdict"):
        return {name: plain(field) for name, field in value._asdict().items() if name != "meta"}
    return [plain(entry) for entry in value] if isinstance(value, list) else value

def failure(call):
    try:
        call()
    except smartcar.SmartcarException as error:
        return [error.status_code, error.type, error.code, error.resolution]

inputs, results = json.loads(sys.argv[1]), {}
client = smartcar.AuthClient(redirect_uri="https://app.example/callback")
page = urlsplit(client.get_auth_url(inputs["scope"], {"state": "s"}))
form = [*parse_qsl(page.query), ("vehicle", inputs["tesla"]), ("decision", "allow")]
left = requests.post(page._replace(query="").geturl(), data=form, allow_redirects=False)
code = dict(parse_qsl(urlsplit(left.headers["Location"]).query))["code"]
first = client.exchange_code(code)
token = client.exchange_refresh_token(first.refresh_token).access_token
imperial = {"unit_system": "imperial"}
tesla = smartcar.Vehicle(inputs["tesla"], token, imperial)
toyota = smartcar.Vehicle(inputs["toyota"], inputs["toyotaToken"], imperial)
chevrolet = smartcar.Vehicle(inputs["chevrolet"], inputs["chevroletToken"], imperial)

results["user"] = smartcar.get_user(token).id
results["vehicles"] = smartcar.get_vehicles(token, {"limit": 5, "offset": 0}).vehicles
results["v3"] = get_vehicle(token, inputs["tesla"])["body"]["data"]["id"]
reads = {
    "": tesla.attributes(), "/vin": tesla.vin(), "/permissions": tesla.permissions(), "/battery": tesla.battery(),
    "/battery/capacity": tesla.battery_capacity(), "/battery/nominal_capacity": tesla.nominal_capacity(),
    "/charge": tesla.charge(), "/charge/limit": tesla.get_charge_limit(), "/tires/pressure": tesla.tire_pressure(),
    "/odometer": tesla.odometer(), "/location": tesla.location(), "/security": tesla.lock_status(),
}
results["reads"] = {path: plain(read) for path, read in reads.items()}
results["reads"]["/tesla/compass"] = tesla.request("GET", "tesla/compass", headers={"sc-unit-system": "imperial"}).body
results["unit"] = reads["/odometer"].meta.unit_system
results["fuel"], results["oil"] = plain(toyota.fuel()), plain(toyota.engine_oil())
results["history"] = plain(toyota.service_history("2026-01-01", "2026-06-01"))["items"]
results["systems"] = plain(chevrolet.diagnostic_system_status())
results["codes"] = plain(chevrolet.diagnostic_trouble_codes())

answers = [
    tesla.unlock(), tesla.lock(), tesla.start_charge(), tesla.stop_charge(), tesla.set_charge_limit(0.7),
    tesla.send_destination(57.7, 11.97),
]
results["answers"] = [answer.status for answer in answers]
cabin = {"action": "START", "temperature": 68}
results["cabin"] = tesla.request("POST", "tesla/climate/cabin", cabin, {"sc-unit-system": "imperial"}).body

batch = tesla.batch(["/odometer", "/tires/pressure", "/tesla/speedometer", "/fuel"])
results["batch"] = [plain(batch.odometer()), plain(batch.tire_pressure()), plain(batch.tesla_speedometer())]
results["partFailure"] = failure(batch.fuel)[1:3]
results["failure"] = failure(tesla.fuel)

subscribed = tesla.subscribe(inputs["webhook"])
results["subscribed"] = [subscribed.webhook_id, subscribed.vehicle_id]
tesla.unsubscribe(inputs["amt"], inputs["webhook"])
pages = [smartcar.get_connections(inputs["amt"], {}, {"limit": 6})]
pages += [smartcar.get_connections(inputs["amt"], {}, {"limit": 6, "cursor": pages[0].paging.cursor})]
results["connections"] = [connection.vehicle_id for page in pages for connection in page.connections]
results["compatible"] = smartcar.get_compatibility(inputs["vin"], ["read_fuel"]).compatible
results["matrix"] = get_compatibility_matrix("EUROPE", "TESLA", {"scope": ["read_vin"]})["TESLA"][0].model
results["deleted"] = plain(smartcar.delete_connections(inputs["amt"], {"vehicle_id": inputs["toyota"]}).connections)
results["disconnected"] = tesla.disconnect().status
results["gone"] = failure(tesla.vin)
print(json.dumps(results))
"""


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A car of each make that v2 has calls of its own for; a Tesla that is plugged in and not full."""
    with Simulator("makes") as simulator:
        vehicle = simulator.world.find("Tesla")
        vehicle.car.park()
        vehicle.car.battery_kwh = 20.0
        vehicle.car.plug_in()
        vehicle.report(simulator.world.now)
        yield simulator


def go_through(sim: Simulator, sdk: Sdk, script: str) -> None:
    """Run a script, and compare all that the SDK handed out with the wire and with the car."""
    cars = {make.lower(): sim.world.find(make) for make in ("Tesla", "Toyota", "Chevrolet")}
    tesla, toyota, chevrolet = cars.values()
    tokens = {f"{make}Token": sim.v2_tokens(car.owner_id).access_token for make, car in cars.items()}
    wire = {make: Wire(sim, car.id, tokens[f"{make}Token"]) for make, car in cars.items()}
    on_the_wire = {path: wire["tesla"].read(path) for path in READS}
    expected = {
        "batch": [wire["tesla"].read(path) for path in ("/odometer", "/tires/pressure", "/tesla/speedometer")],
        "fuel": wire["toyota"].read("/fuel"),
        "oil": wire["toyota"].read("/engine/oil"),
        "history": wire["toyota"].read("/service/history"),
        "systems": wire["chevrolet"].read("/diagnostics/system_status"),
        "codes": wire["chevrolet"].read("/diagnostics/dtcs"),
    }
    webhook = next(iter(sim.world.webhooks))
    inputs = {make: car.id for make, car in cars.items()} | tokens
    inputs |= {"webhook": webhook, "amt": sim.world.management_token, "vin": tesla.car.vin}
    results = json.loads(sdk.run(script, sim.environment, json.dumps(inputs | {"scope": PERMISSIONS})))

    assert (results["user"], results["vehicles"], results["v3"]) == (tesla.owner_id, [tesla.id], tesla.id)
    assert {path: squashed(body) for path, body in results["reads"].items()} == {
        path: squashed(body) for path, body in on_the_wire.items()
    }
    assert results["unit"] == "imperial"
    for name, answer in expected.items():
        assert squashed(results[name]) == squashed(answer), name
    assert results["answers"] == ["success"] * 6
    assert results["cabin"] == {"status": "ON", "temperature": 68}
    assert [entry.action for entry in tesla.ledger] == [
        "unlock", "lock", "start_charge", "stop_charge", "set_charge_limit", "send_destination", "set_cabin",
    ]  # fmt: skip
    assert tesla.car.charge_limit == 70
    assert results["partFailure"] == ["COMPATIBILITY", "VEHICLE_NOT_CAPABLE"]
    assert results["failure"][:3] == [501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE"]
    assert results["subscribed"] == [webhook, tesla.id]
    assert len(results["connections"]) == 10
    assert set(results["connections"]) == set(sim.world.vehicles)
    assert (results["compatible"], results["matrix"]) == (True, "Model 3")
    (deleted,) = squashed(results["deleted"])
    assert (deleted["userid"], deleted["vehicleid"]) == (toyota.owner_id, toyota.id)
    assert results["disconnected"] == "success"
    assert results["gone"][:2] == [403, "PERMISSION"]
    assert not {connection.vehicle.id for connection in sim.world.connections.values()} & {tesla.id, toyota.id}
    assert chevrolet.ledger == ()
    assert not [
        subscription
        for subscription in sim.world.subscriptions.values()
        if (subscription.webhook_id, subscription.vehicle_id) == (webhook, tesla.id)
    ]
    (chain,) = (chain for chain in sim.user_tokens.chains if chain.refresh_requests)
    assert (chain.refresh_requests, len(chain.pairs)) == (1, 2)


READS = (
    "", "/vin", "/permissions", "/battery", "/battery/capacity", "/battery/nominal_capacity", "/charge",
    "/charge/limit", "/tires/pressure", "/odometer", "/location", "/security", "/tesla/compass",
)  # fmt: skip


class Wire:
    """What the wire says, without any SDK."""

    def __init__(self, sim: Simulator, vehicle_id: str, token: str) -> None:
        """As the owner of one vehicle."""
        self._base = f"{sim.url}/v2.0/vehicles/{vehicle_id}"
        self._headers = {"Authorization": f"Bearer {token}", "SC-Unit-System": "imperial"}

    def read(self, path: str) -> Any:
        """A body."""
        with urlopen(Request(self._base + path, headers=self._headers)) as answer:
            return json.load(answer)


def squashed(value: Json) -> Any:
    """A document without the SDK's own `meta`, and without its taste in names."""
    if isinstance(value, dict):
        return {name.replace("_", "").lower(): squashed(field) for name, field in value.items() if name != "meta"}
    return [squashed(entry) for entry in value] if isinstance(value, list) else value


def test_node(sim: Simulator, node: Sdk) -> None:
    """npm's smartcar. It breaks on a failed part of a batch without headers, so here every part has them."""
    sim.switches.v2.batch_headers = "all"
    go_through(sim, node, NODE)


def test_python(sim: Simulator, python: Sdk) -> None:
    """PyPI's smartcar."""
    go_through(sim, python, PYTHON)
