"""500 secrets and personal data: none is found in a log, a repr, an exception, a traceback or a warning."""

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
from .leak_probes import CapturedOutput, PrivateValues, capture_output
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


def broken_answers(private: PrivateValues) -> list[Play]:
    """Answers that aiohttp chokes on, with something to hide in each."""
    told = [private.leaky_text().encode() for _ in range(7)]
    return [
        Play(told[0] + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 200 OK\r\n" + told[1] + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 " + told[2] + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 200 OK\r\nX-Long: " + told[3] * 100 + b"\r\n\r\n", "close"),
        Play(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + told[4] + b"\r\n", "close"),
        Play(http(told[5], headers="Content-Encoding: gzip\r\n"), "close"),
        Play(b"HTTP/1.1 200 OK\r\nContent-Length: " + told[6] + b"\r\n\r\n", "close"),
    ]


def unreadable_answers(private: PrivateValues) -> list[bytes]:
    """Successful answers that no decoder can read, with something to hide in each."""
    told = [private.leaky_text() for _ in range(4)]
    latitude, longitude = private.place()
    documents = [
        told[0],
        {"data": [{"id": private.vin(), "latitude": latitude, "longitude": longitude}, told[1]]},
        {"data": {"id": {"vin": private.vin()}, "attributes": {private.user(): told[2]}}},
        {"data": told[3], private.token(): None},
    ]
    return [json.dumps(document).encode() for document in documents]


def uses(smartcar: Smartcar, private: PrivateValues) -> list[Callable[[], Awaitable[object]]]:
    """Calls with something to hide in path, query, headers and body."""
    latitude, longitude = private.place()
    vehicle = smartcar.vehicle("vehicle-1", private.user())
    place = {"latitude": latitude, "longitude": longitude, "vin": private.vin()}
    gone, filtered, external = private.user(), private.user(), private.secret()
    vin, key = private.vin(), private.token()
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


async def fails(output: CapturedOutput, use: Callable[[], Awaitable[object]]) -> None:
    """A call that ends in an error of ours, captured in full."""
    with pytest.raises(SmartcarError) as caught:
        await use()
    output.catch(caught.value)


class Life:
    """One application with credentials of its own, against one server."""

    def __init__(self, private: PrivateValues, output: CapturedOutput, server: Raw, **changes: Any) -> None:
        self.private, self.output = private, output
        self.secret, self.token = private.secret(), private.token()
        server.token_body = json.dumps({"access_token": self.token, "expires_in": 3600}).encode()
        settings = server.settings(**{"retry": ONCE, "client_secret": self.secret, **changes})
        self.smartcar = Smartcar("client-1", self.secret, settings=settings, on_event=self.hear)
        output.show(settings, self.smartcar, settings.proxy, settings.tls)

    def hear(self, event: Event) -> None:
        """An event is shown to people, too."""
        self.output.show(event)

    async def all_fail(self) -> None:
        """Every use ends in an error, and the client with it."""
        for use in uses(self.smartcar, self.private):
            await fails(self.output, use)
        await self.smartcar.aclose()


async def errors_of_the_api(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """The API repeats everything that it was sent, and more, in every form of error."""
    life = Life(private, output, server)
    calls = uses(life.smartcar, private)
    for number, _ in enumerate(errors_that_tell("")):
        status, body = errors_that_tell(private.leaky_text(life.token))[number]
        headers = f"SC-Request-Id: {private.jwt()}\r\nX-Own: {private.leaky_text()}\r\n"
        server.player = always(http(body, status, headers))
        await fails(output, calls[number % len(calls)])
        server.player = always(http(body, "500 Oh", headers))
        await fails(output, calls[2])
    await life.smartcar.aclose()


async def errors_that_repeat_the_request(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """A server that quotes the whole request in its error."""
    life = Life(private, output, server)
    server.player = lambda request: Play(http(request.replace(b"\r\n", b" "), "400 Bad"))
    await life.all_fail()


async def errors_of_the_token_endpoint(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """The token endpoint quotes the secret that it refuses."""
    for number in (0, 6, 8, 9, 12, 13):
        life = Life(private, output, server)
        status, body = errors_that_tell(private.leaky_text(life.secret))[number]
        server.token_play = Play(http(body, status))
        await fails(output, uses(life.smartcar, private)[number % 6])
        await life.smartcar.aclose()
    server.token_play = None
    life = Life(private, output, server)
    server.token_body = json.dumps({"access_token": [private.token()], "refresh_token": private.token()}).encode()
    await fails(output, uses(life.smartcar, private)[0])
    await life.smartcar.aclose()


async def broken_connections(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """Connections that break, before, in and after what should not be told."""
    for play in [Play(b"", "close"), Play(b"", "reset"), *broken_answers(private)]:
        server.player = always(play)
        await Life(private, output, server).all_fail()
    origin = f"http://127.0.0.1:{unused_port()}"
    await Life(private, output, server, vehicle_origin=origin).all_fail()
    silent = f"https://127.0.0.1:{server.port}"
    await Life(private, output, server, vehicle_origin=silent, connect_timeout=0.05).all_fail()
    server.player = lambda _: Play(http(private.leaky_text().encode())[:-5], "drip")
    await Life(private, output, server, deadline=0.05, command_deadline=0.05).all_fail()


async def proxies(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """Proxies that refuse, break or are not there, with their passwords."""
    hidden = "https://api.test"
    async with connect_proxy(private.secret()) as proxy, raw_server(lambda _: Play(b"", "close")) as broken:
        for port in (proxy.port, broken.port, unused_port()):
            url = f"http://{private.secret()}:{private.secret()}@127.0.0.1:{port}"
            await Life(private, output, server, vehicle_origin=hidden, proxy=Proxy(https=url)).all_fail()
            await Life(private, output, server, proxy=Proxy(http=url)).all_fail()


async def unreadable(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """Success in name only."""
    for body in unreadable_answers(private):
        life = Life(private, output, server)
        server.player = always(http(body))
        calls = uses(life.smartcar, private)
        for use in (calls[0], calls[1], calls[4], calls[5]):
            try:
                output.show(await use())
            except SmartcarError as error:
                output.catch(error)
        await life.smartcar.aclose()


async def success(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """What containers show of the records in them, and what a signal says that has no body."""
    life = Life(private, output, server)
    latitude, longitude = private.place()
    page = documents.page(range(2), {})
    page["data"][0]["attributes"]["user"] = {"id": private.user(), "externalId": private.secret()}
    listed = documents.signal_list(1)
    listed["data"] += [
        documents.signal("vehicleidentification-vin", {"value": private.vin()}),
        documents.signal("location-preciselocation", {"latitude": latitude, "longitude": longitude}),
        {"id": private.vin(), "attributes": {"code": "odometer-traveleddistance", "body": private.leaky_text()}},
    ]
    error = {"type": "VEHICLE_STATE", "code": "ASLEEP", "detail": private.leaky_text(), "title": private.leaky_text()}
    failed = documents.signal()
    failed["attributes"]["status"] = {"value": "ERROR", "error": error}
    listed["data"].append(failed)
    bodies = {b"/v3/connections": page, b"/v3/vehicles/vehicle-1/signals": listed}
    server.player = lambda request: Play(http(json.dumps(bodies[request.split()[1].partition(b"?")[0]]).encode()))
    calls = uses(life.smartcar, private)
    readings = await life.smartcar.vehicle("vehicle-1", private.user()).signals()
    output.show(readings, readings.ok, readings.failed, await calls[4]())
    output.show(await life.smartcar.request("GET", "/v3/connections"))
    for signal in readings.failed:
        with pytest.raises(SignalUnavailable) as caught:
            signal.require()
        output.catch(caught.value)
    await life.smartcar.aclose()


async def refusals_of_our_own(private: PrivateValues, output: CapturedOutput, server: Raw) -> None:
    """What we raise ourselves: limits, bad arguments, bad files, cancellation."""
    life = Life(private, output, server, rate_limit=RateLimit(1, 0.01))
    server.player = lambda _: Play(http(b"{}"))
    await life.smartcar.request("GET", "/")
    await life.all_fail()
    smartcar = Life(private, output, server).smartcar
    for use in (
        lambda: smartcar.request("GET", f"https://x.test/{private.vin()}"),
        lambda: smartcar.request("GET", f"/v3/x?vin={private.vin()}"),
        lambda: smartcar.request("POST", "/", body={private.token(): {private.secret()}}),
        lambda: smartcar.request("GET", "/", headers={"X-Own": f"{private.secret()}\n"}),
    ):
        await fails(output, use)
    tls = Tls(client_certificate="/nowhere/cert.pem", client_key_password=private.secret())
    await Life(private, output, server, tls=tls).all_fail()
    server.player = lambda _: Play(b"", "drip")
    waiting = asyncio.ensure_future(uses(smartcar, private)[2]())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await waiting
    output.catch(caught.value)
    await smartcar.aclose()


async def test_no_private_value_is_in_any_output() -> None:
    """All of the above, with every logger at DEBUG and the loop in debug mode."""
    private = PrivateValues()
    with capture_output() as output:
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
                await scene(private, output, server)
    sys.stdout.write(f"{len(private.values)} values hidden\n")
    assert len(set(private.values)) >= 500
    log = output.log.getvalue()
    assert "RequestEvent(" in log
    assert "took 0.0" in log  # the loop told of every callback
    assert output.found(private.values) == []


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


async def test_a_leak_would_be_found() -> None:
    """The output hear: a value that is logged, raised or shown is found."""
    private = PrivateValues()
    vin, secret, token = private.vin(), private.secret(), private.token()
    with capture_output() as output:
        try:
            raise ValueError(vin)
        except ValueError as error:
            output.catch(error)
        output.show(Settings(client_id=secret))
        asyncio.get_running_loop().call_soon(lambda _: None, token)
        await asyncio.sleep(0)
    assert {value for value, _ in output.found(private.values)} >= {vin, secret}
