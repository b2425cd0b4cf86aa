"""A Volvo whose charge schedule is made over REST, and found in what its webhook delivers."""

from __future__ import annotations

import pytest

from smartcar_async import Signal, VehicleStateError, bodies, signals
from smartcar_async.receiver import Receiver
from smartcar_async.testing import UNREACHABLE, AnswerLost, Simulator, SimulatorError
from smartcar_async.webhook import VehicleError, VehicleErrorEvent, VehicleStateEvent
from tests.world.webhook_endpoint import serving

TIMERS = signals.Charge.ChargeTimers


async def test_a_schedule_comes_back_by_webhook() -> None:
    """Subscribed over the API, told at first what there is, then of the schedule, and last that it is gone."""
    updates: list[tuple[bool, list[str | None]]] = []
    async with Simulator("volvo") as sim, sim.client() as smartcar:
        receiver = Receiver(tokens=[sim.world.management_token])

        @receiver.on_signal(TIMERS)
        async def _(signal: Signal[bodies.ChargeTimers], event: VehicleStateEvent) -> None:
            plans = signal.require().values or ()
            updates.append((event.first_delivery, [plan.schedule_id for plan in plans if plan.schedule_id]))

        async with serving(receiver.aiohttp_handler) as url:
            webhook = sim.world.add_webhook("Timers", url, triggers=[TIMERS], data=[TIMERS])
            await sim.verify_webhook(webhook)
            volvo = sim.world.find("Volvo", "EX30")
            vehicle = smartcar.vehicle(volvo.id, volvo.owner_id)
            await smartcar.subscribe(webhook_id=webhook.id, user_id=volvo.owner_id, vehicle_id=volvo.id)
            await sim.delivered()
            created = await vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00", stop="06:00")
            sim.world.advance(seconds=10)
            await sim.delivered()
            assert created.schedule_id is not None
            await vehicle.schedules.delete(created.schedule_id)
            sim.world.advance(seconds=10)
            await sim.delivered()
    assert updates == [(True, []), (False, [created.schedule_id]), (False, [])]
    assert [delivery.status for delivery in sim.deliveries] == [200, 204, 204, 204]


async def test_handled_once_however_often_it_is_sent() -> None:
    """An answer that got lost: the retry is known, and the handler is not called again."""
    handled: list[str | None] = []
    async with Simulator() as sim:
        receiver = Receiver(tokens=[sim.world.management_token])

        @receiver.on(VehicleStateEvent)
        async def handle(event: VehicleStateEvent) -> None:
            handled.append(event.event_id)

        async with serving(receiver.aiohttp_handler) as url:
            webhook = await sim.verify_webhook(sim.world.add_webhook("Mine", url))
            sim.disturb(AnswerLost(), times=1)
            sim.world.subscribe(webhook.id, sim.world.find("Tesla").id)
            await sim.delivered()
            sim.world.advance(seconds=40)
            await sim.delivered()
    assert [delivery.ok for delivery in sim.deliveries] == [True, False, True]
    assert handled == [sim.deliveries[1].event_id] == [sim.deliveries[2].event_id]


async def test_an_error_begins_and_is_over() -> None:
    """The receiver hears of both, and the car obeys no command in between."""
    errors_heard: list[tuple[str | None, bool]] = []
    async with Simulator() as sim, sim.client() as smartcar:
        receiver = Receiver(tokens=[sim.world.management_token])

        @receiver.on_error()
        async def _(error: VehicleError, event: VehicleErrorEvent) -> None:
            errors_heard.append((error.code, error.resolved))

        async with serving(receiver.aiohttp_handler) as url:
            webhook = await sim.verify_webhook(sim.world.add_webhook("Mine", url))
            tesla = sim.world.find("Tesla")
            sim.world.subscribe(webhook.id, tesla.id)
            tesla.troubles = (UNREACHABLE,)
            await sim.delivered()
            with pytest.raises(VehicleStateError, match="UNREACHABLE"):
                await smartcar.vehicle(tesla.id, tesla.owner_id).lock()
            tesla.troubles = ()
            await sim.delivered()
    assert errors_heard == [("UNREACHABLE", False), ("UNREACHABLE", True)]


async def test_a_receiver_with_another_token() -> None:
    """VERIFY finds out at once."""
    receiver = Receiver(tokens=["another"])
    async with Simulator() as sim, serving(receiver.aiohttp_handler) as url:
        with pytest.raises(SimulatorError, match="was answered by 200"):
            await sim.verify_webhook(sim.world.add_webhook("Mine", url))
