"""What the tests of the bridge share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartcar_sync import Bridge


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    """A bridge that ends with the test."""
    with Bridge() as each:
        yield each
