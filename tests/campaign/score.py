"""The shots of a campaign, drawn from its seed, and the score that is kept of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Literal, get_args

from attrs import define, field, frozen

from .orders import Order, order
from .troubles import SAYS_DONE, TROUBLES, Moment, Trouble

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
class Shot:
    """One call: what is asked of the car, and what goes wrong. It depends on the seed and its number alone."""

    number: int
    label: str
    order: Order
    trouble: Trouble

    def __str__(self) -> str:
        return f"call {self.number}, {self.order.action}, {self.label}"


def shots(seed: str, count: int) -> Iterator[Shot]:
    """So many calls; every trouble comes up equally often, in an order of chance."""
    deck: list[str] = []
    for number in range(count):
        random = Random(f"{seed}/{number}")
        if not deck:
            deck = random.sample(list(TROUBLES), len(TROUBLES))
        label = deck.pop()
        yield Shot(number, label, order(random, deletes=label not in SAYS_DONE), TROUBLES[label](random))


@define
class Score:
    """What was counted, and every lie that was found."""

    lies: list[str] = field(factory=list[str])
    calls: Counter[str] = field(factory=Counter[str])
    struck: Counter[str] = field(factory=Counter[str])
    outcomes: Counter[tuple[str, Outcome]] = field(factory=Counter[tuple[str, Outcome]])
    deeds: Counter[str] = field(factory=Counter[str])
    actions: Counter[str] = field(factory=Counter[str])
    cancelled: Counter[str] = field(factory=Counter[str])
    wire: Counter[str] = field(factory=Counter[str])
    reconciled: Counter[str] = field(factory=Counter[str])
    not_found: int = 0
    """Deletions that end with `NotFound` because the first try had worked, on paths that were not known to exist."""
    fresh: int = 0
    decided: int = 0

    def claim(self, truth: bool, shot: Shot, lie: str) -> None:
        """Note a lie."""
        if not truth:
            self.lies.append(f"{shot}: {lie}")

    def unmet(self) -> list[str]:
        """What the campaign should have met, and did not."""
        return [
            *(label for label in TROUBLES if not self.struck[label]),
            *(f"a request that ends with {end}" for end in REACHED if not self.wire[end]),
            *(f"a cancellation while {moment}" for moment in CANCELLED if not self.cancelled[moment]),
            *(outcome for outcome in OUTCOMES if not any(self.outcomes[label, outcome] for label in TROUBLES)),
        ]

    def table(self) -> str:
        """All counts as text."""
        lines = [f"{'trouble':36}{'calls':>7}{'met':>7}" + "".join(f"{outcome:>22}" for outcome in OUTCOMES)]
        for label in TROUBLES:
            row = "".join(f"{self.outcomes[label, outcome] or '':>22}" for outcome in OUTCOMES)
            lines.append(f"{label:36}{self.calls[label]:7}{self.struck[label]:7}{row}")
        totals = {outcome: sum(self.outcomes[label, outcome] for label in TROUBLES) for outcome in OUTCOMES}
        lines.append(
            f"{'all':36}{self.calls.total():7}{self.struck.total():7}"
            + "".join(f"{totals[one]:22}" for one in OUTCOMES)
        )
        for title, counts in (
            ("deeds", self.deeds),
            ("actions", self.actions),
            ("requests ended with", self.wire),
            ("cancelled while", self.cancelled),
            ("reconciled", self.reconciled),
        ):
            lines.append(f"{title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
        lines.append(f"deletions that did not find what their first try had deleted: {self.not_found}")
        lines.append(f"decided {self.decided} of {self.fresh} that a fresh read could decide; lies: {len(self.lies)}")
        return "\n".join(lines)
