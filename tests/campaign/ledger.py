"""What the handlers of a campaign left, and what in it must not be."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from itertools import groupby
from pathlib import Path

from attrs import define, field, frozen

from .endpoint import IN_ORDER, fails

SHORTLY = 6.0
"""Seconds within which a handling and its record lie, with all that the campaign does to the disk."""


@frozen
class Line:
    """A line of the log: the first handler began, ended or was cancelled, or the receiver reported a failure."""

    what: str
    event_id: str
    vehicle: str
    life: str
    time: float
    attempt: int

    @property
    def failed(self) -> bool:
        """Whether it failed by itself."""
        return fails(self.event_id, self.attempt)

    @property
    def handling(self) -> tuple[str, int, str]:
        """Which attempt of which event it is about, and in which life."""
        return self.event_id, self.attempt, self.life


@define
class Troubles:
    """When which life was killed, or was stopped and went on."""

    killed: dict[str, float] = field(factory=dict[str, float])
    stopped: list[tuple[str, float, float]] = field(factory=list[tuple[str, float, float]])

    def explain(self, line: Line) -> str | None:
        """Why a handling that began then may not be recorded, or may come too late."""
        if 0 <= self.killed.get(line.life, 0.0) - line.time <= SHORTLY:
            return "killed"
        near = any(
            life == line.life and began - SHORTLY <= line.time <= ended + SHORTLY for life, began, ended in self.stopped
        )
        return "stopped" if near else None


@define
class Ledger:
    """The log, the book, and the order in which the events came."""

    log: list[Line]
    book: list[tuple[str, float, bool]]
    order: dict[str, int]
    troubles: Troubles
    twice: Counter[str] = field(factory=Counter[str])
    """How many handlings came on top of one that succeeded, or too late, by what explains it."""

    @property
    def begun(self) -> list[Line]:
        """Where handlers began."""
        return [line for line in self.log if line.what == "begin"]

    def faults(self, known: set[str]) -> list[str]:
        """Everything that must not be."""
        booked = Counter(event_id for event_id, _, _ in self.book)
        begun = {line.event_id for line in self.begun}
        found = [f"{event_id} was lost" for event_id in known - begun]
        found += [f"{event_id} was booked {booked[event_id]} times" for event_id in known if booked[event_id] != 1]
        return [*found, *self._repeated(), *self._out_of_order(), *self._side_by_side(), *self._booked_out_of_order()]

    def _repeated(self) -> list[str]:
        """Handled again after a success, or under the same attempt, with nothing that explains it."""
        found, seen = list[str](), defaultdict[str, list[Line]](list)
        # An attempt has a number of its own, so that a report counts although it is written after the next one began.
        unsuccessful = {line.handling for line in self.log if line.what in ("cancelled", "failed")}
        for line in self.begun:
            for before in seen[line.event_id]:
                if before.attempt == line.attempt:
                    found.append(f"{line.event_id} had attempt {line.attempt} twice")
            successes = [one for one in seen[line.event_id] if not one.failed and one.handling not in unsuccessful]
            for before in successes[-1:]:
                why = self.troubles.explain(before) or self.troubles.explain(line)
                self.twice[why or "unexplained"] += 1
                found += [] if why else [f"{line.event_id} was handled twice, in {before.life} and {line.life}"]
            seen[line.event_id].append(line)
        return found

    def _out_of_order(self) -> list[str]:
        """Begun although an earlier event of the vehicle was neither done nor aside."""
        found = list[str]()
        by_vehicle = sorted(self.begun, key=lambda line: line.vehicle)
        for _, lines in groupby(by_vehicle, key=lambda line: line.vehicle):
            latest = dict[int, Line]()
            for line in lines:
                place = self.order[line.event_id]
                # In its order an event is never begun after a later one: that would have been too early.
                later = [other for number, other in latest.items() if number > place]
                if later and line.attempt <= IN_ORDER and not _is_aside(line):
                    why = self.troubles.explain(line) or next(filter(None, map(self.troubles.explain, later)), None)
                    self.twice["late, " + (why or "unexplained")] += 1
                    found += [] if why else [f"{line.event_id} began after {later[0].event_id}, which came later"]
                latest.setdefault(place, line)
        return found

    def _side_by_side(self) -> list[str]:
        """Two of a vehicle at once."""
        found, busy = list[str](), dict[str, Line]()
        for line in self.log:
            before = busy.get(line.vehicle)
            if line.what == "failed":  # may be reported when the next one has begun
                continue
            if line.what != "begin":
                if before is not None and (before.event_id, before.life) == (line.event_id, line.life):
                    del busy[line.vehicle]
                continue
            if before is not None and self.troubles.explain(before) is None:
                found.append(f"{line.event_id} began beside {before.event_id}")
            busy[line.vehicle] = line
        return found

    def _booked_out_of_order(self) -> list[str]:
        """Handled for good in another order than they came in, without having been aside."""
        vehicle = {line.event_id: line.vehicle for line in self.begun}
        attempts = {line.event_id: line.attempt for line in self.begun}
        found, last = list[str](), dict[str, int]()
        for event_id, _, _ in self.book:
            if attempts[event_id] > IN_ORDER:
                continue
            place = self.order[event_id]
            if place < last.get(vehicle[event_id], 0):
                found.append(f"{event_id} was booked after one that came later")
            last[vehicle[event_id]] = place
        return found


def _is_aside(line: Line) -> bool:
    return line.attempt > IN_ORDER


def read(folder: Path, troubles: Troubles) -> Ledger:
    """What there is, when all processes are gone."""
    lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    log = [
        Line(what, event_id, vehicle, life, float(time), int(attempt))
        for what, event_id, vehicle, life, time, attempt in lines
    ]
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        pages = connection.execute("SELECT event_id, delivered_at, redelivered FROM book ORDER BY page").fetchall()
        order = dict(connection.execute("SELECT id, seq FROM smartcar_events").fetchall())
    book = [(event_id, delivered, bool(again)) for event_id, delivered, again in pages]
    return Ledger(log, book, order, troubles)
