"""The simulator serves what the client can ask for, and the client can ask for what the simulator serves."""

from __future__ import annotations

import re

from smartcar_async.operations import ENDPOINTS
from smartcar_async.testing import Simulator

PAGES = {("GET", "/oauth/authorize", "connect"), ("POST", "/oauth/authorize", "connect")}
"""What an owner's browser asks for: the client makes links to it and never calls it."""


def unified(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"{\w+}", "{}", path)


def test_routes_and_operations_are_the_same() -> None:
    """By method, path and host; each side has written them out for itself."""
    requested = {
        (endpoint.method, unified(endpoint.path), endpoint.host.value.removesuffix("_origin")) for endpoint in ENDPOINTS
    }
    served = {(method, unified(path), host) for (method, path), host in Simulator.hosts.items()}
    assert len(requested) == len(ENDPOINTS)
    assert len(served) == len(Simulator.routes)
    assert requested - served == set()
    assert served - requested == PAGES
