"""The path of a request: it is opened, its body is read, it is judged once, taken in, and answered."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from attrs import define, field, frozen

from ..clock import Clock
from ..webhook import Headers
from ..webhook.receiving import RequestHead, read_head
from .judge import Accepted, Judge
from .reply import Reply
from .reporting import Reporter
from .runtime import Runtime


@frozen(kw_only=True)
class IncomingRequest(RequestHead):
    """A request whose body is not read yet."""

    method: str
    began: float
    bytes_to_read: int
    """How much of its body may be read."""


class Endpoint(Protocol):
    """What a server adapter calls: `open`, and with the body that it then reads `answer` or `answer_sync`."""

    def open(self, method: str, headers: Headers) -> IncomingRequest:
        """Look at the headers; only deliveries have a body that is worth reading."""
        ...

    async def answer(self, request: IncomingRequest, body: bytes) -> Reply:
        """Take a request, and say what to answer."""
        ...

    def answer_sync(self, request: IncomingRequest, body: bytes) -> Reply:
        """The same in this thread, without a loop."""
        ...

    def answered(self, request: IncomingRequest, reply: Reply) -> Reply:
        """Note an answer that is given because the body could not be read."""
        ...


@define(eq=False)
class DeliveryEndpoint:
    """The endpoint of one receiver."""

    judge: Judge
    runtime: Callable[[], Runtime]
    """What runs in this process."""
    clock: Clock
    reporter: Reporter
    answer_counts: Counter[int] = field(factory=Counter[int])
    last_received_at: datetime | None = None

    def open(self, method: str, headers: Headers) -> IncomingRequest:
        """Look at the headers; only deliveries have a body that is worth reading."""
        head = read_head(headers)
        return IncomingRequest(
            signature=head.signature,
            content_length=head.content_length,
            method=method,
            began=time.monotonic(),
            bytes_to_read=self.judge.rules.bytes_to_read(head) if method == "POST" else 0,
        )

    async def answer(self, request: IncomingRequest, body: bytes) -> Reply:
        """Take a request, and say what to answer."""
        result = self._judge(request, body)
        reply = await self.runtime().intake.answer(result) if isinstance(result, Accepted) else result
        return self.answered(request, reply)

    def answer_sync(self, request: IncomingRequest, body: bytes) -> Reply:
        """The same in this thread."""
        result = self._judge(request, body)
        reply = self.runtime().sync_intake.answer(result) if isinstance(result, Accepted) else result
        return self.answered(request, reply)

    def answered(self, request: IncomingRequest, reply: Reply) -> Reply:
        """Count an answer, and report it."""
        self.answer_counts[reply.status] += 1
        self.reporter.answered(reply.status, reply.reason, time.monotonic() - request.began)
        return reply

    def _judge(self, request: IncomingRequest, body: bytes) -> Accepted | Reply:
        now = self.clock.now()
        verdict = self.judge.judge(request.method, request, body, now)
        if isinstance(verdict.result, Accepted):
            self.last_received_at = now
        size, seconds = max(len(body), request.content_length), time.monotonic() - request.began
        self.reporter.judged(size, seconds, verdict.name, verdict.event, now)
        return verdict.result
