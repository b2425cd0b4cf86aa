"""The client of API v2.0: it owns what is open, exchanges tokens, and hands out handles and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self
from weakref import WeakSet

from ..errors import CommandOutcomeUnknown
from ..request import header_value
from ..vocabulary import Permission, UnitSystem
from . import access, auth_url, paging
from .operations import Target, account, reads, version_text
from .vehicle import Vehicle

if TYPE_CHECKING:
    import aiohttp

    from ..clock import Clock
    from ..connect import ConnectResult
    from ..log import Event
    from ..pages import Pages
    from ..records import VehicleAttributes
    from ..settings import Settings
    from . import records
    from .access import AccessToken
    from .token_store import TokenPair, TokenStore
    from .tokens import TokenSource


class Client:
    """Your application at Smartcar, with the tokens of its owners. Use it as `async with`, or end it with `aclose`.

    `mode` is live, test or simulated, and goes into the links to Connect. `version` is that of every path.
    An id, a secret or a `redirect_uri` that you leave out is that of the settings.
    A `session` that you pass in is used and never closed.
    `on_event` is called with every request and every wait, `on_outcome_unknown` with every command of unknown outcome:
    ordinary functions, and what they raise is logged and changes nothing.
    """

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        redirect_uri: str | None = None,
        mode: str = "live",
        version: str = "2.0",
        *,
        test_mode: bool | None = None,
        settings: Settings | None = None,
        session: aiohttp.ClientSession | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        # The engine needs asyncio, the half of an import's cost: whoever makes a client has it loaded already.
        from ..engine.pipeline import Engine
        from .tokens import Exchanges

        self._engine = Engine(
            "Client",
            client_id,
            client_secret,
            settings=settings,
            session=session,
            on_event=on_event,
            on_outcome_unknown=on_outcome_unknown,
            clock=clock,
        )
        self._settings = self._engine.settings
        self.client_id: str = self._engine.client_id
        """The id of the application."""
        address = self._settings.redirect_uri if redirect_uri is None else redirect_uri
        self.redirect_uri: str | None = None if address is None else header_value(address, "redirect_uri")
        """Where Connect sends an owner back to."""
        self.mode: str = account.mode_text(None if test_mode is not None else mode, test_mode) or "live"
        """Which cars the links to Connect are for: live, test or simulated."""
        self.version: str = version_text(version)
        """The version of the API in every path."""
        self._sources: WeakSet[TokenSource] = WeakSet()
        self._exchanges = Exchanges()

    @classmethod
    def from_env(
        cls,
        redirect_uri: str | None = None,
        mode: str = "live",
        version: str = "2.0",
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        test_mode: bool | None = None,
        settings: Settings | None = None,
        session: aiohttp.ClientSession | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """A client for what the environment holds, see `Settings.from_env`. Arguments go before it, and of `settings`
        every value that is not the default.
        """
        from ..settings import over_environment

        return cls(
            client_id,
            client_secret,
            redirect_uri,
            mode,
            version,
            test_mode=test_mode,
            settings=over_environment(settings),
            session=session,
            on_event=on_event,
            on_outcome_unknown=on_outcome_unknown,
            clock=clock,
        )

    async def __aenter__(self) -> Self:
        await self._engine.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let token requests that were sent be answered and refreshes store their pairs, then close the connections.

        Calls that are under way then end with an error; later ones raise ConfigurationError.
        """
        from asyncio import ensure_future, shield

        # In a task of its own: whoever gives up waiting for the answer to a refresh does not break the refresh off.
        await shield(ensure_future(self._close()))

    async def _close(self) -> None:
        from .tokens import finished

        try:
            await finished(tuple(self._sources))
            await self._exchanges.finish()
        finally:
            await self._engine.aclose()

    def auth_url(
        self,
        scope: Iterable[Permission | str] | str | None = None,
        *,
        force_prompt: bool = False,
        single_select: bool | Mapping[str, Any] | None = None,
        state: str | None = None,
        make_bypass: str | None = None,
        flags: Mapping[str, str | bool | int] | None = None,
        user: str | None = None,
        mode: str | None = None,
        test_mode: bool | None = None,
    ) -> str:
        """The link to the consent pages. Nothing is sent.

        `single_select` is True, {"enabled": True} or {"vin": ...}. `state` comes back to `redirect_uri`; let it be
        one that nobody can guess, and give it to `parse_redirect`. `mode` takes the place of the client's own.
        """
        chosen = account.mode_text(mode, test_mode)
        return auth_url.auth_url(
            self._settings.connect_origin,
            self.client_id,
            self.mode if chosen is None else chosen,
            redirect_uri=self.redirect_uri,
            scope=scope,
            force_prompt=force_prompt,
            single_select=single_select,
            state=state,
            make_bypass=make_bypass,
            flags=flags,
            user=user,
        )

    def parse_redirect(self, url: str, *, state: str) -> ConnectResult:
        """What an owner came back with from Connect; a refusal is raised, and any other state than yours refused."""
        from ..connect import parse_redirect

        return parse_redirect(url, state)

    async def exchange_code(
        self,
        code: str,
        *,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> TokenPair:
        """Tokens for an authorization code; InvalidRequest if it is not valid. It works once: where the answer is lost,
        CommandOutcomeUnknown is raised, and the owner must go through Connect again.
        """
        call = account.exchange_code(self._application(), code, self._engine.clock.now(), self.redirect_uri, flags)
        allowed = self._settings.deadline if deadline is None else deadline
        return await self._exchanges.run(self._engine.run(call, allowed))

    async def exchange_refresh_token(
        self,
        token: str,
        *,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> TokenPair:
        """New tokens for a refresh token, which ends with it: store what comes back before you use it."""
        call = account.exchange_refresh_token(self._application(), token, self._engine.clock.now(), flags)
        return await self._exchanges.run(self._engine.run(call, deadline))

    async def get_user(self, token: AccessToken, *, deadline: float | timedelta | None = None) -> records.User:
        """The owner of a token; AuthenticationError if the token has ended."""
        return await self._engine.run(account.user(self.version), deadline, access.tokens_of(token))

    async def get_vehicles(
        self,
        token: AccessToken,
        *,
        limit: int | None = None,
        offset: int | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.VehicleIds:
        """One page of an owner's vehicles: their ids, and how many there are."""
        call = account.vehicles(self.version, limit, offset)
        return await self._engine.run(call, deadline, access.tokens_of(token))

    def iter_vehicles(
        self, token: AccessToken, *, page_size: int | None = None, deadline: float | timedelta | None = None
    ) -> Pages[str]:
        """The ids of all of an owner's vehicles; iterate with `async for`. `deadline` is for each page."""
        tokens, page_call = access.tokens_of(token), partial(account.vehicles, self.version, page_size)
        return paging.by_offset(page_call, lambda call: self._engine.run(call, deadline, tokens))

    async def get_vehicle(
        self,
        token: AccessToken,
        vehicle_id: str,
        *,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.V3Response[VehicleAttributes]:
        """Make, model, year and so on of a vehicle, from API v3."""
        call = reads.v3_attributes(Target(vehicle_id, flags=flags))
        return await self._engine.run(call, deadline, access.tokens_of(token))

    async def get_compatibility(
        self,
        vin: str,
        scope: Iterable[Permission | str] | str,
        country: str | None = "US",
        *,
        mode: str | None = None,
        test_mode: bool | None = None,
        test_mode_compatibility_level: str | None = None,
        flags: Mapping[str, str | bool | int] | None = None,
        version: str | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.Compatibility:
        """Whether a vehicle is likely to work. A `test_mode_compatibility_level` brings mode="test" along."""
        call = account.compatibility(
            self._application(),
            self._version(version),
            vin,
            scope,
            country,
            mode=mode,
            test_mode=test_mode,
            test_mode_compatibility_level=test_mode_compatibility_level,
            flags=flags,
        )
        return await self._engine.run(call, deadline)

    async def get_compatibility_matrix(
        self,
        region: str,
        *,
        scope: Iterable[Permission | str] | str | None = None,
        make: Iterable[str] | str | None = None,
        type: str | None = None,
        mode: str | None = None,
        test_mode: bool | None = None,
        test_mode_compatibility_level: str | None = None,
        flags: Mapping[str, str | bool | int] | None = None,
        version: str | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.CompatibilityMatrix:
        """The models that work in the region US, CA or EUROPE; `type` is ICE, HEV, PHEV or BEV."""
        call = account.compatibility_matrix(
            self._application(),
            self._version(version),
            region,
            scope=scope,
            make=make,
            type=type,
            mode=mode,
            test_mode=test_mode,
            test_mode_compatibility_level=test_mode_compatibility_level,
            flags=flags,
        )
        return await self._engine.run(call, deadline)

    async def get_connections(
        self,
        amt: str,
        *,
        user_id: str | None = None,
        vehicle_id: str | None = None,
        mode: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.Connections:
        """One page of the application's connections, newest first, with its management token."""
        call = account.connections(
            access.management(amt),
            self.version,
            user_id=user_id,
            vehicle_id=vehicle_id,
            mode=mode,
            limit=limit,
            cursor=cursor,
        )
        return await self._engine.run(call, deadline)

    def iter_connections(
        self,
        amt: str,
        *,
        user_id: str | None = None,
        vehicle_id: str | None = None,
        mode: str | None = None,
        page_size: int | None = None,
        deadline: float | timedelta | None = None,
    ) -> Pages[records.Connection]:
        """All of the application's connections; iterate with `async for`. `deadline` is for each page."""
        page_call = partial(
            account.connections,
            access.management(amt),
            self.version,
            user_id=user_id,
            vehicle_id=vehicle_id,
            mode=mode,
            limit=page_size,
        )
        return paging.by_cursor(page_call, lambda call: self._engine.run(call, deadline))

    async def delete_connections(
        self,
        amt: str,
        *,
        user_id: str | None = None,
        vehicle_id: str | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.DeletedConnections:
        """Delete all connections of one user, or all of one vehicle: give exactly one of both."""
        call = account.delete_connections(access.management(amt), self.version, user_id=user_id, vehicle_id=vehicle_id)
        return await self._engine.run(call, deadline)

    def vehicle(
        self,
        id: str,
        token: AccessToken,
        unit_system: UnitSystem | str | None = None,
        flags: Mapping[str, str | bool | int] | None = None,
        version: str | None = None,
        *,
        make: str | None = None,
    ) -> Vehicle:
        """A handle on one vehicle. Nothing is sent. Units are metric unless set here or in the settings.

        With a `make`, the vehicle is never sent a command of another make.
        """
        units = self._settings.unit_system if unit_system is None else unit_system
        chosen = UnitSystem.METRIC if units is None else units
        return Vehicle(self._engine, id, access.tokens_of(token), chosen, flags, self._version(version), make)

    def token_source(self, store: TokenStore, key: str) -> TokenSource:
        """One owner's tokens, kept in a store under a key of yours: pass it in place of a token. Nothing is sent."""
        from .tokens import TokenSource

        source = TokenSource(store, key, self.exchange_refresh_token, self._engine.clock)
        self._sources.add(source)
        return source

    def _application(self) -> access.OwnAuthorization:
        return access.application(self.client_id, self._engine.client_secret.reveal())

    def _version(self, version: str | None) -> str:
        return self.version if version is None else version_text(version)

    def __reduce__(self) -> NoReturn:
        self._engine.__reduce__()

    def __repr__(self) -> str:
        return f"Client(client_id={self.client_id!r})"
