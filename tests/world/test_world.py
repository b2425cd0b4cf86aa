"""The simulated world: one seed one week, numbers that agree, and every form of a signal somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from smartcar_async.testing.bodies import SIGNALS
from smartcar_async.testing.car import Car, ChargeTimer
from smartcar_async.testing.cars import PROFILES
from smartcar_async.testing.errors import SimulatorError
from smartcar_async.testing.readings import signal_document, signal_documents
from smartcar_async.testing.routine import DAY, Place
from smartcar_async.testing.switches import Switches
from smartcar_async.testing.world import EPOCH, PERMISSIONS, Connection, World

BASE = "http://simulator"


@pytest.fixture
def world() -> World:
    """A world of everyday cars on a Monday at midnight."""
    return World()


def state(world: World) -> list[tuple[str, Car, Car, datetime]]:
    """Everything that can differ between two worlds."""
    return [(vehicle.id, vehicle.car, vehicle.stored, vehicle.reported_at) for vehicle in world.vehicles.values()]


def connection(world: World, make: str, model: str = "") -> Connection:
    """The connection of a car."""
    found = world.connection_of(world.find(make, model).id)
    assert found is not None
    return found


def signal(world: World, make: str, code: str, switches: Switches | None = None) -> Any:
    """One signal document of a car."""
    document = signal_document(connection(world, make), code, switches or Switches(), BASE)
    assert document is not None
    return document


def hours(world: World, count: int, minutes: int = 60) -> Iterator[World]:
    """The world at every hour, or every so many minutes, for a while."""
    for _ in range(count):
        world.advance(minutes=minutes)
        yield world


def test_the_same_seed_gives_the_same_week_whatever_the_steps() -> None:
    """A test may advance by days or by seconds and see the same cars."""
    in_one_step, in_many, other = World(seed=7), World(seed=7), World(seed=8)
    in_one_step.advance(days=7)
    for _ in range(7 * 24 * 4):
        in_many.advance(minutes=14, seconds=59.5)
        in_many.advance(seconds=0.5)
    other.advance(days=7)
    assert in_one_step.now == in_many.now == EPOCH + timedelta(days=7)
    assert state(in_one_step) == state(in_many)
    assert state(in_one_step) != state(other)


def test_ids_are_uuids_that_follow_from_the_seed(world: World) -> None:
    """What a test writes down today is true tomorrow."""
    again = World()
    assert list(world.connections) == list(again.connections)
    ids = [*world.connections, *world.vehicles, *(one.owner.id for one in world.connections.values())]
    assert all(UUID(text).version == 4 for text in ids)
    assert not set(ids) & set(World(seed=2).connections)


def test_the_everyday_street() -> None:
    """At least fourteen live cars of many makes, two simulated ones, an owner with two cars, one still unsubscribed."""
    world = World()
    connections = world.connections.values()
    live = [one for one in connections if one.vehicle.mode == "live"]
    models = {(one.vehicle.car.model.make, one.vehicle.car.model.powertrain) for one in live}
    assert len(live) >= 14
    assert {("VOLVO", "BEV"), ("VOLVO", "PHEV"), ("VOLVO", "ICE"), ("TOYOTA", "ICE"), ("FORD", "PHEV")} <= models
    assert {"TESLA", "VOLKSWAGEN", "BMW", "NISSAN", "HYUNDAI", "POLESTAR"} <= {make for make, _ in models}
    assert len(connections) - len(live) == 2
    assert len({one.owner.id for one in live}) == len(live) - 1
    assert sum(not one.vehicle.subscribed for one in live) == 1
    assert {one.owner.external_id for one in live if one.owner.named} >= {"acct-42", None}
    assert len(PERMISSIONS) == 28


def test_profiles() -> None:
    """A Volvo household, and an application without a vehicle."""
    assert {vehicle.car.model.make for vehicle in World("volvo").vehicles.values()} == {"VOLVO"}
    assert not World("empty").connections
    assert set(PROFILES) == {"everyday", "volvo", "empty"}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: World("weekend"), "unknown profile 'weekend': choose one of everyday, volvo, empty"),
        (lambda: World(seed="1"), "seed '1' is not a whole number: give an int such as 1"),  # type: ignore[arg-type]  # pyright: ignore
        (lambda: World(seed=True), "seed True is not a whole number: give an int such as 1"),
        (lambda: World().advance(hours=-1), "time only moves forward: advance the world by zero or more"),
        (lambda: World().find("Lada"), "no Lada in profile 'everyday': see world.vehicles"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(build: Any, message: str) -> None:
    """Bad input to the simulator."""
    with pytest.raises(SimulatorError) as caught:
        build()
    assert str(caught.value) == message


def test_numbers_agree_all_week(world: World) -> None:
    """Range follows charge, wattage follows amperage and voltage, nothing runs below empty or above its limit."""
    charged = driven = 0
    for _ in hours(world, 7 * 24 * 6, minutes=10):
        for vehicle in world.vehicles.values():
            car, model = vehicle.car, vehicle.car.model
            assert 0 <= car.soc <= 100
            assert 0 <= car.fuel_l <= model.tank_l
            assert car.electric_range_km * model.consumption_kwh / 100 == pytest.approx(car.battery_kwh)
            assert car.fuel_range_km * model.consumption_l / 100 == pytest.approx(car.fuel_l)
            assert car.wattage == car.amperage * car.voltage * car.phases
            assert car.in_motion == (car.speed_kmh > 0)
            assert not (car.asleep and (car.charging or car.ignition_on))
            assert not (car.charging and not car.plugged_in)
            assert not (car.plugged_in and car.ignition_on)
            charged += car.charging
            driven += car.in_motion
    assert charged > 100
    assert driven > 100


def test_the_odometer_grows_by_the_length_of_the_trip_and_energy_falls(world: World) -> None:
    """One commute of an electric and of a petrol car."""
    for make, model in (("Tesla", ""), ("Volvo", "XC40")):
        world = World()
        car = world.find(make, model).car
        before = car.snapshot()
        while car.trip is None:
            world.advance(minutes=1)
        trip = car.trip
        while car.trip is not None:
            world.advance(minutes=1)
        assert car.odometer_km - before.odometer_km == pytest.approx(trip.distance_km)
        assert car.place == trip.destination
        assert (car.latitude, car.longitude) == (car.place.latitude, car.place.longitude)
        electric = before.battery_kwh - car.battery_kwh
        assert electric == pytest.approx(trip.distance_km * car.model.consumption_kwh / 100)
        if make == "Volvo":
            assert before.fuel_l - car.fuel_l == pytest.approx(trip.distance_km * car.model.consumption_l / 100)


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


def test_cars_charge_at_night_at_home_and_fast_at_the_shop(world: World) -> None:
    """A night timer waits for ten o'clock; a driver low on charge uses the fast charger."""
    places: set[tuple[str, bool]] = set()
    for _ in hours(world, 21 * 24 * 2, minutes=30):
        for vehicle in world.vehicles.values():
            car = vehicle.car
            if car.charging:
                places.add((car.place.name, car.fast))
                if car.timers:
                    assert car.timers[0].allows(car.minute)
    assert {("home", False), ("shop", True)} <= places


def test_a_volvo_moves_on_the_map_only_when_its_ignition_goes_off(world: World) -> None:
    """Its location is the last parked one; a Tesla shows where it is."""
    volvo, tesla = world.find("Volvo", "EX30"), world.find("Tesla")
    was_on, shown = False, signal(world, "Volvo", "location-preciselocation")["attributes"]["body"]
    changes = tesla_places = 0
    seen: Any = None
    for _ in hours(world, DAY, minutes=1):
        now_shown = signal(world, "Volvo", "location-preciselocation")["attributes"]["body"]
        if now_shown != shown:
            assert was_on
            assert not volvo.car.ignition_on
            changes += 1
        was_on, shown = volvo.car.ignition_on, now_shown
        body = signal(world, "Tesla", "location-preciselocation")["attributes"]["body"]
        tesla_places += body != seen and tesla.car.in_motion
        seen = body
    assert changes >= 2
    assert tesla_places > 10
    assert shown["locationType"] == "LAST_PARKED"
    assert seen["locationType"] == "CURRENT"
    meta = signal(world, "Volvo", "location-preciselocation")["meta"]
    parked = EPOCH + timedelta(minutes=volvo.car.parked_minute)
    assert datetime.fromisoformat(meta["oemUpdatedAt"]) == parked - timedelta(seconds=8)


def test_what_is_stored_of_a_sleeping_car_grows_old(world: World) -> None:
    """Nobody wakes it, so its times stand still; driving off brings news."""
    world.advance(hours=3)
    vehicle = world.find("Toyota")
    assert vehicle.car.asleep
    told = vehicle.reported_at
    world.advance(hours=2)
    assert vehicle.reported_at == told
    assert signal(world, "Toyota", "odometer-traveleddistance")["meta"]["ingestedAt"].startswith("2026-05-31")
    world.advance(hours=5)
    assert vehicle.reported_at > told


def test_an_awake_car_reports_at_the_pace_of_its_make(world: World) -> None:
    """Between two reports the service does not know what the car does."""
    vehicle = world.find("Toyota")
    while not vehicle.car.in_motion:
        world.advance(minutes=1)
    world.advance(minutes=3)
    assert vehicle.stored.odometer_km < vehicle.car.odometer_km
    vehicle.report(world.now)
    assert vehicle.stored == vehicle.car
    assert vehicle.stored is not vehicle.car


def test_a_car_without_enough_charge_stays_and_is_plugged_in(world: World) -> None:
    """A driver does not set off on an empty battery, and nothing ever goes negative."""
    car = world.find("Tesla").car
    car.battery_kwh, car.charge_limit = 0.5, 1
    world.advance(hours=9)
    assert car.place.name == "home"
    assert car.plugged_in
    assert car.locked
    assert not car.ignition_on
    car.charge_limit = 80
    world.advance(days=1, hours=1)
    assert car.place.name == "work"


def test_a_cable_pulled_out_ends_the_charge(world: World) -> None:
    """The record of it says so, and a pause holds until the cable is out."""
    car = world.find("Volvo", "EX30").car
    car.charging_paused = True
    world.advance(minutes=1)
    assert not car.charging
    world.advance(hours=1)
    assert not car.charging
    car.charging_paused = False
    world.advance(minutes=2)
    assert car.charging
    records = car.charge_records
    car.unplug()
    assert not car.charging
    assert len(car.charge_records) == len(records) + 1
    world.advance(hours=1)
    assert not car.charging


def test_a_petrol_car_is_refuelled_before_it_stands_still(world: World) -> None:
    """Filled up on arrival when little is left."""
    car = world.find("Volvo", "XC40").car
    car.fuel_l = 0.18 * car.model.tank_l
    levels: set[int] = set()
    for _ in hours(world, 12, minutes=60):
        levels.add(round(car.fuel_percent))
    assert 100 in levels or car.fuel_percent > 90


@pytest.mark.parametrize(
    ("timer", "minute", "allowed"),
    [
        (ChargeTimer(22 * 60, 6 * 60), 23 * 60, True),
        (ChargeTimer(22 * 60, 6 * 60), 5 * 60, True),
        (ChargeTimer(22 * 60, 6 * 60), 12 * 60, False),
        (ChargeTimer(22 * 60, 6 * 60, days=(0,)), DAY + 5 * 60, True),
        (ChargeTimer(22 * 60, 6 * 60, days=(0,)), 5 * 60, False),
        (ChargeTimer(22 * 60, 6 * 60, days=(1,)), 23 * 60, False),
        (ChargeTimer(8 * 60, 9 * 60), 8 * 60, True),
        (ChargeTimer(8 * 60, 9 * 60), 9 * 60, False),
        (ChargeTimer(8 * 60, 9 * 60, days=(5,)), 5 * DAY + 500, True),
    ],
)
def test_a_charge_timer_may_cross_midnight(timer: ChargeTimer, minute: int, allowed: bool) -> None:
    """The small hours belong to the evening before."""
    assert timer.allows(minute) is allowed


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
    """All 93, each with success somewhere in two days."""
    served: set[str] = set()
    for _ in hours(world, 48):
        for one in world.connections.values():
            for document in signal_documents(one, Switches(), BASE):
                attributes: Any = document["attributes"]
                if attributes["status"]["value"] == "SUCCESS":
                    served.add(attributes["code"])
    assert len(SIGNALS) == 93
    assert served == set(SIGNALS)
    assert all(spec.code == f"{spec.group}-{spec.name}".lower() for spec in SIGNALS.values())


def test_every_way_in_which_a_signal_has_no_value(world: World) -> None:
    """Never supported with and without a body, not charging with a stale or an empty one, not granted, nulls, absent."""
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
    assert signal_document(connection(world, "Volvo"), "charge-amperage", Switches(), BASE) is None
    assert signal_document(connection(world, "Kia"), "charge-ischarging", Switches(), BASE) is None
    error = signal(world, "Nissan", "closure-doors")["attributes"]["status"]["error"]
    assert error["resolution"] == {"type": "REAUTHENTICATE"}


def test_times_of_a_signal_lie_in_order_and_in_the_past(world: World) -> None:
    """Recorded, fetched, stored, now. A VIN and a refusal only say when they were stored."""
    for _ in hours(world, 30):
        for one in world.connections.values():
            for document in signal_documents(one, Switches(), BASE):
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
    seconds = signal(world, "Tesla", "odometer-traveleddistance", Switches(times="seconds"))["meta"]
    millis = signal(world, "Tesla", "odometer-traveleddistance", Switches(times="milliseconds"))["meta"]
    stored = datetime.fromisoformat(live["meta"]["ingestedAt"]).timestamp()
    assert seconds["ingestedAt"] == stored
    assert millis["ingestedAt"] == stored * 1000
    documented = Switches(units="documented")
    assert signal(world, "Tesla", "odometer-traveleddistance", documented)["attributes"]["body"]["unit"] == "kilometers"
    assert "heading" not in signal(world, "Tesla", "location-preciselocation")["attributes"]["body"]
    spot = signal(world, "Tesla", "location-preciselocation", documented)["attributes"]["body"]
    assert 0 <= spot["heading"] < 360
    assert spot["direction"] in {"N", "NE", "E", "SE", "S", "SW", "W", "NW"}
    left = connection(world, "Volvo", "EX30")
    body: Any = signal_document(left, "charge-timetocomplete", documented, BASE)
    assert body["attributes"]["body"]["unit"] == "minutes"
    with pytest.raises(ValueError, match="times"):
        Switches().times = "weeks"  # type: ignore[assignment]  # pyright: ignore


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


def test_withdrawing_consent(world: World) -> None:
    """A connection goes alone; a user goes with every connection of theirs."""
    astrid = connection(world, "Polestar").owner
    tesla = connection(world, "Tesla")
    assert world.disconnect(tesla.id)
    assert not world.disconnect(tesla.id)
    assert world.connection_of(tesla.vehicle.id) is None
    assert world.remove_user(astrid.id)
    assert not world.remove_user(astrid.id)
    assert len(world.connections) == len(world.vehicles) - 3
