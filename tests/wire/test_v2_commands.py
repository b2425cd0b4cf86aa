"""What acts on a vehicle through API v2.0, its three outcomes, and calls of the caller's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from smartcar_async import (
    AuthenticationError,
    CommandOutcomeUnknown,
    ConfigurationError,
    ConnectionLost,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    Retry,
    ServerError,
    Settings,
    VehicleStateError,
)
from smartcar_async.v2 import ActionResponse, Client, Meta, Vehicle, WebhookSubscription

from .fakes import API, Answer, Outcome, Sent, Wire, always, answer, in_turn, mocked
from .v2 import AMT, HOOK, ID, META, car, client, json_answer, request_headers, vehicle_request

Act = Callable[[Vehicle], Awaitable[Any]]

DONE = {"status": "success", "message": "Successfully sent request to vehicle"}
ACTED = ActionResponse("success", "Successfully sent request to vehicle", meta=META)
BROKEN = ServerDisconnectedError("gone")

COMMANDS: dict[str, tuple[Act, str, dict[str, object], dict[str, object]]] = {
    "lock": (lambda car: car.lock(), "/security", {"action": "LOCK"}, {}),
    "unlock": (lambda car: car.unlock(), "/security", {"action": "UNLOCK"}, {}),
    "start_charge": (lambda car: car.start_charge(), "/charge", {"action": "START"}, {}),
    "stop_charge": (lambda car: car.stop_charge(), "/charge", {"action": "STOP"}, {}),
    "set_charge_limit": (lambda car: car.set_charge_limit(0.7), "/charge/limit", {"limit": 0.7}, {"limit": 0.7}),
    "send_destination": (
        lambda car: car.send_destination(57.7, -11),
        "/navigation/destination",
        {"latitude": 57.7, "longitude": -11},
        {"latitude": 57.7, "longitude": -11},
    ),
}
commands = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire(always(json_answer(DONE)))) as made:
        yield made


@commands
async def test_a_command(wire: Wire, name: str) -> None:
    """One POST with a body of JSON, numbers as numbers, and the answer as a record."""
    act, path, body, _ = COMMANDS[name]
    async with client() as smartcar:
        assert await act(car(smartcar)) == ACTED
    assert wire.calls == [vehicle_request("POST", path, body)]


@commands
async def test_a_lost_answer_leaves_the_outcome_open(wire: Wire, name: str) -> None:
    """It is told as plain data, and never sent again."""
    act, _, _, parameters = COMMANDS[name]
    wire.api = always(BROKEN)
    told: list[CommandOutcomeUnknown] = []
    async with client(on_outcome_unknown=told.append) as smartcar:
        with pytest.raises(CommandOutcomeUnknown) as caught:
            await act(car(smartcar))
    assert told == [caught.value]
    assert (caught.value.action, caught.value.vehicle_id, caught.value.parameters) == (name, ID, parameters)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        Answer(200, b""),
        Answer(200, b'{"status": "succ'),
        answer({}),
        answer([DONE]),
        answer({"status": "PENDING"}, 202),
        answer({"status": 1}),
        answer({"type": "SERVER", "code": "INTERNAL", "statusCode": 500}, 500),
        answer({"type": "UPSTREAM", "code": "NO_RESPONSE", "statusCode": 502}, 502),
    ],
    ids=["empty", "cut", "says nothing", "a list", "pending", "a number", "500", "502"],
)
async def test_an_answer_that_does_not_tell_leaves_the_outcome_open(wire: Wire, outcome: Outcome) -> None:
    """Only success is success, and only a refusal is a refusal."""
    wire.api = always(outcome)
    async with client() as smartcar:
        with pytest.raises(CommandOutcomeUnknown):
            await car(smartcar).lock()
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("outcome", "family"),
    [
        (answer({"type": "VEHICLE_STATE", "code": "DOOR_OPEN", "statusCode": 409}, 409), VehicleStateError),
        (answer({"type": "VEHICLE_STATE", "code": "DOOR_OPEN", "statusCode": 409}), VehicleStateError),
        (answer({"type": "PERMISSION", "code": None, "statusCode": 403}, 403), PermissionDenied),
        (answer({"type": "AUTHENTICATION", "code": None, "statusCode": 401}, 401), AuthenticationError),
    ],
    ids=["409", "409 in a 200", "403", "401"],
)
async def test_a_refusal_is_an_ordinary_error(wire: Wire, outcome: Outcome, family: type[Exception]) -> None:
    """It was not carried out, and it is sent once: a plain token has no other when it is refused."""
    wire.api = always(outcome)
    async with client() as smartcar:
        with pytest.raises(family):
            await car(smartcar).lock()
    assert len(wire.calls) == 1


async def test_subscriptions(wire: Wire) -> None:
    """Subscribing speaks with the owner's token, unsubscribing with the management token; ids are escaped."""
    wire.api = in_turn(
        json_answer({"webhookId": HOOK, "vehicleId": ID}),
        json_answer({}),
        answer({"type": "VALIDATION"}, 409),
        Answer(200, b"", {"sc-request-id": "r-1"}),
        json_answer({"status": "success"}),
    )
    async with client() as smartcar:
        asked = car(smartcar)
        assert await asked.subscribe(HOOK) == WebhookSubscription(HOOK, ID, meta=META)
        assert await asked.subscribe("a/b") == WebhookSubscription("a/b", ID, meta=META)
        assert await asked.subscribe(HOOK) == WebhookSubscription(HOOK, ID)
        assert await asked.unsubscribe(AMT, HOOK) == ActionResponse(meta=Meta("r-1"))
        assert await asked.unsubscribe(AMT, HOOK) == ActionResponse("success", meta=META)
    ended = vehicle_request("DELETE", f"/webhooks/{HOOK}", authorization=f"Bearer {AMT}")
    assert wire.calls == [
        vehicle_request("POST", f"/webhooks/{HOOK}"),
        vehicle_request("POST", "/webhooks/a%2Fb"),
        vehicle_request("POST", f"/webhooks/{HOOK}"),
        ended,
        ended,
    ]


async def test_disconnecting(wire: Wire) -> None:
    """One DELETE with the owner's token."""
    async with client() as smartcar:
        assert (await car(smartcar).disconnect()).status == "success"
    assert wire.calls == [vehicle_request("DELETE", "/application")]


GONE = answer({"type": "RESOURCE_NOT_FOUND", "code": "PATH", "statusCode": 404}, 404)
DENIED = answer({"type": "PERMISSION", "code": None, "statusCode": 403}, 403)
WAIT = answer({"type": "RATE_LIMIT", "code": "SMARTCAR_API", "statusCode": 429}, 429)


@pytest.mark.parametrize("last", [GONE, DENIED, json_answer(DONE)], ids=["404", "403", "200"])
async def test_a_lost_disconnection_is_sent_again(wire: Wire, last: Answer) -> None:
    """Then neither the vehicle nor our access to it is found any more: it is done."""
    wire.api = in_turn(BROKEN, last)
    async with client() as smartcar:
        await car(smartcar).disconnect()
    assert len(wire.calls) == 2


@pytest.mark.parametrize(
    ("outcomes", "family"), [((GONE,), NotFound), ((DENIED,), PermissionDenied), ((WAIT, DENIED), PermissionDenied)]
)
async def test_a_disconnection_that_was_never_carried_out(
    wire: Wire, outcomes: tuple[Outcome, ...], family: type[Exception]
) -> None:
    """A refusal is one, unless an earlier request may have done it."""
    wire.api = in_turn(*outcomes)
    async with client() as smartcar:
        with pytest.raises(family):
            await car(smartcar).disconnect()


async def test_a_denied_unsubscription_is_a_refusal(wire: Wire) -> None:
    """The management token keeps its rights, so 403 says nothing of what was deleted; 404 does."""
    wire.api = in_turn(DENIED, BROKEN, DENIED, BROKEN, GONE)
    async with client() as smartcar:
        for told in (PermissionDenied, ConnectionLost):
            with pytest.raises(told):
                await car(smartcar).unsubscribe(AMT, HOOK)
        await car(smartcar).unsubscribe(AMT, HOOK)


def mistakes(smartcar: Client) -> list[tuple[Awaitable[object], str]]:
    """Arguments that cannot be right, and how they are refused."""
    asked = car(smartcar)
    wrong: Any = object()
    return [
        (asked.set_charge_limit(-0.01), "limit: .* from 0 to 1"),
        (asked.set_charge_limit(1.01), "limit: .* from 0 to 1"),
        (asked.set_charge_limit(80), "limit: .* from 0 to 1"),
        (asked.set_charge_limit(float("nan")), "limit: .* from 0 to 1"),
        (asked.set_charge_limit(True), "limit: .* from 0 to 1"),
        (asked.set_charge_limit(wrong), "limit: .* from 0 to 1"),
        (asked.send_destination(90.1, 0), "latitude: .* -90 to 90"),
        (asked.send_destination(0, -180.1), "longitude: .* -180 to 180"),
        (asked.send_destination(float("nan"), 0), "latitude: .* -90 to 90"),
        (asked.send_destination(0, float("inf")), "longitude: .* -180 to 180"),
        (asked.send_destination(wrong, 0), "latitude: .* -90 to 90"),
        (asked.subscribe(" "), "webhook_id: give a non-empty text"),
        (asked.unsubscribe("", HOOK), "amt: give a non-empty text"),
        (asked.permissions(0), "limit: .* at least 1"),
        (asked.permissions(10, -1), "offset: .* at least 0"),
        (asked.has_permissions([]), "names: give at least one"),
        (asked.service_history("soon"), "start_date: give a date"),
        (asked.service_history(datetime(2026, 1, 1)), "start_date: give an aware datetime"),  # noqa: DTZ001
        (asked.service_history(None, wrong), "end_date: give a date"),
        (asked.get_signal("odometer"), "odometer"),
        (asked.request("GET ", "vin"), "method: "),
        (asked.request("GET", "https://elsewhere"), "path: "),
        (asked.request("GET", "../other"), "path: "),
        (asked.request("GET", wrong), "path: give a text"),
        (asked.request("GET", "vin", headers={"Ho st": "x"}), "headers: .* no header name"),
        (asked.request("GET", "vin", headers={"Host": "x"}), "headers: Host is set"),
        (asked.request("GET", "vin", headers={"transfer-encoding": "chunked"}), "headers: transfer-encoding is set"),
        (asked.request("GET", "vin", headers=wrong), "headers: give a mapping"),
        (asked.request("GET", "vin", query=wrong), "query: give a mapping"),
        (asked.get_signal(wrong), "key: give a key"),
        (asked.request("GET", "vin", version="v2.0"), "version: "),
        (asked.request("GET", "vin", flags=wrong), "flags: give a mapping"),
    ]


async def test_nothing_is_sent_for_arguments_that_cannot_be_right(wire: Wire) -> None:
    """Each is refused by its name, before any request."""
    async with client() as smartcar:
        for use, reason in mistakes(smartcar):
            with pytest.raises(ConfigurationError, match=reason):
                await use
    assert wire.calls == []


Own = tuple[dict[str, Any], Sent]
OWN: dict[str, Own] = {
    "a read": ({"method": "get", "path": "odometer"}, vehicle_request("GET", "/odometer")),
    "the vehicle itself": ({"method": "GET", "path": "/"}, vehicle_request("GET", "")),
    "an upper-case make": ({"method": "GET", "path": "/TESLA/charge/"}, vehicle_request("GET", "/tesla/charge")),
    "a query": (
        {"method": "GET", "path": "tesla/charge/records", "query": {"page": 2, "flags": "a:b"}},
        vehicle_request("GET", "/tesla/charge/records?page=2&flags=a%3Ab"),
    ),
    "flags": ({"method": "GET", "path": "vin", "flags": {"x": True}}, vehicle_request("GET", "/vin?flags=x%3Atrue")),
    "units of its own": (
        {"method": "GET", "path": "fuel", "headers": {"sc-unit-system": "imperial"}},
        vehicle_request("GET", "/fuel", units="imperial"),
    ),
    "a body": (
        {"method": "POST", "path": "tesla/security/trunk", "body": {"action": "OPEN"}},
        vehicle_request("POST", "/tesla/security/trunk", {"action": "OPEN"}),
    ),
    "another token": (
        {"method": "DELETE", "path": "webhooks/Hook", "headers": {"authorization": f"Bearer {AMT}"}},
        vehicle_request("DELETE", "/webhooks/Hook", authorization=f"Bearer {AMT}"),
    ),
    "another version": (
        {"method": "GET", "path": "vin", "version": "1.0"},
        Sent("GET", f"https://api.smartcar.com/v1.0/vehicles/{ID}/vin", request_headers(units="metric")),
    ),
    "API v3": (
        {"method": "GET", "path": "signals/Odometer", "version": "3"},
        Sent("GET", f"{API}/v3/vehicles/{ID}/signals/Odometer", request_headers(units="metric")),
    ),
    "API v3.0": (
        {"method": "GET", "path": "/Schedules", "version": "3.0"},
        Sent("GET", f"{API}/v3.0/vehicles/{ID}/Schedules", request_headers(units="metric")),
    ),
}


@pytest.mark.parametrize("name", OWN)
async def test_a_call_of_the_callers_own(wire: Wire, name: str) -> None:
    """It goes below the vehicle, with its token, units and flags unless the caller says otherwise."""
    given, sent = OWN[name]
    async with client() as smartcar:
        found = await car(smartcar).request(**given)
    assert wire.calls == [sent]
    assert (found.status, found.body, found.meta, found.raw) == (200, DONE, META, DONE)
    assert found.headers["sc-request-id"] == META.request_id
    assert found.content.startswith(b'{"status"')


async def test_a_call_of_the_callers_own_has_the_vehicles_flags(wire: Wire) -> None:
    """Where the call has none of its own."""
    wire.api = in_turn(Answer(204, b""), answer([1]))
    async with client() as smartcar:
        asked = car(smartcar, flags={"x": "1"})
        empty = await asked.request("GET", "vin")
        listed = await asked.request("GET", "vin", flags={})
    assert (empty.status, empty.body, empty.raw, listed.body, listed.raw) == (204, None, {}, [1], {})
    assert wire.calls == [vehicle_request("GET", "/vin?flags=x%3A1"), vehicle_request("GET", "/vin")]


async def test_only_a_get_of_the_callers_own_is_sent_again(wire: Wire) -> None:
    """Nobody knows what the others do."""
    wire.api = in_turn(BROKEN, json_answer({}), BROKEN)
    async with client() as smartcar:
        await car(smartcar).request("GET", "vin")
        with pytest.raises(CommandOutcomeUnknown, match=r"PUT /v\{version\}/vehicles/\{vehicle_id\}/..."):
            await car(smartcar).request("PUT", "nissan/charge/schedule", {"x": 1})
    assert len(wire.calls) == 3


async def test_a_deadline_covers_every_attempt(wire: Wire) -> None:
    """It is given to the call, as a number or as a timedelta."""
    wire.api = always(answer({"type": "SERVER", "statusCode": 500}, 500))
    patient = Settings(rate_limit=None, retry=Retry(first_pause=60, longest_pause=60))
    async with client(settings=patient) as smartcar:
        with pytest.raises(ServerError):
            await car(smartcar).vin(deadline=20)
        assert len(wire.calls) == 1
        with pytest.raises(DeadlineExceeded):
            await car(smartcar).disconnect(deadline=timedelta(microseconds=1))
