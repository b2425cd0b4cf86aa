"""The webhook endpoint, for aiohttp, ASGI and WSGI servers, or any other through `Receiver.handle`."""

from typing import TYPE_CHECKING

from ..webhook import Headers as Headers
from .endpoint import Endpoint as Endpoint, IncomingRequest as IncomingRequest
from .event_store import (
    StepAside as StepAside,
    TransactionalStore as TransactionalStore,
    UncountedRelease as UncountedRelease,
)
from .handlers import (
    Context as Context,
    OnError as OnError,
    OnEvent as OnEvent,
    OnSignal as OnSignal,
    State as State,
)
from .receiver import Receiver as Receiver
from .reply import Reply as Reply
from .reporting import (
    DeliveryAnswered as DeliveryAnswered,
    DeliveryJudged as DeliveryJudged,
    EventHandled as EventHandled,
    Handling as Handling,
    ReceiverEvent as ReceiverEvent,
    ReceiverHook as ReceiverHook,
)
from .servers import Asgi as Asgi, Receive as Receive, Scope as Scope, Send as Send

if not TYPE_CHECKING:  # for type checkers every name would be here

    def __getattr__(name: str) -> object:
        """The former name of `IncomingRequest`."""
        if name != "Request":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from ..arguments import deprecated

        deprecated("receiver.Request", "IncomingRequest")
        return IncomingRequest
