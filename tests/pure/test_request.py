"""Calls and requests as values: paths that cannot lead elsewhere, bodies, and no private thing in a `repr`."""

import json
from typing import Any

import pytest

from smartcar_async import ConfigurationError
from smartcar_async.request import (
    Call,
    Effect,
    Endpoint,
    Reply,
    Request,
    form_body,
    header_value,
    json_body,
    path_segment,
    query_of,
    relative_path,
    require_id,
    require_text,
)

ENDPOINT = Endpoint("GET", "/v3/vehicles/{vehicle_id}/signals/{code}")


VIN, UUID = "5YJ3E1EA7KF317000", "33333333-3333-4333-8333-333333333333"


@pytest.mark.parametrize("argument", ["vehicle_id", "connection_id", "id"])
def test_a_vin_is_no_id(argument: str) -> None:
    """It is personal, and is neither sent nor repeated; the error tells what to give."""
    with pytest.raises(
        ConfigurationError, match=rf"^{argument}: this looks like a VIN; give .*connections\(\)"
    ) as raised:
        path_segment(VIN, argument)
    assert VIN not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        UUID,
        UUID.upper(),
        UUID.replace("-", ""),
        VIN.lower(),
        VIN[:-1],
        f"{VIN}0",
        "12345678901234567",
        "ABCDEFGHJKLMNPRST",
        "VEHICLE-000000001",
        "1234567890123456\u0967A",
    ],
)
def test_an_id_is_not_taken_for_a_vin(value: str) -> None:
    """Only seventeen capitals and digits are, and only where a vehicle is named."""
    assert path_segment(value, "vehicle_id") != ""
    assert path_segment(VIN, "user_id") == path_segment(VIN, "webhook_id") == path_segment(VIN, "client_secret") == VIN


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("v1", "v1"),
        ("a/b", "a%2Fb"),
        ("../b", "..%2Fb"),
        ("a/../b", "a%2F..%2Fb"),
        ("%2e%2e", "%252e%252e"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("...", "..."),
        ("å b", "%C3%A5%20b"),
    ],
)
def test_an_id_is_one_segment(value: str, escaped: str) -> None:
    """Whatever it contains, an id never leads to another path."""
    assert escaped == path_segment(value, "vehicle_id")
    assert ENDPOINT.at(vehicle_id=value, code="x") == f"/v3/vehicles/{escaped}/signals/x"


@pytest.mark.parametrize("value", ["", " ", "\t\n", ".", "..", None, 5, b"v1", "\ud800"])
def test_no_id(value: Any) -> None:
    """An id that is empty, means another path or is no text is refused under its name."""
    for refuse in (path_segment, require_id, header_value):
        with pytest.raises(ConfigurationError, match=r"^vehicle_id: "):
            refuse(value, "vehicle_id")
    with pytest.raises(ConfigurationError, match=r"^code: "):
        ENDPOINT.at(vehicle_id="v1", code=value)


@pytest.mark.parametrize("value", ["v1\n", "v1\r\n", "\nv1", "a\nb", "v1\u2028"])
def test_an_id_with_a_line_break(value: str) -> None:
    """A file or a shell added it: the error names the argument and says so, and does not repeat what may be secret."""
    for refuse in (path_segment, require_id):
        with pytest.raises(
            ConfigurationError, match=r"^client_secret: there is a line break in it; strip it"
        ) as raised:
            refuse(value, "client_secret")
        assert value.strip() not in str(raised.value).partition(": ")[2].split()
    with pytest.raises(ConfigurationError, match=r"^token: give printable ASCII without line breaks"):
        header_value(value, "token")
    assert require_text(value, "state") == value


@pytest.mark.parametrize("value", ["å", "a\r\nb: c", "a\x00", "a\x7f"])
def test_no_header_value(value: str) -> None:
    """What could break out of a header is refused."""
    with pytest.raises(ConfigurationError, match=r"^user_id: give printable ASCII"):
        header_value(value, "user_id")


def test_a_header_value_is_unchanged() -> None:
    """A header needs no escapes."""
    assert header_value("a/b c", "user_id") == "a/b c"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/", "/"),
        ("/v3/connections", "/v3/connections"),
        ("/a b/å", "/a%20b/%C3%A5"),
        ("/a%2Fb/", "/a%2Fb/"),
        ("/a:b@c;d=e,f", "/a:b@c;d=e,f"),
        ("/a..b/...", "/a..b/..."),
    ],
)
def test_a_path_of_the_callers(path: str, sent: str) -> None:
    """It is sent as it is, with only what no URL can hold escaped."""
    assert sent == relative_path(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("https://evil.com/", "not a URL"),
        ("//evil.com/", "not a URL"),
        ("/\\evil.com", "not a URL"),
        ("/x?u=http://a", "not a URL"),
        ("v3/connections", "begins with one slash"),
        ("", "begins with one slash"),
        (None, "begins with one slash"),
        ("/x?y=1", "give the query as query="),
        ("/x#y", "give the query as query="),
        ("/../x", "not allowed"),
        ("/x/.", "not allowed"),
        ("/%2e%2E/x", "not allowed"),
        ("/.%2e/x", "not allowed"),
        ("/\ud800", "UTF-8"),
    ],
)
def test_no_path_of_the_callers(path: Any, text: str) -> None:
    """A path that could lead to another host or out of its vehicle is refused."""
    with pytest.raises(ConfigurationError, match=r"^path: ") as raised:
        relative_path(path)
    assert text in str(raised.value)


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def test_json_bodies() -> None:
    """A body is compact JSON."""
    assert json_body({"data": {"percent": 80, "name": "å"}}) == b'{"data":{"percent":80,"name":"\\u00e5"}}'
    assert json.loads(json_body(nested(50))) == nested(50)


@pytest.mark.parametrize("body", [float("nan"), {1, 2}, object(), {(1, 2): 3}, b"x", nested(100_000)], ids=type)
def test_no_json_body(body: object) -> None:
    """What has no JSON form is refused, and not repeated."""
    with pytest.raises(ConfigurationError, match=r"^body: not JSON: \w+$"):
        json_body(body)


def test_forms_and_queries() -> None:
    """Fields are escaped; those that were not given are left out; booleans are JSON's."""
    assert form_body({"grant_type": "client_credentials", "client_secret": "a&b=å"}) == (
        b"grant_type=client_credentials&client_secret=a%26b%3D%C3%A5"
    )
    fields = {"filter[a]": "x y+&", "b": None, "c": True, "d": False, "e": 5, "f": Effect.READ.value}
    query = query_of(fields)
    assert query == (("filter[a]", "x y+&"), ("c", "true"), ("d", "false"), ("e", "5"), ("f", "read"))
    call = Call(ENDPOINT, "/x", lambda reply: reply, query=query)
    assert call.target == "/x?filter%5Ba%5D=x%20y%2B%26&c=true&d=false&e=5&f=read"
    assert Call(ENDPOINT, "/x", lambda reply: reply).target == "/x"


def test_a_list_repeats_its_parameter() -> None:
    """In its order; an empty one is not sent, nor is what is None."""
    query = query_of({"a": [1, "x", True], "b": ("y",), "c": [], "d": None})
    assert query == (("a", "1"), ("a", "x"), ("a", "true"), ("b", "y"))


NO_VALUES: list[Any] = [b"x", {}, {1}, object(), [[1]], [None], float("nan"), float("inf"), [float("-inf")], 1j]
ODD_FIELDS: list[Any] = [
    *({"a": odd} for odd in NO_VALUES),
    {5: "x"},
    {"": "x"},
    {None: "x"},
]


@pytest.mark.parametrize("fields", ODD_FIELDS)
def test_no_query(fields: Any) -> None:
    """What has no form in a URL is refused, and not sent as Python shows it."""
    with pytest.raises(ConfigurationError, match=r"^query: give "):
        query_of(fields)


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (202, True), (204, True), (299, True), (300, False), (404, False)]
)
def test_what_is_a_yes(status: int, ok: bool) -> None:
    """Only 2xx is: a redirect is never followed."""
    assert ok is Reply(status).ok


def test_the_request_id_of_a_reply() -> None:
    """It is in a header, or nowhere."""
    assert Reply(200, {"sc-request-id": "r-1"}).request_id == "r-1"
    assert Reply(200).request_id is None


def test_no_private_thing_in_a_repr() -> None:
    """Requests show what is asked, not of whom or with what."""
    call = Call(
        ENDPOINT,
        "/v3/hunter2",
        lambda reply: reply,
        query=(("a", "hunter2"),),
        headers={"sc-user-id": "hunter2"},
        body=b"hunter2",
        vehicle_id="hunter2",
        private=("hunter2",),
    )
    request = Request("GET", "https://x/hunter2", {"Authorization": "hunter2"}, b"hunter2")
    reply = Reply(200, {"a": "hunter2"}, b"hunter2")
    assert "hunter2" not in repr([call, request, reply])
    assert repr(reply) == "Reply(status=200)"


def test_a_query_that_cannot_be_sent() -> None:
    """Half a character is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match=r"^query: "):
        query_of({"name": "\ud800"})
