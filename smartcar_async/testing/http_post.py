"""One POST over a connection of its own, as Smartcar sends a delivery: redirects are not followed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from .errors import SimulatorError
from .wire import Answer

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: .*)?\r?\n")


class NoAnswer(Exception):
    """No answer came; the text says why, and `timed_out` whether that took the whole time."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        """Say why."""
        super().__init__(reason)
        self.timed_out = timed_out


def parse_url(url: str) -> SplitResult:
    """The parts of a URL that can be posted to."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    raise SimulatorError(f"cannot post to {url!r}: give a URL such as 'http://127.0.0.1:8080/webhook'")


async def post(url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
    """Send a body and read the answer, or raise NoAnswer."""
    parts = parse_url(url)
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(parts, headers, body)
    except TimeoutError:
        raise NoAnswer(f"no answer in {seconds:g} s", timed_out=True) from None
    except (OSError, EOFError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from None


async def _exchange(parts: SplitResult, headers: Mapping[str, str], body: bytes) -> Answer:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    complete = {"Host": parts.netloc, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in complete.items()) + "\r\n"
    tls = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if tls else 80), ssl=tls or None)
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    status, headers = 100, dict[str, str]()
    while status < 200:  # an interim answer announces another
        line = await reader.readline()
        match = _STATUS.fullmatch(line)
        if match is None:
            raise ValueError("what came is no HTTP" if line else "the connection was closed without an answer")
        status = int(match[1])
        while line := (await reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
    return Answer(status, await _body(reader, status, headers), headers.get("content-type", ""), headers)


async def _body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> bytes:
    if status in (204, 304):
        return b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        chunks: list[bytes] = []
        while size := int((await reader.readline()).partition(b";")[0], 16):
            chunks.append(await reader.readexactly(size))
            await reader.readline()
        return b"".join(chunks)
    length = headers.get("content-length")
    return await reader.read() if length is None else await reader.readexactly(int(length))
