"""The client of API v2.0: exchanges of tokens, and what it owns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest
from aiohttp import ClientSession, ServerDisconnectedError

from smartcar_async import (
    AuthenticationError,
    CommandOutcomeUnknown,
    ConfigurationError,
    RequestEvent,
    Settings,
    TokenPair,
)
from smartcar_async.engine.auth import FixedToken
from smartcar_async.log import Event
from smartcar_async.v2 import Client

from .fakes import CLIENT_ID, CLIENT_SECRET, FakeClock, Outcome, Sent, Wire, always, answer, in_turn, mocked
from .v2 import AUTH, BASIC, ID, TOKEN, car, client, json_answer, request_headers

FORM = {**request_headers(BASIC), "Content-Type": "application/x-www-form-urlencoded"}
GRANTED = {"access_token": "access-2", "token_type": "Bearer", "expires_in": 7200, "refresh_token": "refresh-2"}
NOW = FakeClock().now()
PAIR = TokenPair("access-2", "refresh-2", NOW + timedelta(hours=2), NOW + timedelta(days=60))
VIN = "5YJ3E1EA7KF317000"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire()) as made:
        yield made


@pytest.mark.parametrize("redirect_uri", [None, "https://example.com/home?a=b"])
async def test_a_code_is_exchanged(wire: Wire, redirect_uri: str | None) -> None:
    """By a form, with the application's id and secret, and without a redirect URI unless there is one."""
    wire.api = always(answer(GRANTED))
    async with client(redirect_uri=redirect_uri) as smartcar:
        assert await smartcar.exchange_code("code-1") == PAIR
        assert await smartcar.exchange_code("a b", flags={"x": True}) == PAIR
    more = b"" if redirect_uri is None else b"&redirect_uri=https%3A%2F%2Fexample.com%2Fhome%3Fa%3Db"
    assert wire.calls == [
        Sent("POST", f"{AUTH}/oauth/token", FORM, b"grant_type=authorization_code&code=code-1" + more),
        Sent("POST", f"{AUTH}/oauth/token?flags=x%3Atrue", FORM, b"grant_type=authorization_code&code=a+b" + more),
    ]


async def test_a_refresh_token_is_exchanged(wire: Wire) -> None:
    """The old one stays where no new one comes back, and a lifetime that says nothing is that of the documents."""
    wire.api = in_turn(answer(GRANTED), answer({"access_token": "access-3", "expires_in": "soon"}))
    async with client() as smartcar:
        assert await smartcar.exchange_refresh_token("refresh-1") == PAIR
        kept = await smartcar.exchange_refresh_token("refresh-1", flags={"x": "y"})
    assert kept == TokenPair("access-3", "refresh-1", PAIR.expiration, PAIR.refresh_expiration)
    body = b"grant_type=refresh_token&refresh_token=refresh-1"
    assert wire.calls == [
        Sent("POST", f"{AUTH}/oauth/token", FORM, body),
        Sent("POST", f"{AUTH}/oauth/token?flags=x%3Ay", FORM, body),
    ]


@pytest.mark.parametrize(
    "outcome",
    [ServerDisconnectedError("gone"), answer({}, 500), answer({"access_token": "access-2"}), answer([])],
    ids=["broken", "500", "no refresh token", "a list"],
)
async def test_a_code_whose_answer_is_lost_is_not_sent_again(wire: Wire, outcome: Outcome) -> None:
    """It works once, so the exchange may or may not have been done; no text shows the code or the secret."""
    wire.api = always(outcome)
    async with client() as smartcar:
        with pytest.raises(CommandOutcomeUnknown) as caught:
            await smartcar.exchange_code("code-that-is-secret")
    assert len(wire.calls) == 1
    assert caught.value.action == "exchange_code"
    assert "code-that-is-secret" not in f"{caught.value!r} {caught.value.__dict__}"


async def test_a_refused_code(wire: Wire) -> None:
    """An OAuth error is an AuthenticationError, whose text repeats neither code nor secret."""
    told = f"code-1 of {CLIENT_SECRET} with {BASIC} is bad"
    wire.api = always(answer({"error": "invalid_grant", "error_description": told}, 400))
    async with client() as smartcar:
        with pytest.raises(
            AuthenticationError, match=r"^400 invalid_grant - \[hidden\] of \[hidden\] with Basic"
        ) as caught:
            await smartcar.exchange_code("code-1")
    assert BASIC.split()[1] not in str(caught.value)


async def test_a_lost_refresh_is_sent_again(wire: Wire) -> None:
    """The server takes the old token for a while more."""
    wire.api = in_turn(ServerDisconnectedError("gone"), answer(GRANTED))
    async with client() as smartcar:
        assert await smartcar.exchange_refresh_token("refresh-1") == PAIR
    assert len(wire.calls) == 2


async def test_exchanges_are_not_counted_in_the_budget(wire: Wire) -> None:
    """The server's limit is on calls to the API."""
    wire.api = always(answer(GRANTED))
    async with client(settings=Settings()) as smartcar:
        for _ in range(130):
            await smartcar.exchange_refresh_token("refresh-1")
    assert len(wire.calls) == 130


async def test_a_token_that_keeps_itself_fresh(wire: Wire) -> None:
    """Whatever gives tokens can stand for one, and is asked again after a refusal."""

    class Source(FixedToken):
        async def after_refusal(self, refused: Any) -> Any:
            return await FixedToken("access-2").get()

    wire.api = in_turn(
        answer({"type": "AUTHENTICATION", "code": None}, 401), json_answer({"id": "user-1"}), json_answer({"vin": VIN})
    )
    async with client() as smartcar:
        assert (await smartcar.get_user(Source(TOKEN))).id == "user-1"
        assert (await smartcar.vehicle(ID, Source(TOKEN)).vin()).vin == VIN
    assert [sent.headers["Authorization"] for sent in wire.calls] == [
        f"Bearer {TOKEN}",
        "Bearer access-2",
        f"Bearer {TOKEN}",
    ]


async def test_events_name_no_car_and_no_person(wire: Wire) -> None:
    """A hook hears of every request by its template."""
    wire.api = always(json_answer({"vin": VIN}))
    heard: list[Event] = []
    async with client(on_event=heard.append) as smartcar:
        await car(smartcar).vin()
    (event,) = heard
    assert isinstance(event, RequestEvent)
    assert (event.method, event.route) == ("GET", "/v{version}/vehicles/{vehicle_id}/vin")


async def test_a_session_of_the_callers_is_used_and_left_open() -> None:
    """What the caller opened, the caller closes; a client need not be entered to be used."""
    wire = Wire(always(json_answer({"id": "user-1"})))
    smartcar = client(session=cast("ClientSession", wire))
    assert (await smartcar.get_user(TOKEN)).id == "user-1"
    await smartcar.aclose()
    assert not wire.closed
    with pytest.raises(ConfigurationError, match="closed"):
        await smartcar.get_user(TOKEN)


async def test_a_client_from_the_environment(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, origins and the redirect URI are read under the names that Smartcar's SDKs use."""
    monkeypatch.setenv("SMARTCAR_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("SMARTCAR_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("SMARTCAR_REDIRECT_URI", "https://example.com/home")
    monkeypatch.setenv("SMARTCAR_API_ORIGIN", "https://api.example.com")
    wire.api = always(json_answer({"id": "user-1"}))
    async with Client.from_env(mode="simulated", version="1.0") as smartcar:
        await smartcar.get_user(TOKEN)
    assert (smartcar.redirect_uri, smartcar.mode, smartcar.version) == ("https://example.com/home", "simulated", "1.0")
    assert Client.from_env("app://back").redirect_uri == "app://back"
    assert wire.calls == [Sent("GET", "https://api.example.com/v1.0/user", request_headers())]
