"""Written by tools/write_sync.py: not to be edited, but by `nox -s sync`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import smartcar_async.v2 as aio

from ._adapt import AsyncStore, Tokens, TokenStore, async_function, async_token, resolve_mode
from ._bridge import Bridge, callback
from ._facade import Pages
from ._wrap import Twin, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, timedelta
    from types import TracebackType

    from typing_extensions import TypeVar

    from smartcar_async.clock import Clock
    from smartcar_async.connect import ConnectResult
    from smartcar_async.engine.auth import Token
    from smartcar_async.errors import CommandOutcomeUnknown
    from smartcar_async.log import Event
    from smartcar_async.records import Signal, SignalKey, SignalSet, VehicleAttributes
    from smartcar_async.schedules.arguments import ClockTime, Position, TimeWindow
    from smartcar_async.settings import Settings
    from smartcar_async.v2 import records
    from smartcar_async.v2.batch import Batch
    from smartcar_async.v2.makes.records import Cabin, NissanWindow, TeslaSchedule, TeslaScheduleType
    from smartcar_async.v2.records import ActionResponse
    from smartcar_async.v2.token_store import TokenPair
    from smartcar_async.vocabulary import Permission, UnitSystem

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Client:
    """Your application at Smartcar, with the tokens of its owners. Use it as `with`, or end it with `close`.

    `mode` is live, test or simulated, and goes into the links to Connect. `version` is that of every path.
    An id, a secret or a `redirect_uri` that you leave out is that of the settings.

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
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
        bridge: Bridge | None = None,
    ) -> None:
        self._twin = Twin(
            lambda: aio.Client(
                client_id,
                client_secret,
                redirect_uri,
                mode,
                version,
                test_mode=test_mode,
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
        """The id of the application."""
        return self._twin.aio.client_id

    @property
    def redirect_uri(self) -> str | None:
        """Where Connect sends an owner back to."""
        return self._twin.aio.redirect_uri

    @property
    def mode(self) -> str:
        """Which cars the links to Connect are for: live, test or simulated."""
        return self._twin.aio.mode

    @property
    def version(self) -> str:
        """The version of the API in every path."""
        return self._twin.aio.version

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
        on_event: Callable[[Event], None] | None = None,
        on_outcome_unknown: Callable[[CommandOutcomeUnknown], None] | None = None,
        clock: Clock | None = None,
        bridge: Bridge | None = None,
    ) -> Self:
        """A client for what the environment holds, see `Settings.from_env`. Arguments go before it, and of `settings`
        every value that is not the default.
        """
        return wrap(
            cls,
            Twin(
                lambda: aio.Client.from_env(
                    redirect_uri,
                    mode,
                    version,
                    client_id=client_id,
                    client_secret=client_secret,
                    test_mode=test_mode,
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
        """Let token requests that were sent be answered and refreshes store their pairs, then close the connections.

        Calls that are under way then end with an error; later ones raise ConfigurationError.
        """
        return self._twin.close()

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
        return self._twin.aio.auth_url(
            scope,
            force_prompt=force_prompt,
            single_select=single_select,
            state=state,
            make_bypass=make_bypass,
            flags=flags,
            user=user,
            mode=mode,
            test_mode=test_mode,
        )

    def parse_redirect(self, url: str, *, state: str) -> ConnectResult:
        """What an owner came back with from Connect; a refusal is raised, and any other state than yours refused."""
        return self._twin.aio.parse_redirect(url, state=state)

    def exchange_code(
        self,
        code: str,
        *,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> TokenPair:
        """Tokens for an authorization code; InvalidRequest if it is not valid. It works once: where the answer is lost,
        CommandOutcomeUnknown is raised, and the owner must go through Connect again.
        """
        return self._twin.call(lambda it: it.exchange_code(code, flags=flags, deadline=deadline))

    def exchange_refresh_token(
        self,
        token: str,
        *,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> TokenPair:
        """New tokens for a refresh token, which ends with it: store what comes back before you use it."""
        return self._twin.call(lambda it: it.exchange_refresh_token(token, flags=flags, deadline=deadline))

    def get_user(self, token: str | Tokens, *, deadline: float | timedelta | None = None) -> records.User:
        """The owner of a token; AuthenticationError if the token has ended."""
        return self._twin.call(lambda it: it.get_user(async_token(token), deadline=deadline))

    def get_vehicles(
        self,
        token: str | Tokens,
        *,
        limit: int | None = None,
        offset: int | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.VehicleIds:
        """One page of an owner's vehicles: their ids, and how many there are."""
        return self._twin.call(
            lambda it: it.get_vehicles(async_token(token), limit=limit, offset=offset, deadline=deadline)
        )

    def iter_vehicles(
        self, token: str | Tokens, *, page_size: int | None = None, deadline: float | timedelta | None = None
    ) -> Pages[str]:
        """The ids of all of an owner's vehicles; iterate with `for`. `deadline` is for each page."""
        return Pages(
            self._twin.branch(lambda it: it.iter_vehicles(async_token(token), page_size=page_size, deadline=deadline))
        )

    def get_vehicle(
        self,
        token: str | Tokens,
        vehicle_id: str,
        *,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.V3Response[VehicleAttributes]:
        """Make, model, year and so on of a vehicle, from API v3."""
        return self._twin.call(
            lambda it: it.get_vehicle(async_token(token), vehicle_id, flags=flags, deadline=deadline)
        )

    def get_compatibility(
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
        mode = resolve_mode(mode, test_mode)
        return self._twin.call(
            lambda it: it.get_compatibility(
                vin,
                scope,
                country,
                mode=mode,
                test_mode_compatibility_level=test_mode_compatibility_level,
                flags=flags,
                version=version,
                deadline=deadline,
            )
        )

    def get_compatibility_matrix(
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
        mode = resolve_mode(mode, test_mode)
        return self._twin.call(
            lambda it: it.get_compatibility_matrix(
                region,
                scope=scope,
                make=make,
                type=type,
                mode=mode,
                test_mode_compatibility_level=test_mode_compatibility_level,
                flags=flags,
                version=version,
                deadline=deadline,
            )
        )

    def get_connections(
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
        return self._twin.call(
            lambda it: it.get_connections(
                amt, user_id=user_id, vehicle_id=vehicle_id, mode=mode, limit=limit, cursor=cursor, deadline=deadline
            )
        )

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
        """All of the application's connections; iterate with `for`. `deadline` is for each page."""
        return Pages(
            self._twin.branch(
                lambda it: it.iter_connections(
                    amt, user_id=user_id, vehicle_id=vehicle_id, mode=mode, page_size=page_size, deadline=deadline
                )
            )
        )

    def delete_connections(
        self,
        amt: str,
        *,
        user_id: str | None = None,
        vehicle_id: str | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.DeletedConnections:
        """Delete all connections of one user, or all of one vehicle: give exactly one of both."""
        return self._twin.call(
            lambda it: it.delete_connections(amt, user_id=user_id, vehicle_id=vehicle_id, deadline=deadline)
        )

    def vehicle(
        self,
        id: str,
        token: str | Tokens,
        unit_system: UnitSystem | str | None = None,
        flags: Mapping[str, str | bool | int] | None = None,
        version: str | None = None,
        *,
        make: str | None = None,
    ) -> Vehicle:
        """A handle on one vehicle. Nothing is sent. Units are metric unless set here or in the settings.

        With a `make`, the vehicle is never sent a command of another make.
        """
        return Vehicle(
            self._twin.branch(lambda it: it.vehicle(id, async_token(token), unit_system, flags, version, make=make))
        )

    def token_source(self, store: TokenStore, key: str) -> TokenSource:
        """One owner's tokens, kept in a store under a key of yours: pass it in place of a token. Nothing is sent."""
        return wrap(
            TokenSource, self._twin.branch(lambda it: it.token_source(AsyncStore(store), key), lambda it: it.aclose())
        )

    def __repr__(self) -> str:
        return repr(self._twin.aio)


class Ford:
    """What only a Ford or a Lincoln can do. The errors are those of `Tesla`."""

    def __init__(self, twin: Twin[aio.Ford]) -> None:
        self._twin = twin

    def set_schedule(
        self,
        location: Position,
        charge_limit: float,
        weekday: Iterable[TimeWindow] = (),
        weekend: Iterable[TimeWindow] = (),
        *,
        deadline: float | timedelta | None = None,
    ) -> ActionResponse:
        """Replace the charge schedule at one of the places that the car has saved; without windows it always charges.

        Args:
            location: (latitude, longitude) in degrees, or a record that has both.
            charge_limit: The level at which charging ends, from 0.5 to 1.
            weekday: Pairs of whole hours, such as `("22:00", "06:00")`, for Monday to Friday. They may cross midnight.
            weekend: The same for Saturday and Sunday.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return self._twin.call(lambda it: it.set_schedule(location, charge_limit, weekday, weekend, deadline=deadline))


class Nissan:
    """What only a Nissan can do. The errors are those of `Tesla`."""

    def __init__(self, twin: Twin[aio.Nissan]) -> None:
        self._twin = twin

    def set_schedule(
        self, windows: Iterable[NissanWindow], *, deadline: float | timedelta | None = None
    ) -> ActionResponse:
        """Replace the charge schedule.

        Args:
            windows: The windows in which the car may charge, three at the most; their times are UTC.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.

        Example:
            vehicle.nissan.set_schedule([NissanWindow("22:00", "06:00", ("monday", "friday"))])
        """
        return self._twin.call(lambda it: it.set_schedule(windows, deadline=deadline))


class Tesla:
    """What only a Tesla can do. Most need the owner to have added Smartcar's virtual key to the car.

    A success says that the command was accepted, not that the car has done it yet. Every method may raise
    VehicleStateError, PermissionDenied (`error.permission` names what the owner has not granted), CompatibilityError
    (also for a vehicle that is known to be another make) and CommandOutcomeUnknown, where no answer came. `deadline` is
    seconds or a timedelta; 310 s if not given.
    """

    def __init__(self, twin: Twin[aio.Tesla]) -> None:
        self._twin = twin

    def start_cabin(self, temperature: float | None = None, *, deadline: float | timedelta | None = None) -> Cabin:
        """Turn the climate system on.

        Args:
            temperature: The target, in the degrees of the vehicle's `unit_system`; the car's own target if not given.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return self._twin.call(lambda it: it.start_cabin(temperature, deadline=deadline))

    def stop_cabin(self, temperature: float | None = None, *, deadline: float | timedelta | None = None) -> Cabin:
        """Turn the climate system off; a temperature becomes the target for the next time."""
        return self._twin.call(lambda it: it.stop_cabin(temperature, deadline=deadline))

    def set_cabin_temperature(self, temperature: float, *, deadline: float | timedelta | None = None) -> Cabin:
        """Change the target without turning the climate system on or off.

        Args:
            temperature: The target, in the degrees of the vehicle's `unit_system`.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return self._twin.call(lambda it: it.set_cabin_temperature(temperature, deadline=deadline))

    def start_defroster(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the front and rear defrosters on."""
        return self._twin.call(lambda it: it.start_defroster(deadline=deadline))

    def stop_defroster(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the front and rear defrosters off."""
        return self._twin.call(lambda it: it.stop_defroster(deadline=deadline))

    def start_steering_heater(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the heating of the steering wheel on; CompatibilityError where there is none."""
        return self._twin.call(lambda it: it.start_steering_heater(deadline=deadline))

    def stop_steering_heater(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the heating of the steering wheel off; CompatibilityError where there is none."""
        return self._twin.call(lambda it: it.stop_steering_heater(deadline=deadline))

    def open_trunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Open the rear trunk."""
        return self._twin.call(lambda it: it.open_trunk(deadline=deadline))

    def close_trunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Close the rear trunk, where its lid is powered."""
        return self._twin.call(lambda it: it.close_trunk(deadline=deadline))

    def open_frunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Open the front trunk."""
        return self._twin.call(lambda it: it.open_frunk(deadline=deadline))

    def close_frunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Close the front trunk, where its lid is powered."""
        return self._twin.call(lambda it: it.close_frunk(deadline=deadline))

    def open_charge_port(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Open the door of the charge port."""
        return self._twin.call(lambda it: it.open_charge_port(deadline=deadline))

    def close_charge_port(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Close the door of the charge port."""
        return self._twin.call(lambda it: it.close_charge_port(deadline=deadline))

    def set_pin(self, pin: str, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn PIN to drive on with this PIN, in place of any that was set before.

        Args:
            pin: Four digits, as a text.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return self._twin.call(lambda it: it.set_pin(pin, deadline=deadline))

    def clear_pin(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn PIN to drive off, and forget the PIN."""
        return self._twin.call(lambda it: it.clear_pin(deadline=deadline))

    def set_amperage(self, amperage: int, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Set how many amperes the car draws.

        Args:
            amperage: Whole amperes. What the charger cannot give is capped: the `message` of the answer says so.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return self._twin.call(lambda it: it.set_amperage(amperage, deadline=deadline))

    def set_schedule(
        self,
        type: TeslaScheduleType | str,
        time: ClockTime,
        enable: bool = True,
        *,
        deadline: float | timedelta | None = None,
    ) -> TeslaSchedule:
        """Set when charging begins, or when the car shall be ready; turning one on turns the other off.

        Args:
            type: `"START_TIME"` or `"DEPARTURE_TIME"`.
            time: A `datetime.time` or `"HH:MM"`.
            enable: Whether to turn it on or off.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return self._twin.call(lambda it: it.set_schedule(type, time, enable, deadline=deadline))


class TokenSource:
    """One user's tokens, in place of a token: it refreshes by itself.

    Before a refresh is sent, the store is marked. Whoever finds the mark refreshes at once, with the same
    refresh token, because the answer may have been lost: the server takes the old token for a minute more. A new pair
    is in the store before any caller sees it. All callers, and all processes that share the store, make one request.
    """

    def __init__(
        self,
        store: TokenStore,
        key: str,
        refresh: Callable[[str], TokenPair],
        clock: Clock | None = None,
        *,
        bridge: Bridge | None = None,
    ) -> None:
        self._twin = Twin(
            lambda: aio.TokenSource(AsyncStore(store), key, async_function(refresh), clock),
            bridge,
            lambda it: it.aclose(),
        )

    def access_token(self) -> str:
        """An access token that can be used now. It is refreshed first if it has ended, or ends within a minute.

        Raises:
            NotConnected: No tokens are stored under this key: let the owner connect, and `save` the pair.
            AuthenticationError: The refresh token is not valid any more: let the owner connect again.
            TokenStoreError: The store cannot be read or written.

        Example:
            source = client.token_source(FileTokenStore("tokens.json"), "owner-1")
            vehicle = client.vehicle(vehicle_id, source)
        """
        return self._twin.call(lambda it: it.access_token())

    def pair(self) -> TokenPair:
        """A pair whose access token can be used now. The errors are those of `access_token`."""
        return self._twin.call(lambda it: it.pair())

    def save(self, pair: TokenPair) -> None:
        """Store a pair that the owner has just granted, in place of any other.

        Args:
            pair: What `exchange_code` answered.

        Raises:
            TokenStoreError: The store cannot be written; the text says whether what was stored is unchanged.
        """
        return self._twin.call(lambda it: it.save(pair))

    def get(self) -> Token:
        """A token to send now."""
        return self._twin.call(lambda it: it.get())

    def after_refusal(self, refused: Token) -> Token | None:
        """A token other than the refused one, or None if a new one could not help."""
        return self._twin.call(lambda it: it.after_refusal(refused))

    def close(self) -> None:
        """Let a refresh that was sent come to its end, so that its pair is stored. After this, none begins."""
        return self._twin.close()


class Vehicle:
    """A handle on one vehicle, for the owner whose token it has. Making one sends nothing.

    `deadline` is seconds or a timedelta for the whole call: 30 s for reads and 310 s for commands if not given. Every
    method may raise AuthenticationError (the token), PermissionDenied (`error.permission` names what the owner has not
    granted), CompatibilityError, RateLimited, UpstreamError and TransportError. All are SmartcarError. Lengths, volumes
    and pressures are in km, litres and kPa, or with imperial units in miles, gallons and psi.
    """

    def __init__(self, twin: Twin[aio.Vehicle]) -> None:
        self._twin = twin

    @property
    def id(self) -> str:
        """The vehicle's id."""
        return self._twin.aio.id

    @property
    def unit_system(self) -> UnitSystem:
        """The units in which the API is requested to answer."""
        return self._twin.aio.unit_system

    @property
    def flags(self) -> Mapping[str, str | bool | int]:
        """The flags that every call is sent with."""
        return self._twin.aio.flags

    @property
    def version(self) -> str:
        """The version of the API in every path."""
        return self._twin.aio.version

    @property
    def make(self) -> str | None:
        """The vehicle's make in lower case, as passed in or as `attributes` returned it; None while it is not known."""
        return self._twin.aio.make

    @property
    def tesla(self) -> Tesla:
        """What only a Tesla can do. Nothing is sent to a vehicle that is known to be another make."""
        return Tesla(self._twin.branch(lambda it: it.tesla))

    @property
    def nissan(self) -> Nissan:
        """What only a Nissan can do."""
        return Nissan(self._twin.branch(lambda it: it.nissan))

    @property
    def ford(self) -> Ford:
        """What only a Ford or a Lincoln can do. A Lincoln must be known to be one."""
        return Ford(self._twin.branch(lambda it: it.ford))

    def attributes(self, *, deadline: float | timedelta | None = None) -> records.Attributes:
        """Make, model and year. The handle remembers the make."""
        return self._twin.call(lambda it: it.attributes(deadline=deadline))

    def vin(self, *, deadline: float | timedelta | None = None) -> records.Vin:
        """The vehicle identification number."""
        return self._twin.call(lambda it: it.vin(deadline=deadline))

    def permissions(
        self, limit: int | None = None, offset: int | None = None, *, deadline: float | timedelta | None = None
    ) -> records.Permissions:
        """One page of what the owner granted; the API gives 25 unless `limit` says otherwise."""
        return self._twin.call(lambda it: it.permissions(limit, offset, deadline=deadline))

    def has_permissions(
        self, names: Iterable[Permission | str] | str, *, deadline: float | timedelta | None = None
    ) -> bool:
        """Whether the owner granted all of these; `required:` before a name does not matter. Asks for every page."""
        return self._twin.call(lambda it: it.has_permissions(names, deadline=deadline))

    def battery(self, *, deadline: float | timedelta | None = None) -> records.Battery:
        """Charge, from 0 to 1, and range, in km or miles, of the traction battery."""
        return self._twin.call(lambda it: it.battery(deadline=deadline))

    def battery_capacity(self, *, deadline: float | timedelta | None = None) -> records.BatteryCapacity:
        """The capacity of the traction battery, in kWh."""
        return self._twin.call(lambda it: it.battery_capacity(deadline=deadline))

    def nominal_capacity(self, *, deadline: float | timedelta | None = None) -> records.NominalCapacity:
        """The rated capacities of the traction battery, in kWh."""
        return self._twin.call(lambda it: it.nominal_capacity(deadline=deadline))

    def charge(self, *, deadline: float | timedelta | None = None) -> records.Charge:
        """Whether the car is plugged in and charges."""
        return self._twin.call(lambda it: it.charge(deadline=deadline))

    def get_charge_limit(self, *, deadline: float | timedelta | None = None) -> records.ChargeLimit:
        """The level at which charging ends, from 0 to 1."""
        return self._twin.call(lambda it: it.get_charge_limit(deadline=deadline))

    def set_charge_limit(self, limit: float, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Set the level at which charging ends.

        Args:
            limit: A share of the battery from 0 to 1; cars take 0.5 at the least.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return self._twin.call(lambda it: it.set_charge_limit(limit, deadline=deadline))

    def start_charge(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Start charging.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return self._twin.call(lambda it: it.start_charge(deadline=deadline))

    def stop_charge(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Stop charging.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return self._twin.call(lambda it: it.stop_charge(deadline=deadline))

    def fuel(self, *, deadline: float | timedelta | None = None) -> records.Fuel:
        """What is in the tank: litres or gallons, the share from 0 to 1, and the range in km or miles."""
        return self._twin.call(lambda it: it.fuel(deadline=deadline))

    def engine_oil(self, *, deadline: float | timedelta | None = None) -> records.EngineOil:
        """The life that is left of the engine's oil, from 0 to 1."""
        return self._twin.call(lambda it: it.engine_oil(deadline=deadline))

    def tire_pressure(self, *, deadline: float | timedelta | None = None) -> records.TirePressure:
        """The pressure of each tire, in kPa or psi."""
        return self._twin.call(lambda it: it.tire_pressure(deadline=deadline))

    def odometer(self, *, deadline: float | timedelta | None = None) -> records.Odometer:
        """How far the car has gone, in km or miles."""
        return self._twin.call(lambda it: it.odometer(deadline=deadline))

    def location(self, *, deadline: float | timedelta | None = None) -> records.Location:
        """Where the car was last known to be, in degrees."""
        return self._twin.call(lambda it: it.location(deadline=deadline))

    def lock_status(self, *, deadline: float | timedelta | None = None) -> records.SecurityResponse:
        """Whether the car is locked, and what is open."""
        return self._twin.call(lambda it: it.lock_status(deadline=deadline))

    def lock(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Lock the doors.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return self._twin.call(lambda it: it.lock(deadline=deadline))

    def unlock(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Unlock the doors.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return self._twin.call(lambda it: it.unlock(deadline=deadline))

    def send_destination(
        self, latitude: float, longitude: float, *, deadline: float | timedelta | None = None
    ) -> records.ActionResponse:
        """Send a destination to the navigation.

        Args:
            latitude: Degrees north, from -90 to 90.
            longitude: Degrees east, from -180 to 180.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_navigation`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return self._twin.call(lambda it: it.send_destination(latitude, longitude, deadline=deadline))

    def service_history(
        self,
        start_date: date | str | None = None,
        end_date: date | str | None = None,
        *,
        deadline: float | timedelta | None = None,
    ) -> records.ServiceHistory:
        """The services between two dates; without dates, those of the last year.

        Args:
            start_date: A date, an aware datetime, or a text such as `"2026-03-01"`.
            end_date: The same.
            deadline: Seconds or a timedelta for the whole call; 30 s if not given.
        """
        return self._twin.call(lambda it: it.service_history(start_date, end_date, deadline=deadline))

    def diagnostic_system_status(
        self, *, deadline: float | timedelta | None = None
    ) -> records.DiagnosticSystemStatusResponse:
        """What the car's systems report."""
        return self._twin.call(lambda it: it.diagnostic_system_status(deadline=deadline))

    def diagnostic_trouble_codes(
        self, *, deadline: float | timedelta | None = None
    ) -> records.DiagnosticTroubleCodesResponse:
        """The trouble codes that are active."""
        return self._twin.call(lambda it: it.diagnostic_trouble_codes(deadline=deadline))

    def subscribe(self, webhook_id: str, *, deadline: float | timedelta | None = None) -> records.WebhookSubscription:
        """Have a webhook report on the vehicle."""
        return self._twin.call(lambda it: it.subscribe(webhook_id, deadline=deadline))

    def unsubscribe(
        self, amt: str, webhook_id: str, *, deadline: float | timedelta | None = None
    ) -> records.ActionResponse:
        """End a webhook's reports on the vehicle, with the application's management token."""
        return self._twin.call(lambda it: it.unsubscribe(amt, webhook_id, deadline=deadline))

    def disconnect(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """End your access to the vehicle: its owner must go through Connect again to restore it. It may be sent twice,
        and then counts as done where the server answers that the access is gone.
        """
        return self._twin.call(lambda it: it.disconnect(deadline=deadline))

    def batch(self, paths: Iterable[str], *, deadline: float | timedelta | None = None) -> Batch:
        """Many reads at once, each with its own result or error. `v2.batch_plan(paths)` tells what it will cost.

        A long list takes several requests. If one of them fails after another was answered, the paths that are left
        have its error.

        Example:
            batch = vehicle.batch(["/odometer", "/battery"])
            print(batch["odometer"].distance, batch.failed)
        """
        return self._twin.call(lambda it: it.batch(paths, deadline=deadline))

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        version: str | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        flags: Mapping[str, str | bool | int] | None = None,
        deadline: float | timedelta | None = None,
    ) -> records.Response:
        """Any call below this vehicle, such as `request("GET", "tesla/compass")`. Only a GET is ever sent again.

        `version="3"` asks API v3. `flags` take the place of the handle's own, and an Authorization among `headers`
        that of its token. A list in `query` repeats its parameter.
        """
        return self._twin.call(
            lambda it: it.request(method, path, body, headers, version, query=query, flags=flags, deadline=deadline)
        )

    def get_signals(self, *, deadline: float | timedelta | None = None) -> records.V3Response[SignalSet]:
        """Every signal that API v3 has of the vehicle, in one request."""
        return self._twin.call(lambda it: it.get_signals(deadline=deadline))

    def get_signal(
        self, key: SignalKey[T] | str, *, deadline: float | timedelta | None = None
    ) -> records.V3Response[Signal[T]]:
        """One signal of API v3, by its key from `signals` or by its code; in `body` of what is returned."""
        return self._twin.call(lambda it: it.get_signal(key, deadline=deadline))

    def __repr__(self) -> str:
        return repr(self._twin.aio)
