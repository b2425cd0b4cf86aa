"""Every call that acts on a car: what it sends, what its answers mean, and which of them leave the outcome open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import (
    ApiError,
    Attempt,
    BillingError,
    CommandOutcomeUnknown,
    CompatibilityError,
    ConfigurationError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    Settings,
    Smartcar,
    SmartcarError,
    UpstreamError,
    VehicleStateError,
)

from .executions import (
    ACTS,
    COMMANDS,
    CONFIRMED,
    DELETIONS,
    PLACE,
    SCHEDULE_CALLS,
    Act,
    execution,
    failure,
    vehicle_on,
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
    wrong: Any = 5
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
            (car.lock(deadline=10**400), "deadline: "),
            (car.signal(wrong), "key: give a key from signals, or a code"),
            (car.reconcile(wrong), "outcome: give a CommandOutcomeUnknown"),
            (car.request("GET", "/x", query=wrong), "query: give a mapping"),
            (car.request("GET", "/x", headers=wrong), "headers: give a mapping"),
            (car.request("POST", "/x", headers={"Transfer-Encoding": "chunked"}), "headers: Transfer-Encoding is set"),
            (smartcar.subscribe(webhook_id="w", user_id="u", vehicle_id="v", wait=wrong), "wait: give True or False"),
        ]
        for mistaken, text in mistakes:
            with pytest.raises(ConfigurationError, match=f"^{text}"):
                await mistaken
    assert wire.calls == wire.tokens == []


TOLD = f"no way to {PLACE[0]} or {PLACE[1]}"
REPEATED: list[Answer] = [
    *(
        answer({"errors": [{"status": str(status), "type": kind, "detail": TOLD}]}, line)
        for status, kind in ((400, "VALIDATION"), (500, "SERVER"))
        for line in (status, 200, 202)
    ),
    answer(execution({"value": "FAILURE", "error": {"status": "409", "type": "VEHICLE_STATE", "detail": TOLD}}), 202),
    Answer(400, TOLD.encode()),
]


@pytest.mark.parametrize("repeated", REPEATED, ids=lambda one: f"{one.status} {one.body[:40]!r}")
async def test_a_place_is_never_in_an_error(repeated: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """Where a car goes or charges is nobody's business: not even a server that repeats it gets it into a text."""
    caplog.set_level("DEBUG")
    car = (await Wire(always(repeated)).client(FakeClock(), schedule_paths="reference")).vehicle(VEHICLE, USER)
    night = ("22:00", "06:00")
    for use in (
        car.send_destination(*PLACE),
        car.schedules.create_daily(location=PLACE, start="22:00", stop="06:00"),
        car.schedules.create_workweek(location=PLACE, weekdays=night),
        car.schedules.create_weekly(location=PLACE, days={"monday": night}),
    ):
        with pytest.raises(SmartcarError, match=r"no way to \[hidden\] or \[hidden\]") as caught:
            await use
        assert not [degrees for degrees in ("57.7", "11.97") if degrees in f"{caught.value!r} {caught.value}"]
    assert caplog.records
    assert not [degrees for degrees in ("57.7", "11.97") if degrees in caplog.text]


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
    """To list the schedules needs what it takes to make them, or what the signal needs where that is read instead."""
    for family, permission in (("announcement", "control_charge"), ("reference", "read_charge")):
        wire = Wire(always(refused("PERMISSION", None, 403)))
        car = (await wire.client(FakeClock(), schedule_paths=family)).vehicle(VEHICLE, USER)
        with pytest.raises(PermissionDenied) as caught:
            await car.schedules.list()
        assert caught.value.permission == permission


REFUSALS: list[tuple[type[ApiError], Answer]] = [
    *((family, refused(kind, code, status)) for family, kind, code, status in CONFIRMED if code != "SMARTCAR_API"),
    (InvalidRequest, answer(status=400)),
    (NotFound, refused("RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND", 404)),
    (VehicleStateError, refused("VEHICLE_STATE", "ASLEEP", 409)),
    (VehicleStateError, answer({"errors": [{"status": "409", "code": "DEVICE_PAIRING_REQUIRED"}]}, 409)),
    (BillingError, Answer(430, b"<html>")),
]


DONE = execution()
CONTRADICTIONS: list[Answer] = [
    *(answer(DONE, status) for status in (400, 401, 403, 404, 405, 409, 430)),
    answer({**DONE, "errors": [{"status": "409", "type": "VEHICLE_STATE", "code": "ASLEEP"}]}),
    answer({**DONE, "errors": [{"status": "409", "type": "VEHICLE_STATE", "code": "ASLEEP"}]}, 202),
    answer(execution({"value": "SUCCESS", "error": {"type": "VEHICLE_STATE", "code": "ASLEEP"}})),
    answer(execution("SUCCESS", error={"type": "UPSTREAM", "code": "X"})["data"]),
]


@pytest.mark.parametrize("family", ["auto", "reference", "announcement"])
async def test_an_answer_that_contradicts_itself(family: str) -> None:
    """A refusal that says that it is done, or a success that tells of an error: unknown, after one request."""
    clock, wire = FakeClock(), Wire()
    car = (await wire.client(clock, schedule_paths=family)).vehicle(VEHICLE, USER)
    for act in ACTS:
        for odd in CONTRADICTIONS:
            wire.calls.clear()
            wire.api = always(odd)
            clock.time += 61  # so that a 401 could renew the token
            with pytest.raises((CommandOutcomeUnknown, UpstreamError) if act in DELETIONS else CommandOutcomeUnknown):
                await act.use(car)
            assert len(wire.calls) == 1


@pytest.mark.parametrize("body", [b"", b"<html>Not Implemented", b'{"errors": [{"code": "VEHICLE_NOT_CAPABLE"}]}'])
async def test_a_bare_501_is_no_refusal(body: bytes) -> None:
    """Any server that does not know what to do says so: only a type that is known tells that the car cannot do it."""
    wire = Wire(always(Answer(501, body)))
    car = (await wire.client(FakeClock())).vehicle(VEHICLE, USER)
    with pytest.raises(CommandOutcomeUnknown):
        await car.lock()
    with pytest.raises(CompatibilityError):
        await car.attributes()


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
