"""The link to Connect with the options of API v2.0."""

from __future__ import annotations

from typing import Any

import pytest

from smartcar_async import ConfigurationError, Permission, PermissionDenied, Settings
from smartcar_async.v2 import Client

ORIGIN = "https://connect.smartcar.com/oauth/authorize?response_type=code&client_id=client_1&"
SCOPE = "scope=read_odometer%20required%3Aread_vin"
VIN = "5YJSA1E14FF101307"
CLIENT: dict[str, Any] = {"client_id": "client_1", "client_secret": "secret"}
HANDLE: dict[str, Any] = {"id": "vehicle-1", "token": "token-1"}


def client(**given: Any) -> Client:
    """A client that sends nothing."""
    return Client("client_1", "secret", **given)


LINKS: list[tuple[dict[str, Any], str]] = [
    ({}, "approval_prompt=auto&mode=live"),
    ({"force_prompt": True}, "approval_prompt=force&mode=live"),
    ({"scope": ["read_odometer", "required:read_vin"]}, f"approval_prompt=auto&{SCOPE}&mode=live"),
    ({"scope": "read_odometer  required:read_vin "}, f"approval_prompt=auto&{SCOPE}&mode=live"),
    ({"scope": (Permission.READ_VIN,)}, "approval_prompt=auto&scope=read_vin&mode=live"),
    ({"state": "a b&c"}, "approval_prompt=auto&state=a%20b%26c&mode=live"),
    ({"single_select": True}, "approval_prompt=auto&single_select=true&mode=live"),
    ({"single_select": False}, "approval_prompt=auto&single_select=false&mode=live"),
    ({"single_select": {"enabled": True}}, "approval_prompt=auto&single_select=true&mode=live"),
    ({"single_select": {"enabled": False}}, "approval_prompt=auto&single_select=false&mode=live"),
    ({"single_select": {"vin": VIN}}, f"approval_prompt=auto&single_select=true&single_select_vin={VIN}&mode=live"),
    (
        {"single_select": {"enabled": True, "vin": VIN}},
        f"approval_prompt=auto&single_select=true&single_select_vin={VIN}&mode=live",
    ),
    ({"make_bypass": "TESLA"}, "approval_prompt=auto&make=TESLA&mode=live"),
    (
        {"flags": {"country": "DE", "color": "00819D", "test": True, "count": 100}},
        "approval_prompt=auto&flags=country%3ADE%20color%3A00819D%20test%3Atrue%20count%3A100&mode=live",
    ),
    ({"flags": {}}, "approval_prompt=auto&mode=live"),
    ({"user": "user-1"}, "approval_prompt=auto&user=user-1&mode=live"),
    ({"mode": "simulated"}, "approval_prompt=auto&mode=simulated"),
    ({"mode": "TEST"}, "approval_prompt=auto&mode=test"),
]


@pytest.mark.parametrize(("options", "rest"), LINKS, ids=[str(options) for options, _ in LINKS])
def test_an_option_of_the_link(options: dict[str, Any], rest: str) -> None:
    """Each goes into the query under the API's name, with blanks as %20."""
    assert client().auth_url(**options) == ORIGIN + rest


def test_everything_at_once() -> None:
    """The order is that of the Node SDK."""
    link = client(redirect_uri="https://example.com/home", mode="simulated").auth_url(
        ["read_vin"],
        force_prompt=True,
        single_select={"vin": VIN},
        state="0facda3319",
        make_bypass="TESLA",
        flags={"country": "DE"},
        user="u",
    )
    assert link == (
        f"{ORIGIN}approval_prompt=force&redirect_uri=https%3A%2F%2Fexample.com%2Fhome&scope=read_vin&state=0facda3319"
        f"&single_select=true&single_select_vin={VIN}&make=TESLA&flags=country%3ADE&user=u&mode=simulated"
    )


def test_the_origin_is_a_setting() -> None:
    """The pages can be elsewhere, as those of the simulator are."""
    link = client(settings=Settings(connect_origin="http://127.0.0.1:8000")).auth_url()
    assert link.startswith("http://127.0.0.1:8000/oauth/authorize?")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scope": []}, "scope: give at least one"),
        ({"scope": " "}, "scope: give at least one"),
        ({"scope": 5}, "scope: give a list"),
        ({"scope": b"read_vin"}, "scope: give a list"),
        ({"scope": {"read_vin": True}}, "scope: give a list"),
        ({"scope": ["read_vin", None]}, "scope: give at least one"),
        ({"scope": "read_\ud800"}, "scope: "),
        ({"force_prompt": "false"}, "force_prompt: give True or False"),
        ({"test_mode": "false"}, "test_mode: give True or False"),
        ({"state": ""}, "state: "),
        ({"make_bypass": " "}, "make_bypass: "),
        ({"user": 1}, "user: "),
        ({"single_select": "yes"}, "single_select: give True"),
        ({"single_select": {}}, "single_select: give True"),
        ({"single_select": {"enabled": True, "make": "x"}}, "single_select: give True"),
        ({"single_select": {"enabled": "yes"}}, "single_select: 'enabled'"),
        ({"single_select": {"enabled": False, "vin": VIN}}, "single_select: 'enabled'"),
        ({"single_select": {"vin": ""}}, "single_select: "),
        ({"single_select": {"vin": None}}, "single_select: "),
        ({"flags": "country:DE"}, "flags: give a mapping"),
        ({"flags": {"color": "red test:true"}}, "flags: give names without blanks"),
        ({"flags": {"a b": True}}, "flags: give names"),
        ({"flags": {"a:b": "c"}}, "flags: give names"),
        ({"flags": {"": "c"}}, "flags: give names"),
        ({"flags": {1: "c"}}, "flags: give names"),
        ({"flags": {"country": None}}, "flags: give names"),
        ({"flags": {"country": "\ud800"}}, "query: "),
        ({"mode": "demo"}, "mode: give one of"),
        ({"mode": 1}, "mode: give one of"),
        ({"mode": "simulated", "test_mode": True}, "mode, test_mode: give one of them"),
    ],
)
def test_an_option_that_cannot_be_right(options: dict[str, Any], reason: str) -> None:
    """It is refused by its name."""
    with pytest.raises(ConfigurationError, match=f"^{reason}"):
        client().auth_url(**options)


def test_what_an_owner_comes_back_with() -> None:
    """The code, if the state is ours; a refusal is raised."""
    found = client().parse_redirect("https://example.com/home?code=code-1&state=s1", state="s1")
    assert found.code == "code-1"
    with pytest.raises(PermissionDenied):
        client().parse_redirect("https://example.com/home?error=access_denied&state=s1", state="s1")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"client_id": ""}, "client_id: missing"),
        ({"client_secret": None}, "client_secret: missing"),
        ({"client_id": "\ud800"}, "client_id: not a text"),
        ({"client_secret": "\ud800"}, "client_secret: not a text"),
        ({"test_mode": 1}, "test_mode: give True or False"),
        ({"redirect_uri": "https://example.com/\n"}, "redirect_uri: "),
        ({"mode": "demo"}, "mode: "),
        ({"version": "3"}, "version: API v3 has other endpoints"),
        ({"version": "3.0"}, "version: API v3 has other endpoints"),
        ({"version": "v2.0"}, "version: give a version"),
        ({"version": "2.0x"}, "version: give a version"),
        ({"version": 2.0}, "version: give a version"),
    ],
)
def test_a_client_that_cannot_be(given: dict[str, Any], reason: str) -> None:
    """What it is made with is checked at once."""
    with pytest.raises(ConfigurationError, match=f"^{reason}"):
        Client(**(CLIENT | given))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"id": ""}, "id: "),
        ({"token": "a\nb"}, "token: "),
        ({"token": 1}, "token: give an access token"),
        ({"unit_system": "us"}, "unit_system: give 'metric' or 'imperial'"),
        ({"flags": ["a:b"]}, "flags: give a mapping"),
        ({"version": "3"}, "version: API v3"),
    ],
)
def test_a_vehicle_that_cannot_be(given: dict[str, Any], reason: str) -> None:
    """So is what a handle is made with."""
    with pytest.raises(ConfigurationError, match=f"^{reason}"):
        client().vehicle(**(HANDLE | given))


def test_modes_and_versions() -> None:
    """They are what the Node SDK makes of its options."""
    assert [client().mode, client(mode="TEST").mode, client(mode="simulated").mode] == ["live", "test", "simulated"]
    assert [client().version, client(version="1").version] == ["2.0", "1.0"]
    assert client(version="2.1").vehicle("v", "t").version == "2.1"


@pytest.mark.parametrize(("old", "mode"), [(True, "test"), (False, "live")])
def test_the_old_name_of_the_mode_warns(old: bool, mode: str) -> None:
    """It works still, and whoever uses it is shown the line and the name that takes its place."""
    text = f"^test_mode: deprecated, and will go; give mode='{mode}'$"
    with pytest.warns(DeprecationWarning, match=text) as told:
        assert client(test_mode=old).mode == mode
    with pytest.warns(DeprecationWarning, match=text) as told_too:
        assert client().auth_url(test_mode=old, mode=mode) == f"{ORIGIN}approval_prompt=auto&mode={mode}"
    assert [one.filename for one in (*told, *told_too)] == [__file__, __file__]


def test_no_secret_in_a_repr() -> None:
    """A client and a handle show ids only."""
    made = client(redirect_uri="https://example.com")
    assert (repr(made), repr(made.vehicle("vehicle-1", "token-1"))) == (
        "Client(client_id='client_1')",
        "Vehicle('vehicle-1')",
    )
