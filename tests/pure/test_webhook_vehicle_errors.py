"""The errors of a vehicle as a delivery tells them, in every shape that Smartcar has sent."""

from typing import Any

import pytest

from smartcar_async import signals
from smartcar_async.records import SignalName, VehicleAttributes
from smartcar_async.webhook import EventMeta, VehicleError, VehicleErrorEvent, parse

from ..deliveries import ERROR, ERRORS, NAMED, NOW, USER_AND_VEHICLE, Document, written

SOC = signals.TractionBattery.StateOfCharge
CODE, GROUP, NAME = NAMED["code"], NAMED["group"], NAMED["name"]
CAR = VehicleAttributes("v-1", "TESLA", "Model 3", 2024)
SEEN = EventMeta("d-1", NOW, "w-1", "Demo", "4.0", "LIVE")


def errors(document: Document) -> VehicleErrorEvent:
    """A document as the errors of a vehicle."""
    event = parse(written(document))
    assert isinstance(event, VehicleErrorEvent)
    return event


def error_with(**changes: object) -> VehicleErrorEvent:
    """One error of a vehicle, with changes; what is None is left out."""
    entry = {name: value for name, value in {**ERROR, **changes}.items() if value is not None}
    return errors({**ERRORS, "data": {**USER_AND_VEHICLE, "errors": [entry]}})


DOTTED = "TractionBattery.StateOfCharge"


def test_the_errors_of_a_vehicle() -> None:
    """All that an error says, beside whose it is."""
    event = errors(ERRORS)
    assert (event.event_id, event.vehicle_id, event.user_id) == ("e-2", "v-1", "private-user")
    assert (event.vehicle, event.meta) == (CAR, SEEN)
    assert event.errors == (
        VehicleError(
            "VEHICLE_STATE",
            "UNREACHABLE",
            "ERROR",
            "The car cannot be reached.",
            "Try again later.",
            "https://example.invalid/x",
            "RETRY_LATER",
            (SignalName(CODE, GROUP, NAME),),
        ),
    )
    assert not event.errors[0].resolved


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ([NAMED], (SignalName(CODE, GROUP, NAME),)),
        ([DOTTED], (SignalName(CODE, GROUP, NAME),)),
        ([CODE], (SignalName(CODE),)),
        ([{"code": CODE, "group": NAME, "name": GROUP}], (SignalName(CODE, NAME, GROUP),)),
        ([NAMED, None, 5, {}, "Odometer.TraveledDistance"], 5),
        ([], ()),
        (None, ()),
        ("x", ()),
        ({"code": CODE}, ()),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_signals_of_an_error(sent: object, named: tuple[SignalName, ...] | int) -> None:
    """Objects or dotted names, the code as it was sent; none means the whole vehicle."""
    (error,) = error_with(signals=sent).errors
    if isinstance(named, int):
        empty = SignalName()
        last = SignalName("odometer-traveleddistance", "Odometer", "TraveledDistance")
        assert error.signals == (SignalName(CODE, GROUP, NAME), empty, empty, empty, last)
    else:
        assert error.signals == named


@pytest.mark.parametrize(
    ("sent", "resolution"),
    [
        ({"type": "REAUTHENTICATE"}, "REAUTHENTICATE"),
        ({"type": None}, None),
        ({}, None),
        (None, None),
        ("REAUTHENTICATE", "REAUTHENTICATE"),
        ([], None),
        ({"type": []}, None),
    ],
)
def test_the_resolution_of_an_error(sent: object, resolution: str | None) -> None:
    """An object, with or without a type, or nothing at all."""
    assert error_with(resolution=sent).errors[0].resolution == resolution
    null = errors({**ERRORS, "data": {**USER_AND_VEHICLE, "errors": [{**ERROR, "resolution": None}]}})
    assert null.errors[0].resolution is None


def test_an_error_that_is_over() -> None:
    """Smartcar's sample of it lacks nearly everything."""
    event = errors({**ERRORS, "data": {"errors": [{"type": "PERMISSION", "code": None, "state": "RESOLVED"}]}})
    assert event.errors == (VehicleError("PERMISSION", None, "RESOLVED"),)
    assert event.errors[0].resolved
    assert error_with(state="resolved").errors[0].resolved
    assert not VehicleError().resolved


@pytest.mark.parametrize("sent", [None, {}, "x", 5, [], [None, 5, []]])
def test_no_errors(sent: object) -> None:
    """What is no error is left out, and the event stays."""
    event = errors({**ERRORS, "data": {**USER_AND_VEHICLE, "errors": sent}})
    assert (event.errors, event.vehicle) == ((), CAR)


def test_several_errors() -> None:
    """One that cannot be read costs no other."""
    entries: list[object] = [ERROR, None, {**ERROR, "type": [], "code": 5, "state": "RESOLVED"}]
    event = errors({**ERRORS, "data": {**USER_AND_VEHICLE, "errors": entries}})
    assert [(error.type, error.code, error.resolved) for error in event.errors] == [
        ("VEHICLE_STATE", "UNREACHABLE", False),
        (None, "5", True),
    ]


REAUTHENTICATE: Document = {"resolution": {"type": "REAUTHENTICATE"}}


@pytest.mark.parametrize(
    ("changes", "in_use", "needed"),
    [
        ({**REAUTHENTICATE}, [SOC], True),
        ({**REAUTHENTICATE}, [CODE], True),
        ({**REAUTHENTICATE}, [signals.Odometer.TraveledDistance, SOC], True),
        ({**REAUTHENTICATE}, [signals.Odometer.TraveledDistance], False),
        ({**REAUTHENTICATE}, [], False),
        ({**REAUTHENTICATE, "signals": [DOTTED]}, [SOC], True),
        ({**REAUTHENTICATE, "signals": None}, [SOC], True),
        ({**REAUTHENTICATE, "signals": []}, [], True),
        ({**REAUTHENTICATE, "signals": [5]}, [SOC], False),
        ({**REAUTHENTICATE, "state": "RESOLVED"}, [SOC], False),
        ({"resolution": {"type": "RETRY_LATER"}}, [SOC], False),
        ({"resolution": None}, [SOC], False),
    ],
)
def test_whether_the_owner_must_connect_again(changes: Document, in_use: list[Any], needed: bool) -> None:
    """Only for a signal that is used, or for the whole vehicle: Smartcar asks also for what was never granted."""
    assert error_with(**changes).needs_reauth(iter(in_use)) is needed


@pytest.mark.parametrize("in_use", [SOC, CODE, [SOC], {CODE}, (signals.Odometer.TraveledDistance, CODE)])
def test_one_signal_in_use_or_several(in_use: Any) -> None:
    """A code alone is not taken for its letters."""
    assert error_with(**REAUTHENTICATE).needs_reauth(in_use)
    other: Document = {"code": CODE[0], "group": GROUP, "name": NAME}
    assert not error_with(**REAUTHENTICATE, signals=[other]).needs_reauth(in_use)


def test_one_of_several_errors_asks_for_it() -> None:
    """An error that is over does not speak for the one that is not."""
    entries = [{**ERROR, **REAUTHENTICATE, "state": "RESOLVED"}, {**ERROR, **REAUTHENTICATE}]
    assert errors({**ERRORS, "data": {"errors": entries}}).needs_reauth([SOC])


def test_a_repr_shows_no_sentence_of_an_error() -> None:
    """Descriptions and links are the maker's words, and may hold anything."""
    shown = repr(errors(ERRORS))
    assert "UNREACHABLE" in shown
    assert not [text for text in ("cannot be reached", "Try again", "example.invalid") if text in shown]
