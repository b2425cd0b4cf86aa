"""From the answers to the commands of one make to records."""

from collections.abc import Iterable
from typing import Final

from ...codec.structure import Unreadable, is_object
from ...request import Reply
from .. import decode
from ..records import ActionResponse
from .records import Cabin, TeslaSchedule, TeslaScheduleType

_STATES: Final = {"START": "ON", "STOP": "OFF"}
_PARTS: Final = {
    TeslaScheduleType.START_TIME: "startTime",
    TeslaScheduleType.DEPARTURE_TIME: "departureTime",
}


def switched(reply: Reply, word: str) -> ActionResponse:
    """A switch that was accepted: it says success, repeats the word that it was sent, or tells the state."""
    return decode.action(reply, ("SUCCESS", word, _STATES[word]))


def secret(reply: Reply, private: Iterable[str]) -> ActionResponse:
    """A command that was accepted, and whose failure must not repeat what it was sent."""
    return decode.action(reply, private=private)


def cabin(reply: Reply) -> Cabin:
    """The state of the climate system. It may lag behind the command, so that either state means accepted."""
    return decode.accepted(Cabin, reply, ("SUCCESS", "ON", "OFF"))


def tesla_schedule(reply: Reply, kind: TeslaScheduleType, enable: bool) -> TeslaSchedule:
    """The state of the charge schedule, or a plain success. If it is not what was asked for, the outcome is open."""
    document = decode.command_document(reply)
    timer = document.get(_PARTS[kind])
    as_asked = is_object(timer) and timer.get("enabled") is enable
    if not as_asked and str(document.get("status")).upper() != "SUCCESS":
        raise Unreadable(f"{_PARTS[kind]}: it is not as it was asked for")
    try:
        return decode.filled(TeslaSchedule, document, meta=decode.meta_of(reply.headers))
    except Unreadable:
        return TeslaSchedule(meta=decode.meta_of(reply.headers), raw=document)
