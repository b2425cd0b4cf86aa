"""The `smartcar` command: what it prints, how it ends, and what it says to bad input."""

from __future__ import annotations

import asyncio
import re
import resource
import signal
import socket
import subprocess
import sys
from argparse import ArgumentTypeError
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import aiohttp
import attrs
import pytest

from smartcar_async import Settings, Smartcar, __version__, signals
from smartcar_async.cli import HELP, main
from smartcar_async.cli.options import number
from tests.world.cli_process import ROOT, SMARTCAR, exports, running, smartcar

HELP_CODE = "from smartcar_async.cli import main; main(['--help'])"


def lines(stream: IO[str] | None) -> IO[str]:
    """A pipe that is known to be there."""
    assert stream is not None
    return stream


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else is needed to see it."""
    assert main(arguments) == 0
    assert capsys.readouterr().out == HELP


@pytest.mark.parametrize("command", re.findall(r"^  (\w+) ", HELP, re.MULTILINE))
def test_every_command_has_a_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells all options, with their defaults."""
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    shown = capsys.readouterr()
    assert (stopped.value.code, shown.err) == (0, "")
    assert shown.out.startswith(f"usage: smartcar {command} ")
    assert "--profile" in shown.out


def test_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of the package; the arguments are those of the process unless others are given."""
    monkeypatch.setattr(sys, "argv", ["smartcar", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"smartcar {__version__}\n"


@pytest.mark.timing
def test_help_starts_like_a_bare_interpreter() -> None:
    """Within one and a half times its CPU: the best of several runs of each, in turn."""

    def cost(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {"PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    bare, help_ = (min(costs) for costs in zip(*((cost(""), cost(HELP_CODE)) for _ in range(12)), strict=True))
    assert help_ <= 1.5 * bare


def test_the_demo_through_a_pipe() -> None:
    """A table of every car, then what they do, then what to do next: plain text of at most 100 columns."""
    done = smartcar("demo", "--seconds", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert max(map(len, done.stdout.splitlines())) <= 100
    intro, table, events, following = done.stdout.split("\n\n")
    assert intro == "14 cars are connected. In their world it is Mon 15:30."
    assert re.fullmatch(r"Mon 15:45 .+\n(.+\n)*Mon 16:00 .+", events)
    assert following.count("\n") == 1
    assert "SMARTCAR_CLIENT_ID and SMARTCAR_CLIENT_SECRET" in following
    heading, *rows = table.splitlines()
    assert heading.split("  ")[0] == "make"
    assert len(rows) == 14
    assert {len(row) for row in rows} == {len(heading)}
    by_model = {row[12:24].strip(): row[24:].split() for row in rows}
    assert by_model["XC40"][:2] == ["fuel", "49"]
    assert by_model["Model 3"][1] == "%"
    assert by_model["LEAF"][-3] == "-"
    assert by_model["Niro EV"] == ["-"] * 5


def test_the_demo_follows_its_seed_and_profile(capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed shows the same cars, another seed others; an application without cars is no mistake."""

    def shown(*options: str) -> str:
        assert main(["demo", *options]) == 0
        out, complaint = capsys.readouterr()
        assert complaint == ""
        return out

    first, again, other = (shown("--seconds", "0", "--profile", "volvo", "--seed", seed) for seed in ("1", "1", "2"))
    assert first == again != other
    assert first.startswith("5 cars are connected")
    assert shown("--profile", "empty").startswith("0 cars are connected")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_demo(number: signal.Signals) -> None:
    """Exit code 130 and not a word."""
    with running(*SMARTCAR, "demo", "--seconds", "60") as process:
        assert "cars are connected" in lines(process.stdout).readline()
        process.send_signal(number)
        _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (130, "")


def test_nobody_reads_on() -> None:
    """As in `smartcar demo | head -1`: the demo ends when it notices, without a complaint."""
    with running(*SMARTCAR, "demo", "--seconds", "2") as process:
        lines(process.stdout).readline()
        lines(process.stdout).close()
        assert lines(process.stderr).read() == ""
        assert process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("shell", ["", "trap '' INT; "])
def test_a_signal_ends_simulate(number: signal.Signals, shell: str) -> None:
    """Exit code 0, not a word, the port free again, though a client is still connected.

    Also in a job that a shell put into the background, deaf to Ctrl-C.
    """
    with running("sh", "-c", f'{shell}exec "$@"', "sh", *SMARTCAR, "simulate") as process:
        port = int(exports(process)["SMARTCAR_VEHICLE_ORIGIN"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 404"
            process.send_signal(number)
            _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (0, "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_a_client_from_the_printed_environment() -> None:
    """Every origin and the credentials arrive, and the real client reads a car."""
    with running(*SMARTCAR, "simulate", "--profile", "volvo", "--seed", "7") as process:
        environment = exports(process)
        settings = Settings.from_env(environment)
        origins = {name: value for name, value in attrs.asdict(settings).items() if name.endswith("_origin")}
        assert set(origins.values()) == {environment["SMARTCAR_VEHICLE_ORIGIN"]}
        assert settings.client_id
        assert settings.client_secret
        async with Smartcar(settings.client_id, settings.client_secret, settings=settings) as client:
            cars = [connection async for connection in client.connections()]
            assert len(cars) == 5
            vehicle = client.vehicle(cars[0].vehicle_id, user_id=cars[0].user_id)
            odometer = await vehicle.signal(signals.Odometer.TraveledDistance)
            assert odometer.require().unit == "km"
            assert timedelta() < (odometer.age(datetime.now(UTC)) or timedelta()) < timedelta(days=8)


@pytest.mark.parametrize("begin", ["2026-06-01", "2031-02-05T15:20+01:00"])
async def test_a_world_of_another_time(begin: str) -> None:
    """The same cars, as they were then; a time without a zone is UTC."""
    with running(*SMARTCAR, "simulate", "--profile", "volvo", "--now", begin) as process:
        async with Smartcar(settings=Settings.from_env(exports(process))) as client:
            (first, *_) = [connection async for connection in client.connections()]
            odometer = await client.vehicle(first.vehicle_id, first.user_id).signal(signals.Odometer.TraveledDistance)
            then = datetime.fromisoformat(begin)
            age = odometer.age(then if then.tzinfo else then.replace(tzinfo=UTC))
            assert age is not None
            assert timedelta(seconds=-30) < age < timedelta(days=2)


def test_the_printed_environment_can_be_sourced(tmp_path: Path) -> None:
    """By any shell, comment included."""
    with running(*SMARTCAR, "simulate") as process:
        text = "".join(lines(process.stdout).readline() for _ in range(16))
    (tmp_path / "simulator.env").write_text(text)
    assert text.splitlines()[-1].startswith("# ")
    command = ["sh", "-eu", "-c", ". ./simulator.env; echo $SMARTCAR_CLIENT_ID $SMARTCAR_AUTH_ORIGIN"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"client_\S+ http://127\.0\.0\.1:\d+/oauth/token\n", shown)


async def test_simulate_for_sdks_that_send_no_user() -> None:
    """Reads need no sc-user-id when it is optional, though a wrong one is refused; and time runs as fast as asked."""
    options = ["--user-header", "optional", "--speed", "100000"]
    with running(*SMARTCAR, "simulate", *options) as process:
        environment = exports(process)
        origin, form = environment["SMARTCAR_API_V3_ORIGIN"], {"grant_type": "client_credentials"}
        form |= {name: environment[f"SMARTCAR_{name.upper()}"] for name in ("client_id", "client_secret")}
        async with aiohttp.ClientSession(origin) as session:
            token = (await json_of(session.post("/oauth2/token", data=form)))["access_token"]
            session.headers["Authorization"] = f"Bearer {token}"
            car = (await json_of(session.get("/v3/connections")))["data"][0]["relationships"]["vehicle"]["data"]["id"]
            path = f"/v3/vehicles/{car}/signals/odometer-traveleddistance"
            readings = [(await json_of(session.get(path)))["data"]["attributes"]["body"]["value"]]
            while len(readings) < 100 and readings[-1] == readings[0]:
                await asyncio.sleep(0.1)
                readings.append((await json_of(session.get(path)))["data"]["attributes"]["body"]["value"])
            assert readings[-1] > readings[0]
            async with session.get(path, headers={"sc-user-id": "somebody else"}) as refused:
                assert refused.status == 403


async def json_of(request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> Any:
    """The document that a good answer carries."""
    async with request as response:
        assert response.status == 200
        return await response.json()


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["drive"], "see smartcar --help"),
        (["demo", "--seed", "x"], "give one such as 1"),
        (["demo", "--seed", "1.5"], "give one such as 1"),
        (["demo", "--profile", "weekend"], "choose one of everyday, volvo, empty"),
        (["demo", "--seconds", "-1"], "give one such as 5"),
        (["demo", "--seconds", "inf"], "give one such as 5"),
        (["demo", "now"], "see smartcar demo --help"),
        (["simulate", "--seed", ""], "give one such as 1"),
        (["simulate", "--profile", ""], "choose one of everyday, volvo, empty"),
        (["simulate", "--speed", "0"], "give 1 for real time"),
        (["simulate", "--speed", "nan"], "give one such as 5"),
        (["simulate", "--now", "soon"], "give 'real', or one such as 2026-06-01"),
        (["simulate", "--now", "1999-01-01"], "begin: give an aware datetime of this century"),
        (["simulate", "--port", "http"], "give one such as 1"),
        (["simulate", "--user-header", "no"], "choose from"),
    ],
)
def test_bad_input_is_one_line_that_says_what_to_do(
    arguments: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with exit code 2, and nothing on stdout."""
    with pytest.raises(SystemExit) as stopped:
        sys.exit(main(arguments))
    shown = capsys.readouterr()
    assert (stopped.value.code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert shown.err.startswith("smartcar")
    assert remedy in shown.err


def test_a_mistake_ends_the_process_with_2() -> None:
    """As a shell sees it."""
    done = smartcar("demo", "--seed", "x")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("in_use", [True, False])
def test_a_port_that_cannot_be_had(in_use: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """In use, or not a port at all: it is named, with the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if in_use else 70000
        with pytest.raises(SystemExit) as stopped:
            main(["simulate", "--port", str(port)])
    shown = capsys.readouterr()
    assert (stopped.value.code, shown.out) == (2, "")
    assert re.fullmatch(rf"smartcar simulate: cannot listen on port {port} .*free it, or pass 0 for any.*\n", shown.err)


@pytest.mark.parametrize("text", ["soon", "-1", "inf", "nan"])
def test_no_number(text: str) -> None:
    """What cannot be a duration or a speed is refused with what to give."""
    with pytest.raises(ArgumentTypeError, match="give one such as 5"):
        number(text)
    assert number("2.5") == 2.5
