"""How clients are made: where their credentials and settings come from, and what they refuse to be made of."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, cast

import pytest
from aiohttp import ClientSession

import smartcar_sync
from smartcar_async import ConfigurationError, Proxy, RateLimit, Settings, Smartcar, SystemClock, v2

from . import documents
from .fakes import USER, VEHICLE, FakeClock, Wire, always, answer

Make = Callable[..., Any]
CLIENTS: list[Any] = [Smartcar, v2.Client, smartcar_sync.Smartcar, smartcar_sync.v2.Client]
ASYNC_CLIENTS: list[Any] = [Smartcar, v2.Client]
ELSEWHERE = "https://vehicle.example.com"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and an origin, as `smartcar simulate` prints them."""
    monkeypatch.setenv("SMARTCAR_CLIENT_ID", "id-of-the-environment")
    monkeypatch.setenv("SMARTCAR_CLIENT_SECRET", "secret-of-the-environment")
    monkeypatch.setenv("SMARTCAR_VEHICLE_ORIGIN", ELSEWHERE)
    monkeypatch.setenv("SMARTCAR_REDIRECT_URI", "https://example.com/home")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")


def settings_of(made: Any) -> Settings:
    """The settings that a client works with, plain clients too."""
    found: Settings = (made._twin.aio if hasattr(made, "_twin") else made)._settings
    return found


@pytest.mark.parametrize("client", CLIENTS)
def test_from_env_takes_what_the_constructor_takes(client: Any) -> None:
    """The same keywords: whoever moves from one to the other loses none."""
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    taken = set(inspect.signature(client).parameters)
    assert set(inspect.signature(client.from_env).parameters) == taken
    places = [one.name for one in inspect.signature(client.from_env).parameters.values() if one.kind is positional]
    assert places == [name for name in ("redirect_uri", "mode", "version") if name in taken]


@pytest.mark.parametrize("client", CLIENTS)
def test_settings_may_hold_the_credentials(client: Any) -> None:
    """Both are then optional; one that is given goes before."""
    settings = Settings(client_id="id-1", client_secret="secret-1")
    assert client(settings=settings).client_id == "id-1"
    assert client("id-2", settings=settings).client_id == "id-2"
    assert client(settings=Settings.from_env()).client_id == "id-of-the-environment"
    for lacking, name in ((Settings(), "client_secret"), (Settings(client_secret="secret-1"), "client_id")):
        with pytest.raises(ConfigurationError, match=rf"^{name}: missing; pass it, here or in Settings, or set SMARTC"):
            client(settings=lacking)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_given_goes_before_the_environment(client: Any) -> None:
    """Credentials, and of the settings whatever is not the default; the environment fills the rest."""
    plain = client.from_env()
    assert (plain.client_id, settings_of(plain).vehicle_origin) == ("id-of-the-environment", ELSEWHERE)
    assert settings_of(plain) == Settings.from_env()
    changed = client.from_env(client_id="id-1", settings=Settings(deadline=5, rate_limit=RateLimit(7, 1)))
    assert changed.client_id == "id-1"
    assert settings_of(changed) == Settings.from_env(deadline=5, rate_limit=RateLimit(7, 1))
    other = Settings(vehicle_origin="https://other.example.com", proxy=Proxy(), client_id="id-2")
    found = client.from_env(settings=other)
    assert found.client_id == "id-2"
    assert (settings_of(found).vehicle_origin, settings_of(found).proxy) == ("https://other.example.com", Proxy())
    with pytest.raises(ConfigurationError, match=r"^settings: give a Settings"):
        client.from_env(settings={"deadline": 5})


@pytest.mark.parametrize("client", [v2.Client, smartcar_sync.v2.Client])
def test_where_owners_come_back_to(client: Any) -> None:
    """The settings' address is used by the constructor too; the argument goes before it."""
    assert client.from_env().redirect_uri == "https://example.com/home"
    assert client(settings=Settings.from_env()).redirect_uri == "https://example.com/home"
    assert client(settings=Settings.from_env(), redirect_uri="app://back").redirect_uri == "app://back"
    with pytest.warns(DeprecationWarning, match="^test_mode: deprecated") as caught:
        assert client.from_env(test_mode=True).mode == "test"
    assert caught[0].filename == __file__


async def test_hooks_clock_and_session_reach_the_client() -> None:
    """They are handed on by `from_env`."""
    wire, events = Wire(api=always(answer({"id": "owner-1"}))), list[object]()
    given: dict[str, Any] = {"session": wire, "clock": FakeClock(), "on_event": events.append}
    async with v2.Client.from_env(**given) as owner, Smartcar.from_env(**given) as smartcar:
        await owner.get_user("token-1")
        await smartcar.request("GET", "/v3/new")
    assert [sent.url for sent in wire.calls] == ["https://api.smartcar.com/v2.0/user", f"{ELSEWHERE}/v3/new"]
    assert b"id-of-the-environment" in (wire.tokens[0].body or b"")
    assert len(events) == 3


class Plain:
    """What a session without await has of aiohttp's."""

    def request(self, method: str, url: str) -> None:
        """Send, and wait."""


class Resending(Plain):
    """A coat around a session that sends again by itself, as some libraries have it."""

    closed = False


NO_SESSIONS: list[Make] = [
    Plain,
    Resending,
    lambda: ClientSession,
    object,
    lambda: "session",
    lambda: 0,
]


@pytest.mark.parametrize("make", NO_SESSIONS)
@pytest.mark.parametrize("client", ASYNC_CLIENTS)
async def test_what_is_no_session(client: Any, make: Make) -> None:
    """It is refused at once, by its name and with what to pass."""
    with pytest.raises(ConfigurationError, match=r"^session: give an aiohttp\.ClientSession, or none"):
        client("id", "secret", session=make())


@pytest.mark.parametrize("client", ASYNC_CLIENTS)
async def test_what_is_a_session(client: Any) -> None:
    """One of aiohttp's own, of a subclass too, and a stand-in for tests."""
    with pytest.warns(DeprecationWarning, match="discouraged"):
        own = type("Own", (ClientSession,), {})
    async with ClientSession() as session, own() as another:
        for fine in (session, another, Wire(), None):
            client("id", "secret", session=fine)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("name", "odd"), [("clock", SystemClock), ("clock", 5), ("on_event", "print"), ("on_outcome_unknown", [])]
)
def test_other_wrong_kinds(client: Any, name: str, odd: object) -> None:
    """A class in place of its instance, a number, a text: refused at once, under the argument's name."""
    with pytest.raises(ConfigurationError, match=rf"^{name}: give "):
        client("id", "secret", **{name: odd}).close()


@pytest.mark.parametrize("odd", [None, 5, b"token", ["token"], v2.TokenSource, {"get": 1}])
async def test_what_is_no_token(odd: Any) -> None:
    """Wherever a token of an owner is taken, another kind is refused at once, and nothing is sent."""
    wire = Wire()
    client = v2.Client("id", "secret", session=wire)  # type: ignore[arg-type]  # pyright: ignore
    for take in (lambda: client.vehicle("car-1", odd), lambda: client.iter_vehicles(odd)):
        with pytest.raises(ConfigurationError, match=r"^token: give an access token, or a token source"):
            take()
    with pytest.raises(ConfigurationError, match=r"^token: give an access token, or a token source"):
        await client.get_user(odd)
    assert wire.calls == []


def test_a_client_belongs_to_one_loop() -> None:
    """Its connections are of no use in another: that is said, and nothing is sent."""
    wire = Wire(always(answer(documents.signal_list())))
    smartcar = Smartcar("id", "secret", session=cast("ClientSession", wire))
    car = smartcar.vehicle(VEHICLE, USER)
    assert asyncio.run(car.signals()).ok
    with pytest.raises(ConfigurationError, match=r"event loop .* make one in each"):
        asyncio.run(car.signals())
    assert len(wire.calls) == 1


@pytest.mark.parametrize("client", ASYNC_CLIENTS)
def test_a_session_of_another_loop(client: Any) -> None:
    """It is refused under its name before anything is sent; aiohttp would only speak of timeouts and tasks."""

    async def make() -> ClientSession:
        return ClientSession()

    async def use() -> None:
        with pytest.raises(ConfigurationError, match=r"^session: it belongs to another event loop; make it in"):
            async with client("id", "secret", session=session):
                raise AssertionError
        other = client("id", "secret", session=session)
        call = other.vehicle("car-1", "token-1").signals() if client is Smartcar else other.get_user("token-1")
        with pytest.raises(ConfigurationError, match=r"^session: it belongs to another event loop"):
            await call

    loop = asyncio.new_event_loop()
    session = loop.run_until_complete(make())
    asyncio.run(use())
    loop.run_until_complete(session.close())
    loop.close()
