"""The catalogue against the reference, and how signals are found by name."""

from collections.abc import Callable

import pytest

from smartcar_async import ConfigurationError, SignalKey, bodies, signals

from ..catalogue import LISTED, Listed


def test_the_catalogue_is_the_reference() -> None:
    """The same signals with the same codes, in the same order of groups."""
    assert sorted(listed.code for listed in LISTED) == sorted(key.code for key in signals.ALL)
    assert list(dict.fromkeys(listed.group for listed in LISTED)) == [group.__name__ for group in signals.GROUPS]
    assert len({key.code for key in signals.ALL}) == len(signals.ALL)


@pytest.mark.parametrize("listed", LISTED, ids=str)
def test_a_signal_of_the_reference(listed: Listed) -> None:
    """Group, name, code and permission are the reference's; the attribute is called as the signal is."""
    key: SignalKey[object] = getattr(getattr(signals, listed.group), listed.name)
    found = (key.group, key.name, key.code, key.permission)
    assert (listed.group, listed.name, listed.code, listed.permission) == found
    assert key is signals.find(listed.code)
    assert key is signals.by_code(listed.code)
    assert key is signals.by_code(listed.code.upper())
    assert key is signals.by_code(f"{listed.group}.{listed.name}")
    assert key in signals.ALL
    assert key.body is getattr(bodies, key.body_name)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("odometer-travelleddistance", "did you mean odometer-traveleddistance?"),
        ("tractionbattery.stateofcharg", "did you mean tractionbattery-stateofcharge"),
        ("odometer", "did you mean odometer-traveleddistance? signals.custom"),
        ("StateOfCharge", "did you mean lowvoltagebattery-stateofcharge or tractionbattery-stateofcharge? signals"),
        ("state of charge", "did you mean lowvoltagebattery-stateofcharge or tractionbattery-stateofcharge? signals"),
        ("Location", "did you mean location-isathome or location-preciselocation? signals.custom"),
        ("signals.Odometer.TraveledDistance", "did you mean odometer-traveleddistance? signals.custom"),
        ("travelddistance", "did you mean odometer-traveleddistance? signals.custom"),
        ("vin", "did you mean vehicleidentification-vin? signals.custom"),
        ("lock", "did you mean closure-islocked? signals.custom"),
        ("-.", "signals.ALL lists the known ones."),
        ("soc", "signals.ALL lists the known ones."),
        ("", "signals.ALL lists the known ones."),
    ],
)
def test_an_unknown_code_gets_suggestions(code: str, hint: str) -> None:
    """The error names the argument, the nearest codes, and the way to a signal of tomorrow."""
    with pytest.raises(ConfigurationError, match=r"^code: no signal is called") as raised:
        signals.by_code(code)
    assert hint in str(raised.value)
    assert "signals.custom(code) names a new one" in str(raised.value)
    assert signals.find(code) is None


def test_a_signal_of_tomorrow() -> None:
    """Its body is the object as it was sent."""
    key = signals.custom("hovering-maxheight-above")
    assert (key.group, key.name, key.code) == ("hovering", "maxheight-above", "hovering-maxheight-above")
    assert (key.permission, key.body) == (None, dict)


@pytest.mark.parametrize("code", ["", "-", "a-", "-a", "odometer", "Odometer.TraveledDistance", "Odometer-Distance"])
def test_custom_refuses_what_is_no_code(code: str) -> None:
    """What is no code at all is refused under the argument's name."""
    with pytest.raises(ConfigurationError, match=r"^code: a signal's code is group-name") as raised:
        signals.custom(code)
    assert ("; did you mean odometer-traveleddistance?" in str(raised.value)) == ("dometer" in code)


@pytest.mark.parametrize("look", [signals.by_code, signals.custom])
def test_a_vin_in_place_of_a_code_is_not_repeated(look: Callable[[str], object]) -> None:
    """The text of an error may be logged."""
    with pytest.raises(ConfigurationError, match=r"code: .*\[hidden\]") as caught:
        look("5YJSA1CN5DFP01234")
    assert "5YJ" not in str(caught.value)
