"""Everything that the simulator serves, on one origin."""

from __future__ import annotations

from .commands import COMMANDS
from .compatibility import COMPATIBILITY
from .consent import CONSENT
from .endpoints import READS
from .management import MANAGEMENT
from .schedules import SCHEDULES
from .service import Route

ROUTES: tuple[Route, ...] = (*READS, *COMMANDS, *SCHEDULES, *MANAGEMENT, *COMPATIBILITY, *CONSENT)
