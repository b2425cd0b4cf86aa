"""A synchronous program that ends in the middle of a token refresh, forked anew for each line of the input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from importlib import import_module
from typing import Any

from smartcar_sync import Bridge, FileTokenStore, Settings, SmartcarError, StoredTokens, TokenStore
from smartcar_sync.v2 import Client, TokenSource

KEY = "owner"
LIMIT = 45.0
"""Seconds after which a program counts as hung: more than its token request may take."""


class WatchedStore:
    """A store of the caller's own, over one of the package: no await anywhere."""

    def __init__(self, store: FileTokenStore) -> None:
        self._store = store
        self._lock = threading.Lock()

    def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        return self._store.load(key)

    def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`."""
        return self._store.swap(key, old, new)

    def lease(self, key: str) -> AbstractContextManager[Any]:
        """Hold this key alone."""
        return self._lock


def program(instructions: dict[str, Any], on_start: Callable[[], None]) -> None:
    """Refresh a pair, and end as the instructions say: in a call, or beside one."""
    bridge = Bridge() if instructions["bridge"] == "shared" else None
    # Where nothing answers: only the token is of interest.
    settings = Settings(
        auth_origin=f"http://127.0.0.1:{instructions['port']}", api_origin="http://127.0.0.1:9", rate_limit=None
    )
    client = Client("client", "secret", settings=settings, bridge=bridge)
    store: TokenStore = FileTokenStore(instructions["path"], bridge=bridge)
    if instructions["store"] == "watched":
        store = WatchedStore(FileTokenStore(instructions["path"]))
    source = client.token_source(store, KEY)
    if instructions["source"] == "own":
        source = TokenSource(store, KEY, client.exchange_refresh_token, bridge=bridge)
    with client if instructions["with"] else nullcontext():
        on_start()
        end(instructions, client, source, bridge)


def end(instructions: dict[str, Any], client: Client, source: TokenSource, bridge: Bridge | None) -> None:
    """End as the instructions ask."""
    ending, delay = instructions["ending"], instructions["delay"]
    if ending == "ctrl-c":
        source.access_token()
        return
    if ending == "deadline":
        with suppress(SmartcarError):
            client.get_user(source, deadline=max(delay, 0.001))
        return
    threading.Thread(target=quietly, args=(source,), daemon=True).start()
    time.sleep(delay)
    if ending == "sys.exit":
        sys.exit(0)
    if ending == "ctrl-c in close":
        client.close()
    if ending == "close":
        # The closing alone must do it: Python's own exit does not follow.
        if instructions["source"] == "own":
            source.close()
        client.close() if bridge is None else bridge.close()
        os._exit(0)


def quietly(source: TokenSource) -> None:
    """A call in another thread; the client may be closed meanwhile."""
    with suppress(SmartcarError):
        source.access_token()


def watch(child: int, instructions: dict[str, Any]) -> str:
    """Press Ctrl-C if the instructions ask for it; returns how the child ended, and after how long."""
    began = time.monotonic()
    if instructions["ending"].startswith("ctrl-c"):
        time.sleep(instructions["ctrl-c"])
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGINT)
    while time.monotonic() < began + LIMIT:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - began])
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return json.dumps(["hung", LIMIT])


def main() -> None:
    """Fork a program for each line. In the child this returns, so that Python exits in all its forms."""
    for name in ("aiohttp", "yarl", "concurrent.futures.thread", "smartcar_async.v2.tokens"):
        import_module(name)  # before the forks, so that each need not load it
    for line in sys.stdin:
        instructions = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            program(instructions, partial(os.close, writing))
            return
        os.close(writing)
        os.read(reading, 1)  # it ends when the child closes its side
        os.close(reading)
        sys.stdout.write(watch(child, instructions) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
