"""Tokens, owners, what is compatible, and the application's connections: what goes out exactly, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from smartcar_async import (
    ConfigurationError,
    DecodeError,
)
from smartcar_async.v2 import (
    Capability,
    Client,
    Compatibility,
    CompatibilityMatrix,
    CompatibilityMatrixEntry,
    Connection,
    Connections,
    CursorPaging,
    DeletedConnections,
    Paging,
    User,
    VehicleIds,
)

from .fakes import Outcome, Sent, Wire, always, answer, in_turn, mocked
from .v2 import (
    AMT,
    API_V2,
    BASIC,
    BASIC_AMT,
    ID,
    MANAGEMENT_V2,
    META,
    TOKEN,
    Use,
    client,
    json_answer,
    request_headers,
)

VIN = "5YJ3E1EA7KF317000"
LISTED = {
    "connections": [
        {"userId": "user-1", "vehicleId": ID, "connectedAt": "2026-01-05T10:00:00.000Z", "mode": "live"},
        "nonsense",
    ],
    "paging": {"cursor": "a+b/c=="},
}
MATRIX = {
    "NISSAN": [
        {
            "model": "LEAF",
            "startYear": 2018,
            "endYear": "2022",
            "type": "BEV",
            "endpoints": ["EV battery"],
            "permissions": ["read_battery"],
        }
    ],
    "meta": {"requestId": "x"},
}
COMPATIBLE = {
    "compatible": True,
    "reason": None,
    "capabilities": [
        {"permission": "read_fuel", "endpoint": "/fuel", "capable": False, "reason": "VEHICLE_NOT_CAPABLE"}
    ],
}


def get(path: str, authorization: str = f"Bearer {TOKEN}", origin: str = API_V2) -> Sent:
    """A GET without a body."""
    return Sent("GET", f"{origin}{path}", request_headers(authorization))


CALLS: dict[str, tuple[Use, object, Sent, object]] = {
    "get_user": (lambda it: it.get_user(TOKEN), {"id": "user-1"}, get("/v2.0/user"), User("user-1", meta=META)),
    "get_vehicles": (
        lambda it: it.get_vehicles(TOKEN),
        {"vehicles": ["a", "b"], "paging": {"count": 2, "offset": 0}},
        get("/v2.0/vehicles"),
        VehicleIds(("a", "b"), Paging(2, 0), meta=META),
    ),
    "get_vehicles, a page": (
        lambda it: it.get_vehicles(TOKEN, limit=1, offset=0),
        {"vehicles": []},
        get("/v2.0/vehicles?limit=1&offset=0"),
        VehicleIds(meta=META),
    ),
    "get_compatibility": (
        lambda it: it.get_compatibility(VIN, ["read_odometer", "read_fuel"]),
        COMPATIBLE,
        get(f"/v2.0/compatibility?vin={VIN}&scope=read_odometer%20read_fuel&country=US", BASIC),
        Compatibility(True, None, (Capability("read_fuel", "/fuel", False, "VEHICLE_NOT_CAPABLE"),), meta=META),
    ),
    "get_compatibility, with everything": (
        lambda it: it.get_compatibility(
            VIN,
            "read_odometer  required:read_fuel",
            "GB",
            mode="test",
            test_mode_compatibility_level="phev",
            flags={"a": True},
            version="1.0",
        ),
        {"compatible": False, "reason": "MAKE_NOT_COMPATIBLE"},
        get(
            f"/v1.0/compatibility?vin={VIN}&scope=read_odometer%20required%3Aread_fuel&country=GB&flags=a%3Atrue"
            "&mode=test&test_mode_compatibility_level=phev",
            BASIC,
        ),
        Compatibility(False, "MAKE_NOT_COMPATIBLE", meta=META),
    ),
    "get_compatibility, of simulated cars": (
        lambda it: it.get_compatibility(
            VIN, ["read_vin"], None, mode="Simulated", test_mode_compatibility_level="phev", flags={"n": 100}
        ),
        {},
        get(
            f"/v2.0/compatibility?vin={VIN}&scope=read_vin&country=US&flags=n%3A100"
            "&mode=simulated&test_mode_compatibility_level=phev",
            BASIC,
        ),
        Compatibility(meta=META),
    ),
    "get_compatibility, at a level": (
        lambda it: it.get_compatibility(VIN, ["read_vin"], test_mode_compatibility_level="bev"),
        {},
        get(
            f"/v2.0/compatibility?vin={VIN}&scope=read_vin&country=US&mode=test&test_mode_compatibility_level=bev",
            BASIC,
        ),
        Compatibility(meta=META),
    ),
    "get_compatibility_matrix": (
        lambda it: it.get_compatibility_matrix("US"),
        MATRIX,
        get("/v2.0/compatibility/matrix?region=US", BASIC),
        CompatibilityMatrix(
            {"NISSAN": (CompatibilityMatrixEntry("LEAF", 2018, 2022, "BEV", ("EV battery",), ("read_battery",)),)},
            meta=META,
        ),
    ),
    "get_compatibility_matrix, with everything": (
        lambda it: it.get_compatibility_matrix(
            "EUROPE",
            scope="read_vin read_fuel",
            make=["NISSAN", "TESLA"],
            type="BEV",
            mode="simulated",
            version="2.1",
            flags={"a": "b"},
        ),
        {},
        get(
            "/v2.1/compatibility/matrix?region=EUROPE&scope=read_vin%20read_fuel&make=NISSAN%20TESLA&type=BEV"
            "&flags=a%3Ab&mode=simulated",
            BASIC,
        ),
        CompatibilityMatrix(meta=META),
    ),
    "get_connections": (
        lambda it: it.get_connections(AMT),
        LISTED,
        get("/v2.0/management/connections", BASIC_AMT, MANAGEMENT_V2),
        Connections(
            (Connection(ID, "user-1", datetime(2026, 1, 5, 10, tzinfo=UTC), "live"), Connection()),
            CursorPaging("a+b/c=="),
            meta=META,
        ),
    ),
    "get_connections, with everything": (
        lambda it: it.get_connections(AMT, user_id="u/1", vehicle_id="v&1", mode="live", limit=5, cursor="a+b/c=="),
        {"connections": []},
        get(
            "/v2.0/management/connections?user_id=u%2F1&vehicle_id=v%261&mode=live&limit=5&cursor=a%2Bb%2Fc%3D%3D",
            BASIC_AMT,
            MANAGEMENT_V2,
        ),
        Connections(meta=META),
    ),
    "delete_connections of a user": (
        lambda it: it.delete_connections(AMT, user_id="user-1"),
        {"connections": [{"userId": "user-1", "vehicleId": ID}]},
        Sent("DELETE", f"{MANAGEMENT_V2}/v2.0/management/connections?user_id=user-1", request_headers(BASIC_AMT)),
        DeletedConnections((Connection(ID, "user-1"),), meta=META),
    ),
    "delete_connections of a vehicle": (
        lambda it: it.delete_connections(AMT, vehicle_id=ID),
        {"connections": []},
        Sent("DELETE", f"{MANAGEMENT_V2}/v2.0/management/connections?vehicle_id={ID}", request_headers(BASIC_AMT)),
        DeletedConnections(meta=META),
    ),
}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire()) as made:
        yield made


@pytest.mark.parametrize("name", CALLS)
async def test_a_call(wire: Wire, name: str) -> None:
    """One request with the credential that it needs, and the record of what is documented."""
    use, document, sent, record = CALLS[name]
    wire.api = always(json_answer(document))
    async with client() as smartcar:
        found = await use(smartcar)
    assert wire.calls == [sent]
    assert found == record
    assert found.raw == document


async def test_all_vehicles(wire: Wire) -> None:
    """They are fetched page by page, each beginning where the last one ended."""
    wire.api = in_turn(
        json_answer({"vehicles": ["a", "b"], "paging": {"count": 3, "offset": 0}}),
        json_answer({"vehicles": ["c"], "paging": {"count": 3, "offset": 2}}),
    )
    async with client() as smartcar:
        vehicles = smartcar.iter_vehicles(TOKEN, page_size=2)
        assert [vehicle async for vehicle in vehicles] == ["a", "b", "c"]
    assert wire.calls == [get("/v2.0/vehicles?limit=2"), get("/v2.0/vehicles?limit=2&offset=2")]


async def test_all_vehicles_where_nobody_counts(wire: Wire) -> None:
    """Without a total, an empty page is the last."""
    wire.api = in_turn(json_answer({"vehicles": ["a"]}), json_answer({"vehicles": []}))
    async with client() as smartcar:
        assert [vehicle async for vehicle in smartcar.iter_vehicles(TOKEN)] == ["a"]
    assert wire.calls == [get("/v2.0/vehicles"), get("/v2.0/vehicles?offset=1")]


async def test_all_vehicles_but_one(wire: Wire) -> None:
    """An entry that is no id costs no neighbour, and moves no page."""
    wire.api = in_turn(
        json_answer({"vehicles": ["a", None]}), json_answer({"vehicles": ["b"]}), json_answer({"vehicles": []})
    )
    async with client() as smartcar:
        assert [vehicle async for vehicle in smartcar.iter_vehicles(TOKEN)] == ["a", "b"]
    assert [sent.url.partition("?")[2] for sent in wire.calls] == ["", "offset=2", "offset=3"]


def connections(number: int, cursor: str | None) -> Outcome:
    """A page of one connection."""
    return json_answer({"connections": [{"vehicleId": f"v{number}", "userId": "u"}], "paging": {"cursor": cursor}})


async def test_all_connections(wire: Wire) -> None:
    """The cursor of each page leads to the next; each iteration starts anew, and a page can be asked for by number."""
    told = [connections(1, "one"), connections(2, "two"), connections(3, None)]
    wire.api = in_turn(*told, *told, *told[:2], told[1])
    async with client() as smartcar:
        everything = smartcar.iter_connections(AMT, user_id="u", mode="test", page_size=1)
        for _ in range(2):
            assert [connection.vehicle_id async for connection in everything] == ["v1", "v2", "v3"]
        other = smartcar.iter_connections(AMT)
        second = await other.page(2)
        assert ([one.vehicle_id for one in second.items], second.number, second.has_next) == (["v2"], 2, True)
        assert (await other.page(2)).items == second.items
    start = "/v2.0/management/connections?user_id=u&mode=test&limit=1"
    assert [sent.url.removeprefix(MANAGEMENT_V2) for sent in wire.calls] == [
        *[start, f"{start}&cursor=one", f"{start}&cursor=two"] * 2,
        "/v2.0/management/connections",
        "/v2.0/management/connections?cursor=one",
        "/v2.0/management/connections?cursor=one",
    ]


async def test_a_page_beyond_the_last(wire: Wire) -> None:
    """It is empty, and found out by walking there."""
    wire.api = in_turn(connections(1, "one"), connections(2, None))
    async with client() as smartcar:
        page = await smartcar.iter_connections(AMT).page(4)
    assert (page.items, page.number, page.has_next) == ((), 4, False)


async def test_an_empty_page_is_not_the_end(wire: Wire) -> None:
    """Only the cursor tells; but a second empty page after the first one is no progress."""
    empty = [
        json_answer({"connections": [], "paging": {"cursor": cursor}}) for cursor in ("two", "three", "four", "five")
    ]
    wire.api = in_turn(connections(1, "one"), empty[0], connections(2, "x"), *empty[1:])
    async with client() as smartcar:
        assert [one.vehicle_id async for one in smartcar.iter_connections(AMT)] == ["v1", "v2"]
    assert len(wire.calls) == 5


@pytest.mark.parametrize("number", [0, -1, 1.0, True, "1", None])
async def test_pages_are_counted_from_one(wire: Wire, number: Any) -> None:
    """Another number is refused before anything is sent."""
    async with client() as smartcar:
        with pytest.raises(ConfigurationError, match=r"^number: "):
            await smartcar.iter_connections(AMT).page(number)
    assert wire.calls == []


async def test_a_cursor_that_comes_back_ends_the_list(wire: Wire) -> None:
    """Otherwise the iteration would never end."""
    wire.api = in_turn(connections(1, "one"), connections(2, "two"), connections(3, "one"))
    async with client() as smartcar:
        found = [one.vehicle_id async for one in smartcar.iter_connections(AMT)]
    assert found == ["v1", "v2", "v3"]


async def test_lists_that_go_round_in_a_ring_end(wire: Wire) -> None:
    """Cursors and offsets that are always new lead nowhere, if the pages come again: each entry comes once."""
    wire.api = lambda _: connections(len(wire.calls) % 3, f"cursor-{len(wire.calls)}")
    async with client() as smartcar:
        found = [one.vehicle_id async for one in smartcar.iter_connections(AMT)]
        assert (found, len(wire.calls)) == (["v1", "v2", "v0"], 5)
        wire.calls.clear()
        wire.api = lambda _: json_answer({"vehicles": [f"v{len(wire.calls) % 2}"], "paging": {"count": 10**9}})
        assert [vehicle async for vehicle in smartcar.iter_vehicles(TOKEN)] == ["v1", "v0"]
        assert len(wire.calls) == 4


async def test_a_list_that_is_none_cannot_be_read(wire: Wire) -> None:
    """An answer without its list must not look like an empty list."""
    wire.api = always(json_answer({"vehicles": None}))
    async with client() as smartcar:
        with pytest.raises(DecodeError, match="vehicles: expected a list, got null"):
            await smartcar.get_vehicles(TOKEN)
        wire.api = always(json_answer({"connections": [], "paging": "x"}))
        with pytest.raises(DecodeError, match="paging: expected an object, got a text"):
            await smartcar.get_connections(AMT)


async def test_a_lost_deletion_of_connections_is_sent_again(wire: Wire) -> None:
    """404 then means that all are gone; which ones, the lost answer told."""
    gone = answer({"type": "RESOURCE_NOT_FOUND", "code": "PATH"}, 404)
    wire.api = in_turn(ServerDisconnectedError("gone"), gone)
    async with client() as smartcar:
        assert await smartcar.delete_connections(AMT, user_id="u") == DeletedConnections()


@pytest.mark.parametrize(("old", "mode"), [(True, "test"), (False, "live")])
async def test_the_old_name_of_the_mode_warns(wire: Wire, old: bool, mode: str) -> None:
    """It works still, and whoever awaits the call is shown the line and the name that takes its place."""
    wire.api = always(answer({}))
    async with client() as smartcar:
        with pytest.warns(DeprecationWarning, match=f"^test_mode: deprecated, .* give mode='{mode}'$") as told:
            await smartcar.get_compatibility(VIN, ["read_vin"], test_mode=old)
        with pytest.warns(DeprecationWarning, match=f"^test_mode: deprecated, .* give mode='{mode}'$") as told_too:
            await smartcar.get_compatibility_matrix("US", test_mode=old)
    assert [one.filename for one in (*told, *told_too)] == [__file__, __file__]
    assert [f"mode={mode}" in sent.url for sent in wire.calls] == [True, True]


def mistakes(smartcar: Client) -> list[tuple[Awaitable[object], str]]:
    """Arguments that cannot be right, and how they are refused."""
    wrong: Any = object()
    it = smartcar
    return [
        (it.delete_connections(AMT), "user_id, vehicle_id: give one of them"),
        (it.delete_connections(AMT, user_id="u", vehicle_id="v"), "user_id, vehicle_id: give one of them"),
        (it.delete_connections(AMT, user_id=" "), "user_id: "),
        (it.delete_connections("", user_id="u"), "amt: "),
        (it.get_connections("a\nb"), "amt: "),
        (it.get_connections(AMT, limit=0), "limit: .* at least 1"),
        (it.get_connections(AMT, cursor=""), "cursor: "),
        (it.get_connections(AMT, mode="demo"), "mode: give one of"),
        (it.get_vehicles(TOKEN, limit=True), "limit: "),
        (it.get_vehicles("to\nken"), "token: "),
        (it.get_vehicles(wrong), "token: give an access token"),
        (it.get_vehicle(TOKEN, ""), "vehicle_id: "),
        (it.get_compatibility("", ["read_vin"]), "vin: "),
        (it.get_compatibility(VIN, []), "scope: give at least one"),
        (it.get_compatibility(VIN, [" "]), "scope: give at least one"),
        (it.get_compatibility(VIN, wrong), "scope: give a list"),
        (it.get_compatibility(VIN, "read_vin", test_mode=wrong), "test_mode: give True or False"),
        (it.get_compatibility_matrix("US", make=[wrong]), "make: give at least one"),
        (it.get_compatibility(VIN, ["read_vin"], ""), "country: "),
        (it.get_compatibility(VIN, ["read_vin"], mode="demo"), "mode: give one of live, test, simulated"),
        (it.get_compatibility(VIN, ["read_vin"], mode="live", test_mode=True), "mode, test_mode: give one"),
        (
            it.get_compatibility(VIN, "read_vin", mode="live", test_mode_compatibility_level="bev"),
            "goes with mode='test' or mode='simulated'$",
        ),
        (it.get_compatibility(VIN, "read_vin", test_mode_compatibility_level=""), "test_mode_compatibility_level: "),
        (it.get_compatibility(VIN, "read_vin", version="3"), "version: API v3"),
        (it.get_compatibility_matrix(""), "region: "),
        (it.get_compatibility_matrix("US", type=""), "type: "),
        (it.get_compatibility_matrix("US", make=""), "make: "),
        (it.exchange_code(""), "code: "),
        (it.exchange_refresh_token(" "), "refresh_token: "),
    ]


async def test_nothing_is_sent_for_arguments_that_cannot_be_right(wire: Wire) -> None:
    """Each is refused by its name, before any request."""
    async with client() as smartcar:
        with pytest.raises(ConfigurationError, match="limit: "):
            smartcar.iter_vehicles(TOKEN, page_size=0)
        with pytest.raises(ConfigurationError, match="limit: "):
            smartcar.iter_connections(AMT, page_size=0)
        for use, reason in mistakes(smartcar):
            with pytest.raises(ConfigurationError, match=reason):
                await use
    assert wire.calls == []
