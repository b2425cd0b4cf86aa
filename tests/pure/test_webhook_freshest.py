"""The freshest reading of each signal: the same state after any order of the same deliveries."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from smartcar_async import signals
from smartcar_async.webhook import FreshestSignals, VehicleStateEvent, parse

from ..deliveries import CHARGE, META, PLACE, STATE, TAILGATE, VIN, Document, written

FIRST = 1_767_000_000_000
CODE = "tractionbattery-stateofcharge"


def event(
    value: int,
    recorded: int | None = None,
    delivered: int | None = None,
    *,
    retrieved: int | None = None,
    sequence: int | None = None,
    vehicle: str | None = "v-1",
) -> VehicleStateEvent:
    """The charge of a vehicle; times are in seconds after the first."""
    times = {"oemUpdatedAt": recorded, "retrievedAt": retrieved}
    signal = {**CHARGE, "body": {"value": value}, "meta": {name: _moment(time) for name, time in times.items()}}
    document: Document = {
        "eventId": f"e-{value}",
        "eventType": "VEHICLE_STATE",
        "data": {"vehicle": {"id": vehicle, "make": "TESLA"} if vehicle else {}, "signals": [signal]},
        "meta": {**META, "deliveredAt": _moment(delivered), "sequence": sequence},
    }
    found = parse(written(document))
    assert isinstance(found, VehicleStateEvent)
    return found


def _moment(seconds: int | None) -> int:
    return 0 if seconds is None else FIRST + seconds * 1000


def value_after(*events: VehicleStateEvent) -> Any:
    """The charge that is held in the end."""
    fresh = FreshestSignals()
    for one in events:
        fresh.update(one)
    return fresh["v-1"][signals.TractionBattery.StateOfCharge].value


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (event(1, 10, 99), event(2, 11, 50)),
        (event(1, 10, 99, retrieved=20, sequence=9), event(2, 10, 50, retrieved=21, sequence=8)),
        (event(1, 10, 99, retrieved=20, sequence=8), event(2, 10, 50, retrieved=20, sequence=9)),
        (event(1, 10, 99), event(2, 10, 50, sequence=0)),
        (event(1, 10, 99), event(2, 10, 50, retrieved=1)),
        (event(1, 10, 50, retrieved=20, sequence=8), event(2, 10, 51, retrieved=20, sequence=8)),
        (event(1, None, 50), event(2, None, 51)),
        (event(1, None, 50, retrieved=99), event(2, None, 51, retrieved=1)),
        (event(1, 10, 50), event(2, None, 51)),
        (event(1, None, 50), event(2, 10, 51)),
        (event(1, None, None), event(2, None, 1)),
        (event(1, 10, 50), event(2, 10, 50)),
    ],
)
def test_the_newer_one_is_kept(older: VehicleStateEvent, newer: VehicleStateEvent) -> None:
    """By the car's date, retrieval, sequence, delivery, and at last the id; by delivery where the car gave no date."""
    assert value_after(older, newer) == value_after(newer, older) == 2


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(*[st.none() | st.integers(1, 3)] * 2, st.integers(1, 9), st.none() | st.integers(0, 1)), max_size=4
    )
)
def test_the_order_does_not_matter(times: list[tuple[int | None, int | None, int, int | None]]) -> None:
    """Dated or not, with or without sequence: every order of the same events ends in the same state."""
    events = [
        event(number, recorded, delivered, retrieved=retrieved, sequence=sequence)
        for number, (recorded, retrieved, delivered, sequence) in enumerate(times)
    ]
    if events:
        assert len({value_after(*order) for order in itertools.permutations(events)}) == 1


def test_news_are_told() -> None:
    """An event that changes a signal, and only then."""
    fresh = FreshestSignals()
    assert list(fresh.update(event(1, 10, 50))) == [CODE]
    assert fresh.update(event(1, 10, 50)).entries == ()
    assert fresh.update(event(0, 9, 60)).entries == ()
    (news,) = fresh.update(event(2, 11, 40)).entries
    assert news.value == 2
    assert fresh["v-1"].entries == (news,)


def test_vehicles_are_apart() -> None:
    """Each with its own signals and attributes; one can be forgotten."""
    fresh = FreshestSignals()
    fresh.update(event(1, 10, 50))
    fresh.update(event(2, 9, 50, vehicle="v-2"))
    assert (list(fresh), len(fresh)) == (["v-1", "v-2"], 2)
    assert [fresh[vehicle][CODE].value for vehicle in fresh] == [1, 2]
    vehicle = fresh["v-2"].vehicle
    assert vehicle is not None
    assert vehicle.id == "v-2"
    nameless = parse(written({**STATE, "vehicleId": "v-2", "data": {"signals": [VIN]}}))
    assert isinstance(nameless, VehicleStateEvent)
    assert list(fresh.update(nameless)) == [VIN["code"]]
    assert fresh["v-2"].vehicle is vehicle
    fresh.forget("v-2")
    fresh.forget("v-3")
    assert list(fresh) == ["v-1"]
    assert fresh["v-2"].entries == ()
    assert fresh["v-2"].vehicle is None


def test_what_has_no_value_is_no_news() -> None:
    """A signal that failed, or is not sent, leaves the last value alone; and so does an event of no vehicle."""
    fresh, whole = FreshestSignals(), parse(written(STATE))
    assert isinstance(whole, VehicleStateEvent)
    assert list(fresh.update(whole)) == [CHARGE["code"], PLACE["code"], VIN["code"]]
    failed = {**CHARGE, "body": None, "status": TAILGATE["status"]}
    later = parse(written({**STATE, "data": {**STATE["data"], "signals": [failed]}}))
    assert isinstance(later, VehicleStateEvent)
    assert fresh.update(later).entries == ()
    assert fresh.update(event(1, 99, 99, vehicle=None)).entries == ()
    assert list(fresh) == ["v-1"]
    assert fresh["v-1"][CODE].value == 61
