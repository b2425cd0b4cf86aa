"""The raw HTTP client for v2: a user's token where v3 has the application's."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from attrs import define

from smartcar_async.testing.simulator import Simulator
from smartcar_async.testing.world import PERMISSIONS, Vehicle
from tests.world.raw_client import RawClient, Reply


def basic(name: str, password: str) -> dict[str, str]:
    """A Basic header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """A Bearer header."""
    return {"Authorization": f"Bearer {token}"}


@define
class ClientV2(RawClient):
    """A raw HTTP client that calls as the owner of each car."""

    def vehicle(self, make: str) -> Vehicle:
        """A car of the world; its store is brought up to date."""
        vehicle = self.sim.world.find(*make.split(" ", 1))
        vehicle.report(self.sim.world.now)
        return vehicle

    def owner(self, make: str, scope: tuple[str, ...] = PERMISSIONS) -> dict[str, str]:
        """The credentials of a car's owner."""
        return bearer(self.sim.v2_tokens(self.vehicle(make).owner_id, scope).access_token)

    async def request(self, make: str, path: str = "", method: str = "GET", body: Any = None, **headers: str) -> Reply:
        """A call about a car by its owner; underscores in the names of headers are hyphens."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        document = {} if body is None else {"json": body}
        url = f"/v2.0/vehicles/{self.vehicle(make).id}{path}"
        return await self.send(method, url, headers=self.owner(make) | more, **document)

    async def read(self, make: str, path: str = "", **headers: str) -> Any:
        """The body of a reading that goes well."""
        reply = await self.request(make, path, **headers)
        assert reply.status == 200, reply.body
        return reply.json

    async def run(self, make: str, path: str, body: Any = None, method: str = "POST", **headers: str) -> Any:
        """The body of a command that goes well."""
        reply = await self.request(make, path, method, body, **headers)
        assert reply.status == 200, reply.body
        return reply.json

    def ledger_actions(self, make: str) -> list[str]:
        """What was done to a car."""
        return [entry.action for entry in self.vehicle(make).ledger if entry.action[:8] != "schedule"]

    async def exchange(self, **form: str) -> Reply:
        """Call the token endpoint, with valid credentials."""
        authorization = basic(self.sim.client_id, self.sim.client_secret)
        return await self.send("POST", "/oauth/token", data=form, headers=authorization)


@asynccontextmanager
async def v2(profile: str = "makes", **arguments: Any) -> AsyncGenerator[ClientV2, None]:
    """A simulator and the client."""
    async with Simulator(profile, **arguments) as sim, aiohttp.ClientSession() as session:
        yield ClientV2(sim, session)


def failure(reply: Reply) -> tuple[int, str, str | None]:
    """Status, type and code of an error, which the body repeats."""
    body = reply.json
    assert body["statusCode"] == reply.status
    assert body["requestId"] == reply.headers["SC-Request-Id"]
    assert {"type", "code", "description", "docURL", "statusCode", "requestId", "resolution"} <= set(body)
    return reply.status, body["type"], body["code"]
