"""Webhooks, subscriptions and compatible vehicles: what is sent, what is followed, and what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import (
    ApiError,
    CompatibleVehicle,
    ConfigurationError,
    ConnectionLost,
    DeadlineExceeded,
    EntriesSkipped,
    InvalidRequest,
    NotFound,
    Powertrain,
    Smartcar,
    Subscription,
    VehicleAttributes,
    VehicleMode,
    VehicleStateError,
    Webhook,
)
from smartcar_async.log import Event
from smartcar_async.records import SignalName

from .fakes import CLIENT_ID, CLIENT_SECRET, Answer, FakeClock, Sent, Wire, always, answer, in_turn, mocked, refused
from .test_requests import AGENT, JSON, PLAIN
from .test_retry import lost

MANAGEMENT = "https://management.api.smartcar.com"
COMPATIBILITY = "https://compatibility.api.smartcar.com"
PAGE = "page%5Bnumber%5D=1&page%5Bsize%5D=100"
WEBHOOK = {
    "id": "webhook-1",
    "type": "webhook",
    "attributes": {
        "name": "Charging",
        "callbackUri": "https://example.org/cb",
        "isEnabled": True,
        "triggers": [{"group": "TractionBattery", "name": "StateOfCharge", "code": "tractionbattery-stateofcharge"}],
        "data": [{"group": "Odometer", "name": "TraveledDistance", "code": "odometer-traveleddistance"}],
        "errorCallbackUri": "https://example.org/err",
        "autoSubscribe": False,
    },
    "links": {"self": "https://management.api.smartcar.com/v3/webhooks/webhook-1"},
    "meta": {"createdAt": "2026-01-01T00:00:00Z"},
}
CAR = {"make": "VOLVO", "model": "EX30", "year": 2025, "mode": "live", "powertrainType": "BEV"}
TAKEN_NOTE = answer({"meta": {"message": "subscription creation in progress"}}, 202)
EXISTS = refused("VALIDATION", "ALREADY_SUBSCRIBED", 409)
NOBODY = answer({"data": []})

Use = Callable[[Smartcar], Awaitable[Any]]


def subscription(number: int = 1, webhook: str = "webhook-1", vehicle: str = "vehicle-1") -> dict[str, Any]:
    """A subscription resource."""
    named = {"webhook": webhook, "user": "user-1", "vehicle": vehicle}
    return {
        "id": f"subscription-{number}",
        "type": "subscription",
        "attributes": {"vehicle": CAR},
        "meta": {"createdAt": "2026-05-01T10:00:00Z", "updatedAt": "2026-06-01T10:00:00Z"},
        "relationships": {name: {"data": {"type": "webhook", "id": value}} for name, value in named.items()},
    }


def listing(*entries: object) -> Answer:
    """One page of a list."""
    return answer({"data": entries, "meta": {"totalCount": len(entries), "pageSize": 100, "pageNumber": 1}})


async def ids(pages: Any) -> list[str]:
    """The ids of all that a list gives."""
    return [item.id async for item in pages]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own sessions."""
    with mocked(Wire()) as made:
        yield made


CALLS: list[tuple[str, Use, Answer, Sent]] = [
    (
        "webhooks",
        lambda smartcar: ids(smartcar.webhooks()),
        listing(WEBHOOK),
        Sent("GET", f"{MANAGEMENT}/v3/webhooks?{PAGE}", PLAIN),
    ),
    (
        "webhooks, every filter",
        lambda smartcar: ids(
            smartcar.webhooks(
                name="a b", callback_uri="https://x.test/?y", is_enabled=True, auto_subscribe=False, page_size=7
            )
        ),
        listing(WEBHOOK),
        Sent(
            "GET",
            f"{MANAGEMENT}/v3/webhooks?filter%5Bname%5D=a%20b&filter%5BcallbackUri%5D=https%3A%2F%2Fx.test%2F%3Fy"
            "&filter%5BisEnabled%5D=true&filter%5BautoSubscribe%5D=false"
            "&page%5Bnumber%5D=1&page%5Bsize%5D=7",
            PLAIN,
        ),
    ),
    (
        "webhook",
        lambda smartcar: smartcar.webhook("w/1"),
        answer({"data": {**WEBHOOK, "id": "w/1", "links": {"self": f"{MANAGEMENT}/v3/webhooks/w%2F1"}}}),
        Sent("GET", f"{MANAGEMENT}/v3/webhooks/w%2F1", PLAIN),
    ),
    (
        "subscriptions",
        lambda smartcar: ids(smartcar.subscriptions()),
        listing(subscription()),
        Sent("GET", f"{MANAGEMENT}/v3/subscriptions?{PAGE}", PLAIN),
    ),
    (
        "subscriptions, every filter",
        lambda smartcar: ids(
            smartcar.subscriptions(
                webhook_id="w&1", user_id="u1", vehicle_id="v1", mode=VehicleMode.SIMULATED, page_size=25
            )
        ),
        listing(subscription()),
        Sent(
            "GET",
            f"{MANAGEMENT}/v3/subscriptions?filter%5BwebhookId%5D=w%261&filter%5BuserId%5D=u1"
            "&filter%5BvehicleId%5D=v1&filter%5Bvehicle.mode%5D=simulated"
            "&page%5Bnumber%5D=1&page%5Bsize%5D=25",
            PLAIN,
        ),
    ),
    (
        "subscription",
        lambda smartcar: smartcar.subscription("s 1"),
        answer({"data": {**subscription(), "id": "S 1"}}),
        Sent("GET", f"{MANAGEMENT}/v3/subscriptions/s%201", PLAIN),
    ),
    (
        "subscribe",
        lambda smartcar: smartcar.subscribe(webhook_id="w1", user_id="u1", vehicle_id="v1"),
        TAKEN_NOTE,
        Sent(
            "POST",
            f"{MANAGEMENT}/v3/subscriptions",
            {**PLAIN, **JSON},
            b'{"data":{"attributes":{"webhookId":"w1","userId":"u1","vehicleId":"v1"}}}',
        ),
    ),
    (
        "unsubscribe",
        lambda smartcar: smartcar.unsubscribe("s/1"),
        Answer(204, b""),
        Sent("DELETE", f"{MANAGEMENT}/v3/subscriptions/s%2F1", PLAIN),
    ),
    (
        "compatible_vehicles",
        lambda smartcar: smartcar.compatible_vehicles(),
        listing(),
        Sent("GET", f"{COMPATIBILITY}/v3/compatible-vehicles", {"User-Agent": AGENT, "Accept": "application/json"}),
    ),
    (
        "compatible_vehicles, every filter",
        lambda smartcar: smartcar.compatible_vehicles(region="europe", make="Volvo", powertrain=Powertrain.BEV),
        listing(),
        Sent(
            "GET",
            f"{COMPATIBILITY}/v3/compatible-vehicles?filter%5Bregion%5D=EUROPE&filter%5Bmake%5D=Volvo"
            "&filter%5BpowertrainType%5D=BEV",
            {"User-Agent": AGENT, "Accept": "application/json"},
        ),
    ),
]


@pytest.mark.parametrize(("use", "given", "expected"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
async def test_call(wire: Wire, use: Use, given: Answer, expected: Sent) -> None:
    """Each call sends exactly one request, and exactly this one; only the public list needs no token."""
    wire.api = always(given)
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        await use(smartcar)
    assert wire.calls == [expected]
    assert len(wire.tokens) == ("Authorization" in expected.headers)


async def test_nothing_is_sent_for_arguments_that_cannot_be_right(wire: Wire) -> None:
    """Bad filters and ids are refused by name, before anything is sent."""
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        bad: list[tuple[Callable[..., object], dict[str, Any]]] = [
            *((smartcar.webhooks, {name: value}) for name, value in (("name", ""), ("callback_uri", " "))),
            *((call, {"page_size": size}) for call in (smartcar.webhooks, smartcar.subscriptions) for size in (0, 101)),
            *((smartcar.subscriptions, {name: ""}) for name in ("webhook_id", "user_id", "vehicle_id")),
            (smartcar.subscriptions, {"mode": "test"}),
        ]
        for make, filters in bad:
            with pytest.raises(ConfigurationError, match=f"^{next(iter(filters))}: "):
                make(**filters)
        for mistaken, name in (
            (smartcar.webhook(""), "webhook_id"),
            (smartcar.subscribe(webhook_id="", user_id="u", vehicle_id="v"), "webhook_id"),
            (smartcar.subscribe(webhook_id="w", user_id="", vehicle_id="v"), "user_id"),
            (smartcar.subscribe(webhook_id="w", user_id="u", vehicle_id=" "), "vehicle_id"),
            (smartcar.subscription(".."), "subscription_id"),
            (smartcar.unsubscribe(""), "subscription_id"),
            (smartcar.compatible_vehicles(region="ASIA"), "region: give one of US, CA, EUROPE, not 'ASIA'"),
            (smartcar.compatible_vehicles(region=5), "region"),  # type: ignore[arg-type]  # pyright: ignore
            (smartcar.compatible_vehicles(make=""), "make"),
            (smartcar.compatible_vehicles(powertrain=" "), "powertrain"),
        ):
            with pytest.raises(ConfigurationError, match=f"^{name}"):
                await mistaken
    assert wire.calls == wire.tokens == []


async def test_a_webhook() -> None:
    """As the dashboard set it up; what it does not say is empty."""
    wire = Wire(in_turn(answer({"data": WEBHOOK}), answer({"id": "webhook-2"})))
    smartcar = await wire.client()
    assert await smartcar.webhook("webhook-1") == Webhook(
        "webhook-1",
        "Charging",
        "https://example.org/cb",
        "https://example.org/err",
        True,
        False,
        (SignalName("tractionbattery-stateofcharge", "TractionBattery", "StateOfCharge"),),
        (SignalName("odometer-traveleddistance", "Odometer", "TraveledDistance"),),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert await smartcar.webhook("webhook-2") == Webhook("webhook-2")


async def test_a_subscription() -> None:
    """Its ids are in its relationships, whose types the reference gets wrong; the vehicle is named by its id."""
    bare = {"id": "subscription-2", "attributes": {"vehicle": CAR}}
    wire = Wire(in_turn(answer({"data": subscription()}), answer(bare)))
    smartcar = await wire.client()
    found = await smartcar.subscription("subscription-1")
    car = VehicleAttributes("vehicle-1", "VOLVO", "EX30", 2025, Powertrain.BEV, VehicleMode.LIVE)
    times = (datetime(2026, 5, 1, 10, tzinfo=UTC), datetime(2026, 6, 1, 10, tzinfo=UTC))
    assert found == Subscription("subscription-1", "webhook-1", "user-1", "vehicle-1", car, *times)
    assert found.raw == subscription()
    assert await smartcar.subscription("subscription-2") == Subscription("subscription-2")


async def test_lists_are_paged_and_lose_no_neighbour() -> None:
    """Pages are counted; an entry that cannot be read is told and skipped."""
    events: list[Event] = []
    page = {"data": [subscription(1), {"id": None}], "meta": {"totalCount": 3, "pageSize": 2}}
    wire = Wire(in_turn(answer(page), answer({**page, "data": [subscription(2)]}), answer(status=404)))
    smartcar = await wire.client(on_event=events.append)
    assert await ids(smartcar.subscriptions(page_size=2)) == ["subscription-1", "subscription-2"]
    assert [event.count for event in events if isinstance(event, EntriesSkipped)] == [1]
    with pytest.raises(NotFound):
        await ids(smartcar.webhooks())


def subscribe(smartcar: Smartcar, **options: Any) -> Awaitable[Subscription | None]:
    """Have a webhook report on a vehicle."""
    return smartcar.subscribe(webhook_id="webhook-1", user_id="user-1", vehicle_id="vehicle-1", **options)


@pytest.mark.parametrize("before", [None, lost(), answer(status=500), answer(status=503)])
@pytest.mark.parametrize("end", [TAKEN_NOTE, EXISTS, answer(status=409), Answer(200, b"")])
async def test_subscribing_ends_in_the_same_state(before: Answer | Exception | None, end: Answer) -> None:
    """A lost answer is asked for again, and a subscription that is there already is what was wanted."""
    wire = Wire(in_turn(*([] if before is None else [before]), end))
    assert await subscribe(await wire.client(FakeClock())) is None
    assert len(wire.calls) == 1 + (before is not None)
    assert len({sent.body for sent in wire.calls}) == 1


async def test_a_subscription_that_is_refused() -> None:
    """Anything but a 409 is an error, without the user's id in it."""
    detail = {"errors": [{"status": "400", "type": "VALIDATION", "detail": "user-1 is unknown"}]}
    with pytest.raises(InvalidRequest, match=r"^400 VALIDATION - \[hidden\] is unknown$"):
        await subscribe(await Wire(always(answer(detail, 400))).client(FakeClock()))
    with pytest.raises(NotFound):
        await subscribe(await Wire(always(answer(status=404))).client(FakeClock()), wait=True)
    with pytest.raises(ConnectionLost):
        await subscribe(await Wire(lambda _: lost()).client(FakeClock()))


@pytest.mark.parametrize("begin", [TAKEN_NOTE, EXISTS], ids=["taken note", "there already"])
async def test_waiting_for_a_subscription(begin: Answer) -> None:
    """It is looked for less and less often until it is listed; others are not mistaken for it."""
    clock = FakeClock()
    others = listing(subscription(8, webhook="webhook-2"), subscription(9, vehicle="vehicle-2"), {"id": None})
    wire = Wire(in_turn(begin, NOBODY, others, NOBODY, NOBODY, NOBODY, NOBODY, listing(subscription(3))))
    found = await subscribe(await wire.client(clock), wait=True)
    assert found is not None
    assert (found.id, found.vehicle_id, found.user_id) == ("subscription-3", "vehicle-1", "user-1")
    assert clock.slept == [0.5, 1, 2, 4, 5, 5]
    query = f"filter%5BwebhookId%5D=webhook-1&filter%5BvehicleId%5D=vehicle-1&{PAGE}"
    assert {sent.url for sent in wire.calls[1:]} == {f"{MANAGEMENT}/v3/subscriptions?{query}"}


async def test_waiting_ends_with_the_deadline() -> None:
    """One deadline over all of it: the last look is before its end, and the error tells what is known."""
    clock = FakeClock()
    wire = Wire(lambda sent: TAKEN_NOTE if sent.method == "POST" else NOBODY)
    with pytest.raises(DeadlineExceeded, match="the subscription was taken note of, but is not listed yet"):
        await subscribe(await wire.client(clock), wait=True, deadline=10)
    assert clock.slept == [0.5, 1, 2, 4]
    assert len(wire.calls) == 6


@pytest.mark.parametrize("before", [None, lost(), answer(status=503)])
@pytest.mark.parametrize("end", [Answer(204, b""), Answer(404, b""), refused("RESOURCE_NOT_FOUND", "PATH", 404)])
async def test_unsubscribing(before: Answer | Exception | None, end: Answer) -> None:
    """Gone is gone, whoever did it, and a lost answer is asked for again."""
    wire = Wire(in_turn(*([] if before is None else [before]), end))
    await (await wire.client(FakeClock())).unsubscribe("subscription-1")
    assert len(wire.calls) == 1 + (before is not None)


async def test_an_end_that_is_refused() -> None:
    """Only 404 counts as gone."""
    with pytest.raises(VehicleStateError):
        await (await Wire(always(answer(status=409))).client(FakeClock())).unsubscribe("subscription-1")


EX30 = {
    "make": "VOLVO",
    "model": "EX30",
    "startYear": 2024,
    "endYear": "2026",
    "powertrainType": "BEV",
    "region": "EUROPE",
    "signals": ["charge-ischarging", {"new": 1}],
    "commands": ["lock"],
    "tomorrow": {"kept": True},
}


async def test_compatible_vehicles() -> None:
    """Typed as far as they are known, with everything in `raw`; an odd entry keeps its place."""
    odd: list[Any] = ["text", {"attributes": []}, {"attributes": {"make": {"?": 1}}}, {"attributes": {"signals": 5}}]
    wire = Wire(always(listing({"attributes": EX30}, EX30, *odd)))
    first, bare, *others = await (await wire.client(FakeClock())).compatible_vehicles()
    assert (
        first
        == bare
        == CompatibleVehicle("VOLVO", "EX30", 2024, 2026, Powertrain.BEV, "EUROPE", ("charge-ischarging",), ("lock",))
    )
    assert (first.raw, bare.raw) == ({"attributes": EX30}, EX30)
    assert others == [CompatibleVehicle()] * 4
    assert [other.raw for other in others] == odd
    assert wire.tokens == []


async def test_compatible_vehicles_are_kept_for_a_day() -> None:
    """By the client's own clock and for each filter; a failure is not kept, and no budget is spent."""
    clock = FakeClock()
    wire = Wire(in_turn(answer(status=400), *(listing({"attributes": {"model": str(n)}}) for n in range(4))))
    smartcar = await wire.client(clock)

    async def models(**filters: Any) -> list[str | None]:
        return [vehicle.model for vehicle in await smartcar.compatible_vehicles(**filters)]

    with pytest.raises(ApiError):
        await models()
    assert (await models(), await models()) == (["0"], ["0"])
    assert (await models(region="us"), await models(region="US"), await models(make="Volvo")) == (["1"], ["1"], ["2"])
    clock.time += 86_399
    assert (await models(), len(wire.calls)) == (["0"], 4)
    clock.time += 1
    assert (await models(), len(wire.calls)) == (["3"], 5)
    assert (await models(), len(wire.calls)) == (["3"], 5)
    assert wire.tokens == []
