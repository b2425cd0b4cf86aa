"""Connect, the consent pages: the link to send an owner to, and what the owner comes back with."""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from attrs import field, frozen

from .arguments import flags_text, require_bool, require_list
from .errors import (
    AccountError,
    ApiError,
    CompatibilityError,
    ConfigurationError,
    InvalidRequest,
    PermissionDenied,
    ServerError,
)
from .request import mode_value, query_of, require_id, require_text
from .vocabulary import Permission, VehicleMode

_PATH: Final = "/oauth/authorize"
_REQUIRED: Final = "required:"
_FAMILIES: Final[Mapping[str, type[ApiError]]] = MappingProxyType(
    {
        "access_denied": PermissionDenied,
        "invalid_subscription": AccountError,
        "no_vehicles": AccountError,
        "configuration_error": InvalidRequest,
        "vehicle_incompatible": CompatibilityError,
        "server_error": ServerError,
    }
)


@frozen
class ConnectLink:
    """A link to Connect, with the state to keep until the owner comes back."""

    url: str = field(repr=False)
    state: str = field(repr=False)


@frozen
class ConnectResult:
    """What an owner who granted access comes back with."""

    state: str = field(repr=False)
    user_id: str | None = None
    vehicle_id: str | None = None
    """The vehicle, after the re-authentication of a single one."""
    external_id: str | None = None
    code: str | None = field(default=None, repr=False)
    """An authorization code, for those who still use per-user tokens."""


@frozen
class IncompatibleVehicle:
    """The vehicle that an owner tried to connect in vain. It is in the error's `details`."""

    vin: str | None = None
    make: str | None = None
    model: str | None = None
    year: str | None = None


def connect_url(
    origin: str,
    application_id: str | None,
    *,
    redirect_uri: str | None = None,
    scope: Iterable[Permission | str] | str | None = None,
    state: str | None = None,
    mode: VehicleMode | str | None = None,
    force_prompt: bool = False,
    make: str | None = None,
    single_select: bool | None = None,
    single_select_vin: str | None = None,
    flags: Mapping[str, str | bool | int] | None = None,
    user: str | None = None,
    external_id: str | None = None,
    clear_external_id: bool = False,
    vehicle_id: str | None = None,
    code: bool = True,
) -> ConnectLink:
    """The link, with a state of our own making unless one is given."""
    if not application_id:
        raise ConfigurationError("application_id: missing; set Settings(application_id=...), it is not the client_id")
    require_id(application_id, "application_id")
    for name, value in {"force_prompt": force_prompt, "clear_external_id": clear_external_id, "code": code}.items():
        require_bool(value, name)
    if external_id is not None and clear_external_id:
        raise ConfigurationError("external_id, clear_external_id: give one of them")
    if clear_external_id and vehicle_id is None:
        raise ConfigurationError("clear_external_id: it goes with the re-authentication of a vehicle_id")
    state = secrets.token_urlsafe(24) if state is None else state
    texts = {"redirect_uri": redirect_uri, "state": state, "make": make, "vehicle_id": vehicle_id, "user": user}
    texts |= {"external_id": external_id, "single_select_vin": single_select_vin}
    for name, text in texts.items():
        if text is not None:
            (require_text if name == "state" else require_id)(text, name)
    if single_select_vin is not None and single_select is False:
        raise ConfigurationError("single_select: it cannot be False with single_select_vin")
    selects_one = True if single_select is None and single_select_vin is not None else single_select
    fields = {
        "response_type": "vehicle_id" if vehicle_id is not None else "code" if code else "none",
        "client_id": application_id,
        "redirect_uri": redirect_uri,
        "scope": None if scope is None else _scope(scope),
        "state": state,
        "mode": None if mode is None else mode_value(mode),
        "approval_prompt": "force" if force_prompt else None,
        "make": None if make is None else make.upper(),
        "single_select": None if selects_one is None else str(require_bool(selects_one, "single_select")).lower(),
        "single_select_vin": single_select_vin,
        "flags": flags_text(flags),
        "user": user,
        "external_id": "null" if clear_external_id else external_id,
        "vehicle_id": vehicle_id,
    }
    return ConnectLink(f"{origin}{_PATH}?{urlencode(query_of(fields), quote_via=quote)}", state)


def parse_redirect(url: str, state: str) -> ConnectResult:
    """What the owner came back with, or the error that Connect reports. Any other state than ours is refused."""
    if not isinstance(url, str) or not isinstance(state, str) or not state:
        raise ConfigurationError("url, state: give the whole URL of the redirect, and the state of your ConnectLink")
    try:
        answer = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:
        raise ConfigurationError("url: not a URL") from None
    if not hmac.compare_digest(_bytes(answer.get("state", "")), _bytes(state)):
        raise ConfigurationError("state: missing or not ours, so this redirect may be forged; start Connect again")
    if "error" in answer:
        raise _refusal(answer)
    if not any(answer.get(name) for name in ("user_id", "vehicle_id", "code")):
        raise ConfigurationError("url: this is no redirect from Connect; it has neither a user_id nor an error")
    return ConnectResult(
        state,
        answer.get("user_id") or None,
        answer.get("vehicle_id") or None,
        answer.get("external_id") or None,
        answer.get("code") or None,
    )


def _bytes(text: str) -> bytes:
    """The bytes of any text: half a surrogate pair is no reason to fail, for it only will not match."""
    return text.encode("utf-8", "surrogatepass")


def _refusal(answer: Mapping[str, str]) -> ApiError:
    code, text = answer["error"], answer.get("error_description") or None
    vehicle = IncompatibleVehicle(*(answer.get(name) or None for name in ("vin", "make", "model", "year")))
    family = _FAMILIES.get(code, ApiError)
    return family(
        f"Connect: {code} - {text}" if text else f"Connect: {code}",
        error=code,
        code=code,
        message=text,
        description=text,
        details=(vehicle,) if vehicle != IncompatibleVehicle() else (),
    )


def _scope(scope: Iterable[Permission | str] | str) -> str:
    words = scope.split() if isinstance(scope, str) else [str(word) for word in require_list(scope, "scope")]
    for word in words:
        name = word.removeprefix(_REQUIRED)
        if name not in set(Permission):
            raise ConfigurationError(f"scope: {name!r} is no permission; see Permission")
    if not words:
        raise ConfigurationError("scope: give at least one permission, or None for the dashboard's")
    return " ".join(words)
