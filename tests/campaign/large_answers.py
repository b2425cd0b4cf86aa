"""Run in a process of its own: call every method of every client at a server whose answers never end.

Prints what each call ended in, how late after its deadline, and by how much the memory of this process grew.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smartcar_async import CommandOutcomeUnknown, Settings, Smartcar, SmartcarError, signals
from smartcar_async.v2 import Client, NissanWindow

KINDS = ("long", "endless", "bomb", "endless bomb", "refusal", "values", "slow")
"""What the server does; the path of an origin names it."""
SLOW_DEADLINE = 0.02
"""Seconds that a call has against a slow answer."""
MAX_LATENESS = 0.05
"""Seconds by which it may be late."""
OUTCOME = CommandOutcomeUnknown("lost", action="lock", vehicle_id="v", parameters={}, sent_at=datetime.now(UTC))
ARGUMENTS: Mapping[str, Any] = {
    "amperage": 16,
    "amt": "amt",
    "access_token": "token",
    "capability": "read_vin",
    "charge_limit": 0.8,
    "code": "code",
    "connection_id": "c",
    "country": "US",
    "days": {"monday": ("22:00", "06:00")},
    "key": signals.Odometer.TraveledDistance,
    "latitude": 57.7,
    "location": (57.7, 11.97),
    "longitude": 11.97,
    "method": "GET",
    "names": "read_vin",
    "outcome": OUTCOME,
    "path": "/x",
    "paths": ["/odometer"],
    "percent": 80,
    "pin": "1234",
    "refresh_token": "token",
    "region": "US",
    "schedule_id": "s",
    "scope": "read_vin",
    "start": "22:00",
    "stop": "06:00",
    "subscription_id": "s",
    "temperature": 21,
    "time": "22:00",
    "token": "token",
    "type": "START_TIME",
    "user_id": "user",
    "vehicle_id": "v",
    "vin": "0SCTESLA000000001",
    "webhook_id": "w",
    "windows": [NissanWindow("22:00", "06:00", ("MONDAY",))],
    "weekdays": ("22:00", "06:00"),
}
"""A valid argument for each required parameter."""


def handles_of(origin: str, most: int) -> tuple[Any, ...]:
    """Clients, and every handle that they hand out."""
    names = [name for name in dir(Settings()) if name.endswith("_origin") and name != "iam_origin"]
    everywhere: dict[str, Any] = dict.fromkeys(names, origin)
    settings = Settings(
        **everywhere,
        iam_origin=re.sub(r"(:\d+)/.*", r"\1/token", origin),
        max_response_bytes=most,
        rate_limit=None,
    )
    smartcar, client = Smartcar("id", "secret", settings=settings), Client("id", "secret", settings=settings)
    vehicle, v2 = smartcar.vehicle("v", "user"), client.vehicle("v", "token")
    vehicles_by_make = [client.vehicle("v", "token", make=make) for make in ("tesla", "nissan", "ford")]
    handles = [
        getattr(vehicle, name) for vehicle, name in zip(vehicles_by_make, ("tesla", "nissan", "ford"), strict=True)
    ]
    return smartcar, client, vehicle, vehicle.schedules, v2, *handles


def methods(handle: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each method that does I/O: it has a deadline."""
    for name, method in inspect.getmembers(type(handle), inspect.isfunction):
        if name[0] != "_" and "deadline" in inspect.signature(method).parameters:
            yield f"{type(handle).__module__}.{type(handle).__name__}.{name}", getattr(handle, name)


def arguments(method: Callable[..., Any]) -> dict[str, Any]:
    """The arguments that a call needs."""
    parameters = inspect.signature(method).parameters.values()
    required = {
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    optional = {
        "create_workweek": {"weekdays"},
        "delete_connections": {"user_id"},
        "get_compatibility_matrix": {"region"},
    }.get(method.__name__, set())
    return {name: METHOD_ARGUMENTS.get((method.__name__, name), ARGUMENTS.get(name)) for name in required | optional}


METHOD_ARGUMENTS: Mapping[tuple[str, str], Any] = {
    ("set_charge_limit", "limit"): 0.8,
    ("create_weekly", "days"): ARGUMENTS["days"],
}
"""Arguments in a form that only one method takes."""


async def call(method: Callable[..., Any], deadline: float) -> tuple[str, float]:
    """What a call ends in, and how long after its deadline."""
    started = time.perf_counter()
    try:
        pending: Any = method(**arguments(method), deadline=deadline)
        if hasattr(pending, "__aiter__"):
            pending = anext(aiter(pending))
        ending = type(await pending).__name__
    except SmartcarError as error:
        ending = f"{type(error).__name__}: {error}"
    return ending, time.perf_counter() - started - deadline


async def best_of_three(method: Callable[..., Any]) -> tuple[str, float]:
    """The same against a slow answer; the best of three counts, because other programs slow this one down."""
    tries: list[tuple[str, float]] = []
    while not tries or (len(tries) < 3 and tries[-1][1] > MAX_LATENESS):
        tries.append(await call(method, SLOW_DEADLINE))
    return tries[-1]


def memory(field: str) -> int:
    """A figure that the kernel keeps of this process, in bytes."""
    match = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(match[1]) * 1024 if match else 0


def baseline() -> int:
    """The memory of this process; the figure of its peak is reset."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


async def main(url: str, most: int, share: int) -> dict[str, Any]:
    """Every method against every kind, or the slow kind and every `share`-th of the others; one call at a time."""
    calls: dict[str, list[tuple[str, str, float]]] = {kind: [] for kind in KINDS}
    clients = {kind: handles_of(f"{url}/{kind}", most) for kind in KINDS}
    for handles in clients.values():
        await handles[0].__aenter__()
        await handles[1].__aenter__()
        with suppress(SmartcarError):
            await handles[0].request("GET", "/warm", deadline=0.5)  # a token, and what is allocated only once
    before = baseline()
    for kind, handles in clients.items():
        for handle in handles:
            for number, (name, method) in enumerate(methods(handle)):
                if kind != "slow" and (number + KINDS.index(kind)) % share:
                    continue
                calls[kind].append((name, *await (best_of_three(method) if kind == "slow" else call(method, 30))))
    grown = memory("VmHWM") - before
    for handles in clients.values():
        await handles[0].aclose()
        await handles[1].aclose()
    return {"grown": grown, "calls": calls}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
