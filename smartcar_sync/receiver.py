"""The webhook endpoint of `smartcar_async.receiver`: use `wsgi`, `handle_sync` and `with`.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from smartcar_async.receiver import (
    Asgi as Asgi,
    Context as Context,
    DeliveryAnswered as DeliveryAnswered,
    DeliveryJudged as DeliveryJudged,
    Endpoint as Endpoint,
    EventHandled as EventHandled,
    Handling as Handling,
    Headers as Headers,
    IncomingRequest as IncomingRequest,
    OnError as OnError,
    OnEvent as OnEvent,
    OnSignal as OnSignal,
    Receive as Receive,
    Receiver as Receiver,
    ReceiverEvent as ReceiverEvent,
    ReceiverHook as ReceiverHook,
    Reply as Reply,
    Scope as Scope,
    Send as Send,
    State as State,
    StepAside as StepAside,
    TransactionalStore as TransactionalStore,
    UncountedRelease as UncountedRelease,
)

TYPE_CHECKING = False
if not TYPE_CHECKING:
    from smartcar_async.receiver import __getattr__ as __getattr__
