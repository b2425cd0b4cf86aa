"""What a command or a schedule call answers with: an execution, at once or as the end of a 202."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from .service import Document, Service
from .times import iso_seconds
from .wire import Answer, json_answer
from .world import Vehicle


def command_seconds(service: Service, vehicle: Vehicle) -> float:
    """Real seconds until a command to this car is answered."""
    return service.command_seconds if vehicle.command_seconds is None else vehicle.command_seconds


def executed(service: Service, vehicle: Vehicle, kind: str, attributes: Document, links: Document) -> Answer:
    """The execution of what has just been done; its answer takes as long as commands to this car do.

    The documents show `executionMode` as `sync`; `async` for one that outlasts its 202 is inferred.
    """
    seconds = command_seconds(service, vehicle)
    started_at = service.world.now
    resource: Document = {
        "id": service.new_id("exec"),
        "type": kind,
        "attributes": {
            **attributes,
            "status": {"value": "SUCCESS"},
            "executionMode": "async" if seconds > service.long_after else "sync",
        },
        "links": links,
        "meta": {
            "executedAt": iso_seconds(started_at),
            "completedAt": iso_seconds(started_at + timedelta(seconds=seconds)),
            "durationInSeconds": round(seconds),
        },
    }
    return evolve(json_answer({"data": resource}), seconds=seconds)
