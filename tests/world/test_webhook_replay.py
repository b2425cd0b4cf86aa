"""One POST as Smartcar makes it, and captured deliveries sent again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async.testing import Captured, SimulatorError, deliveries, replay, sign_again
from smartcar_async.testing.events import digest
from smartcar_async.testing.http_post import NoAnswer, post
from tests.world.webhook_endpoint import TOKEN, endpoint

BODIES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd",
    "to the end": b"HTTP/1.0 200\r\n\r\nabc",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\nabc",
}
NONE = {
    "nothing": (b"", "closed without an answer"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP"),
    "cut": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "3 bytes read"),
    "bad length": (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "invalid literal"),
}


@asynccontextmanager
async def raw(answer: bytes) -> AsyncGenerator[tuple[str, list[bytes]], None]:
    """A socket that takes a request, sends these bytes and closes."""
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.readexactly(2)
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


@pytest.mark.parametrize("answer", BODIES.values(), ids=BODIES)
async def test_answers_as_servers_send_them(answer: bytes) -> None:
    """With a length, in chunks, or to the end of the connection."""
    async with raw(answer) as (url, heads):
        got = await post(f"{url}/a/b?c=d", {"X-One": "1"}, b"{}", 10)
        assert (got.status, got.body) == (200, b"abc")
        host = url.removeprefix("http://").encode()
        assert heads == [
            b"POST /a/b?c=d HTTP/1.1\r\nHost: "
            + host
            + b"\r\nX-One: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        ]


@pytest.mark.parametrize(("answer", "why"), NONE.values(), ids=NONE)
async def test_answers_that_are_none(answer: bytes, why: str) -> None:
    """A connection that ends, or speaks something else."""
    async with raw(answer) as (url, _):
        with pytest.raises(NoAnswer, match=why):
            await post(url, {}, b"{}", 10)


async def test_a_captured_delivery_again() -> None:
    """Signed anew and dated anew, the same event; as it was, if that is wanted."""
    async with endpoint() as receiver:
        body = deliveries.vehicle_state(event_id="e-1")
        sent = Captured(body, {**deliveries.signed_headers(body, "older"), "Host": "example.org", "X-Own": "1"})
        now = datetime(2026, 12, 1, tzinfo=UTC)
        assert await replay(sent, receiver.url, token=TOKEN, now=now) == 204
        receiver.answers = [409]
        (arrival,) = receiver.arrivals
        captured = Captured(arrival.body, {**arrival.headers, "SC-Signature": "stale"})
        assert await replay(captured, receiver.url, token=TOKEN, renew=False) == 409
        renewed, same = receiver.arrivals
        before: Any = json.loads(body)
        after = renewed.event
        assert renewed.is_signed
        assert after["meta"].pop("deliveredAt") == round(now.timestamp() * 1000)
        assert before["meta"].pop("deliveryId") != after["meta"].pop("deliveryId")
        del before["meta"]["deliveredAt"]
        assert after == before
        assert (same.body, same.is_signed) == (renewed.body, True)
        assert same.headers == renewed.headers
        url = receiver.url
    with pytest.raises(SimulatorError, match="is your service running"):
        await replay(captured, url, token=TOKEN)


@pytest.mark.parametrize(
    ("form", "renewed"),
    [
        (1767000004100, 1796083200500),
        (1767000004, 1796083200),
        ("2025-12-29T09:20:04.100Z", "2026-12-01T00:00:00.500Z"),
    ],
)
def test_a_time_is_renewed_in_its_own_form(form: object, renewed: object) -> None:
    """Milliseconds, seconds or text, and both names of it."""
    body = json.dumps({"a": 100.0, "meta": {"deliveredAt": form, "deliveryTime": form, "b": "Š"}}).encode()
    now = datetime(2026, 12, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    signed = sign_again(Captured(body), token=TOKEN, now=now)
    assert json.loads(signed.body) == {"a": 100.0, "meta": {"deliveredAt": renewed, "deliveryTime": renewed, "b": "Š"}}
    assert b'"a":100.0' in signed.body
    assert signed.headers == {"SC-Signature": digest(TOKEN, signed.body)}


@pytest.mark.parametrize(
    "body", [b"", b"not JSON", b"[]", b'{"meta": 5}', b'{ "meta": {} }', deliveries.legacy_verify()]
)
def test_what_has_no_date_stays_as_it_is(body: bytes) -> None:
    """To the byte."""
    assert sign_again(Captured(body), token=TOKEN).body == body
