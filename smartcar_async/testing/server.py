"""The simulator on a TCP port: aiohttp's low-level server around the service, and the faults at its wire."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from functools import partial
from socket import SO_LINGER, SOL_SOCKET

from aiohttp import web
from attrs import evolve

from . import faults
from .errors import SimulatorError
from .recorder import Recorder
from .service import Service
from .wire import Answer, Request

HOST = "127.0.0.1"

_RESET_ON_CLOSE = struct.pack("HH" if os.name == "nt" else "ii", 1, 0)
_DRIPS_PER_SECOND = 20


class Server:
    """One listening socket. Every request is recorded, then answered, or damaged by a fault."""

    def __init__(
        self, service: Service, scripts: faults.Faults, requests: Recorder, on_request: Callable[[], None]
    ) -> None:
        """`on_request` is called before each request is answered, so that time may catch up."""
        self._service = service
        self._scripts = scripts
        self._requests = requests
        self._on_request = on_request
        self._runner: web.ServerRunner | None = None

    async def start(self, port: int) -> int:
        """Listen on the local host, and return the port."""
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except (OSError, OverflowError) as error:
            await runner.cleanup()
            raise SimulatorError(
                f"cannot listen on port {port} ({_error_text(error)}): free it, or pass 0 for any"
            ) from None
        self._runner = runner
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._serve(http)
        except ConnectionError:  # the client went away while an answer was on its way
            return web.Response()

    async def _serve(self, http: web.BaseRequest) -> web.StreamResponse:
        url = http.rel_url
        request = Request(http.method, url.raw_path, url.raw_query_string, http.headers)
        self._requests.add(request)
        fault = self._scripts.strike(request)
        if isinstance(fault, faults.ResetBeforeReading):
            return _send_partially(http, b"", reset=True)
        request.body = await http.read()
        self._on_request()
        answer = self._answer(request, fault)
        match fault:
            case faults.Delay(seconds=seconds):
                await asyncio.sleep(seconds)
                if not fault.acts:
                    return _send_partially(http, b"", reset=False)
            case faults.ResetBeforeHeaders():
                return _send_partially(http, b"", reset=True)
            case faults.ResetInHeaders():
                request.status = answer.status
                return _send_partially(http, _head(answer)[:-4], reset=True)
            case faults.Late(seconds=seconds, end=end):
                request.status = 202
                return await _stream(http, answer, 0.0, seconds, end)
            case _:
                pass
        if answer.seconds > self._service.long_after and not self._service.is_older(request.path):
            request.status = 202
            first = self._service.long_after
            return await _stream(http, answer, first, answer.seconds - first, _stream_end(fault))
        await asyncio.sleep(answer.seconds)
        request.status = answer.status
        match fault:
            case faults.ResetInBody() | faults.Truncate():
                half = answer.body[: len(answer.body) // 2]
                return _send_partially(http, _head(answer) + half, reset=isinstance(fault, faults.ResetInBody))
            case faults.Drip(bytes_per_second=speed):
                return await _drip(http, answer, speed)
            case _:
                return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))

    def _answer(self, request: Request, fault: faults.Fault | None) -> Answer:
        """What to send. The service acts first, and a scripted answer carries the id of the request that it knew."""
        actual = self._service.answer(request) if faults.acts(fault) else None
        request_id = request.request_id or self._service.new_request_id()
        match fault.reply if isinstance(fault, faults.Late) else fault:
            case faults.Reply() as reply:
                return reply.answer(request_id)
            case faults.ErrorReply() as reply:
                return reply.answer(request_id, partial(self._service.error, request.path))
            case _ if isinstance(fault, faults.Late) and fault.end == "pending":
                return faults.never_done(request_id)
            case _:
                answer = actual or faults.never_done(request_id)
        if isinstance(fault, faults.WrongContentType):
            return evolve(answer, content_type=fault.content_type)
        if isinstance(fault, faults.MalformedJson):
            return evolve(answer, body=answer.body[: len(answer.body) // 2] or b"{")
        return answer


def _stream_end(fault: faults.Fault | None) -> str:
    """How a long answer ends."""
    match fault:
        case faults.ResetInBody():
            return "reset"
        case faults.Truncate():
            return "cut"
        case _:
            return "whole"


def _headers(answer: Answer) -> dict[str, str]:
    return {"Content-Type": answer.content_type, **answer.headers} if answer.body else dict(answer.headers)


def _head(answer: Answer) -> bytes:
    """The status line and headers as bytes, for an answer that aiohttp must not finish."""
    lines = [f"HTTP/1.1 {answer.status} Spoilt", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in _headers(answer).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _send_partially(http: web.BaseRequest, sent: bytes, *, reset: bool) -> web.StreamResponse:
    """Send some bytes and end the connection: by a TCP reset, or in good order. The response returned goes nowhere."""
    transport = http.transport
    if transport is not None:
        if sent:
            transport.write(sent)
        if reset:
            transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _RESET_ON_CLOSE)
            transport.abort()
        else:
            transport.close()
    return web.Response()


async def _stream(http: web.BaseRequest, answer: Answer, first: float, then: float, end: str) -> web.StreamResponse:
    """A 202 after some seconds, chunked, and the body after some more on the same connection, as far as it comes."""
    await asyncio.sleep(first)
    response = web.StreamResponse(status=202, headers=_headers(answer))
    response.enable_chunked_encoding()
    await response.prepare(http)
    await asyncio.sleep(then)
    if end in ("cut", "reset"):
        await response.write(answer.body[: len(answer.body) // 2])
        return _send_partially(http, b"", reset=end == "reset")
    if end != "empty":
        await response.write(answer.body)
    await response.write_eof()
    return response


async def _drip(http: web.BaseRequest, answer: Answer, bytes_per_second: float) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.content_length = len(answer.body)
    await response.prepare(http)
    step = max(1, round(bytes_per_second / _DRIPS_PER_SECOND))
    for start in range(0, len(answer.body), step):
        await asyncio.sleep(step / bytes_per_second)
        await response.write(answer.body[start : start + step])
    await response.write_eof()
    return response


def _error_text(error: Exception) -> str:
    return (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)).lower()
