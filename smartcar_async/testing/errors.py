"""The one exception of the simulator: a mistake in how it was set up."""

from __future__ import annotations


class SimulatorError(ValueError):
    """The simulator was set up or used in a way that cannot work; the message says what to do instead."""
