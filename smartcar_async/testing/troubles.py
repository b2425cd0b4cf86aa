"""What can be wrong with a connected car, as a VEHICLE_ERROR tells it."""

from __future__ import annotations

from attrs import frozen


@frozen
class Trouble:
    """One error of a vehicle, for `Vehicle.troubles`.

    Without signals it means the whole vehicle: nothing is heard of the car until it is over, and where the type is
    `VEHICLE_STATE`, commands are refused with its code.
    """

    type: str
    code: str | None = None
    resolution: str | None = None
    description: str = "Made up by the simulator."
    user_message: str | None = None
    signals: tuple[str, ...] = ()
    """Codes of the signals that it is about."""


UNREACHABLE = Trouble(
    "VEHICLE_STATE", "UNREACHABLE", "RETRY_LATER", "The vehicle cannot be reached.", "Try again in a while."
)
"""A car without a connection."""

ASLEEP = Trouble("VEHICLE_STATE", "ASLEEP", "RETRY_LATER", "The vehicle is asleep.", "Wake your car and try again.")
"""A sleeping car of a make that cannot be woken; the simulator finds it by itself."""
