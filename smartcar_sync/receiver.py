"""The webhook endpoint of `smartcar_async.receiver`: use `wsgi`, `handle_plain` and `with`.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from smartcar_async.receiver import (
    Asgi as Asgi,
    Context as Context,
    Endpoint as Endpoint,
    OnError as OnError,
    OnEvent as OnEvent,
    OnSignal as OnSignal,
    Receiver as Receiver,
    Reply as Reply,
)
