"""The client: it owns what is open, and hands out handles and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from . import operations
from .arguments import require_bool
from .errors import CommandOutcomeUnknown, DeadlineExceeded, NotFound
from .pages import Pages
from .request import Call
from .schedules.handle import PathMemory
from .vehicle import Vehicle
from .vocabulary import Permission, Powertrain, VehicleMode

if TYPE_CHECKING:
    import aiohttp

    from .clock import Clock
    from .connect import ConnectLink, ConnectResult
    from .log import Event
    from .records import CompatibleVehicle, Connection, Page, Response, Subscription, Webhook
    from .settings import Settings

T = TypeVar("T")

_DAY: Final = 86_400.0
_FIRST_POLL: Final = 0.5
_LONGEST_POLL_PAUSE: Final = 5.0


class Smartcar:
    """Your application at Smartcar. Use it as `async with`, or end it with `aclose`.

    An id or a secret that you leave out is that of the settings.
    A `session` that you pass in is used and never closed.

    Args:
        client_id: The id of the application's credentials.
        client_secret: Their secret.
        settings: Origins, deadlines, retries, proxy and so on; see `Settings`.
        on_event: An ordinary function that is called with every request and every wait.
        on_outcome_unknown: The same for every command of unknown outcome. What they raise is only logged.
        clock: What the client takes the time from; the simulator's, in tests.

    Example:
        async with Smartcar.from_env() as smartcar:
            async for connection in smartcar.connections():
                print(connection.vehicle_id, connection.user_id)
    """

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        settings: Settings | None = None,
        session: aiohttp.ClientSession | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        # The engine needs asyncio, the half of an import's cost: whoever makes a client has it loaded already.
        from .engine.pipeline import Engine

        self._engine = Engine(
            "Smartcar",
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
        """The id of the application's credentials."""
        self._schedule_paths = PathMemory(self._settings.schedule_paths)
        self._compatible: dict[object, tuple[float, tuple[CompatibleVehicle, ...]]] = {}

    @classmethod
    def from_env(
        cls,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        settings: Settings | None = None,
        session: aiohttp.ClientSession | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """A client for the credentials and origins in the environment, see `Settings.from_env`.

        An argument goes before the environment; of `settings`, every value that is not the default.
        """
        from .settings import over_environment

        return cls(
            client_id,
            client_secret,
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
        """Close the connections. Calls that are under way end with an error; later ones raise ConfigurationError."""
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

        Args:
            user_id: Only those of this user.
            vehicle_id: Only those of this vehicle.
            mode: `"live"` or `"simulated"`. The API lists live vehicles if it is not given.
            external_id: Only those of the user with this id of your own.
            page_size: Connections a request.
            deadline: Seconds or a timedelta for each page; `Settings.deadline` (30 s) if not given.
        """

        call = partial(
            operations.list_connections,
            user_id=user_id,
            vehicle_id=vehicle_id,
            mode=mode,
            external_id=external_id,
            page_size=page_size,
        )
        return self._pages(call, deadline)

    async def connection(self, connection_id: str, *, deadline: float | timedelta | None = None) -> Connection:
        """One connection; NotFound if there is none with this id."""
        return await self._engine.run(operations.get_connection(connection_id), deadline)

    async def delete_connection(self, connection_id: str, *, deadline: float | timedelta | None = None) -> None:
        """End one connection: its owner must go through Connect again to restore it. NotFound if there is none."""
        await self._engine.run(operations.delete_connection(connection_id), deadline)

    async def delete_user(self, user_id: str, *, deadline: float | timedelta | None = None) -> None:
        """Remove a user and all of the user's connections, for good. NotFound if there is none."""
        await self._engine.run(operations.delete_user(user_id), deadline)

    def vehicle(self, vehicle_id: str, user_id: str) -> Vehicle:
        """A handle on one vehicle. Nothing is sent.

        Args:
            vehicle_id: Smartcar's id of the vehicle, as `connections()` lists it; not a VIN.
            user_id: The id of the user who granted it.
        """
        return Vehicle(self._engine, vehicle_id, user_id, self._schedule_paths)

    def webhooks(
        self,
        *,
        name: str | None = None,
        callback_uri: str | None = None,
        is_enabled: bool | None = None,
        auto_subscribe: bool | None = None,
        page_size: int = operations.PAGE_SIZE,
        deadline: float | timedelta | None = None,
    ) -> Pages[Webhook]:
        """The webhooks that were set up in the dashboard. Name and address match in part."""
        call = partial(
            operations.list_webhooks,
            name=name,
            callback_uri=callback_uri,
            is_enabled=is_enabled,
            auto_subscribe=auto_subscribe,
            page_size=page_size,
        )
        return self._pages(call, deadline)

    async def webhook(self, webhook_id: str, *, deadline: float | timedelta | None = None) -> Webhook:
        """One webhook; NotFound if there is none with this id."""
        return await self._engine.run(operations.get_webhook(webhook_id), deadline)

    def subscriptions(
        self,
        *,
        webhook_id: str | None = None,
        user_id: str | None = None,
        vehicle_id: str | None = None,
        mode: VehicleMode | str | None = None,
        page_size: int = operations.PAGE_SIZE,
        deadline: float | timedelta | None = None,
    ) -> Pages[Subscription]:
        """The vehicles that webhooks report on."""
        call = partial(
            operations.list_subscriptions,
            webhook_id=webhook_id,
            user_id=user_id,
            vehicle_id=vehicle_id,
            mode=mode,
            page_size=page_size,
        )
        return self._pages(call, deadline)

    async def subscription(self, subscription_id: str, *, deadline: float | timedelta | None = None) -> Subscription:
        """One subscription; NotFound if there is none with this id."""
        return await self._engine.run(operations.get_subscription(subscription_id), deadline)

    async def subscribe(
        self,
        *,
        webhook_id: str,
        user_id: str,
        vehicle_id: str,
        wait: bool = False,
        deadline: float | timedelta | None = None,
    ) -> Subscription | None:
        """Have a webhook report on a vehicle. One that it reports on already is fine.

        Args:
            webhook_id: The webhook, from the dashboard or `webhooks()`.
            user_id: The user who granted the vehicle.
            vehicle_id: The vehicle.
            wait: Whether to wait until the subscription is listed, and return it: Smartcar only takes note at once.
            deadline: Seconds or a timedelta for all of it; `Settings.deadline` (30 s) if not given.

        Raises:
            DeadlineExceeded: With `wait`, it was taken note of but is not listed yet.
        """
        require_bool(wait, "wait")
        call = operations.subscribe(webhook_id, user_id, vehicle_id)
        left = self._engine.countdown(call, deadline)
        await self._engine.run(call, left())
        if not wait:
            return None
        listing = operations.list_subscriptions(webhook_id=webhook_id, vehicle_id=vehicle_id)
        pause = _FIRST_POLL
        while True:
            for subscription in (await self._engine.run(listing, left())).items:
                if (subscription.webhook_id, subscription.vehicle_id) == (webhook_id, vehicle_id):
                    return subscription
            if left() <= pause:
                raise DeadlineExceeded("the subscription was taken note of, but is not listed yet")
            await self._engine.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL_PAUSE)

    async def unsubscribe(self, subscription_id: str, *, deadline: float | timedelta | None = None) -> None:
        """End a subscription. One that is gone already is fine."""
        try:
            await self._engine.run(operations.unsubscribe(subscription_id), deadline)
        except NotFound:
            return

    async def compatible_vehicles(
        self,
        *,
        region: str | None = None,
        make: str | None = None,
        powertrain: Powertrain | str | None = None,
        deadline: float | timedelta | None = None,
    ) -> tuple[CompatibleVehicle, ...]:
        """The models that Smartcar can connect to. Each answer is kept for a day.

        Args:
            region: `"US"`, `"CA"` or `"EUROPE"`; all of them if not given.
            make: Such as `"TESLA"`.
            powertrain: Such as `Powertrain.BEV`.
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.
        """
        call = operations.compatible_vehicles(region, make, powertrain)
        now = self._engine.clock.monotonic()
        kept = self._compatible.get(call.query)
        if kept is None or now >= kept[0]:
            kept = (now + _DAY, await self._engine.run(call, deadline))
            self._compatible[call.query] = kept
        return kept[1]

    def connect_url(
        self,
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
        """The link to the consent pages. Keep its `state` for `parse_redirect`. Nothing is sent.

        Args:
            scope: Permissions, with `required:` before those that an owner cannot refuse; None for the dashboard's.
            state: Comes back with the owner; one that nobody can guess is made if not given.
            vehicle_id: Re-authenticates this one vehicle.
            code: False ends on a page of Smartcar's own.

        Example:
            link = smartcar.connect_url(redirect_uri="https://example.com/back", scope=["read_battery"])
        """
        from .connect import connect_url

        return connect_url(
            self._settings.connect_origin,
            self._settings.application_id,
            redirect_uri=redirect_uri,
            scope=scope,
            state=state,
            mode=mode,
            force_prompt=force_prompt,
            make=make,
            single_select=single_select,
            single_select_vin=single_select_vin,
            flags=flags,
            user=user,
            external_id=external_id,
            clear_external_id=clear_external_id,
            vehicle_id=vehicle_id,
            code=code,
        )

    def parse_redirect(self, url: str, *, state: str) -> ConnectResult:
        """What an owner came back with from Connect.

        Args:
            url: The whole URL that the owner was redirected to.
            state: The `state` of your ConnectLink. A redirect with another one may be forged.

        Raises:
            PermissionDenied: The owner refused. Other refusals are AccountError, CompatibilityError and so on.
            ConfigurationError: The state is not yours, or the URL is no redirect from Connect.
        """
        from .connect import parse_redirect

        return parse_redirect(url, state)

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
        """Any call to the vehicle API, for what has no method here. Only a GET is ever sent again.

        A list in `query` repeats its parameter. CommandOutcomeUnknown is raised where no answer comes to what is no
        GET.

        Example:
            response = await smartcar.request("GET", "/v3/connections", query={"page[size]": 10})
        """
        call = operations.custom(method, path, query=query, body=body, headers=headers)
        return await self._engine.run(call, deadline)

    def _pages(self, call: Callable[..., Call[Page[T]]], deadline: float | timedelta | None) -> Pages[T]:
        async def fetch(number: int) -> Page[T]:
            page_call = call(number=number)
            page = await self._engine.run(page_call, deadline)
            if page.malformed:
                self._engine.report_skipped(page_call.endpoint, page.malformed)
            return page

        call(number=1)  # refuses bad filters here and now, not at the first step of a later loop
        return Pages(fetch)

    def __repr__(self) -> str:
        return f"Smartcar(client_id={self.client_id!r})"
