"""The commands of one make through API v2.0: what goes out exactly, and the truth about how it ended."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from smartcar_async import (
    ApiError,
    CommandOutcomeUnknown,
    CompatibilityError,
    PermissionDenied,
    Retry,
    Settings,
    SmartcarError,
    VehicleStateError,
)
from smartcar_async.v2 import ActionResponse, Client, Vehicle

from .fakes import Answer, Outcome, Wire, always, answer, in_turn, mocked
from .leak_probes import CapturedOutput, capture_output
from .makes import ACTS, PIN, SUCCESS, Act
from .sockets import Play, http, raw_server
from .test_secrets import errors_that_tell
from .test_transport import BREAKS
from .v2 import ID, META, TOKEN, car, client, json_answer, vehicle_request

if TYPE_CHECKING:
    from aiohttp import ClientSession

acts = pytest.mark.parametrize("act", ACTS, ids=str)
SWITCHES = [act for act in ACTS if act.answer == {"status": (act.body or {}).get("action")}]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire(always(json_answer(SUCCESS)))) as made:
        yield made


def quick(wire: Wire, **changes: Any) -> Client:
    """A client on the wire itself: for tests that send much."""
    return client(session=cast("ClientSession", wire), **changes)


@acts
async def test_a_command(wire: Wire, act: Act) -> None:
    """One request, complete, and a record of the documented answer. The make may be given in any case."""
    wire.api = always(json_answer(act.answer))
    async with client() as smartcar:
        assert await act.use(car(smartcar, make=act.make.upper())) == act.result
    assert wire.calls == [vehicle_request(act.method, act.path, act.body)]


async def test_ids_flags_and_units(wire: Wire) -> None:
    """An id is one segment, whatever is in it; flags and units go with commands too, and so does the version."""
    async with client() as smartcar:
        vehicle = smartcar.vehicle("a/b", TOKEN, "imperial", {"country": "DE", "x": True}, "2.1")
        await vehicle.tesla.open_trunk()
        await vehicle.ford.set_schedule((57.7, 11.97), 0.8)
    root = "https://api.smartcar.com/v2.1/vehicles/a%2Fb"
    flags = "flags=country%3ADE%20x%3Atrue"
    assert [sent.url for sent in wire.calls] == [
        f"{root}/tesla/security/trunk?{flags}",
        f"{root}/ford/charge/schedule_by_location?latitude=57.7&longitude=11.97&{flags}",
    ]
    assert {sent.headers["SC-Unit-System"] for sent in wire.calls} == {"imperial"}


@acts
async def test_another_make_is_not_asked(wire: Wire, act: Act) -> None:
    """Where the make is known, by the caller or by the API, nothing is sent."""
    wire.api = always(json_answer({"id": ID, "make": "VOLVO"}))
    async with quick(wire) as smartcar:
        known, read = car(smartcar, make="Volvo"), car(smartcar)
        await read.attributes()
        assert known.make == read.make == "volvo"
        for vehicle in (known, read):
            with pytest.raises(CompatibilityError, match="nothing was sent") as caught:
                await act.use(vehicle)
            assert (caught.value.status, caught.value.code) == (None, "MAKE_NOT_COMPATIBLE")
    assert len(wire.calls) == 1


async def test_what_the_api_says_of_the_make_counts(wire: Wire) -> None:
    """More than what the caller said; an answer without a make changes nothing. A handle that is kept learns it."""
    async with client() as smartcar:
        vehicle = car(smartcar, make="TESLA")
        tesla = vehicle.tesla
        wire.api = always(json_answer({"id": ID}))
        await vehicle.attributes()
        assert vehicle.make == "tesla"
        wire.api = always(json_answer({"id": ID, "make": "LINCOLN"}))
        await vehicle.attributes()
        with pytest.raises(CompatibilityError):
            await tesla.open_frunk()
        wire.api = always(json_answer(SUCCESS))
        await vehicle.ford.set_schedule((1, 2), 0.5)
    assert wire.calls[-1].url.partition("?")[0].endswith("/lincoln/charge/schedule_by_location")


@acts
async def test_a_refusal(wire: Wire, act: Act) -> None:
    """It is raised at once, with all that it said; a missing permission is named."""
    asleep, denied = (
        answer({"type": kind, "code": code, "statusCode": status}, status)
        for kind, code, status in (("VEHICLE_STATE", "ASLEEP", 409), ("PERMISSION", None, 403))
    )
    wire.api = in_turn(asleep, denied)
    async with quick(wire) as smartcar:
        with pytest.raises(VehicleStateError):
            await act.use(car(smartcar, make=act.make))
        with pytest.raises(PermissionDenied) as caught:
            await act.use(car(smartcar, make=act.make))
    assert caught.value.permission == act.permission


UNTOLD: dict[str, Answer] = {
    "empty": Answer(200, b""),
    "no content": Answer(204, b""),
    "cut": Answer(200, b'{"status": "succ'),
    "no object": answer(["success"]),
    "no status": answer({}),
    "odd status": answer({"status": {"value": "success"}}),
    "pending": answer({"status": "PENDING"}),
    "accepted and pending": answer({"status": "PENDING"}, 202),
    "new word": answer({"status": "maybe"}),
    "a server in trouble": answer({"type": "SERVER", "code": "INTERNAL", "statusCode": 500}),
    "a maker in trouble": answer({"type": "UPSTREAM", "code": None}),
    "another schedule": answer({"departureTime": {"enabled": None}, "startTime": []}),
}


@pytest.mark.parametrize("outcome", UNTOLD.values(), ids=list(UNTOLD))
async def test_an_answer_that_does_not_tell(wire: Wire, outcome: Outcome) -> None:
    """It leaves the outcome of every command open, as plain data."""
    wire.api = always(outcome)
    async with quick(wire) as smartcar:
        for act in ACTS:
            with pytest.raises(CommandOutcomeUnknown) as caught:
                await act.use(car(smartcar, make=act.make))
            unknown = caught.value
            assert (unknown.action, unknown.vehicle_id, unknown.parameters) == (act.action, ID, act.parameters)
    assert len(wire.calls) == len(ACTS)


async def test_a_success_that_is_none(wire: Wire) -> None:
    """200 with UNAVAILABLE, or with a failure in it, is a failure of every command."""
    told: dict[type[ApiError], object] = {
        CompatibilityError: {"status": "UNAVAILABLE"},
        VehicleStateError: {"type": "VEHICLE_STATE", "code": "IN_MOTION", "statusCode": 409, "requestId": "r-1"},
    }
    async with quick(wire) as smartcar:
        for expected, document in told.items():
            wire.api = always(json_answer(document))
            for act in ACTS:
                with pytest.raises(expected) as caught:
                    await act.use(car(smartcar, make=act.make))
                assert caught.value.request_id is not None
                assert type(caught.value) is expected


async def test_a_failure_that_does_not_say_why(wire: Wire) -> None:
    """In a 200, only a type that is known to refuse proves that nothing was done."""
    told: list[dict[str, object]] = [
        {"status": "failed", "message": "no"},
        {"type": "NEW_TYPE", "code": None},
        {"type": "VEHICLE_STATE", "code": "IN_MOTION", "statusCode": 500},
        {"type": "RATE_LIMIT", "code": "SMARTCAR_API", "statusCode": 502},
    ]
    async with quick(wire) as smartcar:
        for document in told:
            wire.api = always(json_answer(document))
            for act in ACTS:
                with pytest.raises(CommandOutcomeUnknown):
                    await act.use(car(smartcar, make=act.make))
    assert len(wire.calls) == len(told) * len(ACTS)


async def test_odd_successes(wire: Wire) -> None:
    """Only the status decides: the car has acted, however odd the rest of the answer is."""
    async with quick(wire) as smartcar:
        vehicle = car(smartcar)
        for act in SWITCHES:
            assert act.body is not None
            for word in ("success", act.body["action"].lower(), "ON" if act.body["action"] == "START" else "OFF"):
                wire.api = always(json_answer({"status": word, "message": ["odd"]}))
                assert await act.use(vehicle) == ActionResponse(word, meta=META)
            wire.api = always(json_answer({"status": "OFF" if act.body["action"] == "START" else "ON"}))
            with pytest.raises(CommandOutcomeUnknown):
                await act.use(vehicle)
        wire.api = always(json_answer({"status": "off", "temperature": {"value": 21}}))
        cabin = await vehicle.tesla.stop_cabin()
        assert (cabin.status, cabin.temperature, cabin.raw["temperature"]) == ("off", None, {"value": 21})
        wire.api = always(json_answer({"status": "success", "temperature": "21.5"}))
        assert (await vehicle.tesla.start_cabin()).temperature == 21.5
        wire.api = always(json_answer({"startTime": {"enabled": True, "time": "soon"}}))
        schedule = await vehicle.tesla.set_schedule("START_TIME", "01:15")
        assert (schedule.start_time, schedule.raw["startTime"]["time"]) == (None, "soon")
        wire.api = always(json_answer(SUCCESS))
        assert (await vehicle.tesla.set_schedule("START_TIME", "01:15")).start_time is None


LOST: dict[str, Play] = {
    **{name: BREAKS[name] for name in ("closes", "resets", "resets in the headers", "closes in the body")},
    "500": Play(http(b'{"type": "SERVER", "code": "INTERNAL", "statusCode": 500}', "500 Internal Server Error")),
    "502": Play(http(b"", "502 Bad Gateway")),
    "503": Play(http(b"<h1>later</h1>", "503 Service Unavailable")),
    "504": Play(http(b"", "504 Gateway Timeout")),
}


@pytest.mark.parametrize("play", LOST.values(), ids=list(LOST))
async def test_a_lost_answer(play: Play) -> None:
    """On real sockets: every command arrives once, and its outcome is open."""
    async with raw_server(lambda _: play) as server:
        settings = Settings(api_origin=server.url, rate_limit=None, retry=Retry(6, 0.01, 0.01))
        async with Client("id", "secret", settings=settings) as smartcar:
            for act in ACTS:
                with pytest.raises(CommandOutcomeUnknown) as caught:
                    await act.use(car(smartcar, make=act.make))
                assert (caught.value.action, len(caught.value.attempts)) == (act.action, 1)
    wanted = [f"{act.method} /v2.0/vehicles/{ID}{act.path}" for act in ACTS]
    assert [" ".join(request.decode().split()[:2]) for request in server.requests] == wanted


def tellings(text: str) -> list[Outcome]:
    """Everything that a server could say about a PIN, in refusals and in what looks like success."""
    refusals: list[Outcome] = [Answer(int(status[:3]), body) for status, body in errors_that_tell(text)]
    documents: list[Any] = [
        {"status": "failed", "message": text, "error": text, "error_description": text},
        {"status": "UNAVAILABLE", "message": text},
        {"status": text},
        {text: text},
        {"type": "VALIDATION", "code": "PARAMETER", "description": text, "statusCode": 400},
        {"type": "SERVER", "code": None, "description": text},
        [text],
        text,
    ]
    return [*refusals, *(answer(document) for document in documents), Answer(200, text.encode())]


async def set_pin(vehicle: Vehicle, output: CapturedOutput) -> None:
    """Set the PIN, and hear what comes of it."""
    try:
        output.show(await vehicle.tesla.set_pin(PIN))
    except SmartcarError as error:
        output.catch(error)
        if isinstance(error, CommandOutcomeUnknown):
            output.show(error.__dict__)


async def test_a_pin_is_never_shown(wire: Wire) -> None:
    """Not in logs, events, errors, tracebacks, results, or the plain data of an unknown outcome, whoever repeats it."""
    outcomes = tellings(f"the PIN {PIN} is not taken, {PIN}!")
    with capture_output() as output:
        async with quick(wire, on_event=output.show, on_outcome_unknown=output.show) as smartcar:
            vehicle = car(smartcar)
            output.show(smartcar, vehicle, vehicle.tesla)
            for outcome in [*outcomes, answer({"status": "success", "message": f"PIN {PIN} set"})]:
                wire.api = always(outcome)
                await set_pin(vehicle, output)
    assert len(wire.calls) == len(outcomes) + 1
    assert all(PIN in (sent.body or b"").decode() and PIN not in sent.url + str(sent.headers) for sent in wire.calls)
    everything = "\n".join([*output.texts, output.log.getvalue()])
    assert re.findall(rf".*\b{PIN}\b.*", everything) == []
    assert "tesla.set_pin may or may not have been carried out" in everything


async def test_a_place_is_never_in_an_error(wire: Wire) -> None:
    """Where a car charges or goes is nobody's business: not even a server that repeats it gets it into a text."""
    told = "no way to 57.7 or 11.97"
    refusals = [
        Answer(400, json.dumps({"description": told, "type": "VALIDATION"}).encode()),
        Answer(400, json.dumps(told).encode()),
        Answer(500, json.dumps({"description": told, "type": "SERVER"}).encode()),
        Answer(200, json.dumps({"status": "failed", "message": told}).encode()),
    ]
    async with client() as smartcar:
        for refusal in refusals:
            wire.api = always(refusal)
            for use in (
                car(smartcar).ford.set_schedule((57.7, 11.97), 0.8),
                car(smartcar).send_destination(57.7, 11.97),
            ):
                with pytest.raises(SmartcarError, match="no way to") as caught:
                    await use
                assert "57.7" not in str(caught.value)
                assert "11.97" not in str(caught.value)
