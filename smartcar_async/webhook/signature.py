"""The signature of a delivery: hex HMAC-SHA256 of the raw body, with the Application Management Token as the key.

Only raw bytes can be verified: a body that was parsed and written again need not be the one that was signed.
"""

import hmac
import json
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from attrs import frozen

from ..errors import ConfigurationError

Body = bytes | bytearray | memoryview | str
"""A body as it came: bytes, or the text that they decode to."""

_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


@frozen
class Match:
    """Which of the tokens a signature was made with, counted from 0: the first is the current one."""

    token: int


class Problem(StrEnum):
    """Why a signature does not verify."""

    NONE = "none"
    MISSING = "missing"
    MALFORMED = "malformed"
    BASE64 = "base64"
    OLDER_TOKEN = "older_token"
    SWAPPED = "key_and_message_swapped"
    RESERIALISED = "body_reserialised"
    PADDED = "body_padded"
    UNKNOWN = "unknown"


@frozen
class Explanation:
    """What is wrong with a signature, and what to do about it. It holds no secret."""

    problem: Problem
    advice: str


def hash_challenge(amt: str, challenge: str) -> str:
    """The answer to a VERIFY challenge. An endpoint must not answer just any: see `challenge_answer`."""
    if not isinstance(challenge, str):
        raise ConfigurationError("challenge: give the text of the challenge")
    return hmac.new(_key(amt), _utf8(challenge), "sha256").hexdigest()


def sign(amt: str, body: Body) -> str:
    """The signature that Smartcar would send with this body."""
    return hmac.new(_key(amt), raw_bytes(body), "sha256").hexdigest()


def verify_payload(amt: str, signature: object, body: Body) -> bool:
    """Whether this signature was made with this token. A missing or malformed one was not."""
    return verify(body, signature, [amt]) is not None


def verify(body: Body, signature: object, tokens: str | Iterable[str]) -> Match | None:
    """The token that this signature was made with, or None. Every token is tried, in constant time."""
    return match_key(raw_bytes(body), digest_of(signature), token_keys(tokens))


def match_key(raw: bytes, digest: bytes | None, keys: Iterable[bytes]) -> Match | None:
    """Which of the keys a digest was made with; no digest matches none."""
    match = None
    for number, key in enumerate(keys):
        # All keys are tried, also after a match: how long it takes must not tell which token is in use.
        same = hmac.compare_digest(hmac.digest(key, raw, "sha256"), digest or b"\0" * 32)
        if same and digest is not None and match is None:
            match = Match(number)
    return match


def explain(
    body: Body, signature: object, tokens: str | Iterable[str], *, older_tokens: str | Iterable[str] = ()
) -> Explanation:
    """Why a signature does not verify. Nothing of a token, the signature or the body is repeated."""
    raw, current = raw_bytes(body), token_keys(tokens)
    if not signature:
        return Explanation(Problem.MISSING, "There is no SC-Signature header: did a proxy drop it?")
    digest = digest_of(signature)
    if digest is None:
        if re.fullmatch(r"[A-Za-z0-9+/]{43}=", _text(signature)):
            return Explanation(Problem.BASE64, "The signature is base64; Smartcar sends 64 hexadecimal digits.")
        return Explanation(Problem.MALFORMED, "The signature is not 64 hexadecimal digits.")
    if _any(current, raw, digest):
        return Explanation(Problem.NONE, "The signature verifies.")
    if _any(map(_key, as_texts(older_tokens)), raw, digest):
        return Explanation(Problem.OLDER_TOKEN, "It was made with an older token: pass both to `tokens`.")
    if any(hmac.compare_digest(hmac.digest(raw, key, "sha256"), digest) for key in current):
        return Explanation(Problem.SWAPPED, "Key and message are swapped: the token is the key, the body the message.")
    if any(_any(current, form, digest) for form in _padded(raw)):
        return Explanation(Problem.PADDED, "The body gained or lost a newline or a byte-order mark on the way.")
    if any(_any(current, form, digest) for form in _reserialised(raw)):
        return Explanation(Problem.RESERIALISED, "The body was parsed and written again: hand over the raw bytes.")
    return Explanation(
        Problem.UNKNOWN,
        "Another token, or an altered body. VERIFY answered well does not prove the token of live deliveries: "
        "if TEST passes and LIVE fails, add the previous token to `tokens`, then try a new application.",
    )


def token_keys(tokens: str | Iterable[str]) -> tuple[bytes, ...]:
    """The tokens as keys. None, or an empty one, is refused: an empty key would verify forgeries."""
    keys = tuple(_key(token) for token in as_texts(tokens))
    if not keys:
        raise ConfigurationError("tokens: give at least one Application Management Token")
    return keys


def as_texts(value: str | Iterable[str] | None, argument: str = "tokens") -> tuple[str, ...]:
    """One text or several, as a tuple: a text alone is not taken for its letters."""
    if value is None:
        return ()
    texts: tuple[Any, ...] = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    if not all(isinstance(text, str) for text in texts):
        raise ConfigurationError(f"{argument}: give a text or a list of texts")
    return texts


def raw_bytes(body: Body) -> bytes:
    """The bytes of a body. A parsed one is refused, for it cannot be verified any more."""
    if isinstance(body, str):
        return _utf8(body)
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise ConfigurationError(
        f"body: give the raw bytes of the request, not a {type(body).__name__}: "
        "what was signed is the text as it was sent, and parsing loses it"
    )


def digest_of(signature: object) -> bytes | None:
    """The 32 bytes that a signature stands for, or None if it is none."""
    text = _text(signature)
    return bytes.fromhex(text) if _DIGEST.fullmatch(text) else None


def _text(signature: object) -> str:
    if isinstance(signature, bytes):
        signature = signature.decode("latin-1")
    return signature.strip() if isinstance(signature, str) else ""


def _utf8(text: str) -> bytes:
    """The bytes of any text: half a surrogate pair is no reason to fail, for it only will not match."""
    return text.encode("utf-8", "surrogatepass")


def _key(token: object) -> bytes:
    if not isinstance(token, str) or not token.strip():
        raise ConfigurationError("tokens: an Application Management Token is a non-empty text")
    return _utf8(token)


def _any(candidates: Iterable[bytes], message: bytes, digest: bytes) -> bool:
    return any(hmac.compare_digest(hmac.digest(key, message, "sha256"), digest) for key in candidates)


def _padded(raw: bytes) -> list[bytes]:
    stripped = raw.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
    return [stripped, stripped + b"\n", stripped + b"\r\n", b"\xef\xbb\xbf" + stripped]


def _as_node_writes_it(number: str) -> float:
    """JavaScript has one kind of number, and writes 100.0 as 100, up to 21 digits."""
    value = float(number)
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _reserialised(raw: bytes) -> list[bytes]:
    """The body as other writers of JSON would have it."""
    compact = (",", ":")
    try:
        text = raw.decode()
        document: Any = json.loads(text)
        node = json.loads(text, parse_float=_as_node_writes_it)
        forms = [
            json.dumps(document, separators=compact, ensure_ascii=False),
            json.dumps(document, separators=compact),
            json.dumps(document, ensure_ascii=False),
            json.dumps(document),
            json.dumps(node, separators=compact, ensure_ascii=False),
            json.dumps(text, ensure_ascii=False),
            json.dumps(text),
        ]
    except (ValueError, RecursionError):
        return []
    return [_utf8(form) for form in forms]
