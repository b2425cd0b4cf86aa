"""Many reads of one vehicle at once: what it will cost, and each path's own answer."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import evolve, frozen

from ..codec.lenient import load_leniently
from ..codec.shapes import Unreadable, an_object, is_list, is_object, wrong
from ..engine.policy import wait_of
from ..engine.refusal import refusal
from ..errors import ApiError, ConfigurationError, DecodeError, NotFound, PermissionDenied, RateLimited, SmartcarError
from ..request import Call, Credential, Endpoint, Host, Reply, json_body
from ..settings import RateLimit
from . import decode
from .answers import Meta
from .operations import Target, of_vehicle, reads
from .operations.vehicle import VEHICLE

BATCH: Final = Endpoint("POST", f"{VEHICLE}/batch", Host.API, Credential.USER)
"""It only reads, so that it may be sent again; then every path counts again, here as at Smartcar."""

CHUNK: Final = 50
"""Paths in one request. No limit is published. Fifty hold every documented read of any one car, and stay well below
the 120 requests that an application may make at once: each path counts as one."""

_READS: Final[tuple[Callable[[Target], Call[Any]], ...]] = (
    reads.attributes,
    reads.permissions,
    reads.vin,
    reads.battery,
    reads.battery_capacity,
    reads.nominal_capacity,
    reads.charge,
    reads.charge_limit,
    reads.fuel,
    reads.engine_oil,
    reads.tire_pressure,
    reads.odometer,
    reads.location,
    reads.lock_status,
    reads.service_history,
    reads.diagnostic_system_status,
    reads.diagnostic_trouble_codes,
)
_OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "/": ("attributes",),
    "/battery/nominal_capacity": ("nominal_capacity",),
    "/charge/limit": ("get_charge_limit",),
    "/diagnostics/dtcs": ("diagnostic_trouble_codes",),
    "/diagnostics/system_status": ("diagnostic_system_status",),
    "/security": ("lock_status",),
    "/tires/pressure": ("tire_pressure",),
}
"""What Smartcar's own SDKs call an answer, where that is not its path with underscores."""


@frozen
class BatchPlan:
    """What a batch will send, known before it is sent."""

    chunks: tuple[tuple[str, ...], ...]
    """The paths, as they are spread over the requests."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, in order."""
        return tuple(path for chunk in self.chunks for path in chunk)

    @property
    def requests(self) -> int:
        """How many HTTP requests will be made."""
        return len(self.chunks)

    @property
    def cost(self) -> int:
        """How many requests Smartcar will count and bill: one for each path."""
        return len(self.paths)


def batch_plan(paths: Iterable[str]) -> BatchPlan:
    """What `vehicle.batch(paths)` will send. A path that is listed twice is requested once, because each one counts."""
    if isinstance(paths, (str, bytes)) or not isinstance(paths, Iterable):
        raise ConfigurationError("paths: give a list of paths, such as ['/odometer', '/location']")
    unique = tuple(dict.fromkeys(_normal(path) for path in paths))
    if not unique:
        raise ConfigurationError("paths: give at least one")
    if any(part in (".", "..") for path in unique for part in path.partition("?")[0].split("/")):
        raise ConfigurationError("paths: '.' and '..' are not allowed")
    return BatchPlan(tuple(unique[start : start + CHUNK] for start in range(0, len(unique), CHUNK)))


def _normal(path: str) -> str:
    """A path as the API knows it: one slash in front, and a make in lower case."""
    if not isinstance(path, str) or not path.strip():
        raise ConfigurationError("paths: give texts, such as '/odometer'")
    bare, mark, query = path.strip().partition("?")
    first, slash, rest = bare.strip("/").partition("/")
    return f"/{first.lower()}{slash}{rest}{mark}{query}"


class Batch(Mapping[str, Any]):
    """The answers to a batch, by path or by name: `batch["/tires/pressure"]` is `batch["tire_pressure"]`.

    A path that failed raises its own error, with its own status and request id, when it is looked up; `get` returns
    that error instead. Iteration gives the paths; `ok` and `failed` are for loops. A path that is the same for all
    makes answers the record that its method does, any other a `Response`.
    """

    __slots__ = ("_by_path", "_paths", "meta")

    def __init__(self, by_path: Mapping[str, Any], meta: Meta) -> None:
        self._by_path = dict(by_path)
        self._paths = {name: path for path in reversed(self._by_path) for name in _names(path)}
        self.meta: Meta = meta
        """What the headers of the first answer contained."""

    @property
    def ok(self) -> "Batch":
        """The results alone."""
        results = {path: item for path, item in self._by_path.items() if not isinstance(item, SmartcarError)}
        return Batch(results, self.meta)

    @property
    def failed(self) -> Mapping[str, SmartcarError]:
        """The errors, by path."""
        return {path: item for path, item in self._by_path.items() if isinstance(item, SmartcarError)}

    def __getitem__(self, key: str) -> Any:
        path = self._path(key)
        if path is None:
            raise _not_found(key)
        item = self._by_path[path]
        if isinstance(item, SmartcarError):
            raise item.fresh()
        return item

    def get(self, key: str, default: Any = None) -> Any:
        """The result, or the error in its place; the default for a path that was not requested."""
        path = self._path(key)
        return default if path is None else self._by_path[path]

    def __contains__(self, key: object) -> bool:
        return self._path(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_path)

    def __len__(self) -> int:
        return len(self._by_path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Batch) and self._by_path == other._by_path

    def _path(self, key: object) -> str | None:
        if not isinstance(key, str) or not key.strip():
            return None
        return next((path for path in (_normal(key), self._paths.get(key)) if path in self._by_path), None)

    def __repr__(self) -> str:
        return f"Batch(ok={list(self.ok)}, failed={list(self.failed)})"


def _names(path: str) -> tuple[str, ...]:
    """The names of a path: with underscores, and as Smartcar's own SDKs have it."""
    bare = path.partition("?")[0]
    return re.sub(r"\W", "_", bare.strip("/")), *_OTHER_NAMES.get(bare, ())


def batch_call(car: Target, paths: Sequence[str], now: Callable[[], datetime]) -> Call[Batch]:
    """One request of a batch."""
    body = {"requests": [{"path": path} for path in paths]}
    call = of_vehicle(BATCH, partial(_batch, car=car, now=now), car, body=body)
    return evolve(call, cost=len(paths))


def joined(plan: BatchPlan, parts: Sequence[Batch], failure: SmartcarError | None = None) -> Batch:
    """All answers. A path without one has the failure because of which it was not requested, if any."""
    answered = {path: item for part in parts for path, item in (*part.ok.items(), *part.failed.items())}
    results = {path: answered.get(path, failure or _not_found(path)) for path in plan.paths}
    return Batch(results | answered, parts[0].meta)


def _not_found(path: str) -> NotFound:
    return NotFound(f"there is no answer for {path}", type="RESOURCE_NOT_FOUND", code="DATA_NOT_FOUND")


def _batch(reply: Reply, car: Target, now: Callable[[], datetime]) -> Batch:
    """Whatever can be read. Of two answers for one path, the last one counts."""
    document = load_leniently(reply.body)  # never deeper than what can be written again, for the decoder of each part
    entries: Any = document if is_list(document) else an_object(document).get("responses")
    if not is_list(entries):
        raise Unreadable(f"responses: {wrong('a list', entries)}")
    calls = {call.endpoint.path.removeprefix(VEHICLE) or "/": call for call in (read(car) for read in _READS)}
    items: dict[str, Any] = {}
    for entry in entries:
        path = entry.get("path") if is_object(entry) else None
        if isinstance(path, str) and path.strip():
            items[_normal(path)] = _item(entry, reply, calls.get(_normal(path).partition("?")[0]), now())
    return Batch(items, decode.meta_of(reply.headers))


def _item(entry: Mapping[str, Any], outer: Reply, call: Call[Any] | None, now: datetime) -> Any:
    """The result of one path, or its error: an answer of its own within the answer."""
    status = _status(entry)
    reply = Reply(status or 0, {**outer.headers, **_headers(entry)}, _content(entry.get("body")))
    try:
        if status is None:
            raise Unreadable("it does not say how it ended")
        if not reply.ok:
            return _refused(reply, call, now)
        return decode.response(reply) if call is None else call.decode(reply)
    except Unreadable as problem:
        text = f"an answer of the batch cannot be read: {problem}"
        return DecodeError(text, body=reply.body, status=status, request_id=reply.request_id)


def _refused(reply: Reply, call: Call[Any] | None, now: datetime) -> ApiError:
    error = refusal(reply, now)
    if isinstance(error, PermissionDenied) and call is not None:
        error.permission = call.endpoint.permission
    if isinstance(error, RateLimited):
        error.retry_after = wait_of(error, 60 / RateLimit().per_minute)
    return error


def _status(entry: Mapping[str, Any]) -> int | None:
    """The status of one path; an error that comes without one has it in its body."""
    body = entry.get("body")
    for value in (entry.get("code"), body.get("statusCode") if is_object(body) else None):
        text = str(value) if type(value) in (int, str) else ""
        if len(text) == 3 and text.isdecimal():
            return int(text)
    return None


def _headers(entry: Mapping[str, Any]) -> dict[str, str]:
    headers: Any = entry.get("headers")
    items = headers.items() if is_object(headers) else ()
    return {name.lower(): str(value) for name, value in items if type(value) in (str, int, float)}


def _content(body: Any) -> bytes:
    """A body as bytes; one that is a text may be JSON itself."""
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    return b"" if body is None else json_body(body)
