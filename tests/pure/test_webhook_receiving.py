"""Which deliveries are believed: each refusal by its own class."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from smartcar_async.errors import (
    ConfigurationError,
    InvalidPayload,
    MalformedSignature,
    MissingSignature,
    PayloadTooLarge,
    SignatureMismatch,
    StaleEvent,
    WebhookError,
    WrongMode,
    WrongWebhook,
)
from smartcar_async.webhook import (
    Delivery,
    LegacyEvent,
    UnknownEvent,
    VehicleErrorEvent,
    VehicleStateEvent,
    VerifyEvent,
    challenge_answer,
    parse,
    receive,
    sign,
)
from smartcar_async.webhook.receiving import RequestHead, read_head, rules_of

from ..deliveries import (
    ALL,
    DELIVERED,
    ERRORS,
    LEGACY_CHARGING,
    LEGACY_VERIFY,
    META,
    NOW,
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


def signed(
    document: object, token: str = TOKEN, *, tokens: Any = TOKEN, now: datetime = NOW, **options: Any
) -> Delivery:
    """What becomes of a document that was signed with this token."""
    body = written(document)
    return receive({"SC-Signature": sign(token, body)}, body, tokens=tokens, now=now, **options)


def unsigned(body: bytes, signature: str | None = None) -> Delivery:
    """What becomes of a body without a good signature."""
    return receive({} if signature is None else {"SC-Signature": signature}, body, tokens=TOKEN, now=NOW)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (STATE, VehicleStateEvent),
        (SEPTEMBER_2025, VehicleStateEvent),
        (ERRORS, VehicleErrorEvent),
        (VERIFY, VerifyEvent),
        (LEGACY_VERIFY, VerifyEvent),
        (LEGACY_CHARGING, LegacyEvent),
        (UNKNOWN_EVENT, UnknownEvent),
        ({}, UnknownEvent),
    ],
)
def test_a_signed_event_is_believed(document: Document, kind: type[object]) -> None:
    """Of whatever kind, as `parse` reads it, with the token that it was signed with."""
    assert signed(document) == Delivery(parse(written(document)), 0)
    assert isinstance(signed(document).event, kind)


def test_which_token_it_was_signed_with() -> None:
    """The older one is good too, and is named."""
    assert signed(STATE, tokens=[TOKEN, OLD_TOKEN]).token == 0
    assert signed(STATE, OLD_TOKEN, tokens=[TOKEN, OLD_TOKEN]).token == 1
    assert signed(VERIFY, OLD_TOKEN, tokens=iter([TOKEN, OLD_TOKEN])).token == 1
    with pytest.raises(SignatureMismatch):
        signed(STATE, OLD_TOKEN)


SIGNATURE = sign(TOKEN, written(STATE))


@pytest.mark.parametrize(
    "headers",
    [
        {"SC-Signature": SIGNATURE},
        {"sc-signature": SIGNATURE},
        {"Content-Type": "application/json", "Sc-SIGNATURE": SIGNATURE.upper()},
        [("host", "x"), ("SC-Signature", SIGNATURE)],
        (("sc-signature", SIGNATURE) for _ in range(1)),
        [(b"host", b"\xff"), (b"sc-signature", SIGNATURE.encode())],
        [("SC-Signature", SIGNATURE.encode())],
        [(b"SC-Signature", SIGNATURE)],
    ],
)
def test_headers_of_every_kind(headers: Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]) -> None:
    """A mapping or pairs, texts or bytes, in any case: whatever a server hands over."""
    assert receive(headers, written(STATE), tokens=TOKEN, now=NOW).token == 0


@pytest.mark.parametrize("headers", [{}, [], {"Signature": SIGNATURE}, {"SC-Signature2": SIGNATURE}, [(b"\xff", b"")]])
def test_no_signature_among_the_headers(headers: Any) -> None:
    """Another header is none."""
    with pytest.raises(MissingSignature):
        receive(headers, written(STATE), tokens=TOKEN, now=NOW)


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        (None, MissingSignature),
        ("", MissingSignature),
        ("é" * 64, MalformedSignature),
        (SIGNATURE[:-1], MalformedSignature),
        ("sha256=" + SIGNATURE, MalformedSignature),
        ("0" * 64, SignatureMismatch),
        (sign(OLD_TOKEN, written(STATE)), SignatureMismatch),
    ],
)
def test_each_failure_of_a_signature(signature: str | None, error: type[WebhookError]) -> None:
    """Missing, malformed and wrong are three, of every event but VERIFY, and of what is too large to be looked at."""
    bodies = [written(document) for document in ALL if document not in (VERIFY, LEGACY_VERIFY)]
    for body in [*bodies, b"{}", b"[" * 5000, b"x" * 8193, b'{"eventType":"VERIFY"}', b'{"a":1,"a":2}']:
        with pytest.raises(WebhookError) as why:
            unsigned(body, signature)
        assert type(why.value) is error


@pytest.mark.parametrize("signature", [None, "é", "0" * 64])
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"\xff", b"not JSON", b'{"eventType":"VERIFY'])
def test_an_unsigned_body_that_is_no_object(body: bytes, signature: str | None) -> None:
    """Whatever its signature, it could be no event: the sender is told of the body."""
    with pytest.raises(InvalidPayload, match=r"not JSON|not a JSON object"):
        unsigned(body, signature)


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"null", b"\xff", b"not JSON", b'{"eventType":"VERIFY"}'])
def test_a_signed_body_that_is_no_event(body: bytes) -> None:
    """Whoever signed it: it cannot be read."""
    with pytest.raises(InvalidPayload):
        receive({"SC-Signature": sign(TOKEN, body)}, body, tokens=TOKEN, now=NOW)


def test_size_comes_before_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is too large is neither hashed nor parsed, signed or not; the largest one is accepted."""
    body = written(STATE)
    headers = {"SC-Signature": SIGNATURE}
    assert receive(headers, body, tokens=TOKEN, now=NOW, max_body_bytes=len(body)).token == 0
    monkeypatch.setattr("hmac.digest", None)
    for sent in ({}, headers, {"SC-Signature": "x"}):
        with pytest.raises(PayloadTooLarge, match=f"{len(body)} bytes, more than {len(body) - 1}"):
            receive(sent, body, tokens=TOKEN, now=NOW, max_body_bytes=len(body) - 1)
    with pytest.raises(PayloadTooLarge, match="1048577 bytes"):
        unsigned(b" " * 1_048_577)


@pytest.mark.parametrize("away", [0, 1, 300, -1, -300])
def test_a_fresh_delivery(away: float) -> None:
    """Five minutes to either side are forgiven: clocks differ."""
    assert signed(STATE, now=NOW + timedelta(seconds=away)).token == 0


@pytest.mark.parametrize("away", [300.1, 86_400, -300.1, -86_400])
def test_a_stale_delivery(away: float) -> None:
    """Too old is perhaps a replay, and so is too far ahead; each kind of event is asked, and None does not ask."""
    late = NOW + timedelta(seconds=away)
    for document in (STATE, SEPTEMBER_2025, ERRORS, UNKNOWN_EVENT):
        with pytest.raises(StaleEvent, match=f"{abs(away):.0f} s away from now, more than 300 s"):
            signed(document, now=late)
        assert signed(document, now=late, tolerance=None).token == 0
        assert signed(document, now=late, tolerance=None, require_time=True).token == 0


@pytest.mark.parametrize("tolerance", [10, 10.0, timedelta(seconds=10)])
def test_a_tolerance_of_ones_own(tolerance: float | timedelta) -> None:
    """In seconds or as a duration."""
    assert signed(STATE, now=NOW + timedelta(seconds=10), tolerance=tolerance).token == 0
    with pytest.raises(StaleEvent, match="more than 10 s"):
        signed(STATE, now=NOW - timedelta(seconds=11), tolerance=tolerance)


def test_a_tolerance_that_is_no_number_tolerates_nothing() -> None:
    """It would else be no check at all."""
    with pytest.raises(StaleEvent):
        signed(STATE, tolerance=float("nan"))


def test_a_verify_is_never_stale() -> None:
    """It changes nothing, and an answer to an old one tells nothing new."""
    for document in (VERIFY, LEGACY_VERIFY):
        delivery = signed(document, now=NOW + timedelta(days=9), require_time=True, webhook_ids=["x"], modes=["x"])
        assert delivery.token == 0


@pytest.mark.parametrize("meta", [{}, {"deliveredAt": 0}, {"deliveredAt": "soon"}, None])
def test_a_delivery_without_a_time(meta: object) -> None:
    """It is believed, unless a time is required."""
    assert signed({**STATE, "meta": meta}).token == 0
    with pytest.raises(StaleEvent, match="does not say when"):
        signed({**STATE, "meta": meta}, require_time=True)


def test_the_time_is_read_in_every_form() -> None:
    """Milliseconds, seconds and text are judged alike."""
    for sent in (DELIVERED, DELIVERED // 1000, "2025-12-29T09:20:04.100Z"):
        document = {**STATE, "meta": {**META, "deliveredAt": sent}}
        assert signed(document).token == 0
        with pytest.raises(StaleEvent):
            signed(document, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize("webhook_ids", ["w-1", ["w-1"], {"w-0", "w-1"}, ("w-1",), {"w-1": "Demo"}])
def test_a_webhook_that_is_expected(webhook_ids: Any) -> None:
    """One id or several."""
    assert signed(STATE, webhook_ids=webhook_ids).token == 0


@pytest.mark.parametrize("webhook_ids", ["w-12", "", [], ["w"], {"W-1"}])
@pytest.mark.parametrize("document", [STATE, SEPTEMBER_2025, ERRORS, LEGACY_CHARGING])
def test_a_webhook_that_is_not_expected(webhook_ids: Any, document: Document) -> None:
    """Nor is an event that does not name its webhook; an id alone is not searched for parts."""
    with pytest.raises(WrongWebhook):
        signed(document, webhook_ids=webhook_ids)


@pytest.mark.parametrize("modes", ["LIVE", "live", ["TEST", "LIVE"], {"Live"}])
def test_a_mode_that_is_wanted(modes: Any) -> None:
    """In any case, one or several; also in the form of 2.0, which writes it small."""
    assert signed(STATE, modes=modes).token == 0
    assert signed(LEGACY_CHARGING, modes=modes).token == 0


@pytest.mark.parametrize("modes", ["TEST", [], ["TEST", "SIMULATED"], "LIVELY"])
def test_a_mode_that_is_not_wanted(modes: Any) -> None:
    """Nor is an event that does not tell its mode."""
    silent: Document = {**STATE, "meta": {}}
    for document in (STATE, LEGACY_CHARGING, silent):
        with pytest.raises(WrongMode):
            signed(document, modes=modes)


def test_a_test_is_believed_unless_only_live_is_wanted() -> None:
    """The policy is the caller's."""
    test = {**STATE, "meta": {**META, "mode": "TEST"}}
    assert signed(test).event.meta.mode == "TEST"
    with pytest.raises(WrongMode, match="TEST"):
        signed(test, modes=["LIVE"])


@pytest.mark.parametrize("tokens", [None, [], "", [""], [TOKEN, ""], [None], TOKEN.encode()])
def test_no_token_is_a_mistake_of_the_callers(tokens: Any) -> None:
    """Never an empty key, and never a refusal that blames the sender; a VERIFY is no exception."""
    for work in (
        lambda: signed(STATE, tokens=tokens),
        lambda: signed(VERIFY, tokens=tokens),
        lambda: challenge_answer(tokens, "c"),
        lambda: challenge_answer(tokens, "{"),
    ):
        with pytest.raises(ConfigurationError, match=r"^tokens: "):
            work()


def test_a_naive_now_is_a_mistake_of_the_callers() -> None:
    """Also where the time would not matter, so that it shows at once."""
    for document in (STATE, VERIFY):
        for tolerance in (300, None):
            with pytest.raises(ConfigurationError, match="aware"):
                signed(document, now=datetime(2026, 5, 4), tolerance=tolerance)  # noqa: DTZ001


def test_a_parsed_body_is_a_mistake_of_the_callers() -> None:
    """What was signed cannot be found again."""
    body: Any = json.loads(written(STATE))
    with pytest.raises(ConfigurationError, match="raw bytes"):
        receive({"SC-Signature": SIGNATURE}, body, tokens=TOKEN, now=NOW)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_every_kind_of_body(kind: Callable[[bytes], Any]) -> None:
    """Bytes however they are held, or their text."""
    assert receive({"SC-Signature": SIGNATURE}, kind(written(STATE)), tokens=TOKEN, now=NOW).token == 0


def test_no_error_and_no_delivery_shows_a_secret() -> None:
    """Neither tokens and signatures nor what is private in an event."""
    late, test = NOW + timedelta(days=1), {**STATE, "meta": {**META, "mode": "TEST"}}
    attempts: list[Callable[[], object]] = [
        lambda: signed(STATE),
        lambda: signed(VERIFY),
        lambda: unsigned(written(VERIFY)),
        lambda: unsigned(written(STATE)),
        lambda: unsigned(written(STATE), "x" + SIGNATURE),
        lambda: signed(STATE, OLD_TOKEN),
        lambda: signed(STATE, now=late),
        lambda: signed(STATE, webhook_ids="another"),
        lambda: signed(test, modes="LIVE"),
        lambda: signed([STATE]),
        lambda: signed(STATE, max_body_bytes=1),
        lambda: challenge_answer(TOKEN, PRIVATE[-1] + "{"),
    ]
    seen: set[type[object]] = set()
    for attempt in attempts:
        try:
            found = attempt()
        except WebhookError as error:
            found = error
        assert getattr(found, "__cause__", None) is None
        seen.add(type(found))
        shown = f"{found!r} {found}"
        assert not [secret for secret in [*PRIVATE, TOKEN, OLD_TOKEN, SIGNATURE] if secret in shown]
    assert seen == {Delivery, *WebhookError.__subclasses__()}


@pytest.mark.parametrize(
    ("headers", "signature", "length"),
    [
        ({}, None, 0),
        ({"sc-SIGNATURE": "a", "CONTENT-length": " 12 "}, "a", 12),
        ([(b"SC-Signature", b"a"), ("sc-signature", "b"), (b"content-length", b"7")], b"a", 7),
        ([("Content-Length", "no"), ("Content-Length", "5"), ("Content-Length", "6")], None, 5),
        ({"Content-Length": "-1"}, None, 0),
        ({"Content-Length": "9" * 5000}, None, int("9" * 20)),
    ],
)
def test_headers_are_read_once(headers: Any, signature: object, length: int) -> None:
    """The first signature, and the first length that is one; a number beyond all bounds is cut."""
    assert read_head(headers) == RequestHead(signature, length)  # type: ignore[arg-type]  # pyright: ignore


def test_a_length_that_is_declared_counts() -> None:
    """A body that was not read, because it would be too large, is refused for what it is."""
    with pytest.raises(PayloadTooLarge, match="2000000 bytes, more than 1048576"):
        receive({"Content-Length": "2000000"}, b"", tokens=TOKEN, now=NOW)
    rules = rules_of(TOKEN, tolerance=None, require_time=False, webhook_ids=None, modes=None, max_body_bytes=10)
    assert [rules.bytes_to_read(RequestHead(None, length)) for length in (0, 10, 11)] == [11, 11, 0]
    assert TOKEN not in repr(rules)
