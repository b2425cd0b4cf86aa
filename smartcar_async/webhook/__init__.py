"""Webhooks without I/O: sign, verify, parse, and decide what to believe. Bytes in, events out."""

from .events import (
    FIRST_DELIVERY as FIRST_DELIVERY,
    Event as Event,
    EventMeta as EventMeta,
    LegacyEvent as LegacyEvent,
    Trigger as Trigger,
    UnknownEvent as UnknownEvent,
    VehicleError as VehicleError,
    VehicleErrorEvent as VehicleErrorEvent,
    VehicleStateEvent as VehicleStateEvent,
    VerifyEvent as VerifyEvent,
)
from .freshest import FreshestSignals as FreshestSignals
from .parsing import parse as parse
from .receiving import (
    Delivery as Delivery,
    Headers as Headers,
    challenge_answer as challenge_answer,
    receive as receive,
)
from .signature import (
    Body as Body,
    Explanation as Explanation,
    Match as Match,
    Problem as Problem,
    explain as explain,
    hash_challenge as hash_challenge,
    sign as sign,
    verify as verify,
    verify_payload as verify_payload,
)
