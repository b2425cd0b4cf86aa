"""What the tests of API v2.0 stand on: a client on the fake wire, and what it sends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from smartcar_async import Settings, UnitSystem
from smartcar_async.v2 import Client, Meta, Vehicle

from .fakes import CLIENT_ID, CLIENT_SECRET, Answer, FakeClock, Sent
from .test_requests import AGENT

API_V2 = "https://api.smartcar.com"
AUTH = "https://auth.smartcar.com"
MANAGEMENT_V2 = "https://management.smartcar.com"
ID, TOKEN, AMT, HOOK = "vehicle-1", "access-1", "amt-1", "hook-1"
BASIC = "Basic Y2xpZW50XzE6c2VjcmV0LW9mLXRoZS1hcHBsaWNhdGlvbg=="
BASIC_AMT = "Basic ZGVmYXVsdDphbXQtMQ=="
MARKS = {
    "SC-Request-Id": "26c14915-0c26-43c5-8e42-9edfc2a66a0f",
    "SC-Data-Age": "2026-06-01T12:00:00.000Z",
    "SC-Fetched-At": "2026-06-01T12:00:01Z",
    "SC-Unit-System": "metric",
}
META = Meta(
    "26c14915-0c26-43c5-8e42-9edfc2a66a0f",
    datetime(2026, 6, 1, 12, tzinfo=UTC),
    datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC),
    UnitSystem.METRIC,
)

Use = Callable[[Client], Awaitable[Any]]


def client(**changes: Any) -> Client:
    """A client without a limit of its own, on a clock that does not wait."""
    own: dict[str, Any] = {"settings": Settings(rate_limit=None), "clock": FakeClock()}
    return Client(CLIENT_ID, CLIENT_SECRET, **{**own, **changes})


def car(smartcar: Client, **changes: Any) -> Vehicle:
    """A vehicle of it."""
    return smartcar.vehicle(ID, TOKEN, **changes)


def json_answer(document: object) -> Answer:
    """An answer with the headers that v2 sends."""
    return Answer(200, json.dumps(document).encode(), MARKS)


def request_headers(
    authorization: str = f"Bearer {TOKEN}", units: str | None = None, body: bool = False
) -> dict[str, str]:
    """The headers of a request."""
    headers = {"User-Agent": AGENT, "Accept": "application/json", "Authorization": authorization}
    if units is not None:
        headers["SC-Unit-System"] = units
    return {**headers, "Content-Type": "application/json"} if body else headers


def vehicle_request(method: str, path: str, body: object = None, *, units: str = "metric", **stated: str) -> Sent:
    """A request about the vehicle."""
    content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
    headers = request_headers(units=units, body=body is not None, **stated)
    return Sent(method, f"{API_V2}/v2.0/vehicles/{ID}{path}", headers, content)
