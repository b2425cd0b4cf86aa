"""A raw HTTP client for the simulator, which uses nothing of the client under test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from attrs import define

from smartcar_async.testing.simulator import Simulator


@define
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The only entry of an error document."""
        (entry,) = self.json["errors"]
        return entry


@define
class RawClient:
    """A raw HTTP client for one simulator."""

    sim: Simulator
    session: aiohttp.ClientSession
    token: str = ""

    async def send(self, method: str, path: str, **arguments: Any) -> Reply:
        """Send exactly these arguments and read the answer."""
        async with self.session.request(method, self.sim.url + path, **arguments) as response:
            return Reply(response.status, response.headers, await response.read())

    async def fetch_token(self) -> str:
        """A new token."""
        form = {"grant_type": "client_credentials", **self.credentials}
        self.token = (await self.send("POST", "/oauth2/token", data=form)).json["access_token"]
        return self.token

    @property
    def credentials(self) -> dict[str, str]:
        """The id and secret that are right."""
        return {"client_id": self.sim.client_id, "client_secret": self.sim.client_secret}

    async def get(self, path: str, user: str | None = None, method: str = "GET", **query: str) -> Reply:
        """Send with the token, and a user if there is one; dots and brackets of filters come as keys."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"sc-user-id": user} if user else {})
        return await self.send(method, path, headers=headers, params=query)

    async def call(self, method: str, path: str, user: str | None = None, body: Any = None) -> Reply:
        """Send with the token, a user if there is one, and `data.attributes` if there is a body."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"sc-user-id": user} if user else {})
        document = {} if body is None else {"json": {"data": {"attributes": body}}}
        return await self.send(method, path, headers=headers, **document)

    async def command(self, make: str, command: str, body: Any = None) -> Reply:
        """Send a command to a car, as its owner."""
        vehicle, user = self.car(make)
        return await self.call("POST", f"/v3/vehicles/{vehicle}/commands/{command}", user, body)

    async def signals(self, make: str, code: str = "") -> Reply:
        """The signals of a car, or one of them."""
        vehicle, user = self.car(make)
        return await self.get(f"/v3/vehicles/{vehicle}/signals" + (f"/{code}" if code else ""), user)

    def car(self, make: str) -> tuple[str, str]:
        """Vehicle id and user id."""
        vehicle = self.sim.world.find(*make.split(" ", 1)).id
        connection = self.sim.world.connection_of(vehicle)
        assert connection is not None
        return vehicle, connection.owner.id
