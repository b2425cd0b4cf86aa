"""How cars come to an application, with the real client over TCP: Connect, who can, and webhooks' subscriptions."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import aiohttp
import pytest

from smartcar_async import (
    AccountError,
    ApiError,
    CompatibilityError,
    ConfigurationError,
    ConnectLink,
    DeadlineExceeded,
    IncompatibleVehicle,
    InvalidRequest,
    NotFound,
    Permission,
    PermissionDenied,
    ServerError,
    signals,
)
from smartcar_async.testing import Simulator
from tests.world.simulated_fleet import Fleet, simulated_fleet
from tests.world.test_consent_sim import Form

CALLBACK = "https://app.example/callback?page=1"


async def page_of(link: ConnectLink) -> Form:
    """What an owner sees."""
    async with aiohttp.ClientSession() as browser, browser.get(link.url) as response:
        assert response.status == 200
        form = Form()
        form.feed(await response.text())
        return form


async def post(sim: Simulator, fields: dict[str, list[str]], decision: str) -> str:
    """Press a button, and be sent back: the URL that the application gets, or the text of the last page."""
    data = [(name, value) for name, values in fields.items() if name != "decision" for value in values]
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(
            f"{sim.url}/oauth/authorize", data=[*data, ("decision", decision)], allow_redirects=False
        ) as response,
    ):
        return response.headers["Location"] if response.status == 302 else await response.text()


async def test_from_link_to_connection() -> None:
    """An owner follows the link and allows two cars: the application knows whose they are, and can read them."""
    async with simulated_fleet("empty") as fleet:
        assert [connection async for connection in fleet.client.connections()] == []
        link = fleet.client.connect_url(
            redirect_uri=CALLBACK,
            scope=[Permission.READ_ODOMETER, f"required:{Permission.CONTROL_SECURITY}"],
            external_id="acct-9",
        )
        astrid = (await page_of(link)).forms[0]
        back = await post(fleet.sim, astrid, "allow")
        result = fleet.client.parse_redirect(back, state=link.state)
        owner = fleet.sim.world.find("Polestar").owner_id
        assert (result.user_id, result.external_id, result.state) == (owner, "acct-9", link.state)
        assert (result.vehicle_id, result.code is None) == (None, False)
        listed = [connection async for connection in fleet.client.connections(user_id=result.user_id)]
        assert {connection.vehicle_id for connection in listed} == set(astrid["vehicle"])
        assert {connection.external_id for connection in listed} == {"acct-9"}
        assert {connection.permissions for connection in listed} == {
            (Permission.READ_ODOMETER, Permission.CONTROL_SECURITY)
        }
        car = fleet.client.vehicle(listed[0].vehicle_id, listed[0].user_id)
        assert (await car.signal(signals.Odometer.TraveledDistance)).ok
        with pytest.raises(PermissionDenied) as caught:
            await car.start_charge()
        assert caught.value.permission == Permission.CONTROL_CHARGE


@pytest.mark.parametrize(
    ("error", "family"),
    [
        ("access_denied", PermissionDenied),
        ("invalid_subscription", AccountError),
        ("no_vehicles", AccountError),
        ("configuration_error", InvalidRequest),
        ("vehicle_incompatible", CompatibilityError),
        ("server_error", ServerError),
    ],
)
async def test_every_way_that_connect_ends_in_vain(error: str, family: type[ApiError]) -> None:
    """Each in its own family, in Connect's words; only an incompatible car is described. Nothing is connected."""
    async with simulated_fleet("empty") as fleet:
        link = fleet.client.connect_url(redirect_uri=CALLBACK)
        back = await post(fleet.sim, (await page_of(link)).forms[0], error)
        with pytest.raises(family) as caught:
            fleet.client.parse_redirect(back, state=link.state)
        assert type(caught.value) is family
        assert (caught.value.error, caught.value.status) == (error, None)
        assert caught.value.description
        saab = IncompatibleVehicle("YS3EH48G1X3000001", "SAAB", "9-5", "2009")
        assert caught.value.details == ((saab,) if error == "vehicle_incompatible" else ())
        assert "YS3EH48G1X3000001" not in str(caught.value)
        assert [connection async for connection in fleet.client.connections()] == []


async def test_a_redirect_of_somebody_else() -> None:
    """One link's redirect is not another's, and a state that was cut out is none."""
    async with simulated_fleet("empty") as fleet:
        link, other = (fleet.client.connect_url(redirect_uri=CALLBACK) for _ in range(2))
        assert link.state != other.state
        back = await post(fleet.sim, (await page_of(link)).forms[0], "allow")
        for url, state in ((back, other.state), (back.replace("state=", "s="), link.state)):
            with pytest.raises(ConfigurationError, match="state: missing or not ours"):
                fleet.client.parse_redirect(url, state=state)
        assert fleet.client.parse_redirect(back, state=link.state).user_id


async def test_one_vehicle_is_authenticated_again() -> None:
    """The page offers that one alone; what was granted is replaced, and the owner's old name can be cleared."""
    async with simulated_fleet("empty") as fleet:
        tesla = fleet.sim.world.find("Tesla")
        before = fleet.sim.world.connect(tesla.id, ("read_vin",))
        fleet.sim.world.name_owner(tesla.owner_id, "acct-1")
        link = fleet.client.connect_url(
            redirect_uri=CALLBACK, vehicle_id=tesla.id, scope="read_vin read_fuel", clear_external_id=True
        )
        form = (await page_of(link)).forms[0]
        assert form["vehicle"] == [tesla.id]
        result = fleet.client.parse_redirect(await post(fleet.sim, form, "allow"), state=link.state)
        assert (result.vehicle_id, result.user_id, result.external_id) == (tesla.id, None, None)
        (listed,) = [connection async for connection in fleet.client.connections(vehicle_id=tesla.id)]
        assert (listed.id, listed.external_id) == (before.id, None)
        assert set(listed.permissions) == {Permission.READ_VIN, Permission.READ_FUEL}


async def test_connect_without_a_code() -> None:
    """It ends on a page of Smartcar's own, and the connection is there; the newest pages send no code either."""
    async with simulated_fleet("empty") as fleet:
        link = fleet.client.connect_url(code=False, make="tesla")
        (tesla, *_) = (await page_of(link)).forms
        assert "You may close this page" in await post(fleet.sim, tesla, "allow")
        (listed,) = [connection async for connection in fleet.client.connections()]
        assert listed.vehicle_id == fleet.sim.world.find("Tesla").id
        fleet.sim.switches.connect_code = False
        link = fleet.client.connect_url(redirect_uri=CALLBACK, single_select=True)
        back = await post(fleet.sim, (await page_of(link)).forms[1], "allow")
        assert fleet.client.parse_redirect(back, state=link.state).code is None


async def subscribed(fleet: Fleet, webhook_id: str) -> list[str | None]:
    """The cars that a webhook reports on."""
    return [subscription.vehicle_id async for subscription in fleet.client.subscriptions(webhook_id=webhook_id)]


async def test_a_subscription_is_followed_until_it_is_listed() -> None:
    """Taken note of at once and listed later; asked for again it is the same; gone is gone, however often."""
    async with simulated_fleet() as fleet:
        (webhook,) = [webhook async for webhook in fleet.client.webhooks(name="odometer")]
        fleet.sim.subscription_delay = timedelta(seconds=3)
        car = fleet.vehicle("Tesla")
        subscribe = partial(fleet.client.subscribe, webhook_id=webhook.id, user_id=car.user_id, vehicle_id=car.id)
        assert await subscribe() is None
        assert await subscribed(fleet, webhook.id) == []
        subscription = await subscribe(wait=True)
        assert subscription is not None
        assert (subscription.webhook_id, subscription.user_id, subscription.vehicle_id) == (
            webhook.id,
            car.user_id,
            car.id,
        )
        assert sum(fleet.clock.pauses) == pytest.approx(3.5)
        assert await subscribe(wait=True) == subscription
        assert await fleet.client.subscription(subscription.id) == subscription
        assert await subscribed(fleet, webhook.id) == [car.id]
        assert [request.status for request in fleet.sim.requests.matching("POST", "/v3/subscriptions")] == [
            202,
            409,
            409,
        ]
        for _ in range(2):
            await fleet.client.unsubscribe(subscription.id)
        assert await subscribed(fleet, webhook.id) == []
        with pytest.raises(NotFound, match="SUBSCRIPTION_NOT_FOUND"):
            await fleet.client.subscription(subscription.id)


async def test_a_subscription_that_does_not_come() -> None:
    """The deadline is for the waiting too; what is missing is not found."""
    async with simulated_fleet() as fleet:
        (webhook,) = [webhook async for webhook in fleet.client.webhooks(name="odometer")]
        fleet.sim.subscription_delay = timedelta(hours=1)
        car = fleet.vehicle("Tesla")
        with pytest.raises(DeadlineExceeded, match="not listed yet"):
            await fleet.client.subscribe(
                webhook_id=webhook.id, user_id=car.user_id, vehicle_id=car.id, wait=True, deadline=20
            )
        assert 10 <= fleet.clock.skipped <= 20
        with pytest.raises(NotFound, match="WEBHOOK_NOT_FOUND"):
            await fleet.client.subscribe(webhook_id="x", user_id=car.user_id, vehicle_id=car.id)


async def test_a_subscription_fills_the_store() -> None:
    """A car that nobody subscribed has no signals; with a subscription they come."""
    async with simulated_fleet() as fleet:
        (webhook,) = [webhook async for webhook in fleet.client.webhooks(name="charging")]
        niro = fleet.vehicle("Kia")
        assert len(await niro.signals()) == 0
        await fleet.client.subscribe(webhook_id=webhook.id, user_id=niro.user_id, vehicle_id=niro.id, wait=True)
        assert len(await niro.signals()) > 0


async def test_cars_that_can_be_connected() -> None:
    """Volvos in the United States and in Europe; asked for once a day, and without a token."""
    async with Simulator() as sim, sim.client() as client:
        for region, listed in (("US", True), ("EUROPE", True), ("CA", False)):
            models = await client.compatible_vehicles(region=region)
            volvos = [model for model in models if model.make == "VOLVO"]
            assert {volvo.model for volvo in volvos} == ({"EX30", "XC60", "V60", "XC40"} if listed else set[str]())
            assert {model.region for model in models} == {region}
            assert {volvo.commands for volvo in volvos} <= {("security/lock", "security/unlock")}
            assert await client.compatible_vehicles(region=region) is models
        assert len(sim.requests) == 3
        assert not any("Authorization" in request.headers for request in sim.requests)
        electric = await client.compatible_vehicles(region="EUROPE", make="volvo", powertrain="BEV")
        assert [(entry.model, entry.powertrain_type, entry.raw["attributes"]["region"]) for entry in electric] == [
            ("EX30", "BEV", "EUROPE")
        ]
