"""What a type checker knows about reads: keys, signals, records, settings, errors, and API v2.0.

Nothing in this folder runs: mypy and pyright check every `assert_type`, and every line that must be an error.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, assert_type

from smartcar_async import (
    ApiError,
    Attempt,
    ChargeLimits,
    ChargeScope,
    ChargeState,
    ChargingStatus,
    Connection,
    Doors,
    Flag,
    Location,
    Measure,
    NominalCapacity,
    Page,
    Pages,
    Permission,
    Powertrain,
    RateLimit,
    Resolution,
    Response,
    Settings,
    Signal,
    SignalKey,
    SignalSet,
    SignalUnavailable,
    Smartcar,
    Texts,
    TokenPair,
    UnitSystem,
    Vehicle,
    VehicleAttributes,
    VehicleMode,
    Windows,
    signals,
    v2,
)


def keys() -> None:
    """A key carries the type of its signal's body."""
    assert_type(signals.TractionBattery.StateOfCharge, SignalKey[Measure])
    assert_type(signals.Location.PreciseLocation, SignalKey[Location])
    assert_type(signals.Charge.ChargeLimits, SignalKey[ChargeLimits])
    assert_type(signals.Charge.ChargeLimits.body, type[ChargeLimits])
    assert_type(signals.Charge.ChargeLimits.permission, Permission | None)
    assert_type(signals.ALL, tuple[SignalKey[Any], ...])
    assert_type(signals.by_code("odometer-traveleddistance"), SignalKey[Any])
    assert_type(signals.find("odometer-traveleddistance"), SignalKey[Any] | None)
    assert_type(signals.custom("new-signal"), SignalKey[dict[str, Any]])


async def one_signal(vehicle: Vehicle, any_key: SignalKey[Any]) -> None:
    """The key that is asked for tells the body that is answered; a code tells none."""
    assert_type((await vehicle.signal(signals.TractionBattery.StateOfCharge)).require(), Measure)
    assert_type(await vehicle.signal(signals.Charge.IsCharging), Signal[Flag])
    assert_type(await vehicle.signal(signals.custom("new-signal")), Signal[dict[str, Any]])
    assert_type(await vehicle.signal("odometer-traveleddistance"), Signal[Any])
    assert_type(await vehicle.signal(any_key, deadline=timedelta(seconds=5)), Signal[Any])


async def many_signals(vehicle: Vehicle) -> None:
    """So does the key by which a signal is looked up in a set."""
    readings = await vehicle.signals(deadline=5)
    assert_type(readings, SignalSet)
    assert_type(readings[signals.Location.PreciseLocation], Signal[Location])
    assert_type(readings["odometer-traveleddistance"], Signal[Any])
    assert_type(readings.get(signals.VehicleIdentification.Packages), Signal[Texts] | None)
    assert_type(readings.get("odometer-traveleddistance"), Signal[Any] | None)
    assert_type(readings.ok, tuple[Signal[Any], ...])
    assert_type(readings.failed, tuple[Signal[Any], ...])
    assert_type(readings.vehicle, VehicleAttributes | None)
    assert_type(list(readings), list[str])


def a_signal(signal: Signal[ChargingStatus], now: datetime) -> None:
    """What can be missing has to be asked for."""
    assert_type(signal.body, ChargingStatus | None)
    assert_type(signal.require(), ChargingStatus)
    assert_type(signal.require().value, ChargeState | str | None)
    assert_type(signal.unit, str | None)
    assert_type(signal.recorded_at, datetime | None)
    assert_type(signal.age(now), timedelta | None)
    assert_type(signal.ok, bool)


def bodies(doors: Doors, windows: Windows, limits: ChargeLimits, capacity: NominalCapacity, measure: Measure) -> None:
    """Bodies are records at every depth, and every field of a leaf may be missing."""
    assert_type(measure.value, float | None)
    door, window = doors.at(0, 0), windows.at(0, 0)
    assert_type(None if door is None else door.is_locked, bool | None)
    assert_type(None if window is None else window.is_open, bool | None)
    assert_type(limits.values[0].type, ChargeScope | str | None)
    assert_type(capacity.available_capacities[0].capacity, float | None)


async def connections(smartcar: Smartcar) -> None:
    """Pages are walked, or taken one by one."""
    assert_type(smartcar.connections(mode="simulated"), Pages[Connection])
    assert_type(await smartcar.connections(mode=VehicleMode.LIVE).page(2), Page[Connection])
    async for connection in smartcar.connections(user_id="u", vehicle_id="v", external_id="e"):
        assert_type(connection, Connection)
        assert_type(connection.permissions, tuple[Permission | str, ...])
        assert_type(smartcar.vehicle(connection.vehicle_id, connection.user_id), Vehicle)
    assert_type(await smartcar.connection("c"), Connection)


async def client(vehicle: Vehicle) -> None:
    """Every method says what it answers."""
    async with Smartcar.from_env() as smartcar:
        assert_type(smartcar, Smartcar)
        assert_type(await smartcar.request("GET", "/v3/connections"), Response)
    attributes = await vehicle.attributes()
    assert_type(attributes, VehicleAttributes)
    assert_type(attributes.powertrain_type, Powertrain | str | None)
    assert_type(attributes.year, int | None)


def settings() -> None:
    """Settings keep their types, through the environment too."""
    assert_type(Settings.from_env(), Settings)
    assert_type(Settings().rate_limit, RateLimit | None)
    assert_type(Settings().unit_system, UnitSystem | None)
    assert_type(Settings().deadline, float)


def errors(error: ApiError, unavailable: SignalUnavailable) -> None:
    """Errors answer without a look at a dict."""
    assert_type(error.status, int | None)
    assert_type(error.retry_after, float | None)
    assert_type(error.resolution, Resolution | None)
    assert_type(error.attempts, tuple[Attempt, ...])
    assert_type(error.fresh(), ApiError)
    assert_type(unavailable.signal, Signal[Any])


async def v2_client(client: v2.Client) -> None:
    """The wing of API v2.0 knows as much."""
    assert_type(v2.Client.from_env(), v2.Client)
    assert_type(await client.exchange_code("code"), TokenPair)
    assert_type((await client.get_vehicles("token")).vehicles, tuple[str, ...])
    assert_type(client.iter_vehicles("token"), Pages[str])
    assert_type(client.iter_connections("amt"), Pages[v2.Connection])
    assert_type(await client.get_vehicle("token", "v"), v2.V3Response[VehicleAttributes])
    vehicle = client.vehicle("v", "token")
    assert_type(vehicle, v2.Vehicle)
    assert_type((await vehicle.odometer()).distance, float | None)
    assert_type((await vehicle.charge()).state, ChargeState | str | None)
    assert_type((await vehicle.vin()).meta.data_age, datetime | None)
    assert_type((await vehicle.get_signal(signals.Charge.IsCharging)).body, Signal[Flag])
    assert_type((await vehicle.get_signal("odometer-traveleddistance")).body, Signal[Any])
    assert_type((await vehicle.get_signals()).body, SignalSet)
