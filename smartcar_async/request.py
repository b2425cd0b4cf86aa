"""Calls, requests and replies as values: nothing here acts."""

import enum
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from attrs import field, frozen

from .errors import EMPTY, ConfigurationError
from .vocabulary import Permission, VehicleMode

T = TypeVar("T")

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"

UNIT_SYSTEM_HEADER: Final = "SC-Unit-System"
USER_HEADER: Final = "sc-user-id"
REQUEST_ID_HEADER: Final = "sc-request-id"

_VIN: Final = re.compile(r"(?=[A-Z]*\d)(?=\d*[A-Z])[A-HJ-NPR-Z\d]{17}", re.ASCII)
_OF_A_VEHICLE: Final = ("vehicle_id", "connection_id", "id")
"""The arguments for which a VIN may be mistaken. Smartcar's ids are UUIDs."""
_SUBJECT: Final = re.compile(r"/(vehicles|signals|connections|webhooks|subscriptions)/([^/?#]+)")
_SIMPLE_ID: Final = re.compile(r"[\w-]+", re.ASCII)
"""What Smartcar's ids look like: no check fails on such a text, and it goes into a path as it is."""


class Host(enum.Enum):
    """Which of the settings' origins serves an endpoint; the value is the setting's name."""

    VEHICLE = "vehicle_origin"
    MANAGEMENT = "management_origin"
    IAM = "iam_origin"
    COMPATIBILITY = "compatibility_origin"
    API = "api_origin"
    AUTH = "auth_origin"
    MANAGEMENT_V2 = "management_v2_origin"


class Credential(enum.Enum):
    """Whose credentials a call is sent with."""

    NONE = "none"
    """Nobody's: it fetches a token, or a public list."""
    APPLICATION = "application"
    """The application, by its token."""
    USER = "user"
    """One user, by the token that the call is run with."""
    OWN = "own"
    """Those of the call's own Authorization header."""


class Effect(enum.Enum):
    """What a call does to the world, and so whether it may be sent again."""

    READ = "read"
    """Changes nothing: may be sent again."""
    DELETE = "delete"
    """Ends in the same state however often it is sent: may be sent again, and then 404 means done."""
    ENSURE = "ensure"
    """Ends in the same state however often it is sent: may be sent again, and 409 means done."""
    COMMAND = "command"
    """Acts: is sent again only if it provably never left or was refused before acting."""


@frozen
class Endpoint:
    """One line of the API's reference."""

    method: str
    path: str
    """The path with its parameters in braces. It names no car and no person, so it may be logged."""
    host: Host = Host.VEHICLE
    credential: Credential = Credential.APPLICATION
    effect: Effect = Effect.READ
    permission: Permission | None = None

    def at(self, **parameters: str) -> str:
        """The path for these parameters, each escaped into one segment."""
        return self.path.format_map({name: path_segment(value, name) for name, value in parameters.items()})


@frozen
class Call(Generic[T]):
    """A call that has been decided on, ready to be sent: everything that the engine needs to know about it."""

    endpoint: Endpoint
    path: str = field(repr=False)
    decode: "Callable[[Reply], T]" = field(repr=False, eq=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default=EMPTY, repr=False)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = JSON_TYPE
    vehicle_id: str | None = field(default=None, repr=False)
    action: str = ""
    """What the call does to the car, under the name of our method."""
    parameters: Mapping[str, Any] = field(default=EMPTY, repr=False)
    gone_is_done: bool = True
    """Whether a deletion that was sent again and meets 404 has done its work."""
    denied_is_done: bool = False
    """Whether 403 means the same, because what is deleted is our own access."""
    private: tuple[str, ...] = field(default=(), repr=False)
    """Values that no error text may repeat, though the server might."""
    permission: Permission | None = None
    """What the owner must have granted, where it differs from the endpoint's own."""
    cost: int = 1
    """How many requests the server counts this call as."""

    @property
    def is_command(self) -> bool:
        """Whether it must not be sent again once it may have been carried out."""
        return self.endpoint.effect is Effect.COMMAND

    @property
    def acts_on_car(self) -> bool:
        """Whether a car has to do something before it is answered, which takes longer. What it means for a resend,
        and for an answer that does not come, follows from the endpoint's effect alone.
        """
        return bool(self.action)

    @property
    def target(self) -> str:
        """Path and query as they go over the wire."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote)}" if self.query else self.path

    @property
    def subjects(self) -> Mapping[str, str]:
        """What the call is about, as ids by kind: an answer that names another is the answer to another call."""
        ids = subjects_in(self.path)
        if self.endpoint.effect is Effect.DELETE and "schedule_id" in self.parameters:
            ids["schedules"] = same_id(self.parameters["schedule_id"])
        return ids

    @property
    def pool(self) -> str | None:
        """Which kept connections the call may use: a copy of an earlier answer may arrive there in place of its own.

        Answers of API v3 name their subject, so reads share connections that ask the same of another subject. What
        changes something, and what would be answered without a name, as by API v2.0, gets a fresh connection.
        """
        endpoint = self.endpoint
        answer_names_subject = self.subjects and endpoint.host in (Host.VEHICLE, Host.MANAGEMENT)
        return _SUBJECT.sub(r"/\1/", self.target) if answer_names_subject and endpoint.effect is Effect.READ else None


@frozen
class Request:
    """One HTTP request, complete."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    effect: Effect = Effect.READ
    pool: str | None = field(default=None, repr=False)
    """Which kept connections it may use: those that served requests of this pool only. None asks for a fresh one."""
    recognise: "Callable[[Reply], bool | None]" = field(default=lambda _: None, repr=False, eq=False)
    """Whether the answer names all that the call is about: a copy would be recognised, and the connection is kept.

    False is the answer to another request.
    """

    @property
    def host(self) -> str:
        """The host it is sent to: a name that the user set, and that error texts may show."""
        return urlsplit(self.url).hostname or ""


@frozen
class Reply:
    """One HTTP answer, complete. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default=EMPTY, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """The id by which Smartcar's support finds this request."""
        return self.headers.get(REQUEST_ID_HEADER)


NO_CONTENT: Final = Reply(204)
"""A success without a body."""


def subjects_in(path: str) -> dict[str, str]:
    """The resources that a path or a link leads to, as ids by kind."""
    return {kind: same_id(unquote(value)) for kind, value in _SUBJECT.findall(path)}


def same_id(value: object) -> str:
    """An id as it is compared: a server may write one in another case than the caller does."""
    return str(value).casefold()


def require_text(value: str, argument: str) -> str:
    """A text that is not blank and that a URL can hold, or a ConfigurationError that names the argument."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{argument}: give a non-empty text")
    if value in (".", ".."):
        raise ConfigurationError(f"{argument}: {value!r} is no id")
    _quote(value, "", argument)
    return value


def require_id(value: str, argument: str) -> str:
    """An id, a code or a secret: such a text in one line, and no VIN where Smartcar's own id is meant."""
    if not isinstance(value, str) or not _SIMPLE_ID.fullmatch(value):
        require_text(value, argument)
        if value.splitlines() != [value]:
            # Most often a file or a shell added it. The server would only say that the id or the secret is not known.
            raise ConfigurationError(f"{argument}: there is a line break in it; strip it, as in value.strip()")
    if argument in _OF_A_VEHICLE and _VIN.fullmatch(value):
        # Neither sent nor repeated here: it is personal, and the API would only say that there is no such vehicle.
        raise ConfigurationError(
            f"{argument}: this looks like a VIN; give Smartcar's own id, as connections() lists it"
        )
    return value


def path_segment(value: str, argument: str) -> str:
    """An id as one segment of a path, with slashes and the like escaped."""
    require_id(value, argument)
    return value if _SIMPLE_ID.fullmatch(value) else quote(value, safe="")


def header_value(value: str, argument: str) -> str:
    """An id that can travel in a header."""
    if isinstance(value, str) and not (value.isascii() and value.isprintable()) and value.strip():
        raise ConfigurationError(f"{argument}: give printable ASCII without line breaks, as the API's own ids are")
    return require_id(value, argument)


def mode_value(mode: VehicleMode | str) -> str:
    """A mode as the API spells it."""
    if mode not in (VehicleMode.LIVE, VehicleMode.SIMULATED):
        raise ConfigurationError(f"mode: give 'live' or 'simulated', not {mode!r}")
    return str(mode)


def relative_path(path: str) -> str:
    """A path of the caller's own, or a ConfigurationError if it could lead anywhere else."""
    bad = not isinstance(path, str) or not path.startswith("/") or path.startswith("//") or "\\" in path
    if bad or "://" in path:
        raise ConfigurationError("path: give a path that begins with one slash, such as /v3/connections, not a URL")
    if "?" in path or "#" in path:
        raise ConfigurationError("path: give the query as query=")
    if any(part in (".", "..") for part in path.replace("%2e", ".").replace("%2E", ".").split("/")):
        raise ConfigurationError("path: '.' and '..' are not allowed")
    return _quote(path, "/%:@!$&'()*+,;=~", "path")


def _quote(value: str, safe: str, argument: str) -> str:
    try:
        return quote(value, safe=safe)
    except UnicodeEncodeError:
        raise ConfigurationError(f"{argument}: not a text that UTF-8 can hold") from None


def json_body(value: object) -> bytes:
    """A value as JSON bytes, or a ConfigurationError if it has no JSON form."""
    import json  # an import of this package need not wait for it

    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"body: not JSON: {type(error).__name__}") from None


def form_body(fields: Mapping[str, str]) -> bytes:
    """Fields as a form."""
    return urlencode(fields).encode("ascii")


def query_of(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The fields that have a value, as query parameters in order. A list repeats its parameter."""
    query = tuple((name, _query_text(name, item)) for name, value in fields.items() for item in _as_list(value))
    try:
        urlencode(query)
    except UnicodeEncodeError:
        raise ConfigurationError("query: a value has characters that cannot be sent") from None
    return query


def _as_list(value: Any) -> Iterable[object]:
    if isinstance(value, (list, tuple)):
        return cast("Iterable[object]", value)
    return () if value is None else (value,)


def _query_text(name: object, value: object) -> str:
    if not isinstance(name, str) or not name:
        raise ConfigurationError("query: give names that are non-empty texts")
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        raise ConfigurationError(f"query: give {name!r} a text, a finite number, True, False or a list of these")
    return str(value).lower() if isinstance(value, bool) else str(value)
