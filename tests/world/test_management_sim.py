"""The management and compatibility hosts at the simulator: webhooks, subscriptions, and which cars can be connected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from smartcar_async.testing.simulator import Simulator
from smartcar_async.testing.webhooks import Webhook
from smartcar_async.testing.world import World
from tests.world.raw_client import RawClient, Reply

WEBHOOKS = "/v3/webhooks"
SUBSCRIPTIONS = "/v3/subscriptions"
COMPATIBLE = "/v3/compatible-vehicles"


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """A simulator of everyday cars, and a client that holds a token."""
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        client = RawClient(sim, session)
        await client.fetch_token()
        yield client


def webhooks(api: RawClient) -> list[Webhook]:
    """The webhooks of the world, in order."""
    return list(api.sim.world.webhooks.values())


async def subscribe(api: RawClient, make: str = "Tesla", **change: Any) -> Reply:
    """Subscribe a car to the second webhook."""
    vehicle, user = api.car(make)
    body = {"webhookId": webhooks(api)[1].id, "userId": user, "vehicleId": vehicle}
    return await api.call("POST", SUBSCRIPTIONS, body=body | change)


async def subscribers(api: RawClient) -> list[str]:
    """The vehicles that are listed for the second webhook."""
    reply = await api.get(SUBSCRIPTIONS, **{"filter[webhookId]": webhooks(api)[1].id})
    return [entry["relationships"]["vehicle"]["data"]["id"] for entry in reply.json["data"]]


async def test_a_webhook_resource(api: RawClient) -> None:
    """The whole resource, alone and in the list."""
    first = webhooks(api)[0]
    signal = {"group": "TractionBattery", "name": "StateOfCharge", "code": "tractionbattery-stateofcharge"}
    resource = (await api.get(f"{WEBHOOKS}/{first.id}")).json["data"]
    assert len(resource["attributes"].pop("data")) == len(first.data)
    assert resource == {
        "id": first.id,
        "type": "webhook",
        "attributes": {
            "name": "Charging",
            "callbackUri": "https://example.org/smartcar/charging",
            "isEnabled": True,
            "triggers": [signal],
            "errorCallbackUri": None,
            "autoSubscribe": True,
        },
        "links": {"self": f"{api.sim.url}/v3/webhooks/{first.id}"},
        "meta": {"createdAt": "2026-06-01T00:00:00Z"},
    }
    listed = (await api.get(WEBHOOKS)).json
    assert [entry["id"] for entry in listed["data"]] == [webhook.id for webhook in webhooks(api)]
    assert listed["meta"] == {"pageNumber": 1, "pageSize": 50, "totalCount": 2}
    assert listed["links"]["next"] is None
    missing = await api.get(f"{WEBHOOKS}/x")
    assert (missing.status, missing.error["code"]) == (404, "WEBHOOK_NOT_FOUND")
    assert (await api.call("POST", WEBHOOKS, body={})).status == 404


async def test_webhooks_by_filter_and_page(api: RawClient) -> None:
    """Parts of a name or address in any case, and flags."""
    api.sim.world.add_webhook("Off", "https://example.org/OFF", enabled=False, error_callback_uri="https://e.example")

    async def names(**query: str) -> list[str]:
        return [entry["attributes"]["name"] for entry in (await api.get(WEBHOOKS, **query)).json["data"]]

    assert await names(**{"filter[name]": "ODO"}) == ["Odometer"]
    assert await names(**{"filter[callbackUri]": "example.org/off"}) == ["Off"]
    assert await names(**{"filter[isEnabled]": "true"}) == ["Charging", "Odometer"]
    assert await names(**{"filter[isEnabled]": "false", "filter[autoSubscribe]": "false"}) == ["Off"]
    assert await names(**{"page[size]": "2", "page[number]": "2"}) == ["Off"]
    bad = await api.get(WEBHOOKS, **{"filter[isEnabled]": "yes", "page[size]": "101", "page[number]": "0"})
    assert [error["detail"].split()[0] for error in bad.json["errors"]] == [
        "filter[isEnabled]", "page[number]", "page[size]",
    ]  # fmt: skip


async def test_subscribing_is_asynchronous(api: RawClient) -> None:
    """202, and listed only later; 409 while it is under way and when it is there. No user is named in a header."""
    assert api.sim.subscription_delay == 0.05
    api.sim.subscription_delay = 0.15
    reply = await subscribe(api)
    assert (reply.status, reply.json) == (202, {"meta": {"message": "subscription creation in progress"}})
    assert await subscribers(api) == []
    assert (await subscribe(api)).status == 409
    await asyncio.sleep(0.16)
    assert await subscribers(api) == [api.car("Tesla")[0]]
    again = await subscribe(api)
    assert (again.status, again.error["code"]) == (409, "ALREADY_SUBSCRIBED")


async def test_subscribing_by_the_worlds_clock(api: RawClient) -> None:
    """A still world lists nothing; what was disconnected meanwhile never comes."""
    api.sim.subscription_delay = timedelta(minutes=1)
    await subscribe(api)
    await subscribe(api, "Ford")
    api.sim.world.advance(seconds=59)
    assert await subscribers(api) == []
    deleted = api.sim.world.connection_of(api.car("Ford")[0])
    assert deleted is not None
    api.sim.world.disconnect(deleted.id)
    api.sim.world.advance(seconds=1)
    assert await subscribers(api) == [api.car("Tesla")[0]]


@pytest.mark.parametrize(
    ("change", "status", "details"),
    [
        ({"webhookId": None, "userId": "", "vehicleId": 1}, 400, ["webhookId", "userId", "vehicleId"]),
        ({"webhookId": "x"}, 404, ["No"]),
        ({"vehicleId": "x"}, 404, ["No"]),
        ({"userId": "x"}, 404, ["The"]),
    ],
)
async def test_subscriptions_that_are_refused(
    api: RawClient, change: dict[str, Any], status: int, details: list[str]
) -> None:
    """Every bad field, and what is unknown."""
    reply = await subscribe(api, **change)
    assert reply.status == status
    assert [error["detail"].split()[0] for error in reply.json["errors"]] == details


async def test_a_subscription_resource_and_its_end(api: RawClient) -> None:
    """The whole resource, by itself and in the list; gone is not found."""
    api.sim.subscription_delay = 0
    vehicle, user = api.car("Tesla")
    await subscribe(api)
    subscription = (await api.get(SUBSCRIPTIONS, **{"filter[webhookId]": webhooks(api)[1].id})).json["data"][0]
    related = {"webhook": webhooks(api)[1].id, "user": user, "vehicle": vehicle}
    assert subscription == {
        "id": subscription["id"],
        "type": "subscription",
        "attributes": {
            "vehicle": {"make": "TESLA", "model": "Model 3", "year": 2023, "mode": "live", "powertrainType": "BEV"}
        },
        "meta": {"createdAt": "2026-06-01T00:00:00.000Z", "updatedAt": "2026-06-01T00:00:00.000Z"},
        "relationships": {
            kind: {
                "data": {"type": kind, "id": identity},
                "links": {"related": f"{api.sim.url}/v3/{kind}s/{identity}"},
            }
            for kind, identity in related.items()
        },
        "links": {"self": f"{api.sim.url}/v3/subscriptions/{subscription['id']}"},
    }
    path = f"{SUBSCRIPTIONS}/{subscription['id']}"
    assert (await api.get(path)).json == {"data": subscription}
    deleted = await api.get(path, method="DELETE")
    assert (deleted.status, deleted.body) == (204, b"")
    for method in ("GET", "DELETE"):
        assert (await api.get(path, method=method)).error["code"] == "SUBSCRIPTION_NOT_FOUND"
    assert (await subscribe(api)).status == 202


async def test_subscriptions_by_filter_and_page(api: RawClient) -> None:
    """Every subscribed vehicle has one from the start; 25 to a page, 100 at most."""
    vehicle, user = api.car("Polestar")

    async def count(**query: str) -> int:
        return int((await api.get(SUBSCRIPTIONS, **query)).json["meta"]["totalCount"])

    first = await api.get(SUBSCRIPTIONS)
    assert first.json["meta"] == {"pageNumber": 1, "pageSize": 25, "totalCount": 15}
    assert await count(**{"filter[userId]": user}) == 2
    assert await count(**{"filter[vehicleId]": vehicle}) == 1
    assert await count(**{"filter[webhookId]": webhooks(api)[1].id}) == 0
    assert await count(**{"filter[vehicle.mode]": "simulated"}) == 2
    assert await count(**{"filter[vehicle.mode]": "live"}) == 13
    second = await api.get(SUBSCRIPTIONS, **{"page[size]": "10", "page[number]": "2", "filter[vehicle.mode]": "live"})
    assert len(second.json["data"]) == 3
    previous = second.json["links"]["prev"].removeprefix(api.sim.url)
    assert previous.startswith("/v3/subscriptions?filter%5Bvehicle.mode%5D=live&page%5Bnumber%5D=1")
    assert len((await api.get(previous)).json["data"]) == 10
    for query in ({"page[size]": "101"}, {"filter[vehicle.mode]": "dead"}):
        assert (await api.get(SUBSCRIPTIONS, **query)).status == 400
    api.token = "wrong"
    assert (await api.get(SUBSCRIPTIONS)).status == 401


def test_subscriptions_follow_the_vehicle() -> None:
    """The store of a newcomer fills when it is subscribed; a connection that ends takes its subscriptions along."""
    world = World()
    kia = world.find("Kia")
    assert not kia.subscribed
    subscription = world.subscribe(next(iter(world.webhooks)), kia.id)
    assert world.subscribe(subscription.webhook_id, kia.id) is subscription
    assert kia.subscribed
    connection = world.connection_of(kia.id)
    assert connection is not None
    world.disconnect(connection.id)
    assert subscription.id not in world.subscriptions
    assert len(world.subscriptions) == 15


async def test_compatible_vehicles_are_public(api: RawClient) -> None:
    """Volvo in the US and in Europe, among others; filters narrow the list down."""

    async def entries(**query: str) -> list[Any]:
        reply = await api.send("GET", COMPATIBLE, params=query)
        assert reply.status == 200
        assert reply.json["meta"]["totalCount"] == len(reply.json["data"])
        return [entry["attributes"] for entry in reply.json["data"]]

    everything = await entries()
    assert len({entry["make"] for entry in everything}) > 8
    volvos = await entries(**{"filter[make]": "vOlVo"})
    assert {(volvo["region"], volvo["powertrainType"]) for volvo in volvos} == {
        (region, powertrain) for region in ("US", "EUROPE") for powertrain in ("BEV", "PHEV", "ICE")
    }
    ex30 = next(volvo for volvo in volvos if volvo["model"] == "EX30")
    assert (ex30["startYear"], ex30["endYear"]) == (2024, None)
    assert ex30["commands"] == ["security/lock", "security/unlock"]
    assert "charge-chargetimers" in ex30["signals"]
    assert {entry["make"] for entry in await entries(**{"filter[region]": "CA", "filter[powertrainType]": "ICE"})} == {
        "TOYOTA"
    }
    assert await entries(**{"filter[make]": "Lada"}) == []
    bad = await api.send("GET", COMPATIBLE, params={"filter[region]": "eu", "filter[powertrainType]": "EV"})
    assert [error["detail"].split()[0] for error in bad.json["errors"]] == ["filter[region]", "filter[powertrainType]"]


async def test_compatible_vehicles_have_ids_of_their_own(api: RawClient) -> None:
    """No two entries share one."""
    data = (await api.send("GET", COMPATIBLE)).json["data"]
    assert len({entry["id"] for entry in data}) == len(data)
    assert {entry["type"] for entry in data} == {"compatible-vehicle"}


def test_routes_and_hosts() -> None:
    """Every route is told once, with the host that it has at Smartcar."""
    assert set(Simulator.hosts) == set(Simulator.routes)
    assert len(set(Simulator.routes)) == len(Simulator.routes)
    hosts = {path: host for (_, path), host in Simulator.hosts.items()}
    assert hosts["/v3/vehicles/{vehicle}/commands/charge-port/close"] == "vehicle"
    assert hosts["/v3/subscriptions/{subscription}"] == "management"
    assert hosts["/v3/compatible-vehicles"] == "compatibility"
    assert hosts["/oauth/authorize"] == "connect"
    assert hosts["/oauth2/token"] == "iam"
