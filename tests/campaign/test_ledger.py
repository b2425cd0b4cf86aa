"""What the ledger of the delivery campaign takes for a fault, and what explains a second handling."""

from __future__ import annotations

import pytest
from attrs import evolve

from .ledger import Ledger, Line, Troubles

BEGIN = Line("begin", "event-1", "vehicle-1", "life-1", 10.0, 1)
END = evolve(BEGIN, what="end", time=10.1)
FAILED = evolve(BEGIN, what="failed", time=10.6)
AGAIN = [evolve(BEGIN, time=11.0, attempt=2), evolve(END, time=11.1, attempt=2)]
TWICE = ["event-1 was handled twice, in life-1 and life-1"]


def faults(*log: Line) -> list[str]:
    """What is wrong with a log, if every event was booked once."""
    ids = sorted({line.event_id for line in log if line.what == "begin"})
    ledger = Ledger(list(log), [(event_id, 0.0, False) for event_id in ids], {"event-1": 1, "event-2": 2}, Troubles())
    return ledger.faults(set(ids))


def test_a_reported_failure_explains_a_second_handling() -> None:
    """Its first handler had ended well, but then the other one was too long in its transaction."""
    assert faults(BEGIN, END, FAILED, *AGAIN) == []


def test_the_report_may_come_late() -> None:
    """The store knows of a failure before the report of it is written, and somebody else may begin in between."""
    assert faults(BEGIN, END, AGAIN[0], FAILED, AGAIN[1]) == []


def test_a_second_handling_without_a_report_is_a_fault() -> None:
    """Nothing explains it."""
    assert faults(BEGIN, END, *AGAIN) == TWICE


@pytest.mark.parametrize("other", [{"attempt": 2}, {"life": "life-2"}, {"event_id": "event-2"}])
def test_the_report_of_another_handling_explains_nothing(other: dict[str, object]) -> None:
    """Of another attempt, in another life or of another event."""
    report = evolve(FAILED, **other)
    assert faults(BEGIN, END, report, *AGAIN) == TWICE
    assert faults(BEGIN, END, *AGAIN, report) == TWICE


def test_a_success_between_failures_still_counts() -> None:
    """A reported failure excuses its own handling only."""
    third = evolve(BEGIN, time=12.0, attempt=3)
    assert faults(BEGIN, END, FAILED, *AGAIN, third) == TWICE


def test_a_late_report_does_not_end_the_next_handling() -> None:
    """Another event of the vehicle that begins then is still beside it."""
    beside = evolve(BEGIN, event_id="event-2", time=11.05)
    assert "event-2 began beside event-1" in faults(BEGIN, END, AGAIN[0], FAILED, beside, AGAIN[1])
