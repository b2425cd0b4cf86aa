"""The client: it owns what is open, and hands out handles and pages."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from . import operations
from .errors import ConfigurationError
from .pages import Pages
from .records import Connection, Page, Response
from .request import Call
from .vehicle import Vehicle
from .vocabulary import VehicleMode

if TYPE_CHECKING:
    import aiohttp

    from .clock import Clock
    from .log import Event
    from .settings import Settings


class Smartcar:
    """Your application at Smartcar. Use it as `async with`, or end it with `aclose`.

    A `session` that you pass in is used and never closed. `on_event` is told of every request, without secrets.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        settings: "Settings | None" = None,
        session: "aiohttp.ClientSession | None" = None,
        on_event: "Callable[[Event], None] | None" = None,
        clock: "Clock | None" = None,
    ) -> None:
        _required(client_id, "client_id", "SMARTCAR_CLIENT_ID")
        _required(client_secret, "client_secret", "SMARTCAR_CLIENT_SECRET")
        # The engine needs asyncio, the half of an import's cost: whoever makes a client has it loaded already.
        from .engine import Engine
        from .settings import Settings
        from .transport import Transport

        settings = Settings() if settings is None else settings
        self.client_id = client_id
        self._engine = Engine(client_id, client_secret, settings, Transport(settings, session), on_event, clock)

    @classmethod
    def from_env(cls) -> Self:
        """A client for the credentials and origins in the environment, see `Settings.from_env`."""
        from .settings import Settings

        settings = Settings.from_env()
        return cls(settings.client_id or "", settings.client_secret or "", settings=settings)

    async def __aenter__(self) -> Self:
        await self._engine.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Calls after this raise ConfigurationError."""
        await self._engine.aclose()

    def connections(
        self,
        *,
        user_id: str | None = None,
        vehicle_id: str | None = None,
        mode: VehicleMode | str | None = None,
        external_id: str | None = None,
        page_size: int = operations.PAGE_SIZE,
        deadline: float | timedelta | None = None,
    ) -> Pages[Connection]:
        """The vehicles that owners connected to your application; iterate with `async for`.

        The API lists live vehicles unless `mode="simulated"` is given. `deadline` is for each page.
        """

        def of(number: int) -> Call[Page[Connection]]:
            return operations.list_connections(
                user_id=user_id,
                vehicle_id=vehicle_id,
                mode=mode,
                external_id=external_id,
                page_size=page_size,
                number=number,
            )

        async def fetch(number: int) -> Page[Connection]:
            page = await self._engine.run(of(number), deadline)
            if page.malformed:
                self._engine.report_skipped(operations.CONNECTIONS, page.malformed)
            return page

        of(1)  # refuses bad filters here and now, not at the first step of a later loop
        return Pages(fetch)

    async def connection(self, connection_id: str, *, deadline: float | timedelta | None = None) -> Connection:
        """One connection."""
        return await self._engine.run(operations.get_connection(connection_id), deadline)

    async def delete_connection(self, connection_id: str, *, deadline: float | timedelta | None = None) -> None:
        """End one connection: the vehicle's owner must go through Connect again to restore it."""
        await self._engine.run(operations.delete_connection(connection_id), deadline)

    async def delete_user(self, user_id: str, *, deadline: float | timedelta | None = None) -> None:
        """Remove a user and all of the user's connections."""
        await self._engine.run(operations.delete_user(user_id), deadline)

    def vehicle(self, vehicle_id: str, user_id: str) -> Vehicle:
        """A handle on one vehicle. Nothing is sent."""
        return Vehicle(self._engine, vehicle_id, user_id)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | timedelta | None = None,
    ) -> Response:
        """Any call to the vehicle API, for what has no method here. Only a GET is ever sent again."""
        call = operations.custom(method, path, query=query, body=body, headers=headers)
        return await self._engine.run(call, deadline)

    def __repr__(self) -> str:
        return f"Smartcar(client_id={self.client_id!r})"


def _required(value: object, argument: str, variable: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{argument}: missing; pass it, or set {variable} and use Smartcar.from_env()")
