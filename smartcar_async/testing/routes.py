"""Everything that the simulator serves, on one origin."""

from __future__ import annotations

from .commands import COMMANDS
from .endpoints import READS
from .schedules import SCHEDULES
from .service import Route

ROUTES: tuple[Route, ...] = (*READS, *COMMANDS, *SCHEDULES)
