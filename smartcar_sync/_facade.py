"""Written by tools/write_sync.py: not to be edited, but by `nox -s sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Generic, Self

import smartcar_async as aio
from smartcar_async import operations

from ._bridge import Bridge, callback
from ._wrap import Twin, wrap

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from types import TracebackType

    from typing_extensions import TypeVar

    from smartcar_async.clock import Clock
    from smartcar_async.connect import ConnectLink, ConnectResult
    from smartcar_async.errors import CommandOutcomeUnknown
    from smartcar_async.log import Event
    from smartcar_async.reconcile import Reconciled
    from smartcar_async.records import (
        CompatibleVehicle,
        Connection,
        Execution,
        Page,
        Response,
        Signal,
        SignalKey,
        SignalSet,
        Subscription,
        VehicleAttributes,
        Webhook,
    )
    from smartcar_async.schedules.arguments import ClockTime, Position, TimeWindow
    from smartcar_async.schedules.record import ChargeSchedule
    from smartcar_async.settings import Settings
    from smartcar_async.v2.token_store import StoredTokens
    from smartcar_async.vocabulary import Permission, Powertrain, VehicleMode, Weekday

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class FileTokenStore:
    """Tokens in one JSON file, which only its owner may read. docs/tokens.md describes it.

    Any number of processes on one machine may share it. Each change is on the disk, twice, before it is reported.
    All work on files is done in threads.
    """

    def __init__(self, path: str | os.PathLike[str], *, bridge: Bridge | None = None) -> None:
        self._twin = Twin(lambda: aio.FileTokenStore(path), bridge)

    def __repr__(self) -> str:
        return repr(self._twin.aio)

    def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        return self._twin.call(lambda it: it.load(key))

    def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None means that nothing is stored."""
        return self._twin.call(lambda it: it.swap(key, old, new))

    def lease(self, key: str) -> AbstractContextManager[None]:
        """Hold this key alone, among all processes. The lease ends with the process that has it."""
        return self._twin.hold(lambda it: it.lease(key))


class MemoryTokenStore:
    """A store that lasts as long as the process."""

    def __init__(self, *, bridge: Bridge | None = None) -> None:
        self._twin = Twin(lambda: aio.MemoryTokenStore(), bridge)

    def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        return self._twin.call(lambda it: it.load(key))

    def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None means that nothing is stored."""
        return self._twin.call(lambda it: it.swap(key, old, new))

    def lease(self, key: str) -> AbstractContextManager[None]:
        """Hold this key alone, so that only one refreshes it at a time."""
        return self._twin.hold(lambda it: it.lease(key))


class PageWalk(Generic[T]):
    """One walk over the pages of a list. A step is one request, and between two steps nothing is held."""

    def __init__(self, twin: Twin[aio.PageWalk[T]]) -> None:
        self._twin = twin

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Page[T]:
        return self._twin.step(lambda it: it.__anext__())

    def __repr__(self) -> str:
        return repr(self._twin.aio)


class Pages(Generic[T]):
    """A list that is fetched page by page while it is iterated. Each iteration starts anew.

    Pages are counted; no link that the server sent is ever opened. Do not delete entries while iterating: the pages
    behind them would move up. Collect first.
    """

    def __init__(self, twin: Twin[aio.Pages[T]]) -> None:
        self._twin = twin

    def page(self, number: int = 1) -> Page[T]:
        """One page: one request.

        Args:
            number: The page, counted from 1.

        Returns:
            Its `items`, and in `malformed` what could not be read; `total`, where the server tells it, and `has_next`.
        """
        return self._twin.call(lambda it: it.page(number))

    def by_page(self) -> PageWalk[T]:
        """The pages one after the other, each with its number, its total and what in it could not be read."""
        return PageWalk(self._twin.branch(lambda it: it.by_page()))

    def __iter__(self) -> Iterator[T]:
        return (item for page in self.by_page() for item in page.items)

    def __repr__(self) -> str:
        return repr(self._twin.aio)


class Schedules:
    """A vehicle's charge schedules: times are the car's own, and a window may cross midnight.

    To create or delete one is a command: it may raise VehicleStateError, PermissionDenied (`control_charge`),
    CompatibilityError and CommandOutcomeUnknown, where it may have been carried out although no answer came.
    """

    def __init__(self, twin: Twin[aio.Schedules]) -> None:
        self._twin = twin

    def create_daily(
        self, *, location: Position, start: ClockTime, stop: ClockTime, deadline: float | timedelta | None = None
    ) -> Execution:
        """Charge within the same window every day, at this place.

        Args:
            location: (latitude, longitude) in degrees, or a record that has both.
            start: When charging may begin: a `datetime.time` or `"HH:MM"`.
            stop: When it must end.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Returns:
            What the car answered; its `schedule_id` is what `delete` takes.

        Example:
            vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00", stop="06:00")
        """
        return self._twin.call(lambda it: it.create_daily(location=location, start=start, stop=stop, deadline=deadline))

    def create_workweek(
        self,
        *,
        location: Position,
        weekdays: TimeWindow | None = None,
        weekends: TimeWindow | None = None,
        deadline: float | timedelta | None = None,
    ) -> Execution:
        """Charge within one window on weekdays and another at weekends, at this place. Give at least one of both.

        Args:
            location: (latitude, longitude) in degrees, or a record that has both.
            weekdays: A pair of times, such as `("22:00", "06:00")`, for Monday to Friday.
            weekends: A pair of times for Saturday and Sunday.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.
        """
        return self._twin.call(
            lambda it: it.create_workweek(location=location, weekdays=weekdays, weekends=weekends, deadline=deadline)
        )

    def create_weekly(
        self, *, location: Position, days: Mapping[Weekday | str, TimeWindow], deadline: float | timedelta | None = None
    ) -> Execution:
        """Charge within a window of its own on each of these days, at this place.

        Args:
            location: (latitude, longitude) in degrees, or a record that has both.
            days: A pair of times for each day, such as `{"monday": ("22:00", "06:00")}`.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.
        """
        return self._twin.call(lambda it: it.create_weekly(location=location, days=days, deadline=deadline))

    def list(self, *, deadline: float | timedelta | None = None) -> tuple[ChargeSchedule, ...]:
        """Every schedule of the car. Those that were set in the car or its app have no id.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.
        """
        return self._twin.call(lambda it: it.list(deadline=deadline))

    def delete(self, schedule_id: str, *, deadline: float | timedelta | None = None) -> Execution:
        """Delete a schedule that was made through the API.

        Args:
            schedule_id: The `schedule_id` of what `create_...` answered, or the `id` of one that `list` shows.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            NotFound: There is no such schedule.
            CommandOutcomeUnknown: No answer came, so it may be deleted or not.
        """
        return self._twin.call(lambda it: it.delete(schedule_id, deadline=deadline))

    def __repr__(self) -> str:
        return repr(self._twin.aio)


class Smartcar:
    """Your application at Smartcar. Use it as `with`, or end it with `close`.

    An id or a secret that you leave out is that of the settings.


    Args:
        client_id: The id of the application's credentials.
        client_secret: Their secret.
        settings: Origins, deadlines, retries, proxy and so on; see `Settings`.
        on_event: An ordinary function that is called with every request and every wait.
        on_outcome_unknown: The same for every command of unknown outcome. What they raise is only logged.
        clock: What the client takes the time from; the simulator's, in tests.

    Example:
        with Smartcar.from_env() as smartcar:
            for connection in smartcar.connections():
                print(connection.vehicle_id, connection.user_id)
    """

    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        settings: Settings | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
        bridge: Bridge | None = None,
    ) -> None:
        self._twin = Twin(
            lambda: aio.Smartcar(
                client_id,
                client_secret,
                settings=settings,
                on_event=callback("on_event", on_event),
                on_outcome_unknown=callback("on_outcome_unknown", on_outcome_unknown),
                clock=clock,
            ),
            bridge,
            lambda it: it.aclose(),
        )

    @property
    def client_id(self) -> str:
        """The id of the application's credentials."""
        return self._twin.aio.client_id

    @classmethod
    def from_env(
        cls,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        settings: Settings | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
        bridge: Bridge | None = None,
    ) -> Self:
        """A client for the credentials and origins in the environment, see `Settings.from_env`.

        An argument goes before the environment; of `settings`, every value that is not the default.
        """
        return wrap(
            cls,
            Twin(
                lambda: aio.Smartcar.from_env(
                    client_id=client_id,
                    client_secret=client_secret,
                    settings=settings,
                    on_event=callback("on_event", on_event),
                    on_outcome_unknown=callback("on_outcome_unknown", on_outcome_unknown),
                    clock=clock,
                ),
                bridge,
                lambda it: it.aclose(),
            ),
        )

    def __enter__(self) -> Self:
        return self._twin.enter(self, lambda it: it.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return self._twin.close()

    def close(self) -> None:
        """Close the connections. Calls that are under way end with an error; later ones raise ConfigurationError."""
        return self._twin.close()

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
        """The vehicles that owners connected to your application; iterate with `for`.

        Args:
            user_id: Only those of this user.
            vehicle_id: Only those of this vehicle.
            mode: `"live"` or `"simulated"`. The API lists live vehicles if it is not given.
            external_id: Only those of the user with this id of your own.
            page_size: Connections a request.
            deadline: Seconds or a timedelta for each page; `Settings.deadline` (30 s) if not given.
        """
        return Pages(
            self._twin.branch(
                lambda it: it.connections(
                    user_id=user_id,
                    vehicle_id=vehicle_id,
                    mode=mode,
                    external_id=external_id,
                    page_size=page_size,
                    deadline=deadline,
                )
            )
        )

    def connection(self, connection_id: str, *, deadline: float | timedelta | None = None) -> Connection:
        """One connection; NotFound if there is none with this id."""
        return self._twin.call(lambda it: it.connection(connection_id, deadline=deadline))

    def delete_connection(self, connection_id: str, *, deadline: float | timedelta | None = None) -> None:
        """End one connection: its owner must go through Connect again to restore it. NotFound if there is none."""
        return self._twin.call(lambda it: it.delete_connection(connection_id, deadline=deadline))

    def delete_user(self, user_id: str, *, deadline: float | timedelta | None = None) -> None:
        """Remove a user and all of the user's connections, for good. NotFound if there is none."""
        return self._twin.call(lambda it: it.delete_user(user_id, deadline=deadline))

    def vehicle(self, vehicle_id: str, user_id: str) -> Vehicle:
        """A handle on one vehicle. Nothing is sent.

        Args:
            vehicle_id: Smartcar's id of the vehicle, as `connections()` lists it; not a VIN.
            user_id: The id of the user who granted it.
        """
        return Vehicle(self._twin.branch(lambda it: it.vehicle(vehicle_id, user_id)))

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
        return Pages(
            self._twin.branch(
                lambda it: it.webhooks(
                    name=name,
                    callback_uri=callback_uri,
                    is_enabled=is_enabled,
                    auto_subscribe=auto_subscribe,
                    page_size=page_size,
                    deadline=deadline,
                )
            )
        )

    def webhook(self, webhook_id: str, *, deadline: float | timedelta | None = None) -> Webhook:
        """One webhook; NotFound if there is none with this id."""
        return self._twin.call(lambda it: it.webhook(webhook_id, deadline=deadline))

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
        return Pages(
            self._twin.branch(
                lambda it: it.subscriptions(
                    webhook_id=webhook_id,
                    user_id=user_id,
                    vehicle_id=vehicle_id,
                    mode=mode,
                    page_size=page_size,
                    deadline=deadline,
                )
            )
        )

    def subscription(self, subscription_id: str, *, deadline: float | timedelta | None = None) -> Subscription:
        """One subscription; NotFound if there is none with this id."""
        return self._twin.call(lambda it: it.subscription(subscription_id, deadline=deadline))

    def subscribe(
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
        return self._twin.call(
            lambda it: it.subscribe(
                webhook_id=webhook_id, user_id=user_id, vehicle_id=vehicle_id, wait=wait, deadline=deadline
            )
        )

    def unsubscribe(self, subscription_id: str, *, deadline: float | timedelta | None = None) -> None:
        """End a subscription. One that is gone already is fine."""
        return self._twin.call(lambda it: it.unsubscribe(subscription_id, deadline=deadline))

    def compatible_vehicles(
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
        return self._twin.call(
            lambda it: it.compatible_vehicles(region=region, make=make, powertrain=powertrain, deadline=deadline)
        )

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
        return self._twin.aio.connect_url(
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
        return self._twin.aio.parse_redirect(url, state=state)

    def request(
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
            response = smartcar.request("GET", "/v3/connections", query={"page[size]": 10})
        """
        return self._twin.call(
            lambda it: it.request(method, path, query=query, body=body, headers=headers, deadline=deadline)
        )

    def __repr__(self) -> str:
        return repr(self._twin.aio)


class Vehicle:
    """A handle on one vehicle and the user who granted it. Making one sends nothing.

    Every method may also raise AuthenticationError (the application's credentials), NotFound (no such vehicle of this
    user), RateLimited, TransportError (no answer in time, no connection) and ServerError. All are SmartcarError.
    """

    def __init__(self, twin: Twin[aio.Vehicle]) -> None:
        self._twin = twin

    @property
    def id(self) -> str:
        """Smartcar's id of the vehicle."""
        return self._twin.aio.id

    @property
    def user_id(self) -> str:
        """The id of the user who granted it."""
        return self._twin.aio.user_id

    @property
    def schedules(self) -> Schedules:
        """The charge schedules of this vehicle."""
        return Schedules(self._twin.branch(lambda it: it.schedules))

    def attributes(self, *, deadline: float | timedelta | None = None) -> VehicleAttributes:
        """Make, model, year, powertrain and mode.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.
        """
        return self._twin.call(lambda it: it.attributes(deadline=deadline))

    def signals(self, *, deadline: float | timedelta | None = None) -> SignalSet:
        """Every signal that is stored for the vehicle, in one request. A signal that has no value does not fail the
        others.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.

        Returns:
            A mapping by `SignalKey` or code; `.ok` and `.failed` are its signals with and without a value.

        Example:
            readings = vehicle.signals()
            for signal in readings.ok:
                print(signal.code, signal.value, signal.unit)
        """
        return self._twin.call(lambda it: it.signals(deadline=deadline))

    def signal(self, key: SignalKey[T] | str, *, deadline: float | timedelta | None = None) -> Signal[T]:
        """One signal. Only a key from `signals`, and not a code, tells a type checker the class of the body.

        Args:
            key: A key such as `signals.Odometer.TraveledDistance`, or a code such as `"odometer-traveleddistance"`.
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.

        Returns:
            The signal. `.value` and `.body` are None if the car has none; `.require()` raises SignalUnavailable then.

        Raises:
            PermissionDenied: The owner has not granted what the signal needs; `error.permission` names it.
            ConfigurationError: There is no such code; the text suggests similar ones.

        Example:
            soc = vehicle.signal(signals.TractionBattery.StateOfCharge)
            print(soc.value, soc.unit)
        """
        return self._twin.call(lambda it: it.signal(key, deadline=deadline))

    def lock(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Lock the doors. It is sent once, and answered when the car has done it.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while it drives or sleeps.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.

        Example:
            try:
                vehicle.lock()
            except VehicleStateError as error:
                print("not now:", error)
            except CommandOutcomeUnknown as error:
                print(vehicle.reconcile(error, wait=600))
        """
        return self._twin.call(lambda it: it.lock(deadline=deadline))

    def unlock(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Unlock the doors. It is sent once, and answered when the car has done it.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while it drives or sleeps.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return self._twin.call(lambda it: it.unlock(deadline=deadline))

    def start_charge(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Start charging.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot charge now, such as when it is not plugged in or is full.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return self._twin.call(lambda it: it.start_charge(deadline=deadline))

    def stop_charge(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Stop charging.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car does not charge, or cannot stop now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return self._twin.call(lambda it: it.stop_charge(deadline=deadline))

    def set_charge_limit(self, percent: int, *, deadline: float | timedelta | None = None) -> Execution:
        """Set the level at which charging ends.

        Args:
            percent: A whole percent from 50 to 100.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while it drives or sleeps.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
            ConfigurationError: The percent is not in that range; nothing was sent.
        """
        return self._twin.call(lambda it: it.set_charge_limit(percent, deadline=deadline))

    def send_destination(
        self, latitude: float, longitude: float, *, deadline: float | timedelta | None = None
    ) -> Execution:
        """Send a destination to the navigation. No signal shows whether it arrived.

        Args:
            latitude: Degrees north, from -90 to 90.
            longitude: Degrees east, from -180 to 180.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot take it now.
            PermissionDenied: The owner has not granted `control_navigation`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out. `reconcile` cannot tell.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return self._twin.call(lambda it: it.send_destination(latitude, longitude, deadline=deadline))

    def open_charge_port(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Open the charge port.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while it drives or sleeps.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return self._twin.call(lambda it: it.open_charge_port(deadline=deadline))

    def close_charge_port(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Close the charge port.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while a cable is plugged in.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return self._twin.call(lambda it: it.close_charge_port(deadline=deadline))

    def reconcile(
        self,
        outcome: CommandOutcomeUnknown,
        *,
        wait: float | timedelta | None = None,
        deadline: float | timedelta | None = None,
    ) -> Reconciled:
        """Find out whether a command whose answer was lost is in effect. It reads a signal, and sends no command.

        Only what the car recorded more than 60 s after the command left is believed, because its clock and yours may
        differ; and nothing that it recorded more than 60 s from now. Only what it recorded more than 370 s after shows
        that the command is not in effect, because a command may take 310 s. A read that fails is made up for by the
        next one; the last one's error is raised.

        Args:
            outcome: The error of the command, of this vehicle. It may have been stored meanwhile.
            wait: Seconds or a timedelta in which to read again until it can tell: at most six times in ten minutes, and
                every five minutes after that. Without it, it reads once.
            deadline: Seconds or a timedelta for each read; `Settings.deadline` (30 s) if not given.

        Returns:
            `Reconciled.IN_EFFECT`, `NOT_IN_EFFECT`, or `UNKNOWN` where no reading can tell.
        """
        return self._twin.call(lambda it: it.reconcile(outcome, wait=wait, deadline=deadline))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | timedelta | None = None,
    ) -> Response:
        """Any call below this vehicle, for what has no method here. Only a GET is ever sent again.

        Args:
            method: An HTTP method, such as `"GET"`.
            path: The path below the vehicle, with a slash in front.
            query: Query parameters; a list repeats its parameter.
            body: What is sent as JSON.
            headers: Further headers. Those that the client sets itself are refused.
            deadline: Seconds or a timedelta for the whole call; 30 s for a GET and 310 s for others if not given.

        Raises:
            CommandOutcomeUnknown: No answer came to what is no GET.

        Example:
            response = vehicle.request("GET", "/signals")
            print(response.status, response.data)
        """
        return self._twin.call(
            lambda it: it.request(method, path, query=query, body=body, headers=headers, deadline=deadline)
        )

    def __repr__(self) -> str:
        return repr(self._twin.aio)
