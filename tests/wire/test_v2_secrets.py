"""Secrets and personal data, planted in calls to API v2.0 and in its answers, are found nowhere."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from smartcar_async import Settings, SmartcarError, TokenPair
from smartcar_async.log import Event
from smartcar_async.v2 import Client

from .planted import Ears, Garden, listening
from .sockets import Play, Raw, http, raw_server, unused_port
from .test_secrets import ONCE, always, errors_that_tell, fails, unreadable_answers


class Life:
    """One client with tokens of all kinds, against one server."""

    def __init__(self, garden: Garden, ears: Ears, server: Raw, **changes: Any) -> None:
        self.garden, self.secret, self.token, self.amt = garden, garden.secret(), garden.token(), garden.secret()
        origins = dict.fromkeys(("api_origin", "auth_origin", "management_v2_origin", "vehicle_origin"), server.url)
        own: dict[str, Any] = {"rate_limit": None, "retry": ONCE, **origins}
        settings = Settings(**{**own, **changes})
        hear: Callable[[Event], None] = ears.show
        self.client = Client("client-1", self.secret, settings=settings, on_event=hear)
        ears.show(self.client, self.client.vehicle("vehicle-1", self.token))

    def uses(self) -> list[Callable[[], Awaitable[object]]]:
        """Calls with something to hide in path, query, headers and body."""
        garden, client, token, amt = self.garden, self.client, self.token, self.amt
        latitude, longitude = garden.place()
        code, refresh, vin, user, own = garden.secret(), garden.token(), garden.vin(), garden.user(), garden.secret()
        vehicle = client.vehicle("vehicle-1", token)
        return [
            lambda: client.exchange_code(code),
            lambda: client.exchange_refresh_token(refresh),
            lambda: client.get_compatibility(vin, ["read_vin"]),
            lambda: client.delete_connections(amt, user_id=user),
            lambda: client.iter_connections(amt, user_id=user).page(),
            lambda: vehicle.unsubscribe(amt, "hook-1"),
            lambda: vehicle.vin(),
            lambda: vehicle.get_signals(),
            lambda: vehicle.send_destination(latitude, longitude),
            lambda: vehicle.request("POST", "x", {"vin": vin}, {"Authorization": f"Bearer {own}"}, query={"v": vin}),
        ]


async def test_nothing_that_was_planted_is_found() -> None:
    """Every call meets errors that repeat it, broken connections and answers that cannot be read."""
    garden = Garden()
    with listening() as ears:
        async with raw_server() as server:
            life = Life(garden, ears, server)
            for number, use in enumerate([*life.uses(), *life.uses()]):
                forms = errors_that_tell(garden.gossip(life.token))
                status, body = forms[number % len(forms)]
                server.player = always(http(body, status))
                await fails(ears, use)
            server.player = lambda request: Play(http(request.replace(b"\r\n", b" "), "400 Bad"))
            for use in life.uses():
                await fails(ears, use)
            server.player = always(Play(b"", "reset"))
            for use in life.uses():
                await fails(ears, use)
            for body in unreadable_answers(garden):
                server.player = always(http(body))
                for use in life.uses():
                    try:
                        ears.show(await use())
                    except SmartcarError as error:
                        ears.catch(error)
            await life.client.aclose()
            origin = f"http://127.0.0.1:{unused_port()}"
            away = Life(garden, ears, server, api_origin=origin, auth_origin=origin)
            for number in (0, 1, 2, 6):
                await fails(ears, away.uses()[number])
            await away.client.aclose()
    assert len(set(garden.values)) >= 100
    assert ears.found(garden.values) == []


async def test_what_is_received_is_not_shown() -> None:
    """A pair of tokens, the page that picks a capacity, and lists of what belongs to owners."""
    garden = Garden()
    with listening() as ears:
        async with raw_server() as server:
            life = Life(garden, ears, server)
            told = {
                "access_token": garden.token(),
                "refresh_token": garden.token(),
                "connections": [{"userId": garden.user(), "vehicleId": "vehicle-1"}],
                "url": f"https://connect.smartcar.com/battery?token={garden.token()}",
                "message": garden.gossip(),
                "status": "success",
            }
            server.player = always(http(json.dumps(told).encode()))
            vehicle = life.client.vehicle("vehicle-1", life.token)
            ears.show(
                await life.client.exchange_code(garden.secret()),
                await life.client.get_connections(life.amt),
                await life.client.delete_connections(life.amt, vehicle_id="vehicle-1"),
                await vehicle.nominal_capacity(),
                await vehicle.lock(),
                await vehicle.request("GET", "vin"),
            )
            await life.client.aclose()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ears.show(TokenPair(garden.token(), garden.token(), now, now + timedelta(days=60)))
    assert ears.found(garden.values) == []
