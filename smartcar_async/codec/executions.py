"""What commands and schedule calls answer."""

from collections.abc import Mapping
from typing import Any

from ..records import Execution
from ..request import Reply
from ..times import instant_or_none
from ..vocabulary import ExecutionStatus
from .documents import loose_part, loose_text, resource_of, word
from .structure import Unreadable, is_object


def execution(reply: Reply, action: str, parameters: Mapping[str, Any]) -> Execution:
    """A finished execution. One that is still pending, or does not say how it ended, is Unreadable.

    Only the status decides: what else it says may be odd, and the car has acted all the same.
    """
    resource = resource_of(reply)
    said = loose_part(resource, "attributes")
    meta = loose_part(resource, "meta")
    status = _status(said.get("status"))
    return Execution(
        id=loose_text(resource, "id"),
        action=action,
        status=status,
        parameters=loose_part(said, "parameters") or parameters,
        schedule_id=loose_text(said, "scheduleId"),
        executed_at=instant_or_none(meta.get("executedAt")),
        completed_at=instant_or_none(meta.get("completedAt")),
        raw=resource,
    )


def deletion(reply: Reply, action: str, parameters: Mapping[str, Any]) -> Execution:
    """Like `execution`, but an empty answer to a deletion says that all is done, unless it is still under way."""
    if reply.status != 202 and not reply.body.strip():
        return Execution(None, action, ExecutionStatus.SUCCESS, parameters)
    return execution(reply, action, parameters)


def _status(value: Any) -> ExecutionStatus:
    found = word(ExecutionStatus, value.get("value") if is_object(value) else value)
    if found != ExecutionStatus.SUCCESS:
        raise Unreadable(f"status: {found if isinstance(found, ExecutionStatus) else 'unknown'}")
    return ExecutionStatus.SUCCESS
