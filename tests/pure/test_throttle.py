"""The application's budget and the pauses of single vehicles, driven by numbers instead of a clock."""

import time

import pytest

from smartcar_async.engine.throttle import Bucket, Throttle
from smartcar_async.settings import RateLimit


def bucket(capacity: int = 3, per_minute: float = 60.0) -> Bucket:
    """A small bucket that is refilled once a second."""
    return Bucket(RateLimit(capacity, per_minute))


def take(bucket: Bucket, now: float, cost: int = 1) -> float:
    """Take a place, and tell the seconds until it comes."""
    wait = bucket.wait(now, cost)
    bucket.reserve(cost)
    return wait


def test_the_bucket_of_the_api() -> None:
    """120 requests go at once; the next two wait half a minute and a minute."""
    one = Bucket(RateLimit())
    assert {take(one, 0.0) for _ in range(120)} == {0.0}
    assert [take(one, 0.0), take(one, 0.0)] == pytest.approx([30.0, 60.0])


def test_places_come_in_turn() -> None:
    """Each who waits has a later place, counted from now."""
    one = bucket()
    assert [take(one, 10.0) for _ in range(5)] == pytest.approx([0, 0, 0, 1, 2])
    assert take(one, 11.5) == pytest.approx(1.5)


def test_asking_takes_nothing() -> None:
    """The wait can be asked for without joining the queue."""
    one = bucket(1)
    assert one.wait(0.0) == one.wait(0.0) == take(one, 0.0) == 0.0
    assert one.wait(0.0) == one.wait(0.0) == pytest.approx(1.0)


def test_it_refills_to_its_capacity() -> None:
    """A long rest buys no more than a full bucket, and a clock that stands still or steps back costs nothing."""
    one = bucket()
    for _ in range(3):
        take(one, 0.0)
    assert [take(one, 1000.0) for _ in range(4)] == pytest.approx([0, 0, 0, 1])
    assert take(one, 999.0) == pytest.approx(2.0)


def test_a_place_can_be_given_back() -> None:
    """Who gives up the queue shortens it."""
    one = bucket(1)
    take(one, 0.0)
    assert take(one, 0.0) == pytest.approx(1.0)
    one.give_back()
    assert take(one, 0.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("asked", "wait"), [(30.0, 30.0), (0.0, 0.0), (0.5, 0.5)])
def test_the_server_knows_better(asked: float, wait: float) -> None:
    """When it says that the bucket is empty, it is, for as long as it says."""
    one = bucket(3)
    one.empty(0.0, asked)
    assert one.wait(0.0) == pytest.approx(wait)
    assert one.wait(wait) == pytest.approx(0.0)


def test_the_server_never_shortens_the_queue() -> None:
    """A short wait that it asks for does not wipe out a longer one of ours."""
    one = bucket(1)
    for _ in range(5):
        take(one, 0.0)
    one.empty(0.0, 1.0)
    assert one.wait(0.0) == pytest.approx(5.0)


def test_one_vehicle_pauses_alone() -> None:
    """Nothing goes to it before its time; the others, and calls for no vehicle, lose nothing."""
    throttle = Throttle()
    throttle.pause_vehicle("v1", 100.0, 60.0)
    assert throttle.vehicle_wait("v1", 100.0) == throttle.wait("v1", 100.0) == 60.0
    assert throttle.wait("v1", 159.5) == 0.5
    assert throttle.wait("v1", 161.0) == 0.0
    assert throttle.wait("v2", 100.0) == throttle.wait(None, 100.0) == throttle.vehicle_wait(None, 100.0) == 0.0


def test_the_longer_pause_counts() -> None:
    """A second answer cannot shorten what the first one asked."""
    throttle = Throttle()
    throttle.pause_vehicle("v1", 0.0, 60.0)
    throttle.pause_vehicle("v1", 1.0, 5.0)
    assert throttle.vehicle_wait("v1", 1.0) == 59.0
    throttle.pause_vehicle("v1", 2.0, 90.0)
    assert throttle.vehicle_wait("v1", 2.0) == 90.0


def test_pauses_that_are_over_are_forgotten() -> None:
    """A fleet of any size leaves no trace once its pauses have ended."""
    throttle = Throttle()
    for number in range(1000):
        throttle.pause_vehicle(f"v{number}", float(number), 1.0)
    assert str(throttle).count("'v") == 1


def test_many_pauses_cost_little() -> None:
    """A fleet that is throttled as a whole does not hold the loop up, and leaves no trace either."""
    throttle, started = Throttle(), time.perf_counter()
    for number in range(16_000):
        throttle.pause_vehicle(f"v{number}", number / 1000, 60.0)
        throttle.pause_vehicle(f"v{number}", number / 1000, 90.0)
        throttle.pause_vehicle(f"v{number}", number / 1000, 30.0)
    assert time.perf_counter() - started < 1
    assert throttle.vehicle_wait("v0", 16.0) == 74.0
    throttle.pause_vehicle("last", 1000.0, 1.0)
    assert str(throttle).count("'v") == 0
    assert [throttle.vehicle_wait(vehicle, 1000.0) for vehicle in ("v0", "last")] == [0.0, 1.0]


def test_the_longer_of_both_waits() -> None:
    """A call waits for its vehicle and for the bucket, whichever takes longer."""
    throttle = Throttle(bucket(1))
    assert throttle.bucket is not None
    for _ in range(3):
        take(throttle.bucket, 0.0)
    throttle.pause_vehicle("v1", 0.0, 10.0)
    throttle.pause_vehicle("v2", 0.0, 1.0)
    assert [throttle.wait(vehicle, 0.0) for vehicle in ("v1", "v2", "v3", None)] == pytest.approx([10.0, 3, 3, 3])


def test_a_place_without_a_wait() -> None:
    """It is taken from the bucket, where there is one."""
    throttle = Throttle(bucket(2))
    throttle.reserve()
    assert [throttle.wait(None, 0.0, cost) for cost in (1, 2)] == pytest.approx([0.0, 1.0])
    Throttle().reserve()


def test_a_call_that_counts_as_several_waits_for_all_of_them() -> None:
    """A batch draws what the server will count, and one that is larger than the bucket waits for a full bucket."""
    bucket = Bucket(RateLimit(capacity=10, per_minute=60))
    assert take(bucket, 0.0, 8) == 0
    assert bucket.wait(0.0, 3) == 1
    bucket.give_back(8)
    assert bucket.wait(0.0, 10) == 0
    assert take(bucket, 0.0, 25) == 0
    assert bucket.wait(0.0) == 16
