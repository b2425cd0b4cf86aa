"""The service behind the wire: who may call, which route answers, and what all endpoints need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal, Protocol
from urllib.parse import unquote
from uuid import UUID

from attrs import define, field, frozen

from .limits import Limits
from .pending_subscriptions import PendingSubscriptions
from .switches import V3Switches
from .tokens import Tokens
from .wire import Answer, Problem, Refused, Request, error_answer
from .world import Connection, Vehicle, World

Document = dict[str, object]
Params = Mapping[str, str]
Host = Literal["vehicle", "management", "iam", "connect", "compatibility", "api", "auth", "management_v2"]
Family = Literal["reference", "announcement"]


@frozen
class Route:
    """A method and a path template, and the function that answers there; the host is that of the real service."""

    method: str
    path: str
    handle: Callable[[Service, Request, Params], Answer]
    host: Host = "vehicle"
    public: bool = False
    family: Family | None = None


class OlderApi(Protocol):
    """An API before v3 that is served as well: over the same world, and its tokens are good for v3's calls too."""

    @property
    def routes(self) -> Sequence[Route]:
        """What it serves."""
        ...

    def serves(self, path: str) -> bool:
        """Whether a path is one of its own: its errors are then in its form, and no command is answered with a 202."""
        ...

    def canonical(self, path: str) -> str:
        """A path as the routes have it, also one of v3; `Refused` where its version is none."""
        ...

    def no_path(self, method: str, path: str) -> Refused:
        """The 404 of a path of its own that it does not have."""
        ...

    def error(self, problems: tuple[Problem, ...], request_id: str, retry_after: int | None = None) -> Answer:
        """An error document in its form."""
        ...

    def user_of(self, request: Request) -> str | None:
        """The user whose token a request carries."""
        ...

    def code(self, user_id: str, permissions: tuple[str, ...], redirect_uri: str | None) -> str:
        """A code for Connect to send to the application, which buys tokens with it."""
        ...


@define
class Service:
    """The service behind the wire: answers a request at once and without I/O."""

    world: World
    tokens: Tokens
    routes: Sequence[Route] = field(repr=False)
    """Those of v3."""
    older: OlderApi | None = field(default=None, repr=False)
    base: str = ""
    switches: V3Switches = field(factory=V3Switches)
    limits: Limits = field(factory=Limits)
    command_seconds: float = 0.0
    """Real seconds that a command takes."""
    long_after: float = 175.0
    """Real seconds after which a command that still runs is answered with a 202."""
    application_id: str = ""
    redirect_uris: tuple[str, ...] = ()
    """Where Connect may send an owner back to; none registered allows every address."""
    pending_subscriptions: PendingSubscriptions = field(init=False, repr=False)
    _random: Random = field(init=False, repr=False)
    _patterns: list[tuple[Route, list[str]]] = field(init=False, repr=False)
    _cache: dict[str, tuple[object, Answer]] = field(factory=dict[str, tuple[object, Answer]], init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Draw request ids from the seed."""
        self._random = Random(f"{self.world.seed}/requests")
        self.pending_subscriptions = PendingSubscriptions(self.world, self.tokens.clock)
        routes = [*self.routes, *(self.older.routes if self.older is not None else ())]
        self._patterns = [(route, route.path.split("/")) for route in routes]

    def answer(self, request: Request) -> Answer:
        """Answer a request, errors included; every answer carries its request id."""
        with self.world.lock:
            request_id = request.request_id = self.new_request_id()
            try:
                answer = self._dispatch(request)
            except Refused as refusal:
                answer = self.error(request.path, refusal.problems, request_id, refusal.retry_after)
        units = request.headers.get("SC-Unit-System", "metric")
        return answer.plus(SC_Request_Id=request_id, SC_Unit_System=units)

    def is_older(self, path: str) -> bool:
        """Whether a path belongs to the API before v3."""
        return self.older is not None and self.older.serves(path)

    def error(
        self, path: str, problems: tuple[Problem, ...], request_id: str, retry_after: int | None = None
    ) -> Answer:
        """An error document in the form of the API that a path belongs to."""
        write = self.older.error if self.older is not None and self.older.serves(path) else error_answer
        return write(problems, request_id, retry_after)

    def code(self, user_id: str, permissions: tuple[str, ...], redirect_uri: str | None) -> str:
        """A code for Connect to send to the application. It buys something at the older API alone."""
        return self.new_id("code") if self.older is None else self.older.code(user_id, permissions, redirect_uri)

    def new_request_id(self) -> str:
        """An id for one request, the next that the seed draws."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def new_id(self, prefix: str) -> str:
        """An id such as `exec_1f0c...`, the next that the seed draws."""
        return f"{prefix}_{self._random.getrandbits(64):016x}"

    def vehicle_of(self, vehicle_id: str) -> Connection:
        """The connection of a vehicle, or a 404."""
        connection = self.world.connection_of(vehicle_id)
        if connection is None:
            raise missing("VEHICLE_NOT_FOUND", "No connected vehicle has this id.")
        return connection

    def owned_vehicle(self, request: Request, vehicle_id: str) -> Connection:
        """The connection of a vehicle that the user in `sc-user-id` owns; the request counts against its limits."""
        user_id = request.headers.get("sc-user-id") or self._user(request)
        if not user_id and self.switches.user_header == "required":
            raise Refused(Problem(400, "VALIDATION", "MISSING_PARAMETER", "missing userId"))
        connection = self.vehicle_of(vehicle_id)
        if user_id and connection.owner.id != user_id:
            raise denied("This user has no connection to the vehicle.")
        self.limits.admit_vehicle(vehicle_id, self.world.now)
        return connection

    def permitted_vehicle(self, request: Request, vehicle_id: str, permission: str) -> Vehicle:
        """The vehicle, where its owner has granted a permission as well."""
        connection = self.owned_vehicle(request, vehicle_id)
        if permission not in connection.permissions:
            raise denied(f"The owner has not granted {permission}.")
        return connection.vehicle

    def cached(self, key: str, state: object, build: Callable[[], Answer]) -> Answer:
        """An answer that is encoded once, and again when `state` has changed."""
        entry = self._cache.get(key)
        if entry is None or entry[0] != state:
            entry = self._cache[key] = (state, build())
        return entry[1]

    def _dispatch(self, request: Request) -> Answer:
        route, params = self.match(request)
        self.pending_subscriptions.complete_due()
        if not route.public:
            authorized = self.tokens.is_valid(request.headers.get("Authorization", ""))
            if not authorized and ("{vehicle}" not in route.path or self._user(request) is None):
                detail = "The access token is missing, unknown or has expired."
                raise Refused(Problem(401, "AUTHENTICATION", "UNAUTHORIZED", detail))
            self.limits.admit(self.world.now)
        if route.family is not None and self.switches.schedule_paths not in ("both", route.family):
            return self._unserved(request)
        return route.handle(self, request, params)

    def match(self, request: Request) -> tuple[Route, Params]:
        """The route of a request and the parameters in its path, or a 404."""
        path = request.path if self.older is None else self.older.canonical(request.path)
        parts = [unquote(part) for part in path.removesuffix("/").split("/")]
        for route, pattern in self._patterns:
            if route.method == request.method and len(pattern) == len(parts):
                pairs = list(zip(pattern, parts, strict=True))
                if all(want == part or (want.startswith("{") and part) for want, part in pairs):
                    return route, {want.strip("{}"): part for want, part in pairs if want.startswith("{")}
        if self.older is not None and self.older.serves(request.path):
            raise self.older.no_path(request.method, request.path)
        raise _no_path(request)

    def _user(self, request: Request) -> str | None:
        """The user of a token of the older API: those are good for v3's calls about a vehicle too."""
        return None if self.older is None else self.older.user_of(request)

    def _unserved(self, request: Request) -> Answer:
        """What a server says of the family of schedule paths that it lacks."""
        match self.switches.unserved_path:
            case "empty":
                return Answer(404)
            case "method":
                return Answer(405, b"Method Not Allowed", "text/plain")
            case "denied":
                raise denied("The token lacks this resource, or the path is wrong.")
            case "invalid":
                raise _no_path(request)


def missing(code: str, detail: str) -> Refused:
    """A 404 that says what is missing."""
    return Refused(Problem(404, "RESOURCE_NOT_FOUND", code, detail))


def denied(detail: str) -> Refused:
    """The 403 of v3."""
    return Refused(Problem(403, "AUTHENTICATION", "ACCESS_DENIED", detail))


def not_capable(detail: str = "The vehicle is incapable of performing your request.") -> Refused:
    """The 501 of a car that cannot do something."""
    return Refused(Problem(501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", detail))


def _no_path(request: Request) -> Refused:
    return missing("INVALID_PATH", f"There is no {request.method} {request.path}.")
