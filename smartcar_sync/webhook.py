"""Webhooks without I/O: the same as in `smartcar_async.webhook`, for it never awaits.

Written by tools/write_sync.py: not to be edited, but by `nox -s sync`.
"""

from smartcar_async.webhook import (
    FIRST_DELIVERY as FIRST_DELIVERY,
    Body as Body,
    Delivery as Delivery,
    Event as Event,
    EventMeta as EventMeta,
    Explanation as Explanation,
    FreshestSignals as FreshestSignals,
    Headers as Headers,
    LegacyEvent as LegacyEvent,
    Match as Match,
    Problem as Problem,
    Trigger as Trigger,
    UnknownEvent as UnknownEvent,
    VehicleError as VehicleError,
    VehicleErrorEvent as VehicleErrorEvent,
    VehicleStateEvent as VehicleStateEvent,
    VerifyEvent as VerifyEvent,
    challenge_answer as challenge_answer,
    explain as explain,
    hash_challenge as hash_challenge,
    parse as parse,
    receive as receive,
    sign as sign,
    verify as verify,
    verify_payload as verify_payload,
)
