"""A store as the receiver uses it: what it can do is looked up once, and it is called at the receiver's own time."""

import inspect
from collections.abc import Callable
from typing import Any, TypeGuard, cast

from attrs import define, field, frozen

from ..arguments import deprecated, require_methods
from ..clock import Clock
from .event_store import Claim, EventInbox, EventStore, StepAside, TransactionalStore, UncountedRelease


@frozen
class Capabilities:
    """What a store can do beyond claims; None, or False, for what it cannot."""

    inbox: EventInbox | None
    transactions: TransactionalStore[Any] | None
    uncounted: UncountedRelease | None
    stepping: StepAside | None
    has_lanes: bool
    """Whether `claim` takes a lane. A store without lanes is called in one thread."""


def capabilities_of(store: EventStore) -> Capabilities:
    """Look at the methods of a store, as they are called: it may be a proxy, which no `isinstance` sees through."""
    require_methods(store, "store", "claim", "renew", "commit", "release")
    inbox: EventInbox | None = None
    if _has(store, "take"):
        require_methods(store, "store", "put", "take", "park", "parked", "unpark", "waiting")
        inbox = cast("EventInbox", store)
    return Capabilities(
        inbox=inbox,
        transactions=store if _does_work(store) else None,
        uncounted=_uncounted(store),
        stepping=cast("StepAside", store) if _has(store, "step_aside") else None,
        has_lanes=_takes(store.claim, "lane"),
    )


def _has(store: object, method: str) -> bool:
    return callable(getattr(store, method, None))


def _takes(method: Callable[..., object], parameter: str) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(each.name == parameter or each.kind is each.VAR_KEYWORD for each in parameters)


def _does_work(store: EventStore) -> TypeGuard[TransactionalStore[Any]]:
    return _takes(store.commit, "work")


def _uncounted(store: object) -> UncountedRelease | None:
    if _has(store, "release_uncounted"):
        return cast("UncountedRelease", store)
    if _has(store, "spare"):
        deprecated("store.spare", "the method its new name, release_uncounted")
        return _Spare(store)
    return None


@frozen
class _Spare:
    """A store whose `release_uncounted` has its former name."""

    store: Any

    def release_uncounted(self, claim: Claim, *, now: float, due: float) -> None:
        """Call it by that name."""
        self.store.spare(claim, now=now, due=due)


@define(eq=False)
class TimedStore:
    """The claims of one receiver. Times are by a clock that runs evenly: a step of the time of day changes nothing."""

    store: EventStore
    can: Capabilities
    clock: Clock
    lease: float
    _began: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.clock.now().timestamp() - self.clock.monotonic()

    def now(self) -> float:
        """Seconds since 1970, from the time of day at the start and evenly from then on."""
        return self._began + self.clock.monotonic()

    def claim(self, key: str, lane: str, hold: float) -> Claim:
        """Claim an event in its lane."""
        now = self.now()
        if not self.can.has_lanes:
            return self.store.claim(key, now=now, until=now + self.lease)
        return self.store.claim(key, now=now, until=now + self.lease, lane=lane, hold=hold)

    def renew(self, claim: Claim) -> bool:
        """Hold a claim for a lease from now. False if it was lost."""
        return self.store.renew(claim, until=self.now() + self.lease)

    def commit(self, claim: Claim) -> bool:
        """Remember an event as handled. False if the claim was lost."""
        return self.store.commit(claim, now=self.now())

    def release(self, claim: Claim, pause: float = 0.0) -> None:
        """Give a claim back, for some time after now."""
        now = self.now()
        self.store.release(claim, now=now, due=now + pause)

    def release_uncounted(self, claim: Claim, pause: float = 0.0) -> None:
        """The same, and the attempt does not count, if the store can do that."""
        if self.can.uncounted is None:
            return self.release(claim, pause)
        now = self.now()
        return self.can.uncounted.release_uncounted(claim, now=now, due=now + pause)
