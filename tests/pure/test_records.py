"""What users receive: signals that are trusted only with a body, sets that are mappings, and no private `repr`."""

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from smartcar_async import signals
from smartcar_async.bodies import Count, Flag, Location, Measure, Text
from smartcar_async.errors import ConfigurationError
from smartcar_async.records import (
    ApplicationToken,
    Connection,
    Execution,
    Malformed,
    Page,
    Response,
    Signal,
    SignalError,
    SignalKey,
    SignalSet,
    SignalUnavailable,
    VehicleAttributes,
    is_mapping,
)
from smartcar_async.vocabulary import ExecutionStatus

VIN, USER, TOKEN = "WVWZZZ1JZXW000001", "22222222-2222-4222-8222-222222222222", "token-of-an-application"
SOC = signals.TractionBattery.StateOfCharge
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)

BATTERY: Signal[Measure] = Signal(SOC, "SUCCESS", Measure(57.0, "percent"))
PLACE: Signal[Location] = Signal(signals.Location.PreciseLocation, "SUCCESS", Location(57.70887, 11.97456))
NUMBER: Signal[Text] = Signal(signals.VehicleIdentification.VIN, "SUCCESS", Text(VIN), raw={"body": {"value": VIN}})
REFUSED: Signal[Flag] = Signal(
    signals.Charge.IsCharging, "ERROR", None, SignalError("PERMISSION", None, "t", USER, USER, "REAUTHENTICATE")
)
NAMELESS: Signal[Any] = Signal(SignalKey[Any]("", "", "dict"), "ERROR", None, SignalError("MALFORMED"), [VIN])
READINGS = SignalSet([BATTERY, PLACE, NUMBER, REFUSED, NAMELESS], VehicleAttributes("v1", "VOLVO"))
OWNED = Connection("c1", "v1", USER, "acct-42", vehicle=VehicleAttributes("v1"), raw={"user": USER})


def timed(**meta: object) -> Signal[Any]:
    """A signal with these times."""
    return Signal(SOC, "SUCCESS", Measure(), raw={"meta": meta})


def test_a_signal_says_what_it_is() -> None:
    """Name, group and code come from its key; value and unit from its body."""
    assert (BATTERY.group, BATTERY.name, BATTERY.code) == (
        "TractionBattery",
        "StateOfCharge",
        "tractionbattery-stateofcharge",
    )
    assert (BATTERY.ok, BATTERY.value, BATTERY.unit) == (True, 57.0, "percent")
    assert BATTERY.body is BATTERY.require()


def test_a_signal_without_a_body_is_not_trusted() -> None:
    """Asking for its body is an error that carries the signal."""
    assert (REFUSED.ok, REFUSED.body, REFUSED.value, REFUSED.unit) == (False, None, None, None)
    with pytest.raises(SignalUnavailable, match="charge-ischarging is ERROR: PERMISSION/UNKNOWN") as raised:
        REFUSED.require()
    assert REFUSED is raised.value.signal


@pytest.mark.parametrize(
    ("body", "value", "unit"),
    [
        (Location(1.0, 2.0), None, None),
        (Text("a"), "a", None),
        ({"value": [1], "unit": "km"}, [1], "km"),
        ({"value": 1, "unit": 5}, 1, None),
        ({}, None, None),
    ],
)
def test_value_and_unit_of_any_body(body: object, value: object, unit: str | None) -> None:
    """A body without such fields has none; the body of an unknown signal is an object as it was sent."""
    signal: Signal[Any] = Signal(SignalKey("Any", "Thing", "dict"), "SUCCESS", body)
    assert (value, unit) == (signal.value, signal.unit)


def test_times_of_a_signal() -> None:
    """Each has its own name on the wire; `fetchedAt` is another name for `retrievedAt`."""
    signal = timed(oemUpdatedAt=1777888800000, retrievedAt="2026-05-04T10:00:01Z", ingestedAt=1777888802)
    found = (signal.recorded_at, signal.retrieved_at, signal.ingested_at)
    assert found == (NOW, NOW + timedelta(seconds=1), NOW + timedelta(seconds=2))
    assert timed(fetchedAt="2026-05-04T10:00:00Z").retrieved_at == NOW


@pytest.mark.parametrize("raw", [{}, {"meta": {}}, {"meta": None}, {"meta": []}, [], None, "text"])
def test_a_signal_without_times(raw: object) -> None:
    """Nothing is known of its age, and nothing fails."""
    signal: Signal[Any] = Signal(SOC, "SUCCESS", Measure(), raw=raw)
    assert (signal.recorded_at, signal.retrieved_at, signal.ingested_at, signal.age(NOW)) == (None, None, None, None)


@pytest.mark.parametrize("value", [0, "never", [], True, 10**400])
def test_a_time_that_says_nothing_is_none(value: object) -> None:
    """A stray time does not make a signal unreadable."""
    assert timed(oemUpdatedAt=value).recorded_at is None


def test_the_age_of_a_signal() -> None:
    """It is counted from what the car recorded; a naive clock is refused."""
    signal = timed(oemUpdatedAt="2026-05-04T09:58:00Z", retrievedAt="2026-05-04T10:00:00Z")
    assert signal.age(NOW) == timedelta(minutes=2)
    with pytest.raises(ConfigurationError, match=r"now: .*aware"):
        signal.age(NOW.replace(tzinfo=None))


def test_a_set_is_a_mapping_by_key_and_by_code() -> None:
    """Either finds the same signal; iteration gives the codes."""
    assert READINGS[SOC] is READINGS[SOC.code] is BATTERY
    assert SOC in READINGS
    assert SOC.code in READINGS
    assert list(READINGS) == [signal.code for signal in (BATTERY, PLACE, NUMBER, REFUSED)]
    assert len(READINGS) == 4
    assert dict(READINGS)[SOC.code] is BATTERY
    assert [signal.code for signal in READINGS.values()] == list(READINGS)


def test_a_set_tells_what_could_be_read() -> None:
    """Signals without a code cannot be asked for, and are not lost."""
    assert READINGS.ok == (BATTERY, PLACE, NUMBER)
    assert READINGS.failed == (REFUSED, NAMELESS)
    assert READINGS.entries == (*READINGS.ok, *READINGS.failed)
    assert READINGS.vehicle == VehicleAttributes("v1", "VOLVO")


def test_a_signal_that_is_not_listed() -> None:
    """It is a KeyError that names it, or a default."""
    key = signals.Odometer.TraveledDistance
    assert key not in READINGS
    assert SOC.code.upper() not in READINGS
    with pytest.raises(KeyError, match="odometer-traveleddistance is not in this answer"):
        READINGS[key]
    with pytest.raises(KeyError, match=r"^'tractionbattery-range is not in this answer'$"):
        READINGS[signals.TractionBattery.Range]
    assert READINGS.get(key) is None
    assert READINGS.get(key.code, "none") == "none"
    assert READINGS.get(SOC, "none") is BATTERY
    assert READINGS.get(SOC.code) is BATTERY


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("StateOfCharge", "; did you mean tractionbattery-stateofcharge?"),
        ("TractionBattery.StateOfCharge", "; did you mean tractionbattery-stateofcharge?"),
        ("tractionbattery-stateofcharg", "; did you mean tractionbattery-stateofcharge?"),
        ("odometer", ""),
        ("", ""),
        (5, ""),
    ],
)
def test_a_slip_of_the_pen(name: Any, hint: str) -> None:
    """Codes that the answer does list, and that may have been meant, are named; `get` needs no words."""
    with pytest.raises(KeyError) as raised:
        READINGS[name]
    assert raised.value.args == (f"{name} is not in this answer{hint}",)
    assert READINGS.get(name) is None


def test_a_key_knows_its_code_and_body() -> None:
    """The code is made of group and name unless it is given; keys are equal by code."""
    assert str(SOC) == SOC.code == "tractionbattery-stateofcharge"
    assert SOC.body is Measure
    assert signals.custom("new-thing").body is dict
    assert SignalKey[Any]("TractionBattery", "StateOfCharge", "dict") == SOC
    assert {SOC: 1}[SignalKey[Any]("x", "y", "dict", code=SOC.code)] == 1
    assert SignalKey[Any]("", "", "dict").code == ""
    assert repr(SOC) == "SignalKey(group='TractionBattery', name='StateOfCharge')"


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (BATTERY, "Signal(tractionbattery-stateofcharge, Measure(value=57.0, unit='percent'))"),
        (Signal(SOC, "SUCCESS", Count(3)), "Signal(tractionbattery-stateofcharge, Count(value=3, unit=None))"),
        (Signal(SOC, "SUCCESS", Flag(True)), "Signal(tractionbattery-stateofcharge, Flag(value=True))"),
        (PLACE, "Signal(location-preciselocation, Location)"),
        (NUMBER, "Signal(vehicleidentification-vin, Text)"),
        (Signal(SOC, "UNAVAILABLE"), "Signal(tractionbattery-stateofcharge, NoneType)"),
        (
            REFUSED,
            "Signal(charge-ischarging, SignalError(type='PERMISSION', code=None, resolution='REAUTHENTICATE'))",
        ),
        (READINGS, "SignalSet(5 signals: 3 ok, 2 failed)"),
        (Page((OWNED, OWNED), 1, False, 2), "Page(items=<2>, number=1, has_next=False, total=2, malformed=())"),
        (Malformed("data: missing", [VIN]), "Malformed(problem='data: missing')"),
        (Response(200, {"x": TOKEN}, VIN.encode(), {"vin": VIN}), "Response(status=200)"),
        (ApplicationToken(TOKEN, 3600.0), "ApplicationToken(expires_in=3600.0)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_repr_shows(record: object, shown: str) -> None:
    """What may hold private things does not show them."""
    assert shown == repr(record)


def test_only_the_record_itself_shows_personal_data() -> None:
    """A connection shows its user; its raw answer, its page and a list of signals do not."""
    assert repr(OWNED).count(USER) == 1
    assert USER not in repr(Page((OWNED,), 1, False, malformed=(Malformed("x", {"user": USER}),)))
    assert VIN in repr(NUMBER.body)
    assert not [secret for secret in (VIN, USER, "57.7") if secret in repr([READINGS, *READINGS.entries, READINGS.ok])]


def test_raw_is_no_part_of_equality() -> None:
    """Two answers that say the same are equal, whatever else was sent with them."""
    assert Signal(SOC, "SUCCESS", Measure(1.0), raw={"a": 1}) == Signal(SOC, "SUCCESS", Measure(1.0), raw={"a": 2})
    assert Signal(SOC, "SUCCESS", Measure(1.0)) != Signal(SOC, "SUCCESS", Measure(2.0))
    assert VehicleAttributes("v1", raw={"a": 1}) == VehicleAttributes("v1")


@pytest.mark.parametrize("record", [OWNED, READINGS, BATTERY, Page((OWNED,), 1, True), ApplicationToken(TOKEN, 1.0)])
def test_records_can_be_pickled(record: object) -> None:
    """A process pool can hand them on."""
    assert record == pickle.loads(pickle.dumps(record))


def test_records_are_frozen_and_slotted() -> None:
    """Nothing can be changed or misspelt."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        OWNED.id = "c2"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    records: list[object] = [OWNED, BATTERY, VehicleAttributes("v1"), Page((), 1, False), Malformed("x"), SOC]
    for record in records:
        assert not hasattr(record, "__dict__")


@pytest.mark.parametrize(
    ("status", "ok"), [("SUCCESS", True), (ExecutionStatus.SUCCESS, True), ("FAILURE", False), ("NEW", False)]
)
def test_whether_an_execution_succeeded(status: str, ok: bool) -> None:
    """Only a success is one."""
    assert ok is Execution("e1", "lock", status).ok


def test_what_is_a_json_object() -> None:
    """Dicts and other mappings are, lists and texts are not."""
    values: list[object] = [{}, READINGS, [], "a", None]
    assert [is_mapping(value) for value in values] == [True, True, False, False, False]


def test_the_former_name_of_the_bytes() -> None:
    """`body` of an answer is deprecated for `content`, which is what API v2.0 calls the bytes too."""
    response = Response(200, {}, b"[1]", [1])
    assert response.content == b"[1]"
    with pytest.warns(DeprecationWarning, match=r"^Response\.body: deprecated, and will go; use content$") as warned:
        assert response.body == b"[1]"
    assert warned[0].filename == __file__
