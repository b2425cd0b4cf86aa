"""What is deprecated warns here as in the async package: at the line of the caller, and once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartcar_async.errors import ConfigurationError
from smartcar_async.testing import Simulator
from smartcar_sync.v2 import Client

VIN = "YS3EH48G1X3000001"
TOLD = "^test_mode: deprecated, and will go; give mode='test'$"


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of a simulator."""
    with Simulator() as sim, Client(sim.client_id, sim.client_secret, settings=sim.settings) as made:
        yield made


def test_the_old_name_of_the_mode(client: Client) -> None:
    """In a constructor, in what sends nothing, and in calls that cross to the client's thread."""
    with pytest.warns(DeprecationWarning, match=TOLD) as made:
        assert Client("id", "secret", test_mode=True).mode == "test"
    with pytest.warns(DeprecationWarning, match=TOLD) as linked:
        assert "mode=test" in client.auth_url(test_mode=True)
    with pytest.warns(DeprecationWarning, match=TOLD) as requested:
        assert client.get_compatibility(VIN, ["read_vin"], test_mode=True).compatible is not None
    with pytest.warns(DeprecationWarning, match=TOLD) as listed:
        assert client.get_compatibility_matrix("US", test_mode=True).makes
    assert [each.filename for each in (*made, *linked, *requested, *listed)] == [__file__] * 4


def test_both_names_of_the_mode(client: Client) -> None:
    """They are refused where they differ, and only one of them is ever warned of."""
    with pytest.raises(ConfigurationError, match="mode, test_mode: give one of them"):
        client.get_compatibility(VIN, ["read_vin"], mode="live", test_mode=True)
    assert client.get_compatibility(VIN, ["read_vin"], mode="test").compatible is not None
