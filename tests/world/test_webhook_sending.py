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
    async with sim or Simulator() as sim, endpoint() as there:
        webhook = sim.world.add_webhook("Mine", there.url, triggers=[ODOMETER], data=[], token=TOKEN)
        webhook = await sim.verify_webhook(webhook)
        tesla = sim.world.find("Tesla")
        sim.world.subscribe(webhook.id, tesla.id)
        await sim.delivered()
        assert there.triggers == [[{"type": "FIRST_DELIVERY"}]]
        there.arrivals.clear()
        sim.deliveries.clear()
        yield Post(sim, there, webhook, tesla)


async def test_verify_comes_first() -> None:
    """Unsigned and answered; nothing is sent before, and the first deliveries by themselves after it."""
    async with Simulator() as sim, endpoint() as there:
        webhook = sim.world.add_webhook("Mine", there.url, triggers=[ODOMETER], token=TOKEN)
        sim.world.subscribe(webhook.id, sim.world.find("Tesla").id)
        await sim.delivered()
        assert len(sim.deliveries) == 0
        verified = await sim.verify_webhook(webhook)
        assert (webhook.verified, verified.verified) == (False, True)
        await sim.delivered()
        asked, first = sim.deliveries
        assert (asked.event_type, asked.status, first.event_type, first.status) == ("VERIFY", 200, "VEHICLE_STATE", 204)
        assert asked.headers == {"Content-Type": "application/json", "User-Agent": "Smartcar/1.0"}
        document: Any = asked.json()
        assert list(document["data"]) == ["challenge"]
        assert "mode" not in document["meta"]
        (arrival,) = there.arrivals
        assert arrival.is_signed
        assert arrival.body == first.body
        assert {name: arrival.headers[name] for name in ("Content-Type", "User-Agent", "Content-Length")} == {
            "Content-Type": "application/json",
            "User-Agent": "Smartcar/1.0",
            "Content-Length": str(len(first.body)),
        }


async def test_a_signed_verify() -> None:
    """As some pages have it."""
    async with posting() as one:
        one.sim.sending.verify_signed = True
        await one.sim.verify_webhook(one.webhook)
        (asked,) = one.sim.deliveries
        assert asked.headers["SC-Signature"] == digest(TOKEN, asked.body)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"nothing here", "answered by 404 and 'nothing here': expected 200 and "),
        (200, b'{"challenge": "of another token"}', 'answered by 200 and \'{"challenge": "of another token"}\''),
        (200, b"not JSON", "answered by 200 and 'not JSON'"),
        (200, b"[]", r"answered by 200 and '\[\]'"),
        (204, b"", "answered by 204 and ''"),
        (302, b"", "answered by 302"),
    ],
)
async def test_a_verify_that_fails(status: int, body: bytes, said: str) -> None:
    """It says what came and what was expected, and no event is ever sent."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body or None)

    async with Simulator() as sim, serving(handle) as url:
        webhook = sim.world.add_webhook("Mine", url, triggers=[ODOMETER], token=TOKEN)
        with pytest.raises(SimulatorError, match=said) as why:
            await sim.verify_webhook(webhook)
        assert TOKEN not in str(why.value)
        assert [one.status for one in sim.deliveries] == [status]
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
    async with Simulator() as sim, endpoint() as there:
        webhook = sim.world.add_webhook("Mine", there.url)
    async with sim:
        with pytest.raises(SimulatorError, match=r"VERIFY to .* failed \(.*\): expected 200"):
            await sim.verify_webhook(webhook)
        assert sim.deliveries[-1].problem
        assert sim.deliveries[-1].status is None
    with pytest.raises(SimulatorError, match="the simulator is not running"):
        await sim.delivered()


async def test_a_change_is_delivered_by_itself() -> None:
    """Nobody asks for it; it arrives as soon as the loop runs."""
    async with posting() as one:
        arrived = asyncio.Event()

        async def note(_: Arrival) -> None:
            arrived.set()

        one.there.before = note
        one.drive()
        await asyncio.wait_for(arrived.wait(), 10)
        await one.sim.delivered()
        assert [delivery.status for delivery in one.sim.deliveries] == [204]


async def test_retries_on_the_clock() -> None:
    """They come when the world is moved, and redirects are failures that nobody follows."""
    async with posting() as one:
        one.there.answers = [503, 401, 302]
        one.drive()
        await one.sim.delivered()
        for wait in (25, 50, 100):
            one.sim.world.advance(seconds=wait)
            await one.sim.delivered()
        assert [delivery.status for delivery in one.sim.deliveries] == [503, 401, 302, 204]
        assert [delivery.attempt for delivery in one.sim.deliveries] == [1, 2, 3, 4]
        assert len({arrival.event["eventId"] for arrival in one.there.arrivals}) == 1
        assert len({arrival.event["meta"]["deliveryId"] for arrival in one.there.arrivals}) == 4
        assert all(arrival.is_signed for arrival in one.there.arrivals)
        assert one.sim.deliveries.total == 4


async def test_an_answer_that_comes_too_late() -> None:
    """It counts as none, although the endpoint handled the event: the retry is its duplicate."""
    async with posting() as one:
        one.sim.sending.timeout = 0.05
        done = asyncio.Event()

        async def late(_: Arrival) -> None:
            one.there.before = None
            await done.wait()

        one.there.before = late
        one.drive()
        await one.sim.delivered()
        (timed_out,) = one.sim.deliveries
        assert (timed_out.status, timed_out.problem) == (None, "no answer in 0.05 s")
        assert timed_out.retry_at == timed_out.at + timedelta(seconds=25.05)
        done.set()
        one.sim.sending.timeout = 15
        one.sim.world.advance(seconds=26)
        await one.sim.delivered()
        first, second = one.there.arrivals
        assert first.event["eventId"] == second.event["eventId"]
        assert first.event["meta"]["deliveryId"] != second.event["meta"]["deliveryId"]


async def test_a_lost_answer() -> None:
    """The endpoint has it, and gets it again."""
    async with posting() as one:
        lost = one.sim.disturb(AnswerLost(), times=1)
        one.drive()
        await one.sim.delivered()
        one.sim.world.advance(seconds=40)
        await one.sim.delivered()
        assert len(one.there.arrivals) == 2
        assert lost.hits == 1
        assert [delivery.ok for delivery in one.sim.deliveries] == [False, True]


async def test_one_after_the_other_or_at_once() -> None:
    """In order, unless several may run: then one endpoint holds two of them at the same time."""
    async with posting() as one:
        together, most = 0, 0

        async def count(_: Arrival) -> None:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0.02)
            together -= 1

        one.there.before = count
        for at_once, seen in ((1, 1), (2, 2)):
            most = 0
            one.sim.sending.at_once = at_once
            for _ in range(4):
                one.drive()
            await one.sim.delivered()
            assert most == seen
        assert len(one.there.arrivals) == 8
        distances = [arrival.event["data"]["signals"][0]["body"]["value"] for arrival in one.there.arrivals[:4]]
        assert distances == sorted(distances)


async def test_a_subscription_over_the_wire() -> None:
    """The 202 is followed by the first delivery, on either clock."""
    async with Simulator() as sim, sim.client() as client, endpoint() as there:
        webhook = await sim.verify_webhook(sim.world.add_webhook("Mine", there.url, token=TOKEN))
        delays: dict[str, float | timedelta] = {"Tesla": 0.05, "Volvo": timedelta(seconds=30)}
        for number, (make, delay) in enumerate(delays.items()):
            sim.subscription_delay = delay
            vehicle = sim.world.find(make)
            await client.subscribe(webhook_id=webhook.id, user_id=vehicle.owner_id, vehicle_id=vehicle.id)
            await sim.delivered()
            sim.world.advance(seconds=30)
            await sim.delivered()
            told = [one.event["data"]["vehicle"]["id"] for one in there.arrivals]
            assert vehicle.id in told[number:]


async def test_a_running_clock_sends_by_itself() -> None:
    """At 100 seconds a second, the first retry comes a quarter of a second later, with nobody asking."""
    async with posting(Simulator(speed=100.0)) as one:
        again = asyncio.Event()

        async def note(_: Arrival) -> None:
            if len(one.there.arrivals) > 1:
                again.set()

        one.there.before = note
        one.there.answers = [500]
        one.drive()
        await asyncio.wait_for(again.wait(), 20)
        first, second = [
            delivery for delivery in one.sim.deliveries if delivery.event_id == one.sim.deliveries[0].event_id
        ]
        assert first.retry_at is not None
        assert second.at >= first.retry_at


async def test_a_simulator_that_starts_again() -> None:
    """What was verified stays so, and what happened meanwhile is told."""
    async with posting() as one:
        await one.sim.stop()
        one.drive()
        await one.sim.start()
        await one.sim.delivered()
        assert len(one.there.arrivals) == 1


async def test_stopping_breaks_off_what_is_under_way() -> None:
    """Nobody waits for an endpoint that hangs."""
    async with posting() as one:
        held = asyncio.Event()
        arrived = asyncio.Event()

        async def hold(_: Arrival) -> None:
            arrived.set()
            await held.wait()

        one.there.before = hold
        one.drive()
        waiting = asyncio.create_task(one.sim.delivered())
        await arrived.wait()
        await asyncio.wait_for(one.sim.stop(), 10)
        await asyncio.wait_for(waiting, 10)
        assert [delivery.status for delivery in one.sim.deliveries] == [None]
        held.set()


async def test_a_mistake_is_told() -> None:
    """What cannot be sent fails the test that asks, and not in silence."""
    async with posting() as one:
        wrong: Any = ("no trouble",)
        one.tesla.troubles = wrong
        with pytest.raises(ExceptionGroup):
            await one.sim.delivered()
        one.tesla.troubles = ()
        with pytest.raises(ExceptionGroup):
            await one.sim.stop()


def test_a_simulator_in_a_thread() -> None:
    """Any loop may ask; the simulator sends on its own."""

    async def my_service(sim: Simulator) -> list[Any]:
        async with endpoint() as there:
            webhook = await sim.verify_webhook(sim.world.add_webhook("Mine", there.url, token=TOKEN))
            sim.world.subscribe(webhook.id, sim.world.find("Tesla").id)
            await sim.delivered()
            sim.world.advance(hours=9)
            await sim.delivered()
            return there.triggers

    with Simulator() as sim:
        triggers = asyncio.run(my_service(sim))
    assert triggers[0] == [{"type": "FIRST_DELIVERY"}]
    assert len(triggers) > 2
