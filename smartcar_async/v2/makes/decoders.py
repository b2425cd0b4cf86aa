"""From the answers to the commands of one make to records."""

from typing import Final

from ...codec import Unreadable, is_object, load, structure
from ...codec.shapes import an_object
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


def cabin(reply: Reply) -> Cabin:
    """The state of the climate system. It may lag behind the command, so that either state means accepted."""
    return decode.accepted(Cabin, reply, ("SUCCESS", "ON", "OFF"))


def tesla_schedule(reply: Reply, kind: TeslaScheduleType, enable: bool) -> TeslaSchedule:
    """The state of the charge schedule, or a plain success. If it is not what was asked for, the outcome is open."""
    document, meta = an_object(load(reply.body)), decode.meta_of(reply.headers)
    timer = document.get(_PARTS[kind])
    as_asked = is_object(timer) and timer.get("enabled") is enable
    if not as_asked and str(document.get("status")).upper() != "SUCCESS":
        raise Unreadable(f"{_PARTS[kind]}: it is not as it was asked for")
    try:
        return structure(document, TeslaSchedule, meta=meta)
    except Unreadable:
        return TeslaSchedule(meta=meta, raw=document)
