"""What the service tells of a car: every signal, every way to have no value, times that make sense."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from smartcar_async.testing.bodies import SIGNALS, SignalSpec
from smartcar_async.testing.charging import ChargeTimer
from smartcar_async.testing.readings import signal_document, signal_documents
from smartcar_async.testing.routine import DAY, Place
from smartcar_async.testing.switches import V3Switches
from smartcar_async.testing.world import EPOCH, Connection, World

from ..catalogue import LISTED

BASE = "http://simulator"


@pytest.fixture
def world() -> World:
    """A world of everyday cars on a Monday at midnight."""
    return World()


def connection(world: World, make: str, model: str = "") -> Connection:
    """The connection of a car."""
    result = world.connection_of(world.find(make, model).id)
    assert result is not None
    return result


def signal(world: World, make: str, code: str, switches: V3Switches | None = None) -> Any:
    """One signal document of a car."""
    document = signal_document(connection(world, make), code, switches or V3Switches(), BASE)
    assert document is not None
    return document


def hours(world: World, count: int, minutes: int = 60) -> Iterator[World]:
    """The world at every hour, or every so many minutes, for a while."""
    for _ in range(count):
        world.advance(minutes=minutes)
        yield world


def test_time_to_complete_comes_true(world: World) -> None:
    """A Volvo that charges at night is full when it said it would be, and no minute earlier."""
    car = world.find("Volvo", "EX30").car
    assert car.charging
    left = car.minutes_to_limit
    world.advance(minutes=left - 1)
    assert car.charging
    world.advance(minutes=1)
    assert not car.charging
    assert car.soc == pytest.approx(car.charge_limit)
    assert signal(world, "Volvo", "charge-detailedchargingstatus")["attributes"]["body"] == {"value": "FULLY_CHARGED"}
    assert car.charge_records[-1].stop_percent == pytest.approx(80)


def test_a_volvo_moves_on_the_map_only_when_its_ignition_goes_off(world: World) -> None:
    """Its location is the last parked one; a Tesla shows where it is."""
    volvo, tesla = world.find("Volvo", "EX30"), world.find("Tesla")
    was_on, shown = False, signal(world, "Volvo", "location-preciselocation")["attributes"]["body"]
    changes = tesla_places = 0
    last_body: Any = None
    for _ in hours(world, DAY, minutes=1):
        now_shown = signal(world, "Volvo", "location-preciselocation")["attributes"]["body"]
        if now_shown != shown:
            assert was_on
            assert not volvo.car.ignition_on
            changes += 1
        was_on, shown = volvo.car.ignition_on, now_shown
        body = signal(world, "Tesla", "location-preciselocation")["attributes"]["body"]
        tesla_places += body != last_body and tesla.car.in_motion
        last_body = body
    assert changes >= 2
    assert tesla_places > 10
    assert shown["locationType"] == "LAST_PARKED"
    assert last_body["locationType"] == "CURRENT"
    meta = signal(world, "Volvo", "location-preciselocation")["meta"]
    parked = EPOCH + timedelta(minutes=volvo.car.parked_minute)
    assert datetime.fromisoformat(meta["oemUpdatedAt"]) == parked - timedelta(seconds=8)


def test_what_is_stored_of_a_sleeping_car_grows_old(world: World) -> None:
    """Nobody wakes it, so its times stand still; driving off brings news."""
    world.advance(hours=3)
    vehicle = world.find("Toyota")
    assert vehicle.car.asleep
    reported = vehicle.reported_at
    world.advance(hours=2)
    assert vehicle.reported_at == reported
    assert signal(world, "Toyota", "odometer-traveleddistance")["meta"]["ingestedAt"].startswith("2026-05-31")
    world.advance(hours=5)
    assert vehicle.reported_at > reported


def test_a_timer_for_another_place_does_not_hold_the_car_back(world: World) -> None:
    """A schedule belongs to its location."""
    car = world.find("Volvo", "EX30").car
    car.timers = (ChargeTimer(0, 1, location=Place("far", 60.0, 18.0), schedule_id="s-1", schedule_type="DAILY"),)
    world.advance(minutes=30)
    assert car.charging
    car.timers = (ChargeTimer(0, 1, location=car.routine.home, schedule_id="s-2", schedule_type="DAILY"),)
    world.advance(minutes=2)
    assert not car.charging
    values = signal(world, "Volvo", "charge-chargetimers")["attributes"]["body"]["values"]
    assert values[0]["scheduleId"] == "s-2"
    assert values[0]["type"] == "LOCATION"
    assert values[0]["condition"]["latitude"] == car.routine.home.latitude
    assert values[0]["schedules"][0]["start"] == "00:00:00"


def test_every_signal_of_the_catalogue_is_served_by_some_car(world: World) -> None:
    """All of them, each with success somewhere in two days."""
    served: set[str] = set()
    for _ in hours(world, 48):
        for connection in world.connections.values():
            for document in signal_documents(connection, V3Switches(), BASE):
                attributes: Any = document["attributes"]
                if attributes["status"]["value"] == "SUCCESS":
                    served.add(attributes["code"])
    assert served == set(SIGNALS) == {listed.code for listed in LISTED}
    assert all(spec.code == f"{spec.group}-{spec.name}".lower() for spec in SIGNALS.values())


def test_a_signal_in_no_group_is_reported_by_every_car(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a new one needs no word in `testing/cars.py`, unless some makes do not have it."""
    spec = SignalSpec("wheel-madeup", "Wheel", "MadeUp", None, lambda car: {"value": car.model.make})
    monkeypatch.setitem(cast("dict[str, SignalSpec]", SIGNALS), spec.code, spec)
    for one in world.connections.values():
        listed = [document["id"] for document in signal_documents(one, V3Switches(), BASE)]
        assert (spec.code in listed) == one.vehicle.subscribed
        found: Any = signal_document(one, spec.code, V3Switches(), BASE)
        body = found and found["attributes"]["body"]
        assert body == ({"value": one.vehicle.car.model.make} if one.vehicle.subscribed else None)
        assert spec.code not in one.vehicle.car.model.signals


def test_every_way_in_which_a_signal_has_no_value(world: World) -> None:
    """Unsupported with and without a body, not charging with a stale or an empty one, not granted, nulls, absent."""
    world.advance(hours=12)

    def status(make: str, code: str) -> tuple[object, object, object]:
        attributes = signal(world, make, code)["attributes"]
        error = attributes["status"].get("error", {})
        return error.get("type"), error.get("code"), attributes.get("body", "no body")

    incapable = ("COMPATIBILITY", "VEHICLE_NOT_CAPABLE")
    not_charging = ("VEHICLE_STATE", "NOT_CHARGING")
    assert status("Volvo", "internalcombustionengine-fuellevel") == (*incapable, "no body")
    assert status("Hyundai", "closure-sunroof") == (*incapable, {"isOpen": None})
    assert status("Nissan", "charge-wattage") == (*not_charging, {"value": None, "unit": "watts"})
    world.find("Volkswagen").car.last_charged = 5
    car = world.find("Volkswagen")
    car.car.amperage, car.car.voltage, car.car.phases = 16, 230, 3
    car.report(world.now)
    assert status("Volkswagen", "charge-wattage") == (*not_charging, {"value": 11040, "unit": "watts"})
    assert signal(world, "Volkswagen", "charge-wattage")["meta"]["oemUpdatedAt"].startswith("2026-06-01T00:04")
    assert status("Nissan", "closure-doors") == ("PERMISSION", "UNKNOWN", "no body")
    assert status("Polestar", "closure-sunroof") == (None, None, {"isOpen": None})
    assert status("Polestar", "closure-fronttrunk") == (None, None, {"isOpen": False, "isLocked": None})
    assert signal_document(connection(world, "Volvo"), "charge-amperage", V3Switches(), BASE) is None
    assert signal_document(connection(world, "Kia"), "charge-ischarging", V3Switches(), BASE) is None
    error = signal(world, "Nissan", "closure-doors")["attributes"]["status"]["error"]
    assert error["resolution"] == {"type": "REAUTHENTICATE"}


def test_times_of_a_signal_lie_in_order_and_in_the_past(world: World) -> None:
    """Recorded, fetched, stored, now. A VIN and a refusal only say when they were stored."""
    for _ in hours(world, 30):
        for connection in world.connections.values():
            for document in signal_documents(connection, V3Switches(), BASE):
                meta: Any = document["meta"]
                times = [datetime.fromisoformat(meta[name]) for name in ("oemUpdatedAt", "retrievedAt") if name in meta]
                times.append(datetime.fromisoformat(meta["ingestedAt"]))
                assert times == sorted(times)
                assert times[-1] <= world.now
                assert times[-1].tzinfo == UTC
    assert list(signal(world, "Volvo", "vehicleidentification-vin")["meta"]) == ["ingestedAt"]
    assert list(signal(world, "Volvo", "internalcombustionengine-range")["meta"]) == ["ingestedAt"]


def test_switches_change_how_signals_are_written(world: World) -> None:
    """Numbers for times, the documented spellings of units, and the fields that live answers leave out."""
    live = signal(world, "Tesla", "odometer-traveleddistance")
    assert live["attributes"]["body"]["unit"] == "km"
    seconds = signal(world, "Tesla", "odometer-traveleddistance", V3Switches(times="seconds"))["meta"]
    millis = signal(world, "Tesla", "odometer-traveleddistance", V3Switches(times="milliseconds"))["meta"]
    stored = datetime.fromisoformat(live["meta"]["ingestedAt"]).timestamp()
    assert seconds["ingestedAt"] == stored
    assert millis["ingestedAt"] == stored * 1000
    documented = V3Switches(units="documented")
    assert signal(world, "Tesla", "odometer-traveleddistance", documented)["attributes"]["body"]["unit"] == "kilometers"
    assert "heading" not in signal(world, "Tesla", "location-preciselocation")["attributes"]["body"]
    spot = signal(world, "Tesla", "location-preciselocation", documented)["attributes"]["body"]
    assert 0 <= spot["heading"] < 360
    assert spot["direction"] in {"N", "NE", "E", "SE", "S", "SW", "W", "NW"}
    left = connection(world, "Volvo", "EX30")
    body: Any = signal_document(left, "charge-timetocomplete", documented, BASE)
    assert body["attributes"]["body"]["unit"] == "minutes"
    with pytest.raises(ValueError, match="times"):
        V3Switches().times = "weeks"  # type: ignore[assignment]  # pyright: ignore


def test_bodies_say_what_the_car_is(world: World) -> None:
    """The numbers in the documents are those of the car, and the shapes are those of the catalogue."""
    vehicle = world.find("Tesla")
    car = vehicle.stored

    def body(code: str) -> Any:
        return signal(world, "Tesla", code)["attributes"]["body"]

    assert body("tractionbattery-stateofcharge") == {"value": round(car.soc, 1), "unit": "percent"}
    assert body("tractionbattery-range")["value"] == pytest.approx(car.battery_kwh / 14.3 * 100, abs=0.1)
    assert body("tractionbattery-nominalcapacity")["capacity"] == 60.0
    assert body("charge-chargelimits") == {
        "values": [{"type": "GLOBAL", "limit": 80}],
        "activeLimit": 80,
        "unit": "percent",
    }
    assert body("closure-doors")["values"][3] == {"row": 1, "column": 1, "isOpen": False, "isLocked": True}
    assert body("location-isathome") == {"value": True}
    assert body("transmission-gearstate") == {"value": "PARK"}
    assert body("vehicleidentification-nickname") == {"value": "Emil's Model 3"}
    assert len(body("vehicleidentification-vin")["value"]) == 17
    leaf = signal(world, "Nissan", "tractionbattery-nominalcapacity")["attributes"]["body"]
    assert leaf["capacity"] is None
    assert [choice["capacity"] for choice in leaf["availableCapacities"]] == [40.0, 62.0]
    assert signal(world, "Ford", "diagnostics-mil")["attributes"]["body"]["status"] == "ALERT"
    assert signal(world, "Ford", "diagnostics-abs")["attributes"]["body"] == {"status": "OK", "description": None}
    assert signal(world, "Ford", "diagnostics-dtccount")["attributes"]["body"] == {"value": 2}
