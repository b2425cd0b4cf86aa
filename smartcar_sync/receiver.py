"""The webhook endpoint of `smartcar_async.receiver`: use `wsgi`, `handle_plain` and `with`.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from smartcar_async.receiver import Context as Context, Receiver as Receiver, Reply as Reply
