"""The pytest plugin: fixtures `smartcar_simulator` and `smartcar_world`. Nothing else is imported until one is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .simulator import Simulator
    from .world import World


@pytest.fixture
def smartcar_simulator() -> Iterator[Simulator]:
    """A running simulator of everyday cars, in a thread of its own, so that any kind of test can use it."""
    from .simulator import Simulator

    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def smartcar_world() -> World:
    """A world of everyday cars without a server: move it by `advance`."""
    from .world import World

    return World()
