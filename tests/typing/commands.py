"""What a type checker knows about calls that act: commands, schedules, Connect, webhooks, connections."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, assert_type

from smartcar_async import (
    ChargeSchedule,
    ChargeScope,
    ChargeWindow,
    CommandOutcomeUnknown,
    CompatibleVehicle,
    ConnectLink,
    ConnectResult,
    Event,
    Execution,
    ExecutionStatus,
    Json,
    Location,
    Page,
    Pages,
    Permission,
    PermissionDenied,
    RateLimited,
    Reconciled,
    ScheduleType,
    Settings,
    Smartcar,
    Subscription,
    Vehicle,
    VehicleMode,
    VehicleStateError,
    Webhook,
    Weekday,
)


async def commands(vehicle: Vehicle) -> None:
    """Every command answers an execution, and takes a deadline in seconds or as a duration."""
    assert_type(await vehicle.lock(), Execution)
    assert_type(await vehicle.unlock(deadline=60), Execution)
    assert_type(await vehicle.start_charge(deadline=timedelta(minutes=1)), Execution)
    assert_type(await vehicle.stop_charge(), Execution)
    assert_type(await vehicle.set_charge_limit(80), Execution)
    assert_type(await vehicle.send_destination(57.7, 12), Execution)
    assert_type(await vehicle.open_charge_port(), Execution)
    assert_type(await vehicle.close_charge_port(), Execution)


def an_execution(execution: Execution) -> None:
    """What it says of the command."""
    assert_type(execution.id, str | None)
    assert_type(execution.action, str)
    assert_type(execution.status, ExecutionStatus | str)
    assert_type(execution.ok, bool)
    assert_type(execution.parameters, Json)
    assert_type(execution.schedule_id, str | None)
    assert_type(execution.executed_at, datetime | None)


async def outcomes(vehicle: Vehicle) -> None:
    """Each way in which a command can end has its own attributes."""
    try:
        await vehicle.lock()
    except VehicleStateError as error:
        assert_type(error.code, str | None)
    except PermissionDenied as error:
        assert_type(error.permission, str | None)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except CommandOutcomeUnknown as outcome:
        assert_type(outcome.vehicle_id, str | None)
        assert_type(outcome.action, str)
        assert_type(outcome.parameters, dict[str, Any])
        assert_type(outcome.sent_at, datetime | None)
        assert_type(await vehicle.reconcile(outcome), Reconciled)
        assert_type(await vehicle.reconcile(outcome, wait=timedelta(minutes=10), deadline=5), Reconciled)


async def schedules(vehicle: Vehicle, place: Location) -> None:
    """Places are pairs or records, times are texts or times."""
    made = await vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00", stop=time(6))
    assert_type(made, Execution)
    assert_type(await vehicle.schedules.create_workweek(location=place, weekdays=("22:00", time(6))), Execution)
    days = {Weekday.SUNDAY: ("12:00", "15:00"), "monday": ("22:00", "06:00")}
    assert_type(await vehicle.schedules.create_weekly(location=(57, 12), days=days), Execution)
    assert_type(await vehicle.schedules.delete("schedule"), Execution)
    listed = await vehicle.schedules.list(deadline=5)
    assert_type(listed, tuple[ChargeSchedule, ...])
    assert_type(listed[0].id, str | None)
    assert_type(listed[0].type, ScheduleType | str | None)
    assert_type(listed[0].scope, ChargeScope | str | None)
    assert_type(listed[0].windows, tuple[ChargeWindow, ...])
    assert_type(listed[0].set_by_api, bool)


async def management(smartcar: Smartcar) -> None:
    """Webhooks are looked up, subscriptions made and ended."""
    assert_type(smartcar.webhooks(is_enabled=True), Pages[Webhook])
    assert_type(await smartcar.webhook("w"), Webhook)
    assert_type(smartcar.subscriptions(webhook_id="w", mode="live"), Pages[Subscription])
    assert_type(await smartcar.subscriptions(mode=VehicleMode.LIVE).page(), Page[Subscription])
    assert_type(await smartcar.subscription("s"), Subscription)
    made = await smartcar.subscribe(webhook_id="w", user_id="u", vehicle_id="v", wait=True)
    assert_type(made, Subscription | None)
    models = await smartcar.compatible_vehicles(region="EUROPE", make="volvo", powertrain="BEV")
    assert_type(models, tuple[CompatibleVehicle, ...])
    await smartcar.unsubscribe("s")
    await smartcar.delete_connection("c")
    await smartcar.delete_user("u")


def connect(smartcar: Smartcar) -> None:
    """The link to the consent pages, and what comes back."""
    link = smartcar.connect_url(scope=[Permission.READ_BATTERY, "required:read_vin"], mode="live", make="volvo")
    assert_type(link, ConnectLink)
    assert_type((link.url, link.state), tuple[str, str])
    result = smartcar.parse_redirect("https://example.com/?user_id=u", state=link.state)
    assert_type(result, ConnectResult)
    assert_type(result.user_id, str | None)


def hooks(on_event: list[Event], on_outcome_unknown: list[CommandOutcomeUnknown]) -> None:
    """Hooks are plain functions of one argument."""
    assert_type(
        Smartcar("id", "secret", on_event=on_event.append, on_outcome_unknown=on_outcome_unknown.append), Smartcar
    )
    assert_type(Smartcar.from_env(settings=Settings(deadline=5), on_event=print), Smartcar)
