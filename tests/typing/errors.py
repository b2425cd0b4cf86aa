# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What must be an error. Each ignored line would be one: a checker that sees none there calls the comment unused."""

from __future__ import annotations

import smartcar_sync
from smartcar_async import Flag, Measure, Signal, SignalKey, Smartcar, Vehicle, Weekday, signals, v2
from smartcar_async.receiver import Context, Receiver
from smartcar_async.webhook import VehicleError, VehicleErrorEvent, VehicleStateEvent


def use(*_values: object) -> None:
    """A plain expression would be an error of its own to a linter."""


async def keys(vehicle: Vehicle) -> None:
    """A key that does not exist, and a body of another signal's type."""
    use(signals.TractionBattery.StateOfCharm)  # type: ignore[attr-defined]
    flag: SignalKey[Flag] = signals.TractionBattery.StateOfCharge  # type: ignore[assignment]
    reading: Signal[Flag] = await vehicle.signal(signals.TractionBattery.StateOfCharge)  # type: ignore[arg-type]
    use((await vehicle.signals())[7])  # type: ignore[call-overload]
    await vehicle.signal(7)  # type: ignore[arg-type]
    use(flag, reading)


async def missing(vehicle: Vehicle) -> None:
    """What may be missing cannot be used as if it were there, and records cannot be changed."""
    reading = await vehicle.signal(signals.TractionBattery.StateOfCharge)
    use(reading.body.value)  # type: ignore[union-attr]
    use(reading.require().value + 1)  # type: ignore[operator]
    reading.body = None  # type: ignore[misc]
    use(reading.require().vaule)  # type: ignore[attr-defined]


async def commands(vehicle: Vehicle) -> None:
    """Arguments of another kind, forgotten ones, and ones by place that must be named."""
    await vehicle.set_charge_limit("80")  # type: ignore[arg-type]
    await vehicle.send_destination(57.7)  # type: ignore[call-arg]
    await vehicle.lock(60)  # type: ignore[call-arg]
    await vehicle.lock(deadline="60")  # type: ignore[arg-type]
    await vehicle.reconcile(await vehicle.lock())  # type: ignore[arg-type]
    use(vehicle.lock().status)  # type: ignore[attr-defined]


async def schedules(vehicle: Vehicle) -> None:
    """A window is a pair of times, a place a pair of degrees."""
    await vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00")  # type: ignore[call-arg]
    await vehicle.schedules.create_daily(location="home", start="22:00", stop="06:00")  # type: ignore[arg-type]
    await vehicle.schedules.create_workweek(location=(57, 12), weekdays="22:00")  # type: ignore[arg-type]
    await vehicle.schedules.create_weekly(location=(57, 12), days={Weekday.SUNDAY: "9"})  # type: ignore[dict-item]


async def client(smartcar: Smartcar) -> None:
    """Two ids, an `async for`, and hooks that take what they are called with."""
    smartcar.vehicle("v")  # type: ignore[call-arg]
    await smartcar.subscribe("w", "u", "v")  # type: ignore[call-arg]
    for connection in smartcar.connections():  # type: ignore[attr-defined]
        del connection
    with smartcar:  # type: ignore[attr-defined]
        pass
    Smartcar("id", "secret", on_event=len)  # type: ignore[arg-type]
    Smartcar("id", "secret", deadline=5)  # type: ignore[call-arg]


def receiver(receiver: Receiver) -> None:
    """A handler that does not fit what it is registered for."""

    @receiver.on(VehicleStateEvent)  # type: ignore[arg-type]
    def wrong_event(event: VehicleErrorEvent) -> None:
        """Takes another event."""

    @receiver.on_signal(signals.TractionBattery.StateOfCharge)  # type: ignore[arg-type]
    def wrong_body(signal: Signal[Flag], event: VehicleStateEvent) -> None:
        """Takes another body."""

    @receiver.on_signal(signals.TractionBattery.StateOfCharge)  # type: ignore[arg-type]
    def no_event(signal: Signal[Measure]) -> None:
        """Takes no event."""

    @receiver.on_error("BEGUN")  # type: ignore[arg-type]
    def wrong_state(error: VehicleError, event: VehicleErrorEvent, context: Context) -> None:
        """Wants a state that there is not."""

    Receiver()  # type: ignore[call-arg]
    Receiver("token", mode="outbox")  # type: ignore[arg-type]


def sync(vehicle: smartcar_sync.Vehicle, smartcar: smartcar_sync.Smartcar) -> None:
    """The package without await has the same errors, and no sessions."""
    vehicle.set_charge_limit("80")  # type: ignore[arg-type]
    vehicle.lock(60)  # type: ignore[call-arg]
    use(vehicle.signal(signals.TractionBattery.StateOfCharge).require().vaule)  # type: ignore[attr-defined]
    vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00")  # type: ignore[call-arg]
    vehicle.reconcile(vehicle.lock())  # type: ignore[arg-type]
    smartcar_sync.Smartcar("id", "secret", session=None)  # type: ignore[call-arg]
    smartcar_sync.v2.Client("id", "secret").vehicle("v")  # type: ignore[call-arg]
    for connection in smartcar.connections():
        use(connection.vehicle.make)  # type: ignore[union-attr]


async def awaited_sync(vehicle: smartcar_sync.Vehicle) -> None:
    """And nothing of it can be awaited, nor mixed with the async one."""
    await vehicle.lock()  # type: ignore[misc]
    other: Vehicle = vehicle  # type: ignore[assignment]
    use(other)


async def v2_client(client: v2.Client, other: smartcar_sync.v2.Client) -> None:
    """So in API v2.0."""
    vehicle = client.vehicle("v", "token")
    await vehicle.set_charge_limit("0.8")  # type: ignore[arg-type]
    use(await vehicle.batch("/odometer").ok)  # type: ignore[attr-defined]
    use((await vehicle.odometer()).distence)  # type: ignore[attr-defined]
    await vehicle.tesla.set_pin(1234)  # type: ignore[arg-type]
    await other.get_user("token")  # type: ignore[misc]
