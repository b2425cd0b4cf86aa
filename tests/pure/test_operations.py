"""Every endpoint as a call: method, host, path, query, headers, body, credential and permission."""

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smartcar_async import (
    ConfigurationError,
    Permission,
    SchedulePaths,
    ScheduleType,
    VehicleMode,
    operations,
    signals,
)
from smartcar_async.operations import commands, management, reads
from smartcar_async.records import Page, Response
from smartcar_async.request import Call, Credential, Effect, Endpoint, Host, Reply

VEHICLE, USER = "v/1", "user-1"
SOC = signals.TractionBattery.StateOfCharge
BY_USER = {"sc-user-id": USER}
PLACE = (57.7, 11.97)
FAMILIES = (SchedulePaths.REFERENCE, SchedulePaths.ANNOUNCEMENT)
NO_MAPPINGS: list[Any] = [5, "a", b"a", ["a"], [("a", "b")], True, object()]
NO_KEYS: list[Any] = [None, 5, b"x", {}, object()]
TEXT: Any = "false"
FRAMING = ["Transfer-Encoding", "connection", "Content-Encoding", "Keep-Alive", "TE", "trailer", "Upgrade", "Expect"]
FIRST_PAGE = "page%5Bnumber%5D=1&page%5Bsize%5D=100"

CALLS: list[tuple[Call[Any], str, str]] = [
    (operations.application_token("client_1", "s&t"), "POST", "/oauth2/token"),
    (operations.list_connections(), "GET", f"/v3/connections?{FIRST_PAGE}"),
    (operations.get_connection("c/1"), "GET", "/v3/connections/c%2F1"),
    (operations.delete_connection("c/1"), "DELETE", "/v3/connections/c%2F1"),
    (operations.delete_user("u/1"), "DELETE", "/v3/users/u%2F1"),
    (operations.vehicle_attributes(VEHICLE, USER), "GET", "/v3/vehicles/v%2F1"),
    (operations.list_signals(VEHICLE, USER), "GET", "/v3/vehicles/v%2F1/signals"),
    (operations.get_signal(VEHICLE, USER, SOC), "GET", f"/v3/vehicles/v%2F1/signals/{SOC.code}"),
]


@pytest.mark.parametrize(("call", "method", "target"), CALLS, ids=[target for _, _, target in CALLS])
def test_what_goes_over_the_wire(call: Call[Any], method: str, target: str) -> None:
    """Method and path are the contract's; only the token endpoint needs no token and lives elsewhere."""
    assert (method, target) == (call.endpoint.method, call.target)
    of_vehicle = target.startswith("/v3/vehicles/")
    assert (VEHICLE if of_vehicle else None) == call.vehicle_id
    assert (BY_USER if of_vehicle else {}) == call.headers
    token = call.endpoint.path == "/oauth2/token"
    assert (Host.IAM if token else Host.VEHICLE) is call.endpoint.host
    assert (Credential.NONE if token else Credential.APPLICATION) is call.endpoint.credential
    assert (Effect.DELETE if method == "DELETE" else Effect.READ) is call.endpoint.effect


def test_the_token_request() -> None:
    """Client credentials go as a form, and no error may repeat the secret."""
    call = operations.application_token("client_1", "s&t")
    assert call.body == b"grant_type=client_credentials&client_id=client_1&client_secret=s%26t"
    assert call.content_type == "application/x-www-form-urlencoded"
    assert call.private == ("s&t",)
    assert "s&t" not in repr(call)


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"user_id": "u&1"}, "filter%5BuserId%5D=u%261&" + FIRST_PAGE),
        ({"vehicle_id": "v1"}, "filter%5BvehicleId%5D=v1&" + FIRST_PAGE),
        ({"mode": "simulated"}, "filter%5Bvehicle.mode%5D=simulated&" + FIRST_PAGE),
        ({"mode": VehicleMode.LIVE}, "filter%5Bvehicle.mode%5D=live&" + FIRST_PAGE),
        ({"external_id": "å"}, "filter%5Buser.externalId%5D=%C3%A5&" + FIRST_PAGE),
        ({"number": 3, "page_size": 10}, "page%5Bnumber%5D=3&page%5Bsize%5D=10"),
    ],
)
def test_filters_of_connections(filters: dict[str, Any], query: str) -> None:
    """Each filter has the API's name; those that are not given are not sent."""
    call = operations.list_connections(**filters)
    assert f"/v3/connections?{query}" == call.target
    assert {filters[name] for name in ("user_id", "external_id") if name in filters} == set(call.private)


def test_a_page_knows_its_number() -> None:
    """The decoded page is numbered as it was asked for, whatever the server says."""
    page = operations.list_connections(number=3).decode(Reply(200, {}, b'{"data": [], "meta": {"pageNumber": 1}}'))
    assert Page((), 3, False) == page


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: operations.list_connections(user_id=""), "user_id"),
        (lambda: operations.list_connections(vehicle_id=" "), "vehicle_id"),
        (lambda: operations.list_connections(external_id=""), "external_id"),
        (lambda: operations.list_connections(mode="test"), "mode"),
        (lambda: operations.list_connections(page_size=0), "page_size"),
        (lambda: operations.list_connections(page_size=True), "page_size"),
        (lambda: operations.list_connections(number=0), "number"),
        (lambda: operations.list_connections(number=-1), "number"),
        (lambda: operations.list_connections(page_size=2.5), "page_size"),  # type: ignore[arg-type]  # pyright: ignore
        (lambda: operations.get_connection(""), "connection_id"),
        (lambda: operations.delete_connection(".."), "connection_id"),
        (lambda: operations.delete_user(""), "user_id"),
        (lambda: operations.vehicle_attributes("", USER), "vehicle_id"),
        (lambda: operations.vehicle_attributes(VEHICLE, ""), "user_id"),
        (lambda: operations.list_signals(VEHICLE, "a\nb"), "user_id"),
        (lambda: operations.get_signal("..", USER, SOC), "vehicle_id"),
        (lambda: operations.custom("", "/x"), "method"),
        (lambda: operations.custom("GET /", "/x"), "method"),
        (lambda: operations.custom("GÉT", "/x"), "method"),
        (lambda: operations.custom(None, "/x"), "method"),  # type: ignore[arg-type]  # pyright: ignore
        (lambda: operations.custom("GET", "https://evil.com/"), "path"),
        (lambda: operations.custom("GET", "/x", vehicle_id="", user_id=USER), "vehicle_id"),
        (lambda: operations.custom("GET", "/x", vehicle_id=VEHICLE, user_id=""), "user_id"),
        (lambda: operations.custom("POST", "/x", body=object()), "body"),
        (lambda: operations.custom("GET", "/x", headers={"a b": "c"}), "headers"),
        (lambda: operations.custom("GET", "/x", headers={"a\n": "c"}), "headers"),
        (lambda: operations.custom("GET", "/x", headers={"": "c"}), "headers"),
        (lambda: operations.custom("GET", "/x", headers={5: "c"}), "headers"),  # type: ignore[dict-item]  # pyright: ignore
        (lambda: operations.custom("GET", "/x", headers={"x-a": "b\r\nc: d"}), r"headers\['x-a'\]"),
        (lambda: operations.custom("GET", "/x", headers={"x-a": ""}), r"headers\['x-a'\]"),
        *(
            (lambda name=name: operations.custom("GET", "/x", headers={name: "x"}), "headers")
            for name in ("Authorization", "SC-User-Id", "content-type", "Content-Length", "host", *FRAMING)
        ),
        *((lambda odd=odd: operations.custom("GET", "/x", headers=odd), "headers") for odd in NO_MAPPINGS),
        *((lambda odd=odd: operations.custom("GET", "/x", query=odd), "query") for odd in NO_MAPPINGS),
        *((lambda odd=odd: operations.signal_key(odd), "key") for odd in NO_KEYS),
        (lambda: operations.list_webhooks(is_enabled=TEXT), "is_enabled"),
        (lambda: operations.list_webhooks(auto_subscribe=TEXT), "auto_subscribe"),
    ],
)
def test_bad_arguments_are_refused_by_name(make: Callable[[], object], argument: str) -> None:
    """Nothing that cannot be right gets as far as a request."""
    with pytest.raises(ConfigurationError, match=f"^{argument}: "):
        make()


def test_a_signal_by_its_key_or_code() -> None:
    """Both are the same key."""
    assert operations.signal_key(SOC) is operations.signal_key(SOC.code) is SOC


def test_a_header_of_the_callers_takes_the_place_of_ours() -> None:
    """However it is written: two of the same name would be sent otherwise."""
    headers = {"accept": "text/csv", "sc-unit-system": "imperial", "USER-AGENT": "me", "x-Own": "y"}
    wanted = {"Accept": "text/csv", "SC-Unit-System": "imperial", "User-Agent": "me", "x-Own": "y"}
    assert operations.custom("GET", "/x", headers=headers).headers == wanted


def test_a_place_is_private() -> None:
    """No error text of a command may repeat where the car is to go or to charge."""
    calls = [operations.send_destination(VEHICLE, USER, *PLACE)]
    for kind in ScheduleType:
        attributes = {"location": {"latitude": PLACE[0], "longitude": PLACE[1]}}
        calls += [operations.create_schedule(VEHICLE, USER, kind, attributes, family) for family in FAMILIES]
    assert {call.private for call in calls} == {(USER, "57.7", "11.97")}


def test_a_signal_needs_its_own_permission() -> None:
    """The error of a refused read can name it."""
    assert operations.get_signal(VEHICLE, USER, SOC).permission is Permission.READ_BATTERY
    assert operations.get_signal(VEHICLE, USER, signals.Transmission.GearState).permission is None


@pytest.mark.parametrize(
    ("method", "sent", "effect"),
    [("GET", "GET", Effect.READ), ("get", "GET", Effect.READ), ("post", "POST", Effect.COMMAND)]
    + [(method, method, Effect.COMMAND) for method in ("PUT", "PATCH", "DELETE", "HEAD")],
)
def test_a_call_of_the_callers(method: str, sent: str, effect: Effect) -> None:
    """Only a GET is known to change nothing."""
    call = operations.custom(method, "/v3/x y", query={"a": 1, "b": None}, body={"c": 2}, headers={"X-D": "e"})
    assert (sent, effect) == (call.endpoint.method, call.endpoint.effect)
    assert (call.target, call.body, call.headers) == ("/v3/x%20y?a=1", b'{"c":2}', {"X-D": "e"})
    assert (call.vehicle_id, call.private, call.endpoint.path) == (None, (), "/...")
    assert call.decode(Reply(200, {}, b"[1]")) == Response(200, {}, b"[1]", [1])


def test_a_call_of_the_callers_to_a_vehicle() -> None:
    """It stays below the vehicle, and carries the user."""
    call = operations.custom("GET", "/new", vehicle_id=VEHICLE, user_id=USER)
    assert (call.target, call.vehicle_id, call.headers, call.body) == ("/v3/vehicles/v%2F1/new", VEHICLE, BY_USER, None)
    assert call.endpoint.path == "/v3/vehicles/{vehicle_id}/..."
    assert call.private == (USER,)


def test_no_private_thing_in_a_repr() -> None:
    """A call shows its endpoint, never whom it is about."""
    calls = [
        operations.list_connections(user_id="hunter2", external_id="hunter2"),
        operations.delete_user("hunter2"),
        operations.list_signals("hunter2", "hunter2"),
        operations.custom("POST", "/hunter2", body="hunter2", query={"a": "hunter2"}, headers={"X-A": "hunter2"}),
    ]
    assert "hunter2" not in repr(calls)


@pytest.mark.parametrize("endpoint", operations.ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_the_catalogue(endpoint: Endpoint) -> None:
    """Every line is an absolute path without a private thing, and names no path twice."""
    assert endpoint.path.startswith("/")
    assert endpoint.method == endpoint.method.upper()
    same = [one for one in operations.ENDPOINTS if (one.method, one.host, one.path) == _line(endpoint)]
    assert same == [endpoint]


def _line(endpoint: Endpoint) -> tuple[str, Host, str]:
    return endpoint.method, endpoint.host, endpoint.path


FAMILIES_OF_CALLS = (reads, commands, management)


def calls_made_in(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions that make calls; `of_vehicle` is what they are made with."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        made_here = function.__module__ == module.__name__ and name[0] != "_" and name != "of_vehicle"
        if made_here and str(function.__annotations__["return"]).startswith("Call["):
            yield name, function


def names_used(package: Path) -> set[str]:
    """What the package reads of `operations`, or imports from it, outside of it."""
    used: set[str] = set()
    for path in package.rglob("*.py"):
        if "operations" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "operations":
                    used.add(node.attr)
                elif isinstance(node, ast.ImportFrom) and node.module == "operations":
                    used |= {alias.name for alias in node.names}
    return used


def test_every_call_has_its_method() -> None:
    """What makes a call is exported, and some method or the engine makes it."""
    made = {name: function for module in FAMILIES_OF_CALLS for name, function in calls_made_in(module)}
    assert len(made) > 20
    assert made == {name: getattr(operations, name, None) for name in made}
    assert set(made) - names_used(Path(operations.__file__).parents[1]) == set()


def test_every_endpoint_is_in_the_catalogue() -> None:
    """What a module defines stands in its `ENDPOINTS`, which the simulator's routes are compared with."""
    for module in FAMILIES_OF_CALLS:
        defined = [value for value in vars(module).values() if isinstance(value, Endpoint)]
        assert [endpoint for endpoint in defined if endpoint not in operations.ENDPOINTS] == []
