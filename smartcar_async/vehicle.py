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
    """A handle on one vehicle and the user who granted it. Making one sends nothing."""

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
        """Make, model, year, powertrain and mode."""
        return await self._engine.run(operations.vehicle_attributes(self.id, self.user_id), deadline)

    async def signals(self, *, deadline: float | timedelta | None = None) -> SignalSet:
        """Every signal that is stored for the vehicle, in one request."""
        return await self._engine.run(operations.list_signals(self.id, self.user_id), deadline)

    async def signal(self, key: SignalKey[T] | str, *, deadline: float | timedelta | None = None) -> Signal[T]:
        """One signal, by its key from `signals` or by its code; only the key tells a type checker the body."""
        signal_key = operations.signal_key(key)
        return await self._engine.run(operations.get_signal(self.id, self.user_id, signal_key), deadline)

    async def lock(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Lock the doors."""
        return await self._engine.run(operations.lock(self.id, self.user_id), deadline)

    async def unlock(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Unlock the doors."""
        return await self._engine.run(operations.unlock(self.id, self.user_id), deadline)

    async def start_charge(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Start charging."""
        return await self._engine.run(operations.start_charge(self.id, self.user_id), deadline)

    async def stop_charge(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Stop charging."""
        return await self._engine.run(operations.stop_charge(self.id, self.user_id), deadline)

    async def set_charge_limit(self, percent: int, *, deadline: float | timedelta | None = None) -> Execution:
        """Set the level at which charging ends: a whole percent from 50 to 100."""
        return await self._engine.run(operations.set_charge_limit(self.id, self.user_id, percent), deadline)

    async def send_destination(
        self, latitude: float, longitude: float, *, deadline: float | timedelta | None = None
    ) -> Execution:
        """Send a destination to the navigation. No signal shows whether it arrived."""
        return await self._engine.run(operations.send_destination(self.id, self.user_id, latitude, longitude), deadline)

    async def open_charge_port(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Open the charge port."""
        return await self._engine.run(operations.open_charge_port(self.id, self.user_id), deadline)

    async def close_charge_port(self, *, deadline: float | timedelta | None = None) -> Execution:
        """Close the charge port."""
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
        that the command is not in effect, because a command may take 310 s. With `wait`, seconds or a timedelta, it
        reads again until it can tell or that time is over: at most six times in ten minutes, and every five minutes
        after that. A read that fails is made up for by the next one; the last one's error is raised. `deadline` is for
        each read.
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

        A list in `query` repeats its parameter.
        """
        call = operations.custom(
            method, path, query=query, body=body, headers=headers, vehicle_id=self.id, user_id=self.user_id
        )
        return await self._engine.run(call, deadline)

    def __repr__(self) -> str:
        return f"Vehicle({self.id!r})"
