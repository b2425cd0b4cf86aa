"""The order that stores keep, against a plain model: whatever happens, what is handed out is what may be, and once.

SMARTCAR_ORDERS is the number of random histories; each has its number as its seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from attrs import define, field

from smartcar_async import Claim, ClaimStatus, EventStore, MemoryEventStore, SqliteEventStore, StoredEvent

from .clocks import SetClock

ORDERS = int(os.environ.get("SMARTCAR_ORDERS", "4"))
STEPS = 120
HOLD = 75.0


@define(eq=False)
class Known:
    """What the model knows of an event."""

    id: str
    lane: str
    came: float
    attempt: int = 0
    tries: int = 0
    interrupted: bool = False
    due: float = 0.0
    aside: bool = False
    claim: tuple[int, Claim] | None = None
    """Which store has it claimed."""


@define
class Model:
    """All events that are neither handled nor given up, in the order in which they came."""

    events: list[Known] = field(factory=list[Known])
    parked: list[Known] = field(factory=list[Known])
    done: list[str] = field(factory=list[str])

    def may_be_taken(self, now: float) -> list[str]:
        """Which events it is the turn of."""
        return [one.id for one in self.events if self._has_turn(one, now)]

    def _has_turn(self, one: Known, now: float) -> bool:
        lane = [other for other in self.events if other.lane == one.lane]
        first = next((other for other in lane if not other.aside), None)
        busy = any(other.claim for other in lane)
        return not busy and one.due <= now and (one.aside or one is first)

    def claimed(self) -> list[Known]:
        """Those that somebody holds."""
        return [one for one in self.events if one.claim]


@define
class History:
    """Two stores on one file, and what is done with them."""

    path: Path
    random: Random
    clock: SetClock
    stores: list[SqliteEventStore]
    model: Model = field(factory=Model)
    puts: int = 0

    def step(self) -> None:
        """Something happens, and the clock goes on or its time of day jumps."""
        steps = [*[self.put] * 3, *[self.take] * 4, *[self.settle] * 3, self.unpark, self.again]
        self.random.choice(steps)()
        self.clock.time += self.random.choice([0, 0, 0.6, 5, 30])
        self.clock.ahead = self.random.choice([self.clock.ahead, self.clock.ahead, 0, 3600, -3600, 10 * 86400])

    def put(self) -> None:
        """An event comes, for the first time or again."""
        number = self.puts if self.random.random() < 0.7 else self.random.randrange(self.puts + 1)
        lane = f"v-{number % 3}"
        self.random.choice(self.stores).put(StoredEvent(f"e-{number}", lane, b"x"), now=0)
        if number == self.puts:
            self.puts += 1
            self.model.events.append(Known(f"e-{number}", lane, self.clock.time))

    def take(self) -> None:
        """One of the stores looks for something to do."""
        number = self.random.randrange(2)
        may = self.model.may_be_taken(self.clock.time)
        found = self.stores[number].take(now=0, until=1e6)
        assert (found[1].id in may) if found else not may, (found, may)
        if found:
            (one,) = [one for one in self.model.events if one.id == found[1].id]
            one.attempt, one.tries, one.claim = one.attempt + 1, one.tries + 1, (number, found[0])
            assert (found[0].attempt, found[0].stepped_aside) == (one.attempt, one.aside)
            assert (found[0].tries, found[0].interrupted) == (one.tries, one.interrupted)

    def settle(self) -> None:
        """Something that is claimed ends in some way."""
        held = self.model.claimed()
        if held:
            one = self.random.choice(held)
            assert one.claim is not None
            number, claim = one.claim
            ways = [*[self.commit] * 3, self.release, self.release_uncounted, self.park]
            self.random.choice(ways)(number, one, claim)
            one.claim = None

    def commit(self, number: int, one: Known, claim: Claim) -> None:
        """It was handled."""
        assert self.stores[number].commit(claim, now=0)
        assert not self.stores[1 - number].commit(claim, now=0)
        self.model.events.remove(one)
        self.model.done.append(one.id)

    def release(self, number: int, one: Known, claim: Claim) -> None:
        """It failed, and may step aside."""
        if self.random.random() < 0.3:
            self.stores[number].step_aside(claim)
            one.aside = True
        pause = self.random.choice([0.0, 1.0, 60.0])
        self.stores[number].release(claim, now=0, due=pause)
        one.due, one.interrupted = self.clock.time + pause, False

    def release_uncounted(self, number: int, one: Known, claim: Claim) -> None:
        """It is put off, and nothing is known that was not known before."""
        pause = self.random.choice([0.0, 1.0, 60.0])
        self.stores[number].release_uncounted(claim, now=0, due=pause)
        one.due, one.tries = self.clock.time + pause, one.tries - 1

    def park(self, number: int, one: Known, claim: Claim) -> None:
        """It is given up."""
        self.stores[number].park(claim, now=0, problem="KeyError")
        self.model.events.remove(one)
        self.model.parked.append(one)

    def unpark(self) -> None:
        """It is tried once more, beside its lane."""
        if self.model.parked:
            one = self.model.parked.pop()
            assert self.random.choice(self.stores).unpark(one.id)
            one.aside, one.due, one.tries, one.interrupted = True, self.clock.time, 0, False
            self.model.events.append(one)
            self.model.events.sort(key=lambda known: int(known.id[2:]))

    def again(self) -> None:
        """A store is closed and opened: what it held is free."""
        number = self.random.randrange(2)
        self.stores[number].close()
        for one in self.model.claimed():
            assert one.claim is not None
            if one.claim[0] == number:
                one.claim, one.due, one.interrupted = None, self.clock.time, True


@pytest.mark.parametrize("seed", range(ORDERS))
def test_an_inbox_hands_out_what_it_may(seed: int, tmp_path: Path) -> None:
    """Each lane in its order and one at a time, whoever asks, fails, gives up or goes away; then all is handled."""
    clock, path = SetClock(), tmp_path / "events.db"
    with SqliteEventStore(path, clock=clock) as one, SqliteEventStore(path, clock=clock) as other:
        history = History(path, Random(seed), clock, [one, other])
        for _ in range(STEPS):
            history.step()
        other.close()
        clock.time += 1
        for known in history.model.claimed():
            assert known.claim is not None
            if known.claim[0] == 0:
                history.commit(0, known, known.claim[1])
            known.claim = None
        while history.model.events:
            clock.time += 60
            while found := one.take(now=0, until=60):
                assert found[1].id in history.model.may_be_taken(clock.time)
                assert one.commit(found[0], now=0)
                history.model.events = [known for known in history.model.events if known.id != found[1].id]
        assert one.waiting() == 0
        assert len(one.parked()) == len(history.model.parked)


@pytest.fixture
def clock() -> SetClock:
    """The time of the stores under test."""
    return SetClock(0.0)


@pytest.fixture(params=["memory", "sqlite"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[list[EventStore]]:
    """A store and itself, or two on one file."""
    if request.param == "memory":
        yield [MemoryEventStore()] * 2
        return
    path = tmp_path / "events.db"
    with SqliteEventStore(path, clock=clock) as one, SqliteEventStore(path, clock=clock) as other:
        yield [one, other]


def ask(store: EventStore, name: str, now: float = 0.0, lane: str = "v-1") -> Claim:
    """A claim in a lane."""
    return store.claim(name, now=now, until=now + 60, lane=lane, hold=HOLD)


def test_a_lane_is_one_events_at_a_time(pair: list[EventStore]) -> None:
    """Of whatever store on the file; other lanes do not wait."""
    one, other = pair
    first = ask(one, "a")
    assert first.status is ClaimStatus.NEW
    assert ask(other, "b").status is ClaimStatus.WAITING
    assert ask(other, "a").status is ClaimStatus.IN_FLIGHT
    assert ask(other, "c", lane="v-2").status is ClaimStatus.NEW
    assert one.commit(first, now=1)
    assert ask(other, "a").status is ClaimStatus.DONE
    assert ask(other, "b") == Claim("b", ClaimStatus.NEW, 1)


def test_the_turn_in_a_lane_is_that_of_the_first_asking(pair: list[EventStore]) -> None:
    """Who came while another was handled goes before who came later."""
    one, other = pair
    first = ask(one, "a")
    assert [ask(store, name).status for store, name in ((one, "b"), (other, "c"))] == [ClaimStatus.WAITING] * 2
    assert one.commit(first, now=1)
    assert ask(other, "c").status is ClaimStatus.WAITING
    second = ask(one, "b")
    assert one.commit(second, now=1)
    assert ask(other, "c").status is ClaimStatus.NEW


def test_what_failed_is_waited_for_and_not_for_ever(pair: list[EventStore], clock: SetClock) -> None:
    """It will be sent again; if it is not, later ones go on after a time, in their order."""
    one, other = pair
    one.release(ask(one, "a"), now=0, due=0)
    clock.time = 1.0
    assert ask(other, "b", 1.0).status is ClaimStatus.WAITING
    clock.time = 74.0
    assert ask(other, "b", 74.0).status is ClaimStatus.WAITING
    clock.time = 75.5
    assert ask(other, "c", 75.5).status is ClaimStatus.WAITING
    second = ask(other, "b", 75.5)
    assert second.status is ClaimStatus.NEW
    assert ask(one, "a", 75.5).status is ClaimStatus.WAITING
    assert other.commit(second, now=76)
    again = ask(one, "a", 75.5)
    assert again == Claim("a", ClaimStatus.NEW, 2)
    assert one.commit(again, now=76)
    assert ask(one, "c", 75.5).status is ClaimStatus.NEW


def test_a_lane_in_memory_is_forgotten_with_its_events() -> None:
    """Vehicles that come and go leave nothing behind."""
    store = MemoryEventStore(limit=10)
    for number in range(50):
        claim = ask(store, f"e-{number}", lane=f"v-{number}")
        if number % 2:
            store.release(claim, now=0, due=0)
        else:
            assert store.commit(claim, now=0)
    assert len(store._lanes) <= 10  # pyright: ignore[reportPrivateUsage]
    assert len(store._entries) <= 10  # pyright: ignore[reportPrivateUsage]
