"""Making cars that have a past: each begins at its owner's home."""

from __future__ import annotations

from random import Random

from .car import Car
from .cars import CarModel
from .charging import ChargeTimer
from .routine import DAY, Routine

_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_MAKER_CODES = {"VOLVO": "YV1", "POLESTAR": "LPS", "TESLA": "LRW", "VOLKSWAGEN": "WVG", "FORD": "WF0", "BMW": "WBY",
                "AUDI": "WAU", "CHEVROLET": "1G1", "CADILLAC": "1GY", "LINCOLN": "5LM", "MINI": "WMW"}  # fmt: skip


def new_car(model: CarModel, routine: Routine, nickname: str, minute: int) -> Car:
    """A car at its owner's home, with a past, as its driver's seed draws it."""
    random = Random(f"{routine.seed}/{routine.name}/car")
    vin = _MAKER_CODES.get(model.make, "KNA") + "".join(random.choices(_VIN_LETTERS, k=14))
    home = routine.home
    night = ChargeTimer(22 * 60, 6 * 60)
    return Car(
        model=model,
        vin=vin,
        nickname=nickname,
        routine=routine,
        minute=minute,
        agenda=tuple(routine.errands(minute // DAY)),
        place=home,
        latitude=home.latitude,
        longitude=home.longitude,
        parked_latitude=home.latitude,
        parked_longitude=home.longitude,
        parked_minute=minute,
        odometer_km=random.uniform(9_000, 15_000) * (2026.5 - model.year),
        battery_kwh=model.usable_kwh * random.uniform(0.25, 0.7),
        fuel_l=model.tank_l * random.uniform(0.3, 0.9),
        charge_limit=model.charge_limit,
        amperage_requested=model.ac_amps,
        plugs_in_below=101.0 if model.tank_l else random.uniform(45, 90),
        timers=(night,) if model.night_charging else (),
        charges=random.randint(5, 60),
    )
