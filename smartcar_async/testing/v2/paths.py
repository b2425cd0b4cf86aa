"""How paths of v2 are spelled: any version of two numbers is the newest, and one habit of an SDK is understood."""

from __future__ import annotations

import re

from .errors import no_version

_VERSION = re.compile(r"v\d+\.\d+")
_TOKEN = "/oauth/token"


def is_v2(path: str) -> bool:
    """Whether a path has a version that is not the third; the announced schedules are at 3.0."""
    first = path[1:].partition("/")[0]
    return re.match(r"v\d", first) is not None and first not in ("v3", "v3.0")


def canonical(path: str) -> str:
    """The path as the routes have it.

    Smartcar's SDK for Python takes `SMARTCAR_AUTH_ORIGIN` for the whole URL of the token endpoint, the one for Node
    appends the path to it. Here both find it under the same variable.
    """
    if is_v2(path):
        version, slash, rest = path[1:].partition("/")
        if not _VERSION.fullmatch(version):
            raise no_version()
        return f"/v2.0{slash}{rest}"
    return path.removeprefix(_TOKEN) if path.startswith(_TOKEN * 2) else path
