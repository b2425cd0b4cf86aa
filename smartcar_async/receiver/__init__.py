"""The webhook endpoint, for aiohttp, ASGI and WSGI servers, or any other through `Receiver.handle`."""

from .handlers import Context as Context
from .receiver import Receiver as Receiver
from .reply import Reply as Reply
