"""Tokens of users: the way through Connect, rotation, the grace window, and what is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import define

from tests.world.raw_client import Reply
from tests.world.raw_client_v2 import ClientV2, basic, bearer, failure, v2

CALLBACK = "https://app.example/callback"


@define
class Clock:
    """Real time, as far as the simulator knows."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The seconds that a test has let pass."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Time that a test moves."""
    return Clock()


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[ClientV2]:
    """Cars that nobody has connected yet."""
    async with v2("empty", clock=clock) as client:
        yield client


async def consent(api: ClientV2, **more: str) -> dict[str, str]:
    """Click through Connect as the owner of the Volvo, and tell what the application is told."""
    query = {"response_type": "code", "client_id": api.sim.client_id, "redirect_uri": CALLBACK, "state": "s"}
    query |= {"scope": "read_odometer required:read_vin", "mode": "live", "approval_prompt": "auto"} | more
    page = await api.send("GET", "/oauth/authorize", params=query)
    assert page.status == 200
    form = query | {"vehicle": api.sim.world.find("Volvo").id, "decision": "allow"}
    reply = await api.send("POST", "/oauth/authorize", data=form, allow_redirects=False)
    assert reply.status == 302
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))


def refused(reply: Reply) -> tuple[int, str]:
    """The error of the token endpoint."""
    assert set(reply.json) == {"error", "error_description"}
    return reply.status, reply.json["error"]


async def test_from_connect_to_a_reading(api: ClientV2) -> None:
    """The redirect has a code and the state alone; the pair that it buys opens what was consented to."""
    answer = await consent(api)
    assert set(answer) == {"code", "state"}
    reply = await api.exchange(grant_type="authorization_code", code=answer["code"], redirect_uri=CALLBACK)
    pair = reply.json
    assert {name: pair[name] for name in ("token_type", "expires_in")} == {"token_type": "Bearer", "expires_in": 7200}
    (vehicle,) = (await api.send("GET", "/v2.0/vehicles", headers=bearer(pair["access_token"]))).json["vehicles"]
    path = f"/v2.0/vehicles/{vehicle}"
    assert (await api.send("GET", f"{path}/odometer", headers=bearer(pair["access_token"]))).status == 200
    assert (await api.send("GET", f"{path}/battery", headers=bearer(pair["access_token"]))).status == 403
    again = await api.exchange(grant_type="authorization_code", code=answer["code"], redirect_uri=CALLBACK)
    assert refused(again) == (400, "invalid_grant")


async def test_codes_are_bound_and_expire(api: ClientV2, clock: Clock) -> None:
    """To the address that was named, if one was, and to ten minutes."""
    answer = await consent(api)
    other = await api.exchange(
        grant_type="authorization_code", code=answer["code"], redirect_uri="https://else.example/"
    )
    assert refused(other) == (400, "invalid_grant")
    api.sim.redirect_uris = (CALLBACK,)
    owner = api.sim.world.find("Volvo").owner_id
    code = api.sim.user_tokens.code(owner, ("read_vin",))
    assert (await api.exchange(grant_type="authorization_code", code=code, redirect_uri="undefined")).status == 200
    code = (await consent(api))["code"]
    clock.now += 600
    late = await api.exchange(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert refused(late) == (400, "invalid_grant")


async def test_connect_for_v2_in_test_mode(api: ClientV2) -> None:
    """`test` was merged into `simulated`; re-authentication tells the vehicle, and no code."""
    query = {"client_id": api.sim.client_id, "redirect_uri": CALLBACK, "mode": "test"}
    page = await api.send("GET", "/oauth/authorize", params=query)
    assert b"Model Y" in page.body
    assert b"EX30" not in page.body
    await consent(api)
    again = query | {"response_type": "vehicle_id", "vehicle_id": api.sim.world.find("Volvo").id}
    form = again | {"vehicle": again["vehicle_id"], "decision": "allow"}
    reply = await api.send("POST", "/oauth/authorize", data=form, allow_redirects=False)
    assert dict(parse_qsl(urlsplit(reply.headers["Location"]).query)) == {"vehicle_id": again["vehicle_id"]}
    assert (await api.send("GET", "/oauth/authorize", params=query | {"mode": "else"})).status == 400


async def test_a_refresh_token_is_single_use_but_for_its_grace(api: ClientV2, clock: Clock) -> None:
    """For a minute the old one buys more pairs; then it is spent, and nothing else is."""
    first = api.sim.v2_tokens(api.sim.world.find("Volvo").owner_id)
    chain = api.sim.user_tokens.chain_of(first.refresh_token)
    second = (await api.exchange(grant_type="refresh_token", refresh_token=first.refresh_token)).json
    clock.now += 59
    third = (await api.exchange(grant_type="refresh_token", refresh_token=first.refresh_token)).json
    assert len({first.refresh_token, second["refresh_token"], third["refresh_token"]}) == 3
    clock.now += 1
    late = await api.exchange(grant_type="refresh_token", refresh_token=first.refresh_token)
    assert refused(late) == (400, "invalid_grant")
    for pair in (second, third):
        assert (await api.send("GET", "/v2.0/user", headers=bearer(pair["access_token"]))).status == 200
        assert (await api.exchange(grant_type="refresh_token", refresh_token=pair["refresh_token"])).status == 200
    assert (chain.refresh_requests, chain.refusals, len(chain.pairs)) == (5, 1, 5)
    assert [pair.access_token for pair in chain.unused] == [pair.access_token for pair in chain.pairs[-2:]]
    assert chain.newest is chain.pairs[-1]
    assert api.sim.user_tokens.chain_of(second["access_token"]) is chain
    assert first.access_token not in repr(first) + repr(chain) + repr(api.sim.user_tokens)


async def test_tokens_expire(api: ClientV2, clock: Clock) -> None:
    """Access tokens after two hours, refresh tokens after sixty days; lifetimes can be set."""
    owner = api.sim.world.find("Volvo").owner_id
    pair = api.sim.v2_tokens(owner)
    clock.now += 7199
    assert (await api.send("GET", "/v2.0/user", headers=bearer(pair.access_token))).json == {"id": owner}
    clock.now += 1
    reply = await api.send("GET", "/v2.0/user", headers=bearer(pair.access_token))
    assert failure(reply) == (401, "AUTHENTICATION", None)
    clock.now += 60 * 86400
    assert refused(await api.exchange(grant_type="refresh_token", refresh_token=pair.refresh_token)) == (
        400,
        "invalid_grant",
    )
    api.sim.user_tokens.access_lifetime = 5
    pair = api.sim.v2_tokens(owner)
    assert (await api.exchange(grant_type="refresh_token", refresh_token=pair.refresh_token)).json["expires_in"] == 5


async def test_tokens_can_be_ended(api: ClientV2) -> None:
    """All access tokens at once, or everything that a user has."""
    owner = api.sim.world.find("Volvo").owner_id
    mine, other = api.sim.v2_tokens(owner), api.sim.v2_tokens(api.sim.world.find("Tesla").owner_id)
    api.sim.user_tokens.expire()
    assert (await api.send("GET", "/v2.0/user", headers=bearer(mine.access_token))).status == 401
    api.sim.user_tokens.revoke(owner)
    assert (await api.exchange(grant_type="refresh_token", refresh_token=mine.refresh_token)).status == 400
    assert (await api.exchange(grant_type="refresh_token", refresh_token=other.refresh_token)).status == 200
    with pytest.raises(KeyError):
        api.sim.user_tokens.chain_of("unknown")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    ],
)
async def test_refusals_of_the_token_endpoint(api: ClientV2, form: dict[str, str], status: int, error: str) -> None:
    """In the style of OAuth."""
    assert refused(await api.exchange(**form)) == (status, error)


async def test_credentials_of_the_token_endpoint(api: ClientV2) -> None:
    """In a Basic header, or in the form as the SDK for Ruby sends them; also at the path that Node's SDK makes of
    the variable for Python's."""
    pair = api.sim.v2_tokens(api.sim.world.find("Volvo").owner_id)
    form = {"grant_type": "refresh_token", "refresh_token": pair.refresh_token}
    assert (await api.send("POST", "/oauth/token", data=form | api.credentials)).status == 200
    assert (await api.send("POST", "/oauth/token/", data=form | api.credentials)).status == 200
    assert (await api.send("POST", "/oauth/token/oauth/token", data=form | api.credentials)).status == 200
    wrong = await api.send("POST", "/oauth/token", data=form, headers=basic(api.sim.client_id, "wrong"))
    assert refused(wrong) == (401, "invalid_client")
    odd = await api.send("POST", "/oauth/token", data=b"\xff", headers=basic(api.sim.client_id, "wrong"))
    assert refused(odd) == (400, "invalid_request")


async def test_the_code_of_v3_connect_works_too(api: ClientV2) -> None:
    """It is told beside the user id, and buys a pair."""
    query = {"client_id": api.sim.application_id, "redirect_uri": CALLBACK}
    form = query | {"vehicle": api.sim.world.find("Volvo").id, "decision": "allow"}
    reply = await api.send("POST", "/oauth/authorize", data=form, allow_redirects=False)
    answer = dict(parse_qsl(urlsplit(reply.headers["Location"]).query))
    assert set(answer) == {"user_id", "code"}
    pair = await api.exchange(grant_type="authorization_code", code=answer["code"], redirect_uri=CALLBACK)
    assert (await api.send("GET", "/v2.0/user", headers=bearer(pair.json["access_token"]))).json == {
        "id": answer["user_id"]
    }


async def test_a_token_of_v2_reads_v3_without_a_user_header(api: ClientV2) -> None:
    """About the vehicles of its user, and nothing else."""
    volvo, tesla = api.sim.world.find("Volvo"), api.sim.world.find("Tesla")
    api.sim.world.connect(volvo.id)
    api.sim.world.connect(tesla.id)
    mine = bearer(api.sim.v2_tokens(volvo.owner_id).access_token)
    assert (await api.send("GET", f"/v3/vehicles/{volvo.id}/signals", headers=mine)).status == 200
    assert (await api.send("GET", f"/v3/vehicles/{tesla.id}/signals", headers=mine)).status == 403
    assert (await api.send("GET", "/v3/connections", headers=mine)).status == 401
