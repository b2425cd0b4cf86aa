"""The doors of a receiver: each reads a request, no more of it than is allowed, and sends the reply."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import frozen

from ..log import logger
from .judge import Headers, declared_length
from .reply import CUT_BODY, TOO_SLOW_BODY, Reply

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from wsgiref.types import StartResponse, WSGIEnvironment

    from aiohttp import web

_PATIENCE: Final = 15.0
"""Seconds for the body of a request: Smartcar itself waits no longer for the whole answer."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Endpoint(Protocol):
    """What a door needs of a receiver."""

    @property
    def largest(self) -> int:
        """How many bytes a body may have."""
        ...

    async def handle(self, method: str, headers: Headers, body: bytes) -> Reply:
        """Take a request, and say what to answer."""
        ...

    def handle_plain(self, method: str, headers: Headers, body: bytes) -> Reply:
        """The same without an event loop."""
        ...

    def lifespan(self, app: object) -> "AbstractAsyncContextManager[None]":
        """The time for which the worker runs."""
        ...


async def answer_aiohttp(endpoint: Endpoint, request: "web.Request") -> "web.Response":
    """Take a request of aiohttp's server."""
    from aiohttp import web

    headers = list[tuple[str | bytes, str | bytes]](request.headers.items())
    reply = await _answer(endpoint, request.method, headers, _chunks_of(request))
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body or None)


@frozen
class Asgi:
    """An ASGI application. An object and no function, so that Starlette takes it for an application."""

    endpoint: Endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the life of the server."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case _:
                await send({"type": "websocket.close"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[str | bytes, str | bytes]] = list(scope["headers"])
        reply = await _answer(self.endpoint, scope["method"], headers, _chunks(receive))
        pairs = {**reply.headers, **({"Content-Length": str(len(reply.body))} if reply.body else {})}
        encoded = [(name.lower().encode(), value.encode()) for name, value in pairs.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        await send({"type": "http.response.body", "body": reply.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        phase = "startup"
        try:
            async with self.endpoint.lifespan(None):
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
        except Exception as error:
            logger.exception("webhook: the receiver failed at the %s of its server", phase)
            await send({"type": f"lifespan.{phase}.failed", "message": type(error).__name__})


def answer_wsgi(endpoint: Endpoint, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """Take a request of a WSGI server."""
    names = {"SC-Signature": "HTTP_SC_SIGNATURE", "Content-Length": "CONTENT_LENGTH"}
    headers: list[tuple[str | bytes, str | bytes]] = [
        (name, environ[key]) for name, key in names.items() if key in environ
    ]
    body = _read(endpoint, environ, headers) if environ["REQUEST_METHOD"] == "POST" else b""
    reply = endpoint.handle_plain(environ["REQUEST_METHOD"], headers, body)
    length = {"Content-Length": str(len(reply.body))} if reply.body else {}
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", [*{**reply.headers, **length}.items()])
    return [reply.body]


async def _answer(
    endpoint: Endpoint, method: str, headers: list[tuple[str | bytes, str | bytes]], chunks: AsyncIterator[bytes]
) -> Reply:
    """Read a body up to one byte more than is allowed: that is enough to refuse it."""
    body = bytearray()
    if method == "POST" and declared_length(headers) <= endpoint.largest:
        try:
            async with asyncio.timeout(_PATIENCE):
                async for chunk in chunks:
                    body += chunk
                    if len(body) > endpoint.largest:
                        break
        except TimeoutError:
            logger.warning("webhook: the body did not come within %g s", _PATIENCE)
            return TOO_SLOW_BODY
        except ConnectionError:
            logger.info("webhook: the body did not come whole")
            return CUT_BODY
    return await endpoint.handle(method, headers, bytes(body))


async def _chunks_of(request: "web.Request") -> AsyncIterator[bytes]:
    """The body of a request to aiohttp, which somebody may have read before; ConnectionError if it is broken."""
    from aiohttp import web

    try:
        if not request.can_read_body:
            yield await request.read()
        async for chunk in request.content.iter_any():
            yield chunk
    except web.RequestPayloadError:
        raise ConnectionError("the body cannot be read") from None


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    """The body of an ASGI request; ConnectionError if the client is gone."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client is gone")
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _read(endpoint: Endpoint, environ: "WSGIEnvironment", headers: Iterable[tuple[str | bytes, str | bytes]]) -> bytes:
    """The body of a WSGI request, which may be read past its end only where the server says so."""
    declared = declared_length(headers)
    left = declared or (endpoint.largest + 1 if environ.get("wsgi.input_terminated") else 0)
    body = bytearray()
    while declared <= endpoint.largest and left > 0 and (chunk := environ["wsgi.input"].read(left)):
        body += chunk
        left -= len(chunk)
    return bytes(body)
