"""What the endpoint answers to each kind of request, and which handlers see which events."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import ConfigurationError, MemoryEventStore, SqliteEventStore
from smartcar_async.receiver import Context, Receiver, Reply
from smartcar_async.webhook import (
    LegacyEvent,
    VehicleStateEvent,
    hash_challenge,
    sign,
)

from ..deliveries import (
    ERRORS,
    LEGACY_CHARGING,
    LEGACY_SCHEDULED,
    LEGACY_VERIFY,
    META,
    OLD_TOKEN,
    PRIVATE,
    SEPTEMBER_2025,
    STATE,
    TOKEN,
    UNKNOWN_EVENT,
    VERIFY,
    Document,
    written,
)
from .receiving import deliver, receiver_of, signed, state

Ask = Callable[..., Awaitable[Reply]]
NOTHING: dict[str, str] = {}


@pytest.fixture(params=["async", "plain"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """A request to a receiver, on the loop or in a thread."""

    async def on_the_loop(
        receiver: Receiver, headers: Mapping[str, str], body: bytes = b"", method: str = "POST"
    ) -> Reply:
        return await receiver.handle(method, headers, body)

    async def in_a_thread(
        receiver: Receiver, headers: Mapping[str, str], body: bytes = b"", method: str = "POST"
    ) -> Reply:
        return await asyncio.to_thread(receiver.handle_sync, method, headers, body)

    return on_the_loop if request.param == "async" else in_a_thread


def error_of(reply: Reply) -> str:
    """What a refusal says it is."""
    assert reply.headers["Content-Type"] == "application/json"
    document: Document = json.loads(reply.body)
    assert set(document) == {"error", "message"}
    return str(document["error"])


@pytest.mark.parametrize("document", [VERIFY, LEGACY_VERIFY])
@pytest.mark.parametrize("options", [{}, {"modes": "LIVE", "webhook_ids": "another"}])
async def test_a_verify_is_answered(ask: Ask, document: Document, options: dict[str, Any]) -> None:
    """With 200 and the hash, as often as it comes, and no handler sees it."""
    receiver, seen = receiver_of(tokens=[TOKEN, OLD_TOKEN], **options), list[object]()
    receiver.on(object)(seen.append)
    for _ in range(2):
        reply = await ask(receiver, {}, written(document))
        assert (reply.status, reply.headers) == (200, {"Content-Type": "application/json"})
        assert json.loads(reply.body) == {"challenge": hash_challenge(TOKEN, "3f1c9a52-made-up-challenge")}
    assert (seen, receiver.last_received_at) == ([], None)


async def test_a_verify_is_answered_with_the_token_that_it_was_signed_with(ask: Ask) -> None:
    """While tokens change, Smartcar's side decides which is in use."""
    reply = await ask(receiver_of(tokens=[TOKEN, OLD_TOKEN]), *signed(VERIFY, OLD_TOKEN))
    assert json.loads(reply.body) == {"challenge": hash_challenge(OLD_TOKEN, "3f1c9a52-made-up-challenge")}


@pytest.mark.parametrize(
    "document",
    [STATE, SEPTEMBER_2025, ERRORS, LEGACY_CHARGING, LEGACY_SCHEDULED, UNKNOWN_EVENT],
    ids=lambda one: str(one)[:40],
)
async def test_an_event_is_acknowledged(ask: Ask, document: Document) -> None:
    """Of any kind, unknown ones too, whether there are handlers or not; and a second time as well."""
    receiver, seen = receiver_of(), list[object]()
    receiver.on(object)(seen.append)
    for _ in range(2):
        assert await ask(receiver, *signed(document)) == Reply(204)
        assert await ask(receiver_of(), *signed(document)) == Reply(204)
    assert len(seen) == 1
    assert receiver.last_received_at is not None
    assert receiver.answer_counts == {204: 2}


async def test_a_test_is_acknowledged(ask: Ask) -> None:
    """A delivery of the dashboard is handled, unless other modes are asked for; it is no failure in any case."""
    document = {**STATE, "meta": {**META, "mode": "TEST"}}
    for modes, count in ((None, 1), ("TEST", 1), ("LIVE", 0)):
        receiver, seen = receiver_of(modes=modes), list[object]()
        receiver.on(VehicleStateEvent)(seen.append)
        assert await ask(receiver, *signed(document)) == Reply(204)
        assert len(seen) == count


async def test_an_event_of_another_webhook_is_acknowledged(ask: Ask) -> None:
    """It is authentic, but not ours: to refuse it would only bring it again."""
    receiver, seen = receiver_of(webhook_ids=["w-2"]), list[object]()
    receiver.on(VehicleStateEvent)(seen.append)
    assert await ask(receiver, *signed(STATE)) == Reply(204)
    assert seen == []


@pytest.mark.parametrize(
    ("status", "error", "headers", "body"),
    [
        (401, "MissingSignature", {}, written(STATE)),
        (400, "InvalidPayload", {}, b""),
        (401, "MalformedSignature", {"SC-Signature": "é"}, written(STATE)),
        (401, "SignatureMismatch", {"sc-signature": "0" * 64}, written(STATE)),
        (401, "SignatureMismatch", {"sc-signature": sign(OLD_TOKEN, written(STATE))}, written(STATE)),
        (400, "BadChallenge", {}, written({**VERIFY, "data": {"challenge": written(STATE).decode()}})),
        (400, "InvalidPayload", *signed([1])),  # type: ignore[arg-type]  # pyright: ignore
        (400, "InvalidPayload", {"SC-Signature": sign(TOKEN, b"no JSON")}, b"no JSON"),
        (400, "StaleEvent", *signed({**STATE, "meta": {**META, "deliveredAt": META["deliveredAt"] - 301_000}})),
        (413, "PayloadTooLarge", {}, b"x" * 2001),
        (413, "PayloadTooLarge", {"Content-Length": "2001"}, b""),
    ],
)
async def test_what_is_not_believed(
    ask: Ask, status: int, error: str, headers: dict[str, str], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Each refusal has its status and says why, to the sender and in the log; no handler and no store hears of it."""
    receiver, seen = receiver_of(max_body_bytes=2000, store=Untouched()), list[object]()
    receiver.on(object)(seen.append)
    reply = await ask(receiver, headers, body)
    assert (reply.status, error_of(reply), seen) == (status, error, [])
    assert f"refused as {error}" in caplog.text
    assert not any(word in caplog.text + reply.body.decode() for word in [*PRIVATE, TOKEN])


class Untouched(MemoryEventStore):
    """A store that nobody may ask."""

    def claim(self, event_id: str, **_: object) -> Any:
        """Not for what is not believed: else an attacker could block real events."""
        raise AssertionError


async def test_a_body_over_the_limit_is_not_hashed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """To hash it is what it would cost."""
    monkeypatch.setattr("hmac.digest", None)
    assert (await ask(receiver_of(), {}, bytes(1_048_577))).status == 413


@pytest.mark.parametrize("declared", [f"{' ' * 30}1048577 ", "9" * 5000])
async def test_a_length_as_it_may_be_written(ask: Ask, declared: str) -> None:
    """With blanks around it, or beyond all bounds."""
    assert (await ask(receiver_of(), {"Content-Length": declared}, b"{}")).status == 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "BREW\n"])
async def test_only_post_delivers(ask: Ask, method: str, caplog: pytest.LogCaptureFixture) -> None:
    """Anything else is 405, and says what is allowed; it is in the log, whatever it was."""
    caplog.set_level(logging.INFO)
    reply = await ask(receiver_of(), *signed(STATE), method)
    assert (reply.status, reply.headers["Allow"], error_of(reply)) == (405, "POST", "MethodNotAllowed")
    assert f"{method if method.isupper() and 'W' not in method else 'unknown method'}, " in caplog.text


@pytest.mark.parametrize("tokens", [None, "", [], [""], [TOKEN, " "], [None], 5, [5], b"token"])
def test_without_a_token_there_is_no_receiver(tokens: Any) -> None:
    """An empty key would verify forgeries, and no key nothing: it is said at once, with the name of the argument."""
    with pytest.raises(ConfigurationError, match="tokens: "):
        receiver_of(tokens=tokens)


async def test_a_forged_event_cannot_be_had_from_a_verify(ask: Ask) -> None:
    """The attack: let the endpoint sign an event as the answer to a challenge, then deliver it."""
    receiver, seen = receiver_of(), list[object]()
    receiver.on(object)(seen.append)
    forged = written(STATE)
    answer = await ask(receiver, {}, written({"eventType": "VERIFY", "data": {"challenge": forged.decode()}}))
    assert (answer.status, error_of(answer)) == (400, "BadChallenge")
    assert sign(TOKEN, forged).encode() not in answer.body
    for guess in (answer.body.decode(), hmac.digest(b"", forged, "sha256").hex()):
        assert (await ask(receiver, {"SC-Signature": guess}, forged)).status == 401
    assert seen == []


async def test_every_request_is_logged_before_it_is_judged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever waits for a delivery sees whether anything came at all; and no secret, and nobody's data."""
    caplog.set_level(logging.DEBUG)
    receiver = receiver_of(tokens=[OLD_TOKEN, TOKEN])
    await ask(receiver, *signed(STATE))
    first, *_ = caplog.records
    assert first.getMessage() == f"webhook: POST, {len(written(STATE))} bytes"
    assert "signed with token 1" in caplog.text
    assert not any(word in caplog.text for word in [*PRIVATE, TOKEN, OLD_TOKEN, sign(TOKEN, written(STATE))])
    assert not any(word in repr(vars(receiver)) for word in [TOKEN, OLD_TOKEN])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "inbox"}, "inbox needs a store"),
        ({"answer_within": 15.0}, "15 s"),
        ({"answer_within": 0}, "15 s"),
        ({"lease": 10.0}, "longer than answer_within"),
        ({"lease": float("nan")}, "longer than answer_within"),
        ({"concurrency": 0}, "handles nothing"),
        ({"concurrency": True}, "concurrency: "),
        ({"concurrency": 2.5}, "concurrency: "),
        ({"max_body_bytes": 0}, "max_body_bytes: "),
        ({"max_body_bytes": "1 MB"}, "max_body_bytes: "),
        ({"answer_within": "10"}, "answer_within: "),
        ({"lease": None}, "lease: "),
        ({"lease": float("inf")}, "lease: "),
        ({"retry_delays": 5}, "retry_delays: "),
        ({"retry_delays": ("1",)}, "retry_delays: "),
        ({"retry_delays": (1, -1)}, "retry_delays: "),
        ({"step_aside_after": -1}, "step_aside_after: "),
        ({"step_aside_after": "1"}, "step_aside_after: "),
        ({"tolerance": "300"}, "tolerance: "),
        ({"tolerance": -1}, "tolerance: "),
        ({"require_time": "no"}, "require_time: "),
        ({"clock": 5}, "clock: "),
        ({"store": "events.db"}, "store: "),
        ({"store": dict}, "store: "),
        ({"mode": "in"}, "mode: "),
        ({"modes": 5}, "modes: "),
        ({"webhook_ids": [5]}, "webhook_ids: "),
        ({"webhook_ids": ""}, "webhook_ids: none would be handled"),
        ({"modes": []}, "modes: none would be handled"),
    ],
)
def test_what_no_receiver_can_do(options: dict[str, Any], message: str) -> None:
    """Is said when it is made: no promise that the store cannot keep."""
    with pytest.raises(ConfigurationError, match=message):
        receiver_of(**options)


def test_a_transaction_needs_a_store_that_has_one() -> None:
    """The one in memory has none."""
    with pytest.raises(ConfigurationError, match="SqliteEventStore"):
        receiver_of().on(VehicleStateEvent, transaction=True)
    with pytest.raises(ConfigurationError, match="transaction=True"):
        _ = Context("e-1").connection


def test_the_store_decides_the_mode(tmp_path: Path) -> None:
    """What can keep events does; and what is said goes before."""
    store = SqliteEventStore(tmp_path / "events.db")
    modes = [Receiver(TOKEN).mode, Receiver(TOKEN, store).mode, Receiver(TOKEN, store, mode="inline").mode]
    assert modes == ["inline", "inbox", "inline"]


async def test_events_without_an_id_are_told_apart_by_their_body() -> None:
    """The retired form has none."""
    receiver, seen = receiver_of(), list[object]()
    receiver.on(LegacyEvent)(seen.append)
    other = {**LEGACY_SCHEDULED, "payload": {"vehicles": [{"vehicleId": "v-1"}]}}
    for document in (LEGACY_SCHEDULED, LEGACY_SCHEDULED, other):
        assert await deliver(receiver, document) == 204
    assert len(seen) == 2
    assert await deliver(receiver, state(1)) == 204
