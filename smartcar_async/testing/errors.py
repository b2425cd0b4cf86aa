"""The one exception of the simulator: a mistake in how it was set up."""

from __future__ import annotations


class SimulatorError(ValueError):
    """The simulator cannot start as asked; the message is one line that says what to do instead."""
