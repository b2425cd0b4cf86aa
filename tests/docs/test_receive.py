"""The receivers of the pages take deliveries as they are printed."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from aiohttp import ClientSession, web

from smartcar_async.testing import Simulator
from smartcar_async.webhook import sign

from ..deliveries import META, STATE, TOKEN, written
from .test_docs import EXAMPLES


def names_of(marker: str) -> dict[str, Any]:
    """What the only example that contains this text defines."""
    (source,) = [text for text in EXAMPLES.values() if marker in text]
    names: dict[str, Any] = {}
    exec(compile(source, marker, "exec", dont_inherit=True), names)  # noqa: S102  # it is what readers paste
    return names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for the file of events, and the token of the deliveries."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMARTCAR_MANAGEMENT_TOKEN", TOKEN)


async def deliver(session: ClientSession, port: int) -> int:
    """The status that a signed delivery is answered with."""
    body = written({**STATE, "meta": {**META, "deliveredAt": int(time.time() * 1000)}})
    url = f"http://127.0.0.1:{port}/smartcar"
    async with session.post(url, data=body, headers={"SC-Signature": sign(TOKEN, body)}) as answer:
        return answer.status


async def until_handled(store: Any) -> None:
    """Wait until the worker has nothing left."""
    while store.waiting():  # noqa: ASYNC110  # a thread is at work
        await asyncio.sleep(0.01)


async def test_the_receiver_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    """A signed delivery is answered 204, and its handler runs."""
    names = names_of("aiohttp_context")
    runner = web.AppRunner(names["app"])
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as session:
        assert await deliver(session, runner.addresses[0][1]) == 204
    store = names["receiver"].store
    await until_handled(store)
    await runner.cleanup()
    store.close()
    assert capsys.readouterr().out.startswith("v-1 is charged to 61")


async def test_the_application_of_fastapi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes a delivery and answers a call of its own, with one lifespan for the client and the receiver."""
    async with Simulator() as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SMARTCAR_MANAGEMENT_TOKEN", TOKEN)
        names = names_of("FastAPI(lifespan=lifespan")
        config = uvicorn.Config(names["app"], log_config=None, http="h11", ws="none", lifespan="on")
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            serving = asyncio.create_task(asyncio.to_thread(server.run, sockets=[listener]))
            while not server.started and not serving.done():  # noqa: ASYNC110  # a thread is at work
                await asyncio.sleep(0.01)
            tesla = simulator.world.find("Tesla")
            async with ClientSession() as session:
                assert await deliver(session, port) == 204
                async with session.get(f"http://127.0.0.1:{port}/owners/{tesla.owner_id}/vehicles") as answer:
                    assert tesla.id in await answer.json()
            store = names["receiver"].store
            await until_handled(store)
            server.should_exit = True
            await serving
        store.close()
    assert capsys.readouterr().out == "v-1 e-1\n"
