"""What only the cars of one make can do. What only they can tell is read by `vehicle.request` and `vehicle.batch`."""

from .handles import Ford as Ford, Nissan as Nissan, Tesla as Tesla
from .records import (
    Cabin as Cabin,
    NissanWindow as NissanWindow,
    TeslaSchedule as TeslaSchedule,
    TeslaScheduleType as TeslaScheduleType,
    TeslaTimer as TeslaTimer,
)
