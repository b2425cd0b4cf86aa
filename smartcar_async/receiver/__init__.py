"""The webhook endpoint, for aiohttp, ASGI and WSGI servers, or any other through `Receiver.handle`."""

from .doors import Asgi as Asgi, Endpoint as Endpoint, Receive as Receive, Scope as Scope, Send as Send
from .handlers import (
    Context as Context,
    OnError as OnError,
    OnEvent as OnEvent,
    OnSignal as OnSignal,
    State as State,
)
from .judge import Headers as Headers
from .receiver import Receiver as Receiver
from .reply import Reply as Reply
