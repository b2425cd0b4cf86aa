"""An endpoint for webhooks that answers with given statuses, and keeps what arrived."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from attrs import define, field

TOKEN = "11111111-2222-4333-8444-555555555555"


@define
class Arrival:
    """A request that came to the endpoint."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def is_signed(self) -> bool:
        """Whether its signature was made with the token."""
        return self.headers.get("SC-Signature") == hmac.new(TOKEN.encode(), self.body, "sha256").hexdigest()


@define
class Endpoint:
    """Answers a VERIFY well, and events by the statuses in `answers`, then by 204."""

    url: str
    answers: list[int] = field(factory=list[int])
    arrivals: list[Arrival] = field(factory=list[Arrival])
    before: Callable[[Arrival], Awaitable[None]] | None = None
    """Awaited before an event is answered."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Keep the request, and answer it."""
        arrival = Arrival(dict(request.headers), await request.read())
        if arrival.event.get("eventType") == "VERIFY":
            challenge = arrival.event["data"]["challenge"].encode()
            return web.json_response({"challenge": hmac.new(TOKEN.encode(), challenge, "sha256").hexdigest()})
        self.arrivals.append(arrival)
        if self.before is not None:
            await self.before(arrival)
        return web.Response(status=self.answers.pop(0) if self.answers else 204, headers={"Location": self.url})

    @property
    def triggers(self) -> list[Any]:
        """The triggers of what came, in order."""
        return [arrival.event["triggers"] for arrival in self.arrivals if "triggers" in arrival.event]


@asynccontextmanager
async def serving(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncGenerator[str, None]:
    """Answer every request to a port by a handler; the URL is that of the port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def endpoint() -> AsyncGenerator[Endpoint, None]:
    """An endpoint on a port of its own."""
    receiving = Endpoint("")
    async with serving(receiving.handle) as url:
        receiving.url = f"{url}/hook"
        yield receiving
