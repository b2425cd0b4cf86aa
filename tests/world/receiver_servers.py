"""A receiver behind each kind of server that it is made for, in a thread, on a real port."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from typing import Any

import uvicorn
from aiohttp import web
from attrs import frozen
from fastapi import FastAPI
from flask import Flask, request
from starlette.routing import Route
from werkzeug.wrappers import Response

from smartcar_async.receiver import Receiver

waitress: Any = import_module("waitress")  # both come without types
wasyncore: Any = import_module("waitress.wasyncore")

PATH = "/smartcar"


@frozen
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class RunningServer:
    """A port at which a receiver takes deliveries."""

    port: int

    def send(self, body: Any = None, headers: Mapping[str, str] | None = None, method: str = "POST") -> Answer:
        """Send bytes with their length, or an iterable in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, PATH, body, dict(headers or {}), encode_chunked=not isinstance(body, bytes))
            response = connection.getresponse()
            return Answer(
                response.status, {key.lower(): value for key, value in response.headers.items()}, response.read()
            )
        finally:
            connection.close()

    def hang_up_in_body(self) -> None:
        """Close the connection in the middle of a body."""
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf a body".encode())


@contextmanager
def aiohttp_server(receiver: Receiver) -> Generator[RunningServer, None, None]:
    """An application of aiohttp."""
    ports, loop = list[int](), asyncio.new_event_loop()
    ready, leave = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", PATH, receiver.aiohttp_handler)
        app.cleanup_ctx.append(receiver.aiohttp_context)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        ready.set()
        await leave.wait()
        await runner.cleanup()

    with running(lambda: loop.run_until_complete(serve())):
        assert ready.wait(10)
        try:
            yield RunningServer(ports[0])
        finally:
            loop.call_soon_threadsafe(leave.set)
    loop.close()


@contextmanager
def uvicorn_server(app: Any) -> Generator[RunningServer, None, None]:
    """Any ASGI application."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_config=None, http="h11", ws="none", lifespan="on")
        server = uvicorn.Server(config)
        with running(lambda: server.run(sockets=[listening])) as thread:
            while not server.started and thread.is_alive():
                thread.join(0.01)
            assert server.started, "the server did not start"
            try:
                yield RunningServer(listening.getsockname()[1])
            finally:
                server.should_exit = True


@contextmanager
def fastapi_server(receiver: Receiver) -> Generator[RunningServer, None, None]:
    """An application of FastAPI, in the one line that the README gives."""
    app = FastAPI(lifespan=receiver.lifespan, routes=[Route(PATH, receiver.asgi)])
    with uvicorn_server(app) as running_server:
        yield running_server


@contextmanager
def asgi_server(receiver: Receiver) -> Generator[RunningServer, None, None]:
    """The bare ASGI application, which starts and stops the worker itself."""
    with uvicorn_server(receiver.asgi) as running_server:
        yield running_server


@contextmanager
def waitress_server(receiver: Receiver, app: Any) -> Generator[RunningServer, None, None]:
    """Any WSGI application, with the worker in a thread."""
    server: Any = waitress.create_server(app, host="127.0.0.1", port=0)
    with receiver, running(server.run):
        try:
            yield RunningServer(int(server.effective_port))
        finally:
            with suppress(OSError):  # the loop may close everything before it is woken for it
                server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    server.task_dispatcher.shutdown()


@contextmanager
def wsgi_server(receiver: Receiver) -> Generator[RunningServer, None, None]:
    """The bare WSGI application."""
    with waitress_server(receiver, receiver.wsgi) as running_server:
        yield running_server


@contextmanager
def flask_server(receiver: Receiver) -> Generator[RunningServer, None, None]:
    """A view of Flask, whose context the handlers have."""
    app = Flask("receiver")

    @app.route(PATH, methods=["GET", "POST"])
    def smartcar() -> Response:
        return Response.from_app(receiver.wsgi, request.environ)

    with waitress_server(receiver, app) as running_server:
        yield running_server


@contextmanager
def running(serve: Callable[[], object]) -> Generator[threading.Thread, None, None]:
    """A server in a thread, to its end."""
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(10)
        assert not thread.is_alive()


SERVERS: dict[str, Callable[[Receiver], AbstractContextManager[RunningServer]]] = {
    "aiohttp": aiohttp_server,
    "fastapi": fastapi_server,
    "asgi": asgi_server,
    "wsgi": wsgi_server,
    "flask": flask_server,
}
