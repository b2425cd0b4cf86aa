"""The README's receiver takes deliveries as it is printed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from smartcar_async.webhook import sign

from ..deliveries import META, STATE, TOKEN, written
from .test_docs import EXAMPLES


async def test_the_receiver_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signed delivery is answered 204, and its handler runs."""
    (source,) = [text for text in EXAMPLES.values() if "aiohttp_context" in text]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMARTCAR_MANAGEMENT_TOKEN", TOKEN)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102  # it is what readers paste
    runner = web.AppRunner(names["app"])
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    body = written({**STATE, "meta": {**META, "deliveredAt": int(time.time() * 1000)}})
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/smartcar"
    async with (
        ClientSession() as session,
        session.post(url, data=body, headers={"SC-Signature": sign(TOKEN, body)}) as answer,
    ):
        assert answer.status == 204
    store = names["receiver"].store
    while store.waiting():  # noqa: ASYNC110  # a thread is at work
        await asyncio.sleep(0.01)
    await runner.cleanup()
    store.close()
    assert capsys.readouterr().out.startswith("v-1 is charged to 61")
