"""The places where sources of v2 disagree, and which form the simulator uses."""

from __future__ import annotations

from typing import Literal

from attrs import define, field
from attrs.validators import in_

Resolution = Literal["object", "text", "null"]


@define
class V2Switches:
    """An attribute for each contradiction; the default is the documented form."""

    resolution: Resolution = field(default="object", validator=in_(("object", "text", "null")))
    """`resolution` of an error: an object, the bare type, or null, as in older fixtures."""
    batch_headers: Literal["good", "all", "none"] = field(default="good", validator=in_(("good", "all", "none")))
    """Which parts of a batch have headers: those that went well (and those with a Retry-After), all, or none."""
    batch_meta: bool = False
    """Whether a batch has a `meta` beside its `responses`."""
    history: Literal["array", "object"] = field(default="array", validator=in_(("array", "object")))
    """Service history: the array that the SDKs expect, or one object as the page shows."""
    nissan_times: Literal["clock", "iso"] = field(default="clock", validator=in_(("clock", "iso")))
    """Times of a Nissan's schedule: `22:00` as the text says, or whole dates as the sample shows."""
    tesla_charge_records: bool = False
    """Whether a Tesla has charge records; since 2023 it is a 501 for every current connection."""
    limit_needs_plug: bool = False
    """Whether the charge limit is read and set only while the car is plugged in, as some brands do."""
    unsubscribed: Literal["success", "empty"] = field(default="success", validator=in_(("success", "empty")))
    """What ends a subscription says: a status, without which the SDK for Python breaks, or an empty object."""
    unavailable: bool = False
    """Whether a command does nothing and answers 200 with the status `UNAVAILABLE`, as the heater of a wheel does
    that the car lacks. Its reading says so too."""
