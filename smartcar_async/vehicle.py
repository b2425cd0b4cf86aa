"""The handle on one vehicle: reads, commands, and the outcome of commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import operations
from .arguments import require_instance
from .errors import (
    CommandOutcomeUnknown,
    CompatibilityError,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    TransportError,
    UpstreamError,
)
from .request import header_value, require_id
from .schedules.handle import PathMemory, Schedules

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from .engine.pipeline import Engine
    from .reconcile import Reconciled
    from .records import Execution, Response, Signal, SignalKey, SignalSet, VehicleAttributes

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Vehicle:
    """A handle on one vehicle and the user who granted it. Making one sends nothing.

    Every method may also raise AuthenticationError (the application's credentials), NotFound (no such vehicle of this
    user), RateLimited, TransportError (no answer in time, no connection) and ServerError. All are SmartcarError.
    """

    def __init__(self, engine: Engine, vehicle_id: str, user_id: str, schedule_paths: PathMemory) -> None:
        require_id(vehicle_id, "vehicle_id")
        header_value(user_id, "user_id")
        self._engine = engine
        self.id = vehicle_id
        """Smartcar's id of the vehicle."""
        self.user_id = user_id
        """The id of the user who granted it."""
        self.schedules: Schedules = Schedules(engine, vehicle_id, user_id, schedule_paths)
        """The charge schedules of this vehicle."""

    async def attributes(self, *, deadline: float | timedelta | None = None) -> VehicleAttributes:
        """Make, model, year, powertrain and mode.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.
        """
        return await self._engine.run(operations.vehicle_attributes(self.id, self.user_id), deadline)

    async def signals(self, *, deadline: float | timedelta | None = None) -> SignalSet:
        """Every signal that is stored for the vehicle, in one request. A signal that has no value does not fail the
        others.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.

        Returns:
            A mapping by `SignalKey` or code; `.ok` and `.failed` are its signals with and without a value.

        Example:
            readings = await vehicle.signals()
            for signal in readings.ok:
                print(signal.code, signal.value, signal.unit)
        """
        return await self._engine.run(operations.list_signals(self.id, self.user_id), deadline)

    async def signal(self, key: SignalKey[T] | str, *, deadline: float | timedelta | None = None) -> Signal[T]:
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
            soc = await vehicle.signal(signals.TractionBattery.StateOfCharge)
            print(soc.value, soc.unit)
        """
        signal_key = operations.signal_key(key)
        return await self._engine.run(operations.get_signal(self.id, self.user_id, signal_key), deadline)

    async def lock(self, *, deadline: float | timedelta | None = None) -> Execution:
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
                await vehicle.lock()
            except VehicleStateError as error:
                print("not now:", error)
            except CommandOutcomeUnknown as error:
                print(await vehicle.reconcile(error, wait=600))
        """
        return await self._engine.run(operations.lock(self.id, self.user_id), deadline)

    async def unlock(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Unlock the doors. It is sent once, and answered when the car has done it.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while it drives or sleeps.
            PermissionDenied: The owner has not granted `control_security`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return await self._engine.run(operations.unlock(self.id, self.user_id), deadline)

    async def start_charge(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Start charging.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot charge now, such as when it is not plugged in or is full.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return await self._engine.run(operations.start_charge(self.id, self.user_id), deadline)

    async def stop_charge(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Stop charging.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car does not charge, or cannot stop now.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return await self._engine.run(operations.stop_charge(self.id, self.user_id), deadline)

    async def set_charge_limit(self, percent: int, *, deadline: float | timedelta | None = None) -> Execution:
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
        return await self._engine.run(operations.set_charge_limit(self.id, self.user_id, percent), deadline)

    async def send_destination(
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
        return await self._engine.run(operations.send_destination(self.id, self.user_id, latitude, longitude), deadline)

    async def open_charge_port(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Open the charge port.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while it drives or sleeps.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return await self._engine.run(operations.open_charge_port(self.id, self.user_id), deadline)

    async def close_charge_port(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Close the charge port.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            VehicleStateError: The car cannot do it now, such as while a cable is plugged in.
            PermissionDenied: The owner has not granted `control_charge`.
            CommandOutcomeUnknown: No answer came, so it may have been carried out: see `reconcile`.
            CompatibilityError: This car, or its maker's service, cannot do it.
        """
        return await self._engine.run(operations.close_charge_port(self.id, self.user_id), deadline)

    async def reconcile(
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
        from .reconcile import Reconciled, evidence, judge, reading_times  # rarely needed, and they bring the bodies
        from .settings import seconds

        if require_instance(outcome, CommandOutcomeUnknown, "outcome").vehicle_id != self.id:
            raise ConfigurationError("outcome: it is of another vehicle")
        waiting = 0.0 if wait is None else seconds(wait, "wait")
        key, sent_at, engine = evidence(outcome.action), outcome.sent_at, self._engine
        if key is None or sent_at is None:
            return Reconciled.UNKNOWN
        started = engine.clock.monotonic()
        for at in reading_times(engine.clock.now() - sent_at, waiting):
            await engine.clock.sleep(max(started + at - engine.clock.monotonic(), 0.0))
            try:
                reading = await self.signal(key, deadline=deadline)
                verdict = judge(outcome, reading, engine.clock.now())
            except (NotFound, PermissionDenied, CompatibilityError):
                return Reconciled.UNKNOWN
            except (TransportError, RateLimited, UpstreamError, ServerError):
                if at >= waiting:
                    raise
                continue
            if verdict is not Reconciled.UNKNOWN:
                return verdict
        return Reconciled.UNKNOWN

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
            response = await vehicle.request("GET", "/signals")
            print(response.status, response.data)
        """
        call = operations.custom(
            method, path, query=query, body=body, headers=headers, vehicle_id=self.id, user_id=self.user_id
        )
        return await self._engine.run(call, deadline)

    def __repr__(self) -> str:
        return f"Vehicle({self.id!r})"
