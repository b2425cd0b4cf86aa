"""Which connection carries a request, and whether it is kept.

On a connection that is kept, a second copy of an earlier answer may arrive in place of the right one, at any time. So
what changes something, and what cannot tell a copy, gets a fresh connection that is closed afterwards; any other
connection is kept only for requests that would recognise a copy of every answer that it has brought.

All this works through what aiohttp calls on a request: it asks for its `connection_key`, takes a connection from the
pool of that key or makes one, and has the request `send` itself over it. So it holds for a caller's session too, with
its connector, proxy and certificates, and leaves the connections of the caller's own requests alone.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from attrs import define, field

from ..request import Reply
from .inflate import ACCEPTED

_MOST_ANSWERS: Final = 1000
"""After so many a connection is closed, so that what is remembered of it does not grow for ever."""

Handler = Callable[[Any], Awaitable[Any]]


class Unasked(Exception):
    """Data came over a connection before anything was asked."""


class _Stale(Exception):
    """A kept connection that must not be used again."""


@define
class _Past:
    """What is known of a connection."""

    request_ids: set[str] = field(factory=set[str])
    settled: bool = False
    """Whether its last answer was found to be the right one."""


@define(eq=False)
class Connections:
    """What is known of the connections of one session."""

    pasts: WeakKeyDictionary[Any, _Past] = field(factory=WeakKeyDictionary[Any, _Past])
    _classes: dict[type, type] = field(factory=dict[type, type])

    def passage(self, pool: str | None, leaving: Callable[[], None]) -> "Passage":
        """The way of one request. `leaving` is called before its first byte is written."""
        return Passage(self, leaving, pool is None, object() if pool is None else pool)

    def hook(self, request: Any, passage: "Passage") -> None:
        """Have a request of aiohttp go this way."""
        cls = cast("type[object]", type(request))
        if cls not in self._classes:
            self._classes[cls] = type("Hooked", (_Hooks, cls), {})
        request.__class__ = self._classes[cls]
        request.smartcar_passage = passage

    def take(self, protocol: Any) -> _Past:
        """This connection is in use now; what comes over it is not yet judged."""
        past = self.pasts.setdefault(protocol, _Past())
        past.settled = False
        return past


@define(eq=False)
class Passage:
    """The way of one request over a connection."""

    _connections: Connections
    _leaving: Callable[[], None]
    _alone: bool
    """Whether the connection serves this request only."""
    _pool: object
    _protocol: Any = None
    _past: _Past | None = None

    async def middleware(self, request: Any, handler: Handler) -> Any:
        """Send over a connection against which nothing speaks. Each that is refused has left the pool."""
        self._connections.hook(request, self)
        request.headers["Accept-Encoding"] = ACCEPTED
        if self._alone:
            request.headers["Connection"] = "close"
        while True:
            try:
                return await handler(request)
            except _Stale:
                continue

    def key(self, key: Any) -> Any:
        """The connector's key, made different for each pool by a field that nothing else reads."""
        return key._replace(proxy_headers_hash=(key.proxy_headers_hash, self._pool))

    def board(self, connection: Any) -> None:
        """Take this connection, unless something speaks against it. aiohttp closes it then."""
        protocol = connection.protocol
        past = self._connections.pasts.get(protocol)
        if past is None and protocol.should_close:
            raise Unasked
        if past is not None and (protocol.should_close or not past.settled):
            raise _Stale
        self._protocol, self._past = protocol, self._connections.take(protocol)
        if self._alone:
            protocol.force_close()
        self._leaving()

    def brings_again(self, reply: Reply) -> bool:
        """Whether the connection has brought this very answer before."""
        return self._past is not None and reply.request_id is not None and reply.request_id in self._past.request_ids

    def keep(self, reply: Reply) -> None:
        """Let the connection be used again, for a copy of this answer would be recognised."""
        if self._past is None or self._alone or len(self._past.request_ids) >= _MOST_ANSWERS:
            return self.drop()
        if reply.request_id is not None:
            self._past.request_ids.add(reply.request_id)
        self._past.settled = True
        return None

    def drop(self) -> None:
        """Close the connection, also if it is back in its pool already."""
        if self._protocol is not None:
            self._protocol.close()


class _Hooks:
    """What is put before aiohttp's own kind of request, so that it asks its passage which connection to take."""

    smartcar_passage: Passage

    @property
    def connection_key(self) -> Any:
        """What the connector keeps connections by."""
        request: Any = super()
        return self.smartcar_passage.key(request.connection_key)

    async def send(self, connection: Any) -> Any:
        """Write the request."""
        request: Any = super()
        self.smartcar_passage.board(connection)
        return await request.send(connection)
