"""The event loop never stands still for long: not on entering, not at the first call, not over bad answers."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

import pytest
import trustme

from . import documents
from .sockets import Play, http, raw_server

pytestmark = pytest.mark.timing

ALLOWED = 0.05
SIGNALS = json.dumps(documents.signal_list(100, "v")).encode()
CONNECTIONS = json.dumps(documents.page(range(100), {"totalCount": 100})).encode()
V3_ERROR = json.dumps({"errors": [{"type": "BILLING", "code": "X", "detail": "no " * 1000}] * 50}).encode()
ANSWERS: dict[str, bytes] = {
    "/v3/vehicles/v/signals": http(SIGNALS),
    "/v3/connections": http(CONNECTIONS),
    "/v3": http(V3_ERROR, "430 Billing"),
    "/v1": http(b'{"error": "odd", "message": "' + b"a1-" * 20_000 + b'"}', "400 Bad"),
    "/html": http(b"<html>" + b"<p>502 Bad Gateway</p>" * 5000, "409 Conflict"),
    "/garbage": http(b"\xff[" * 100_000, "409 Conflict"),
}


def play(request: bytes) -> Play:
    """The answer to a request; nonsense where there is none."""
    path = request.split()[1].decode().partition("?")[0]
    return Play(ANSWERS.get(path, http(b"nonsense" * 10_000)))


@pytest.mark.parametrize("entering", ["enter", "first call"])
async def test_no_stall(tmp_path: Path, entering: str) -> None:
    """Over a client's whole life in a fresh process, with TLS, the loop is never away for more than 50 ms.

    The best of three processes counts, because other programs on the machine stop the loop as well.
    """
    context, ca = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(ca.cert_pem.bytes())
    tries: list[dict[str, float]] = []
    async with raw_server(play, context) as server:
        for _ in range(3):
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("measure_stalls.py")),
                server.url,
                str(ca_file),
                entering,
                stdout=-1,
                env={"PYTHONPATH": str(Path(__file__).parents[2])},
            )
            output, _ = await child.communicate()
            assert child.returncode == 0
            tries.append(json.loads(output))
            if max(tries[-1].values()) <= ALLOWED:
                break
    best = min(tries, key=lambda gaps: max(gaps.values()))
    sys.stdout.write(f"longest gaps in ms: { {phase: round(gap * 1000, 1) for phase, gap in best.items()} }\n")
    assert {"enter", "first call", "signals", "errors", "connections", "close"} <= best.keys()
    assert max(best.values()) <= ALLOWED
