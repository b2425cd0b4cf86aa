"""The handle on one vehicle through API v2.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from attrs import evolve

from ..arguments import flags_text
from ..errors import ConfigurationError, SmartcarError
from ..operations import signal_key
from ..request import Call, require_id
from ..vocabulary import Permission, UnitSystem
from .batch import Batch, batch_call, batch_plan, joined
from .makes.handles import Ford, MakeAccess, Nissan, Tesla
from .operations import Target, commands, reads, version_text
from .scopes import words

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from ..engine.auth import Tokens
    from ..engine.pipeline import Engine
    from ..records import Signal, SignalKey, SignalSet
    from . import records

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Vehicle:
    """A handle on one vehicle, for the owner whose token it has. Making one sends nothing.

    `deadline` is seconds or a timedelta for the whole call: 30 s for reads and 310 s for commands if not given. Every
    method may raise AuthenticationError (the token), PermissionDenied (`error.permission` names what the owner has not
    granted), CompatibilityError, RateLimited, UpstreamError and TransportError. All are SmartcarError. Lengths, volumes
    and pressures are in km, litres and kPa, or with imperial units in miles, gallons and psi.
    """

    def __init__(
        self,
        engine: Engine,
        id: str,
        tokens: Tokens,
        unit_system: UnitSystem | str = UnitSystem.METRIC,
        flags: Mapping[str, str | bool | int] | None = None,
        version: str = "2.0",
        make: str | None = None,
    ) -> None:
        require_id(id, "id")
        flags_text(flags)
        self._engine = engine
        self._tokens = tokens
        self._car = Target(id, version_text(version), _units(unit_system), None if flags is None else dict(flags))
        self._make = None if make is None else _make(make)
        self._make_access = MakeAccess(self._car, self._run, lambda: self._make)

    @property
    def id(self) -> str:
        """The vehicle's id."""
        return self._car.id

    @property
    def unit_system(self) -> UnitSystem:
        """The units in which the API is requested to answer."""
        return self._car.unit_system

    @property
    def flags(self) -> Mapping[str, str | bool | int]:
        """The flags that every call is sent with."""
        return dict(self._car.flags or {})

    @property
    def version(self) -> str:
        """The version of the API in every path."""
        return self._car.version

    @property
    def make(self) -> str | None:
        """The vehicle's make in lower case, as passed in or as `attributes` returned it; None while it is not known."""
        return self._make

    @property
    def tesla(self) -> Tesla:
        """What only a Tesla can do. Nothing is sent to a vehicle that is known to be another make."""
        return Tesla(self._make_access)

    @property
    def nissan(self) -> Nissan:
        """What only a Nissan can do."""
        return Nissan(self._make_access)

    @property
    def ford(self) -> Ford:
        """What only a Ford or a Lincoln can do. A Lincoln must be known to be one."""
        return Ford(self._make_access)

    async def attributes(self, *, deadline: float | timedelta | None = None) -> records.Attributes:
        """Make, model and year. The handle remembers the make."""
        attributes = await self._run(reads.attributes(self._car), deadline)
        self._make = attributes.make.lower() if attributes.make else self._make
        return attributes

    async def vin(self, *, deadline: float | timedelta | None = None) -> records.Vin:
        """The vehicle identification number."""
        return await self._run(reads.vin(self._car), deadline)

    async def permissions(
        self,
        limit: int | None = None,
        offset: int | None = None,
        *,
        deadline: float | timedelta | None = None,
    ) -> records.Permissions:
        """One page of what the owner granted; the API gives 25 unless `limit` says otherwise."""
        return await self._run(reads.permissions(self._car, limit, offset), deadline)

    async def has_permissions(
        self, names: Iterable[Permission | str] | str, *, deadline: float | timedelta | None = None
    ) -> bool:
        """Whether the owner granted all of these; `required:` before a name does not matter. Asks for every page."""
        wanted = {word.removeprefix("required:") for word in words(names, "names")}
        call = reads.permissions(self._car)
        left = self._engine.countdown(call, deadline)
        offset = 0
        seen: set[object] = set()
        while True:
            page = await self._run(call, left())
            if page.permissions in seen:
                return False  # a server that ignores the offset, or goes round in a ring, would never end
            seen.add(page.permissions)
            wanted -= {str(word) for word in page.permissions}
            offset += len(page.raw.get("permissions", ()))
            total = None if page.paging is None else page.paging.count
            if not wanted or not page.permissions or total is None or offset >= total:
                return not wanted
            call = reads.permissions(self._car, offset=offset)

    async def battery(self, *, deadline: float | timedelta | None = None) -> records.Battery:
        """Charge, from 0 to 1, and range, in km or miles, of the traction battery."""
        return await self._run(reads.battery(self._car), deadline)

    async def battery_capacity(self, *, deadline: float | timedelta | None = None) -> records.BatteryCapacity:
        """The capacity of the traction battery, in kWh."""
        return await self._run(reads.battery_capacity(self._car), deadline)

    async def nominal_capacity(self, *, deadline: float | timedelta | None = None) -> records.NominalCapacity:
        """The rated capacities of the traction battery, in kWh."""
        return await self._run(reads.nominal_capacity(self._car), deadline)

    async def charge(self, *, deadline: float | timedelta | None = None) -> records.Charge:
        """Whether the car is plugged in and charges."""
        return await self._run(reads.charge(self._car), deadline)

    async def get_charge_limit(self, *, deadline: float | timedelta | None = None) -> records.ChargeLimit:
        """The level at which charging ends, from 0 to 1."""
        return await self._run(reads.charge_limit(self._car), deadline)

    async def set_charge_limit(
        self, limit: float, *, deadline: float | timedelta | None = None
    ) -> records.ActionResponse:
        """Set the level at which charging ends.

        Args:
            limit: A share of the battery from 0 to 1; cars take 0.5 at the least.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return await self._run(commands.set_charge_limit(self._car, limit), deadline)

    async def start_charge(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Start charging.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return await self._run(commands.start_charge(self._car), deadline)

    async def stop_charge(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Stop charging.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return await self._run(commands.stop_charge(self._car), deadline)

    async def fuel(self, *, deadline: float | timedelta | None = None) -> records.Fuel:
        """What is in the tank: litres or gallons, the share from 0 to 1, and the range in km or miles."""
        return await self._run(reads.fuel(self._car), deadline)

    async def engine_oil(self, *, deadline: float | timedelta | None = None) -> records.EngineOil:
        """The life that is left of the engine's oil, from 0 to 1."""
        return await self._run(reads.engine_oil(self._car), deadline)

    async def tire_pressure(self, *, deadline: float | timedelta | None = None) -> records.TirePressure:
        """The pressure of each tire, in kPa or psi."""
        return await self._run(reads.tire_pressure(self._car), deadline)

    async def odometer(self, *, deadline: float | timedelta | None = None) -> records.Odometer:
        """How far the car has gone, in km or miles."""
        return await self._run(reads.odometer(self._car), deadline)

    async def location(self, *, deadline: float | timedelta | None = None) -> records.Location:
        """Where the car was last known to be, in degrees."""
        return await self._run(reads.location(self._car), deadline)

    async def lock_status(self, *, deadline: float | timedelta | None = None) -> records.SecurityResponse:
        """Whether the car is locked, and what is open."""
        return await self._run(reads.lock_status(self._car), deadline)

    async def lock(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Lock the doors.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return await self._run(commands.lock(self._car), deadline)

    async def unlock(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """Unlock the doors.

        Raises:
            VehicleStateError: The car cannot do it now.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out.
        """
        return await self._run(commands.unlock(self._car), deadline)

    async def send_destination(
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
        return await self._run(commands.send_destination(self._car, latitude, longitude), deadline)

    async def service_history(
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
        return await self._run(reads.service_history(self._car, start_date, end_date), deadline)

    async def diagnostic_system_status(
        self, *, deadline: float | timedelta | None = None
    ) -> records.DiagnosticSystemStatusResponse:
        """What the car's systems report."""
        return await self._run(reads.diagnostic_system_status(self._car), deadline)

    async def diagnostic_trouble_codes(
        self, *, deadline: float | timedelta | None = None
    ) -> records.DiagnosticTroubleCodesResponse:
        """The trouble codes that are active."""
        return await self._run(reads.diagnostic_trouble_codes(self._car), deadline)

    async def subscribe(
        self, webhook_id: str, *, deadline: float | timedelta | None = None
    ) -> records.WebhookSubscription:
        """Have a webhook report on the vehicle."""
        return await self._run(commands.subscribe(self._car, webhook_id), deadline)

    async def unsubscribe(
        self, amt: str, webhook_id: str, *, deadline: float | timedelta | None = None
    ) -> records.ActionResponse:
        """End a webhook's reports on the vehicle, with the application's management token."""
        return await self._run(commands.unsubscribe(self._car, amt, webhook_id), deadline)

    async def disconnect(self, *, deadline: float | timedelta | None = None) -> records.ActionResponse:
        """End your access to the vehicle: its owner must go through Connect again to restore it. It may be sent twice,
        and then counts as done where the server answers that the access is gone.
        """
        return await self._run(commands.disconnect(self._car), deadline)

    async def batch(self, paths: Iterable[str], *, deadline: float | timedelta | None = None) -> Batch:
        """Many reads at once, each with its own result or error. `v2.batch_plan(paths)` tells what it will cost.

        A long list takes several requests. If one of them fails after another was answered, the paths that are left
        have its error.

        Example:
            batch = await vehicle.batch(["/odometer", "/battery"])
            print(batch["odometer"].distance, batch.failed)
        """
        plan = batch_plan(paths)
        calls = [batch_call(self._car, chunk, self._engine.clock.now) for chunk in plan.chunks]
        left = self._engine.countdown(calls[0], deadline)
        answered: list[Batch] = []
        for call in calls:
            try:
                answered.append(await self._run(call, left()))
            except SmartcarError as error:
                if not answered:
                    raise
                return joined(plan, answered, error.fresh())
        return joined(plan, answered)

    async def request(
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
        path_version = self.version if version is None else version_text(version, third=True)
        car = evolve(self._car, version=path_version, flags=self._car.flags if flags is None else flags)
        call = commands.custom(car, method, path, query=query, body=body, headers=headers)
        return await self._run(call, deadline)

    async def get_signals(self, *, deadline: float | timedelta | None = None) -> records.V3Response[SignalSet]:
        """Every signal that API v3 has of the vehicle, in one request."""
        return await self._run(reads.v3_signals(self._car), deadline)

    async def get_signal(
        self, key: SignalKey[T] | str, *, deadline: float | timedelta | None = None
    ) -> records.V3Response[Signal[T]]:
        """One signal of API v3, by its key from `signals` or by its code; in `body` of what is returned."""
        return await self._run(reads.v3_signal(self._car, signal_key(key)), deadline)

    async def _run(self, call: Call[T], deadline: float | timedelta | None) -> T:
        return await self._engine.run(call, deadline, self._tokens)

    def __repr__(self) -> str:
        return f"Vehicle({self.id!r})"


def _make(value: str) -> str:
    require_id(value, "make")
    return value.strip().lower()


def _units(value: UnitSystem | str) -> UnitSystem:
    try:
        return UnitSystem(value)
    except ValueError:
        raise ConfigurationError(f"unit_system: give 'metric' or 'imperial', not {value!r}") from None
