"""The only module that uses aiohttp's client: one request goes out, one whole answer comes back."""

import asyncio
import errno
import importlib
import ssl
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._version import __version__
from ..arguments import require_instance, require_session
from ..errors import ConfigurationError, ConnectionFailed, ConnectionLost, ResponseTooLarge, TransportError
from ..request import Effect, Reply, Request
from ..settings import Settings, Tls
from ..threads import ENDING, in_thread, is_ending
from .connections import Connections, ConnectionUse, UnrequestedData
from .inflate import Body, TooLarge, Undecodable

if TYPE_CHECKING:
    from aiohttp import ClientSession as ClientSession

T = TypeVar("T")

_CONNECTIONS: Final = 100
_LONGEST_HEADER: Final = 8190
_LONG: Final = 256 * 1024
"""Longer answers are read in a thread: this much takes a millisecond or two."""
_USER_AGENT: Final = f"smartcar-async/{__version__} Python/{sys.version_info.major}.{sys.version_info.minor}"


class _ConnectionBroke(Exception):
    """A connection that broke. aiohttp does not know it, and so does not send the request again by itself."""


class _ForeignAnswer(Exception):
    """An answer that belongs to another request."""


_UNUSABLE: Final = (_ConnectionBroke, _ForeignAnswer, UnrequestedData, Undecodable)


class Transport:
    """Sends requests over aiohttp. It never resends, follows no redirect and keeps no cookies."""

    def __init__(self, settings: Settings, session: "ClientSession | None" = None) -> None:
        require_session(session)
        if getattr(session, "auth", None) is not None:
            raise ConfigurationError("session: it has an auth= of its own, which would displace our token")
        self._settings = require_instance(settings, Settings, "settings")
        self._session = session
        self._owned = session is None
        # Commands have a session, and so connections, of their own: a car may take minutes to answer, and a hundred
        # commands that wait would leave no connection to read with.
        self._command_session: ClientSession | None = None
        self._connections = Connections()
        self._slots: dict[str | None, asyncio.Semaphore] = {}
        self._options: dict[str, Any] = {}
        self._aiohttp: Any = None
        self._url: Any = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def open(self) -> None:
        """Load aiohttp and the certificates in a thread, because both would stall the loop; then make the session."""
        if self._aiohttp is not None or self._closed:
            return
        loop = asyncio.get_running_loop()
        if getattr(self._session, "_loop", loop) is not loop:
            raise ConfigurationError("session: it belongs to another event loop; make it in the loop of the client")
        async with self._opening:
            if self._aiohttp is None:
                # The import takes a tenth of a second, and so does reading the system's certificates: in the loop,
                # every other task would stand still meanwhile.
                loaded, context = await in_thread(lambda: _load(self._settings.tls))
                if self._owned:
                    self._session, self._command_session = (_session(loaded) for _ in range(2))
                self._options = _options(loaded, self._settings, context)
                self._url = importlib.import_module("yarl").URL
                self._aiohttp = loaded

    async def send(self, request: Request, on_sending: Callable[[], None]) -> Reply:
        """Send once, after `open`. Raises ConnectionFailed if the request provably never left, else ConnectionLost.

        `on_sending` is called before the first byte can reach the server: when the connection stands, if the session
        is our own; else at once, for a caller's session may be a stand-in that never calls our middleware.
        """
        if self._closed or self._session is None:
            raise ConfigurationError("the client is closed; make a new one")
        if self._session.closed:
            raise ConfigurationError("session: it was closed; the client that it was passed to still needs it")
        if not self._owned:
            on_sending()
        use = self._connections.use(request.pool, on_sending if self._owned else _do_nothing)
        failure: TransportError
        try:
            async with self._slot(request), self._exchange(request, use) as response:
                return await self._checked(request, use, await self._read_whole(response))
        except asyncio.CancelledError as cancelled:
            # The frames of aiohttp hold headers, bodies and the proxy's password.
            cancelled.__traceback__ = None
            raise
        except TooLarge as error:
            failure = ResponseTooLarge(f"the answer of {request.host} {error}, and was not read")
        except (self._aiohttp.ClientError, OSError, TimeoutError, *_UNUSABLE) as error:
            failure = _failure(self._aiohttp, error, request.host)
        except RuntimeError as error:
            if not is_ending(error):
                raise
            failure = ConnectionFailed(ENDING)  # a host's name is looked up in a thread
        # Raised here and not above, so that aiohttp's error, which names addresses, is not its context.
        raise failure

    async def aclose(self) -> None:
        """Close the session, unless the caller passed it in. One that is just being opened is waited for."""
        self._closed = True
        async with self._opening:
            for session in (self._session, self._command_session) if self._owned else ():
                if session is not None:
                    await session.close()

    def _exchange(self, request: Request, use: ConnectionUse) -> Any:
        """The request under way."""
        acts = request.effect is not Effect.READ and self._command_session is not None
        session: Any = self._command_session if acts else self._session
        return session.request(
            request.method,
            self._url(request.url, encoded=True),  # its escapes are left exactly as they are
            headers={"User-Agent": _USER_AGENT, **request.headers},
            data=request.body,
            # Never a local of ours: it may hold a password, and tracebacks can show locals.
            proxy=None if self._settings.proxy is None else self._settings.proxy.for_origin(request.url),
            middlewares=(_send_once(self._aiohttp), use.middleware),
            **self._options,
        )

    def _slot(self, request: Request) -> AbstractAsyncContextManager[object]:
        """A place among the connections that a caller's session allows to a host: it cannot count ours as one kind."""
        most = 0 if self._owned else getattr(getattr(self._session, "connector", None), "limit_per_host", 0)
        return self._slots.setdefault(request.host, asyncio.Semaphore(most)) if most else nullcontext()

    async def _read_whole(self, response: Any) -> Reply:
        """All of an answer, if it keeps within bounds."""
        headers = {name.lower(): text for name, text in response.headers.items()}
        body = Body(headers.get("content-encoding", ""), self._settings.max_response_bytes)
        try:
            async for piece in response.content.iter_any():
                for _ in body.feed(piece):
                    await asyncio.sleep(0)
            return Reply(response.status, headers, body.end())
        except (TooLarge, Undecodable):
            response.close()
            raise

    async def _checked(self, request: Request, use: ConnectionUse, reply: Reply) -> Reply:
        """The answer, if it is the one to this request; and the connection is kept, or not."""
        recognised = await read_reply(reply, request.recognise)
        if recognised is False or use.is_copy(reply):
            use.close()
            raise _ForeignAnswer
        if recognised:
            use.keep(reply)
        else:
            use.close()
        return reply


async def read_reply(reply: Reply, read: Callable[[Reply], T]) -> T:
    """Read an answer: a long one in a thread, so that the loop goes on and no deadline has to wait."""
    return read(reply) if len(reply.body) <= _LONG else await in_thread(lambda: read(reply))


def _do_nothing() -> None:
    pass


def _session(loaded: Any) -> Any:
    return loaded.ClientSession(connector=loaded.TCPConnector(limit=_CONNECTIONS), cookie_jar=loaded.DummyCookieJar())


def _options(loaded: Any, settings: Settings, context: ssl.SSLContext | None) -> dict[str, Any]:
    """What every request is sent with, whatever the session says: bodies are inflated here, where that is bounded."""
    return {
        "allow_redirects": False,
        "raise_for_status": False,
        "skip_auto_headers": ("Content-Type",),
        "auto_decompress": False,
        "max_line_size": _LONGEST_HEADER,
        "max_field_size": _LONGEST_HEADER,
        "timeout": loaded.ClientTimeout(total=None, sock_connect=settings.connect_timeout),
        **({} if context is None else {"ssl": context}),
    }


def _load(tls: Tls | None) -> tuple[Any, ssl.SSLContext | None]:
    return importlib.import_module("aiohttp"), None if tls is None else _context(tls)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if tls.ca_file is not None:
            context.load_verify_locations(cafile=tls.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"tls.ca_file: {tls.ca_file} cannot be read as certificates ({type(error).__name__})"
        ) from None
    try:
        if tls.client_certificate is not None:
            context.load_cert_chain(tls.client_certificate, tls.client_key, lambda: tls.client_key_password or "")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"tls.client_certificate: {tls.client_certificate} cannot be loaded with its key ({type(error).__name__})"
        ) from None
    return context


def _send_once(loaded: Any) -> Callable[[Any, Callable[[Any], Awaitable[Any]]], Awaitable[Any]]:
    """A middleware that hides broken connections from aiohttp, which would send GET, PUT and DELETE again.

    It does so by itself where a server has read a request and closed without an answer, on a fresh connection too, and
    the switch for it is private. It looks for its own classes of error, so another one leaves here.
    """

    async def middleware(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            return await handler(request)
        except loaded.ClientConnectorError:
            raise
        except (loaded.ServerDisconnectedError, loaded.ClientOSError) as error:
            broken = _ConnectionBroke(_cause(error))
        raise broken

    return middleware


def _failure(loaded: Any, error: Exception, host: str) -> TransportError:
    never_left = (
        loaded.ClientConnectorError,
        loaded.ConnectionTimeoutError,
        loaded.ClientHttpProxyError,
        loaded.InvalidURL,
    )
    cause = str(error) if isinstance(error, _ConnectionBroke) else _cause(error)
    failure: TransportError
    if isinstance(error, never_left):
        failure = ConnectionFailed(f"no connection to {host} could be made, and nothing was sent ({cause})")
    elif isinstance(error, _ForeignAnswer):
        cause = "ForeignAnswer"
        failure = ConnectionLost(f"an answer came from {host} that belongs to another request ({cause})")
    else:
        failure = ConnectionLost(f"the connection to {host} broke before a whole answer came ({cause})")
    failure.cause = cause
    return failure


def _cause(error: Exception) -> str:
    """What went wrong, without the addresses and URLs that aiohttp's texts carry."""
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    reason = getattr(inner, "reason", None) or getattr(inner, "verify_message", None)
    number = getattr(inner, "errno", None)
    if not isinstance(reason, str):
        reason = errno.errorcode.get(number) if isinstance(number, int) else None
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__
