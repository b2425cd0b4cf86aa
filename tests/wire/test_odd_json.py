"""Something odd in the JSON, on the whole way: what acts has acted, tokens are there, and events are handled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smartcar_async import DecodeError, Smartcar, SqliteEventStore
from smartcar_async.receiver import Receiver
from smartcar_async.webhook import VehicleStateEvent, sign

from ..deliveries import STATE, TOKEN, written
from ..odd_json import ODD, OddJson, nested
from .executions import ACTS, Act
from .fakes import CLIENT_ID, CLIENT_SECRET, USER, VEHICLE, Answer, FakeClock, Wire, always, mocked
from .receiving import receiver_of, until
from .v2 import client

EXECUTION = b'{"data":{"id":"e1","attributes":{"status":{"value":"SUCCESS"}},"x":%b}}'
CONNECTION = (
    b'{"id":"c%d","attributes":{"user":{"id":"u1","externalId":%b}},"relationships":{"vehicle":{"data":{"id":"v1"}}}}'
)
PAIR = b'{"access_token":"access-2","refresh_token":"refresh-2","expires_in":7200,"x":%b}'

STATE_BODY = written(STATE).removeprefix(b"{")

each_odd = pytest.mark.parametrize("odd", [*ODD, OddJson("nesting", nested(5000), None)], ids=str)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own sessions."""
    with mocked(Wire()) as made:
        yield made


@pytest.mark.parametrize("act", ACTS, ids=str)
async def test_what_acts_has_acted(wire: Wire, act: Act) -> None:
    """The outcome is not unknown because of a text beside the status; nothing is sent twice."""
    wire.api = always(Answer(200, EXECUTION % rb'"\ud83d"'))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        done = await act.use(smartcar.vehicle(VEHICLE, USER))
    assert (done.ok, done.raw["x"]) == (True, "\ufffd")
    assert len(wire.calls) == 1


@each_odd
async def test_a_list_and_a_call_of_ones_own(wire: Wire, odd: OddJson) -> None:
    """Each has all its entries; `data` is what is kept."""
    wire.api = always(Answer(200, b'{"data":[%b,%b]}' % (CONNECTION % (1, b'"a"'), CONNECTION % (2, odd.sent))))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        page = await smartcar.connections().page()
        own = await smartcar.request("GET", "/v3/connections")
    deep = odd.kept is None
    assert [one.external_id for one in page.items] == ["a", odd.kept][: 1 if deep else 2]
    assert len(page.malformed) == deep
    if not deep:
        assert own.data["data"][1]["attributes"]["user"]["externalId"] == odd.kept


@each_odd
async def test_a_code_is_exchanged(wire: Wire, odd: OddJson) -> None:
    """It works once, and so does a refresh token: the pair is handed over, whatever stands beside it."""
    wire.api = always(Answer(200, PAIR % odd.sent))
    async with client() as it:
        pairs = [await it.exchange_code("code-1"), await it.exchange_refresh_token("refresh-1")]
    assert [(pair.access_token, pair.refresh_token) for pair in pairs] == [("access-2", "refresh-2")] * 2


async def test_an_answer_that_breaks_off(wire: Wire) -> None:
    """It is refused still, and an odd text in it does not change that."""
    wire.api = always(Answer(200, rb'{"data":[],"x":"\ud83d'))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET, clock=FakeClock()) as smartcar:
        with pytest.raises(DecodeError, match="not JSON"):
            await smartcar.vehicle(VEHICLE, USER).signals()


@each_odd
@pytest.mark.parametrize("inbox", [False, True], ids=["inline", "inbox"])
async def test_an_event_is_handled(odd: OddJson, inbox: bool, tmp_path: Path) -> None:
    """Once, as it is read on arrival: an inbox reads it again from the bytes that it keeps."""
    body = b'{"x":%b,' % odd.sent + STATE_BODY
    seen: list[VehicleStateEvent] = []
    with SqliteEventStore(tmp_path / "events.db") as store:
        receiver: Receiver = receiver_of(store=store) if inbox else receiver_of()

        @receiver.on(VehicleStateEvent)
        async def handle(event: VehicleStateEvent) -> None:
            seen.append(event)

        async with receiver:
            for _ in range(2):
                reply = await receiver.handle("POST", {"SC-Signature": sign(TOKEN, body)}, body)
                assert reply.status == 204
            await until(lambda: seen)
    assert [event.event_id for event in seen] == ["e-1"]
    assert seen[0].raw.keys() == {"x", *STATE}
    assert seen[0].signals["tractionbattery-stateofcharge"].value == 61
