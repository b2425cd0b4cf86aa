"""Adapters for servers: each reads a request, no more of its body than is allowed, and sends the reply."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..log import logger
from .endpoint import Endpoint, IncomingRequest
from .reply import CUT_BODY, TOO_SLOW_BODY, Reply

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from aiohttp import web

_PATIENCE: Final = 15.0
"""Seconds for the body of a request: Smartcar itself waits no longer for the whole answer."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def answer_aiohttp(endpoint: Endpoint, request: "web.Request") -> "web.Response":
    """Take a request of aiohttp's server."""
    from aiohttp import web

    opened = endpoint.open(request.method, request.headers)
    reply = await _answer(endpoint, opened, _chunks_of(request))
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body or None)


@frozen
class Asgi:
    """An ASGI application. An object and no function, so that Starlette takes it for an application."""

    endpoint: Endpoint
    lifespan: Callable[[object], AbstractAsyncContextManager[None]]

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
        opened = self.endpoint.open(scope["method"], scope["headers"])
        reply = await _answer(self.endpoint, opened, _chunks(receive))
        headers = [(name.lower().encode(), value.encode()) for name, value in _headers(reply)]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        phase = "startup"
        try:
            async with self.lifespan(None):
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
    headers = {name: environ[key] for name, key in names.items() if key in environ}
    opened = endpoint.open(environ["REQUEST_METHOD"], headers)
    reply = endpoint.answer_sync(opened, _read(opened, environ))
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", _headers(reply))
    return [reply.body]


async def _answer(endpoint: Endpoint, request: IncomingRequest, chunks: AsyncIterator[bytes]) -> Reply:
    """Read the body, and answer."""
    body = bytearray()
    if request.bytes_to_read:
        try:
            async with asyncio.timeout(_PATIENCE):
                async for chunk in chunks:
                    body += chunk
                    if len(body) >= request.bytes_to_read:
                        break
        except TimeoutError:
            logger.warning("webhook: the body did not come within %g s", _PATIENCE)
            return endpoint.answered(request, TOO_SLOW_BODY)
        except ConnectionError:
            logger.info("webhook: the body did not come whole")
            return endpoint.answered(request, CUT_BODY)
    return await endpoint.answer(request, bytes(body))


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


def _read(request: IncomingRequest, environ: "WSGIEnvironment") -> bytes:
    """The body of a WSGI request, which may be read past its Content-Length only where the server says so."""
    length = request.content_length or (request.bytes_to_read if environ.get("wsgi.input_terminated") else 0)
    left = min(length, request.bytes_to_read)
    body = bytearray()
    while left > 0 and (chunk := environ["wsgi.input"].read(left)):
        body += chunk
        left -= len(chunk)
    return bytes(body)


def _headers(reply: Reply) -> list[tuple[str, str]]:
    """The headers of a reply, with the length of its body."""
    length = {"Content-Length": str(len(reply.body))} if reply.body else {}
    return [*{**reply.headers, **length}.items()]
