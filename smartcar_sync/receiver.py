"""The webhook endpoint of `smartcar_async.receiver`: use `wsgi`, `handle_plain` and `with`.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from smartcar_async.receiver import (
    Asgi as Asgi,
    Context as Context,
    Endpoint as Endpoint,
    Headers as Headers,
    OnError as OnError,
    OnEvent as OnEvent,
    OnSignal as OnSignal,
    Receive as Receive,
    Receiver as Receiver,
    Reply as Reply,
    Scope as Scope,
    Send as Send,
    State as State,
)
