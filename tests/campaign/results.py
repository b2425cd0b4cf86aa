"""The calls of a campaign, drawn from its seed, and the results that are counted of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Literal, get_args

from attrs import define, field, frozen

from .expected_commands import ExpectedCommand, random_command
from .scenarios import EMPTY_SUCCESSES, SCENARIOS, Moment, Scenario

Outcome = Literal["done", "refused", "unknown", "cancelled, open", "cancelled, not sent"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
REACHED = (
    "ConnectionFailed",
    "ConnectionLost",
    "200",
    "202",
    "303",
    "400",
    "401",
    "408",
    "429",
    "500",
    "502",
    "503",
    "504",
)
"""How requests must have ended, each at least once."""
CANCELLED: tuple[Moment, ...] = ("token", "queue", "pause", "connecting", "waiting", "reading")
"""What calls must have been doing when they were cancelled, each at least once."""


@frozen
class PlannedCall:
    """One call: the command, and what goes wrong. It depends on the seed and its number alone."""

    number: int
    label: str
    command: ExpectedCommand
    scenario: Scenario

    def __str__(self) -> str:
        return f"call {self.number}, {self.command.action}, {self.label}"


def planned_calls(seed: str, count: int) -> Iterator[PlannedCall]:
    """So many calls; every scenario comes up equally often, in a random order."""
    labels: list[str] = []
    for number in range(count):
        random = Random(f"{seed}/{number}")
        if not labels:
            labels = random.sample(list(SCENARIOS), len(SCENARIOS))
        label = labels.pop()
        command = random_command(random, deletes=label not in EMPTY_SUCCESSES)
        yield PlannedCall(number, label, command, SCENARIOS[label](random))


@define
class Results:
    """What was counted, and every violation that was found."""

    violations: list[str] = field(factory=list[str])
    calls: Counter[str] = field(factory=Counter[str])
    met: Counter[str] = field(factory=Counter[str])
    outcomes: Counter[tuple[str, Outcome]] = field(factory=Counter[tuple[str, Outcome]])
    deeds: Counter[str] = field(factory=Counter[str])
    actions: Counter[str] = field(factory=Counter[str])
    cancelled: Counter[str] = field(factory=Counter[str])
    request_ends: Counter[str] = field(factory=Counter[str])
    reconciled: Counter[str] = field(factory=Counter[str])
    not_found: int = 0
    """Deletions that end with `NotFound` because the first try had worked, on paths that were not known to exist."""
    decidable: int = 0
    decided: int = 0

    def check(self, condition: bool, call: PlannedCall, violation: str) -> None:
        """Note a violation if the condition does not hold."""
        if not condition:
            self.violations.append(f"{call}: {violation}")

    def unmet(self) -> list[str]:
        """What the campaign should have met, and did not."""
        return [
            *(label for label in SCENARIOS if not self.met[label]),
            *(f"a request that ends with {end}" for end in REACHED if not self.request_ends[end]),
            *(f"a cancellation while {moment}" for moment in CANCELLED if not self.cancelled[moment]),
            *(outcome for outcome in OUTCOMES if not any(self.outcomes[label, outcome] for label in SCENARIOS)),
        ]

    def table(self) -> str:
        """All counts as text."""
        lines = [f"{'scenario':36}{'calls':>7}{'met':>7}" + "".join(f"{outcome:>22}" for outcome in OUTCOMES)]
        for label in SCENARIOS:
            row = "".join(f"{self.outcomes[label, outcome] or '':>22}" for outcome in OUTCOMES)
            lines.append(f"{label:36}{self.calls[label]:7}{self.met[label]:7}{row}")
        totals = {outcome: sum(self.outcomes[label, outcome] for label in SCENARIOS) for outcome in OUTCOMES}
        lines.append(
            f"{'all':36}{self.calls.total():7}{self.met.total():7}"
            + "".join(f"{totals[outcome]:22}" for outcome in OUTCOMES)
        )
        for title, counts in (
            ("deeds", self.deeds),
            ("actions", self.actions),
            ("requests ended with", self.request_ends),
            ("cancelled while", self.cancelled),
            ("reconciled", self.reconciled),
        ):
            lines.append(f"{title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
        lines.append(f"deletions that did not find what their first try had deleted: {self.not_found}")
        lines.append(f"decided {self.decided} of {self.decidable} that a fresh read could decide")
        lines.append(f"violations: {len(self.violations)}")
        return "\n".join(lines)
