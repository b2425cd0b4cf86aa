"""Whose answer it is: what a call asks about, what an answer names, and which connections a call may use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smartcar_async import SchedulePaths, ScheduleType, operations, signals
from smartcar_async.codec import recognise
from smartcar_async.request import Call, Reply, Request
from smartcar_async.v2.operations import Target, commands as v2_commands, reads as v2_reads
from tests.wire import documents

BASE = "https://vehicle.api.smartcar.com/v3"
CODE = signals.TractionBattery.StateOfCharge.code
SIGNALS = operations.list_signals("v1", "user")
SIGNAL = operations.get_signal("v1", "user", signals.TractionBattery.StateOfCharge)
VEHICLE = operations.vehicle_attributes("v1", "user")
CONNECTION = operations.get_connection("c1")
WEBHOOK = operations.get_webhook("w1")
SUBSCRIPTION = operations.get_subscription("s1")
DAILY = {"location": {"latitude": 57.7, "longitude": 11.97}, "startTime": "22:00", "stopTime": "06:00"}
CREATION = operations.create_schedule("v1", "user", ScheduleType.DAILY, DAILY, SchedulePaths.REFERENCE)
DELETION = operations.delete_schedule("v1", "user", "Sched 7", SchedulePaths.REFERENCE, gone_is_done=True)
V2_VEHICLE = v2_reads.attributes(Target("v1"))
V2_SUBSCRIBING = v2_commands.subscribe(Target("v1"), "w1")


def linked(link: str, **more: object) -> dict[str, Any]:
    """A resource that only its own link names."""
    return {"links": {"self": link}, **more}


def included(vehicle: object, data: object = None) -> dict[str, Any]:
    """A list of signals beside its vehicle."""
    return {"data": [] if data is None else data, "included": {"vehicle": vehicle}}


ANSWERS: list[tuple[Call[Any], Any, bool | None]] = [
    (SIGNALS, included({"id": "v1"}), True),
    (SIGNALS, included({"id": "V1"}), True),
    (SIGNALS, included({"id": "v2"}), False),
    (SIGNALS, {"data": [], **linked(f"{BASE}/vehicles/v1/signals")}, True),
    (SIGNALS, {"data": [], **linked("/vehicles/v2/signals")}, False),
    (SIGNALS, {"data": [linked("/vehicles/v1/signals/x", id="x", type="signal")]}, True),
    (SIGNALS, {"data": [linked("/vehicles/v2/signals/x", id="x", type="signal")]}, False),
    (SIGNALS, {"data": [{}, linked("/vehicles/v2/signals/x")]}, False),
    (SIGNALS, {"data": [7], **linked("/vehicles/v1/signals")}, True),
    (SIGNALS, {"data": []}, None),
    (SIGNALS, included({"id": None}), None),
    (SIGNALS, included("v1"), None),
    (SIGNALS, {"data": "v2", "included": []}, None),
    (SIGNALS, {"data": [], "links": {"self": 7}}, None),
    (SIGNALS, {"data": [], "links": "v2"}, None),
    (SIGNALS, {"errors": [{"type": "BILLING"}]}, None),
    (SIGNALS, [1], None),
    (SIGNAL, included({"id": "v1"}, documents.signal(CODE)), True),
    (SIGNAL, included({"id": "v1"}, documents.signal("odometer-traveleddistance")), False),
    (SIGNAL, {"data": documents.signal(CODE)}, None),
    (SIGNAL, documents.signal("odometer-traveleddistance"), False),
    (VEHICLE, {"data": {"id": "v1", "type": "vehicle", "attributes": {"make": "TESLA"}}}, True),
    (VEHICLE, {"data": {"id": "v2", "type": "vehicle"}}, False),
    (VEHICLE, {"id": "v2", "type": "vehicle"}, False),
    (VEHICLE, {"data": {"id": "v2", "type": 7}}, None),
    (CONNECTION, {"data": {"id": "c1", "type": "connection"}}, True),
    (CONNECTION, {"data": linked(f"{BASE}/connections/c%32")}, False),
    (CONNECTION, {"data": {"id": "c2", "type": "connection"}}, False),
    (CONNECTION, {"data": {"id": "c2", "type": "webhook"}}, None),
    (WEBHOOK, {"data": {"id": "w2", "type": "webhook"}}, False),
    (SUBSCRIPTION, {"data": {"id": "s1", "type": "subscription"}}, True),
    (SUBSCRIPTION, {"data": {"id": 5, "type": "subscription"}}, False),
    (CREATION, {"data": {"attributes": {"scheduleId": "any"}, "links": {"schedule": "/vehicles/v1/x/any"}}}, True),
    (CREATION, {"data": {"attributes": {"scheduleId": "any"}, "links": {"schedule": "/vehicles/v2/x/any"}}}, False),
    (DELETION, {"data": {"attributes": {"scheduleId": "sched 7"}}}, None),
    (DELETION, {"data": {"attributes": {"scheduleId": "sched 8"}}}, False),
    (DELETION, {"data": {"attributes": {}}}, None),
    (V2_VEHICLE, {"id": "v1", "make": "TESLA"}, True),
    (V2_VEHICLE, {"id": "v2", "make": "TESLA"}, False),
    (V2_VEHICLE, {"id": "v2"}, None),
    (V2_SUBSCRIBING, {"vehicleId": "v1", "webhookId": "w1"}, True),
    (V2_SUBSCRIBING, {"vehicleId": "v1", "webhookId": "w2"}, False),
    (V2_SUBSCRIBING, {"vehicleId": "of the maker"}, None),
    (operations.list_connections(), {"data": [{"id": "c2", "type": "connection"}]}, None),
]


@pytest.mark.parametrize(("call", "document", "right"), ANSWERS)
def test_what_an_answer_names(call: Call[Any], document: object, right: bool | None) -> None:
    """An id of the kind that was asked about tells, wherever v3 and v2.0 write it; other kinds do not matter."""
    assert recognise(call, Reply(200, body=json.dumps(document).encode())) is right


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"data": {"id": "v2", "type": "vehicle"'])
def test_what_cannot_be_read_names_nothing(body: bytes) -> None:
    """The decoders will say what is wrong with it."""
    assert recognise(VEHICLE, Reply(200, body=body)) is None


def test_reads_share_connections_that_ask_the_same_of_another() -> None:
    """So a copy of an earlier answer can be told by the name in it."""
    assert SIGNALS.pool == operations.list_signals("v2", "other").pool == "/v3/vehicles//signals"
    assert SIGNAL.pool == operations.get_signal("v2", "user", signals.Odometer.TraveledDistance).pool
    assert v2_reads.v3_signals(Target("v3")).pool == SIGNALS.pool
    asked = operations.custom("GET", "/signals", query={"a": "v1"}, vehicle_id="v1", user_id="user")
    assert asked.pool == "/v3/vehicles//signals?a=v1"
    assert len({call.pool for call in (SIGNALS, SIGNAL, VEHICLE, CONNECTION, WEBHOOK, SUBSCRIPTION, asked)}) == 7


@pytest.mark.parametrize(
    "call",
    [
        CREATION,
        DELETION,
        V2_VEHICLE,
        V2_SUBSCRIBING,
        operations.lock("v1", "user"),
        operations.delete_connection("c1"),
        operations.unsubscribe("s1"),
        operations.subscribe("w1", "user", "v1"),
        operations.list_connections(vehicle_id="v1"),
        operations.compatible_vehicles(),
        operations.application_token("id", "secret"),
        operations.custom("GET", "/v3/things"),
        operations.custom("POST", "/signals", vehicle_id="v1", user_id="user"),
        v2_reads.odometer(Target("v1")),
    ],
)
def test_what_changes_something_or_is_answered_without_a_name_goes_alone(call: Call[Any]) -> None:
    """Nothing in the answer would tell a copy of another one."""
    assert call.pool is None


def test_a_request_by_itself() -> None:
    """It goes alone, believes whatever comes, and knows its host."""
    request = Request("GET", "https://user:secret@Vehicle.test:8443/v3/x", {})
    assert (request.pool, request.recognise(Reply(200)), request.host) == (None, None, "vehicle.test")
    assert Request("GET", "/relative", {}).host == ""
