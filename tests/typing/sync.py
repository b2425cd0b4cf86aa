"""What a type checker knows about the package without await: the same, and nothing to await."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, assert_type

from smartcar_sync import (
    Bridge,
    ChargeSchedule,
    CommandOutcomeUnknown,
    CompatibleVehicle,
    Connection,
    ConnectLink,
    ConnectResult,
    Execution,
    FileTokenStore,
    Flag,
    Location,
    Measure,
    Page,
    Pages,
    Reconciled,
    Schedules,
    Signal,
    SignalSet,
    Smartcar,
    Subscription,
    Vehicle,
    VehicleAttributes,
    Webhook,
    Weekday,
    signals,
    v2,
)
from smartcar_sync.receiver import Receiver
from smartcar_sync.testing import Simulator
from smartcar_sync.webhook import VehicleStateEvent


def client() -> None:
    """A client is a context manager, and may share a thread with others."""
    with Smartcar("id", "secret", bridge=Bridge()) as smartcar:
        assert_type(smartcar, Smartcar)
        assert_type(smartcar.vehicle("v", "u"), Vehicle)
    assert_type(Smartcar.from_env(), Smartcar)


def reads(vehicle: Vehicle) -> None:
    """Keys carry their bodies here too."""
    assert_type(vehicle.attributes(), VehicleAttributes)
    assert_type(vehicle.signals(), SignalSet)
    assert_type(vehicle.signals()[signals.Location.PreciseLocation], Signal[Location])
    assert_type(vehicle.signal(signals.Charge.IsCharging, deadline=timedelta(seconds=5)), Signal[Flag])
    assert_type(vehicle.signal(signals.TractionBattery.StateOfCharge).require(), Measure)
    assert_type(vehicle.signal("odometer-traveleddistance"), Signal[Any])


def commands(vehicle: Vehicle) -> None:
    """Commands answer executions, and their outcomes can be reconciled."""
    assert_type(vehicle.lock(), Execution)
    assert_type(vehicle.unlock(deadline=60), Execution)
    assert_type(vehicle.start_charge(), Execution)
    assert_type(vehicle.stop_charge(), Execution)
    assert_type(vehicle.set_charge_limit(80), Execution)
    assert_type(vehicle.send_destination(57.7, 12), Execution)
    assert_type(vehicle.open_charge_port(), Execution)
    assert_type(vehicle.close_charge_port(), Execution)
    try:
        vehicle.lock()
    except CommandOutcomeUnknown as outcome:
        assert_type(vehicle.reconcile(outcome, wait=600), Reconciled)


def schedules(vehicle: Vehicle) -> None:
    """So do schedules."""
    assert_type(vehicle.schedules, Schedules)
    assert_type(vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00", stop="06:00"), Execution)
    assert_type(vehicle.schedules.create_workweek(location=(57, 12), weekends=("22:00", "06:00")), Execution)
    weekly = vehicle.schedules.create_weekly(location=(57, 12), days={Weekday.SUNDAY: ("12:00", "15:00")})
    assert_type(weekly, Execution)
    assert_type(vehicle.schedules.list(), tuple[ChargeSchedule, ...])
    assert_type(vehicle.schedules.delete("s"), Execution)


def lists(smartcar: Smartcar) -> None:
    """Lists are walked by a plain loop."""
    assert_type(smartcar.connections(), Pages[Connection])
    assert_type(smartcar.connections().page(2), Page[Connection])
    assert_type(list(smartcar.webhooks()), list[Webhook])
    for connection in smartcar.connections(user_id="u"):
        assert_type(connection, Connection)
    made = smartcar.subscribe(webhook_id="w", user_id="u", vehicle_id="v", wait=True)
    assert_type(made, Subscription | None)
    assert_type(smartcar.compatible_vehicles(make="volvo"), tuple[CompatibleVehicle, ...])


def connect(smartcar: Smartcar) -> None:
    """Connect needs no loop in either package."""
    link = smartcar.connect_url(scope="read_vin")
    assert_type(link, ConnectLink)
    assert_type(smartcar.parse_redirect(link.url, state=link.state), ConnectResult)


def v2_client(client: v2.Client) -> None:
    """API v2.0, with tokens that are kept in a file."""
    source = client.token_source(FileTokenStore("tokens.json"), "owner")
    vehicle = client.vehicle("v", source)
    assert_type(vehicle, v2.Vehicle)
    assert_type(vehicle.odometer().distance, float | None)
    assert_type(vehicle.lock(), v2.ActionResponse)
    assert_type(vehicle.batch(["/odometer"]), v2.Batch)
    assert_type(vehicle.tesla.start_cabin(21), v2.Cabin)


def webhooks(receiver: Receiver) -> None:
    """The receiver is the same, and is entered by a plain `with`."""

    @receiver.on(VehicleStateEvent)
    def arrived(event: VehicleStateEvent) -> None:
        assert_type(event.signals, SignalSet)

    with receiver as entered:
        assert_type(entered, Receiver)
    assert_type(arrived(VehicleStateEvent.__new__(VehicleStateEvent)), None)


def simulator() -> None:
    """A simulator hands out clients of this package."""
    with Simulator("volvo") as sim, sim.client() as smartcar:
        assert_type(smartcar, Smartcar)
