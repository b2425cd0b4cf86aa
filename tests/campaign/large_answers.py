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
"""What the server does, as the path of an origin tells it."""
HASTE = 0.02
"""Seconds that a call has against a slow answer."""
ALLOWED = 0.05
"""Seconds by which it may be late."""
OUTCOME = CommandOutcomeUnknown("lost", action="lock", vehicle_id="v", parameters={}, sent_at=datetime.now(UTC))
GIVEN: Mapping[str, Any] = {
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
"""Arguments that will do, for all that must be given."""


def owners(origin: str, most: int) -> tuple[Any, ...]:
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
    makes = [client.vehicle("v", "token", make=make) for make in ("tesla", "nissan", "ford")]
    handles = [getattr(one, name) for one, name in zip(makes, ("tesla", "nissan", "ford"), strict=True)]
    return smartcar, client, vehicle, vehicle.schedules, v2, *handles


def methods(owner: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each method that does I/O: it has a deadline."""
    for name, method in inspect.getmembers(type(owner), inspect.isfunction):
        if name[0] != "_" and "deadline" in inspect.signature(method).parameters:
            yield f"{type(owner).__module__}.{type(owner).__name__}.{name}", getattr(owner, name)


def arguments(method: Callable[..., Any]) -> dict[str, Any]:
    """What must be given."""
    taken = inspect.signature(method).parameters.values()
    needed = {one.name for one in taken if one.default is one.empty and one.kind is not one.VAR_KEYWORD}
    more = {
        "create_workweek": {"weekdays"},
        "delete_connections": {"user_id"},
        "get_compatibility_matrix": {"region"},
    }.get(method.__name__, set())
    return {name: VALUES.get((method.__name__, name), GIVEN.get(name)) for name in needed | more}


VALUES: Mapping[tuple[str, str], Any] = {
    ("set_charge_limit", "limit"): 0.8,
    ("create_weekly", "days"): GIVEN["days"],
}
"""Arguments that only one method takes like this."""


async def call(method: Callable[..., Any], deadline: float) -> tuple[str, float]:
    """What a call ends in, and how long after its deadline."""
    started = time.perf_counter()
    try:
        made: Any = method(**arguments(method), deadline=deadline)
        if hasattr(made, "__aiter__"):
            made = anext(aiter(made))
        told = type(await made).__name__
    except SmartcarError as error:
        told = f"{type(error).__name__}: {error}"
    return told, time.perf_counter() - started - deadline


async def hurried(method: Callable[..., Any]) -> tuple[str, float]:
    """The same against a slow answer; the best of three counts, because other programs stop this one as well."""
    tries: list[tuple[str, float]] = []
    while not tries or (len(tries) < 3 and tries[-1][1] > ALLOWED):
        tries.append(await call(method, HASTE))
    return tries[-1]


def memory(field: str) -> int:
    """A figure that the kernel keeps of this process, in bytes."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def baseline() -> int:
    """The memory of this process; the figure of its peak begins anew."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


async def main(url: str, most: int, share: int) -> dict[str, Any]:
    """Every method against every kind, or against one in so many and the slow one; one after the other."""
    told: dict[str, list[tuple[str, str, float]]] = {kind: [] for kind in KINDS}
    clients = {kind: owners(f"{url}/{kind}", most) for kind in KINDS}
    for owned in clients.values():
        await owned[0].__aenter__()
        await owned[1].__aenter__()
        with suppress(SmartcarError):
            await owned[0].request("GET", "/warm", deadline=0.5)  # a token, and what is allocated only once
    before = baseline()
    for kind, owned in clients.items():
        for owner in owned:
            for number, (name, method) in enumerate(methods(owner)):
                if kind != "slow" and (number + KINDS.index(kind)) % share:
                    continue
                told[kind].append((name, *await (hurried(method) if kind == "slow" else call(method, 30))))
    grown = memory("VmHWM") - before
    for owned in clients.values():
        await owned[0].aclose()
        await owned[1].aclose()
    return {"grown": grown, "told": told}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
