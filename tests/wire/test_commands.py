"""Every call that acts on a car: what it sends, what its answers mean, and which of them leave the outcome open."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import (
    AccountError,
    ApiError,
    Attempt,
    AuthenticationError,
    BillingError,
    CommandOutcomeUnknown,
    CompatibilityError,
    ConfigurationError,
    Execution,
    ExecutionStatus,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    Settings,
    Smartcar,
    Vehicle,
    VehicleStateError,
)

from .executions import (
    ACTS,
    COMMANDS,
    CREATIONS,
    DAILY,
    DELETIONS,
    PLACE,
    SCHEDULE_CALLS,
    Act,
    execution,
    failure,
    schedule_execution,
)
from .fakes import (
    API,
    CLIENT_ID,
    CLIENT_SECRET,
    USER,
    VEHICLE,
    Answer,
    FakeClock,
    Sent,
    Wire,
    always,
    answer,
    in_turn,
    mocked,
    refused,
)
from .test_requests import JSON, OF_USER

acts = pytest.mark.parametrize("act", ACTS, ids=str)
everything = pytest.mark.parametrize("act", [*ACTS, *DELETIONS], ids=str)
lines = pytest.mark.parametrize("line", [200, 202])

EXECUTED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
COMPLETED_AT = datetime(2026, 6, 1, 12, 0, 2, tzinfo=UTC)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own sessions."""
    with mocked(Wire(always(answer(execution())))) as made:
        yield made


async def vehicle_on(wire: Wire, act: Act) -> Vehicle:
    """A vehicle whose client knows its server's schedule paths."""
    return (await wire.client(FakeClock(), schedule_paths=act.family)).vehicle(VEHICLE, USER)


def expected(act: Act) -> Sent:
    """The one request that this act is: a content type only where there is a body."""
    headers = OF_USER if act.body is None else {**OF_USER, **JSON}
    return Sent(act.method, f"{API}{act.path}", headers, act.body)


@pytest.mark.parametrize("act", [*COMMANDS, *SCHEDULE_CALLS], ids=str)
async def test_what_is_sent(wire: Wire, act: Act) -> None:
    """Exactly one request, with exactly this method, path, headers and body."""
    settings = Settings(schedule_paths=act.family)
    async with Smartcar(CLIENT_ID, CLIENT_SECRET, settings=settings) as smartcar:
        done = await act.use(smartcar.vehicle(VEHICLE, USER))
    assert wire.calls == [expected(act)]
    assert (done.action, done.ok) == (act.action, True)


@pytest.mark.parametrize(
    ("family", "path", "document"),
    [
        ("announcement", "/v3.0/vehicles/vehicle-1/schedules", {"data": []}),
        (
            "reference",
            "/v3/vehicles/vehicle-1/signals/charge-chargetimers",
            {"attributes": {"code": "charge-chargetimers", "status": "SUCCESS", "body": {"values": []}}},
        ),
    ],
)
async def test_what_a_list_of_schedules_sends(wire: Wire, family: str, path: str, document: object) -> None:
    """One GET without a body, to the announced path or to the signal."""
    wire.api = always(answer(document))
    settings = Settings(schedule_paths=family)
    async with Smartcar(CLIENT_ID, CLIENT_SECRET, settings=settings) as smartcar:
        assert await smartcar.vehicle(VEHICLE, USER).schedules.list() == ()
    assert wire.calls == [Sent("GET", f"{API}{path}", OF_USER)]


async def test_nothing_is_sent_for_arguments_that_cannot_be_right(wire: Wire) -> None:
    """A limit, a place, a time or an id out of range is refused before any request, by its name and range."""
    days: dict[Any, Any] = {}
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        car = smartcar.vehicle(VEHICLE, USER)
        create = car.schedules.create_daily
        mistakes: list[tuple[Awaitable[object], str]] = [
            (car.set_charge_limit(0.8), "percent: .* 50 to 100, not 0.8"),  # type: ignore[arg-type]  # pyright: ignore
            (car.set_charge_limit(40), "percent: .* 50 to 100, not 40"),
            (car.set_charge_limit(101), "percent: .* 50 to 100, not 101"),
            (car.send_destination(91, 0), "latitude: .* -90 to 90"),
            (car.send_destination(0, float("nan")), "longitude: .* -180 to 180"),
            (create(location=PLACE, start="25:00", stop="06:00"), "start and stop: .* 00:00 to 23:59"),
            (create(location=PLACE, start="06:00", stop="06:00"), "start and stop: .* no length"),
            (create(location=(91, 0), start="22:00", stop="06:00"), "latitude: .* -90 to 90"),
            (car.schedules.create_workweek(location=PLACE), "weekdays, weekends: give at least one"),
            (car.schedules.create_weekly(location=PLACE, days=days), "days: give at least one"),
            (car.schedules.delete(""), "schedule_id: "),
            (car.lock(deadline=0), "deadline: "),
        ]
        for mistaken, text in mistakes:
            with pytest.raises(ConfigurationError, match=f"^{text}"):
                await mistaken
    assert wire.calls == wire.tokens == []


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


CONFIRMED: list[tuple[type[ApiError], str, str | None, int]] = [
    (AuthenticationError, "AUTHENTICATION", "UNAUTHORIZED", 401),
    (PermissionDenied, "AUTHENTICATION", "ACCESS_DENIED", 403),
    (PermissionDenied, "PERMISSION", None, 403),
    (InvalidRequest, "VALIDATION", "INVALID_INPUT_FORMAT", 400),
    (AccountError, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED", 400),
    (NotFound, "RESOURCE_NOT_FOUND", "INVALID_PATH", 404),
    (VehicleStateError, "VEHICLE_STATE", "IN_MOTION", 409),
    (RateLimited, "RATE_LIMIT", "SMARTCAR_API", 429),
    (RateLimited, "RATE_LIMIT", "VEHICLE", 429),
    (BillingError, "BILLING", "VEHICLE_REQUEST_LIMIT", 430),
    (CompatibilityError, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", 501),
]
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


@lines
@everything
async def test_an_execution_that_failed_and_does_not_say_why(act: Act, line: int) -> None:
    """A failure without a reason is a failure all the same."""
    wire = Wire()
    car = await vehicle_on(wire, act)
    for status in ({"value": "FAILURE"}, "FAILED", {"value": "ERROR", "error": "?"}):
        wire.api = always(answer(execution(status), line))
        with pytest.raises(ApiError, match="it is reported as failed") as caught:
            await act.use(car)
        assert type(caught.value) is ApiError
    assert len(wire.calls) == 3


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
    asked = json.loads(act.body)["data"]["attributes"] if act.body else {}
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


@everything
@pytest.mark.parametrize(
    "denied",
    [
        refused("PERMISSION", None, 403),
        refused("AUTHENTICATION", "ACCESS_DENIED", 403),
        answer(failure("PERMISSION", None, 403), 202),
    ],
    ids=["403", "access denied", "in a 202"],
)
async def test_permission_denied_names_the_permission(act: Act, denied: Answer) -> None:
    """The caller learns what to ask the owner for, wherever the refusal stands."""
    with pytest.raises(PermissionDenied) as caught:
        await act.use(await vehicle_on(Wire(always(denied)), act))
    assert caught.value.permission is act.permission


async def test_permission_denied_for_a_list() -> None:
    """To see the schedules needs what the signal needs."""
    for family in ("announcement", "reference"):
        wire = Wire(always(refused("PERMISSION", None, 403)))
        car = (await wire.client(FakeClock(), schedule_paths=family)).vehicle(VEHICLE, USER)
        with pytest.raises(PermissionDenied) as caught:
            await car.schedules.list()
        assert caught.value.permission == "read_charge"


REFUSALS: list[tuple[type[ApiError], Answer]] = [
    *((family, refused(kind, code, status)) for family, kind, code, status in CONFIRMED if code != "SMARTCAR_API"),
    (InvalidRequest, answer(status=400)),
    (NotFound, refused("RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND", 404)),
    (VehicleStateError, refused("VEHICLE_STATE", "ASLEEP", 409)),
    (VehicleStateError, answer({"errors": [{"status": "409", "code": "DEVICE_PAIRING_REQUIRED"}]}, 409)),
    (BillingError, Answer(430, b"<html>")),
    (CompatibilityError, answer(status=501)),
]


@everything
async def test_a_refusal_is_an_ordinary_error(act: Act) -> None:
    """Provably not done: the error of its family, after one request."""
    wire, clock = Wire(), FakeClock()
    for family, no in REFUSALS:
        wire.calls.clear()
        wire.api = always(no)
        car = (await wire.client(clock, schedule_paths=act.family)).vehicle(VEHICLE, USER)
        with pytest.raises(ApiError) as caught:
            await act.use(car)
        assert (type(caught.value), caught.value.status) == (family, no.status)
        assert caught.value.attempts == (Attempt(no.status, family.__name__, 0.0, None),)
    assert (len(wire.calls), clock.slept) == (1, [])


async def test_no_error_repeats_the_token() -> None:
    """A failure in the body of a success is redacted like any other."""
    told = {"errors": [{"status": "409", "type": "VEHICLE_STATE", "detail": f"token-1 of {USER} at 57.7012, 11.9712"}]}
    wire = Wire(always(answer(told, 202)))
    with pytest.raises(VehicleStateError) as caught:
        await (await wire.client(FakeClock())).vehicle(VEHICLE, USER).lock()
    assert str(caught.value) == "409 VEHICLE_STATE - [hidden] of [hidden] at [hidden]"
