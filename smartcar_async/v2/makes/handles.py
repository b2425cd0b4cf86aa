"""The commands of one make, as handles on a vehicle. Making one sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from attrs import frozen

from ...errors import CompatibilityError
from ...request import Call
from . import commands

if TYPE_CHECKING:
    from ...schedules.arguments import ClockTime, Position, TimeWindow
    from ..operations import Target
    from ..records import ActionResponse
    from .records import Cabin, NissanWindow, TeslaSchedule, TeslaScheduleType

T = TypeVar("T")

TESLA: Final = ("tesla",)
NISSAN: Final = ("nissan",)
FORD: Final = ("ford", "lincoln")


class Run(Protocol):
    """What carries out a call for the vehicle."""

    async def __call__(self, call: Call[T], deadline: float | timedelta | None) -> T:
        """The call's result, or its error."""
        ...


@frozen
class MakeAccess:
    """A vehicle, as far as a handle needs it."""

    car: Target
    run: Run
    make: Callable[[], str | None]
    """The make in lower case, as far as it is known by now."""

    def make_of(self, makes: tuple[str, ...]) -> str:
        """The vehicle's make, if it is one of these or not known; CompatibilityError, and no request, for another."""
        make = self.make()
        if make is not None and make not in makes:
            raise CompatibilityError(
                f"only {' and '.join(name.upper() for name in makes)} can do this, and the vehicle is another make; "
                "nothing was sent",
                type="COMPATIBILITY",
                code="MAKE_NOT_COMPATIBLE",
            )
        return make or makes[0]


class Tesla:
    """What only a Tesla can do. Most need the owner to have added Smartcar's virtual key to the car.

    A success says that the command was accepted, not that the car has done it yet. Every method may raise
    VehicleStateError, PermissionDenied (`error.permission` names what the owner has not granted), CompatibilityError
    (also for a vehicle that is known to be another make) and CommandOutcomeUnknown, where no answer came. `deadline` is
    seconds or a timedelta; 310 s if not given.
    """

    def __init__(self, access: MakeAccess) -> None:
        self._access = access

    async def start_cabin(
        self, temperature: float | None = None, *, deadline: float | timedelta | None = None
    ) -> Cabin:
        """Turn the climate system on.

        Args:
            temperature: The target, in the degrees of the vehicle's `unit_system`; the car's own target if not given.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return await self._run(commands.start_cabin(self._access.car, temperature), deadline)

    async def stop_cabin(self, temperature: float | None = None, *, deadline: float | timedelta | None = None) -> Cabin:
        """Turn the climate system off; a temperature becomes the target for the next time."""
        return await self._run(commands.stop_cabin(self._access.car, temperature), deadline)

    async def set_cabin_temperature(self, temperature: float, *, deadline: float | timedelta | None = None) -> Cabin:
        """Change the target without turning the climate system on or off.

        Args:
            temperature: The target, in the degrees of the vehicle's `unit_system`.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return await self._run(commands.set_cabin_temperature(self._access.car, temperature), deadline)

    async def start_defroster(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the front and rear defrosters on."""
        return await self._run(commands.start_defroster(self._access.car), deadline)

    async def stop_defroster(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the front and rear defrosters off."""
        return await self._run(commands.stop_defroster(self._access.car), deadline)

    async def start_steering_heater(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the heating of the steering wheel on; CompatibilityError where there is none."""
        return await self._run(commands.start_steering_heater(self._access.car), deadline)

    async def stop_steering_heater(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn the heating of the steering wheel off; CompatibilityError where there is none."""
        return await self._run(commands.stop_steering_heater(self._access.car), deadline)

    async def open_trunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Open the rear trunk."""
        return await self._run(commands.open_trunk(self._access.car), deadline)

    async def close_trunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Close the rear trunk, where its lid is powered."""
        return await self._run(commands.close_trunk(self._access.car), deadline)

    async def open_frunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Open the front trunk."""
        return await self._run(commands.open_frunk(self._access.car), deadline)

    async def close_frunk(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Close the front trunk, where its lid is powered."""
        return await self._run(commands.close_frunk(self._access.car), deadline)

    async def open_charge_port(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Open the door of the charge port."""
        return await self._run(commands.open_charge_port(self._access.car), deadline)

    async def close_charge_port(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Close the door of the charge port."""
        return await self._run(commands.close_charge_port(self._access.car), deadline)

    async def set_pin(self, pin: str, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn PIN to drive on with this PIN, in place of any that was set before.

        Args:
            pin: Four digits, as a text.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return await self._run(commands.set_pin(self._access.car, pin), deadline)

    async def clear_pin(self, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Turn PIN to drive off, and forget the PIN."""
        return await self._run(commands.clear_pin(self._access.car), deadline)

    async def set_amperage(self, amperage: int, *, deadline: float | timedelta | None = None) -> ActionResponse:
        """Set how many amperes the car draws.

        Args:
            amperage: Whole amperes. What the charger cannot give is capped: the `message` of the answer says so.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.
        """
        return await self._run(commands.set_amperage(self._access.car, amperage), deadline)

    async def set_schedule(
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
        return await self._run(commands.set_tesla_schedule(self._access.car, type, time, enable), deadline)

    async def _run(self, call: Call[T], deadline: float | timedelta | None) -> T:
        self._access.make_of(TESLA)
        return await self._access.run(call, deadline)


class Nissan:
    """What only a Nissan can do. The errors are those of `Tesla`."""

    def __init__(self, access: MakeAccess) -> None:
        self._access = access

    async def set_schedule(
        self, windows: Iterable[NissanWindow], *, deadline: float | timedelta | None = None
    ) -> ActionResponse:
        """Replace the charge schedule.

        Args:
            windows: The windows in which the car may charge, three at the most; their times are UTC.
            deadline: Seconds or a timedelta for the whole call; 310 s if not given.

        Example:
            await vehicle.nissan.set_schedule([NissanWindow("22:00", "06:00", ("monday", "friday"))])
        """
        self._access.make_of(NISSAN)
        return await self._access.run(commands.set_nissan_schedule(self._access.car, windows), deadline)


class Ford:
    """What only a Ford or a Lincoln can do. The errors are those of `Tesla`."""

    def __init__(self, access: MakeAccess) -> None:
        self._access = access

    async def set_schedule(
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
        make = self._access.make_of(FORD)
        call = commands.set_ford_schedule(self._access.car, make, location, charge_limit, weekday, weekend)
        return await self._access.run(call, deadline)
