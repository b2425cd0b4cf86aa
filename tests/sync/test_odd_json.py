"""Something odd in the JSON of an answer costs no more here than in the async package."""

from __future__ import annotations

import pytest

from smartcar_async.testing import Reply
from smartcar_sync.testing import Simulator

from ..odd_json import ODD, OddJson


@pytest.mark.parametrize("odd", ODD[::3], ids=str)
def test_what_is_odd(odd: OddJson) -> None:
    """A command that worked has worked, and a read has all its signals."""
    entry = b'{"attributes":{"code":"%b","status":"SUCCESS","body":{"value":%b}}}'
    with Simulator() as sim, sim.client() as smartcar:
        tesla = sim.world.find("Tesla")
        car = smartcar.vehicle(tesla.id, tesla.owner_id)
        sim.fault(Reply(200, b'{"data":{"attributes":{"status":"SUCCESS"},"x":%b}}' % odd.sent), path="*/commands/*")
        assert car.lock().raw["x"] == odd.kept
        answer = b",".join([entry % (b"odd-one", odd.sent), entry % (b"odometer-traveleddistance", b"5.5")])
        sim.fault(Reply(200, b'{"data":[%b]}' % answer), path="*/signals")
        results = car.signals()
    assert results["odd-one"].raw["attributes"]["body"] == {"value": odd.kept}
    assert results["odometer-traveleddistance"].value == 5.5
