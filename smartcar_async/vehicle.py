"""One vehicle, as something to ask."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import operations, signals
from .records import Response, Signal, SignalKey, SignalSet, VehicleAttributes
from .request import header_value, segment

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from .engine import Engine

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Vehicle:
    """A handle on one vehicle and the user who granted it. Making one sends nothing."""

    def __init__(self, engine: "Engine", vehicle_id: str, user_id: str) -> None:
        segment(vehicle_id, "vehicle_id")
        header_value(user_id, "user_id")
        self._engine = engine
        self.id = vehicle_id
        self.user_id = user_id

    async def attributes(self, *, deadline: float | timedelta | None = None) -> VehicleAttributes:
        """Make, model, year, powertrain and mode."""
        return await self._engine.run(operations.vehicle_attributes(self.id, self.user_id), deadline)

    async def signals(self, *, deadline: float | timedelta | None = None) -> SignalSet:
        """Every signal that is stored for the vehicle, in one request."""
        return await self._engine.run(operations.list_signals(self.id, self.user_id), deadline)

    async def signal(self, key: SignalKey[T] | str, *, deadline: float | timedelta | None = None) -> Signal[T]:
        """One signal, by its key from `signals` or by its code; only the key tells a type checker the body."""
        known: SignalKey[Any] = signals.by_code(key) if isinstance(key, str) else key
        return await self._engine.run(operations.get_signal(self.id, self.user_id, known), deadline)

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
        """Any call below this vehicle, for what has no method here. Only a GET is ever sent again."""
        call = operations.custom(
            method, path, query=query, body=body, headers=headers, vehicle_id=self.id, user_id=self.user_id
        )
        return await self._engine.run(call, deadline)

    def __repr__(self) -> str:
        return f"Vehicle({self.id!r})"
