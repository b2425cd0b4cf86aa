"""What the benchmarks decode is whole, also when the catalogue has grown."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from benchmarks.delivery import DELIVERED, delivery
from benchmarks.limit import cattrs_defaults, msgspec_limit
from benchmarks.payload import document
from smartcar_async import codec, signals
from smartcar_async.bodies import Measure
from smartcar_async.codec import structure
from smartcar_async.records import SignalKey
from smartcar_async.request import Reply
from smartcar_async.webhook import VehicleStateEvent, parse


def test_every_signal_of_the_catalogue_is_delivered_whole() -> None:
    """None fails, and all are there: else the benchmark would measure something else."""
    event = parse(delivery(len(signals.ALL)))
    assert isinstance(event, VehicleStateEvent)
    assert [one.key for one in event.signals.entries] == list(signals.ALL)
    assert not event.signals.failed
    assert event.meta.delivered_at == datetime.fromtimestamp(DELIVERED / 1000, UTC)
    assert not codec.signal_set(Reply(200, {}, document())).failed


def test_what_is_measured_against_reads_the_same_answer() -> None:
    """The records of other libraries are made of ours: with the same fields under the same names of the wire."""
    body = document()
    for decode in (msgspec_limit(), cattrs_defaults()):
        assert len(decode(body).data) == len(codec.signal_set(Reply(200, {}, body)).entries)


def test_a_measure_that_the_benchmarks_do_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that is added to the catalogue needs no entry of its own here."""
    new = SignalKey[Measure]("TractionBattery", "MadeUpPressure", "Measure")
    monkeypatch.setattr(signals, "ALL", (*signals.ALL, new))
    sent = json.loads(delivery(len(signals.ALL)))["data"]["signals"][-1]
    assert (sent["code"], sent["name"]) == ("tractionbattery-madeuppressure", "MadeUpPressure")
    assert isinstance(structure(sent["body"], Measure).value, float)
