"""A table of every command of one make: how it is called, what is sent, and the result of the documented answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from smartcar_async import Permission, Weekday
from smartcar_async.bodies import Place
from smartcar_async.v2 import (
    ActionResponse,
    Cabin,
    NissanWindow,
    TeslaSchedule,
    TeslaScheduleType,
    TeslaTimer,
    Vehicle,
)

from .v2 import META

SUCCESS = {"status": "success", "message": "request accepted (sample text)"}
DONE = ActionResponse("success", "request accepted (sample text)", meta=META)
PIN = "4821"
FORD_BODY = {
    "chargingLocation": {
        "chargeLimit": 0.85,
        "chargingWindows": {"weekday": [{"start": "22:00", "end": "06:00"}], "weekend": []},
    }
}
ANY_TIME: dict[str, Any] = {"chargingLocation": {"chargeLimit": 1, "chargingWindows": {"weekday": [], "weekend": []}}}
NISSAN_BODY = {"chargeSchedules": [{"start": "00:30", "end": "05:30", "days": ["MONDAY", "TUESDAY"]}]}


@frozen
class Act:
    """One command with one set of options."""

    id: str
    use: Callable[[Vehicle], Awaitable[Any]]
    path: str
    body: Mapping[str, Any] | None
    permission: Permission
    action: str
    method: str = "POST"
    answer: Mapping[str, Any] = field(factory=lambda: SUCCESS)
    result: object = DONE
    parameters: Mapping[str, Any] = field(factory=dict[str, Any])
    make: str = "tesla"

    def __str__(self) -> str:
        return self.id


def _cabin(name: str, use: Callable[[Vehicle], Awaitable[Any]], word: str, temperature: float | None) -> Act:
    known = {} if temperature is None else {"temperature": temperature}
    return Act(
        f"{name}, {temperature}",
        use,
        "/tesla/climate/cabin",
        {"action": word, **known},
        Permission.CONTROL_CLIMATE,
        f"tesla.{name}",
        answer={"status": "ON", "temperature": 21},
        result=Cabin("ON", None, 21, meta=META),
        parameters=known,
    )


def _echoing(name: str, use: Callable[[Vehicle], Awaitable[Any]], path: str, word: str) -> Act:
    answer, result = {"status": word}, ActionResponse(word, meta=META)
    body, action = {"action": word}, f"tesla.{name}"
    return Act(name, use, path, body, Permission.CONTROL_CLIMATE, action, answer=answer, result=result)


def _lid(name: str, use: Callable[[Vehicle], Awaitable[Any]], path: str, word: str, permission: Permission) -> Act:
    return Act(name, use, path, {"action": word}, permission, f"tesla.{name}")


def _schedule(
    id: str,
    use: Callable[[Vehicle], Awaitable[Any]],
    body: Mapping[str, Any],
    answer: Any,
    timers: Sequence[TeslaTimer | None],
) -> Act:
    return Act(
        id,
        use,
        "/tesla/charge/schedule",
        body,
        Permission.CONTROL_CHARGE,
        "tesla.set_schedule",
        answer=answer,
        result=TeslaSchedule(*timers, meta=META),
        parameters=body,
    )


def _nissan(id: str, use: Callable[[Vehicle], Awaitable[Any]], body: Mapping[str, Any]) -> Act:
    path, action = "/nissan/charge/schedule", "nissan.set_schedule"
    return Act(id, use, path, body, Permission.CONTROL_CHARGE, action, "PUT", parameters=body, make="nissan")


def _ford(id: str, use: Callable[[Vehicle], Awaitable[Any]], body: Mapping[str, Any], make: str = "ford") -> Act:
    return Act(
        id,
        use,
        f"/{make}/charge/schedule_by_location?latitude=57.7&longitude=11.97",
        body,
        Permission.CONTROL_CHARGE,
        "ford.set_schedule",
        "PUT",
        parameters={"latitude": 57.7, "longitude": 11.97, **body["chargingLocation"]},
        make=make,
    )


DEFROSTER, HEATER = "/tesla/climate/defroster", "/tesla/climate/steering_wheel"
TRUNK, FRUNK, PORT = "/tesla/security/trunk", "/tesla/security/frunk", "/tesla/charge/charge_port_door"
TRUNKS, CHARGE = Permission.CONTROL_TRUNK, Permission.CONTROL_CHARGE

ACTS = [
    _cabin("start_cabin", lambda car: car.tesla.start_cabin(), "START", None),
    _cabin("start_cabin", lambda car: car.tesla.start_cabin(21), "START", 21),
    _cabin("stop_cabin", lambda car: car.tesla.stop_cabin(), "STOP", None),
    _cabin("stop_cabin", lambda car: car.tesla.stop_cabin(temperature=18.5), "STOP", 18.5),
    _cabin("set_cabin_temperature", lambda car: car.tesla.set_cabin_temperature(-0.5), "SET", -0.5),
    _echoing("start_defroster", lambda car: car.tesla.start_defroster(), DEFROSTER, "START"),
    _echoing("stop_defroster", lambda car: car.tesla.stop_defroster(), DEFROSTER, "STOP"),
    _echoing("start_steering_heater", lambda car: car.tesla.start_steering_heater(), HEATER, "START"),
    _echoing("stop_steering_heater", lambda car: car.tesla.stop_steering_heater(), HEATER, "STOP"),
    _lid("open_trunk", lambda car: car.tesla.open_trunk(), TRUNK, "OPEN", TRUNKS),
    _lid("close_trunk", lambda car: car.tesla.close_trunk(), TRUNK, "CLOSE", TRUNKS),
    _lid("open_frunk", lambda car: car.tesla.open_frunk(), FRUNK, "OPEN", TRUNKS),
    _lid("close_frunk", lambda car: car.tesla.close_frunk(), FRUNK, "CLOSE", TRUNKS),
    _lid("open_charge_port", lambda car: car.tesla.open_charge_port(), PORT, "OPEN", CHARGE),
    _lid("close_charge_port", lambda car: car.tesla.close_charge_port(), PORT, "CLOSE", CHARGE),
    Act(
        "set_pin",
        lambda car: car.tesla.set_pin(PIN),
        "/tesla/pin",
        {"pin": PIN},
        Permission.CONTROL_PIN,
        "tesla.set_pin",
    ),
    Act(
        "clear_pin",
        lambda car: car.tesla.clear_pin(),
        "/tesla/pin",
        None,
        Permission.CONTROL_PIN,
        "tesla.clear_pin",
        "DELETE",
    ),
    Act(
        "set_amperage",
        lambda car: car.tesla.set_amperage(16),
        "/tesla/charge/ammeter",
        {"amperage": 16},
        CHARGE,
        "tesla.set_amperage",
        answer={"status": "success", "message": "sample: amperage 16 sent"},
        result=ActionResponse("success", "sample: amperage 16 sent", meta=META),
        parameters={"amperage": 16},
    ),
    _schedule(
        "set_schedule, start",
        lambda car: car.tesla.set_schedule(TeslaScheduleType.START_TIME, dt.time(1, 15)),
        {"type": "START_TIME", "enable": True, "time": "01:15"},
        {"departureTime": {"enabled": False, "time": None}, "startTime": {"enabled": True, "time": "01:15"}},
        (TeslaTimer(False), TeslaTimer(True, dt.time(1, 15))),
    ),
    _schedule(
        "set_schedule, departure off",
        lambda car: car.tesla.set_schedule("departure_time", "01:15", enable=False),
        {"type": "DEPARTURE_TIME", "enable": False, "time": "01:15"},
        {"departureTime": {"enabled": False, "time": "01:15"}, "startTime": None},
        (TeslaTimer(False, dt.time(1, 15)), None),
    ),
    _nissan(
        "nissan",
        lambda car: car.nissan.set_schedule([NissanWindow("00:30", dt.time(5, 30), (Weekday.MONDAY, "tuesday"))]),
        NISSAN_BODY,
    ),
    _nissan("nissan, none", lambda car: car.nissan.set_schedule([]), {"chargeSchedules": []}),
    _ford(
        "ford",
        lambda car: car.ford.set_schedule((57.7, 11.97), 0.85, weekday=[("22:00", dt.time(6))], weekend=[]),
        FORD_BODY,
    ),
    _ford(
        "lincoln, none",
        lambda car: car.ford.set_schedule(Place(latitude=57.7, longitude=11.97), 1),
        ANY_TIME,
        "lincoln",
    ),
]
"""Every command with every option."""
