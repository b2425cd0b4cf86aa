"""What callers pass in: what will do is handed on, anything else is refused by its name before it is used."""

from types import SimpleNamespace
from typing import Any

import pytest

from smartcar_async import ConfigurationError, Smartcar
from smartcar_async.arguments import (
    credential,
    flags_text,
    http_method,
    is_number,
    mapping,
    own_headers,
    require_bool,
    require_instance,
    require_list,
    require_methods,
    require_session,
)


def test_what_will_do() -> None:
    """It comes back as it was given."""
    assert (require_bool(True, "x"), require_bool(False, "x")) == (True, False)
    assert (require_list([1, 2], "x"), require_list({"a"}, "x"), require_list((), "x")) == ((1, 2), ("a",), ())
    assert (mapping({"a": 1}, "x"), mapping(None, "x")) == ({"a": 1}, {})
    assert require_instance(5, int, "x") == 5
    assert (http_method("get"), http_method("POST")) == ("GET", "POST")
    assert (flags_text({"a": True, "b": False, "c": "d:e"}), flags_text({}), flags_text(None)) == (
        "a:true b:false c:d:e",
        None,
        None,
    )
    assert (own_headers(None), own_headers({"X-A": "b", "authorization": "c"})) == (
        {},
        {"X-A": "b", "Authorization": "c"},
    )
    for fine in (None, print, Smartcar):
        require_methods(fine, "x", "__call__")
    require_session(None)
    require_session(SimpleNamespace(request=print, closed=False, connector=None))
    assert credential("id", "client_id", "Smartcar") == "id"


@pytest.mark.parametrize("value", [0, 0.5, 1, -3, 10**400])
def test_a_number(value: float) -> None:
    """However large, as long as it is finite."""
    assert is_number(value)
    assert is_number(value, whole=True) is isinstance(value, int)
    assert is_number(value, 0, 1) is (0 <= value <= 1)


@pytest.mark.parametrize("value", [True, False, None, "1", 1j, float("nan"), float("inf"), float("-inf")])
def test_no_number(value: object) -> None:
    """True and False are none, though Python would count with them."""
    assert not is_number(value)
    assert not is_number(value, whole=True)


ODD: Any = object()
HEADERS: Any = {None: "x"}
NO_TRUTHS: list[Any] = ["false", 0, None]
NO_LISTS: list[Any] = [None, 5, "a", b"a", {"a": 1}]
NO_MAPPINGS: list[Any] = [5, "a", [("a", 1)]]
NO_SESSIONS: list[Any] = [5, "", object(), SimpleNamespace(request=print, closed=False)]
NO_CREDENTIALS: list[Any] = [None, 5, "", " "]


@pytest.mark.parametrize(
    ("refuse", "text"),
    [
        *((lambda odd=odd: require_bool(odd, "x"), "x: give True or False") for odd in NO_TRUTHS),
        *((lambda odd=odd: require_list(odd, "x"), "x: give a list") for odd in NO_LISTS),
        *((lambda odd=odd: mapping(odd, "x"), "x: give a mapping") for odd in NO_MAPPINGS),
        (lambda: require_instance(ODD, Smartcar, "x"), "x: give a Smartcar"),
        (lambda: require_methods(5, "x", "__call__"), "x: give a function"),
        (lambda: require_methods("", "x", "upper", "now"), "x: give something with upper, now"),
        (lambda: require_methods(str, "x", "upper", "lower"), "x: give something with upper, lower"),
        *((lambda odd=odd: require_session(odd), "session: give an aiohttp.ClientSession") for odd in NO_SESSIONS),
        (lambda: http_method(ODD), "method: give an HTTP method, such as GET"),
        (lambda: own_headers(HEADERS), "headers: None is no header name"),
        (lambda: own_headers({"TE": "x"}), "headers: TE is set by the client"),
        (lambda: own_headers({"X-A": "x"}, "x-a"), "headers: X-A is set by the client"),
        (lambda: own_headers({"X-A": "å"}), "headers['X-A']: give printable ASCII"),
        *(
            (
                lambda odd=odd: credential(odd, "client_secret", "Smartcar"),
                "client_secret: missing; pass it, here or in Settings, or set SMARTCAR_CLIENT_SECRET and use "
                "Smartcar.from_env()",
            )
            for odd in NO_CREDENTIALS
        ),
        (
            lambda: credential("s3cret\n", "client_secret", "Smartcar"),
            "client_secret: there is a line break in it; strip",
        ),
        (lambda: credential("\ud800", "client_id", "Smartcar"), "client_id: not a text that UTF-8 can hold"),
    ],
)
def test_what_will_not(refuse: Any, text: str) -> None:
    """The error names the argument and what to give, and repeats nothing that may be secret."""
    with pytest.raises(ConfigurationError) as caught:
        refuse()
    assert str(caught.value).startswith(text)
