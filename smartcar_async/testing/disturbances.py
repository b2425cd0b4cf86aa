"""What goes wrong with webhook deliveries, scripted in advance: to which events it happens, and how often.

Beside what these do: nothing promises an order, and `Sending.at_once` lets several deliveries run at the same time.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random

from attrs import define, field, frozen

from .faults import check_chance


@frozen
class Duplicate:
    """The event is sent twice: one `eventId`, two deliveries."""


@frozen
class Postpone:
    """The event waits for so many seconds by the world's clock; later ones overtake it."""

    seconds: float


@frozen
class Overtaken:
    """The event waits until the next one to the same webhook has been sent."""


@frozen
class InMode:
    """The event says that it is of another mode than LIVE."""

    mode: str = "TEST"


@frozen
class SignedWith:
    """The delivery is signed with another token: an older one, as live deliveries sometimes are."""

    token: str = field(repr=False)


@frozen
class BadSignature:
    """The delivery has this for a signature; None leaves the header out."""

    value: str | None = "0" * 64


@frozen
class AnswerLost:
    """The delivery arrives, and its answer does not: it counts as timed out, and is tried again."""


OfEvent = Duplicate | Postpone | Overtaken | InMode
"""These strike an event once, when it happens."""
OfAttempt = SignedWith | BadSignature | AnswerLost
"""These strike every attempt anew."""
Disturbance = OfEvent | OfAttempt


@define
class Interference:
    """A disturbance and the deliveries that it strikes. `hits` counts them."""

    disturbance: Disturbance
    event_type: str = "*"
    vehicle_id: str | None = None
    webhook_id: str | None = None
    times: int | None = None
    probability: float = 1.0
    hits: int = field(default=0, init=False)

    def strikes(self, event_type: str, vehicle_id: str, webhook_id: str, random: Random) -> bool:
        """Whether this event or attempt is struck; a hit is counted."""
        if self.times is not None and self.hits >= self.times:
            return False
        if not fnmatchcase(event_type, self.event_type):
            return False
        if self.vehicle_id not in (None, vehicle_id) or self.webhook_id not in (None, webhook_id):
            return False
        if self.probability < 1 and random.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Disturbances:
    """The interferences in force, oldest first. Unlike faults they add up: each that strikes has its effect."""

    def __init__(self, seed: int) -> None:
        """None yet; the seed decides those that come by chance."""
        self._scripts: tuple[Interference, ...] = ()
        self._random = Random(f"{seed}/disturbances")

    def add(self, script: Interference) -> Interference:
        """Put an interference in force."""
        check_chance(script.times, script.probability)
        self._scripts += (script,)
        return script

    def clear(self) -> None:
        """Take every one out of force."""
        self._scripts = ()

    def of_event(self, event_type: str, vehicle_id: str, webhook_id: str) -> list[OfEvent]:
        """What happens to an event."""
        target = (event_type, vehicle_id, webhook_id, self._random)
        return [
            script.disturbance
            for script in self._scripts
            if isinstance(script.disturbance, OfEvent) and script.strikes(*target)
        ]

    def of_attempt(self, event_type: str, vehicle_id: str, webhook_id: str) -> list[OfAttempt]:
        """What happens to one attempt to deliver an event."""
        target = (event_type, vehicle_id, webhook_id, self._random)
        return [
            script.disturbance
            for script in self._scripts
            if isinstance(script.disturbance, OfAttempt) and script.strikes(*target)
        ]
