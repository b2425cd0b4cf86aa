"""What the sync client costs: one GET on loopback through it, beside the async client and beside `requests`."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import attrs
import requests

from benchmarks.measure import Ratio, child, ratio, repeat
from smartcar_async import Settings, Smartcar
from smartcar_sync import Smartcar as SyncSmartcar

# It names the vehicle that is asked about, as those of the API do: connections are kept for such answers only.
_BODY = json.dumps(
    {"access_token": "t", "expires_in": 3600, "token_type": "Bearer", "data": {"id": "v", "type": "vehicle"}}
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


class _Answering(asyncio.Protocol):
    """A server that costs next to nothing: the same answer to every request."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET") or b"grant_type" in data:
            self._transport.write(_ANSWER)


@contextmanager
def serving() -> Generator[str, None, None]:
    """Its origin, while it runs in a thread."""
    loop, port = asyncio.new_event_loop(), Future[int]()

    async def serve() -> None:
        server = await loop.create_server(_Answering, "127.0.0.1", 0)
        port.set_result(server.sockets[0].getsockname()[1])

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port.result()}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def sync_client(quick: bool) -> Iterator[Ratio]:
    """Measured in a process of its own, so that the server's share is the same for all."""
    with serving() as origin:
        ratios = json.loads(child(f"from benchmarks.facade import measure; measure({origin!r}, {quick!r})"))
    yield from (Ratio(**each) for each in ratios)


def measure(origin: str, quick: bool) -> None:
    """Print the ratios as JSON."""
    settings = Settings(vehicle_origin=origin, iam_origin=origin, rate_limit=None)
    rounds, times = (5, 20) if quick else (31, 200)
    loop = asyncio.new_event_loop()
    direct = Smartcar("id", "secret", settings=settings)

    async def many() -> None:
        for _ in range(times):
            await direct.request("GET", "/v3/vehicles/v")

    with SyncSmartcar("id", "secret", settings=settings) as client, requests.Session() as session:
        ours: Callable[[], object] = lambda: client.request("GET", "/v3/vehicles/v")  # noqa: E731
        theirs: Callable[[], object] = lambda: session.get(f"{origin}/v3/vehicles/v").json()  # noqa: E731
        ratios = [
            ratio(
                "sync.ratio_to_async",
                "at most 1.8",
                repeat(ours, times),
                lambda: loop.run_until_complete(many()),
                rounds,
                time.perf_counter,
            ),
            ratio(
                "sync.speedup_over_requests_session",
                "at least 2",
                repeat(theirs, times),
                repeat(ours, times),
                rounds,
                time.perf_counter,
            ),
        ]
    loop.run_until_complete(direct.aclose())
    loop.close()
    sys.stdout.write(json.dumps([attrs.asdict(each) for each in ratios]))
