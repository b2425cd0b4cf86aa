"""v2: the simulator serves what the client can ask for, and beyond it only what some makes alone can tell."""

from __future__ import annotations

import re

from smartcar_async.request import Endpoint
from smartcar_async.testing import Simulator
from smartcar_async.testing.v2.routes import ENDPOINTS as SERVED
from smartcar_async.v2.batch import BATCH
from smartcar_async.v2.makes.commands import ENDPOINTS as OF_MAKES
from smartcar_async.v2.operations import ENDPOINTS as GENERIC

MAKES = ("tesla", "nissan")
ASKED = [one for one in (*GENERIC, *OF_MAKES, BATCH) if not one.path.startswith("/v3/")]


def unified(path: str) -> str:
    """A path at the newest version, without the names of its parameters; makes are parameters too."""
    path = re.sub(rf"/({'|'.join(MAKES)})/", "/{make}/", path.replace("v{version}", "v2.0"))
    return re.sub(r"{\w+}", "{}", path)


def make_of(endpoint: Endpoint) -> str | None:
    """The make that a path of the client names, if it does."""
    return next((make for make in MAKES if f"/{make}/" in endpoint.path), None)


def test_routes_and_operations_are_the_same() -> None:
    """By method, path and host; each side has written them out for itself."""
    asked = {(one.method, unified(one.path), one.host.value.removesuffix("_origin")) for one in ASKED}
    served = {(method, unified(path), host) for (method, path), host in Simulator.v2_hosts.items()}
    told_by_makes = {("GET", unified(one.path), "api") for one in SERVED if one.method == "GET" and one.makes}
    assert asked - served == set()
    assert served - asked == told_by_makes


def test_both_sides_need_the_same_permissions() -> None:
    """And serve the same makes."""
    compared = 0
    for endpoint in ASKED:
        make = make_of(endpoint)
        found = [
            one.permission
            for one in SERVED
            if (one.method, unified(one.path)) == (endpoint.method, unified(endpoint.path))
            and (make is None or make in one.makes)
        ]
        if found:
            assert found == [endpoint.permission.value if endpoint.permission else None], endpoint.path
            compared += 1
    assert compared == sum(one.method != "GET" or not one.makes for one in SERVED)
