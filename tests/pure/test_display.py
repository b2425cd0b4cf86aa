"""What a notebook shows: tables, escaped, and nothing personal in a table that holds more than it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from smartcar_async import (
    Connection,
    Execution,
    Location,
    Measure,
    Page,
    Signal,
    SignalError,
    SignalKey,
    SignalSet,
    Text,
    VehicleAttributes,
    signals,
)

VIN = "YV1EXAMPLE0000001"
META = {"meta": {"oemUpdatedAt": "2026-05-04T09:58:00.000Z"}}
SOC = Signal(signals.TractionBattery.StateOfCharge, "SUCCESS", Measure(57.5, "percent"), raw=META)
NUMBER = Signal(signals.VehicleIdentification.VIN, "SUCCESS", Text(VIN))
PLACE = Signal(signals.Location.PreciseLocation, "SUCCESS", Location(57.70887, 11.97456))
DOORS: Signal[Any] = Signal(signals.Closure.Doors, "SUCCESS", signals.Closure.Doors.body())
FAILED: Signal[Any] = Signal(signals.Charge.IsCharging, "ERROR", error=SignalError("PERMISSION", None))
EMPTY: Signal[Any] = Signal(signals.Charge.IsCharging, "ERROR")
TOMORROW = Signal(signals.custom("new-<signal>"), "SUCCESS", {"street": "1 Example Street"})


def html(record: object) -> str:
    """As IPython asks for it."""
    shown: Any = record
    found: str = shown._repr_html_()
    return found


def cells(record: object) -> list[list[str]]:
    """The rows of a table."""
    body = html(record).partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [row.partition("</tr>")[0] for row in body.split("<tr>")[1:]]
    return [[cell.partition("</td>")[0] for cell in row.split("<td>")[1:]] for row in rows]


@pytest.mark.parametrize(
    ("signal", "row"),
    [
        (SOC, ["tractionbattery-stateofcharge", "SUCCESS", "57.5 percent", "2026-05-04 09:58:00 UTC"]),
        (NUMBER, ["vehicleidentification-vin", "SUCCESS", "(hidden)", ""]),
        (PLACE, ["location-preciselocation", "SUCCESS", "(hidden)", ""]),
        (DOORS, ["closure-doors", "SUCCESS", "Doors", ""]),
        (FAILED, ["charge-ischarging", "ERROR", "PERMISSION", ""]),
        (EMPTY, ["charge-ischarging", "ERROR", "", ""]),
        (TOMORROW, ["new-&lt;signal&gt;", "SUCCESS", "(hidden)", ""]),
    ],
)
def test_a_row_of_a_set(signal: Signal[Any], row: list[str]) -> None:
    """Values of the car are shown with their unit; what is personal, or unknown, is not."""
    assert cells(SignalSet([signal])) == [row]


def test_a_set_shows_nothing_personal() -> None:
    """Neither a VIN nor a place nor a street, in the table or in the short form."""
    readings = SignalSet([SOC, NUMBER, PLACE, TOMORROW], VehicleAttributes("v1"))
    for text in (html(readings), repr(readings)):
        assert not any(private in text for private in (VIN, "57.7", "11.97", "Street"))
    assert html(readings).startswith("<table><thead><tr><th>signal</th>")


def test_one_signal_shows_its_own() -> None:
    """It is the record that holds it; a body that nobody knows stays hidden all the same."""
    assert cells(SOC) == [
        ["status", "SUCCESS"],
        ["value", "57.5"],
        ["unit", "percent"],
        ["recorded_at", "2026-05-04 09:58:00 UTC"],
    ]
    assert ["value", VIN] in cells(NUMBER)
    assert ["latitude", "57.70887"] in cells(PLACE)
    assert cells(FAILED)[1][0] == "error"
    assert ["body", "(hidden)"] in cells(TOMORROW)
    assert cells(EMPTY) == [["status", "ERROR"], ["recorded_at", ""]]


def test_a_record_shows_what_its_repr_shows() -> None:
    """Field by field, without what is hidden there, and with every text escaped."""
    vehicle = VehicleAttributes("v1", make="<b>VOLVO</b>", year=2024, raw={"vin": VIN})
    made = datetime(2026, 5, 4, 10, 0, 9, tzinfo=UTC)
    connection = Connection("c1", "v1", "u1", vehicle=vehicle, created_at=made)
    assert ["make", "&lt;b&gt;VOLVO&lt;/b&gt;"] in cells(vehicle)
    assert VIN not in html(vehicle)
    assert ["created_at", "2026-05-04 10:00:09 UTC"] in cells(connection)
    assert "<b>" not in html(connection)
    assert [name for name, _ in cells(Execution(None, "send_destination", "SUCCESS", {"latitude": 57.7}))] == [
        "id", "action", "status", "schedule_id", "executed_at", "completed_at",
    ]  # fmt: skip


def test_a_page_shows_how_many() -> None:
    """Its items hold what is personal, so it only counts them."""
    page = Page((Connection("c1", "v1", "22222222-2222-4222-8222-222222222222"),), 1, has_next=False)
    assert ["items", "&lt;1&gt;"] in cells(page)
    assert "2222" not in html(page)


def test_a_key_is_no_secret() -> None:
    """The key of a signal is what its row is headed by."""
    assert html(Signal(SignalKey("G", "N", "Text"), "SUCCESS", Text("x"))).count("g-n") == 1
