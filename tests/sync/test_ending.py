"""How programs end, and fork: each claim in a process of its own, with a time limit."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smartcar_async import FileTokenStore, StoredTokens, TokenPair
from smartcar_async.testing import Delay, Simulator

from .test_acceptance import FORKS, LIMIT, ROOT, environment

KEY = "owner"
TOKEN = "/oauth/token"
TIMES = int(os.environ.get("SMARTCAR_FORKS", "2"))
"""How many forks are made at random moments, on each Python; SMARTCAR_SEED repeats them."""


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulator of everyday cars."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def path(sim: Simulator, tmp_path: Path) -> Path:
    """A file with the tokens of the Tesla's owner, whose access token is at its end."""
    passed, now = sim.v2_tokens(sim.world.find("Tesla").owner_id), datetime.now(UTC)
    pair = TokenPair(passed.access_token, passed.refresh_token, now, now + timedelta(days=60))
    asyncio.run(FileTokenStore(tmp_path / "tokens.json").swap(KEY, None, StoredTokens(pair)))
    return tmp_path / "tokens.json"


def act(
    sim: Simulator,
    scene: str,
    *more: object,
    then: Callable[[subprocess.Popen[str]], object] = lambda child: None,
) -> tuple[list[str], str]:
    """Act out a scene, do something meanwhile, and tell what it said and what it complained of."""
    tesla = sim.world.find("Tesla")
    words = [scene, tesla.id, tesla.owner_id, *map(str, more)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.sync.ending_scenes", *words],
        env=environment(sim),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            then(child)
            printed, complaint = child.communicate(timeout=LIMIT)
        finally:
            child.kill()
    assert child.returncode == 0, printed + complaint
    return printed.splitlines(), complaint


def arrived(sim: Simulator, path: str) -> None:
    """Wait for a request."""
    until = time.monotonic() + LIMIT
    while not sim.requests.matching(path=path) and time.monotonic() < until:
        time.sleep(0.005)


def stored(path: Path) -> StoredTokens:
    """What is in the file."""
    results = asyncio.run(FileTokenStore(path).load(KEY))
    assert results is not None
    return results


@pytest.mark.parametrize(
    "scene", ["end_within_a_refresh", "drop_within_a_refresh", *(["end_within_a_worker"] if FORKS else [])]
)
def test_an_end_waits_for_a_refresh_that_was_sent(sim: Simulator, path: Path, scene: str) -> None:
    """Without `with` and without `close`: the pair that the server gave is in the file when the process is gone."""
    before = stored(path)
    sim.fault(Delay(1), path=TOKEN)

    def end(child: subprocess.Popen[str]) -> None:
        arrived(sim, TOKEN)
        assert child.stdin is not None
        child.stdin.write("end\n")
        child.stdin.flush()

    act(sim, scene, path, then=end)
    (chain,) = sim.user_tokens.chains
    assert chain.refresh_requests == 1
    after = stored(path)
    assert after.pair.refresh_token != before.pair.refresh_token
    assert after.refreshing_since is None


def test_ctrl_c_twice_ends_the_wait(sim: Simulator, path: Path) -> None:
    """The first one says what is waited for, and the second what is left open."""
    sim.fault(Delay(60), path=TOKEN)

    def press_twice(child: subprocess.Popen[str]) -> None:
        arrived(sim, TOKEN)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("end\n")
        child.stdin.flush()
        for _ in range(2):
            assert child.stdout.readline() == "waiting\n"
            child.send_signal(signal.SIGINT)

    _, complaint = act(sim, "interrupted_at_the_end", path, then=press_twice)
    assert complaint.splitlines() == [
        "smartcar_sync: a client is being closed; if it waits for tokens, they would be lost. "
        "Ctrl-C again gives it up.",
        "smartcar_sync: a client was not closed to the end. If it was renewing tokens, start again within a minute: "
        "the token store tells that a refresh was begun, and the next start completes it.",
    ]
    assert stored(path).refreshing_since is not None


def test_a_callback_that_is_stuck_keeps_no_program_from_its_end(sim: Simulator) -> None:
    """It is waited for no longer than for a sign of life, and that is told."""
    printed, complaint = act(sim, "stuck_at_the_end")
    assert printed == [f"ending Smartcar(client_id={sim.client_id!r})"]
    assert "a client was not closed to the end" in complaint


def test_threads_that_outlive_the_main_one(sim: Simulator, tmp_path: Path) -> None:
    """A client that is open works on; one that needs a new thread says what the matter is, or does without."""
    printed, complaint = act(sim, "threads_outlive_the_main_one", tmp_path / "tokens.json")
    reported = (
        "TESLA",
        "not refused",
        "ConnectionFailed: Python is ending and starts no threads any more; nothing was sent.",
    )
    assert printed[0] == "TESLA"
    assert [line.startswith(reported) for line in printed] == [True] * 3
    assert "Traceback" not in complaint


def test_a_handler_that_raises_one_of_our_errors(sim: Simulator) -> None:
    """It is no answer: the command is broken off, its outcome is told as unknown, and the handler's error comes out."""
    sim.command_seconds = 30

    def send(child: subprocess.Popen[str]) -> None:
        arrived(sim, "/v3/vehicles/*/commands/*")
        child.send_signal(signal.SIGINT)

    printed, _ = act(sim, "a_handler_that_raises", then=send)
    assert printed == [
        "from the handler unlock may or may not have been carried out: the call was cancelled. It was not sent again.",
        "TESLA unlock",
    ]


@pytest.mark.skipif(not FORKS, reason="Windows has no fork")
def test_a_handler_that_forks(sim: Simulator) -> None:
    """The child is told that the call is its parent's, and can make calls of its own; the parent gets its answer."""
    sim.fault(Delay(1.0), path="/v3/vehicles/*")

    def send(child: subprocess.Popen[str]) -> None:
        arrived(sim, "/v3/vehicles/*")
        child.send_signal(signal.SIGINT)

    printed, _ = act(sim, "a_handler_that_forks", then=send)
    assert printed == ["this was begun before a fork, in another process; begin it anew here TESLA", "TESLA"]


def moments() -> list[float]:
    """Delays by chance, from the start of the first call to past its end."""
    chance = random.Random(os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4))
    return [chance.uniform(0.4 * part / TIMES, 0.4 * (part + 1) / TIMES) for part in range(TIMES)]


@pytest.mark.skipif(not FORKS, reason="Windows has no fork")
@pytest.mark.timeout(60 + 5 * TIMES)
def test_a_fork_within_the_first_call(sim: Simulator) -> None:
    """At any moment, also while modules are loaded and the thread starts: the child's calls work, and it exits."""
    for delay in moments():
        printed, _ = act(sim, "fork_within_the_first_call", delay)
        assert printed == ["TESLA", "child exited 0", "TESLA"], delay


@pytest.mark.skipif(not FORKS, reason="Windows has no fork")
@pytest.mark.timeout(60 + 5 * TIMES)
def test_a_fork_within_a_refresh(sim: Simulator, path: Path) -> None:
    """At any moment: parent and child share the one pair."""
    before = stored(path)
    for number, delay in enumerate(moments()):
        sim.fault(Delay(0.2), path=TOKEN)
        pair = before.pair if number == 0 else stored(path).pair
        expired = TokenPair(pair.access_token, pair.refresh_token, datetime.now(UTC), pair.refresh_expiration)
        asyncio.run(FileTokenStore(path).swap(KEY, stored(path), StoredTokens(expired)))
        printed, _ = act(sim, "fork_within_a_refresh", path, delay)
        assert printed == ["True", "child exited 0", "True"], delay
        (chain,) = sim.user_tokens.chains
        assert chain.refresh_requests == number + 1


def test_a_call_imports_nothing(sim: Simulator, path: Path) -> None:
    """All is loaded before the bridge's thread begins: a fork in the middle of an import leaves a child that hangs."""
    printed, _ = act(sim, "imports_within_calls", path)
    assert printed == ["[]"]
