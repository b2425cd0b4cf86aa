"""The usual forms of answers and deliveries with signals, as msgspec reads them in one pass.

A document in any other form is None here, and is read with all care from plain objects instead. What msgspec passes
over it checks as strictly as what it reads, but for the encoding, and for numbers beyond all range.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Required, TypedDict, TypeVar

import msgspec

from ..vocabulary import SignalStatus

T = TypeVar("T")

NOTHING: Final = msgspec.Raw()
"""The body of a signal that has none."""

_Never = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
"""No value at all: the usual form does not have this field."""


class Status(msgspec.Struct, frozen=True, gc=False):
    """How the reading of a signal went."""

    value: SignalStatus
    error: Any = None


class Times(msgspec.Struct, frozen=True, gc=False):
    """When a signal was recorded and so on, under the names and in the forms of the wire."""

    oemUpdatedAt: Any = None
    retrievedAt: Any = None
    fetchedAt: Any = None
    ingestedAt: Any = None


NO_TIMES: Final = Times()
"""The times of a signal that has none."""


class Entry(msgspec.Struct, gc=False):
    """A signal. Its code must tell first what its body is."""

    code: str
    status: Status | None = None
    body: msgspec.Raw = NOTHING
    meta: Times | None = NO_TIMES
    attributes: _Never = ""


class Resource(msgspec.Struct, gc=False):
    """A signal as an answer wraps it."""

    attributes: Entry
    meta: Times | None = NO_TIMES


class Answer(TypedDict, total=False):
    """What is read of an answer."""

    data: Required[list[Resource]]
    included: Any


class Data(TypedDict, total=False):
    """What is read of a delivery's data."""

    user: Any
    vehicle: Any
    triggers: Any
    signals: Required[list[Entry]]


class State(TypedDict, total=False):
    """What is read of the delivery of a vehicle's state."""

    eventType: Required[Literal["VEHICLE_STATE"]]
    eventId: Any
    vehicleId: Any
    webhookId: Any
    version: Any
    mode: Any
    triggers: Any
    meta: Any
    data: Required[Data]


_UNUSUAL: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def _usual(form: type[T]) -> Callable[[bytes], T | None]:
    decode = msgspec.json.Decoder(form).decode

    def read(body: bytes) -> T | None:
        try:
            return decode(body) if body.isascii() or str(body, "utf-8") else None
        except _UNUSUAL:
            return None

    return read


answer: Final = _usual(Answer)
state: Final = _usual(State)
