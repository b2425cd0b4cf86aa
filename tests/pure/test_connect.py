"""Connect: every parameter of the link, and every way in which an owner may come back."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from smartcar_async import (
    AccountError,
    ApiError,
    CompatibilityError,
    ConfigurationError,
    ConnectLink,
    ConnectResult,
    IncompatibleVehicle,
    InvalidRequest,
    Permission,
    PermissionDenied,
    ServerError,
    Settings,
    Smartcar,
    VehicleMode,
)
from smartcar_async.connect import connect_url, parse_redirect

ORIGIN, APPLICATION = "https://connect.smartcar.com", "11111111-1111-4111-8111-111111111111"
USER, CAR = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
VIN = "YV1XZ1234A1234567"
BACK = "https://example.org/callback"


def link(**options: Any) -> dict[str, str]:
    """The parameters of a link, each once, without those that every link has."""
    given: dict[str, Any] = {"state": "our-state", **options}
    made = connect_url(ORIGIN, APPLICATION, **given)
    parts = urlsplit(made.url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "connect.smartcar.com", "/oauth/authorize")
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    found = dict(pairs)
    assert len(pairs) == len(found)
    assert (found.pop("client_id"), found.pop("state")) == (APPLICATION, made.state)
    return found


def test_a_plain_link() -> None:
    """Nothing is sent that was not asked for: the dashboard decides the rest."""
    assert link() == {"response_type": "code"}
    assert connect_url(ORIGIN, APPLICATION, state="s t").url == (
        f"{ORIGIN}/oauth/authorize?response_type=code&client_id={APPLICATION}&state=s%20t"
    )


SCOPES: list[tuple[Any, str]] = [
    ([Permission.READ_BATTERY, "control_charge"], "read_battery control_charge"),
    (("required:read_vin", f"required:{Permission.READ_VIN}"), "required:read_vin required:read_vin"),
    ("read_vin  required:read_battery\n", "read_vin required:read_battery"),
    (Permission.READ_VIN, "read_vin"),
    ({Permission.READ_VIN}, "read_vin"),
    (Permission, " ".join(Permission)),
]


@pytest.mark.parametrize(("scope", "sent"), SCOPES)
def test_a_scope(scope: Any, sent: str) -> None:
    """Permissions as members or names, one by one or in one text; `required:` locks one."""
    assert link(scope=scope) == {"response_type": "code", "scope": sent}


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (["read_everything"], "'read_everything' is no permission; see Permission"),
        ("read_vin read_Battery", "'read_Battery' is no permission"),
        (["required:"], "'' is no permission"),
        (["read_vin read_battery"], "'read_vin read_battery' is no permission"),
        ([], "give at least one permission, or None for the dashboard's"),
        (" ", "give at least one permission"),
        (5, "give a list"),
        (b"read_vin", "give a list"),
        ({"read_vin": True}, "give a list"),
        ([None], "'None' is no permission; see Permission"),
    ],
)
def test_no_scope(scope: Any, text: str) -> None:
    """An unknown permission is refused here, and not on a page that an owner sees."""
    with pytest.raises(ConfigurationError, match=r"^scope: ") as caught:
        link(scope=scope)
    assert text in str(caught.value)


OPTIONS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"redirect_uri": f"{BACK}?a=b&c=d"}, {"redirect_uri": f"{BACK}?a=b&c=d"}),
    ({"mode": "simulated"}, {"mode": "simulated"}),
    ({"mode": VehicleMode.LIVE}, {"mode": "live"}),
    ({"force_prompt": True}, {"approval_prompt": "force"}),
    ({"force_prompt": False}, {}),
    ({"make": "Volvo"}, {"make": "VOLVO"}),
    ({"single_select": True}, {"single_select": "true"}),
    ({"single_select": False}, {"single_select": "false"}),
    ({"single_select_vin": VIN}, {"single_select": "true", "single_select_vin": VIN}),
    ({"single_select": True, "single_select_vin": VIN}, {"single_select": "true", "single_select_vin": VIN}),
    ({"flags": {"country": "DE", "new": True, "old": False}}, {"flags": "country:DE new:true old:false"}),
    ({"flags": {}}, {}),
    ({"flags": {"a": 100, "b": 0, "c": -1, "d": True}}, {"flags": "a:100 b:0 c:-1 d:true"}),
    ({"flags": {"url": "https://example.org"}}, {"flags": "url:https://example.org"}),
    ({"user": "analytics-1"}, {"user": "analytics-1"}),
    ({"external_id": "acct 42&"}, {"external_id": "acct 42&"}),
    ({"code": False}, {"response_type": "none"}),
    ({"vehicle_id": CAR}, {"response_type": "vehicle_id", "vehicle_id": CAR}),
    ({"vehicle_id": CAR, "code": False}, {"response_type": "vehicle_id", "vehicle_id": CAR}),
    (
        {"vehicle_id": CAR, "external_id": "acct-43"},
        {"response_type": "vehicle_id", "vehicle_id": CAR, "external_id": "acct-43"},
    ),
    (
        {"vehicle_id": CAR, "clear_external_id": True},
        {"response_type": "vehicle_id", "vehicle_id": CAR, "external_id": "null"},
    ),
]


@pytest.mark.parametrize(("options", "sent"), OPTIONS)
def test_an_option(options: dict[str, Any], sent: dict[str, str]) -> None:
    """Each parameter under its name on the wire, escaped, and nothing besides."""
    assert link(**options) == {"response_type": "code", **sent}


def test_all_options_at_once() -> None:
    """They do not get in each other's way."""
    options = [option for option, sent in OPTIONS if "response_type" not in sent]
    together: dict[str, Any] = {name: value for option in options for name, value in option.items()}
    found = link(**{**together, "force_prompt": True, "scope": "read_vin", "single_select": True})
    assert found.keys() == {
        "response_type",
        "redirect_uri",
        "scope",
        "mode",
        "approval_prompt",
        "make",
        "single_select",
        "single_select_vin",
        "flags",
        "user",
        "external_id",
    }


NO_TRUTHS: list[Any] = ["false", 0, []]
NO_FLAGS: list[Any] = ["country:DE", 5, []]
ODD_FLAGS: list[Any] = [
    {"a b": "c"},
    {"a:b": "c"},
    {"": "c"},
    {None: "c"},
    {"a": "b c"},
    {"a": None},
    {"a": 1.0},
    {"a": ["b"]},
]
NO_FLAG = (
    "flags: give names without blanks and colons, and values that are texts without blanks, whole numbers, "
    "True or False"
)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        *(
            ({name: bad}, f"{name}: ")
            for name in ("redirect_uri", "state", "make", "vehicle_id", "user", "external_id", "single_select_vin")
            for bad in ("", " ", 5, "\ud800")
        ),
        *(
            ({name: bad}, f"{name}: give True or False")
            for name in ("force_prompt", "clear_external_id", "code", "single_select")
            for bad in NO_TRUTHS
        ),
        ({"single_select": "false", "single_select_vin": VIN}, "single_select: give True or False"),
        *(({"flags": bad}, "flags: give a mapping, such as {'country': 'DE'}") for bad in NO_FLAGS),
        *(({"flags": bad}, NO_FLAG) for bad in ODD_FLAGS),
        ({"flags": {"a": "\ud800"}}, "query: a value has characters that cannot be sent"),
        ({"mode": "test"}, "mode: give 'live' or 'simulated', not 'test'"),
        ({"mode": VehicleMode.TEST}, "mode: give 'live' or 'simulated', not <VehicleMode.TEST: 'test'>"),
        (
            {"external_id": "x", "clear_external_id": True, "vehicle_id": CAR},
            "external_id, clear_external_id: give one",
        ),
        ({"clear_external_id": True}, "clear_external_id: it goes with the re-authentication of a vehicle_id"),
        ({"single_select": False, "single_select_vin": VIN}, "single_select: it cannot be False with"),
    ],
)
def test_no_option(options: dict[str, Any], text: str) -> None:
    """What is empty, no text or contradicts itself is refused by name."""
    with pytest.raises(ConfigurationError) as caught:
        link(**options)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("missing", [None, ""])
def test_no_application(missing: str | None) -> None:
    """The id for Connect is not that of the API, so the setting is named."""
    with pytest.raises(ConfigurationError, match=r"^application_id: missing; set Settings\(application_id=\.\.\.\)"):
        connect_url(ORIGIN, missing)
    with pytest.raises(ConfigurationError, match=r"^application_id: not a text that UTF-8 can hold"):
        connect_url(ORIGIN, "\ud800")


def test_a_state_of_our_own() -> None:
    """Unless one is given it is made here: long, and another each time. No `repr` shows it."""
    links = [connect_url(ORIGIN, APPLICATION) for _ in range(100)]
    states = {made.state for made in links}
    assert len(states) == 100
    assert min(map(len, states)) >= 32
    assert all(dict(parse_qsl(urlsplit(made.url).query))["state"] == made.state for made in links)
    assert repr(links[0]) == "ConnectLink()"
    assert links[0] == ConnectLink(links[0].url, links[0].state)


def redirect(**found: str) -> str:
    """The URL of a redirect back to us."""
    return f"{BACK}?{urlencode({'state': 'our-state', **found})}"


@pytest.mark.parametrize(
    ("found", "result"),
    [
        ({"user_id": USER}, ConnectResult("our-state", USER)),
        ({"user_id": USER, "code": "c0de"}, ConnectResult("our-state", USER, code="c0de")),
        (
            {"user_id": USER, "code": "c0de", "external_id": "acct 42"},
            ConnectResult("our-state", USER, None, "acct 42", "c0de"),
        ),
        ({"code": "c0de"}, ConnectResult("our-state", code="c0de")),
        ({"vehicle_id": CAR, "external_id": "x"}, ConnectResult("our-state", None, CAR, "x")),
        ({"user_id": USER, "code": "", "external_id": "", "new": "kept out"}, ConnectResult("our-state", USER)),
    ],
)
def test_an_owner_who_came_back(found: dict[str, str], result: ConnectResult) -> None:
    """With or without a code, and after the re-authentication of one vehicle."""
    assert parse_redirect(redirect(**found), "our-state") == result
    assert parse_redirect(redirect(**found).removeprefix("https://example.org"), "our-state") == result
    assert "our-state" not in repr(result)
    assert "c0de" not in repr(result)


ERRORS: list[tuple[str, type[ApiError]]] = [
    ("access_denied", PermissionDenied),
    ("invalid_subscription", AccountError),
    ("no_vehicles", AccountError),
    ("configuration_error", InvalidRequest),
    ("vehicle_incompatible", CompatibilityError),
    ("server_error", ServerError),
    ("tomorrow", ApiError),
    ("", ApiError),
]


@pytest.mark.parametrize(("word", "family"), ERRORS)
def test_an_owner_who_came_back_in_vain(word: str, family: type[ApiError]) -> None:
    """Each error has its family and its words; without words it is short. Nothing was answered, so no status."""
    with pytest.raises(ApiError) as caught:
        parse_redirect(redirect(error=word, error_description="The owner said no.", user_id=USER), "our-state")
    error = caught.value
    assert type(error) is family
    assert (error.error, error.code, error.description, error.message) == (word, word, *["The owner said no."] * 2)
    assert (error.status, error.details) == (None, ())
    assert str(error) == f"Connect: {word} - The owner said no."
    with pytest.raises(family, match=f"^Connect: {word}$") as short:
        parse_redirect(redirect(error=word, error_description=""), "our-state")
    assert short.value.description is None


@pytest.mark.parametrize(
    ("found", "vehicle"),
    [
        (
            {"vin": VIN, "make": "VOLVO", "model": "240", "year": "1990"},
            IncompatibleVehicle(VIN, "VOLVO", "240", "1990"),
        ),
        ({"make": "VOLVO", "vin": ""}, IncompatibleVehicle(make="VOLVO")),
    ],
)
def test_an_incompatible_vehicle(found: dict[str, str], vehicle: IncompatibleVehicle) -> None:
    """What is known of it is in the details."""
    with pytest.raises(CompatibilityError) as caught:
        parse_redirect(redirect(error="vehicle_incompatible", **found), "our-state")
    assert caught.value.details == (vehicle,)
    assert str(caught.value) == "Connect: vehicle_incompatible"


def test_no_private_thing_in_an_error() -> None:
    """The description may name the owner, the car or the code; the text does not."""
    told = f"User {USER} with {VIN} at 57.70887, 11.97456 and code=c0de"
    with pytest.raises(PermissionDenied) as caught:
        parse_redirect(redirect(error="access_denied", error_description=told, vin=VIN), "our-state")
    assert not [private for private in (USER, VIN, "57.7", "c0de", "our-state") if private in str(caught.value)]
    assert caught.value.description == told


@pytest.mark.parametrize(
    "url",
    [
        f"{BACK}?user_id={USER}",
        f"{BACK}?user_id={USER}&state=",
        f"{BACK}?user_id={USER}&state=other",
        f"{BACK}?user_id={USER}&state=our-stat",
        f"{BACK}?user_id={USER}&state=OUR-STATE",
        f"{BACK}?user_id={USER}&state=%C3%A5",
        f"{BACK}?user_id={USER}#state=our-state",
        f"{BACK}?error=access_denied",
        "",
    ],
)
def test_any_other_state_is_refused(url: str) -> None:
    """It may be forged, an error too; the text repeats nothing of it."""
    with pytest.raises(ConfigurationError, match=r"^state: missing or not ours") as caught:
        parse_redirect(url, "our-state")
    assert USER not in str(caught.value)


@pytest.mark.parametrize(("sent", "state"), [("our-state", "\ud800"), ("\ud800", "our-state"), ("\ud800", "\ud801")])
def test_half_a_character_is_another_state(sent: str, state: str) -> None:
    """Some servers decode what no text can hold; it is compared like any other."""
    with pytest.raises(ConfigurationError, match=r"^state: missing or not ours"):
        parse_redirect(f"{BACK}?user_id={USER}&state={sent}", state)


@pytest.mark.parametrize(("url", "state"), [(redirect(), ""), (redirect(), None), (None, "our-state"), (b"x", "s")])
def test_nothing_to_compare(url: Any, state: Any) -> None:
    """An empty state would fit a redirect without one."""
    with pytest.raises(ConfigurationError, match=r"^url, state: give the whole URL of the redirect"):
        parse_redirect(url, state)


def test_no_redirect_of_connect() -> None:
    """A URL that says nothing, or that is none."""
    with pytest.raises(ConfigurationError, match=r"^url: this is no redirect from Connect"):
        parse_redirect(redirect(user_id="", code=""), "our-state")
    with pytest.raises(ConfigurationError, match=r"^url: not a URL$"):
        parse_redirect("https://[example.org/?state=our-state", "our-state")


def test_the_client_makes_links_and_reads_redirects() -> None:
    """From its settings, with every option passed on, and without sending anything."""
    settings = Settings(application_id=APPLICATION, connect_origin="https://connect.test/base/")
    smartcar = Smartcar("client_1", "secret", settings=settings)
    options: dict[str, Any] = {
        "redirect_uri": BACK,
        "scope": [Permission.READ_VIN],
        "mode": "simulated",
        "force_prompt": True,
        "make": "VOLVO",
        "single_select": True,
        "single_select_vin": VIN,
        "flags": {"country": "DE"},
        "user": "u",
        "external_id": "acct-42",
        "vehicle_id": CAR,
        "state": "our-state",
        "code": False,
    }
    made = smartcar.connect_url(**options)
    assert made == connect_url("https://connect.test/base", APPLICATION, **options)
    assert "client_1" not in made.url
    cleared = smartcar.connect_url(vehicle_id=CAR, clear_external_id=True)
    assert "external_id=null" in cleared.url
    assert smartcar.parse_redirect(redirect(user_id=USER), state="our-state").user_id == USER
    with pytest.raises(ConfigurationError, match=r"^application_id: missing"):
        Smartcar("client_1", "secret").connect_url()
