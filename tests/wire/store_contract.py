"""What every event store must hold to, as tests to inherit: for the stores of this package, and for one of your own.

Subclass `EventStoreContract`, `EventInboxContract` or `TransactionContract`, whatever the store can do, name the class
`Test...`, and give it the fixture `case`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pytest

from smartcar_async import Claim, ClaimStatus, ParkedEvent, StoredEvent

DAY = 24 * 3600.0
NEW, IN_FLIGHT, DONE, WAITING = ClaimStatus.NEW, ClaimStatus.IN_FLIGHT, ClaimStatus.DONE, ClaimStatus.WAITING


class StoreCase(Protocol):
    """A kind of store, and the time that it goes by."""

    def open(self, **options: float) -> Any:
        """An empty store; `keep` and `limit` say how much it remembers of what was handled."""
        ...

    def beside(self) -> Any:
        """The events of the store that was opened last, as another process sees them."""
        ...

    def now(self) -> float:
        """Seconds."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        ...


def event(name: str, lane: str = "v-1") -> StoredEvent:
    """An event to keep."""
    return StoredEvent(name, lane, name.encode())


class EventStoreContract:
    """Claims."""

    @pytest.fixture
    def store(self, case: StoreCase) -> Any:
        """The store under test."""
        return case.open()

    @staticmethod
    def claim(store: Any, case: StoreCase, name: str, **options: Any) -> Claim:
        """Claim an event for a minute."""
        granted: Claim = store.claim(name, now=case.now(), until=case.now() + 60, **options)
        return granted

    @staticmethod
    def commit(store: Any, case: StoreCase, claim: Claim) -> bool:
        """Mark it as handled."""
        return bool(store.commit(claim, now=case.now()))

    def test_one_claims_and_the_others_wait(self, store: Any, case: StoreCase) -> None:
        """An event is one claimant's until it is released, or handled."""
        claim = self.claim(store, case, "a")
        assert claim == Claim("a", NEW, 1)
        assert not claim.redelivered
        case.advance(1)
        assert self.claim(store, case, "a") == Claim("a", IN_FLIGHT)
        assert self.claim(store, case, "b") == Claim("b", NEW, 1)
        store.release(claim, now=case.now(), due=case.now())
        again = self.claim(store, case, "a")
        assert again == Claim("a", NEW, 2)
        assert again.redelivered
        assert self.commit(store, case, again)
        assert self.claim(store, case, "a") == Claim("a", DONE)

    def test_a_lease_ends(self, store: Any, case: StoreCase) -> None:
        """Whoever was silent for so long counts as dead, and can do nothing once somebody else has the event."""
        other = case.beside()
        first = self.claim(store, case, "a")
        assert self.claim(other, case, "a").status is IN_FLIGHT
        case.advance(59)
        assert self.claim(other, case, "a").status is IN_FLIGHT
        case.advance(1)
        second = self.claim(other, case, "a")
        assert second == Claim("a", NEW, 2)
        assert not self.commit(store, case, first)
        assert not store.renew(first, until=case.now() + 999)
        store.release(first, now=case.now(), due=case.now())
        assert self.claim(store, case, "a").status is IN_FLIGHT
        assert self.commit(other, case, second)
        assert not self.commit(other, case, Claim("a", NEW, 9))

    def test_a_lease_is_renewed(self, store: Any, case: StoreCase) -> None:
        """As long as its holder says so; and one that ended, but that nobody else claimed, still commits."""
        other, claim = case.beside(), self.claim(store, case, "a")
        assert self.claim(other, case, "a").status is IN_FLIGHT
        case.advance(40)
        assert store.renew(claim, until=case.now() + 60)
        case.advance(59)
        assert self.claim(other, case, "a").status is IN_FLIGHT
        case.advance(400)
        assert self.commit(store, case, claim)
        assert not store.renew(claim, until=case.now() + 60)
        assert self.claim(other, case, "a").status is DONE

    def test_a_lane_is_one_at_a_time(self, store: Any, case: StoreCase) -> None:
        """A later event waits for one that is handled, and for one that came earlier, for as long as that holds it."""
        options = {"lane": "v-1", "hold": 75.0}
        first = self.claim(store, case, "a", **options)
        case.advance(1)
        assert self.claim(store, case, "b", **options) == Claim("b", WAITING)
        assert self.claim(store, case, "c", lane="v-2", hold=75.0).status is NEW
        store.release(first, now=case.now(), due=case.now())
        assert self.claim(store, case, "b", **options) == Claim("b", WAITING)
        case.advance(75)
        assert self.claim(store, case, "b", **options).status is NEW
        assert self.claim(store, case, "a", **options) == Claim("a", WAITING)

    def test_a_claim_that_was_not_settled_is_interrupted(self, store: Any, case: StoreCase) -> None:
        """Until an end is recorded."""
        other = case.beside()
        assert not self.claim(store, case, "a").interrupted
        case.advance(61)
        claim = self.claim(other, case, "a")
        assert claim.interrupted
        other.release(claim, now=case.now(), due=case.now())
        assert not self.claim(other, case, "a").interrupted

    def test_what_was_handled_is_remembered(self, case: StoreCase) -> None:
        """For as long as is said, and it makes room then."""
        store = case.open(keep=7 * DAY)
        assert self.commit(store, case, self.claim(store, case, "a"))
        case.advance(6 * DAY)
        self.fill(store, case, 260, "early")
        assert self.claim(store, case, "a").status is DONE
        case.advance(2 * DAY)
        self.fill(store, case, 260, "late")
        assert self.claim(store, case, "a") == Claim("a", NEW, 1)

    def test_no_more_is_remembered_than_allowed(self, case: StoreCase) -> None:
        """The oldest go first; what is being handled stays."""
        store = case.open(limit=100)
        held = self.claim(store, case, "held")
        self.fill(store, case, 400, "more")
        assert self.claim(store, case, "more-399").status is DONE
        assert store.renew(held, until=case.now() + 60)
        assert self.commit(store, case, held)
        store = case.open(limit=100)
        self.fill(store, case, 400, "more")
        assert self.claim(store, case, "more-0") == Claim("more-0", NEW, 1)

    def fill(self, store: Any, case: StoreCase, count: int, name: str) -> None:
        """Handle many events."""
        for number in range(count):
            assert self.commit(store, case, self.claim(store, case, f"{name}-{number}"))

    def test_threads_share_a_store(self, store: Any, case: StoreCase) -> None:
        """Of many claims at once, one is granted."""
        start = threading.Barrier(8)

        def claim_all(_: int) -> list[bool]:
            start.wait()
            return [self.claim(store, case, f"e-{number}").status is NEW for number in range(50)]

        with ThreadPoolExecutor(8) as threads:
            granted = list(threads.map(claim_all, range(8)))
        assert [sum(column) for column in zip(*granted, strict=True)] == [1] * 50


class EventInboxContract(EventStoreContract):
    """Events that are kept, and handed out."""

    @staticmethod
    def take(store: Any, case: StoreCase) -> tuple[Claim, StoredEvent] | None:
        """What is handed out, for a minute."""
        taken: tuple[Claim, StoredEvent] | None = store.take(now=case.now(), until=case.now() + 60)
        return taken

    def taken(self, store: Any, case: StoreCase, name: str) -> Claim:
        """The claim of the event that is handed out, which is this one."""
        taken = self.take(store, case)
        assert taken is not None
        assert taken[1].id == name
        return taken[0]

    def test_events_leave_in_the_order_of_their_coming(self, store: Any, case: StoreCase) -> None:
        """One at a time of each lane; what is there already is not kept twice."""
        for kept in [event("a"), event("b"), event("c", "v-2"), event("a"), event("d", "v-3")]:
            store.put(kept, now=case.now())
        assert store.waiting() == 4
        first, second, third = (self.take(store, case) for _ in range(3))
        assert first is not None
        assert first == (Claim("a", NEW, 1), event("a"))
        assert second == (Claim("c", NEW, 1), event("c", "v-2"))
        assert third == (Claim("d", NEW, 1), event("d", "v-3"))
        assert self.take(store, case) is None
        assert self.commit(store, case, first[0])
        store.put(event("a"), now=case.now())
        assert self.take(store, case) == (Claim("b", NEW, 1), event("b"))
        assert store.waiting() == 3

    def test_a_lane_waits_for_what_failed(self, store: Any, case: StoreCase) -> None:
        """Until its pause is over and it is handled; other lanes do not wait."""
        for kept in (event("a"), event("b"), event("c", "v-2")):
            store.put(kept, now=case.now())
        store.release(self.taken(store, case, "a"), now=case.now(), due=case.now() + 27)
        assert self.commit(store, case, self.taken(store, case, "c"))
        assert self.take(store, case) is None
        case.advance(26.9)
        assert self.take(store, case) is None
        case.advance(0.2)
        again = self.taken(store, case, "a")
        assert (again.attempt, again.tries, again.stepped_aside) == (2, 2, False)
        assert self.commit(store, case, again)
        assert self.commit(store, case, self.taken(store, case, "b"))

    def test_what_stepped_aside_holds_nobody_up(self, store: Any, case: StoreCase) -> None:
        """It comes again when it is due, one at a time with the others of its lane."""
        for name in ("a", "b", "c"):
            store.put(event(name), now=case.now())
        claim = self.taken(store, case, "a")
        store.step_aside(claim)
        assert self.take(store, case) is None  # it is still being handled
        store.release(claim, now=case.now(), due=case.now() + 30)
        second = self.taken(store, case, "b")
        case.advance(30)
        assert self.take(store, case) is None
        assert self.commit(store, case, second)
        left = dict[str, tuple[int, bool]]()
        for _ in range(2):  # which of them comes first is the store's to say
            taken = self.take(store, case)
            assert taken is not None
            assert self.take(store, case) is None
            left[taken[1].id] = taken[0].attempt, taken[0].stepped_aside
            assert self.commit(store, case, taken[0])
        assert left == {"a": (2, True), "c": (1, False)}
        assert store.waiting() == 0

    def test_a_lane_goes_on_when_its_first_is_given_up(self, store: Any, case: StoreCase) -> None:
        """In the order of their coming."""
        for name in ("a", "b", "c"):
            store.put(event(name), now=case.now())
        store.park(self.taken(store, case, "a"), now=case.now(), problem="KeyError")
        store.put(event("d"), now=case.now())
        for name in ("b", "c", "d"):
            assert self.commit(store, case, self.taken(store, case, name))

    def test_what_a_silent_worker_held_comes_again(self, store: Any, case: StoreCase) -> None:
        """At the end of its lease, before the later ones of its lane."""
        other = case.beside()
        for name in ("a", "b"):
            store.put(event(name), now=case.now())
        lost = self.taken(store, case, "a")
        assert self.take(other, case) is None
        case.advance(59)
        assert self.take(other, case) is None
        case.advance(1)
        claim = self.taken(other, case, "a")
        assert (claim.attempt, claim.redelivered) == (2, True)
        assert self.take(store, case) is None
        assert not self.commit(store, case, lost)
        assert self.commit(other, case, claim)
        assert self.commit(store, case, self.taken(store, case, "b"))

    def test_an_uncounted_attempt_does_not_count(self, store: Any, case: StoreCase) -> None:
        """It comes again when it is due, before the later ones of its lane, and is told from the claim before."""
        for name in ("a", "b"):
            store.put(event(name), now=case.now())
        for number in range(1, 4):
            claim = self.taken(store, case, "a")
            assert (claim.attempt, claim.tries, claim.interrupted) == (number, 1, False)
            for _ in range(2):  # told twice, because the first time seemed to fail
                store.release_uncounted(claim, now=case.now(), due=case.now() + 5)
            assert self.take(store, case) is None
            assert not self.commit(store, case, claim)
            case.advance(5)
        store.release(self.taken(store, case, "a"), now=case.now(), due=case.now())
        claim = self.taken(store, case, "a")
        assert (claim.attempt, claim.tries) == (5, 2)
        assert self.commit(store, case, claim)
        assert self.commit(store, case, self.taken(store, case, "b"))

    def test_an_uncounted_attempt_stays_what_it_was(self, store: Any, case: StoreCase) -> None:
        """Interrupted, until an end is recorded."""
        other = case.beside()
        store.put(event("a"), now=case.now())
        assert not self.taken(other, case, "a").interrupted
        assert self.take(store, case) is None
        case.advance(60)
        for number in range(2, 5):
            claim = self.taken(store, case, "a")
            assert (claim.attempt, claim.tries, claim.interrupted) == (number, 2, True)
            store.release_uncounted(claim, now=case.now(), due=case.now() + 1)
            case.advance(1)
        store.release(self.taken(store, case, "a"), now=case.now(), due=case.now())
        claim = self.taken(store, case, "a")
        assert (claim.tries, claim.interrupted) == (3, False)
        assert self.commit(store, case, claim)

    def test_what_is_given_up_is_kept_in_sight(self, store: Any, case: StoreCase) -> None:
        """And can be handed out once more."""
        store.put(event("a"), now=case.now())
        store.park(self.taken(store, case, "a"), now=case.now(), problem="KeyError")
        assert list(store.parked()) == [ParkedEvent(event("a"), 1, "KeyError")]
        case.advance(DAY)
        assert (store.waiting(), self.take(store, case)) == (0, None)
        store.put(event("a"), now=case.now())
        assert len(store.parked()) == 1
        assert not store.unpark("b", now=case.now())
        assert store.unpark("a", now=case.now())
        assert not store.unpark("a", now=case.now())
        assert (list(store.parked()), store.waiting()) == ([], 1)
        assert self.take(store, case) == (Claim("a", NEW, 2), event("a"))
        assert self.commit(store, case, Claim("a", NEW, 2))

    def test_an_inbox_never_forgets_what_waits(self, case: StoreCase) -> None:
        """Limits are for what was handled."""
        store = case.open(keep=1, limit=10)
        for number in range(260):
            store.put(event(f"e-{number}", f"v-{number}"), now=case.now())
        case.advance(10_000)
        self.fill(store, case, 260, "more")
        assert store.waiting() == 260


class TransactionContract(EventStoreContract):
    """Work that is done in the transaction of the mark."""

    def write(self, connection: Any, line: str) -> None:
        """Write a line with the connection that the store lends."""
        raise NotImplementedError

    def written(self, store: Any) -> list[str]:
        """The lines that are there for good."""
        raise NotImplementedError

    def test_work_and_mark_are_there_together(self, store: Any, case: StoreCase) -> None:
        """Or neither: what the work raises comes out."""

        def fail(connection: Any) -> None:
            self.write(connection, "failed")
            raise KeyError("no")

        def commit(claim: Claim, work: Callable[[Any], object]) -> bool:
            return bool(store.commit(claim, now=case.now(), work=work))

        claim = self.claim(store, case, "a")
        with pytest.raises(KeyError):
            commit(claim, fail)
        assert self.claim(store, case, "a").status is IN_FLIGHT
        assert commit(claim, lambda connection: self.write(connection, "done"))
        assert self.claim(store, case, "a").status is DONE
        assert self.written(store) == ["done"]

    def test_no_work_is_begun_for_a_claim_that_was_lost(self, store: Any, case: StoreCase) -> None:
        """Somebody else has the event, or it was handled."""
        claim, begun = self.claim(store, case, "a"), list[object]()
        assert store.commit(claim, now=case.now(), work=begun.append)
        for lost in (claim, Claim("a", NEW, 9), Claim("b", NEW, 1)):
            assert not store.commit(lost, now=case.now(), work=begun.append)
        assert len(begun) == 1
