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
V2_ENDPOINTS = [endpoint for endpoint in (*GENERIC, *OF_MAKES, BATCH) if not endpoint.path.startswith("/v3/")]


def unified(path: str) -> str:
    """A path at the newest version, without the names of its parameters; makes are parameters too."""
    path = re.sub(rf"/({'|'.join(MAKES)})/", "/{make}/", path.replace("v{version}", "v2.0"))
    return re.sub(r"{\w+}", "{}", path)


def make_of(endpoint: Endpoint) -> str | None:
    """The make that a path of the client names, if it does."""
    return next((make for make in MAKES if f"/{make}/" in endpoint.path), None)


def test_routes_and_operations_are_the_same() -> None:
    """By method, path and host; each side has written them out for itself."""
    requested = {
        (endpoint.method, unified(endpoint.path), endpoint.host.value.removesuffix("_origin"))
        for endpoint in V2_ENDPOINTS
    }
    served = {(method, unified(path), host) for (method, path), host in Simulator.v2_hosts.items()}
    reads_of_makes = {("GET", unified(route.path), "api") for route in SERVED if route.method == "GET" and route.makes}
    assert requested - served == set()
    assert served - requested == reads_of_makes


def test_both_sides_need_the_same_permissions() -> None:
    """And serve the same makes."""
    compared = 0
    for endpoint in V2_ENDPOINTS:
        make = make_of(endpoint)
        differences = [
            route.permission
            for route in SERVED
            if (route.method, unified(route.path)) == (endpoint.method, unified(endpoint.path))
            and (make is None or make in route.makes)
        ]
        if differences:
            assert differences == [endpoint.permission.value if endpoint.permission else None], endpoint.path
            compared += 1
    assert compared == sum(route.method != "GET" or not route.makes for route in SERVED)
