"""Settings: Smartcar's own values by default, the environment under every known name, and no secret in a `repr`."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from smartcar_async import ConfigurationError, Proxy, RateLimit, Retry, SchedulePaths, Settings, Tls, UnitSystem
from smartcar_async.settings import seconds

DEFAULTS = {
    "vehicle_origin": "https://vehicle.api.smartcar.com",
    "management_origin": "https://management.api.smartcar.com",
    "iam_origin": "https://iam.smartcar.com",
    "connect_origin": "https://connect.smartcar.com",
    "compatibility_origin": "https://compatibility.api.smartcar.com",
    "api_origin": "https://api.smartcar.com",
    "auth_origin": "https://auth.smartcar.com",
    "management_v2_origin": "https://management.smartcar.com",
}
VARIABLES = {
    "SMARTCAR_VEHICLE_ORIGIN": "vehicle_origin",
    "SMARTCAR_API_V3_ORIGIN": "vehicle_origin",
    "SMARTCAR_VEHICLE_API_V3_ORIGIN": "vehicle_origin",
    "SMARTCAR_VEHICLE_API_ORIGIN": "vehicle_origin",
    "SMARTCAR_MANAGEMENT_ORIGIN": "management_origin",
    "SMARTCAR_IAM_ORIGIN": "iam_origin",
    "SMARTCAR_CONNECT_ORIGIN": "connect_origin",
    "SMARTCAR_COMPATIBILITY_ORIGIN": "compatibility_origin",
    "SMARTCAR_API_ORIGIN": "api_origin",
    "SMARTCAR_AUTH_ORIGIN": "auth_origin",
    "SMARTCAR_MANAGEMENT_API_ORIGIN": "management_v2_origin",
}
Make = Callable[[Any], object]
HERE = "http://127.0.0.1:8080"
HTTPS_PROXY, HTTP_PROXY = "http://user:hunter2@proxy:3128", "http://proxy:3129"


def origins(settings: Settings) -> dict[str, Any]:
    """The origins by name."""
    return {name: value for name, value in attrs.asdict(settings).items() if name.endswith("_origin")}


def test_the_defaults_are_smartcars() -> None:
    """Without an environment everything points at the real service."""
    assert Settings() == Settings.from_env({})
    assert origins(Settings()) == DEFAULTS
    assert Settings().rate_limit == RateLimit(capacity=120, per_minute=2.0)
    assert (Settings().deadline, Settings().command_deadline, Settings().unit_system) == (30.0, 310.0, None)


@pytest.mark.parametrize(("variable", "name"), VARIABLES.items())
def test_every_name_of_an_origin(variable: str, name: str) -> None:
    """Our names and those of Smartcar's SDKs reach the same setting, and no other."""
    assert {**DEFAULTS, name: HERE} == origins(Settings.from_env({variable: HERE}))


def test_our_name_wins() -> None:
    """Where several names are set, ours counts; an empty variable counts as not set."""
    names = [variable for variable, name in VARIABLES.items() if name == "vehicle_origin"]
    for number, first in enumerate(names):
        env = {variable: HERE if variable == first else "https://other" for variable in names[number:]}
        env.update(dict.fromkeys(names[:number], ""))
        assert Settings.from_env(env).vehicle_origin == HERE


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("https://auth.smartcar.com/oauth/token", "https://auth.smartcar.com"),
        ("https://auth.smartcar.com/oauth/token/", "https://auth.smartcar.com"),
        ("https://auth.smartcar.com/oauth2/token", "https://auth.smartcar.com"),
        ("https://auth.smartcar.com/", "https://auth.smartcar.com"),
        ("HTTPS://auth.smartcar.com", "https://auth.smartcar.com"),
        ("http://gateway:8080/smartcar/", "http://gateway:8080/smartcar"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_spellings_of_an_origin(value: str, origin: str) -> None:
    """The Python SDK's variable holds the whole token URL; a slash at the end changes nothing."""
    assert origin == Settings(auth_origin=value).auth_origin
    assert origin == Settings.from_env({"SMARTCAR_AUTH_ORIGIN": value}).auth_origin


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize(
    "value",
    [
        "",
        "smartcar.com",
        "//smartcar.com",
        "ftp://smartcar.com",
        "https://",
        "https://user:hunter2@smartcar.com",
        "https://:hunter2@smartcar.com",
        "https://smartcar.com?x=1",
        "https://smartcar.com#x",
        "http://[::1",
        "http://smartcar.com:99999",
        "http://smartcar.com:0",
        "http://smartcar.com:http",
        None,
        5,
        b"https://smartcar.com",
    ],
)
def test_no_origin(name: str, value: Any) -> None:
    """What is no absolute URL is refused under the setting's name, and not repeated: it may hold a password."""
    with pytest.raises(ConfigurationError, match=f"^{name}: give an absolute http or https URL") as raised:
        Settings(**{name: value})
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("variable", VARIABLES)
def test_no_origin_in_the_environment(variable: str) -> None:
    """The error names the variable that is wrong."""
    with pytest.raises(ConfigurationError, match=f"^{variable}: "):
        Settings.from_env({variable: "smartcar.com"})


def test_credentials_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process environment is read unless another is given; what is passed wins; empty means missing."""
    monkeypatch.setenv("SMARTCAR_CLIENT_ID", "client_1")
    monkeypatch.setenv("SMARTCAR_CLIENT_SECRET", "hunter2")
    monkeypatch.setenv("SMARTCAR_APPLICATION_ID", "app-1")
    monkeypatch.setenv("SMARTCAR_REDIRECT_URI", "https://example.com/home")
    found = Settings.from_env(client_id="client_2")
    assert found.redirect_uri == "https://example.com/home"
    assert (found.client_id, found.client_secret, found.application_id) == ("client_2", "hunter2", "app-1")
    empty = Settings.from_env({"SMARTCAR_CLIENT_ID": "", "SMARTCAR_CLIENT_SECRET": "", "SMARTCAR_APPLICATION_ID": ""})
    assert (empty.client_id, empty.client_secret, empty.application_id) == (None, None, None)
    assert empty.redirect_uri is None


def test_no_secret_in_a_repr() -> None:
    """Settings can be logged; they show where, not who."""
    settings = Settings(
        client_id="client_1",
        client_secret="hunter2",
        proxy=HTTPS_PROXY,
        tls=Tls("ca.pem", "c.pem", "k.pem", "hunter2"),
    )
    assert "hunter2" not in repr(settings) + repr(settings.proxy) + repr(settings.tls)
    assert "client_1" in repr(settings)


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (0.5, 0.5), (timedelta(minutes=2), 120.0)])
def test_seconds(value: float | timedelta, number: float) -> None:
    """A duration is a number of seconds or a timedelta."""
    assert number == seconds(value, "deadline")
    assert number == Settings(deadline=value).deadline  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


NO_SECONDS: list[object] = [
    10**400,
    0,
    -1,
    float("nan"),
    float("inf"),
    timedelta(0),
    timedelta(seconds=-1),
    True,
    "5",
    None,
    [],
]


DURATIONS: list[tuple[Make, str]] = [
    (lambda value: seconds(value, "deadline"), "deadline"),
    (lambda value: Settings(deadline=value), "deadline"),
    (lambda value: Settings(command_deadline=value), "command_deadline"),
    (lambda value: Settings(connect_timeout=value), "connect_timeout"),
    (lambda value: Retry(first_pause=value), "first_pause"),
    (lambda value: Retry(longest_pause=value), "longest_pause"),
]


@pytest.mark.parametrize("value", NO_SECONDS, ids=repr)
@pytest.mark.parametrize(("make", "name"), DURATIONS)
def test_no_seconds(make: Make, name: str, value: object) -> None:
    """Zero, negative, endless and other things are refused under the argument's name."""
    with pytest.raises(ConfigurationError, match=f"^{name}: give a positive number of seconds"):
        make(value)


LIMITS: list[tuple[Make, str]] = [
    (lambda value: RateLimit(capacity=value), "capacity"),
    (lambda value: RateLimit(per_minute=value), "per_minute"),
    (lambda value: Retry(attempts=value), "attempts"),
]


@pytest.mark.parametrize("value", [10**400, 0, -1, float("nan"), float("inf"), True, "5", None])
@pytest.mark.parametrize(("make", "name"), LIMITS)
def test_too_small(make: Make, name: str, value: object) -> None:
    """A limit that lets nothing through is refused under its name."""
    with pytest.raises(ConfigurationError, match=f"^{name}: give a (whole )?number of at least"):
        make(value)


TEXTS: list[tuple[Make, str]] = [
    *(
        (lambda value, name=name: Settings(**{name: value}), name)
        for name in ("client_id", "client_secret", "application_id", "redirect_uri")
    ),
    *(
        (lambda value, name=name: Tls(**{name: value}), name)
        for name in ("ca_file", "client_certificate", "client_key", "client_key_password")
    ),
    (lambda value: Proxy(bypass=value), "bypass"),
]


@pytest.mark.parametrize("value", [5, b"hunter2", ["hunter2"], "hunter2\ud800", "hunter2\0"], ids=repr)
@pytest.mark.parametrize(("make", "name"), TEXTS)
def test_no_text(make: Make, name: str, value: object) -> None:
    """What cannot be sent or opened later is refused now, and not repeated."""
    with pytest.raises(ConfigurationError, match=f"^{name}: give a text$"):
        make(value)


def test_none_is_no_list_of_hosts() -> None:
    """Only where None is the default does it stand for nothing."""
    bypass: Any = None
    with pytest.raises(ConfigurationError, match=r"^bypass: give a text$"):
        Proxy(bypass=bypass)


PARTS: list[tuple[dict[str, Any], str]] = [
    ({"rate_limit": 5}, "rate_limit: give a RateLimit"),
    ({"retry": 5}, "retry: give a Retry"),
    ({"retry": None}, "retry: give a Retry"),
    ({"tls": "ca.pem"}, "tls: give a Tls"),
    ({"proxy": 5}, "proxy: give an http or https URL"),
    ({"vehicle_origin": "https://\ud800.test"}, "vehicle_origin: give an absolute http or https URL"),
]


@pytest.mark.parametrize(("given", "text"), PARTS)
def test_no_part(given: dict[str, Any], text: str) -> None:
    """A part of another kind is refused under its name."""
    with pytest.raises(ConfigurationError, match=f"^{text}"):
        Settings(**given)


def test_no_environment() -> None:
    """Another environment than the process's own is a mapping."""
    environment: Any = ["SMARTCAR_CLIENT_ID"]
    with pytest.raises(ConfigurationError, match=r"^environment: give a mapping$"):
        Settings.from_env(environment)


@pytest.mark.parametrize("make", [RateLimit, Retry])
def test_half_a_request(make: Make) -> None:
    """What is counted is whole."""
    with pytest.raises(ConfigurationError, match=r"give a whole number of at least 1, not 1\.5"):
        make(1.5)


@pytest.mark.parametrize("value", ["metric", UnitSystem.METRIC])
def test_unit_system(value: Any) -> None:
    """A word or a member will do."""
    assert Settings(unit_system=value).unit_system is UnitSystem.METRIC


@pytest.mark.parametrize("value", ["Metric", "nautical", "", 5])
def test_no_unit_system(value: Any) -> None:
    """An unknown one is refused, with the known ones named."""
    with pytest.raises(ConfigurationError, match=r"^unit_system: give 'metric' or 'imperial', not"):
        Settings(unit_system=value)


@pytest.mark.parametrize("value", ["auto", "reference", "announcement", *SchedulePaths])
def test_schedule_paths(value: Any) -> None:
    """A word or a member will do."""
    found = Settings(schedule_paths=value).schedule_paths
    assert value == found
    assert isinstance(found, SchedulePaths)


@pytest.mark.parametrize("value", ["", "Auto", None, 5])
def test_no_schedule_paths(value: Any) -> None:
    """An unknown one is refused, with the known ones named."""
    with pytest.raises(ConfigurationError, match=r"^schedule_paths: give 'auto', 'reference' or 'announcement', not"):
        Settings(schedule_paths=value)


BOTH = Proxy(HTTPS_PROXY, HTTP_PROXY)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"NO_PROXY": "*"}, None),
        ({"https_proxy": HTTPS_PROXY, "HTTP_PROXY": HTTP_PROXY}, BOTH),
        ({"HTTPS_PROXY": "http://other", "https_proxy": HTTPS_PROXY, "http_proxy": HTTP_PROXY}, BOTH),
        ({"HTTPS_PROXY": HTTPS_PROXY, "ALL_PROXY": HTTP_PROXY}, BOTH),
        ({"all_proxy": HTTP_PROXY}, Proxy(HTTP_PROXY, HTTP_PROXY)),
        ({"https_proxy": HTTPS_PROXY}, Proxy(HTTPS_PROXY)),
        ({"http_proxy": HTTP_PROXY, "https_proxy": ""}, Proxy(None, HTTP_PROXY)),
        ({"all_proxy": HTTP_PROXY, "no_proxy": "a,b"}, Proxy(HTTP_PROXY, HTTP_PROXY, "a,b")),
        ({"all_proxy": HTTP_PROXY, "NO_PROXY": "a"}, Proxy(HTTP_PROXY, HTTP_PROXY, "a")),
    ],
)
def test_proxies_from_the_environment(environment: dict[str, str], proxy: Proxy | None) -> None:
    """The usual variables in either case, the small one first, and one for every scheme."""
    assert proxy == Settings.from_env(environment).proxy


@pytest.mark.parametrize("proxy", [None, HTTP_PROXY, BOTH])
def test_a_proxy_of_the_callers(proxy: Any) -> None:
    """One URL serves every origin; what is passed wins over the environment."""
    wanted = Proxy(proxy, proxy) if isinstance(proxy, str) else proxy
    assert wanted == Settings(proxy=proxy).proxy
    assert wanted == Settings.from_env({"all_proxy": "http://other"}, proxy=proxy).proxy


PROXIES: list[Make] = [
    lambda value: Settings(proxy=value),
    lambda value: Proxy(https=value),
    lambda value: Proxy(http=value),
    lambda value: Settings.from_env({"https_proxy": value or "proxy"}),
]


@pytest.mark.parametrize("value", ["", "proxy:3128", "socks5://hunter2@proxy", "http://", "http://[::1", 5])
@pytest.mark.parametrize("make", PROXIES)
def test_no_proxy_at_all(make: Make, value: object) -> None:
    """What aiohttp could not use is refused here, without repeating it."""
    with pytest.raises(ConfigurationError, match=r"^proxy: give an http or https URL") as raised:
        make(value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("origin", "bypass", "proxy"),
    [
        ("https://iam.smartcar.com", "", HTTPS_PROXY),
        ("http://iam.smartcar.com", "", HTTP_PROXY),
        ("https://iam.smartcar.com", "*", None),
        ("https://iam.smartcar.com", "smartcar.com", None),
        ("https://iam.smartcar.com", ".smartcar.com", None),
        ("https://iam.smartcar.com", "other, IAM.Smartcar.com ,", None),
        ("https://iam.smartcar.com", "car.com", HTTPS_PROXY),
        ("https://iam.smartcar.com", "smartcar.com.evil.com, ,", HTTPS_PROXY),
        ("https://iam.smartcar.com", "iam", HTTPS_PROXY),
        ("http://LOCALHOST:8080", "localhost", None),
        ("http://LOCALHOST:8080", "localhost:8080", None),
        ("http://localhost:8081", "localhost:8080", HTTP_PROXY),
        ("http://127.0.0.1:8080", "127.0.0.1", None),
        ("http://[::1]:8080", "::1", None),
    ],
)
def test_which_proxy_an_origin_takes(origin: str, bypass: str, proxy: str | None) -> None:
    """By its scheme, unless its host, or a domain that it is in, is listed."""
    assert proxy == Proxy(HTTPS_PROXY, HTTP_PROXY, bypass).for_origin(origin)


def test_settings_are_values() -> None:
    """Equal settings are equal, and none can be changed."""
    assert Settings(deadline=5) == Settings(deadline=5.0) != Settings()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Settings().deadline = 5.0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert Settings(rate_limit=None).rate_limit is None


def test_a_certificate_may_be_given_as_a_path() -> None:
    """As most code holds it."""
    assert Tls(ca_file=Path("ca.pem")) == Tls(ca_file="ca.pem")
