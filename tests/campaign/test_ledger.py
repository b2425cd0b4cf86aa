"""What the ledger of the delivery campaign takes for a violation, and what explains a second handling."""

from __future__ import annotations

import pytest
from attrs import evolve

from .ledger import Interruptions, Ledger, LogLine

BEGIN = LogLine("begin", "event-1", "vehicle-1", "process-1", 10.0, 1)
END = evolve(BEGIN, what="end", time=10.1)
FAILED = evolve(BEGIN, what="failed", time=10.6)
AGAIN = [evolve(BEGIN, time=11.0, attempt=2), evolve(END, time=11.1, attempt=2)]
TWICE = ["event-1 was handled twice, in process-1 and process-1"]


def violations(*log: LogLine) -> list[str]:
    """What is wrong with a log, if every event was recorded once."""
    ids = sorted({line.event_id for line in log if line.what == "begin"})
    handled, arrival = [(event_id, 0.0, False) for event_id in ids], {"event-1": 1, "event-2": 2}
    return Ledger(list(log), handled, arrival, Interruptions()).violations(set(ids))


def test_a_reported_failure_explains_a_second_handling() -> None:
    """Its first handler had ended well, but then the other one was too long in its transaction."""
    assert violations(BEGIN, END, FAILED, *AGAIN) == []


def test_the_report_may_come_late() -> None:
    """The store knows of a failure before the report of it is written, and somebody else may begin in between."""
    assert violations(BEGIN, END, AGAIN[0], FAILED, AGAIN[1]) == []


def test_a_second_handling_without_a_report_is_a_fault() -> None:
    """Nothing explains it."""
    assert violations(BEGIN, END, *AGAIN) == TWICE


@pytest.mark.parametrize(
    "report", [evolve(FAILED, attempt=3), evolve(FAILED, process="process-2"), evolve(FAILED, event_id="event-2")]
)
def test_the_report_of_another_handling_explains_nothing(report: LogLine) -> None:
    """Of another attempt, in another process or of another event."""
    assert violations(BEGIN, END, report, *AGAIN) == TWICE
    assert violations(BEGIN, END, *AGAIN, report) == TWICE


def test_a_success_between_failures_still_counts() -> None:
    """A reported failure excuses its own handling only."""
    third = evolve(BEGIN, time=12.0, attempt=3)
    assert violations(BEGIN, END, FAILED, *AGAIN, third) == TWICE


def test_a_late_report_does_not_end_the_next_handling() -> None:
    """Another event of the vehicle that begins then is still too early."""
    too_early = evolve(BEGIN, event_id="event-2", time=11.05)
    assert "event-2 began during event-1" in violations(BEGIN, END, AGAIN[0], FAILED, too_early, AGAIN[1])
