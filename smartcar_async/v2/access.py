"""Whose credentials a call of API v2.0 is sent with: a user's token, the application's, its management token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

from attrs import field, frozen

from ..errors import ConfigurationError
from ..request import header_value

if TYPE_CHECKING:
    from ..engine.auth import Tokens

AccessToken = Union[str, "Tokens"]
"""An access token, or something that keeps one fresh."""


@frozen
class OwnAuthorization:
    """An Authorization header, with all in it that no text may repeat."""

    headers: Mapping[str, str] = field(repr=False)
    private: tuple[str, ...] = field(repr=False)


def tokens_of(token: AccessToken) -> Tokens:
    """Where the engine gets a user's token from. One that is a text has no other when it is refused."""
    from ..engine.auth import FixedToken

    if isinstance(token, str):
        return FixedToken(token)
    source: Any = token
    complete = callable(getattr(source, "get", None)) and callable(getattr(source, "after_refusal", None))
    if not complete or isinstance(source, type):
        raise ConfigurationError("token: give an access token, or a token source")
    return token


def application(client_id: str, client_secret: str) -> OwnAuthorization:
    """The application itself, by its id and secret."""
    encoded = b64encode(f"{client_id}:{client_secret}".encode()).decode("ascii")
    return OwnAuthorization({"Authorization": f"Basic {encoded}"}, (client_secret, encoded))


def management(amt: str) -> OwnAuthorization:
    """The application, by its management token."""
    header_value(amt, "amt")
    encoded = b64encode(f"default:{amt}".encode()).decode("ascii")
    return OwnAuthorization({"Authorization": f"Basic {encoded}"}, (amt, encoded))


def bearer(amt: str) -> OwnAuthorization:
    """The application, by its management token in place of a user's token."""
    return OwnAuthorization({"Authorization": f"Bearer {header_value(amt, 'amt')}"}, (amt,))
