"""The recipe for gunicorn as the page prints it: worker processes on one file, one of them killed, one reloaded."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smartcar_async import SqliteEventStore
from smartcar_async.webhook import sign

from ..deliveries import META, STATE, TOKEN, written

ROOT = Path(__file__).parents[2]
VEHICLES = 6
EVENTS = 120


def recipe() -> dict[str, str]:
    """The two files."""
    page = (ROOT / "docs" / "webhooks.md").read_text()
    section = page.partition("## One file, many processes")[2].partition("\n## ")[0]
    app, conf = re.findall(r"^```py(?:thon)?\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return {
        "app.py": app.replace("    print(", "    __import__('time').sleep(0.01)\n    print("),
        "gunicorn.conf.py": conf,
    }


@contextmanager
def gunicorn(folder: Path, *options: str) -> Generator[tuple[int, subprocess.Popen[str]], None, None]:
    """The server, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "SMARTCAR_MANAGEMENT_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gunicorn", "app:app", "--bind", f"127.0.0.1:{port}", *options]
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out, text=True)
    try:
        until(lambda: _listens(port))
        yield port, process
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def deliver(port: int, number: int) -> int:
    """The status that a delivery is answered with, sent until a worker takes it."""
    vehicle = {**STATE["data"], "vehicle": {"id": f"v-{number % VEHICLES}"}}
    body = written(
        {**STATE, "eventId": f"e-{number}", "data": vehicle, "meta": {**META, "deliveredAt": time.time() * 1000}}
    )
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/smartcar", body, {"SC-Signature": sign(TOKEN, body)})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)  # the worker was killed under it
        finally:
            connection.close()


@pytest.mark.parametrize("options", [(), ("--preload",), ("--worker-class", "gthread", "--threads", "4")])
def test_the_recipe(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Every event is handled, once but for what the killed one was at, and each vehicle in its order."""
    for name, text in recipe().items():
        (tmp_path / name).write_text(text)
    with gunicorn(tmp_path, *options) as (port, process), SqliteEventStore(tmp_path / "events.db") as store:
        for number in range(EVENTS):
            assert deliver(port, number) == 204
            if number == EVENTS // 3:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                assert len(children) == 4
                os.kill(int(children[0]), signal.SIGKILL)
            if number == EVENTS * 2 // 3:
                process.send_signal(signal.SIGHUP)
        until(lambda: not store.waiting())
    lines = [line.split() for line in (tmp_path / "out").read_text().splitlines() if line.startswith("v-")]
    handled = [(vehicle, int(event_id[2:])) for vehicle, event_id in lines]
    assert {number for _, number in handled} == set(range(EVENTS))
    assert len(handled) <= EVENTS + VEHICLES
    for name in {vehicle for vehicle, _ in handled}:
        numbers = [number for vehicle, number in handled if vehicle == name]
        assert numbers == sorted(numbers)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".owner")][1:]
    text = (tmp_path / "out").read_text()
    assert "Traceback" not in text, text
