"""The ledger of a car: what was physically done to it on behalf of the API, whatever was answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen


@frozen
class Deed:
    """One thing that was done to a car. Actions are named as on the client: `lock`, `start_charge`, `create_schedule`.

    The cause is the id of the request (`SC-Request-Id`). Where a schedule starts or stops a charge by itself
    (`schedule_started`, `schedule_stopped`), it is the id of the schedule.
    """

    at: datetime
    action: str
    parameters: Mapping[str, object]
    cause: str
