"""The command campaign: many commands, each in a scenario, checked by what its caller learned and by the car's ledger.

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

from .access import ClientRoute, client_route, fast_time, moment_of
from .expected_commands import MODEL
from .results import Outcome, PlannedCall, Results, planned_calls
from .scenarios import NEVER_SENT, NEW_TYPE, Access, FaultQueue, Scenario

WORKERS, CARS = 6, 8
ROUNDS_PER_CLIENT = 4
CALLS_PER_ROUND = 3
CANCEL_TIMEOUT = 2.0
"""Seconds after which a call is cancelled although it is not doing what it is to be cancelled at."""

AMBIGUOUS = {"ConnectionLost", "DeadlineExceeded", "UpstreamError", "ServerError"}
"""Errors of a try after which a deletion may be done or not."""

Snapshot = tuple[datetime, dict[str, Car]]
"""What the cars physically were at a time."""


@define
class FinishedCall:
    """A call that was made, and what it did."""

    planned: PlannedCall
    vehicle: Vehicle
    sent: datetime
    """The true date, whatever the client's clock says."""
    before: int
    differed: bool
    outcome: Outcome
    result: Execution | BaseException
    unknown: CommandOutcomeUnknown | None
    caught: bool
    """Whether it was cancelled, if it was, while it did what it was to be cancelled at: a machine may be too busy."""

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """What was done to the car since, on behalf of callers."""
        return tuple(deed for deed in self.vehicle.ledger[self.before :] if not deed.action.startswith("schedule_"))


@define
class Worker:
    """One simulated world, its cars, and a client that commands all of them at once."""

    sim: Simulator
    random: Random
    remaining: Iterator[PlannedCall]
    results: Results
    fault_queues: dict[str, FaultQueue] = field(factory=dict[str, FaultQueue])

    async def run(self) -> None:
        """Round after round, until no calls are left."""
        world = self.sim.world
        cars = [vehicle for vehicle in world.vehicles.values() if world.connection_of(vehicle.id)][:CARS]
        for vehicle in cars:
            self._prepare(vehicle)
        self.sim.fault(Delay(0.01), path="/oauth2/token", probability=0.5)
        while True:
            async with self._route("shared", cars[0]) as shared:
                for _ in range(ROUNDS_PER_CLIENT):
                    finished = await asyncio.gather(*(self._call_vehicle(vehicle, shared) for vehicle in cars))
                    if not any(count for count, _ in finished):
                        return
                    await self._reconcile_all([call for _, call in finished if call], shared)

    def _prepare(self, vehicle: Vehicle) -> None:
        world = self.sim.world
        vehicle.car.model = MODEL
        vehicle.car.park()
        world.connect(vehicle.id)
        world.subscribe(next(iter(world.webhooks)), vehicle.id)
        fault_queue = FaultQueue(Delay(0), vehicle_id=vehicle.id)
        self.fault_queues[vehicle.id] = fault_queue
        self.sim.faults.add(fault_queue)

    @asynccontextmanager
    async def _route(self, access: Access, vehicle: Vehicle) -> AsyncGenerator[ClientRoute, None]:
        async with client_route(self.sim, self.random, access, (vehicle.id, vehicle.owner_id)) as route:
            yield route
        self.results.request_ends += route.request_ends

    async def _call_vehicle(self, vehicle: Vehicle, shared: ClientRoute) -> tuple[int, FinishedCall | None]:
        """A few calls to one car, until one has an unknown outcome."""
        for count in range(CALLS_PER_ROUND):
            planned = next(self.remaining, None)
            if planned is None:
                return count, None
            if planned.scenario.access == "shared":
                call = await self._make_call(planned, vehicle, shared)
            else:
                async with self._route(planned.scenario.access, vehicle) as own:
                    call = await self._make_call(planned, vehicle, own)
            if call.unknown is not None:
                return count + 1, call
            await self._check_call(call, shared)
        return CALLS_PER_ROUND, None

    async def _make_call(self, planned: PlannedCall, vehicle: Vehicle, route: ClientRoute) -> FinishedCall:
        """One call; it is over when nothing of it can reach the car any more, unless the proxy holds it."""
        scenario, fault_queue, car = planned.scenario, self.fault_queues[vehicle.id], vehicle.car
        with self.sim.world.lock:
            planned.command.prepare(car)
            differed = not planned.command.in_effect(car)
            sent = self.sim.world.now
            vehicle.report(sent)
            if self.random.random() < 0.2:
                car.sleep()
        before = len(vehicle.ledger)
        fault_queue.pending.extend(scenario.faults)
        route.proxy.segments[vehicle.id] = deque(scenario.segments)
        if scenario.expired:
            self.sim.expire_tokens()
        handle = route.client.vehicle(vehicle.id, vehicle.owner_id)
        result, caught = await self._await_call(planned.command.send(handle, scenario.deadline), scenario)
        await route.proxy.wait_until_idle(vehicle.id)
        self._count_call(planned, route, fault_queue, result, caught)
        fault_queue.pending.clear()
        reported = [unknown for unknown in route.unknown_outcomes if unknown.vehicle_id == vehicle.id]
        route.unknown_outcomes[:] = [unknown for unknown in route.unknown_outcomes if unknown.vehicle_id != vehicle.id]
        outcome = self._classify(planned, result, reported)
        return FinishedCall(
            planned, vehicle, sent, before, differed, outcome, result, reported[0] if reported else None, caught
        )

    async def _await_call(
        self, calling: Awaitable[Execution], scenario: Scenario
    ) -> tuple[Execution | BaseException, bool]:
        """Make the call, and cancel it if the scenario says so; with whether it was cancelled at what it should be."""
        task, caught = asyncio.ensure_future(calling), True
        if scenario.cancelled_at is not None:
            until = monotonic() + CANCEL_TIMEOUT
            while not task.done() and moment_of(task) != scenario.cancelled_at and monotonic() < until:
                await asyncio.wait([task], timeout=0.0003)
        elif scenario.cancelled_after is not None:
            await asyncio.wait([task], timeout=scenario.cancelled_after)
        if (scenario.cancelled_at or scenario.cancelled_after) and not task.done():
            moment = moment_of(task)
            caught = scenario.cancelled_at in (None, moment)
            self.results.cancelled[moment] += 1
            task.cancel()
        await asyncio.wait([task])
        try:
            return task.result(), caught
        except (Exception, asyncio.CancelledError) as error:
            return error, caught

    def _count_call(
        self,
        planned: PlannedCall,
        route: ClientRoute,
        fault_queue: FaultQueue,
        result: Execution | BaseException,
        caught: bool,
    ) -> None:
        """Count the call, and whether its scenario was really met."""
        scenario, proxy = planned.scenario, route.proxy
        faults = [fault for fault in scenario.faults if fault is not None]
        needs_connection = scenario.access in ("closed", "opens late", "no handshake") and scenario.cancelled_at is None
        met = (
            not faults
            or scenario.cancelled_after is not None
            or (len(fault_queue.pending) < len(scenario.faults) and fault_queue.fault == faults[-1]),
            not proxy.segments.pop(str(fault_queue.vehicle_id), None),
            not needs_connection or route.request_ends["ConnectionFailed"] > 0,
            scenario.access != "resets" or proxy.counts["reset at once"] > 0,
            not (scenario.cancelled_at or scenario.cancelled_after) or isinstance(result, asyncio.CancelledError),
            scenario.deadline is None or "no answer within" in str(result),
            caught,
        )
        self.results.calls[planned.label] += 1
        self.results.met[planned.label] += all(met)
        self.results.actions[planned.command.name] += 1

    def _classify(
        self, planned: PlannedCall, result: Execution | BaseException, reported: list[CommandOutcomeUnknown]
    ) -> Outcome:
        """What the caller learned. The hook must have had the same unknown outcome if there is one, and no other."""
        check = self.results.check
        match result:
            case Execution():
                check(result.ok and not reported, planned, f"{result}, and {reported}")
                return "done"
            case CommandOutcomeUnknown():
                check(reported == [result], planned, f"{result!r} was not reported to the hook, but {reported}")
                return "unknown"
            case asyncio.CancelledError():
                notes = getattr(result, "__notes__", [])
                check(
                    notes == [str(unknown) for unknown in reported],
                    planned,
                    f"{notes} was not reported to the hook, but {reported}",
                )
                return "cancelled, open" if notes else "cancelled, not sent"
            case SmartcarError():
                check(not reported, planned, f"{result!r}, and {reported}")
                return "refused"
            case _:
                raise result

    async def _check_call(self, call: FinishedCall, shared: ClientRoute) -> None:
        """Compare what the caller learned with what the ledger says, when all that was held has arrived."""
        shared.proxy.release(call.vehicle.id)
        await shared.proxy.wait_until_idle(call.vehicle.id)
        planned, deeds, outcome = call.planned, call.deeds, call.outcome
        check, deletes = self.results.check, planned.command.action == "delete_schedule"
        never_sent = planned.label in NEVER_SENT and call.caught
        check(call.unknown is None or not never_sent, planned, f"not so: {call.unknown}")
        check(len(deeds) < 2, planned, f"done {len(deeds)} times")
        check(all(map(planned.command.matches, deeds)), planned, f"not what was done: {deeds}")
        check(not deeds or planned.command.in_effect(call.vehicle.car), planned, "the car does not show it")
        if outcome == "done":
            check(len(deeds) == 1, planned, f"reported as done, but {deeds}")
        elif call.unknown is None and not (deletes and _may_have_acted(call.result)):
            check(not deeds, planned, f"reported as not done: {call.result!r}, but {deeds}")
        if call.unknown is not None and call.unknown.request_id and deeds:
            check(deeds[0].cause == call.unknown.request_id, planned, f"{call.unknown.request_id} did not do {deeds}")
        self.results.outcomes[planned.label, outcome] += 1
        self.results.deeds[f"{outcome}{' deletion' if deletes else ''}: {len(deeds)}"] += 1
        self.results.not_found += isinstance(call.result, NotFound) and bool(deeds)

    async def _reconcile_all(self, calls: list[FinishedCall], shared: ClientRoute) -> None:
        """Let minutes pass and reconcile each unknown outcome: while some calls are still under way, and after that."""
        if not calls:
            return
        history = [_snapshot(calls, self.sim.world)]
        async with self._route("newcomer", calls[0].vehicle) as reader:
            self._pass_minutes(self.random.choice((1, 2, 5, 5)), calls, history)
            for call in calls:
                await self._reconcile(call, history, reader.client, shared)
            for call in calls:
                await self._check_call(call, shared)
            history.append(_snapshot(calls, self.sim.world))
            self._pass_minutes(12, calls, history)
            for call in calls:
                await self._reconcile(call, history, reader.client, shared)

    def _pass_minutes(self, minutes: int, calls: list[FinishedCall], history: list[Snapshot]) -> None:
        for _ in range(minutes):
            self.sim.world.advance(minutes=1)
            history.append(_snapshot(calls, self.sim.world))

    async def _reconcile(
        self, call: FinishedCall, history: list[Snapshot], client: Smartcar, shared: ClientRoute
    ) -> None:
        """The answer must be true of the car as it stood when it last reported, and no deed may follow a `not`."""
        unknown, vehicle, planned = call.unknown, call.vehicle, call.planned
        assert unknown is not None
        assert unknown.sent_at is not None
        answer = await client.vehicle(vehicle.id, vehicle.owner_id).reconcile(unknown)
        late = vehicle.recorded_at > unknown.sent_at + SETTLED
        if answer is not Reconciled.UNKNOWN:
            car = next(cars[vehicle.id] for at, cars in reversed(history) if at <= vehicle.reported_at)
            holds = planned.command.in_effect(car)
            self.results.check(
                holds is (answer is Reconciled.IN_EFFECT), planned, f"reconciled as {answer}, but {holds}"
            )
            self.results.check(
                vehicle.recorded_at > call.sent, planned, f"reconciled as {answer} by what was before it"
            )
            under_way = answer is Reconciled.NOT_IN_EFFECT and shared.proxy.holds(vehicle.id)
            self.results.check(not under_way, planned, "reconciled as not in effect while it was still under way")
        if late and call.differed and evidence(unknown.action) is not None:
            self.results.decidable += 1
            self.results.decided += answer is not Reconciled.UNKNOWN
        when = "late" if late else "early"
        self.results.reconciled[f"{'nothing shows it' if evidence(unknown.action) is None else when}, {answer}"] += 1


def _snapshot(calls: list[FinishedCall], world: World) -> Snapshot:
    return world.now, {call.vehicle.id: call.vehicle.car.snapshot() for call in calls}


def _may_have_acted(result: object) -> bool:
    """Whether one of the tries of a deletion may have worked. It may be sent again, so its error is only the last."""
    if not isinstance(result, SmartcarError) or type(result) is ApiError:
        return True
    if isinstance(result, ApiError) and result.type == NEW_TYPE:
        return True
    return not AMBIGUOUS.isdisjoint({type(result).__name__, *(attempt.problem for attempt in result.attempts)})


async def campaign(seed: str, count: int) -> Results:
    """All of it: so many calls, over some simulators at once."""
    results, remaining = Results(), planned_calls(seed, count)
    with ExitStack() as stack:
        sims = [stack.enter_context(Simulator(seed=number, clock=fast_time)) for number in range(WORKERS)]
        workers = [
            Worker(sim, Random(f"{seed}/worker {number}"), remaining, results) for number, sim in enumerate(sims)
        ]
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker.run())
    return results
