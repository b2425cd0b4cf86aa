"""Application tokens: bought with client credentials.

They live in real time, whatever the world's clock does: `expires_in` is a promise to a client that has no other.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random
from urllib.parse import parse_qsl

import msgspec
from attrs import define, field

from .wire import Answer, Request, json_answer


@define
class Tokens:
    """The tokens that are valid now, and the credentials that buy a new one."""

    client_id: str
    client_secret: str = field(repr=False)
    seed: int
    clock: Callable[[], float]
    lifetime: float = 3600
    _valid_until: dict[str, float] = field(factory=dict[str, float], init=False, repr=False)
    _random: Random = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Draw tokens from the seed, so that a run can be repeated to the byte."""
        self._random = Random(f"{self.seed}/tokens")

    def is_valid(self, authorization: str) -> bool:
        """Whether an Authorization header carries a token of ours that has not expired."""
        scheme, _, token = authorization.partition(" ")
        until = self._valid_until.get(token.strip())
        return scheme.lower() == "bearer" and until is not None and self.clock() < until

    def expire(self) -> None:
        """End every token that was ever issued."""
        self._valid_until.clear()

    def answer(self, request: Request) -> Answer:
        """`POST /oauth2/token`: credentials in a form, in JSON or in a Basic header."""
        fields = fields_of(request)
        if fields is None:
            return oauth_error(400, "invalid_request", "The body is neither a form nor a JSON object of strings.")
        grant, client_id, secret = (fields.get(name) for name in ("grant_type", "client_id", "client_secret"))
        if not grant:
            return oauth_error(400, "invalid_request", "Missing grant_type.")
        if grant != "client_credentials":
            return oauth_error(400, "unsupported_grant_type", "Only client_credentials is supported.")
        if not client_id or not secret:
            return oauth_error(400, "invalid_request", "Missing client_id or client_secret.")
        if (client_id, secret) != (self.client_id, self.client_secret):
            return oauth_error(401, "invalid_client", "Unknown client, or wrong client secret.")
        return json_answer({"access_token": self._issue(), "token_type": "Bearer", "expires_in": round(self.lifetime)})

    def _issue(self) -> str:
        now = self.clock()
        self._valid_until = {token: until for token, until in self._valid_until.items() if now < until}
        token = f"eyJ.simulated.{self._random.getrandbits(160):040x}"
        self._valid_until[token] = now + self.lifetime
        return token


def fields_of(request: Request) -> dict[str, str] | None:
    """What the client sent, from whichever of the three forms; None where it cannot be read."""
    fields: dict[str, str] = {}
    try:
        if request.headers.get("Content-Type", "").startswith("application/json"):
            fields = msgspec.json.decode(request.body, type=dict[str, str])
        else:
            fields = dict(parse_qsl(request.body.decode()))
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            fields["client_id"], _, fields["client_secret"] = base64.b64decode(encoded).decode().partition(":")
    except (msgspec.DecodeError, ValueError):
        return None
    return fields


def oauth_error(status: int, error: str, description: str) -> Answer:
    """The error that both token endpoints answer with."""
    return json_answer({"error": error, "error_description": description}, status)
