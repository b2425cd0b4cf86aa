"""v2 for applications: connections, disconnecting, webhooks, compatibility."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.world.raw_client import Reply
from tests.world.raw_client_v2 import ClientV2, basic, bearer, failure, v2

CONNECTIONS = "/v2.0/management/connections"


@pytest.fixture
async def api() -> AsyncIterator[ClientV2]:
    """A street of many makes."""
    async with v2("everyday") as client:
        yield client


async def manage(api: ClientV2, query: str = "", method: str = "GET") -> Reply:
    """A call with the application management token."""
    authorization = basic("default", api.sim.world.management_token)
    return await api.send(method, CONNECTIONS + query, headers=authorization)


async def test_connections_come_in_pages(api: ClientV2) -> None:
    """The newest first; a cursor, which a query must escape, leads on."""
    connections: list[Any] = []
    query, pages = "/?limit=6", 0
    while True:
        body = (await manage(api, query)).json
        connections += body["connections"]
        pages += 1
        cursor = body["paging"]["cursor"]
        if cursor is None:
            break
        assert set("+/=") & set(cursor)
        query = f"?limit=6&cursor={quote(cursor, safe='')}"
    assert pages == 3
    assert {connection["vehicleId"] for connection in connections} == set(api.sim.world.vehicles)
    assert len(connections) == 16
    assert [connection["connectedAt"] for connection in connections] == sorted(
        (connection["connectedAt"] for connection in connections), reverse=True
    )
    assert set(connections[0]) == {"userId", "vehicleId", "connectedAt", "mode"}
    assert len((await manage(api)).json["connections"]) == 10


async def test_connections_are_filtered(api: ClientV2) -> None:
    """By user, by vehicle, by mode."""
    volvo, emil = api.vehicle("Volvo EX30"), api.vehicle("Tesla").owner_id
    assert len((await manage(api, f"?user_id={volvo.owner_id}")).json["connections"]) == 2
    (connection,) = (await manage(api, f"?vehicle_id={volvo.id}")).json["connections"]
    assert (connection["userId"], connection["vehicleId"], connection["mode"]) == (volvo.owner_id, volvo.id, "live")
    for mode, count in (("live", 1), ("simulated", 1), ("test", 1)):
        assert len((await manage(api, f"?user_id={emil}&mode={mode}")).json["connections"]) == count
    for query in ("?limit=101", "?mode=else", "?cursor=x!"):
        assert failure(await manage(api, query)) == (400, "VALIDATION", "PARAMETER")


async def test_connections_are_deleted(api: ClientV2) -> None:
    """A pair, a vehicle's, a user's; without a filter nothing is."""
    assert failure(await manage(api, method="DELETE")) == (400, "VALIDATION", None)
    volvo, polestar, ford = api.vehicle("Volvo EX30"), api.vehicle("Polestar"), api.vehicle("Ford")
    nobody = await manage(api, f"?user_id={ford.owner_id}&vehicle_id={volvo.id}", "DELETE")
    assert nobody.json == {"connections": []}
    pair = await manage(api, f"?user_id={volvo.owner_id}&vehicle_id={volvo.id}", "DELETE")
    assert pair.json == {"connections": [{"userId": volvo.owner_id, "vehicleId": volvo.id}]}
    user = await manage(api, f"?user_id={volvo.owner_id}", "DELETE")
    assert [connection["vehicleId"] for connection in user.json["connections"]] == [polestar.id]
    assert failure(await api.request("Volvo EX30", "/vin")) == (403, "PERMISSION", None)
    assert len((await manage(api, f"?vehicle_id={ford.id}", "DELETE")).json["connections"]) == 1


async def test_management_needs_its_token(api: ClientV2) -> None:
    """Basic, as the user `default`."""
    token = api.sim.world.management_token
    for headers in ({}, basic("default", "wrong"), basic("other", token), bearer(token), {"Authorization": "Basic é"}):
        assert failure(await api.send("GET", CONNECTIONS, headers=headers)) == (401, "AUTHENTICATION", None)


async def test_disconnect_by_user_and_by_application(api: ClientV2) -> None:
    """The vehicle is gone for v3 too; twice is forbidden."""
    volvo, ford = api.vehicle("Volvo EX30"), api.vehicle("Ford")
    assert (await api.run("Volvo EX30", "/application", method="DELETE")) == {"status": "success"}
    assert failure(await api.request("Volvo EX30", "/application", "DELETE")) == (403, "PERMISSION", None)
    assert api.sim.world.connection_of(volvo.id) is None
    path, amt = f"/v2.0/vehicles/{ford.id}/application", bearer(api.sim.world.management_token)
    assert (await api.send("DELETE", path, headers=amt)).json == {"status": "success"}
    assert failure(await api.send("DELETE", path, headers=amt)) == (403, "PERMISSION", None)


async def test_webhooks(api: ClientV2) -> None:
    """A user subscribes, the application unsubscribes."""
    vehicle, webhook = api.vehicle("Kia"), next(iter(api.sim.world.webhooks))
    path = f"/webhooks/{webhook}"
    assert await api.run("Kia", path) == {"webhookId": webhook, "vehicleId": vehicle.id}
    assert failure(await api.request("Kia", "/webhooks/none", "POST")) == (404, "RESOURCE_NOT_FOUND", None)
    assert failure(await api.request("Kia", path, "DELETE")) == (401, "AUTHENTICATION", None)
    whole, amt = f"/v2.0/vehicles/{vehicle.id}{path}", bearer(api.sim.world.management_token)
    assert (await api.send("DELETE", whole, headers=amt, json={})).json == {"status": "success"}
    api.sim.switches.v2.unsubscribed = "empty"
    await api.run("Kia", path)
    assert (await api.send("DELETE", whole, headers=amt)).json == {}
    assert failure(await api.send("DELETE", whole, headers=amt)) == (404, "RESOURCE_NOT_FOUND", None)


async def look_up(api: ClientV2, path: str = "", **query: str) -> Reply:
    """A call with the credentials of the application."""
    authorization = basic(api.sim.client_id, api.sim.client_secret)
    return await api.send("GET", f"/v2.0/compatibility{path}", params=query, headers=authorization)


async def test_compatibility_by_vin(api: ClientV2) -> None:
    """Permission by permission in the United States, yes or no elsewhere."""
    vin = api.vehicle("Volvo EX30").car.vin
    body = (await look_up(api, vin=vin, scope="read_fuel control_security read_battery")).json
    assert (body["compatible"], body["reason"]) == (True, None)
    assert body["capabilities"] == [
        {"permission": "read_fuel", "endpoint": "/fuel", "capable": False, "reason": "VEHICLE_NOT_CAPABLE"},
        {"permission": "control_security", "endpoint": "/security", "capable": True, "reason": None},
        {"permission": "read_battery", "endpoint": "/battery", "capable": True, "reason": None},
        {"permission": "read_battery", "endpoint": "/battery/capacity", "capable": True, "reason": None},
    ]
    abroad = (await look_up(api, vin=vin, scope="read_fuel", country="SE")).json
    assert abroad == {"compatible": True, "reason": None, "capabilities": []}
    unknown = (await look_up(api, vin="WBA00000000000000", scope="read_fuel")).json
    assert unknown == {"compatible": False, "reason": "VEHICLE_NOT_COMPATIBLE", "capabilities": []}
    saab = (await look_up(api, vin="YS3EH48G1X3000001", scope="read_fuel")).json
    assert saab["reason"] == "MAKE_NOT_COMPATIBLE"


async def test_compatibility_in_test_mode(api: ClientV2) -> None:
    """The level decides, whatever the VIN; `mode=live` asks for the truth."""
    query = {"vin": "WBA00000000000000", "scope": "read_fuel"}
    fuel = (await look_up(api, **query, test_mode_compatibility_level="fuel")).json
    assert fuel["capabilities"][0]["capable"]
    bev = (await look_up(api, **query, test_mode_compatibility_level="bev", mode="simulated")).json
    assert not bev["capabilities"][0]["capable"]
    none = (await look_up(api, **query, test_mode_compatibility_level="incompatible")).json
    assert none["reason"] == "VEHICLE_NOT_COMPATIBLE"
    live = (await look_up(api, **query, test_mode_compatibility_level="fuel", mode="live")).json
    assert not live["compatible"]


@pytest.mark.parametrize(
    "query",
    [
        {"scope": "read_fuel"},
        {"vin": "YS3EH48G1X3000001"},
        {"vin": "YS3EH48G1X3000001", "scope": "read_minds"},
        {"vin": "YS3EH48G1X3000001", "scope": "read_fuel", "mode": "dream"},
        {"vin": "YS3EH48G1X3000001", "scope": "read_fuel", "test_mode_compatibility_level": "9"},
    ],
)
async def test_compatibility_of_nothing(api: ClientV2, query: dict[str, str]) -> None:
    """A VIN, a scope and a known mode are needed."""
    assert failure(await look_up(api, **query)) == (400, "VALIDATION", "PARAMETER")


async def test_the_matrix(api: ClientV2) -> None:
    """Makes in capitals, models with years; filters narrow it."""
    body = (await look_up(api, "/matrix", region="EUROPE", make="volvo TESLA", type="BEV", scope="read_vin")).json
    assert list(body) == ["VOLVO", "TESLA"]
    (ex30,) = body["VOLVO"]
    assert (ex30["model"], ex30["startYear"], ex30["endYear"], ex30["type"]) == ("EX30", 2024, 2026, "BEV")
    assert {"read_battery", "control_security", "read_vehicle_info"} <= set(ex30["permissions"])
    assert {"EV battery", "Odometer", "Lock & unlock"} <= set(ex30["endpoints"])
    assert "RENAULT" not in (await look_up(api, "/matrix", region="US")).json
    for query in ({}, {"region": "MOON"}, {"region": "US", "type": "STEAM"}):
        assert failure(await look_up(api, "/matrix", **query)) == (400, "VALIDATION", "PARAMETER")
    wrong = await api.send("GET", "/v2.0/compatibility/matrix?region=US", headers=basic("x", "y"))
    assert failure(wrong) == (401, "AUTHENTICATION", None)
