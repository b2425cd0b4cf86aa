"""A world and its outbox without a network: a test takes out what is sent, and decides how it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from attrs import define

from smartcar_async import signals
from smartcar_async.testing import Switches, Webhook, World
from smartcar_async.testing.disturbances import Disturbance, Disturbances, Interference
from smartcar_async.testing.outbox import Outbox, Outgoing
from smartcar_async.testing.sending import Delivery
from smartcar_async.testing.world import Vehicle
from tests.world.webhook_endpoint import TOKEN

REAL_TIME = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
URL = "http://127.0.0.1:1/hook"
TIMERS, ODOMETER, TAILGATE = "charge-chargetimers", "odometer-traveleddistance", "closure-tailgate"
ODOMETER_NAMES = {"name": "TraveledDistance", "code": ODOMETER, "group": "Odometer"}


@define
class WatchedWorld:
    """A world with one verified webhook on the odometer, and what is waiting for it."""

    world: World
    outbox: Outbox
    webhook: Webhook

    def subscribe(self, make: str, model: str = "") -> Vehicle:
        """Subscribe a car."""
        vehicle = self.world.find(make, model)
        self.world.subscribe(self.webhook.id, vehicle.id)
        return vehicle

    def baseline(self, make: str, model: str = "") -> Vehicle:
        """Subscribe a car, and have its first deliveries accepted."""
        vehicle = self.subscribe(make, model)
        self.send()
        return vehicle

    def drive(self, vehicle: Vehicle) -> None:
        """Let the odometer go up, and the service hear of it."""
        vehicle.car.odometer_km += 10
        vehicle.report(self.world.now)

    def due(self) -> Iterator[Outgoing]:
        """What is to be sent now, one by one."""
        while (outgoing := self.outbox.take_due(REAL_TIME)) is not None:
            yield outgoing

    def send(self, status: int = 204) -> list[Delivery]:
        """Send all that is due, which is answered by a status."""
        sent: list[Delivery] = []
        for outgoing in self.due():
            self.outbox.record_result(outgoing, status)
            sent.append(outgoing.delivery)
        return sent

    def events(self) -> list[Any]:
        """What is sent now, as events."""
        return [delivery.json() for delivery in self.send()]

    def disturb(self, *disturbances: Disturbance, **options: Any) -> list[Interference]:
        """Put disturbances in force."""
        return [self.outbox.disturbances.add(Interference(disturbance, **options)) for disturbance in disturbances]


def watched_world() -> WatchedWorld:
    """A world of everyday cars, and an outbox that watches it."""
    world = World()
    webhook = world.add_webhook(
        "Mine", URL, triggers=[ODOMETER], data=[signals.Odometer.TraveledDistance, TAILGATE], token=TOKEN
    )
    outbox = Outbox(world, Switches(), Disturbances(1))
    world.watcher = outbox
    return WatchedWorld(world, outbox, outbox.mark_verified(webhook))
