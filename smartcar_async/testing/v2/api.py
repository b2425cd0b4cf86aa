"""What the service must know of v2 beside its routes: which paths are v2's, how its errors look, its tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from ..service import Route, Service
from ..wire import Answer, Problem, Refused, Request
from .errors import flat_error, no_path
from .paths import canonical, is_v2
from .switches import V2Switches
from .tokens import UserTokens


@define
class V2Api:
    """The v2.0 API beside v3, in the same service."""

    routes: Sequence[Route] = field(repr=False)
    tokens: UserTokens
    read_switches: Callable[[], V2Switches] = field(repr=False)
    """They are looked up each time, for they may be replaced as a whole."""

    @property
    def switches(self) -> V2Switches:
        """Which form is used where two are on record."""
        return self.read_switches()

    def serves(self, path: str) -> bool:
        """Whether a path is one of v2."""
        return is_v2(path)

    def canonical(self, path: str) -> str:
        """A path as the routes have it."""
        return canonical(path)

    def no_path(self, method: str, path: str) -> Refused:
        """The 404 of a path that v2 does not have."""
        return no_path(method, path)

    def error(self, problems: tuple[Problem, ...], request_id: str, retry_after: int | None = None) -> Answer:
        """The flat error of v2."""
        return flat_error(problems, request_id, retry_after, self.switches.resolution)

    def user_of(self, request: Request) -> str | None:
        """The user whose token a request carries."""
        grant = self.tokens.grant_of(request.headers.get("Authorization", ""))
        return grant.user_id if grant is not None else None

    def code(self, user_id: str, permissions: tuple[str, ...], redirect_uri: str | None) -> str:
        """A code that buys a pair of tokens."""
        return self.tokens.code(user_id, permissions, redirect_uri)


def v2_of(service: Service) -> V2Api:
    """The v2 of a service, for the routes of v2."""
    assert isinstance(service.older, V2Api), "only a service with v2 serves its routes"
    return service.older
