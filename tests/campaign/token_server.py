"""A token endpoint that rotates refresh tokens, with a clock that can be moved on, for the campaigns against tokens.

It is as strict as the documents allow: a refresh token that was used is taken for 60 s more, counted from its first
use, and each time ends the refresh token that was issued for it before.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from urllib.parse import parse_qs

from attrs import define, field

from smartcar_async import Clock, SystemClock, TokenPair

GRACE = 60.0
LIFETIME = 7200


@define(eq=False)
class TokenServer:
    """The state of the endpoint. `spent` notes the time of the first use of each refresh token."""

    max_delay: float = 0.0
    """The longest delay of an answer in seconds, half of it before the token is spent and half of it after."""
    port: int = 0
    requests: Counter[int] = field(factory=Counter[int])
    issued: int = 0
    time: float = 0.0
    spent: dict[str, float] = field(factory=dict[str, float])
    successor: dict[str, str] = field(factory=dict[str, str])
    _valid: set[str] = field(factory=set[str])

    def grant(self) -> tuple[str, str]:
        """A new access token and its refresh token, as for an owner who has just connected."""
        self.issued += 1
        self._valid.add(f"refresh-{self.issued}")
        return f"access-{self.issued}", f"refresh-{self.issued}"

    def accepts(self, refresh_token: str) -> bool:
        """Whether this refresh token can be used now."""
        since = self.spent.get(refresh_token)
        return refresh_token in self._valid and (since is None or self.time - since < GRACE)

    def rotate(self, refresh_token: str) -> tuple[str, str] | None:
        """New tokens for a refresh token, or None for one that is not valid."""
        if not self.accepts(refresh_token):
            return None
        self.spent.setdefault(refresh_token, self.time)
        self._valid.discard(self.successor.get(refresh_token, ""))
        access, self.successor[refresh_token] = self.grant()
        return access, self.successor[refresh_token]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            form = parse_qs((await reader.readexactly(int(length[1]) if length else 0)).decode())
            await asyncio.sleep(random.uniform(0, self.max_delay / 2))
            tokens = self.rotate(form["refresh_token"][0])
            self.requests[200 if tokens else 400] += 1
            await asyncio.sleep(random.uniform(0, self.max_delay / 2))
            if tokens is None:
                writer.write(_answer("400 Bad Request", {"error": "invalid_grant"}))
            else:
                access, refresh = tokens
                document = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer"}
                writer.write(_answer("200 OK", {**document, "expires_in": LIFETIME}))
            await writer.drain()
        writer.close()


def _answer(status: str, document: object) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    return head.encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def token_server(max_delay: float = 0.0) -> AsyncGenerator[TokenServer, None]:
    """An endpoint on a port of its own."""
    endpoint = TokenServer(max_delay)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    async with server:
        yield endpoint


def pair_of(access: str, refresh: str, clock: Clock | None = None) -> TokenPair:
    """Tokens as a pair that was issued now."""
    now = (clock or SystemClock()).now()
    return TokenPair(access, refresh, now + timedelta(seconds=LIFETIME), now + timedelta(days=60))
