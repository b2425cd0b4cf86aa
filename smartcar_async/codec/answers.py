"""From answers to records: what turns a `Reply` into one record, a page of them, or a list.

Calls are built with these, on the loop and by whoever imports the client: what is heavy is imported by their first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from ..request import Reply
from ..vocabulary import ExecutionStatus
from .documents import load
from .shapes import Unreadable, an_object, is_list, is_object, object_at, wrong

if TYPE_CHECKING:
    from ..records import Execution, Malformed, Page, Response

T = TypeVar("T")


def resource(cls: type[T]) -> Callable[[Reply], T]:
    """What reads an answer that is about one record, wrapped in `data` or bare."""
    return partial(_resource, cls)


def bare(cls: type[T]) -> Callable[[Reply], T]:
    """What reads an answer that is a record itself, and no resource of the API."""
    return partial(_bare, cls)


def page(cls: type[T], number: int) -> Callable[[Reply], Page[T]]:
    """What reads one page of a list of records. Entries that cannot be read are set aside in `malformed`."""
    return partial(_page, cls, number)


def entries(cls: type[T]) -> Callable[[Reply], tuple[T, ...]]:
    """What reads a whole list of records; entries that cannot be read keep only their `raw`."""
    return partial(_entries, cls)


def _resource(cls: type[T], reply: Reply) -> T:
    from .converter import structure

    return structure(resource_of(reply), cls)


def _bare(cls: type[T], reply: Reply) -> T:
    from .converter import structure

    return structure(load(reply.body), cls)


def _page(cls: type[T], number: int, reply: Reply) -> Page[T]:
    from ..records import Malformed, Page
    from .converter import structure

    document = an_object(load(reply.body))
    sent = _list_in(document)
    items: list[T] = []
    malformed: list[Malformed] = []
    for entry in sent:
        try:
            items.append(structure(entry, cls))
        except Unreadable as problem:
            malformed.append(Malformed(str(problem), entry))
    meta, links = object_at(document, "meta"), object_at(document, "links")
    total, size = meta.get("totalCount"), meta.get("pageSize")
    more = type(total) is int and number * (size if type(size) is int and size > 0 else len(sent)) < total
    has_next = more or bool(links.get("next"))
    return Page(tuple(items), number, has_next, total if type(total) is int else None, tuple(malformed))


def _entries(cls: type[T], reply: Reply) -> tuple[T, ...]:
    from .converter import structure_list

    return structure_list(_list_in(an_object(load(reply.body))), cls)


def _list_in(document: dict[str, Any]) -> list[Any]:
    sent = document.get("data")
    if is_list(sent):
        return sent
    raise Unreadable(f"data: {wrong('a list', sent)}")


def resource_of(reply: Reply) -> dict[str, Any]:
    """The resource that an answer is about, wrapped in `data` or bare."""
    document = an_object(load(reply.body))
    data: Any = document.get("data")
    return data if is_object(data) else document


def nothing(reply: Reply) -> None:
    """The answer to a deletion: its status has said it all. But a page that is no JSON is no answer of the API."""
    if reply.body.strip():
        load(reply.body)


def response(reply: Reply) -> Response:
    """An answer as it came, for calls that this package does not know."""
    from ..records import Response

    try:
        data = load(reply.body)
    except Unreadable:
        data = None
    return Response(reply.status, reply.headers, reply.body, data)


def execution(reply: Reply, action: str, parameters: Mapping[str, Any]) -> Execution:
    """A finished execution. One that is still pending, or does not say how it ended, is Unreadable.

    Only the status decides: what else it says may be odd, and the car has acted all the same.
    """
    from ..records import Execution
    from .converter import hook_of, structure

    document = resource_of(reply)
    status = object_at(document, "attributes").get("status")
    status = status.get("value") if is_object(status) else status
    status = hook_of(ExecutionStatus | str | None)(status, None)
    if status != ExecutionStatus.SUCCESS:
        raise Unreadable(f"status: {status if isinstance(status, ExecutionStatus) else 'unknown'}")
    done = structure(document, Execution, action=action, status=status)
    return done if done.parameters else evolve(done, parameters=parameters)


def deletion(reply: Reply, action: str, parameters: Mapping[str, Any]) -> Execution:
    """Like `execution`, but an empty answer to a deletion says that all is done, unless it is still under way."""
    from ..records import Execution

    if reply.status != 202 and not reply.body.strip():
        return Execution(None, action, ExecutionStatus.SUCCESS, parameters)
    return execution(reply, action, parameters)
