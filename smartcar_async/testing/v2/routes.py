"""Everything that the simulator serves of v2, by method, path and host."""

from __future__ import annotations

from ..service import Params, Route, Service
from ..wire import Answer, Request
from .access import Endpoint, EndpointSelector
from .account import disconnect, get_user, list_vehicles, subscribe, unsubscribe
from .api import v2_of
from .batch import batch
from .commands import COMMANDS
from .compatibility import by_vin, matrix
from .makes import MAKE_COMMANDS, MAKE_READS
from .management import delete_connections, list_connections
from .reads import READS
from .tesla import TESLA_COMMANDS
from .tesla_reads import TESLA_READS

ENDPOINTS: tuple[Endpoint, ...] = (
    *READS, *COMMANDS, *TESLA_READS, *TESLA_COMMANDS, *MAKE_READS, *MAKE_COMMANDS,
)  # fmt: skip
"""The calls about a car; where makes differ at the same path, each has its own."""


def _token(service: Service, request: Request, _: Params) -> Answer:
    return v2_of(service).tokens.answer(request)


def _endpoints_by_path() -> dict[tuple[str, str], list[Endpoint]]:
    by_path: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault((endpoint.method, endpoint.path), []).append(endpoint)
    return by_path


V2_ROUTES: tuple[Route, ...] = (
    Route("POST", "/oauth/token", _token, host="auth", public=True),
    Route("GET", "/v2.0/user", get_user, host="api", public=True),
    Route("GET", "/v2.0/vehicles", list_vehicles, host="api", public=True),
    Route("GET", "/v2.0/compatibility", by_vin, host="api", public=True),
    Route("GET", "/v2.0/compatibility/matrix", matrix, host="api", public=True),
    Route("POST", "/v2.0/vehicles/{vehicle}/batch", batch, host="api", public=True),
    Route("DELETE", "/v2.0/vehicles/{vehicle}/application", disconnect, host="api", public=True),
    Route("POST", "/v2.0/vehicles/{vehicle}/webhooks/{webhook}", subscribe, host="api", public=True),
    Route("DELETE", "/v2.0/vehicles/{vehicle}/webhooks/{webhook}", unsubscribe, host="api", public=True),
    *(
        Route(method, path, EndpointSelector(tuple(endpoints)), host="api", public=True)
        for (method, path), endpoints in _endpoints_by_path().items()
    ),
    Route("GET", "/v2.0/management/connections", list_connections, host="management_v2", public=True),
    Route("DELETE", "/v2.0/management/connections", delete_connections, host="management_v2", public=True),
)
"""A route for each method and path. All are public to the service, since they check credentials themselves."""
