"""The charge schedules of one vehicle, whichever of the two published families of paths the server has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import Factory, define, field

from .. import operations
from ..engine.policy import leaves_open, no_such_path
from ..errors import ApiError, Attempt, SmartcarError
from ..request import Call
from ..vocabulary import SchedulePaths, ScheduleType, Weekday
from . import arguments as charging
from .arguments import ClockTime, Position, TimeWindow

if TYPE_CHECKING:
    from datetime import timedelta

    from ..engine.pipeline import Engine
    from ..records import Execution
    from .record import ChargeSchedule

T = TypeVar("T")


@define
class PathMemory:
    """What a client has learned of its server's schedule paths. Only a success teaches, and only of its own path."""

    setting: SchedulePaths
    family: SchedulePaths = field(default=Factory(lambda self: self.setting, takes_self=True))
    lists: bool | None = None


class Schedules:
    """A vehicle's charge schedules: times are the car's own, and a window may cross midnight.

    To create or delete one is a command: it may raise VehicleStateError, PermissionDenied (`control_charge`),
    CompatibilityError and CommandOutcomeUnknown, where it may have been carried out although no answer came.
    """

    def __init__(self, engine: Engine, vehicle_id: str, user_id: str, memory: PathMemory) -> None:
        self._engine = engine
        self._vehicle_id = vehicle_id
        self._user_id = user_id
        self._memory = memory

    async def create_daily(
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
            await vehicle.schedules.create_daily(location=(57.7, 11.97), start="22:00", stop="06:00")
        """
        return await self._create(ScheduleType.DAILY, charging.daily(location, start, stop), deadline)

    async def create_workweek(
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
        return await self._create(ScheduleType.WORKWEEK, charging.workweek(location, weekdays, weekends), deadline)

    async def create_weekly(
        self,
        *,
        location: Position,
        days: Mapping[Weekday | str, TimeWindow],
        deadline: float | timedelta | None = None,
    ) -> Execution:
        """Charge within a window of its own on each of these days, at this place.

        Args:
            location: (latitude, longitude) in degrees, or a record that has both.
            days: A pair of times for each day, such as `{"monday": ("22:00", "06:00")}`.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.
        """
        return await self._create(ScheduleType.WEEKLY, charging.weekly(location, days), deadline)

    async def list(self, *, deadline: float | timedelta | None = None) -> tuple[ChargeSchedule, ...]:
        """Every schedule of the car. Those that were set in the car or its app have no id.

        Args:
            deadline: Seconds or a timedelta for the whole call; `Settings.deadline` (30 s) if not given.
        """
        memory = self._memory
        timers = operations.list_charge_timers(self._vehicle_id, self._user_id)
        if memory.setting is SchedulePaths.REFERENCE or memory.lists is False:
            return await self._engine.run(timers, deadline)
        listing = operations.list_schedules(self._vehicle_id, self._user_id)
        left = self._engine.countdown(listing, deadline)
        try:
            schedules = await self._engine.run(listing, left())
        except ApiError as error:
            if memory.setting is SchedulePaths.ANNOUNCEMENT or not no_such_path(error):
                raise
            schedules = await self._run_after(timers, left(), error.attempts)
            memory.lists = False
        else:
            memory.lists = True
        return schedules

    async def _run_after(self, call: Call[T], deadline: float, before: tuple[Attempt, ...]) -> T:
        """Carry out a call after these attempts at another."""
        try:
            return await self._engine.run(call, deadline)
        except SmartcarError as error:
            error.attempts = (*before, *error.attempts)
            raise

    async def delete(self, schedule_id: str, *, deadline: float | timedelta | None = None) -> Execution:
        """Delete a schedule that was made through the API.

        Args:
            schedule_id: The `schedule_id` of what `create_...` answered, or the `id` of one that `list` shows.
            deadline: Seconds or a timedelta for the whole call; `Settings.command_deadline` (310 s) if not given.

        Raises:
            NotFound: There is no such schedule.
            CommandOutcomeUnknown: No answer came, so it may be deleted or not.
        """

        def call(family: SchedulePaths) -> Call[Execution]:
            known = self._memory.family is family
            return operations.delete_schedule(self._vehicle_id, self._user_id, schedule_id, family, gone_is_done=known)

        return await self._on_either_path(call, deadline)

    async def _create(
        self, kind: ScheduleType, attributes: Mapping[str, Any], deadline: float | timedelta | None
    ) -> Execution:
        def call(family: SchedulePaths) -> Call[Execution]:
            return operations.create_schedule(self._vehicle_id, self._user_id, kind, attributes, family)

        return await self._on_either_path(call, deadline)

    async def _on_either_path(self, call: Callable[[SchedulePaths], Call[T]], deadline: float | timedelta | None) -> T:
        """Use the family that is known, or find out: both refuse before they act, so trying is safe."""
        memory = self._memory
        if memory.family is not SchedulePaths.AUTO:
            return await self._engine.run(call(memory.family), deadline)
        reference, announcement = call(SchedulePaths.REFERENCE), call(SchedulePaths.ANNOUNCEMENT)
        left = self._engine.countdown(reference, deadline)
        try:
            answer = await self._engine.run(reference, left())
        except SmartcarError as error:
            if not _path_not_served(error):
                raise
            first = error
        else:
            memory.family = SchedulePaths.REFERENCE
            return answer
        try:
            answer = await self._engine.run(announcement, left())
        except SmartcarError as second:
            failure = first if not leaves_open(second) and (leaves_open(first) or _path_not_served(second)) else second
            failure.attempts = (*first.attempts, *second.attempts)
            raise failure from None
        memory.family = SchedulePaths.ANNOUNCEMENT
        return answer

    def __repr__(self) -> str:
        return f"Schedules({self._vehicle_id!r})"


def _path_not_served(error: SmartcarError) -> bool:
    """Whether the path was refused in the status line: a server that says so in the body of a 202 has begun to act.

    The error of an earlier try may stand before that refusal.
    """
    last = error.__cause__ if isinstance(error.__cause__, ApiError) else error
    return isinstance(last, ApiError) and no_such_path(last) and error.attempts[-1].status == last.status
