"""The lifetime of the bridge: each claim in a process of its own, with a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartcar_async.testing import Delay, Simulator

ROOT = Path(__file__).parents[2]
LIMIT = 30
FORKS = hasattr(os, "fork")
LEFT_OPEN = "ResourceWarning: a smartcar_sync client was left open: use `with`, or end it with close()"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulator of everyday cars."""
    with Simulator() as simulator:
        yield simulator


def arguments(sim: Simulator, scene: str) -> list[str]:
    """The command that acts out a scene with a Tesla."""
    tesla = sim.world.find("Tesla")
    return [sys.executable, "-W", "default", "-m", "tests.sync.scenes", scene, tesla.id, tesla.owner_id]


def environment(sim: Simulator) -> dict[str, str]:
    """That of somebody who has the simulator's credentials."""
    return {**os.environ, **sim.environment, "PYTHONPATH": str(ROOT)}


def act(sim: Simulator, scene: str) -> tuple[list[str], str]:
    """Act out a scene to its end; what it says, and what it complains of."""
    done = subprocess.run(
        arguments(sim, scene),
        env=environment(sim),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines(), done.stderr


def when_asked(sim: Simulator, scene: str, path: str, then: Callable[[subprocess.Popen[str]], object]) -> list[str]:
    """Act out a scene, and do something as soon as its request for this path has arrived."""
    with subprocess.Popen(
        arguments(sim, scene),
        env=environment(sim),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            until = time.monotonic() + LIMIT
            while not sim.requests.matching(path=path) and time.monotonic() < until:
                time.sleep(0.005)
            then(child)
            printed, complaint = child.communicate(timeout=LIMIT)
        finally:
            child.kill()
    assert (child.returncode, complaint) == (0, ""), printed + complaint
    return printed.splitlines()


def interrupt(child: subprocess.Popen[str]) -> None:
    """Press Ctrl-C."""
    child.send_signal(signal.SIGINT)


CLOSED = "ConfigurationError: the client is closed; make a new one"
HERE = "ConfigurationError: on_event: it runs on the client's own thread, which cannot wait for itself; "

SCENES = {
    "close_twice": ["True", "1"],
    "exception_in_with": ["mine 1", CLOSED],
    "use_after_close": [CLOSED, CLOSED, "True Vehicle('{vehicle}')"],
    "call_in_a_running_loop": [
        "TESLA",
        "TESLA",
        "1 RuntimeWarning True a call without await stops the event loop that runs in this thread: "
        "use smartcar_async here",
    ],
    "call_from_a_callback": [HERE + "do this from another thread"] * 2,
    "many_threads": ["256 True 1"],
    "early_break": ["True", "3", "ended"],
    "error_inside_a_stream": ["1", "LookupError", "1", "TimeoutError"],
    "context_variable": ["mine mine", "nothing"],
    "no_warning_after_close": ["TESLA True", "True"],
}
FORKING = {
    "fork_and_use": ["TESLA 0 True", "child exited 0", "TESLA", "TESLA", "child exited 0", "TESLA"],
    "fork_and_exit": ["child exited 0", "TESLA"] * 2,
    "fork_while_locked": ["True TESLA", "child exited 0", "TESLA"],
    "fork_within_iteration": [
        "ConfigurationError: this was begun before a fork, in another process; begin it anew here False",
        "child exited 0",
        "suppressed: False",
        "child exited 0",
        "1 2",
        "left",
    ],
    "process_pool": ["TESLA TESLA TESLA TESLA"],
}


@pytest.mark.parametrize("scene", [*SCENES, *(FORKING if FORKS else ())])
def test_scene(sim: Simulator, scene: str) -> None:
    """It ends in time, says what it should, and leaves nothing to warn of."""
    vehicle = sim.world.find("Tesla").id
    expected = [line.format(vehicle=vehicle) for line in {**SCENES, **FORKING}[scene]]
    assert act(sim, scene) == (expected, "")


@pytest.mark.parametrize(("scene", "printed"), [("leave_open_and_end", []), ("drop_without_closing", ["1 thread"])])
def test_left_open(sim: Simulator, scene: str, printed: list[str]) -> None:
    """The process ends by itself, and a single warning says what was forgotten."""
    lines, complaint = act(sim, scene)
    assert lines == ["TESLA", *printed]
    assert complaint.count("Warning:") == complaint.count(LEFT_OPEN) == 1
    assert "Traceback" not in complaint


def test_ctrl_c_during_a_read(sim: Simulator) -> None:
    """The request is given up, nothing is noted, and the client goes on."""
    sim.fault(Delay(30), path="/v3/vehicles/*/signals")
    printed = when_asked(sim, "interrupted_read", "/v3/vehicles/*/signals", interrupt)
    assert printed == ["ready", "interrupted []", "TESLA"]


def test_ctrl_c_during_a_command(sim: Simulator) -> None:
    """The caller learns that the car may have obeyed; so does the hook; and the client goes on."""
    sim.command_seconds = 30
    printed = when_asked(sim, "interrupted_command", "/v3/vehicles/*/commands/*", interrupt)
    assert printed == [
        "ready",
        "interrupted unlock may or may not have been carried out: the call was cancelled. It was not sent again.",
        "TESLA unlock",
    ]


def test_system_exit_in_a_task(sim: Simulator) -> None:
    """A command that was under way is of unknown outcome; later calls say that the client is broken, and why."""
    sim.command_seconds = 30
    printed = when_asked(sim, "system_exit_in_a_task", "/v3/vehicles/*/commands/*", lambda child: _line(child))
    assert printed == [
        "ready",
        "ConnectionLost: the client was broken while this call was under way",
        "CommandOutcomeUnknown: unlock may or may not have been carried out: the client was closed. "
        "It was not sent again.",
        "ConfigurationError: the client is broken: SystemExit was raised on its thread; make a new one",
        "TESLA",
    ]


def _line(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()
