"""The link to Connect with the options of API v2.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from ..arguments import flags_text, require_bool
from ..errors import ConfigurationError
from ..request import query_of, require_id, require_text
from ..vocabulary import Permission
from .scopes import words

_SELECT_KEYS: Final = frozenset({"enabled", "vin"})


def auth_url(
    origin: str,
    client_id: str,
    mode: str | None,
    *,
    redirect_uri: str | None = None,
    scope: Iterable[Permission | str] | str | None = None,
    force_prompt: bool = False,
    single_select: bool | Mapping[str, Any] | None = None,
    state: str | None = None,
    make_bypass: str | None = None,
    flags: Mapping[str, str | bool | int] | None = None,
    user: str | None = None,
) -> str:
    """The link to send an owner to."""
    for name, value in {"state": state, "make_bypass": make_bypass, "user": user, "redirect_uri": redirect_uri}.items():
        if value is not None:
            (require_text if name == "state" else require_id)(value, name)
    fields = {
        "response_type": "code",
        "client_id": client_id,
        "approval_prompt": "force" if require_bool(force_prompt, "force_prompt") else "auto",
        "redirect_uri": redirect_uri,
        "scope": None if scope is None else " ".join(words(scope, "scope")),
        "state": state,
        **_single_select(single_select),
        "make": make_bypass,
        "flags": flags_text(flags),
        "user": user,
        "mode": mode,
    }
    return f"{origin}/oauth/authorize?{urlencode(query_of(fields), quote_via=quote)}"


def _single_select(choice: bool | Mapping[str, Any] | None) -> dict[str, str | None]:
    """Whether the owner picks a single vehicle, and which: True, {"enabled": True} or {"vin": ...}."""
    if choice is None:
        return {}
    options: Mapping[str, Any] = {"enabled": choice} if isinstance(choice, bool) else choice
    if not isinstance(options, Mapping) or not options or not _SELECT_KEYS.issuperset(options):
        raise ConfigurationError("single_select: give True, False, {'enabled': ...} or {'vin': ...}")
    vin = options.get("vin")
    enabled = options.get("enabled", True)
    if not isinstance(enabled, bool) or (vin is not None and not enabled):
        raise ConfigurationError("single_select: 'enabled' is True or False, and not False with a 'vin'")
    if "vin" in options:
        require_id(options["vin"], "single_select")
    return {"single_select": str(enabled).lower(), "single_select_vin": vin}
