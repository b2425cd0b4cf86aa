"""The places where two forms of the wire are on record, and which of them the simulator uses."""

from __future__ import annotations

from typing import Literal

from attrs import define, field
from attrs.validators import in_


@define
class V3Switches:
    """An attribute for each contradiction; the default was seen live. Set them at any time, also between requests."""

    single: Literal["wrapped", "bare"] = field(default="wrapped", validator=in_(("wrapped", "bare")))
    """A vehicle or signal on its own: inside `data`, or bare as in older SDK fixtures."""
    times: Literal["iso", "seconds", "milliseconds"] = field(
        default="iso", validator=in_(("iso", "seconds", "milliseconds"))
    )
    """Times in the `meta` of a signal: text, or a number since 1970."""
    unsubscribed: Literal["empty", "not_found"] = field(default="empty", validator=in_(("empty", "not_found")))
    """The signals of a vehicle that never had a subscription: an empty list, or 404."""
    units: Literal["live", "documented"] = field(default="live", validator=in_(("live", "documented")))
    """Units and fields as seen live (`km`, no heading), or as the older pages spell them (`kilometers`)."""
    paging: Literal["live", "older"] = field(default="live", validator=in_(("live", "older")))
    """`meta.pageNumber` and `links.prev`, or `meta.page` and `links.previous`."""
    schedule_paths: Literal["both", "reference", "announcement"] = field(
        default="both", validator=in_(("both", "reference", "announcement"))
    )
    """Charge schedules at `/v3/vehicles/{id}/charge-schedules`, at `/v3.0/vehicles/{id}/schedules`, or at both."""
    unserved_path: Literal["invalid", "empty", "method", "denied"] = field(
        default="invalid", validator=in_(("invalid", "empty", "method", "denied"))
    )
    """How the other family is refused: 404 INVALID_PATH, 404 without a body, 405, or 403 ACCESS_DENIED."""
    volvo_schedules: Literal["all", "daily"] = field(default="all", validator=in_(("all", "daily")))
    """The schedule types of a Volvo: all three as announced, or daily alone as in the reference."""
    asleep: Literal["by_make", "wakes", "refused"] = field(
        default="by_make", validator=in_(("by_make", "wakes", "refused"))
    )
    """A command to a sleeping car: as its make does, the car wakes, or 409 ASLEEP. `Vehicle.wakes` goes before it."""
    connect_code: bool = True
    """Whether Connect sends a `code` beside the `user_id`; the newest page shows none."""
    included: bool = True
    """Whether signals come with the vehicle under `included`."""
    year: Literal["number", "text"] = field(default="number", validator=in_(("number", "text")))
    """The year of a vehicle: 2025, or "2025"."""
    user_header: Literal["required", "optional"] = field(default="required", validator=in_(("required", "optional")))
    """`sc-user-id` on calls about a vehicle: demanded, or not missed. Smartcar's own SDKs never send it: they read v3
    with the old kind of token, which is one vehicle's. If optional, the application's token works without it too."""
