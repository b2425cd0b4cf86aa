"""What the answers to commands and schedule calls mean: done, not done, or not known to be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import (
    ApiError,
    Attempt,
    CommandOutcomeUnknown,
    Execution,
    ExecutionStatus,
    NotFound,
    ServerError,
    UpstreamError,
    VehicleStateError,
)

from .executions import (
    ACTS,
    CONFIRMED,
    CREATIONS,
    DAILY,
    DELETIONS,
    PLACE,
    Act,
    execution,
    failure,
    schedule_execution,
    vehicle_on,
)
from .fakes import USER, VEHICLE, Answer, FakeClock, Wire, always, answer, in_turn

acts = pytest.mark.parametrize("act", ACTS, ids=str)
everything = pytest.mark.parametrize("act", [*ACTS, *DELETIONS], ids=str)
lines = pytest.mark.parametrize("line", [200, 202])

EXECUTED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
COMPLETED_AT = datetime(2026, 6, 1, 12, 0, 2, tzinfo=UTC)


async def test_the_result_of_a_command() -> None:
    """An execution tells what was asked, that it was done, and when."""
    document = execution(parameters={"percent": 80})
    wire = Wire(always(answer(document)))
    done = await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).set_charge_limit(80)
    assert done == Execution(
        id="exec_1",
        action="set_charge_limit",
        status=ExecutionStatus.SUCCESS,
        parameters={"percent": 80},
        executed_at=EXECUTED_AT,
        completed_at=COMPLETED_AT,
    )
    assert (done.ok, done.schedule_id, done.raw) == (True, None, document["data"])


async def test_the_result_of_a_creation() -> None:
    """It names the schedule, by which it can be deleted."""
    wire = Wire(always(answer(schedule_execution(), 202)))
    schedules = (await wire.client(FakeClock())).vehicle(VEHICLE, USER).schedules
    done = await schedules.create_daily(location=PLACE, start="22:00", stop="06:00")
    assert (done.id, done.schedule_id, done.action) == ("exec_42", "sched_7", "create_daily_schedule")
    assert (done.parameters, done.executed_at, done.completed_at) == (DAILY, EXECUTED_AT, COMPLETED_AT)


@lines
@pytest.mark.parametrize(
    "document",
    [
        execution("SUCCESS"),
        execution({"value": "success"}),
        execution()["data"],
        {"data": {"attributes": {"status": "SUCCESS"}}},
        {"data": {"id": ["?"], "attributes": {"status": "SUCCESS", "scheduleId": {}}, "meta": {"executedAt": "soon"}}},
        {"data": {"attributes": {"status": "SUCCESS", "parameters": "?"}, "meta": []}},
    ],
    ids=["flat status", "small letters", "bare", "nothing else", "odd neighbours", "more of them"],
)
async def test_a_success_is_a_success(line: int, document: object) -> None:
    """In every form that it may take: nothing beside the status can spoil it."""
    wire = Wire(always(answer(document, line)))
    done = await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).set_charge_limit(90)
    assert (done.status, done.ok) == (ExecutionStatus.SUCCESS, True)


@pytest.mark.parametrize("zero", [0, "0", None])
async def test_a_time_of_zero_is_no_time(zero: object) -> None:
    """And without parameters in the answer, those that were sent are told."""
    document = execution()
    document["data"]["meta"] = {"executedAt": zero, "completedAt": 1_780_315_202_000}
    wire = Wire(always(answer(document)))
    done = await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).set_charge_limit(90)
    assert (done.executed_at, done.completed_at, done.parameters) == (None, COMPLETED_AT, {"percent": 90})


OPEN: list[tuple[str | None, str | None, int]] = [
    ("UPSTREAM", "NO_RESPONSE", 502),
    ("UPSTREAM", "RATE_LIMIT", 502),
    ("SERVER", "INTERNAL", 500),
    ("SERVER", None, 200),
    (None, None, 504),
    ("NEW_TYPE", "NEW_CODE", 503),
]


@lines
@everything
async def test_a_success_that_reports_a_failure(act: Act, line: int) -> None:
    """The status line came before the end: the document in the body decides, and nothing is sent again."""
    wire = Wire()
    car = await vehicle_on(wire, act)
    for family, kind, code, status in CONFIRMED:
        wire.calls.clear()
        wire.api = always(answer(failure(kind, code, status), line, SC_Request_Id="r-1"))
        with pytest.raises(ApiError) as caught:
            await act.use(car)
        error = caught.value
        assert (type(error), error.status, error.type, error.code) == (family, status, kind, code)
        assert (error.request_id, error.description) == ("r-1", "It is so.")
        assert json.loads(error.body) == failure(kind, code, status)
        assert error.attempts == (Attempt(line, "", 0.0, "r-1"),)
        assert (len(wire.calls), len(wire.tokens)) == (1, 1)


@pytest.mark.parametrize("act", CREATIONS, ids=str)
async def test_a_path_that_is_refused_in_the_body_is_no_other_family(act: Act) -> None:
    """A server that has answered 202 has begun: whatever its body says, the other spelling is not tried."""
    wire = Wire(always(answer(failure("RESOURCE_NOT_FOUND", "INVALID_PATH", 404), 202)))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    with pytest.raises(NotFound):
        await act.use(car)
    assert len(wire.calls) == 1


@lines
@acts
async def test_a_success_that_reports_trouble_behind(act: Act, line: int) -> None:
    """The maker or Smartcar failed on the way: the car may have acted."""
    wire = Wire()
    car = await vehicle_on(wire, act)
    for kind, code, status in OPEN:
        document = {"errors": [{"status": str(status), "type": kind, "code": code}]}
        wire.api = always(answer(document, line, SC_Request_Id="r-1"))
        with pytest.raises(CommandOutcomeUnknown) as caught:
            await act.use(car)
        assert (caught.value.action, caught.value.request_id) == (act.action, "r-1")
    assert len(wire.calls) == len(OPEN)


REPORTS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda error: execution({"value": "FAILURE", "error": error}),
    lambda error: execution({"value": "failed", "error": error}),
    lambda error: execution("FAILURE", error=error),
    lambda error: execution("ERROR", error=error)["data"],
]


@lines
@pytest.mark.parametrize("report", REPORTS, ids=["nested", "small letters", "flat", "bare"])
async def test_an_execution_that_failed(line: int, report: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """An execution whose status is a failure raises what its error says, or leaves the outcome open."""
    document = report(failure("VEHICLE_STATE", "CHARGING_PLUG_NOT_CONNECTED", 409)["errors"][0])
    wire = Wire(always(answer(document, line, SC_Request_Id="r-1")))
    with pytest.raises(
        VehicleStateError, match=r"^409 VEHICLE_STATE:CHARGING_PLUG_NOT_CONNECTED - It is so\."
    ) as state:
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).start_charge()
    assert (json.loads(state.value.body), state.value.request_id, len(state.value.errors)) == (document, "r-1", 1)
    wire.api = always(answer(report(failure("UPSTREAM", "NO_RESPONSE", 502)["errors"][0]), line))
    with pytest.raises(CommandOutcomeUnknown, match="UPSTREAM:NO_RESPONSE"):
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).start_charge()
    assert len(wire.calls) == 2


TROUBLE = ("{'errors': [{'type': 'UPSTREAM'", "{'errors': [{'type': 'VALIDATION', 'status': '500'")


@lines
@everything
async def test_a_failure_that_does_not_say_why(act: Act, line: int) -> None:
    """Nobody knows how far it came, so the outcome is open; a deletion can simply be asked for again after trouble."""
    wire = Wire()
    car = await vehicle_on(wire, act)
    kinds: list[Any] = [None, "", 5, "NEW_TYPE", "UPSTREAM"]
    told: list[Any] = [
        *(execution(status) for status in ({"value": "FAILURE"}, "FAILED", {"value": "ERROR", "error": "?"})),
        *({"errors": [{"type": kind, "status": "409"}]} for kind in kinds),
        *({"errors": [{"type": kind}]} for kind in kinds),
        {"errors": [{"type": "VALIDATION", "status": "500"}]},
        {"errors": [{"type": "VALIDATION", "status": "409"}]},
        {"errors": [{"type": "VEHICLE_STATE"}, {"type": "UPSTREAM"}]},
        {"errors": [{"type": "NEW_TYPE"}, {"type": "VALIDATION"}]},
        {"errors": ["?"]},
    ]
    for document in told:
        wire.api = always(answer(document, line))
        trouble = act in DELETIONS and str(document).startswith(TROUBLE)
        with pytest.raises((UpstreamError, ServerError) if trouble else CommandOutcomeUnknown):
            await act.use(car)
    assert len(wire.calls) == len(told)


UNTOLD: list[bytes] = [
    b"",
    b"   ",
    b'{"data": {"attributes": {"status": {"val',
    b"<html>ok</html>",
    b"\xff",
    b"null",
    b"[]",
    b"{}",
    b'{"data": 5}',
    b'{"data": {"attributes": []}}',
    json.dumps(execution({"value": "PENDING"})).encode(),
    json.dumps(execution("PENDING")).encode(),
    json.dumps(execution({"value": "HALFWAY"})).encode(),
    json.dumps(execution({"value": None})).encode(),
    json.dumps(execution(5)).encode(),
]


@lines
@acts
async def test_an_answer_that_does_not_tell(act: Act, line: int) -> None:
    """Empty, cut, unreadable or still pending: the outcome is unknown, with all that is needed to reconcile it."""
    clock, wire = FakeClock(), Wire()
    car = (await wire.client(clock, schedule_paths=act.family)).vehicle(VEHICLE, USER)
    asked: object = json.loads(act.body)["data"]["attributes"] if act.body else {}
    for body in UNTOLD:
        clock.time += 1
        wire.api = always(Answer(line, body, {"sc-request-id": "r-1"}))
        with pytest.raises(CommandOutcomeUnknown, match="the answer does not tell") as caught:
            await act.use(car)
        unknown = caught.value
        assert (unknown.action, unknown.vehicle_id, unknown.parameters) == (act.action, VEHICLE, asked)
        assert (unknown.sent_at, unknown.request_id) == (clock.now(), "r-1")
        assert unknown.attempts == (Attempt(line, "", 0.0, "r-1"),)
    assert (len(wire.calls), clock.slept) == (len(UNTOLD), [])


@pytest.mark.parametrize("act", DELETIONS, ids=str)
async def test_an_empty_answer_to_a_deletion(act: Act) -> None:
    """200 and 204 say that all is done; 202 says that it is not, and the rest never came."""
    wire = Wire(in_turn(Answer(204, b""), Answer(200, b" "), Answer(202, b""), Answer(200, b'{"data"')))
    car = await vehicle_on(wire, act)
    for _ in range(2):
        done = await act.use(car)
        assert done == Execution(None, "delete_schedule", ExecutionStatus.SUCCESS, {"schedule_id": "sched/7"})
    for _ in range(2):
        with pytest.raises(CommandOutcomeUnknown, match="the answer does not tell"):
            await act.use(car)
    assert len(wire.calls) == 4


async def test_no_error_repeats_the_token() -> None:
    """A failure in the body of a success is redacted like any other."""
    told = {"errors": [{"status": "409", "type": "VEHICLE_STATE", "detail": f"token-1 of {USER} at 57.7012, 11.9712"}]}
    wire = Wire(always(answer(told, 202)))
    with pytest.raises(VehicleStateError) as caught:
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).lock()
    assert str(caught.value) == "409 VEHICLE_STATE - [hidden] of [hidden] at [hidden]"


@pytest.mark.parametrize(
    ("document", "family"),
    [
        ({"type": "VEHICLE_STATE", "code": "ASLEEP", "statusCode": 409}, VehicleStateError),
        ({"type": "UPSTREAM", "code": "NO_RESPONSE", "statusCode": 502}, CommandOutcomeUnknown),
        ({"status": "failed"}, CommandOutcomeUnknown),
    ],
)
async def test_a_flat_failure_in_a_success(document: object, family: type[Exception]) -> None:
    """It is judged alike for commands and for calls of the caller's own; a read is what it says."""
    wire = Wire(always(answer(document)))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    for use in (car.lock(), car.request("POST", "/commands/honk")):
        with pytest.raises(family):
            await use
    assert (await car.request("GET", "/horn")).data == document
