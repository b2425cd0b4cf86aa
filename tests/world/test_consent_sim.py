"""Connect at the simulator: the page that an owner sees, and every way back to the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from attrs import define, field

from smartcar_async.testing.simulator import Simulator
from smartcar_async.testing.world import PERMISSIONS, World
from tests.world.raw_client import RawClient, Reply

CALLBACK = "https://app.example/callback?page=1"
PATH = "/oauth/authorize"


@define
class Form(HTMLParser):
    """The inputs of every form on a page, as a browser without JavaScript would send them."""

    forms: list[dict[str, list[str]]] = field(factory=list[dict[str, list[str]]])
    kinds: list[str] = field(factory=list[str])

    def __attrs_post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect inputs."""
        attributes = dict(attrs)
        assert tag not in ("script", "link", "style")
        if tag == "form":
            assert attributes == {"method": "post", "action": PATH}
            self.forms.append({})
        if tag in ("input", "button") and attributes.get("name"):
            self.kinds.append(attributes.get("type") or tag)
            self.forms[-1].setdefault(attributes["name"] or "", []).append(attributes.get("value") or "")
        if tag == "option":
            self.forms[-1].setdefault("decision", []).append(attributes.get("value") or "")


@pytest.fixture
async def api() -> AsyncIterator[RawClient]:
    """A simulator of cars that nobody has connected yet."""
    async with Simulator("empty") as sim, aiohttp.ClientSession() as session:
        yield RawClient(sim, session)


def url(api: RawClient, **more: str) -> dict[str, str]:
    """The parameters of a Connect URL."""
    return {"client_id": api.sim.application_id, "redirect_uri": CALLBACK, "state": "s 1"} | more


async def show(api: RawClient, query: dict[str, str]) -> Reply:
    """The page."""
    reply = await api.send("GET", PATH, params=query)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return reply


def read(reply: Reply) -> Form:
    """The forms of a page."""
    form = Form()
    form.feed(reply.body.decode())
    return form


async def decide(api: RawClient, query: dict[str, str], decision: str = "allow", *vehicles: str) -> Reply:
    """Post the form."""
    fields = [*query.items(), *(("vehicle", vehicle_id) for vehicle_id in vehicles), ("decision", decision)]
    return await api.send("POST", PATH, data=fields, allow_redirects=False)


def redirect_parameters(reply: Reply) -> dict[str, str]:
    """The query parameters of the redirect to the application."""
    assert (reply.status, reply.body) == (302, b"")
    parts = urlsplit(reply.headers["Location"])
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "app.example", "/callback")
    answer = dict(parse_qsl(parts.query, keep_blank_values=True))
    assert answer.pop("page") == "1"
    return answer


async def test_an_owner_clicks_through(api: RawClient) -> None:
    """The page carries what was asked for, a form for each owner, and a way out."""
    page = await show(api, url(api, scope="read_vin control_security", external_id='a"<b>'))
    assert page.status == 200
    assert b"<li>control_security</li><li>" not in page.body
    assert b"<li>read_vin</li><li>control_security</li>" in page.body
    assert b"<b>" not in page.body
    form = read(page)
    astrid, emil, deny, errors = form.forms
    assert (len(astrid["vehicle"]), len(emil["vehicle"]), deny["decision"]) == (2, 1, ["access_denied"])
    assert len(errors["decision"]) == 6
    assert form.kinds.count("checkbox") == 3
    fields = [(name, value) for name, values in astrid.items() for value in values]
    answer = redirect_parameters(await api.send("POST", PATH, data=fields, allow_redirects=False))
    owner = api.sim.world.find("Polestar").owner_id
    assert answer == {"user_id": owner, "code": answer["code"], "external_id": 'a"<b>', "state": "s 1"}
    connections = list(api.sim.world.connections.values())
    assert {connection.vehicle.id for connection in connections} == set(astrid["vehicle"])
    assert {connection.permissions for connection in connections} == {("read_vin", "control_security")}
    await api.fetch_token()
    listed = await api.get("/v3/connections", **{"filter[user.externalId]": 'a"<b>'})
    assert listed.json["meta"]["totalCount"] == 2
    assert all(connection.vehicle.subscribed for connection in connections)


async def test_with_and_without_a_code_or_a_state(api: RawClient) -> None:
    """The code is a switch; a state comes back only if there was one; both names of the id are good."""
    tesla = api.sim.world.find("Tesla")
    api.sim.switches.connect_code = False
    query = {"application_id": api.sim.application_id, "redirect_uri": CALLBACK}
    assert redirect_parameters(await decide(api, query, "allow", tesla.id)) == {"user_id": tesla.owner_id}
    connection = api.sim.world.connection_of(tesla.id)
    assert connection is not None
    assert len(connection.permissions) == len(PERMISSIONS)
    created = connection.created_at
    api.sim.world.advance(hours=1)
    await decide(api, query | {"scope": "required:read_vin"}, "allow", tesla.id)
    assert list(api.sim.world.connections.values()) == [connection]
    assert (connection.permissions, connection.created_at) == (("read_vin",), created)
    assert connection.updated_at > created


@pytest.mark.parametrize(
    "error",
    ["access_denied", "invalid_subscription", "configuration_error", "no_vehicles", "vehicle_incompatible",
     "server_error"],
)  # fmt: skip
async def test_every_error(api: RawClient, error: str) -> None:
    """Told with a description and the state; an incompatible car with what it is. Nothing is connected."""
    answer = redirect_parameters(await decide(api, url(api), error))
    assert (answer.pop("error"), answer.pop("state")) == (error, "s 1")
    assert answer.pop("error_description")
    details = {"vin", "make", "model", "year"} if error == "vehicle_incompatible" else set[str]()
    assert set(answer) == details
    assert not api.sim.world.connections


async def test_choices_that_cannot_be(api: RawClient) -> None:
    """No car at all is no_vehicles; cars of two owners, or two where one is asked for, are a mistake."""
    world = api.sim.world
    assert redirect_parameters(await decide(api, url(api)))["error"] == "no_vehicles"
    assert redirect_parameters(await decide(api, url(api), "allow", "nobody"))["error"] == "no_vehicles"
    assert redirect_parameters(await decide(api, url(api), "whatever"))["error"] == "server_error"
    volvo, polestar, tesla = world.find("Volvo").id, world.find("Polestar").id, world.find("Tesla").id
    assert (await decide(api, url(api), "allow", volvo, tesla)).status == 400
    assert (await decide(api, url(api, single_select="true"), "allow", volvo, polestar)).status == 400
    assert not world.connections


async def test_the_cars_on_offer(api: RawClient) -> None:
    """By mode, by make, by VIN; one at a time where asked."""
    world = api.sim.world

    async def offered(**more: str) -> list[str]:
        return [
            vehicle_id
            for form in read(await show(api, url(api, **more))).forms
            for vehicle_id in form.get("vehicle", [])
        ]

    assert len(await offered()) == 3
    assert await offered(mode="simulated") == [world.find("Tesla", "Model Y").id]
    assert await offered(make="volvo") == [world.find("Volvo").id]
    polestar = world.find("Polestar")
    assert await offered(single_select_vin=polestar.car.vin) == [polestar.id]
    assert read(await show(api, url(api, single_select="true"))).kinds.count("radio") == 3


async def test_reauthentication_of_one_vehicle(api: RawClient) -> None:
    """Its id comes back instead of the user's; an external id of null clears the old one."""
    world = api.sim.world
    tesla = world.find("Tesla")
    again = url(api, response_type="vehicle_id", vehicle_id=tesla.id, external_id="acct-9")
    assert (await show(api, again)).status == 400
    world.connect(tesla.id)
    assert read(await show(api, again)).forms[0]["vehicle"] == [tesla.id]
    answer = redirect_parameters(await decide(api, again, "allow", tesla.id))
    assert answer == {"vehicle_id": tesla.id, "external_id": "acct-9", "state": "s 1"}
    answer = redirect_parameters(await decide(api, again | {"external_id": "null"}, "allow", tesla.id))
    assert answer == {"vehicle_id": tesla.id, "state": "s 1"}
    owner = world.owners[tesla.owner_id]
    assert (owner.external_id, owner.named) == (None, True)
    connection = world.connection_of(tesla.id)
    assert connection is not None
    assert connection.owner is owner


async def test_without_an_address_to_go_back_to(api: RawClient) -> None:
    """`none` ends on a page of Smartcar's; otherwise the first registered address is the default."""
    tesla = api.sim.world.find("Tesla").id
    query = {"client_id": api.sim.application_id, "response_type": "none"}
    ended = await decide(api, query, "allow", tesla)
    assert ended.status == 200
    assert b"You may close this page" in ended.body
    assert api.sim.world.connection_of(tesla) is not None
    assert b"Not connected" in (await decide(api, query, "access_denied")).body
    api.sim.redirect_uris = ("https://app.example/callback?page=1", "https://other.example/")
    assert api.sim.redirect_uris[0] == CALLBACK
    assert (
        redirect_parameters(await decide(api, {"client_id": api.sim.application_id}, "access_denied"))["error"]
        == "access_denied"
    )
    assert (await decide(api, url(api), "access_denied")).status == 302
    assert (await decide(api, url(api, redirect_uri="https://evil.example/"), "access_denied")).status == 400


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"client_id": "client_1<"}, "Invalid parameter client_id: client_1&lt;"),
        ({"client_id": ""}, "Invalid parameter client_id: "),
        ({"application_id": "x"}, "Invalid parameter application_id: x"),
        ({"redirect_uri": "callback"}, "Invalid parameter redirect_uri: callback"),
        ({"response_type": "token"}, "Invalid parameter response_type: token"),
        ({"response_type": "vehicle_id"}, "Invalid parameter vehicle_id: "),
        ({"mode": "test"}, "Invalid parameter mode: test"),
        ({"scope": "read_mind"}, "Invalid parameter scope: read_mind"),
    ],
)
async def test_urls_that_connect_refuses(api: RawClient, change: dict[str, str], text: str) -> None:
    """A page with a 400, to look at and to post to; nobody is redirected anywhere."""
    for reply in (await show(api, url(api, **change)), await decide(api, url(api, **change))):
        assert reply.status == 400
        assert text in reply.body.decode()
    without: dict[str, Any] = {"client_id": api.sim.application_id}
    assert b"redirect_uri" in (await show(api, without)).body


def test_connecting_in_code() -> None:
    """The world connects a car without any page."""
    world = World("empty")
    assert not world.connections
    connection = world.connect(world.find("Volvo").id, ("read_vin",))
    assert world.connection_of(connection.vehicle.id) is connection
    assert connection.vehicle.subscribed
    world.name_owner(connection.owner.id, "acct-1")
    assert connection.owner.external_id == "acct-1"
