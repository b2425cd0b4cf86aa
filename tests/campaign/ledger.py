"""What the handlers of a delivery campaign left, and what in it must not be."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from itertools import groupby
from pathlib import Path

from attrs import define, field, frozen

from .endpoint import ATTEMPTS_IN_ORDER, fails

EXPLAINED_WITHIN = 6.0
"""Seconds within which a handling and its record lie, with all that the campaign does to the disk."""


@frozen
class LogLine:
    """The first handler began, ended or was cancelled, or the receiver reported that the handling failed."""

    what: str
    event_id: str
    vehicle: str
    process: str
    time: float
    attempt: int

    @property
    def fails_by_design(self) -> bool:
        """Whether the handler raised in this attempt, as it should."""
        return fails(self.event_id, self.attempt)

    @property
    def handling(self) -> tuple[str, int, str]:
        """Which attempt of which event it is about, and in which process."""
        return self.event_id, self.attempt, self.process


@define
class Interruptions:
    """When which process was killed, or was stopped and went on."""

    killed: dict[str, float] = field(factory=dict[str, float])
    stopped: list[tuple[str, float, float]] = field(factory=list[tuple[str, float, float]])

    def explain(self, line: LogLine) -> str | None:
        """Why a handling that began then may not be recorded, or may come too late."""
        if 0 <= self.killed.get(line.process, 0.0) - line.time <= EXPLAINED_WITHIN:
            return "killed"
        for process, began, ended in self.stopped:
            if process == line.process and began - EXPLAINED_WITHIN <= line.time <= ended + EXPLAINED_WITHIN:
                return "stopped"
        return None


@define
class Ledger:
    """The log, what was recorded as handled, and the order in which the events came."""

    log: list[LogLine]
    handled: list[tuple[str, float, bool]]
    """The id of each event, when it was delivered, and whether it had been handled before, in the order of commits."""
    arrival: dict[str, int]
    """The place of each event in the order of their arrival."""
    interruptions: Interruptions
    repeats: Counter[str] = field(factory=Counter[str])
    """How many handlings came on top of one that succeeded, or too late, by what explains it."""

    @property
    def begun(self) -> list[LogLine]:
        """Where handlers began."""
        return [line for line in self.log if line.what == "begin"]

    def violations(self, event_ids: set[str]) -> list[str]:
        """Everything that must not be, when these events were acknowledged."""
        records = Counter(event_id for event_id, _, _ in self.handled)
        begun = {line.event_id for line in self.begun}
        return [
            *(f"{event_id} was lost" for event_id in event_ids - begun),
            *(f"{event_id} was recorded {records[event_id]} times" for event_id in event_ids if records[event_id] != 1),
            *self._repeated(),
            *self._begun_out_of_order(),
            *self._concurrent(),
            *self._recorded_out_of_order(),
        ]

    def _repeated(self) -> list[str]:
        """Handled again after a success, or under the same attempt, with nothing that explains it."""
        violations, earlier = list[str](), defaultdict[str, list[LogLine]](list)
        # An attempt has a number of its own, so that a report counts although it is written after the next one began.
        unsuccessful = {line.handling for line in self.log if line.what in ("cancelled", "failed")}
        for line in self.begun:
            for before in earlier[line.event_id]:
                if before.attempt == line.attempt:
                    violations.append(f"{line.event_id} had attempt {line.attempt} twice")
            successes = [
                before
                for before in earlier[line.event_id]
                if not before.fails_by_design and before.handling not in unsuccessful
            ]
            for before in successes[-1:]:
                reason = self.interruptions.explain(before) or self.interruptions.explain(line)
                self.repeats[reason or "unexplained"] += 1
                if reason is None:
                    violations.append(f"{line.event_id} was handled twice, in {before.process} and {line.process}")
            earlier[line.event_id].append(line)
        return violations

    def _begun_out_of_order(self) -> list[str]:
        """Begun although an earlier event of the vehicle was neither done nor aside."""
        violations, explain = list[str](), self.interruptions.explain
        by_vehicle = sorted(self.begun, key=lambda line: line.vehicle)
        for _, lines in groupby(by_vehicle, key=lambda line: line.vehicle):
            first = dict[int, LogLine]()
            for line in lines:
                place = self.arrival[line.event_id]
                # In its order an event is never begun after a later one: that would have been too early.
                later = [other for number, other in first.items() if number > place]
                if later and line.attempt <= ATTEMPTS_IN_ORDER:
                    reason = explain(line) or next(filter(None, map(explain, later)), None)
                    self.repeats["late, " + (reason or "unexplained")] += 1
                    if reason is None:
                        violations.append(f"{line.event_id} began after {later[0].event_id}, which came later")
                first.setdefault(place, line)
        return violations

    def _concurrent(self) -> list[str]:
        """Two of a vehicle at once."""
        violations, busy = list[str](), dict[str, LogLine]()
        for line in self.log:
            before = busy.get(line.vehicle)
            if line.what == "failed":  # may be reported when the next one has begun
                continue
            if line.what != "begin":
                if before is not None and (before.event_id, before.process) == (line.event_id, line.process):
                    del busy[line.vehicle]
                continue
            if before is not None and self.interruptions.explain(before) is None:
                violations.append(f"{line.event_id} began during {before.event_id}")
            busy[line.vehicle] = line
        return violations

    def _recorded_out_of_order(self) -> list[str]:
        """Handled for good in another order than they came in, without having been aside."""
        vehicles = {line.event_id: line.vehicle for line in self.begun}
        attempts = {line.event_id: line.attempt for line in self.begun}
        violations, last = list[str](), dict[str, int]()
        for event_id, _, _ in self.handled:
            if attempts[event_id] > ATTEMPTS_IN_ORDER:
                continue
            place, vehicle = self.arrival[event_id], vehicles[event_id]
            if place < last.get(vehicle, 0):
                violations.append(f"{event_id} was recorded after one that came later")
            last[vehicle] = place
        return violations


def read_ledger(folder: Path, interruptions: Interruptions) -> Ledger:
    """What there is, when all processes are gone."""
    lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    log = [
        LogLine(what, event_id, vehicle, process, float(time), int(attempt))
        for what, event_id, vehicle, process, time, attempt in lines
    ]
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        query = "SELECT event_id, delivered_at, redelivered FROM handled ORDER BY position"
        rows = connection.execute(query).fetchall()
        arrival = dict(connection.execute("SELECT id, seq FROM smartcar_events").fetchall())
    handled = [(event_id, delivered, bool(redelivered)) for event_id, delivered, redelivered in rows]
    return Ledger(log, handled, arrival, interruptions)
