"""The simulator's core without the older API: v3 is served in full, and nothing of v2 is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from smartcar_async.testing import Answer, Request, World
from smartcar_async.testing.routes import ROUTES
from smartcar_async.testing.service import Service
from smartcar_async.testing.tokens import Tokens

ROOT = Path(__file__).parents[2]


@pytest.fixture
def service() -> Service:
    """A service of v3 alone, with an application that Connect knows."""
    return Service(World(), Tokens("id", "secret", 1, lambda: 0.0), ROUTES, application_id="app")


def authorized(service: Service) -> dict[str, str]:
    """The header of a request with a good token."""
    body = b'{"grant_type":"client_credentials","client_id":"id","client_secret":"secret"}'
    answer = service.answer(Request("POST", "/oauth2/token", headers={"Content-Type": "application/json"}, body=body))
    return {"Authorization": f"Bearer {msgspec.json.decode(answer.body)['access_token']}"}


def code_of(answer: Answer) -> object:
    """The code of the first error of v3."""
    return msgspec.json.decode(answer.body)["errors"][0]["code"]


def test_v3_is_served(service: Service) -> None:
    """Tokens, reads and commands."""
    headers, vehicle = authorized(service), service.world.find("Tesla")
    owned = {**headers, "sc-user-id": vehicle.owner_id}
    path = f"/v3/vehicles/{vehicle.id}"
    assert service.answer(Request("GET", f"{path}/signals", headers=owned)).status == 200
    assert service.answer(Request("POST", f"{path}/commands/security/lock", headers=owned)).status == 200
    assert [done.action for done in vehicle.ledger] == ["lock"]
    assert code_of(service.answer(Request("GET", path))) == "UNAUTHORIZED"


@pytest.mark.parametrize("path", ["/v2.0/vehicles", "/v2/vehicles", "/oauth/token"])
def test_a_path_of_v2_is_none(service: Service, path: str) -> None:
    """It is not there, in the words of v3."""
    answer = service.answer(Request("GET", path, headers=authorized(service)))
    assert (answer.status, code_of(answer)) == (404, "INVALID_PATH")


def test_connect_sends_a_code_of_no_use(service: Service) -> None:
    """It comes beside the user, as v3 has it; nobody sells tokens for it."""
    vehicle = service.world.find("Tesla")
    form = f"application_id=app&redirect_uri=https://example.org/back&vehicle={vehicle.id}&decision=allow"
    answer = service.answer(Request("POST", "/oauth/authorize", body=f"{form}&mode={vehicle.mode}".encode()))
    assert f"user_id={vehicle.owner_id}&code=code_" in answer.headers["Location"]


def test_connect_knows_no_credential(service: Service) -> None:
    """That an application names itself by its credential is v2's way."""
    answer = service.answer(Request("GET", "/oauth/authorize", "client_id=id&redirect_uri=https://example.org/back"))
    assert answer.status == 400


def test_nothing_of_v2_is_loaded() -> None:
    """Neither by the service nor by the server."""
    code = """
import sys
import smartcar_async.testing.routes, smartcar_async.testing.server, smartcar_async.testing.world
print([name for name in sys.modules if name.startswith("smartcar_async.testing.v2")])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
