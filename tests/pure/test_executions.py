"""What commands and schedule calls answer, read without a wire."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import Execution, ExecutionStatus, codec
from smartcar_async.codec import Unreadable
from smartcar_async.request import Reply

PERCENT = {"percent": 80}
STATUS: dict[str, Any] = {"status": {"value": "SUCCESS"}}
META = {"executedAt": "2026-06-01T12:00:00Z", "completedAt": 1_780_315_202, "durationInSeconds": 2}


def read(document: object, status: int = 200) -> Execution:
    """The execution in an answer; bytes are taken as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return codec.execution(Reply(status, {}, body), "set_charge_limit", PERCENT)


def test_an_execution() -> None:
    """Everything that it tells."""
    said: dict[str, Any] = {**STATUS, "executionMode": "sync", "parameters": {"percent": 81}, "scheduleId": 7}
    resource = {"id": "exec_1", "type": "command-execution", "attributes": said, "meta": META}
    done = read({"data": resource})
    times = (datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 12, 0, 2, tzinfo=UTC))
    assert done == Execution("exec_1", "set_charge_limit", ExecutionStatus.SUCCESS, {"percent": 81}, "7", *times)
    assert (done.ok, done.raw) == (True, resource)
    assert read(resource) == done
    assert "81" not in repr(done)


GAPS: list[dict[str, Any]] = [
    {"attributes": {"status": "SUCCESS"}},
    {"attributes": {"status": "Success"}, "id": None},
    {"attributes": {**STATUS, "parameters": None, "scheduleId": None}, "meta": None},
    {"attributes": {**STATUS, "parameters": [], "scheduleId": {}}, "meta": "?", "id": [1]},
    {"attributes": STATUS, "meta": {"executedAt": "soon", "completedAt": 0}, "id": 1.5},
    {"attributes": STATUS, "meta": {"executedAt": None, "completedAt": {}}, "id": True},
]


@pytest.mark.parametrize("resource", GAPS)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_execution_with_gaps(resource: dict[str, Any], status: int) -> None:
    """A success is a success, whatever is missing or odd beside it; the parameters are those that were asked."""
    expected = Execution(None, "set_charge_limit", ExecutionStatus.SUCCESS, PERCENT)
    assert read(resource, status) == read({"data": resource}, status) == expected


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"", "not JSON"),
        (b'{"data": {"attributes": {"status": "SUCC', "not JSON"),
        (b"\xff", "not JSON"),
        (None, "expected an object, got null"),
        ([], "expected an object, got a list"),
        ({}, "status: unknown"),
        ({"data": []}, "status: unknown"),
        ({"data": {"attributes": []}}, "status: unknown"),
        ({"status": "SUCCESS"}, "status: unknown"),
        ({"attributes": {"status": None}}, "status: unknown"),
        ({"attributes": {"status": {}}}, "status: unknown"),
        ({"attributes": {"status": "HALFWAY"}}, "status: unknown"),
        ({"attributes": {"status": "PENDING"}}, "status: PENDING"),
        ({"attributes": {"status": {"value": "pending"}}}, "status: PENDING"),
        ({"attributes": {"status": {"value": "FAILURE"}}}, "status: FAILURE"),
        ({"attributes": {"status": 5}}, "expected a text, got a number"),
        ({"attributes": {"status": [STATUS]}}, "expected a text, got a list"),
    ],
)
def test_no_success(document: object, text: str) -> None:
    """Whatever does not say that it is done is not read as done, and the text repeats nothing of it."""
    with pytest.raises(Unreadable) as caught:
        read(document)
    assert str(caught.value) == text


@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_answer_to_a_deletion(status: int, body: bytes) -> None:
    """It says that all is done."""
    done = codec.deletion(Reply(status, {}, body), "delete_schedule", {"schedule_id": "s1"})
    assert done == Execution(None, "delete_schedule", ExecutionStatus.SUCCESS, {"schedule_id": "s1"})


def test_an_answer_to_a_deletion() -> None:
    """One with a body is read like any other, and a 202 without one does not tell how it ended."""
    body = json.dumps({"data": {"id": "exec_2", "attributes": {**STATUS, "scheduleId": "s1"}}}).encode()
    done = codec.deletion(Reply(202, {}, body), "delete_schedule", {"schedule_id": "s1"})
    assert (done.id, done.schedule_id) == ("exec_2", "s1")
    for reply in (Reply(202), Reply(200, {}, b"{}"), Reply(200, {}, b"{")):
        with pytest.raises(Unreadable):
            codec.deletion(reply, "delete_schedule", {})
