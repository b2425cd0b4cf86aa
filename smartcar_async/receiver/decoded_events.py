"""Events as they were decoded when they came, for the worker of the same process: the store remains the truth."""

from threading import Lock
from typing import Final

from attrs import define, field

from ..webhook import Event
from .event_store import StoredEvent

_MOST: Final = 256


@define(eq=False)
class DecodedEvents:
    """The last ones, with the bytes that they were read from."""

    _events: dict[str, tuple[bytes, Event]] = field(factory=dict[str, tuple[bytes, Event]])
    _guard: Lock = field(factory=Lock)

    def add(self, stored: StoredEvent, event: Event) -> None:
        """Keep an event; of one that is there, the first, as the store does."""
        with self._guard:
            self._events.setdefault(stored.id, (stored.body, event))
            if len(self._events) > _MOST:
                del self._events[next(iter(self._events))]

    def pop(self, stored: StoredEvent) -> Event | None:
        """The event that is in these very bytes, if it is kept; it is kept no longer."""
        with self._guard:
            body, event = self._events.pop(stored.id, (b"", None))
        return event if body == stored.body else None
