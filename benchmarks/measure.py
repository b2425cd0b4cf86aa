"""Ratios that can be trusted on a noisy machine: both sides in turn, the median of the rounds, and a control."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from attrs import frozen

Action = Callable[[], object]


@frozen
class Ratio:
    """One side's cost over the other's, with the same side over itself as the control."""

    name: str
    value: float
    low: float
    high: float
    control: float
    bound: str


def ratio(name: str, bound: str, ours: Action, theirs: Action, rounds: int, clock: Callable[[], float]) -> Ratio:
    """Measure both sides in turn, with a second measurement of `theirs` as the A/A control."""
    for action in (ours, theirs):
        action()
    found: list[float] = []
    control: list[float] = []
    for number in range(rounds):
        order = (ours, theirs, theirs) if number % 2 else (theirs, theirs, ours)
        spent = [_spent(action, clock) for action in order]
        mine, (first, second) = (spent[0], spent[1:]) if number % 2 else (spent[2], spent[:2])
        found.append(mine / first)
        control.append(second / first)
    ordered = sorted(found)
    middle = statistics.median(found)
    return Ratio(
        name, middle, ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10], statistics.median(control), bound
    )


def child(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def repeat(action: Action, times: int) -> Action:
    """The same action several times, so that a round is long enough to time."""

    def many() -> None:
        for _ in range(times):
            action()

    return many


def _spent(action: Action, clock: Callable[[], float]) -> float:
    started = clock()
    action()
    return clock() - started


cpu = time.process_time


def cpu_of_children() -> float:
    """The CPU time of finished child processes: unlike the wall clock, it does not count waiting for a core."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
