"""Which connection carries a request, and whether it is kept.

On a connection that is kept, a second copy of an earlier answer may arrive in place of the right one, at any time. So
what changes something, and what could not recognise a copy, gets a fresh connection that is closed afterwards. Any
other connection is kept only for requests that would recognise a copy of every answer that it has brought.

All this works through what aiohttp calls on a request: it asks for its `connection_key`, takes a connection from the
pool of that key or makes one, and has the request `send` itself over it. So it holds for a caller's session too, with
its connector, proxy and certificates, and leaves the connections of the caller's own requests alone. aiohttp has no
public way to choose a connection for one request: a connector of our own would not be the caller's, and trace hooks
come after the choice. The tests run with the lowest and the newest aiohttp, and fail where it calls something else.
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


class UnrequestedData(Exception):
    """Data came over a connection before anything was asked."""


class _StaleConnection(Exception):
    """A kept connection that must not be used again."""


@define
class _History:
    """What is known of a connection."""

    request_ids: set[str] = field(factory=set[str])
    """Those of the answers that it has brought."""
    settled: bool = False
    """Whether its last answer was found to be the right one."""


@define(eq=False)
class Connections:
    """What is known of the connections of one session."""

    histories: WeakKeyDictionary[Any, _History] = field(factory=WeakKeyDictionary[Any, _History])
    _classes: dict[type, type] = field(factory=dict[type, type])

    def use(self, pool: str | None, on_sending: Callable[[], None]) -> "ConnectionUse":
        """The use of a connection for one request. `on_sending` is called before its first byte is written."""
        # A pool of its own for a request that must have a fresh connection: no other asks for the same key.
        return ConnectionUse(self, on_sending, pool is None, object() if pool is None else pool)

    def hook(self, request: Any, use: "ConnectionUse") -> None:
        """Have a request of aiohttp ask `use` which connection to take."""
        # By its class, because aiohttp hands the middleware a finished request, and calls its methods on the class.
        cls = cast("type[object]", type(request))
        if cls not in self._classes:
            self._classes[cls] = type("Hooked", (_Hooks, cls), {})
        request.__class__ = self._classes[cls]
        request.smartcar_use = use

    def begin(self, protocol: Any) -> _History:
        """This connection is in use now; what comes over it is not checked yet."""
        history = self.histories.setdefault(protocol, _History())
        history.settled = False
        return history


@define(eq=False)
class ConnectionUse:
    """The use of one connection by one request."""

    _connections: Connections
    _on_sending: Callable[[], None]
    _fresh: bool
    """Whether the connection serves this request only."""
    _pool: object
    _protocol: Any = None
    _history: _History | None = None

    async def middleware(self, request: Any, handler: Handler) -> Any:
        """Send over a connection that may be used. Each that is refused has left the pool."""
        self._connections.hook(request, self)
        request.headers["Accept-Encoding"] = ACCEPTED
        if self._fresh:
            request.headers["Connection"] = "close"
        while True:
            try:
                return await handler(request)
            except _StaleConnection:
                continue

    def key(self, key: Any) -> Any:
        """The connector's key, made different for each pool by a field that nothing else reads.

        Two clients may have one session: neither knows what a connection of the other has brought.
        """
        return key._replace(proxy_headers_hash=(key.proxy_headers_hash, self._connections, self._pool))

    def take(self, connection: Any) -> None:
        """Use this connection, or refuse it: aiohttp closes it then."""
        protocol = connection.protocol
        history = self._connections.histories.get(protocol)
        if history is None and protocol.should_close:
            raise UnrequestedData
        if history is not None and (protocol.should_close or not history.settled):
            raise _StaleConnection
        self._protocol, self._history = protocol, self._connections.begin(protocol)
        if self._fresh:
            protocol.force_close()
        self._on_sending()

    def is_copy(self, reply: Reply) -> bool:
        """Whether the connection has brought this very answer before."""
        return self._history is not None and reply.request_id in self._history.request_ids

    def keep(self, reply: Reply) -> None:
        """Let the connection be used again, for a copy of this answer would be recognised."""
        history = self._history
        if history is None or self._fresh or len(history.request_ids) >= _MOST_ANSWERS:
            return self.close()
        if reply.request_id is not None:
            history.request_ids.add(reply.request_id)
        history.settled = True
        return None

    def close(self) -> None:
        """Close the connection, also if it is back in its pool already."""
        if self._protocol is not None:
            self._protocol.close()


class _Hooks:
    """What is put before aiohttp's own class of request, so that it asks which connection to take."""

    smartcar_use: ConnectionUse

    @property
    def connection_key(self) -> Any:
        """What the connector keeps connections by."""
        request: Any = super()
        return self.smartcar_use.key(request.connection_key)

    async def send(self, connection: Any) -> Any:
        """Write the request."""
        request: Any = super()
        self.smartcar_use.take(connection)
        return await request.send(connection)
