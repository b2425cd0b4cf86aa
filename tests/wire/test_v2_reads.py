"""Every read of a vehicle through API v2.0: what goes out exactly, and the record of the documented answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from smartcar_async import DecodeError, PermissionDenied, Settings, UnitSystem, signals
from smartcar_async.body_enums import CapacitySource, ChargeState, SystemState
from smartcar_async.v2 import (
    Attributes,
    AvailableCapacity,
    Battery,
    BatteryCapacity,
    Charge,
    ChargeLimit,
    DiagnosticSystemStatus,
    DiagnosticSystemStatusResponse,
    DiagnosticTroubleCode,
    DiagnosticTroubleCodesResponse,
    EngineOil,
    Fuel,
    Location,
    NominalCapacity,
    Odometer,
    Opening,
    Paging,
    Permissions,
    RatedCapacity,
    SecurityResponse,
    ServiceCost,
    ServiceDetail,
    ServiceHistory,
    ServiceRecord,
    ServiceTask,
    TirePressure,
    Vehicle,
    Vin,
)

from . import documents
from .fakes import API, Answer, Sent, Wire, always, answer, mocked
from .v2 import AMT, ID, MARKS, META, TOKEN, car, client, json_answer, request_headers, vehicle_request

Read = Callable[[Vehicle], Awaitable[Any]]

SERVICE = {
    "serviceId": "s-1",
    "serviceDate": "2025-11-03T09:00:00.000Z",
    "odometerDistance": 30120.0,
    "serviceTasks": [{"taskId": 9, "taskDescription": "Cabin filter"}],
    "serviceDetails": [{"type": "dealer", "value": None}],
    "serviceCost": {"totalCost": "120.5", "currency": "USD"},
}
SERVICE_RECORD = ServiceRecord(
    "s-1",
    datetime(2025, 11, 3, 9, tzinfo=UTC),
    30120.0,
    (ServiceTask("9", "Cabin filter"),),
    (ServiceDetail("dealer"),),
    ServiceCost(120.5, "USD"),
    meta=META,
)
LOCKED: dict[str, Any] = {
    "isLocked": True,
    "doors": [{"type": "frontLeft", "status": "CLOSED"}, {"type": "backLeft", "status": "LOCKED"}],
    "windows": [],
    "sunroof": [{"type": "sunroof", "status": "UNKNOWN"}],
    "storage": [{"type": "rear", "status": "OPEN"}],
    "chargingPort": [{"type": "chargingPort", "status": "CLOSED"}],
}
NOMINAL = {
    "availableCapacities": [{"capacity": 64.0, "description": "BEV:Single Motor"}],
    "capacity": {"nominal": 64.0, "source": "SMARTCAR"},
    "url": None,
}
SYSTEMS = {"systems": [{"systemId": "SYSTEM_TPMS", "status": "ALERT", "description": "battery low"}]}
CODES = {"activeCodes": [{"code": "P0420", "timestamp": "2026-03-02T07:15:00.000Z"}, {"code": "P302D"}]}

READS: list[tuple[str, Read, str, object, object]] = [
    (
        "attributes",
        lambda car: car.attributes(),
        "",
        {"id": ID, "make": "VOLVO", "model": "EX30", "year": "2025"},
        Attributes(ID, "VOLVO", "EX30", 2025, meta=META),
    ),
    ("vin", lambda car: car.vin(), "/vin", {"vin": "XXSAMPLE000000001"}, Vin("XXSAMPLE000000001", meta=META)),
    (
        "permissions",
        lambda car: car.permissions(),
        "/permissions",
        {"permissions": ["read_battery", "read_moon"], "paging": {"count": 2, "offset": 0}},
        Permissions(("read_battery", "read_moon"), Paging(2, 0), meta=META),
    ),
    (
        "permissions, a page",
        lambda car: car.permissions(10, 20),
        "/permissions?limit=10&offset=20",
        {"permissions": []},
        Permissions(meta=META),
    ),
    (
        "battery",
        lambda car: car.battery(),
        "/battery",
        {"percentRemaining": 0.62, "range": 287.4},
        Battery(287.4, 0.62, meta=META),
    ),
    (
        "battery_capacity",
        lambda car: car.battery_capacity(),
        "/battery/capacity",
        {"capacity": 66.5},
        BatteryCapacity(66.5, meta=META),
    ),
    (
        "nominal_capacity",
        lambda car: car.nominal_capacity(),
        "/battery/nominal_capacity",
        NOMINAL,
        NominalCapacity(
            (AvailableCapacity(64.0, "BEV:Single Motor"),), RatedCapacity(64.0, CapacitySource.SMARTCAR), meta=META
        ),
    ),
    (
        "charge",
        lambda car: car.charge(),
        "/charge",
        {"isPluggedIn": True, "state": "CHARGING"},
        Charge(True, ChargeState.CHARGING, meta=META),
    ),
    (
        "get_charge_limit",
        lambda car: car.get_charge_limit(),
        "/charge/limit",
        {"limit": 0.9},
        ChargeLimit(0.9, meta=META),
    ),
    (
        "fuel",
        lambda car: car.fuel(),
        "/fuel",
        {"percentRemaining": 0.44, "amountRemaining": None},
        Fuel(None, 0.44, None, meta=META),
    ),
    ("engine_oil", lambda car: car.engine_oil(), "/engine/oil", {"lifeRemaining": 0.58}, EngineOil(0.58, meta=META)),
    (
        "tire_pressure",
        lambda car: car.tire_pressure(),
        "/tires/pressure",
        {"frontLeft": 240.0, "frontRight": 241.5, "backLeft": 238, "backRight": None},
        TirePressure(240.0, 241.5, 238, None, meta=META),
    ),
    ("odometer", lambda car: car.odometer(), "/odometer", {"distance": 18234.6}, Odometer(18234.6, meta=META)),
    (
        "location",
        lambda car: car.location(),
        "/location",
        {"latitude": 57.71, "longitude": 11.94},
        Location(57.71, 11.94, meta=META),
    ),
    (
        "lock_status",
        lambda car: car.lock_status(),
        "/security",
        LOCKED,
        SecurityResponse(
            True,
            (Opening("frontLeft", "CLOSED"), Opening("backLeft", "LOCKED")),
            (),
            (Opening("sunroof", "UNKNOWN"),),
            (Opening("rear", "OPEN"),),
            (Opening("chargingPort", "CLOSED"),),
            meta=META,
        ),
    ),
    (
        "service_history",
        lambda car: car.service_history(),
        "/service/history",
        [SERVICE],
        ServiceHistory((SERVICE_RECORD,), meta=META),
    ),
    (
        "service_history, between dates",
        lambda car: car.service_history("2025-01-01", date(2026, 3, 2)),
        "/service/history?start_date=2025-01-01&end_date=2026-03-02",
        SERVICE,
        ServiceHistory((SERVICE_RECORD,), meta=META),
    ),
    (
        "service_history, from a moment",
        lambda car: car.service_history(datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))),
        "/service/history?start_date=2024-12-31T23%3A00%3A00.000Z",
        [],
        ServiceHistory(meta=META),
    ),
    (
        "diagnostic_system_status",
        lambda car: car.diagnostic_system_status(),
        "/diagnostics/system_status",
        SYSTEMS,
        DiagnosticSystemStatusResponse(
            (DiagnosticSystemStatus("SYSTEM_TPMS", SystemState.ALERT, "battery low"),), meta=META
        ),
    ),
    (
        "diagnostic_trouble_codes",
        lambda car: car.diagnostic_trouble_codes(),
        "/diagnostics/dtcs",
        CODES,
        DiagnosticTroubleCodesResponse(
            (
                DiagnosticTroubleCode("P0420", datetime(2026, 3, 2, 7, 15, tzinfo=UTC)),
                DiagnosticTroubleCode("P302D"),
            ),
            meta=META,
        ),
    ),
]
reads = pytest.mark.parametrize(
    ("use", "path", "document", "record"), [row[1:] for row in READS], ids=[row[0] for row in READS]
)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire()) as made:
        yield made


@reads
async def test_a_read(wire: Wire, use: Read, path: str, document: object, record: object) -> None:
    """One GET with the user's token and the unit system, and the record of what is documented."""
    wire.api = always(json_answer(document))
    async with client() as smartcar:
        found = await use(car(smartcar))
    assert wire.calls == [vehicle_request("GET", path)]
    assert found == record
    assert found.raw == document
    assert not wire.tokens


async def test_units_flags_and_version_are_the_vehicles_own(wire: Wire) -> None:
    """What a handle was made with goes into each of its requests."""
    wire.api = always(json_answer({"distance": 1}))
    async with client(version="1.0") as smartcar:
        asked = smartcar.vehicle("a/b ?", "access-2", "imperial", {"country": "DE", "test": True, "color": "00819D"})
        await asked.odometer()
        await smartcar.vehicle(ID, "access-2", version="2").odometer()
    assert (asked.id, asked.unit_system, asked.version) == ("a/b ?", UnitSystem.IMPERIAL, "1.0")
    assert asked.flags == {"country": "DE", "test": True, "color": "00819D"}
    headers = request_headers("Bearer access-2", units="imperial")
    flags = "flags=country%3ADE%20test%3Atrue%20color%3A00819D"
    assert wire.calls[0] == Sent("GET", f"https://api.smartcar.com/v1.0/vehicles/a%2Fb%20%3F/odometer?{flags}", headers)
    assert wire.calls[1].url == f"https://api.smartcar.com/v2.0/vehicles/{ID}/odometer"


async def test_the_settings_units_are_the_default(wire: Wire) -> None:
    """Without units of its own, a handle asks in those of the settings."""
    wire.api = always(json_answer({"distance": 1}))
    async with client(settings=Settings(unit_system=UnitSystem.IMPERIAL)) as smartcar:
        await car(smartcar).odometer()
        await car(smartcar, unit_system="metric").odometer()
    assert [sent.headers["SC-Unit-System"] for sent in wire.calls] == ["imperial", "metric"]


@pytest.mark.parametrize(
    ("pages", "names", "granted"),
    [
        ([(["read_vin", "read_fuel"], 2)], ["required:read_vin"], True),
        ([(["read_vin"], 2), (["read_fuel"], 2)], "read_vin required:read_fuel", True),
        ([(["read_vin"], 2), (["read_fuel"], 2)], ["read_vin", "read_tires"], False),
        ([(["read_vin"], 5), (list[str](), 5)], ["read_fuel"], False),
        ([(["read_vin"], None)], ["read_fuel"], False),
    ],
)
async def test_permissions_are_looked_up_page_by_page(
    wire: Wire, pages: list[tuple[list[str], int | None]], names: Any, granted: bool
) -> None:
    """Every page is asked for until all names are found, or there are no more."""
    told = [
        json_answer({"permissions": words, **({} if count is None else {"paging": {"count": count, "offset": 0}})})
        for words, count in pages
    ]
    wire.api = lambda _: told[len(wire.calls) - 1]
    async with client() as smartcar:
        assert await car(smartcar).has_permissions(names) is granted
    assert (
        wire.calls
        == [vehicle_request("GET", "/permissions"), vehicle_request("GET", "/permissions?offset=1")][: len(pages)]
    )


async def test_permissions_from_a_server_that_ignores_the_offset(wire: Wire) -> None:
    """The same page again is the end: its total could cost the whole budget of requests."""
    wire.api = always(json_answer({"permissions": ["read_vin"], "paging": {"count": 10**9, "offset": 0}}))
    async with client() as smartcar:
        assert not await car(smartcar).has_permissions("read_fuel")
    assert len(wire.calls) == 2


async def test_a_success_without_a_body(wire: Wire) -> None:
    """It is the record of the call, in which nothing is known; lists are empty, and walks end."""
    wire.api = always(Answer(204, b"", MARKS))
    async with client() as smartcar:
        read = car(smartcar)
        assert await read.odometer() == Odometer(meta=META)
        assert await read.service_history() == ServiceHistory(meta=META)
        assert await read.permissions() == Permissions(meta=META)
        assert not await read.has_permissions("read_odometer")
        assert [vehicle async for vehicle in smartcar.iter_vehicles(TOKEN)] == []
        assert [connection async for connection in smartcar.iter_connections(AMT)] == []


async def test_permissions_that_go_round_in_a_ring(wire: Wire) -> None:
    """A page that was there before is the end as well."""
    names = ("read_vin", "read_fuel", "read_tires")
    wire.api = lambda _: json_answer({"permissions": [names[len(wire.calls) % 3]], "paging": {"count": 10**9}})
    async with client() as smartcar:
        assert not await car(smartcar).has_permissions("read_odometer")
    assert len(wire.calls) == 4


async def test_signals_of_v3(wire: Wire) -> None:
    """They come from the other host with the same token, as the records that v3 has for them."""
    key = signals.TractionBattery.StateOfCharge
    async with client() as smartcar:
        asked = car(smartcar, flags={"a": False})
        wire.api = always(json_answer(documents.signal_list()))
        many = await asked.get_signals()
        wire.api = always(answer(documents.signal()))
        one, named = await asked.get_signal(key), await asked.get_signal(key.code)
        wire.api = always(json_answer({"data": documents.vehicle(ID)}))
        vehicle = await smartcar.get_vehicle("access-2", ID, flags={"b": True})
    assert many.body[key].require().value == one.body.require().value == named.body.value == 57
    assert (many.meta, one.meta.request_id, many.headers["sc-request-id"]) == (META, None, META.request_id)
    assert (vehicle.body.id, vehicle.body.make, vehicle.body.year) == (ID, "VOLVO", 2025)
    below_vehicle, headers = f"{API}/v3/vehicles/{ID}", request_headers(units="metric")
    assert wire.calls == [
        Sent("GET", f"{below_vehicle}/signals?flags=a%3Afalse", headers),
        Sent("GET", f"{below_vehicle}/signals/{key.code}?flags=a%3Afalse", headers),
        Sent("GET", f"{below_vehicle}/signals/{key.code}?flags=a%3Afalse", headers),
        Sent("GET", f"{below_vehicle}?flags=b%3Atrue", request_headers("Bearer access-2", units="metric")),
    ]


async def test_an_answer_that_cannot_be_read_keeps_its_bytes(wire: Wire) -> None:
    """It is a DecodeError that names the place, not a record that says zero."""
    wire.api = always(json_answer({"distance": "far"}))
    async with client() as smartcar:
        with pytest.raises(DecodeError, match="distance: expected a number, got a text") as caught:
            await car(smartcar).odometer()
    assert caught.value.body == b'{"distance": "far"}'


async def test_a_denied_read_names_its_permission(wire: Wire) -> None:
    """A flat error of v2 becomes the family that it belongs to, with all that it says."""
    body = {
        "type": "PERMISSION",
        "code": None,
        "description": "no",
        "docURL": "https://smartcar.com/docs",
        "statusCode": 403,
        "requestId": "request-1",
        "resolution": {"type": "REAUTHENTICATE", "url": None},
        "suggestedUserMessage": "Please connect again.",
        "detail": [{"field": "x"}],
    }
    wire.api = always(answer(body, 403))
    async with client() as smartcar:
        with pytest.raises(PermissionDenied) as caught:
            await car(smartcar).fuel()
    error = caught.value
    assert (error.permission, error.status, error.type, error.code) == ("read_fuel", 403, "PERMISSION", None)
    assert (error.request_id, error.doc_url, error.details) == (
        "request-1",
        "https://smartcar.com/docs",
        ({"field": "x"},),
    )
    assert error.resolution is not None
    assert (error.resolution.type, error.suggested_user_message) == ("REAUTHENTICATE", "Please connect again.")
