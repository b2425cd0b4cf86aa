"""The state of a car that only make-specific commands change."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Factory, field, frozen


@frozen
class Extras:
    """Climate, lids and the like. A value: a command puts another one in its place."""

    cabin_on: bool = False
    cabin_celsius: float = 21.0
    defroster_on: bool = False
    wheel_heater_on: bool = False
    trunk_open: bool = False
    frunk_open: bool = False
    pin: str | None = field(default=None, repr=False)
    """The four digits that must be entered to drive; None where that is off."""
    place_limits: Mapping[str, int] = Factory(dict[str, int])
    """How far to charge at a place, in percent, by its name."""
