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
from tests.world.simulated_fleet import Fleet, fleet
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
    async with fleet("empty") as one:
        assert [found async for found in one.client.connections()] == []
        link = one.client.connect_url(
            redirect_uri=CALLBACK,
            scope=[Permission.READ_ODOMETER, f"required:{Permission.CONTROL_SECURITY}"],
            external_id="acct-9",
        )
        astrid = (await page_of(link)).forms[0]
        back = await post(one.sim, astrid, "allow")
        result = one.client.parse_redirect(back, state=link.state)
        owner = one.sim.world.find("Polestar").owner_id
        assert (result.user_id, result.external_id, result.state) == (owner, "acct-9", link.state)
        assert (result.vehicle_id, result.code is None) == (None, False)
        listed = [found async for found in one.client.connections(user_id=result.user_id)]
        assert {found.vehicle_id for found in listed} == set(astrid["vehicle"])
        assert {found.external_id for found in listed} == {"acct-9"}
        assert {found.permissions for found in listed} == {(Permission.READ_ODOMETER, Permission.CONTROL_SECURITY)}
        car = one.client.vehicle(listed[0].vehicle_id, listed[0].user_id)
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
    async with fleet("empty") as one:
        link = one.client.connect_url(redirect_uri=CALLBACK)
        back = await post(one.sim, (await page_of(link)).forms[0], error)
        with pytest.raises(family) as caught:
            one.client.parse_redirect(back, state=link.state)
        assert type(caught.value) is family
        assert (caught.value.error, caught.value.status) == (error, None)
        assert caught.value.description
        saab = IncompatibleVehicle("YS3EH48G1X3000001", "SAAB", "9-5", "2009")
        assert caught.value.details == ((saab,) if error == "vehicle_incompatible" else ())
        assert "YS3EH48G1X3000001" not in str(caught.value)
        assert [found async for found in one.client.connections()] == []


async def test_a_redirect_of_somebody_else() -> None:
    """One link's redirect is not another's, and a state that was cut out is none."""
    async with fleet("empty") as one:
        link, other = (one.client.connect_url(redirect_uri=CALLBACK) for _ in range(2))
        assert link.state != other.state
        back = await post(one.sim, (await page_of(link)).forms[0], "allow")
        for url, state in ((back, other.state), (back.replace("state=", "s="), link.state)):
            with pytest.raises(ConfigurationError, match="state: missing or not ours"):
                one.client.parse_redirect(url, state=state)
        assert one.client.parse_redirect(back, state=link.state).user_id


async def test_one_vehicle_is_authenticated_again() -> None:
    """The page offers that one alone; what was granted is replaced, and the owner's old name can be cleared."""
    async with fleet("empty") as one:
        tesla = one.sim.world.find("Tesla")
        before = one.sim.world.connect(tesla.id, ("read_vin",))
        one.sim.world.name_owner(tesla.owner_id, "acct-1")
        link = one.client.connect_url(
            redirect_uri=CALLBACK, vehicle_id=tesla.id, scope="read_vin read_fuel", clear_external_id=True
        )
        form = (await page_of(link)).forms[0]
        assert form["vehicle"] == [tesla.id]
        result = one.client.parse_redirect(await post(one.sim, form, "allow"), state=link.state)
        assert (result.vehicle_id, result.user_id, result.external_id) == (tesla.id, None, None)
        (listed,) = [found async for found in one.client.connections(vehicle_id=tesla.id)]
        assert (listed.id, listed.external_id) == (before.id, None)
        assert set(listed.permissions) == {Permission.READ_VIN, Permission.READ_FUEL}


async def test_connect_without_a_code() -> None:
    """It ends on a page of Smartcar's own, and the connection is there; the newest pages send no code either."""
    async with fleet("empty") as one:
        link = one.client.connect_url(code=False, make="tesla")
        (tesla, *_) = (await page_of(link)).forms
        assert "You may close this page" in await post(one.sim, tesla, "allow")
        (listed,) = [found async for found in one.client.connections()]
        assert listed.vehicle_id == one.sim.world.find("Tesla").id
        one.sim.switches.connect_code = False
        link = one.client.connect_url(redirect_uri=CALLBACK, single_select=True)
        back = await post(one.sim, (await page_of(link)).forms[1], "allow")
        assert one.client.parse_redirect(back, state=link.state).code is None


async def subscribed(one: Fleet, webhook_id: str) -> list[str | None]:
    """The cars that a webhook reports on."""
    return [found.vehicle_id async for found in one.client.subscriptions(webhook_id=webhook_id)]


async def test_a_subscription_is_followed_until_it_is_listed() -> None:
    """Taken note of at once and listed later; asked for again it is the same; gone is gone, however often."""
    async with fleet() as one:
        (webhook,) = [found async for found in one.client.webhooks(name="odometer")]
        one.sim.subscription_delay = timedelta(seconds=3)
        car = one.vehicle("Tesla")
        subscribe = partial(one.client.subscribe, webhook_id=webhook.id, user_id=car.user_id, vehicle_id=car.id)
        assert await subscribe() is None
        assert await subscribed(one, webhook.id) == []
        made = await subscribe(wait=True)
        assert made is not None
        assert (made.webhook_id, made.user_id, made.vehicle_id) == (webhook.id, car.user_id, car.id)
        assert sum(one.clock.pauses) == pytest.approx(3.5)
        assert await subscribe(wait=True) == made
        assert await one.client.subscription(made.id) == made
        assert await subscribed(one, webhook.id) == [car.id]
        assert [one.status for one in one.sim.requests.matching("POST", "/v3/subscriptions")] == [202, 409, 409]
        for _ in range(2):
            await one.client.unsubscribe(made.id)
        assert await subscribed(one, webhook.id) == []
        with pytest.raises(NotFound, match="SUBSCRIPTION_NOT_FOUND"):
            await one.client.subscription(made.id)


async def test_a_subscription_that_does_not_come() -> None:
    """The deadline is for the waiting too; what is missing is not found."""
    async with fleet() as one:
        (webhook,) = [found async for found in one.client.webhooks(name="odometer")]
        one.sim.subscription_delay = timedelta(hours=1)
        car = one.vehicle("Tesla")
        with pytest.raises(DeadlineExceeded, match="not listed yet"):
            await one.client.subscribe(
                webhook_id=webhook.id, user_id=car.user_id, vehicle_id=car.id, wait=True, deadline=20
            )
        assert 10 <= one.clock.skipped <= 20
        with pytest.raises(NotFound, match="WEBHOOK_NOT_FOUND"):
            await one.client.subscribe(webhook_id="x", user_id=car.user_id, vehicle_id=car.id)


async def test_a_subscription_fills_the_store() -> None:
    """A car that nobody subscribed has no signals; with a subscription they come."""
    async with fleet() as one:
        (webhook,) = [found async for found in one.client.webhooks(name="charging")]
        niro = one.vehicle("Kia")
        assert len(await niro.signals()) == 0
        await one.client.subscribe(webhook_id=webhook.id, user_id=niro.user_id, vehicle_id=niro.id, wait=True)
        assert len(await niro.signals()) > 0


async def test_cars_that_can_be_connected() -> None:
    """Volvos in the United States and in Europe; asked for once a day, and without a token."""
    async with Simulator() as sim, sim.client() as client:
        for region, listed in (("US", True), ("EUROPE", True), ("CA", False)):
            found = await client.compatible_vehicles(region=region)
            volvos = [one for one in found if one.make == "VOLVO"]
            assert {one.model for one in volvos} == ({"EX30", "XC60", "V60", "XC40"} if listed else set[str]())
            assert {one.region for one in found} == {region}
            assert {one.commands for one in volvos} <= {("security/lock", "security/unlock")}
            assert await client.compatible_vehicles(region=region) is found
        assert len(sim.requests) == 3
        assert not any("Authorization" in request.headers for request in sim.requests)
        electric = await client.compatible_vehicles(region="EUROPE", make="volvo", powertrain="BEV")
        assert [(one.model, one.powertrain_type, one.raw["attributes"]["region"]) for one in electric] == [
            ("EX30", "BEV", "EUROPE")
        ]
