"""Every endpoint of API v2.0 that is the same for all makes, as a function from typed arguments to a `Call`."""

from typing import Final

from ...request import Endpoint
from . import account as account, commands as commands, reads as reads
from .vehicle import Target as Target, of_vehicle as of_vehicle, version_text as version_text

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*account.ENDPOINTS, *reads.ENDPOINTS, *commands.ENDPOINTS)
"""Every one of them. Both exchanges of tokens have the same path."""
