"""Secrets and personal data, in calls to API v2.0 and in its answers, are in no output."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from smartcar_async import Settings, SmartcarError, TokenPair
from smartcar_async.log import Event
from smartcar_async.v2 import Client

from .leak_probes import CapturedOutput, PrivateValues, capture_output
from .sockets import Play, Raw, http, raw_server, unused_port
from .test_secrets import ONCE, always, errors_that_tell, fails, unreadable_answers


class Life:
    """One client with tokens of all kinds, against one server."""

    def __init__(self, private: PrivateValues, output: CapturedOutput, server: Raw, **changes: Any) -> None:
        self.private, self.secret, self.token, self.amt = private, private.secret(), private.token(), private.secret()
        origins = dict.fromkeys(("api_origin", "auth_origin", "management_v2_origin", "vehicle_origin"), server.url)
        own: dict[str, Any] = {"rate_limit": None, "retry": ONCE, **origins}
        settings = Settings(**{**own, **changes})
        hear: Callable[[Event], None] = output.show
        self.client = Client("client-1", self.secret, settings=settings, on_event=hear)
        output.show(self.client, self.client.vehicle("vehicle-1", self.token))

    def uses(self) -> list[Callable[[], Awaitable[object]]]:
        """Calls with something to hide in path, query, headers and body."""
        private, client, token, amt = self.private, self.client, self.token, self.amt
        latitude, longitude = private.place()
        code, refresh, own = private.secret(), private.token(), private.secret()
        vin, user = private.vin(), private.user()
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


async def test_no_private_value_is_in_any_output() -> None:
    """Every call meets errors that repeat it, broken connections and answers that cannot be read."""
    private = PrivateValues()
    with capture_output() as output:
        async with raw_server() as server:
            life = Life(private, output, server)
            for number, use in enumerate([*life.uses(), *life.uses()]):
                forms = errors_that_tell(private.leaky_text(life.token))
                status, body = forms[number % len(forms)]
                server.player = always(http(body, status))
                await fails(output, use)
            server.player = lambda request: Play(http(request.replace(b"\r\n", b" "), "400 Bad"))
            for use in life.uses():
                await fails(output, use)
            server.player = always(Play(b"", "reset"))
            for use in life.uses():
                await fails(output, use)
            for body in unreadable_answers(private):
                server.player = always(http(body))
                for use in life.uses():
                    try:
                        output.show(await use())
                    except SmartcarError as error:
                        output.catch(error)
            await life.client.aclose()
            origin = f"http://127.0.0.1:{unused_port()}"
            away = Life(private, output, server, api_origin=origin, auth_origin=origin)
            for number in (0, 1, 2, 6):
                await fails(output, away.uses()[number])
            await away.client.aclose()
    assert len(set(private.values)) >= 100
    assert output.found(private.values) == []


async def test_what_is_received_is_not_shown() -> None:
    """A pair of tokens, the page that picks a capacity, and lists of what belongs to owners."""
    private = PrivateValues()
    with capture_output() as output:
        async with raw_server() as server:
            life = Life(private, output, server)
            told = {
                "access_token": private.token(),
                "refresh_token": private.token(),
                "connections": [{"userId": private.user(), "vehicleId": "vehicle-1"}],
                "url": f"https://connect.smartcar.com/battery?token={private.token()}",
                "message": private.leaky_text(),
                "status": "success",
            }
            server.player = always(http(json.dumps(told).encode()))
            vehicle = life.client.vehicle("vehicle-1", life.token)
            output.show(
                await life.client.exchange_code(private.secret()),
                await life.client.get_connections(life.amt),
                await life.client.delete_connections(life.amt, vehicle_id="vehicle-1"),
                await vehicle.nominal_capacity(),
                await vehicle.lock(),
                await vehicle.request("GET", "vin"),
            )
            await life.client.aclose()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    output.show(TokenPair(private.token(), private.token(), now, now + timedelta(days=60)))
    assert output.found(private.values) == []
