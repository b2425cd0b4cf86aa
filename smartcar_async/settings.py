"""How to reach Smartcar, and how patiently. Values only; the environment is read in `from_env`, nowhere else."""

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Protocol, Self, runtime_checkable
from urllib.parse import SplitResult, urlsplit

import attrs
from attrs import field, frozen

from .arguments import is_number, mapping, require_instance
from .errors import ConfigurationError
from .vocabulary import SchedulePaths, UnitSystem

_ORIGIN_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "vehicle_origin": (
        "SMARTCAR_VEHICLE_ORIGIN",
        "SMARTCAR_API_V3_ORIGIN",
        "SMARTCAR_VEHICLE_API_V3_ORIGIN",
        "SMARTCAR_VEHICLE_API_ORIGIN",
    ),
    "management_origin": ("SMARTCAR_MANAGEMENT_ORIGIN",),
    "iam_origin": ("SMARTCAR_IAM_ORIGIN",),
    "connect_origin": ("SMARTCAR_CONNECT_ORIGIN",),
    "compatibility_origin": ("SMARTCAR_COMPATIBILITY_ORIGIN",),
    "api_origin": ("SMARTCAR_API_ORIGIN",),
    "auth_origin": ("SMARTCAR_AUTH_ORIGIN",),
    "management_v2_origin": ("SMARTCAR_MANAGEMENT_API_ORIGIN",),
}
"""Our name first, then those of Smartcar's own SDKs."""

_LARGEST: Final = sys.float_info.max
_TOKEN_PATHS: Final = ("/oauth/token", "/oauth2/token")


def seconds(value: float | timedelta, argument: str) -> float:
    """A duration in seconds, positive and finite, or a ConfigurationError that names the argument."""
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if not is_number(number, most=_LARGEST) or number <= 0:
        raise ConfigurationError(f"{argument}: give a positive number of seconds or a timedelta, not {value!r}")
    return float(number)


def _http_url(value: object) -> SplitResult | None:
    """The parts of an absolute http or https URL, or None for anything else."""
    try:
        parts = urlsplit(value.encode().decode() if isinstance(value, str) else "")
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if valid else None


def _origin(value: object, argument: str) -> str:
    parts = _http_url(value)
    if parts is None or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(f"{argument}: give an absolute http or https URL, such as https://api.smartcar.com")
    origin = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    for path in _TOKEN_PATHS:
        origin = origin.removesuffix(path)
    return origin


def _seconds_field(default: float, name: str) -> Any:
    def convert(value: float | timedelta) -> float:
        return seconds(value, name)

    return field(default=default, converter=convert)


def _origin_field(default: str, name: str) -> Any:
    def convert(value: str) -> str:
        return _origin(value, name)

    return field(default=default, converter=convert)


def _proxy_field(default: str | None = None) -> Any:
    return field(default=default, repr=False, converter=_proxy_url)


def _proxy_url(value: str | None) -> str | None:
    if value is not None and _http_url(value) is None:
        raise ConfigurationError("proxy: give an http or https URL, here or in https_proxy, http_proxy and all_proxy")
    return value


def _text_field(default: str | None = None, *, repr: bool = True) -> Any:
    return field(default=default, repr=repr, validator=_check_text)


@runtime_checkable
class _Path(Protocol):
    """What names a file, beside a text."""

    def __fspath__(self) -> str: ...


def _path_text(value: str | _Path | None) -> str | None:
    return value.__fspath__() if isinstance(value, _Path) else value


def _check_text(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """A text that can be sent or opened, or None where that is the default."""
    if value is None and attribute.default is None:
        return
    try:
        valid = isinstance(value, str) and b"\0" not in value.encode()
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise ConfigurationError(f"{attribute.name}: give a text")


def _instance_of(kind: type[object], *, or_none: bool = False) -> Any:
    def check(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if value is not None or not or_none:
            require_instance(value, kind, attribute.name)

    return check


def _at_least(minimum: float, *, whole: bool = False) -> Any:
    kind = "whole number" if whole else "number"

    def check(_instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if not is_number(value, minimum, _LARGEST, whole=whole):
            raise ConfigurationError(f"{attribute.name}: give a {kind} of at least {minimum:g}, not {value!r}")

    return check


@frozen
class RateLimit:
    """The application's request budget: a bucket that is refilled steadily."""

    capacity: int = field(default=120, validator=_at_least(1, whole=True))
    per_minute: float = field(default=2.0, validator=_at_least(0.001))


@frozen
class Retry:
    """How often a read is tried, and how the pauses grow."""

    attempts: int = field(default=4, validator=_at_least(1, whole=True))
    first_pause: float = _seconds_field(0.5, "first_pause")
    longest_pause: float = _seconds_field(8.0, "longest_pause")


@frozen
class Tls:
    """Certificates beside the system's own: an extra authority, and one to show to the server or proxy."""

    ca_file: str | None = field(default=None, converter=_path_text, validator=_check_text)
    client_certificate: str | None = field(default=None, converter=_path_text, validator=_check_text)
    client_key: str | None = field(default=None, converter=_path_text, validator=_check_text)
    client_key_password: str | None = _text_field(repr=False)


@frozen
class Proxy:
    """The proxies to go through, by the scheme of the origin; `bypass` lists hosts as NO_PROXY does."""

    https: str | None = _proxy_field()
    http: str | None = _proxy_field()
    bypass: str = _text_field("")

    def for_origin(self, origin: str) -> str | None:
        """The proxy for this origin, or None to connect directly."""
        parts = urlsplit(origin)
        host, with_port = f".{parts.hostname}", f".{parts.netloc.lower()}"
        for name in (name.strip().lower() for name in self.bypass.split(",")):
            ending = f".{name.lstrip('.')}"
            if name and (name == "*" or host.endswith(ending) or with_port.endswith(ending)):
                return None
        return self.https if parts.scheme == "https" else self.http


def _proxy(value: str | Proxy | None) -> Proxy | None:
    return value if value is None or isinstance(value, Proxy) else Proxy(https=value, http=value)


def _schedule_paths(value: SchedulePaths | str) -> SchedulePaths:
    try:
        return SchedulePaths(value)
    except ValueError:
        raise ConfigurationError(f"schedule_paths: give 'auto', 'reference' or 'announcement', not {value!r}") from None


def _unit_system(value: UnitSystem | str | None) -> UnitSystem | None:
    try:
        return None if value is None else UnitSystem(value)
    except ValueError:
        raise ConfigurationError(f"unit_system: give 'metric' or 'imperial', not {value!r}") from None


@frozen
class Settings:
    """Everything that can be set, with Smartcar's own values as defaults."""

    client_id: str | None = _text_field()
    client_secret: str | None = _text_field(repr=False)
    application_id: str | None = _text_field()
    """The application's id for Connect, which is not the `client_id` of the API."""
    redirect_uri: str | None = _text_field()
    """Where Connect sends owners back to, for a client of API v2.0."""
    vehicle_origin: str = _origin_field("https://vehicle.api.smartcar.com", "vehicle_origin")
    management_origin: str = _origin_field("https://management.api.smartcar.com", "management_origin")
    iam_origin: str = _origin_field("https://iam.smartcar.com", "iam_origin")
    connect_origin: str = _origin_field("https://connect.smartcar.com", "connect_origin")
    compatibility_origin: str = _origin_field("https://compatibility.api.smartcar.com", "compatibility_origin")
    api_origin: str = _origin_field("https://api.smartcar.com", "api_origin")
    auth_origin: str = _origin_field("https://auth.smartcar.com", "auth_origin")
    management_v2_origin: str = _origin_field("https://management.smartcar.com", "management_v2_origin")
    unit_system: UnitSystem | None = field(default=None, converter=_unit_system)
    """Requested from the API; nothing is converted here. Whether v3 follows it is not known: read `unit`."""
    deadline: float = _seconds_field(30.0, "deadline")
    """Seconds for one read, with queueing, tokens and retries."""
    command_deadline: float = _seconds_field(310.0, "command_deadline")
    """Seconds for one call that changes something: a car may take minutes to answer."""
    connect_timeout: float = _seconds_field(10.0, "connect_timeout")
    max_response_bytes: int = field(default=16 * 1024 * 1024, validator=_at_least(1, whole=True))
    """The longest body of an answer that is read, counted after decompression; a longer one is ResponseTooLarge."""
    schedule_paths: SchedulePaths = field(default=SchedulePaths.AUTO, converter=_schedule_paths)
    rate_limit: RateLimit | None = field(default=RateLimit(), validator=_instance_of(RateLimit, or_none=True))
    """The application's budget as this client keeps it; None lifts it."""
    retry: Retry = field(default=Retry(), validator=_instance_of(Retry))
    proxy: Proxy | None = field(default=None, converter=_proxy)
    tls: Tls | None = field(default=None, validator=_instance_of(Tls, or_none=True))

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **changes: Any) -> Self:
        """Settings from the environment, under our names and those of Smartcar's SDKs; `changes` win."""
        env = os.environ if environment is None else mapping(environment, "environment")
        values: dict[str, Any] = {
            "client_id": env.get("SMARTCAR_CLIENT_ID") or None,
            "client_secret": env.get("SMARTCAR_CLIENT_SECRET") or None,
            "application_id": env.get("SMARTCAR_APPLICATION_ID") or None,
            "redirect_uri": env.get("SMARTCAR_REDIRECT_URI") or None,
            "proxy": _proxy_from(env),
        }
        for name, variables in _ORIGIN_VARIABLES.items():
            for variable in variables:
                if env.get(variable):
                    values[name] = _origin(env[variable], variable)
                    break
        return cls(**{**values, **changes})


def over_environment(settings: Settings | None) -> Settings:
    """These settings, and the environment's wherever they have only the default."""
    from_env = Settings.from_env()
    if settings is None:
        return from_env
    default, own = Settings(), require_instance(settings, Settings, "settings")
    names = [each.name for each in attrs.fields(Settings)]
    unset = [name for name in names if getattr(own, name) == getattr(default, name)]
    return attrs.evolve(own, **{name: getattr(from_env, name) for name in unset})


def _proxy_from(env: Mapping[str, str]) -> Proxy | None:
    def either(name: str) -> str | None:
        return env.get(name.lower()) or env.get(name.upper()) or None

    everywhere = either("all_proxy")
    https, http = either("https_proxy") or everywhere, either("http_proxy") or everywhere
    if https is None and http is None:
        return None
    return Proxy(https=https, http=http, bypass=either("no_proxy") or "")
