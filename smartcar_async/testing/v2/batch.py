"""Many reads of one vehicle in one request, each with a status of its own."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from attrs import evolve

from ..service import Params, Service
from ..wire import Answer, Refused, Request, json_answer
from .access import Door, Visit, enter
from .api import v2_of
from .errors import invalid
from .parameters import fields_of, listed

MOST = 100


def batch(service: Service, request: Request, params: Params) -> Answer:
    """Answer every part for itself. Each counts as a request: against the bucket, and against the vehicle's month."""
    visit = enter(service, request, params)
    paths = [part.get("path") for part in listed(fields_of(request), "requests", MOST)]
    found = [path for path in paths if isinstance(path, str)]
    if not paths or len(found) != len(paths):
        raise invalid("requests", "a list of objects with a path")
    parts = [_part(visit, path, counts=number > 0) for number, path in enumerate(found)]
    meta = {"meta": {"requestId": request.request_id}} if visit.switches.batch_meta else {}
    return json_answer({"responses": parts, **meta})


def _part(visit: Visit, path: str, *, counts: bool) -> dict[str, object]:
    service = visit.service
    try:
        if counts:
            service.limits.admit(service.world.now)
        service.limits.charge(visit.vehicle.id, service.world.now)
        answer = _ask(visit, path)
    except Refused as refusal:
        request_id = visit.request.request_id or ""
        answer = v2_of(service).error(refusal.problems, request_id, refusal.retry_after)
    part: dict[str, object] = {"path": path, "code": answer.status, "body": msgspec.Raw(answer.body)}
    headers = {"sc-unit-system": visit.units.name, **{name.lower(): value for name, value in answer.headers.items()}}
    return part | ({"headers": headers} if _shows_headers(visit, answer) else {})


def _shows_headers(visit: Visit, answer: Answer) -> bool:
    wanted = visit.switches.batch_headers
    return wanted == "all" or (wanted == "good" and (answer.status == 200 or "Retry-After" in answer.headers))


def _ask(visit: Visit, path: str) -> Answer:
    """The answer to one path, which may begin with a slash or not."""
    parts = urlsplit("/" + path.lstrip("/"))
    base = f"/v2.0/vehicles/{visit.vehicle.id}"
    request = Request("GET", base + parts.path.rstrip("/"), parts.query, visit.request.headers)
    request.request_id = visit.request.request_id
    route, params = visit.service.match(request)
    assert isinstance(route.handle, Door), "whatever can be read below a vehicle is a reading of it"
    return route.handle.answer(evolve(visit, request=request, params=params))
