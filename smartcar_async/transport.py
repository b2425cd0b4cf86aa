"""The only room that knows aiohttp: one request goes out, one whole answer comes back."""

import asyncio
import errno
import importlib
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from ._version import __version__
from .arguments import client_session, instance
from .errors import ConfigurationError, ConnectionFailed, ConnectionLost, TransportError
from .request import Effect, Reply, Request
from .settings import Settings, Tls

if TYPE_CHECKING:
    import aiohttp

_CONNECTIONS: Final = 100
_USER_AGENT: Final = f"smartcar-async/{__version__} Python/{sys.version_info.major}.{sys.version_info.minor}"


class _Broken(Exception):
    """A connection that broke. aiohttp does not know it, and so does not send the request again by itself."""


class Transport:
    """Sends requests over aiohttp. It never resends, follows no redirect and keeps no cookies."""

    def __init__(self, settings: Settings, session: "aiohttp.ClientSession | None" = None) -> None:
        client_session(session)
        if getattr(session, "auth", None) is not None:
            raise ConfigurationError("session: it has an auth= of its own, which would displace our token")
        self._settings = instance(settings, Settings, "settings")
        self._session = session
        self._owned = session is None
        self._command_session: aiohttp.ClientSession | None = None
        self._options: dict[str, Any] = {}
        self._aiohttp: Any = None
        self._url: Any = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def open(self) -> None:
        """Load aiohttp and the certificates in a thread, because both would stall the loop; then make the session."""
        if self._aiohttp is not None or self._closed:
            return
        async with self._opening:
            if self._aiohttp is None:
                loaded, context = await asyncio.to_thread(_load, self._settings.tls)
                if self._owned:
                    self._session = loaded.ClientSession(
                        connector=loaded.TCPConnector(limit=_CONNECTIONS), cookie_jar=loaded.DummyCookieJar()
                    )
                    self._command_session = _command_session(loaded)
                self._options = {
                    "allow_redirects": False,
                    "raise_for_status": False,
                    "skip_auto_headers": ("Content-Type",),
                    "timeout": loaded.ClientTimeout(total=None, sock_connect=self._settings.connect_timeout),
                    "middlewares": (_send_once(loaded),),
                    **({} if context is None else {"ssl": context}),
                }
                self._url = importlib.import_module("yarl").URL
                self._aiohttp = loaded

    async def send(self, request: Request, leaving: Callable[[], None]) -> Reply:
        """Send once. Raises ConnectionFailed if the request provably never left, else ConnectionLost.

        `leaving` is called before the first byte can reach the server: for a command on our own session when the
        connection stands, else at once.
        """
        await self.open()
        if self._closed or self._session is None:
            raise ConfigurationError("the client is closed; make a new one")
        if self._session.closed:
            raise ConfigurationError("session: it was closed; the client that it was passed to still needs it")
        proxy = None if self._settings.proxy is None else self._settings.proxy.for_origin(request.url)
        failure: TransportError
        try:
            session, context = self._session, None
            if request.effect is Effect.COMMAND and self._command_session is not None:
                session, context = self._command_session, leaving
            else:
                leaving()
            async with session.request(
                request.method,
                self._url(request.url, encoded=True),  # its escapes are left exactly as they are
                headers={"User-Agent": _USER_AGENT, **request.headers},
                data=request.body,
                proxy=proxy,
                trace_request_ctx=context,
                **self._options,
            ) as response:
                body = await response.read()
                return Reply(response.status, {name.lower(): text for name, text in response.headers.items()}, body)
        except (self._aiohttp.ClientError, _Broken, OSError, TimeoutError) as error:
            failure = _failure(self._aiohttp, error)
        # Raised here and not above, so that aiohttp's error, which names addresses, is not its context.
        raise failure

    async def aclose(self) -> None:
        """Close the session, unless the caller passed it in. One that is just being opened is waited for."""
        self._closed = True
        async with self._opening:
            for session in (self._session, self._command_session) if self._owned else ():
                if session is not None:
                    await session.close()


def _command_session(loaded: Any) -> Any:
    """A session whose connections are never used twice: an old one may break on a command that did leave."""

    async def leaving(_session: object, context: Any, _params: object) -> None:
        context.trace_request_ctx()

    traces = loaded.TraceConfig()
    traces.on_connection_create_end.append(leaving)
    return loaded.ClientSession(
        connector=loaded.TCPConnector(limit=_CONNECTIONS, force_close=True),
        cookie_jar=loaded.DummyCookieJar(),
        trace_configs=[traces],
    )


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
    """A middleware that hides broken connections from aiohttp, which would send GET, PUT and DELETE again."""

    async def middleware(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            return await handler(request)
        except loaded.ClientConnectorError:
            raise
        except (loaded.ServerDisconnectedError, loaded.ClientOSError) as error:
            broken = _Broken(_cause(error))
        raise broken

    return middleware


def _failure(loaded: Any, error: Exception) -> TransportError:
    never_left = (
        loaded.ClientConnectorError,
        loaded.ConnectionTimeoutError,
        loaded.ClientHttpProxyError,
        loaded.InvalidURL,
    )
    cause = str(error) if isinstance(error, _Broken) else _cause(error)
    failure: TransportError
    if isinstance(error, never_left):
        failure = ConnectionFailed(f"no connection could be made, and nothing was sent ({cause})")
    else:
        failure = ConnectionLost(f"the connection broke before a whole answer came ({cause})")
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
