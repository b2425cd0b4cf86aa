"""The simulator's wire, route by route: exact documents, exact errors, every switch."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest

from smartcar_async.testing.simulator import Simulator
from tests.world.raw_client import RawClient


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """A simulator of everyday cars, and a client that holds a token."""
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        client = RawClient(sim, session)
        await client.fetch_token()
        yield client


async def test_token_by_form_json_and_basic(api: RawClient) -> None:
    """All three forms on record buy a token."""
    grant = {"grant_type": "client_credentials"}
    pair = f"{api.sim.client_id}:{api.sim.client_secret}".encode()
    basic = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    replies = [
        await api.send("POST", "/oauth2/token", data=grant | api.credentials),
        await api.send("POST", "/oauth2/token", json=grant | api.credentials),
        await api.send("POST", "/oauth2/token", data=grant, headers=basic),
    ]
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert {reply.json["token_type"] for reply in replies} == {"Bearer"}
    assert {reply.json["expires_in"] for reply in replies} == {3600}
    assert len({reply.json["access_token"] for reply in replies}) == 3
    for reply in replies:
        api.token = reply.json["access_token"]
        assert (await api.get("/v3/connections")).status == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
    ],
)
async def test_token_refusals_are_in_oauth_style(
    api: RawClient, change: dict[str, str], status: int, error: str
) -> None:
    """Not the v3 error document."""
    form = {"grant_type": "client_credentials"} | api.credentials | change
    reply = await api.send("POST", "/oauth2/token", data=form)
    assert (reply.status, reply.json["error"]) == (status, error)
    assert set(reply.json) == {"error", "error_description"}


async def test_token_bodies_that_cannot_be_read(api: RawClient) -> None:
    """Broken JSON, broken Basic, broken text."""
    kind = {"Content-Type": "application/json"}
    for arguments in (
        {"data": b"{", "headers": kind},
        {"data": b'{"grant_type": 1}', "headers": kind},
        {"data": b"\xff\xfe"},
        {"data": b"grant_type=client_credentials", "headers": {"Authorization": "Basic x"}},
    ):
        reply = await api.send("POST", "/oauth2/token", **arguments)
        assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_an_error_document_has_every_part(api: RawClient) -> None:
    """An array, a status in text, and the request id both in the document and in the header."""
    api.token = "wrong"
    reply = await api.get("/v3/connections")
    request_id = reply.headers["SC-Request-Id"]
    assert reply.headers["Content-Type"] == "application/json"
    assert str(UUID(request_id)) == request_id
    assert reply.error == {
        "status": "401",
        "type": "AUTHENTICATION",
        "code": "UNAUTHORIZED",
        "title": "Unauthorized",
        "detail": "The access token is missing, unknown or has expired.",
        "resolution": {"type": None},
        "links": {"about": "https://smartcar.com/docs/api-reference/api-errors"},
        "meta": {"debug": {"requestId": request_id}},
    }


async def test_every_answer_carries_a_request_id_of_its_own(api: RawClient) -> None:
    """Tokens, lists, deletions and unknown paths alike; units are echoed."""
    connection = next(iter(api.sim.world.connections))
    replies = [
        await api.send("POST", "/oauth2/token"),
        await api.get("/v3/connections"),
        await api.get(f"/v3/connections/{connection}", method="DELETE"),
        await api.get("/nowhere"),
    ]
    assert len({UUID(reply.headers["SC-Request-Id"]) for reply in replies}) == 4
    assert replies[1].headers["SC-Unit-System"] == "metric"
    headers = {"Authorization": f"Bearer {api.token}", "SC-Unit-System": "imperial"}
    reply = await api.send("GET", "/v3/connections", headers=headers)
    assert reply.headers["SC-Unit-System"] == "imperial"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v3/nothing"),
        ("GET", "/v3/vehicles/abc/battery"),
        ("GET", "/v3/vehicles/"),
        ("POST", "/v3/connections"),
        ("GET", "/oauth2/token"),
    ],
)
async def test_unknown_paths(api: RawClient, method: str, path: str) -> None:
    """404 INVALID_PATH, for a wrong method too."""
    reply = await api.get(path, method=method)
    assert (reply.status, reply.error["type"], reply.error["code"]) == (404, "RESOURCE_NOT_FOUND", "INVALID_PATH")


async def test_a_path_may_end_in_a_slash(api: RawClient) -> None:
    """As Smartcar's SDK for Node writes that of a vehicle."""
    vehicle, _ = api.car("Tesla")
    with_slash, without = await api.get(f"/v3/vehicles/{vehicle}/"), await api.get(f"/v3/vehicles/{vehicle}")
    assert (with_slash.status, with_slash.body) == (200, without.body)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v3/connections/nobody", "CONNECTION_NOT_FOUND"),
        ("DELETE", "/v3/connections/nobody", "CONNECTION_NOT_FOUND"),
        ("DELETE", "/v3/users/nobody", "USER_NOT_FOUND"),
        ("GET", "/v3/vehicles/nobody", "VEHICLE_NOT_FOUND"),
        ("GET", "/v3/vehicles/nobody/signals", "VEHICLE_NOT_FOUND"),
    ],
)
async def test_unknown_resources(api: RawClient, method: str, path: str, code: str) -> None:
    """404 that says what is missing."""
    reply = await api.get(path, "some-user", method=method)
    assert (reply.status, reply.error["type"], reply.error["code"]) == (404, "RESOURCE_NOT_FOUND", code)


async def test_a_connection_resource(api: RawClient) -> None:
    """The whole resource, alone and in the list."""
    vehicle, user = api.car("Tesla")
    connection = api.sim.world.connection_of(vehicle)
    assert connection is not None
    reply = await api.get(f"/v3/connections/{connection.id}")
    resource = reply.json["data"]
    assert resource == {
        "id": connection.id,
        "type": "connection",
        "attributes": {
            "permissions": list(connection.permissions),
            "vehicle": {"make": "TESLA", "model": "Model 3", "year": 2023, "mode": "live", "powertrainType": "BEV"},
            "user": {"id": user, "externalId": "acct-105"},
        },
        "relationships": {
            "vehicle": {
                "data": {"id": vehicle, "type": "vehicle"},
                "links": {"related": f"{api.sim.url}/v3/vehicles/{vehicle}"},
            },
            "user": {"data": {"id": user, "type": "user"}},
        },
        "meta": {"createdAt": "2026-05-13T23:56:00.000Z", "updatedAt": "2026-05-15T23:56:00.000Z"},
        "links": {"self": f"{api.sim.url}/v3/connections/{connection.id}"},
    }
    listed = await api.get("/v3/connections", **{"filter[vehicleId]": vehicle})
    assert listed.json["data"] == [resource]


async def test_connections_are_paged_newest_first(api: RawClient) -> None:
    """Ten to a page; links are absolute, encoded and keep the filters; only live vehicles are shown unasked."""
    first = await api.get("/v3/connections")
    assert first.json["meta"] == {
        "pageNumber": 1,
        "pageSize": 10,
        "totalCount": 14,
        "orderBy": "createdAt",
        "orderDirection": "DESC",
    }
    links = first.json["links"]
    assert set(links) == {"self", "first", "last", "next", "prev"}
    assert links["prev"] is None
    assert links["self"] == links["first"]
    assert links["next"] == links["last"]
    assert links["next"].startswith(f"{api.sim.url}/v3/connections?filter%5Bvehicle.mode%5D=live&page%5Bnumber%5D=2")
    second = await api.get(links["next"].removeprefix(api.sim.url))
    assert second.json["links"]["next"] is None
    assert second.json["links"]["prev"] == links["first"]
    data = first.json["data"] + second.json["data"]
    assert len({entry["id"] for entry in data}) == 14
    created = [entry["meta"]["createdAt"] for entry in data]
    assert created == sorted(created, reverse=True)
    beyond = await api.get("/v3/connections", **{"page[number]": "3"})
    assert beyond.json["data"] == []
    assert beyond.json["links"]["next"] is None


async def test_connections_by_filter(api: RawClient) -> None:
    """By user, by the header that says the same, by vehicle, mode and external id."""
    vehicle, user = api.car("Polestar")

    async def makes(header: str | None = None, **query: str) -> set[str]:
        reply = await api.get("/v3/connections", header, **{"page[size]": "50"} | query)
        assert reply.status == 200
        return {entry["attributes"]["vehicle"]["model"] for entry in reply.json["data"]}

    assert await makes(**{"filter[userId]": user}) == {"EX30", "Polestar 2"}
    assert await makes(user) == {"EX30", "Polestar 2"}
    assert await makes("another", **{"filter[userId]": user}) == set()
    assert await makes(**{"filter[userId]": user, "filter[vehicleId]": vehicle}) == {"Polestar 2"}
    assert await makes(**{"filter[user.externalId]": "acct-105"}) == {"Model 3"}
    assert await makes(**{"filter[vehicle.mode]": "simulated"}) == {"Model Y", "ID. Buzz"}
    assert len(await makes()) == 14


async def test_owners_with_and_without_external_id(api: RawClient) -> None:
    """Present, null and absent all occur, and a powertrain that is not told."""
    reply = await api.get("/v3/connections", **{"page[size]": "50"})
    users = {entry["attributes"]["vehicle"]["model"]: entry["attributes"]["user"] for entry in reply.json["data"]}
    assert users["EX30"]["externalId"] == "acct-42"
    assert users["V60"]["externalId"] is None
    assert "externalId" not in users["LEAF"]
    vehicles = [entry["attributes"]["vehicle"] for entry in reply.json["data"]]
    assert [vehicle["model"] for vehicle in vehicles if "powertrainType" not in vehicle] == ["IONIQ 5"]


async def test_a_bad_query_names_every_field(api: RawClient) -> None:
    """Validation answers with one entry a field."""
    query = {"page[number]": "0", "page[size]": "many", "filter[vehicle.mode]": "fake"}
    reply = await api.get("/v3/connections", **query)
    assert reply.status == 400
    entries = reply.json["errors"]
    assert {(entry["type"], entry["code"]) for entry in entries} == {("VALIDATION", "INVALID_INPUT_FORMAT")}
    assert [entry["detail"].split()[0] for entry in entries] == ["filter[vehicle.mode]", "page[number]", "page[size]"]
    assert (await api.get("/v3/connections", **{"page[size]": "9" * 5000})).status == 400


async def test_deleting_a_connection_and_a_user(api: RawClient) -> None:
    """204 without a body; what is gone is not found."""
    vehicle, _ = api.car("Tesla")
    connection = api.sim.world.connection_of(vehicle)
    assert connection is not None
    deleted = await api.get(f"/v3/connections/{connection.id}", method="DELETE")
    assert (deleted.status, deleted.body) == (204, b"")
    assert (await api.get(f"/v3/connections/{connection.id}", method="DELETE")).status == 404
    assert (await api.get(f"/v3/vehicles/{vehicle}")).error["code"] == "VEHICLE_NOT_FOUND"
    _, user = api.car("Polestar")
    assert (await api.get(f"/v3/users/{user}", method="DELETE")).status == 204
    listed = await api.get("/v3/connections")
    assert listed.json["meta"]["totalCount"] == 11


async def test_a_vehicle(api: RawClient) -> None:
    """Wrapped, and bare as the older fixtures have it; the year as text."""
    vehicle, _ = api.car("Tesla")
    attributes = {"make": "TESLA", "model": "Model 3", "year": 2023, "powertrainType": "BEV", "mode": "live"}
    links = {"self": f"{api.sim.url}/v3/vehicles/{vehicle}"}
    path = f"/v3/vehicles/{vehicle}"
    resource = {"id": vehicle, "type": "vehicle", "attributes": attributes, "links": links}
    assert (await api.get(path)).json == {"data": resource}
    api.sim.switches.year = "text"
    assert (await api.get(path)).json["data"]["attributes"]["year"] == "2023"
    api.sim.switches.single = "bare"
    old = {"make": "TESLA", "model": "Model 3", "year": "2023"}
    assert (await api.get(path)).json == {**resource, "attributes": old}


async def test_the_list_of_signals(api: RawClient) -> None:
    """All in one page, the vehicle included, links absolute."""
    vehicle, user = api.car("Volvo")
    path = f"/v3/vehicles/{vehicle}/signals"
    document = (await api.get(path, user)).json
    assert set(document) == {"data", "meta", "links", "included"}
    count = len(document["data"])
    assert document["meta"] == {"totalCount": count, "pageSize": count, "pageNumber": 1}
    assert document["links"] == {"self": api.sim.url + path}
    assert document["included"]["vehicle"]["attributes"]["model"] == "EX30"
    codes = {entry["id"]: entry for entry in document["data"]}
    assert set(codes) >= {"tractionbattery-stateofcharge", "closure-islocked", "charge-chargetimers"}
    charge = codes["tractionbattery-stateofcharge"]
    assert charge["type"] == "signal"
    assert set(charge) == {"id", "type", "attributes", "meta", "links"}
    assert charge["attributes"]["status"] == {"value": "SUCCESS"}
    assert charge["attributes"]["body"]["unit"] == "percent"
    assert charge["links"]["self"] == f"{api.sim.url}{path}/tractionbattery-stateofcharge"


async def test_one_signal(api: RawClient) -> None:
    """The same resource as in the list, wrapped or bare; a refusal inside it does not fail the call."""
    listed = (await api.signals("Volvo")).json["data"]
    single = await api.signals("Volvo", "odometer-traveleddistance")
    assert single.json["data"] in listed
    assert single.json["included"]["vehicle"]["type"] == "vehicle"
    refused = await api.signals("Volvo", "internalcombustionengine-range")
    assert refused.status == 200
    assert refused.json["data"]["attributes"]["status"]["error"]["code"] == "VEHICLE_NOT_CAPABLE"
    unknown = await api.signals("Volvo", "odometer-traveledistance")
    assert (unknown.status, unknown.error["code"]) == (404, "SIGNAL_NOT_FOUND")
    api.sim.switches.single = "bare"
    assert (await api.signals("Volvo", "odometer-traveleddistance")).json == single.json["data"]


async def test_a_list_is_fresh_after_every_report_and_every_switch(api: RawClient) -> None:
    """What is encoded once is not served twice too long."""
    vehicle = api.sim.world.find("Tesla")
    before = (await api.signals("Tesla")).body
    assert (await api.signals("Tesla")).body == before
    vehicle.report(api.sim.world.now)
    again = (await api.signals("Tesla")).body
    assert again != before
    vehicle.car.unlock()
    vehicle.report(api.sim.world.now)
    locked = {entry["id"]: entry for entry in (await api.signals("Tesla")).json["data"]}["closure-islocked"]
    assert locked["attributes"]["body"] == {"value": False}
    api.sim.switches.times = "milliseconds"
    assert isinstance((await api.signals("Tesla")).json["data"][0]["meta"]["ingestedAt"], int)
    connection = api.sim.world.connection_of(vehicle.id)
    assert connection is not None
    connection.permissions = ()
    statuses = {entry["attributes"]["status"]["value"] for entry in (await api.signals("Tesla")).json["data"][:20]}
    assert statuses == {"ERROR"}


async def test_older_paging_names_and_no_included_vehicle(api: RawClient) -> None:
    """The forms that older pages show."""
    api.sim.switches.paging = "older"
    api.sim.switches.included = False
    connections = (await api.get("/v3/connections")).json
    assert connections["meta"]["page"] == 1
    assert "previous" in connections["links"]
    assert "prev" not in connections["links"]
    signals = (await api.signals("Tesla")).json
    assert signals["meta"]["page"] == 1
    assert "included" not in signals
    assert "included" not in (await api.signals("Tesla", "odometer-traveleddistance")).json


async def test_a_vehicle_that_never_had_a_subscription(api: RawClient) -> None:
    """An empty list and a missing signal; or a missing list."""
    empty = await api.signals("Kia")
    assert (empty.status, empty.json["data"], empty.json["meta"]["totalCount"]) == (200, [], 0)
    assert (await api.signals("Kia", "odometer-traveleddistance")).status == 404
    api.sim.switches.unsubscribed = "not_found"
    assert (await api.signals("Kia")).status == 404
    api.sim.world.find("Kia").subscribed = True
    assert len((await api.signals("Kia")).json["data"]) > 20


async def test_who_may_read_signals(api: RawClient) -> None:
    """The owner must be named, and must be the owner."""
    vehicle, _ = api.car("Tesla")
    _, stranger = api.car("Volvo")
    path = f"/v3/vehicles/{vehicle}/signals"
    missing = await api.get(path)
    assert (missing.status, missing.error["type"], missing.error["code"], missing.error["detail"]) == (
        400,
        "VALIDATION",
        "MISSING_PARAMETER",
        "missing userId",
    )
    denied = await api.get(path, stranger)
    assert (denied.status, denied.error["type"], denied.error["code"]) == (403, "AUTHENTICATION", "ACCESS_DENIED")
