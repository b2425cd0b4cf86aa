"""Many reads of one vehicle in one request, each with a status of its own."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from attrs import evolve

from ..service import Params, Service
from ..wire import Answer, Refused, Request, json_answer
from .access import EndpointSelector, VehicleCall, authorize
from .api import v2_of
from .errors import invalid
from .parameters import fields_of, object_list

MOST = 100


def batch(service: Service, request: Request, params: Params) -> Answer:
    """Answer every part for itself. Each counts as a request: against the bucket, and against the vehicle's month."""
    call = authorize(service, request, params)
    paths = [part.get("path") for part in object_list(fields_of(request), "requests", MOST)]
    found = [path for path in paths if isinstance(path, str)]
    if not paths or len(found) != len(paths):
        raise invalid("requests", "a list of objects with a path")
    parts = [_part(call, path, counts=number > 0) for number, path in enumerate(found)]
    meta = {"meta": {"requestId": request.request_id}} if call.switches.batch_meta else {}
    return json_answer({"responses": parts, **meta})


def _part(call: VehicleCall, path: str, *, counts: bool) -> dict[str, object]:
    service = call.service
    try:
        if counts:
            service.limits.admit(service.world.now)
        service.limits.charge(call.vehicle.id, service.world.now)
        answer = _answer_path(call, path)
    except Refused as refusal:
        request_id = call.request.request_id or ""
        answer = v2_of(service).error(refusal.problems, request_id, refusal.retry_after)
    part: dict[str, object] = {"path": path, "code": answer.status, "body": msgspec.Raw(answer.body)}
    headers = {"sc-unit-system": call.units.name, **{name.lower(): value for name, value in answer.headers.items()}}
    return part | ({"headers": headers} if _shows_headers(call, answer) else {})


def _shows_headers(call: VehicleCall, answer: Answer) -> bool:
    wanted = call.switches.batch_headers
    return wanted == "all" or (wanted == "good" and (answer.status == 200 or "Retry-After" in answer.headers))


def _answer_path(call: VehicleCall, path: str) -> Answer:
    """The answer to one path, which may begin with a slash or not."""
    parts = urlsplit("/" + path.lstrip("/"))
    base = f"/v2.0/vehicles/{call.vehicle.id}"
    request = Request("GET", base + parts.path.rstrip("/"), parts.query, call.request.headers)
    request.request_id = call.request.request_id
    route, params = call.service.match(request)
    assert isinstance(route.handle, EndpointSelector), "whatever can be read below a vehicle is a reading of it"
    return route.handle.answer(evolve(call, request=request, params=params))
