"""The campaign: many commands, one trouble each, and what became of every one by its caller and by the car's ledger.

A car is given one call at a time, and the next only when nothing of the last is on its way any more. So the deeds that
its ledger gained are those of this one call, whatever was answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from random import Random
from time import monotonic

from attrs import define, field

from smartcar_async import ApiError, CommandOutcomeUnknown, Execution, NotFound, Reconciled, Smartcar, SmartcarError
from smartcar_async.reconcile import SETTLED, evidence
from smartcar_async.testing import Car, Deed, Delay, Simulator, Vehicle, World

from .access import Line, fast, line, moment_of
from .orders import MODEL
from .score import Outcome, Score, Shot, shots
from .troubles import NEVER_LEAVES, NEW_TYPE, Access, Fate, Trouble

LANES, CARS = 6, 8
VOLLEYS_OF_A_CLIENT = 4
CALLS_OF_A_VOLLEY = 3
PATIENCE = 2.0
"""Seconds after which a call is broken off although it is not doing what it is to be caught at."""

OPEN = {"ConnectionLost", "DeadlineExceeded", "UpstreamError", "ServerError"}
"""Errors of a try after which a deletion may be done or not."""

Sight = tuple[datetime, dict[str, Car]]
"""What the cars physically were at a time."""


@define
class Flight:
    """A call that was made, and what it left behind."""

    shot: Shot
    vehicle: Vehicle
    sent: datetime
    """The true date, whatever the client's clock says."""
    before: int
    differed: bool
    outcome: Outcome
    result: Execution | BaseException
    unknown: CommandOutcomeUnknown | None
    caught: bool
    """Whether it was broken off while it did what it was to be caught at, if it was: a machine may be too busy."""

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """What was done to the car since, on behalf of callers."""
        return tuple(deed for deed in self.vehicle.ledger[self.before :] if not deed.action.startswith("schedule_"))


@define
class Lane:
    """One simulated world, its cars, and a client that commands all of them at once."""

    sim: Simulator
    random: Random
    coming: Iterator[Shot]
    score: Score
    fates: dict[str, Fate] = field(factory=dict[str, Fate])

    async def run(self) -> None:
        """Volley after volley, until no shots are left."""
        cars = [one for one in self.sim.world.vehicles.values() if self.sim.world.connection_of(one.id)][:CARS]
        for vehicle in cars:
            self._prepare(vehicle)
        self.sim.fault(Delay(0.01), path="/oauth2/token", probability=0.5)
        while True:
            async with self._line("shared", cars[0]) as shared:
                for _ in range(VOLLEYS_OF_A_CLIENT):
                    found = await asyncio.gather(*(self._use(vehicle, shared) for vehicle in cars))
                    if not any(made for made, _ in found):
                        return
                    await self._reckon([flight for _, flight in found if flight], shared)

    def _prepare(self, vehicle: Vehicle) -> None:
        world = self.sim.world
        vehicle.car.model = MODEL
        vehicle.car.park()
        world.connect(vehicle.id)
        world.subscribe(next(iter(world.webhooks)), vehicle.id)
        fate = Fate(Delay(0), vehicle_id=vehicle.id)
        self.fates[vehicle.id] = fate
        self.sim.faults.add(fate)

    @asynccontextmanager
    async def _line(self, access: Access, vehicle: Vehicle) -> AsyncGenerator[Line, None]:
        async with line(self.sim, self.random, access, (vehicle.id, vehicle.owner_id)) as one:
            yield one
        self.score.wire += one.seen

    async def _use(self, vehicle: Vehicle, shared: Line) -> tuple[int, Flight | None]:
        """A few calls to one car, until one leaves its outcome open."""
        for made in range(CALLS_OF_A_VOLLEY):
            shot = next(self.coming, None)
            if shot is None:
                return made, None
            if shot.trouble.access == "shared":
                flight = await self._fire(shot, vehicle, shared)
            else:
                async with self._line(shot.trouble.access, vehicle) as own:
                    flight = await self._fire(shot, vehicle, own)
            if flight.unknown is not None:
                return made + 1, flight
            await self._judge(flight, shared)
        return CALLS_OF_A_VOLLEY, None

    async def _fire(self, shot: Shot, vehicle: Vehicle, on: Line) -> Flight:
        """One call; it is over when nothing of it can reach the car any more, unless the road holds it."""
        trouble, fate, car = shot.trouble, self.fates[vehicle.id], vehicle.car
        with self.sim.world.lock:
            shot.order.arrange(car)
            differed = not shot.order.in_effect(car)
            sent = self.sim.world.now
            vehicle.report(sent)
            if self.random.random() < 0.2:
                car.sleep()
        before = len(vehicle.ledger)
        fate.coming.extend(trouble.faults)
        on.road.stretches[vehicle.id] = deque(trouble.stretches)
        if trouble.expired:
            self.sim.expire_tokens()
        handle = on.client.vehicle(vehicle.id, vehicle.owner_id)
        result, caught = await self._call(shot.order.give(handle, trouble.deadline), trouble)
        await on.road.settle(vehicle.id)
        self._count(shot, on, fate, result, caught)
        fate.coming.clear()
        told = [one for one in on.unknown if one.vehicle_id == vehicle.id]
        on.unknown[:] = [one for one in on.unknown if one.vehicle_id != vehicle.id]
        outcome = self._outcome(shot, result, told)
        return Flight(shot, vehicle, sent, before, differed, outcome, result, told[0] if told else None, caught)

    async def _call(self, calling: Awaitable[Execution], trouble: Trouble) -> tuple[Execution | BaseException, bool]:
        """Make the call, and break it off if that is its trouble; with whether it was caught at what it should be."""
        task, caught = asyncio.ensure_future(calling), True
        if trouble.cancelled_at is not None:
            until = monotonic() + PATIENCE
            while not task.done() and moment_of(task) != trouble.cancelled_at and monotonic() < until:
                await asyncio.wait([task], timeout=0.0003)
        elif trouble.cancelled_after is not None:
            await asyncio.wait([task], timeout=trouble.cancelled_after)
        if (trouble.cancelled_at or trouble.cancelled_after) and not task.done():
            moment = moment_of(task)
            caught = trouble.cancelled_at in (None, moment)
            self.score.cancelled[moment] += 1
            task.cancel()
        await asyncio.wait([task])
        try:
            return task.result(), caught
        except (Exception, asyncio.CancelledError) as error:
            return error, caught

    def _count(self, shot: Shot, on: Line, fate: Fate, result: Execution | BaseException, caught: bool) -> None:
        """Note whether the trouble was really met."""
        trouble, road, faults = shot.trouble, on.road, [one for one in shot.trouble.faults if one is not None]
        needs_connection = trouble.access in ("closed", "opens late", "no handshake") and trouble.cancelled_at is None
        met = (
            not faults
            or trouble.cancelled_after is not None
            or (len(fate.coming) < len(trouble.faults) and fate.fault == faults[-1]),
            not road.stretches.pop(str(fate.vehicle_id), None),
            not needs_connection or on.seen["ConnectionFailed"] > 0,
            trouble.access != "resets" or road.happened["reset at once"] > 0,
            not (trouble.cancelled_at or trouble.cancelled_after) or isinstance(result, asyncio.CancelledError),
            trouble.deadline is None or "no answer within" in str(result),
            caught,
        )
        self.score.calls[shot.label] += 1
        self.score.struck[shot.label] += all(met)
        self.score.actions[shot.order.name] += 1

    def _outcome(self, shot: Shot, result: Execution | BaseException, told: list[CommandOutcomeUnknown]) -> Outcome:
        """What the caller was told, which the hook must have been told as well if it is open, and only then."""
        claim = self.score.claim
        match result:
            case Execution():
                claim(result.ok and not told, shot, f"{result}, and {told}")
                return "done"
            case CommandOutcomeUnknown():
                claim(told == [result], shot, f"{result!r} was not told, but {told}")
                return "unknown"
            case asyncio.CancelledError():
                notes = getattr(result, "__notes__", [])
                claim(notes == [str(one) for one in told], shot, f"{notes} was not told, but {told}")
                return "cancelled, open" if notes else "cancelled, not sent"
            case SmartcarError():
                claim(not told, shot, f"{result!r}, and {told}")
                return "refused"
            case _:
                raise result

    async def _judge(self, flight: Flight, shared: Line) -> None:
        """Compare what the caller was told with what the ledger says, when all that was held has arrived."""
        shared.road.release(flight.vehicle.id)
        await shared.road.settle(flight.vehicle.id)
        shot, deeds, outcome = flight.shot, flight.deeds, flight.outcome
        claim, deletes = self.score.claim, shot.order.action == "delete_schedule"
        never_left = shot.label in NEVER_LEAVES and flight.caught
        claim(flight.unknown is None or not never_left, shot, f"not so: {flight.unknown}")
        claim(len(deeds) < 2, shot, f"done {len(deeds)} times")
        claim(all(map(shot.order.did, deeds)), shot, f"not what was done: {deeds}")
        claim(not deeds or shot.order.in_effect(flight.vehicle.car), shot, "the car does not show it")
        if outcome == "done":
            claim(len(deeds) == 1, shot, f"said to be done, but {deeds}")
        elif flight.unknown is None and not (deletes and _may_have_acted(flight.result)):
            claim(not deeds, shot, f"said not to be done: {flight.result!r}, but {deeds}")
        if flight.unknown is not None and flight.unknown.request_id and deeds:
            claim(deeds[0].cause == flight.unknown.request_id, shot, f"{flight.unknown.request_id} did not do {deeds}")
        self.score.outcomes[shot.label, outcome] += 1
        self.score.deeds[f"{outcome}{' deletion' if deletes else ''}: {len(deeds)}"] += 1
        self.score.not_found += isinstance(flight.result, NotFound) and bool(deeds)

    async def _reckon(self, flights: list[Flight], shared: Line) -> None:
        """Let minutes pass and ask what became of each open call: while some are still under way, and after that."""
        if not flights:
            return
        history = [_seen(flights, self.sim.world)]
        async with self._line("newcomer", flights[0].vehicle) as reader:
            self._live(self.random.choice((1, 2, 5, 5)), flights, history)
            for flight in flights:
                await self._reconcile(flight, history, reader.client, shared)
            for flight in flights:
                await self._judge(flight, shared)
            history.append(_seen(flights, self.sim.world))
            self._live(12, flights, history)
            for flight in flights:
                await self._reconcile(flight, history, reader.client, shared)

    def _live(self, minutes: int, flights: list[Flight], history: list[Sight]) -> None:
        for _ in range(minutes):
            self.sim.world.advance(minutes=1)
            history.append(_seen(flights, self.sim.world))

    async def _reconcile(self, flight: Flight, history: list[Sight], client: Smartcar, shared: Line) -> None:
        """The answer must be true of the car as it stood when it last reported, and no deed may follow a `not`."""
        unknown, vehicle, shot = flight.unknown, flight.vehicle, flight.shot
        assert unknown is not None
        assert unknown.sent_at is not None
        answer = await client.vehicle(vehicle.id, vehicle.owner_id).reconcile(unknown)
        late = vehicle.recorded_at > unknown.sent_at + SETTLED
        if answer is not Reconciled.UNKNOWN:
            car = next(cars[vehicle.id] for at, cars in reversed(history) if at <= vehicle.reported_at)
            holds = shot.order.in_effect(car)
            self.score.claim(holds is (answer is Reconciled.IN_EFFECT), shot, f"reconciled as {answer}, but {holds}")
            self.score.claim(vehicle.recorded_at > flight.sent, shot, f"reconciled as {answer} by what was before it")
            under_way = answer is Reconciled.NOT_IN_EFFECT and shared.road.holds(vehicle.id)
            self.score.claim(not under_way, shot, "reconciled as not in effect while it was still under way")
        if late and flight.differed and evidence(unknown.action) is not None:
            self.score.fresh += 1
            self.score.decided += answer is not Reconciled.UNKNOWN
        when = "late" if late else "early"
        self.score.reconciled[f"{'nothing shows it' if evidence(unknown.action) is None else when}, {answer}"] += 1


def _seen(flights: list[Flight], world: World) -> Sight:
    return world.now, {flight.vehicle.id: flight.vehicle.car.snapshot() for flight in flights}


def _may_have_acted(result: object) -> bool:
    """Whether one of the tries of a deletion may have worked. It may be sent again, so its error is only the last."""
    if not isinstance(result, SmartcarError) or type(result) is ApiError:
        return True
    if isinstance(result, ApiError) and result.type == NEW_TYPE:
        return True
    return not OPEN.isdisjoint({type(result).__name__, *(one.problem for one in result.attempts)})


async def campaign(seed: str, count: int) -> Score:
    """All of it: so many calls, over some simulators at once."""
    score, coming = Score(), shots(seed, count)
    with ExitStack() as stack:
        sims = [stack.enter_context(Simulator(seed=number, clock=fast)) for number in range(LANES)]
        lanes = [Lane(sim, Random(f"{seed}/lane {number}"), coming, score) for number, sim in enumerate(sims)]
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(lane.run())
    return score
