"""500 planted secrets and personal data: none is found in a log, a repr, an exception, a traceback or a warning."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import evolve

from smartcar_async import (
    Proxy,
    RateLimit,
    Retry,
    Settings,
    SignalUnavailable,
    Smartcar,
    SmartcarError,
    Tls,
    signals,
)
from smartcar_async.log import Event

from . import documents
from .planted import Ears, Garden, listening
from .sockets import Play, Player, Raw, connect_proxy, http, raw_server, unused_port

ONCE = Retry(attempts=1)


def errors_that_tell(text: str) -> list[tuple[str, bytes]]:
    """One text in every form of error body, in every field that ends up in front of someone."""
    v3 = {"type": "VALIDATION", "code": "X"}
    v2 = {"type": "BILLING", "code": None, "statusCode": 430}
    bodies: list[object] = [
        {"errors": [{**v3, "detail": text}]},
        {"errors": [{**v3, "title": text, "suggestedUserMessage": text}]},
        {"errors": [{**v3, "description": text}, {**v3, "detail": text}]},
        {"errors": [{"type": text, "code": text}]},
        [{**v3, "detail": text, "resolution": {"type": text, "url": text}}],
        {"errors": [{**v3, "detail": [text], "links": {"about": text}, "meta": {"debug": {"requestId": text}}}]},
        {**v2, "description": text, "docURL": text, "requestId": text, "suggestedUserMessage": text},
        {**v2, "message": text, "detail": [{"field": text}], "resolution": text},
        {"error": text, "message": text},
        {"error": "odd", "error_description": text, "error_uri": text, "code": text},
        text,
        {"unheard": text},
    ]
    plain = [text.encode(), f"<html><h1>{text}</h1><a href='/?x={text}'>more</a></html>".encode()]
    statuses = ["400 Bad", "403 Forbidden", "404 Missing", "409 Conflict", "430 Billing", "500 Oh", "502 Bad"]
    encoded = [*(json.dumps(body).encode() for body in bodies), *plain]
    return [(statuses[number % len(statuses)], body) for number, body in enumerate(encoded)]


def broken_answers(garden: Garden) -> list[Play]:
    """Answers that aiohttp chokes on, with something to hide in each."""
    told = [garden.gossip().encode() for _ in range(7)]
    return [
        Play(told[0] + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 200 OK\r\n" + told[1] + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 " + told[2] + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 200 OK\r\nX-Long: " + told[3] * 100 + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + told[4] + b"\r\n", "close"),
        Play(http(told[5], headers="Content-Encoding: gzip\r\n"), "close"),
        Play(b"HTTP/1.1 200 OK\r\nContent-Length: " + told[6] + b"\r\n\r\n", "close"),
    ]


def unreadable_answers(garden: Garden) -> list[bytes]:
    """Successful answers that no decoder can read, with something to hide in each."""
    told = [garden.gossip() for _ in range(4)]
    latitude, longitude = garden.place()
    documents = [
        told[0],
        {"data": [{"id": garden.vin(), "latitude": latitude, "longitude": longitude}, told[1]]},
        {"data": {"id": {"vin": garden.vin()}, "attributes": {garden.user(): told[2]}}},
        {"data": told[3], garden.token(): None},
    ]
    return [json.dumps(document).encode() for document in documents]


def uses(smartcar: Smartcar, garden: Garden) -> list[Callable[[], Awaitable[object]]]:
    """Calls with something to hide in path, query, headers and body."""
    latitude, longitude = garden.place()
    vehicle = smartcar.vehicle("vehicle-1", garden.user())
    place = {"latitude": latitude, "longitude": longitude, "vin": garden.vin()}
    gone, filtered, external, vin, key = garden.user(), garden.user(), garden.secret(), garden.vin(), garden.token()
    return [
        lambda: vehicle.signals(),
        lambda: vehicle.signal(signals.TractionBattery.StateOfCharge),
        lambda: vehicle.request("POST", "/commands/navigation/set-destination", body=place),
        lambda: smartcar.delete_user(gone),
        lambda: smartcar.connections(user_id=filtered, external_id=external).page(),
        lambda: smartcar.request("GET", f"/v3/{vin}", query={"vin": vin}, headers={"X-Key": key}),
    ]


def always(data: bytes | Play) -> Player:
    """The same answer to every request."""
    return lambda _: data if isinstance(data, Play) else Play(data)


async def fails(ears: Ears, use: Callable[[], Awaitable[object]]) -> None:
    """A call that ends in an error of ours, heard in full."""
    with pytest.raises(SmartcarError) as caught:
        await use()
    ears.catch(caught.value)


class Life:
    """One application with credentials of its own, against one server."""

    def __init__(self, garden: Garden, ears: Ears, server: Raw, **changes: Any) -> None:
        self.garden, self.ears = garden, ears
        self.secret, self.token = garden.secret(), garden.token()
        server.token_body = json.dumps({"access_token": self.token, "expires_in": 3600}).encode()
        settings = server.settings(**{"retry": ONCE, "client_secret": self.secret, **changes})
        self.smartcar = Smartcar("client-1", self.secret, settings=settings, on_event=self.hear)
        ears.show(settings, self.smartcar, settings.proxy, settings.tls)

    def hear(self, event: Event) -> None:
        """An event is shown to people, too."""
        self.ears.show(event)

    async def all_fail(self) -> None:
        """Every use ends in an error, and the client with it."""
        for use in uses(self.smartcar, self.garden):
            await fails(self.ears, use)
        await self.smartcar.aclose()


async def errors_of_the_api(garden: Garden, ears: Ears, server: Raw) -> None:
    """The API repeats everything that it was sent, and more, in every form of error."""
    life = Life(garden, ears, server)
    calls = uses(life.smartcar, garden)
    for number, _ in enumerate(errors_that_tell("")):
        status, body = errors_that_tell(garden.gossip(life.token))[number]
        headers = f"SC-Request-Id: {garden.jwt()}\r\nX-Own: {garden.gossip()}\r\n"
        server.player = always(http(body, status, headers))
        await fails(ears, calls[number % len(calls)])
        server.player = always(http(body, "500 Oh", headers))
        await fails(ears, calls[2])
    await life.smartcar.aclose()


async def errors_that_repeat_the_request(garden: Garden, ears: Ears, server: Raw) -> None:
    """A server that quotes the whole request in its error."""
    life = Life(garden, ears, server)
    server.player = lambda request: Play(http(request.replace(b"\r\n", b" "), "400 Bad"))
    await life.all_fail()


async def errors_of_the_token_endpoint(garden: Garden, ears: Ears, server: Raw) -> None:
    """The token endpoint quotes the secret that it refuses."""
    for number in (0, 6, 8, 9, 12, 13):
        life = Life(garden, ears, server)
        status, body = errors_that_tell(garden.gossip(life.secret))[number]
        server.token_play = Play(http(body, status))
        await fails(ears, uses(life.smartcar, garden)[number % 6])
        await life.smartcar.aclose()
    server.token_play = None
    life = Life(garden, ears, server)
    server.token_body = json.dumps({"access_token": [garden.token()], "refresh_token": garden.token()}).encode()
    await fails(ears, uses(life.smartcar, garden)[0])
    await life.smartcar.aclose()


async def broken_connections(garden: Garden, ears: Ears, server: Raw) -> None:
    """Connections that break, before, in and after what should not be told."""
    for play in [Play(b"", "close"), Play(b"", "reset"), *broken_answers(garden)]:
        server.player = always(play)
        await Life(garden, ears, server).all_fail()
    origin = f"http://127.0.0.1:{unused_port()}"
    await Life(garden, ears, server, vehicle_origin=origin).all_fail()
    silent = f"https://127.0.0.1:{server.port}"
    await Life(garden, ears, server, vehicle_origin=silent, connect_timeout=0.05).all_fail()
    server.player = lambda _: Play(http(garden.gossip().encode())[:-5], "drip")
    await Life(garden, ears, server, deadline=0.05, command_deadline=0.05).all_fail()


async def proxies(garden: Garden, ears: Ears, server: Raw) -> None:
    """Proxies that refuse, break or are not there, with their passwords."""
    hidden = "https://api.test"
    async with connect_proxy(garden.secret()) as proxy, raw_server(lambda _: Play(b"", "close")) as broken:
        for port in (proxy.port, broken.port, unused_port()):
            url = f"http://{garden.secret()}:{garden.secret()}@127.0.0.1:{port}"
            await Life(garden, ears, server, vehicle_origin=hidden, proxy=Proxy(https=url)).all_fail()
            await Life(garden, ears, server, proxy=Proxy(http=url)).all_fail()


async def unreadable(garden: Garden, ears: Ears, server: Raw) -> None:
    """Success in name only."""
    for body in unreadable_answers(garden):
        life = Life(garden, ears, server)
        server.player = always(http(body))
        calls = uses(life.smartcar, garden)
        for use in (calls[0], calls[1], calls[4], calls[5]):
            try:
                ears.show(await use())
            except SmartcarError as error:
                ears.catch(error)
        await life.smartcar.aclose()


async def success(garden: Garden, ears: Ears, server: Raw) -> None:
    """What containers show of the records in them, and what a signal says that has no body."""
    life = Life(garden, ears, server)
    latitude, longitude = garden.place()
    page = documents.page(range(2), {})
    page["data"][0]["attributes"]["user"] = {"id": garden.user(), "externalId": garden.secret()}
    listed = documents.signal_list(1)
    listed["data"] += [
        documents.signal("vehicleidentification-vin", {"value": garden.vin()}),
        documents.signal("location-preciselocation", {"latitude": latitude, "longitude": longitude}),
        {"id": garden.vin(), "attributes": {"code": "odometer-traveleddistance", "body": garden.gossip()}},
    ]
    error = {"type": "VEHICLE_STATE", "code": "ASLEEP", "detail": garden.gossip(), "title": garden.gossip()}
    failed = documents.signal()
    failed["attributes"]["status"] = {"value": "ERROR", "error": error}
    listed["data"].append(failed)
    bodies = {b"/v3/connections": page, b"/v3/vehicles/vehicle-1/signals": listed}
    server.player = lambda request: Play(http(json.dumps(bodies[request.split()[1].partition(b"?")[0]]).encode()))
    calls = uses(life.smartcar, garden)
    readings = await life.smartcar.vehicle("vehicle-1", garden.user()).signals()
    ears.show(readings, readings.ok, readings.failed, await calls[4]())
    ears.show(await life.smartcar.request("GET", "/v3/connections"))
    for signal in readings.failed:
        with pytest.raises(SignalUnavailable) as caught:
            signal.require()
        ears.catch(caught.value)
    await life.smartcar.aclose()


async def refusals_of_our_own(garden: Garden, ears: Ears, server: Raw) -> None:
    """What we raise ourselves: limits, bad arguments, bad files, cancellation."""
    life = Life(garden, ears, server, rate_limit=RateLimit(1, 0.01))
    server.player = lambda _: Play(http(b"{}"))
    await life.smartcar.request("GET", "/")
    await life.all_fail()
    smartcar = Life(garden, ears, server).smartcar
    for use in (
        lambda: smartcar.request("GET", f"https://x.test/{garden.vin()}"),
        lambda: smartcar.request("GET", f"/v3/x?vin={garden.vin()}"),
        lambda: smartcar.request("POST", "/", body={garden.token(): {garden.secret()}}),
        lambda: smartcar.request("GET", "/", headers={"X-Own": f"{garden.secret()}\n"}),
    ):
        await fails(ears, use)
    tls = Tls(client_certificate="/nowhere/cert.pem", client_key_password=garden.secret())
    await Life(garden, ears, server, tls=tls).all_fail()
    server.player = lambda _: Play(b"", "drip")
    waiting = asyncio.ensure_future(uses(smartcar, garden)[2]())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await waiting
    ears.catch(caught.value)
    await smartcar.aclose()


async def test_nothing_that_was_planted_is_found() -> None:
    """All of the above, with every logger at DEBUG and the loop in debug mode."""
    garden = Garden()
    with listening() as ears:
        async with raw_server() as server:
            for scene in (
                errors_of_the_api,
                errors_that_repeat_the_request,
                errors_of_the_token_endpoint,
                broken_connections,
                proxies,
                unreadable,
                success,
                refusals_of_our_own,
            ):
                await scene(garden, ears, server)
    sys.stdout.write(f"{len(garden.values)} values planted\n")
    assert len(set(garden.values)) >= 500
    log = ears.log.getvalue()
    assert "RequestEvent(" in log
    assert "took 0.0" in log  # the loop told of every callback
    assert ears.found(garden.values) == []


def shown_locals(error: BaseException) -> str:
    """A traceback with the locals of every frame but the test's own, as error trackers keep them."""
    here = error.__traceback__
    while here is not None and here.tb_frame.f_code.co_filename == __file__:
        here = here.tb_next
    error = error.with_traceback(here)
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("trouble", ["refused", "broken", "nobody there", "late", "cancelled"])
async def test_a_proxys_password_is_in_no_local_of_a_traceback(trouble: str, method: str) -> None:
    """Not in ours, and none of aiohttp's frames is in what is raised."""
    password = "pass-of-the-proxy"
    drips = raw_server(lambda _: Play(b"", "drip"))
    async with connect_proxy("else") as proxy, raw_server(lambda _: Play(b"", "close")) as broken, drips as silent:
        ports = {"refused": proxy.port, "broken": broken.port, "nobody there": unused_port()}
        url = f"http://user:{password}@127.0.0.1:{ports.get(trouble, silent.port)}"
        settings = Settings(
            vehicle_origin="https://api.test", iam_origin=broken.url, proxy=Proxy(https=url), retry=ONCE
        )
        settings = evolve(settings, deadline=0.1 if trouble == "late" else 30)
        async with raw_server() as iam, Smartcar("id", "secret", settings=evolve(settings, iam_origin=iam.url)) as car:
            calling = asyncio.ensure_future(car.request(method, "/v3/things", deadline=settings.deadline))
            if trouble == "cancelled":
                await silent.asked.wait()
                calling.cancel()
            with pytest.raises(asyncio.CancelledError if trouble == "cancelled" else SmartcarError) as caught:
                await calling
    told = shown_locals(caught.value)
    assert "self = " in told
    assert password not in told
    assert b64encode(f"user:{password}".encode()).decode() not in told


async def test_what_is_planted_would_be_found() -> None:
    """The ears hear: a value that is logged, raised or shown is found."""
    garden = Garden()
    vin, secret, token = garden.vin(), garden.secret(), garden.token()
    with listening() as ears:
        try:
            raise ValueError(vin)
        except ValueError as error:
            ears.catch(error)
        ears.show(Settings(client_id=secret))
        asyncio.get_running_loop().call_soon(lambda _: None, token)
        await asyncio.sleep(0)
    assert {value for value, _ in ears.found(garden.values)} >= {vin, secret}
