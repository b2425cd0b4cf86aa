"""Webhooks over TCP: VERIFY first, deliveries by themselves, retries, timeouts, running clocks and threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from attrs import define

from smartcar_async.testing import AnswerLost, Simulator, SimulatorError, Webhook
from smartcar_async.testing.events import digest
from smartcar_async.testing.world import Vehicle
from tests.world.webhook_endpoint import TOKEN, Arrival, Endpoint, endpoint, serving

ODOMETER = "odometer-traveleddistance"


@define
class Post:
    """A simulator, an endpoint, and the webhook between them, with a Tesla on it."""

    sim: Simulator
    there: Endpoint
    webhook: Webhook
    tesla: Vehicle

    def drive(self) -> None:
        """Let the odometer go up, and the service hear of it."""
        self.tesla.car.odometer_km += 10
        self.tesla.report(self.sim.world.now)


@asynccontextmanager
async def posting(sim: Simulator | None = None) -> AsyncGenerator[Post, None]:
    """All that is verified, and the first delivery made."""
    async with sim or Simulator() as sim, endpoint() as receiver:
        webhook = sim.world.add_webhook("Mine", receiver.url, triggers=[ODOMETER], data=[], token=TOKEN)
        webhook = await sim.verify_webhook(webhook)
        tesla = sim.world.find("Tesla")
        sim.world.subscribe(webhook.id, tesla.id)
        await sim.delivered()
        assert receiver.triggers == [[{"type": "FIRST_DELIVERY"}]]
        receiver.arrivals.clear()
        sim.deliveries.clear()
        yield Post(sim, receiver, webhook, tesla)


async def test_verify_comes_first() -> None:
    """Unsigned and answered; nothing is sent before, and the first deliveries by themselves after it."""
    async with Simulator() as sim, endpoint() as receiver:
        webhook = sim.world.add_webhook("Mine", receiver.url, triggers=[ODOMETER], token=TOKEN)
        sim.world.subscribe(webhook.id, sim.world.find("Tesla").id)
        await sim.delivered()
        assert len(sim.deliveries) == 0
        verified = await sim.verify_webhook(webhook)
        assert (webhook.verified, verified.verified) == (False, True)
        await sim.delivered()
        verification, first = sim.deliveries
        assert (verification.event_type, verification.status, first.event_type, first.status) == (
            "VERIFY",
            200,
            "VEHICLE_STATE",
            204,
        )
        assert verification.headers == {"Content-Type": "application/json", "User-Agent": "Smartcar/1.0"}
        document: Any = verification.json()
        assert list(document["data"]) == ["challenge"]
        assert "mode" not in document["meta"]
        (arrival,) = receiver.arrivals
        assert arrival.is_signed
        assert arrival.body == first.body
        assert {name: arrival.headers[name] for name in ("Content-Type", "User-Agent", "Content-Length")} == {
            "Content-Type": "application/json",
            "User-Agent": "Smartcar/1.0",
            "Content-Length": str(len(first.body)),
        }


async def test_a_signed_verify() -> None:
    """As some pages have it."""
    async with posting() as posted:
        posted.sim.sending.verify_signed = True
        await posted.sim.verify_webhook(posted.webhook)
        (verification,) = posted.sim.deliveries
        assert verification.headers["SC-Signature"] == digest(TOKEN, verification.body)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b"nothing here", "answered by 404 and 'nothing here': expected 200 and "),
        (200, b'{"challenge": "of another token"}', 'answered by 200 and \'{"challenge": "of another token"}\''),
        (200, b"not JSON", "answered by 200 and 'not JSON'"),
        (200, b"[]", r"answered by 200 and '\[\]'"),
        (204, b"", "answered by 204 and ''"),
        (302, b"", "answered by 302"),
    ],
)
async def test_a_verify_that_fails(status: int, body: bytes, message: str) -> None:
    """It says what came and what was expected, and no event is ever sent."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body or None)

    async with Simulator() as sim, serving(handle) as url:
        webhook = sim.world.add_webhook("Mine", url, triggers=[ODOMETER], token=TOKEN)
        with pytest.raises(SimulatorError, match=message) as why:
            await sim.verify_webhook(webhook)
        assert TOKEN not in str(why.value)
        assert [delivery.status for delivery in sim.deliveries] == [status]
        sim.world.subscribe(webhook.id, sim.world.find("Tesla").id)
        sim.world.advance(hours=12)
        await sim.delivered()
        assert len(sim.deliveries) == 1


@pytest.mark.parametrize("url", ["", "ftp://host/", "http://", "http://host:99999/", "http://[/", "https://:5/"])
async def test_an_address_that_is_none(url: str) -> None:
    """It is refused before anything is sent."""
    async with Simulator() as sim:
        with pytest.raises(SimulatorError, match="give a URL such as"):
            await sim.verify_webhook(sim.world.add_webhook("Mine", url))
        assert len(sim.deliveries) == 0


async def test_nobody_there() -> None:
    """A port where nothing listens, and a simulator that does not run."""
    async with Simulator() as sim, endpoint() as receiver:
        webhook = sim.world.add_webhook("Mine", receiver.url)
    async with sim:
        with pytest.raises(SimulatorError, match=r"VERIFY to .* failed \(.*\): expected 200"):
            await sim.verify_webhook(webhook)
        assert sim.deliveries[-1].problem
        assert sim.deliveries[-1].status is None
    with pytest.raises(SimulatorError, match="the simulator is not running"):
        await sim.delivered()


async def test_a_change_is_delivered_by_itself() -> None:
    """Nobody asks for it; it arrives as soon as the loop runs."""
    async with posting() as posted:
        arrived = asyncio.Event()

        async def note(_: Arrival) -> None:
            arrived.set()

        posted.there.before = note
        posted.drive()
        await asyncio.wait_for(arrived.wait(), 10)
        await posted.sim.delivered()
        assert [delivery.status for delivery in posted.sim.deliveries] == [204]


async def test_retries_on_the_clock() -> None:
    """They come when the world is moved, and redirects are failures that nobody follows."""
    async with posting() as posted:
        posted.there.answers = [503, 401, 302]
        posted.drive()
        await posted.sim.delivered()
        for wait in (25, 50, 100):
            posted.sim.world.advance(seconds=wait)
            await posted.sim.delivered()
        assert [delivery.status for delivery in posted.sim.deliveries] == [503, 401, 302, 204]
        assert [delivery.attempt for delivery in posted.sim.deliveries] == [1, 2, 3, 4]
        assert len({arrival.event["eventId"] for arrival in posted.there.arrivals}) == 1
        assert len({arrival.event["meta"]["deliveryId"] for arrival in posted.there.arrivals}) == 4
        assert all(arrival.is_signed for arrival in posted.there.arrivals)
        assert posted.sim.deliveries.total == 4


async def test_an_answer_that_comes_too_late() -> None:
    """It counts as none, although the endpoint handled the event: the retry is its duplicate."""
    async with posting() as posted:
        posted.sim.sending.timeout = 0.05
        done = asyncio.Event()

        async def late(_: Arrival) -> None:
            posted.there.before = None
            await done.wait()

        posted.there.before = late
        posted.drive()
        await posted.sim.delivered()
        (timed_out,) = posted.sim.deliveries
        assert (timed_out.status, timed_out.problem) == (None, "no answer in 0.05 s")
        assert timed_out.retry_at == timed_out.at + timedelta(seconds=25.05)
        done.set()
        posted.sim.sending.timeout = 15
        posted.sim.world.advance(seconds=26)
        await posted.sim.delivered()
        first, second = posted.there.arrivals
        assert first.event["eventId"] == second.event["eventId"]
        assert first.event["meta"]["deliveryId"] != second.event["meta"]["deliveryId"]


async def test_a_lost_answer() -> None:
    """The endpoint has it, and gets it again."""
    async with posting() as posted:
        lost = posted.sim.disturb(AnswerLost(), times=1)
        posted.drive()
        await posted.sim.delivered()
        posted.sim.world.advance(seconds=40)
        await posted.sim.delivered()
        assert len(posted.there.arrivals) == 2
        assert lost.hits == 1
        assert [delivery.ok for delivery in posted.sim.deliveries] == [False, True]


async def test_one_after_the_other_or_at_once() -> None:
    """In order, unless several may run: then one endpoint holds two of them at the same time."""
    async with posting() as posted:
        together, most = 0, 0

        async def count(_: Arrival) -> None:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0.02)
            together -= 1

        posted.there.before = count
        for at_once, expected in ((1, 1), (2, 2)):
            most = 0
            posted.sim.sending.at_once = at_once
            for _ in range(4):
                posted.drive()
            await posted.sim.delivered()
            assert most == expected
        assert len(posted.there.arrivals) == 8
        distances = [arrival.event["data"]["signals"][0]["body"]["value"] for arrival in posted.there.arrivals[:4]]
        assert distances == sorted(distances)


async def test_a_subscription_over_the_wire() -> None:
    """The 202 is followed by the first delivery, on either clock."""
    async with Simulator() as sim, sim.client() as client, endpoint() as receiver:
        webhook = await sim.verify_webhook(sim.world.add_webhook("Mine", receiver.url, token=TOKEN))
        delays: dict[str, float | timedelta] = {"Tesla": 0.05, "Volvo": timedelta(seconds=30)}
        for number, (make, delay) in enumerate(delays.items()):
            sim.subscription_delay = delay
            vehicle = sim.world.find(make)
            await client.subscribe(webhook_id=webhook.id, user_id=vehicle.owner_id, vehicle_id=vehicle.id)
            await sim.delivered()
            sim.world.advance(seconds=30)
            await sim.delivered()
            vehicle_ids = [arrival.event["data"]["vehicle"]["id"] for arrival in receiver.arrivals]
            assert vehicle.id in vehicle_ids[number:]


async def test_a_running_clock_sends_by_itself() -> None:
    """At 100 seconds a second, the first retry comes a quarter of a second later, with nobody asking."""
    async with posting(Simulator(speed=100.0)) as posted:
        again = asyncio.Event()

        async def note(_: Arrival) -> None:
            if len(posted.there.arrivals) > 1:
                again.set()

        posted.there.before = note
        posted.there.answers = [500]
        posted.drive()
        await asyncio.wait_for(again.wait(), 20)
        first, second = [
            delivery for delivery in posted.sim.deliveries if delivery.event_id == posted.sim.deliveries[0].event_id
        ]
        assert first.retry_at is not None
        assert second.at >= first.retry_at


async def test_a_simulator_that_starts_again() -> None:
    """What was verified stays so, and what happened meanwhile is told."""
    async with posting() as posted:
        await posted.sim.stop()
        posted.drive()
        await posted.sim.start()
        await posted.sim.delivered()
        assert len(posted.there.arrivals) == 1


async def test_stopping_breaks_off_what_is_under_way() -> None:
    """Nobody waits for an endpoint that hangs."""
    async with posting() as posted:
        held = asyncio.Event()
        arrived = asyncio.Event()

        async def hold(_: Arrival) -> None:
            arrived.set()
            await held.wait()

        posted.there.before = hold
        posted.drive()
        waiting = asyncio.create_task(posted.sim.delivered())
        await arrived.wait()
        await asyncio.wait_for(posted.sim.stop(), 10)
        await asyncio.wait_for(waiting, 10)
        assert [delivery.status for delivery in posted.sim.deliveries] == [None]
        held.set()


async def test_a_mistake_is_told() -> None:
    """What cannot be sent fails the test that asks, and not in silence."""
    async with posting() as posted:
        wrong: Any = ("no trouble",)
        posted.tesla.troubles = wrong
        with pytest.raises(ExceptionGroup):
            await posted.sim.delivered()
        posted.tesla.troubles = ()
        with pytest.raises(ExceptionGroup):
            await posted.sim.stop()


def test_a_simulator_in_a_thread() -> None:
    """Any loop may ask; the simulator sends on its own."""

    async def my_service(sim: Simulator) -> list[Any]:
        async with endpoint() as receiver:
            webhook = await sim.verify_webhook(sim.world.add_webhook("Mine", receiver.url, token=TOKEN))
            sim.world.subscribe(webhook.id, sim.world.find("Tesla").id)
            await sim.delivered()
            sim.world.advance(hours=9)
            await sim.delivered()
            return receiver.triggers

    with Simulator() as sim:
        triggers = asyncio.run(my_service(sim))
    assert triggers[0] == [{"type": "FIRST_DELIVERY"}]
    assert len(triggers) > 2
