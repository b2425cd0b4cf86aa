"""Whether an answer is about what was asked: a copy of an earlier answer may arrive in place of the right one."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import msgspec

from ..request import Call, Reply, same_id, subjects_in
from .shapes import is_object

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Execution(msgspec.Struct, gc=False):
    """What an execution says of its schedule."""

    scheduleId: Any = None


class _Resource(msgspec.Struct, gc=False):
    """As much of a resource as names something. API v2.0 has bare fields instead of types and links."""

    id: Any = None
    type: Any = None
    links: Any = None
    make: Any = None
    vehicleId: Any = None
    webhookId: Any = None
    attributes: _Execution | None = None


class _Answer(_Resource, gc=False):
    """As much of an answer."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    included: Any = None


_answer: Final = msgspec.json.Decoder(_Answer).decode
_resources: Final = msgspec.json.Decoder(_Resource | list[_Resource] | None).decode


def recognise(call: Call[Any], reply: Reply) -> bool | None:
    """Whether an answer names all that was asked about. False: it names something else. None: it does not say."""
    subjects, named = call.subjects, set[str]()
    if not subjects:
        return None
    with suppress(*_UNREADABLE):
        for kind, value in _names(reply.body):
            if kind in subjects:
                if subjects[kind] != value:
                    return False
                named.add(kind)
                if len(named) == len(subjects):
                    return True
    return None


def _names(body: bytes) -> Iterator[tuple[str, str]]:
    """What the whole is about comes first, so that a list need not be read."""
    answer = _answer(body)
    vehicle = answer.included.get("vehicle") if is_object(answer.included) else None
    if is_object(vehicle) and vehicle.get("id") is not None:
        yield "vehicles", same_id(vehicle["id"])
    yield from _names_of(answer)
    data: _Resource | list[_Resource] | None = _resources(answer.data)
    if isinstance(data, _Resource):
        yield from _names_of(data)
    for resource in data if isinstance(data, list) else ():
        yield from _names_of(resource)


def _names_of(resource: _Resource) -> Iterator[tuple[str, str]]:
    kind = "vehicle" if resource.type is None and resource.make is not None else resource.type
    if resource.id is not None:
        yield f"{kind}s", same_id(resource.id)
    if resource.vehicleId is not None and resource.webhookId is not None:  # one alone may be the maker's own id
        yield from (("vehicles", same_id(resource.vehicleId)), ("webhooks", same_id(resource.webhookId)))
    if resource.attributes is not None and resource.attributes.scheduleId is not None:
        yield "schedules", same_id(resource.attributes.scheduleId)
    if is_object(resource.links):
        for link in (resource.links.get("self"), resource.links.get("schedule")):
            yield from subjects_in(link).items() if isinstance(link, str) else ()
